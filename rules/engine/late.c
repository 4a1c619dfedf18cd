/* late.c - a step whose time is over: its people and its `on_late` role are
 * told, and each time again one more level of the chain, never silence. */
#include "engine/emit.h"
#include "engine/life.h"

enum { AGAIN_MS = 60000, LAST_EACH = 4 };

/* The lowest level that calls one of its people; 0: none. */
static int level_of_people(const struct engine *e, const struct step_run *s)
{
	int last = chain_levels(e, s->incident), people[TELLING_MAX], n;

	for (int level = 1; level <= last; level++) {
		n = chain_people(e, s->incident, level, people, TELLING_MAX);
		for (int i = 0; i < n; i++)
			if (step_is_of(e, s->incident, step_of(s), people[i]))
				return level;
	}
	return 0;
}

/* The highest level that one of its roles stands on, else its people. */
static int own_level(const struct engine *e, const struct step_run *s)
{
	const struct step *step = step_of(s);
	int level = chain_level_of_role(e, s->incident, step_role(e, s->incident, step));

	for (int i = 0; i < step->also.n; i++) {
		const struct step one = {.who = step->also.at[i]};
		int other = chain_level_of_role(e, s->incident, step_role(e, s->incident, &one));

		level = other > level ? other : level;
	}
	return level ? level : level_of_people(e, s);
}

/* Each time one level more; when the last has been told, it is told again now and then. */
static void tell_above(struct engine *e, const struct step_run *s, struct telling *t)
{
	int level = own_level(e, s) + s->late - 1, last = chain_levels(e, s->incident);

	if (level <= last || s->late % LAST_EACH == 0 || !t->n)
		tell_level_once(e, t, level > last ? last : level < 1 ? 1 : level);
}

void step_late(struct engine *e, struct step_run *s)
{
	const struct step *step = step_of(s);
	struct telling t = {.kind = NOTICE_LATE, .inc = s->incident, .step = step};
	int people[TELLING_MAX], n = step_people(e, s->incident, step, people, TELLING_MAX);

	s->late++;
	deadline_set(&e->heap, &s->due, e->now_ms + (step->within_ms > 0 ? step->within_ms : AGAIN_MS));
	t.cause = step_row(e, s, "system", NULL, 0);
	for (int i = 0; i < n; i++)
		tell_once(e, &t, people[i]);
	if (step->late_call >= 0)
		tell_role_once(e, &t, plan_role(e->plan, s->incident->plan->roles[step->late_call].id));
	if (s->late > 1 || !t.n)
		tell_above(e, s, &t);
}
