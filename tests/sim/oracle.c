/* oracle.c - the conditions of tests/rehearsal/conditions.yaml a second time:
 * from what each sensor said, and when, which of them must be true. It shares
 * no code with the engine, knows no tree, gate or record, and looks each time
 * at everything that may still count. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAVES = 18, CASES = 12, SAMPLES = 256, WITHIN_MS = 60000, DRAIN_MS = 1000, MAINS_CLEAR_MS = 30000 };
enum health_of { HEARD_NEVER, HEARD_WELL, HEARD_BADLY, GONE_SILENT, GONE_AWAY };
enum sort { ABOVE, BELOW, ALARM, ON_BATTERY, FALLS, RISES, CHANGES, SILENT };

__extension__ typedef __int128 wide;

/* Places in rules. */
enum {
	GAS_WARNING,
	GAS_CRITICAL,
	SMOKE,
	MAINS = SMOKE + 3,
	UPS,
	ROPE,
	PRESSURE,
	FLOW,
	SILENCE,
	BRIDGE = SILENCE + 5,
	DOOR,
	HEAT
};

static const struct rule {
	const char *sensor;
	enum sort sort;
	int64_t limit, clear; /* milli, or how many changes */
	int64_t over_ms, for_ms, clear_for_ms;
} rules[LEAVES] = {
    [GAS_WARNING] = {"gas-b2-kitchen", ABOVE, 10000, 5000, 0, 10000, 60000},
    [GAS_CRITICAL] = {"gas-b2-kitchen", ABOVE, 25000, 10000, 0, 3000, 300000},
    [SMOKE] = {"smoke-3f-1", ALARM, 0, 0, 0, 0, 0},
    [SMOKE + 1] = {"smoke-3f-2", ALARM, 0, 0, 0, 0, 0},
    [SMOKE + 2] = {"smoke-3f-3", ALARM, 0, 0, 0, 0, 0},
    [MAINS] = {"mains-l1", BELOW, 180000, 200000, 0, 3000, 0},
    [UPS] = {"ups-1", ON_BATTERY, 0, 0, 0, 0, 0},
    [ROPE] = {"leak-rope", ALARM, 0, 0, 0, 5000, 0},
    [PRESSURE] = {"press-riser", FALLS, 1000, 0, 30000, 0, 0},
    [FLOW] = {"flow-riser", RISES, 50000, 0, 30000, 0, 0},
    [SILENCE] = {"gas-b2-kitchen", SILENT, 0, 0, 600000, 0, 0},
    [SILENCE + 1] = {"smoke-3f-1", SILENT, 0, 0, 600000, 0, 0},
    [SILENCE + 2] = {"smoke-3f-2", SILENT, 0, 0, 600000, 0, 0},
    [SILENCE + 3] = {"smoke-3f-3", SILENT, 0, 0, 600000, 0, 0},
    [SILENCE + 4] = {"leak-rope", SILENT, 0, 0, 600000, 0, 0},
    [BRIDGE] = {"bridge", ALARM, 0, 0, 0, 120000, 0},
    [DOOR] = {"door-plant", CHANGES, 6, 0, 60000, 0, 600000},
    [HEAT] = {"heat-3f", RISES, 8300, 0, 60000, 0, 120000},
};

struct said {
	int64_t at_ms, milli;
};

struct ear { /* of a sensor of the world */
	enum health_of health;
	bool has_value, has_number;
	char word[WORD_BYTES];
	int64_t milli;
	int64_t alive_ms, from_ms, quiet_ms; /* last sign of life; counts since; counted before a break */
	int64_t silent_after_ms;
};

struct leaf {
	int ear;
	enum truth raw, out;
	int64_t since_ms;	  /* raw is so */
	int64_t end_ms, held_ms; /* the window is open, it counts for `within`, before then; 0: not */
	bool silent;
	struct said said[SAMPLES];
	int n;
};

struct verdict {
	int grade, worst; /* worst: since the incident opened */
	bool lost, met, stands;
	bool was_bad, unsure; /* its one sensor was bad; and neither is it now nor is it known not to be */
};

struct oracle {
	int64_t now_ms, next_ms, up_ms; /* up_ms: the link is up since; -1: it is down */
	int64_t start_ms, late_ms;	/* what ran out while we were away waits until then */
	struct ear ears[SENSORS_MAX];
	struct leaf leaves[LEAVES];
	bool mains;
	int64_t mains_ms; /* its parts are not both true since */
	struct verdict verdicts[CASES];
};

static const struct {
	const char *type, *scope;
	int first, n; /* the rules it reads */
	bool is_life;
} cases[CASES] = {
    {"gas-leak", "b2-kitchen", GAS_WARNING, 2, true},
    {"fire-3f", "3f-east", SMOKE, 3, true},
    {"mains-loss", "mdb", MAINS, 2, false},
    {"burst-pipe", "riser-2", ROPE, 3, false},
    {"sensor-silent", "gas-b2-kitchen", SILENCE, 1, false},
    {"sensor-silent", "smoke-3f-1", SILENCE + 1, 1, false},
    {"sensor-silent", "smoke-3f-2", SILENCE + 2, 1, false},
    {"sensor-silent", "smoke-3f-3", SILENCE + 3, 1, false},
    {"sensor-silent", "leak-rope", SILENCE + 4, 1, false},
    {"bridge-offline", "plant", BRIDGE, 1, false},
    {"door-flapping", "plant", DOOR, 1, false},
    {"heat-rise", "3f-east", HEAT, 1, true},
};

/* -- time -- */

/* Else the world comes back then. */
static bool reached(struct oracle *o, int64_t at_ms)
{
	if (o->now_ms < at_ms && at_ms < o->next_ms)
		o->next_ms = at_ms;
	return o->now_ms >= at_ms;
}

static bool has_lasted(struct oracle *o, int64_t since_ms, int64_t wait_ms)
{
	int64_t at_ms = since_ms + wait_ms;

	return reached(o, since_ms < o->start_ms && at_ms < o->late_ms ? o->late_ms : at_ms);
}

static bool is_before(struct oracle *o, int64_t *end_ms)
{
	if (*end_ms && reached(o, *end_ms))
		*end_ms = 0;
	return *end_ms != 0;
}

/* -- what was said -- */

static void add(struct leaf *l, int64_t at_ms, int64_t milli, int64_t over_ms)
{
	int old = 0;

	while (old < l->n && l->said[old].at_ms < at_ms - over_ms)
		old++;
	l->n -= old;
	memmove(l->said, l->said + old, (size_t)l->n * sizeof *l->said);
	if (l->n == SAMPLES)
		abort(); /* the world speaks too often for it */
	l->said[l->n++] = (struct said){at_ms, milli};
}

static int64_t bounded(int64_t milli)
{
	int64_t most = INT64_MAX / 4;

	return milli > most ? most : milli < -most ? -most : milli;
}

/* Over a longer gap it is taken to have moved evenly. */
static void moved(struct leaf *l, const struct rule *r, int64_t now_ms, int64_t milli)
{
	struct said last = l->n ? l->said[l->n - 1] : (struct said){now_ms, 0};
	int64_t gap_ms = now_ms - last.at_ms, value = bounded(milli) * (r->sort == FALLS ? -1 : 1);
	int64_t rise = value - last.milli;

	l->end_ms = 0;
	if (gap_ms > r->over_ms && rise > 0 && (wide)rise * r->over_ms >= (wide)r->limit * gap_ms)
		add(l, now_ms, value - r->limit, r->over_ms);
	add(l, now_ms, value, r->over_ms);
	for (int i = 0; i < l->n; i++)
		if (value - l->said[i].milli >= r->limit)
			l->end_ms = l->said[i].at_ms + r->over_ms + 1;
}

static void changed(struct leaf *l, const struct rule *r, int64_t now_ms)
{
	add(l, now_ms, 0, r->over_ms);
	if (l->n >= r->limit)
		l->end_ms = l->said[l->n - r->limit].at_ms + r->over_ms + 1;
}

static void hear_value(struct oracle *o, int sensor, const struct input *in, bool is_same)
{
	struct ear *s = &o->ears[sensor];
	bool is_other = s->has_value && strcmp(s->word, in->word) != 0;

	for (int i = 0; i < LEAVES && !(in->retained && is_same); i++) {
		if (o->leaves[i].ear != sensor)
			continue;
		if ((rules[i].sort == RISES || rules[i].sort == FALLS) && in->has_number)
			moved(&o->leaves[i], &rules[i], o->now_ms, in->milli);
		else if (rules[i].sort == CHANGES && is_other)
			changed(&o->leaves[i], &rules[i], o->now_ms);
	}
	memcpy(s->word, in->word, sizeof s->word);
	s->has_value = true;
	s->has_number = in->has_number;
	s->milli = in->milli;
}

static void is_alive(struct oracle *o, int sensor)
{
	struct ear *s = &o->ears[sensor];

	s->alive_ms = s->from_ms = o->now_ms;
	s->quiet_ms = 0;
	for (int i = 0; i < LEAVES; i++)
		if (o->leaves[i].ear == sensor)
			o->leaves[i].silent = false;
}

static void hear(struct oracle *o, const struct input *in)
{
	struct ear *s = &o->ears[in->sensor];
	bool is_gone = s->health == GONE_SILENT || s->health == GONE_AWAY;
	bool is_same = s->has_value && !strcmp(s->word, in->word) && s->has_number == in->has_number &&
	               (!s->has_number || s->milli == in->milli);

	if (in->retained && is_same && is_gone)
		return; /* what the broker kept is no sign of life */
	if (in->kind != READING_AWAY && !(in->retained && is_same))
		is_alive(o, in->sensor);
	if (in->kind == READING_VALUE)
		hear_value(o, in->sensor, in, is_same);
	if (in->kind == READING_VALUE)
		s->health = HEARD_WELL;
	else if (in->kind == READING_UNREADABLE)
		s->health = HEARD_BADLY;
	else if (in->kind == READING_AWAY)
		s->health = GONE_AWAY;
	else if (s->health == GONE_SILENT || (in->kind == READING_BACK && is_gone))
		s->health = HEARD_NEVER;
}

/* -- the link, starts, the clock -- */

static void link_is(struct oracle *o, bool up)
{
	if (up == (o->up_ms >= 0))
		return;
	for (int i = 0; i < SENSORS_MAX; i++) {
		if (!up)
			o->ears[i].quiet_ms += o->now_ms - o->ears[i].from_ms;
		o->ears[i].from_ms = o->now_ms;
	}
	o->up_ms = up ? o->now_ms : -1;
}

static void started(struct oracle *o, int64_t down_ms)
{
	o->up_ms = -1;
	o->start_ms = o->now_ms;
	o->late_ms = o->now_ms + (down_ms < DRAIN_MS ? down_ms : DRAIN_MS);
	for (int i = 0; i < SENSORS_MAX; i++)
		o->ears[i].quiet_ms = 0;
	for (int i = 0; i < LEAVES; i++) {
		struct leaf *l = &o->leaves[i];

		if (l->end_ms && l->end_ms < o->late_ms)
			l->end_ms = o->late_ms;
		if (l->held_ms && l->held_ms < o->late_ms)
			l->held_ms = o->late_ms;
	}
}

static void shift(struct oracle *o, int64_t by_ms)
{
	o->start_ms += by_ms;
	o->late_ms += by_ms;
	o->mains_ms += by_ms;
	o->up_ms += o->up_ms >= 0 ? by_ms : 0;
	for (int i = 0; i < SENSORS_MAX; i++) {
		o->ears[i].alive_ms += by_ms;
		o->ears[i].from_ms += by_ms;
	}
	for (int i = 0; i < LEAVES; i++) {
		struct leaf *l = &o->leaves[i];

		l->since_ms += by_ms;
		l->end_ms += l->end_ms ? by_ms : 0;
		l->held_ms += l->held_ms ? by_ms : 0;
		for (int k = 0; k < l->n; k++)
			l->said[k].at_ms += by_ms;
	}
}

/* -- what is true now -- */

static enum truth truth_of(bool yes)
{
	return yes ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum truth silent_now(struct oracle *o, struct leaf *l, const struct ear *s)
{
	int64_t from_ms = s->alive_ms > o->up_ms ? s->alive_ms : o->up_ms;

	if (s->health == GONE_SILENT || s->health == GONE_AWAY ||
	    (o->up_ms >= 0 && reached(o, from_ms + rules[l - o->leaves].over_ms)))
		l->silent = true;
	return truth_of(l->silent);
}

/* In the dead band what was known counts on. */
static enum truth number_now(const struct leaf *l, const struct rule *r, int64_t milli)
{
	int64_t up = r->sort == BELOW ? -1 : 1;

	if (milli * up > r->limit * up)
		return TRUTH_TRUE;
	if (milli * up < r->clear * up)
		return TRUTH_FALSE;
	return l->raw != TRUTH_UNKNOWN ? l->raw : l->out;
}

static enum truth leaf_now(struct oracle *o, struct leaf *l, const struct rule *r)
{
	const struct ear *s = &o->ears[l->ear];
	bool is_open = is_before(o, &l->end_ms);
	char padded[WORD_BYTES + 2];

	if (r->sort == SILENT)
		return silent_now(o, l, s);
	if (s->health != HEARD_WELL)
		return TRUTH_UNKNOWN;
	snprintf(padded, sizeof padded, " %s ", s->word);
	switch (r->sort) {
	case ALARM:
		return truth_of(!strcmp(s->word, "alarm"));
	case ON_BATTERY:
		return truth_of(strstr(padded, " OB ") != NULL);
	case CHANGES:
		return truth_of(is_open);
	case RISES:
	case FALLS:
		return s->has_number ? truth_of(is_open) : TRUTH_UNKNOWN;
	default:
		return s->has_number ? number_now(l, r, s->milli) : TRUTH_UNKNOWN;
	}
}

static bool is_voter(const struct rule *r)
{
	return r >= &rules[SMOKE] && r < &rules[SMOKE + 3];
}

static bool counts(struct oracle *o, int leaf)
{
	bool is_held = is_before(o, &o->leaves[leaf].held_ms);

	return is_held || o->leaves[leaf].out == TRUTH_TRUE;
}

/* One that was true when it was lost stays so; else it is unknown. */
static void leaf_settle(struct oracle *o, struct leaf *l, const struct rule *r)
{
	enum truth raw = leaf_now(o, l, r), was = l->out;

	if (raw != l->raw)
		l->since_ms = o->now_ms;
	l->raw = raw;
	if (raw == TRUTH_UNKNOWN)
		l->out = was == TRUTH_TRUE ? was : TRUTH_UNKNOWN;
	else if (was == raw || (raw == TRUTH_FALSE && was == TRUTH_UNKNOWN) ||
	         has_lasted(o, l->since_ms, raw == TRUTH_TRUE ? r->for_ms : r->clear_for_ms))
		l->out = raw;
	if (l->out == was || (l->out != TRUTH_TRUE && was != TRUTH_TRUE))
		return;
	if (is_voter(r) ? l->out == TRUTH_TRUE : r == &rules[PRESSURE] || r == &rules[FLOW])
		l->held_ms = l->out == TRUTH_TRUE && !is_voter(r) ? 0 : o->now_ms + WITHIN_MS + 1;
}

static bool is_fire(struct oracle *o, bool *ret_met)
{
	int n_yes = 0, n_stale = 0;
	bool any = false;

	for (int i = SMOKE; i < SMOKE + 3; i++) {
		bool yes = counts(o, i);

		any |= o->leaves[i].out == TRUTH_TRUE;
		n_yes += yes;
		n_stale += !yes && o->leaves[i].raw == TRUTH_UNKNOWN;
	}
	*ret_met = n_yes >= (n_stale > 0 ? 1 : 2);
	return any || *ret_met;
}

static bool is_dark(struct oracle *o)
{
	bool both = o->leaves[MAINS].out == TRUTH_TRUE && o->leaves[UPS].out == TRUTH_TRUE;

	if (both)
		o->mains_ms = 0;
	else if (!o->mains_ms)
		o->mains_ms = o->now_ms;
	o->mains = both || (o->mains && !has_lasted(o, o->mains_ms, MAINS_CLEAR_MS));
	return o->mains;
}

static int grade_now(struct oracle *o, int c, bool *ret_met)
{
	int first = cases[c].first;
	bool one = o->leaves[first].out == TRUTH_TRUE, falls, rises;

	*ret_met = true;
	switch (first) {
	case GAS_WARNING:
		return o->leaves[GAS_CRITICAL].out == TRUTH_TRUE ? 1 : one ? 0 : -1;
	case SMOKE:
		return is_fire(o, ret_met) ? 0 : -1;
	case MAINS:
		return is_dark(o) ? 0 : -1;
	case ROPE:
		falls = counts(o, PRESSURE);
		rises = counts(o, FLOW);
		return one || (falls && rises) ? 0 : -1;
	default:
		return one ? 0 : -1;
	}
}

static const struct incident *incident_of(const struct world *w, int c)
{
	for (int i = 0; i < w->engine->n_incidents; i++) {
		const struct incident *inc = w->engine->incidents[i];

		if (incident_is_open(inc) && !strcmp(inc->type_id, cases[c].type) &&
		    !strcmp(inc->instance->scope, cases[c].scope))
			return inc;
	}
	return NULL;
}

/* What was bad and is not known any more counts as lost: in the dead band of a grade that was never reached. */
static bool is_unsure(const struct oracle *o, int c, struct verdict *v)
{
	bool bad = false, known = true;

	for (int i = cases[c].first; i < cases[c].first + cases[c].n; i++) {
		if (o->leaves[i].ear != o->leaves[cases[c].first].ear)
			return false;
		bad |= o->leaves[i].out == TRUTH_TRUE;
		known &= o->leaves[i].out != TRUTH_UNKNOWN;
	}
	v->unsure = !bad && !known && (v->unsure || v->was_bad);
	v->was_bad = bad;
	return v->unsure;
}

/* Nothing clears while something that was true is lost, or while it flaps. */
static void judge(struct world *w, int c)
{
	struct oracle *o = w->oracle;
	struct verdict *v = &o->verdicts[c];
	const struct incident *inc = incident_of(w, c);

	v->grade = grade_now(o, c, &v->met);
	v->lost = is_unsure(o, c, v);
	for (int i = cases[c].first; i < cases[c].first + cases[c].n; i++)
		v->lost |= o->leaves[i].raw == TRUTH_UNKNOWN && o->leaves[i].out == TRUTH_TRUE;
	if (v->grade >= 0)
		v->stands = true;
	else if (!v->lost && !(inc && inc->flapping && !cases[c].is_life))
		v->stands = false;
	if (!inc && !v->stands)
		v->worst = -1;
	if (v->grade > v->worst)
		v->worst = v->grade;
}

static void look(struct world *w)
{
	struct oracle *o = w->oracle;

	o->next_ms = INT64_MAX;
	for (int i = 0; i < SENSORS_MAX; i++) {
		struct ear *s = &o->ears[i];

		if (s->silent_after_ms && o->up_ms >= 0 && s->health != GONE_SILENT &&
		    s->health != GONE_AWAY &&
		    reached(o, s->from_ms + s->silent_after_ms - s->quiet_ms))
			s->health = GONE_SILENT;
	}
	for (int i = 0; i < LEAVES; i++)
		leaf_settle(o, &o->leaves[i], &rules[i]);
	for (int c = 0; c < CASES; c++)
		judge(w, c);
}

/* -- what the world asks -- */

struct oracle *oracle_new(const struct world *w)
{
	struct oracle *o = xcalloc(1, sizeof *o);

	o->up_ms = -1;
	for (int i = 0; i < w->n_sensors; i++)
		o->ears[i].silent_after_ms = w->plans[0]->sensors[i].silent_after_ms;
	for (int i = 0; i < LEAVES; i++)
		o->leaves[i].ear = nature_find(w, rules[i].sensor);
	for (int c = 0; c < CASES; c++)
		o->verdicts[c].grade = o->verdicts[c].worst = -1;
	return o;
}

struct oracle *oracle_copy(const struct oracle *o)
{
	return o ? memcpy(xcalloc(1, sizeof *o), o, sizeof *o) : NULL;
}

int64_t oracle_next(const struct world *w)
{
	return w->oracle ? w->oracle->next_ms : INT64_MAX;
}

void oracle_step(struct world *w, const struct event *ev, const struct input *in)
{
	struct oracle *o = w->oracle;

	if (!o)
		return;
	o->now_ms = w->now_ms;
	if (ev->kind == EVENT_STARTED)
		started(o, ev->started.down_ms);
	else if (ev->kind == EVENT_LINK)
		link_is(o, ev->link == LINK_UP || ev->link == LINK_SYNCED);
	else if (ev->kind == EVENT_CLOCK && ev->clock_ms > 0)
		shift(o, ev->clock_ms);
	else if (ev->kind == EVENT_READING)
		hear(o, in);
	look(w);
}

static void check(struct world *w, int c)
{
	const struct verdict *v = &w->oracle->verdicts[c];
	const struct incident *inc = incident_of(w, c);
	bool stands = inc && (inc->state == STATE_PRE_ALARM || inc->state == STATE_UNACKED ||
	                      inc->state == STATE_ACKED);

	if (stands != v->stands)
		world_broken(w, "C", "%s of %s must%s stand, and is %s", cases[c].type, cases[c].scope,
		             v->stands ? "" : " not", inc ? state_name(inc->state) : "not there");
	if (!inc)
		return;
	if (inc->grade_index != v->worst)
		world_broken(w, "C", "%s is of grade %d and must be of %d", inc->id, inc->grade_index,
		             v->worst);
	if (v->grade >= 0 && v->met && inc->state == STATE_PRE_ALARM)
		world_broken(w, "C", "%s has its two and is still looked at", inc->id);
}

void oracle_turn(struct world *w)
{
	for (int c = 0; w->oracle && c < CASES; c++)
		check(w, c);
}
