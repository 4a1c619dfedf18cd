/* test_mqtt_send.c - what leaves: while a callback is held, latest-wins,
 * oversize, expiry, response data, tokens under restart storms. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "adapter/mqtt_rig.h"
#include "mqtt_sender.h"

#include <signal.h>

#define ROOT "tocsin/send/1/"

static struct test_broker broker;

static int start_broker(void **state)
{
	(void)state;
	broker_start(&broker, BROKER_OPEN);
	return 0;
}

static int end_broker(void **state)
{
	(void)state;
	broker_end(&broker);
	return 0;
}

static struct rig *synced(const char *site, int version)
{
	struct rig *r = rig_start(&broker, site, version);

	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS));
	return r;
}

static struct outgoing page(const char *payload, int64_t token)
{
	return (struct outgoing){.lane = LANE_LIFE,
	                         .topic = ROOT "page/wang",
	                         .payload = payload,
	                         .len = strlen(payload),
	                         .qos = 1,
	                         .expiry_ms = 60000,
	                         .repeat_payload = "again",
	                         .token = token};
}

/* The callback waits until release(), or for so long that a sender who waits for it is seen. */
static void hold(struct rig *r)
{
	atomic_store(&r->hold_topic, "plc/hold");
	atomic_store(&r->hold_ms, TEST_LIMIT_MS);
	assert_int_equal(broker_pub(&broker, "plc/hold", "1", "-q", "1", NULL), 0);
	assert_true(TEST_UNTIL(atomic_load(&r->is_holding), TEST_LIMIT_MS));
}

static void release(struct rig *r)
{
	atomic_store(&r->hold_ms, 0);
}

/* The heart: the page is out while the callback waits, the loop side never blocks. */
static void life_page_leaves_during_hold(int version)
{
	struct rig *r = synced("send", version);
	pid_t sub = broker_sub(&broker, "pages", ROOT "page/#");
	struct outgoing o = page("fire", 7);
	int64_t start_ms;

	hold(r);
	start_ms = test_now_ms();
	rig_publish(r, LANE_STATE, ROOT "zone/b2/state", "alarm", 8); /* blocks the sender, not us */
	mqtt_publish(r->m, &o);
	assert_true(TEST_UNTIL(broker_lines(&broker, "pages", "0 0 " ROOT "page/wang fire") == 1, TEST_LIMIT_MS));
	print_message("out after %lld ms\n", (long long)(test_now_ms() - start_ms));
	assert_true(atomic_load(&r->is_holding));
	for (int i = 9; i < 500; i++)
		rig_publish(r, LANE_STREAM, ROOT "event", "x", i);
	assert_true(atomic_load(&r->is_holding)); /* five hundred more, still in the hold */
	assert_int_equal(RIG_GET(r, r->answers[7]), 0);
	release(r);
	assert_true(TEST_UNTIL(broker_lines(&broker, "pages", "1 0 " ROOT "page/wang again") == 1, TEST_LIMIT_MS));
	assert_true(TEST_UNTIL(RIG_GET(r, r->n_answers) == 493, TEST_LIMIT_MS));
	assert_true(RIG_GET(r, r->token_ok[7]));
	assert_int_equal(broker_lines(&broker, "pages", ROOT "page/wang"), 2);
	assert_int_equal(rig_links(r, LINK_DOWN), 0);
	broker_unsub(sub);
	rig_stop(r);
}

static void test_life_page_leaves_during_hold(void **state)
{
	(void)state;
	life_page_leaves_during_hold(5);
	broker_write(&broker, "pages", "");
	life_page_leaves_during_hold(3);
}

static void test_page_without_hold_goes_once(void **state)
{
	struct rig *r = synced("send", 5);
	pid_t sub = broker_sub(&broker, "once", ROOT "page/#");
	struct outgoing o = page("gas", 1);

	(void)state;
	mqtt_publish(r->m, &o);
	assert_true(TEST_UNTIL(RIG_GET(r, r->answers[1]) == 1, TEST_LIMIT_MS));
	assert_true(TEST_UNTIL(broker_lines(&broker, "once", "1 0 " ROOT "page/wang gas") == 1, TEST_LIMIT_MS));
	assert_int_equal(broker_lines(&broker, "once", "again"), 0);
	broker_unsub(sub);
	rig_stop(r);
}

static void test_latest_wins(void **state)
{
	struct rig *r = synced("send", 5);
	pid_t sub = broker_sub(&broker, "latest", ROOT "summary");
	struct outgoing o = {
	    .lane = LANE_STATE, .topic = ROOT "summary", .qos = 1, .retain = true, .latest_wins = true};
	char payload[16];
	int64_t start_ms = test_now_ms();
	int lines;

	(void)state;
	o.payload = "first";
	o.len = 5;
	mqtt_publish(r->m, &o);
	assert_true(TEST_UNTIL(broker_lines(&broker, "latest", "first") == 1, TEST_LIMIT_MS));
	for (int i = 1; i <= 200; i++) {
		snprintf(payload, sizeof(payload), "n%d.", i);
		o.payload = payload;
		o.len = strlen(payload);
		o.token = i == 100 ? 100 : 0;
		mqtt_publish(r->m, &o);
	}
	assert_true(TEST_UNTIL(broker_lines(&broker, "latest", "n200.") == 1, TEST_LIMIT_MS));
	lines = broker_lines(&broker, "latest", ROOT "summary");
	/* The first and the newest, a second apart; one more for each second that we took. */
	assert_in_range(lines, 2, 2 + (test_now_ms() - start_ms) / 1000);
	assert_true(test_now_ms() - start_ms >= 1000);
	assert_int_equal(RIG_GET(r, r->answers[100]), 1);
	assert_true(lines > 2 || !RIG_GET(r, r->token_ok[100]));
	broker_unsub(sub);
	rig_stop(r);
}

static void test_latest_wins_is_kept_while_down(void **state)
{
	struct rig *r = synced("send", 5);
	struct outgoing o = {
	    .lane = LANE_STATE, .topic = ROOT "audit/head", .qos = 1, .retain = true, .latest_wins = true};
	pid_t sub;

	(void)state;
	broker_kill(&broker);
	assert_true(TEST_UNTIL(rig_links(r, LINK_DOWN) == 1, TEST_LIMIT_MS));
	for (int i = 1; i <= 9; i++) {
		o.payload = i == 9 ? "newest" : "old";
		o.len = strlen(o.payload);
		mqtt_publish(r->m, &o);
	}
	rig_publish(r, LANE_LIFE, ROOT "page/wang", "x", 3);
	assert_int_equal(RIG_GET(r, r->answers[3]), 1); /* at once */
	assert_false(RIG_GET(r, r->token_ok[3]));
	assert_int_equal(mqtt_queue(r->m), 1);
	broker_run(&broker);
	sub = broker_sub(&broker, "kept", ROOT "audit/head");
	assert_true(TEST_UNTIL(broker_lines(&broker, "kept", ROOT "audit/head newest") == 1, TEST_LIMIT_MS));
	assert_int_equal(broker_lines(&broker, "kept", "old"), 0);
	broker_unsub(sub);
	rig_stop(r);
}

static void test_commands_need_the_mark(void **state)
{
	struct outgoing o = {
	    .lane = LANE_LIFE, .topic = "plc/out", .payload = "C", .len = 1, .qos = 1, .needs_sync = true};
	struct rig *r;

	(void)state;
	broker_signal(&broker, SIGSTOP);
	r = rig_start(&broker, "send", 5);
	o.token = 1;
	mqtt_publish(r->m, &o); /* surely before the mark */
	broker_signal(&broker, SIGCONT);
	assert_int_equal(RIG_GET(r, r->answers[1]), 1);
	assert_false(RIG_GET(r, r->token_ok[1]));
	assert_true(TEST_UNTIL(mqtt_is_synced(r->m), TEST_LIMIT_MS));
	o.token = 2;
	mqtt_publish(r->m, &o);
	assert_true(TEST_UNTIL(RIG_GET(r, r->answers[2]) == 1, TEST_LIMIT_MS));
	assert_true(RIG_GET(r, r->token_ok[2]));
	assert_true(TEST_UNTIL(rig_find(r, "plc/out", "C", NULL), TEST_LIMIT_MS));
	rig_stop(r);
}

static void test_too_large_is_set_aside(void **state)
{
	struct rig *r = synced("send", 5);
	struct outgoing o = {.lane = LANE_PERSON, .topic = ROOT "page/wang/json", .qos = 1, .token = 1};
	char *big = calloc(1, 40000);

	(void)state;
	memset(big, 'x', 39999);
	o.payload = big;
	o.len = 39999;
	mqtt_publish(r->m, &o);
	rig_publish(r, LANE_PERSON, ROOT "page/wang", "small", 2);
	assert_true(TEST_UNTIL(RIG_GET(r, r->n_answers) == 2, TEST_LIMIT_MS));
	assert_false(RIG_GET(r, r->token_ok[1]));
	assert_true(RIG_GET(r, r->token_ok[2]));
	assert_int_equal(rig_faults(r, "page/wang/json"), 1);
	assert_int_equal(rig_faults(r, "unsendable"), 1);
	free(big);
	rig_stop(r);
}

static int n_out(struct rig *r)
{
	int n;

	pthread_mutex_lock(&r->m->lock);
	n = r->m->lanes.n_out;
	pthread_mutex_unlock(&r->m->lock);
	return n;
}

/* mosquitto tells an MQTT 5 client its max_packet_size. */
static void test_servers_limit_counts(void **state)
{
	struct test_broker small;
	struct rig *r;
	char text[2001];

	(void)state;
	broker_start(&small, BROKER_OPEN "max_packet_size 1000\n");
	r = rig_start(&small, "send", 5);
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS));
	memset(text, 'y', 2000);
	text[2000] = '\0';
	rig_publish(r, LANE_PERSON, ROOT "result/li", text, 1);
	rig_publish(r, LANE_PERSON, ROOT "result/li", text + 1500, 2);
	assert_true(TEST_UNTIL(RIG_GET(r, r->n_answers) == 2, TEST_LIMIT_MS));
	assert_false(RIG_GET(r, r->token_ok[1]));
	assert_true(RIG_GET(r, r->token_ok[2]));
	assert_int_equal(rig_links(r, LINK_DOWN), 0);
	rig_stop(r);
	broker_end(&small);
}

/* mosquitto tells an MQTT 5 client its max_inflight_messages; one of them is for the mark. */
static void test_the_server_takes_few_at_once(void **state)
{
	struct test_broker small;
	struct rig *r;

	(void)state;
	broker_start(&small, BROKER_OPEN "max_inflight_messages 6\n");
	r = rig_start(&small, "send", 5);
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS));
	kill(small.pid, SIGSTOP);
	for (int i = 1; i <= 30; i++)
		rig_publish(r, LANE_LIFE, ROOT "page/wang", "x", i);
	assert_true(TEST_UNTIL(mqtt_queue(r->m) == 30 && n_out(r) == 5, TEST_LIMIT_MS));
	kill(small.pid, SIGCONT);
	assert_true(TEST_UNTIL(RIG_GET(r, r->n_answers) == 30, TEST_LIMIT_MS));
	rig_stop(r);
	broker_end(&small);
}

static void test_retained_expiry_and_response_data(void **state)
{
	struct rig *r = synced("send", 5);
	struct rig_message got = {0};
	struct outgoing o = {
	    .lane = LANE_PERSON, .topic = "plc/gone", .payload = "x", .len = 1, .qos = 1, .retain = true};
	struct rig *second;

	(void)state;
	o.expiry_ms = 1100; /* two seconds for the broker */
	mqtt_publish(r->m, &o);
	o.expiry_ms = 0;
	o.topic = "plc/stays";
	o.correlation = "co\0rr";
	o.correlation_len = 5;
	mqtt_publish(r->m, &o);
	assert_true(TEST_UNTIL(rig_find(r, "plc/stays", "x", &got), TEST_LIMIT_MS));
	assert_int_equal(got.correlation_len, 5);
	assert_memory_equal(got.correlation, "co\0rr", 5);
	assert_int_equal(broker_pub(&broker, ROOT "cmd/wang/ack", "17", "-q", "1", "-V", "5", "-D", "publish",
	                            "response-topic", "back/wang", "-D", "publish", "correlation-data", "abc",
	                            NULL),
	                 0);
	assert_true(TEST_UNTIL(rig_find(r, ROOT "cmd/wang/ack", "17", &got), TEST_LIMIT_MS));
	assert_string_equal(got.response, "back/wang");
	assert_memory_equal(got.correlation, "abc", 3);
	rig_stop(r);
	int64_t end_ms = test_now_ms() + 3500;
	while (test_now_ms() < end_ms) /* the broker's clock, not ours */
		test_nap();
	second = synced("send", 5);
	assert_true(TEST_UNTIL(rig_find(second, "plc/stays", "x", &got), TEST_LIMIT_MS));
	assert_true(got.retained);
	assert_true(got.before_mark);
	assert_false(rig_find(second, "plc/gone", NULL, NULL));
	o.topic = "plc/stays"; /* empty: clears it */
	o.payload = "";
	o.len = 0;
	o.token = 5;
	mqtt_publish(second->m, &o);
	assert_true(TEST_UNTIL(RIG_GET(second, second->token_ok[5]), TEST_LIMIT_MS));
	rig_stop(second);
}

static void test_tokens_once_under_restarts(void **state)
{
	struct rig *r = synced("send", 5);
	int token = 0;

	(void)state;
	for (int round = 0; round < 4; round++) { /* the link waits twice as long each time */
		int64_t until_ms = test_now_ms() + 1000;

		for (; test_now_ms() < until_ms && token < RIG_TOKENS - 10; token++) {
			rig_publish(r, (enum lane)(token % LANE_COUNT), ROOT "event", "storm", token + 1);
			if (token % 5 == 0)
				test_nap();
		}
		broker_kill(&broker);
		rig_publish(r, LANE_LIFE, ROOT "page/wang", "down", ++token);
		broker_run(&broker);
		assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == round + 2, TEST_LIMIT_MS));
	}
	assert_true(TEST_UNTIL(RIG_GET(r, r->n_answers) >= token, TEST_LIMIT_MS));
	rig_stop(r);
	assert_int_equal(r->n_answers, token);
	for (int i = 1; i <= token; i++)
		assert_int_equal(r->answers[i], 1);
	print_message("%d tokens, each answered once\n", token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_life_page_leaves_during_hold, rig_stop_all),
	    cmocka_unit_test_teardown(test_page_without_hold_goes_once, rig_stop_all),
	    cmocka_unit_test_teardown(test_latest_wins, rig_stop_all),
	    cmocka_unit_test_teardown(test_latest_wins_is_kept_while_down, rig_stop_all),
	    cmocka_unit_test_teardown(test_commands_need_the_mark, rig_stop_all),
	    cmocka_unit_test_teardown(test_too_large_is_set_aside, rig_stop_all),
	    cmocka_unit_test_teardown(test_servers_limit_counts, rig_stop_all),
	    cmocka_unit_test_teardown(test_the_server_takes_few_at_once, rig_stop_all),
	    cmocka_unit_test_teardown(test_retained_expiry_and_response_data, rig_stop_all),
	    cmocka_unit_test_teardown(test_tokens_once_under_restarts, rig_stop_all),
	};

	setenv("TOCSIN_FAULT", CALM, 1);
	return cmocka_run_group_tests(tests, start_broker, end_broker);
}
