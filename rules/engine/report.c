/* report.c - a person is a sensor: what people report, and what they take out. */
#include "engine/cause.h"
#include "engine/emit.h"
#include "engine/incident.h"
#include "engine/suppress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct incident *incident_raise_by_person(struct engine *e, const struct command *c, int person,
                                          const char *who)
{
	const struct incident_type *t = &e->plan->types[plan_type(e->plan, c->type)];
	const char *scope = t->per == PER_SITE ? "-" : c->zone;
	struct instance *in = instance_get(e, t, scope);
	struct cue_arg a = {.who = who, .kind = AUDIT_RAISED, .via = c->via, .words = c->words};
	struct incident *inc = in->incident;
	struct member *m;
	char name[80];
	bool held;

	snprintf(name, sizeof name, "person:%s", e->plan->people[person].id);
	if (!inc) {
		inc = incident_create(e, in);
		if (inc->zone < 0 && t->per != PER_SITE) { /* per sensor: a person says where, not which */
			free(inc->zone_id);
			inc->zone_id = xstrdup(c->zone);
			inc->zone = plan_zone(e->plan, c->zone);
		}
		inc->manual = true;
		incident_begin_grade(inc, NULL);
		m = member_add(e, inc, name, "report");
		member_show(m->value, c->words && *c->words ? c->words : e->plan->people[person].name);
		incident_begin(e, inc, &a);
	} else {
		m = member_find(inc, name);
		a.member = m ? m : member_add(e, inc, name, "report");
		a.member->active = TRUTH_TRUE;
		a.member->out = false;
		member_show(a.member->now, c->words ? c->words : "");
		held = cause_break(e, inc);
		life_cue(e, inc, CUE_RAISE, &a);
		if (held && inc->next == NEXT_CAUSE) /* nobody was called for it yet */
			escalate_begin(e, inc, inc->seq);
	}
	return inc;
}

/* Reports of people always; a lost member, or the lost sensor an incident is about, by its name. */
bool incident_may_take_out(const struct incident *inc, const struct member *m, const struct strings *names)
{
	if (!strncmp(m->sensor, "person:", 7))
		return true;
	if (!strncmp(m->sensor, "watch:", 6) || !strncmp(m->sensor, "reach:", 6))
		return strings_have(names, m->sensor) || strings_have(names, m->sensor + 6);
	if (!strcmp(m->sensor, "self:"))
		return inc->instance && strings_have(names, inc->instance->scope);
	return m->lost && strings_have(names, m->sensor);
}

bool incident_without(struct engine *e, struct incident *inc, const struct strings *names,
                      const struct cue_arg *arg)
{
	bool any = false;

	for (int i = 0; i < inc->n_members && inc->state != STATE_CLOSED; i++) {
		struct member *m = &inc->members[i];
		struct instance *in = inc->instance;
		struct sensor *s = sensor_find(e, m->sensor);
		struct cue_arg a = *arg;

		if (m->out || !incident_may_take_out(inc, m, names))
			continue;
		m->out = true;
		m->active = TRUTH_FALSE;
		m->lost = false;
		a.kind = AUDIT_OUT;
		a.member = m;
		any = true;
		incident_stale_again(inc);
		service_dead(e, inc, in && !strcmp(m->sensor, "self:") ? in->scope : m->sensor, &a);
		if (in && s)
			condition_without(e, in, s);
		life_cue(e, inc, CUE_WITHOUT, &a);
	}
	return any;
}
