/* test_mqtt_link.c - the link's life: connect, subscribe, mark, Nagle, restart,
 * a broker that hangs, a second client with our id, the will, the end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "adapter/mqtt_rig.h"
#include "adapter/relay.h"

#include <netinet/tcp.h>

#define ROOT "tocsin/link/1/"

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

static struct rig *synced(int version)
{
	struct rig *r = rig_start(&broker, "link", version);

	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS));
	return r;
}

/* Every socket of ours to the port has TCP_NODELAY, and there is one. */
static bool is_nagle_off(int port)
{
	int n = 0, sockets = 0;

	for (int fd = 3; fd < 256; fd++) {
		struct sockaddr_in peer;
		socklen_t len = sizeof(peer);
		int on = 0;

		if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0 || ntohs(peer.sin_port) != port)
			continue;
		len = sizeof(on);
		getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len);
		sockets++;
		n += on != 0;
	}
	return sockets > 0 && n == sockets;
}

static void up_and_synced(int version)
{
	struct rig_message got = {0};
	struct rig *r;

	r = synced(version);
	assert_true(mqtt_is_synced(r->m));
	assert_int_equal(RIG_GET(r, r->n_links), 2);
	assert_int_equal(r->links[0], LINK_UP);
	assert_true(rig_find(r, "plc/b2/callpoint", "1", &got));
	assert_true(got.retained);
	assert_true(got.before_mark);
	assert_int_equal(got.qos, 1);
	assert_true(rig_find(r, ROOT "incident/G-17/state", "{}", &got));
	assert_false(rig_find(r, ROOT "mark", NULL, NULL));
	assert_true(is_nagle_off(broker.port));
	broker_pub(&broker, ROOT "incident/G-18/state", "live", "-q", "1", NULL);
	broker_pub(&broker, "temp/a", "21", "-q", "1", NULL);
	broker_pub(&broker, ROOT "cmd/li/ack", "17", "-q", "1", NULL);
	assert_true(TEST_UNTIL(rig_find(r, ROOT "cmd/li/ack", "17", &got), TEST_LIMIT_MS));
	assert_false(got.before_mark);
	assert_false(got.retained);
	assert_true(rig_find(r, "temp/a", "21", &got));
	assert_int_equal(got.qos, 0);
	assert_false(rig_find(r, ROOT "incident/G-18/state", NULL, NULL)); /* live: our own echo */
	assert_int_equal(rig_faults(r, ""), 0);
	rig_stop(r);
}

static void test_up_and_synced(void **state)
{
	(void)state;
	assert_int_equal(broker_pub(&broker, "plc/b2/callpoint", "1", "-r", "-q", "1", NULL), 0);
	assert_int_equal(broker_pub(&broker, ROOT "incident/G-17/state", "{}", "-r", "-q", "1", NULL), 0);
	up_and_synced(5);
	up_and_synced(3);
}

static void test_retained_commands_stay_away(void **state)
{
	struct rig *r;

	(void)state;
	broker_pub(&broker, "tocsin/new/1/cmd/wang/ack", "old", "-r", "-q", "1", NULL);
	r = rig_start(&broker, "new", 5); /* a session's queue would hold it as a live one */
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS));
	assert_false(rig_find(r, "tocsin/new/1/cmd/wang/ack", NULL, NULL));
	rig_stop(r);
}

static void test_status_online_stopping(void **state)
{
	struct rig *r;
	pid_t sub;
	int64_t start_ms;

	(void)state;
	setenv("TOCSIN_FAULT", CALM ",stop-ms=60000", 1);
	r = synced(5);
	sub = broker_sub(&broker, "status", ROOT "status");
	assert_true(TEST_UNTIL(broker_lines(&broker, "status", "1 1 " ROOT "status online") == 1, TEST_LIMIT_MS));
	rig_publish(r, LANE_PERSON, ROOT "page/li", "last words", 4);
	start_ms = test_now_ms();
	rig_stop(r);
	setenv("TOCSIN_FAULT", CALM, 1);
	print_message("stopped in %lld ms\n", (long long)(test_now_ms() - start_ms));
	assert_true(r->token_ok[4]);
	assert_true(TEST_UNTIL(broker_lines(&broker, "status", ROOT "status stopping") == 1, TEST_LIMIT_MS));
	assert_int_equal(broker_lines(&broker, "status", "offline"), 0);
	broker_unsub(sub);
}

static void test_broker_restart(void **state)
{
	struct rig *r = synced(5);

	(void)state;
	for (int i = 1; i <= 3; i++) {
		broker_kill(&broker);
		assert_true(TEST_UNTIL(rig_links(r, LINK_DOWN) == i, TEST_LIMIT_MS));
		assert_false(mqtt_is_synced(r->m));
		broker_run(&broker);
		assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == i + 1, TEST_LIMIT_MS));
		assert_true(is_nagle_off(broker.port));
	}
	assert_int_equal(rig_links(r, LINK_UP), 4);
	broker_pub(&broker, "plc/x", "new", "-q", "1", NULL); /* subscribed again */
	assert_true(TEST_UNTIL(rig_find(r, "plc/x", "new", NULL), TEST_LIMIT_MS));
	rig_stop(r);
}

static void test_broker_comes_late(void **state)
{
	struct test_broker late;
	struct rig *r;

	(void)state;
	broker_dir(&late);
	broker_write(&late, "conf", BROKER_OPEN);
	r = rig_start(&late, "link", 5);
	assert_true(TEST_UNTIL(rig_links(r, LINK_DOWN) == 1, TEST_LIMIT_MS));
	broker_run(&late);
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS));
	assert_int_equal(rig_links(r, LINK_DOWN), 1);
	rig_stop(r);
	broker_end(&late);
}

static void test_hanging_broker_is_noticed(void **state)
{
	struct rig *r;
	int64_t start_ms;

	(void)state;
	unsetenv("TOCSIN_FAULT");
	r = synced(5);
	start_ms = test_now_ms();
	broker_signal(&broker, SIGSTOP);
	assert_true(TEST_UNTIL(rig_links(r, LINK_DOWN) + rig_links(r, LINK_MARK_LOST) > 0, TEST_LIMIT_MS));
	/* 2.5 times the keepalive of 8 s, and the library's rounding: 23 s on a machine that is ours */
	print_message("noticed after %lld ms\n", (long long)(test_now_ms() - start_ms));
	broker_signal(&broker, SIGCONT);
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) >= 2, TEST_LIMIT_MS));
	rig_stop(r);
	setenv("TOCSIN_FAULT", CALM, 1);
}

/* A rig whose line goes through the relay. */
static struct rig *relayed(struct relay *relay)
{
	struct mqtt_config config = rig_config(&broker, "link", 5);
	struct rig *r;

	relay_start(relay, broker.port);
	config.broker.port = relay->port;
	r = rig_new(&config);
	return r;
}

static void test_session_taken_over(void **state)
{
	struct relay relay;
	struct rig *r = relayed(&relay);

	(void)state;
	mqtt_start(r->m);
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS));
	atomic_store(&relay.says_taken_over, true);
	atomic_fetch_add(&relay.cut, 1);
	assert_true(TEST_UNTIL(rig_links(r, LINK_DOWN) == 1, TEST_LIMIT_MS));
	assert_true(TEST_UNTIL(
	    rig_faults(r, "session taken over: does another client use the id tocsin-link") == 1, TEST_LIMIT_MS));
	assert_false(TEST_UNTIL(rig_links(r, LINK_UP) > 1, 13000)); /* longer than any backoff */
	rig_stop(r);
	relay_end(&relay);
}

/* mosquitto 2.0 hangs up on the old client without a word. */
static void test_two_with_one_id(void **state)
{
	char port[16];
	const char *argv[] = {"mosquitto_sub", "-h", "127.0.0.1", "-p", port, "-i",
	                      "tocsin-link",   "-t", "x",         "-V", "5",  NULL};
	struct rig *r = synced(5);
	pid_t thief;

	(void)state;
	snprintf(port, sizeof(port), "%d", broker.port);
	thief = test_spawn("/dev/null", argv); /* it comes back each time */
	assert_true(TEST_UNTIL(
	    rig_faults(r, "the link again and again: does another client use the id tocsin-link") == 1,
	    TEST_LIMIT_MS));
	broker_unsub(thief);
	rig_stop(r);
}

static void test_will_says_offline(void **state)
{
	struct relay relay;
	struct rig *r = relayed(&relay);
	pid_t sub = broker_sub(&broker, "will", ROOT "status");

	(void)state;
	mqtt_start(r->m);
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS));
	atomic_fetch_add(&relay.cut, 1);
	assert_true(TEST_UNTIL(broker_lines(&broker, "will", ROOT "status offline") == 1, TEST_LIMIT_MS));
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 2, TEST_LIMIT_MS));
	assert_true(TEST_UNTIL(broker_lines(&broker, "will", ROOT "status online") >= 2, TEST_LIMIT_MS));
	broker_unsub(sub);
	rig_stop(r);
	relay_end(&relay);
}

/* A command the broker did not acknowledge must not come after a reconnect. */
static void test_old_command_never_comes_late(void **state)
{
	struct outgoing o = {
	    .lane = LANE_LIFE, .topic = "act/valve", .payload = "C", .len = 1, .qos = 1, .needs_sync = true};
	pid_t sub = broker_sub(&broker, "valve", "act/#");
	struct relay relay;
	struct rig *r = relayed(&relay);

	(void)state;
	mqtt_start(r->m);
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS));
	atomic_store(&relay.swallow, true);
	o.token = 1;
	mqtt_publish(r->m, &o);
	rig_publish(r, LANE_PERSON, "act/page", "p", 2);
	assert_true(TEST_UNTIL(atomic_load(&relay.n_swallowed) >= 2, TEST_LIMIT_MS));
	assert_int_equal(RIG_GET(r, r->n_answers), 0);
	atomic_store(&relay.swallow, false);
	atomic_fetch_add(&relay.cut, 1);
	assert_true(TEST_UNTIL(RIG_GET(r, r->n_answers) == 2, TEST_LIMIT_MS));
	assert_false(r->token_ok[1]);
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 2, TEST_LIMIT_MS));
	o.payload = "O";
	o.token = 3;
	mqtt_publish(r->m, &o);
	assert_true(TEST_UNTIL(broker_lines(&broker, "valve", "act/valve O") == 1, TEST_LIMIT_MS));
	assert_int_equal(broker_lines(&broker, "valve", "act/valve C"), 0);
	assert_int_equal(broker_lines(&broker, "valve", "act/page p"), 0); /* its sender does it, marked as a repeat */
	broker_unsub(sub);
	rig_stop(r);
	relay_end(&relay);
}

static void test_refused_subscription_is_a_fault(void **state)
{
	struct relay relay;
	struct rig *r = relayed(&relay);

	(void)state;
	atomic_store(&relay.refuse_first, true);
	mqtt_start(r->m);
	assert_true(TEST_UNTIL(rig_faults(r, "broker-refuses: subscription refused: plc/#") == 1, TEST_LIMIT_MS));
	assert_int_equal(rig_faults(r, "temp/+"), 0);
	atomic_store(&relay.refuse_first, false);
	atomic_fetch_add(&relay.cut, 1);
	assert_true(TEST_UNTIL(RIG_GET(r, r->n_over) == 1, TEST_LIMIT_MS));
	rig_stop(r);
	relay_end(&relay);
}

/* Not what the standard has: of what it does not speak of nothing is read, and it counts as refused. */
static void test_answer_for_fewer_subscriptions(void **state)
{
	struct relay relay;
	struct rig *r = relayed(&relay);

	(void)state;
	atomic_store(&relay.says_one, true);
	mqtt_start(r->m);
	assert_true(TEST_UNTIL(rig_faults(r, "broker-refuses: subscription refused: ") == 1, TEST_LIMIT_MS));
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS));
	rig_stop(r);
	relay_end(&relay);
}

static void falls_back(enum refuse_v5 how)
{
	struct relay relay;
	struct rig *r = relayed(&relay);

	atomic_store(&relay.refuse, how);
	mqtt_start(r->m);
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS));
	assert_int_equal(atomic_load(&relay.n_v3), 1);
	assert_int_equal(atomic_load(&relay.n_v5), how == REFUSE_HANG_UP ? 3 : 1);
	rig_publish(r, LANE_PERSON, ROOT "page/li", "x", 1);
	assert_true(TEST_UNTIL(RIG_GET(r, r->answers[1]) == 1, TEST_LIMIT_MS));
	assert_true(r->token_ok[1]);
	rig_stop(r);
	relay_end(&relay);
}

static void test_old_broker_gets_3_1_1(void **state)
{
	(void)state;
	falls_back(REFUSE_WITH_CODE);
	falls_back(REFUSE_HANG_UP);
}

static void test_refilter(void **state)
{
	static const struct intake_filter other[] = {{"new/#", 1}, {"temp/+", 0}};
	struct rig *r = synced(5);

	(void)state;
	broker_pub(&broker, "new/a", "kept", "-r", "-q", "1", NULL);
	mqtt_refilter(r->m, other, 2);
	assert_true(TEST_UNTIL(rig_find(r, "new/a", "kept", NULL), TEST_LIMIT_MS));
	broker_pub(&broker, "plc/gone", "x", "-q", "1", NULL);
	broker_pub(&broker, "new/b", "y", "-q", "1", NULL);
	assert_true(TEST_UNTIL(rig_find(r, "new/b", "y", NULL), TEST_LIMIT_MS));
	assert_false(rig_find(r, "plc/gone", NULL, NULL));
	rig_stop(r);
}

/* Another client's overflowing queue: the counter rises, retained states are read again. */
static void test_drop_counter(void **state)
{
	struct test_broker small;
	char port[16];
	const char *argv[] = {
	    "mosquitto_sub", "-h", "127.0.0.1", "-p", port, "-i", "drawer", "-c", "-q", "1", "-t",
	    "plc/#",         "-E", NULL};
	struct rig *r;
	int before;

	(void)state;
	broker_start(&small, BROKER_OPEN "max_queued_messages 2\nmax_inflight_messages 1\n");
	snprintf(port, sizeof(port), "%d", small.port);
	waitpid(test_spawn("/dev/null", argv), NULL, 0);
	broker_pub(&small, "plc/state", "on", "-r", "-q", "1", NULL);
	r = rig_start(&small, "link", 5);
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS));
	assert_true(TEST_UNTIL(mqtt_last_dropped(r->m) >= 0, TEST_LIMIT_MS));
	before = RIG_GET(r, r->n_messages);
	for (int i = 0; i < 6; i++) { /* one after the other, or our own queue of two overflows too */
		broker_pub(&small, "plc/more", "x", "-q", "1", NULL);
		assert_true(TEST_UNTIL(RIG_GET(r, r->n_messages) > before + i, TEST_LIMIT_MS));
	}
	assert_true(TEST_UNTIL(mqtt_last_dropped(r->m) > 0, TEST_LIMIT_MS));
	assert_true(TEST_UNTIL(RIG_GET(r, r->n_messages) >= before + 7, TEST_LIMIT_MS)); /* six and the state again */
	assert_true(TEST_UNTIL(rig_faults(r, "broker-drops: the broker's drop counter rose to") > 0, TEST_LIMIT_MS));
	rig_stop(r);
	broker_end(&small);
}

/* Without either nothing is certain to arrive, or known after a connect: the sentence says what is missing. */
static void test_broker_without_what_is_needed(void **state)
{
	static const char *const without[] = {BROKER_OPEN "max_qos 0\n", BROKER_OPEN "retain_available false\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		struct test_broker poor;
		struct rig *r;

		broker_start(&poor, without[i]);
		r = rig_start(&poor, "link", 5);
		assert_true(TEST_UNTIL(RIG_GET(r, strstr(r->last_why, "no QoS 1 or keeps no retained") != NULL), TEST_LIMIT_MS));
		rig_stop(r);
		broker_end(&poor);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_up_and_synced, rig_stop_all),
	    cmocka_unit_test_teardown(test_retained_commands_stay_away, rig_stop_all),
	    cmocka_unit_test_teardown(test_status_online_stopping, rig_stop_all),
	    cmocka_unit_test_teardown(test_broker_restart, rig_stop_all),
	    cmocka_unit_test_teardown(test_broker_comes_late, rig_stop_all),
	    cmocka_unit_test_teardown(test_hanging_broker_is_noticed, rig_stop_all),
	    cmocka_unit_test_teardown(test_session_taken_over, rig_stop_all),
	    cmocka_unit_test_teardown(test_two_with_one_id, rig_stop_all),
	    cmocka_unit_test_teardown(test_will_says_offline, rig_stop_all),
	    cmocka_unit_test_teardown(test_old_command_never_comes_late, rig_stop_all),
	    cmocka_unit_test_teardown(test_broker_without_what_is_needed, rig_stop_all),
	    cmocka_unit_test_teardown(test_refused_subscription_is_a_fault, rig_stop_all),
	    cmocka_unit_test_teardown(test_answer_for_fewer_subscriptions, rig_stop_all),
	    cmocka_unit_test_teardown(test_old_broker_gets_3_1_1, rig_stop_all),
	    cmocka_unit_test_teardown(test_refilter, rig_stop_all),
	    cmocka_unit_test_teardown(test_drop_counter, rig_stop_all),
	};

	setenv("TOCSIN_FAULT", CALM, 1);
	return cmocka_run_group_tests(tests, start_broker, end_broker);
}
