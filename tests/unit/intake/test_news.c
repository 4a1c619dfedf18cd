/* test_news.c - which messages the engine must hear of, and which not. */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

/* has_word looks into what was said, not at what that means */
static const struct word_set ups_words[] = {{"normal", STRINGS("OL", "OB"), true}};

static const struct word_set bridge_words[] = {{"alarm", STRINGS("offline"), false},
                                               {"normal", STRINGS("online"), false}};

static const struct sensor_def sensors[] = {
    {.id = "gas", .kind = "gas", .zone = 1, .topic = "gas", .value = WHOLE, .unit = "%LEL", .via = -1, .qos = 1},
    {.id = "smoke",
     .kind = "smoke",
     .zone = 1,
     .topic = "smoke",
     .value = AT("smoke"),
     WORDS(z2m_words),
     .via = -1, .qos = 1,
     .availability = {"smoke/online", WHOLE, STRINGS("true"), STRINGS("false")}},
    {.id = "ups", .kind = "ups", .zone = 0, .topic = "ups", .value = WHOLE, WORDS(ups_words), .via = -1, .qos = 1},
    {.id = "valve", .kind = "position", .zone = 1, .topic = "valve", .value = WHOLE, .via = -1, .qos = 1},
    {.id = "heat", .kind = "heat", .zone = 2, .topic = "heat", .value = WHOLE, .via = 7, .qos = 1},
    {.id = "leak-{1}",
     .kind = "leak",
     .zone = 0,
     .topic = "leak/+",
     .value = WHOLE,
     WORDS(z2m_words),
     .is_family = true,
     .via = -1, .qos = 1},
    {.id = "press", .kind = "press", .zone = 0, .topic = "press", .value = WHOLE, .via = -1, .qos = 1},
    {.id = "bridge",
     .kind = "link",
     .zone = 0,
     .topic = "bridge",
     .value = WHOLE,
     WORDS(bridge_words),
     .via = -1,
     .qos = 1},
};

static const char *const kinds[] = {"gas", "smoke", "leak", "heat"};

#define BY_KIND(I) .op = COND_TEST, .sensor = -1, .kinds = {&kinds[I], 1}, .zone = -1

static const struct cond ups_or_smoke[] = {
    {.op = COND_TEST, .sensor = 2, .zone = -1, .test = {.op = TEST_HAS_WORD, .words = STRINGS("OB")}},
    {BY_KIND(1), .test = {.op = TEST_IS, .words = STRINGS("alarm")}},
};
static const struct grade gas_grades[] = {
    {.id = "warning",
     .when = {BY_KIND(0), .test = {.op = TEST_ABOVE, .limit_milli = 10000, .clear_milli = 5000}}},
    {.id = "critical",
     .when = {BY_KIND(0), .test = {.op = TEST_ABOVE, .limit_milli = 25000, .clear_milli = 10000}}},
};
static const struct grade tree_grades[] = {
    {.id = "", .when = {.op = COND_ANY, .kids = ups_or_smoke, .n_kids = 2}}};
static const struct grade leak_grades[] = {
    {.id = "", .when = {BY_KIND(2), .test = {.op = TEST_IS_NOT, .words = STRINGS("normal")}}},
};
/* zone 0 holds zone 1, not zone 2: heat is in none of them */
static const struct grade heat_grades[] = {
    {.id = "",
     .when = {.op = COND_TEST,
              .sensor = -1,
              .kinds = {&kinds[3], 1},
              .zone = 0,
              .test = {.op = TEST_ABOVE, .limit_milli = 60000, .clear_milli = 50000}}},
};
static const struct grade press_grades[] = {
    {.id = "",
     .when = {.op = COND_TEST,
              .sensor = 6,
              .zone = -1,
              .test = {.op = TEST_BELOW, .limit_milli = 2000, .clear_milli = 3000}}},
};
static const struct incident_type types[] = {
    {.id = "gas-leak", .grades = gas_grades, .n_grades = 2},
    {.id = "tree", .grades = tree_grades, .n_grades = 1},
    {.id = "burst", .grades = leak_grades, .n_grades = 1},
    {.id = "fire", .grades = heat_grades, .n_grades = 1},
    {.id = "pressure", .grades = press_grades, .n_grades = 1},
};
static const struct action actions[] = {{.id = "close", .until_sensor = 3, .until_is = STRINGS("C")},
                                        {.id = "test", .until_sensor = -1}};
static const struct actuator actuators[] = {{.id = "gas-valve", .actions = actions, .n_actions = 2}};

static struct plan plan;

static int set_up(void **state)
{
	plan = plan_of(sensors, COUNT(sensors), types, COUNT(types));
	plan.actuators = actuators;
	plan.n_actuators = COUNT(actuators);
	*state = intake_new(&plan);
	return 0;
}

static int tear_down(void **state)
{
	intake_free(*state);
	return 0;
}

static void regions_of_limits(void **state)
{
	static const struct {
		const char *value;
		bool news;
	} steps[] = {
	    {"1", true},       {"2", false},     {"4.999", false}, {"5", true},       {"9.9", false},
	    {"10", true},      {"10.001", true}, {"25", false},    {"25.1", true},    {"90", false},
	    {"24 %LEL", true}, {"23", false},    {"", true},       {"broken", false}, {"23", true},
	    {"0", true},       {"0", false},
	};

	for (int i = 0; i < COUNT(steps); i++)
		if (news_at(*state, "gas", steps[i].value, 1000) != steps[i].news)
			fail_msg("step %d: %s", i, steps[i].value);
}

static void below_has_a_dead_band_too(void **state)
{
	assert_true(news_at(*state, "press", "4", 0));
	assert_false(news_at(*state, "press", "3.1", 0));
	assert_true(news_at(*state, "press", "2.5", 0));
	assert_false(news_at(*state, "press", "2", 0));
	assert_true(news_at(*state, "press", "1.999", 0));
	assert_true(news_at(*state, "press", "2", 0));
	assert_true(news_at(*state, "press", "word", 0));
}

static void words_and_trees(void **state)
{
	assert_true(news_at(*state, "ups", "OL", 0));
	assert_false(news_at(*state, "ups", "OL CHRG", 0));
	assert_true(news_at(*state, "ups", "OB DISCHRG", 0));
	assert_false(news_at(*state, "ups", "ob DISCHRG LB", 0));
	assert_true(news_at(*state, "ups", "OBX", 0));
	assert_true(news_at(*state, "smoke", "{\"smoke\":true}", 0));
	assert_false(news_at(*state, "smoke", "{\"smoke\":\"ON\",\"linkquality\":3}", 0));
	assert_true(news_at(*state, "smoke", "{\"smoke\":false}", 0));
	assert_true(news_at(*state, "leak/1", "normal", 0));
	assert_false(news_at(*state, "leak/1", "OFF", 0));
	assert_true(news_at(*state, "leak/2", "OFF", 0));
	assert_true(news_at(*state, "leak/1", "7", 0));
}

static void what_no_condition_watches(void **state)
{
	assert_true(news_at(*state, "heat", "20", 0));
	assert_false(news_at(*state, "heat", "99", 0));
	assert_true(news_at(*state, "heat", "nan", 0));
	assert_true(news_at(*state, "valve", "O", 0));
	assert_false(news_at(*state, "valve", "O", 0));
	assert_true(news_at(*state, "valve", "C", 0));
	assert_true(news_at(*state, "valve", "moving", 0));
}

/* No incident looks at it; those behind it are lost and found with its word. */
static void the_gateway_of_others(void **state)
{
	assert_true(news_at(*state, "bridge", "online", 0));
	assert_false(news_at(*state, "bridge", "online", 0));
	assert_true(news_at(*state, "bridge", "offline", 0));
	assert_false(news_at(*state, "bridge", "offline", 0));
	assert_true(news_at(*state, "bridge", "online", 0));
}

static void untold_repeats_are_news(void **state)
{
	struct intake_result first;

	news_at(*state, "gas", "1", 0);
	say(*state, "gas", "30");
	assert_true(result.is_news);
	first = result;
	say(*state, "gas", "31");
	assert_true(result.is_news);
	intake_told(*state, &first);
	say(*state, "gas", "32");
	assert_false(result.is_news);
}

/* The engine holds "normal" in its inbox, told says "alarm": the next alarm must pass. */
static void a_change_is_news_whatever_is_told(void **state)
{
	struct intake_result first;

	say(*state, "gas", "30");
	first = result;
	say(*state, "gas", "1");
	intake_told(*state, &first);
	say(*state, "gas", "30");
	assert_true(result.is_news);
}

static void reading_again_stamps_nothing(void **state)
{
	news_at(*state, "gas", "1", 5);
	say_at(*state, "gas", "30", -1);
	assert_true(result.is_news);
	say_at(*state, "gas", "2", 6);
	assert_false(result.is_news);
	say_at(*state, "gas", "2", -1);
	assert_int_equal(intake_seen(*state, "gas"), 6);
}

static void asked_for(void **state)
{
	news_at(*state, "gas", "1", 0);
	news_at(*state, "ups", "OL", 0);
	intake_want(*state, "gas");
	assert_false(news_at(*state, "ups", "OL", 0));
	say(*state, "gas", "1");
	assert_true(result.is_news);
	assert_true(news_at(*state, "gas", "1", 0));
	assert_false(news_at(*state, "gas", "1", 0));
	news_at(*state, "leak/9", "OFF", 0);
	intake_want(*state, NULL);
	assert_true(news_at(*state, "gas", "1", 0));
	assert_true(news_at(*state, "ups", "OL", 0));
	assert_true(news_at(*state, "leak/9", "OFF", 0));
	assert_false(news_at(*state, "leak/9", "OFF", 0));
	intake_want(*state, "nobody");
}

/* Asked again between reading and telling: the answer is still owed. */
static void asked_while_underway(void **state)
{
	say(*state, "gas", "1");
	intake_want(*state, NULL);
	intake_told(*state, &result);
	assert_true(news_at(*state, "gas", "1", 0));
	assert_false(news_at(*state, "gas", "1", 0));
}

static void signs_of_life(void **state)
{
	assert_int_equal(intake_seen(*state, "smoke"), -1);
	assert_true(news_at(*state, "smoke", "{\"battery\":9}", 1000)); /* wanted since the start */
	assert_int_equal(intake_seen(*state, "smoke"), 1000);
	assert_false(news_at(*state, "smoke", "{\"battery\":9}", 10999));
	assert_true(news_at(*state, "smoke", "{\"battery\":9}", 11000)); /* still no value: once per 10 s */
	assert_true(news_at(*state, "smoke", "{\"smoke\":true}", 11001));
	assert_false(news_at(*state, "smoke", "{\"battery\":8}", 99000));
	assert_int_equal(intake_seen(*state, "smoke"), 99000);
	assert_false(news_at(*state, "smoke", "{\"smoke\":true}", 99001));
	assert_int_equal(intake_seen(*state, "leak-1"), -1);
	assert_int_equal(intake_seen(*state, "nobody"), -1);
}

static void retained_is_no_sign_of_life(void **state)
{
	const struct message m = {.topic = "gas", .payload = "30", .len = 2, .qos = 1, .retained = true};

	intake_read(*state, &m, 70, &result);
	assert_true(result.is_news && result.readings[0].retained);
	assert_int_equal(intake_seen(*state, "gas"), -1);
}

static void away_and_back(void **state)
{
	assert_true(news_at(*state, "smoke", "{\"smoke\":true}", 0));
	assert_true(news_at(*state, "smoke/online", "true", 0));
	assert_false(news_at(*state, "smoke/online", "true", 0));
	assert_true(news_at(*state, "smoke/online", "FALSE", 5));
	assert_int_equal(result.readings[0].kind, READING_AWAY);
	assert_false(news_at(*state, "smoke/online", "false", 5));
	assert_true(news_at(*state, "smoke", "{\"smoke\":true}", 0)); /* the same, but from beyond */
	assert_false(news_at(*state, "smoke", "{\"smoke\":true}", 0));
	assert_true(news_at(*state, "smoke/online", "true", 0));
	assert_int_equal(intake_seen(*state, "smoke"), 0);
}

static void members_are_followed(void **state)
{
	news_at(*state, "gas", "30", 0);
	intake_follow(*state, "gas", true);
	assert_false(news_at(*state, "gas", "31", 9999));
	assert_true(news_at(*state, "gas", "32", 10000));
	assert_false(news_at(*state, "gas", "33", 19999));
	assert_true(news_at(*state, "gas", "33", 20000));
	intake_follow(*state, "gas", false);
	assert_false(news_at(*state, "gas", "34", 90000));
	intake_follow(*state, "leak-7", true); /* restored before its first message */
	assert_true(news_at(*state, "leak/7", "ON", 0));
	assert_int_equal(result.readings[0].def, 5);
	assert_int_equal(result.readings[0].zone, 0);
	assert_true(news_at(*state, "leak/7", "ON", 10000));
	intake_follow(*state, "leak-8", false);
}

enum { ROUNDS = 3000 };

static void *engine_side(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		char id[32];

		snprintf(id, sizeof id, "leak-%d", i % 50);
		intake_want(arg, NULL);
		intake_follow(arg, id, i & 1);
		intake_seen(arg, id);
	}
	return NULL;
}

static void two_threads(void **state)
{
	pthread_t other;
	char topic[32];

	assert_int_equal(pthread_create(&other, NULL, engine_side, *state), 0);
	for (int i = 0; i < ROUNDS; i++) {
		snprintf(topic, sizeof topic, "leak/%d", i % 60);
		news_at(*state, topic, i & 1 ? "ON" : "OFF", i);
	}
	pthread_join(other, NULL);
	assert_string_equal(say(*state, "leak/59", "ON")->sensor, "leak-59");
}

int main(void)
{
#define NEWS(TEST) cmocka_unit_test_setup_teardown(TEST, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    NEWS(regions_of_limits),
	    NEWS(below_has_a_dead_band_too),
	    NEWS(words_and_trees),
	    NEWS(what_no_condition_watches),
	    NEWS(the_gateway_of_others),
	    NEWS(untold_repeats_are_news),
	    NEWS(a_change_is_news_whatever_is_told),
	    NEWS(reading_again_stamps_nothing),
	    NEWS(asked_for),
	    NEWS(asked_while_underway),
	    NEWS(signs_of_life),
	    NEWS(retained_is_no_sign_of_life),
	    NEWS(away_and_back),
	    NEWS(members_are_followed),
	    NEWS(two_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
