/* zone.c - one word for each zone: the worst of what happens in it and below. */
#include "engine/render.h"

/* Worst first. */
enum word { WORD_ALARM, WORD_PRE_ALARM, WORD_ACKED, WORD_FAULT, WORD_NORMAL };

static const char *const words[] = {"alarm", "pre_alarm", "acked", "fault", "normal"};

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

	return is_fault(inc) ? WORD_FAULT : by_state[inc->state];
}

/* A stale member, or one a fault is about, in the zone. */
static bool has_faulty_member(const struct engine *e, const struct incident *inc, int zone)
{
	for (int i = 0; i < inc->n_members; i++) {
		const struct member *m = &inc->members[i];
		const struct sensor *s;

		if (m->out || (!m->lost && (!is_fault(inc) || m->active == TRUTH_FALSE)))
			continue;
		s = sensor_find(e, m->sensor);
		if (s && plan_zone_inside(e->plan, s->zone, zone))
			return true;
	}
	return false;
}

const char *zone_word(const struct engine *e, int zone)
{
	enum word worst = WORD_NORMAL;

	for (int i = 0; i < e->n_incidents; i++) {
		const struct incident *inc = e->incidents[i];

		if (inc->state == STATE_CLOSED)
			continue;
		if (plan_zone_inside(e->plan, inc->zone, zone) && incident_word(inc) < worst)
			worst = incident_word(inc);
		if (worst > WORD_FAULT && has_faulty_member(e, inc, zone))
			worst = WORD_FAULT;
	}
	return words[worst];
}
