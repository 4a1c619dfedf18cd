/* fuzz_records.c - any saved state (records between form feeds, the first line
 * of each is its key): a start on it never crashes, the engine goes on turning,
 * and what it saves then it reads again as the same. */
#include "base/arena.h"
#include "engine/engine.h"
#include "language/language.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORDS_MAX = 1024, TURNS = 4 };

static const char site[] =
    "site: {id: plaza, name: {en: Plaza}, timezone: Asia/Shanghai, ring: \"00:00-24:00\"}\n"
    "broker: {url: \"mqtt://127.0.0.1:1883\"}\n"
    "languages: [en]\n"
    "zones: {b2: {name: {en: B2}}, kitchen: {in: b2, name: {en: Kitchen}}}\n"
    "sensors:\n"
    "  gas-1: {kind: gas, zone: kitchen, topic: g/1, unit: \"%LEL\", silent_after: 10m}\n"
    "  gas-2: {kind: gas, zone: kitchen, topic: g/2, unit: \"%LEL\"}\n"
    "  valve: {kind: position, zone: kitchen, topic: v, words: {closed: [C], open: [O]}}\n"
    "actuators:\n"
    "  gas-valve: {kind: gas-valve, zone: kitchen, serves: [kitchen], topic: v/set, within: 15s, tries: 3,\n"
    "    safe_in: [gas], operators: [duty],\n"
    "    actions: {close: {send: C, until: {sensor: valve, is: closed}}}}\n"
    "interlocks: {no-sparks: {while: {hazard: gas}, reach: parent, forbid: all}}\n"
    "people:\n"
    "  wang: {name: Wang, user: wang, language: en, channels: [page]}\n"
    "  li: {name: Li, user: li, language: en, channels: [page]}\n"
    "roles: {duty: {name: {en: duty}, holder: wang, deputy: li}, foreman: {name: {en: foreman}, holder: "
    "li},\n"
    "  post: {name: {en: post}, roster: post, deputy: li}}\n"
    "roster:\n"
    "  post: {shifts: {day: \"08:00-20:00\", night: \"20:00-08:00\"}, rotation: [wang, [li, wang], li], from: 2026-11-01}\n"
    "chains: {life: {levels: [{call: [duty], wait: 30s}, {call: [foreman, duty], wait: 60s}],"
    " exhausted: [foreman]}}\n"
    "channels: {page: {plugin: page}}\n"
    "incidents:\n"
    "  gas-leak: {title: {en: Gas leak}, hazard: gas, severity: critical, when: {of: {kind: gas}}, chain: "
    "life,\n"
    "    playbook: gas-leak, remind: 15m, grades: {warning: {above: 10, clear_below: 5, for: 3s, severity: "
    "major},\n"
    "    critical: {above: 25, clear_below: 10, for: 200ms, latch: true}}}\n"
    "watches:\n"
    "  patrol: {who: duty, every: 40m, remind: 5m, points: [w/1, w/2], missed: {incident: patrol-missed}}\n"
    "  pumps: {zone: b2, while: {hazard: gas}, every: 5m, sign_of_life: {topic: w/3}}\n"
    "playbooks:\n"
    "  gas-leak:\n"
    "    scene: {task: {en: Go there}, who: duty, within: 3m, first: true}\n"
    "    shut: {command: {kind: gas-valve, action: close}, on_failed: by-hand}\n"
    "    by-hand: {task: {en: Close it}, who: duty, within: 3m, after: shut, when: {shut: [failed, "
    "interlocked]}}\n"
    "    scale: {decide: {en: Minor or major}, who: foreman, within: 5m,\n"
    "      choices: {minor: {en: minor}, major: {en: major}}, otherwise: major}\n"
    "    facts: {record: {name: text}, who: foreman, within: 5m, when: {scale: major}}\n"
    "    below: {wait: {sensor: gas-1, below: 5, for: 5m}, within: 2h}\n";

static struct plan *plan;

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void read_plan(void)
{
	static const int64_t from[] = {0};
	static const int32_t offset[] = {8 * 3600};
	struct source source = {"site.yaml", site, sizeof site - 1};
	struct problems problems;
	struct buf said = {0};

	problems_init(&problems);
	plan = language_read(&source, 1, &problems);
	problems_print(&problems, &said);
	if (!plan)
		fputs(buf_text(&said), stderr);
	must(plan != NULL);
	plan->tz = (struct tz){.n = 1, .at_ms = from, .offset_s = offset};
	plan->hash = "fuzz";
	buf_fini(&said);
	problems_fini(&problems);
}

static const struct plan *plan_of(void *arg, const char *hash)
{
	(void)arg;
	return strcmp(hash, "fuzz") ? NULL : plan;
}

/* The whole state as it would be stored. */
static char *saved(struct engine *e)
{
	struct records r;
	struct buf b = {0};

	records_init(&r);
	engine_save_all(e, &r);
	for (int i = 0; i < r.n; i++)
		buf_printf(&b, "%s\n%s\f", r.at[i].key, r.at[i].value);
	records_fini(&r);
	return buf_steal(&b);
}

static int restore(struct engine *e, char *text)
{
	struct record records[RECORDS_MAX];
	int n = 0;

	for (char *at = text; at && *at && n < RECORDS_MAX;) {
		char *end = strchr(at, '\f'), *line;

		if (end)
			*end = 0;
		line = strchr(at, '\n');
		if (line) {
			*line = 0;
			records[n++] = (struct record){at, line + 1};
		}
		at = end ? end + 1 : NULL;
	}
	return engine_restore(e, records, n, plan_of, NULL);
}

static int64_t step(struct engine *e, struct event *ev, int64_t at_ms, struct effects *fx)
{
	ev->at_ms = at_ms;
	engine_step(e, ev, fx);
	effects_clear(fx);
	return at_ms;
}

/* A start, the broker, a person, and what is due after that. */
static void live(struct engine *e)
{
	struct effects fx;
	int64_t now_ms = engine_site_ms(e);

	effects_init(&fx);
	if (now_ms < 0 || now_ms > (int64_t)1 << 48)
		now_ms = (int64_t)1 << 40;
	now_ms =
	    step(e, &(struct event){.kind = EVENT_STARTED, .started = {1000, "h", "b", "v", 9}}, now_ms, &fx);
	step(e, &(struct event){.kind = EVENT_LINK, .link = LINK_SYNCED}, now_ms, &fx);
	step(
	    e,
	    &(struct event){.kind = EVENT_COMMAND,
	                    .command = {.verb = VERB_ACK, .user = "wang", .via = "mqtt", .id = 1, .rev = -1}},
	    now_ms, &fx);
	step(e, &(struct event){.kind = EVENT_NOTICE, .notice = {.id = "2.1", .outcome = OUTCOME_FAILED, .why = "y"}},
	     now_ms, &fx);
	step(e, &(struct event){.kind = EVENT_ACTUATED, .actuated = {1, OUTCOME_SENT, false}}, now_ms, &fx);
	for (int i = 0; i < TURNS; i++) {
		int64_t due_ms = engine_next_due(e);

		if (due_ms == INT64_MAX)
			break;
		now_ms = step(e, &(struct event){.kind = EVENT_TIME}, due_ms > now_ms ? due_ms : now_ms, &fx);
	}
	effects_fini(&fx);
}

static void views(struct engine *e)
{
	struct buf b = {0};

	engine_view_list(e, true, &b);
	engine_view_incident(e, 1, &b);
	engine_view_summary(e, &b);
	engine_view_oncall(e, NULL, &b);
	buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, *first, *second;
	struct engine *e, *again;
	bool ok, was_whole;

	if (!plan)
		read_plan();
	text = xmalloc(size + 1);
	if (size)
		memcpy(text, data, size);
	text[size] = 0;
	e = engine_new(plan);
	was_whole = restore(e, text) == 0; /* else people are told, and it goes on with what could be read */
	live(e);
	views(e);
	first = saved(e);
	again = engine_new(plan);
	free(text);
	text = xstrdup(first);
	ok = restore(again, text) == 0;
	second = saved(again);
	if (was_whole && (!ok || strcmp(first, second))) {
		fprintf(stderr, "saved:\n%s\nread again:\n%s\n", first, second);
		abort();
	}
	engine_free(again);
	engine_free(e);
	free(first);
	free(second);
	free(text);
	return 0;
}
