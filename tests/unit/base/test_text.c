/* test_text.c - numbers, durations, ids and UTF-8 at the edges. */
#include "base/text.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define COUNT(ARRAY) ((int)(sizeof(ARRAY) / sizeof *(ARRAY)))

static void numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t milli;
	} good[] = {
	    {"0", 0},
	    {"31.2", 31200},
	    {" 31.2\r\n", 31200},
	    {"-4", -4000},
	    {"+4", 4000},
	    {".5", 500},
	    {"5.", 5000},
	    {"-0.25", -250},
	    {"0.0009", 0},
	    {"1.9999", 1999},
	    {"1e3", 1000000},
	    {"5e-05", 0},
	    {"1.5E+2", 150000},
	    {"25e-1", 2500},
	    {"007", 7000},
	    {"0e9", 0},
	    {"1e9", 1000000000000},
	    {"9000000000000000", 9000000000000000000},
	    {"-9000000000000000", -9000000000000000000},
	    {"0.12345678901234567890123", 123},
	};
	static const char *const bad[] = {
	    "",
	    " ",
	    "-",
	    ".",
	    "e3",
	    "1e",
	    "1e10",
	    "1e-10",
	    "nan",
	    "inf",
	    "0x10",
	    "1 2",
	    "1,5",
	    "1.2.3",
	    "--1",
	    "31.2 V",
	    "9000000000000001",
	    "99999999999999999999",
	    "１７",
	    "1e+",
	};
	int64_t milli;

	(void)state;
	for (int i = 0; i < COUNT(good); i++) {
		if (!milli_parse(good[i].text, strlen(good[i].text), &milli))
			fail_msg("%s is a number", good[i].text);
		assert_int_equal(milli, good[i].milli);
	}
	for (int i = 0; i < COUNT(bad); i++)
		if (milli_parse(bad[i], strlen(bad[i]), &milli))
			fail_msg("%s is no number", bad[i]);
	assert_true(milli_parse("12345", 2, &milli));
	assert_int_equal(milli, 12000);
}

static void numbers_as_text(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(milli_text(31200, text), "31.2");
	assert_string_equal(milli_text(-4000, text), "-4");
	assert_string_equal(milli_text(50, text), "0.05");
	assert_string_equal(milli_text(-1, text), "-0.001");
	assert_string_equal(milli_text(0, text), "0");
	assert_string_equal(milli_text(10000, text), "10");
	assert_string_equal(milli_text(INT64_MIN, text), "-9223372036854775.808");
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {{"250ms", 250},    {"3s", 3000},       {"5m", 300000}, {"1h", 3600000},
	            {"2d", 172800000}, {"1h30m", 5400000}, {"0s", 0}};
	static const char *const bad[] = {"",     "5",   "s",  "5 m", "-5m",
	                                  "1.5h", "5mx", "m5", "1w",  "9999999999s"};
	int64_t ms;

	(void)state;
	for (int i = 0; i < COUNT(good); i++) {
		assert_true(duration_parse(good[i].text, &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (int i = 0; i < COUNT(bad); i++)
		if (duration_parse(bad[i], &ms))
			fail_msg("%s is no duration", bad[i]);
}

/* As many parts as would come round to a few seconds again. */
static void endless_duration(void **state)
{
	char text[3000] = "";
	int64_t ms;

	(void)state;
	for (int i = 0; i < 220; i++)
		strcat(text, "999999999d");
	assert_false(duration_parse(text, &ms));
}

static void utf8(void **state)
{
	static const char *const good[] = {
	    "", "abc", "燃气", "\xc2\x80", "\xef\xbf\xbd", "\xf0\x9f\x94\xa5", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x80",
	                                  "\xc3",
	                                  "\xc3\x28",
	                                  "\xc0\xaf",
	                                  "\xe0\x80\xaf",
	                                  "\xed\xa0\x80",
	                                  "\xf4\x90\x80\x80",
	                                  "\xff",
	                                  "\xf0\x82\x82\xac",
	                                  "a\xe7\x87"};

	(void)state;
	for (int i = 0; i < COUNT(good); i++)
		assert_true(utf8_valid(good[i], strlen(good[i])));
	for (int i = 0; i < COUNT(bad); i++)
		if (utf8_valid(bad[i], strlen(bad[i])))
			fail_msg("bad text %d", i);
	assert_false(utf8_valid("a\0b", 3));
	assert_int_equal(utf8_cut("abc", 5), 3);
	assert_int_equal(utf8_cut("abc", 2), 2);
	assert_int_equal(utf8_cut("a燃气", 4), 4);
	assert_int_equal(utf8_cut("a燃气", 6), 4);
	assert_int_equal(utf8_cut("燃", 2), 0);
}

static void ids(void **state)
{
	char long_id[66];

	(void)state;
	memset(long_id, 'a', sizeof long_id);
	long_id[64] = 0;
	assert_true(text_is_id("gas-b2_1"));
	assert_true(text_is_id(long_id));
	long_id[64] = 'a', long_id[65] = 0;
	assert_false(text_is_id(long_id));
	assert_false(text_is_id(""));
	assert_false(text_is_id("a b"));
	assert_false(text_is_id("燃"));
	assert_false(text_is_id("a/b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers),   cmocka_unit_test(numbers_as_text),
	    cmocka_unit_test(durations), cmocka_unit_test(endless_duration), cmocka_unit_test(utf8),
	    cmocka_unit_test(ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
