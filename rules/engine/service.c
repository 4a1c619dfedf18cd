/* service.c - detectors, pumps and valves out of service: a detector raises
 * nothing and clears nothing, an actuator is not commanded, until a time that
 * is known; then it is asked anew. */
#include "engine/suppress.h"

#include "engine/caps.h"
#include "engine/emit.h"
#include "engine/incident.h"
#include "engine/via.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 86400000 };
static const int64_t out_ms = 30 * (int64_t)DAY_MS; /* at most */

const char *actuator_out(const struct engine *e, const char *id)
{
	return impair_out(e, id) && plan_actuator(e->plan, id) >= 0 ? "out of service" : NULL;
}

void service_restored(struct engine *e)
{
	for (int i = 0; i < e->n_impairments; i++) {
		const struct impairment *out = e->impairments[i];
		struct sensor *s = sensor_find(e, out->name);

		if (s && out->kind == IMPAIR_OUT && !out->is_asked && !out->is_dead)
			s->is_out = true;
	}
}

/* -- out -- */

static bool is_member(const struct incident *inc, const struct member *m, const char *sensor)
{
	if (m->out || !inc->instance)
		return false;
	return !strcmp(m->sensor, sensor);
}

/* Its members count as out: none active or unknown left: as gone. */
static void take_members_out(struct engine *e, struct sensor *s, const struct cue_arg *arg)
{
	for (int i = 0, n = e->n_incidents; i < n; i++) {
		struct incident *inc = e->incidents[i];
		struct instance *in = inc->instance;

		for (int k = 0; k < inc->n_members; k++) {
			struct member *m = &inc->members[k];
			struct cue_arg a = *arg;

			if (!is_member(inc, m, s->id))
				continue;
			m->out = true;
			m->active = TRUTH_FALSE;
			m->lost = false;
			a.member = m;
			incident_stale_again(inc);
			life_cue(e, inc, CUE_WITHOUT, &a);
			break;
		}
		if (in && in->incident)
			incident_touch(e, in->incident);
	}
}

static void sensor_out(struct engine *e, struct sensor *s, const struct cue_arg *a)
{
	s->is_out = true;
	condition_out(e, s);
	take_members_out(e, s, a);
	for (int i = 0; i < s->n_leaves; i++) {
		struct instance *in = s->leaves[i]->instance;

		if (!i || s->leaves[i - 1]->instance != in)
			incident_grade(e, in, in->grade, in->known);
	}
	incident_sensor_found(e, s); /* that it is lost is known now */
}

/* -- back -- */

void sensor_again(struct engine *e, struct sensor *s)
{
	condition_sensor(e, s);
	if (s->health != HEALTH_OK && s->health != HEALTH_UNKNOWN)
		sensor_tell_lost(e, s);
}

static void sensor_back(struct engine *e, struct sensor *s)
{
	s->is_out = false;
	sensor_again(e, s);
	effect_want(e, s->id);
}

void service_back(struct engine *e, struct impairment *i, const struct ended *end)
{
	struct sensor *s = sensor_find(e, i->name);
	bool is_dead = i->is_dead;
	struct buf *b = row_begin(e);

	json_str(b, "name", i->name);
	json_str(b, "why", end->why);
	json_str(b, "by", i->by);
	if (end->via)
		json_str(b, "via", end->via);
	if (end->words && *end->words)
		json_str(b, "note", end->words);
	row_end(e, AUDIT_BACK, NULL, end->who, 0);
	impair_drop(e, i);
	if (!s)
		return;
	if (!is_dead)
		sensor_back(e, s);
	else if (strcmp(end->why, "speaks") != 0)
		incident_still_dead(e, s->id);
}

/* -- dead detectors, taken out with their incident -- */

void service_dead(struct engine *e, struct incident *inc, const char *sensor, const struct cue_arg *a)
{
	struct sensor *s = sensor_find(e, sensor);
	struct impairment like = {.kind = IMPAIR_OUT,
	                          .is_dead = true,
	                          .name = (char *)sensor,
	                          .by = (char *)(a->person ? a->person : a->who),
	                          .reason = (char *)a->words,
	                          .since_ms = e->now_ms,
	                          .for_ms = DAY_MS,
	                          .incident = inc->number};
	struct buf key = {0};

	if (!s || impair_out(e, sensor))
		return;
	buf_printf(&key, "o/%s", sensor);
	impair_until(e, impair_put(e, buf_text(&key), &like), e->now_ms + DAY_MS);
	buf_fini(&key);
}

void service_spoke(struct engine *e, struct sensor *s)
{
	struct impairment *i = s->health == HEALTH_OK ? impair_out(e, s->id) : NULL;
	const struct ended end = {.who = "system", .why = "speaks"};

	if (i && i->is_dead)
		service_back(e, i, &end);
}

/* -- verbs -- */

/* What it protects from, the gravest. */
static enum hazard hazard_of_sensor(const struct sensor *s)
{
	enum hazard h = HAZARD_SYSTEM;

	for (int i = 0; i < s->n_leaves; i++) {
		const struct incident_type *type = s->leaves[i]->instance->type;

		if (type && type->hazard < h)
			h = type->hazard;
	}
	return h;
}

static bool commands(const struct step *step, const struct plan *p, int actuator)
{
	if (step->kind != STEP_KIND_COMMAND)
		return false;
	return step->actuator == actuator ||
	       (step->actuator_kind && !strcmp(step->actuator_kind, p->actuators[actuator].kind));
}

static enum hazard hazard_of_actuator(const struct plan *p, int actuator)
{
	enum hazard h = HAZARD_SYSTEM;

	for (int t = 0; t < p->n_types; t++) {
		const struct playbook *book =
		    p->types[t].playbook < 0 ? NULL : &p->playbooks[p->types[t].playbook];

		for (int i = 0; book && i < book->n_steps; i++)
			if (p->types[t].hazard < h && commands(&book->steps[i], p, actuator))
				h = p->types[t].hazard;
	}
	return h;
}

struct thing {
	struct sensor *sensor;
	int actuator, zone;
	enum hazard hazard;
};

static bool find(struct engine *e, const char *name, struct thing *ret)
{
	*ret = (struct thing){.actuator = -1, .zone = -1, .hazard = HAZARD_SYSTEM};
	if (!name)
		return false;
	ret->sensor = sensor_find(e, name);
	ret->actuator = plan_actuator(e->plan, name);
	if (ret->sensor && ret->sensor->def >= 0) {
		ret->zone = ret->sensor->zone;
		ret->hazard = hazard_of_sensor(ret->sensor);
	} else if (ret->actuator >= 0) {
		ret->sensor = NULL;
		ret->zone = e->plan->actuators[ret->actuator].zone;
		ret->hazard = hazard_of_actuator(e->plan, ret->actuator);
	} else {
		return false;
	}
	return true;
}

static bool operates(const struct engine *e, int actuator, int person)
{
	const struct ids *roles = actuator < 0 ? NULL : &e->plan->actuators[actuator].operators;

	for (int i = 0; roles && i < roles->n; i++)
		if (role_held_by(e, roles->at[i], person))
			return true;
	return false;
}

static bool is_working(const struct sensor *s)
{
	return !s || s->health == HEALTH_OK || s->health == HEALTH_UNKNOWN;
}

static enum refusal may_out(struct engine *e, struct said *s, const struct thing *t, const char *key)
{
	const struct command *c = s->c;

	if (!suppress_may(e, s->person, t->hazard) && !operates(e, t->actuator, s->person))
		return REFUSAL_NOT_YOURS;
	if (c->for_ms <= 0)
		return REFUSAL_NO_END;
	if (!c->words)
		return REFUSAL_BAD_TEXT;
	if (c->for_ms > out_ms) {
		s->answer.detail = longest_text(out_ms, s->text);
		return REFUSAL_TOO_LONG;
	}
	if (!is_working(t->sensor)) /* it protects nobody as it is */
		return REFUSAL_NONE;
	s->answer.detail = impaired_there(e, t->zone, key, s->text);
	return s->answer.detail ? REFUSAL_NOT_NOW : REFUSAL_NONE;
}

static void out_now(struct engine *e, struct said *s, const char *key, struct impairment *like, const char *first)
{
	struct impairment *i;
	struct sensor *sensor = sensor_find(e, like->name);
	struct cue_arg a = said_cue(s, AUDIT_OUT);
	struct buf *b;

	i = impair_grant(e, key, like, e->plan->people[s->person].id, first);
	b = row_begin(e);
	json_str(b, "name", i->name);
	json_time(b, "until", e->now_ms + like->for_ms);
	json_str(b, "reason", i->reason);
	if (*i->second)
		json_str(b, "asked_by", i->by);
	json_str(b, "via", s->c->via);
	a.cause = row_end(e, AUDIT_OUT, NULL, s->who, 0);
	if (sensor && sensor->def >= 0 && !sensor->is_out)
		sensor_out(e, sensor, &a);
	s->answer.detail = until_text(e, e->now_ms + like->for_ms, s->text);
}

enum refusal verb_out(struct engine *e, struct said *s)
{
	struct thing t;
	struct buf key = {0};
	const char *first = NULL;
	struct impairment like = {.kind = IMPAIR_OUT, .since_ms = e->now_ms, .for_ms = s->c->for_ms};
	enum refusal r;

	s->answer.detail = s->c->name;
	if (!find(e, s->c->name, &t))
		return REFUSAL_UNKNOWN_ID;
	like.name = (char *)s->c->name;
	like.reason = (char *)s->c->words;
	buf_printf(&key, "o/%s", s->c->name);
	r = may_out(e, s, &t, buf_text(&key));
	if (r == REFUSAL_NONE && hazard_is_life(t.hazard))
		r = suppress_second(e, s, buf_text(&key), &like, &first);
	if (r == REFUSAL_NONE && !s->answer.first)
		out_now(e, s, buf_text(&key), &like, first);
	buf_fini(&key);
	return r;
}

enum refusal verb_back(struct engine *e, struct said *s)
{
	const struct ended said = {.who = s->who, .why = "said", .via = s->c->via, .words = s->c->words};
	struct impairment *i = s->c->name ? impair_out(e, s->c->name) : NULL;
	const char *me = e->plan->people[s->person].id;
	struct thing t;
	bool known = find(e, s->c->name, &t);

	s->answer.detail = s->c->name;
	if (!i && !known)
		return REFUSAL_UNKNOWN_ID;
	if (!i) {
		s->answer.detail = "not out of service";
		return REFUSAL_NOT_NOW;
	}
	if (!suppress_may(e, s->person, t.hazard) && !operates(e, t.actuator, s->person) && strcmp(me, i->by) &&
	    strcmp(me, i->second))
		return REFUSAL_NOT_YOURS;
	service_back(e, i, &said);
	return REFUSAL_NONE;
}
