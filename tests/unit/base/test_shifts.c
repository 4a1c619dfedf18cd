/* Shifts by the clock on the wall: two years of every minute in three zones,
 * among them both nights on which clocks are set, and both ends of a year. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/shifts.h"
#include "base/wall.h"

#include <string.h>

enum { MINUTE_MS = 60000, DAY_MIN = 1440 };

static int64_t utc(const char *text)
{
	int64_t ms = 0;

	assert_true(time_parse_rfc3339(text, &ms));
	return ms;
}

struct place {
	const char *name;
	int n;
	const char *at[5];
	int32_t offset_s[5];
};

static const struct place places[] = {
    {"Asia/Shanghai", 1, {"1970-01-01T00:00:00Z"}, {28800}},
    {"Europe/Berlin",
     5,
     {"1970-01-01T00:00:00Z", "2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2027-03-28T01:00:00Z",
      "2027-10-31T01:00:00Z"},
     {3600, 7200, 3600, 7200, 3600}},
    {"America/New_York",
     5,
     {"1970-01-01T00:00:00Z", "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z", "2027-03-14T07:00:00Z",
      "2027-11-07T06:00:00Z"},
     {-18000, -14400, -18000, -14400, -18000}},
};

static struct tz zone(const struct place *p, int64_t at_ms[5])
{
	for (int i = 0; i < p->n; i++)
		at_ms[i] = utc(p->at[i]);
	return (struct tz){p->n, at_ms, p->offset_s};
}

#define DAYS 0x7f

/* All rosters that leave no gap; the third one changes at hours that are left out or come twice. */
static const struct shift two[] = {{"day", {480, 1200, DAYS}}, {"night", {1200, 480, DAYS}}};
static const struct shift three[] = {
    {"a", {0, 480, DAYS}}, {"b", {480, 960, DAYS}}, {"c", {960, 1440, DAYS}}};
static const struct shift odd[] = {{"x", {60, 150, DAYS}}, {"y", {150, 155, DAYS}}, {"z", {155, 60, DAYS}}};
static const struct shift whole[] = {{"day", {480, 480, DAYS}}};
static const struct shift weekly[] = {{"long", {540, 540, 0x3e}}, {"sat", {540, 1020, 0x40}},
                                      {"sun", {1020, 540, 0x40}}, {"rest", {540, 540, 0x01}}};
static const struct shifts full[] = {{two, 2}, {three, 3}, {odd, 3}, {whole, 1}, {weekly, 4}};

static void test_every_minute_has_one(void **state)
{
	(void)state;
	for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
		int64_t at[5];
		struct tz tz = zone(&places[p], at);

		for (size_t f = 0; f < sizeof full / sizeof *full; f++) {
			int64_t next_ms = 0, until = utc("2028-01-01T00:00:00Z");
			struct shift_on was = {.shift = -1}, on;

			for (int64_t t = utc("2026-01-01T00:00:00Z"); t < until; t += MINUTE_MS) {
				if (t < next_ms) /* nothing changes before it is said to */
					continue;
				assert_true(shifts_at(&full[f], &tz, t, &on));
				assert_true(t >= on.from_ms && t < on.to_ms);
				if (was.shift >= 0) { /* one ends when the next begins */
					assert_true(was.to_ms == on.from_ms || was.from_ms == on.from_ms);
					assert_int_equal(t, next_ms);
				}
				was = on;
				next_ms = shifts_next_ms(&full[f], &tz, t);
				assert_true(next_ms > t);
			}
		}
	}
}

/* Nobody has two: no other shift of the days around covers the moment. */
static void test_nobody_has_two(void **state)
{
	int64_t at[5];
	struct tz tz = zone(&places[1], at);

	(void)state;
	for (int64_t t = utc("2026-03-27T00:00:00Z"); t < utc("2026-10-27T00:00:00Z"); t += MINUTE_MS) {
		int n = 0;

		if (t == utc("2026-03-31T00:00:00Z"))
			t = utc("2026-10-23T00:00:00Z");
		for (int64_t day = wall_day(&tz, t) - 2; day <= wall_day(&tz, t) + 2; day++)
			for (int i = 0; i < 3; i++) {
				const struct hours *h = &odd[i].hours;
				int64_t from = wall_ms(&tz, day, h->from_min);
				int64_t to = wall_ms(&tz, day + (h->to_min <= h->from_min), h->to_min);

				n += t >= from && t < to;
			}
		assert_int_equal(n, 1);
	}
}

/* What the wall does not show is the jump, what it shows twice is the first. */
static void test_wall(void **state)
{
	int64_t at[5], day = 0;
	struct tz tz = zone(&places[1], at);
	char text[TIME_TEXT_BYTES];

	(void)state;
	assert_true(wall_day_parse("2026-03-29", &day));
	assert_int_equal(wall_ms(&tz, day, 119), utc("2026-03-29T00:59:00Z"));
	assert_int_equal(wall_ms(&tz, day, 150), utc("2026-03-29T01:00:00Z"));
	assert_int_equal(wall_ms(&tz, day, 180), utc("2026-03-29T01:00:00Z"));
	assert_int_equal(wall_ms(&tz, day, 181), utc("2026-03-29T01:01:00Z"));
	assert_true(wall_day_parse("2026-10-25", &day));
	assert_int_equal(wall_ms(&tz, day, 150), utc("2026-10-25T00:30:00Z"));
	assert_int_equal(wall_ms(&tz, day, 180), utc("2026-10-25T02:00:00Z"));
	assert_int_equal(wall_weekday(day), 0);
	assert_string_equal(wall_day_text(day, text), "2026-10-25");
	assert_string_equal(wall_text(&tz, utc("2026-12-31T23:30:00Z"), text), "2027-01-01 00:30");
	assert_false(wall_day_parse("2026-02-30", &day));
	assert_false(wall_day_parse("2026-13-01", &day));
	assert_false(wall_day_parse("2026-1-01", &day));
	assert_false(wall_day_parse("2026-01-01x", &day));
}

static void test_times_as_written(void **state)
{
	static const struct {
		const char *text, *at; /* NULL: refused */
	} rows[] = {
	    {"20:00", "2026-12-24T19:00:00Z"},          {"10:00", "2026-12-25T09:00:00Z"},
	    {"2026-12-31 23:30", "2026-12-31T22:30:00Z"}, {"2026-12-31T23:30", "2026-12-31T22:30:00Z"},
	    {"2026-12-31T23:30:00Z", "2026-12-31T23:30:00Z"},
	    {"now", "2026-12-24T12:00:00Z"},            {"+12h", "2026-12-25T00:00:00Z"},
	    {"+90m", "2026-12-24T13:30:00Z"},           {"+1d", "2026-12-25T12:00:00Z"},
	    {"24:00", NULL}, {"8:00", NULL}, {"tomorrow", NULL}, {"+h", NULL}, {"+12", NULL}, {"", NULL},
	    {"2026-12-31", NULL}, {"2026-12-31 25:00", NULL}, {"+9999999h", NULL},
	};
	int64_t at[5], ms;
	struct tz tz = zone(&places[1], at);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool ok = wall_parse(rows[i].text, &tz, utc("2026-12-24T12:00:00Z"), &ms);

		assert_int_equal(ok, rows[i].at != NULL);
		if (ok)
			assert_int_equal(ms, utc(rows[i].at));
	}
}

/* The how-manieth: counted one by one and by weeks it is the same. */
static void test_counted(void **state)
{
	int64_t from = 20000, n = 0, days = 0;

	(void)state;
	for (int64_t day = from; day < from + 800; day++) {
		struct shifts s = {weekly, 4};
		int today = 0;

		assert_int_equal(shifts_since(&s, from, day), n);
		assert_int_equal(shifts_days_since(&s, from, day), days);
		for (int i = 0; i < 4; i++)
			today += shift_is_on_day(&weekly[i], day);
		assert_int_equal(shifts_place(&s, day, 4), today);
		n += today;
		days += today > 0;
	}
}

static void test_a_gap(void **state)
{
	static const struct shift office[] = {{"day", {480, 1080, 0x3e}}}; /* mon-fri */
	struct shifts s = {office, 1};
	int64_t at[5], friday = utc("2026-12-04T10:00:00Z");
	struct tz tz = zone(&places[0], at);
	struct shift_on on;

	(void)state;
	assert_false(shifts_at(&s, &tz, friday, &on)); /* 18:00 in Shanghai: it has just ended */
	assert_true(shifts_at(&s, &tz, friday - 1, &on));
	assert_int_equal(on.to_ms, friday);
	assert_int_equal(shifts_next_ms(&s, &tz, friday), utc("2026-12-07T00:00:00Z"));
}

static void test_parsed(void **state)
{
	struct hours h;

	(void)state;
	assert_true(hours_parse_round("08:00-08:00", &h));
	assert_int_equal(h.from_min, h.to_min);
	assert_true(hours_parse_round("16:00-00:00", &h));
	assert_true(hours_parse_round("mon-fri 08:00-20:00", &h));
	assert_int_equal(h.days, 0x3e);
	assert_false(hours_parse("08:00-08:00", &h));
	assert_false(hours_parse_round("08:00", &h));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_minute_has_one), cmocka_unit_test(test_nobody_has_two),
	    cmocka_unit_test(test_wall),                 cmocka_unit_test(test_times_as_written),
	    cmocka_unit_test(test_counted),              cmocka_unit_test(test_a_gap),
	    cmocka_unit_test(test_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
