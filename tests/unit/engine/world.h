/* world.h - the half of the engine from a reading to the cues, compiled into
 * the test, with a scribe in place of the incidents. */
#ifndef TOCSIN_TEST_WORLD_H
#define TOCSIN_TEST_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/again.c"
#include "engine/condition.c"
#include "engine/deadline.c"
#include "engine/gates.c"
#include "engine/instance.c"
#include "engine/readers.c"
#include "engine/record.c"
#include "engine/sensor.c"
#include "engine/schedule.c"
#include "engine/tree.c"
#include "engine/window.c"

enum { SECOND = 1000, MINUTE = 60000 };

static struct buf trace;
static struct incident some_incident;

void incident_member(struct engine *e, struct instance *in, struct sensor *s, enum truth active, bool lost)
{
	assert_non_null(e);
	buf_printf(&trace, "%s %s %s%s\n", in->key + 2, s->id, active == TRUTH_TRUE ? "bad" : "calm",
	           lost ? " lost" : "");
}

void incident_grade(struct engine *e, struct instance *in, int grade, bool known)
{
	assert_non_null(e);
	buf_printf(&trace, "%s grade %d%s\n", in->key + 2, grade, known ? "" : " unknown");
	if (grade >= 0)
		in->incident = &some_incident;
	else if (known)
		in->incident = NULL;
}

void incident_sensor_lost(struct engine *e, struct sensor *s, const char *why)
{
	assert_non_null(e);
	assert_true(*why);
	buf_printf(&trace, "%s fault\n", s->id);
}

void incident_sensor_found(struct engine *e, struct sensor *s)
{
	assert_non_null(e);
	buf_printf(&trace, "%s found\n", s->id);
}

void incident_value(struct engine *e, struct sensor *s)
{
	assert_non_null(e);
	assert_true(s->has_value);
}

void incident_touch(struct engine *e, struct incident *inc)
{
	assert_non_null(e);
	assert_ptr_equal(inc, &some_incident);
}

void flap_save(const struct instance *in, struct buf *out)
{
	assert_non_null(in);
	assert_non_null(out);
}

void flap_restore(struct engine *e, struct instance *in, const char *record)
{
	assert_non_null(e);
	assert_non_null(in);
	assert_non_null(record);
}

void flap_shift(struct instance *in, int64_t by_ms)
{
	assert_non_null(in);
	assert_true(by_ms > 0);
}

void via_turned(struct engine *e, struct sensor *gateway)
{
	assert_non_null(e);
	assert_non_null(gateway);
}

void service_spoke(struct engine *e, struct sensor *s)
{
	assert_non_null(e);
	assert_non_null(s);
}

void via_replan(struct engine *e)
{
	assert_non_null(e);
}

void watches_replan(struct engine *e)
{
	assert_non_null(e);
}

void watch_sign(struct engine *e, const struct sensor *s, const struct reading *r)
{
	assert_non_null(e);
	assert_non_null(s);
	assert_non_null(r);
}

void until_changed(struct engine *e, const struct instance *in)
{
	assert_non_null(e);
	assert_true(in->is_until);
}

void until_bind(const struct engine *e, struct instance *in)
{
	assert_non_null(e);
	assert_true(in->is_until);
}

void untils_attach(struct engine *e, struct sensor *s)
{
	assert_non_null(e);
	assert_non_null(s);
}

void effect_want(struct engine *e, const char *sensor_id)
{
	assert_non_null(e);
	buf_printf(&trace, "want %s\n", sensor_id ? sensor_id : "all");
}

uint64_t fnv64(uint64_t h, const char *text) /* only commands need a good one */
{
	return h ^ strlen(text);
}

void records_put(struct records *r, const char *key, const char *value)
{
	assert_null(value);
	assert_non_null(r);
	buf_printf(&trace, "forget %s\n", key);
}

/* ---------------------------------------------------------------- a plan */

#define WORDS(...) \
	{ \
		.at = (const char *const[]){__VA_ARGS__}, \
		.n = (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)) \
	}
#define KINDS(...) .op = COND_TEST, .sensor = -1, .zone = -1, .kinds = WORDS(__VA_ARGS__)
#define SENSOR(DEF) .op = COND_TEST, .sensor = DEF, .zone = -1
#define ABOVE(LIMIT, CLEAR) \
	.test = {.op = TEST_ABOVE, .limit_milli = (LIMIT)*1000, .clear_milli = (CLEAR)*1000}
#define IS(...) .test = {.op = TEST_IS, .words = WORDS(__VA_ARGS__)}
#define KIDS(...) \
	.kids = (const struct cond[]){__VA_ARGS__}, \
	.n_kids = (int)(sizeof((const struct cond[]){__VA_ARGS__}) / sizeof(struct cond))
#define GRADES(...) \
	.grades = (const struct grade[]){__VA_ARGS__}, \
	.n_grades = (int)(sizeof((const struct grade[]){__VA_ARGS__}) / sizeof(struct grade))

#define TYPE(ID, PER, ...) \
	{ \
		.id = ID, .per = PER, GRADES(__VA_ARGS__) \
	}
#define NODE(N) .node = N

enum { HALL, KITCHEN, N_ZONES };
enum { GAS1, GAS2, SMOKE1, PUMP, DOOR, N_DEFS };

static const struct zone zones[] = {{.id = "hall", .in = -1}, {.id = "kitchen", .in = HALL}};
static const struct sensor_def defs[] = {
    [GAS1] = {.id = "gas-1", .kind = "gas", .zone = KITCHEN, .via = -1, .silent_after_ms = 10 * MINUTE},
    [GAS2] = {.id = "gas-2", .kind = "gas", .zone = KITCHEN, .via = -1},
    [SMOKE1] = {.id = "smoke-1", .kind = "smoke", .zone = HALL, .via = -1},
    [PUMP] = {.id = "pump", .kind = "position", .zone = HALL, .via = -1},
    [DOOR] = {.id = "door-{1}", .kind = "door", .zone = -1, .via = -1, .zone_pattern = "{2}", .is_family = true},
};

static inline struct plan plan_of(const struct incident_type *types, int n)
{
	return (struct plan){.zones = zones,
	                     .n_zones = N_ZONES,
	                     .sensors = defs,
	                     .n_sensors = N_DEFS,
	                     .types = types,
	                     .n_types = n};
}

/* --------------------------------------------------------------- a world */

static inline struct engine *world_new(const struct plan *plan)
{
	struct engine *e = xcalloc(1, sizeof *e);

	e->plan = plan;
	e->now_ms = 1000 * SECOND;
	sensors_replan(e);
	return e;
}

static inline void world_free(struct engine *e)
{
	sensors_free(e);
	assert_int_equal(e->heap.n, 0);
	heap_fini(&e->heap);
	free(e);
}

/* Started and connected; the trace is empty. */
static inline struct engine *world_up(const struct plan *plan)
{
	struct engine *e = world_new(plan);

	e->started = true;
	sensor_started(e, 0);
	e->link = LINK_UP;
	sensor_link(e, LINK_UP);
	buf_clear(&trace);
	return e;
}

static inline void world_link(struct engine *e, enum link link)
{
	e->link = link;
	sensor_link(e, link);
}

static inline void world_plan(struct engine *e, const struct plan *plan)
{
	e->plan = plan;
	sensors_replan(e);
}

static inline void world_wait(struct engine *e, int64_t ms)
{
	int64_t end = e->now_ms + ms;
	struct deadline *d;

	while ((d = deadline_first(&e->heap)) && d->at_ms <= end) {
		e->now_ms = d->at_ms > e->now_ms ? d->at_ms : e->now_ms;
		deadline_clear(&e->heap, d);
		if (d->kind == DEADLINE_SILENCE)
			sensor_silent(e, d->owner);
		else if (d->kind == DEADLINE_OFF)
			sensor_off(e, d->owner);
		else if (d->kind == DEADLINE_WINDOW)
			condition_window(e, d->owner);
		else if (d->kind == DEADLINE_HOLD)
			condition_hold(e, d->owner);
		else if (d->kind == DEADLINE_SCHEDULE)
			schedule_due(e);
		else
			condition_delay(e, d->owner);
	}
	e->now_ms = end;
}

static inline void world_event(struct engine *e, const char *id, enum reading_kind kind)
{
	const struct sensor *s = sensor_find(e, id);

	assert_non_null(s);
	sensor_reading(
	    e, &(struct reading){
	           .kind = kind, .sensor = id, .def = s->def, .zone = s->zone, .word = "", .text = ""});
}

static inline void world_tell(struct engine *e, struct reading r, const char *text)
{
	r.word = r.text = text;
	r.has_number = milli_parse(text, strlen(text), &r.milli);
	sensor_reading(e, &r);
}

static inline void world_value(struct engine *e, const char *id, const char *text)
{
	const struct sensor *s = sensor_find(e, id);

	assert_non_null(s);
	world_tell(e, (struct reading){.sensor = id, .def = s->def, .zone = s->zone}, text);
}

static inline void world_door(struct engine *e, const char *id, int zone, const char *text)
{
	world_tell(e, (struct reading){.sensor = id, .def = DOOR, .zone = zone}, text);
}

/* What was said since the last look; every invariant holds. */
#define said(E, TEXT) \
	do { \
		const char *broken = condition_broken(E); \
		if (broken) \
			fail_msg("%s", broken); \
		assert_string_equal(buf_text(&trace), TEXT); \
		buf_clear(&trace); \
	} while (0)

#endif
