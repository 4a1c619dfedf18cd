/* zone.c - one word for each zone: the worst of what happens in it and below. */
#include "engine/impair.h"
#include "engine/render.h"

#include <string.h>

/* Worst first. */
enum word { WORD_ALARM, WORD_PRE_ALARM, WORD_ACKED, WORD_FAULT, WORD_ISOLATED, WORD_TEST, WORD_NORMAL };

static const char *const words[] = {"alarm", "pre_alarm", "acked", "fault", "isolated", "test", "normal"};

static bool is_fault(const struct incident *inc)
{
	return inc->severity == SEVERITY_FAULT || inc->hazard == HAZARD_SYSTEM;
}

static enum word incident_word(const struct incident *inc)
{
	static const enum word by_state[STATE_COUNT] = {
	    [STATE_PRE_ALARM] = WORD_PRE_ALARM, [STATE_UNACKED] = WORD_ALARM,
	    [STATE_RTN_UNACKED] = WORD_ALARM,   [STATE_ACKED] = WORD_ACKED,
	    [STATE_LATCHED] = WORD_ACKED,       [STATE_CLEARED] = WORD_ACKED,
	    [STATE_CLOSED] = WORD_NORMAL,
	};

	if (inc->drill)
		return WORD_TEST;
	return is_fault(inc) ? WORD_FAULT : by_state[inc->state];
}

/* In the zone and in those around it. */
static void worsen(const struct plan *p, unsigned char *at, int zone, enum word word)
{
	for (; zone >= 0; zone = p->zones[zone].in)
		if (at[zone] > word)
			at[zone] = (unsigned char)word;
}

/* A stale member, or one a fault is about, where it stands. */
static void add_faulty_members(const struct engine *e, const struct incident *inc, unsigned char *at)
{
	for (int i = 0; i < inc->n_members; i++) {
		const struct member *m = &inc->members[i];
		const struct sensor *s;

		if (m->out || (!m->lost && (!is_fault(inc) || m->active == TRUTH_FALSE)))
			continue;
		s = sensor_find(e, m->sensor);
		if (s)
			worsen(e->plan, at, s->zone, WORD_FAULT);
	}
}

unsigned char *zones_judge(const struct engine *e)
{
	unsigned char *at = xmalloc((size_t)e->plan->n_zones + 1);

	memset(at, WORD_NORMAL, (size_t)e->plan->n_zones + 1);
	for (int i = 0; i < e->n_incidents; i++) {
		const struct incident *inc = e->incidents[i];

		if (inc->state == STATE_CLOSED)
			continue;
		worsen(e->plan, at, inc->zone, incident_word(inc));
		add_faulty_members(e, inc, at);
	}
	for (int i = 0; i < e->n_impairments; i++)
		if (e->impairments[i]->kind == IMPAIR_ISOLATED && !e->impairments[i]->is_asked)
			worsen(e->plan, at, plan_zone(e->plan, e->impairments[i]->name), WORD_ISOLATED);
	return at;
}

const char *zone_word(unsigned char word)
{
	return words[word];
}
