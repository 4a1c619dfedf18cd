/* Conditions: every test, grades over trees, what does not fit together. */
#include "test.h"

static const struct incident_type *type_of(struct run *run, const char *body)
{
	char text[4096];
	const struct plan *p;

	snprintf(text, sizeof text, "%s  x: {hazard: gas, %s}\n", HEAD "sensors:\n" GAS LEAK "incidents:\n",
	         body);
	p = run_one(run, text);
	return &p->types[plan_type(p, "x")];
}

static void leaf_without_test_is_alarm(void **state)
{
	struct run run;
	const struct incident_type *t =
	    type_of(&run, "severity: minor, when: {of: {kind: [leak, gas], zone: b2}, for: 2s}");
	const struct cond *c = &t->grades[0].when;

	(void)state;
	assert_int_equal(t->n_grades, 1);
	assert_string_equal(t->grades[0].id, "");
	assert_int_equal(t->grades[0].severity, SEVERITY_MINOR);
	assert_int_equal(t->remind_ms, 4 * 3600000);
	assert_int_equal(c->sensor, -1);
	assert_int_equal(c->kinds.n, 2);
	assert_int_equal(c->zone, plan_zone(run.plan, "b2"));
	assert_int_equal(c->test.op, TEST_IS);
	assert_string_equal(c->test.words.at[0], "alarm");
	assert_int_equal(c->for_ms, 2000);
	run_end(&run);
}

static void every_test(void **state)
{
	static const struct {
		const char *text;
		enum test_op op;
		int64_t limit, clear, silent;
		const char *word;
	} cases[] = {
	    {"above: 25 %LEL", TEST_ABOVE, 25000, 25000, 0, NULL},
	    {"above: 25%LEL, clear_below: 10", TEST_ABOVE, 25000, 10000, 0, NULL},
	    {"below: -0.5, clear_above: 1.25 %LEL", TEST_BELOW, -500, 1250, 0, NULL},
	    {"above: 1e3", TEST_ABOVE, 1000000, 1000000, 0, NULL},
	    {"is: on", TEST_IS, 0, 0, 0, "on"},
	    {"is_not: [normal, test]", TEST_IS_NOT, 0, 0, 0, "normal"},
	    {"has_word: OB", TEST_HAS_WORD, 0, 0, 0, "OB"},
	    {"silent_for: 10m", TEST_SILENT, 0, 0, 600000, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		struct run run;
		const struct test *t;

		snprintf(text, sizeof text, "severity: major, when: {sensor: gas-1, %s}", cases[i].text);
		t = &type_of(&run, text)->grades[0].when.test;
		assert_int_equal(t->op, cases[i].op);
		assert_int_equal(t->limit_milli, cases[i].limit);
		assert_int_equal(t->clear_milli, cases[i].clear);
		assert_int_equal(t->silent_ms, cases[i].silent);
		if (cases[i].word)
			assert_string_equal(t->words.at[0], cases[i].word);
		run_end(&run);
	}
}

static void grades_fill_bare_leaves_only(void **state)
{
	struct run run;
	const struct incident_type *t = type_of(
	    &run,
	    "severity: critical, when: {any: [{sensor: gas-1}, {all: [{sensor: leak-1, is: alarm, for: 9s}, "
	    "{not: {sensor: gas-1, for: 7s}}]}], clear_for: 4s}, grades: {low: {above: 10, for: 1s, "
	    "severity: major}, "
	    "high: {above: 20, clear_below: 5, for: 2s, latch: true}}");
	const struct cond *low = &t->grades[0].when, *high = &t->grades[1].when;

	(void)state;
	assert_int_equal(t->n_grades, 2);
	assert_int_equal(t->n_nodes, 12);
	assert_int_equal(low->op, COND_ANY);
	assert_int_equal(low->clear_for_ms, 4000);
	assert_int_equal(low->kids[0].test.limit_milli, 10000);
	assert_int_equal(high->kids[0].test.limit_milli, 20000);
	assert_int_equal(high->kids[0].test.clear_milli, 5000);
	assert_int_equal(high->kids[0].for_ms, 2000);
	assert_int_equal(high->kids[1].op, COND_ALL);
	assert_int_equal(high->kids[1].kids[0].test.op, TEST_IS);
	assert_int_equal(high->kids[1].kids[0].for_ms, 9000);
	assert_int_equal(high->kids[1].kids[1].op, COND_NOT);
	assert_int_equal(high->kids[1].kids[1].kids[0].test.limit_milli, 20000);
	assert_int_equal(high->kids[1].kids[1].kids[0].for_ms, 7000); /* its own */
	assert_int_equal(low->node, 0);
	assert_int_equal(low->kids[1].kids[1].kids[0].node, 5);
	assert_int_equal(high->node, 6);
	assert_true(t->latch);
	run_end(&run);
}

static void units_must_match_over_a_kind(void **state)
{
	static const char head[] =
	    HEAD "sensors:\n" GAS "  gas-2: {kind: gas, zone: b2, topic: g2, unit: ppm}\n"
	         "incidents:\n  x: {hazard: gas, severity: major, when: {of: {kind: gas}, ";
	char text[2048];

	(void)state;
	snprintf(text, sizeof text, "%sabove: 10 %%LEL}}\n", head);
	assert_text_says(text, "error: the limit is in '%LEL', but sensor 'gas-2' measures 'ppm'");
	snprintf(text, sizeof text, "%sabove: 10}}\n", head);
	assert_text_says(text,
	                 "warning: the limit has no unit, but 'gas-2' measures 'ppm' and 'gas-1' '%LEL'");
}

static void a_number_without_a_unit(void **state)
{
	static const char head[] = HEAD "sensors:\n  a: {kind: gas, zone: b2, topic: a}\n"
	                                "incidents: {x: {hazard: gas, severity: major, when: {";
	char text[2048];

	(void)state;
	snprintf(text, sizeof text, "%sof: {kind: gas}, above: 3 ppm}}}\n", head);
	assert_text_says(
	    text, "8:3: warning: sensor 'a' does not say its unit, and it is compared with a limit in 'ppm'");
	snprintf(text, sizeof text, "%ssensor: a, above: 3 ppm}}}\n", head);
	assert_text_says(text, "error: the limit is in 'ppm', but sensor 'a' has no unit");
}

/* Word sensors of the kind are no concern of a number test. */
static void words_and_numbers_of_one_kind(void **state)
{
	struct run run;

	(void)state;
	run_one(
	    &run, HEAD
	    "sensors:\n" GAS "  gas-2: {kind: gas, zone: b2, topic: g, words: {alarm: \"1\"}}\n"
	    BOOK "incidents:\n  x: {hazard: gas, severity: major, playbook: p, when: {any: [{of: {kind: gas}, "
	    "above: 10 %LEL}, {of: {kind: gas}, is: alarm}]}}\n");
	assert_int_equal(run.problems.n, 0);
	run_end(&run);
}

static void a_sensor_that_cannot_say_alarm(void **state)
{
	(void)state;
	assert_text_says(
	    HEAD "sensors:\n  a: {kind: leak, zone: b2, topic: a}\n"
	         "incidents: {x: {hazard: water, severity: major, when: {of: {kind: leak}}}}\n",
	    "8:3: warning: incident 'x' waits for sensor 'a' to say 'alarm', and no text of it means that");
	assert_text_says(
	    HEAD "sensors:\n  a: {kind: gas, zone: b2, topic: a, words: {alarm: [\"1\"]}}\n"
	         "incidents: {x: {hazard: gas, severity: major, when: {of: {kind: gas}, above: 3}}}\n",
	    "8:3: warning: incident 'x' compares numbers of this kind, but sensor 'a' gives words");
}

static void a_kind_nobody_has(void **state)
{
	(void)state;
	assert_text_says(HEAD "sensors:\n" LEAK
	                      "incidents: {x: {hazard: water, severity: major, when: {of: {kind: leek}}}}\n",
	                 "warning: no sensor is of kind 'leek'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(leaf_without_test_is_alarm),     cmocka_unit_test(every_test),
	    cmocka_unit_test(grades_fill_bare_leaves_only),   cmocka_unit_test(units_must_match_over_a_kind),
	    cmocka_unit_test(a_sensor_that_cannot_say_alarm), cmocka_unit_test(a_number_without_a_unit),
	    cmocka_unit_test(words_and_numbers_of_one_kind),  cmocka_unit_test(a_kind_nobody_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
