/* The guard in virtual time: what it hears, what it says, and how often. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/guard.h"

#include <stdio.h>
#include <string.h>

enum { START_MS = 1000000, BEAT_MS = 10000, AFTER_MS = 35000, MINUTE_MS = 60000 };

static const int64_t wall_base_ms = 1795000000000;
static struct guard *guard;
static int64_t at_ms, beats;
static char said[64][160]; /* "alarm down plaza" */
static char last_zh[640], last_en[640];
static int n_said;

static void on_said(void *arg, const struct guard_said *s)
{
	static const char *const words[] = {"alarm", "still", "over"};

	(void)arg;
	assert_true(n_said < 64);
	snprintf(said[n_said++], sizeof said[0], "%s %s %s", words[s->saying], guard_word(s->trouble), s->site);
	snprintf(last_zh, sizeof last_zh, "%s", s->zh);
	snprintf(last_en, sizeof last_en, "%s", s->en);
}

static void begin(const char *site)
{
	const struct guard_config config = {.site = site, .after_ms = AFTER_MS, .say = on_said};

	guard = guard_new(&config, at_ms);
}

static struct guard_beat good(void)
{
	return (struct guard_beat){.epoch = 7,
	                           .n = ++beats,
	                           .at_ms = wall_base_ms + at_ms,
	                           .oldest_s = -1,
	                           .next_call_s = -1,
	                           .store = "ok"};
}

static void beat(const struct guard_beat *b)
{
	guard_beat(guard, "plaza", b, wall_base_ms + at_ms, at_ms);
	guard_look(guard, at_ms);
}

/* Time goes by, looked at each second. */
static void pass(int64_t for_ms)
{
	for (int64_t end_ms = at_ms + for_ms; at_ms < end_ms;) {
		at_ms += 1000;
		guard_look(guard, at_ms);
	}
}

static void beat_for(int64_t for_ms)
{
	for (int64_t end_ms = at_ms + for_ms; at_ms < end_ms;) {
		struct guard_beat b = good();

		beat(&b);
		pass(BEAT_MS);
	}
}

static void link_up(void)
{
	guard_link(guard, true, "", at_ms);
	guard_look(guard, at_ms);
}

static void status(const char *word)
{
	guard_status(guard, "plaza", word, at_ms);
	guard_look(guard, at_ms);
}

static int setup(void **state)
{
	(void)state;
	at_ms = START_MS;
	beats = n_said = 0;
	last_zh[0] = last_en[0] = 0;
	begin(NULL);
	link_up();
	status("online");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	guard_free(guard);
	return 0;
}

static void expect(const char *const *lines)
{
	int n = 0;

	for (; lines[n]; n++) {
		assert_true(n < n_said);
		assert_string_equal(said[n], lines[n]);
	}
	assert_int_equal(n_said, n);
}
#define EXPECT(...) expect((const char *const[]){__VA_ARGS__, NULL})

static void test_a_site_that_lives_is_not_spoken_of(void **state)
{
	(void)state;
	beat_for(60 * MINUTE_MS);
	assert_int_equal(n_said, 0);
	assert_int_equal(guard_open(guard), 0);
}

static void test_three_missed_beats_are_told_once_and_their_end_once(void **state)
{
	(void)state;
	beat_for(BEAT_MS);
	pass(AFTER_MS - BEAT_MS - 1000);
	assert_int_equal(n_said, 0);
	pass(1000);
	EXPECT("alarm down plaza");
	assert_non_null(strstr(last_zh, "【看护告警】plaza 告警系统没有运行"));
	assert_non_null(strstr(last_en, "tocsin guard ALARM plaza: tocsin is down"));
	assert_non_null(strstr(last_en, "no heartbeat for 35 s"));
	pass(2 * MINUTE_MS);
	assert_int_equal(guard_open(guard), 1);
	beat_for(MINUTE_MS);
	EXPECT("alarm down plaza", "over down plaza");
	assert_non_null(strstr(last_zh, "看护解除"));
	assert_int_equal(guard_open(guard), 0);
}

static void test_it_repeats_every_five_minutes(void **state)
{
	(void)state;
	pass(AFTER_MS + 11 * MINUTE_MS);
	EXPECT("alarm down plaza", "still down plaza", "still down plaza");
	assert_non_null(strstr(last_zh, "已10分钟"));
	assert_non_null(strstr(last_en, "for 10 min"));
}

static void test_the_will_is_told_faster_than_silence(void **state)
{
	(void)state;
	beat_for(BEAT_MS);
	status("offline");
	pass(4000);
	assert_int_equal(n_said, 0);
	pass(1000);
	EXPECT("alarm down plaza");
	assert_non_null(strstr(last_en, "offline"));
	status("online"); /* connected is not yet alive */
	pass(5000);
	EXPECT("alarm down plaza");
	beat_for(BEAT_MS);
	EXPECT("alarm down plaza", "over down plaza");
}

static void test_a_fast_restart_is_nothing(void **state)
{
	(void)state;
	beat_for(BEAT_MS);
	status("offline");
	pass(2000);
	status("online");
	beat_for(MINUTE_MS);
	assert_int_equal(n_said, 0);
}

static void test_a_stop_by_hand_is_told_as_such(void **state)
{
	(void)state;
	beat_for(BEAT_MS);
	status("stopping");
	pass(AFTER_MS);
	EXPECT("alarm down plaza");
	assert_non_null(strstr(last_en, "somebody stopped it"));
}

static void test_beats_that_do_not_count_on_are_none(void **state)
{
	struct guard_beat b = good();

	(void)state;
	for (int i = 0; i < 6; i++) {
		beat(&b);
		pass(BEAT_MS);
	}
	EXPECT("alarm down plaza");
	assert_non_null(strstr(last_en, "do not count on"));
	b.epoch = 3; /* another store, another start: it lives */
	b.n = 1;
	beat(&b);
	EXPECT("alarm down plaza", "over down plaza");
}

static void test_nothing_ever_heard(void **state)
{
	(void)state;
	guard_free(guard);
	begin("harbour");
	link_up();
	guard_status(guard, "plaza", "online", at_ms); /* not ours */
	beat_for(AFTER_MS);
	EXPECT("alarm down harbour");
	assert_non_null(strstr(last_en, "ever heard"));
}

static void test_a_broker_without_sites(void **state)
{
	(void)state;
	guard_free(guard);
	begin(NULL);
	link_up();
	pass(AFTER_MS);
	EXPECT("alarm down +");
	beat_for(BEAT_MS);
	EXPECT("alarm down +", "over down plaza");
}

static void test_the_broker_is_told_once_and_not_the_site(void **state)
{
	(void)state;
	beat_for(BEAT_MS);
	guard_link(guard, false, "connection refused", at_ms);
	pass(5000);
	guard_link(guard, false, "no route to host", at_ms);
	pass(AFTER_MS + 4 * MINUTE_MS);
	EXPECT("alarm broker -");
	assert_non_null(strstr(last_en, "no route to host"));
	link_up();
	status("online");
	pass(AFTER_MS - 1000); /* its time begins anew */
	EXPECT("alarm broker -", "over broker -");
	pass(1000);
	EXPECT("alarm broker -", "over broker -", "alarm down plaza");
}

static void test_a_link_that_hung_counts_from_what_was_heard_last(void **state)
{
	struct guard_beat b = good();

	(void)state;
	beat(&b);
	pass(18000);
	guard_link(guard, false, "no answer", at_ms);
	pass(AFTER_MS - 18000 - 1000);
	assert_int_equal(n_said, 0);
	pass(1000);
	EXPECT("alarm broker -");
	link_up();
	pass(AFTER_MS);
	EXPECT("alarm broker -", "over broker -", "alarm down plaza");
	guard_link(guard, false, "gone", at_ms); /* after a long silence it counts from now */
	pass(AFTER_MS - 1000);
	EXPECT("alarm broker -", "over broker -", "alarm down plaza");
}

static void test_a_short_restart_of_the_broker_is_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		beat_for(BEAT_MS);
		guard_link(guard, false, "gone", at_ms);
		pass(20000);
		link_up();
		status("offline"); /* the will, and at once: */
		status("online");
	}
	beat_for(MINUTE_MS);
	assert_int_equal(n_said, 0);
}

static void test_down_is_not_over_because_the_broker_came_back(void **state)
{
	(void)state;
	pass(AFTER_MS);
	guard_link(guard, false, "gone", at_ms);
	pass(3000);
	link_up();
	status("online");
	pass(3000);
	EXPECT("alarm down plaza");
	beat_for(BEAT_MS);
	EXPECT("alarm down plaza", "over down plaza");
}

static void test_store(void **state)
{
	struct guard_beat b = good();

	(void)state;
	b.store = "late"; /* a moment of it is daily life */
	beat(&b);
	pass(BEAT_MS);
	beat_for(MINUTE_MS);
	assert_int_equal(n_said, 0);
	b = good();
	b.store = "failing";
	beat(&b);
	EXPECT("alarm store plaza");
	pass(BEAT_MS);
	b = good();
	b.store = "late"; /* on the way, not there */
	beat(&b);
	EXPECT("alarm store plaza");
	pass(BEAT_MS);
	beat_for(BEAT_MS);
	EXPECT("alarm store plaza", "over store plaza");
}

static void waiting(int64_t unacked, int64_t next_call_s, int n)
{
	for (int i = 0; i < n; i++) {
		struct guard_beat b = good();

		b.unacked = unacked;
		b.oldest_s = 40 + 10 * i;
		b.next_call_s = next_call_s;
		beat(&b);
		pass(BEAT_MS);
	}
}

static void test_a_chain_in_silence(void **state)
{
	(void)state;
	waiting(1, 54, 30); /* unacknowledged and called on: as it should be */
	waiting(1, 0, 2);   /* just being called */
	waiting(1, 20, 1);
	waiting(0, -1, 5);
	assert_int_equal(n_said, 0);
	waiting(2, -1, 4);
	EXPECT("alarm chain plaza");
	assert_non_null(strstr(last_en, "2 not acknowledged"));
	assert_non_null(strstr(last_zh, "未确认2起"));
	waiting(2, 30, 1);
	EXPECT("alarm chain plaza", "over chain plaza");
	waiting(1, 0, 4); /* due, and due, and due */
	EXPECT("alarm chain plaza", "over chain plaza", "alarm chain plaza");
}

static void test_clocks_apart(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct guard_beat b = good();

		b.at_ms -= 3600 * 1000;
		beat(&b);
		assert_int_equal(n_said, i > 0); /* one may have been long on its way */
		pass(BEAT_MS);
	}
	EXPECT("alarm clock plaza");
	assert_non_null(strstr(last_en, "3600 s behind"));
	beat_for(BEAT_MS);
	EXPECT("alarm clock plaza", "over clock plaza");
}

static void test_it_starts_again_and_again(void **state)
{
	(void)state;
	beat_for(BEAT_MS);
	for (int i = 1; i <= 3; i++) {
		struct guard_beat b = good();

		b.epoch = 7 + i;
		b.n = 1;
		beat(&b);
		pass(BEAT_MS);
	}
	EXPECT("alarm restarts plaza");
	for (int i = 0; i < 70; i++) {
		struct guard_beat b = good();

		b.epoch = 10;
		beat(&b);
		pass(BEAT_MS);
	}
	EXPECT("alarm restarts plaza", "still restarts plaza", "over restarts plaza");
}

static void test_while_it_is_down_nothing_else_is_said(void **state)
{
	struct guard_beat b = good();

	(void)state;
	b.store = "failing";
	beat(&b);
	pass(AFTER_MS + 6 * MINUTE_MS);
	EXPECT("alarm store plaza", "alarm down plaza", "still down plaza");
	beat_for(BEAT_MS);
	EXPECT("alarm store plaza", "alarm down plaza", "still down plaza", "over down plaza", "over store plaza");
}

static void test_sites_are_told_apart_and_bounded(void **state)
{
	struct guard_beat b = good();
	char id[80];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(id, sizeof id, "site-%d", i);
		guard_status(guard, id, "online", at_ms);
	}
	guard_status(guard, "../x y", "offline", at_ms);
	guard_status(guard, "", "offline", at_ms);
	pass(AFTER_MS - 1000);
	beat(&b);
	pass(1000);
	assert_int_equal(n_said, 63); /* 64 are watched, one of them lives */
	for (int i = 0; i < n_said; i++)
		assert_non_null(strstr(said[i], "alarm down site-"));
}

#define TEST(F) cmocka_unit_test_setup_teardown(F, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_site_that_lives_is_not_spoken_of),
	    TEST(test_three_missed_beats_are_told_once_and_their_end_once),
	    TEST(test_it_repeats_every_five_minutes),
	    TEST(test_the_will_is_told_faster_than_silence),
	    TEST(test_a_fast_restart_is_nothing),
	    TEST(test_a_stop_by_hand_is_told_as_such),
	    TEST(test_beats_that_do_not_count_on_are_none),
	    TEST(test_nothing_ever_heard),
	    TEST(test_a_broker_without_sites),
	    TEST(test_the_broker_is_told_once_and_not_the_site),
	    TEST(test_a_link_that_hung_counts_from_what_was_heard_last),
	    TEST(test_a_short_restart_of_the_broker_is_nothing),
	    TEST(test_down_is_not_over_because_the_broker_came_back),
	    TEST(test_store),
	    TEST(test_a_chain_in_silence),
	    TEST(test_clocks_apart),
	    TEST(test_it_starts_again_and_again),
	    TEST(test_while_it_is_down_nothing_else_is_said),
	    TEST(test_sites_are_told_apart_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
