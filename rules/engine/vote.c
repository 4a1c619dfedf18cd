/* vote.c - how a vote stands, shown on its incident: how many must agree now,
 * of how many, and what each voter says. */
#include "engine/gates.h"
#include "engine/render.h"

/* The one that is met, else the first of the gravest grade that has one. */
static const struct cond *shown(const struct instance *in)
{
	const struct cond *first = NULL;

	for (int g = in->type ? in->type->n_grades - 1 : -1; g >= 0; g--) {
		const struct cond *vote = vote_find(&in->type->grades[g].when);

		if (!vote)
			continue;
		if (in->met && gate_counts(gate_find(in, vote->node, "")))
			return vote;
		first = first ? first : vote;
	}
	return first;
}

static void put_voter(const struct gate *g, struct buf *b)
{
	static const char *const leaves[] = {
	    [TRUTH_UNKNOWN] = "unknown", [TRUTH_FALSE] = "false", [TRUTH_TRUE] = "true"};

	json_open(b, NULL, '{');
	json_str(b, "sensor", g->sensor->id);
	json_str(b, "leaf", leaves[g->lost ? TRUTH_UNKNOWN : g->out]);
	json_bool(b, "counts", gate_counts(g));
	json_close(b, '}');
}

static void put_stale(const struct instance *in, const struct vote *v, int most, struct buf *b)
{
	json_open(b, "stale", '[');
	for (int i = v->first; i < v->first + v->n && most > 0; i++) {
		if (!vote_is_stale(in->gates[i]))
			continue;
		json_str(b, NULL, in->gates[i]->sensor->id);
		most--;
	}
	json_close(b, ']');
}

void render_vote(const struct incident *inc, int most, struct buf *b)
{
	const struct instance *in = inc->instance;
	const struct cond *vote = in && in->has_votes ? shown(in) : NULL;
	struct vote v;

	if (!vote)
		return;
	vote_count(in, vote, &v);
	json_open(b, "vote", '{');
	json_int(b, "need", v.need);
	json_int(b, "of", v.n - (vote->degrade ? v.n_stale : 0));
	json_int(b, "yes", v.n_yes);
	put_stale(in, &v, most, b);
	json_open(b, "voters", '[');
	for (int i = 0; i < v.n && i < most; i++)
		put_voter(in->gates[v.first + i], b);
	json_close(b, ']');
	json_close(b, '}');
}
