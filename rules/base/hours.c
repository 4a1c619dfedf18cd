/* hours.c - hours of the week by the clock on the wall. */
#include "base/hours.h"

#include <string.h>

enum { DAY_MIN = 1440, MINUTE_MS = 60000, ALL_DAYS = 0x7f };

static bool day_has(const struct hours *h, int weekday)
{
	return h->days >> weekday & 1;
}

static bool is_in(const struct hours *h, int weekday, int minute)
{
	if (h->from_min < h->to_min)
		return day_has(h, weekday) && minute >= h->from_min && minute < h->to_min;
	return (day_has(h, weekday) && minute >= h->from_min) ||
	       (day_has(h, (weekday + 6) % 7) && minute < h->to_min);
}

static void local(const struct tz *tz, int64_t at_ms, struct civil *ret)
{
	time_civil(at_ms + tz_offset_s(tz, at_ms) * 1000LL, ret);
}

bool schedule_is_on(const struct schedule *s, const struct tz *tz, int64_t at_ms)
{
	struct civil c;

	if (!s || !s->n)
		return true;
	local(tz, at_ms, &c);
	for (int i = 0; i < s->n; i++)
		if (is_in(&s->at[i], c.weekday, c.hour * 60 + c.minute))
			return true;
	return false;
}

/* Minutes until the clock shows it; a whole day when it shows it now. */
static int64_t until(int minute, int now_min)
{
	int wait = (minute - now_min + DAY_MIN) % DAY_MIN;

	return wait ? wait : DAY_MIN;
}

int64_t schedule_next_ms(const struct schedule *s, const struct tz *tz, int64_t at_ms)
{
	int64_t minutes = DAY_MIN, shift_ms = tz_next_ms(tz, at_ms), next_ms;
	struct civil c;
	int now_min;

	if (!s || !s->n)
		return INT64_MAX;
	local(tz, at_ms, &c);
	now_min = c.hour * 60 + c.minute;
	for (int i = 0; i < s->n; i++) {
		int64_t from = until(s->at[i].from_min, now_min), to = until(s->at[i].to_min, now_min);

		minutes = from < minutes ? from : minutes;
		minutes = to < minutes ? to : minutes;
	}
	next_ms = at_ms + minutes * MINUTE_MS - (c.second * 1000 + c.ms);
	return shift_ms < next_ms ? shift_ms : next_ms;
}

/* ---------------------------------------------------------------- parsing */

static bool read_time(const char **at, int *ret_min)
{
	const char *t = *at;
	int n = 0, hour = 0, minute = 0;

	for (; n < 2 && t[n] >= '0' && t[n] <= '9'; n++)
		hour = hour * 10 + (t[n] - '0');
	if (!n || t[n] != ':')
		return false;
	t += n + 1;
	if (t[0] < '0' || t[0] > '5' || t[1] < '0' || t[1] > '9')
		return false;
	minute = (t[0] - '0') * 10 + (t[1] - '0');
	*ret_min = hour * 60 + minute;
	*at = t + 2;
	return *ret_min <= DAY_MIN;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int read_day(const char **at)
{
	static const char days[] = "sunmontuewedthufrisat";

	for (int d = 0; d < 7; d++) {
		int n = 0;

		while (n < 3 && lower((*at)[n]) == days[3 * d + n])
			n++;
		if (n < 3)
			continue;
		*at += 3;
		return d;
	}
	return -1;
}

/* "mon-fri", "sat,sun"; a range may go over the end of the week. */
static bool read_days(const char **at, unsigned *ret)
{
	do {
		int from = read_day(at), to = from;

		if (from >= 0 && **at == '-') {
			++*at;
			to = read_day(at);
		}
		if (from < 0 || to < 0)
			return false;
		for (int d = from;; d = (d + 1) % 7) {
			*ret |= 1u << d;
			if (d == to)
				break;
		}
	} while (**at == ',' && ++*at);
	return **at == ' ';
}

bool hours_parse_round(const char *text, struct hours *ret)
{
	*ret = (struct hours){0};
	if (*text < '0' || *text > '9') {
		if (!read_days(&text, &ret->days))
			return false;
	} else {
		ret->days = ALL_DAYS;
	}
	text += strspn(text, " ");
	return read_time(&text, &ret->from_min) && *text++ == '-' && read_time(&text, &ret->to_min) &&
	       !*text && ret->from_min < DAY_MIN && (ret->to_min > 0 || ret->from_min > 0);
}

bool hours_parse(const char *text, struct hours *ret)
{
	return hours_parse_round(text, ret) && ret->from_min != ret->to_min && ret->to_min > 0;
}
