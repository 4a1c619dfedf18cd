/* Hours of the week: how they are written, and on which side of every edge a
 * moment is, also where the clock is set. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/hours.h"

/* Berlin in 2026: summer time from 29 March 01:00 UTC to 25 October 01:00 UTC. */
static const int64_t from_ms[] = {0, 1774746000000, 1792890000000};
static const int32_t offset_s[] = {3600, 7200, 3600};
static const struct tz berlin = {3, from_ms, offset_s};

static int64_t at(const char *text)
{
	int64_t ms = 0;

	assert_true(time_parse_rfc3339(text, &ms));
	return ms;
}

static struct hours parsed(const char *text)
{
	struct hours h;

	if (!hours_parse(text, &h))
		fail_msg("%s", text);
	return h;
}

static bool is_on(const char *hours, const char *when)
{
	const struct hours h = parsed(hours);

	return schedule_is_on(&(struct schedule){&h, 1}, &berlin, at(when));
}

static void test_parse(void **state)
{
	static const char *const bad[] = {"",
	                                  "22:00",
	                                  "22-06",
	                                  "25:00-26:00",
	                                  "10:60-11:00",
	                                  "8:00-8:00",
	                                  "x 8:00-9:00",
	                                  "mon8:00-9:00",
	                                  "mon- 8:00-9:00",
	                                  "8:00-9:00 ",
	                                  "24:00-01:00",
	                                  "10:00-00:00x",
	                                  "22:00-00:00",
	                                  "mon,  8:00-9:00"};
	struct hours h = parsed("mon-fri 8:00-18:30");

	(void)state;
	assert_int_equal(h.days, 0x3e);
	assert_int_equal(h.from_min, 480);
	assert_int_equal(h.to_min, 1110);
	assert_int_equal(parsed("sat-mon 00:00-24:00").days, 1u << 6 | 1u << 0 | 1u << 1);
	assert_int_equal(parsed("Sun,wed  22:00-06:00").days, 1u << 0 | 1u << 3);
	assert_int_equal(parsed("22:00-06:00").days, 0x7f);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (hours_parse(bad[i], &h))
			fail_msg("accepted: '%s'", bad[i]);
}

static void test_edges(void **state)
{
	(void)state;
	assert_false(is_on("22:00-06:00", "2026-02-02T21:59:59.999+01:00"));
	assert_true(is_on("22:00-06:00", "2026-02-02T22:00:00+01:00"));
	assert_true(is_on("22:00-06:00", "2026-02-03T05:59:59.999+01:00"));
	assert_false(is_on("22:00-06:00", "2026-02-03T06:00:00+01:00"));
	/* Friday evening belongs to Friday until Saturday morning; 2026-02-06 is a Friday */
	assert_true(is_on("fri 22:00-06:00", "2026-02-07T05:00:00+01:00"));
	assert_false(is_on("fri 22:00-06:00", "2026-02-06T05:00:00+01:00"));
	assert_true(is_on("sat 00:00-24:00", "2026-02-07T23:59:59+01:00"));
	assert_false(is_on("sat 00:00-24:00", "2026-02-08T00:00:00+01:00"));
	assert_true(schedule_is_on(&(struct schedule){NULL, 0}, &berlin, 0));
	assert_true(schedule_is_on(NULL, &berlin, 0));
}

/* 02:30 does not happen on 29 March and happens twice on 25 October. */
static void test_clock_change(void **state)
{
	const struct hours h = parsed("02:30-05:00");
	const struct schedule s = {&h, 1};

	(void)state;
	assert_false(is_on("02:30-05:00", "2026-03-29T00:59:59.999Z"));
	assert_true(is_on("02:30-05:00", "2026-03-29T01:00:00Z")); /* 03:00 */
	assert_false(is_on("02:30-05:00", "2026-03-29T03:00:00Z"));
	assert_int_equal(schedule_next_ms(&s, &berlin, at("2026-03-29T00:10:00Z")),
	                 at("2026-03-29T01:00:00Z"));
	assert_int_equal(schedule_next_ms(&s, &berlin, at("2026-03-29T01:00:00Z")),
	                 at("2026-03-29T03:00:00Z"));
	assert_true(is_on("02:30-05:00", "2026-10-25T00:30:00Z"));  /* 02:30, still summer */
	assert_false(is_on("02:30-05:00", "2026-10-25T01:00:00Z")); /* 02:00 again */
	assert_true(is_on("02:30-05:00", "2026-10-25T01:30:00Z"));
	assert_int_equal(schedule_next_ms(&s, &berlin, at("2026-10-25T00:30:00Z")),
	                 at("2026-10-25T01:00:00Z"));
	assert_int_equal(schedule_next_ms(&s, &berlin, at("2026-10-25T01:00:00Z")),
	                 at("2026-10-25T01:30:00Z"));
}

/* Looking again only when it says so sees every change of a week. */
static void test_next_misses_nothing(void **state)
{
	const struct hours hours[] = {parsed("22:00-06:00"), parsed("mon-fri 02:30-02:45"),
	                              parsed("sun 12:00-24:00")};
	const struct schedule s = {hours, 3};
	int64_t next_ms = 0, end_ms = at("2026-10-28T00:00:00Z");
	bool on = false;

	(void)state;
	for (int64_t t = at("2026-10-21T00:00:00Z"); t < end_ms; t += 60000) {
		if (t >= next_ms) {
			next_ms = schedule_next_ms(&s, &berlin, t);
			on = schedule_is_on(&s, &berlin, t);
			assert_true(next_ms > t);
		}
		assert_int_equal(schedule_is_on(&s, &berlin, t), on);
	}
	assert_int_equal(schedule_next_ms(NULL, &berlin, 0), INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_edges),
	    cmocka_unit_test(test_clock_change),
	    cmocka_unit_test(test_next_misses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
