/* beside.c - the invariants of what stands beside the states of incidents and
 * holds notices: nothing of fire, gas or people is ever held, what is explained
 * has a cause that stands or is called, and what is held for a person is
 * summed up within its time. */
#include "world.h"

#include "engine/drill.h"
#include "engine/flood.h"
#include "engine/life.h"

#include <stdlib.h>
#include <string.h>

static bool stands(const struct incident *inc)
{
	return inc->state == STATE_PRE_ALARM || inc->state == STATE_UNACKED || inc->state == STATE_ACKED;
}

static void check_cause(struct world *w, const struct incident *inc)
{
	const struct incident *cause = incident_find(w->engine, inc->because);

	if (!inc->because)
		return;
	if (hazard_is_life(inc->hazard))
		world_broken(w, "I6", "%s is explained away", inc->id);
	if (!cause || !stands(cause))
		world_broken(w, "I3", "%s is explained by an incident that does not stand", inc->id);
	for (int n = 0; cause->because && n <= w->engine->n_incidents; n++) {
		cause = incident_find(w->engine, cause->because);
		if (!cause || cause == inc)
			world_broken(w, "I3", "%s explains itself", inc->id);
	}
}

/* Whoever was called for it, and was told nothing of it yet, hears of it before the next is called;
 * while it is suppressed nobody is, and at the end the chain begins anew. */
static void check_in_time(struct world *w, const struct flood *f, const struct incident *inc)
{
	bool called = false;

	for (int i = 0; i < inc->n_called; i++)
		called |= !strcmp(inc->called[i].person, f->person);
	for (int i = 0; i < inc->n_deliveries; i++)
		called &= strcmp(inc->deliveries[i].person, f->person) != 0;
	if (called && !idle_is(inc) && inc->due.pos && f->due.at_ms >= inc->due.at_ms)
		world_broken(w, "I3", "%s is told of %s when the next is called", f->person, inc->id);
}

static bool is_step_for_life(const struct incident *inc, int step)
{
	return step >= 0 && step < inc->n_steps && hazard_is_life(step_hazard(inc, &inc->playbook->steps[step]));
}

static void check_flood(struct world *w, const struct flood *f)
{
	if (!f->due.pos || f->due.at_ms <= w->now_ms)
		world_broken(w, "I3", "nothing will ever be summed up for %s", f->person);
	if (f->n_held && f->due.at_ms - w->now_ms > FLOOD_EVERY_MS)
		world_broken(w, "I3", "the summary for %s is in %lld ms", f->person,
		             (long long)(f->due.at_ms - w->now_ms));
	if (f->n_held && !f->is_on)
		world_broken(w, "I7", "notices of %s are held without a flood", f->person);
	for (int i = 0; i < f->n_held; i++) {
		const struct incident *inc = incident_find(w->engine, f->held[i].incident);

		if (inc && (hazard_is_life(inc->hazard) || is_step_for_life(inc, f->held[i].step)))
			world_broken(w, "I6", "a notice of %s is held for %s", inc->id, f->person);
		if (inc)
			check_in_time(w, f, inc);
	}
}

/* Something real that somebody must go to now. */
static bool is_pressing(const struct incident *inc)
{
	return !inc->drill && hazard_is_life(inc->hazard) && inc->state <= STATE_ACKED;
}

/* An exercise is nobody's place, ends by itself, and never stands beside what is real. */
static void check_drill(struct world *w, const struct incident *inc)
{
	if (!inc->drill || inc->state == STATE_CLOSED)
		return;
	if (inc->instance || inc->because)
		world_broken(w, "I7", "the exercise %s hangs together with something real", inc->id);
	if (!inc->drill->over.pos || inc->drill->over.at_ms <= w->now_ms)
		world_broken(w, "I7", "the exercise %s has no end", inc->id);
	for (int i = 0; i < w->engine->n_incidents; i++)
		if (is_pressing(w->engine->incidents[i]))
			world_broken(w, "I6", "the exercise %s goes on beside %s", inc->id,
			             w->engine->incidents[i]->id);
}

void beside_turn(struct world *w)
{
	for (int i = 0; i < w->engine->n_incidents; i++)
		check_drill(w, w->engine->incidents[i]);
	for (int i = 0; i < w->engine->n_incidents; i++)
		check_cause(w, w->engine->incidents[i]);
	for (int i = 0; i < w->engine->n_floods; i++)
		check_flood(w, w->engine->floods[i]);
}

static bool covers(const struct notice *n, int64_t number)
{
	for (const char *at = n->covers; at && *at;) {
		char *end;

		if (strtoll(at, &end, 10) == number)
			return true;
		at = *end ? end + 1 : end;
	}
	return false;
}

bool beside_is_held(const struct world *w, const struct incident *inc)
{
	const struct effects *fx = &w->gathering->fx;

	for (int i = w->step_from; i < fx->n; i++)
		if (fx->at[i].kind == EFFECT_NOTICE && covers(&fx->at[i].notice, inc->number))
			return true;
	for (int i = 0; i < w->engine->n_floods; i++)
		for (int k = 0; k < w->engine->floods[i]->n_held; k++)
			if (w->engine->floods[i]->held[k].incident == inc->number)
				return true;
	return inc->because != 0 || idle_is(inc);
}

/* The rule of what may be summed up, written a second time. */
void beside_leaving(struct world *w, const struct notice *n)
{
	for (const char *at = n->covers; at && *at;) {
		char *end;
		const struct incident *inc = incident_find(w->engine, strtoll(at, &end, 10));

		if (inc && strchr("FGL", inc->id[0]))
			world_broken(w, "I6", "%s is summed up for %s", inc->id, n->person);
		at = *end ? end + 1 : end;
	}
}

/* Of one turn, gravest first; last: of the one before. */
void beside_order(struct world *w, const struct effect *f, int *last)
{
	int place;

	if (f->kind != EFFECT_NOTICE)
		return;
	place = f->notice.drill ? HAZARD_COUNT : (int)f->notice.hazard;
	if (place < *last)
		world_broken(w, "I6", "notice %s leaves behind one of a lower hazard", f->notice.id);
	*last = place;
}
