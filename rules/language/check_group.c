/* check_group.c - conditions that contradict each other under `all`, or leave
 * nothing out under `any`. */
#include "language/check.h"

#include "base/text.h"

#include <string.h>

/* -- what a leaf demands of its sensor's value -- */

struct demand {
	int sensor;
	const struct node *at;
	bool is_number;
	int64_t low, high;         /* milli, both included */
	const struct strings *in;  /* one of these, or */
	const struct strings *out; /* none of these */
	const struct cond *leaf;
	bool is_not;
};

enum { DEMANDS_MAX = 64 };

struct demands {
	struct demand at[DEMANDS_MAX];
	int n;
};

/* For `all`: the values at which the leaf can be true, a hysteresis included;
 * `is_not`: at which it can be false. False when nothing is certain. */
static bool demand_of(const struct plan *p, const struct cond *c, bool is_not, struct demand *ret)
{
	const struct test *t = &c->test;
	bool is_word = t->op == TEST_IS || t->op == TEST_IS_NOT;

	if (c->op != COND_TEST || c->sensor < 0 || p->sensors[c->sensor].is_family || c->clear_for_ms ||
	    c->hold_ms || (is_not && c->for_ms))
		return false;
	*ret = (struct demand){
	    .sensor = c->sensor, .low = INT64_MIN, .high = INT64_MAX, .leaf = c, .is_not = is_not};
	ret->is_number = !is_word;
	if (t->op == TEST_ABOVE && !is_not)
		ret->low = t->clear_milli < t->limit_milli ? t->clear_milli : t->limit_milli + 1;
	else if (t->op == TEST_BELOW && !is_not)
		ret->high = t->clear_milli > t->limit_milli ? t->clear_milli : t->limit_milli - 1;
	else if (t->op == TEST_ABOVE)
		ret->high = t->limit_milli;
	else if (t->op == TEST_BELOW)
		ret->low = t->limit_milli;
	else if (is_word && (t->op == TEST_IS) != is_not)
		ret->in = &t->words;
	else if (is_word)
		ret->out = &t->words;
	else
		return false;
	return true;
}

static bool share_word(const struct strings *a, const struct strings *b)
{
	for (int i = 0; i < a->n; i++)
		if (strings_have(b, a->at[i]))
			return true;
	return false;
}

static bool all_in(const struct strings *a, const struct strings *b)
{
	for (int i = 0; i < a->n; i++)
		if (!strings_have(b, a->at[i]))
			return false;
	return true;
}

static bool conflict(const struct demand *a, const struct demand *b)
{
	if (a->sensor != b->sensor || a->is_number != b->is_number)
		return false;
	if (a->is_number)
		return (a->low > b->low ? a->low : b->low) > (a->high < b->high ? a->high : b->high);
	if (a->in && b->in)
		return !share_word(a->in, b->in);
	if (a->in && b->out)
		return all_in(a->in, b->out);
	return b->in && a->out && all_in(b->in, a->out);
}

/* "above 25", "is alarm" */
static const char *shown(struct reader *r, const struct cond *c)
{
	char number[32];

	if (c->test.op == TEST_ABOVE || c->test.op == TEST_BELOW)
		return arena_printf(&r->arena, "%s %s", c->test.op == TEST_ABOVE ? "above" : "below",
		                    milli_text(c->test.limit_milli, number));
	return arena_printf(&r->arena, "%s %s%s", c->test.op == TEST_IS ? "is" : "is not",
	                    c->test.words.n ? c->test.words.at[0] : "", c->test.words.n > 1 ? ", ..." : "");
}

static void collect(struct reader *r, const struct cond *c, const struct place *p, bool is_not,
                    struct demands *ret)
{
	enum cond_op group = is_not ? COND_ANY : COND_ALL;
	struct place kid;

	if (c->op == COND_NOT || (c->op == group && !c->for_ms && !c->clear_for_ms)) {
		for (int i = 0; i < c->n_kids; i++) {
			kid = kid_place(p, c, i);
			if (kid.at)
				collect(r, &c->kids[i], &kid, c->op == COND_NOT ? !is_not : is_not, ret);
		}
		return;
	}
	if (ret->n < DEMANDS_MAX && demand_of(r->plan, c, is_not, &ret->at[ret->n]))
		ret->at[ret->n++].at = test_node(p);
}

static void tell_conflict(struct reader *r, const struct demand *a, const struct demand *b, bool is_any)
{
	const char *id = r->plan->sensors[a->sensor].id;

	if (is_any) {
		caution(r, b->at, "always true: whatever sensor '%s' says, '%s' or '%s' holds", id,
		        shown(r, a->leaf), shown(r, b->leaf));
		advise(r, "combine them with all: [...] where both are needed");
		return;
	}
	complain(r, b->at, "never true: of sensor '%s', '%s%s' and '%s%s' exclude each other", id,
	         a->is_not ? "not " : "", shown(r, a->leaf), b->is_not ? "not " : "", shown(r, b->leaf));
	advise(r, "combine them with any: [...] where one is enough");
}

/* What contradicts itself under `all`; under `any` what leaves no value out. */
void check_group(struct reader *r, const struct cond *c, const struct place *p)
{
	struct demands d;
	bool is_any = c->op == COND_ANY;

	d.n = 0;
	collect(r, c, p, is_any, &d);
	for (int j = 1; j < d.n; j++)
		for (int i = 0; i < j; i++)
			if (conflict(&d.at[i], &d.at[j])) {
				tell_conflict(r, &d.at[i], &d.at[j], is_any);
				return;
			}
}
