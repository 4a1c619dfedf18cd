/* cond_test.c - tests, of a leaf or of a grade: which one, its limits, and
 * whether it fits the sensors that it is asked of. */
#include "language/reader.h"

#include <string.h>

const char *const test_names[] = {"is",      "is_not", "has_word", "above",   "below", "silent_for",
                                  "outside", "rises",  "falls",    "changes", NULL};

int which_name(struct reader *r, const struct entry *e, const char *const *names, const char *advice)
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
	advise(r,
	       "it is over when the number has come back past it: write a limit on the calm side, or none");
	return false;
}

/* [low, high] and where each is over again. */
static bool read_range(struct reader *r, const struct test_text *text, struct test_read *ret)
{
	const struct node *list = text->outside;
	struct test_read low = {.test = {.op = TEST_BELOW}}, high = {.test = {.op = TEST_ABOVE}};

	if (list->kind != NODE_LIST || list->n != 2) {
		complain(r, list, "'outside' must be two numbers: [low, high]");
		return false;
	}
	if (!read_limit(r, list->items[0], text->clear_above, &low) ||
	    !read_limit(r, list->items[1], text->clear_below, &high))
		return false;
	if (low.unit && high.unit && strcmp(low.unit, high.unit) != 0) {
		complain(r, list->items[1], "one limit is in '%s', the other in '%s'", low.unit, high.unit);
		return false;
	}
	ret->unit = low.unit ? low.unit : high.unit;
	ret->test.low_milli = low.test.limit_milli;
	ret->test.low_clear_milli = low.test.clear_milli;
	ret->test.limit_milli = high.test.limit_milli;
	ret->test.clear_milli = high.test.clear_milli;
	if (ret->test.low_clear_milli <= ret->test.clear_milli && ret->test.low_milli < ret->test.limit_milli)
		return true;
	complain(r, list, "'outside' leaves no number between its limits");
	advise(r, "write the lower one first");
	return false;
}

/* By how much it rises or falls. */
static bool read_rise(struct reader *r, const struct node *by, struct test_read *ret)
{
	if (!read_limit(r, by, NULL, ret))
		return false;
	if (ret->test.limit_milli > 0)
		return true;
	complain(r, by, "by how much must be more than 0");
	return false;
}

static bool needs_over(struct reader *r, const struct test_text *text, const struct test_read *t)
{
	if (text->over_ms || !test_is_windowed(t->test.op))
		return true;
	complain(r, t->at, "'%s' needs 'over'", test_names[t->test.op]);
	advise(r, "within what time: %s: ..., over: 60s", test_names[t->test.op]);
	return false;
}

void test_strays(struct reader *r, const struct test_text *text, int op)
{
	if (text->clear_below && op != TEST_ABOVE && op != TEST_OUTSIDE) {
		complain(r, text->clear_below, "'clear_below' belongs to 'above'");
		advise(r, "beside 'below' it is called 'clear_above'");
	}
	if (text->clear_above && op != TEST_BELOW && op != TEST_OUTSIDE) {
		complain(r, text->clear_above, "'clear_above' belongs to 'below'");
		advise(r, "beside 'above' it is called 'clear_below'");
	}
}

bool test_read(struct reader *r, const struct entry *e, const struct test_text *text, struct test_read *ret)
{
	int op = which_name(r, e, test_names,
	                    "one test for each condition: combine two with all: [...] or any: [...]");

	*ret = (struct test_read){
	    .for_ms = text->for_ms, .clear_for_ms = text->clear_for_ms, .is_given = op >= 0};
	ret->at = op >= 0 ? node_get(e->body, test_names[op]) : e->body;
	test_strays(r, text, op);
	if (text->over_ms && (op < 0 || !test_is_windowed((enum test_op)op)))
		complain(r, node_get(e->body, "over"), "'over' belongs to 'rises', 'falls' or 'changes'");
	if (op < 0)
		return true;
	ret->test.op = (enum test_op)op;
	ret->test.silent_ms = text->silent_ms;
	ret->test.over_ms = text->over_ms;
	ret->test.changes = text->changes;
	if (!needs_over(r, text, ret))
		return false;
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
	if (op == TEST_OUTSIDE)
		return read_range(r, text, ret);
	if (op == TEST_RISES || op == TEST_FALLS)
		return read_rise(r, op == TEST_RISES ? text->rises : text->falls, ret);
	return true;
}

/* Over the sensors of one kind; kind NULL: the one sensor. False when one does not fit. */
static bool check_unit(struct reader *r, const struct cond *c, const char *kind, const struct test_read *t,
                       const struct sensor_def **first)
{
	struct each e = kind ? each_of(r, kind, c->zone) : (struct each){.sensors = &c->sensor, .end = 1};
	bool fits = true;

	for (int i; (i = each_next(&e)) >= 0;) {
		const struct sensor_def *s = &r->plan->sensors[i];

		if (!cond_selects(r->plan, c, i))
			continue;
		if (t->unit && !s->unit && c->sensor >= 0) {
			complain(r, t->at, "the limit is in '%s', but sensor '%s' has no unit", t->unit,
			         s->id);
			advise(r, "give the sensor its 'unit', or leave it out here");
			return false;
		}
		if (t->unit && !s->unit) {
			caution(r, r->sections[SECTION_SENSORS].at[i].key,
			        "sensor '%s' does not say its unit, and it is compared with a limit in '%s'",
			        s->id, t->unit);
			fits = false;
			continue;
		}
		if (t->unit && s->unit && strcmp(t->unit, s->unit) != 0) {
			complain(r, t->at, "the limit is in '%s', but sensor '%s' measures '%s'", t->unit,
			         s->id, s->unit);
			if (!advise_full_width(r, t->unit))
				advise(r, "write the limit in %s, or leave its unit out", s->unit);
			return false;
		}
		if (!t->unit && s->unit && *first && strcmp((*first)->unit, s->unit) != 0) {
			caution(r, t->at, "the limit has no unit, but '%s' measures '%s' and '%s' '%s'",
			        (*first)->id, (*first)->unit, s->id, s->unit);
			return false;
		}
		*first = s->unit && !*first ? s : *first;
	}
	return fits;
}

static void check_units(struct reader *r, const struct cond *c, const struct test_read *t)
{
	const struct sensor_def *first = NULL;

	if (c->sensor >= 0)
		check_unit(r, c, NULL, t, &first);
	for (int k = 0; c->sensor < 0 && k < c->kinds.n; k++) {
		const struct fit fit = {c->kinds.at[k], t->unit ? t->unit : ""};
		int i = 0;

		while (i < r->n_fits &&
		       (strcmp(r->fits[i].kind, fit.kind) != 0 || strcmp(r->fits[i].unit, fit.unit) != 0))
			i++;
		if (c->kinds.n == 1 && i < r->n_fits)
			continue;
		if (check_unit(r, c, fit.kind, t, &first) && c->zone < 0 && i == r->n_fits && i < FITS_MAX)
			r->fits[r->n_fits++] = fit;
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

void test_fit(struct reader *r, const struct cond *c, const struct test_read *t)
{
	if (test_is_number(t->test.op))
		check_units(r, c, t);
	if (t->test.op == TEST_IS || t->test.op == TEST_IS_NOT)
		check_words(r, c, t);
}
