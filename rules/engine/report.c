/* report.c - a person is a sensor: what people report, and what they take out. */
#include "engine/emit.h"
#include "engine/incident.h"

#include <stdio.h>
#include <string.h>

struct incident *incident_raise_by_person(struct engine *e, const struct command *c, int person)
{
	const struct incident_type *t = &e->plan->types[plan_type(e->plan, c->type)];
	const char *scope = t->per == PER_SITE ? "-" : c->zone;
	struct instance *in = instance_get(e, t, scope);
	struct cue_arg a = {
	    .who = e->plan->people[person].id, .kind = AUDIT_RAISED, .via = c->via, .words = c->words};
	struct incident *inc = in->incident;
	struct member *m;
	char name[80];

	snprintf(name, sizeof name, "person:%s", e->plan->people[person].id);
	if (!inc) {
		inc = incident_create(e, in);
		inc->manual = true;
		incident_set_grade(inc, -1);
		m = member_add(e, inc, name, "report");
		member_show(m->value, c->words && *c->words ? c->words : e->plan->people[person].name);
		incident_begin(e, inc, &a);
	} else {
		m = member_find(inc, name);
		a.member = m ? m : member_add(e, inc, name, "report");
		a.member->active = TRUTH_TRUE;
		a.member->out = false;
		member_show(a.member->now, c->words ? c->words : "");
		life_cue(e, inc, CUE_RAISE, &a);
	}
	return inc;
}

static bool named(const struct strings *names, const char *name)
{
	for (int i = 0; i < names->n; i++)
		if (!strcmp(names->at[i], name))
			return true;
	return false;
}

bool incident_without(struct engine *e, struct incident *inc, const struct strings *names,
                      const struct cue_arg *arg)
{
	bool any = false;

	for (int i = 0; i < inc->n_members && inc->state != STATE_CLOSED; i++) {
		struct member *m = &inc->members[i];
		bool report = strncmp(m->sensor, "person:", 7) == 0;
		struct instance *in = inc->instance;
		struct sensor *s = sensor_find(e, m->sensor);
		struct cue_arg a = *arg;

		if (m->out || !(report || (m->lost && named(names, m->sensor))))
			continue;
		m->out = true;
		m->active = TRUTH_FALSE;
		m->lost = false;
		a.kind = AUDIT_OUT;
		a.member = m;
		any = true;
		incident_stale_again(inc);
		life_cue(e, inc, CUE_WITHOUT, &a);
		if (in && s)
			condition_without(e, in, s);
	}
	return any;
}
