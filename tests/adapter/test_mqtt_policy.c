/* test_mqtt_policy.c - backoff, versions, subscriptions, the packet beside the
 * library: no broker needed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mqtt_policy.h"
#include "mqtt_subs.h"
#include "mqtt_wire.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void test_backoff(void **state)
{
	static const int64_t base_ms[] = {1000, 2000, 4000, 8000, 8000, 8000};
	struct mqtt_policy p, other;
	int same = 0;

	(void)state;
	mqtt_policy_init(&p, 5, "plaza");
	mqtt_policy_init(&other, 5, "tower");
	for (int i = 0; i < 6; i++) {
		int64_t wait_ms = mqtt_policy_wait_ms(&p);

		assert_in_range(wait_ms, base_ms[i], base_ms[i] + base_ms[i] / 4);
		same += wait_ms == mqtt_policy_wait_ms(&other);
	}
	assert_true(same < 3);
	mqtt_policy_steady(&p);
	assert_in_range(mqtt_policy_wait_ms(&p), 1000, 1250);
}

static void test_version(void **state)
{
	struct mqtt_policy p;

	(void)state;
	mqtt_policy_init(&p, 5, "plaza");
	assert_int_equal(p.version, MQTT_5);
	mqtt_policy_failed(&p, CONNECT_FAILED);
	assert_int_equal(p.version, MQTT_5);
	mqtt_policy_failed(&p, CONNECT_REFUSED_VERSION);
	assert_int_equal(p.version, MQTT_3_1_1);
	mqtt_policy_failed(&p, CONNECT_FAILED); /* not there: asks for the same again */
	assert_int_equal(p.version, MQTT_3_1_1);
	mqtt_policy_lost(&p);
	assert_int_equal(p.version, MQTT_5);
	for (int i = 0; i < 5; i++) { /* a broker that stops hangs up as well */
		mqtt_policy_failed(&p, i % 3 == 2 ? CONNECT_FAILED : CONNECT_CLOSED);
		assert_int_equal(p.version, MQTT_5);
	}
	mqtt_policy_failed(&p, CONNECT_CLOSED);
	assert_int_equal(p.version, MQTT_3_1_1);
	mqtt_policy_failed(&p, CONNECT_CLOSED); /* not that either */
	assert_int_equal(p.version, MQTT_5);
	mqtt_policy_init(&p, 3, "plaza");
	mqtt_policy_failed(&p, CONNECT_REFUSED_VERSION);
	assert_int_equal(p.version, MQTT_3_1_1);
}

static void test_subscriptions(void **state)
{
	static const struct intake_filter first[] = {{"a/#", 1}, {"b/+", 0}}, then[] = {{"b/+", 1}, {"c", 1}};
	struct subs old, now, gone = {0};

	(void)state;
	subs_build(&old, "tocsin/x/1/", first, 2);
	subs_build(&now, "tocsin/x/1/", then, 2);
	assert_int_equal(old.n, 8);
	assert_int_equal(old.at[0].qos, 1);
	assert_int_equal(old.at[1].qos, 0);
	assert_string_equal(old.at[2].filter, "tocsin/x/1/cmd/+/+");
	assert_true(old.at[2].no_local && old.at[2].live_only);
	assert_true(subs_have(&old, "$SYS/broker/publish/messages/dropped"));
	assert_true(subs_have(&old, "tocsin/x/1/names/+") && subs_have(&old, "tocsin/x/1/zone/+/state"));
	assert_string_equal(old.at[7].filter, "tocsin/x/1/mark");
	assert_false(old.at[7].no_local);
	subs_replace(&old, &now, &gone);
	assert_int_equal(gone.n, 1);
	assert_string_equal(gone.at[0].filter, "a/#");
	subs_fini(&now);
	subs_fini(&gone);
}

static void test_packet(void **state)
{
	static const char v5[] = "\x31\x0e\0\3a/b\5\2\0\0\0\2hi!", v3[] = "\x30\x08\0\3a/bhi!";
	struct outgoing o = {.topic = "a/b", .payload = "hi!", .len = 3, .retain = true, .expiry_ms = 1001};
	struct buf packet = {0};
	char big[300] = {0};

	(void)state;
	wire_packet(&o, true, &packet);
	assert_int_equal(packet.len, 16);
	assert_memory_equal(packet.text, v5, 16);
	o.retain = false;
	wire_packet(&o, false, &packet);
	assert_int_equal(packet.len, 10);
	assert_memory_equal(packet.text, v3, 10);
	o.payload = big;
	o.len = sizeof(big);
	wire_packet(&o, false, &packet); /* 305 = 0xb1 0x02 */
	assert_memory_equal(packet.text, "\x30\xb1\x02\0\3a/b", 8);
	buf_fini(&packet);
}

/* Only inside a callback, never with TLS, never beside a full queue. */
static void test_copy_only_when_the_socket_is_still(void **state)
{
	struct wire w;
	int pair[2];
	char got[8];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	wire_init(&w, false);
	assert_false(wire_copy(&w, "abc", 3));
	w.fd = pair[0];
	assert_false(wire_copy(&w, "abc", 3));
	wire_enter(&w);
	assert_true(wire_copy(&w, "abc", 3));
	wire_leave(&w);
	assert_false(wire_copy(&w, "abc", 3));
	assert_int_equal(read(pair[1], got, sizeof(got)), 3);
	wire_enter(&w);
	w.is_tls = true;
	assert_false(wire_copy(&w, "abc", 3));
	wire_detach(&w);
	assert_false(wire_break(&w));
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_backoff),
	    cmocka_unit_test(test_version),
	    cmocka_unit_test(test_subscriptions),
	    cmocka_unit_test(test_packet),
	    cmocka_unit_test(test_copy_only_when_the_socket_is_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
