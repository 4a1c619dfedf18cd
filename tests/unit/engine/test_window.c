/* Tests over a while: outside, rises, falls, changes, and parts of an `all`
 * that need not be true at once. Both edges of each; and against an oracle that
 * remembers everything. */
#include "world.h"

#include <stdio.h>

#define RISES(BY, OVER) .test = {.op = TEST_RISES, .limit_milli = BY, .over_ms = OVER}
#define FALLS(BY, OVER) .test = {.op = TEST_FALLS, .limit_milli = BY, .over_ms = OVER}

static const struct incident_type outside[] = {
    TYPE("range", PER_SITE,
         {.id = "",
          .when = {SENSOR(GAS2), .test = {.op = TEST_OUTSIDE,
                                          .low_milli = 10000,
                                          .low_clear_milli = 12000,
                                          .limit_milli = 20000,
                                          .clear_milli = 18000}}})};

static void test_outside(void **state)
{
	struct plan plan = plan_of(outside, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-2", "11"); /* in the lower dead band, nothing known */
	world_value(e, "gas-2", "19");
	said(e, "");
	world_value(e, "gas-2", "10");
	world_value(e, "gas-2", "20");
	said(e, "");
	world_value(e, "gas-2", "20.001");
	said(e, "range@- gas-2 bad\nrange@- grade 0\n");
	world_value(e, "gas-2", "18");
	said(e, "");
	world_value(e, "gas-2", "17.999");
	said(e, "range@- gas-2 calm\nrange@- grade -1\n");
	world_value(e, "gas-2", "9.999");
	said(e, "range@- gas-2 bad\nrange@- grade 0\n");
	world_value(e, "gas-2", "19"); /* from below into the upper dead band: not over yet */
	world_value(e, "gas-2", "12");
	said(e, "");
	world_value(e, "gas-2", "12.001");
	said(e, "range@- gas-2 calm\nrange@- grade -1\n");
	world_free(e);
}

static const struct incident_type rising[] = {
    TYPE("heat", PER_SITE, {.id = "", .when = {SENSOR(GAS2), RISES(8300, MINUTE)}}),
    TYPE("press", PER_SITE, {.id = "", .when = {SENSOR(PUMP), FALLS(1000, 30 * SECOND)}}),
};

static void test_rises(void **state)
{
	struct plan plan = plan_of(rising, 2);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-2", "20"); /* the first says nothing of before */
	said(e, "heat@- gas-2 calm\nheat@- grade -1\n");
	world_wait(e, MINUTE);
	world_value(e, "gas-2", "28.299");
	said(e, "");
	world_value(e, "gas-2", "28.3"); /* a minute after 20, to the millisecond */
	said(e, "heat@- gas-2 bad\nheat@- grade 0\n");
	world_wait(e, 1); /* 20 has left the window */
	said(e, "heat@- gas-2 calm\nheat@- grade -1\n");
	world_value(e, "gas-2", "28.3");
	world_wait(e, 30 * SECOND);
	world_value(e, "gas-2", "36.6");
	said(e, "heat@- gas-2 bad\nheat@- grade 0\n");
	world_wait(e, 10 * SECOND);
	world_value(e, "gas-2", "36.5"); /* it has risen less than that now */
	said(e, "heat@- gas-2 calm\nheat@- grade -1\n");
	world_free(e);
}

static void test_falls(void **state)
{
	struct plan plan = plan_of(rising, 2);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "pump", "4.0");
	world_wait(e, 10 * SECOND);
	world_value(e, "pump", "4.2"); /* the highest counts */
	world_wait(e, 20 * SECOND);
	buf_clear(&trace);
	world_value(e, "pump", "3.201");
	said(e, "");
	world_value(e, "pump", "3.2");
	said(e, "press@- pump bad\npress@- grade 0\n");
	world_wait(e, 10 * SECOND);
	said(e, "");
	world_wait(e, 1);
	said(e, "press@- pump calm\npress@- grade -1\n");
	world_free(e);
}

/* It speaks less often than the window is long: the rate decides. */
static void test_rare(void **state)
{
	struct plan plan = plan_of(rising, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-2", "20");
	world_wait(e, 4 * MINUTE);
	buf_clear(&trace);
	world_value(e, "gas-2", "53.199"); /* a little less than 8.3 a minute */
	said(e, "");
	world_wait(e, 4 * MINUTE);
	world_value(e, "gas-2", "86.399"); /* 8.3 a minute */
	said(e, "heat@- gas-2 bad\nheat@- grade 0\n");
	world_wait(e, MINUTE);
	said(e, "");
	world_wait(e, 1);
	said(e, "heat@- gas-2 calm\nheat@- grade -1\n");
	world_free(e);
}

static void test_rise_lost(void **state)
{
	struct plan plan = plan_of(rising, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-2", "20");
	world_value(e, "gas-2", "40");
	buf_clear(&trace);
	world_event(e, "gas-2", READING_AWAY); /* the window ends while nothing is known */
	world_wait(e, 5 * MINUTE);
	said(e, "heat@- gas-2 bad lost\nheat@- grade 0 unknown\nwant gas-2\n");
	world_value(e, "gas-2", "41");
	said(e, "gas-2 found\nheat@- gas-2 calm\nheat@- grade -1\n");
	world_value(e, "gas-2", "?"); /* no number: unknown, and nothing of it is remembered */
	world_value(e, "gas-2", "42");
	said(e, "heat@- gas-2 calm\nheat@- grade -1\n");
	world_free(e);
}

/* What the broker kept does not say since when. */
static void test_rise_retained(void **state)
{
	struct plan plan = plan_of(rising, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-2", "20");
	world_wait(e, 10 * MINUTE);
	world_tell(e, (struct reading){.sensor = "gas-2", .def = GAS2, .zone = KITCHEN, .retained = true},
	           "20");
	world_wait(e, 10 * SECOND);
	buf_clear(&trace);
	world_value(e, "gas-2", "40"); /* two a minute as far as anybody knows */
	said(e, "");
	world_free(e);
}

struct told {
	int64_t at_ms, milli;
};

static bool oracle(const struct told *all, int n, int64_t now_ms, int64_t by, int64_t over_ms)
{
	for (int i = 0; i < n; i++)
		if (all[i].at_ms >= now_ms - over_ms && all[n - 1].milli - all[i].milli >= by)
			return true;
	return false;
}

/* More values in the window than are remembered: no rise is missed, and it is
 * over no later than a part of the window after it was. */
static void test_against_oracle(void **state)
{
	enum { N = 4000, SLACK_MS = MINUTE / 48 + 2 };
	static struct told all[N];
	struct plan plan = plan_of(rising, 1);
	struct engine *e = world_up(&plan);
	const struct gate *g = sensor_find(e, "gas-2")->leaves[0];
	unsigned seed = 7;
	int64_t milli = 0;
	int n_true = 0, n_full = 0;

	(void)state;
	for (int i = 0; i < N; i++) {
		bool lasted = false;
		char text[32];

		seed = seed * 1664525u + 1013904223u;
		milli += (int64_t)(seed >> 8) % 400 - (i / 500 % 2 ? 260 : 100);
		world_wait(e, 1 + (seed >> 20) % 1200);
		all[i] = (struct told){e->now_ms, milli};
		snprintf(text, sizeof text, "%lld.%03lld", (long long)(milli / 1000),
		         (long long)(milli % 1000));
		sensor_reading(e, &(struct reading){.sensor = "gas-2",
		                                    .def = GAS2,
		                                    .zone = KITCHEN,
		                                    .word = text,
		                                    .text = text,
		                                    .has_number = true,
		                                    .milli = milli});
		if (condition_broken(e))
			fail_msg("%s", condition_broken(e));
		if (oracle(all, i + 1, e->now_ms, 8300, MINUTE))
			assert_int_equal(g->raw, TRUTH_TRUE);
		lasted = oracle(all, i + 1, e->now_ms, 8300, MINUTE + SLACK_MS);
		if (!lasted)
			assert_int_equal(g->raw, TRUTH_FALSE);
		n_true += lasted;
		n_full += g->window->n > 48;
	}
	assert_true(n_true > N / 10 && n_true < N);
	assert_true(n_full > 20);
	buf_clear(&trace);
	world_free(e);
}

/* Numbers at the ends of what a number can be. */
static void test_extremes(void **state)
{
	static const int64_t ends[] = {INT64_MAX, INT64_MIN, 0, INT64_MIN, INT64_MAX, 1};
	struct plan plan = plan_of(rising, 2);
	struct engine *e = world_up(&plan);

	(void)state;
	for (int i = 0; i < 24; i++) {
		sensor_reading(e, &(struct reading){.sensor = i % 2 ? "gas-2" : "pump",
		                                    .def = i % 2 ? GAS2 : PUMP,
		                                    .zone = i % 2 ? KITCHEN : HALL,
		                                    .word = "x",
		                                    .text = "x",
		                                    .has_number = true,
		                                    .milli = ends[i % 6]});
		world_wait(e, i % 5 * 20 * SECOND);
		assert_null(condition_broken(e));
	}
	buf_clear(&trace);
	world_free(e);
}

static const struct incident_type changing[] = {
    TYPE("flaps", PER_SENSOR,
         {.id = "",
          .when = {SENSOR(PUMP), .clear_for_ms = 2 * MINUTE,
                   .test = {.op = TEST_CHANGES, .changes = 3, .over_ms = MINUTE}}})};

static void test_changes(void **state)
{
	struct plan plan = plan_of(changing, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "pump", "on"); /* the first is no change */
	world_value(e, "pump", "off");
	world_wait(e, 30 * SECOND);
	world_value(e, "pump", "off");
	world_value(e, "pump", "on");
	world_wait(e, 30 * SECOND + 1);
	said(e, "flaps@pump pump calm\nflaps@pump grade -1\n");
	world_value(e, "pump", "off"); /* the first of three is a minute and a moment ago */
	said(e, "");
	world_wait(e, 29999);
	world_value(e, "pump", "on");
	said(e, "flaps@pump pump bad\nflaps@pump grade 0\n");
	world_wait(e, 2 * MINUTE);
	said(e, "");
	world_wait(e, 1); /* two minutes after the moment when it was two in a minute */
	said(e, "flaps@pump pump calm\nflaps@pump grade -1\n");
	world_event(e, "pump", READING_AWAY);
	world_value(e, "pump", "on"); /* away is no change */
	world_value(e, "pump", "off");
	world_value(e, "pump", "on");
	said(e, "want pump\npump fault\npump found\nflaps@pump pump calm\nflaps@pump grade -1\n");
	world_value(e, "pump", "off");
	said(e, "flaps@pump pump bad\nflaps@pump grade 0\n");
	world_free(e);
}

static const struct incident_type burst[] = {
    TYPE("burst", PER_SITE,
         {.id = "",
          .when = {.op = COND_ALL,
                   NODE(0),
                   KIDS({SENSOR(PUMP), FALLS(1000, 30 * SECOND), .hold_ms = MINUTE, NODE(1)},
                        {SENSOR(GAS2), RISES(50000, 30 * SECOND), .hold_ms = MINUTE, NODE(2)})}})};

/* The pressure falls, and a minute after that is over the flow rises. */
static void test_within(void **state)
{
	struct plan plan = plan_of(burst, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	for (int late = 0; late < 2; late++) {
		world_value(e, "pump", "4");
		world_value(e, "gas-2", "10");
		world_value(e, "pump", "3");
		world_wait(e, 30 * SECOND + 1); /* it is no fall any more from here on */
		world_value(e, "gas-2", "10");
		buf_clear(&trace);
		world_wait(e, MINUTE - 5 * SECOND);
		world_value(e, "gas-2", "10");
		world_wait(e, 5 * SECOND + late);
		said(e, "");
		world_value(e, "gas-2", "60");
		said(e,
		     late ? "burst@- gas-2 bad\nburst@- grade -1\n" : "burst@- gas-2 bad\nburst@- grade 0\n");
		world_wait(e, 1);
		said(e, late ? "" : "burst@- grade -1\n");
		world_wait(e, 5 * MINUTE);
		buf_clear(&trace);
	}
	world_free(e);
}

static void test_clock_and_drain(void **state)
{
	struct plan plan = plan_of(rising, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-2", "20");
	e->now_ms += 10 * MINUTE; /* the clock was set: no time has passed */
	deadline_shift(&e->heap, 10 * MINUTE);
	conditions_clock(e, 10 * MINUTE);
	world_value(e, "gas-2", "29");
	said(e, "heat@- gas-2 calm\nheat@- grade -1\nheat@- gas-2 bad\nheat@- grade 0\n");
	e->now_ms += 2 * MINUTE; /* not lived through: a moment is left for what the broker kept */
	sensor_started(e, 2 * MINUTE);
	world_wait(e, 999);
	said(e, "");
	world_wait(e, 1);
	said(e, "heat@- gas-2 calm\nheat@- grade -1\n");
	world_free(e);
}

static const struct incident_type more[] = {
    TYPE("heat", PER_SITE, {.id = "", .when = {SENSOR(GAS2), RISES(8400, MINUTE)}})};
static const struct incident_type less[] = {
    TYPE("heat", PER_SITE, {.id = "", .when = {SENSOR(GAS2), RISES(4000, MINUTE)}})};
static const struct incident_type longer[] = {
    TYPE("heat", PER_SITE, {.id = "", .when = {SENSOR(GAS2), RISES(4000, 2 * MINUTE)}})};

/* A new plan with another limit: what was told of late is not forgotten for it. */
static void test_new_limit(void **state)
{
	struct plan plan = plan_of(rising, 1), later = plan_of(more, 1), last = plan_of(less, 1),
	            other = plan_of(longer, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-2", "20");
	world_wait(e, 20 * SECOND);
	world_value(e, "gas-2", "24");
	world_plan(e, &later);
	buf_clear(&trace);
	world_wait(e, 30 * SECOND);
	world_value(e, "gas-2", "28.4");
	said(e, "heat@- gas-2 bad\nheat@- grade 0\n");
	world_wait(e, 10 * SECOND + 1); /* 20 has left the window */
	said(e, "heat@- gas-2 calm\nheat@- grade -1\n");
	world_plan(e, &last); /* it rose by four in a minute: so it has */
	said(e, "heat@- gas-2 bad\nheat@- grade 0\n");
	world_wait(e, 20 * SECOND);
	said(e, "heat@- gas-2 calm\nheat@- grade -1\n");
	world_plan(e, &other); /* of so long a while not all was remembered */
	buf_clear(&trace);
	world_value(e, "gas-2", "29");
	said(e, "");
	world_free(e);
}

static const struct incident_type four[] = {
    TYPE("flaps", PER_SENSOR,
         {.id = "", .when = {SENSOR(PUMP), .test = {.op = TEST_CHANGES, .changes = 4, .over_ms = MINUTE}}})};
static const struct incident_type two[] = {
    TYPE("flaps", PER_SENSOR,
         {.id = "", .when = {SENSOR(PUMP), .test = {.op = TEST_CHANGES, .changes = 2, .over_ms = MINUTE}}})};

static void test_new_count(void **state)
{
	struct plan plan = plan_of(four, 1), later = plan_of(two, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	for (int i = 0; i < 4; i++) {
		world_value(e, "pump", i % 2 ? "on" : "off");
		world_wait(e, 10 * SECOND);
	}
	buf_clear(&trace);
	world_plan(e, &later);
	said(e, "flaps@pump pump bad\nflaps@pump grade 0\n");
	world_wait(e, 40 * SECOND); /* the last but one of the changes was twenty seconds ago */
	said(e, "");
	world_wait(e, 1);
	said(e, "flaps@pump pump calm\nflaps@pump grade -1\n");
	world_plan(e, &plan);
	buf_clear(&trace);
	world_value(e, "pump", "off");
	world_value(e, "pump", "on");
	said(e, "");
	world_value(e, "pump", "off"); /* with one that the other plan had remembered */
	said(e, "flaps@pump pump bad\nflaps@pump grade 0\n");
	world_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_outside),         cmocka_unit_test(test_rises),
	    cmocka_unit_test(test_falls),           cmocka_unit_test(test_rare),
	    cmocka_unit_test(test_rise_lost),       cmocka_unit_test(test_rise_retained),
	    cmocka_unit_test(test_extremes),        cmocka_unit_test(test_against_oracle),
	    cmocka_unit_test(test_changes),         cmocka_unit_test(test_within),
	    cmocka_unit_test(test_clock_and_drain), cmocka_unit_test(test_new_limit),
	    cmocka_unit_test(test_new_count),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_fini(&trace);
	return failed;
}
