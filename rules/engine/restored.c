/* restored.c - what saved records leave out or contradict each other in, seen to
 * before the engine lives on: an incident without its deadline, silence that
 * has no end, counters behind what they count. Told as damage by the caller;
 * of whole records nothing is changed. */
#include "engine/chain.h"
#include "engine/drill.h"
#include "engine/duty.h"
#include "engine/flood.h"
#include "engine/gates.h"
#include "engine/save.h"
#include "engine/suppress.h"

enum { HOUR_MS = 3600000, DAY_MS = 24 * HOUR_MS };

/* The longest that each waits (rules/language), and an hour. */
static const int64_t call_ms = DAY_MS + HOUR_MS, hold_ms = 9 * HOUR_MS, out_ms = 30 * (int64_t)DAY_MS + HOUR_MS,
                     any_ms = 367 * (int64_t)DAY_MS;

struct look {
	struct engine *e;
	bool knows_time; /* else only what the last row said: a deadline may have been set long after it */
	bool bad;
};

/* Armed, and no later than that; else now. */
static void by(struct look *l, struct deadline *d, int64_t latest_ms)
{
	if (d->pos && d->at_ms <= latest_ms)
		return;
	deadline_set(&l->e->heap, d, l->e->now_ms < latest_ms ? l->e->now_ms : latest_ms);
	l->bad = true;
}

static void within(struct look *l, struct deadline *d, int64_t most_ms)
{
	by(l, d, l->knows_time ? l->e->now_ms + most_ms : INT64_MAX);
}

static void not_armed(struct look *l, struct deadline *d)
{
	l->bad |= d->pos != 0;
	deadline_clear(&l->e->heap, d);
}

/* -- incidents -- */

static void look_at_steps(struct look *l, struct incident *inc)
{
	for (int i = 0; i < inc->n_steps; i++) {
		struct step_run *s = &inc->steps[i];
		enum step_kind kind = step_of(s)->kind;

		if (s->state != STEP_OPEN || inc->state == STATE_CLOSED)
			not_armed(l, &s->due);
		else if (kind != STEP_KIND_COMMAND && kind != STEP_KIND_NOTIFY && step_of(s)->within_ms > 0)
			within(l, &s->due, any_ms);
	}
}

static void look_at_holds(struct look *l, struct incident *inc)
{
	struct engine *e = l->e;

	if (l->knows_time && inc->shelf.until_ms - e->now_ms > hold_ms) {
		inc->shelf.until_ms = e->now_ms;
		l->bad = true;
	}
	if (hold_of(inc) == HOLD_SHELF)
		by(l, &inc->due, inc->shelf.until_ms);
	else if (hold_of(inc) == HOLD_ISOLATION)
		by(l, &inc->due, isolation_until_ms(e, inc));
	if (inc->flapping && inc->instance)
		within(l, &inc->instance->quiet, HOUR_MS);
}

static void look_at_open(struct look *l, struct incident *inc)
{
	within(l, &inc->due, incident_is_calling(inc) && !notices_held(inc) ? call_ms : any_ms);
	look_at_holds(l, inc);
	if (inc->drill)
		within(l, &inc->drill->over, DRILL_MAX_MS + HOUR_MS);
	if (inc->next == NEXT_NONE || inc->next == NEXT_EMPTY) {
		inc->next = incident_wants_ack(inc) ? NEXT_CALL : NEXT_REMIND;
		l->bad = true;
	}
}

static void look_at_closed(struct look *l, struct incident *inc)
{
	if (inc->next != NEXT_EMPTY || notices_held(inc)) {
		suppress_forget(inc);
		cause_forget(inc);
		inc->next = NEXT_EMPTY;
		l->bad = true;
	}
	within(l, &inc->due, call_ms);
	not_armed(l, &inc->all_clear);
	if (inc->drill)
		not_armed(l, &inc->drill->over);
}

static void look_at_incident(struct look *l, struct incident *inc)
{
	bool was_bad = l->bad;

	l->bad = false;
	if (inc->state == STATE_CLOSED)
		look_at_closed(l, inc);
	else
		look_at_open(l, inc);
	look_at_steps(l, inc);
	inc->dirty |= l->bad;
	l->bad |= was_bad;
}

/* -- beside them -- */

static void look_at_others(struct look *l)
{
	struct engine *e = l->e;

	for (int i = 0; i < e->n_impairments; i++) {
		struct impairment *imp = e->impairments[i];

		if (imp->kind != IMPAIR_TAG || imp->is_asked)
			within(l, &imp->due, imp->kind == IMPAIR_OUT ? out_ms : hold_ms);
	}
	for (int i = 0; i < e->n_overrides; i++)
		by(l, &e->overrides[i]->due, INT64_MAX);
	for (int i = 0; i < e->n_floods; i++)
		within(l, &e->floods[i]->due, HOUR_MS);
}

static void at_least(struct look *l, int64_t *counter, int64_t least)
{
	if (*counter >= least)
		return;
	*counter = least;
	l->e->counters_dirty = true;
	l->bad = true;
}

static void look_at_counters(struct look *l)
{
	struct engine *e = l->e;

	at_least(l, &e->reserved, e->n_incidents ? e->incidents[e->n_incidents - 1]->number + 1 : 1);
	if (e->n_actuations)
		at_least(l, &e->next_actuation, e->actuations[e->n_actuations - 1]->id);
}

static void look_at_gates(struct look *l)
{
	int64_t latest_ms = l->knows_time ? l->e->now_ms + any_ms : INT64_MAX;

	for (int i = 0; i < l->e->n_instances; i++)
		for (int k = 0; k < l->e->instances[i]->n_gates; k++)
			l->bad |= gate_mend(l->e, l->e->instances[i]->gates[k], latest_ms);
}

bool restored_look(struct engine *e, bool knows_time)
{
	struct look l = {e, knows_time, false};

	look_at_counters(&l);
	look_at_others(&l);
	look_at_gates(&l);
	for (int i = 0; i < e->n_incidents; i++)
		look_at_incident(&l, e->incidents[i]);
	return l.bad;
}
