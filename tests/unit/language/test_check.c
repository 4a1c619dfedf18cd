/* What is proved of a whole plan: where the broken files show one mistake
 * each, here is what must not be said, and what it may cost. */
#include "test.h"

#include <time.h>

#define SITE(SENSORS, WHEN) \
	HEAD "sensors:\n" SENSORS "incidents: {x: {hazard: gas, severity: major, playbook: p, when: " WHEN \
	     "}}\n" BOOK

static void quiet(const char *text)
{
	struct run run;

	run_one(&run, text);
	if (run.problems.n)
		fail_msg("nothing should be said:\n%s", buf_text(&run.text));
	run_end(&run);
}

/* Each of these can be true, though at first sight it cannot. */
static void what_can_be_true(void **state)
{
	(void)state;
	quiet(SITE(GAS, "{all: [{sensor: gas-1, above: 10}, {sensor: gas-1, below: 25}]}"));
	quiet(SITE(GAS, "{all: [{sensor: gas-1, above: 25, clear_below: 5}, {sensor: gas-1, below: 10}]}"));
	quiet(SITE(GAS, "{all: [{sensor: gas-1, above: 25, clear_for: 5m}, {sensor: gas-1, below: 10}]}"));
	quiet(SITE(GAS, "{all: [{sensor: gas-1, above: 25}, {sensor: gas-1, below: 10}], within: 60s}"));
	quiet(SITE(
	    GAS, "{all: [{sensor: gas-1, above: 25, for: 5s}, {not: {sensor: gas-1, below: 25, for: 9s}}]}"));
	quiet(SITE(GAS "  gas-2: {kind: gas, zone: b2, topic: g2, unit: \"%LEL\"}\n",
	           "{all: [{sensor: gas-1, above: 25}, {sensor: gas-2, below: 10}]}"));
	quiet(SITE(LEAK, "{all: [{sensor: leak-1, is: [alarm, normal]}, {sensor: leak-1, is_not: normal}]}"));
	quiet(
	    SITE(LEAK, "{sensor: leak-1, is: alarm, schedule: \"22:00-06:00\"}, schedule: \"05:00-08:00\""));
	quiet(SITE(LEAK GAS, "{all: [{sensor: gas-1, above: 3}, {not: {sensor: leak-1, is: normal}, schedule: "
	                     "\"22:00-06:00\"}]}"));
	quiet(SITE(
	    "  level: {kind: level, zone: b2, topic: l, unit: m, decode: {from: hex, byte: 0, type: u8}, "
	    "scale: 0.1}\n",
	    "{sensor: level, above: 25}"));
	quiet(SITE("  r: {kind: leak, zone: b2, topic: r, words: {alarm: [\"1\"], normal: [\"0\"]}, "
	           "off_delay: 10s}\n",
	           "{sensor: r, is: normal, for: 1m}"));
}

/* One topic and value that are two things are two sensors. */
static void what_is_not_twice(void **state)
{
	(void)state;
	quiet(SITE("  mild: {kind: gas, zone: b2, topic: s, words: {alarm: [mild]}}\n"
	           "  heavy: {kind: gas, zone: b2, topic: s, words: {alarm: [heavy]}}\n",
	           "{of: {kind: gas}, is: alarm}"));
	quiet(SITE("  a: {kind: gas, zone: b2, topic: s, value: /a, unit: V}\n"
	           "  b: {kind: gas, zone: b2, topic: s, value: /b, unit: V}\n",
	           "{of: {kind: gas}, above: 3}"));
	quiet(SITE("  a: {kind: gas, zone: b2, topic: s/+/x, unit: V}\n"
	           "  b: {kind: gas, zone: b2, topic: s/1/y, unit: V}\n",
	           "{of: {kind: gas}, above: 3}"));
}

/* A file that is no YAML hides neither the mistakes of the others nor makes
 * some up: what is not there may stand in it. */
static void beside_a_broken_file(void **state)
{
	static const char *const texts[] = {
	    HEAD "sensors:\n  a: {kind: leak, zone: b3, topic: a, silent_after: 10}\n"
	         "incidents: {fire: {chain: hgih}, x: {hazard: gas, severity: big, when: {sensor: b}}}\n",
	    "zones: {b3: {name: [}}\n", "roles: {r: {holder: li, deputi: wang}}\n"};
	struct run run;

	(void)state;
	run_texts(&run, texts, 3);
	assert_null(run.plan);
	assert_says(&run, "main.yaml:8:53: error: 'silent_after' must be a duration, not '10'");
	assert_says(&run, "main.yaml:9:61: error: 'severity' cannot be 'big'");
	assert_says(&run, "one.yaml:1:21: error: a value was expected here");
	assert_says(&run, "two.yaml:1:25: error: unknown key 'deputi' in a role");
	assert_int_equal(run.problems.n, 4);
	run_end(&run);
}

static void a_mistake_that_only_the_machine_knows(void **state)
{
	static const char text[] = "zones: {}\nsite: {id: a, timezone: Asia/Shangai}\n";
	static const char *const known[] = {"Asia/Shanghai", "Asia/Tokyo"};
	const struct source main = {"main.yaml", text, sizeof text - 1};
	struct problems p;
	struct buf out = {0};

	(void)state;
	problems_init(&p);
	language_accuse(
	    &main, &(struct accusation){"site", "timezone", "no such zone", "write one", {known, 2}, false}, &p);
	problems_print(&p, &out);
	assert_non_null(strstr(buf_text(&out), "main.yaml:2:25: error: no such zone"));
	assert_non_null(strstr(buf_text(&out), "help: did you mean 'Asia/Shanghai'?"));
	problems_fini(&p);
	buf_fini(&out);
}

/* 20,000 sensors and 10,000 incidents that each look at most of them. */
static void many_of_both_stay_cheap(void **state)
{
	enum { SENSORS = 20000, TYPES = 10000, FILES = 4, LIMIT_S = 6 };
	struct buf b[FILES + 1] = {{0}};
	struct source s[FILES + 1];
	struct problems p;
	struct plan *plan;
	clock_t begin;

	(void)state;
	buf_str(&b[0], HEAD BOOK "incidents:\n");
	for (int i = 0; i < TYPES; i++)
		buf_printf(&b[0],
		           "  x%d: {hazard: gas, severity: major, playbook: p, when: {of: {kind: k}, "
		           "above: 3 V}}\n",
		           i);
	for (int f = 0; f < FILES; f++) {
		buf_str(&b[f + 1], "sensors:\n");
		for (int i = 0; i < SENSORS / FILES; i++)
			buf_printf(&b[f + 1], "  s%d-%d: {kind: %s, zone: b2, topic: t/%d/%d, unit: V}\n", f,
			           i, i % 5 ? "k" : "other", f, i);
	}
	for (int f = 0; f <= FILES; f++)
		s[f] = (struct source){"f.yaml", buf_text(&b[f]), b[f].len};
	problems_init(&p);
	begin = clock();
	plan = language_read(s, FILES + 1, &p);
	assert_true((clock() - begin) / CLOCKS_PER_SEC < LIMIT_S);
	assert_non_null(plan);
	assert_int_equal(p.n + p.n_more, SENSORS / 5); /* at the others nobody looks */
	plan_free(plan);
	problems_fini(&p);
	for (int f = 0; f <= FILES; f++)
		buf_fini(&b[f]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_can_be_true),
	    cmocka_unit_test(what_is_not_twice),
	    cmocka_unit_test(beside_a_broken_file),
	    cmocka_unit_test(a_mistake_that_only_the_machine_knows),
	    cmocka_unit_test(many_of_both_stay_cheap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
