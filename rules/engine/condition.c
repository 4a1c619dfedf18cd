/* condition.c - incident types in their scopes: which leaf reads which sensor,
 * what the incidents are told when gates change, and what new or changed
 * gates know after a plan or a start. */
#include "engine/emit.h"
#include "engine/gates.h"
#include "engine/window.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------ who reads a sensor */

/* The zone to which a leaf is bound by the plan; -1: the sensor's own. */
static int leaf_zone(const struct plan *p, const struct cond *leaf)
{
	if (leaf->sensor >= 0 && p->sensors[leaf->sensor].zone >= 0)
		return p->sensors[leaf->sensor].zone;
	return leaf->zone;
}

/* Leaves bound to zones all belong to one instance per type: that of the first. */
static int home_zone(const struct plan *p, const struct cond *cond)
{
	int zone = cond->op == COND_TEST ? leaf_zone(p, cond) : -1;

	for (int i = 0; cond->op != COND_TEST && i < cond->n_kids && zone < 0; i++)
		zone = home_zone(p, &cond->kids[i]);
	return zone;
}

static int type_home_zone(const struct plan *p, const struct incident_type *type)
{
	int zone = -1;

	for (int i = 0; i < type->n_grades && zone < 0; i++)
		zone = home_zone(p, &type->grades[i].when);
	return zone;
}

/* A limit asked of a kind is asked of its sensors that measure, not of those
 * that only say a word: their unknown would keep it from ever clearing. */
bool leaf_speaks_of(const struct test *t, const struct sensor_def *def)
{
	return !test_is_number(t->op) || !def->n_words || def->unit;
}

static bool leaf_reads(const struct plan *p, const struct cond *leaf, const struct sensor *s)
{
	int zone = leaf_zone(p, leaf);

	if (zone >= 0 && s->zone != zone)
		return false;
	if (leaf->sensor >= 0)
		return s->def == leaf->sensor;
	if (!leaf_speaks_of(&leaf->test, &p->sensors[s->def]))
		return false;
	for (int i = 0; i < leaf->kinds.n; i++)
		if (!strcmp(leaf->kinds.at[i], p->sensors[s->def].kind))
			return true;
	return false;
}

/* Scope id, or NULL when the sensor stands in no zone. */
static const char *leaf_scope(const struct plan *p, const struct incident_type *type, const struct cond *leaf,
                              const struct sensor *s)
{
	int zone = s->zone;

	if (type->per == PER_SITE)
		return "-";
	if (type->per == PER_SENSOR)
		return s->id;
	if (leaf_zone(p, leaf) >= 0)
		zone = type_home_zone(p, type);
	return zone < 0 ? NULL : p->zones[zone].id;
}

static void attach(struct engine *e, const struct incident_type *type, const struct cond *cond,
                   const struct gate *like)
{
	struct gate gate = *like;
	const char *scope;

	gate.cond = cond;
	if (cond->op == COND_TEST) {
		scope = leaf_reads(e->plan, cond, gate.sensor) ? leaf_scope(e->plan, type, cond, gate.sensor)
		                                               : NULL;
		if (scope)
			gate_add(instance_get(e, type, scope), &gate);
		return;
	}
	gate.negated = gate.negated != (cond->op == COND_NOT);
	for (int i = 0; i < cond->n_kids; i++)
		attach(e, type, &cond->kids[i], &gate);
}

static void attach_type(struct engine *e, struct sensor *s, const struct incident_type *type)
{
	for (int g = 0; g < type->n_grades; g++)
		attach(e, type, &type->grades[g].when, &(struct gate){.grade = g, .sensor = s});
}

void condition_attach(struct engine *e, struct sensor *s)
{
	if (s->def < 0)
		return;
	readers_each(e, s, attach_type);
	untils_attach(e, s);
}

/* ------------------------------------------------------------------- cues */

struct standing {
	enum truth truth;
	bool lost;
};

static struct standing standing(const struct instance *in, const struct sensor *s)
{
	struct standing all = {.truth = TRUTH_UNKNOWN, .lost = false};
	bool known = true, read = false;

	for (int i = 0; i < s->n_leaves; i++) {
		const struct gate *g = s->leaves[i];

		if (g->instance != in)
			continue;
		read = true;
		known &= g->out != TRUTH_UNKNOWN;
		if (!gate_is_bad(g))
			continue;
		all.lost = all.truth == TRUTH_TRUE ? all.lost && g->lost : g->lost;
		all.truth = TRUTH_TRUE;
	}
	if (all.truth != TRUTH_TRUE && read && known)
		all.truth = TRUTH_FALSE;
	return all;
}

enum truth condition_member(const struct instance *in, const struct sensor *s, bool *ret_lost)
{
	struct standing now = standing(in, s);

	*ret_lost = now.lost;
	return now.truth;
}

/* What was bad and is not known any more counts as lost. */
static bool tell_member(struct engine *e, struct instance *in, struct sensor *s, struct standing before)
{
	struct standing now = standing(in, s);

	if (in->is_until)
		return false;
	if (now.truth == TRUTH_UNKNOWN && before.truth == TRUTH_TRUE)
		now = (struct standing){.truth = TRUTH_TRUE, .lost = true};
	if (now.truth == TRUTH_UNKNOWN || (now.truth == before.truth && now.lost == before.lost))
		return false;
	incident_member(e, in, s, now.truth, now.lost);
	return true;
}

static void tell_grade(struct engine *e, struct instance *in, bool known)
{
	if (in->is_until)
		until_changed(e, in);
	else
		incident_grade(e, in, in->grade, known);
}

/* Who votes, and what is asked of them, is part of what the incident shows. */
static void show_vote(struct engine *e, struct instance *in)
{
	if (in->has_votes && in->incident)
		incident_touch(e, in->incident);
	if (in->is_until)
		until_changed(e, in);
}

void condition_sensor(struct engine *e, struct sensor *s)
{
	for (int i = 0; i < s->n_leaves;) {
		struct instance *in = s->leaves[i]->instance;
		struct standing before = standing(in, s);
		bool graded, told;

		for (; i < s->n_leaves && s->leaves[i]->instance == in; i++)
			gate_update(e, s->leaves[i]);
		graded = tree_update(e, in);
		told = tell_member(e, in, s, before);
		if (graded || told)
			tell_grade(e, in, in->known);
		show_vote(e, in);
	}
}

static void condition_due(struct engine *e, struct gate *g, void (*due)(struct engine *e, struct gate *g))
{
	struct instance *in = g->instance;
	struct standing before = {0};
	bool graded, told;

	if (g->sensor)
		before = standing(in, g->sensor);
	due(e, g);
	in->dirty = true;
	graded = tree_update(e, in);
	told = g->sensor && tell_member(e, in, g->sensor, before);
	if (graded || told)
		tell_grade(e, in, in->known);
	show_vote(e, in);
}

void condition_delay(struct engine *e, struct gate *g)
{
	condition_due(e, g, gate_expire);
}

void condition_window(struct engine *e, struct gate *g)
{
	condition_due(e, g, gate_update);
}

void condition_hold(struct engine *e, struct gate *g)
{
	condition_due(e, g, window_forget);
}

void conditions_again(struct engine *e)
{
	size_t n = (size_t)e->n_instances;
	struct instance **all = xcalloc(n + 1, sizeof *all); /* cues may add instances */

	if (n)
		memcpy(all, e->instances, n * sizeof *all);
	for (size_t i = 0; i < n; i++)
		if (all[i]->has_hours && tree_update(e, all[i]))
			tell_grade(e, all[i], all[i]->known);
	free(all);
}

bool condition_detach(struct engine *e, struct sensor *s)
{
	for (int i = 0; i < s->n_leaves; i++)
		if (gate_is_bad(s->leaves[i]) && !s->leaves[i]->instance->is_until)
			return false;
	while (s->n_leaves) {
		struct instance *in = s->leaves[0]->instance;
		int n = 0;

		while (n < s->n_leaves && s->leaves[n]->instance == in)
			n++;
		s->n_leaves -= n;
		memmove(s->leaves, s->leaves + n, (size_t)s->n_leaves * sizeof *s->leaves);
		gates_drop(e, in, s);
		in->dirty = true;
		if (tree_update(e, in))
			tell_grade(e, in, in->known);
	}
	return true;
}

/* ---------------------------------------------------- after a plan, a start */

static bool was_missed(const struct instance *in, const struct sensor *s)
{
	for (int i = 0; i < in->n_missed; i++)
		if (in->missed[i] == s)
			return true;
	return false;
}

static bool is_first_leaf(const struct gate *g)
{
	int i = 0;

	while (g->sensor->leaves[i]->instance != g->instance)
		i++;
	return g->sensor->leaves[i] == g;
}

static void instance_settle(struct engine *e, struct instance *in)
{
	static const struct standing bad = {.truth = TRUTH_TRUE};
	struct standing *before = xcalloc((size_t)in->n_gates + 1, sizeof *before);
	bool told = false, graded, known = true;

	for (int i = 0; i < in->n_gates; i++)
		if (in->gates[i]->sensor)
			before[i] = standing(in, in->gates[i]->sensor);
	for (int i = 0; i < in->n_gates; i++)
		if (in->gates[i]->sensor && in->gates[i]->raw == TRUTH_UNKNOWN)
			gate_update(e, in->gates[i]);
	graded = tree_update(e, in);
	for (int i = 0; i < in->n_gates; i++) {
		struct gate *g = in->gates[i];

		if (g->sensor && is_first_leaf(g) && !was_missed(in, g->sensor))
			told |= tell_member(e, in, g->sensor, before[i]);
	}
	for (int i = 0; i < in->n_missed; i++) {
		told |= tell_member(e, in, in->missed[i], bad);
		known &= standing(in, in->missed[i]).truth != TRUTH_UNKNOWN;
	}
	in->n_missed = 0;
	free(before);
	if (graded || told)
		tell_grade(e, in, in->known && known);
}

void conditions_settle(struct engine *e)
{
	size_t n = (size_t)e->n_instances;
	struct instance **all = xcalloc(n + 1, sizeof *all); /* cues may add instances */

	if (n)
		memcpy(all, e->instances, n * sizeof *all);
	for (size_t i = 0; i < n; i++)
		instance_settle(e, all[i]);
	free(all);
}

void condition_without(struct engine *e, struct instance *in, struct sensor *s)
{
	for (int i = 0; i < s->n_leaves; i++)
		if (s->leaves[i]->instance == in)
			gate_forget(e, s->leaves[i]);
	tree_without(e, in);
}

/* The sensor is out of service: its leaves are unknown, and no longer bad. The
 * members are told by who took it out. */
void condition_out(struct engine *e, struct sensor *s)
{
	for (int i = 0; i < s->n_leaves; i++) {
		gate_update(e, s->leaves[i]);
		gate_forget(e, s->leaves[i]);
	}
	for (int i = 0; i < s->n_leaves; i++)
		tree_update(e, s->leaves[i]->instance);
}

/* ------------------------------------------------------------- invariants */

static bool is_in_heap(const struct engine *e, const struct deadline *d)
{
	return !d->pos || (d->pos <= e->heap.n && e->heap.at[d->pos - 1] == d);
}

static const char *window_broken(const struct engine *e, const struct gate *g)
{
	const struct window *w = g->window;
	const struct test *t = &g->cond->test;

	if (!w)
		return NULL;
	if (!is_in_heap(e, &w->open) || !is_in_heap(e, &w->held))
		return "a window's deadline is not in the heap";
	if (w->n > SAMPLES_MAX || (w->open.pos && !w->n))
		return "a window holds too much, or is open for nothing";
	for (int i = 1; i < w->n; i++)
		if (w->at[i].at_ms < w->at[i - 1].at_ms ||
		    (t->op != TEST_CHANGES && w->at[i].milli <= w->at[i - 1].milli))
			return "the values of a window are not in order";
	if (w->held.pos && !g->cond->is_voter && g->out == TRUTH_TRUE)
		return "a part that is true is held as one that was";
	return NULL;
}

static const char *gate_broken(const struct engine *e, const struct gate *g)
{
	bool armed = g->delay.pos != 0, unknown_leaf = g->sensor && g->raw == TRUTH_UNKNOWN;

	if (!is_in_heap(e, &g->delay))
		return "a gate's deadline is not in the heap";
	if (g->lost != (unknown_leaf && gate_is_bad(g)))
		return "a gate is lost without being bad and unknown, or not lost with it";
	if (unknown_leaf && g->out != TRUTH_UNKNOWN && !gate_is_bad(g))
		return "an unknown leaf is not bad, yet known";
	if (gate_counts_silence(g))
		return armed == link_is_up(e)
		           ? NULL
		           : "a countdown to silence runs without the link, or not with it";
	if (armed != (g->raw != g->out && !unknown_leaf))
		return "a gate's delay is armed with nothing to change, or not armed";
	if (!g->sensor)
		return g->raw == cond_raw(e, g) ? NULL : "all, any, not or a vote differs from its parts";
	if (test_is_windowed(g->cond->test.op) && g->raw != TRUTH_UNKNOWN &&
	    (g->raw == TRUTH_TRUE) != window_is_open(g))
		return "a test of a window is true when it is closed, or false when it is open";
	if (g->cond->test.op != TEST_SILENT && g->sensor->health != HEALTH_OK && g->raw != TRUTH_UNKNOWN)
		return "a leaf knows more than its sensor";
	return NULL;
}

static const char *instance_broken(const struct engine *e, const struct instance *in)
{
	const char *what = NULL;
	bool known;

	if (!tree_reads(in))
		return NULL;
	if (tree_grade(e, in, &known) != in->grade || known != in->known || tree_is_met(in) != in->met)
		return "an instance's grade is not what its gates say";
	for (int i = 0; i < in->n_gates && !what; i++)
		what = in->gates[i]->delay.sub == i ? gate_broken(e, in->gates[i])
		                                    : "a gate's place is not its own";
	for (int i = 0; i < in->n_gates && !what; i++)
		what = window_broken(e, in->gates[i]);
	return what;
}

static const char *sensor_broken(const struct engine *e, const struct sensor *s)
{
	int64_t supervised_ms = s->def >= 0 ? e->plan->sensors[s->def].silent_after_ms : 0;
	bool gone = s->health == HEALTH_SILENT || s->health == HEALTH_AWAY;

	if ((s->silence.pos != 0) != (supervised_ms > 0 && !gone && link_is_up(e)))
		return "a sensor's silence is not watched, or watched for nothing";
	return NULL;
}

const char *condition_broken(const struct engine *e)
{
	const char *what = NULL;

	for (int i = 1; i < e->n_sensors; i++)
		if (strcmp(e->sensors[i - 1]->id, e->sensors[i]->id) >= 0)
			return "sensors are not in order";
	for (int i = 1; i < e->n_instances; i++)
		if (strcmp(e->instances[i - 1]->key, e->instances[i]->key) >= 0)
			return "instances are not in order";
	for (int i = 0; e->started && i < e->n_sensors && !what; i++)
		what = sensor_broken(e, e->sensors[i]);
	for (int i = 0; e->started && i < e->n_instances && !what; i++)
		what = instance_broken(e, e->instances[i]);
	return what;
}
