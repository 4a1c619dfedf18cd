/* test_extract.c - how a value is got out of a payload: chosen elements, bytes,
 * scales, replays, character sets; and what is none, whatever is sent. */
#include "fixture.h"

#include "base/text.h"
#include "intake/decode.h"
#include "intake/extract.h"

#include <stdio.h>
#include <stdlib.h>

#define NO NULL
#define PICK(KEYS, ...) \
	{ \
		.pointer = "/", .keys = KEYS, .picks = (const char *const[]) \
		{ \
			__VA_ARGS__ \
		} \
	}
#define POINTER(...) \
	{ \
		.pointer = "/", .keys = STRINGS(__VA_ARGS__) \
	}
#define SENSOR(ID, TOPIC, ...) \
	{ \
		.id = ID, .kind = "x", .zone = 1, .via = -1, .topic = TOPIC, .qos = 1, __VA_ARGS__ \
	}

static const struct word_set ones[] = {{.word = "alarm", .texts = STRINGS("1")},
                                       {.word = "normal", .texts = STRINGS("0")}};
static const struct word_set panel[] = {{.word = "alarm", .texts = STRINGS("火警")},
                                        {.word = "normal", .texts = STRINGS("复位")}};
static const struct word_set off_line[] = {{.word = "fault", .texts = STRINGS("-1")},
                                           {.word = "test", .texts = STRINGS("test")}};

static const struct sensor_def sensors[] = {
    SENSOR("tag", "neuron", .value = PICK(STRINGS("tags", "name", "value"), NO, "pressure", NO),
           .unit = "bar"),
    SENSOR("service", "huawei",
           .value = PICK(STRINGS("services", "service_id", "properties", "alarm"), NO, "Smoke", NO, NO),
           WORDS(ones)),
    SENSOR("cable", "shelly", .value = PICK(STRINGS("errors", ""), NO, "cable_unplugged"), WORDS(z2m_words)),
    SENSOR("fault", "always", .value = PICK(STRINGS("errors", ""), NO, "7"), WORDS(z2m_words),
           .missing = "false"),
    SENSOR("nested", "nested", .value = PICK(STRINGS("a", "id", "b", "n", "v"), NO, "2", NO, "x", NO)),
    SENSOR("gas", "aliyun", .value = AT("params", "Gas", "value"), .unit = "%LEL"),
    SENSOR("lora", "lora", .value = AT("data"), .unit = "C",
           .decode = {DECODE_BASE64, DECODE_I16BE, .byte = 1, .bit = -1}, .scale_nano = 100000000),
    SENSOR("bit", "zigbee", .value = AT("0500!00"), .decode = {DECODE_HEX, DECODE_U8, .byte = 1, .bit = 2},
           WORDS(ones)),
    SENSOR("register", "register", .value = WHOLE, .unit = "C", .scale_nano = 100000000,
           .offset_milli = -40000, WORDS(off_line)),
    SENSOR("offset", "offset", .value = WHOLE, .offset_milli = 273150),
    SENSOR("percent", "percent", .value = WHOLE, .unit = "%", .scale_nano = 100000000000),
    SENSOR("plain", "plain", .value = WHOLE),
    SENSOR("panel", "panel", .value = WHOLE, .encoding = ENCODING_GB18030, WORDS(panel)),
    SENSOR("json", "panel", .value = AT("state"), .encoding = ENCODING_GB18030, WORDS(panel)),
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
    {"neuron",
     "{\"timestamp\":1647497389075,\"node\":\"modbus\",\"group\":\"grp\",\"tags\":[{\"name\":\"tag0\","
     "\"value\":"
     "123},{\"name\":\"pressure\",\"value\":4.2}]}",
     V, NULL, "4.2"},
    {"neuron", "{\"tags\":[{\"value\":7,\"name\":\"pressure\"},{\"name\":\"pressure\",\"value\":8}]}", V,
     NULL, "7"},
    {"neuron", "{\"tags\":[{\"name\":\"pressure\",\"error\":2014}]}", U, NULL, NULL},
    {"neuron", "{\"tags\":[{\"name\":\"pressure\"}]}", S, NULL, NULL},
    {"neuron", "{\"tags\":[{\"name\":\"other\",\"error\":2014}]}", S, NULL, NULL},
    {"neuron", "{\"tags\":[]}", S, NULL, NULL},
    {"neuron", "{\"group\":\"grp\"}", S, NULL, NULL},
    {"neuron", "{\"tags\":[{\"name\":\"pressure\",\"value\":null}]}", U, NULL, NULL},
    {"neuron", "{\"tags\":[{\"name\":\"pressure\",\"value\":[1]}]}", U, NULL, NULL},
    {"neuron", "{\"tags\":{\"name\":\"pressure\",\"value\":4}}", U, NULL, NULL},
    {"neuron",
     "{\"tags\":[\"pressure\",4,null,[],{\"name\":{},\"value\":1},{\"name\":\"pressure\",\"value\":5}]}", V,
     NULL, "5"},
    {"huawei",
     "{\"services\":[{\"service_id\":\"Heat\",\"properties\":{\"alarm\":0}},{\"service_id\":\"Smoke\","
     "\"properties\":{\"alarm\":1},\"event_time\":\"20151212T121212Z\"}]}",
     V, "alarm", NULL},
    {"huawei", "{\"services\":[{\"properties\":{\"alarm\":1},\"service_id\":\"Heat\"}]}", S, NULL, NULL},
    {"shelly", "{\"id\":0,\"alarm\":false,\"errors\":[\"cable_unplugged\"]}", V, "alarm", NULL},
    {"shelly", "{\"errors\":[]}", V, "normal", NULL},
    {"shelly", "{\"errors\":[\"other\",{},null,[\"cable_unplugged\"]]}", V, "normal", NULL},
    {"shelly", "{\"id\":0,\"alarm\":false}", S, NULL, NULL},
    {"shelly", "{\"errors\":\"cable_unplugged\"}", U, NULL, NULL},
    {"shelly", "{\"errors\":null}", U, NULL, NULL},
    {"always", "{\"errors\":[5,7]}", V, "alarm", NULL},
    {"always", "{\"id\":0}", V, "normal", NULL},
    {"always", "{\"errors\":0}", U, NULL, NULL},
    {"always", "[]", U, NULL, NULL},
    {"nested",
     "{\"a\":[{\"id\":1,\"b\":[{\"n\":\"x\",\"v\":1}]},{\"b\":[{\"n\":\"y\",\"v\":2},{\"v\":3,\"n\":\"x\"}],"
     "\"id\":2}]}",
     V, NULL, "3"},
    {"nested", "{\"a\":[{\"id\":2,\"b\":{\"n\":\"x\",\"v\":1}}]}", U, NULL, NULL},
    {"aliyun",
     "{\"id\":\"123\",\"params\":{\"Gas\":{\"value\":21.5,\"time\":1524448722000}},\"method\":\"thing.event."
     "property."
     "post\"}",
     V, NULL, "21.5"},
    {"aliyun", "{\"params\":{\"Gas\":60}}", V, NULL, "60"},
    {"aliyun", "{\"params\":{\"Gas\":null}}", U, NULL, NULL},
    {"aliyun", "{\"params\":{\"Humidity\":60}}", S, NULL, NULL},
    {"aliyun", "{\"params\":7}", U, NULL, NULL},
    {"lora", "{\"data\":\"AQDrAg==\"}", V, "23.5", "23.5"},
    {"lora", "{\"data\":\"Af_2\"}", V, "-1", "-1"},
    {"lora", "{\"data\":\"AQA=\"}", U, NULL, NULL},
    {"lora", "{\"data\":\"AQ*rAg==\"}", U, NULL, NULL},
    {"lora", "{\"data\":17}", U, NULL, NULL},
    {"zigbee", "{\"0500!00\":\"010000FF0000\"}", V, "normal", NULL},
    {"zigbee", "{\"0500!00\":\"0x0104\"}", V, "alarm", NULL},
    {"zigbee", "{\"0500!00\":\"010\"}", U, NULL, NULL},
    {"zigbee", "{\"0500!00\":\"01\"}", U, NULL, NULL},
    {"zigbee", "{\"0500!00\":\"01zz\"}", U, NULL, NULL},
    {"register", "615", V, "21.5", "21.5"},
    {"register", "0", V, "-40", "-40"},
    {"register", "615 C", V, "21.5", "21.5"},
    {"register", "-1", U, NULL, NULL},
    {"register", "test", S, NULL, NULL},
    {"register", "615 F", U, NULL, NULL},
    {"register", "1e9", V, NULL, "99999960"},
    {"register", "9e15", U, NULL, NULL},
    {"offset", "20.5", V, "293.65", "293.65"},
    {"offset", "on", U, NULL, NULL},
    {"percent", "0.0215", V, "2.15", "2.15"},
    {"percent", "-0.5 %", V, "-50", "-50"},
    {"percent", "900000000000000", U, NULL, NULL},
    {"plain", "1e999", U, NULL, NULL},
    {"plain", "-Infinity", U, NULL, NULL},
    {"plain", "1e3", V, NULL, "1000"},
    {"plain", "2e", V, "2e", NULL},
    {"plain", "alarm", V, "alarm", NULL},
    {"panel", "\xbb\xf0\xbe\xaf", V, "alarm", NULL},
    {"panel", " \xb8\xb4\xce\xbb\r\n", V, "normal", NULL},
    {"panel", "\xbb", U, NULL, NULL},
    {"panel", "\xff\xff", U, NULL, NULL},
    {"panel", "1", U, NULL, NULL},
};

static struct intake *fresh(void)
{
	static struct plan plan;

	plan = plan_of(sensors, COUNT(sensors), NULL, 0);
	return intake_new(&plan);
}

static void values(void **state)
{
	struct intake *in = fresh();
	char number[32];

	(void)state;
	for (int i = 0; i < COUNT(table); i++) {
		const struct expected *e = &table[i];
		const struct reading *r = say(in, e->topic, e->payload);

		if (result.n < 1 || r->kind != e->kind || (e->word && strcmp(r->word, e->word) != 0) ||
		    r->has_number != (e->number != NULL) ||
		    (e->number && strcmp(milli_text(r->milli, number), e->number) != 0))
			fail_msg("%s %s: n %d kind %d word %s milli %lld", e->topic, e->payload, result.n,
			         r ? (int)r->kind : -1, r ? r->word : "", r ? (long long)r->milli : 0);
	}
	intake_free(in);
}

static void one_payload_in_two_encodings(void **state)
{
	struct intake *in = fresh();
	const struct reading *r = say(in, "panel", "{\"state\":\"\xbb\xf0\xbe\xaf\"}");

	(void)state;
	assert_int_equal(result.n, 2);
	assert_int_equal(r[0].kind, READING_UNREADABLE); /* no word of the panel */
	assert_string_equal(r[1].word, "alarm");
	assert_string_equal(r[1].text, "火警");
	intake_free(in);
}

/* ------------------------------------------------------------ what is none */

static const struct sensor_def victims[] = {
    SENSOR("word", "json", .value = AT("a"), WORDS(z2m_words)),
    SENSOR("number", "json", .value = AT("a"), .unit = "bar"),
    SENSOR("deep", "json", .value = AT("a", "b"), WORDS(z2m_words)),
    SENSOR("index", "json", .value = AT("a", "0"), .unit = "bar"),
    SENSOR("picked", "json", .value = PICK(STRINGS("a", "k", "v"), NO, "x", NO), WORDS(z2m_words)),
    SENSOR("among", "json", .value = PICK(STRINGS("a", ""), NO, "x"), WORDS(z2m_words)),
    SENSOR("bytes", "json", .value = AT("a"), .decode = {DECODE_BASE64, DECODE_U8, 0, -1}, .unit = "C"),
    SENSOR("hex", "json", .value = AT("a"), .decode = {DECODE_HEX, DECODE_U8, 0, 0}, WORDS(ones)),
    SENSOR("raw word", "raw", .value = WHOLE, WORDS(z2m_words)),
    SENSOR("raw number", "raw", .value = WHOLE, .unit = "bar"),
    SENSOR("raw scaled", "raw", .value = WHOLE, .scale_nano = 1000000000),
    SENSOR("raw hex", "raw", .value = WHOLE, .decode = {DECODE_HEX, DECODE_U32BE, 0, -1}, .unit = "C"),
    SENSOR("raw gb", "raw", .value = WHOLE, .encoding = ENCODING_GB18030, WORDS(panel)),
};

static char *repeated(const char *head, const char *piece, int n, const char *tail)
{
	size_t len = strlen(piece) * (size_t)n;
	char *text = malloc(strlen(head) + len + strlen(tail) + 1), *at = stpcpy(text, head);

	for (int i = 0; i < n; i++)
		at = stpcpy(at, piece);
	strcpy(at, tail);
	return text;
}

/* Nothing it says is a value of any of them: unknown, counted, and told once. */
static void must_be_nothing(struct intake *in, const char *topic, const char *payload)
{
	say_at(in, topic, payload, 1000);
	for (int i = 0; i < result.n; i++)
		if (result.readings[i].kind != READING_UNREADABLE)
			fail_msg("%s of %.60s is read: kind %d '%s'", result.readings[i].sensor, payload,
			         (int)result.readings[i].kind, result.readings[i].text);
	assert_true(result.n > 0);
	assert_int_equal(result.bad, result.n);
}

static const char *const never_json[] = {
    "",
    "{",
    "}",
    "[",
    "nul",
    "{\"a\":NaN}",
    "{\"a\":1e999}",
    "{\"a\":Infinity}",
    "{\"a\":-Infinity}",
    "{\"a\":tru",
    "{\"a\":\"true",
    "{\"a\":true",
    "{\"a\":true}}",
    "{\"a\":true,}",
    "{a:true}",
    "{'a':true}",
    "{\"a\":+1}",
    "{\"a\":01}",
    "{\"a\":0x10}",
    "{\"a\":.5}",
    "{\"a\":\"\xff\"}",
    "\xff\xfe{\"a\":1}",
    "{\"a\":\"\\ud800\"}",
    "{\"a\":null}",
    "5",
    "true",
    "\"true\"",
    "[]",
    "[true]",
    "null",
    "{\"a\":{\"c\":{\"d\":1}},\"a\":null}",
};
static const char *const never_raw[] = {
    "NaN",
    "nan",
    "1e999",
    "-1e999",
    "inf",
    "Infinity",
    "null",
    "{\"a\":1}",
    "tru",
    "truee",
    "0x1p4",
    "1,5",
    "12 kPa",
    "--5",
    "5-",
    "\xff",
    "",
    "unknown",
    "unavailable",
    "[1]",
    "1 2",
    "+9999999999999999999999999",
    "1e-",
};

static void hostile(void **state)
{
	struct plan plan = plan_of(victims, COUNT(victims), NULL, 0);
	struct intake *in = intake_new(&plan);
	char *big[] = {repeated("{\"a\":\"", "x", 1 << 20, "\"}"), repeated("", "[", 1 << 20, ""),
	               repeated("", "true", 1 << 18, ""),
	               repeated("{\"a\":true,\"b\":", "[", 40, "1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"),
	               repeated("{\"a\":", "{\"a\":", 1 << 17, "1")};

	(void)state;
	for (int i = 0; i < COUNT(never_json); i++)
		must_be_nothing(in, "json", never_json[i]);
	for (int i = 0; i < COUNT(never_raw); i++)
		must_be_nothing(in, "raw", never_raw[i]);
	for (int i = 0; i < COUNT(big); i++) {
		must_be_nothing(in, "json", big[i]);
		must_be_nothing(in, "raw", big[i]);
		free(big[i]);
	}
	intake_free(in);
}

/* What is well-formed, but of another kind than this sensor's. */
static void wrong_types(void **state)
{
	static const struct {
		const char *sensor, *payload;
	} rows[] = {
	    {"word", "{\"a\":{}}"},
	    {"word", "{\"a\":[true]}"},
	    {"word", "{\"a\":5}"},
	    {"word", "{\"a\":\"wet\"}"},
	    {"number", "{\"a\":true}"},
	    {"number", "{\"a\":\"5 kPa\"}"},
	    {"number", "{\"a\":\"\"}"},
	    {"number", "{\"a\":9e99}"},
	    {"deep", "{\"a\":5}"},
	    {"deep", "{\"a\":[]}"},
	    {"deep", "{\"a\":\"b\"}"},
	    {"index", "{\"a\":7}"},
	    {"index", "{\"a\":[true]}"},
	    {"picked", "{\"a\":{}}"},
	    {"picked", "{\"a\":\"x\"}"},
	    {"picked", "{\"a\":[{\"k\":\"x\",\"v\":{}}]}"},
	    {"picked", "{\"a\":[{\"k\":\"x\",\"v\":\"?\"}]}"},
	    {"among", "{\"a\":\"x\"}"},
	    {"among", "{\"a\":{\"x\":1}}"},
	    {"bytes", "{\"a\":[1,2]}"},
	    {"bytes", "{\"a\":\"\"}"},
	    {"bytes", "{\"a\":\"A\"}"},
	    {"hex", "{\"a\":\"0\"}"},
	    {"hex", "{\"a\":true}"},
	};
	struct plan plan = plan_of(victims, COUNT(victims), NULL, 0);
	struct intake *in = intake_new(&plan);

	(void)state;
	for (int i = 0; i < COUNT(rows); i++) {
		const struct reading *r = NULL;

		say(in, "json", rows[i].payload);
		for (int k = 0; k < result.n; k++)
			if (!strcmp(result.readings[k].sensor, rows[i].sensor))
				r = &result.readings[k];
		if (!r || r->kind != READING_UNREADABLE)
			fail_msg("%s of %s is read: '%s'", rows[i].sensor, rows[i].payload, r ? r->text : "");
	}
	intake_free(in);
}

static const struct sensor_def pair[] = {
    SENSOR("a", "a", .value = WHOLE, .unit = "bar", WORDS(off_line)),
    SENSOR("b", "b", .value = WHOLE, .unit = "bar"),
};

static void a_device_is_named_once_in_ten_minutes(void **state)
{
	struct plan plan = plan_of(pair, COUNT(pair), NULL, 0);
	struct intake *in = intake_new(&plan);
	int named = 0;

	(void)state;
	say_at(in, "a", "-1", 0); /* the device itself says so */
	assert_int_equal(result.bad, 1);
	assert_null(result.complain);
	for (int at_ms = 0; at_ms < 1200000; at_ms += 1000) {
		say_at(in, "a", "what", at_ms);
		assert_int_equal(result.bad, 1);
		named += result.complain != NULL;
		assert_true(!result.complain || !strcmp(result.complain, "a"));
	}
	assert_int_equal(named, 2);
	say_at(in, "b", "what", 1000);
	assert_string_equal(result.complain, "b");
	say_at(in, "b", "what", -1); /* the loop reads it again */
	assert_null(result.complain);
	intake_free(in);
}

/* ------------------------------------------------------------------- time */

static const int64_t shanghai_at[] = {0};
static const int32_t shanghai_s[] = {8 * 3600};
static const struct tz shanghai = {1, shanghai_at, shanghai_s};

#define NOW_MS 1795426630000 /* 2026-11-23T09:37:10Z */

static const struct sensor_def aged[] = {
    SENSOR("live", "z", .value = AT("leak"), .stamp = POINTER("last_seen"), .max_age_ms = 600000,
           WORDS(z2m_words)),
    SENSOR("newer", "n", .value = AT("leak"), .stamp = POINTER("last_seen"), .max_age_ms = 600000,
           .retained = RETAINED_NEWER, WORDS(z2m_words)),
    SENSOR("button", "b", .value = WHOLE, .retained = RETAINED_IGNORE),
    SENSOR("adopt", "s", .value = WHOLE, WORDS(z2m_words)),
};

static const struct reading *kept(struct intake *in, const char *topic, const char *payload, bool retained)
{
	const struct message m = {.topic = topic,
	                          .payload = payload,
	                          .len = strlen(payload),
	                          .qos = 1,
	                          .retained = retained,
	                          .at_ms = NOW_MS};

	intake_read(in, &m, 1000, &result);
	return result.n ? result.readings : NULL;
}

static void replays_and_retained(void **state)
{
	static const struct {
		const char *topic, *payload;
		bool retained, is_told;
	} rows[] = {
	    {"z", "{\"leak\":true,\"last_seen\":\"2026-11-23T17:30:00\"}", false, true},
	    {"z", "{\"leak\":true,\"last_seen\":\"2026-11-23T17:27:10\"}", false,
	     true}, /* ten minutes exactly */
	    {"z", "{\"leak\":true,\"last_seen\":\"2026-11-23T17:27:09\"}", false, false},
	    {"z", "{\"leak\":true,\"last_seen\":1665561758}", false, false},
	    {"z", "{\"leak\":true,\"last_seen\":1665561758}", true, false},
	    {"z", "{\"leak\":true,\"last_seen\":\"2026-11-23T19:00:00\"}", false,
	     true}, /* its clock is ahead */
	    {"z", "{\"leak\":true,\"last_seen\":\"yesterday\"}", false, true},
	    {"z", "{\"leak\":true}", false, true}, /* better an old alarm than none */
	    {"z", "{\"leak\":true}", true, true},
	    {"n", "{\"leak\":true}", false, true},
	    {"n", "{\"leak\":true}", true, false},
	    {"n", "{\"leak\":true,\"last_seen\":1795426000}", true, false},
	    {"n", "{\"leak\":true,\"last_seen\":1795426600}", true, true},
	    {"b", "pressed", false, true},
	    {"b", "pressed", true, false},
	    {"s", "true", true, true},
	};
	struct plan plan = plan_of(aged, COUNT(aged), NULL, 0);
	struct intake *in;

	(void)state;
	plan.tz = shanghai;
	in = intake_new(&plan);
	for (int i = 0; i < COUNT(rows); i++) {
		const struct reading *r = kept(in, rows[i].topic, rows[i].payload, rows[i].retained);

		if ((r != NULL) != rows[i].is_told || result.old != !rows[i].is_told || result.bad)
			fail_msg("%s %s: %s", rows[i].topic, rows[i].payload, r ? "told" : "ignored");
		if (!r)
			assert_false(result.is_news);
	}
	intake_free(in);
}

static const struct sensor_def events[] = {
    SENSOR("rf", "rf", .value = AT("detect_wet"), WORDS(ones), .off_delay_ms = 10000)};

/* What is ignored leaves no trace: the alarm after it is news. */
static const char *const kind = "x";
static const struct grade grades[] = {{.id = "",
                                       .when = {.op = COND_TEST,
                                                .sensor = -1,
                                                .kinds = {&kind, 1},
                                                .zone = -1,
                                                .test = {.op = TEST_IS, .words = STRINGS("alarm")}}}};
static const struct incident_type types[] = {{.id = "leak", .grades = grades, .n_grades = 1}};

static void a_replay_hides_nothing(void **state)
{
	struct plan plan = plan_of(aged, COUNT(aged), types, COUNT(types));
	struct intake *in = intake_new(&plan);

	(void)state;
	kept(in, "z", "{\"leak\":false,\"last_seen\":1795426600}", false);
	intake_told(in, &result);
	assert_null(kept(in, "z", "{\"leak\":true,\"last_seen\":1665561758}", false));
	assert_string_equal(result.complain, "live"); /* or a clock is wrong: somebody must see it */
	intake_told(in, &result);
	assert_non_null(kept(in, "z", "{\"leak\":true,\"last_seen\":1795426601}", false));
	assert_true(result.is_news);
	intake_free(in);
}

/* {"leak":true} of a clock that is wrong by `by_ms`, said after_ms after NOW_MS. */
static bool told_late(struct intake *in, int64_t after_ms, int64_t by_ms)
{
	char payload[80];
	struct message m = {.topic = "z", .payload = payload, .qos = 1, .at_ms = NOW_MS + after_ms};

	snprintf(payload, sizeof payload, "{\"leak\":true,\"last_seen\":%lld}", (long long)(m.at_ms - by_ms));
	m.len = strlen(payload);
	intake_read(in, &m, 1000 + after_ms, &result);
	return result.n > 0;
}

static void a_wrong_clock_makes_nobody_deaf(void **state)
{
	enum { DAY_MS = 86400000 };
	struct plan plan = plan_of(aged, COUNT(aged), types, COUNT(types));
	struct intake *in = intake_new(&plan);

	(void)state;
	assert_false(told_late(in, 0, 2 * DAY_MS));
	assert_false(told_late(in, 1999, 2 * DAY_MS));
	assert_true(told_late(in, 2000, 2 * DAY_MS)); /* late by the same: its clock runs */
	assert_true(told_late(in, 60000, 2 * DAY_MS + 900));
	assert_false(told_late(in, 60000, 3 * DAY_MS)); /* a replay, which is late by something else */
	assert_false(told_late(in, 60010, 3 * DAY_MS - 5000));
	assert_false(told_late(in, 63000, 3 * DAY_MS));
	assert_true(told_late(in, 70000, 20000LL * DAY_MS)); /* 1972: never set */
	intake_free(in);
}

static void an_event_is_always_news(void **state)
{
	struct plan plan = plan_of(events, COUNT(events), NULL, 0);
	struct intake *in = intake_new(&plan);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(news_at(in, "rf", "{\"model\":\"Govee-Water\",\"detect_wet\":1}", 1000 + i));
	intake_free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values),
	    cmocka_unit_test(one_payload_in_two_encodings),
	    cmocka_unit_test(hostile),
	    cmocka_unit_test(wrong_types),
	    cmocka_unit_test(a_device_is_named_once_in_ten_minutes),
	    cmocka_unit_test(replays_and_retained),
	    cmocka_unit_test(a_replay_hides_nothing),
	    cmocka_unit_test(a_wrong_clock_makes_nobody_deaf),
	    cmocka_unit_test(an_event_is_always_news),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
