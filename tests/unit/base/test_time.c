/* test_time.c - the calendar against the C library, and the texts of times. */
#include "base/time.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(ARRAY) ((int)(sizeof(ARRAY) / sizeof *(ARRAY)))

static void same_calendar_as_libc(void **state)
{
	(void)state;
	srand(11);
	for (int i = 0; i < 20000; i++) {
		int64_t s = ((int64_t)rand() << 8 ^ rand()) % 8000000000 - 2000000000;
		time_t t = (time_t)s;
		struct tm tm;
		struct civil c;

		gmtime_r(&t, &tm);
		time_civil(s * 1000 + 7, &c);
		assert_int_equal(c.year, tm.tm_year + 1900);
		assert_int_equal(c.month, tm.tm_mon + 1);
		assert_int_equal(c.day, tm.tm_mday);
		assert_int_equal(c.hour, tm.tm_hour);
		assert_int_equal(c.minute, tm.tm_min);
		assert_int_equal(c.second, tm.tm_sec);
		assert_int_equal(c.weekday, tm.tm_wday);
		assert_int_equal(c.ms, 7);
		assert_int_equal(time_from_civil(&c), s * 1000 + 7);
	}
}

static void rfc3339(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
	    {"2026-11-22T19:10:04.182Z", 1795374604182},
	    {"2026-11-22T19:10:04Z", 1795374604000},
	    {"2026-11-23T03:10:04.182+08:00", 1795374604182},
	    {"2026-11-22 19:10:04.1829999z", 1795374604182},
	    {"2022-07-18T09:34:15.775023242+00:00", 1658136855775},
	    {"1970-01-01T00:00:00Z", 0},
	    {"2026-11-22T14:10:04-0500", 1795374604000},
	    {"2024-02-29T00:00:00Z", 1709164800000},
	};
	static const char *const bad[] = {
	    "",
	    "2026-11-22",
	    "2026-11-22T19:10:04",
	    "2026-13-22T19:10:04Z",
	    "2026-11-22T24:10:04Z",
	    "2026-11-22T19:10:04Zx",
	    "20261122T191004Z",
	    "2026-11-22T19:10:04+8",
	    "2026-00-22T19:10:04Z",
	    "2026-11-32T19:10:04Z",
	    "x026-11-22T19:10:04Z",
	};
	char text[TIME_TEXT_BYTES];
	int64_t ms;

	(void)state;
	for (int i = 0; i < COUNT(good); i++) {
		if (!time_parse_rfc3339(good[i].text, &ms))
			fail_msg("%s", good[i].text);
		assert_int_equal(ms, good[i].ms);
	}
	for (int i = 0; i < COUNT(bad); i++)
		if (time_parse_rfc3339(bad[i], &ms))
			fail_msg("%s", bad[i]);
	assert_string_equal(time_rfc3339(1795374604182, text), "2026-11-22T19:10:04.182Z");
	assert_string_equal(time_rfc3339(-1, text), "1969-12-31T23:59:59.999Z");
}

static void offsets(void **state)
{
	static const int64_t at[] = {1000, 2000, 3000};
	static const int32_t offset[] = {3600, 7200, -1800};
	const struct tz tz = {3, at, offset}, shanghai = {1, at, (const int32_t[]){28800}};
	char text[TIME_TEXT_BYTES];

	(void)state;
	assert_int_equal(tz_offset_s(NULL, 5), 0);
	assert_int_equal(tz_offset_s(&tz, 0), 3600);
	assert_int_equal(tz_offset_s(&tz, 1999), 3600);
	assert_int_equal(tz_offset_s(&tz, 2000), 7200);
	assert_int_equal(tz_offset_s(&tz, 9000), -1800);
	assert_string_equal(time_clock(&shanghai, 1795374604182, text), "03:10");
	assert_string_equal(time_clock(NULL, 1795374604182, text), "19:10");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(same_calendar_as_libc),
	    cmocka_unit_test(rfc3339),
	    cmocka_unit_test(offsets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
