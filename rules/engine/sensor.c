/* sensor.c - the sensors of the newest plan, members of families once they
 * have spoken: value, health, and the supervision for silence. */
#include "engine/emit.h"
#include "engine/gates.h"
#include "engine/record.h"
#include "engine/suppress.h"
#include "engine/window.h"
#include "engine/via.h"
#include "engine/watch.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { DRAIN_MS = 1000 };

/* ------------------------------------------------------------------- list */

static int sensor_place(const struct engine *e, const char *id)
{
	int low = 0, high = e->n_sensors;

	while (low < high) {
		int mid = (low + high) / 2;

		if (strcmp(e->sensors[mid]->id, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct sensor *sensor_find(const struct engine *e, const char *id)
{
	int i = sensor_place(e, id);

	return i < e->n_sensors && !strcmp(e->sensors[i]->id, id) ? e->sensors[i] : NULL;
}

static struct sensor *sensor_add(struct engine *e, const char *id)
{
	struct sensor *s = xcalloc(1, sizeof *s);
	struct buf key = {0};
	int place = sensor_place(e, id);

	buf_printf(&key, "s/%s", id);
	s->key = xstrdup(buf_text(&key)); /* no longer than it is */
	buf_fini(&key);
	s->id = s->key + 2;
	s->zone_id = xstrdup("");
	s->word = s->text = "";
	s->def = s->zone = -1;
	s->left_ms = -1;
	s->dirty = true;
	deadline_init(&s->silence, DEADLINE_SILENCE, s, s->key, 0);
	deadline_init(&s->off, DEADLINE_OFF, s, s->key, 1);
	if (e->n_sensors == e->cap_sensors) {
		e->cap_sensors = e->cap_sensors ? 2 * e->cap_sensors : 64;
		e->sensors = xrealloc(e->sensors, (size_t)e->cap_sensors * sizeof *e->sensors);
	}
	memmove(e->sensors + place + 1, e->sensors + place,
	        (size_t)(e->n_sensors - place) * sizeof *e->sensors);
	e->sensors[place] = s;
	e->n_sensors++;
	return s;
}

void sensors_free(struct engine *e)
{
	readers_free(e);
	instances_free(e);
	for (int i = 0; i < e->n_sensors; i++) {
		struct sensor *s = e->sensors[i];

		deadline_clear(&e->heap, &s->silence);
		deadline_clear(&e->heap, &s->off);
		free(s->leaves);
		free(s->again);
		free(s->value);
		free(s->key);
		free(s->def_id);
		free(s->zone_id);
		free(s);
	}
	free(e->sensors);
	e->sensors = NULL;
	e->n_sensors = e->cap_sensors = 0;
}

static const char *def_id(const struct sensor *s)
{
	return s->def_id ? s->def_id : s->id;
}

/* Most are a sensor of the plan themselves: the name is not kept twice. */
static void keep_def(struct sensor *s, const char *id)
{
	if (!strcmp(def_id(s), id))
		return;
	free(s->def_id);
	s->def_id = strcmp(s->id, id) ? xstrdup(id) : NULL;
	s->dirty = true;
}

static void keep_zone(struct sensor *s, const char *id)
{
	if (!strcmp(s->zone_id, id))
		return;
	xreplace(&s->zone_id, id);
	s->dirty = true;
}

static void stand_in(struct engine *e, struct sensor *s, int def, int zone)
{
	s->def = def;
	s->zone = zone;
	if (def >= 0)
		keep_def(s, e->plan->sensors[def].id);
	if (zone >= 0)
		keep_zone(s, e->plan->zones[zone].id);
}

/* ------------------------------------------------------------ supervision */

static bool is_gone(const struct sensor *s)
{
	return s->health == HEALTH_SILENT || s->health == HEALTH_AWAY;
}

static bool is_bad(enum health health)
{
	return health != HEALTH_UNKNOWN && health != HEALTH_OK;
}

static void silence_stop(struct engine *e, struct sensor *s)
{
	s->dirty |= s->silence.pos != 0;
	deadline_clear(&e->heap, &s->silence);
}

static void silence_left(struct sensor *s, int64_t left_ms)
{
	s->dirty |= s->left_ms != left_ms;
	s->left_ms = left_ms;
}

/* A window begins, or goes on when there is one and not anew. While the link
 * is down nobody is silent: it is the link that is broken. */
static void silence_watch(struct engine *e, struct sensor *s, bool anew)
{
	int64_t wait_ms = s->def >= 0 ? e->plan->sensors[s->def].silent_after_ms : 0;

	if (wait_ms <= 0 || is_gone(s) || anew)
		silence_left(s, -1);
	else if (!link_is_up(e) && s->silence.pos)
		silence_left(s, s->silence.at_ms > e->now_ms ? s->silence.at_ms - e->now_ms : 0);
	if (wait_ms <= 0 || is_gone(s) || !link_is_up(e)) {
		silence_stop(e, s);
	} else if (anew || !s->silence.pos) {
		deadline_set(&e->heap, &s->silence,
		             e->now_ms - e->spoke_ago_ms + (s->left_ms < 0 ? wait_ms : s->left_ms));
		silence_left(s, -1);
		s->dirty = true;
	}
}

static bool is_member(const struct sensor *s)
{
	for (int i = 0; i < s->n_leaves; i++)
		if (gate_is_bad(s->leaves[i]) && s->leaves[i]->instance->incident)
			return true;
	return false;
}

void sensor_tell_lost(struct engine *e, struct sensor *s)
{
	static const char *const why[] = {
	    [HEALTH_UNREADABLE] = "its value cannot be read",
	    [HEALTH_AWAY] = "the device is offline",
	    [HEALTH_SILENT] = "no message in time",
	};

	effect_want(e, s->id);
	if (!is_member(s))
		incident_sensor_lost(e, s, why[s->health]);
}

/* Health and value are as the event says: gates, cues, and the sensor's own fault. */
static void turn(struct engine *e, struct sensor *s, enum health health)
{
	bool was_bad = is_bad(s->health);

	s->dirty |= s->health != health;
	s->health = health;
	if (was_bad && !is_bad(health))
		incident_sensor_found(e, s);
	condition_sensor(e, s);
	if (!was_bad && is_bad(health))
		sensor_tell_lost(e, s);
	via_turned(e, s);
}

void sensor_cut(struct engine *e, struct sensor *s, bool cut)
{
	s->cut = cut;
	turn(e, s, cut ? HEALTH_AWAY : HEALTH_UNKNOWN);
	silence_watch(e, s, true);
	if (!cut)
		effect_want(e, s->id);
}

void sensor_silent(struct engine *e, struct sensor *s)
{
	silence_stop(e, s);
	if (!is_gone(s))
		turn(e, s, HEALTH_SILENT);
}

/* e->link is the new one. Countdowns to silence are frozen while the link is down and begin anew after it. */
void sensor_link(struct engine *e, enum link link)
{
	for (int i = 0; i < e->n_sensors; i++) {
		struct sensor *s = e->sensors[i];

		if (link == LINK_DOWN)
			again_break(s->again);
		silence_watch(e, s, false);
		for (int k = 0; k < s->n_leaves; k++)
			gate_link(e, s->leaves[k]);
	}
	if (link == LINK_UP)
		effect_want(e, NULL);
}

/* What ran out while we were away waits a moment more, never longer than we
 * were: what the broker kept for us may say that it is over. */
void sensor_started(struct engine *e, int64_t down_ms)
{
	int64_t drain_ms = down_ms < DRAIN_MS ? down_ms : DRAIN_MS;

	for (int i = 0; i < e->n_instances; i++) {
		struct instance *in = e->instances[i];

		for (int k = 0; k < in->n_gates; k++) {
			struct gate *g = in->gates[k];

			window_late(e, g, e->now_ms + drain_ms);
			if (!g->delay.pos || g->delay.at_ms >= e->now_ms + drain_ms)
				continue;
			deadline_set(&e->heap, &g->delay, e->now_ms + drain_ms);
			in->dirty = true;
		}
	}
	for (int i = 0; i < e->n_sensors; i++) {
		struct sensor *s = e->sensors[i];

		silence_watch(e, s, true);
		for (int k = 0; k < s->n_leaves; k++)
			gate_link(e, s->leaves[k]);
	}
	schedule_arm(e);
	conditions_settle(e);
}

/* --------------------------------------------------------------- readings */

/* The captured zone may differ from the known one (a device was moved): a
 * calm sensor follows, a bad one stays until it is calm. */
static struct sensor *sensor_of(struct engine *e, const struct reading *r)
{
	struct sensor *s = sensor_find(e, r->sensor);
	int zone = r->zone;

	if (!s)
		s = sensor_add(e, r->sensor);
	else if (zone < 0)
		zone = s->zone;
	if ((s->def == r->def && s->zone == zone) || !condition_detach(e, s))
		return s;
	stand_in(e, s, r->def, zone);
	condition_attach(e, s);
	for (int i = 0; i < e->n_instances; i++)
		if (e->instances[i]->sensor == s)
			e->instances[i]->zone = s->zone;
	return s;
}

static bool same_value(const struct sensor *s, const struct reading *r)
{
	return s->has_value && !strcmp(s->word, r->word) && !strcmp(s->text, r->text) &&
	       s->has_number == r->has_number && (!r->has_number || s->milli == r->milli);
}

/* What the broker kept is no sign of life; of a sensor that is gone it says
 * nothing new unless the value differs, or it is the availability itself. */
static bool is_old(const struct sensor *s, const struct reading *r)
{
	if (!r->retained || (r->kind == READING_VALUE && !same_value(s, r)))
		return false;
	if (r->kind == READING_AWAY || (r->kind == READING_BACK && s->health == HEALTH_AWAY))
		return false;
	return is_gone(s);
}

/* Copies both, as much as counts; the value before is given back for free(). */
static char *put_value(struct sensor *s, const char *word, const char *text)
{
	size_t n_word = utf8_cut(word, VALUE_BYTES - 1), n_text = utf8_cut(text, VALUE_BYTES - 1);
	char *value = xcalloc(1, n_word + n_text + 2), *before = s->value;

	s->value = memcpy(value, word, n_word);
	s->word = value;
	s->text = memcpy(value + n_word + 1, text, n_text);
	return before;
}

static void tell_windows(struct engine *e, struct sensor *s, const char *word_before)
{
	for (int i = 0; i < s->n_leaves; i++)
		window_value(e, s->leaves[i], strcmp(word_before, s->word) != 0);
}

static void take_value(struct engine *e, struct sensor *s, const struct reading *r)
{
	bool had_value = s->has_value, is_same = same_value(s, r);
	const char *word = s->word;
	char *before = put_value(s, r->word, r->text);

	s->has_value = true;
	s->has_number = r->has_number;
	s->milli = r->has_number ? r->milli : 0;
	s->value_ms = e->now_ms;
	s->dirty = true;
	if (!r->retained || !is_same) /* what the broker kept does not say when it was so */
		tell_windows(e, s, had_value ? word : s->word);
	free(before);
	incident_value(e, s);
}

/* An event-only source speaks once or goes on speaking; it never says that it is over. */
static void off_watch(struct engine *e, struct sensor *s, bool anew)
{
	int64_t delay_ms = s->def >= 0 ? e->plan->sensors[s->def].off_delay_ms : 0;
	bool is_on = delay_ms > 0 && s->has_value && strcmp(s->word, "normal") != 0;

	s->dirty |= is_on ? anew || !s->off.pos : s->off.pos > 0;
	if (!is_on)
		deadline_clear(&e->heap, &s->off);
	else if (anew || !s->off.pos)
		deadline_set(&e->heap, &s->off, e->now_ms + delay_ms);
}

void sensor_off(struct engine *e, struct sensor *s)
{
	static const struct reading over = {.word = "normal", .text = "normal"};

	take_value(e, s, &over);
	turn(e, s, s->health);
}

static void sign_of_life(struct engine *e, struct sensor *s)
{
	for (int i = 0; i < s->n_leaves; i++)
		gate_alive(e, s->leaves[i]);
}

static enum health health_after(const struct sensor *s, enum reading_kind kind)
{
	switch (kind) {
	case READING_VALUE:
		return HEALTH_OK;
	case READING_UNREADABLE:
		return HEALTH_UNREADABLE;
	case READING_AWAY:
		return HEALTH_AWAY;
	case READING_BACK:
		return is_gone(s) ? HEALTH_UNKNOWN : s->health;
	case READING_SEEN:
		break;
	}
	return s->health == HEALTH_SILENT ? HEALTH_UNKNOWN : s->health;
}

/* Taken before a crash or a break, and delivered once more: it has nothing new
 * to say. What the broker keeps is no redelivery; a sensor that has no value
 * is better told twice. */
static bool is_redelivery(struct sensor *s, const struct reading *r)
{
	bool known;

	if (r->retained || !r->mark)
		return false;
	known = again_message(&s->again, r->mark, r->dup);
	s->dirty |= !known;
	return known && s->health == HEALTH_OK;
}

void sensor_reading(struct engine *e, const struct reading *r)
{
	struct sensor *s = sensor_of(e, r);
	bool alive = r->kind != READING_AWAY && !(r->retained && same_value(s, r)), was_gone = is_gone(s);

	e->spoke_ago_ms = r->kind == READING_SEEN ? r->ago_ms : 0;
	if (is_old(s, r)) {
		condition_sensor(e, s); /* it may have been moved */
		return;
	}
	if (is_redelivery(s, r)) {
		silence_watch(e, s, true);
		return;
	}
	s->dirty |= s->cut;
	s->cut = false; /* whatever it says, it is its own word */
	if (alive)
		sign_of_life(e, s);
	if (r->kind == READING_VALUE) {
		take_value(e, s, r);
		off_watch(e, s, true);
	}
	turn(e, s, health_after(s, r->kind));
	service_spoke(e, s);
	silence_watch(e, s, alive);
	watch_sign(e, s, r);
	if (was_gone && s->health == HEALTH_UNKNOWN)
		effect_want(e, s->id);
}

/* ------------------------------------------------------------- a new plan */

/* The plan's sensors by id: ten thousand times in the order of the file is a second. */
struct named {
	const char *id;
	int def;
};

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->id, ((const struct named *)b)->id);
}

static struct named *defs_by_id(const struct plan *p)
{
	struct named *defs = xcalloc((size_t)p->n_sensors + 1, sizeof *defs);

	for (int i = 0; i < p->n_sensors; i++)
		defs[i] = (struct named){p->sensors[i].id, i};
	qsort(defs, (size_t)p->n_sensors, sizeof *defs, by_id);
	return defs;
}

static int def_of(const struct plan *p, const struct named *defs, const char *id)
{
	const struct named key = {.id = id};
	const struct named *found = bsearch(&key, defs, (size_t)p->n_sensors, sizeof *defs, by_id);

	return found ? found->def : -1;
}

/* Members of families are found by their family, others by their own id. */
static void sensor_follow(struct engine *e, struct sensor *s, const struct named *defs)
{
	const struct plan *p = e->plan;
	int def = def_of(p, defs, def_id(s));

	if (def < 0 || !p->sensors[def].is_family)
		def = def_of(p, defs, s->id);
	stand_in(e, s, def,
	         def >= 0 && p->sensors[def].zone >= 0 ? p->sensors[def].zone : plan_zone(p, s->zone_id));
}

void sensors_replan(struct engine *e)
{
	struct named *defs = defs_by_id(e->plan);

	e->is_planned = true;
	readers_make(e);
	for (int i = 0; i < e->plan->n_sensors; i++) {
		const struct sensor_def *def = &e->plan->sensors[i];

		if (!def->is_family && !sensor_find(e, def->id))
			sensor_add(e, def->id);
	}
	for (int i = 0; i < e->n_sensors; i++)
		sensor_follow(e, e->sensors[i], defs);
	free(defs);
	instances_replan(e);
	via_replan(e);
	watches_replan(e);
	if (!e->started)
		return;
	for (int i = 0; i < e->n_sensors; i++) {
		silence_watch(e, e->sensors[i], false);
		off_watch(e, e->sensors[i], false);
	}
	schedule_arm(e);
	conditions_settle(e);
}

/* ---------------------------------------------------------------- records */

void sensor_save(const struct sensor *s, struct buf *out)
{
	record_tag(out, "s");
	record_str(out, def_id(s));
	record_str(out, s->zone_id);
	record_int(out, s->health);
	record_int(out, s->silence.pos ? s->silence.at_ms : -1);
	record_int(out, s->left_ms);
	again_save(s->again, out);
	if (s->cut)
		record_tag(out, "cut");
	if (s->off.pos) {
		record_tag(out, "off");
		record_int(out, s->off.at_ms);
	}
	if (!s->has_value)
		return;
	record_tag(out, "v");
	record_str(out, s->word);
	record_str(out, s->text);
	record_int(out, s->has_number);
	record_int(out, s->milli);
	record_int(out, s->value_ms);
}

static void read_value(struct sensor *s, struct record_reader *r)
{
	char word[VALUE_BYTES], text[VALUE_BYTES];

	record_read_cut(r, word, sizeof word);
	record_read_cut(r, text, sizeof text);
	free(put_value(s, word, text));
	s->has_number = record_read_int(r) != 0;
	s->milli = record_read_int(r);
	s->value_ms = record_read_ms(r);
	s->has_value = true;
}

static void read_head(struct engine *e, struct sensor *s, struct record_reader *r)
{
	char *known = record_read_str(r);
	int64_t health, silent_ms;

	keep_def(s, known);
	free(known);
	free(s->zone_id);
	s->zone_id = record_read_str(r);
	health = record_read_int(r);
	silent_ms = record_read_ms(r);
	s->left_ms = record_read_ms(r);
	if (health < 0 || health > HEALTH_SILENT)
		r->bad = true;
	else
		s->health = (enum health)health;
	if (!r->bad && silent_ms >= 0)
		deadline_set(&e->heap, &s->silence, silent_ms);
}

static void read_off(struct engine *e, struct sensor *s, struct record_reader *r)
{
	int64_t at_ms = record_read_ms(r);

	if (!r->bad)
		deadline_set(&e->heap, &s->off, at_ms);
}

/* An ill-formed record leaves the sensor as far as it was understood. */
int sensor_restore(struct engine *e, const char *key, const char *value)
{
	struct record_reader r;
	char tag[RECORD_TAG_BYTES];
	struct sensor *s;

	if (strncmp(key, "s/", 2) || !key[2])
		return -1;
	s = sensor_find(e, key + 2);
	if (!s)
		s = sensor_add(e, key + 2);
	record_open(&r, value);
	while (record_line(&r, tag)) {
		if (!strcmp(tag, "s"))
			read_head(e, s, &r);
		else if (!strcmp(tag, "v"))
			read_value(s, &r);
		else if (!strcmp(tag, "off"))
			read_off(e, s, &r);
		else if (!strcmp(tag, "cut"))
			s->cut = true;
		else if (!strcmp(tag, "again"))
			again_restore(&s->again, &r);
	}
	s->dirty = false;
	return r.bad ? -1 : 0;
}
