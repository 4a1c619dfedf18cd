#include "base/time.h"

#include <stdio.h>
#include <string.h>

enum { DAY_MS = 86400000 };

/* Days from 1970-01-01 of a Gregorian date and back (H. Hinnant's chrono algorithms). */
static int64_t days_from(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

static void date_from(int64_t days, struct civil *c)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	c->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c->year = (int)(yoe + era * 400 + (c->month <= 2));
}

void time_civil(int64_t at_ms, struct civil *c)
{
	int64_t days = at_ms / DAY_MS, rest = at_ms % DAY_MS;

	if (rest < 0) {
		rest += DAY_MS;
		days--;
	}
	date_from(days, c);
	c->hour = (int)(rest / 3600000);
	c->minute = (int)(rest / 60000 % 60);
	c->second = (int)(rest / 1000 % 60);
	c->ms = (int)(rest % 1000);
	c->weekday = (int)(((days + 4) % 7 + 7) % 7);
}

int64_t time_from_civil(const struct civil *c)
{
	return days_from(c->year, c->month, c->day) * DAY_MS + c->hour * 3600000LL + c->minute * 60000LL +
	       c->second * 1000LL + c->ms;
}

const char *time_rfc3339(int64_t at_ms, char text[TIME_TEXT_BYTES])
{
	struct civil c;

	time_civil(at_ms, &c);
	snprintf(text, TIME_TEXT_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)c.year % 10000,
		 (unsigned)c.month, (unsigned)c.day, (unsigned)c.hour, (unsigned)c.minute, (unsigned)c.second,
		 (unsigned)c.ms);
	return text;
}

static bool digits(const char **at, int n, int *ret)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		v = v * 10 + (**at - '0');
	}
	*ret = v;
	return true;
}

static bool skip(const char **at, const char *any)
{
	if (!**at || !strchr(any, **at))
		return false;
	(*at)++;
	return true;
}

static bool parse_zone(const char **at, int *ret_offset_min)
{
	int sign, h, m;

	*ret_offset_min = 0;
	if (skip(at, "Zz"))
		return true;
	sign = **at == '-' ? -1 : 1;
	if (!skip(at, "+-") || !digits(at, 2, &h))
		return false;
	skip(at, ":");
	if (!digits(at, 2, &m) || h > 23 || m > 59)
		return false;
	*ret_offset_min = sign * (h * 60 + m);
	return true;
}

bool time_parse_rfc3339(const char *text, int64_t *ret_ms)
{
	struct civil c = {0};
	int offset_min, scale = 100;

	if (!digits(&text, 4, &c.year) || !skip(&text, "-") || !digits(&text, 2, &c.month) || !skip(&text, "-") ||
	    !digits(&text, 2, &c.day) || !skip(&text, "Tt ") || !digits(&text, 2, &c.hour) || !skip(&text, ":") ||
	    !digits(&text, 2, &c.minute) || !skip(&text, ":") || !digits(&text, 2, &c.second))
		return false;
	if (skip(&text, ".,"))
		for (int n = 0; *text >= '0' && *text <= '9' && n < 9; text++, n++, scale /= 10)
			c.ms += (*text - '0') * scale;
	if (!parse_zone(&text, &offset_min) || *text || c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31 ||
	    c.hour > 23 || c.minute > 59 || c.second > 60)
		return false;
	*ret_ms = time_from_civil(&c) - offset_min * 60000LL;
	return true;
}

int32_t tz_offset_s(const struct tz *tz, int64_t at_ms)
{
	int low = 0, high;

	if (!tz || !tz->n)
		return 0;
	for (high = tz->n; high - low > 1;) {
		int mid = (low + high) / 2;

		if (tz->at_ms[mid] <= at_ms)
			low = mid;
		else
			high = mid;
	}
	return tz->offset_s[low];
}

int64_t tz_next_ms(const struct tz *tz, int64_t at_ms)
{
	int low = 0, high = tz ? tz->n : 0;

	while (low < high) {
		int mid = (low + high) / 2;

		if (tz->at_ms[mid] <= at_ms)
			low = mid + 1;
		else
			high = mid;
	}
	return tz && low < tz->n ? tz->at_ms[low] : INT64_MAX;
}

const char *time_clock(const struct tz *tz, int64_t at_ms, char text[TIME_TEXT_BYTES])
{
	struct civil c;

	time_civil(at_ms + tz_offset_s(tz, at_ms) * 1000LL, &c);
	snprintf(text, TIME_TEXT_BYTES, "%02d:%02d", c.hour, c.minute);
	return text;
}
