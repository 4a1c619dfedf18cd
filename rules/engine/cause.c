/* cause.c - what is only the consequence of another incident: found by type and
 * zone (what contains the zone, what feeds it) or by the gateway of its sensor.
 * It is found again whatever came first, and after a restart. */
#include "engine/cause.h"

#include "engine/caps.h"
#include "engine/emit.h"
#include "engine/via.h"

#include <stdlib.h>
#include <string.h>

/* A look settles what the look before it changed; a chain of causes is short. */
enum { PASSES_MAX = 8, CHAIN_MAX = 8 };

/* Its condition is true, or unknown since it was. */
static bool stands(const struct incident *inc)
{
	return inc->state == STATE_PRE_ALARM || inc->state == STATE_UNACKED || inc->state == STATE_ACKED;
}

const struct incident *cause_of(const struct engine *e, const struct incident *inc)
{
	return inc->because ? incident_find(e, inc->because) : NULL;
}

/* Does this explain that, over however many others? */
static bool leads_to(const struct engine *e, const struct incident *inc, const struct incident *cause)
{
	for (int n = 0; inc && n < CHAIN_MAX; n++, inc = cause_of(e, inc))
		if (inc == cause)
			return true;
	return false;
}

/* -- by the sensor -- */

static bool is_lost_sensor(const struct incident *inc)
{
	return inc->type && inc->type->self == SELF_SENSOR_LOST;
}

/* The sensor a per-sensor incident is about, or NULL. */
static struct sensor *scope_sensor(const struct engine *e, const struct incident *inc)
{
	bool per_sensor = inc->instance && inc->type && inc->type->per == PER_SENSOR;

	return per_sensor ? sensor_find(e, inc->instance->scope) : NULL;
}

static bool speaks_of(const struct incident *inc, const char *sensor)
{
	for (int i = 0; i < inc->n_members; i++) {
		const struct member *m = &inc->members[i];

		if (!m->out && (m->active == TRUTH_TRUE || m->lost) && !strcmp(m->sensor, sensor))
			return true;
	}
	return is_lost_sensor(inc) && inc->instance && !strcmp(inc->instance->scope, sensor);
}

static bool speaks_of_gateway(const struct engine *e, const struct incident *cause, const struct sensor *s)
{
	for (int n = 0; n < CHAIN_MAX && (s = via_gateway(e, s)); n++)
		if (speaks_of(cause, s->id))
			return true;
	return false;
}

/* That a sensor is lost needs no `explained_by`: its gateway is down, or it is
 * the gateway itself, and an incident says so. */
static bool explains_loss(const struct engine *e, const struct incident *cause, const struct sensor *s)
{
	if (s->is_gateway && via_is_down(s) && speaks_of(cause, s->id))
		return true;
	return via_lost(e, s) && speaks_of_gateway(e, cause, s);
}

/* -- by the zone -- */

/* Marks the zone, those around it, those that feed any of them. */
static void reach(const struct plan *p, int zone, bool *at)
{
	for (; zone >= 0 && !at[zone]; zone = p->zones[zone].in) {
		at[zone] = true;
		for (int i = 0; i < p->zones[zone].fed_by.n; i++)
			reach(p, p->zones[zone].fed_by.at[i], at);
	}
}

struct look {
	const struct incident *inc;
	const struct sensor *sensor; /* of a per-sensor incident */
	bool *zones;                 /* from which it can be explained */
};

/* As the newest plan has it, where it has the type. */
static const struct strings *explained_by(const struct incident *inc)
{
	return &(inc->instance->type ? inc->instance->type : inc->type)->explained_by;
}

static bool explains(const struct engine *e, const struct incident *cause, const struct look *look)
{
	const struct incident *inc = look->inc;
	bool named = strings_have(explained_by(inc), cause->type_id);

	if (cause == inc || cause->drill || !stands(cause) || cause->number == inc->despite || leads_to(e, cause, inc))
		return false;
	if (look->sensor && is_lost_sensor(inc) && explains_loss(e, cause, look->sensor))
		return true;
	if (look->sensor && named && speaks_of_gateway(e, cause, look->sensor))
		return true;
	if (!named || (look->sensor && caps_is_for_life(look->sensor)))
		return false; /* a lost detector of fire, gas or people is told whatever else is wrong there */
	return !*cause->zone_id || (cause->zone >= 0 && look->zones[cause->zone]);
}

static bool has_person(const struct incident *inc)
{
	for (int i = 0; i < inc->n_members; i++)
		if (!strncmp(inc->members[i].sensor, "person:", 7) && inc->members[i].active == TRUTH_TRUE)
			return true;
	return false;
}

/* only NULL: the first that explains it; else that one, if it does. */
static const struct incident *find(const struct engine *e, const struct incident *inc,
                                   const struct incident *only)
{
	struct look look = {.inc = inc};
	const struct incident *cause = NULL;

	if (!inc->type || !inc->instance || hazard_is_life(inc->hazard) || has_person(inc))
		return NULL;
	if (!explained_by(inc)->n && !is_lost_sensor(inc))
		return NULL;
	look.zones = xcalloc((size_t)e->plan->n_zones + 1, sizeof *look.zones);
	look.sensor = scope_sensor(e, inc);
	reach(e->plan, inc->zone, look.zones);
	for (int i = 0; i < e->n_incidents && !cause; i++)
		if ((!only || only == e->incidents[i]) && explains(e, e->incidents[i], &look))
			cause = e->incidents[i];
	free(look.zones);
	return cause;
}

/* -- begin and end -- */

void cause_ask(struct engine *e, struct incident *inc)
{
	const struct incident *cause = inc->because ? NULL : find(e, inc, NULL);

	if (!cause)
		return;
	inc->because = cause->number;
	inc->because_ms = e->now_ms;
	inc->gated = true;
}

void cause_forget(struct incident *inc)
{
	inc->because = inc->because_ms = 0;
	inc->gated = false;
}

bool cause_break(struct engine *e, struct incident *inc)
{
	bool held = cause_holds(inc);

	if (!held)
		return false;
	inc->despite = inc->because;
	cause_forget(inc);
	incident_touch(e, inc);
	return true;
}

static int64_t note(struct engine *e, struct incident *inc, const struct incident *was)
{
	const struct incident *cause = cause_of(e, inc);
	struct buf *b = row_begin(e);

	inc->rev++;
	json_str(b, "because", cause ? cause->id : NULL);
	if (was)
		json_str(b, "was", was->id);
	json_int(b, "rev", inc->rev);
	json_str(b, "state", state_name(inc->state));
	return row_end(e, AUDIT_NOTE, inc, "system", 0);
}

/* It has called already: those who know of it hear why they are not called again. */
static void begin(struct engine *e, struct incident *inc, const struct incident *cause)
{
	int64_t seq;

	inc->because = cause->number;
	inc->because_ms = e->now_ms;
	seq = note(e, inc, NULL);
	tell_called(e, inc, NOTICE_UPDATE, seq);
	inc->gated = true;
	arm_cause(e, inc);
}

/* What is still true is told at once; what nobody was called for and is over needs nobody. */
static void end(struct engine *e, struct incident *inc)
{
	const struct incident *was = cause_of(e, inc), *other = find(e, inc, NULL);
	struct cue_arg a = {.who = "system", .kind = AUDIT_CALLED};
	int64_t since_ms = inc->because_ms;

	if (other)
		inc->because = other->number;
	else
		cause_forget(inc);
	a.cause = note(e, inc, was);
	if (other) {
		arm_cause(e, inc);
		return;
	}
	if (inc->state == STATE_PRE_ALARM) {
		life_cue(e, inc, CUE_DUE, &a);
	} else if (inc->state == STATE_RTN_UNACKED && !inc->latch) {
		life_over(e, inc, a.cause);
	} else {
		inc->level = 0;
		playbook_untold(e, inc, since_ms, a.cause);
		escalate_begin(e, inc, a.cause);
	}
}

static bool is_still_explained(const struct engine *e, const struct incident *inc)
{
	const struct incident *cause = cause_of(e, inc);

	return cause && stands(cause);
}

void cause_due(struct engine *e, struct incident *inc)
{
	if (is_still_explained(e, inc))
		arm_cause(e, inc);
	else
		end(e, inc);
}

static void settle(struct engine *e, struct incident *inc)
{
	const struct incident *cause;

	if (!incident_wants_ack(inc))
		return;
	if (inc->because && !is_still_explained(e, inc))
		end(e, inc);
	else if (!inc->because && (cause = find(e, inc, NULL)))
		begin(e, inc, cause);
}

void causes_settle(struct engine *e)
{
	for (int pass = 0; e->started && e->causes_changed && pass < PASSES_MAX; pass++) {
		e->causes_changed = false;
		for (int i = 0; i < e->n_incidents; i++)
			settle(e, e->incidents[i]);
	}
}

void causes_replan(struct engine *e)
{
	for (int i = 0; i < e->n_incidents; i++) {
		struct incident *inc = e->incidents[i];
		const struct incident *cause = cause_of(e, inc);

		if (cause && incident_wants_ack(inc) && !find(e, inc, cause))
			end(e, inc);
	}
	e->causes_changed = true;
}

/* -- counted -- */

struct cause_counts cause_count(const struct engine *e, const struct incident *inc)
{
	struct cause_counts n = {0};
	bool gateway = false;

	for (int i = 0; i < e->n_incidents; i++) {
		const struct incident *other = e->incidents[i];

		n.consequences += other->because && other != inc && incident_is_open(other) &&
		                  leads_to(e, other, inc);
	}
	for (int i = 0; i < e->n_sensors && !gateway; i++)
		gateway = e->sensors[i]->is_gateway && via_is_down(e->sensors[i]) &&
		          speaks_of(inc, e->sensors[i]->id);
	for (int i = 0; gateway && i < e->n_sensors; i++) {
		const struct sensor *s = e->sensors[i];

		if (s->def < 0 || !speaks_of_gateway(e, inc, s))
			continue;
		n.lost++;
		n.life += caps_is_for_life(s);
	}
	return n;
}
