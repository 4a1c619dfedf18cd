/* expecting.c - what a script expects, each word by its row of the table. */
#include "rehearsal/reading.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define EXPECTING_2(A, T) T,
static const char *const whats[] = {SCRIPT_WHAT_LIST(EXPECTING_2) NULL};
static const char *const states[] = {STATE_LIST(EXPECTING_2) NULL};
static const char *const severities[] = {SEVERITY_LIST(EXPECTING_2) NULL};
static const char *const notice_kinds[] = {NOTICE_KIND_LIST(EXPECTING_2) NULL};
static const char *const audit_kinds[] = {AUDIT_KIND_LIST(EXPECTING_2) NULL};
static const char *const refusals[] = {REFUSAL_LIST(EXPECTING_2) NULL};
#define EXPECTING_3(A, T, G) T,
static const char *const verbs[] = {VERB_LIST(EXPECTING_3) NULL};
static const char *const zone_states[] = {"alarm",    "pre_alarm", "acked",  "fault",
                                          "isolated", "test",      "normal", NULL};
static const char *const truths[] = {"false", "true", NULL};

const char *script_what_name(enum script_what w)
{
	return whats[w];
}

enum value { ANY, COUNT, WORD, ID, MEMBERS, VALUES, STEPS, HAS };

static const struct word {
	enum script_what what;
	const char *name;
	enum value value;
	const char *path; /* NULL: its name */
	const char *const *words;
	enum refer refer;
} words[] = {
    {WHAT_INCIDENT, "incident", ID, "type", NULL, REFER_TYPE},
    {WHAT_INCIDENT, "zone", ID, NULL, NULL, REFER_ZONE},
    {WHAT_INCIDENT, "state", WORD, NULL, states, 0},
    {WHAT_INCIDENT, "grade", ANY, NULL, NULL, 0},
    {WHAT_INCIDENT, "severity", WORD, NULL, severities, 0},
    {WHAT_INCIDENT, "rev", COUNT, NULL, NULL, 0},
    {WHAT_INCIDENT, "level", COUNT, "chain/level", NULL, 0},
    {WHAT_INCIDENT, "round", COUNT, "chain/round", NULL, 0},
    {WHAT_INCIDENT, "next", ANY, "next/what", NULL, 0},
    {WHAT_INCIDENT, "acked_by", ID, NULL, NULL, REFER_PERSON},
    {WHAT_INCIDENT, "stale", WORD, "flags/stale", truths, 0},
    {WHAT_INCIDENT, "drill", WORD, "flags/drill", truths, 0},
    {WHAT_INCIDENT, "members", MEMBERS, NULL, NULL, 0},
    {WHAT_INCIDENT, "values", VALUES, "members", NULL, 0},
    {WHAT_INCIDENT, "steps", STEPS, NULL, NULL, 0},
    {WHAT_INCIDENT, "has", HAS, NULL, NULL, 0},
    {WHAT_ZONE, "zone", ID, NULL, NULL, REFER_ZONE},
    {WHAT_ZONE, "state", WORD, NULL, zone_states, 0},
    {WHAT_ONCALL, "oncall", ID, "role", NULL, REFER_ROLE},
    {WHAT_ONCALL, "person", ID, NULL, NULL, REFER_PERSON},
    {WHAT_ONCALL, "why", ANY, NULL, NULL, 0},
    {WHAT_NOTICE, "notice", WORD, "kind", notice_kinds, 0},
    {WHAT_NOTICE, "to", ID, NULL, NULL, REFER_PERSON},
    {WHAT_NOTICE, "channel", ID, NULL, NULL, REFER_CHANNEL},
    {WHAT_NOTICE, "text", ANY, NULL, NULL, 0},
    {WHAT_NOTICE, "incident", ID, NULL, NULL, REFER_TYPE},
    {WHAT_NOTICE, "level", COUNT, NULL, NULL, 0},
    {WHAT_NOTICE, "repeat", WORD, NULL, truths, 0},
    {WHAT_NOTICE, "drill", WORD, NULL, truths, 0},
    {WHAT_COMMAND, "command", ID, "actuator", NULL, REFER_ACTUATOR},
    {WHAT_COMMAND, "action", ANY, NULL, NULL, 0},
    {WHAT_COMMAND, "payload", ANY, NULL, NULL, 0},
    {WHAT_DRYRUN, "dryrun", ID, "actuator", NULL, REFER_ACTUATOR},
    {WHAT_DRYRUN, "action", ANY, NULL, NULL, 0},
    {WHAT_DRYRUN, "payload", ANY, NULL, NULL, 0},
    {WHAT_ANSWER, "answer", WORD, "verb", verbs, 0},
    {WHAT_ANSWER, "to", ID, NULL, NULL, REFER_PERSON},
    {WHAT_ANSWER, "ok", WORD, NULL, truths, 0},
    {WHAT_ANSWER, "error", WORD, NULL, refusals, 0},
    {WHAT_ANSWER, "result", ANY, NULL, NULL, 0},
    {WHAT_ANSWER, "text", ANY, NULL, NULL, 0},
    {WHAT_AUDIT, "audit", WORD, "kind", audit_kinds, 0},
    {WHAT_AUDIT, "incident", ID, NULL, NULL, REFER_TYPE},
    {WHAT_AUDIT, "who", ANY, NULL, NULL, 0},
    {WHAT_AUDIT, "has", HAS, NULL, NULL, 0},
};

enum { FIELDS_MAX = 64 };

struct expecting {
	struct reading_script *s;
	struct script_expect *ret;
	const struct playbook *playbook; /* of the incident's type, or NULL */
	struct script_field fields[FIELDS_MAX];
};

static struct script_field *add(struct expecting *x, const struct word *w, const struct node *at)
{
	struct script_field *f = &x->fields[x->ret->n];

	if (x->ret->n == FIELDS_MAX) {
		complain(&x->s->r, at, "more than %d things at once", FIELDS_MAX);
		return &x->fields[0];
	}
	x->ret->n++;
	*f = (struct script_field){.name = w->name, .path = w->path ? w->path : w->name};
	return f;
}

static struct strings one(struct reading_script *s, const char *text)
{
	const char **at = arena_alloc(s->arena, sizeof *at);

	*at = text ? text : "";
	return (struct strings){at, 1};
}

static bool is_count(struct reading_script *s, const struct node *node)
{
	if (node->kind == NODE_SCALAR && *node->text &&
	    strspn(node->text, "0123456789") == strlen(node->text) && strlen(node->text) < 7)
		return true;
	complain(&s->r, node, "a number is expected here");
	return false;
}

/* [leak-1, leak-2]: exactly these; 3: so many. */
static void members_read(struct expecting *x, const struct word *w, const struct node *node)
{
	struct script_field *f = add(x, w, node);
	const char **at;

	f->under = "sensor";
	if (node->kind == NODE_SCALAR) {
		f->match = MATCH_COUNT;
		is_count(x->s, node);
		f->texts = one(x->s, text_read(x->s, node, w->name));
		return;
	}
	if (!must_be_list(&x->s->r, node, w->name))
		return;
	f->match = MATCH_SET;
	at = arena_alloc(x->s->arena, (size_t)(node->n + 1) * sizeof *at);
	for (int i = 0; i < node->n; i++) {
		at[i] = text_read(x->s, node->items[i], w->name);
		at[i] = at[i] ? at[i] : "";
	}
	f->texts = (struct strings){at, node->n};
}

static int step_named(const struct playbook *p, const char *id)
{
	for (int i = 0; i < p->n_steps; i++)
		if (!strcmp(p->steps[i].id, id))
			return i;
	return -1;
}

static bool is_choice(const struct step *step, const char *text)
{
	for (int i = 0; i < step->n_choices; i++)
		if (!strcmp(step->choices[i].id, text))
			return true;
	return false;
}

/* scene: open, or of a decision its choice. */
static void step_read(struct expecting *x, const struct pair *p, struct script_field *f)
{
	struct reading_script *s = x->s;
	int i = x->playbook ? step_named(x->playbook, p->key->text) : -1;
	struct nearest near = {.word = p->key->text};

	if (x->playbook && i < 0) {
		complain(&s->r, p->key, "playbook '%s' has no step '%s'", x->playbook->id, p->key->text);
		for (int k = 0; k < x->playbook->n_steps; k++)
			nearest_try(&near, x->playbook->steps[k].id);
		advise_nearest(&s->r, &near);
	} else if (f->texts.n && step_state_from(f->texts.at[0]) < 0) {
		f->then = "choice";
		if (i < 0 || !is_choice(&x->playbook->steps[i], f->texts.at[0]))
			complain(&s->r, p->value, "'%s' is neither a state nor a choice of step '%s'",
			         f->texts.at[0], p->key->text);
	}
}

/* A map from a member's name to what it should have. */
static void each_read(struct expecting *x, const struct word *w, const struct node *node)
{
	if (node->kind != NODE_MAP) {
		complain(&x->s->r, node, "'%s' must be a map: {one: value, ...}", w->name);
		return;
	}
	for (int i = 0; i < node->n; i++) {
		const struct pair *p = &node->pairs[i];
		struct script_field *f = add(x, w, p->key);
		const char *text = text_read(x->s, p->value, p->key->text);

		f->texts = one(x->s, text);
		f->name = f->key = arena_str(x->s->arena, p->key->text);
		if (w->value == HAS) {
			f->path = f->key;
			continue;
		}
		f->match = MATCH_MEMBER;
		f->under = w->value == STEPS ? "id" : "sensor";
		f->then = w->value == STEPS ? "state" : "value";
		if (w->value == STEPS && text)
			step_read(x, p, f);
	}
}

static void scalar_read(struct expecting *x, const struct word *w, const struct node *node)
{
	struct script_field *f = add(x, w, node);
	const char *text = text_read(x->s, node, w->name);
	bool is_principal = !strcmp(w->name, whats[w->what]);

	f->match = !strcmp(w->name, "text") ? MATCH_PART : MATCH_TEXT;
	f->texts = one(x->s, text);
	if (!text)
		return;
	if (is_principal && !strcmp(text, "any"))
		x->ret->n--;
	else if (w->value == WORD)
		word_read(x->s, w->words, node);
	else if (w->value == ID)
		refer_read(x->s, w->refer, node);
	else if (w->value == COUNT)
		is_count(x->s, node);
}

static void field_read(struct expecting *x, const struct word *w, const struct node *node)
{
	if (w->value == MEMBERS)
		members_read(x, w, node);
	else if (w->value == VALUES || w->value == STEPS || w->value == HAS)
		each_read(x, w, node);
	else
		scalar_read(x, w, node);
}

/* "incident", "no notice": what is expected, or -1. */
static int what_of(const char *key, bool *ret_not)
{
	*ret_not = !strncmp(key, "no ", 3);
	for (int i = 0; i < WHAT_NOTHING; i++)
		if (!strcmp(whats[i], key + (*ret_not ? 3 : 0)))
			return i;
	return -1;
}

static const struct word *word_named(enum script_what what, const char *name)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i].what == what && !strcmp(words[i].name, name))
			return &words[i];
	return NULL;
}

static void unknown_word(struct expecting *x, const struct node *key)
{
	struct reader *r = &x->s->r;
	struct nearest near = {.word = key->text};
	const char *list = "";

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (words[i].what != x->ret->what)
			continue;
		nearest_try(&near, words[i].name);
		list = arena_printf(&r->arena, "%s%s%s", list, *list ? ", " : "", words[i].name);
	}
	complain(r, key, "unknown key '%s' beside '%s'", key->text, whats[x->ret->what]);
	if (near.best)
		advise_nearest(r, &near);
	else
		advise(r, "known keys: %s", list);
}

static void count_read(struct expecting *x, const struct pair *p)
{
	int64_t milli;

	if (x->ret->what < WHAT_NOTICE || x->ret->is_not)
		complain(&x->s->r, p->key, "'count' belongs to what happens: notice, command, answer, audit");
	if (is_count(x->s, p->value) && milli_parse(p->value->text, strlen(p->value->text), &milli))
		x->ret->count = (int)(milli / 1000);
}

/* The key that says what is expected comes first, so that the others are read by it. */
static const struct node *find_what(struct expecting *x, const struct node *node)
{
	const struct node *found = NULL;

	for (int i = 0; i < node->n; i++) {
		bool is_not;
		int what = what_of(node->pairs[i].key->text, &is_not);

		if (what < 0 || (found && word_named(x->ret->what, node->pairs[i].key->text)))
			continue;
		if (found && !word_named((enum script_what)what, found->text))
			complain(&x->s->r, node->pairs[i].key,
			         "'%s' beside '%s': write a list, [{...}, {...}]", node->pairs[i].key->text,
			         found->text);
		found = node->pairs[i].key;
		x->ret->what = (enum script_what)what;
		x->ret->is_not = is_not;
	}
	return found;
}

static void keep_playbook(struct expecting *x, const struct node *type)
{
	const struct plan *p = x->s->plan;
	int i = type && type->kind == NODE_SCALAR ? plan_type(p, type->text) : -1;

	if (i >= 0 && p->types[i].playbook >= 0)
		x->playbook = &p->playbooks[p->types[i].playbook];
}

static void map_read(struct expecting *x, const struct node *node)
{
	const struct node *what = find_what(x, node);

	if (!what) {
		complain(&x->s->r, node, "what is expected?");
		advise(&x->s->r, "nothing, or a map with one of: incident, zone, oncall, notice, command, "
		                 "answer, audit; or "
		                 "'no' and one of them");
		return;
	}
	if (x->ret->what == WHAT_INCIDENT)
		keep_playbook(x, node_get(node, what->text));
	for (int i = 0; i < node->n; i++) {
		const struct pair *p = &node->pairs[i];
		const char *name = p->key == what ? whats[x->ret->what] : p->key->text;
		const struct word *w = word_named(x->ret->what, name);

		if (w)
			field_read(x, w, p->value);
		else if (!strcmp(name, "count"))
			count_read(x, p);
		else
			unknown_word(x, p->key);
	}
}

static void expect_read(struct reading_script *s, const struct node *node, struct script_expect *ret)
{
	struct expecting *x = xcalloc(1, sizeof *x);
	struct script_field *fields;

	x->s = s;
	x->ret = ret;
	*ret = (struct script_expect){
	    .what = WHAT_NOTHING, .line = node->mark.line, .col = node->mark.col, .count = -1};
	if (node->kind == NODE_MAP)
		map_read(x, node);
	else if (node->kind != NODE_SCALAR || strcmp(node->text, "nothing") != 0)
		complain(&s->r, node,
		         "what is expected is 'nothing' or a map: {incident: gas-leak, state: unacked}");
	fields = arena_alloc(s->arena, (size_t)(ret->n + 1) * sizeof *fields);
	memcpy(fields, x->fields, (size_t)ret->n * sizeof *fields);
	ret->fields = fields;
	free(x);
}

void expects_read(struct reading_script *s, const struct node *node, struct script_step *ret)
{
	int n = node->kind == NODE_LIST ? node->n : 1;
	struct script_expect *all = arena_alloc(s->arena, (size_t)(n + 1) * sizeof *all);

	for (int i = 0; i < n; i++)
		expect_read(s, node->kind == NODE_LIST ? node->items[i] : node, &all[i]);
	if (!n)
		complain(&s->r, node, "an empty list expects nothing: write the word");
	ret->expects = all;
	ret->n_expects = n;
}
