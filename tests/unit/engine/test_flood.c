/* Ten thousand alarm messages of five hundred sensors in ten seconds: every
 * fire is called singly and first, nothing is missing from the audit, the rest
 * comes summed up with its counts, and memory stays bounded. */
#include "life_world.h"

#include "engine/caps.h"
#include "engine/flood.h"

#include <malloc.h>

enum { MINUTE_MS = 60000, SENSORS = 500, MESSAGES = 10000, OPENED_MAX = 600, MEMORY_MAX = 24 << 20 };

static struct life_world w;
static struct plan *plan;

/* What was seen of each incident. */
static struct seen {
	int64_t opened_ms, told_ms; /* told: its first notice, singly or in a summary; -1 not yet */
	char hazard;
	bool singly;
} seen[OPENED_MAX];
static int64_t last_seq;
static int opened, summaries, lower_singly, flood_began, flood_ended;
static char last_summary[1024];

static void see_row(const struct row *r)
{
	const char *inc = strstr(r->rec, "\"inc\":\"");

	assert_int_equal(r->seq, last_seq + 1); /* none is missing */
	last_seq = r->seq;
	flood_began += strstr(r->rec, "\"flood\":\"began\"") != NULL;
	flood_ended += strstr(r->rec, "\"flood\":\"ended\"") != NULL;
	if (r->kind != AUDIT_OPENED)
		return;
	opened++;
	seen[strtol(inc + 9, NULL, 10)] = (struct seen){w.now_ms, -1, inc[7], false};
}

static void told(int64_t number, bool singly)
{
	if (seen[number].told_ms >= 0)
		return;
	seen[number].told_ms = w.now_ms;
	seen[number].singly = singly;
}

static void see_notice(const struct notice *n)
{
	bool to_wang = !strcmp(n->person, "wang");

	if (n->kind == NOTICE_SUMMARY) {
		summaries += to_wang;
		if (to_wang)
			snprintf(last_summary, sizeof last_summary, "%s", n->text);
		assert_null(n->incident);
		for (const char *at = n->covers; *at;) {
			char *end;
			long number = strtol(at, &end, 10);

			assert_true(seen[number].hazard != 'F');
			told(number, false);
			at = *end ? end + 1 : end;
		}
	} else if (n->kind == NOTICE_CALL) {
		lower_singly += n->incident[0] != 'F' && to_wang;
		told(strtol(n->incident + 2, NULL, 10), true);
	}
}

static void see(const struct life_world *world)
{
	bool lower = false;

	for (int i = 0; i < world->fx.n; i++) {
		const struct effect *f = &world->fx.at[i];

		if (f->kind == EFFECT_AUDIT)
			see_row(&f->row);
		if (f->kind != EFFECT_NOTICE)
			continue;
		assert_false(lower && f->notice.hazard == HAZARD_FIRE); /* fire leaves first */
		lower |= f->notice.hazard != HAZARD_FIRE;
	}
	for (int i = 0; i < world->fx.n; i++)
		if (world->fx.at[i].kind == EFFECT_NOTICE)
			see_notice(&world->fx.at[i].notice);
}

static char *crowd(void)
{
	static const char *const kinds[] = {"smoke", "leak", "hatch", "hatch", "hatch"};
	struct buf b = {0};

	buf_str(&b, "site: {id: plaza, name: {zh: 广场, en: Plaza}, timezone: Asia/Shanghai}\n"
	            "broker: {url: \"mqtt://127.0.0.1:1883\", version: 5}\n"
	            "store: {path: /var/lib/tocsin/tocsin.db}\n"
	            "languages: [zh, en]\n"
	            "people: {wang: {name: Wang, language: en, channels: [page]},\n"
	            "  li: {name: Li, language: zh, channels: [page]}}\n"
	            "roles: {guard: {name: guard, holder: wang}, chief: {name: chief, holder: li}}\n"
	            "chains: {both: {levels: [{call: [guard], wait: 30s}, {call: [chief], wait: 60s}]}}\n"
	            "channels: {page: {plugin: page, timeout: 10m}}\n"
	            "incidents:\n"
	            "  blaze: {title: Blaze, hazard: fire, severity: critical, per: sensor, chain: both, "
	            "when: {of: {kind: smoke}, is: alarm}}\n"
	            "  wet: {title: Wet, hazard: water, severity: major, per: sensor, chain: both, "
	            "when: {of: {kind: leak}, is: alarm}}\n"
	            "  hatch: {title: Hatch, hazard: other, severity: minor, per: sensor, chain: both, "
	            "when: {of: {kind: hatch}, is: alarm}}\n"
	            "zones:\n");
	for (int z = 0; z < SENSORS / 20; z++)
		buf_printf(&b, "  z%d: {name: Zone %d}\n", z, z);
	buf_str(&b, "sensors:\n");
	for (int i = 0; i < SENSORS; i++)
		buf_printf(&b, "  s%d: {kind: %s, zone: z%d, topic: s/%d}\n", i, kinds[i % 5], i / 20, i);
	return buf_steal(&b);
}

static bool says_flood(void)
{
	struct heartbeat_extra x = {.now_ms = w.now_ms, .store = "ok", .broker = "up"};
	struct buf b = {0};
	bool on;

	engine_view_heartbeat(w.e, &x, &b);
	on = strstr(buf_text(&b), "\"flood\":true") != NULL;
	buf_fini(&b);
	return on;
}

static void pour(void)
{
	char sensor[16];

	for (int i = 0; i < MESSAGES; i++) {
		snprintf(sensor, sizeof sensor, "s%d", i * 7 % SENSORS);
		life_reading(&w, sensor, READING_VALUE, "alarm");
		w.now_ms++;
	}
}

static void check_told(int from)
{
	int fires = 0, rest = 0;

	for (int i = from; i < from + opened; i++) {
		const struct seen *s = &seen[i];

		assert_true(s->told_ms >= 0);
		if (s->hazard == 'F') {
			fires++;
			assert_true(s->singly);
			assert_int_equal(s->told_ms, s->opened_ms); /* in the very turn */
		} else {
			rest++;
			assert_true(s->told_ms - s->opened_ms <= FLOOD_EVERY_MS);
		}
	}
	assert_int_equal(fires, SENSORS / 5);
	assert_int_equal(rest, SENSORS - SENSORS / 5);
}

static void test_flood(void **state)
{
	char *yaml = crowd();
	struct plan *many = life_plan_of(yaml);
	int64_t before;

	(void)state;
	life_begin(&w, many);
	last_seq = engine_seq(w.e);
	w.after = see;
	before = (int64_t)mallinfo2().uordblks;
	pour();
	assert_int_equal(opened, SENSORS);
	assert_true(says_flood());
	life_until(&w, w.now_ms + FLOOD_EVERY_MS);
	assert_true((int64_t)mallinfo2().uordblks - before < MEMORY_MAX);
	check_told(1);
	assert_true(lower_singly <= FLOOD_NOTICES);
	assert_int_equal(summaries, 1);
	assert_non_null(strstr(last_summary, "Reply: "));

	/* who has read only the summary acknowledges all but the fires, and it ends */
	life_command(&w, "wang", (struct command){.verb = VERB_ACK, .all = true});
	assert_int_equal(engine_unacked(w.e), SENSORS / 5);
	w.now_ms += CAPS_COMMANDS_MS;
	for (int i = 1; i <= SENSORS; i++)
		if (seen[i].hazard == 'F')
			life_command(&w, "wang", (struct command){.verb = VERB_ACK, .id = i});
	assert_int_equal(engine_unacked(w.e), 0);
	life_until(&w, w.now_ms + FLOOD_MS + 3 * MINUTE_MS);
	assert_false(says_flood());
	assert_true(flood_began >= 1);
	assert_int_equal(flood_ended, flood_began);
	life_end(&w);
	plan_free(many);
	free(yaml);
}

/* -- few -- */

static void begin(void)
{
	memset(seen, 0, sizeof seen);
	opened = summaries = lower_singly = flood_began = flood_ended = 0;
	life_begin(&w, plan);
	last_seq = engine_seq(w.e);
	w.after = see;
}

static void alarm_of(int sensor)
{
	char id[16];

	snprintf(id, sizeof id, "s%d", sensor);
	life_reading(&w, id, READING_VALUE, "alarm");
}

/* Ten are no flood; the eleventh is held, and told five seconds later as it is. */
static void test_edges(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < FLOOD_NOTICES; i++)
		alarm_of(2 + 5 * i);
	assert_int_equal(lower_singly, FLOOD_NOTICES);
	assert_int_equal(flood_began, 0);
	alarm_of(3);
	assert_int_equal(flood_began, 1);
	assert_int_equal(lower_singly, FLOOD_NOTICES);
	life_until(&w, w.now_ms + FLOOD_FIRST_MS - 1);
	assert_int_equal(lower_singly, FLOOD_NOTICES);
	life_until(&w, w.now_ms + 1);
	assert_int_equal(lower_singly, FLOOD_NOTICES + 1);
	assert_int_equal(summaries, 0); /* one alone is not summed up */
	life_end(&w);
}

/* The same in more than ten minutes is none. */
static void test_slow(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 2 * FLOOD_NOTICES; i++) {
		alarm_of(2 + 5 * i);
		life_command(&w, "wang", (struct command){.verb = VERB_ACK, .id = i + 1});
		life_until(&w, w.now_ms + FLOOD_MS / FLOOD_NOTICES + 1);
	}
	assert_int_equal(flood_began, 0);
	life_end(&w);
}

/* What is held survives a restart, and so does the time of its summary. */
static void test_restart(void **state)
{
	struct event started = {.kind = EVENT_STARTED,
	                        .started = {.host = "h", .boot = "b", .version = "v", .epoch = 2}};
	struct records all;
	uint64_t digest;

	(void)state;
	begin();
	for (int i = 0; i < 15; i++)
		alarm_of(2 + 5 * i);
	records_init(&all);
	engine_save_all(w.e, &all);
	digest = engine_digest(w.e);
	engine_free(w.e);
	w.e = engine_new(plan);
	assert_int_equal(engine_restore(w.e, all.at, all.n, NULL, NULL), 0);
	assert_int_equal(engine_digest(w.e), digest);
	records_fini(&all);
	w.after = NULL;
	life_event(&w, &started);
	w.after = see;
	last_seq = engine_seq(w.e);
	life_until(&w, w.now_ms + FLOOD_FIRST_MS);
	assert_int_equal(summaries, 1);
	assert_non_null(strstr(last_summary, "5 in one: Hatch"));
	life_end(&w);
}

static int setup(void **state)
{
	char *yaml = crowd();

	(void)state;
	plan = life_plan_of(yaml);
	free(yaml);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	plan_free(plan);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_flood),
	    cmocka_unit_test(test_edges),
	    cmocka_unit_test(test_slow),
	    cmocka_unit_test(test_restart),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
