#include "engine/caps.h"

#include "engine/emit.h"
#include "engine/life.h"

#include <stdlib.h>

enum caps_answer caps_command(struct engine *e, int person)
{
	struct caps *c = &e->caps;
	struct speech *s;

	if (c->n_speech != e->plan->n_people + 1) {
		free(c->speech);
		c->n_speech = e->plan->n_people + 1;
		c->speech = xcalloc((size_t)c->n_speech, sizeof *c->speech);
	}
	s = &c->speech[person < 0 ? e->plan->n_people : person];
	if (!s->n || e->now_ms - s->since_ms >= CAPS_COMMANDS_MS)
		*s = (struct speech){.since_ms = e->now_ms};
	s->n++;
	return s->n <= CAPS_COMMANDS ? CAPS_FINE : s->n == CAPS_COMMANDS + 1 ? CAPS_FIRST_OVER : CAPS_OVER;
}

bool caps_is_for_life(const struct sensor *s)
{
	for (int i = 0; i < s->n_leaves; i++) {
		const struct instance *in = s->leaves[i]->instance;

		if (in->is_until ? in->run && hazard_is_life(in->run->incident->hazard)
		                 : in->type && hazard_is_life(in->type->hazard))
			return true;
	}
	return false;
}

bool caps_holds_off(const struct engine *e, const struct reading *r)
{
	const struct sensor *s;

	if (!e->caps.is_full || e->n_actuations)
		return false;
	s = sensor_find(e, r->sensor);
	return s && !caps_is_for_life(s);
}

void caps_look(struct engine *e)
{
	struct caps *c = &e->caps;

	if (e->store != STORE_OK && c->late_rows >= CAPS_LATE_ROWS && !c->is_full) {
		c->is_full = true;
		incident_self(e, SELF_LIMIT, false,
		              "the store fails for so long that only fire, gas and people are still taken");
	} else if (e->store == STORE_OK) {
		c->late_rows = 0;
		if (c->is_full)
			effect_want(e, NULL);
		c->is_full = false;
	}
}

void caps_free(struct engine *e)
{
	free(e->caps.speech);
}
