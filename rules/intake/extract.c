/* extract.c - the only file that knows jansson. */
#include "intake/extract.h"

#include "base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static json_t *in(const struct json *doc)
{
	return (json_t *)doc;
}

/* Counted before parsing: the parser's own limit of 2048 costs stack. */
static bool too_deep(const char *payload, size_t len)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = payload[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '[') && ++depth > EXTRACT_DEPTH_MAX)
			return true;
		else if (!quoted && (c == '}' || c == ']'))
			depth--;
	}
	return false;
}

static json_t *load(const char *payload, size_t len)
{
	json_error_t error;
	json_t *doc = json_loadb(payload, len, JSON_DECODE_ANY, &error);

	/* A counter beyond 64 bits somewhere must not hide an alarm beside it. */
	if (!doc && json_error_code(&error) == json_error_numeric_overflow)
		doc = json_loadb(payload, len, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &error);
	return doc;
}

static bool is_refused(const char *payload, size_t len)
{
	return len > EXTRACT_BYTES_MAX || !utf8_valid(payload, len) || too_deep(payload, len);
}

struct json *extract_parse(const char *payload, size_t len)
{
	return is_refused(payload, len) ? NULL : (struct json *)load(payload, len);
}

/* -- what devices write and JSON does not know -- */

/* Bytes of a word or number that nobody can hold: NaN, Infinity, 1e999; 0: it is none. */
static size_t no_number(const char *at, size_t left)
{
	static const char *const words[] = {"infinity", "nan", "inf"};
	size_t sign = *at == '-', n = sign, digits = 0;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t len = strlen(words[i]);

		if (left >= sign + len && !strncasecmp(at + sign, words[i], len))
			return sign + len;
	}
	while (n < left && strchr("0123456789.", at[n]))
		n++;
	if (n == sign || n >= left || (at[n] != 'e' && at[n] != 'E'))
		return 0;
	n += n + 1 < left && at[n + 1] == '+' ? 2 : 1;
	for (; n < left && at[n] >= '0' && at[n] <= '9'; n++)
		digits++;
	return digits >= 3 ? n : 0;
}

/* A copy with null in their place; NULL: there is none. */
static char *without_them(const char *payload, size_t len, size_t *ret_len)
{
	char *copy = xmalloc(2 * len + 1), before = 0;
	bool quoted = false, any = false;
	size_t n = 0, skipped;

	for (size_t i = 0; i < len; before = payload[i++]) {
		quoted = quoted != (payload[i] == '"');
		skipped = quoted || !before || !strchr(":,[ \t\r\n", before) ? 0 : no_number(payload + i, len - i);
		if (skipped) {
			memcpy(copy + n, "null", 4);
			n += 4;
			i += skipped - 1;
			any = true;
			continue;
		}
		copy[n++] = payload[i];
		if (quoted && payload[i] == '\\' && i + 1 < len)
			copy[n++] = payload[++i];
	}
	*ret_len = n;
	if (any)
		return copy;
	free(copy);
	return NULL;
}

struct json *extract_parse_device(const char *payload, size_t len)
{
	size_t copy_len;
	json_t *doc;
	char *copy;

	if (is_refused(payload, len))
		return NULL;
	doc = load(payload, len);
	copy = doc ? NULL : without_them(payload, len, &copy_len);
	if (copy)
		doc = load(copy, copy_len);
	free(copy);
	return (struct json *)doc;
}

void extract_free(struct json *doc)
{
	json_decref(in(doc));
}

/* Twelve digits give back what a sensor wrote; below the reach of milli_parse there is only zero. */
static int print_real(double real, char *text, size_t cap)
{
	if (real < 1e-9 && real > -1e-9)
		real = 0;
	return snprintf(text, cap, "%.12g", real);
}

static enum extract_result scalar(const json_t *v, struct extracted *ret)
{
	int n = 0;

	ret->text = ret->number;
	switch (json_typeof(v)) {
	case JSON_STRING:
		ret->text = json_string_value(v);
		ret->len = json_string_length(v);
		return EXTRACT_VALUE;
	case JSON_INTEGER:
		n = snprintf(ret->number, sizeof ret->number, "%lld", (long long)json_integer_value(v));
		break;
	case JSON_REAL:
		n = print_real(json_real_value(v), ret->number, sizeof ret->number);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		n = snprintf(ret->number, sizeof ret->number, "%s", json_is_true(v) ? "true" : "false");
		break;
	case JSON_OBJECT:
	case JSON_ARRAY:
	case JSON_NULL:
		return EXTRACT_UNREADABLE;
	}
	ret->len = (size_t)n;
	return EXTRACT_VALUE;
}

/* RFC 6901: digits without a leading zero. */
static bool array_index(const char *key, size_t *ret)
{
	size_t n = 0;

	if (!*key || strlen(key) > 6 || (key[0] == '0' && key[1]))
		return false;
	for (; *key; key++) {
		if (*key < '0' || *key > '9')
			return false;
		n = n * 10 + (size_t)(*key - '0');
	}
	*ret = n;
	return true;
}

static bool says(const json_t *v, const char *text)
{
	struct extracted x;

	return v && scalar(v, &x) == EXTRACT_VALUE && strlen(text) == x.len && !memcmp(text, x.text, x.len);
}

/* The element whose member says the text; key "": that says it itself. */
static const json_t *pick(const json_t *array, const char *key, const char *text)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *element = json_array_get(array, i);

		if (says(*key ? json_object_get(element, key) : element, text))
			return element;
	}
	return NULL;
}

static enum extract_result membership(const json_t *array, const char *text, struct extracted *ret)
{
	if (!json_is_array(array))
		return EXTRACT_UNREADABLE;
	ret->text = pick(array, "", text) ? "true" : "false";
	ret->len = strlen(ret->text);
	return EXTRACT_VALUE;
}

static bool is_scalar(const json_t *v)
{
	return !json_is_object(v) && !json_is_array(v) && !json_is_null(v);
}

/* One token down. What is not there is no change; a thing of another kind in its place is not understood. */
static enum extract_result down(const json_t **at, const struct value_path *path, int i)
{
	const char *key = path->keys.at[i], *text = path->picks ? path->picks[i] : NULL;
	bool is_last = i == path->keys.n - 1;
	size_t n;

	if (text && json_is_array(*at))
		*at = pick(*at, key, text);
	else if (!text && json_is_object(*at))
		*at = json_object_get(*at, key);
	else if (!text && json_is_array(*at) && array_index(key, &n))
		*at = json_array_get(*at, n);
	else if (text || !is_last || !is_scalar(*at) || !i || strcmp(key, "value") != 0)
		return EXTRACT_UNREADABLE; /* Aliyun writes {"Gas": {"value": 5}} or {"Gas": 5} */
	return *at ? EXTRACT_VALUE : EXTRACT_MISSING;
}

/* Neuron moves a tag it cannot read from /values/<tag> to /errors/<tag>, or gives it an `error` and no
 * `value`: a fault, not "no change". */
static bool error_instead(const json_t *doc, const struct value_path *path, const json_t *holder, int i)
{
	const struct strings *keys = &path->keys;

	if (keys->n == 2 && i == 1 && !strcmp(keys->at[0], "values"))
		return json_object_get(json_object_get(doc, "errors"), keys->at[1]);
	return path->picks && i == keys->n - 1 && json_object_get(holder, "error");
}

enum extract_result extract_value(const struct json *doc, const struct value_path *path,
                                  struct extracted *ret)
{
	const json_t *at = in(doc);

	for (int i = 0; i < path->keys.n; i++) {
		const json_t *holder = at;
		enum extract_result result;

		if (path->picks && path->picks[i] && !*path->keys.at[i])
			return membership(at, path->picks[i], ret);
		result = down(&at, path, i);
		if (result == EXTRACT_MISSING && error_instead(in(doc), path, holder, i))
			return EXTRACT_UNREADABLE;
		if (result != EXTRACT_VALUE)
			return result;
	}
	return scalar(at, ret);
}

bool extract_is_object(const struct json *doc)
{
	return json_is_object(in(doc));
}

static enum extract_result copy(const json_t *v, struct arena *arena, const char **ret)
{
	struct extracted x;
	enum extract_result result = scalar(v, &x);

	if (result == EXTRACT_VALUE)
		*ret = arena_dup(arena, x.text, x.len);
	return result;
}

enum extract_result extract_member(const struct json *doc, const char *key, struct arena *arena,
                                   const char **ret)
{
	const json_t *v = json_object_get(in(doc), key);

	if (!v || json_is_null(v))
		return EXTRACT_MISSING;
	return copy(v, arena, ret);
}

int extract_pairs(const struct json *doc, const char *key, struct arena *arena, struct pair *ret, int cap)
{
	json_t *object = json_object_get(in(doc), key), *v;
	const char *name;
	int n = 0;

	if (!json_is_object(object))
		return -1;
	json_object_foreach(object, name, v)
	{
		if (n == cap || !*name || copy(v, arena, &ret[n].value) != EXTRACT_VALUE)
			return -1;
		ret[n++].key = arena_str(arena, name);
	}
	return n;
}

bool extract_strings(const struct json *doc, const char *key, struct arena *arena, struct strings *ret)
{
	const json_t *v = json_object_get(in(doc), key);
	size_t n = json_is_array(v) ? json_array_size(v) : 1;
	const char **at = arena_alloc(arena, n * sizeof *at);

	*ret = (struct strings){at, 0};
	if (!v || json_is_null(v))
		return true;
	for (size_t i = 0; i < n; i++) {
		const json_t *s = json_is_array(v) ? json_array_get(v, i) : v;

		if (!json_is_string(s))
			return false;
		at[ret->n++] = arena_dup(arena, json_string_value(s), json_string_length(s));
	}
	return true;
}
