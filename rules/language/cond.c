/* cond.c - conditions: tests, selectors and their combinations. */
#include "language/reader.h"
#include "language/tables.h"

#include <string.h>

/* -- a test, of a leaf or of a grade -- */

struct cond_text {
	struct test_text test;
	int sensor;
	const struct node *of, *all, *any, *none;
};

/* The first rows are those of a test alone, which a grade has too. */
#define LATER(NAME) \
	{ \
		NAME, KEY_REFUSED, 0, .help = "not yet supported" \
	}
static const struct key cond_rows[] = {
    {"is", KEY_STRINGS, AT(struct cond_text, test.is, struct strings),
     .help = "the value is this word, or one of these"},
    {"is_not", KEY_STRINGS, AT(struct cond_text, test.is_not, struct strings),
     .help = "the value is none of these words"},
    {"has_word", KEY_TEXT, AT(struct cond_text, test.has_word, const char *),
     .help = "the value, words between spaces, has this one"},
    {"above", KEY_NODE, AT(struct cond_text, test.above, const struct node *),
     .help = "the number is greater; may repeat the unit"},
    {"below", KEY_NODE, AT(struct cond_text, test.below, const struct node *), .help = "the number is less"},
    {"clear_above", KEY_NODE, AT(struct cond_text, test.clear_above, const struct node *),
     .help = "with below: over again above this; default: the limit"},
    {"clear_below", KEY_NODE, AT(struct cond_text, test.clear_below, const struct node *),
     .help = "with above: over again below this; default: the limit"},
    {"silent_for", KEY_DURATION, AT(struct cond_text, test.silent_ms, int64_t), .min = 100,
     .help = "nothing was heard for so long"},
    {"for", KEY_DURATION, AT(struct cond_text, test.for_ms, int64_t),
     .help = "true only after it held for so long"},
    {"clear_for", KEY_DURATION, AT(struct cond_text, test.clear_for_ms, int64_t),
     .help = "over only after it was over for so long"},
    LATER("outside"),
    LATER("rises"),
    LATER("falls"),
    LATER("changes"),
    LATER("over"),
    LATER("within"),
    LATER("at_least"),
    LATER("schedule"),
    LATER("degrade"),
    {"sensor", KEY_REF, AT(struct cond_text, sensor, int), .section = SECTION_SENSORS, .help = "this sensor"},
    {"of", KEY_NODE, AT(struct cond_text, of, const struct node *),
     .help = "{kind: K}: any sensor of the kind in the incident's zone, or in {zone: Z}"},
    {"all", KEY_NODE, AT(struct cond_text, all, const struct node *), .help = "a list: all are true"},
    {"any", KEY_NODE, AT(struct cond_text, any, const struct node *), .help = "a list: at least one is true"},
    {"not", KEY_NODE, AT(struct cond_text, none, const struct node *), .help = "the condition is false"},
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

/* -- tests -- */

static const char *const test_names[] = {"is", "is_not", "has_word", "above", "below", "silent_for", NULL};
static const char *const group_names[] = {"sensor", "of", "all", "any", "not", NULL};

/* The given one of several names; more than one is a problem. */
static int which(struct reader *r, const struct entry *e, const char *const *names, const char *advice)
{
	int found = -1;

	for (int i = 0; names[i]; i++) {
		const struct node *value = node_get(e->body, names[i]);

		if (!value)
			continue;
		if (found >= 0) {
			complain(r, value, "'%s' and '%s' cannot stand together", names[found], names[i]);
			advise(r, "%s", advice);
		} else {
			found = i;
		}
	}
	return found;
}

/* A limit and the value at which it is over again. */
static bool read_limit(struct reader *r, const struct node *limit, const struct node *clear,
                       struct test_read *ret)
{
	const char *unit = NULL;
	struct test *t = &ret->test;

	ret->at = limit;
	if (!number_read(r, limit, &t->limit_milli, &ret->unit))
		return false;
	ret->unit = arena_str(&r->arena, ret->unit);
	t->clear_milli = t->limit_milli;
	if (!clear)
		return true;
	if (!number_read(r, clear, &t->clear_milli, &unit))
		return false;
	if (unit && ret->unit && strcmp(unit, ret->unit) != 0) {
		complain(r, clear, "the limit is in '%s', this in '%s'", ret->unit, unit);
		return false;
	}
	ret->unit = ret->unit ? ret->unit : arena_str(&r->arena, unit);
	if (t->op == TEST_ABOVE ? t->clear_milli <= t->limit_milli : t->clear_milli >= t->limit_milli)
		return true;
	complain(r, clear,
	         t->op == TEST_ABOVE ? "'clear_below' must not be higher than the limit of 'above'"
	                             : "'clear_above' must not be lower than the limit of 'below'");
	return false;
}

static void check_clear(struct reader *r, const struct test_text *text, int op)
{
	if (text->clear_below && op != TEST_ABOVE)
		complain(r, text->clear_below, "'clear_below' belongs to 'above'");
	if (text->clear_above && op != TEST_BELOW)
		complain(r, text->clear_above, "'clear_above' belongs to 'below'");
}

bool test_read(struct reader *r, const struct entry *e, const struct test_text *text, struct test_read *ret)
{
	int op =
	    which(r, e, test_names, "one test for each condition: combine two with all: [...] or any: [...]");

	*ret = (struct test_read){
	    .for_ms = text->for_ms, .clear_for_ms = text->clear_for_ms, .is_given = op >= 0};
	ret->at = op >= 0 ? node_get(e->body, test_names[op]) : e->body;
	check_clear(r, text, op);
	if (op < 0)
		return true;
	ret->test.op = (enum test_op)op;
	ret->test.silent_ms = text->silent_ms;
	if (op == TEST_IS)
		ret->test.words = text->is;
	if (op == TEST_IS_NOT)
		ret->test.words = text->is_not;
	if (op == TEST_HAS_WORD && text->has_word) {
		const char **word = arena_alloc(&r->plan->arena, sizeof *word);

		*word = text->has_word;
		ret->test.words = (struct strings){word, 1};
	}
	if (op == TEST_ABOVE)
		return read_limit(r, text->above, text->clear_below, ret);
	if (op == TEST_BELOW)
		return read_limit(r, text->below, text->clear_above, ret);
	return true;
}

/* -- does the test fit the sensors of the leaf -- */

bool cond_selects(const struct plan *p, const struct cond *c, int sensor)
{
	const struct sensor_def *s = &p->sensors[sensor];

	if (c->sensor >= 0)
		return c->sensor == sensor;
	if ((c->test.op == TEST_ABOVE || c->test.op == TEST_BELOW) && s->n_words && !s->unit)
		return false; /* it gives words: a number test over a kind is not about it */
	return s->kind && strings_have(&c->kinds, s->kind) &&
	       (c->zone < 0 || s->zone < 0 || s->zone == c->zone);
}

static void check_unit(struct reader *r, const struct cond *c, const struct test_read *t)
{
	const struct sensor_def *first = NULL;

	for (int i = 0; i < r->plan->n_sensors; i++) {
		const struct sensor_def *s = &r->plan->sensors[i];

		if (!cond_selects(r->plan, c, i))
			continue;
		if (t->unit && !s->unit && c->sensor >= 0) {
			complain(r, t->at, "the limit is in '%s', but sensor '%s' has no unit", t->unit,
			         s->id);
			return;
		}
		if (t->unit && !s->unit) {
			caution(r, r->sections[SECTION_SENSORS].at[i].key,
			        "sensor '%s' does not say its unit, and it is compared with a limit in '%s'",
			        s->id, t->unit);
			continue;
		}
		if (t->unit && s->unit && strcmp(t->unit, s->unit) != 0) {
			complain(r, t->at, "the limit is in '%s', but sensor '%s' measures '%s'", t->unit,
			         s->id, s->unit);
			return;
		}
		if (!t->unit && s->unit && first && strcmp(first->unit, s->unit) != 0) {
			caution(r, t->at, "the limit has no unit, but '%s' measures '%s' and '%s' '%s'",
			        first->id, first->unit, s->id, s->unit);
			return;
		}
		first = s->unit && !first ? s : first;
	}
}

static void check_words(struct reader *r, const struct cond *c, const struct test_read *t)
{
	const struct sensor_def *s = c->sensor >= 0 ? &r->plan->sensors[c->sensor] : NULL;

	for (int i = 0; s && s->n_words && i < t->test.words.n; i++) {
		struct nearest near = {.word = t->test.words.at[i]};
		bool found = false;

		for (int k = 0; k < s->n_words; k++) {
			found = found || !strcmp(s->words[k].word, near.word);
			nearest_try(&near, s->words[k].word);
		}
		if (found)
			continue;
		caution(r, t->at, "sensor '%s' has no word '%s'", s->id, near.word);
		advise_nearest(r, &near);
	}
}

static void check_fit(struct reader *r, const struct cond *c, const struct test_read *t)
{
	if (t->test.op == TEST_ABOVE || t->test.op == TEST_BELOW)
		check_unit(r, c, t);
	else if (t->test.op == TEST_IS || t->test.op == TEST_IS_NOT)
		check_words(r, c, t);
}

/* -- the tree -- */

/* A kind that no sensor has: a slip of the pen, in the site's own file. */
static void check_kinds(struct reader *r, const struct node *at, const struct strings *kinds)
{
	for (int i = 0; i < kinds->n && !is_included(at); i++) {
		struct nearest near = {.word = kinds->at[i]};
		bool found = false;

		for (int k = 0; k < r->plan->n_sensors && !found; k++) {
			const char *kind = r->plan->sensors[k].kind;

			found = kind && !strcmp(kind, near.word);
			if (kind)
				nearest_try(&near, kind);
		}
		if (found)
			continue;
		caution(r, at, "no sensor is of kind '%s'", near.word);
		advise_nearest(r, &near);
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
		check_fit(r, ret, &test);
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

bool cond_read(struct reader *r, const struct entry *e, struct cond *ret)
{
	struct cond_text text = {0};
	int before = r->problems->n_errors, group;

	*ret = (struct cond){.op = COND_TEST, .sensor = -1, .zone = -1};
	if (!keys_read(r, e, &cond_keys, &text))
		return false;
	group = which(r, e, group_names, "each condition has one of them");
	ret->for_ms = text.test.for_ms;
	ret->clear_for_ms = text.test.clear_for_ms;
	if (group < 0) {
		complain(r, e->body, "a condition needs 'sensor', 'of', 'all', 'any' or 'not'");
	} else if (group <= 1) {
		read_leaf(r, e, &text, ret);
	} else {
		ret->op = group == 2 ? COND_ALL : COND_ANY;
		refuse_tests(r, e, group_names[group]);
		check_clear(r, &text.test, -1);
		if (group == 4)
			read_not(r, text.none, ret);
		else
			read_group(r, group == 2 ? text.all : text.any, group_names[group], ret);
	}
	return before == r->problems->n_errors;
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
		check_fit(r, c, test);
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
