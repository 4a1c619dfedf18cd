/* fault.c - what is wrong with the alarm system itself: lost sensors, the broker,
 * the store. Each is an incident somebody is called for. */
#include "base/text.h"
#include "engine/emit.h"
#include "engine/flap.h"
#include "engine/incident.h"
#include "engine/via.h"

#include <stdio.h>
#include <string.h>

static struct incident *raise_fault(struct engine *e, enum self self, const char *scope, const char *what)
{
	const struct incident_type *t = &e->plan->types[plan_self(e->plan, self)];
	struct instance *in = instance_get(e, t, scope);
	struct incident *inc = in->incident;
	const char *shown = strcmp(scope, "-") ? scope : what ? what : "";
	struct cue_arg a = {.who = "system", .words = what};
	struct member *m;

	if (inc) { /* told already: it counts, and its words are the newest */
		m = member_find(inc, "self:");
		if (m && m->active == TRUTH_FALSE) {
			m->active = TRUTH_TRUE;
			a.kind = AUDIT_MEMBER;
			flap_onset(e, in);
			life_cue(e, inc, CUE_RAISE, &a);
		}
		if (m)
			member_show(m->now, shown);
		incident_touch(e, inc);
		return inc;
	}
	inc = incident_create(e, in);
	incident_begin_grade(inc, NULL);
	m = member_add(e, inc, "self:", "system");
	member_show(m->value, shown);
	memcpy(m->now, m->value, sizeof m->now);
	memcpy(m->peak, m->value, sizeof m->peak);
	incident_begin(e, inc, &a);
	return inc;
}

/* The one that is told and not over; NULL: none. */
static struct incident *raised(const struct engine *e, enum self self, const char *scope)
{
	for (int i = 0; i < e->n_incidents; i++) {
		struct incident *inc = e->incidents[i];
		const struct member *m = inc->instance ? member_find(inc, "self:") : NULL;

		if (m && m->active == TRUTH_TRUE && !strcmp(inc->type_id, self_name(self)) &&
		    !strcmp(inc->instance->scope, scope))
			return inc;
	}
	return NULL;
}

static void fault_over(struct engine *e, enum self self, const char *scope)
{
	struct incident *inc = raised(e, self, scope);
	struct cue_arg a = {.who = "system", .kind = AUDIT_GONE};

	if (!inc)
		return;
	member_find(inc, "self:")->active = TRUTH_FALSE;
	if (!flap_holds(e, inc))
		life_cue(e, inc, CUE_GONE, &a);
	incident_touch(e, inc);
}

/* Faults that are a moment, not a state: nothing will ever say they are over. */
static bool is_moment(enum self self)
{
	return self == SELF_STORE_SET_ASIDE || self == SELF_POISON || self == SELF_UNKNOWN_INCIDENT ||
	       self == SELF_MARK_LOST || self == SELF_BROKER_DROPS || self == SELF_UNSENDABLE || self == SELF_LIMIT ||
	       self == SELF_CLOCK_STEP;
}

/* The broker counts everybody's queues, a phone in a drawer too: once a day is
 * enough. A closed incident is kept for a day. */
static bool is_told_today(const struct engine *e, enum self self)
{
	for (int i = 0; self == SELF_BROKER_DROPS && i < e->n_incidents; i++)
		if (!strcmp(e->incidents[i]->type_id, self_name(self)))
			return true;
	return false;
}

void incident_self(struct engine *e, enum self self, bool over, const char *what)
{
	struct buf *b;

	if (over ? !raised(e, self, "-") : is_told_today(e, self))
		return;
	b = row_begin(e);
	json_str(b, "fault", self_name(self));
	json_bool(b, "over", over);
	json_str(b, "what", what);
	row_end(e, AUDIT_FAULT, NULL, "system", 0);
	if (!over)
		raise_fault(e, self, "-", what);
	if (over || is_moment(self))
		fault_over(e, self, "-");
}

/* What still fails is said again by who sees it; the link and the sensors speak for themselves. */
void incident_selves_started(struct engine *e)
{
	for (int self = 0; self < SELF_COUNT; self++)
		if (self != SELF_SENSOR_LOST && self != SELF_BROKER_DOWN && !is_moment((enum self)self))
			incident_self(e, (enum self)self, true, NULL);
}

/* One for the gateway and not one for each behind it: another incident that
 * speaks of it is enough. */
static void gateway_lost(struct engine *e, struct sensor *gateway)
{
	for (int i = 0; i < e->n_incidents; i++) {
		struct incident *inc = e->incidents[i];
		const struct member *m = incident_is_open(inc) ? member_find(inc, gateway->id) : NULL;

		if (m && !m->out && (m->active == TRUTH_TRUE || m->lost))
			return;
	}
	if (!raised(e, SELF_SENSOR_LOST, gateway->id))
		raise_fault(e, SELF_SENSOR_LOST, gateway->id, "the gateway is offline");
}

void incident_sensor_lost(struct engine *e, struct sensor *s, const char *why)
{
	struct sensor *gateway = via_lost(e, s);

	if (s->is_out)
		return; /* known, and listed as impaired */
	if (gateway && !gateway->is_out)
		gateway_lost(e, gateway);
	else
		raise_fault(e, SELF_SENSOR_LOST, s->id, why);
}

/* The incident it was a member of is over; the detector is not mended by that. */
void incident_still_dead(struct engine *e, const char *sensor)
{
	struct sensor *s = sensor_find(e, sensor);

	if (s && s->def >= 0 && s->health != HEALTH_OK && s->health != HEALTH_UNKNOWN)
		incident_sensor_lost(e, s, "still not working");
}

void incident_sensor_found(struct engine *e, struct sensor *s)
{
	fault_over(e, SELF_SENSOR_LOST, s->id);
}

/* A sensor that is no longer in the plan is nobody's loss. */
void incident_sensors_dropped(struct engine *e)
{
	for (int i = 0; i < e->n_incidents; i++) {
		const struct incident *inc = e->incidents[i];
		const struct sensor *s;

		if (!inc->instance || strcmp(inc->type_id, self_name(SELF_SENSOR_LOST)) != 0)
			continue;
		s = sensor_find(e, inc->instance->scope);
		if (!s || s->def < 0)
			fault_over(e, SELF_SENSOR_LOST, inc->instance->scope);
	}
}

void incident_retained(struct engine *e, int64_t number, const char *id)
{
	char what[96];

	if (incident_find(e, number))
		return;
	incident_number_used(e, number);
	snprintf(what, sizeof what, "%.40s", id);
	incident_self(e, SELF_UNKNOWN_INCIDENT, false, what);
}
