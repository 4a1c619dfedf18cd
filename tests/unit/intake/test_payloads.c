/* test_payloads.c - what real devices send, and what it must mean. */
#include "fixture.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

static const struct word_set shelly_gas[] = {
    {"alarm", STRINGS("mild", "heavy"), false},
    {"normal", STRINGS("none"), false},
    {"test", STRINGS("test"), false},
};
static const struct word_set plc[] = {
    {"alarm", STRINGS("1"), false},
    {"normal", STRINGS("0"), false},
    {"fault", STRINGS("F"), false},
};
static const struct word_set contact[] = {{"open", STRINGS("false"), false}, {"closed", STRINGS("true"), false}};
static const struct word_set ppm_fault[] = {{"fault", STRINGS("-1"), false}, {"ignore", STRINGS("warmup", ""), false}};

#define SENSOR(ID, TOPIC, ...) \
	{ \
		.id = ID, .kind = "x", .zone = 1, .topic = TOPIC, .qos = 1, __VA_ARGS__ \
	}

static const struct sensor_def sensors[] = {
    SENSOR("z-leak", "zigbee2mqtt/b2/kitchen/leak", .value = AT("water_leak"), WORDS(z2m_words)),
    SENSOR("z-gas", "zigbee2mqtt/b2/kitchen/gas", .value = AT("gas_density"), .unit = "%LEL",
           WORDS(z2m_words)),
    SENSOR("z-contact", "zigbee2mqtt/door", .value = AT("contact"), WORDS(contact)),
    SENSOR("t-volt", "tele/mdb1/SENSOR", .value = AT("ENERGY", "Voltage"), .unit = "V"),
    SENSOR("t-amp2", "tele/mdb1/SENSOR", .value = AT("ENERGY", "Current", "1"), .unit = "A"),
    SENSOR("t-low", "tele/mdb1/POWER_LOW", .value = WHOLE, WORDS(z2m_words)),
    SENSOR("s1-flood", "shellies/shellyflood-8CAAB5/sensor/flood", .value = WHOLE, WORDS(z2m_words)),
    SENSOR("s1-gas", "shellies/shellygas-1/sensor/gas", .value = WHOLE, WORDS(shelly_gas)),
    SENSOR("s1-ppm", "shellies/shellygas-1/sensor/concentration", .value = WHOLE, .unit = "ppm",
           WORDS(ppm_fault)),
    SENSOR("s2-smoke", "shellyplussmoke-a1/status/smoke:0", .value = AT("alarm"), WORDS(z2m_words)),
    SENSOR("s2-event", "shellyplusht-a1/events/rpc", .value = AT("params", "smoke:0", "alarm"),
           WORDS(z2m_words)),
    SENSOR("e-door", "plant/binary_sensor/door/state", .value = WHOLE, WORDS(z2m_words)),
    SENSOR("e-heat", "esp/3f/sensor/ceiling/state", .value = WHOLE, .unit = "°C"),
    SENSOR("n-tag", "/neuron/riser", .value = AT("values", "tag0")),
    SENSOR("call", "plc/b2/callpoint", .value = WHOLE, WORDS(plc)),
    SENSOR("ups", "nut2mqtt/ups/status", .value = WHOLE),
    SENSOR("root", "json/root", .value = {.whole = false}, .unit = "bar"),
};

struct expected {
	const char *topic, *payload;
	enum reading_kind kind;
	const char *word;   /* NULL: not looked at */
	const char *number; /* NULL: must have none */
};

#define V READING_VALUE
#define U READING_UNREADABLE
#define S READING_SEEN

static const struct expected table[] = {
    {"zigbee2mqtt/b2/kitchen/leak",
     "{\"battery\":100,\"battery_low\":false,\"linkquality\":87,\"tamper\":false,\"voltage\":3005,\"water_"
     "leak\":true}",
     V, "alarm", NULL},
    {"zigbee2mqtt/b2/kitchen/leak", "{\"water_leak\":false}", V, "normal", NULL},
    {"zigbee2mqtt/b2/kitchen/leak", "{\"battery\":100}", S, NULL, NULL},
    {"zigbee2mqtt/b2/kitchen/leak", "{\"water_leak\":null}", U, NULL, NULL},
    {"zigbee2mqtt/b2/kitchen/leak", "{\"water_leak\":{}}", U, NULL, NULL},
    {"zigbee2mqtt/b2/kitchen/leak", "{\"water_leak\":\"wet\"}", U, NULL, NULL},
    {"zigbee2mqtt/b2/kitchen/leak", "{\"water_leak\":tru", U, NULL, NULL},
    {"zigbee2mqtt/b2/kitchen/leak", "", U, NULL, NULL},
    {"zigbee2mqtt/b2/kitchen/leak", "{\"water_leak\":\"\xff\"}", U, NULL, NULL},
    {"zigbee2mqtt/b2/kitchen/leak", "{\"id\":18446744073709551616,\"water_leak\":true}", V, "alarm", NULL},
    {"zigbee2mqtt/b2/kitchen/gas",
     "{\"gas\":true,\"gas_density\":12.5,\"gas_sensitivity\":\"10%LEL\",\"linkquality\":120,\"test\":false}",
     V, "12.5", "12.5"},
    {"zigbee2mqtt/b2/kitchen/gas", "{\"gas_density\":\"31.2 %LEL\"}", V, "31.2 %LEL", "31.2"},
    {"zigbee2mqtt/b2/kitchen/gas", "{\"gas_density\":\"31.2%LEL\"}", V, NULL, "31.2"},
    {"zigbee2mqtt/b2/kitchen/gas", "{\"gas_density\":\"31.2 ppm\"}", U, NULL, NULL},
    {"zigbee2mqtt/b2/kitchen/gas", "{\"gas_density\":\"%LEL\"}", U, NULL, NULL},
    {"zigbee2mqtt/b2/kitchen/gas", "{\"gas_density\":5e-05}", V, NULL, "0"},
    {"zigbee2mqtt/b2/kitchen/gas", "{\"gas_density\":1e-12}", V, NULL, "0"},
    {"zigbee2mqtt/b2/kitchen/gas", "{\"gas_density\":NaN}", U, NULL, NULL},
    {"zigbee2mqtt/b2/kitchen/gas", "{\"gas_density\":-Infinity}", U, NULL, NULL},
    {"zigbee2mqtt/b2/kitchen/gas", "{\"gas_density\":1e999}", U, NULL, NULL},
    {"zigbee2mqtt/b2/kitchen/gas", "{\"gas_density\":12.5,\"temperature\":NaN}", V, "12.5", "12.5"},
    {"zigbee2mqtt/b2/kitchen/gas", "{\"t\": nan,\"gas_density\":12.5,\"x\":-1.5E+400}", V, "12.5", "12.5"},
    {"zigbee2mqtt/b2/kitchen/gas", "{\"\\\"NaN\":[-Infinity,inf, -nan],\"gas_density\":12.5}", V, "12.5", "12.5"},
    {"zigbee2mqtt/b2/kitchen/gas", "{\"gas_density\":12.5,\"x\":NaNo}", U, NULL, NULL},
    {"zigbee2mqtt/b2/kitchen/gas", "{\"gas_density\":12.5,\"x\":NaN", U, NULL, NULL},
    {"zigbee2mqtt/b2/kitchen/leak", "{\"temperature\":NaN,\"water_leak\":true}", V, "alarm", NULL},
    {"zigbee2mqtt/b2/kitchen/gas", "{\"gas_density\":-0.25}", V, NULL, "-0.25"},
    {"zigbee2mqtt/door", "{\"contact\":true}", V, "closed", NULL},
    {"tele/mdb1/POWER_LOW", "ON", V, "alarm", NULL},
    {"tele/mdb1/POWER_LOW", " off\r\n", V, "normal", NULL},
    {"shellies/shellyflood-8CAAB5/sensor/flood", "true", V, "alarm", NULL},
    {"shellies/shellygas-1/sensor/gas", "heavy", V, "alarm", NULL},
    {"shellies/shellygas-1/sensor/gas", "none", V, "normal", NULL},
    {"shellies/shellygas-1/sensor/gas", "test", S, NULL, NULL},
    {"shellies/shellygas-1/sensor/concentration", "1320", V, "1320", "1320"},
    {"shellies/shellygas-1/sensor/concentration", "-1", U, NULL, NULL},
    {"shellies/shellygas-1/sensor/concentration", "warmup", S, NULL, NULL},
    {"shellies/shellygas-1/sensor/concentration", "", S, NULL, NULL},
    {"shellyplussmoke-a1/status/smoke:0", "{\"id\":0,\"alarm\":true,\"mute\":false}", V, "alarm", NULL},
    {"shellyplusht-a1/events/rpc",
     "{\"src\":\"shellyplusht-1\",\"dst\":\"x/"
     "events\",\"method\":\"NotifyStatus\",\"params\":{\"ts\":1680962879.62,\"smoke:0\":"
     "{\"id\":0,\"alarm\":true}}}",
     V, "alarm", NULL},
    {"shellyplusht-a1/events/rpc",
     "{\"params\":{\"ts\":1680962879.62,\"temperature:0\":{\"id\":0,\"tC\":21}}}", S, NULL, NULL},
    {"plant/binary_sensor/door/state", "ON", V, "alarm", NULL},
    {"esp/3f/sensor/ceiling/state", "21.5", V, "21.5", "21.5"},
    {"esp/3f/sensor/ceiling/state", "21.5 °C", V, NULL, "21.5"},
    {"esp/3f/sensor/ceiling/state", "nan", U, NULL, NULL},
    {"/neuron/riser",
     "{\"timestamp\":1650006388943,\"node\":\"modbus\",\"group\":\"grp\",\"values\":{\"tag0\":123},"
     "\"errors\":{\"tag1\":2014},"
     "\"metas\":{}}",
     V, "123", "123"},
    {"/neuron/riser", "{\"values\":{},\"errors\":{\"tag0\":2014}}", U, NULL, NULL},
    {"/neuron/riser", "{\"values\":{},\"errors\":{\"tag1\":2014}}", S, NULL, NULL},
    {"plc/b2/callpoint", "1", V, "alarm", NULL},
    {"plc/b2/callpoint", "0", V, "normal", NULL},
    {"plc/b2/callpoint", "f", U, NULL, NULL},
    {"plc/b2/callpoint", "2", U, NULL, NULL},
    {"plc/b2/callpoint", "\xc3\x28", U, NULL, NULL},
    {"nut2mqtt/ups/status", "OB DISCHRG LB", V, "OB DISCHRG LB", NULL},
    {"nut2mqtt/ups/status", "\xe7\x81\xab", V, "火", NULL},
    {"json/root", "4.2", V, "4.2", "4.2"},
    {"json/root", "\"4.2 bar\"", V, NULL, "4.2"},
    {"json/root", "[4.2]", U, NULL, NULL},
};

static struct intake *fresh(void)
{
	static struct plan plan;

	plan = plan_of(sensors, COUNT(sensors), NULL, 0);
	return intake_new(&plan);
}

static void real_payloads(void **state)
{
	struct intake *in = fresh();
	char number[32];

	(void)state;
	for (int i = 0; i < COUNT(table); i++) {
		const struct expected *e = &table[i];
		const struct reading *r = say(in, e->topic, e->payload);

		if (result.n != 1 || result.bad != (e->kind == READING_UNREADABLE) || r->kind != e->kind ||
		    (e->word && strcmp(r->word, e->word) != 0) || r->has_number != (e->number != NULL) ||
		    (e->number && strcmp(milli_text(r->milli, number), e->number) != 0))
			fail_msg("%s %s: n %d kind %d word %s milli %lld", e->topic, e->payload, result.n,
			         r ? (int)r->kind : -1, r ? r->word : "", r ? (long long)r->milli : 0);
	}
	intake_free(in);
}

static void one_message_many_sensors(void **state)
{
	struct intake *in = fresh();
	const struct reading *r;

	(void)state;
	r = say(in, "tele/mdb1/SENSOR",
	        "{\"Time\":\"2026-11-23T17:37:10\",\"ENERGY\":{\"Total\":6.294,\"Voltage\":227,\"Current\":["
	        "1.320,2.100]}}");
	assert_int_equal(result.n, 2);
	assert_string_equal(r[0].sensor, "t-volt");
	assert_int_equal(r[0].milli, 227000);
	assert_int_equal(r[0].zone, 1);
	assert_string_equal(r[1].sensor, "t-amp2");
	assert_int_equal(r[1].milli, 2100);
	r = say(in, "tele/mdb1/SENSOR", "{\"ENERGY\":{\"Voltage\":0,\"Current\":[1.3]}}");
	assert_int_equal(r[0].kind, READING_VALUE);
	assert_int_equal(r[1].kind, READING_SEEN);
	assert_null(say(in, "tele/mdb2/SENSOR", "{}"));
	intake_free(in);
}

static void limits(void **state)
{
	struct intake *in = fresh();
	char *big = calloc(1, 70001), deep[128] = "";
	const struct reading *r;

	(void)state;
	memset(big, ' ', 70000);
	memcpy(big, "true", 4);
	assert_int_equal(say(in, "tele/mdb1/POWER_LOW", big)->kind, READING_UNREADABLE);
	big[65536] = 0;
	assert_int_equal(say(in, "tele/mdb1/POWER_LOW", big)->kind, READING_VALUE);
	memset(big, 'x', 100);
	big[62] = '\xe7', big[63] = '\x81', big[64] = '\xab', big[100] = 0;
	r = say(in, "nut2mqtt/ups/status", big);
	assert_int_equal(strlen(r->text), 62);
	for (int depth = 31; depth <= 32; depth++) {
		char *at = deep + sprintf(deep, "{\"contact\":true,\"x\":");

		memset(at, '[', (size_t)depth);
		memset(at + depth, ']', (size_t)depth);
		strcpy(at + 2 * depth, "}");
		assert_int_equal(say(in, "zigbee2mqtt/door", deep)->kind,
		                 depth == 31 ? READING_VALUE : READING_UNREADABLE);
	}
	assert_int_equal(say(in, "zigbee2mqtt/door",
	                     "{\"x\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\",\"contact\":true}")
	                     ->kind,
	                 READING_VALUE);
	free(big);
	intake_free(in);
}

static const struct sensor_def families[] = {
    {.id = "leak-{2}",
     .kind = "leak",
     .zone = -1,
     .zone_pattern = "{1}",
     .topic = "site/+/leak/+/up",
     .is_family = true,
     .value = AT("leak"),
     WORDS(z2m_words),
     .qos = 1,
     .availability = {"site/{1}/leak/{2}/online", WHOLE, STRINGS("true"), STRINGS("false")}},
    {.id = "dev-{1}", .kind = "x", .zone = 2, .topic = "z/#", .is_family = true, .value = WHOLE, .qos = 0},
    {.id = "plc-{1}-{2}",
     .kind = "x",
     .zone = 0,
     .topic = "plc/+/+",
     .is_family = true,
     .value = WHOLE,
     .qos = 0,
     .availability = {"plcstate/{1}", WHOLE, STRINGS("up"), STRINGS("down")}},
};

static void families_fill_id_and_zone(void **state)
{
	struct plan plan = plan_of(families, COUNT(families), NULL, 0);
	struct intake *in = intake_new(&plan);
	const struct reading *r = say(in, "site/b2-kitchen/leak/7/up", "{\"leak\":true}");

	(void)state;
	assert_string_equal(r->sensor, "leak-7");
	assert_int_equal(r->def, 0);
	assert_int_equal(r->zone, 1);
	assert_string_equal(r->word, "alarm");
	r = say(in, "site/roof/leak/8/up", "{\"leak\":true}");
	assert_string_equal(r->sensor, "leak-8");
	assert_int_equal(r->zone, -1);
	r = say(in, "z/a/b", "1");
	assert_string_equal(r->sensor, "dev-a/b");
	assert_int_equal(r->zone, 2);
	assert_null(say(in, "z/\xff", "1"));
	assert_int_equal(result.n_more, 1);
	intake_free(in);
}

static void families_are_bounded(void **state)
{
	struct plan plan = plan_of(families, COUNT(families), NULL, 0);
	struct intake *in = intake_new(&plan);
	char topic[64];

	(void)state;
	for (int i = 0; i < 4096; i++) {
		snprintf(topic, sizeof topic, "z/%d", i);
		assert_non_null(say(in, topic, "1"));
	}
	assert_null(say(in, "z/4096", "1"));
	assert_int_equal(result.n_more, 1);
	assert_true(result.is_news); /* somebody is told: once a minute */
	assert_null(say(in, "z/4097", "1"));
	assert_false(result.is_news);
	assert_string_equal(say(in, "z/4095", "1")->sensor, "dev-4095");
	assert_int_equal(result.n_more, 0);
	intake_free(in);
}

static void availability_of_families(void **state)
{
	struct plan plan = plan_of(families, COUNT(families), NULL, 0);
	struct intake *in = intake_new(&plan);
	const struct reading *r = say(in, "site/b2/leak/9/online", "false");

	(void)state;
	assert_string_equal(r->sensor, "leak-9");
	assert_int_equal(r->kind, READING_AWAY);
	assert_int_equal(r->zone, 0);
	say(in, "plc/one/a", "1");
	say(in, "plc/one/b", "1");
	say(in, "plc/two/a", "1");
	assert_null(say(in, "plcstate/three", "down"));
	r = say(in, "plcstate/one", "down");
	assert_int_equal(result.n, 2);
	assert_string_equal(r[0].sensor, "plc-one-a");
	assert_string_equal(r[1].sensor, "plc-one-b");
	assert_int_equal(r[1].kind, READING_AWAY);
	intake_free(in);
}

static const struct sensor_def bridged[] = {
    SENSOR("a", "zigbee2mqtt/a", .value = AT("x"),
           .availability = {"zigbee2mqtt/bridge/state", AT("state"), STRINGS("online"), STRINGS("offline")}),
    SENSOR("b", "zigbee2mqtt/b", .value = AT("x"),
           .availability = {"zigbee2mqtt/bridge/state", AT("state"), STRINGS("online"), STRINGS("offline")}),
    SENSOR(
        "c", "zigbee2mqtt/c", .value = AT("x"),
        .availability = {"zigbee2mqtt/c/availability", AT("state"), STRINGS("online"), STRINGS("offline")}),
    {.id = "fam-{1}",
     .kind = "x",
     .zone = 0,
     .topic = "fam/+",
     .value = WHOLE,
     .is_family = true,
     .qos = 0,
     .availability = {"fam/{1}/availability", AT("state"), STRINGS("online"), STRINGS("offline")}},
    {.id = "rest-{1}",
     .kind = "x",
     .zone = 0,
     .topic = "rest/#",
     .value = WHOLE,
     .is_family = true,
     .qos = 0,
     .availability = {"rest/{1}/availability", AT("state"), STRINGS("online"), STRINGS("offline")}},
    SENSOR("a2", "zigbee2mqtt/a", .value = AT("y")),
    {.id = "slow", .kind = "x", .topic = "both", .value = WHOLE, .qos = 0},
    {.id = "sure", .kind = "x", .topic = "both", .value = WHOLE, .qos = 1},
};

static void availability_is_shared(void **state)
{
	struct plan plan = plan_of(bridged, COUNT(bridged), NULL, 0);
	struct intake *in = intake_new(&plan);
	const struct reading *r = say(in, "zigbee2mqtt/bridge/state", "{\"state\":\"offline\"}");

	(void)state;
	assert_int_equal(result.n, 2);
	assert_string_equal(r[1].sensor, "b");
	assert_int_equal(r[1].kind, READING_AWAY);
	assert_int_equal(say(in, "zigbee2mqtt/c/availability", "{\"state\":\"online\"}")->kind, READING_BACK);
	assert_null(say(in, "zigbee2mqtt/c/availability", "{\"state\":\"stopped\"}"));
	assert_null(say(in, "zigbee2mqtt/c/availability", "offline"));
	assert_string_equal(say(in, "fam/x/availability", "{\"state\":\"offline\"}")->sensor, "fam-x");
	intake_free(in);
}

static void filters_once_with_highest_qos(void **state)
{
	static const struct intake_filter expected[] = {
	    {"zigbee2mqtt/a", 1},
	    {"zigbee2mqtt/bridge/state", 1},
	    {"zigbee2mqtt/b", 1},
	    {"zigbee2mqtt/c", 1},
	    {"zigbee2mqtt/c/availability", 1},
	    {"fam/+", 0},
	    {"fam/+/availability", 1},
	    {"rest/#", 0},
	    {"both", 1},
	};
	struct plan plan = plan_of(bridged, COUNT(bridged), NULL, 0);
	struct intake *in = intake_new(&plan);
	int n;
	const struct intake_filter *got = intake_filters(in, &n);

	(void)state;
	assert_int_equal(n, COUNT(expected));
	for (int i = 0; i < n; i++) {
		assert_string_equal(got[i].filter, expected[i].filter);
		assert_int_equal(got[i].qos, expected[i].qos);
	}
	intake_free(in);
}

static void too_many_sensors_are_counted(void **state)
{
	static struct sensor_def many[INTAKE_READINGS_MAX + 3];
	struct plan plan = plan_of(many, COUNT(many), NULL, 0);
	struct intake *in;

	(void)state;
	for (int i = 0; i < COUNT(many); i++)
		many[i] = (struct sensor_def)SENSOR("same", "t", .value = WHOLE);
	in = intake_new(&plan);
	say(in, "t", "1");
	assert_int_equal(result.n, INTAKE_READINGS_MAX);
	assert_int_equal(result.n_more, 3);
	intake_free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(real_payloads),
	    cmocka_unit_test(one_message_many_sensors),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(families_fill_id_and_zone),
	    cmocka_unit_test(families_are_bounded),
	    cmocka_unit_test(availability_of_families),
	    cmocka_unit_test(availability_is_shared),
	    cmocka_unit_test(filters_once_with_highest_qos),
	    cmocka_unit_test(too_many_sensors_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
