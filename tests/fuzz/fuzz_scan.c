/* fuzz_scan.c - "path\npayload": what the scanner does not leave to the parser
 * is what the parser says. */
#include "intake/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KEYS_MAX = 4, PATH_MAX_BYTES = 64 };

struct keys {
	const char *at[KEYS_MAX], *picks[KEYS_MAX];
	int n;
};

/* "a/b": two keys; "a/[n=x]": an element chosen by its n. */
static void keys_of(char *path, struct keys *ret)
{
	*ret = (struct keys){.n = 0};
	while (path && ret->n < KEYS_MAX) {
		char *slash = strchr(path, '/'), *equals;

		if (slash)
			*slash++ = '\0';
		equals = *path == '[' ? strchr(path, '=') : NULL;
		if (equals) {
			*equals++ = '\0';
			path++;
		}
		ret->at[ret->n] = path;
		ret->picks[ret->n++] = equals;
		if (equals && !*path) /* membership is the end */
			return;
		path = slash;
	}
}

static void compare(const char *payload, size_t len, const struct value_path *path)
{
	struct extracted scanned = {0}, parsed = {0};
	enum extract_result result, expected = EXTRACT_UNREADABLE;
	struct json *doc;

	if (!scan_value(payload, len, path, &scanned, &result))
		return;
	doc = extract_parse(payload, len);
	if (doc)
		expected = extract_value(doc, path, &parsed);
	if (!doc || result != expected ||
	    (result == EXTRACT_VALUE &&
	     (scanned.len != parsed.len || memcmp(scanned.text, parsed.text, parsed.len) != 0))) {
		fprintf(stderr, "scanned %d '%.*s', parsed %s %d '%.*s'\n", (int)result, (int)scanned.len,
		        scanned.text, doc ? "" : "not at all", (int)expected, (int)parsed.len,
		        parsed.text ? parsed.text : "");
		abort();
	}
	extract_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = memchr(data, '\n', size);
	size_t path_len = line ? (size_t)(line - data) : 0, len = line ? size - path_len - 1 : 0;
	char text[PATH_MAX_BYTES] = "", *payload;
	struct keys keys;
	struct value_path path = {.pointer = ""};

	if (!line || path_len >= sizeof(text))
		return 0;
	memcpy(text, data, path_len);
	keys_of(text, &keys);
	path.keys = (struct strings){keys.at, keys.n};
	path.picks = keys.picks;
	payload = xmalloc(len + 1); /* exactly as long, so that reading beyond is seen */
	memcpy(payload, line + 1, len);
	payload = xrealloc(payload, len ? len : 1);
	compare(payload, len, &path);
	free(payload);
	return 0;
}
