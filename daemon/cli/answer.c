/* answer.c - reading the daemon's JSON; the only file of the client that knows jansson. */
#include "answer.h"

#include "base/arena.h"

#include <jansson.h>
#include <string.h>

/* A struct answer is a json_t by another name. */
static const json_t *json(const struct answer *a)
{
	return (const json_t *)a;
}

static const struct answer *wrap(const json_t *value)
{
	return value && !json_is_null(value) ? (const struct answer *)value : NULL;
}

struct answer *answer_read(const char *text, size_t len, struct err *err)
{
	json_error_t why;
	json_t *value = json_loadb(text, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why);

	if (!value)
		err_set(err, "the answer is not JSON: %s", why.text);
	return (struct answer *)value;
}

void answer_free(struct answer *top)
{
	json_decref((json_t *)top);
}

const struct answer *answer_get(const struct answer *a, const char *key)
{
	return a ? wrap(json_object_get(json(a), key)) : NULL;
}

const char *answer_text(const struct answer *a)
{
	const char *text = a ? json_string_value(json(a)) : NULL;

	return text ? text : "";
}

const char *answer_str(const struct answer *a, const char *key)
{
	return answer_text(answer_get(a, key));
}

int64_t answer_int(const struct answer *a, const char *key, int64_t otherwise)
{
	const json_t *value = json(answer_get(a, key));

	double real = json_real_value(value); /* 0 when it is none */

	if (json_is_integer(value))
		return json_integer_value(value);
	return json_is_real(value) && real > -9e15 && real < 9e15 ? (int64_t)real : otherwise;
}

bool answer_true(const struct answer *a, const char *key)
{
	return json_is_true(json(answer_get(a, key)));
}

const char *answer_lang(const struct answer *a, const char *key, enum lang lang)
{
	const struct answer *text = answer_get(a, key);
	const char *found = answer_str(text, lang_name(lang));

	return *found ? found : answer_text(text);
}

bool answer_is_tree(const struct answer *a)
{
	return json_is_object(json(a)) || json_is_array(json(a));
}

int answer_count(const struct answer *array)
{
	return array ? (int)json_array_size(json(array)) : 0;
}

const struct answer *answer_at(const struct answer *array, int i)
{
	return wrap(json_array_get(json(array), (size_t)i));
}

const struct answer *answer_member(const struct answer *object, int i, const char **ret_key)
{
	json_t *o = (json_t *)object;

	for (void *at = json_object_iter(o); at; at = json_object_iter_next(o, at))
		if (i-- == 0) {
			*ret_key = json_object_iter_key(at);
			return (const struct answer *)json_object_iter_value(at);
		}
	return NULL;
}

char *answer_compact(const struct answer *a)
{
	char *text = a ? json_dumps(json(a), JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	return text ? text : xstrdup("null");
}
