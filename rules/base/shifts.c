/* shifts.c - which shift is on, counted from a day. */
#include "base/shifts.h"

#include "base/wall.h"

enum { WEEK = 7 };

bool shift_is_on_day(const struct shift *s, int64_t day)
{
	return s->hours.days >> wall_weekday(day) & 1;
}

static void begin_and_end(const struct shift *s, const struct tz *tz, int64_t day, struct shift_on *ret)
{
	bool over = s->hours.to_min <= s->hours.from_min;

	ret->day = day;
	ret->from_ms = wall_ms(tz, day, s->hours.from_min);
	ret->to_ms = wall_ms(tz, day + over, s->hours.to_min);
}

bool shifts_at(const struct shifts *s, const struct tz *tz, int64_t at_ms, struct shift_on *ret)
{
	int64_t today = wall_day(tz, at_ms);

	for (int64_t day = today - 1; day <= today + 1; day++)
		for (int i = 0; i < s->n; i++) {
			if (!shift_is_on_day(&s->at[i], day))
				continue;
			begin_and_end(&s->at[i], tz, day, ret);
			ret->shift = i;
			if (at_ms >= ret->from_ms && at_ms < ret->to_ms)
				return true;
		}
	return false;
}

int64_t shifts_next_ms(const struct shifts *s, const struct tz *tz, int64_t at_ms)
{
	int64_t today = wall_day(tz, at_ms), next_ms = INT64_MAX;
	struct shift_on on;

	for (int64_t day = today - 1; day <= today + WEEK + 1; day++) {
		for (int i = 0; i < s->n; i++) {
			if (!shift_is_on_day(&s->at[i], day))
				continue;
			begin_and_end(&s->at[i], tz, day, &on);
			if (on.from_ms > at_ms && on.from_ms < next_ms)
				next_ms = on.from_ms;
			if (on.to_ms > at_ms && on.to_ms < next_ms)
				next_ms = on.to_ms;
		}
		if (next_ms != INT64_MAX && day > today)
			break;
	}
	return next_ms;
}

int shifts_place(const struct shifts *s, int64_t day, int shift)
{
	int place = 0;

	for (int i = 0; i < shift; i++)
		place += shift_is_on_day(&s->at[i], day);
	return place;
}

static int of_day(const struct shifts *s, int64_t day)
{
	return shifts_place(s, day, s->n);
}

int64_t shifts_since(const struct shifts *s, int64_t from_day, int64_t day)
{
	int64_t weeks = (day - from_day) / WEEK, n = 0;

	for (int d = 0; d < WEEK; d++)
		n += of_day(s, from_day + d) * weeks;
	for (int64_t d = from_day + weeks * WEEK; d < day; d++)
		n += of_day(s, d);
	return n;
}

int64_t shifts_days_since(const struct shifts *s, int64_t from_day, int64_t day)
{
	int64_t weeks = (day - from_day) / WEEK, n = 0;

	for (int d = 0; d < WEEK; d++)
		n += (of_day(s, from_day + d) > 0) * weeks;
	for (int64_t d = from_day + weeks * WEEK; d < day; d++)
		n += of_day(s, d) > 0;
	return n;
}
