/* fuzz_template.c - any template (a byte that says where its text goes, then the template, then behind a NUL what
 * is filled in): it is refused with a sentence, or filled without harm; and no value breaks out of its place in
 * JSON, in a URL, in a header line. */
#include "webhook/template.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ERROR_BYTES = 64, SHORT_BYTES = 5 };

static const struct template_name names[] = {{"text", 0}, {"json", 1}, {"to", 0}, {"life", 0}, {"none", 0}, {NULL, 0}};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static char *copy(const uint8_t *from, size_t n)
{
	char *text = malloc(n + 1);

	if (n)
		memcpy(text, from, n);
	text[n] = 0;
	return text;
}

/* The sentence fits in what there is for it, however long that is. */
static void refused(const char *text, size_t cap)
{
	char *error = malloc(cap);

	memset(error, 'x', cap);
	must(!template_read(text, names, error, cap));
	must(memchr(error, 0, cap) && *error);
	free(error);
}

static void filled(const struct template *t, const char *value, enum escape escape)
{
	const char *const values[] = {value, "{\"a\":1}", value, "1", NULL};
	struct text out = {0};

	template_fill(t, values, escape, &out);
	must(text_ok(&out) && strlen(text_of(&out)) == out.len);
	must(template_uses(t, 0) == 0 || template_uses(t, 0) == 1);
	text_free(&out);
}

static struct text alone(const char *text, const char *value, enum escape escape)
{
	const char *const values[] = {value, NULL, NULL, NULL, NULL};
	char error[ERROR_BYTES];
	struct template *t = template_read(text, names, error, sizeof error);
	struct text out = {0};

	must(t != NULL);
	template_fill(t, values, escape, &out);
	template_free(t);
	return out;
}

static void keeps_its_place_in_json(const char *value)
{
	struct text out = alone("{\"a\":\"{{text}}\",\"b\":1}", value, ESCAPE_JSON);
	json_t *read = json_loads(text_of(&out), 0, NULL), *as_it_is = json_string(value);

	must(!as_it_is || (json_object_size(read) == 2 && json_equal(json_object_get(read, "a"), as_it_is)));
	json_decref(as_it_is);
	json_decref(read);
	text_free(&out);
}

static void keeps_its_place_in_a_url(const char *value)
{
	struct text out = alone("{{text}}", value, ESCAPE_URL);
	const char *at = text_of(&out);

	must(!strpbrk(at, "/?#&= \"<>\r\n"));
	for (; *value; value++) {
		char code[3] = {0};

		if (*at != '%') {
			must(*at++ == *value);
			continue;
		}
		memcpy(code, at + 1, 2);
		must(strtol(code, NULL, 16) == (unsigned char)*value);
		at += 3;
	}
	must(!*at);
	text_free(&out);
}

static void is_one_header_line(const char *value)
{
	struct text out = alone("X: {{text}}", value, ESCAPE_HEADER);

	must(out.len == 3 + strlen(value));
	for (const char *at = text_of(&out); *at; at++)
		must((unsigned char)*at >= 0x20 && *at != 0x7f);
	text_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end;
	char *text, *value, error[ERROR_BYTES];
	struct template *t;

	if (!size)
		return 0;
	end = memchr(data + 1, 0, size - 1);
	text = copy(data + 1, end ? (size_t)(end - data) - 1 : size - 1);
	value = end ? copy(end + 1, size - (size_t)(end - data) - 1) : copy(NULL, 0);
	t = template_read(text, names, error, sizeof error);
	if (t) {
		filled(t, value, (enum escape)(data[0] % (ESCAPE_HEADER + 1)));
	} else {
		refused(text, ERROR_BYTES);
		refused(text, SHORT_BYTES);
	}
	keeps_its_place_in_json(value);
	keeps_its_place_in_a_url(value);
	is_one_header_line(value);
	template_free(t);
	free(text);
	free(value);
	return 0;
}
