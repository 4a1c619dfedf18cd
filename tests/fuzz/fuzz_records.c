/* fuzz_records.c - any saved state (records between form feeds, the first line
 * of each is its key): a start on it never crashes, the engine goes on turning,
 * people act on what it knows, the plan changes and changes back, days go by;
 * no open incident is ever without its deadline, and what is saved is read
 * again as the same. What comes after the start, and damage by the field, only
 * with TOCSIN_LONG. */
#include "base/arena.h"
#include "engine/engine.h"
#include "engine/model.h"
#include "language/language.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

enum { RECORDS_MAX = 1024, TURNS = 4, CLOSED_MS = 25 * 3600000 };

/* The longest that anything waits, and a little. */
static const int64_t far_ms = 400 * (int64_t)86400000;

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

/* The same site grown smaller: what the records name is gone, or is another. */
static const char smaller[] =
    "site: {id: plaza, name: {en: Plaza}, timezone: Asia/Shanghai}\n"
    "broker: {url: \"mqtt://127.0.0.1:1883\"}\n"
    "languages: [en]\n"
    "zones: {b2: {name: {en: B2}}, kitchen: {name: {en: Kitchen}}}\n"
    "sensors:\n"
    "  gas-2: {kind: gas, zone: kitchen, topic: g/2, unit: \"%LEL\"}\n"
    "  valve: {kind: position, zone: b2, topic: v, words: {closed: [C], open: [O]}}\n"
    "people:\n"
    "  li: {name: Li, user: li, language: en, channels: [log, page]}\n"
    "roles: {foreman: {name: {en: foreman}, holder: li}}\n"
    "chains: {life: {levels: [{call: [foreman], wait: 30s}]}}\n"
    "channels: {page: {plugin: page}, log: {plugin: journal}}\n"
    "incidents:\n"
    "  gas-leak: {title: {en: Gas leak}, hazard: gas, severity: critical, when: {of: {kind: gas}, above: 20},"
    " chain: life, per: site}\n";

static struct plan *plan, *other_plan;

static void must(bool holds)
{
	if (!holds)
		abort();
}

static struct plan *read_plan(const char *text, const char *hash)
{
	static const int64_t from[] = {0};
	static const int32_t offset[] = {8 * 3600};
	struct source source = {"site.yaml", text, strlen(text)};
	struct problems problems;
	struct buf said = {0};
	struct plan *p;

	problems_init(&problems);
	p = language_read(&source, 1, &problems);
	problems_print(&problems, &said);
	if (!p)
		fputs(buf_text(&said), stderr);
	must(p != NULL);
	p->tz = (struct tz){.n = 1, .at_ms = from, .offset_s = offset};
	p->hash = hash;
	buf_fini(&said);
	problems_fini(&problems);
	return p;
}

static const struct plan *plan_of(void *arg, const char *hash)
{
	(void)arg;
	return !strcmp(hash, "fuzz") ? plan : !strcmp(hash, "other") ? other_plan : NULL;
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

/* A life under way. */
struct life {
	struct engine *e;
	struct effects fx;
	int64_t now_ms;
};

static void event(struct life *l, struct event ev)
{
	ev.at_ms = l->now_ms;
	engine_step(l->e, &ev, &l->fx);
	effects_clear(&l->fx);
}

/* I3. */
static void each_has_its_deadline(const struct life *l)
{
	for (int i = 0; i < l->e->n_incidents; i++) {
		const struct incident *inc = l->e->incidents[i];

		if (inc->due.pos && inc->due.at_ms - l->e->now_ms < far_ms)
			continue;
		fprintf(stderr, "%s %d waits for nothing: %lld\n", inc->key, (int)inc->state,
		        (long long)(inc->due.pos ? inc->due.at_ms : -1));
		abort();
	}
}

static void turns(struct life *l)
{
	for (int i = 0; i < TURNS; i++) {
		int64_t due_ms = engine_next_due(l->e);

		if (due_ms == INT64_MAX)
			break;
		l->now_ms = due_ms > l->now_ms ? due_ms : l->now_ms;
		event(l, (struct event){.kind = EVENT_TIME});
	}
	each_has_its_deadline(l);
}

static void say(struct life *l, const char *user, struct command c)
{
	c.user = user;
	c.via = "mqtt";
	c.rev = -1;
	event(l, (struct event){.kind = EVENT_COMMAND, .command = c});
}

/* A start, the broker, a person, and what is due after that. */
static void begin(struct life *l)
{
	event(l, (struct event){.kind = EVENT_STARTED, .started = {1000, "h", "b", "v", 9}});
	event(l, (struct event){.kind = EVENT_LINK, .link = LINK_SYNCED});
	say(l, "wang", (struct command){.verb = VERB_ACK, .id = 1});
	event(l, (struct event){.kind = EVENT_NOTICE, .notice = {.id = "2.1", .outcome = OUTCOME_FAILED, .why = "y"}});
	event(l, (struct event){.kind = EVENT_ACTUATED, .actuated = {1, OUTCOME_SENT, false}});
	turns(l);
}

static void of_one(struct life *l, int64_t id)
{
	static const char *const names[] = {"gas-1", "gas-2"};
	struct command reset = {.verb = VERB_RESET, .id = id, .without = {names, 2}, .words = "x"};

	say(l, "wang", (struct command){.verb = VERB_SHELVE, .id = id, .for_ms = 600000, .words = "x"});
	say(l, "li", (struct command){.verb = VERB_SHELVE, .id = id, .for_ms = 600000, .words = "x"});
	say(l, "li", (struct command){.verb = VERB_ESCALATE, .id = id});
	say(l, "li", (struct command){.verb = VERB_ACK, .id = id});
	say(l, "wang", (struct command){.verb = VERB_DONE, .id = id, .step = "scene"});
	say(l, "li", (struct command){.verb = VERB_DECIDE, .id = id, .step = "scale", .choice = "major"});
	say(l, "li", reset);
	say(l, "wang", reset);
	say(l, "li", (struct command){.verb = VERB_CLOSE, .id = id});
}

static void of_all(struct life *l)
{
	enum { SOME = 2 };
	int64_t ids[SOME];
	int n = 0;

	for (; n < SOME && n < l->e->n_incidents; n++)
		ids[n] = l->e->incidents[n]->number;
	while (n-- > 0)
		of_one(l, ids[n]);
	say(l, "li", (struct command){.verb = VERB_ACCEPT, .role = "post"});
	say(l, "li", (struct command){.verb = VERB_BACK, .name = "gas-1"});
	say(l, "wang", (struct command){.verb = VERB_OPERATE, .actuator = "gas-valve", .action = "close"});
	say(l, "li", (struct command){.verb = VERB_DRILL, .type = "gas-leak", .zone = "kitchen"});
}

static void reading(struct life *l, const char *sensor, int64_t milli)
{
	char text[VALUE_BYTES];
	int def = -1;

	for (int i = 0; i < l->e->plan->n_sensors; i++)
		if (!strcmp(l->e->plan->sensors[i].id, sensor))
			def = i;
	if (def < 0)
		return;
	snprintf(text, sizeof text, "%lld", (long long)(milli / 1000));
	event(l, (struct event){.kind = EVENT_READING,
	                        .reading = {.kind = READING_VALUE, .sensor = sensor, .def = def,
	                                    .zone = l->e->plan->sensors[def].zone, .word = text, .text = text,
	                                    .has_number = true, .milli = milli}});
}

/* Another plan, and the first again. */
static void plans_change(struct life *l)
{
	event(l, (struct event){.kind = EVENT_PLAN, .plan.plan = other_plan});
	reading(l, "gas-2", 30000);
	turns(l);
	event(l, (struct event){.kind = EVENT_PLAN, .plan.plan = plan});
}

static void days(struct life *l)
{
	reading(l, "gas-1", 0);
	event(l, (struct event){.kind = EVENT_CLOCK, .clock_ms = 3600000});
	for (int i = 0; i < 2; i++) {
		l->now_ms += CLOSED_MS;
		event(l, (struct event){.kind = EVENT_TIME});
		each_has_its_deadline(l);
	}
}

/* what: bits of what comes after the start. */
static void live(struct engine *e, unsigned what)
{
	struct life l = {.e = e, .now_ms = engine_site_ms(e)};

	effects_init(&l.fx);
	if (l.now_ms <= 0)
		l.now_ms = (int64_t)1 << 40;
	begin(&l);
	if (what & 1)
		plans_change(&l);
	if (what & 2)
		of_all(&l);
	if (what)
		days(&l);
	effects_fini(&l.fx);
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

	if (!plan) {
		plan = read_plan(site, "fuzz");
		other_plan = read_plan(smaller, "other");
	}
	text = xmalloc(size + 1);
	if (size)
		memcpy(text, data, size);
	text[size] = 0;
	e = engine_new(plan);
	was_whole = restore(e, text) == 0; /* else people are told, and it goes on with what could be read */
	live(e, getenv("TOCSIN_LONG") ? size % 4 : 0);
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

/* -- mutations: a field, line or record at a time, as damage and contradictions are -- */

static const char *const fields[] = {"0", "1", "-1", "2", "3", "7", "9223372036854775807", "-9223372036854775808",
                                     "4611686018427387904", "2147483647", "-2147483648", "4294967296", "1763838604020",
                                     "1763924604020", "%", "=1", "gas-leak", "kitchen", "b2", "wang", "li", "duty", "post",
                                     "fuzz", "other", "G-1", "gas-1", "gas-valve", "closed", "acked", "cleared", "latched",
                                     "pre_alarm", "rtn_unacked", "unacked", "open", "waiting", "scene", "self:", "person:li"};
static const char *const lines[] = {"half 1763838999999",
                                    "shelf 1763839999999 1763838604020 li % x % 0 0",
                                    "isol 1763838604020",
                                    "watch li",
                                    "drill li % -1 % 0 1763839999999",
                                    "b 1 1763838604020 0 0",
                                    "ack li 1763838604020 2",
                                    "first 1763838604020 0 0",
                                    "orphan",
                                    "w 1",
                                    "cut",
                                    "off 1763839999999",
                                    "flap 1763839999999 1 2 3 4 5 6 7 8",
                                    "order 1 li % x",
                                    "s below open % % % 0 1 -1 0 1763839999999"};

static size_t place(uint8_t *data, size_t size, size_t at, size_t len, const char *with, size_t max)
{
	size_t n = strlen(with);

	if (size - len + n > max)
		return size;
	memmove(data + at + n, data + at + len, size - at - len);
	memcpy(data + at, with, n);
	return size - len + n;
}

/* One piece between two marks, and what follows it. */
static size_t piece(const uint8_t *data, size_t size, const char *marks, size_t from, size_t *ret_len)
{
	size_t at = from, end;

	while (at > 0 && !strchr(marks, data[at - 1]))
		at--;
	for (end = at; end < size && !strchr(marks, data[end]);)
		end++;
	*ret_len = end - at;
	return at;
}

static size_t random_below(unsigned *seed, size_t n)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 8) % n;
}

/* A field becomes a word or another of its kind; a line or record is put before one, or taken out. */
static size_t mutate(uint8_t *data, size_t size, size_t max, unsigned *seed)
{
	static const char *const marks[] = {" \n\f", " \n\f", " \n\f", "\n\f", "\n\f", "\f"};
	size_t kind = random_below(seed, sizeof marks / sizeof *marks), len, other_len;
	bool adds = kind >= 3 && random_below(seed, 3) > 0;
	size_t at = piece(data, size, marks[kind], random_below(seed, size), &len);
	size_t other = piece(data, size, marks[kind], random_below(seed, size), &other_len);
	struct buf with = {0};

	if (kind < 2)
		buf_str(&with, fields[random_below(seed, sizeof fields / sizeof *fields)]);
	else if (kind == 3 && adds)
		buf_str(&with, lines[random_below(seed, sizeof lines / sizeof *lines)]);
	else if (kind == 2 || adds)
		buf_add(&with, (const char *)data + other, other_len);
	if (adds)
		buf_char(&with, kind == 5 ? '\f' : '\n');
	size = place(data, size, at, adds ? 0 : len, buf_text(&with), max);
	buf_fini(&with);
	return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	enum { SMALL = 8 };
	size_t n = 1 + random_below(&seed, 3);

	if (size < SMALL || random_below(&seed, 6) == 0 || !getenv("TOCSIN_LONG"))
		return LLVMFuzzerMutate ? LLVMFuzzerMutate(data, size, max) : size;
	while (n-- > 0 && size >= SMALL)
		size = mutate(data, size, max, &seed);
	return size;
}
