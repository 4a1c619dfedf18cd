/* fuzz_text.c - any bytes (what a plugin's program said, a person's words) in
 * our JSON: jansson reads it, and reads the same when it was text. */
#include "base/buf.h"
#include "base/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct buf b = {0};
	json_t *read;
	size_t cut;

	if (size)
		memcpy(text, data, size);
	text[size] = 0;
	json_open(&b, NULL, '{');
	json_str(&b, "why", text);
	json_close(&b, '}');
	read = json_loadb(b.text, b.len, 0, NULL);
	must(json_is_object(read) && utf8_valid(b.text, b.len) && !memchr(b.text, '\n', b.len));
	if (utf8_valid(text, strlen(text)))
		must(!strcmp(json_string_value(json_object_get(read, "why")), text));
	cut = utf8_cut(text, size / 2);
	must(cut <= size / 2);
	must(!utf8_valid(text, strlen(text)) || utf8_valid(text, cut));
	json_decref(read);
	buf_fini(&b);
	free(text);
	return 0;
}
