/* stamp.c - one reader for all the forms: separators are optional where the
 * compact form has none. */
#include "intake/stamp.h"

#include <string.h>

struct at {
	const char *text, *end;
};

static int digits_ahead(const struct at *a)
{
	int n = 0;

	while (a->text + n < a->end && a->text[n] >= '0' && a->text[n] <= '9')
		n++;
	return n;
}

static bool take(struct at *a, int n, int *ret)
{
	int v = 0;

	if (digits_ahead(a) < n)
		return false;
	for (; n; n--)
		v = v * 10 + (*a->text++ - '0');
	*ret = v;
	return true;
}

static bool skip(struct at *a, const char *any)
{
	if (a->text == a->end || !*a->text || !strchr(any, *a->text))
		return false;
	a->text++;
	return true;
}

/* -- seconds since 1970, or thousandths, millionths, billionths of them -- */

static bool epoch(struct at a, int64_t *ret_ms)
{
	static const struct {
		int digits_max;
		int64_t mul, div;
	} sizes[] = {{11, 1000, 1}, {13, 1, 1}, {16, 1, 1000}, {19, 1, 1000000}};
	int n = digits_ahead(&a), i = 0, ms = 0;
	int64_t v = 0;

	if (n < 9 || n > 19 || (n == 19 && *a.text == '9'))
		return false;
	for (int k = n; k; k--)
		v = v * 10 + (*a.text++ - '0');
	while (n > sizes[i].digits_max)
		i++;
	if (skip(&a, "."))
		for (int unit = 100; digits_ahead(&a); unit /= 10)
			ms += (*a.text++ - '0') * unit;
	*ret_ms = v * sizes[i].mul / sizes[i].div + (i == 0 ? ms : 0);
	return a.text == a.end;
}

/* -- dates -- */

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

static bool date(struct at *a, struct civil *c)
{
	bool apart;

	if (!take(a, 4, &c->year))
		return false;
	apart = skip(a, "-/");
	if (!take(a, 2, &c->month) || skip(a, "-/") != apart || !take(a, 2, &c->day))
		return false;
	return c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= month_days(c->year, c->month);
}

static bool clock(struct at *a, struct civil *c)
{
	bool apart;

	if (!take(a, 2, &c->hour))
		return false;
	apart = skip(a, ":");
	if (!take(a, 2, &c->minute) || skip(a, ":") != apart || !take(a, 2, &c->second))
		return false;
	if (skip(a, ".,")) {
		if (!digits_ahead(a))
			return false;
		for (int unit = 100; digits_ahead(a); unit /= 10)
			c->ms += (*a->text++ - '0') * unit;
	}
	return c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

/* False: none, or nonsense (then there is something left). */
static bool offset(struct at *a, int *ret_s)
{
	int sign, h = 0, m = 0;

	*ret_s = 0;
	if (skip(a, "Zz"))
		return true;
	if (a->text == a->end)
		return false;
	sign = *a->text == '-' ? -1 : 1;
	if (!skip(a, "+-") || !take(a, 2, &h))
		return false;
	skip(a, ":");
	if (a->text < a->end && !take(a, 2, &m))
		return false;
	*ret_s = sign * (h * 3600 + m * 60);
	return h <= 23 && m <= 59;
}

/* The offset that held at that local time; of an hour that came twice, the first. */
static int64_t site_ms(const struct tz *tz, int64_t local_ms)
{
	int64_t before_ms = local_ms - tz_offset_s(tz, local_ms - 86400000) * 1000LL;
	int64_t after_ms = local_ms - tz_offset_s(tz, local_ms) * 1000LL;

	if (tz_offset_s(tz, before_ms) == tz_offset_s(tz, local_ms - 86400000))
		return before_ms;
	return local_ms - tz_offset_s(tz, after_ms) * 1000LL;
}

static bool civil(struct at a, const struct tz *tz, int64_t *ret_ms)
{
	struct civil c = {0};
	int offset_s;

	if (!date(&a, &c))
		return false;
	skip(&a, "Tt ");
	if (!clock(&a, &c))
		return false;
	skip(&a, " ");
	if (offset(&a, &offset_s))
		*ret_ms = time_from_civil(&c) - offset_s * 1000LL;
	else
		*ret_ms = site_ms(tz, time_from_civil(&c));
	return a.text == a.end;
}

bool stamp_parse(const char *text, size_t len, const struct tz *tz, int64_t *ret_ms)
{
	const struct at a = {text, text + len};
	int n = digits_ahead(&a);
	bool is_compact = n == 14 && text[0] == '2'; /* as milliseconds it would be the year 2600 */

	if ((size_t)n == len || (n > 8 && text[n] == '.'))
		return is_compact ? civil(a, tz, ret_ms) : epoch(a, ret_ms);
	return civil(a, tz, ret_ms);
}
