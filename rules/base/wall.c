/* wall.c - days and minutes on the wall to site time and back. */
#include "base/wall.h"

#include <stdio.h>
#include <string.h>

enum { MINUTE_MS = 60000, HOUR_MS = 3600000, DAY_MS = 86400000, DAY_MIN = 1440, FARTHEST_H = 26 };

/* The first moment at which the wall shows this, or more. */
int64_t wall_ms(const struct tz *tz, int64_t day, int minute)
{
	int64_t local_ms = day * DAY_MS + (int64_t)minute * MINUTE_MS;
	int64_t from_ms = local_ms - (int64_t)FARTHEST_H * HOUR_MS;

	for (;;) {
		int64_t at_ms = local_ms - tz_offset_s(tz, from_ms) * 1000LL, next_ms = tz_next_ms(tz, from_ms);

		if (at_ms < from_ms)
			at_ms = from_ms;
		if (at_ms < next_ms)
			return at_ms;
		from_ms = next_ms;
	}
}

int64_t wall_day(const struct tz *tz, int64_t at_ms)
{
	int64_t local_ms = at_ms + tz_offset_s(tz, at_ms) * 1000LL;

	return local_ms / DAY_MS - (local_ms % DAY_MS < 0);
}

int wall_weekday(int64_t day)
{
	return (int)(((day + 4) % 7 + 7) % 7);
}

const char *wall_day_text(int64_t day, char text[TIME_TEXT_BYTES])
{
	struct civil c;

	time_civil(day * DAY_MS, &c);
	snprintf(text, TIME_TEXT_BYTES, "%04u-%02u-%02u", (unsigned)c.year % 10000, (unsigned)c.month,
	         (unsigned)c.day);
	return text;
}

const char *wall_text(const struct tz *tz, int64_t at_ms, char text[TIME_TEXT_BYTES])
{
	char clock[TIME_TEXT_BYTES];
	size_t n = strlen(wall_day_text(wall_day(tz, at_ms), text));

	snprintf(text + n, TIME_TEXT_BYTES - n, " %.5s", time_clock(tz, at_ms, clock));
	return text;
}

/* ---------------------------------------------------------------- parsing */

static bool take(const char **at, int n, int *ret)
{
	*ret = 0;
	for (int i = 0; i < n; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		*ret = *ret * 10 + (**at - '0');
	}
	return true;
}

static bool take_day(const char **at, int64_t *ret_day)
{
	struct civil c = {0}, back;

	if (!take(at, 4, &c.year) || *(*at)++ != '-' || !take(at, 2, &c.month) || *(*at)++ != '-' ||
	    !take(at, 2, &c.day) || c.year < 1970 || c.month < 1 || c.month > 12 || c.day < 1)
		return false;
	*ret_day = time_from_civil(&c) / DAY_MS;
	time_civil(*ret_day * DAY_MS, &back);
	return back.month == c.month && back.day == c.day; /* no 31st of April */
}

static bool take_minute(const char **at, int *ret_min)
{
	int hour, minute;

	if (!take(at, 2, &hour) || *(*at)++ != ':' || !take(at, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*ret_min = hour * 60 + minute;
	return true;
}

bool wall_minute_parse(const char *text, int *ret_min)
{
	return take_minute(&text, ret_min) && !*text;
}

bool wall_day_parse(const char *text, int64_t *ret_day)
{
	return take_day(&text, ret_day) && !*text;
}

/* "+12h", "+90m", "+1d" */
static bool take_span(const char *at, int64_t *ret_ms)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = {{'m', MINUTE_MS}, {'h', HOUR_MS}, {'d', DAY_MS}};
	int64_t n = 0;
	size_t digits = strspn(at, "0123456789");

	for (size_t i = 0; i < digits && digits <= 6; i++)
		n = n * 10 + (at[i] - '0');
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (digits && digits <= 6 && at[digits] == units[i].unit && !at[digits + 1]) {
			*ret_ms = n * units[i].ms;
			return true;
		}
	return false;
}

bool wall_parse(const char *text, const struct tz *tz, int64_t after_ms, int64_t *ret_ms)
{
	const char *at = text;
	int64_t day, span_ms;
	int minute;

	if (!strcmp(text, "now")) {
		*ret_ms = after_ms;
		return true;
	}
	if (*text == '+') {
		bool ok = take_span(text + 1, &span_ms);

		*ret_ms = after_ms + (ok ? span_ms : 0);
		return ok;
	}
	if (take_minute(&at, &minute) && !*at) {
		day = wall_day(tz, after_ms);
		*ret_ms = wall_ms(tz, day, minute);
		if (*ret_ms <= after_ms)
			*ret_ms = wall_ms(tz, day + 1, minute);
		return true;
	}
	if (time_parse_rfc3339(text, ret_ms))
		return true;
	at = text;
	if (!take_day(&at, &day) || (*at != ' ' && *at != 'T'))
		return false;
	at++;
	if (!take_minute(&at, &minute) || *at)
		return false;
	*ret_ms = wall_ms(tz, day, minute);
	return true;
}
