/* Several files: shipped entries under the site's own, profiles under sensors. */
#include "test.h"

#include "language/keys.h"

static void site_entry_lies_over_the_shipped_one(void **state)
{
	const char *texts[] = {
	    HEAD "sensors:\n" LEAK "incidents: {x: {severity: minor, title: {en: Mine}, chain: high}}\n"
	         "playbooks: {p: {b: {task: mine, who: boss}, c: {task: more, who: duty}}}\n",
	    "incidents: {x: {hazard: water, severity: major, when: {of: {kind: leak}}, title: Shipped, "
	    "remind: 2h, playbook: p}}\n"
	    "playbooks: {p: {a: {task: one, who: duty}, b: {task: two, who: duty, within: 3m}}}\n"};
	struct run run;
	const struct plan *p = run_good(&run, texts, 2);
	const struct incident_type *t = &p->types[plan_type(p, "x")];
	const struct playbook *b = &p->playbooks[t->playbook];

	(void)state;
	assert_int_equal(run.problems.n, 0);
	assert_int_equal(t->hazard, HAZARD_WATER);
	assert_int_equal(t->severity, SEVERITY_MINOR);
	assert_int_equal(t->remind_ms, 7200000);
	assert_int_equal(t->chain, 1);
	assert_string_equal(t->title.in[LANG_ZH], "Mine");
	assert_int_equal(b->n_steps, 3);
	assert_string_equal(b->steps[1].id, "b");
	assert_string_equal(b->steps[1].text.in[0], "mine");
	assert_int_equal(b->steps[1].within_ms, 600000); /* the step is replaced as a whole */
	assert_string_equal(b->steps[2].id, "c");
	run_end(&run);
}

static void later_include_wins(void **state)
{
	const char *texts[] = {HEAD, "incidents: {x: {hazard: water, severity: major}}\n",
	                       "incidents: {x: {severity: minor}}\n"};
	struct run run;
	const struct plan *p = run_good(&run, texts, 3);

	(void)state;
	assert_int_equal(p->types[plan_type(p, "x")].severity, SEVERITY_MINOR);
	run_end(&run);
}

static void switched_off(void **state)
{
	const char *texts[] = {
	    HEAD "incidents: {x: {enabled: false}, y: {enabled: false}}\n"
	         "playbooks: {p: {a: {enabled: false}}}\n",
	    "incidents: {x: {hazard: water, severity: major}, y: {hazard: fire, severity: critical}}\n"
	    "playbooks: {p: {a: {task: one, who: duty}, b: {task: two, who: duty, after: a}}}\n"};
	struct run run;
	const struct plan *p = run_good(&run, texts, 2);

	(void)state;
	assert_int_equal(plan_type(p, "x"), -1);
	assert_int_equal(plan_type(p, "y"), -1);
	assert_says(&run, "warning: incident 'y' is switched off");
	assert_says(&run, "warning: step 'b' does not wait for 'a', which is ignored");
	assert_null(strstr(buf_text(&run.text), "incident 'x'"));
	assert_int_equal(p->playbooks[0].n_steps, 1);
	assert_int_equal(p->playbooks[0].steps[0].n_after, 0);
	run_end(&run);
}

static void reference_to_what_is_off(void **state)
{
	(void)state;
	assert_text_says(HEAD "sensors: {a: {enabled: false}}\n"
	                      "incidents: {x: {hazard: water, severity: major, when: {sensor: a}}}\n",
	                 "= help: it is switched off at main.yaml:7:11");
}

static void twice_in_two_files(void **state)
{
	const char *texts[] = {HEAD "sensors:\n" LEAK, "sensors:\n" LEAK};
	struct run run;

	(void)state;
	run_texts(&run, texts, 2);
	assert_null(run.plan);
	assert_says(&run, "main.yaml:8:3: error: sensor 'leak-1' is defined in two files");
	assert_says(&run, "the other is at one.yaml:2:3");
	run_end(&run);
}

static void problems_stand_in_the_order_of_the_files(void **state)
{
	const char *texts[] = {HEAD "store: {pth: /x}\nstor: {}\n", "sensor: {}\n",
	                       "include: [x]\nzone: {}\n"};
	struct run run;
	static const struct {
		const char *file;
		int line;
	} order[] = {{"main.yaml", 7}, {"main.yaml", 8}, {"one.yaml", 1}, {"two.yaml", 1}, {"two.yaml", 2}};

	(void)state;
	run_texts(&run, texts, 3);
	assert_int_equal(run.problems.n, 5);
	for (int i = 0; i < 5; i++) {
		assert_string_equal(run.problems.at[i].file, order[i].file);
		assert_int_equal(run.problems.at[i].line, order[i].line);
	}
	run_end(&run);
}

static void one_broken_file_of_two(void **state)
{
	const char *texts[] = {HEAD "sensors:\n  a: {kind: \"x\n", "sensors: {b: [}\n"};
	struct run run;

	(void)state;
	run_texts(&run, texts, 2);
	assert_null(run.plan);
	assert_int_equal(run.problems.n_errors, 2);
	assert_string_equal(run.problems.at[1].file, "one.yaml");
	run_end(&run);
}

static void profile_under_the_sensor(void **state)
{
	const char *texts[] = {
	    HEAD "sensors:\n"
	         "  a: {kind: leak, zone: b2, topic: zigbee2mqtt/b2/leak, profile: z, value: /water_leak}\n"
	         "  b: {kind: leak, zone: b2, topic: zigbee2mqtt/+, profile: z, silent_after: 1h, words: "
	         "{alarm: x}}\n",
	    "profiles:\n  z:\n    words: {alarm: [\"true\", ON], normal: [\"false\", OFF]}\n    "
	    "silent_after: 25h\n"
	    "    availability: {topic: \"{topic}/availability\", value: /state, online: [online], offline: "
	    "[offline]}\n"
	    "incidents: {x: {hazard: water, severity: major, playbook: p, when: {of: {kind: leak}}}}\n" BOOK};
	struct run run;
	const struct plan *p = run_good(&run, texts, 2);
	const struct sensor_def *a = &p->sensors[0], *b = &p->sensors[1];

	(void)state;
	assert_int_equal(run.problems.n, 0);
	assert_int_equal(a->n_words, 2);
	assert_string_equal(a->words[0].texts.at[1], "ON");
	assert_int_equal(a->silent_after_ms, 25 * 3600000);
	assert_string_equal(a->availability.topic, "zigbee2mqtt/b2/leak/availability");
	assert_string_equal(a->availability.value.keys.at[0], "state");
	assert_false(a->availability.value.whole);
	assert_int_equal(b->silent_after_ms, 3600000);
	assert_int_equal(b->n_words, 1);
	assert_string_equal(b->availability.topic, "zigbee2mqtt/{1}/availability");
	assert_true(b->is_family);
	run_end(&run);
}

static void families(void **state)
{
	struct run run;
	const struct plan *p =
	    run_one(&run, HEAD "sensors:\n"
	                       "  a: {kind: leak, zone: b2, topic: x/+/leak, words: {alarm: \"1\"}}\n"
	                       "  b: {kind: leak, zone: \"{1}\", topic: x/+/+/leak, id: \"l-{2}\"}\n"
	                       "  c: {kind: leak, zone: \"z-{1}\", topic: y/+/#}\n");

	(void)state;
	assert_string_equal(p->sensors[0].id, "a-{1}");
	assert_int_equal(p->sensors[0].zone, 0);
	assert_string_equal(p->sensors[1].id, "l-{2}");
	assert_int_equal(p->sensors[1].zone, -1);
	assert_string_equal(p->sensors[1].zone_pattern, "{1}");
	assert_string_equal(p->sensors[2].id, "c-{1}-{2}");
	run_end(&run);
	assert_text_says(HEAD "sensors:\n  a: {kind: leak, zone: b2, topic: +/+/+/+/+/+/+/+/+/+}\n",
	                 "error: a topic can have at most 9 wildcards");
}

static void qos_is_the_highest_safe_one(void **state)
{
	struct run run;
	const struct plan *p =
	    run_one(&run, HEAD
	            "sensors:\n"
	            "  t1: {kind: temperature, zone: b2, topic: t1, unit: C}\n"
	            "  t2: {kind: temperature, zone: b2, topic: t2, unit: C}\n"
	            "  t3: {kind: temperature, zone: b2, topic: t3, unit: C, qos: 1}\n"
	            "  p1: {kind: pressure, zone: b2, topic: p1, unit: bar}\n"
	            "  d1: {kind: door, zone: b2, topic: d1}\n"
	            "  d2: {kind: door, zone: b2, topic: d2, qos: 0}\n"
	            "  g1: {kind: gas, zone: b2, topic: g1, qos: 0}\n"
	            "incidents:\n"
	            "  hot: {hazard: fire, severity: critical, when: {any: [{sensor: t2, above: 60}, {of: "
	            "{kind: pressure}, above: 9}]}}\n"
	            "  warm: {hazard: other, severity: minor, when: {of: {kind: temperature}, above: 40}}\n"
	            "  gas: {hazard: gas, severity: critical, when: {sensor: g1, is: alarm}}\n");

	(void)state;
	assert_int_equal(p->sensors[0].qos, 0);
	assert_int_equal(p->sensors[1].qos, 1);
	assert_int_equal(p->sensors[2].qos, 1);
	assert_int_equal(p->sensors[3].qos, 1);
	assert_int_equal(p->sensors[4].qos, 1);
	assert_int_equal(p->sensors[5].qos, 0);
	assert_int_equal(p->sensors[6].qos, 0);
	assert_says(&run,
	            "warning: qos 0 can lose a message, and incident 'gas' (gas) depends on this sensor");
	run_end(&run);
}

static void includes_are_named(void **state)
{
	const char *text = HEAD "include: [/usr/share/a/*.yaml, conf.d/*.yaml]\n";
	struct source s = {"main.yaml", text, strlen(text)}, broken = {"main.yaml", "include: [a\n", 12};
	struct arena arena;
	struct strings got;

	(void)state;
	arena_init(&arena);
	got = language_includes(&s, &arena);
	assert_int_equal(got.n, 2);
	assert_string_equal(got.at[1], "conf.d/*.yaml");
	assert_int_equal(language_includes(&broken, &arena).n, 0);
	arena_fini(&arena);
}

static void steps_follow(void **state)
{
	struct run run;
	const struct plan *p =
	    run_one(&run, HEAD "playbooks:\n  p:\n"
	                       "    a: {command: {kind: fan, action: \"on\"}, on_failed: b}\n"
	                       "    b: {task: by hand, who: duty}\n"
	                       "    c: {decide: what, who: duty, after: [a, b], when: {b: done}, choices: "
	                       "{x: X, y: Y}, otherwise: y}\n"
	                       "    d: {notify: [duty, boss], text: t, when: {c: [x, y]}}\n");
	const struct step *s = p->playbooks[0].steps;

	(void)state;
	assert_int_equal(s[1].n_after, 1);
	assert_int_equal(s[1].after[0].step, 0);
	assert_int_equal(s[1].after[0].results.n, 2);
	assert_int_equal(s[2].n_after, 2);
	assert_int_equal(s[2].after[0].results.n, 0);
	assert_string_equal(s[2].after[1].results.at[0], "done");
	assert_int_equal(s[2].within_ms, 600000);
	assert_int_equal(s[3].notify.n, 2);
	assert_int_equal(s[3].within_ms, 0);
	assert_int_equal(s[3].after[0].results.n, 2);
	assert_int_equal(p->playbooks[0].first, 1); /* the first task or decide */
	assert_true(s[1].first);
	run_end(&run);
}

static void command_that_an_interlock_refuses(void **state)
{
	static const char text[] =
	    HEAD "actuators:\n"
	         "  v1: {kind: gas-valve, zone: b2, serves: b2, topic: v1, actions: {close: {send: C}}}\n"
	         "  v2: {kind: gas-valve, zone: b2, serves: b2, topic: v2, actions: {close: {send: C}}, safe_in: "
	         "[gas]}\n"
	         "interlocks: {no-sparks: {while: {hazard: gas}, reach: parent, forbid: all}}\n"
	         "incidents: {x: {hazard: gas, severity: critical, playbook: p}}\n"
	         "playbooks: {p: {shut: {command: {kind: gas-valve, action: close}}}}\n";
	struct run run;

	(void)state;
	run_one(&run, text);
	assert_int_equal(run.problems.n, 1);
	assert_says(&run, "8:3: warning: interlock 'no-sparks' can refuse 'v1' to 'shut', a step of 'x'");
	run_end(&run);
}

static void problem_of_a_profile_is_told_once(void **state)
{
	struct buf b = {0};
	const char *text;
	struct run run;

	(void)state;
	buf_str(&b, HEAD "profiles: {z: {silent_after: soon}}\nsensors:\n");
	for (int i = 0; i < 300; i++)
		buf_printf(&b, "  s%d: {kind: leak, zone: b%d, topic: t, profile: z}\n", i, i);
	text = buf_text(&b);
	run_texts(&run, &text, 1);
	assert_int_equal(run.problems.n, 1 + 299); /* and the zones that do not exist */
	assert_int_equal(run.problems.n_errors, 1 + 299);
	run_end(&run);
	buf_fini(&b);
}

static void too_many_steps(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_str(&b, HEAD "playbooks:\n  p:\n");
	for (int i = 0; i < 201; i++)
		buf_printf(&b, "    s%d: {task: go, who: duty}\n", i);
	assert_text_says(buf_text(&b), "8:3: error: playbook 'p' has more than 200 steps");
	buf_fini(&b);
}

static void every_key_has_its_help(void **state)
{
	int n;
	const struct table *const *tables = language_keys(&n);

	(void)state;
	assert_true(n > 25);
	for (int i = 0; i < n; i++)
		for (int k = 0; k < tables[i]->n; k++) {
			assert_non_null(tables[i]->keys[k].help);
			assert_true(strlen(tables[i]->keys[k].help) > 3);
			for (int j = 0; j < k; j++)
				assert_string_not_equal(tables[i]->keys[j].name, tables[i]->keys[k].name);
		}
}

static void large_site_is_read(void **state)
{
	struct buf files[3] = {{0}};
	const char *texts[4] = {
	    HEAD "incidents: {x: {hazard: water, severity: major, when: {of: {kind: leak}}}}\n"};
	struct run run;

	(void)state;
	for (int f = 0; f < 3; f++) {
		buf_str(&files[f], "sensors:\n");
		for (int i = 0; i < 7000; i++)
			buf_printf(&files[f],
			           "  leak-%d-%d: {kind: leak, zone: b2, topic: leak/%d/%d, words: {alarm: "
			           "\"1\", normal: \"0\"}}\n",
			           f, i, f, i);
		texts[f + 1] = buf_text(&files[f]);
	}
	assert_int_equal(run_good(&run, texts, 4)->n_sensors, 21000);
	run_end(&run);
	for (int f = 0; f < 3; f++)
		buf_fini(&files[f]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(site_entry_lies_over_the_shipped_one),
	    cmocka_unit_test(later_include_wins),
	    cmocka_unit_test(switched_off),
	    cmocka_unit_test(reference_to_what_is_off),
	    cmocka_unit_test(twice_in_two_files),
	    cmocka_unit_test(problems_stand_in_the_order_of_the_files),
	    cmocka_unit_test(one_broken_file_of_two),
	    cmocka_unit_test(profile_under_the_sensor),
	    cmocka_unit_test(families),
	    cmocka_unit_test(qos_is_the_highest_safe_one),
	    cmocka_unit_test(includes_are_named),
	    cmocka_unit_test(steps_follow),
	    cmocka_unit_test(command_that_an_interlock_refuses),
	    cmocka_unit_test(problem_of_a_profile_is_told_once),
	    cmocka_unit_test(too_many_steps),
	    cmocka_unit_test(every_key_has_its_help),
	    cmocka_unit_test(large_site_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
