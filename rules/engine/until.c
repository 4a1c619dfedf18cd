/* until.c - steps that a condition ends: `wait`, and tasks that a sensor
 * confirms. Each open one has an instance of its own, so that gates, delays,
 * hours and votes are those of incidents; what is not known ends nothing. The
 * condition is that of the plan its incident began with, over today's sensors. */
#include "engine/emit.h"
#include "engine/gates.h"
#include "engine/life.h"

#include <stdlib.h>
#include <string.h>

static const char first_key[] = "c/=";

static bool waits(const struct step_run *s)
{
	return s->state == STEP_OPEN && s->incident->state != STATE_CLOSED && !s->incident->drill &&
	       step_of(s)->until;
}

void until_changed(struct engine *e, const struct instance *in)
{
	e->untils_changed = true;
	if (in->run)
		incident_touch(e, in->run->incident);
}

void until_bind(const struct engine *e, struct instance *in)
{
	struct incident *inc = incident_find(e, strtoll(in->type_id + 1, NULL, 10));
	struct step_run *run = inc ? playbook_step(inc, in->scope) : NULL;

	in->run = run && waits(run) ? run : NULL;
	in->type = in->run ? step_of(run)->until : NULL;
	in->zone = in->run ? inc->zone : -1;
}

/* -- which sensors it reads -- */

static bool is_same_zone(const struct engine *e, const struct sensor *s, const char *zone_id)
{
	return s->zone >= 0 && !strcmp(e->plan->zones[s->zone].id, zone_id);
}

static bool reads(const struct engine *e, const struct instance *in, const struct cond *leaf,
                  const struct sensor *s)
{
	const struct plan *from = in->run->incident->plan;
	const struct sensor_def *def = &e->plan->sensors[s->def];
	const char *zone_id = leaf->zone >= 0 ? from->zones[leaf->zone].id : in->run->incident->zone_id;

	if (leaf->sensor >= 0)
		return !strcmp(from->sensors[leaf->sensor].id, def->id);
	if (*zone_id && !is_same_zone(e, s, zone_id))
		return false;
	return def->kind && strings_have(&leaf->kinds, def->kind) && leaf_speaks_of(&leaf->test, def);
}

static void attach(struct engine *e, struct instance *in, const struct cond *cond, const struct gate *like)
{
	struct gate gate = *like;

	gate.cond = cond;
	if (cond->op == COND_TEST) {
		if (reads(e, in, cond, gate.sensor))
			gate_add(in, &gate);
		return;
	}
	gate.negated = gate.negated != (cond->op == COND_NOT);
	for (int i = 0; i < cond->n_kids; i++)
		attach(e, in, &cond->kids[i], &gate);
}

static void attach_one(struct engine *e, struct instance *in, struct sensor *s)
{
	if (in->run && s->def >= 0)
		attach(e, in, &in->type->grades[0].when, &(struct gate){.sensor = s});
}

static struct instance *until_at(const struct engine *e, int place)
{
	return place < e->n_instances && e->instances[place]->is_until ? e->instances[place] : NULL;
}

void untils_attach(struct engine *e, struct sensor *s)
{
	struct instance *in;

	for (int i = instance_place(e, first_key); (in = until_at(e, i)); i++)
		attach_one(e, in, s);
}

static void follow(struct engine *e, const struct instance *in)
{
	for (int i = 0; i < in->n_gates; i++)
		if (in->gates[i]->sensor)
			effect_follow(e, in->gates[i]->sensor->id, true);
}

void untils_follow(struct engine *e)
{
	struct instance *in;

	for (int i = instance_place(e, first_key); (in = until_at(e, i)); i++)
		follow(e, in);
	e->untils_changed = true;
}

/* -- they follow the steps -- */

static bool is_used(const struct engine *e, const struct sensor *s, const struct instance *but)
{
	for (int i = 0; i < s->n_leaves; i++)
		if (s->leaves[i]->instance != but && (s->leaves[i]->instance->is_until))
			return true;
	for (int i = 0; i < e->n_incidents; i++)
		for (int m = 0; m < e->incidents[i]->n_members && incident_is_open(e->incidents[i]); m++)
			if (!strcmp(e->incidents[i]->members[m].sensor, s->id))
				return true;
	return false;
}

static void drop_ended(struct engine *e)
{
	struct instance *in;

	for (int i = instance_place(e, first_key); (in = until_at(e, i));) {
		until_bind(e, in);
		if (in->run) {
			i++;
			continue;
		}
		for (int k = 0; k < in->n_gates; k++)
			if (in->gates[k]->sensor && !is_used(e, in->gates[k]->sensor, in))
				effect_follow(e, in->gates[k]->sensor->id, false);
		instance_drop(e, in);
	}
}

/* From now on: delays and windows begin with the step. */
static void make(struct engine *e, const char *key_type, const struct step_run *s)
{
	struct instance *in = instance_named(e, key_type, step_of(s)->id);

	for (int i = 0; i < e->n_sensors; i++)
		attach_one(e, in, e->sensors[i]);
	for (int i = 0; i < in->n_gates; i++)
		if (in->gates[i]->sensor) {
			gate_update(e, in->gates[i]);
			if (in->gates[i]->raw == TRUTH_UNKNOWN)
				effect_want(e, in->gates[i]->sensor->id);
		}
	follow(e, in);
	tree_update(e, in);
	if (in->has_hours)
		schedule_arm(e);
}

static struct instance *find(const struct engine *e, const char *type, const char *step)
{
	struct buf key = {0};
	struct instance *in;

	buf_printf(&key, "c/%s@%s", type, step);
	in = until_at(e, instance_place(e, buf_text(&key)));
	in = in && !strcmp(in->key, buf_text(&key)) ? in : NULL;
	buf_fini(&key);
	return in;
}

static void make_missing(struct engine *e)
{
	struct buf type = {0};

	for (int i = 0; i < e->n_incidents; i++) {
		struct incident *inc = e->incidents[i];

		buf_clear(&type);
		buf_printf(&type, "%c%lld", UNTIL_MARK, (long long)inc->number);
		for (int k = 0; k < inc->n_steps; k++)
			if (waits(&inc->steps[k]) && !find(e, buf_text(&type), step_of(&inc->steps[k])->id))
				make(e, buf_text(&type), &inc->steps[k]);
	}
	buf_fini(&type);
}

/* Whose word it was: the first that is true, or false below `not`. */
static const struct sensor *witness(const struct instance *in)
{
	for (int i = 0; i < in->n_gates; i++)
		if (gate_is_bad(in->gates[i]))
			return in->gates[i]->sensor;
	return NULL;
}

static bool is_met(const struct instance *in)
{
	return in->run && in->grade >= 0 && in->known;
}

static bool end_first(struct engine *e)
{
	struct instance *in;
	struct buf who = {0};

	for (int i = instance_place(e, first_key); (in = until_at(e, i)); i++) {
		const struct sensor *s;
		struct cue_arg a = {0};

		if (!is_met(in))
			continue;
		s = witness(in);
		if (s)
			buf_printf(&who, "sensor:%s", s->id);
		else
			buf_str(&who, "system");
		a.who = buf_text(&who);
		playbook_end(e, in->run, STEP_DONE, &a);
		buf_fini(&who);
		return true;
	}
	return false;
}

/* Bounded by the steps: each time round one of them ends. */
void untils_settle(struct engine *e)
{
	if (!e->untils_changed)
		return;
	do {
		drop_ended(e);
		make_missing(e);
	} while (end_first(e));
	e->untils_changed = false;
}

/* -- shown -- */

static const char *const truths[] = {
    [TRUTH_UNKNOWN] = "unknown", [TRUTH_FALSE] = "false", [TRUTH_TRUE] = "true"};

static void put_sensor(const struct engine *e, const struct gate *g, struct buf *out)
{
	const struct sensor *s = g->sensor;
	const char *unit = s->def >= 0 ? e->plan->sensors[s->def].unit : NULL;

	json_open(out, NULL, '{');
	json_str(out, "sensor", s->id);
	json_str(out, "leaf", truths[g->raw]);
	json_str(out, "now", s->has_value ? s->has_number ? s->text : s->word : NULL);
	if (unit && s->has_number)
		json_str(out, "unit", unit);
	json_close(out, '}');
}

/* When the delay that runs now is over, if nothing changes. */
static int64_t holds_until(const struct instance *in)
{
	int64_t at_ms = -1;

	for (int i = 0; i < in->n_gates; i++) {
		const struct gate *g = in->gates[i];

		if (g->delay.pos && g->raw == TRUTH_TRUE && g->delay.at_ms > at_ms)
			at_ms = g->delay.at_ms;
	}
	return at_ms;
}

void until_render(const struct engine *e, const struct step_run *s, struct buf *out)
{
	enum { SHOWN_MAX = 8 };
	struct buf type = {0};
	const struct instance *in;
	int n = 0;

	buf_printf(&type, "%c%lld", UNTIL_MARK, (long long)s->incident->number);
	in = find(e, buf_text(&type), step_of(s)->id);
	buf_fini(&type);
	if (!in || s->state != STEP_OPEN)
		return;
	json_open(out, "until", '{');
	json_open(out, "sensors", '[');
	for (int i = 0; i < in->n_gates; i++)
		if (in->gates[i]->sensor && n++ < SHOWN_MAX)
			put_sensor(e, in->gates[i], out);
	json_close(out, ']');
	if (n > SHOWN_MAX)
		json_int(out, "sensors_more", n - SHOWN_MAX);
	if (holds_until(in) >= 0)
		json_time(out, "holds", holds_until(in));
	json_close(out, '}');
}
