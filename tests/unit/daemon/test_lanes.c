/* test_lanes.c - the lanes' rules, with time as an argument. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lanes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lanes lanes;
static const struct lane_link up = {.is_up = true, .is_synced = true, .is_v5 = true, .packet_limit = 32768};
static const struct lane_link down = {0};

static int begin(void **state)
{
	(void)state;
	lanes_init(&lanes);
	return 0;
}

static int end(void **state)
{
	(void)state;
	lanes_fini(&lanes);
	return 0;
}

static struct outgoing message(enum lane lane, const char *topic, const char *payload, int64_t token)
{
	return (struct outgoing){.lane = lane,
	                         .topic = topic,
	                         .payload = payload,
	                         .len = strlen(payload),
	                         .qos = 1,
	                         .token = token};
}

static void put(enum lane lane, const char *topic, const char *payload, int64_t token, int64_t now_ms)
{
	struct outgoing o = message(lane, topic, payload, token);

	lanes_put(&lanes, &o, &up, now_ms);
}

static void put_row(const char *topic, int64_t now_ms)
{
	struct outgoing o = message(LANE_STREAM, topic, "row", 0);

	o.qos = 0;
	lanes_put(&lanes, &o, &up, now_ms);
}

static void put_state(const char *topic, const char *payload, const struct lane_link *link, int64_t now_ms)
{
	struct outgoing o = message(LANE_STATE, topic, payload, 0);

	o.latest_wins = true;
	lanes_put(&lanes, &o, link, now_ms);
}

/* The next answer; its token, negative when it failed; 0: none. */
static int64_t answer(void)
{
	static struct lane_answer *list;
	struct lane_answer *a;
	int64_t token = 0;

	if (!list)
		list = lanes_take_answers(&lanes);
	a = list;
	if (a) {
		token = a->ok ? a->token : -a->token;
		list = a->next;
		free(a);
	}
	return token;
}

static void expect_next(const char *payload, int64_t now_ms, uint64_t *ret_number)
{
	struct lane_item *item = lanes_next(&lanes, &up, now_ms);

	assert_non_null(item);
	assert_string_equal(item->o.payload, payload);
	if (ret_number)
		*ret_number = item->number;
}

static void test_gravest_lane_first(void **state)
{
	uint64_t number;

	(void)state;
	put(LANE_STREAM, "t", "stream", 1, 0);
	put(LANE_PERSON, "t", "person", 2, 0);
	put(LANE_LIFE, "t", "life 1", 3, 0);
	put(LANE_LIFE, "t", "life 2", 4, 0);
	put_state("t", "state", &up, 0);
	expect_next("life 1", 1, &number);
	expect_next("life 2", 1, NULL);
	expect_next("person", 1, NULL);
	expect_next("state", 1, NULL);
	expect_next("stream", 1, NULL);
	assert_null(lanes_next(&lanes, &up, 1));
	assert_int_equal(lanes_count(&lanes), 5);
	assert_true(lanes_answer(&lanes, number, true, "", 2));
	assert_false(lanes_answer(&lanes, number, false, "", 2)); /* once */
	assert_int_equal(answer(), 3);
	assert_int_equal(answer(), 0);
}

static void test_life_has_ten_of_its_own(void **state)
{
	(void)state;
	for (int i = 1; i <= 60; i++)
		put(LANE_PERSON, "t", "p", i, 0);
	for (int i = 0; i < LANES_OUT_OTHERS; i++)
		expect_next("p", 0, NULL);
	assert_null(lanes_next(&lanes, &up, 0));
	for (int i = 61; i <= 75; i++)
		put(LANE_LIFE, "t", "fire", i, 0);
	for (int i = 0; i < LANES_OUT_MAX - LANES_OUT_OTHERS; i++)
		expect_next("fire", 0, NULL);
	assert_null(lanes_next(&lanes, &up, 0));
	assert_int_equal(lanes.n_out, LANES_OUT_MAX);
	lanes_answer(&lanes, 1, true, "", 1);
	expect_next("fire", 1, NULL);
}

static void test_topics_take_turns(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		put(LANE_PERSON, "page/wang", "wang", 0, 0);
	put(LANE_PERSON, "page/li", "li 1", 0, 1);
	put(LANE_PERSON, "page/li", "li 2", 0, 1);
	expect_next("wang", 1, NULL);
	expect_next("li 1", 1, NULL);
	expect_next("wang", 1, NULL);
	put(LANE_PERSON, "page/smith", "smith 1", 0, 2);
	expect_next("li 2", 2, NULL);
	expect_next("wang", 2, NULL);
	expect_next("smith 1", 2, NULL);
	expect_next("wang", 2, NULL);
	put(LANE_PERSON, "page/li", "li 3", 0, 3); /* who was through has no arrears and no credit */
	expect_next("wang", 3, NULL);
	expect_next("li 3", 3, NULL);
	assert_int_equal(lanes_count(&lanes), 104);
}

static void test_one_topic_is_bounded(void **state)
{
	(void)state;
	for (int i = 0; i < LANES_TOPIC_MAX; i++)
		put(LANE_LIFE, "page/wang", "x", 0, 0);
	put(LANE_LIFE, "page/wang", "one too many", 5, 0);
	put(LANE_LIFE, "page/li", "li", 6, 0);
	assert_int_equal(answer(), -5);
	assert_int_equal(answer(), 0);
	expect_next("x", 0, NULL);
	expect_next("li", 0, NULL);
	put(LANE_LIFE, "page/wang", "room again", 7, 0);
	assert_int_equal(answer(), 0);
}

static void test_latest_wins(void **state)
{
	uint64_t number;

	(void)state;
	put_state("a", "a1", &up, 0);
	put_state("b", "b1", &up, 0);
	put_state("a", "a2", &up, 0); /* keeps a's place */
	expect_next("a2", 0, &number);
	put_state("a", "a3", &up, 10);
	put_state("a", "a4", &up, 20);
	expect_next("b1", 20, NULL);
	assert_null(lanes_next(&lanes, &up, 2000)); /* a is out */
	lanes_answer(&lanes, number, true, "", 30);
	assert_null(lanes_next(&lanes, &up, 999)); /* and was sent within the second */
	assert_int_equal(lanes_wake_at(&lanes), 1000);
	expect_next("a4", 1000, NULL);
	assert_int_equal(lanes_count(&lanes), 2);
	assert_int_equal(lanes.dropped, 0);
}

static void test_replaced_token_is_answered(void **state)
{
	struct outgoing o = message(LANE_STATE, "a", "1", 7);

	(void)state;
	o.latest_wins = true;
	lanes_put(&lanes, &o, &up, 0);
	o.token = 8;
	lanes_put(&lanes, &o, &up, 0);
	assert_int_equal(answer(), -7);
	assert_int_equal(answer(), 0);
}

static void test_lost_link(void **state)
{
	uint64_t number;

	(void)state;
	put(LANE_LIFE, "t", "out", 1, 0);
	put_state("s", "sent", &up, 0);
	put_state("n", "sent", &up, 0);
	expect_next("out", 0, &number);
	expect_next("sent", 0, NULL);
	expect_next("sent", 0, NULL);
	put_state("n", "newer", &up, 1);
	put(LANE_PERSON, "t", "waiting", 2, 1);
	put(LANE_STREAM, "t", "no token", 0, 1);
	lanes_lost(&lanes, "gone");
	assert_int_equal(answer(), -1);
	assert_int_equal(answer(), -2);
	assert_int_equal(answer(), 0);
	assert_int_equal(lanes.dropped, 1);
	assert_false(lanes_answer(&lanes, number, true, "", 2)); /* too late */
	assert_null(lanes_next(&lanes, &down, 2));
	put_state("s", "while down", &down, 3);
	expect_next("newer", 2000, NULL);
	expect_next("while down", 2000, NULL);
	assert_null(lanes_next(&lanes, &up, 4000));
	assert_int_equal(lanes.out_bytes,
	                 2 * (5 + 2 + 1 + 2 + 4 + 5) + strlen("newer") + strlen("while down"));
}

static void test_unsent_state_goes_again(void **state)
{
	(void)state;
	put_state("s", "once", &up, 0);
	expect_next("once", 0, NULL);
	lanes_lost(&lanes, "gone");
	expect_next("once", 1500, NULL);
}

static void test_down(void **state)
{
	struct outgoing o = message(LANE_LIFE, "t", "x", 5);

	(void)state;
	lanes_put(&lanes, &o, &down, 0);
	assert_int_equal(answer(), -5);
	o.token = 0;
	lanes_put(&lanes, &o, &down, 0);
	assert_int_equal(answer(), 0);
	assert_int_equal(lanes.dropped, 1);
	o.token = 6;
	o.latest_wins = true;
	lanes_put(&lanes, &o, &down, 0); /* kept, but its token cannot wait */
	assert_int_equal(answer(), -6);
	assert_int_equal(lanes_count(&lanes), 1);
}

static void test_commands_need_sync(void **state)
{
	struct lane_link unsynced = up;
	struct outgoing o = message(LANE_LIFE, "valve", "C", 1);
	uint64_t number;

	(void)state;
	unsynced.is_synced = false;
	o.needs_sync = true;
	lanes_put(&lanes, &o, &unsynced, 0);
	assert_int_equal(answer(), -1);
	o.token = 2;
	lanes_put(&lanes, &o, &up, 0);
	assert_null(lanes_next(&lanes, &unsynced, 1)); /* lost in between */
	assert_int_equal(answer(), -2);
	o.token = 3;
	o.expiry_ms = 3000;
	lanes_put(&lanes, &o, &up, 0);
	assert_null(lanes_next(&lanes, &up, 3001)); /* waited longer than it is worth */
	assert_int_equal(answer(), -3);
	assert_false(lanes.is_unsure);
	o.token = 4;
	lanes_put(&lanes, &o, &up, 0);
	expect_next("C", 1, &number);
	lanes_lost(&lanes, "gone");
	assert_true(lanes.is_unsure);
	assert_int_equal(answer(), -4);
}

static bool is_not_two(void *arg, int64_t token)
{
	++*(int *)arg;
	return token != 2;
}

static void test_recall(void **state)
{
	struct outgoing o = message(LANE_LIFE, "valve", "C", 1);
	int n = 0;

	(void)state;
	put(LANE_PERSON, "page", "x", 2, 0);
	lanes_recall(&lanes, is_not_two, &n);
	assert_int_equal(n, 0); /* only commands are asked about */
	o.needs_sync = true;
	lanes_put(&lanes, &o, &up, 0);
	expect_next("C", 0, NULL); /* that one is out */
	o.token = 2;
	lanes_put(&lanes, &o, &up, 0);
	o.lane = LANE_PERSON;
	o.token = 3;
	lanes_put(&lanes, &o, &up, 0);
	lanes_recall(&lanes, is_not_two, &n);
	assert_int_equal(n, 2);
	assert_int_equal(answer(), -2);
	assert_int_equal(answer(), 0);
	assert_int_equal(lanes_count(&lanes), 3);
	assert_int_equal(lanes.n_commands, 1);
}

static void test_no_answer_in_time(void **state)
{
	(void)state;
	put(LANE_PERSON, "t", "x", 9, 0);
	expect_next("x", 500, NULL);
	assert_int_equal(lanes_wake_at(&lanes), 500 + LANES_ANSWER_MS);
	lanes_expire(&lanes, 499 + LANES_ANSWER_MS);
	assert_int_equal(answer(), 0);
	lanes_expire(&lanes, 500 + LANES_ANSWER_MS);
	assert_int_equal(answer(), -9);
	assert_int_equal(lanes_count(&lanes), 0);
	assert_int_equal(lanes_wake_at(&lanes), INT64_MAX);
}

static void test_stream_is_bounded(void **state)
{
	(void)state;
	put(LANE_STREAM, "t", "oldest", 1, 0);
	for (int i = 0; i < LANES_STREAM_MAX; i++)
		put(LANE_STREAM, "t", "x", 0, 0);
	assert_int_equal(answer(), -1);
	assert_int_equal(lanes_count(&lanes), LANES_STREAM_MAX);
}

static void test_sizes_and_expiry(void **state)
{
	struct outgoing o = message(LANE_LIFE, "abc", "hello", 0);
	struct lane_item *item;

	(void)state;
	assert_int_equal(lanes_packet_bytes(&o, false), 5 + 2 + 3 + 2 + 5);
	o.correlation = "zz";
	o.correlation_len = 2;
	assert_int_equal(lanes_packet_bytes(&o, true), 17 + 4 + 5 + 5);
	o.expiry_ms = 1001;
	lanes_put(&lanes, &o, &up, 1000);
	item = lanes_next(&lanes, &up, 1000);
	assert_int_equal(lanes_expiry_s(item, 1000), 2);
	assert_int_equal(lanes_expiry_s(item, 1001), 1);
	assert_int_equal(lanes_expiry_s(item, 9000), 1); /* late, but it goes */
	assert_memory_equal(item->o.correlation, "zz", 2);
	item->o.expiry_ms = 0;
	assert_int_equal(lanes_expiry_s(item, 1000), 0);
}

/* Whatever happens in whatever order: every token once, nothing lost or leaked. */
static void test_random_storm(void **state)
{
	static unsigned char answers[20001];
	uint64_t lcg = 42;
	int64_t now_ms = 0, token = 0, got;

	(void)state;
	memset(answers, 0, sizeof(answers));
	for (int step = 0; step < 60000; step++) {
		unsigned dice = (unsigned)((lcg = lcg * 6364136223846793005u + 1442695040888963407u) >> 33);
		char topic[2] = {(char)('a' + dice / 16 % 8), 0};
		struct outgoing o = message((enum lane)(dice / 7 % LANE_COUNT), topic, "x", 0);
		const struct lane_link *link = dice / 128 % 10 ? &up : &down;

		now_ms += dice % 50;
		if (dice % 3 == 0 && token < 20000) {
			o.token = ++token;
			o.latest_wins = dice % 2 == 0;
			o.needs_sync = dice % 5 == 0;
			lanes_put(&lanes, &o, link, now_ms);
		} else if (dice % 3 == 1) {
			lanes_next(&lanes, link, now_ms);
		} else if (dice % 101 == 0) {
			lanes_lost(&lanes, "gone");
		} else {
			lanes_answer(&lanes, lanes.last_number - dice % 40, dice % 2, "", now_ms);
		}
		lanes_expire(&lanes, now_ms);
		assert_in_range(lanes.n_out, 0, LANES_OUT_MAX);
		while ((got = answer()) != 0)
			answers[got < 0 ? -got : got]++;
	}
	lanes_lost(&lanes, "end");
	while ((got = answer()) != 0)
		answers[got < 0 ? -got : got]++;
	for (int64_t i = 1; i <= token; i++)
		assert_int_equal(answers[i], 1);
	assert_int_equal(lanes.n_out, 0);
	assert_int_equal(lanes.out_bytes, 0);
}

/* The server takes only so many at once: the library would keep the rest in a queue without order, and forget it for a second. */
static void test_the_server_takes_few(void **state)
{
	struct lane_link few = up;

	(void)state;
	few.receive_limit = 10;
	for (int i = 0; i < 20; i++)
		put(LANE_PERSON, "result/li", "p", 0, 0);
	for (int i = 0; i < 8; i++)
		assert_non_null(lanes_next(&lanes, &few, 0));
	assert_null(lanes_next(&lanes, &few, 0));
	for (int i = 0; i < 20; i++)
		put(LANE_LIFE, "page/wang", "l", 0, 0);
	assert_int_equal(lanes_next(&lanes, &few, 0)->o.lane, LANE_LIFE);
	assert_non_null(lanes_next(&lanes, &few, 0));
	assert_null(lanes_next(&lanes, &few, 0));
	assert_true(lanes_answer(&lanes, 1, true, "", 0));
	assert_int_equal(lanes_next(&lanes, &few, 0)->o.lane, LANE_LIFE);
	assert_null(lanes_next(&lanes, &few, 0));
	put_row("event", 0);
	assert_int_equal(lanes_next(&lanes, &few, 0)->o.lane, LANE_STREAM); /* QoS 0 */
	few.receive_limit = 1;
	while (lanes.out)
		lanes_answer(&lanes, lanes.out->number, true, "", 0);
	assert_int_equal(lanes_next(&lanes, &few, 0)->o.lane, LANE_LIFE);
	assert_null(lanes_next(&lanes, &few, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_gravest_lane_first, begin, end),
	    cmocka_unit_test_setup_teardown(test_life_has_ten_of_its_own, begin, end),
	    cmocka_unit_test_setup_teardown(test_the_server_takes_few, begin, end),
	    cmocka_unit_test_setup_teardown(test_topics_take_turns, begin, end),
	    cmocka_unit_test_setup_teardown(test_one_topic_is_bounded, begin, end),
	    cmocka_unit_test_setup_teardown(test_recall, begin, end),
	    cmocka_unit_test_setup_teardown(test_latest_wins, begin, end),
	    cmocka_unit_test_setup_teardown(test_replaced_token_is_answered, begin, end),
	    cmocka_unit_test_setup_teardown(test_lost_link, begin, end),
	    cmocka_unit_test_setup_teardown(test_unsent_state_goes_again, begin, end),
	    cmocka_unit_test_setup_teardown(test_down, begin, end),
	    cmocka_unit_test_setup_teardown(test_commands_need_sync, begin, end),
	    cmocka_unit_test_setup_teardown(test_no_answer_in_time, begin, end),
	    cmocka_unit_test_setup_teardown(test_stream_is_bounded, begin, end),
	    cmocka_unit_test_setup_teardown(test_sizes_and_expiry, begin, end),
	    cmocka_unit_test_setup_teardown(test_random_storm, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
