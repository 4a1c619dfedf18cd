/* life_world.h - a real engine with one small site, for the tests that walk
 * the life of an incident: two gas detectors in one zone, an alarm that may
 * first be looked at, a playbook with a first and a mandatory step. */
#ifndef TOCSIN_TEST_LIFE_WORLD_H
#define TOCSIN_TEST_LIFE_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "engine/life.h"
#include "language/language.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char site_yaml[] =
    "site: {id: plaza, name: {zh: 广场, en: Plaza}, timezone: Asia/Shanghai}\n"
    "broker: {url: \"mqtt://127.0.0.1:1883\", version: 5}\n"
    "store: {path: /var/lib/tocsin/tocsin.db}\n"
    "languages: [zh, en]\n"
    "zones: {hall: {name: {zh: 大厅, en: Hall}}}\n"
    "sensors:\n"
    "  a: {kind: gas, zone: hall, topic: gas/a}\n"
    "  b: {kind: gas, zone: hall, topic: gas/b}\n"
    "  door: {kind: flow, zone: hall, topic: door}\n"
    "people:\n"
    "  wang: {name: Wang, language: zh, channels: [page]}\n"
    "  li: {name: Li, language: en, channels: [page]}\n"
    "roles: {guard: {name: {zh: 保安, en: guard}, holder: wang}, chief: {name: {zh: 主管, en: chief}, "
    "holder: li}}\n"
    "chains: {both: {levels: [{call: [guard], wait: 30s}, {call: [chief], wait: 60s}]}}\n"
    "channels: {page: {plugin: page, timeout: 10m}}\n"
    "incidents:\n"
    "  leak:\n"
    "    title: {zh: 泄漏, en: Leak}\n"
    "    hazard: gas\n"
    "    when: {of: {kind: gas}}\n"
    "    grades: {low: {above: 10, severity: major, latch: true}, high: {above: 25, severity: critical, "
    "latch: true}}\n"
    "    chain: both\n"
    "    playbook: leak\n"
    "    pre_alarm: 15s\n"
    "    investigate: 180s\n"
    "    remind: 15m\n"
    "  open-door: {title: {zh: 门, en: Door}, hazard: security, severity: major, chain: both, when: {of: {kind: flow}, "
    "above: 10}}\n"
    "playbooks:\n"
    "  leak:\n"
    "    scene: {task: {zh: 到场, en: Go}, who: guard, within: 3m, first: true}\n"
    "    paper: {task: {zh: 记录, en: Write}, who: chief, within: 2h, mandatory: true}\n";

struct life_world {
	struct plan *plan;
	struct engine *e;
	struct effects fx; /* of the last event */
	int64_t now_ms;
	void (*after)(const struct life_world *w); /* each turn; NULL: nothing */
};

static inline struct plan *life_plan_of(const char *yaml)
{
	static const int64_t from[] = {0};
	static const int32_t offset[] = {8 * 3600};
	struct source source = {"site.yaml", yaml, strlen(yaml)};
	struct problems problems;
	struct buf said = {0};
	struct plan *plan;

	problems_init(&problems);
	plan = language_read(&source, 1, &problems);
	problems_print(&problems, &said);
	if (!plan)
		fail_msg("%s", buf_text(&said));
	plan->tz = (struct tz){1, from, offset};
	plan->hash = "life";
	problems_fini(&problems);
	buf_fini(&said);
	return plan;
}

static inline struct plan *life_plan(void)
{
	return life_plan_of(site_yaml);
}

/* The event, then what is due: one turn. */
static inline void life_event(struct life_world *w, struct event *ev)
{
	struct event time = {.kind = EVENT_TIME, .at_ms = w->now_ms};

	effects_clear(&w->fx);
	ev->at_ms = w->now_ms;
	engine_step(w->e, ev, &w->fx);
	if (ev->kind != EVENT_TIME)
		engine_step(w->e, &time, &w->fx);
	engine_order(w->e, &w->fx, 0);
	if (w->after)
		w->after(w);
}

static inline void life_begin(struct life_world *w, struct plan *plan)
{
	struct event started = {.kind = EVENT_STARTED,
	                        .started = {.host = "h", .boot = "b", .version = "v", .epoch = 1}};
	struct event synced = {.kind = EVENT_LINK, .link = LINK_SYNCED};

	*w = (struct life_world){.plan = plan, .e = engine_new(plan), .now_ms = 1795374000000};
	effects_init(&w->fx);
	life_event(w, &started);
	life_event(w, &synced);
}

static inline void life_end(struct life_world *w)
{
	effects_fini(&w->fx);
	engine_free(w->e);
}

static inline void life_reading(struct life_world *w, const char *sensor, enum reading_kind kind,
                                const char *text)
{
	struct event ev = {.kind = EVENT_READING};

	ev.reading = (struct reading){.kind = kind, .sensor = sensor, .word = text, .text = text};
	ev.reading.def = plan_sensor(w->plan, sensor);
	ev.reading.zone = w->plan->sensors[ev.reading.def].zone;
	ev.reading.has_number = milli_parse(text, strlen(text), &ev.reading.milli);
	life_event(w, &ev);
}

static inline void life_command(struct life_world *w, const char *person, struct command c)
{
	struct event ev = {.kind = EVENT_COMMAND, .command = c};

	ev.command.user = person;
	ev.command.via = "mqtt";
	ev.command.rev = -1;
	life_event(w, &ev);
}

/* To `at_ms`, firing every deadline on its way at its own time. */
static inline void life_until(struct life_world *w, int64_t at_ms)
{
	struct event time = {.kind = EVENT_TIME};

	while (engine_next_due(w->e) < at_ms) {
		if (engine_next_due(w->e) > w->now_ms)
			w->now_ms = engine_next_due(w->e);
		life_event(w, &time);
	}
	w->now_ms = at_ms;
	life_event(w, &time);
}

/* How often this incident stands in the heap: must be once. */
static inline int life_armed(const struct life_world *w, const struct incident *inc)
{
	int n = 0;

	for (int i = 0; i < w->e->heap.n; i++)
		n += w->e->heap.at[i]->kind == DEADLINE_INCIDENT && w->e->heap.at[i]->owner == inc;
	return n;
}

#endif
