/* The words of conditions that look at more than the present value: windows,
 * votes, hours; what belongs beside them; and the eight conditions that a
 * building has, as one file. */
#include "test.h"

#include <glob.h>

static const struct incident_type *type_of(struct run *run, const char *body)
{
	char text[4096];
	const struct plan *p;

	snprintf(text, sizeof text, "%s  x: {hazard: gas, severity: major, playbook: p, %s}\n",
	         HEAD BOOK "sensors:\n" GAS LEAK "incidents:\n", body);
	p = run_one(run, text);
	return &p->types[plan_type(p, "x")];
}

static void test_windows(void **state)
{
	static const struct {
		const char *text;
		struct test test;
	} cases[] = {
	    {"outside: [5, 20 %LEL]",
	     {.op = TEST_OUTSIDE,
	      .low_milli = 5000,
	      .low_clear_milli = 5000,
	      .limit_milli = 20000,
	      .clear_milli = 20000}},
	    {"outside: [-5, 20], clear_above: 1, clear_below: 18.5",
	     {.op = TEST_OUTSIDE,
	      .low_milli = -5000,
	      .low_clear_milli = 1000,
	      .limit_milli = 20000,
	      .clear_milli = 18500}},
	    {"rises: 8.3, over: 60s",
	     {.op = TEST_RISES, .limit_milli = 8300, .clear_milli = 8300, .over_ms = 60000}},
	    {"falls: 1 %LEL, over: 500ms",
	     {.op = TEST_FALLS, .limit_milli = 1000, .clear_milli = 1000, .over_ms = 500}},
	    {"changes: 6, over: 1h", {.op = TEST_CHANGES, .changes = 6, .over_ms = 3600000}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		struct run run;
		const struct test *t, *want = &cases[i].test;

		snprintf(text, sizeof text, "when: {sensor: gas-1, %s}", cases[i].text);
		t = &type_of(&run, text)->grades[0].when.test;
		assert_int_equal(t->op, want->op);
		assert_int_equal(t->limit_milli, want->limit_milli);
		assert_int_equal(t->clear_milli, want->clear_milli);
		assert_int_equal(t->low_milli, want->low_milli);
		assert_int_equal(t->low_clear_milli, want->low_clear_milli);
		assert_int_equal(t->over_ms, want->over_ms);
		assert_int_equal(t->changes, want->changes);
		run_end(&run);
	}
}

static void test_grades(void **state)
{
	struct run run;
	const struct incident_type *t = type_of(
	    &run,
	    "when: {of: {kind: gas}}, for: 9s, clear_for: 1m, grades: {slow: {rises: 5, over: 1m}, "
	    "fast: {rises: 20, over: 30s, for: 2s, severity: critical}, far: {outside: [0, 50], severity: "
	    "critical}}");

	(void)state;
	assert_int_equal(t->n_grades, 3);
	assert_int_equal(t->grades[0].when.test.over_ms, 60000);
	assert_int_equal(t->grades[0].when.for_ms, 9000); /* the type's */
	assert_int_equal(t->grades[1].when.test.limit_milli, 20000);
	assert_int_equal(t->grades[1].when.for_ms, 2000); /* its own */
	assert_int_equal(t->grades[1].when.clear_for_ms, 60000);
	assert_int_equal(t->grades[2].when.test.op, TEST_OUTSIDE);
	run_end(&run);
}

static void test_votes(void **state)
{
	struct run run;
	const struct incident_type *t =
	    type_of(&run, "pre_alarm: 15s, staffed: \"mon-fri 08:00-18:00\", schedule: [\"22:00-06:00\", "
	                  "\"sat,sun 00:00-24:00\"], "
	                  "per: site, when: {any: [{at_least: 2, of: {kind: [gas, leak]}, is: alarm, within: "
	                  "60s, degrade: true, for: "
	                  "3s}, {all: [{sensor: leak-1, is: alarm}, {sensor: gas-1, above: 3, schedule: "
	                  "\"8:00-9:00\"}], within: "
	                  "2m}]}");
	const struct cond *any = &t->grades[0].when, *vote = &any->kids[0], *all = &any->kids[1];

	(void)state;
	assert_int_equal(vote->op, COND_VOTE);
	assert_int_equal(vote->at_least, 2);
	assert_true(vote->degrade);
	assert_int_equal(vote->for_ms, 3000);
	assert_int_equal(vote->n_kids, 1);
	assert_int_equal(vote->kids[0].op, COND_TEST);
	assert_int_equal(vote->kids[0].test.op, TEST_IS);
	assert_int_equal(vote->kids[0].hold_ms, 60000);
	assert_int_equal(vote->kids[0].for_ms, 0);
	assert_true(vote->kids[0].is_voter);
	assert_int_equal(all->kids[0].hold_ms, 120000);
	assert_int_equal(all->kids[1].hold_ms, 120000);
	assert_false(all->kids[1].is_voter);
	assert_int_equal(all->kids[1].schedule->at[0].to_min, 540);
	assert_null(all->schedule);
	assert_int_equal(t->staffed.n, 1);
	assert_int_equal(t->staffed.at[0].days, 0x3e);
	assert_int_equal(t->schedule.n, 2);
	assert_int_equal(t->n_nodes, 6);
	run_end(&run);
	t = type_of(&run, "degrade: true, when: {at_least: 1, of: {kind: leak, zone: b2}}");
	assert_true(t->grades[0].when.degrade);
	assert_int_equal(t->grades[0].when.kids[0].zone, plan_zone(run.plan, "b2"));
	assert_string_equal(t->grades[0].when.kids[0].test.words.at[0], "alarm");
	run_end(&run);
}

static void test_what_belongs_to_what(void **state)
{
	static const char *const cases[][2] = {
	    {"when: {sensor: gas-1, rises: 5}", "error: 'rises' needs 'over'"},
	    {"when: {sensor: gas-1, changes: 5}", "error: 'changes' needs 'over'"},
	    {"when: {sensor: gas-1, above: 5, over: 3s}",
	     "error: 'over' belongs to 'rises', 'falls' or 'changes'"},
	    {"when: {sensor: gas-1, rises: 0, over: 3s}", "error: by how much must be more than 0"},
	    {"when: {sensor: gas-1, falls: -1, over: 3s}", "error: by how much must be more than 0"},
	    {"when: {sensor: gas-1, rises: 5 V, over: 3s}",
	     "error: the limit is in 'V', but sensor 'gas-1' measures '%LEL'"},
	    {"when: {sensor: gas-1, changes: 65, over: 3s}",
	     "error: 'changes' must be a whole number from 1 to 64"},
	    {"when: {sensor: gas-1, outside: [20, 5]}",
	     "error: 'outside' leaves no number between its limits"},
	    {"when: {sensor: gas-1, outside: [5, 20], clear_above: 18, clear_below: 6}",
	     "error: 'outside' leaves no number between its limits"},
	    {"when: {sensor: gas-1, outside: [5, 20], clear_above: 4}",
	     "error: 'clear_above' must not be lower"},
	    {"when: {sensor: gas-1, outside: 5}", "error: 'outside' must be two numbers: [low, high]"},
	    {"when: {sensor: gas-1, outside: [1 V, 2 A]}", "error: one limit is in 'V', the other in 'A'"},
	    {"when: {sensor: gas-1, at_least: 2, above: 3}", "error: 'at_least' needs 'of'"},
	    {"when: {of: {kind: gas}, above: 3, degrade: true}", "error: 'degrade' belongs to 'at_least'"},
	    {"when: {of: {kind: gas}, above: 3, within: 3s}",
	     "error: 'within' belongs to 'at_least' or 'all'"},
	    {"when: {any: [{sensor: gas-1, above: 3}], within: 3s}",
	     "error: 'within' belongs to 'at_least' or 'all'"},
	    {"when: {of: {kind: gas}, above: 3}, schedule: \"22-6\"", "error: '22-6' are no hours"},
	    {"when: {of: {kind: gas}, above: 3, schedule: \"8:00-8:00\"}", "error: '8:00-8:00' are no hours"},
	    {"when: {of: {kind: gas}, above: 3}, staffed: []", "error: 'staffed' has no hours"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[2048];

		snprintf(text, sizeof text, "%s  x: {hazard: gas, severity: major, playbook: p, %s}\n",
		         HEAD BOOK "sensors:\n" GAS LEAK "incidents:\n", cases[i][0]);
		assert_text_says(text, cases[i][1]);
	}
}

static char *slurp(const char *path)
{
	struct buf b = {0};
	char block[4096];
	size_t n;
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		buf_add(&b, block, n);
	fclose(f);
	return buf_steal(&b);
}

static void test_eight_conditions(void **state)
{
	static const char *const ids[] = {"gas-leak",      "fire-3f",        "mains-loss",    "burst-pipe",
	                                  "sensor-silent", "bridge-offline", "door-flapping", "heat-rise"};
	struct source sources[16];
	struct problems problems;
	struct buf said = {0};
	struct plan *plan;
	glob_t found;
	int n = 0;

	(void)state;
	assert_int_equal(glob(SOURCE_DIR "/rules/profiles/*.yaml", 0, NULL, &found), 0);
	sources[n].name = "conditions.yaml";
	sources[n++].bytes = slurp(SOURCE_DIR "/tests/rehearsal/conditions.yaml");
	for (size_t i = 0; i < found.gl_pathc && n < 16; i++) {
		sources[n].name = found.gl_pathv[i];
		sources[n++].bytes = slurp(found.gl_pathv[i]);
	}
	for (int i = 0; i < n; i++)
		sources[i].len = strlen(sources[i].bytes);
	problems_init(&problems);
	plan = language_read(sources, n, &problems);
	problems_print(&problems, &said);
	if (!plan || problems.n_errors)
		fail_msg("%s", buf_text(&said));
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		assert_true(plan_type(plan, ids[i]) >= 0);
	assert_int_equal(plan->types[plan_type(plan, "fire-3f")].grades[0].when.op, COND_VOTE);
	assert_int_equal(plan->types[plan_type(plan, "mains-loss")].grades[0].when.clear_for_ms, 30000);
	plan_free(plan);
	problems_fini(&problems);
	buf_fini(&said);
	for (int i = 0; i < n; i++)
		free((char *)(void *)sources[i].bytes);
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_windows),
	    cmocka_unit_test(test_grades),
	    cmocka_unit_test(test_votes),
	    cmocka_unit_test(test_what_belongs_to_what),
	    cmocka_unit_test(test_eight_conditions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
