/* test_windowed.c - what is measured over a while is news each time it is said. */
#include "fixture.h"

static const struct sensor_def sensors[] = {
    {.id = "heat", .kind = "heat", .zone = 0, .topic = "heat", .value = WHOLE, .via = -1, .qos = 1},
    {.id = "press", .kind = "press", .zone = 0, .topic = "press", .value = WHOLE, .via = -1, .qos = 1},
    {.id = "temp", .kind = "temp", .zone = 0, .topic = "temp", .value = WHOLE, .via = -1, .qos = 1},
    {.id = "door", .kind = "door", .zone = 0, .topic = "door", .value = WHOLE, .via = -1, .qos = 1},
};

#define LEAF(DEF, ...) .op = COND_TEST, .sensor = DEF, .zone = -1, .test = {__VA_ARGS__}

static const struct cond voter[] = {{LEAF(1, .op = TEST_FALLS, .limit_milli = 1000, .over_ms = 30000)}};
static const struct grade grades[] = {
    {.id = "rises", .when = {LEAF(0, .op = TEST_RISES, .limit_milli = 8300, .over_ms = 60000)}},
    {.id = "falls", .when = {.op = COND_VOTE, .at_least = 1, .kids = voter, .n_kids = 1}},
    {.id = "outside",
     .when = {LEAF(2, .op = TEST_OUTSIDE, .low_milli = 5000, .low_clear_milli = 7000, .limit_milli = 30000,
                   .clear_milli = 28000)}},
    {.id = "changes", .when = {LEAF(3, .op = TEST_CHANGES, .changes = 4, .over_ms = 60000)}},
};
static const struct incident_type types[] = {{.id = "x", .grades = grades, .n_grades = 4}};

static void test_every_value_is_news(void **state)
{
	const struct plan plan = plan_of(sensors, COUNT(sensors), types, 1);
	struct intake *in = intake_new(&plan);

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(news_at(in, "heat", "20", i));
		assert_true(news_at(in, "press", "4.0", i));
	}
	assert_true(news_at(in, "door", "open", 10));
	assert_true(news_at(in, "door", "closed", 11));
	assert_true(news_at(in, "door", "open", 12));
	intake_free(in);
}

static void test_sides_of_a_range(void **state)
{
	static const struct {
		const char *value;
		bool news;
	} steps[] = {{"20", true}, {"27", false}, {"29", true}, {"30", false}, {"30.1", true}, {"29", true},
	             {"10", true}, {"6", true},   {"5", false}, {"4.9", true}, {"-3", false},  {"?", true}};
	const struct plan plan = plan_of(sensors, COUNT(sensors), types, 1);
	struct intake *in = intake_new(&plan);

	(void)state;
	for (int i = 0; i < COUNT(steps); i++)
		assert_int_equal(news_at(in, "temp", steps[i].value, i), steps[i].news);
	intake_free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_value_is_news),
	    cmocka_unit_test(test_sides_of_a_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
