/* The edges of suppression: two persons, limits, what breaks a shelf, what is
 * never isolated, detectors and pumps out of service, signs. */
#include "suppress_world.h"

/* -- shelves -- */

static void test_shelf_limits(void **state)
{
	struct incident *inc;

	(void)state;
	begin();
	say("smoke", "alarm");
	inc = of("fire");
	shelve_by("wang", inc->number, 0);
	answered("no_end");
	shelve_by("wang", inc->number, 2 * HOUR);
	answered("too_long");
	shelve_by("zhao", inc->number, HOUR);
	answered("not_yours");
	assert_int_equal(inc->next, NEXT_CALL);
	shelve_by("wang", inc->number, HOUR);
	ok();
	assert_int_equal(inc->next, NEXT_CALL); /* the first of two */
	shelve_by("wang", inc->number, HOUR);
	answered("second_person");
	wait_ms(31 * MINUTE);
	shelve_by("li", inc->number, HOUR); /* too late: he is the first now */
	ok();
	assert_int_equal(inc->shelf.until_ms, 0);
	shelve_by("wang", inc->number, 30 * MINUTE); /* not the same */
	ok();
	assert_int_equal(inc->shelf.until_ms, 0);
	shelve_by("li", inc->number, 30 * MINUTE);
	ok();
	assert_int_equal(inc->next, NEXT_SHELVED);
	assert_string_equal(inc->shelf.by, "wang");
	assert_string_equal(inc->shelf.second, "li");
	assert_int_equal(inc->shelf.asked_ms, 0); /* no record would keep it once the shelf is over */
	assert_int_equal(inc->shelf.asked_for_ms, 0);
	life_end(&w);
}

static void test_shelf_breaks(void **state)
{
	struct incident *inc;
	int64_t rev;

	(void)state;
	begin();
	say("wet", "alarm");
	inc = of("flood");
	shelve_by("wang", inc->number, 8 * HOUR);
	rev = inc->rev;
	n_calls = 0;
	say("wet-2", "alarm");
	assert_int_equal(inc->shelf.until_ms, 0);
	assert_int_equal(inc->rev, rev + 2);
	assert_true(n_calls == 1);
	shelve_by("wang", inc->number, 8 * HOUR);
	say("wet", "normal");
	say("wet-2", "normal");
	assert_int_equal(inc->state, STATE_RTN_UNACKED);
	assert_int_equal(inc->next, NEXT_SHELVED);
	n_calls = 0;
	say("wet", "alarm"); /* once more */
	assert_int_equal(inc->shelf.until_ms, 0);
	assert_int_equal(inc->state, STATE_UNACKED);
	assert_int_equal(n_calls, 1);
	shelve_by("wang", inc->number, 8 * HOUR);
	n_calls = 0;
	simple("li", VERB_ESCALATE, inc->number);
	assert_int_equal(inc->shelf.until_ms, 0);
	assert_true(n_calls > 0);
	life_end(&w);
}

/* Taken, shelved: the reminders wait; then they go on. */
static void test_shelf_of_acked(void **state)
{
	struct incident *inc;

	(void)state;
	begin();
	say("wet", "alarm");
	inc = of("flood");
	simple("wang", VERB_ACK, inc->number);
	shelve_by("wang", inc->number, 4 * HOUR);
	wait_ms(3 * HOUR);
	assert_int_equal(inc->state, STATE_ACKED);
	assert_int_equal(inc->next, NEXT_SHELVED);
	wait_ms(2 * HOUR);
	assert_int_equal(inc->state, STATE_ACKED);
	assert_int_equal(inc->next, NEXT_REMIND);
	life_end(&w);
}

/* -- isolations -- */

static void test_never_isolated(void **state)
{
	static const char *const real[] = {"heat", "call"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin();
		isolate_fire();
		say("smoke", "alarm");
		assert_true(of("fire")->isolated_ms != 0);
		n_calls = 0;
		say(real[i], "alarm");
		assert_int_equal(of("fire")->isolated_ms, 0);
		assert_int_equal(n_calls, 1);
		life_end(&w);
		begin();
		isolate_fire();
		say(real[i], "alarm");
		assert_int_equal(n_calls, 1);
		life_end(&w);
	}
	begin();
	isolate_fire();
	say("smoke-yard", "alarm"); /* another zone */
	assert_int_equal(n_calls, 1);
	say("door", "alarm"); /* another hazard */
	assert_int_equal(n_calls, 2);
	life_command(&w, "zhao", (struct command){.verb = VERB_RAISE, .type = "fire", .zone = "hall", .words = "smells"});
	assert_int_equal(n_calls, 3);
	isolate_by("wang", "gas", HOUR);
	answered("not_now");
	isolate_by("wang", "water", HOUR);
	answered("not_now");
	life_end(&w);
}

static void test_isolation_refusals(void **state)
{
	(void)state;
	begin();
	isolate_by("zhao", "fire", HOUR);
	answered("not_yours");
	isolate_by("wang", "fire", 0);
	answered("no_end");
	isolate_by("wang", "fire", 9 * HOUR);
	answered("too_long");
	isolate_by("wang", "smoke", HOUR);
	answered("unknown_id");
	life_command(&w, "wang", (struct command){.verb = VERB_REJOIN, .zone = "hall", .hazard = "fire"});
	answered("not_now");
	out_by("wang", "heat", HOUR);
	out_by("li", "heat", HOUR);
	ok();
	isolate_by("wang", "fire", HOUR);
	answered("not_now");
	if (!strstr(answer(), "heat"))
		fail_msg("%s", answer());
	life_command(&w, "wang", (struct command){.verb = VERB_BACK, .name = "heat"});
	ok();
	isolate_fire();
	out_by("wang", "heat", HOUR);
	answered("not_now");
	isolate_by("wang", "fire", 2 * HOUR); /* longer: by two persons again */
	isolate_by("wang", "fire", 2 * HOUR);
	answered("second_person");
	isolate_by("li", "fire", 2 * HOUR);
	ok();
	assert_int_equal(impair_isolated(w.e, "hall", HAZARD_FIRE)->due.at_ms, w.now_ms + 2 * HOUR);
	life_end(&w);
}

static bool told(const char *person, const char *words)
{
	for (int i = 0; i < w.fx.n; i++)
		if (w.fx.at[i].kind == EFFECT_NOTICE && !strcmp(w.fx.at[i].notice.person, person) &&
		    strstr(w.fx.at[i].notice.text, words))
			return true;
	return false;
}

/* Who watches hears once, and goes round when the permit is over. */
static void test_who_watches(void **state)
{
	struct incident *round;

	(void)state;
	begin();
	isolate_fire();
	say("smoke", "alarm");
	assert_true(told("zhao", "DH-1"));
	say("smoke", "normal");
	say("smoke", "alarm");
	assert_false(told("zhao", "DH-1"));
	wait_ms(2 * HOUR);
	round = of("hot-work-after-watch");
	assert_non_null(round);
	assert_string_equal(round->watch, "zhao");
	assert_true(was_called(round, "zhao"));
	simple("zhao", VERB_ACK, round->number);
	ok();
	assert_int_equal(round->state, STATE_CLEARED);
	restart(MINUTE);
	round = of("hot-work-after-watch");
	life_command(&w, "zhao", (struct command){.verb = VERB_DONE, .id = round->number, .step = "check-1"});
	ok();
	assert_null(strstr(answer(), "noted"));
	life_command(&w, "zhao", (struct command){.verb = VERB_DONE, .id = round->number, .step = "check-2"});
	assert_int_equal(round->state, STATE_CLOSED);
	life_end(&w);
}

/* While its detectors are isolated nobody can see whether it is over: it is refused, and nothing is changed. */
static void test_no_reset_while_isolated(void **state)
{
	struct incident *inc;
	int64_t rev;

	(void)state;
	begin();
	isolate_fire();
	say("smoke", "alarm");
	inc = of("fire");
	simple("wang", VERB_ACK, inc->number);
	for (int calm = 0; calm < 2; calm++) {
		if (calm)
			say("smoke", "normal");
		assert_int_equal(inc->state, calm ? STATE_LATCHED : STATE_ACKED);
		rev = inc->rev;
		simple("wang", VERB_RESET, inc->number);
		answered("still_active");
		if (calm && !strstr(answer(), "isolated") && !strstr(answer(), "隔离"))
			fail_msg("%s", answer());
		assert_int_equal(inc->rev, rev);
		assert_string_equal(inc->reset_by, "");
	}
	life_command(&w, "li", (struct command){.verb = VERB_REJOIN, .zone = "hall", .hazard = "fire"});
	ok();
	assert_int_equal(inc->isolated_ms, 0);
	if (inc->state == STATE_UNACKED)
		simple("wang", VERB_ACK, inc->number);
	simple("wang", VERB_RESET, inc->number);
	ok();
	simple("li", VERB_RESET, inc->number);
	ok();
	assert_int_equal(inc->state, STATE_CLOSED);
	life_end(&w);
}

/* -- out of service -- */

static int kinds(enum effect_kind kind)
{
	int n = 0;

	for (int i = 0; i < w.fx.n; i++)
		n += w.fx.at[i].kind == kind;
	return n;
}

static void test_pump_out(void **state)
{
	struct incident *inc;

	(void)state;
	begin();
	out_by("wang", "pump", HOUR);
	ok();
	assert_string_equal(actuator_out(w.e, "pump"), "out of service");
	life_command(&w, "wang", (struct command){.verb = VERB_OPERATE, .actuator = "pump", .action = "on"});
	answered("not_now");
	say("wet", "alarm");
	inc = of("flood");
	assert_int_equal(kinds(EFFECT_ACTUATE), 0);
	assert_int_equal(inc->steps[0].state, STEP_FAILED);
	assert_int_equal(inc->steps[1].state, STEP_OPEN); /* by hand */
	wait_ms(2 * HOUR);
	life_command(&w, "wang", (struct command){.verb = VERB_OPERATE, .actuator = "pump", .action = "on"});
	assert_int_equal(kinds(EFFECT_ACTUATE), 1);
	life_end(&w);
}

/* An exercise finds the pump as it is: nothing goes to the dry run, and the step by hand is practised. */
static void test_pump_out_in_a_drill(void **state)
{
	(void)state;
	for (int is_out = 0; is_out < 2; is_out++) {
		struct incident *inc;
		int dry = 0;

		begin();
		if (is_out)
			out_by("wang", "pump", HOUR);
		life_command(&w, "wang", (struct command){.verb = VERB_DRILL, .type = "flood", .zone = "yard"});
		ok();
		inc = of("flood");
		assert_non_null(inc->drill);
		for (int i = 0; i < w.fx.n; i++)
			dry += w.fx.at[i].kind == EFFECT_PUBLISH && !strncmp(w.fx.at[i].publish.topic, "dryrun/", 7);
		assert_int_equal(dry, !is_out);
		assert_int_equal(kinds(EFFECT_ACTUATE), 0);
		assert_int_equal(inc->steps[0].state, is_out ? STEP_FAILED : STEP_DONE);
		assert_int_equal(inc->steps[1].state, is_out ? STEP_OPEN : STEP_SKIPPED);
		if (is_out)
			assert_string_equal(inc->steps[0].note, "out of service");
		life_end(&w);
	}
}

static void test_out_is_quiet(void **state)
{
	(void)state;
	begin();
	out_by("wang", "smoke", 31 * 24 * (int64_t)HOUR);
	answered("too_long");
	out_by("wang", "nothing", HOUR);
	answered("unknown_id");
	out_by("wang", "smoke", HOUR);
	out_by("li", "smoke", HOUR);
	ok();
	life_reading(&w, "smoke", READING_AWAY, "");
	assert_int_equal(open_of("sensor-lost"), 0);
	assert_null(condition_broken(w.e));
	wait_ms(2 * HOUR);
	assert_int_equal(open_of("sensor-lost"), 1); /* in service, and still away */
	life_end(&w);
}

/* A destroyed detector, taken out with its incident, is listed for a day; then somebody is asked. */
static void test_dead(void **state)
{
	static const char *const names[] = {"smoke"};
	struct incident *inc;

	(void)state;
	for (int speaks = 0; speaks < 2; speaks++) {
		begin();
		say("smoke", "alarm");
		inc = of("fire");
		life_reading(&w, "smoke", READING_AWAY, "");
		simple("wang", VERB_ACK, inc->number);
		for (int i = 0; i < 2; i++)
			life_command(&w, i ? "li" : "wang",
			             (struct command){.verb = VERB_RESET, .id = inc->number, .without = {names, 1}});
		assert_non_null(impair_out(w.e, "smoke"));
		assert_false(sensor_find(w.e, "smoke")->is_out);
		if (speaks) {
			say("smoke", "normal");
			assert_null(impair_out(w.e, "smoke"));
		} else {
			wait_ms(25 * HOUR);
			assert_null(impair_out(w.e, "smoke"));
			assert_int_equal(open_of("sensor-lost"), 1);
		}
		life_end(&w);
	}
}

/* -- signs -- */

static void tag(const char *who, const char *name, const char *action, const char *place)
{
	life_command(&w, who, (struct command){.verb = VERB_TAG, .name = name, .action = action, .zone = place});
}

static void test_signs(void **state)
{
	struct incident *inc;

	(void)state;
	begin();
	tag("zhao", "no-fire", "hang", "hall");
	ok();
	assert_true(tag_hangs(w.e, "no-fire", 0) && !tag_hangs(w.e, "no-fire", 1) && tag_hangs(w.e, "no-fire", -1));
	tag("zhao", "no-fire", "hang", "hall");
	answered("not_now");
	tag("zhao", "nothing", "hang", "hall");
	answered("unknown_id");
	tag("zhao", "no-fire", "hang", "nowhere");
	answered("unknown_id");
	tag("zhao", "no-fire", "wave", "hall");
	answered("bad_text");
	tag("wang", "pump", "hang", NULL);
	ok();
	assert_true(tag_hangs_on_actuator(w.e, "pump"));
	restart(MINUTE);
	assert_true(tag_hangs_on_actuator(w.e, "pump") && tag_hangs(w.e, "no-fire", 0));
	tag("zhao", "pump", "down", NULL);
	answered("not_yours");
	tag("li", "pump", "down", NULL);
	ok();
	assert_false(tag_hangs_on_actuator(w.e, "pump"));
	say("wet", "alarm");
	inc = of("flood");
	life_command(&w, "wang", (struct command){.verb = VERB_DONE, .id = inc->number, .step = "hang"});
	assert_true(tag_hangs(w.e, "no-fire", 1));
	tag("wang", "no-fire", "down", NULL);
	answered("not_now"); /* which? */
	tag("wang", "no-fire", "down", "hall");
	ok();
	assert_true(tag_hangs(w.e, "no-fire", 1));
	wait_ms(12 * HOUR);
	assert_true(tag_hangs(w.e, "no-fire", 1)); /* until somebody takes it down */
	life_end(&w);
}

/* -- what it shares -- */

/* The clock is set forward: what was said to last an hour lasts one. */
static void test_clock(void **state)
{
	struct event set = {.kind = EVENT_CLOCK, .clock_ms = 3 * HOUR};
	struct incident *inc;

	(void)state;
	begin();
	say("wet", "alarm");
	inc = of("flood");
	shelve_by("wang", inc->number, HOUR);
	isolate_fire();
	w.now_ms += 3 * HOUR;
	life_event(&w, &set);
	wait_ms(50 * MINUTE);
	assert_int_equal(inc->next, NEXT_SHELVED);
	assert_int_equal(inc->due.at_ms, inc->shelf.until_ms);
	assert_non_null(impair_isolated(w.e, "hall", HAZARD_FIRE));
	wait_ms(20 * MINUTE);
	assert_int_equal(inc->next, NEXT_CALL);
	assert_null(impair_isolated(w.e, "hall", HAZARD_FIRE));
	life_end(&w);
}

static void test_list(void **state)
{
	struct buf b = {0};

	(void)state;
	begin();
	impairments_say(w.e, LANG_EN, &b);
	assert_string_equal(buf_text(&b), "");
	isolate_fire();
	tag("zhao", "no-fire", "hang", "hall");
	out_by("wang", "pump", 48 * HOUR);
	say("wet", "alarm");
	shelve_by("wang", of("flood")->number, HOUR);
	impairments_say(w.e, LANG_EN, &b);
	assert_string_equal(buf_text(&b), "pump out of service (burnt), until 2026-11-25 03:00, by Wang\n"
	                                  "Hall: fire detection isolated (DH-1), watched by Zhao, until 04:00, by Wang\n"
	                                  "Hall: sign [No naked flame], by Zhao\n"
	                                  "W-1 flood shelved (draining), until 04:00, by Wang\n");
	buf_clear(&b);
	impairments_say(w.e, LANG_ZH, &b);
	assert_non_null(strstr(buf_text(&b), "大厅:火灾探测已隔离(DH-1),看护 Zhao,至 04:00,Wang\n"));
	buf_fini(&b);
	life_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shelf_limits),
	    cmocka_unit_test(test_shelf_breaks),
	    cmocka_unit_test(test_shelf_of_acked),
	    cmocka_unit_test(test_never_isolated),
	    cmocka_unit_test(test_isolation_refusals),
	    cmocka_unit_test(test_who_watches),
	    cmocka_unit_test(test_no_reset_while_isolated),
	    cmocka_unit_test(test_pump_out),
	    cmocka_unit_test(test_pump_out_in_a_drill),
	    cmocka_unit_test(test_out_is_quiet),
	    cmocka_unit_test(test_dead),
	    cmocka_unit_test(test_signs),
	    cmocka_unit_test(test_clock),
	    cmocka_unit_test(test_list),
	};
	int failed;

	plan = life_plan_of(site);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	plan_free(plan);
	return failed;
}
