/* discover on payloads as the devices' documents give them: which sensor it
 * makes of each, and that the checker takes the file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "discover.h"

struct heard_case {
	const char *topic, *payload, *topic2, *payload2; /* 2: NULL when one is enough */
	const char *line;                                /* stands in the file; NULL: no sensor at all */
};

static const struct heard_case live[] = {
    {"zigbee2mqtt/b2/kitchen/leak",
     "{\"battery\":100,\"linkquality\":87,\"tamper\":false,\"water_leak\":true}", NULL, NULL,
     "  b2-kitchen-leak: {kind: leak, zone: b2-kitchen, profile: zigbee2mqtt, topic: "
     "\"zigbee2mqtt/b2/kitchen/leak\", "
     "value: \"/water_leak\"} # heard \"true\"\n"},
    {"zigbee2mqtt/hall", "{\"contact\":true,\"linkquality\":87}", NULL, NULL,
     "kind: contact, zone: unassigned, profile: zigbee2mqtt, topic: \"zigbee2mqtt/hall\", value: "
     "\"/contact\", "
     "words: {open: [\"false\"], closed: [\"true\"]}}"},
    {"zigbee2mqtt/g", "{\"gas\":3.2,\"linkquality\":1}", NULL, NULL, "  # g-gas: {kind: gas"}, /* in what? */
    {"zigbee2mqtt/g", "{\"gas\":true,\"gas_sensitivity\":\"10%LEL\",\"test\":false,\"linkquality\":1}", NULL,
     NULL,
     "  g-gas: {kind: gas, zone: unassigned, profile: zigbee2mqtt, topic: \"zigbee2mqtt/g\", value: "
     "\"/gas\"}"},
    {"zigbee2mqtt/bridge/state", "{\"state\":\"online\"}", "zigbee2mqtt/s",
     "{\"smoke\":false,\"linkquality\":9}", "value: \"/smoke\", via: zigbee2mqtt-bridge-link}"},
    {"z/s", "{\"voltage\":3005,\"battery\":90,\"linkquality\":9}", NULL, NULL, NULL},
    {"tele/mdb1/SENSOR",
     "{\"Time\":\"2026-11-23T17:37:10\",\"ENERGY\":{\"Total\":6.2,\"Voltage\":227,\"Current\":11.6}}", NULL,
     NULL,
     "  mdb1-mains: {kind: mains, zone: unassigned, profile: tasmota, topic: \"tele/mdb1/SENSOR\", value: "
     "\"/ENERGY/Voltage\", unit: \"V\", availability: {topic: \"tele/mdb1/LWT\", online: [\"Online\"], "
     "offline: "
     "[\"Offline\"]}}"},
    {"tele/mdb1/SENSOR", "{\"ENERGY\":{\"Voltage\":[227,229,231]}}", NULL, NULL,
     "value: \"/ENERGY/Voltage/2\", unit: \"V\""},
    {"tele/x/POWER_LOW", "OFF", NULL, NULL,
     "  x-mains: {kind: mains, zone: unassigned, profile: tasmota, topic: "},
    {"stat/leak_sensor/LEAK", "ON", NULL, NULL,
     "  leak_sensor: {kind: leak, zone: unassigned, profile: tasmota, topic: \"stat/leak_sensor/LEAK\""},
    {"tasmota/discovery/AABB/config",
     "{\"t\":\"cold\",\"ft\":\"%prefix%/%topic%/\",\"tp\":[\"cmnd\",\"stat\",\"tele\"]}",
     "tasmota/discovery/AABB/sensors", "{\"sn\":{\"DS18B20\":{\"Temperature\":-18.5}},\"ver\":1}",
     "topic: \"tele/cold/SENSOR\", value: \"/DS18B20/Temperature\", unit: \"°C\", availability: {topic: "
     "\"tele/cold/LWT\""},
    {"tasmota/discovery/AABB/sensors", "{\"sn\":{\"DS18B20\":{\"Temperature\":-18.5}},\"ver\":1}",
     "tasmota/discovery/AABB/config",
     "{\"t\":\"cold\",\"ft\":\"%topic%/%prefix%/\",\"tp\":[\"cmnd\",\"stat\",\"tele\"]}",
     "topic: \"cold/tele/SENSOR\""},
    {"shellies/shellyflood-8C/sensor/flood", "false", NULL, NULL,
     "  shellyflood-8c-leak: {kind: leak, zone: unassigned, profile: shelly1, topic: "
     "\"shellies/shellyflood-8C/sensor/flood\", availability: {topic: \"shellies/shellyflood-8C/online\", "
     "online: "
     "[\"true\"], offline: [\"false\"]}} # heard \"false\"\n"},
    {"shellies/shellygas-8C/sensor/gas", "none", NULL, NULL, "  shellygas-8c: {kind: gas"},
    {"shellies/d/sensor/state", "open", NULL, NULL, "words: {open: [\"open\"], closed: [\"close\"]}"},
    {"shellies/em/emeter/0/voltage", "229.8", NULL, NULL, "kind: mains"},
    {"shellies/em/sensor/battery", "97", NULL, NULL, NULL},
    {"shellyplussmoke-a1/status/smoke:0", "{\"id\":0,\"alarm\":true,\"mute\":false}", NULL, NULL,
     "  shellyplussmoke-a1: {kind: smoke, zone: unassigned, profile: shelly2, topic: "
     "\"shellyplussmoke-a1/status/smoke:0\", value: \"/alarm\", availability: {topic: "
     "\"shellyplussmoke-a1/online\""},
    {"shellyfloodg4-b/events/rpc",
     "{\"src\":\"x\",\"method\":\"NotifyStatus\",\"params\":{\"ts\":1.5,\"flood:0\":{\"id\":0,\"alarm\":"
     "false}}}",
     NULL, NULL, "value: \"/params/flood:0/alarm\""},
    {"shellypro3em-c/status/em:0", "{\"id\":0,\"a_voltage\":231.2,\"a_current\":4.1}", NULL, NULL,
     "value: \"/a_voltage\", unit: \"V\""},
    {"shellyht-c/status/temperature:0", "{\"id\":0,\"tC\":21.2,\"tF\":70.1}", NULL, NULL,
     "kind: temperature, zone: unassigned, profile: shelly2, topic: \"shellyht-c/status/temperature:0\", "
     "value: \"/tC\", unit: \"°C\""},
    {"plant/binary_sensor/pump_leak/state", "OFF", NULL, NULL,
     "  plant-leak: {kind: leak, zone: unassigned, profile: esphome, topic: "
     "\"plant/binary_sensor/pump_leak/state\", "
     "availability: {topic: \"plant/status\", online: [\"online\"], offline: [\"offline\"]}}"},
    {"esp/3f/sensor/ceiling_temperature/state", "21.5", NULL, NULL,
     "unit: \"°C\", availability: {topic: \"esp/3f/status\""},
    {"plant/binary_sensor/door/state", "ON", NULL, NULL, "  # to decide: \"which of its texts means open?"},
    {"application/a/device/0101/event/up",
     "{\"deviceInfo\":{\"deviceName\":\"leak-b2\",\"tags\":{\"zone\":\"b2\"}},\"data\":\"AXU=\",\"object\":{"
     "\"battery\":92,"
     "\"leakage_status\":\"leak\"}}",
     NULL, NULL,
     "  leak-b2: {kind: leak, zone: b2, profile: chirpstack, topic: \"application/a/device/0101/event/up\", "
     "value: "
     "\"/object/leakage_status\"} # heard \"leak\"\n"},
    {"application/a/device/0101/event/up", "{\"deviceInfo\":{\"deviceName\":\"leak-b2\"},\"data\":\"AXU=\"}",
     NULL, NULL, "  # to decide: \"no codec there"},
    {"application/a/device/0101/event/status", "{\"margin\":10}", NULL, NULL, NULL},
    {"v3/app@ttn/devices/dev1/up",
     "{\"end_device_ids\":{\"device_id\":\"dev1\"},\"uplink_message\":{\"f_port\":15,\"decoded_payload\":{"
     "\"water_leak\":1}}}",
     NULL, NULL,
     "  dev1-leak: {kind: leak, zone: unassigned, profile: ttn, topic: \"v3/app@ttn/devices/dev1/up\", "
     "value: "
     "\"/uplink_message/decoded_payload/water_leak\"}"},
    {"/neuron/riser",
     "{\"timestamp\":1650006388943,\"node\":\"plc\",\"group\":\"g\",\"values\":{\"leak\":1,\"x\":3}}", NULL,
     NULL,
     "  plc-leak: {kind: leak, zone: unassigned, profile: neuron, topic: \"/neuron/riser\", value: "
     "\"/values/leak\"}"},
    {"/neuron/riser",
     "{\"timestamp\":1,\"node\":\"plc\",\"group\":\"g\",\"tags\":[{\"name\":\"pressure\",\"value\":4.2},{"
     "\"name\":\"q\",\"error\":2014}]}",
     NULL, NULL,
     "  # to decide: \"which unit does it measure in? unit: ...\"\n  # plc-pressure: {kind: pressure, zone: "
     "unassigned, profile: neuron, topic: \"/neuron/riser\", value: \"/tags/[name=pressure]/value\"}"},
    {"nut2mqtt/hosts/ups1/apc/ups/status", "OB DISCHRG", NULL, NULL,
     "  ups1-apc: {kind: ups, zone: unassigned, profile: nut, topic: "
     "\"nut2mqtt/hosts/ups1/apc/ups/status\"}"},
    {"nut2mqtt/hosts/ups1/apc/battery/charge", "100", NULL, NULL, NULL},
    {"/sys/pk/dev/thing/event/property/post",
     "{\"id\":\"1\",\"params\":{\"WaterLeak\":{\"value\":0,\"time\":1524448722000},\"Humidity\":60}}", NULL,
     NULL,
     "kind: leak, zone: unassigned, profile: aliyun, topic: \"/sys/pk/dev/thing/event/property/post\", "
     "value: "
     "\"/params/WaterLeak/value\""},
    {"$oc/devices/d7/sys/properties/report",
     "{\"services\":[{\"service_id\":\"Smoke\",\"properties\":{\"alarm\":1},\"event_time\":"
     "\"20151212T121212Z\"}]}",
     NULL, NULL,
     "  d7-smoke: {kind: smoke, zone: unassigned, profile: huawei, topic: "
     "\"$oc/devices/d7/sys/properties/report\", value: "
     "\"/services/[service_id=Smoke]/properties/alarm\""},
    {"plc/b2/callpoint", "0", NULL, NULL,
     "  b2-callpoint: {kind: callpoint, zone: b2, profile: plain, topic: \"plc/b2/callpoint\"} # heard "
     "\"0\"\n"},
    {"knx/status/Keller/Wassermelder", "{\"val\":1,\"ts\":1700000000000}", NULL, NULL, "kind: leak"},
    {"plc/b2/mains", "1", NULL, NULL,
     "  # to decide: \"does it say that the mains are there, or that they are gone?\""},
    {"bms/烟感/1", "true", NULL, NULL, NULL}, /* the name stands in the middle: a level is no field */
    {"bms/1/烟感报警", "true", NULL, NULL, "kind: smoke"},
    {"tocsin/plaza/1/status", "online", NULL, NULL, NULL},
    {"homeassistant/status", "online", NULL, NULL, NULL},
    {"zigbee2mqtt/bridge/info", "{\"smoke\":true}", NULL, NULL, NULL},
    {"x/smoke", "{\"smoke\":", NULL, NULL, NULL},
    {"x/smoke", "", NULL, NULL, NULL},
};

static bool has_sensor(const char *file)
{
	return strstr(file, "sensors:\n") != NULL;
}

static void judge(const struct heard_case *c)
{
	const char *file;
	struct plan *plan;

	begin(NULL);
	hear(c->topic, c->payload);
	if (c->topic2)
		hear(c->topic2, c->payload2);
	file = print();
	if (c->line ? !strstr(file, c->line) : has_sensor(file))
		fail_msg("%s %s\nwanted %s\ngot\n%s", c->topic, c->payload, c->line ? c->line : "no sensor",
		         file);
	plan = plan_of(file);
	assert_non_null(plan);
	plan_free(plan);
}

static void test_live(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof live / sizeof *live; i++)
		judge(&live[i]);
}

#define HA "homeassistant/binary_sensor/0x1/water_leak/config"
#define HA_N "homeassistant/sensor/node/t/config"

static const struct heard_case declared[] = {
    {HA,
     "{\"device_class\":\"moisture\",\"payload_on\":true,\"payload_off\":false,\"state_topic\":\"zigbee2mqtt/"
     "b2/kitchen/leak\","
     "\"value_template\":\"{{ value_json.water_leak "
     "}}\",\"origin\":{\"name\":\"Zigbee2MQTT\"},\"device\":{\"name\":"
     "\"b2/kitchen/leak\"}}",
     NULL, NULL,
     "  b2-kitchen-leak: {kind: leak, zone: b2-kitchen, profile: zigbee2mqtt, topic: "
     "\"zigbee2mqtt/b2/kitchen/leak\", value: "
     "\"/water_leak\"}\n"},
    {HA,
     "{\"dev_cla\":\"smoke\",\"stat_t\":\"~/smoke\",\"~\":\"home/"
     "attic\",\"pl_on\":\"FIRE\",\"pl_off\":\"quiet\",\"exp_aft\":90,"
     "\"avty_t\":\"~/"
     "lwt\",\"pl_avail\":\"up\",\"pl_not_avail\":\"down\",\"dev\":{\"name\":\"Attic\",\"sa\":\"Top Floor\"}}",
     NULL, NULL,
     "  attic-smoke: {kind: smoke, zone: top-floor, profile: plain, topic: \"home/attic/smoke\", words: "
     "{alarm: [\"FIRE\"], "
     "normal: [\"quiet\"]}, availability: {topic: \"home/attic/lwt\", online: [\"up\"], offline: "
     "[\"down\"]}, silent_after: "
     "90s}\n"},
    {HA, "{\"dev_cla\":\"power\",\"stat_t\":\"x/p\"}", NULL, NULL,
     "words: {alarm: [\"OFF\"], normal: [\"ON\"]}"},
    {HA, "{\"dev_cla\":\"door\",\"stat_t\":\"x/p\"}", NULL, NULL,
     "words: {open: [\"ON\"], closed: [\"OFF\"]}"},
    {HA, "{\"dev_cla\":\"gas\",\"stat_t\":\"x/p\",\"off_dly\":10}", NULL, NULL, "off_delay: 10s}"},
    {HA, "{\"dev_cla\":\"motion\",\"stat_t\":\"x/p\"}", NULL, NULL, NULL},
    {HA, "", NULL, NULL, NULL},
    {HA, "{\"dev_cla\":\"gas\",\"stat_t\":\"x/p\",\"val_tpl\":\"{{ value_json['a b']['c'].d[0] }}\"}", NULL,
     NULL, "value: \"/a b/c/d/0\""},
    {HA, "{\"dev_cla\":\"gas\",\"stat_t\":\"x/p\",\"val_tpl\":\"{{- value_json[\\\"a/b~c\\\"] -}}\"}", NULL,
     NULL, "value: \"/a~1b~0c\""},
    {HA, "{\"dev_cla\":\"gas\",\"stat_t\":\"x/p\",\"val_tpl\":\"{{ value }}\"}", NULL, NULL,
     "  water_leak-gas: {kind: gas"},
    {HA, "{\"dev_cla\":\"gas\",\"stat_t\":\"x/p\",\"val_tpl\":\"{{ value_json.x | float > 3 }}\"}", NULL,
     NULL,
     "  # to decide: \"where in the payload is it? Home Assistant reads {{ value_json.x | float > 3 }}\"\n  "
     "# "},
    {HA_N, "{\"dev_cla\":\"temperature\",\"stat_t\":\"cold/t\",\"unit_of_meas\":\"°C\",\"name\":\"Freezer\"}",
     NULL, NULL, "kind: temperature, zone: unassigned, profile: plain, topic: \"cold/t\", unit: \"°C\"}"},
    {HA_N, "{\"dev_cla\":\"gas\",\"stat_t\":\"meter/t\",\"unit_of_meas\":\"m³\"}", NULL, NULL, NULL},
    {HA_N, "{\"dev_cla\":\"battery\",\"stat_t\":\"meter/t\",\"unit_of_meas\":\"%\"}", NULL, NULL, NULL},
    {HA_N, "{\"dev_cla\":\"voltage\",\"stat_t\":\"mdb/v\",\"unit_of_meas\":\"V\"}", NULL, NULL,
     "  # to decide: \"is it the voltage of the mains?"},
    {HA_N, "{\"dev_cla\":\"voltage\",\"stat_t\":\"mdb/v\",\"unit_of_meas\":\"V\"}", "mdb/v", "231",
     "kind: mains, zone: "
     "unassigned, profile: plain, topic: \"mdb/v\", unit: \"V\"} # heard \"231\"\n"},
    {HA_N, "{\"dev_cla\":\"voltage\",\"stat_t\":\"mdb/v\",\"unit_of_meas\":\"V\"}", "mdb/v", "12.1", NULL},
    {"homeassistant/device/tocsin-plaza/config", /* what tocsin tells of itself is no sensor of its own */
     "{\"dev\":{\"ids\":\"tocsin-plaza\"},\"o\":{\"name\":\"tocsin\"},\"cmps\":{\"zone-b2\":{\"p\":\"binary_sensor\","
     "\"dev_cla\":\"smoke\",\"stat_t\":\"tocsin/plaza/1/zone/b2/state\"}}}",
     NULL, NULL, NULL},
    {"homeassistant/device/0x2/config",
     "{\"dev\":{\"name\":\"Riser\",\"sa\":\"水泵房\"},\"o\":{\"name\":\"x\"},\"stat_t\":\"riser/"
     "state\",\"cmps\":{\"a\":{\"p\":"
     "\"binary_sensor\",\"dev_cla\":\"moisture\",\"val_tpl\":\"{{ value_json.wet "
     "}}\",\"pl_on\":1,\"pl_off\":0},\"b\":{\"p\":"
     "\"sensor\",\"dev_cla\":\"temperature\",\"val_tpl\":\"{{value_json.t}}\",\"unit_of_meas\":\"°C\"},\"c\":"
     "{\"p\":\"button\"}}}",
     NULL, NULL, "kind: leak, zone: area-"},
    {"homeassistant/device/0x2/config",
     "{\"dev\":{\"name\":\"Riser\"},\"state_topic\":\"riser/"
     "state\",\"availability\":[{\"topic\":\"zigbee2mqtt/bridge/state\","
     "\"value_template\":\"{{ value_json.state }}\"},{\"topic\":\"riser/av\",\"value_template\":\"{{ "
     "value_json.s }}\"}],"
     "\"components\":{\"a\":{\"platform\":\"binary_sensor\",\"device_class\":\"heat\"}}}",
     "zigbee2mqtt/bridge/state", "online",
     "availability: {topic: \"riser/av\", value: \"/s\", online: [\"online\"], offline: [\"offline\"]}, via: "
     "zigbee2mqtt-bridge-link}"},
    {"zigbee2mqtt/bridge/devices",
     "[{\"friendly_name\":\"Coordinator\",\"definition\":null},{\"friendly_name\":\"b1/boiler/"
     "gas\",\"definition\":{\"exposes\":"
     "[{\"type\":\"numeric\",\"property\":\"gas_value\",\"unit\":\"LEL\",\"access\":1},{\"type\":\"binary\","
     "\"property\":"
     "\"battery_low\",\"access\":1}]}}]",
     NULL, NULL,
     "  b1-boiler-gas: {kind: gas, zone: b1-boiler, profile: zigbee2mqtt, topic: "
     "\"zigbee2mqtt/b1/boiler/gas\", value: "
     "\"/gas_value\", unit: \"%LEL\"}\n"},
    {"zigbee2mqtt/bridge/devices",
     "[{\"friendly_name\":\"door\",\"definition\":{\"exposes\":[{\"type\":\"binary\",\"property\":"
     "\"contact\",\"value_on\":false,"
     "\"value_off\":true,\"access\":1},{\"type\":\"switch\",\"features\":[{\"type\":\"binary\",\"property\":"
     "\"state\","
     "\"access\":7}]}]}}]",
     NULL, NULL, "value: \"/contact\", words: {open: [\"false\"], closed: [\"true\"]}}"},
};

static void test_declared(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof declared / sizeof *declared; i++)
		judge(&declared[i]);
}

/* What is declared is kept, whichever comes first; what is heard adds only what was seen. */
static void test_declared_over_guessed(void **state)
{
	static const char config[] =
	    "{\"dev_cla\":\"gas\",\"stat_t\":\"zigbee2mqtt/a\",\"pl_on\":\"BAD\",\"pl_off\":\"good\","
	    "\"val_tpl\":\"{{ value_json.smoke }}\"}";
	static const char message[] = "{\"smoke\":\"good\",\"linkquality\":3}";

	(void)state;
	for (int first = 0; first < 2; first++) {
		const char *file;

		begin(NULL);
		hear(first ? HA : "zigbee2mqtt/a", first ? config : message);
		hear(first ? "zigbee2mqtt/a" : HA, first ? message : config);
		file = print();
		assert_non_null(strstr(file, "kind: gas"));
		assert_null(strstr(file, "kind: smoke"));
		assert_non_null(strstr(file, "words: {alarm: [\"BAD\"], normal: [\"good\"]}"));
		assert_non_null(strstr(file, "# heard \"good\""));
	}
}

/* A Shelly that tells both ways is one sensor. */
static void test_twin(void **state)
{
	const char *file;

	(void)state;
	begin(NULL);
	hear("s/events/rpc", "{\"params\":{\"smoke:0\":{\"alarm\":true}}}");
	hear("s/status/smoke:0", "{\"alarm\":true}");
	file = print();
	assert_non_null(strstr(file, "\"s/status/smoke:0\""));
	assert_null(strstr(file, "s/events/rpc"));
}

/* Regular messages tell how long a silence is one; irregular ones nothing. */
static void test_silence(void **state)
{
	static const int64_t regular[] = {0, 30000, 60500, 90000}, hectic[] = {0, 100, 20000, 21000};

	(void)state;
	begin(NULL);
	for (int i = 0; i < 4; i++) {
		hear_bytes("x/regular/leak", "0", 1, false, regular[i]);
		hear_bytes("x/hectic/smoke", "0", 1, false, hectic[i]);
		hear_bytes("x/kept/heat", "0", 1, true, regular[i]);
	}
	print();
	assert_non_null(strstr(yaml.text, "topic: \"x/regular/leak\", silent_after: 92s}"));
	assert_non_null(strstr(yaml.text, "topic: \"x/hectic/smoke\"} #"));
	assert_non_null(strstr(yaml.text, "topic: \"x/kept/heat\"} #"));
}

/* Sensors, zones and ids that the site has are not said again. */
static void test_site(void **state)
{
	struct plan *site = plan_of("zones:\n"
	                            "  b2: {name: {zh: 地下二层, en: Basement 2}}\n"
	                            "sensors:\n"
	                            "  b2-smoke: {kind: smoke, zone: b2, topic: other}\n"
	                            "  mine: {kind: leak, zone: b2, topic: plc/+/leak}\n");
	const char *file;

	(void)state;
	assert_non_null(site);
	begin(site);
	hear("plc/b2/leak", "0");
	hear("plc/b2/smoke", "0");
	hear("plc/地下二层/heat", "0");
	file = print();
	assert_non_null(strstr(file, "# 1 fields are sensors of the site already\n"));
	assert_null(strstr(file, "zones:\n"));
	assert_null(strstr(file, "plc/b2/leak"));
	assert_null(strstr(file, "  b2-smoke:"));
	assert_non_null(strstr(file, "{kind: smoke, zone: b2, profile: plain, topic: \"plc/b2/smoke\"}"));
	assert_non_null(strstr(file, "{kind: heat, zone: b2, profile: plain, topic: \"plc/地下二层/heat\"}"));
	plan_free(site);
}

/* What is taken for a profile's words is what its file says. */
static void test_profiles(void **state)
{
	static const struct {
		const char *topic, *payload, *alarm;
	} cases[] = {{"zigbee2mqtt/a", "{\"smoke\":true,\"linkquality\":1}", "true"},
	             {"stat/a/LEAK", "ON", "ON"},
	             {"shellies/a/sensor/gas", "mild", "heavy"},
	             {"a/status/smoke:0", "{\"alarm\":true}", "true"},
	             {"a/binary_sensor/leak/state", "ON", "ON"},
	             {"/neuron/a", "{\"node\":\"a\",\"group\":\"b\",\"values\":{\"leak\":1}}", "1"},
	             {"plc/a/leak", "1", "1"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct plan *plan;
		bool is_found = false;

		begin(NULL);
		hear(cases[i].topic, cases[i].payload);
		plan = plan_of(print());
		assert_non_null(plan);
		assert_int_equal(plan->n_sensors, 1);
		for (int w = 0; w < plan->sensors[0].n_words; w++)
			is_found |= !strcmp(plan->sensors[0].words[w].word, "alarm") &&
			            strings_have(&plan->sensors[0].words[w].texts, cases[i].alarm);
		assert_true(is_found);
		plan_free(plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_live),
	    cmocka_unit_test(test_declared),
	    cmocka_unit_test(test_declared_over_guessed),
	    cmocka_unit_test(test_twin),
	    cmocka_unit_test(test_silence),
	    cmocka_unit_test(test_site),
	    cmocka_unit_test(test_profiles),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_fini(&yaml);
	return failed;
}
