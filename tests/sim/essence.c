/* essence.c - a digest of what the engine knows, taken from its model: what a
 * record forgets to save is missed here. */
#include "world.h"

#include "engine/drill.h"
#include "engine/duty.h"
#include "engine/flood.h"
#include "engine/impair.h"

#include <string.h>

static uint64_t text(uint64_t h, const char *t)
{
	for (t = t ? t : ""; *t; t++)
		h = (h ^ (unsigned char)*t) * 1099511628211u;
	return (h ^ 0xff) * 1099511628211u;
}

static uint64_t num(uint64_t h, int64_t v)
{
	h = (h ^ (uint64_t)v) * 1099511628211u;
	return h ^ h >> 29;
}

static uint64_t due(uint64_t h, const struct deadline *d)
{
	return num(h, d->pos ? d->at_ms : -1);
}

static uint64_t of_steps(uint64_t h, const struct incident *inc)
{
	for (int i = 0; i < inc->n_steps; i++) {
		const struct step_run *s = &inc->steps[i];

		h = num(text(text(num(h, s->state), s->result), s->by), s->late);
		h = num(num(due(h, &s->due), s->began_ms), s->tries);
		for (int f = 0; f < s->n_facts; f++)
			h = text(text(h, s->facts[f].key), s->facts[f].value);
	}
	return h;
}

static uint64_t of_people(uint64_t h, const struct incident *inc)
{
	for (int i = 0; i < inc->n_called; i++)
		h = num(num(text(h, inc->called[i].person), inc->called[i].level), inc->called[i].at_ms);
	for (int i = 0; i < inc->n_members; i++) {
		const struct member *m = &inc->members[i];

		h = num(num(num(text(text(h, m->sensor), m->kind), m->active), m->lost), m->out);
		h = text(text(text(text(h, m->value), m->now), m->peak), m->unit);
	}
	return h;
}

static uint64_t of_incident(uint64_t h, const struct incident *inc)
{
	h = due(num(text(num(h, inc->number), inc->id), inc->state), &inc->due);
	if (inc->state == STATE_CLOSED)
		return h;
	h = num(num(num(num(num(h, inc->rev), inc->level), inc->round), inc->next), inc->reminders);
	h = num(num(num(num(num(h, inc->hazard), inc->severity), inc->grade_index), inc->latch), inc->stale);
	h = num(num(num(h, inc->manual), inc->exhausted_told), inc->investigated);
	h = num(num(num(num(num(h, inc->because), inc->because_ms), inc->despite), inc->gated), inc->flapping);
	h = text(text(text(text(h, inc->acked_by), inc->reset_by), inc->reset_without), inc->after);
	h = due(h, &inc->all_clear);
	if (inc->drill)
		h = due(num(num(text(text(h, inc->drill->by), inc->drill->acked_by), inc->drill->acked_ms),
		            inc->drill->escalations), &inc->drill->over);
	h = num(num(num(text(h, inc->watch), inc->isolated_ms), inc->shelf.until_ms), inc->shelf.since_ms);
	h = text(text(text(text(h, inc->shelf.by), inc->shelf.second), inc->shelf.reason), inc->shelf.asked_by);
	h = num(num(h, inc->shelf.asked_ms), inc->shelf.asked_for_ms);
	h = num(text(text(text(h, inc->type_id), inc->zone_id), inc->grade), inc->opened_ms);
	h = num(num(num(h, inc->first_ack_ms), inc->first_step_ms), inc->dead_told);
	for (int i = 0; i < inc->n_acks; i++)
		h = num(text(h, inc->acks[i].person), inc->quorum);
	for (int i = 0; i < inc->n_instructions; i++)
		h = text(h, inc->instructions[i].words);
	return of_people(of_steps(h, inc), inc);
}

static uint64_t of_gates(uint64_t h, const struct engine *e)
{
	for (int i = 0; i < e->n_instances; i++) {
		const struct instance *in = e->instances[i];

		h = num(num(text(h, in->key), in->grade), in->known);
		h = due(num(h, in->incident ? in->incident->number : 0), &in->quiet);
		for (int k = 0; k < FLAP_ONSETS; k++)
			h = num(h, in->onsets_ms[k]);
		for (int k = 0; k < in->n_gates; k++) {
			const struct gate *g = in->gates[k];

			h = due(num(num(num(h, g->raw), g->out), g->lost), &g->delay);
		}
	}
	return h;
}

static uint64_t of_sensors(uint64_t h, const struct engine *e)
{
	for (int i = 0; i < e->n_sensors; i++) {
		const struct sensor *s = e->sensors[i];

		h = due(num(num(num(text(text(h, s->id), s->word), s->health), s->milli), s->is_out), &s->silence);
	}
	return h;
}

/* In whatever order they are. */
static uint64_t of_notices(uint64_t h, const struct engine *e)
{
	uint64_t sum = 0;

	for (int i = 0; i < e->n_notices; i++) {
		const struct notice *n = &e->notices[i]->notice;
		uint64_t one =
		    num(text(text(text(text(h, n->id), n->person), n->channel), n->incident), n->kind);

		sum += num(num(text(one, n->text), n->repeat), e->notices[i]->waits_link);
	}
	return sum;
}

static uint64_t of_commands(uint64_t h, const struct engine *e)
{
	uint64_t sum = 0;

	for (int i = 0; i < e->n_actuations; i++) {
		const struct actuation *a = e->actuations[i];

		sum += num(num(due(text(text(num(h, a->id), a->actuator), a->action), &a->due), a->tries),
		           a->in_flight);
	}
	return sum;
}

/* In whatever order they are. */
static uint64_t of_floods(const struct engine *e)
{
	uint64_t all = 0;

	for (int i = 0; i < e->n_floods; i++) {
		const struct flood *f = e->floods[i];
		uint64_t h = due(num(num(text(1, f->person), f->is_on), f->n_all), &f->due);

		for (int k = 0; k < f->n; k++)
			h = num(num(h, f->at_ms[k]), f->of[k]);
		for (int k = 0; k < f->n_held; k++)
			h = num(num(num(num(h, f->held[k].incident), f->held[k].n), f->held[k].kind), f->held[k].step);
		all += h;
	}
	return all;
}

static uint64_t of_duty(uint64_t h, const struct engine *e)
{
	for (int i = 0; i < e->n_duties; i++) {
		const struct duty *d = e->duties[i];

		h = text(text(text(text(text(h, d->id), d->held), d->incoming), d->accepted), d->prepared);
		h = due(num(num(num(num(h, d->held_ms), d->since_ms), d->remind_ms), d->cause), &d->due);
		for (int k = 0; k < d->n_notes; k++)
			h = num(text(h, d->notes[k].text), d->notes[k].at_ms);
	}
	for (int i = 0; i < e->n_overrides; i++) {
		const struct override *o = e->overrides[i];

		h = text(text(text(text(text(num(h, o->number), o->role), o->person), o->asked_by), o->by), o->words);
		h = due(num(num(h, o->from_ms), o->until_ms), &o->due);
	}
	return h;
}

static uint64_t of_impairments(uint64_t h, const struct engine *e)
{
	for (int i = 0; i < e->n_impairments; i++) {
		const struct impairment *m = e->impairments[i];

		h = num(num(num(text(text(h, m->key), m->name), m->kind), m->is_asked), m->is_dead);
		h = text(text(text(text(text(h, m->place), m->by), m->second), m->reason), m->watch);
		h = due(num(num(num(h, m->since_ms), m->for_ms), m->incident), &m->due);
	}
	return h;
}

void essence_of(const struct engine *e, struct essence *ret)
{
	const uint64_t begin = 14695981039346656037u;

	ret->of[ESSENCE_GATES] = of_gates(begin, e);
	ret->of[ESSENCE_SENSORS] = of_sensors(begin, e);
	ret->of[ESSENCE_NOTICES] = of_notices(begin, e) ^ of_floods(e);
	ret->of[ESSENCE_COMMANDS] = of_commands(begin, e);
	ret->of[ESSENCE_DUTY] = of_duty(begin, e);
	ret->of[ESSENCE_IMPAIRMENTS] = of_impairments(begin, e);
	ret->of[ESSENCE_INCIDENTS] = begin;
	for (int i = 0; i < e->n_incidents; i++)
		ret->of[ESSENCE_INCIDENTS] = of_incident(ret->of[ESSENCE_INCIDENTS], e->incidents[i]);
}

const char *essence_differs(const struct essence *a, const struct essence *b)
{
	static const char *const names[] = {"conditions", "incidents", "sensors", "notices", "commands", "duties",
	                                    "impairments"};

	for (int i = 0; i < ESSENCE_PARTS; i++)
		if (a->of[i] != b->of[i])
			return names[i];
	return NULL;
}
