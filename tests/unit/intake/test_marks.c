/* test_marks.c - by what the engine knows a message that is delivered twice. */
#include "fixture.h"

static const struct sensor_def sensors[] = {
    {.id = "t-volt",
     .kind = "mains",
     .zone = 1,
     .topic = "tele/mdb1/SENSOR",
     .qos = 1,
     .value = AT("Voltage"),
     .stamp = {.pointer = "/Time", .keys = STRINGS("Time")}},
    {.id = "t-amp",
     .kind = "current",
     .zone = 1,
     .topic = "tele/mdb1/SENSOR",
     .qos = 1,
     .value = AT("Current"),
     .stamp = {.pointer = "/Time", .keys = STRINGS("Time")}},
    {.id = "call",
     .kind = "callpoint",
     .zone = 1,
     .topic = "plc/callpoint",
     .qos = 1,
     .value = WHOLE,
     .stamp = {.pointer = "/Time", .keys = STRINGS("Time")}},
};

static struct intake *in;

/* The mark of the first (0) or second (1) reading, as the loop reads it. */
static uint64_t mark(const char *topic, const char *payload, int which)
{
	assert_non_null(say_at(in, topic, payload, -1));
	assert_true(result.n > which);
	return result.readings[which].mark;
}

static void test_marks(void **state)
{
	static const char tele[] = "tele/mdb1/SENSOR";
	uint64_t first = mark(tele, "{\"Time\":\"17:00:01\",\"Voltage\":227,\"Current\":3}", 0);

	(void)state;
	assert_int_not_equal(first, 0);
	assert_int_equal(mark(tele, "{\"Time\":\"17:00:01\",\"Voltage\":227,\"Current\":4}", 0), first);
	assert_int_not_equal(mark(tele, "{\"Time\":\"17:00:01\",\"Voltage\":22,\"Current\":3}", 0), first);
	assert_int_not_equal(mark(tele, "{\"Time\":\"17:00:02\",\"Voltage\":227,\"Current\":3}", 0), first);
	assert_int_not_equal(mark(tele, "{\"Time\":\"17:00:01\",\"Voltage\":227,\"Current\":3}", 1), first);
	assert_int_not_equal(mark(tele, "{\"Time\":\"17:00:01\",\"Current\":3,\"Voltage\":null}", 1), 0);
	assert_int_equal(mark(tele, "{\"Voltage\":227,\"Current\":3}", 0), 0);
	assert_int_equal(mark("plc/callpoint", "1", 0), 0); /* no JSON, no mark */
}

static void test_delivered_before(void **state)
{
	struct message m = {.topic = "plc/callpoint", .payload = "1", .len = 1, .qos = 1, .dup = true};

	(void)state;
	intake_read(in, &m, -1, &result);
	assert_true(result.readings[0].dup);
	m.dup = false;
	intake_read(in, &m, -1, &result);
	assert_false(result.readings[0].dup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_marks),
	                                   cmocka_unit_test(test_delivered_before)};
	const struct plan plan = plan_of(sensors, COUNT(sensors), NULL, 0);
	int failed;

	in = intake_new(&plan);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	intake_free(in);
	return failed;
}
