/* scan.c - one pass over the payload, to its end: what is not JSON is found as well. */
#include "intake/scan.h"

#include <string.h>

enum { DEPTH_MAX = 8, INTEGER_DIGITS_MAX = 18, REAL_DIGITS_MAX = 12, OFF_PATH = -1 };

struct scan {
	const char *at, *end;
	const struct strings *keys;
	struct extracted *ret;
	enum extract_result result;
};

struct span {
	const char *text;
	size_t len;
};

static bool scan_any(struct scan *s, int depth, int matched);

static void skip_space(struct scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
		s->at++;
}

static bool take(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* This is the value the path leads to. */
static void found(struct scan *s, struct span span)
{
	s->result = EXTRACT_VALUE;
	s->ret->text = span.text;
	s->ret->len = span.len;
}

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

static bool scan_string(struct scan *s, struct span *ret)
{
	if (!take(s, '"'))
		return false;
	ret->text = s->at;
	while (s->at < s->end && is_plain((unsigned char)*s->at))
		s->at++;
	ret->len = (size_t)(s->at - ret->text);
	return take(s, '"');
}

static int scan_digits(struct scan *s)
{
	const char *begin = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return (int)(s->at - begin);
}

/* As "%.12g" prints it: no zeros at the end. Smaller than 0.0001 it would print an exponent. */
static bool trim_fraction(struct span *span, const char *dot)
{
	const char *end = span->text + span->len;
	bool is_small = dot[-1] == '0' && (dot == span->text + 1 || dot[-2] == '-');

	while (end[-1] == '0')
		end--;
	if (end - 1 == dot)
		end--;
	if (is_small && end == dot)
		*span = (struct span){"0", 1};
	else
		span->len = (size_t)(end - span->text);
	return !(is_small && end - dot > 4 && !memcmp(dot + 1, "0000", 4));
}

/* Too large to be read at all, it would be refused: that is left too. */
static bool scan_number(struct scan *s, struct span *ret, bool is_it)
{
	const char *dot = NULL;
	bool is_negative = *s->at == '-', is_zero;
	int digits, fraction = 0;

	ret->text = s->at;
	s->at += is_negative;
	is_zero = s->at < s->end && *s->at == '0';
	digits = scan_digits(s);
	if (!digits || digits > INTEGER_DIGITS_MAX || (is_zero && digits > 1))
		return false;
	if (s->at < s->end && *s->at == '.') {
		dot = s->at++;
		fraction = scan_digits(s);
		if (!fraction)
			return false;
	}
	ret->len = (size_t)(s->at - ret->text);
	if (s->at < s->end && (*s->at == 'e' || *s->at == 'E'))
		return false;
	if (!is_it)
		return true;
	if (dot)
		return digits + fraction <= REAL_DIGITS_MAX && trim_fraction(ret, dot);
	return !(is_negative && is_zero);
}

static bool scan_word(struct scan *s, struct span *ret)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(s->end - s->at) < len || memcmp(s->at, words[i], len) != 0)
			continue;
		*ret = (struct span){s->at, len};
		s->at += len;
		return true;
	}
	return false;
}

static bool scan_array(struct scan *s, int depth)
{
	if (depth > DEPTH_MAX)
		return false;
	s->at++;
	skip_space(s);
	if (take(s, ']'))
		return true;
	do {
		if (!scan_any(s, depth, OFF_PATH))
			return false;
	} while (take(s, ','));
	return take(s, ']');
}

/* matched: how many keys of the path lead to this object. */
static bool scan_object(struct scan *s, int depth, int matched)
{
	bool is_on = matched >= 0 && matched < s->keys->n, seen = false;
	struct span key;

	if (depth > DEPTH_MAX)
		return false;
	s->at++;
	skip_space(s);
	if (take(s, '}'))
		return true;
	do {
		bool is_next;

		skip_space(s);
		if (!scan_string(s, &key))
			return false;
		is_next = is_on && strlen(s->keys->at[matched]) == key.len &&
		          !memcmp(s->keys->at[matched], key.text, key.len);
		if (is_next && seen) /* the last one counts */
			return false;
		seen |= is_next;
		skip_space(s);
		if (!take(s, ':') || !scan_any(s, depth, is_next ? matched + 1 : OFF_PATH))
			return false;
	} while (take(s, ','));
	return take(s, '}');
}

static bool scan_scalar(struct scan *s, struct span *ret, bool is_it)
{
	if (*s->at == '"')
		return scan_string(s, ret);
	if (*s->at == '-' || (*s->at >= '0' && *s->at <= '9'))
		return scan_number(s, ret, is_it);
	return scan_word(s, ret);
}

static bool scan_any(struct scan *s, int depth, int matched)
{
	bool is_it = matched == s->keys->n, ok;
	struct span span;

	skip_space(s);
	if (s->at == s->end)
		return false;
	if (*s->at == '{' || *s->at == '[') {
		if (is_it)
			s->result = EXTRACT_UNREADABLE;
		if (*s->at == '[' && matched >= 0 && !is_it)
			return false; /* a number may lead into it */
		ok = *s->at == '{' ? scan_object(s, depth + 1, matched) : scan_array(s, depth + 1);
	} else {
		bool is_null = *s->at == 'n';

		ok = scan_scalar(s, &span, is_it);
		if (ok && is_it && is_null)
			s->result = EXTRACT_UNREADABLE;
		else if (ok && is_it)
			found(s, span);
	}
	skip_space(s);
	return ok;
}

bool scan_value(const char *payload, size_t len, const struct value_path *path, struct extracted *ret,
                enum extract_result *ret_result)
{
	struct scan s = {payload, payload + len, &path->keys, ret, EXTRACT_MISSING};

	skip_space(&s);
	if (len > EXTRACT_BYTES_MAX || s.at == s.end || *s.at != '{' || !scan_any(&s, 0, 0) || s.at != s.end)
		return false;
	/* Neuron: what is missing may stand among the errors. */
	if (s.result == EXTRACT_MISSING && path->keys.n == 2 && !strcmp(path->keys.at[0], "values"))
		return false;
	*ret_result = s.result;
	return true;
}
