/* How a value is got out of a payload: the keys of a sensor, as written and as the plan has them. */
#include "test.h"

#define SENSOR_OF(KEYS) HEAD "sensors:\n  s: {kind: gas, zone: b2, topic: t, " KEYS "}\n"

static const struct sensor_def *sensor(struct run *run, const char *text)
{
	return run_one(run, text)->sensors;
}

static void chosen_elements(void **state)
{
	struct run run;
	const struct sensor_def *s =
	    sensor(&run, SENSOR_OF("value: \"/tags/[name=a=b~1c]/value\", stamp: \"/errors/[=flood]\""));

	(void)state;
	assert_int_equal(s->value.keys.n, 3);
	assert_string_equal(s->value.keys.at[0], "tags");
	assert_null(s->value.picks[0]);
	assert_string_equal(s->value.keys.at[1], "name");
	assert_string_equal(s->value.picks[1], "a=b/c");
	assert_string_equal(s->value.keys.at[2], "value");
	assert_null(s->value.picks[2]);
	assert_string_equal(s->stamp.keys.at[1], "");
	assert_string_equal(s->stamp.picks[1], "flood");
	assert_false(s->value.whole);
	run_end(&run);
	s = sensor(&run, SENSOR_OF("value: \"/a]/b=c/0\""));
	assert_null(s->value.picks);
	assert_string_equal(s->value.keys.at[1], "b=c");
	run_end(&run);
}

static void bytes_and_scales(void **state)
{
	struct run run;
	const struct sensor_def *s =
	    sensor(&run, SENSOR_OF("value: /data, unit: C, decode: {from: base64, byte: 3, type: i16be}, "
	                           "scale: 0.1, offset: -40"));

	(void)state;
	assert_int_equal(s->decode.from, DECODE_BASE64);
	assert_int_equal(s->decode.type, DECODE_I16BE);
	assert_int_equal(s->decode.byte, 3);
	assert_int_equal(s->decode.bit, -1);
	assert_int_equal(s->scale_nano, 100000000);
	assert_int_equal(s->offset_milli, -40000);
	run_end(&run);
	s = sensor(&run, SENSOR_OF("decode: {from: hex, bit: 7}, scale: 0.000000001"));
	assert_int_equal(s->decode.from, DECODE_HEX);
	assert_int_equal(s->decode.bit, 7);
	assert_int_equal(s->scale_nano, 1);
	run_end(&run);
	s = sensor(&run, SENSOR_OF("unit: C"));
	assert_int_equal(s->decode.from, DECODE_NONE);
	assert_int_equal(s->scale_nano, 0);
	assert_int_equal(s->via, -1);
	run_end(&run);
}

static void time_and_charset(void **state)
{
	struct run run;
	const struct sensor_def *s = sensor(
	    &run,
	    SENSOR_OF(
	        "value: /a, stamp: /t, max_age: 10m, retained: newer, charset: gb18030, off_delay: 10s, "
	        "missing: \"false\""));

	(void)state;
	assert_int_equal(s->max_age_ms, 600000);
	assert_int_equal(s->retained, RETAINED_NEWER);
	assert_int_equal(s->encoding, ENCODING_GB18030);
	assert_int_equal(s->off_delay_ms, 10000);
	assert_string_equal(s->missing, "false");
	run_end(&run);
}

/* What a profile presets, the sensor may undo. */
static void of_a_profile(void **state)
{
	static const char text[] =
	    HEAD "profiles: {p: {value: /a, stamp: /t, max_age: 1h, scale: 2, "
	         "retained: ignore, words: {alarm: [\"1\"]}}}\n"
	         "sensors:\n"
	         "  bridge: {kind: link, zone: b2, topic: b, words: {alarm: [offline], normal: [online]}}\n"
	         "  one: {kind: gas, zone: b2, topic: t1, profile: p, via: bridge}\n"
	         "  two: {kind: gas, zone: b2, topic: t2, profile: p, scale: 3, retained: adopt}\n"
	         "  three: {kind: gas, zone: b2, topic: t3, value: /a, words: {alarm: [\"1\"]}}\n";
	struct run run;
	const struct sensor_def *s = sensor(&run, text);

	(void)state;
	assert_int_equal(s[1].via, 0);
	assert_int_equal(s[1].max_age_ms, 3600000);
	assert_int_equal(s[1].scale_nano, 2000000000);
	assert_int_equal(s[1].retained, RETAINED_IGNORE);
	assert_int_equal(s[2].via, -1);
	assert_int_equal(s[2].scale_nano, 3000000000);
	assert_int_equal(s[2].retained, RETAINED_ADOPT);
	assert_ptr_equal(s[1].value.keys.at, s[3].value.keys.at); /* written alike: kept once */
	assert_ptr_equal(s[1].words, s[3].words);
	assert_ptr_not_equal(s[0].words, s[1].words);
	run_end(&run);
}

static void what_is_wrong(void **state)
{
	static const struct {
		const char *keys, *said;
	} rows[] = {
	    {"value: \"/a/[0]\"", "'[0]' is neither a key nor [key=text]"},
	    {"value: \"/a/[name=x/y]/v\"", "'[name=x' is neither a key nor [key=text]"},
	    {"value: \"/a/[=x]/v\"", "[=x] is the last of a pointer"},
	    {"decode: {from: base32}", "'from' cannot be 'base32'"},
	    {"decode: {byte: 3}", "needs 'from'"},
	    {"decode: {from: hex, bit: 8}", "'bit' must be a whole number from 0 to 7"},
	    {"decode: {from: hex, bit: 1, type: u8}", "a bit has no type"},
	    {"scale: 0", "every number would be the same"},
	    {"scale: tenth", "'scale' must be a number, not 'tenth'"},
	    {"scale: 1e12", "'scale' must be a number, not '1e12'"},
	    {"offset: 5 kPa", "'offset' must be a number"},
	    {"max_age: 10m", "'max_age' needs 'stamp'"},
	    {"stamp: /t, retained: newer", "'retained: newer' needs 'max_age'"},
	    {"retained: never", "'retained' cannot be 'never'"},
	    {"charset: gbk", "'charset' cannot be 'gbk'"},
	    {"missing: \"0\"", "'missing' needs 'value'"},
	    {"off_delay: 1ms", "'off_delay' must be from 100ms"},
	    {"via: nobody", "nobody"},
	    {"via: s", "'via' must be a sensor of kind link"},
	};
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(text, sizeof text, "%s  s: {kind: gas, zone: b2, topic: t, %s}\n", HEAD "sensors:\n",
		         rows[i].keys);
		assert_text_says(text, rows[i].said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(chosen_elements),  cmocka_unit_test(bytes_and_scales),
	    cmocka_unit_test(time_and_charset), cmocka_unit_test(of_a_profile),
	    cmocka_unit_test(what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
