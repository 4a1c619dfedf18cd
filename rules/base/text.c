#include "base/text.h"

#include <stdio.h>
#include <string.h>

static int sequence(const unsigned char *s, size_t left)
{
	unsigned char c = s[0];
	int n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;

	if (!c || !n || (size_t)n > left)
		return 0;
	for (int i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f) || (c == 0xf0 && s[1] < 0x90) ||
	    (c == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

bool utf8_valid(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	for (size_t i = 0; i < len;) {
		int n = sequence(s + i, len - i);

		if (!n)
			return false;
		i += (size_t)n;
	}
	return true;
}

int utf8_step(const char *text)
{
	return sequence((const unsigned char *)text, 4);
}

size_t utf8_cut(const char *text, size_t cap)
{
	size_t n = strlen(text);

	if (n <= cap)
		return n;
	for (n = cap; n && ((unsigned char)text[n] & 0xc0) == 0x80;)
		n--;
	return n;
}

bool text_is_id(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
			return false;
	}
	return n >= 1 && n <= 64;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads [eE][+-]d, at most one digit of exponent; 0 when there is none. */
static bool exponent(const char **at, const char *end, int *ret)
{
	int sign = 1, v = 0, n = 0;

	*ret = 0;
	if (*at == end || (**at != 'e' && **at != 'E'))
		return true;
	(*at)++;
	if (*at < end && (**at == '+' || **at == '-'))
		sign = *(*at)++ == '-' ? -1 : 1;
	for (; *at < end && is_digit(**at) && n < 3; (*at)++, n++)
		v = v * 10 + (**at - '0');
	*ret = sign * v;
	return n > 0 && v <= 9;
}

/* Digits before and after the point as value * 10^scale. */
static bool mantissa(const char **at, const char *end, int64_t *ret_value, int *ret_scale)
{
	int64_t v = 0;
	int n = 0, scale = 0;
	bool point = false;

	for (; *at < end; (*at)++) {
		if (**at == '.' && !point) {
			point = true;
			continue;
		}
		if (!is_digit(**at))
			break;
		n++;
		if (v > 900000000000000LL) {
			if (!point)
				return false;
			continue; /* digits no one can see */
		}
		v = v * 10 + (**at - '0');
		scale -= point;
	}
	*ret_value = v;
	*ret_scale = scale;
	return n > 0;
}

bool decimal_parse(const char *text, size_t len, int digits, int64_t *ret)
{
	const char *at = text, *end = text + len;
	int64_t v;
	int scale, exp10;
	bool minus = false;

	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
		at++;
	while (end > at && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r' || end[-1] == '\n'))
		end--;
	if (at < end && (*at == '+' || *at == '-'))
		minus = *at++ == '-';
	if (!mantissa(&at, end, &v, &scale) || !exponent(&at, end, &exp10) || at != end)
		return false;
	for (scale += exp10 + digits; scale > 0 && v; scale--) {
		if (v > 900000000000000000LL)
			return false;
		v *= 10;
	}
	for (; scale < 0 && v; scale++)
		v /= 10;
	if (v > 9000000000000000000LL)
		return false;
	*ret = minus ? -v : v;
	return true;
}

bool milli_parse(const char *text, size_t len, int64_t *ret_milli)
{
	return decimal_parse(text, len, 3, ret_milli);
}

const char *milli_text(int64_t milli, char text[32])
{
	uint64_t v = milli < 0 ? 0 - (uint64_t)milli : (uint64_t)milli;
	int n = snprintf(text, 32, "%s%llu.%03u", milli < 0 ? "-" : "", (unsigned long long)(v / 1000),
			 (unsigned)(v % 1000));

	while (text[n - 1] == '0')
		text[--n] = 0;
	if (text[n - 1] == '.')
		text[--n] = 0;
	return text;
}

bool duration_parse(const char *text, int64_t *ret_ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	int64_t total = 0;
	bool any = false;

	while (*text) {
		int64_t v = 0;
		size_t n = 0;
		int best = -1;

		for (; is_digit(*text) && n < 9; text++, n++)
			v = v * 10 + (*text - '0');
		for (int i = 0; i < 5; i++) /* "ms" stands before "m" */
			if (best < 0 && !strncmp(text, units[i].unit, strlen(units[i].unit)))
				best = i;
		if (!n || best < 0)
			return false;
		text += strlen(units[best].unit);
		total += v * units[best].ms;
		if (total > INT64_MAX / 4) /* longer than anybody waits, and not far from what an integer holds */
			return false;
		any = true;
	}
	*ret_ms = total;
	return any;
}
