#include "reply.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = 128, NUMBER_BYTES = 32 };

int reply_test_is_valid(const char *test)
{
	const char *equals = strchr(test, '=');

	return test[0] == '/' && equals && equals - test < KEY_BYTES;
}

/* Pointers of a service's answer need no escapes. */
static json_t *at_pointer(json_t *root, const char *pointer, size_t len)
{
	const char *end = pointer + len;

	while (root && pointer < end && *pointer == '/') {
		const char *next = memchr(pointer + 1, '/', (size_t)(end - pointer - 1));
		char key[KEY_BYTES];

		next = next ? next : end;
		snprintf(key, sizeof key, "%.*s", (int)(next - pointer - 1), pointer + 1);
		root = json_is_array(root) ? json_array_get(root, (size_t)strtoul(key, NULL, 10))
		                           : json_object_get(root, key);
		pointer = next;
	}
	return root;
}

static int has_text(const json_t *value, const char *text)
{
	char number[NUMBER_BYTES];

	if (json_is_string(value))
		return !strcmp(json_string_value(value), text);
	if (json_is_integer(value)) {
		snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return !strcmp(number, text);
	}
	return !strcmp(json_is_true(value)    ? "true"
	               : json_is_false(value) ? "false"
	               : json_is_null(value)  ? "null"
	                                      : "",
	               text) &&
	       *text;
}

static int holds(json_t *root, const char *test)
{
	const char *equals = strchr(test, '=');
	json_t *value = at_pointer(root, test, (size_t)(equals - test));

	return value && has_text(value, equals + 1);
}

static int n_hold(const char *body, size_t len, const struct plugin_value *tests)
{
	json_t *root = tests->n ? json_loadb(body, len, JSON_DECODE_ANY, NULL) : NULL;
	int n = 0;

	for (int i = 0; root && i < tests->n; i++)
		n += holds(root, tests->texts[i]);
	json_decref(root);
	return n;
}

int reply_passes(const char *body, size_t len, const struct plugin_value *tests)
{
	return n_hold(body, len, tests) == tests->n;
}

int reply_passes_any(const char *body, size_t len, const struct plugin_value *tests)
{
	return n_hold(body, len, tests) > 0;
}

int64_t reply_number(const char *body, size_t len, const char *pointer)
{
	json_t *root = json_loadb(body, len, JSON_DECODE_ANY, NULL);
	json_t *value = at_pointer(root, pointer, strlen(pointer));
	int64_t number = json_is_integer(value) ? json_integer_value(value) : -1;

	json_decref(root);
	return number;
}

int reply_status_is_valid(const char *wanted)
{
	return strlen(wanted) == 3 && wanted[0] >= '1' && wanted[0] <= '5' &&
	       (!strcmp(wanted + 1, "xx") || strspn(wanted, "0123456789") == 3);
}

int reply_status_is(long status, const struct plugin_value *wanted)
{
	char text[NUMBER_BYTES];

	snprintf(text, sizeof text, "%ld", status);
	for (int i = 0; i < wanted->n; i++)
		if (!strcmp(wanted->texts[i], text) ||
		    (wanted->texts[i][0] == text[0] && !strcmp(wanted->texts[i] + 1, "xx")))
			return 1;
	return 0;
}
