/* The table of suppression: what entered before, during or after it, recovered
 * or not, with a restart inside it or over its end, ended by time or by a
 * person. */
#include "suppress_world.h"

/* -- the table -- */

enum entered { BEFORE, DURING, AFTER, ENTERED };
enum restarts { NEVER, INSIDE, OVER_END, RESTARTS };

struct life_of {
	enum entered entered;
	bool recovers, by_person;
	enum restarts restarts;
};

#define each_row(R) \
	for (struct life_of R = {0}; R.entered < ENTERED; R.entered++) \
		for (R.restarts = 0; R.restarts < RESTARTS; R.restarts++) \
			for (int bits = 0; bits < 4; bits++) \
				if ((R.recovers = bits & 1), (R.by_person = bits & 2), \
				    !(R.by_person && R.restarts == OVER_END))

static void show(const char *what, const struct life_of *r)
{
	print_message("%s: entered %s, %s, restart %s, ended by %s\n", what,
	              ((const char *[]){"before", "during", "after"})[r->entered],
	              r->recovers ? "recovers" : "stays", ((const char *[]){"never", "inside", "over the end"})[r->restarts],
	              r->by_person ? "a person" : "time");
}

/* 20 minutes in: recovered or not, a restart; then to the end, an hour after its begin. */
static void live_through(const struct life_of *r, const char *sensor, enum verb end)
{
	wait_ms(20 * MINUTE);
	if (r->recovers)
		say(sensor, "normal");
	if (r->restarts == INSIDE)
		restart(MINUTE);
	wait_ms(5 * MINUTE);
	if (r->entered == DURING)
		assert_int_equal(n_calls, 0);
	if (r->restarts == OVER_END)
		restart(2 * HOUR);
	else if (r->by_person && end == VERB_REJOIN)
		life_command(&w, "li", (struct command){.verb = end, .zone = "hall", .hazard = "fire"});
	else if (r->by_person && end == VERB_BACK)
		life_command(&w, "li", (struct command){.verb = end, .name = sensor});
	else if (r->by_person)
		simple("li", end, of("flood")->number);
	else
		wait_ms(HOUR);
}

static void test_table_isolated(void **state)
{
	(void)state;
	each_row(r) {
		struct incident *inc;

		show("isolated", &r);
		begin();
		if (r.entered == BEFORE)
			say("smoke", "alarm");
		isolate_fire();
		if (r.entered == DURING)
			say("smoke", "alarm");
		if ((inc = of("fire"))) {
			strcpy(watched, inc->id);
			assert_int_equal(inc->isolated_ms != 0, r.entered == DURING);
			assert_int_equal(inc->next, r.entered == DURING ? NEXT_ISOLATED : NEXT_CALL);
		}
		n_calls = 0;
		live_through(&r, "smoke", VERB_REJOIN);
		assert_null(impair_isolated(w.e, "hall", HAZARD_FIRE));
		inc = of("fire");
		if (r.entered == AFTER) {
			assert_null(inc);
			say("smoke", "alarm");
			assert_int_equal(of("fire")->isolated_ms, 0);
			assert_int_equal(of("fire")->next, NEXT_CALL);
		} else if (r.entered == BEFORE) { /* never silenced */
			assert_true(n_calls > 10);
			assert_int_equal(inc->state, r.recovers ? STATE_RTN_UNACKED : STATE_UNACKED);
		} else if (r.recovers) {
			assert_int_equal(inc->state, STATE_CLOSED);
			assert_int_equal(n_calls, 0);
		} else {
			assert_int_equal(inc->state, STATE_UNACKED);
			assert_int_equal(inc->next, NEXT_CALL);
			assert_int_equal(inc->isolated_ms, 0);
			assert_true(n_calls >= 1);
		}
		life_end(&w);
	}
}

static void test_table_shelved(void **state)
{
	(void)state;
	each_row(r) {
		struct incident *inc;

		if (r.entered == DURING) /* a shelf is of an incident that is there */
			continue;
		show("shelved", &r);
		begin();
		say("wet", "alarm");
		inc = of("flood");
		strcpy(watched, inc->id);
		if (r.entered == BEFORE) {
			shelve_by("wang", inc->number, HOUR);
			ok();
			assert_int_equal(inc->next, NEXT_SHELVED);
			assert_int_equal(inc->due.at_ms, w.now_ms + HOUR);
			n_calls = 0;
			wait_ms(20 * MINUTE);
			if (r.recovers)
				say("wet", "normal");
			if (r.restarts == INSIDE)
				restart(MINUTE);
			wait_ms(5 * MINUTE);
			assert_int_equal(n_calls, 0);
		}
		if (r.restarts == OVER_END)
			restart(2 * HOUR);
		else if (r.by_person && r.entered == BEFORE)
			simple("li", VERB_UNSHELVE, of("flood")->number);
		else
			wait_ms(HOUR);
		inc = of("flood");
		assert_int_equal(inc->shelf.until_ms, 0);
		assert_int_equal(inc->next, NEXT_CALL);
		assert_true(n_calls >= 1); /* also when it is gone: nobody has acknowledged it */
		assert_int_equal(inc->state, r.recovers && r.entered == BEFORE ? STATE_RTN_UNACKED : STATE_UNACKED);
		life_end(&w);
	}
}

static void test_table_out(void **state)
{
	(void)state;
	each_row(r) {
		show("out", &r);
		begin();
		if (r.entered == BEFORE)
			say("smoke", "alarm");
		out_by("wang", "smoke", HOUR);
		out_by("li", "smoke", HOUR);
		ok();
		if (r.entered == BEFORE)
			assert_int_equal(of("fire")->state, STATE_RTN_UNACKED);
		n_calls = 0;
		if (r.entered == DURING)
			say("smoke", "alarm");
		live_through(&r, "smoke", VERB_BACK);
		if (r.entered == AFTER) {
			assert_int_equal(open_of("fire"), 0);
			say("smoke", "alarm");
		}
		if (r.entered == AFTER || !r.recovers) { /* it says alarm and is in service again */
			assert_int_equal(of("fire")->state, STATE_UNACKED);
			assert_int_equal(of("fire")->members[0].out, 0);
			assert_true(n_calls > 0);
		} else {
			assert_int_equal(open_of("fire"), r.entered == BEFORE);
		}
		life_end(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table_isolated),
	    cmocka_unit_test(test_table_shelved),
	    cmocka_unit_test(test_table_out),
	};
	int failed;

	plan = life_plan_of(site);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	plan_free(plan);
	return failed;
}
