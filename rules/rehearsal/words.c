/* words.c - ids and words of a script, checked against the site. */
#include "rehearsal/reading.h"

#include "base/text.h"

#include <string.h>

static const char *const names[] = {
    [REFER_TYPE] = "incident type", [REFER_ZONE] = "zone",         [REFER_PERSON] = "person",
    [REFER_ROLE] = "role",          [REFER_ACTUATOR] = "actuator", [REFER_CHANNEL] = "channel",
};

/* The id at this place of its list; NULL: past the last. */
static const char *id_at(const struct plan *p, enum refer to, int i)
{
	switch (to) {
	case REFER_TYPE:
		return i < p->n_types ? p->types[i].id : NULL;
	case REFER_ZONE:
		return i < p->n_zones ? p->zones[i].id : NULL;
	case REFER_PERSON:
		return i < p->n_people ? p->people[i].id : NULL;
	case REFER_ROLE:
		return i < p->n_roles ? p->roles[i].id : NULL;
	case REFER_ACTUATOR:
		return i < p->n_actuators ? p->actuators[i].id : NULL;
	case REFER_CHANNEL:
		return i < p->n_channels ? p->channels[i].id : NULL;
	}
	return NULL;
}

const char *refer_read(struct reading_script *s, enum refer to, const struct node *node)
{
	const char *text = scalar_text(&s->r, node, names[to]), *id;
	struct nearest near = {.word = text};

	if (!text)
		return NULL;
	for (int i = 0; (id = id_at(s->plan, to, i)); i++) {
		if (!strcmp(id, text))
			return id;
		nearest_try(&near, id);
	}
	complain(&s->r, node, "the site has no %s '%s'", names[to], text);
	advise_nearest(&s->r, &near);
	return NULL;
}

int word_read(struct reading_script *s, const char *const *words, const struct node *node)
{
	const char *text = scalar_text(&s->r, node, "this"), *list = "";
	struct nearest near = {.word = text};

	if (!text)
		return -1;
	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], text))
			return i;
		nearest_try(&near, words[i]);
		list = arena_printf(&s->r.arena, "%s%s%s", list, i ? ", " : "", words[i]);
	}
	complain(&s->r, node, "'%s' is not a word that fits here", text);
	if (near.best)
		advise_nearest(&s->r, &near);
	else
		advise(&s->r, "one of: %s", list);
	return -1;
}

const char *text_read(struct reading_script *s, const struct node *node, const char *what)
{
	if (node->kind != NODE_SCALAR) {
		complain(&s->r, node, "'%s' must be one value, not a %s", what,
		         node->kind == NODE_MAP ? "map" : "list");
		return NULL;
	}
	return arena_str(s->arena, node->text);
}

bool duration_read(struct reading_script *s, const struct node *node, const char *what, int64_t *ret_ms)
{
	const struct key key = {.name = what, .type = KEY_DURATION, .max = 366 * 86400000LL};

	return value_read(&s->r, &key, node, ret_ms);
}

/* -- what a person says -- */

/* \1 around what a play replaces by the id of that incident. */
static const char *incident_of(struct reading_script *s, const char *word)
{
	size_t len = strcspn(word, "@");
	const char *type = arena_dup(&s->r.arena, word, len);

	if (plan_type(s->plan, type) < 0 || (word[len] && plan_zone(s->plan, word + len + 1) < 0))
		return NULL;
	return arena_printf(s->arena, "\1%s\1", word);
}

static bool is_id_text(const char *word)
{
	size_t n = strcspn(word, "0123456789");

	return n <= 2 && word[n] && !word[n + strspn(word + n, "0123456789")];
}

static void no_incident(struct reading_script *s, const struct node *node, const char *word)
{
	struct nearest near = {.word = word};

	for (int i = 0; i < s->plan->n_types; i++)
		nearest_try(&near, s->plan->types[i].id);
	complain(&s->r, node, "'%s' is neither an incident type nor an id", word);
	if (near.best)
		advise_nearest(&s->r, &near);
	else
		advise(&s->r, "name the incident by its type, or type@zone when several are open");
}

static const char *line_read(struct reading_script *s, const struct node *node, const char *verb)
{
	const char *args = verb_args((enum verb)verb_from(verb));
	size_t len = strcspn(node->text, " ");
	const char *first = arena_dup(s->arena, node->text, len), *incident;

	if (node_is_empty(node))
		return verb;
	if (*args != 'I' && *args != 'o')
		return arena_str(s->arena, node->text);
	incident = incident_of(s, first);
	if (!incident && *args == 'I' && !is_id_text(first))
		no_incident(s, node, first);
	return arena_printf(s->arena, "%s%s", incident ? incident : first, node->text + len);
}

static bool is_bare(const char *text)
{
	size_t n = strspn(text, "-0123456789");

	return (n && n < 16 && !text[n] && !strchr(text + 1, '-') && text[n - 1] != '-') ||
	       !strcmp(text, "true") || !strcmp(text, "false");
}

static void json_of(struct reading_script *s, const struct node *node, const char *key, struct buf *out)
{
	const char *incident;

	switch (node->kind) {
	case NODE_SCALAR:
		incident = key && !strcmp(key, "id") ? incident_of(s, node->text) : NULL;
		if (incident) /* the mark is no control character of a text */
			json_raw(out, key, arena_printf(s->arena, "\"%s\"", incident));
		else if (node->is_plain && is_bare(node->text))
			json_raw(out, key, node->text);
		else
			json_str(out, key, node->text);
		return;
	case NODE_LIST:
		json_open(out, key, '[');
		for (int i = 0; i < node->n; i++)
			json_of(s, node->items[i], NULL, out);
		json_close(out, ']');
		return;
	case NODE_MAP:
		json_open(out, key, '{');
		for (int i = 0; i < node->n; i++)
			json_of(s, node->pairs[i].value, node->pairs[i].key->text, out);
		json_close(out, '}');
		return;
	}
}

const char *words_read(struct reading_script *s, const struct node *node, const char *verb)
{
	struct buf out = {0};
	const char *ret;

	if (node->kind == NODE_SCALAR)
		return line_read(s, node, verb);
	if (node->kind == NODE_LIST) {
		complain(&s->r, node, "words or a map: {id: gas-leak, note: on my way}");
		return "";
	}
	json_of(s, node, NULL, &out);
	ret = arena_str(s->arena, buf_text(&out));
	buf_fini(&out);
	return ret;
}
