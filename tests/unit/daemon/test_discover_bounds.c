/* discover before hostile names and too much of everything: the file still
 * parses, memory and time stay bounded, and what is left out is said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "discover.h"

#include "base/text.h"

#include <malloc.h>

static void must_pass(const char *file, int n_sensors)
{
	struct plan *plan = plan_of(file);

	assert_non_null(plan);
	assert_int_equal(plan->n_sensors, n_sensors);
	plan_free(plan);
}

/* As a level of a topic, a key of a payload, an area, a word, a unit: read back as it was. */
static void test_hostile_names(void **state)
{
	static const char *const names[] = {
	    "a: b, [c]",
	    "'single' \"double\"",
	    "back\\slash",
	    "line\nbreak",
	    "tab\tand\rreturn",
	    "{curly}: [x]",
	    "&anchor *alias !tag",
	    "- dash",
	    "烟感 厨房 №1",
	    "\xe2\x80\xa8sep\xe2\x80\xa9",
	    "\xef\xbb\xbf",
	    "\xc2\x85nel",
	    "\xe2\x80\xaertl",
	    "\x7f\x1b[31m",
	    "%percent @at `tick`",
	    "null",
	    "~",
	    "\xf0\x9f\x94\xa5",
	    "\xef\xbf\xbe",
	    "yes",
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct buf topic = {0}, json = {0}, word = {0};
		struct plan *plan;

		begin(NULL);
		buf_printf(&topic, "plc/%s/leak", names[i]);
		hear(topic.text, "1");
		json_open(&json, NULL, '{');
		json_str(&json, "device_class", "smoke");
		json_str(&json, "state_topic", topic.text);
		buf_printf(&word, "%s # x", names[i]); /* no topic can have a # */
		json_str(&json, "payload_on", word.text);
		json_str(&json, "value_template", "{{ value_json.x }}");
		json_open(&json, "device", '{');
		json_str(&json, "name", names[i]);
		json_str(&json, "suggested_area", names[i]);
		json_close(&json, '}');
		json_close(&json, '}');
		hear("homeassistant/binary_sensor/a/config", json.text);
		print();
		plan = plan_of(yaml.text);
		assert_non_null(plan);
		if (!strchr(names[i], '{')) { /* which no site can write */
			assert_int_equal(plan->n_sensors, 2);
			assert_string_equal(plan->sensors[0].topic, topic.text);
			assert_string_equal(plan->sensors[1].words[0].texts.at[0], word.text);
		}
		for (const char *at = yaml.text; *at; at++)
			assert_true((unsigned char)*at >= ' ' || *at == '\n');
		plan_free(plan);
		buf_fini(&topic);
		buf_fini(&json);
		buf_fini(&word);
	}
}

static void test_too_long(void **state)
{
	char *topic = xcalloc(1, 10240 + 1);
	size_t big = 1 << 20;
	char *payload = xcalloc(1, big + 1);

	(void)state;
	memset(topic, 'a', 10240);
	memcpy(topic, "plc/", 4);
	memcpy(topic + 10240 - 5, "/leak", 5);
	memset(payload, '[', big);
	begin(NULL);
	hear(topic, "1");
	hear_bytes("plc/big/leak", payload, big, false, 0);
	hear_bytes("plc/deep/leak", payload, 60000, false, 0); /* below the cap: not JSON */
	hear_bytes("plc/nul/leak",
	           "1\0"
	           "2",
	           3, false, 0);
	hear("plc/bytes/leak", "\xff\xfe");
	hear("plc/ok/leak", "1");
	print();
	assert_non_null(strstr(yaml.text, "# 1 names that are too long"));
	assert_non_null(strstr(yaml.text, "# 1 messages too large for tocsind"));
	assert_non_null(strstr(yaml.text, "# 3 messages that are neither text nor JSON"));
	must_pass(yaml.text, 1);
	free(topic);
	free(payload);
}

/* 12 000 devices under one name, each with 40 leaks, some of them again. */
static void test_too_many(void **state)
{
	struct buf payload = {0};
	char topic[64];

	(void)state;
	begin(NULL);
	buf_char(&payload, '{');
	for (int i = 0; i < 40; i++)
		buf_printf(&payload, "%s\"leak %d\":true", i ? "," : "", i);
	buf_char(&payload, '}');
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < (round ? 500 : 12000); i++) {
			snprintf(topic, sizeof topic, "plc/%d/same", i);
			hear(topic, payload.text);
		}
	assert_int_equal(discover_topics(found), DISCOVER_TOPICS);
	assert_true(mallinfo2().uordblks + mallinfo2().hblkhd < 64u << 20);
	print();
	assert_true(yaml.len < 1 << 20);
	assert_non_null(strstr(yaml.text, "# 2000 messages on more topics than can be kept"));
	assert_non_null(strstr(yaml.text, "fields more than can be kept were left out"));
	assert_non_null(strstr(yaml.text, "more sensors are left out: the file would be too long"));
	buf_fini(&payload);
	struct plan *plan = plan_of(yaml.text);
	assert_non_null(plan);
	assert_true(plan->n_sensors > 1000);
	plan_free(plan);
}

/* The bridge's zone is the last of a file that is cut before it: those behind it name it all the same. */
static void test_bridge_of_too_many(void **state)
{
	enum { DEVICES = 4000 };
	struct buf topic = {0};
	struct plan *plan;

	(void)state;
	begin(NULL);
	hear("zigbee2mqtt/bridge/state", "{\"state\":\"online\"}");
	for (int i = 0; i < DEVICES; i++) {
		buf_clear(&topic);
		buf_printf(&topic, "zigbee2mqtt/a%d/%0120d", i % 50, i);
		hear(topic.text, "{\"water_leak\":true,\"linkquality\":9}");
	}
	print();
	assert_non_null(strstr(yaml.text, "more sensors are left out: the file would be too long"));
	plan = plan_of(yaml.text);
	assert_non_null(plan);
	assert_int_not_equal(plan_sensor(plan, "zigbee2mqtt-bridge-link"), -1);
	plan_free(plan);
	buf_fini(&topic);
}

/* One device that says a thing twice, in all ways: ids stay apart. */
static void test_same_ids(void **state)
{
	(void)state;
	begin(NULL);
	hear("a/x/leak", "1");
	hear("b/x/leak", "1");
	hear("c/x/leak", "{\"leak\":true,\"LEAK\":true,\"flood\":false,\"le-ak\":1}");
	hear("d/漏水", "1");
	hear("e/漏水", "1");
	print();
	must_pass(yaml.text, 7);
}

static void test_nothing(void **state)
{
	(void)state;
	begin(NULL);
	print();
	assert_non_null(strstr(yaml.text, "# 0 sensors found on 0 topics"));
	must_pass(yaml.text, 0);
	begin(NULL);
	hear("plc/b2/mains", "1"); /* only something to decide */
	print();
	must_pass(yaml.text, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_too_long),
	    cmocka_unit_test(test_too_many),      cmocka_unit_test(test_same_ids),
	    cmocka_unit_test(test_nothing),       cmocka_unit_test(test_bridge_of_too_many),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_fini(&yaml);
	return failed;
}
