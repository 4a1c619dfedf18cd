/* cond.c - conditions: selectors, their combinations, votes and hours. */
#include "language/reader.h"
#include "language/tables.h"
#include "language/test_rows.h"

#include <string.h>

struct cond_text {
	struct test_text test;
	int sensor, at_least;
	const struct node *of, *all, *any, *none;
	int64_t within_ms;
	bool degrade;
	struct schedule schedule;
};

static const struct key cond_rows[] = {
    TEST_ROWS(struct cond_text),
    {"sensor", KEY_REF, AT(struct cond_text, sensor, int), .section = SECTION_SENSORS, .help = "this sensor"},
    {"of", KEY_NODE, AT(struct cond_text, of, const struct node *),
     .help = "{kind: K}: any sensor of the kind in the incident's zone, or in {zone: Z}"},
    {"all", KEY_NODE, AT(struct cond_text, all, const struct node *), .help = "a list: all are true"},
    {"any", KEY_NODE, AT(struct cond_text, any, const struct node *), .help = "a list: at least one is true"},
    {"not", KEY_NODE, AT(struct cond_text, none, const struct node *), .help = "the condition is false"},
    {"at_least", KEY_INT, AT(struct cond_text, at_least, int), .min = 1, .max = 1000,
     .help = "a vote: it is true of so many different sensors of 'of'"},
    {"within", KEY_DURATION, AT(struct cond_text, within_ms, int64_t), .min = 100, .max = 604800000,
     .help =
         "with at_least: a sensor counts for so long after it became true, and while it is; with all: the "
         "parts need not be true at once, each counts for so long after it was true"},
    {"degrade", KEY_BOOL, AT(struct cond_text, degrade, bool),
     .help = "with at_least: each sensor that is faulty, silent or unknown lowers the number by one, never "
             "under 1; the incident shows it"},
    {"schedule", KEY_HOURS, AT(struct cond_text, schedule, struct schedule),
     .help =
         "hours like \"22:00-06:00\" or \"mon-fri 08:00-18:00\", a list or one, by the site's clock: outside "
         "them it is false; what it has raised goes on until it is over; not below 'not', but beside it"},
};
const struct table cond_keys = TABLE("condition", cond_rows);

struct of_text {
	struct strings kinds;
	int zone;
};

static const struct key of_rows[] = {
    {"kind", KEY_STRINGS, AT(struct of_text, kinds, struct strings), .must = true,
     .help = "of sensor, one or several"},
    {"zone", KEY_REF, AT(struct of_text, zone, int), .section = SECTION_ZONES,
     .help = "default: the incident's own"},
};
const struct table of_keys = TABLE("selector", of_rows);

static const char *const group_names[] = {"sensor", "of", "all", "any", "not", NULL};

bool cond_selects(const struct plan *p, const struct cond *c, int sensor)
{
	const struct sensor_def *s = &p->sensors[sensor];

	if (c->sensor >= 0)
		return c->sensor == sensor;
	if (test_is_number(c->test.op) && s->n_words && !s->unit)
		return false; /* it gives words: a number test over a kind is not about it */
	return s->kind && strings_have(&c->kinds, s->kind) &&
	       (c->zone < 0 || s->zone < 0 || s->zone == c->zone);
}

/* -- the tree -- */

/* A kind that no sensor has: a slip of the pen, in the site's own file. */
static void check_kinds(struct reader *r, const struct node *at, const struct strings *kinds)
{
	for (int i = 0; i < kinds->n && !is_included(at) && !r->is_broken; i++) {
		struct nearest near = {.word = kinds->at[i]};
		struct each e = each_of(r, near.word, -1);

		if (each_next(&e) >= 0)
			continue;
		caution(r, at, "no sensor is of kind '%s'", near.word);
		for (int k = 0; k < r->plan->n_sensors && !r->is_dropped; k++)
			if (r->plan->sensors[k].kind)
				nearest_try(&near, r->plan->sensors[k].kind);
		if (near.best)
			advise_nearest(r, &near);
		else
			advise(r, "no sensor can make this true: correct the kind, or add its sensors");
	}
}

static void read_leaf(struct reader *r, const struct entry *e, const struct cond_text *text, struct cond *ret)
{
	struct test_read test;
	struct of_text of = {.zone = -1};

	ret->op = COND_TEST;
	ret->sensor = text->sensor;
	ret->zone = -1;
	if (text->of && keys_read(r, &(struct entry){NULL, text->of}, &of_keys, &of)) {
		ret->kinds = of.kinds;
		ret->zone = of.zone;
		check_kinds(r, node_get(text->of, "kind"), &of.kinds);
	}
	if (!test_read(r, e, &text->test, &test))
		return;
	ret->node = test.is_given ? 0 : -1;
	ret->test = test.test;
	if (test.is_given)
		test_fit(r, ret, &test);
}

static void read_group(struct reader *r, const struct node *list, const char *name, struct cond *ret)
{
	struct cond *kids;

	if (!must_be_list(r, list, name))
		return;
	if (!list->n)
		complain(r, list, "'%s' is an empty list", name);
	kids = arena_alloc(&r->plan->arena, (size_t)(list->n + 1) * sizeof *kids);
	for (int i = 0; i < list->n; i++)
		cond_read(r, &(struct entry){NULL, list->items[i]}, &kids[i]);
	ret->kids = kids;
	ret->n_kids = list->n;
}

static void read_not(struct reader *r, const struct node *node, struct cond *ret)
{
	struct cond *kid = arena_alloc(&r->plan->arena, sizeof *kid);

	cond_read(r, &(struct entry){NULL, node}, kid);
	ret->op = COND_NOT;
	ret->kids = kid;
	ret->n_kids = 1;
}

static void refuse_tests(struct reader *r, const struct entry *e, const char *group)
{
	for (int i = 0; test_names[i]; i++)
		if (node_get(e->body, test_names[i])) {
			complain(r, node_get(e->body, test_names[i]), "'%s' cannot stand beside '%s'",
			         test_names[i], group);
			advise(r, "a test stands beside its 'sensor' or 'of'");
		}
}

/* The leaf becomes the test of its voters. */
static void make_vote(struct reader *r, const struct cond_text *text, struct cond *ret)
{
	struct cond *voter = arena_alloc(&r->plan->arena, sizeof *voter);

	*voter = *ret;
	voter->for_ms = voter->clear_for_ms = 0;
	voter->hold_ms = text->within_ms;
	voter->is_voter = true;
	ret->op = COND_VOTE;
	ret->node = 0;
	ret->kids = voter;
	ret->n_kids = 1;
	ret->at_least = text->at_least;
	ret->degrade = text->degrade;
}

static void read_combined(struct reader *r, const struct entry *e, const struct cond_text *text, int group,
                          struct cond *ret)
{
	ret->op = group == 2 ? COND_ALL : COND_ANY;
	refuse_tests(r, e, group_names[group]);
	test_strays(r, &text->test, -1);
	if (group == 4)
		read_not(r, text->none, ret);
	else
		read_group(r, group == 2 ? text->all : text->any, group_names[group], ret);
	for (int i = 0; group == 2 && i < ret->n_kids; i++)
		((struct cond *)(void *)ret->kids)[i].hold_ms = text->within_ms;
}

/* Keys that mean something only beside others. */
static void check_beside(struct reader *r, const struct entry *e, const struct cond_text *text, int group)
{
	const struct node *at_least = node_get(e->body, "at_least"), *degrade = node_get(e->body, "degrade"),
	                  *within = node_get(e->body, "within");

	if (at_least && group != 1) {
		complain(r, at_least, "'at_least' needs 'of'");
		advise(r, "at_least: 2, of: {kind: smoke}, is: alarm, within: 60s");
	}
	if (degrade && !at_least)
		complain(r, degrade, "'degrade' belongs to 'at_least'");
	if (within && !at_least && group != 2) {
		complain(r, within, "'within' belongs to 'at_least' or 'all'");
		if (!text->test.over_ms)
			advise(r, "with 'rises', 'falls' and 'changes' it is called 'over'");
	}
}

static void keep_schedule(struct reader *r, const struct cond_text *text, struct cond *ret)
{
	struct schedule *hours = arena_alloc(&r->plan->arena, sizeof *hours);

	*hours = text->schedule;
	ret->schedule = hours;
}

bool cond_read(struct reader *r, const struct entry *e, struct cond *ret)
{
	struct cond_text text = {0};
	int before = r->problems->n_errors, group;

	*ret = (struct cond){.op = COND_TEST, .sensor = -1, .zone = -1};
	ret->node = -1; /* what cannot be read is not said to lack, or to have, a test */
	if (!keys_read(r, e, &cond_keys, &text))
		return false;
	ret->node = 0;
	group = which_name(r, e, group_names, "each condition has one of them");
	ret->for_ms = text.test.for_ms;
	ret->clear_for_ms = text.test.clear_for_ms;
	check_beside(r, e, &text, group);
	if (group < 0)
		complain(r, e->body, "a condition needs 'sensor', 'of', 'all', 'any' or 'not'");
	else if (group <= 1)
		read_leaf(r, e, &text, ret);
	else
		read_combined(r, e, &text, group, ret);
	if (group == 1 && text.at_least)
		make_vote(r, &text, ret);
	if (text.schedule.n)
		keep_schedule(r, &text, ret);
	return before == r->problems->n_errors;
}

void cond_degrade(struct cond *c)
{
	struct cond *kids = (struct cond *)(void *)c->kids;

	if (c->op == COND_VOTE)
		c->degrade = true;
	for (int i = 0; i < c->n_kids; i++)
		cond_degrade(&kids[i]);
}

bool cond_has_bare(const struct cond *c)
{
	bool bare = c->op == COND_TEST && c->node < 0;

	for (int i = 0; i < c->n_kids; i++)
		bare = bare || cond_has_bare(&c->kids[i]);
	return bare;
}

static void fill_bare(struct reader *r, const struct test_read *test, struct cond *c)
{
	static const char *const alarm[] = {"alarm"};

	c->test = test->test;
	if (!test->is_given)
		c->test = (struct test){.op = TEST_IS, .words = {alarm, 1}};
	else
		test_fit(r, c, test);
	if (!c->for_ms)
		c->for_ms = test->for_ms;
	if (!c->clear_for_ms)
		c->clear_for_ms = test->clear_for_ms;
}

void cond_expand(struct reader *r, const struct cond *from, const struct test_read *test, struct cond *ret,
                 int *next)
{
	struct cond *kids = arena_alloc(&r->plan->arena, (size_t)(from->n_kids + 1) * sizeof *kids);

	*ret = *from;
	if (from->op == COND_TEST && from->node < 0)
		fill_bare(r, test, ret);
	ret->node = (*next)++;
	for (int i = 0; i < from->n_kids; i++)
		cond_expand(r, &from->kids[i], test, &kids[i], next);
	ret->kids = from->n_kids ? kids : NULL;
}
