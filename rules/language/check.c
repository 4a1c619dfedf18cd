/* check.c - what several sections say together: the QoS of sensors, sensors
 * that could never raise the alarm they are there for, commands that could
 * never leave. */
#include "language/reader.h"

#include <string.h>

/* Does any leaf for which `fits` holds look at the sensor? */
static bool looks(const struct plan *p, const struct cond *c, int sensor, bool (*fits)(const struct cond *))
{
	bool found = c->op == COND_TEST && fits(c) && cond_selects(p, c, sensor);

	for (int i = 0; i < c->n_kids && !found; i++)
		found = looks(p, &c->kids[i], sensor, fits);
	return found;
}

static bool any_leaf(const struct cond *c)
{
	(void)c;
	return true;
}

static bool alarm_leaf(const struct cond *c)
{
	return c->sensor < 0 && c->test.op == TEST_IS && c->test.words.n == 1 &&
	       !strcmp(c->test.words.at[0], "alarm");
}

static bool type_looks(const struct plan *p, const struct incident_type *t, int sensor,
                       bool (*fits)(const struct cond *))
{
	bool found = false;

	for (int g = 0; g < t->n_grades && !found; g++)
		found = looks(p, &t->grades[g].when, sensor, fits);
	return found;
}

static const struct incident_type *life_type(const struct plan *p, int sensor)
{
	for (int i = 0; i < p->n_types; i++)
		if (hazard_is_life(p->types[i].hazard) && type_looks(p, &p->types[i], sensor, any_leaf))
			return &p->types[i];
	return NULL;
}

/* Highest safe rule: telemetry may be QoS 0, so that a stalled disk cannot
 * push alarms out of the broker's queue; what life depends on may not. */
static void settle_qos(struct reader *r, int i, struct sensor_def *s)
{
	static const char *const telemetry[] = {"temperature", "humidity", "power",    "energy",  "current",
	                                        "level",       "flow",     "pressure", "battery", "link"};
	static const struct strings kinds = {telemetry, sizeof telemetry / sizeof *telemetry};
	const struct incident_type *life = life_type(r->plan, i);
	const struct node *qos = node_get(r->sections[SECTION_SENSORS].at[i].body, "qos");

	if (s->qos < 0)
		s->qos = life || !s->kind || !strings_have(&kinds, s->kind);
	else if (!s->qos && life && qos)
		caution(r, qos, "qos 0 can lose a message, and incident '%s' (%s) depends on this sensor",
		        life->id, hazard_name(life->hazard));
}

static bool can_say_alarm(const struct sensor_def *s)
{
	for (int i = 0; i < s->n_words; i++)
		if (!strcmp(s->words[i].word, "alarm"))
			return true;
	return false;
}

/* A sensor that an incident watches for `alarm`, and whose payloads have no
 * text for it. A sensor with a unit is there for its number. */
static void check_alarm(struct reader *r, int i, const struct sensor_def *s)
{
	const struct entry *e = &r->sections[SECTION_SENSORS].at[i];

	if (can_say_alarm(s) || s->unit || node_get(e->body, "profile"))
		return;
	for (int t = 0; t < r->plan->n_types; t++) {
		const struct incident_type *type = &r->plan->types[t];

		if (!type_looks(r->plan, type, i, alarm_leaf))
			continue;
		caution(r, e->key,
		        "incident '%s' waits for sensor '%s' to say 'alarm', and no text of it means that",
		        type->id, e->key->text);
		advise(r, "give it words: {alarm: [\"1\"], normal: [\"0\"]}, or a profile");
		return;
	}
}

static bool number_leaf(const struct cond *c)
{
	return c->sensor < 0 && (c->test.op == TEST_ABOVE || c->test.op == TEST_BELOW);
}

static bool word_leaf(const struct cond *c)
{
	return !number_leaf(c);
}

/* Compared by number only, but it has words and no unit: it would be passed over. */
static void check_number(struct reader *r, int i, struct sensor_def *s)
{
	const struct entry *e = &r->sections[SECTION_SENSORS].at[i];
	int n_words = s->n_words;

	for (int t = 0; n_words && !s->unit && t < r->plan->n_types; t++) {
		const struct incident_type *type = &r->plan->types[t];
		bool compared;

		s->n_words = 0; /* as if it gave numbers */
		compared = type_looks(r->plan, type, i, number_leaf);
		s->n_words = n_words;
		if (!compared || type_looks(r->plan, type, i, word_leaf))
			continue;
		caution(r, e->key, "incident '%s' compares numbers of this kind, but sensor '%s' gives words",
		        type->id, e->key->text);
		advise(r, "when its value is a number, give it its 'unit'");
		return;
	}
}

/* -- commands that their own hazard's interlock would always refuse -- */

static bool is_sent(const struct step *s, const struct plan *p, int actuator)
{
	const struct actuator *a = &p->actuators[actuator];

	if (s->kind != STEP_KIND_COMMAND || !a->kind || !s->action)
		return false;
	return s->actuator >= 0 ? s->actuator == actuator
	                        : s->actuator_kind && !strcmp(s->actuator_kind, a->kind);
}

static bool is_forbidden(const struct interlock *lock, const struct actuator *a, const char *action)
{
	for (int i = 0; i < lock->n_forbid; i++) {
		const struct forbid *f = &lock->forbid[i];

		if ((!f->kind || !strcmp(f->kind, a->kind)) && (!f->action || !strcmp(f->action, action)))
			return true;
	}
	return false;
}

static void check_sent(struct reader *r, const struct incident_type *t, const struct step *s, int actuator)
{
	const struct plan *p = r->plan;
	const struct actuator *a = &p->actuators[actuator];

	for (int i = 0; i < p->n_interlocks; i++) {
		const struct interlock *lock = &p->interlocks[i];

		if (lock->hazard != t->hazard || a->safe_in & 1u << t->hazard ||
		    !is_forbidden(lock, a, s->action))
			continue;
		caution(r, r->sections[SECTION_ACTUATORS].at[actuator].key,
		        "interlock '%s' can refuse '%s' to '%s', a step of '%s'", lock->id, a->id, s->id,
		        t->id);
		advise(r, "if it is certified for it, say so: safe_in: [%s]", hazard_name(t->hazard));
	}
}

static void check_commands(struct reader *r, const struct incident_type *t)
{
	const struct playbook *b = t->playbook >= 0 ? &r->plan->playbooks[t->playbook] : NULL;

	for (int s = 0; b && s < b->n_steps; s++)
		for (int a = 0; a < r->plan->n_actuators; a++)
			if (is_sent(&b->steps[s], r->plan, a))
				check_sent(r, t, &b->steps[s], a);
}

void plan_check(struct reader *r)
{
	struct sensor_def *sensors = (struct sensor_def *)(void *)r->plan->sensors;

	for (int i = 0; i < r->plan->n_sensors; i++) {
		settle_qos(r, i, &sensors[i]);
		check_alarm(r, i, &sensors[i]);
		check_number(r, i, &sensors[i]);
	}
	for (int i = 0; i < r->plan->n_types; i++)
		check_commands(r, &r->plan->types[i]);
}
