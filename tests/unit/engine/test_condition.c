/* Tests, hysteresis, delays, trees with unknowns, lost sensors, new plans:
 * what the incidents are told, word for word. */
#include "world.h"

static const struct incident_type limit[] = {
    TYPE("gas", PER_ZONE, {.id = "", .when = {KINDS("gas"), ABOVE(10, 5)}}),
    TYPE("low", PER_ZONE,
         {.id = "",
          .when = {KINDS("smoke"), .test = {.op = TEST_BELOW, .limit_milli = 2000, .clear_milli = 4000}}}),
};

static void test_hysteresis(void **state)
{
	struct plan plan = plan_of(limit, 2);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-2", "7"); /* between the limits, without memory */
	said(e, "");
	world_value(e, "gas-2", "10.001");
	said(e, "gas@kitchen gas-2 bad\ngas@kitchen grade 0\n");
	world_value(e, "gas-2", "7");
	world_value(e, "gas-2", "5");
	said(e, "");
	world_value(e, "gas-2", "4.999");
	said(e, "gas@kitchen gas-2 calm\ngas@kitchen grade -1\n");
	world_value(e, "gas-2", "10");
	said(e, "");
	world_value(e, "gas-2", "none"); /* not a number: unknown, it was calm */
	world_value(e, "gas-2", "7");
	said(e, "");
	world_value(e, "smoke-1", "1.9");
	said(e, "low@hall smoke-1 bad\nlow@hall grade 0\n");
	world_value(e, "smoke-1", "4");
	said(e, "");
	world_value(e, "smoke-1", "4.1");
	said(e, "low@hall smoke-1 calm\nlow@hall grade -1\n");
	world_free(e);
}

static const struct incident_type delayed[] = {
    TYPE("gas", PER_ZONE,
         {.id = "low",
          .when = {KINDS("gas"), ABOVE(10, 10), .for_ms = 10 * SECOND, .clear_for_ms = MINUTE, NODE(0)}},
         {.id = "high", .when = {KINDS("gas"), ABOVE(25, 25), .for_ms = 3 * SECOND, NODE(1)}})};

static void test_delays(void **state)
{
	struct plan plan = plan_of(delayed, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-2", "12");
	world_wait(e, 9999);
	world_value(e, "gas-2", "1"); /* back in time */
	said(e, "gas@kitchen gas-2 calm\ngas@kitchen grade -1\n");
	world_wait(e, MINUTE);
	said(e, "");
	world_value(e, "gas-2", "12");
	world_wait(e, 5 * SECOND);
	world_value(e, "gas-2", "30"); /* `for` runs on; the higher grade is sooner */
	world_wait(e, 2999);
	said(e, "");
	world_wait(e, 1);
	said(e, "gas@kitchen gas-2 bad\ngas@kitchen grade 1\n");
	world_wait(e, 2 * SECOND);
	said(e, "");
	world_value(e, "gas-2", "1");
	said(e, "gas@kitchen grade 0\n");
	world_wait(e, 30 * SECOND);
	world_value(e, "gas-2", "12");
	world_value(e, "gas-2", "1"); /* clear_for begins anew */
	world_wait(e, MINUTE - 1);
	said(e, "");
	world_wait(e, 1);
	said(e, "gas@kitchen gas-2 calm\ngas@kitchen grade -1\n");
	world_free(e);
}

static const struct incident_type words[] = {
    TYPE("is", PER_SENSOR, {.id = "", .when = {SENSOR(PUMP), IS("on", "auto")}}),
    TYPE("is-not", PER_SENSOR,
         {.id = "", .when = {SENSOR(PUMP), .test = {.op = TEST_IS_NOT, .words = WORDS("on", "auto")}}}),
    TYPE("word", PER_SENSOR,
         {.id = "", .when = {SENSOR(PUMP), .test = {.op = TEST_HAS_WORD, .words = WORDS("fault")}}})};

static void test_words(void **state)
{
	struct plan plan = plan_of(words, 3);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "pump", "AUTO");
	said(e, "is-not@pump pump calm\nis-not@pump grade -1\n"
	        "is@pump pump bad\nis@pump grade 0\n"
	        "word@pump pump calm\nword@pump grade -1\n");
	world_value(e, "pump", "off defaults fault");
	said(e, "is-not@pump pump bad\nis-not@pump grade 0\n"
	        "is@pump pump calm\nis@pump grade -1\n"
	        "word@pump pump bad\nword@pump grade 0\n");
	world_value(e, "pump", "off defaults");
	said(e, "word@pump pump calm\nword@pump grade -1\n");
	world_free(e);
}

static const struct incident_type trees[] = {
    TYPE("all", PER_SITE,
         {.id = "",
          .when = {.op = COND_ALL,
                   NODE(0),
                   KIDS({SENSOR(SMOKE1), IS("alarm"), NODE(1)}, {SENSOR(PUMP), IS("on"), NODE(2)})}}),
    TYPE("any", PER_SITE,
         {.id = "",
          .when = {.op = COND_ANY,
                   NODE(0),
                   .for_ms = SECOND,
                   .clear_for_ms = MINUTE,
                   KIDS({SENSOR(SMOKE1), IS("alarm"), NODE(1)}, {SENSOR(PUMP), IS("on"), NODE(2)})}}),
    TYPE("not", PER_SITE,
         {.id = "", .when = {.op = COND_NOT, NODE(0), KIDS({SENSOR(PUMP), IS("on"), NODE(1)})}})};

static void test_trees(void **state)
{
	struct plan plan = plan_of(trees, 3);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "smoke-1", "alarm"); /* and the pump unknown */
	said(e, "all@- smoke-1 bad\nall@- grade -1\nany@- smoke-1 bad\nany@- grade -1\n");
	world_wait(e, SECOND);
	said(e, "any@- grade 0\n");
	world_value(e, "pump", "on");
	said(e, "all@- pump bad\nall@- grade 0\nany@- pump bad\nany@- grade 0\nnot@- pump calm\nnot@- grade "
	        "-1\n");
	world_value(e, "pump", "off");
	said(e, "all@- pump calm\nall@- grade -1\nany@- pump calm\nany@- grade 0\nnot@- pump bad\nnot@- "
	        "grade 0\n");
	world_event(e, "pump", READING_AWAY); /* below `not`, false is bad and stays so */
	said(e, "not@- pump bad lost\nnot@- grade 0 unknown\nwant pump\n");
	world_value(e, "smoke-1", "normal"); /* any: false or unknown; neither holds it */
	said(e, "all@- smoke-1 calm\nall@- grade -1\nany@- smoke-1 calm\nany@- grade 0\n");
	world_wait(e, MINUTE);
	said(e, "any@- grade -1\n");
	world_value(e, "pump", "on");
	said(e, "pump found\nall@- pump bad\nall@- grade -1\nany@- pump bad\nany@- grade -1\n"
	        "not@- pump calm\nnot@- grade -1\n");
	world_free(e);
}

static void test_lost(void **state)
{
	struct plan plan = plan_of(limit, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-2", "12");
	buf_clear(&trace);
	world_event(e, "gas-2", READING_AWAY); /* its incident tells it, no fault beside it */
	said(e, "gas@kitchen gas-2 bad lost\ngas@kitchen grade 0 unknown\nwant gas-2\n");
	world_event(e, "gas-2", READING_BACK);
	said(e, "gas-2 found\nwant gas-2\n");
	world_value(e, "gas-2", "7"); /* between the limits: it was bad */
	said(e, "gas@kitchen gas-2 bad\ngas@kitchen grade 0\n");
	world_event(e, "gas-2", READING_UNREADABLE);
	said(e, "gas@kitchen gas-2 bad lost\ngas@kitchen grade 0 unknown\nwant gas-2\n");
	world_value(e, "gas-2", "1");
	said(e, "gas-2 found\ngas@kitchen gas-2 calm\ngas@kitchen grade -1\n");
	world_event(e, "gas-2", READING_AWAY); /* calm: a fault, and unknown */
	said(e, "want gas-2\ngas-2 fault\n");
	world_value(e, "gas-1", "12");
	said(e, "gas@kitchen gas-1 bad\ngas@kitchen grade 0\n");
	world_value(e, "gas-1", "1"); /* the one lost while calm hinders nothing */
	said(e, "gas@kitchen gas-1 calm\ngas@kitchen grade -1\n");
	world_free(e);
}

static void test_lost_while_waiting(void **state)
{
	struct plan plan = plan_of(delayed, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-2", "12");
	world_wait(e, 5 * SECOND);
	buf_clear(&trace);
	world_event(e, "gas-2", READING_AWAY);
	said(e, "want gas-2\ngas-2 fault\n");
	world_wait(e, MINUTE);
	said(e, "");
	world_value(e, "gas-2", "12");
	world_wait(e, 10 * SECOND);
	said(e, "gas-2 found\ngas@kitchen gas-2 bad\ngas@kitchen grade 0\n");
	world_value(e, "gas-2", "1");
	world_wait(e, 30 * SECOND);
	world_event(e, "gas-2", READING_AWAY); /* while clearing: stays bad */
	world_wait(e, 5 * MINUTE);
	said(e, "gas@kitchen gas-2 bad lost\ngas@kitchen grade 0 unknown\nwant gas-2\n");
	condition_without(e, e->instances[0], sensor_find(e, "gas-2"));
	said(e, "");
	assert_int_equal(e->instances[0]->grade, -1);
	assert_true(e->instances[0]->known);
	world_free(e);
}

static const struct incident_type silent[] = {
    TYPE("quiet", PER_SENSOR,
         {.id = "",
          .when = {SENSOR(PUMP), .for_ms = 5 * SECOND, .clear_for_ms = 10 * SECOND,
                   .test = {.op = TEST_SILENT, .silent_ms = MINUTE}}})};

static void test_silent_for(void **state)
{
	struct plan plan = plan_of(silent, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_wait(e, 50 * SECOND);
	world_event(e, "pump", READING_SEEN);
	said(e, "quiet@pump pump calm\nquiet@pump grade -1\n");
	world_wait(e, 59 * SECOND);
	world_event(e, "pump", READING_SEEN);
	world_wait(e, 64999);
	said(e, "");
	world_wait(e, 1);
	said(e, "quiet@pump pump bad\nquiet@pump grade 0\n");
	world_value(e, "pump", "on");
	world_wait(e, 9999);
	said(e, "");
	world_wait(e, 1);
	said(e, "quiet@pump pump calm\nquiet@pump grade -1\n");
	world_link(e, LINK_DOWN);
	world_wait(e, 10 * MINUTE);
	world_link(e, LINK_UP);
	said(e, "want all\n");
	world_event(e, "pump", READING_AWAY);
	buf_clear(&trace);
	world_wait(e, 5 * SECOND); /* away is silent at once */
	said(e, "quiet@pump pump bad\nquiet@pump grade 0\n");
	world_free(e);
}

static const struct incident_type scoped[] = {
    TYPE("home", PER_ZONE,
         {.id = "",
          .when = {.op = COND_ANY,
                   NODE(0),
                   KIDS({KINDS("gas"), IS("x"), NODE(1)}, {SENSOR(SMOKE1), IS("x"), NODE(2)},
                        {SENSOR(DOOR), IS("x"), NODE(3)})}}),
    TYPE("single", PER_SENSOR, {.id = "", .when = {KINDS("gas", "smoke"), IS("x")}}),
    TYPE("site", PER_SITE,
         {.id = "",
          .when = {.op = COND_TEST, .sensor = -1, .zone = KITCHEN, .kinds = WORDS("gas", "door"), IS("x")}}),
};

static void test_scopes(void **state)
{
	struct plan plan = plan_of(scoped, 3);
	struct engine *e = world_up(&plan);
	bool lost;

	(void)state;
	world_value(e, "smoke-1", "x");
	said(
	    e,
	    "home@hall smoke-1 bad\nhome@hall grade 0\nsingle@smoke-1 smoke-1 bad\nsingle@smoke-1 grade 0\n");
	world_value(e, "gas-1", "x");
	said(e, "home@kitchen gas-1 bad\nhome@kitchen grade 0\nsingle@gas-1 gas-1 bad\nsingle@gas-1 grade 0\n"
	        "site@- gas-1 bad\nsite@- grade 0\n");
	world_door(e, "door-1", HALL, "x");
	said(e, "home@hall door-1 bad\nhome@hall grade 0\n");
	world_door(e, "door-2", KITCHEN, "x");
	said(e, "home@kitchen door-2 bad\nhome@kitchen grade 0\nsite@- door-2 bad\nsite@- grade 0\n");
	assert_int_equal(condition_member(e->instances[0], sensor_find(e, "gas-1"), &lost), TRUTH_UNKNOWN);
	assert_ptr_equal(instance_get(e, &scoped[2], "-"), e->instances[e->n_instances - 1]);
	assert_int_equal(instance_get(e, &scoped[0], "elsewhere")->zone, -1);
	assert_ptr_equal(instance_get(e, &scoped[1], "gas-2")->sensor, sensor_find(e, "gas-2"));
	said(e, "");
	world_free(e);
}

static const struct incident_type mixed[] = {
    TYPE("none", PER_SITE,
         {.id = "",
          .when = {.op = COND_NOT,
                   NODE(0),
                   KIDS({.op = COND_ANY,
                         NODE(1),
                         KIDS({SENSOR(PUMP), IS("on"), NODE(2)}, {SENSOR(SMOKE1), IS("on"), NODE(3)})})}}),
    TYPE("twice", PER_ZONE, {.id = "low", .when = {KINDS("gas"), IS("x"), NODE(0)}},
         {.id = "high", .when = {KINDS("gas"), ABOVE(10, 5), NODE(1)}})};

static void test_mixed(void **state)
{
	struct plan plan = plan_of(mixed, 2);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "smoke-1", "off"); /* the pump unknown: none of them is not known */
	said(e, "none@- smoke-1 bad\nnone@- grade -1\n");
	world_value(e, "pump", "off");
	said(e, "none@- pump bad\nnone@- grade 0\n");
	world_value(e, "gas-1", "12");
	said(e, "twice@kitchen gas-1 bad\ntwice@kitchen grade 1\n");
	world_value(e, "gas-1", "x"); /* no number, yet bad by its word: not lost */
	said(e, "twice@kitchen grade 1 unknown\n");
	world_value(e, "gas-1", "y");
	said(e, "twice@kitchen gas-1 bad lost\ntwice@kitchen grade 1 unknown\n");
	world_free(e);
}

static void test_start(void **state)
{
	struct plan plan = plan_of(delayed, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-1", "12");
	world_wait(e, 6 * SECOND);
	e->now_ms += 5 * SECOND; /* not lived through: the delay ran out a second ago */
	sensor_started(e, 5 * SECOND);
	world_wait(e, 999); /* what the broker kept for us may say that it is over */
	said(e, "");
	world_wait(e, 1);
	said(e, "gas@kitchen gas-1 bad\ngas@kitchen grade 0\n");
	sensor_started(e, 0); /* with the link up: a whole window */
	world_wait(e, 10 * MINUTE - 1);
	said(e, "");
	world_wait(e, 1);
	said(e, "gas@kitchen gas-1 bad lost\ngas@kitchen grade 0 unknown\nwant gas-1\n");
	world_free(e);
}

/* --------------------------------------------------------------- new plans */

static const struct incident_type other_limit[] = {
    TYPE("gas", PER_ZONE, {.id = "", .when = {KINDS("gas"), ABOVE(20, 3)}})};

static const struct incident_type other_grades[] = {TYPE(
    "gas", PER_ZONE, {.id = "low", .when = {KINDS("gas"), ABOVE(10, 10), .for_ms = 10 * SECOND, NODE(0)}},
    {.id = "high", .when = {KINDS("gas"), ABOVE(30, 30), NODE(1)}})};

static const struct incident_type nothing[] = {
    TYPE("gas", PER_ZONE, {.id = "", .when = {KINDS("smoke"), ABOVE(20, 3)}})};

static void test_replan_memory(void **state)
{
	struct plan plan = plan_of(delayed, 1), other = plan_of(other_grades, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-2", "26");
	world_wait(e, 1 * SECOND);
	world_plan(e, &other); /* low: goes on waiting; high: another test, and false */
	said(e, "");
	world_wait(e, 8999);
	said(e, "");
	world_wait(e, 1);
	said(e, "gas@kitchen gas-2 bad\ngas@kitchen grade 0\n");
	world_plan(e, &plan); /* high is true by the old test, after its `for` */
	world_wait(e, 3 * SECOND);
	said(e, "gas@kitchen grade 1\n");
	world_plan(e, &other); /* bad by the grade that is true, so not lost by the other */
	said(e, "gas@kitchen grade 0\n");
	world_free(e);
}

static void test_replan_limit(void **state)
{
	struct plan plan = plan_of(limit, 2), other = plan_of(other_limit, 1), none = plan_of(nothing, 1),
	            empty = plan_of(NULL, 0);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-1", "12");
	world_value(e, "gas-2", "7");
	buf_clear(&trace);
	world_plan(e, &other); /* 12 and 7 are between the new limits; what was bad stays bad */
	said(e, "forget c/low@hall\n");
	world_value(e, "gas-1", "2");
	said(e, "gas@kitchen gas-1 calm\ngas@kitchen grade -1\n");
	world_value(e, "gas-1", "22");
	world_event(e, "gas-1", READING_AWAY);
	buf_clear(&trace);
	world_plan(e, &plan); /* lost before, lost now */
	said(e, "gas@kitchen gas-1 bad lost\ngas@kitchen grade 0 unknown\n");
	world_value(e, "gas-1", "13");
	buf_clear(&trace);
	world_plan(e, &none); /* nobody reads it any more */
	said(e, "forget c/low@hall\ngas@kitchen gas-1 bad lost\ngas@kitchen grade -1 unknown\n");
	world_free(e);
	e = world_up(&plan);
	world_value(e, "gas-1", "12");
	world_value(e, "smoke-1", "1");
	buf_clear(&trace);
	e->instances[1]->incident = NULL; /* as if it were closed by hand */
	world_plan(e, &empty);
	said(e, "forget c/low@hall\ngas@kitchen gas-1 bad lost\ngas@kitchen grade -1 unknown\n");
	world_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hysteresis),    cmocka_unit_test(test_delays),
	    cmocka_unit_test(test_words),         cmocka_unit_test(test_trees),
	    cmocka_unit_test(test_lost),          cmocka_unit_test(test_lost_while_waiting),
	    cmocka_unit_test(test_silent_for),    cmocka_unit_test(test_scopes),
	    cmocka_unit_test(test_mixed),         cmocka_unit_test(test_start),
	    cmocka_unit_test(test_replan_memory), cmocka_unit_test(test_replan_limit),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_fini(&trace);
	return failed;
}
