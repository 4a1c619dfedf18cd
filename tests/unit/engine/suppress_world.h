/* suppress_world.h - a hall with smoke, heat and a call point, a yard with water
 * and a pump, and what people say there of suppression. */
#ifndef TOCSIN_TEST_SUPPRESS_WORLD_H
#define TOCSIN_TEST_SUPPRESS_WORLD_H

#include "life_world.h"

#include "engine/suppress.h"
#include "engine/tags.h"

enum { MINUTE = 60000, HOUR = 3600000 };

static const char site[] =
    "site: {id: plaza, name: {zh: 广场, en: Plaza}, timezone: Asia/Shanghai}\n"
    "broker: {url: \"mqtt://127.0.0.1:1883\", version: 5}\n"
    "store: {path: /var/lib/tocsin/tocsin.db}\n"
    "languages: [zh, en]\n"
    "zones: {hall: {name: {zh: 大厅, en: Hall}}, yard: {}}\n"
    "sensors:\n"
    "  smoke: {kind: smoke, zone: hall, topic: s/1}\n"
    "  smoke-2: {kind: smoke, zone: hall, topic: s/2}\n"
    "  smoke-yard: {kind: smoke, zone: yard, topic: s/3}\n"
    "  heat: {kind: heat, zone: hall, topic: s/4}\n"
    "  call: {kind: callpoint, zone: hall, topic: s/5}\n"
    "  door: {kind: door, zone: hall, topic: s/6}\n"
    "  wet: {kind: leak, zone: yard, topic: s/7}\n"
    "  wet-2: {kind: leak, zone: yard, topic: s/8}\n"
    "actuators:\n"
    "  pump: {kind: pump, zone: yard, serves: [yard], topic: p/1, actions: {on: {send: \"1\"}, off: {send: \"0\"}}, "
    "operators: [guard]}\n"
    "people:\n"
    "  wang: {name: Wang, language: zh, channels: [page]}\n"
    "  li: {name: Li, language: en, channels: [page]}\n"
    "  zhao: {name: Zhao, language: en, channels: [page]}\n"
    "roles: {guard: {name: guard, holder: wang}, chief: {name: chief, holder: li}}\n"
    "chains: {both: {levels: [{call: [guard], wait: 30s}, {call: [chief], wait: 60s}]}}\n"
    "channels: {page: {plugin: page, timeout: 10m}}\n"
    "signs: {no-fire: {text: {zh: 严禁火种, en: No naked flame}}}\n"
    "incidents:\n"
    "  fire: {hazard: fire, severity: critical, latch: true, chain: both, "
    "when: {of: {kind: [smoke, heat, callpoint]}, is: alarm}}\n"
    "  break-in: {hazard: security, severity: major, chain: both, when: {of: {kind: door}, is: alarm}}\n"
    "  flood: {hazard: water, severity: minor, chain: both, playbook: flood, when: {of: {kind: leak}, is: alarm}}\n"
    "  hot-work-after-watch: {hazard: other, severity: minor, chain: both, playbook: round}\n"
    "playbooks:\n"
    "  flood:\n"
    "    drain: {command: {kind: pump, action: \"on\"}, on_failed: by-hand}\n"
    "    by-hand: {task: {zh: 手动, en: By hand}, who: guard, within: 3m}\n"
    "    hang: {task: {zh: 挂牌, en: Hang it}, who: guard, within: 3m, tag: no-fire}\n"
    "  round:\n"
    "    check-1: {task: {zh: 巡查, en: Look}, who: guard, within: 10m}\n"
    "    check-2: {task: {zh: 巡查, en: Look}, who: guard, within: 20m}\n";

static struct life_world w;
static struct plan *plan;
static int n_calls; /* of the incident looked at, over many turns */
static char watched[24];

static inline struct incident *of(const char *type)
{
	for (int i = w.e->n_incidents - 1; i >= 0; i--)
		if (!strcmp(w.e->incidents[i]->type_id, type))
			return w.e->incidents[i];
	return NULL;
}

static inline int open_of(const char *type)
{
	int n = 0;

	for (int i = 0; i < w.e->n_incidents; i++)
		n += incident_is_open(w.e->incidents[i]) && !strcmp(w.e->incidents[i]->type_id, type);
	return n;
}

static inline void count(const struct life_world *world)
{
	for (int i = 0; i < world->fx.n; i++) {
		const struct effect *f = &world->fx.at[i];

		n_calls += f->kind == EFFECT_NOTICE && f->notice.kind == NOTICE_CALL &&
		           !f->notice.repeat && (!*watched || !strcmp(f->notice.incident, watched));
	}
	for (int i = 0; i < world->e->n_incidents; i++) {
		const struct incident *inc = world->e->incidents[i];

		if (world->fx.n >= 0 && life_armed(world, inc) != 1)
			fail_msg("%s is armed %d times", inc->id, life_armed(world, inc));
	}
}

static inline void begin(void)
{
	life_begin(&w, plan);
	w.after = count;
	n_calls = 0;
	*watched = 0;
}

static inline void say(const char *sensor, const char *word)
{
	life_reading(&w, sensor, READING_VALUE, word);
}

static inline void wait_ms(int64_t ms)
{
	life_until(&w, w.now_ms + ms);
}

/* Dead for so long, then what was saved. */
static inline void restart(int64_t down_ms)
{
	struct event started = {.kind = EVENT_STARTED, .started = {.host = "h", .boot = "b", .version = "v", .epoch = 2}};
	struct event synced = {.kind = EVENT_LINK, .link = LINK_SYNCED};
	uint64_t digest = engine_digest(w.e);
	struct records saved;

	records_init(&saved);
	engine_save_all(w.e, &saved);
	engine_free(w.e);
	w.e = engine_new(plan);
	assert_int_equal(engine_restore(w.e, saved.at, saved.n, NULL, NULL), 0);
	records_fini(&saved);
	assert_true(engine_digest(w.e) == digest);
	w.now_ms += down_ms;
	started.started.down_ms = down_ms;
	life_event(&w, &started);
	life_event(&w, &synced);
}

static const char *answer(void)
{
	for (int i = 0; i < w.fx.n; i++)
		if (w.fx.at[i].kind == EFFECT_REPLY)
			return w.fx.at[i].reply.json;
	fail_msg("no answer");
	return "";
}

#define answered(WORD) \
	do { \
		if (!strstr(answer(), "\"" WORD "\"")) \
			fail_msg("not " WORD ": %s", answer()); \
	} while (0)
#define ok() \
	do { \
		if (!strstr(answer(), "\"ok\":true")) \
			fail_msg("%s", answer()); \
	} while (0)

static inline void isolate_by(const char *who, const char *hazard, int64_t for_ms)
{
	life_command(&w, who, (struct command){.verb = VERB_ISOLATE, .zone = "hall", .hazard = hazard, .for_ms = for_ms,
	                                       .permit = "DH-1", .person = "zhao"});
}

static inline void isolate_fire(void)
{
	isolate_by("wang", "fire", HOUR);
	ok();
	assert_null(impair_isolated(w.e, "hall", HAZARD_FIRE));
	isolate_by("li", "fire", HOUR);
	ok();
	assert_non_null(impair_isolated(w.e, "hall", HAZARD_FIRE));
}

static inline void shelve_by(const char *who, int64_t id, int64_t for_ms)
{
	life_command(&w, who, (struct command){.verb = VERB_SHELVE, .id = id, .for_ms = for_ms, .words = "draining"});
}

static inline void out_by(const char *who, const char *name, int64_t for_ms)
{
	life_command(&w, who, (struct command){.verb = VERB_OUT, .name = name, .for_ms = for_ms, .words = "burnt"});
}

static inline void simple(const char *who, enum verb verb, int64_t id)
{
	life_command(&w, who, (struct command){.verb = verb, .id = id});
}

#endif
