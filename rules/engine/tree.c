/* tree.c - the three-valued tree above the gates: all, any, not, votes, and
 * what a schedule takes out of it; which grade of its type an instance has. */
#include "engine/gates.h"
#include "engine/window.h"

#include <string.h>

static enum truth negate(enum truth t)
{
	return t == TRUTH_UNKNOWN ? t : t == TRUTH_TRUE ? TRUTH_FALSE : TRUTH_TRUE;
}

static enum truth both(enum truth a, enum truth b)
{
	if (a == TRUTH_FALSE || b == TRUTH_FALSE)
		return TRUTH_FALSE;
	return a == TRUTH_UNKNOWN ? a : b;
}

static enum truth either(enum truth a, enum truth b)
{
	return negate(both(negate(a), negate(b)));
}

bool gate_counts(const struct gate *g)
{
	return !g->supposed && (g->out == TRUTH_TRUE || window_holds(g));
}

static enum truth counted(const struct gate *g)
{
	if (g->supposed)
		return TRUTH_UNKNOWN;
	return gate_counts(g) ? TRUTH_TRUE : g->out;
}

static enum truth leaf_truth(const struct instance *in, int node)
{
	enum truth truth = TRUTH_FALSE;

	for (int i = gate_place(in, node, ""); i < in->n_gates && in->gates[i]->cond->node == node; i++)
		truth = either(truth, counted(in->gates[i]));
	return truth;
}

/* ------------------------------------------------------------------ votes */

void vote_count(const struct instance *in, const struct cond *vote, struct vote *ret)
{
	int node = vote->kids[0].node, n_stale = 0;

	*ret = (struct vote){.first = gate_place(in, node, "")};
	for (int i = ret->first; i < in->n_gates && in->gates[i]->cond->node == node; i++) {
		ret->n++;
		ret->n_yes += gate_counts(in->gates[i]);
		n_stale += vote_is_stale(in->gates[i]);
	}
	ret->need = vote->at_least;
	ret->n_stale = n_stale;
	if (vote->degrade)
		ret->need -= n_stale;
	if (ret->need < 1)
		ret->need = 1;
}

bool vote_is_stale(const struct gate *g)
{
	return g->raw == TRUTH_UNKNOWN && !gate_counts(g);
}

static enum truth vote_truth(const struct instance *in, const struct cond *cond)
{
	struct vote v;

	vote_count(in, cond, &v);
	if (v.n_yes >= v.need)
		return TRUTH_TRUE;
	if (cond->degrade)
		return v.n == v.n_stale ? TRUTH_UNKNOWN : TRUTH_FALSE;
	return v.n_yes + v.n_stale >= v.need ? TRUTH_UNKNOWN : TRUTH_FALSE;
}

const struct cond *vote_find(const struct cond *cond)
{
	const struct cond *found = cond->op == COND_VOTE ? cond : NULL;

	for (int i = 0; cond->op != COND_NOT && i < cond->n_kids && !found; i++)
		found = vote_find(&cond->kids[i]);
	return found;
}

/* -------------------------------------------------------------- schedules */

static bool is_off(const struct engine *e, const struct schedule *s)
{
	return s && !schedule_is_on(s, &e->plan->tz, e->now_ms);
}

/* Outside its hours a condition raises nothing, and it ends nothing: what it raised goes on until it is over.
 * None of them stands below a `not`: false would raise there. */
static bool is_masked(const struct engine *e, const struct instance *in, const struct cond *cond, int grade)
{
	return in->grade < grade && is_off(e, cond->schedule);
}

/* --------------------------------------------------------------- the tree */

typedef enum truth cond_fn(const struct engine *e, const struct instance *in, const struct cond *cond, int grade);

static enum truth cond_out(const struct engine *e, const struct instance *in, const struct cond *cond,
                           int grade)
{
	if (cond->schedule && is_masked(e, in, cond, grade))
		return TRUTH_FALSE;
	return cond->op == COND_TEST ? leaf_truth(in, cond->node) : counted(gate_find(in, cond->node, ""));
}

static enum truth raw_of(const struct engine *e, const struct gate *g, cond_fn *out)
{
	const struct cond *cond = g->cond;
	enum truth truth = cond->op == COND_ANY ? TRUTH_FALSE : TRUTH_TRUE;

	if (cond->op == COND_VOTE)
		return vote_truth(g->instance, cond);
	for (int i = 0; i < cond->n_kids; i++) {
		enum truth kid = out(e, g->instance, &cond->kids[i], g->grade);

		truth = cond->op == COND_ANY ? either(truth, kid) : both(truth, kid);
	}
	return cond->op == COND_NOT ? negate(truth) : truth;
}

enum truth cond_raw(const struct engine *e, const struct gate *g)
{
	return raw_of(e, g, cond_out);
}

/* What was true only by the leaves that are supposed out ends at once; what runs out already goes on. */
static enum truth cond_without(const struct engine *e, const struct instance *in, const struct cond *cond,
                               int grade)
{
	const struct gate *g;
	enum truth raw;

	if ((cond->schedule && is_masked(e, in, cond, grade)) || cond->op == COND_TEST)
		return cond_out(e, in, cond, grade);
	g = gate_find(in, cond->node, "");
	raw = raw_of(e, g, cond_without);
	if (g->out == TRUTH_TRUE)
		return g->raw == TRUTH_TRUE ? raw : TRUTH_TRUE;
	if (window_holds(g))
		return TRUTH_TRUE;
	return raw == TRUTH_TRUE ? g->out : raw;
}

/* Depth is bounded by the checker of plans. */
static void cond_update(struct engine *e, struct instance *in, const struct cond *cond, bool at_once)
{
	struct gate *g;
	bool was;

	if (cond->op == COND_TEST)
		return;
	for (int i = 0; i < cond->n_kids; i++)
		cond_update(e, in, &cond->kids[i], at_once);
	g = gate_find(in, cond->node, "");
	was = g->out == TRUTH_TRUE && g->raw == TRUTH_TRUE;
	gate_set(e, g, cond_raw(e, g));
	if (at_once && was && g->raw != TRUTH_TRUE)
		gate_at_once(e, g);
}

bool tree_reads(const struct instance *in)
{
	for (int i = 0; i < in->n_gates; i++)
		if (in->gates[i]->sensor)
			return true;
	return false;
}

/* A voter is true, of a vote that alone can make its grade true. */
static bool has_voter(const struct engine *e, const struct instance *in, const struct cond *cond, int grade)
{
	bool found = false;

	if (is_masked(e, in, cond, grade))
		return false;
	for (int i = 0; cond->op == COND_ANY && i < cond->n_kids && !found; i++)
		found = has_voter(e, in, &cond->kids[i], grade);
	for (int i = 0; cond->op == COND_VOTE && i < in->n_gates && !found; i++)
		found = in->gates[i]->cond == &cond->kids[0] && in->gates[i]->out == TRUTH_TRUE &&
		        !in->gates[i]->supposed;
	return found;
}

/* Where there is a pre-alarm a single voter is its reason. */
static bool is_reached(const struct engine *e, const struct instance *in, int grade, cond_fn *out)
{
	const struct cond *when = &in->type->grades[grade].when;

	return out(e, in, when, grade) == TRUTH_TRUE ||
	       (in->type->pre_alarm_ms > 0 && has_voter(e, in, when, grade));
}

/* A sensor lost while calm leaves its leaf unknown, which makes no grade true
 * and hinders none from clearing; one lost while bad hinders all. */
int tree_grade(const struct engine *e, const struct instance *in, bool *ret_known)
{
	int grade = -1;

	*ret_known = in->type != NULL;
	for (int i = 0; i < in->n_gates; i++)
		*ret_known &= !in->gates[i]->lost;
	for (int i = 0; in->type && tree_reads(in) && i < in->type->n_grades; i++)
		if (is_reached(e, in, i, cond_out))
			grade = i;
	if (grade >= 0 && in->grade < 0 && is_off(e, &in->type->schedule))
		grade = -1;
	return grade;
}

bool tree_stays(const struct engine *e, const struct instance *in)
{
	for (int i = 0; in->type && in->grade >= 0 && i < in->type->n_grades; i++)
		if (is_reached(e, in, i, cond_without))
			return true;
	return false;
}

bool tree_is_met(const struct instance *in)
{
	for (int i = 0; i < in->n_gates; i++) {
		const struct gate *g = in->gates[i];

		if (g->cond->op == COND_VOTE && !g->negated && gate_counts(g) && g->grade <= in->grade)
			return true;
	}
	return false;
}

/* With hours the grade that was tells which of them count: until it stays. */
static bool update(struct engine *e, struct instance *in, bool at_once)
{
	int was = in->grade, before;
	bool known = in->known, met;

	do {
		before = in->grade;
		for (int i = 0; in->type && tree_reads(in) && i < in->type->n_grades; i++)
			cond_update(e, in, &in->type->grades[i].when, at_once);
		in->grade = tree_grade(e, in, &known);
	} while (in->has_hours && in->grade != before);
	met = tree_is_met(in);
	if (in->grade == was && known == in->known && met == in->met)
		return false;
	in->known = known;
	in->met = met;
	in->dirty = true;
	return true;
}

bool tree_update(struct engine *e, struct instance *in)
{
	return update(e, in, false);
}

void tree_without(struct engine *e, struct instance *in)
{
	update(e, in, true);
}
