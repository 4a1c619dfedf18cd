/* What is bounded: commands of one person, and what is held in memory while
 * the store fails. Both are said, and neither costs an alarm of fire, gas or
 * people. */
#include "life_world.h"

#include "engine/caps.h"

static struct life_world w;
static struct plan *plan;
static int rows, replies, wants;
static char last[1024]; /* the last row */

static void count(void)
{
	for (int i = 0; i < w.fx.n; i++) {
		const struct effect *f = &w.fx.at[i];

		rows += f->kind == EFFECT_AUDIT;
		wants += f->kind == EFFECT_WANT;
		if (f->kind == EFFECT_REPLY) {
			replies++;
			snprintf(last, sizeof last, "%s", f->reply.json);
		}
	}
}

static void forget(void)
{
	rows = replies = wants = 0;
}

static void note(const char *person)
{
	life_command(&w, person, (struct command){.verb = VERB_NOTE, .id = 7777, .words = "x"});
	count();
}

static void test_commands(void **state)
{
	(void)state;
	forget();
	for (int i = 0; i < CAPS_COMMANDS; i++)
		note("wang");
	assert_int_equal(rows, CAPS_COMMANDS);
	assert_non_null(strstr(last, "unknown_id"));
	for (int i = 0; i < 1000; i++)
		note("wang");
	assert_int_equal(rows, CAPS_COMMANDS + 1); /* said once */
	assert_int_equal(replies, CAPS_COMMANDS + 1000);
	assert_non_null(strstr(last, "not_now"));
	note("li"); /* nobody else pays for it */
	assert_non_null(strstr(last, "unknown_id"));
	note("mallory");
	assert_non_null(strstr(last, "unknown_person"));
	w.now_ms += CAPS_COMMANDS_MS;
	note("wang");
	assert_non_null(strstr(last, "unknown_id"));
}

/* All who are nobody have one measure together. */
static void test_strangers(void **state)
{
	char name[16];

	(void)state;
	forget();
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "s%d", i);
		note(name);
	}
	assert_int_equal(rows, CAPS_COMMANDS + 1);
	note("wang");
	assert_non_null(strstr(last, "unknown_id"));
}

static void store_is(enum store_state store)
{
	struct event ev = {.kind = EVENT_STORE, .store = store};

	life_event(&w, &ev);
	count();
}

static int n_open(void)
{
	int n = 0;

	for (int i = 0; i < w.e->n_incidents; i++)
		n += incident_is_open(w.e->incidents[i]);
	return n;
}

static void test_while_the_store_fails(void **state)
{
	int before;

	(void)state;
	store_is(STORE_FAILING);
	before = n_open();
	for (int64_t held = 0; !w.e->caps.is_full; held++) {
		if (held > 3 * CAPS_LATE_ROWS) /* it flaps: not each of them is a row */
			fail_msg("the limit is never reached");
		life_reading(&w, "door", READING_VALUE, held % 2 ? "1" : "30");
	}
	forget();
	life_reading(&w, "door", READING_VALUE, "30");
	life_reading(&w, "door", READING_VALUE, "1");
	life_reading(&w, "door", READING_VALUE, "30");
	assert_int_equal(rows, 0);
	life_reading(&w, "a", READING_VALUE, "30");
	count();
	assert_true(rows > 0); /* gas is */
	assert_int_equal(n_open(), before + 3); /* door, limit, gas */
	forget();
	store_is(STORE_OK);
	assert_true(wants > 0); /* what was left alone is asked for */
	assert_false(w.e->caps.is_full);
}

static int setup(void **state)
{
	(void)state;
	plan = life_plan();
	life_begin(&w, plan);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	life_end(&w);
	plan_free(plan);
	return 0;
}

#define TEST(F) cmocka_unit_test_setup_teardown(F, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_commands), TEST(test_strangers),
	                                   TEST(test_while_the_store_fails)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
