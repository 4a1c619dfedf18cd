/* Sources that say that something happens and never that it is over (off_delay). */
#include "world.h"

static const struct incident_type wet[] = {
    {.id = "leak", .per = PER_ZONE, GRADES({.id = "", .when = {KINDS("leak"), IS("alarm"), .node = 0}})}};
static const struct sensor_def events[] = {{.id = "rf",
                                            .kind = "leak",
                                            .zone = KITCHEN,
                                            .via = -1,
                                            .off_delay_ms = 10 * SECOND,
                                            .silent_after_ms = MINUTE}};
static const struct sensor_def states[] = {{.id = "rf", .kind = "leak", .zone = KITCHEN, .via = -1}};

static struct plan plan_with(const struct sensor_def *sensors)
{
	struct plan plan = plan_of(wet, 1);

	plan.sensors = sensors;
	plan.n_sensors = 1;
	return plan;
}

#define WET "leak@kitchen rf bad\nleak@kitchen grade 0\n"
#define DRY "leak@kitchen rf calm\nleak@kitchen grade -1\n"

static void over_by_itself(void **state)
{
	struct plan plan = plan_with(events);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "rf", "alarm");
	said(e, WET);
	world_wait(e, 10 * SECOND - 1);
	said(e, "");
	world_wait(e, 1);
	said(e, DRY);
	assert_string_equal(sensor_find(e, "rf")->word, "normal");
	world_wait(e, 20 * SECOND);
	said(e, "");
	world_free(e);
}

static void each_event_lengthens_it(void **state)
{
	struct plan plan = plan_with(events);
	struct engine *e = world_up(&plan);

	(void)state;
	for (int i = 0; i < 5; i++) {
		world_value(e, "rf", "alarm");
		world_wait(e, 9 * SECOND);
	}
	said(e, WET);
	world_event(e, "rf", READING_SEEN); /* a test, or a message without the value: says nothing */
	world_wait(e, SECOND);
	said(e, DRY);
	world_value(e, "rf", "alarm");
	world_value(e, "rf", "normal"); /* it can say so after all */
	said(e, WET DRY);
	world_wait(e, MINUTE / 2);
	said(e, "");
	world_free(e);
}

/* Lost while bad stays bad: silence ends nothing. */
static void lost_meanwhile(void **state)
{
	struct plan plan = plan_with(events);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "rf", "alarm");
	said(e, WET);
	world_event(e, "rf", READING_AWAY);
	buf_clear(&trace);
	world_wait(e, 20 * SECOND);
	assert_null(strstr(buf_text(&trace), "calm"));
	assert_int_equal(sensor_find(e, "rf")->health, HEALTH_AWAY);
	world_free(e);
}

static void goes_on_after_a_restart(void **state)
{
	struct plan plan = plan_with(events);
	struct engine *e = world_up(&plan), *after = world_new(&plan);
	struct buf record = {0};

	(void)state;
	world_value(e, "rf", "alarm");
	world_wait(e, 4 * SECOND);
	sensor_save(sensor_find(e, "rf"), &record);
	after->now_ms = e->now_ms + SECOND;
	assert_int_equal(sensor_restore(after, "s/rf", buf_text(&record)), 0);
	after->started = true;
	after->link = LINK_UP;
	sensor_started(after, SECOND);
	assert_string_equal(sensor_find(after, "rf")->word, "alarm");
	world_wait(after, 5 * SECOND - 1);
	assert_string_equal(sensor_find(after, "rf")->word, "alarm");
	world_wait(after, 1);
	assert_string_equal(sensor_find(after, "rf")->word, "normal");
	buf_fini(&record);
	world_free(e);
	world_free(after);
}

static void a_new_plan_without_it(void **state)
{
	struct plan plan = plan_with(events), other = plan_with(states);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "rf", "alarm");
	said(e, WET);
	world_plan(e, &other);
	world_wait(e, MINUTE);
	assert_null(strstr(buf_text(&trace), "calm"));
	assert_string_equal(sensor_find(e, "rf")->word, "alarm");
	world_plan(e, &plan); /* it has been so long enough */
	world_wait(e, 10 * SECOND);
	assert_string_equal(sensor_find(e, "rf")->word, "normal");
	world_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(over_by_itself),        cmocka_unit_test(each_event_lengthens_it),
	    cmocka_unit_test(lost_meanwhile),        cmocka_unit_test(goes_on_after_a_restart),
	    cmocka_unit_test(a_new_plan_without_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
