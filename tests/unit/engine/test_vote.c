/* Votes: how many of them, within what time, what a voter that is not known
 * does to it; and hours, outside which nothing is raised. */
#include "world.h"

#define VOTERS(HOLD) KIDS({KINDS("gas", "smoke"), IS("alarm"), .hold_ms = HOLD, .is_voter = true, NODE(1)})
#define VOTE(N, HOLD) .op = COND_VOTE, .at_least = N, NODE(0), VOTERS(HOLD)

static const struct incident_type two[] = {
    TYPE("two", PER_SITE, {.id = "", .when = {VOTE(2, MINUTE)}}),
};

static void all_normal(struct engine *e)
{
	world_value(e, "gas-1", "normal");
	world_value(e, "gas-2", "normal");
	world_value(e, "smoke-1", "normal");
	buf_clear(&trace);
}

static void test_within(void **state)
{
	struct plan plan = plan_of(two, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	all_normal(e);
	world_value(e, "gas-1", "alarm");
	world_value(e, "gas-1", "normal");
	world_value(e, "gas-1", "alarm"); /* the same sensor again is not a second one */
	world_value(e, "gas-1", "normal");
	said(e, "two@- gas-1 bad\ntwo@- grade -1\ntwo@- gas-1 calm\ntwo@- grade -1\n"
	        "two@- gas-1 bad\ntwo@- grade -1\ntwo@- gas-1 calm\ntwo@- grade -1\n");
	world_wait(e, MINUTE);
	world_value(e, "gas-2", "alarm"); /* a minute after it, to the millisecond */
	said(e, "two@- gas-2 bad\ntwo@- grade 0\n");
	world_wait(e, 1);
	said(e, "two@- grade -1\n");
	world_wait(e, MINUTE);
	world_value(e, "smoke-1", "alarm"); /* while it is true it counts for ever */
	said(e, "two@- smoke-1 bad\ntwo@- grade 0\n");
	world_value(e, "gas-2", "normal");
	said(e, "two@- gas-2 calm\ntwo@- grade -1\n");
	world_value(e, "gas-1", "alarm");
	buf_clear(&trace);
	world_wait(e, 10 * SECOND);
	world_value(e, "gas-1", "normal");
	said(e, "two@- gas-1 calm\ntwo@- grade 0\n");
	world_wait(e, 50 * SECOND);
	said(e, "");
	world_wait(e, 1);
	said(e, "two@- grade -1\n");
	world_free(e);
}

/* Without `degrade` what is not known neither raises nor clears. */
static void test_unknown(void **state)
{
	struct plan plan = plan_of(two, 1);
	struct engine *e = world_up(&plan);
	const struct gate *vote = e->instances[0]->gates[0];

	(void)state;
	assert_int_equal(vote->raw, TRUTH_UNKNOWN);
	world_value(e, "gas-1", "normal");
	assert_int_equal(vote->raw, TRUTH_UNKNOWN); /* the two others may both be true */
	world_value(e, "gas-2", "normal");
	assert_int_equal(vote->raw, TRUTH_FALSE);
	world_value(e, "gas-2", "alarm");
	assert_int_equal(vote->raw, TRUTH_UNKNOWN);
	world_value(e, "smoke-1", "alarm");
	assert_int_equal(vote->raw, TRUTH_TRUE);
	buf_clear(&trace);
	world_event(e, "gas-2", READING_AWAY); /* lost while it was true: it counts, nothing is over */
	said(e, "two@- gas-2 bad lost\ntwo@- grade 0 unknown\nwant gas-2\n");
	world_wait(e, 5 * MINUTE);
	world_value(e, "smoke-1", "normal");
	said(e, "two@- smoke-1 calm\ntwo@- grade -1 unknown\n");
	world_value(e, "gas-2", "normal");
	said(e, "gas-2 found\ntwo@- gas-2 calm\ntwo@- grade -1\n");
	world_free(e);
}

static const struct incident_type falling_back[] = {
    TYPE("two", PER_SITE, {.id = "", .when = {VOTE(2, 0), .degrade = true}}),
};

static struct vote stands(const struct engine *e)
{
	struct vote v;

	vote_count(e->instances[0], vote_find(&e->instances[0]->type->grades[0].when), &v);
	return v;
}

static void test_degrade(void **state)
{
	struct plan plan = plan_of(falling_back, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	assert_int_equal(e->instances[0]->gates[0]->raw, TRUTH_UNKNOWN); /* nobody has said anything */
	all_normal(e);
	world_value(e, "gas-1", "alarm");
	said(e, "two@- gas-1 bad\ntwo@- grade -1\n");
	assert_int_equal(stands(e).need, 2);
	world_event(e, "smoke-1", READING_UNREADABLE); /* of the two that are left one is enough */
	said(e, "two@- grade 0\nwant smoke-1\nsmoke-1 fault\n");
	assert_int_equal(stands(e).need, 1);
	assert_int_equal(stands(e).n_stale, 1);
	world_value(e, "smoke-1", "normal");
	said(e, "smoke-1 found\ntwo@- smoke-1 calm\ntwo@- grade -1\n");
	world_event(e, "gas-1", READING_AWAY); /* it counts as what it was, and lowers nothing */
	said(e, "two@- gas-1 bad lost\ntwo@- grade -1 unknown\nwant gas-1\ngas-1 fault\n");
	assert_int_equal(stands(e).need, 2);
	world_event(e, "gas-2", READING_AWAY);
	said(e, "two@- grade 0 unknown\nwant gas-2\ngas-2 fault\n");
	world_event(e, "smoke-1", READING_AWAY); /* never under one */
	assert_int_equal(stands(e).need, 1);
	assert_int_equal(stands(e).n_yes, 1);
	buf_clear(&trace);
	world_free(e);
}

static const struct incident_type looked_at[] = {{
    .id = "two",
    .per = PER_SITE,
    .pre_alarm_ms = 15 * SECOND,
    GRADES({.id = "",
            .when = {.op = COND_ANY,
                     NODE(0),
                     KIDS({.op = COND_VOTE,
                           .at_least = 2,
                           .degrade = true,
                           NODE(1),
                           KIDS({KINDS("gas", "smoke"), IS("alarm"), .hold_ms = MINUTE, .is_voter = true,
                                 NODE(2)})},
                          {SENSOR(PUMP), IS("on"), NODE(3)})}}),
}};

/* One voter is the reason of a pre-alarm; when it is calm again that is over, and it still counts. */
static void test_pre_alarm(void **state)
{
	struct plan plan = plan_of(looked_at, 1);
	struct engine *e = world_up(&plan);
	const struct instance *in = e->instances[0];

	(void)state;
	all_normal(e);
	world_value(e, "gas-1", "alarm");
	said(e, "two@- gas-1 bad\ntwo@- grade 0\n");
	assert_false(in->met);
	world_value(e, "gas-1", "normal");
	said(e, "two@- gas-1 calm\ntwo@- grade -1\n");
	world_wait(e, 59 * SECOND);
	world_value(e, "gas-2", "alarm");
	said(e, "two@- gas-2 bad\ntwo@- grade 0\n");
	assert_true(in->met);
	world_wait(e, 2 * SECOND); /* the first counts no more; the second is still true */
	said(e, "two@- grade 0\n");
	assert_false(in->met);
	world_event(e, "smoke-1", READING_AWAY);
	said(e, "two@- grade 0\nwant smoke-1\nsmoke-1 fault\n");
	assert_true(in->met);
	world_free(e);
}

/* -------------------------------------------------------------------- hours */

static const struct hours night[] = {{22 * 60, 6 * 60, 0x7f}};
static const struct schedule at_night = {night, 1};
static const struct incident_type scheduled[] = {
    {.id = "door",
     .per = PER_SITE,
     .schedule = {night, 1},
     GRADES({.id = "low", .when = {SENSOR(PUMP), IS("open", "wide"), .for_ms = 10 * MINUTE, NODE(0)}},
            {.id = "high", .when = {SENSOR(PUMP), IS("wide"), NODE(1)}})},
    {.id = "leaf",
     .per = PER_SITE,
     GRADES({.id = "",
             .when = {.op = COND_ALL,
                      NODE(0),
                      KIDS({SENSOR(SMOKE1), IS("on"), .schedule = &at_night, NODE(1)},
                           {SENSOR(GAS2), IS("on"), NODE(2)})}})},
};

static void until(struct engine *e, int hour, int minute)
{
	int64_t day_ms = 1440 * MINUTE, clock_ms = (hour * 60 + minute) * (int64_t)MINUTE;

	world_wait(e, (clock_ms - e->now_ms % day_ms + day_ms) % day_ms);
}

static struct engine *at_noon(const struct plan *plan)
{
	struct engine *e = world_up(plan);

	world_link(e, LINK_DOWN); /* so that nobody falls silent meanwhile */
	until(e, 12, 0);
	buf_clear(&trace);
	return e;
}

static void test_type_hours(void **state)
{
	struct plan plan = plan_of(scheduled, 2);
	struct engine *e = at_noon(&plan);

	(void)state;
	world_value(e, "pump", "open");
	until(e, 21, 59);
	said(e, "door@- pump bad\ndoor@- grade -1\n");
	until(e, 22, 0); /* it has been open for long */
	said(e, "door@- grade 0\n");
	until(e, 6, 30); /* the end of the hours ends nothing */
	said(e, "");
	world_value(e, "pump", "wide"); /* and it still gets worse */
	said(e, "door@- grade 1\n");
	world_value(e, "pump", "closed");
	said(e, "door@- pump calm\ndoor@- grade -1\n");
	world_value(e, "pump", "wide");
	world_wait(e, MINUTE);
	said(e, "door@- pump bad\ndoor@- grade -1\n");
	world_value(e, "pump", "closed");
	until(e, 5, 55);
	world_value(e, "pump", "open"); /* ten minutes are over when the hours are */
	until(e, 7, 0);
	said(e, "door@- pump calm\ndoor@- grade -1\ndoor@- pump bad\ndoor@- grade -1\n");
	world_free(e);
}

static void test_leaf_hours(void **state)
{
	struct plan plan = plan_of(scheduled, 2);
	struct engine *e = at_noon(&plan);

	(void)state;
	world_value(e, "smoke-1", "on");
	world_value(e, "gas-2", "on");
	said(e, "leaf@- smoke-1 bad\nleaf@- grade -1\nleaf@- gas-2 bad\nleaf@- grade -1\n");
	until(e, 22, 0);
	said(e, "leaf@- grade 0\n");
	until(e, 6, 0);
	said(e, "");
	world_value(e, "gas-2", "off");
	said(e, "leaf@- gas-2 calm\nleaf@- grade -1\n");
	world_value(e, "gas-2", "on"); /* by day it is not raised again */
	said(e, "leaf@- gas-2 bad\nleaf@- grade -1\n");
	world_free(e);
}

/* A site where the night of 29 March has no 02:30. */
static void test_clock_change(void **state)
{
	static const int64_t from_ms[] = {0, 1774746000000};
	static const int32_t offset_s[] = {3600, 7200};
	static const struct hours hours[] = {{150, 300, 0x7f}};
	const struct incident_type types[] = {{.id = "door",
	                                       .per = PER_SITE,
	                                       .schedule = {hours, 1},
	                                       GRADES({.id = "", .when = {SENSOR(PUMP), IS("open")}})}};
	struct plan plan = plan_of(types, 1);
	struct engine *e;

	(void)state;
	plan.tz = (struct tz){2, from_ms, offset_s};
	e = world_up(&plan);
	world_link(e, LINK_DOWN);
	world_wait(e, from_ms[1] - 30 * MINUTE - e->now_ms);
	world_value(e, "pump", "open");
	buf_clear(&trace);
	world_wait(e, 30 * MINUTE - 1);
	said(e, "");
	world_wait(e, 1); /* it is three */
	said(e, "door@- grade 0\n");
	world_free(e);
}

/* Would it be true yet without what this one was when it was lost? Looking changes nothing. */
static bool stays_without(const struct engine *e, const char *const *names, int n)
{
	struct instance *in = e->instances[0];
	bool stays;

	for (int i = 0; i < in->n_gates; i++)
		for (int k = 0; k < n; k++)
			if (in->gates[i]->lost && !strcmp(in->gates[i]->sensor->id, names[k]))
				in->gates[i]->supposed = true;
	stays = tree_stays(e, in);
	for (int i = 0; i < in->n_gates; i++)
		in->gates[i]->supposed = false;
	return stays;
}

static const struct incident_type falling_within[] = {
    TYPE("two", PER_SITE, {.id = "", .when = {VOTE(2, MINUTE), .degrade = true}}),
};

static void test_vote_without(void **state)
{
	static const char *const gas_1[] = {"gas-1"};
	struct plan plan = plan_of(falling_within, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	all_normal(e);
	world_value(e, "gas-1", "alarm");
	world_value(e, "gas-2", "alarm");
	world_value(e, "gas-2", "normal");
	assert_true(stays_without(e, gas_1, 1)); /* it is not lost: it cannot go */
	world_event(e, "gas-1", READING_AWAY);
	assert_true(stays_without(e, gas_1, 1)); /* one of one is enough, and gas-2 counts yet */
	world_wait(e, MINUTE);
	assert_true(stays_without(e, gas_1, 1));
	world_wait(e, 1);
	assert_false(stays_without(e, gas_1, 1));
	assert_int_equal(e->instances[0]->grade, -1);
	world_value(e, "gas-2", "alarm");
	world_value(e, "gas-2", "normal");
	condition_without(e, e->instances[0], sensor_find(e, "gas-1"));
	assert_int_equal(e->instances[0]->grade, 0); /* as it was told before */
	assert_null(condition_broken(e));
	world_free(e);
}

static const struct incident_type together[] = {
    TYPE("both", PER_SITE,
         {.id = "",
          .when = {.op = COND_ALL,
                   NODE(0),
                   .clear_for_ms = 10 * MINUTE,
                   KIDS({SENSOR(SMOKE1), IS("alarm"), .hold_ms = MINUTE, NODE(1)},
                        {.op = COND_ANY, .hold_ms = MINUTE, NODE(2),
                         KIDS({SENSOR(GAS2), IS("alarm"), NODE(3)})})}}),
};

/* Destroyed together they go together, and no delay keeps what nobody measures any more. */
static void test_all_without(void **state)
{
	static const char *const both[] = {"gas-2", "smoke-1"};
	struct plan plan = plan_of(together, 1);
	struct engine *e = world_up(&plan);
	struct instance *in = e->instances[0];

	(void)state;
	all_normal(e);
	world_value(e, "smoke-1", "alarm");
	world_value(e, "gas-2", "alarm");
	world_event(e, "smoke-1", READING_AWAY);
	assert_true(stays_without(e, both, 0));
	assert_false(stays_without(e, both, 2));
	world_value(e, "gas-2", "normal");
	world_wait(e, MINUTE + 1); /* its `within` is over, the delay of the whole runs */
	assert_true(stays_without(e, both, 2));
	world_value(e, "gas-2", "alarm");
	world_event(e, "gas-2", READING_AWAY);
	assert_false(stays_without(e, both, 2));
	condition_without(e, in, sensor_find(e, "smoke-1"));
	condition_without(e, in, sensor_find(e, "gas-2"));
	assert_int_equal(in->grade, -1);
	assert_true(in->known);
	for (int i = 0; i < in->n_gates; i++)
		assert_false(in->gates[i]->delay.pos || window_holds(in->gates[i]));
	assert_null(condition_broken(e));
	world_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_within),       cmocka_unit_test(test_unknown),
	    cmocka_unit_test(test_degrade),      cmocka_unit_test(test_pre_alarm),
	    cmocka_unit_test(test_type_hours),   cmocka_unit_test(test_leaf_hours),
	    cmocka_unit_test(test_clock_change), cmocka_unit_test(test_vote_without),
	    cmocka_unit_test(test_all_without),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_fini(&trace);
	return failed;
}
