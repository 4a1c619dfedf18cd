/* fuzz_scan.c - "path\npayload": what the scanner does not leave to the parser
 * is what the parser says. */
#include "intake/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KEYS_MAX = 4, PATH_MAX_BYTES = 64 };

/* "a/b": two keys. */
static int keys_of(char *path, const char *ret[KEYS_MAX])
{
	int n = 0;

	while (path && n < KEYS_MAX) {
		char *slash = strchr(path, '/');

		if (slash)
			*slash++ = '\0';
		ret[n++] = path;
		path = slash;
	}
	return n;
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
	const char *keys[KEYS_MAX];
	char text[PATH_MAX_BYTES] = "", *payload;
	struct value_path path = {.pointer = "", .keys = {keys, 0}};

	if (!line || path_len >= sizeof(text))
		return 0;
	memcpy(text, data, path_len);
	path.keys.n = keys_of(text, keys);
	payload = xmalloc(len + 1); /* exactly as long, so that reading beyond is seen */
	memcpy(payload, line + 1, len);
	payload = xrealloc(payload, len ? len : 1);
	compare(payload, len, &path);
	free(payload);
	return 0;
}
