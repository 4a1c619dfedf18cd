#include "control_line.h"

#include "base/arena.h"

#include <jansson.h>
#include <stdlib.h>

struct control_line {
	json_t *root;
};

/* Missing or null: NULL. */
static bool text_of(const json_t *root, const char *key, const char **ret)
{
	const json_t *value = json_object_get(root, key);

	*ret = json_string_value(value);
	return !value || json_is_null(value) || *ret;
}

/* Missing or null: 0. */
static bool number_of(const json_t *root, const char *key, int64_t *ret)
{
	const json_t *value = json_object_get(root, key);

	*ret = json_integer_value(value);
	return !value || json_is_null(value) || (json_is_integer(value) && *ret > 0);
}

static bool fill(const json_t *root, struct control_request *ret)
{
	ret->closed = json_is_true(json_object_get(root, "closed"));
	return text_of(root, "do", &ret->act) && ret->act && text_of(root, "verb", &ret->verb) &&
	       text_of(root, "text", &ret->text) && text_of(root, "as", &ret->as) &&
	       text_of(root, "role", &ret->role) && text_of(root, "at", &ret->at) && text_of(root, "head", &ret->head) &&
	       text_of(root, "file", &ret->file) && number_of(root, "id", &ret->id) && number_of(root, "upto", &ret->upto);
}

struct control_line *control_line_read(const char *line, size_t len, const struct peer *peer,
                                       struct control_request *ret)
{
	json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	struct control_line *l;

	*ret = (struct control_request){.login = peer->login, .uid = peer->uid, .is_admin = peer->is_admin};
	if (!json_is_object(root) || !fill(root, ret)) {
		json_decref(root);
		return NULL;
	}
	l = xcalloc(1, sizeof *l);
	l->root = root;
	return l;
}

void control_line_free(struct control_line *l)
{
	if (!l)
		return;
	json_decref(l->root);
	free(l);
}
