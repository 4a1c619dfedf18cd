/* schedule.c - when hours of conditions begin and end; and what else stands
 * still or moves when the clock is set. */
#include "engine/flap.h"
#include "engine/gates.h"
#include "engine/window.h"

static void earliest(const struct engine *e, const struct schedule *s, int64_t *at_ms)
{
	int64_t next_ms = s ? schedule_next_ms(s, &e->plan->tz, e->now_ms) : INT64_MAX;

	if (next_ms < *at_ms)
		*at_ms = next_ms;
}

static void earliest_of(const struct engine *e, const struct cond *cond, int64_t *at_ms)
{
	earliest(e, cond->schedule, at_ms);
	for (int i = 0; i < cond->n_kids; i++)
		earliest_of(e, &cond->kids[i], at_ms);
}

void schedule_arm(struct engine *e)
{
	int64_t at_ms = INT64_MAX;

	deadline_clear(&e->heap, &e->schedule_due);
	for (int t = 0; t < e->plan->n_types; t++) {
		const struct incident_type *type = &e->plan->types[t];

		earliest(e, &type->schedule, &at_ms);
		for (int g = 0; g < type->n_grades; g++)
			earliest_of(e, &type->grades[g].when, &at_ms);
	}
	for (int i = 0; i < e->n_instances; i++) {
		const struct instance *in = e->instances[i];

		if (in->is_until && in->has_hours && in->type)
			earliest_of(e, &in->type->grades[0].when, &at_ms);
	}
	if (at_ms == INT64_MAX)
		return;
	deadline_init(&e->schedule_due, DEADLINE_SCHEDULE, e, "", 0);
	deadline_set(&e->heap, &e->schedule_due, at_ms);
}

void schedule_due(struct engine *e)
{
	schedule_arm(e);
	conditions_again(e);
}

void conditions_clock(struct engine *e, int64_t by_ms)
{
	for (int i = 0; by_ms > 0 && i < e->n_instances; i++) {
		flap_shift(e->instances[i], by_ms);
		for (int k = 0; k < e->instances[i]->n_gates; k++)
			window_shift(e->instances[i]->gates[k], by_ms);
	}
	if (e->schedule_due.pos)
		schedule_due(e);
}
