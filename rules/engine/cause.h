/* cause.h - consequence and cause: while the power is out, what only follows
 * from it calls nobody on its own (type key `explained_by`). Never of fire, gas
 * or people, and never what a person reported. Beside the states, like a
 * shelf: everything is decided and remembered as always, only notices are held. */
#ifndef TOCSIN_CAUSE_H
#define TOCSIN_CAUSE_H

#include "engine/life.h"

/* Before it calls, quietly: what explains it stands open already. */
void cause_ask(struct engine *e, struct incident *inc);
/* Somebody has it, or it is over: it is looked after like any other. */
void cause_forget(struct incident *inc);
/* It got worse, or a person speaks of it: it calls in spite of its cause. Was it held? */
bool cause_break(struct engine *e, struct incident *inc);
void cause_due(struct engine *e, struct incident *inc); /* the look at its cause */
/* The plan may be another: who is not explained by it any more is called. */
void causes_replan(struct engine *e);
/* After each event: who is explained now, and who no longer. */
void causes_settle(struct engine *e);

static inline bool cause_holds(const struct incident *inc)
{
	return inc->because && inc->gated;
}

const struct incident *cause_of(const struct engine *e, const struct incident *inc); /* NULL: none */

/* What else stands behind an incident. */
struct cause_counts {
	int consequences; /* open incidents it explains, directly or not */
	int lost, life;   /* sensors that are lost with it, those among them for fire, gas and people */
};
struct cause_counts cause_count(const struct engine *e, const struct incident *inc);

#endif
