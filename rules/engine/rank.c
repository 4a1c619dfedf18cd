/* rank.c - two playbooks that want opposite things of one actuator: while the
 * graver incident is open, what it last wanted is not undone by a lesser one. */
#include "engine/life.h"

#include <string.h>

static bool is_meant(const struct engine *e, const struct incident *inc, const struct step *step,
                     const char *actuator)
{
	int actuators[ACTUATORS_MAX], n = actuators_for(e, inc, step, actuators, ACTUATORS_MAX);

	for (int i = 0; i < n; i++)
		if (!strcmp(e->plan->actuators[actuators[i]].id, actuator))
			return true;
	return false;
}

/* It was sent or is under way, or was tried in vain: the wish stands. */
static bool is_wish(const struct step_run *s)
{
	return step_of(s)->kind == STEP_KIND_COMMAND &&
	       (s->state == STEP_OPEN || s->state == STEP_DONE || s->state == STEP_FAILED);
}

/* The command step that spoke last to the actuator. */
static const struct step_run *last_wish(const struct engine *e, const struct incident *inc,
                                        const char *actuator)
{
	const struct step_run *last = NULL;

	for (int i = 0; i < inc->n_steps; i++) {
		const struct step_run *s = &inc->steps[i];

		if (is_wish(s) && (!last || s->began_ms >= last->began_ms) &&
		    is_meant(e, inc, step_of(s), actuator))
			last = s;
	}
	return last;
}

const struct incident *rank_above(const struct engine *e, const struct actuation *a)
{
	const struct incident *mine = a->incident ? incident_find(e, a->incident) : NULL;
	const struct step_run *gravest = NULL;

	for (int i = 0; mine && !a->user && i < e->n_incidents; i++) {
		const struct incident *inc = e->incidents[i];
		const struct step_run *wish;

		if (!incident_is_open(inc) || inc->drill || inc->hazard >= mine->hazard)
			continue;
		wish = last_wish(e, inc, a->actuator);
		if (wish && (!gravest || inc->hazard < gravest->incident->hazard ||
		             (inc->hazard == gravest->incident->hazard && wish->began_ms >= gravest->began_ms)))
			gravest = wish;
	}
	if (!gravest || !strcmp(step_of(gravest)->action, a->action) || PLANTED(14))
		return NULL;
	return gravest->incident;
}
