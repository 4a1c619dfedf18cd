/* Offsets of real zones, against dates that stand in every almanac. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "zoneinfo.h"

#include <stdlib.h>
#include <string.h>

static struct arena arena;

static int32_t offset(const struct tz *tz, const char *at)
{
	int64_t at_ms;

	assert_true(time_parse_rfc3339(at, &at_ms));
	return tz_offset_s(tz, at_ms);
}

static void test_shanghai_has_one_offset(void **state)
{
	struct tz tz;
	struct err err;

	(void)state;
	assert_int_equal(zoneinfo_read("Asia/Shanghai", &arena, &tz, &err), 0);
	assert_int_equal(tz.n, 1);
	assert_int_equal(offset(&tz, "2026-11-22T19:10:04Z"), 8 * 3600);
}

static void test_new_york_changes_on_the_second(void **state)
{
	struct tz tz;
	struct err err;

	(void)state;
	assert_int_equal(zoneinfo_read("America/New_York", &arena, &tz, &err), 0);
	assert_int_equal(offset(&tz, "2026-03-08T06:59:59Z"), -5 * 3600);
	assert_int_equal(offset(&tz, "2026-03-08T07:00:00Z"), -4 * 3600);
	assert_int_equal(offset(&tz, "2026-11-01T05:59:59Z"), -4 * 3600);
	assert_int_equal(offset(&tz, "2026-11-01T06:00:00Z"), -5 * 3600);
	assert_int_equal(offset(&tz, "2045-07-01T00:00:00Z"), -4 * 3600);
	assert_true(tz.n >= 59);
	for (int i = 1; i < tz.n; i++)
		assert_true(tz.at_ms[i] > tz.at_ms[i - 1]);
}

static void test_none_is_utc(void **state)
{
	struct tz tz;
	struct err err;

	(void)state;
	assert_int_equal(zoneinfo_read(NULL, &arena, &tz, &err), 0);
	assert_int_equal(offset(&tz, "2026-07-01T00:00:00Z"), 0);
}

static void test_unknown_names_are_said(void **state)
{
	static const char *const names[] = {"Asia/Shanghay", "", "../../etc/passwd", "/etc/localtime",
	                                    "Asia"};
	struct tz tz;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		err.text[0] = 0;
		assert_int_equal(zoneinfo_read(names[i], &arena, &tz, &err), -1);
		assert_non_null(strstr(err.text, "time zone"));
	}
}

static void test_the_environment_stays(void **state)
{
	struct tz tz;
	struct err err;

	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	assert_int_equal(zoneinfo_read("Asia/Tokyo", &arena, &tz, &err), 0);
	assert_string_equal(getenv("TZ"), "Europe/Berlin");
	unsetenv("TZ");
	assert_int_equal(zoneinfo_read("Asia/Seoul", &arena, &tz, &err), 0);
	assert_null(getenv("TZ"));
}

static int setup(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shanghai_has_one_offset),
	    cmocka_unit_test(test_new_york_changes_on_the_second),
	    cmocka_unit_test(test_none_is_utc),
	    cmocka_unit_test(test_unknown_names_are_said),
	    cmocka_unit_test(test_the_environment_stays),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
