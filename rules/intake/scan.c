/* scan.c - one pass over the payload, to its end: what is not JSON is found as well. */
#include "intake/scan.h"

#include <string.h>

enum { DEPTH_MAX = 8, INTEGER_DIGITS_MAX = 18, REAL_DIGITS_MAX = 12, OFF_PATH = -1 };

struct scan {
	const char *at, *end;
	const struct value_path *path;
	struct extracted *ret;
	enum extract_result result;
};

struct span {
	const char *text;
	size_t len;
};

/* Where in the path an object stands. */
struct place {
	int matched; /* how many tokens lead to it, or OFF_PATH */
	int pick;    /* the token [key=text] that chooses among its like, or OFF_PATH */
	bool is_picked;
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

static bool is_text(const struct span *span, const char *text)
{
	return strlen(text) == span->len && !memcmp(text, span->text, span->len);
}

static const char *pick_of(const struct scan *s, int token)
{
	return s->path->picks ? s->path->picks[token] : NULL;
}

static bool scan_scalar(struct scan *s, struct span *ret, bool is_it)
{
	if (*s->at == '"')
		return scan_string(s, ret);
	if (*s->at == '-' || (*s->at >= '0' && *s->at <= '9'))
		return scan_number(s, ret, is_it);
	return scan_word(s, ret);
}

/* What is compared with the text of a token; null, objects and arrays never are it. */
static bool scan_says(struct scan *s, int depth, const char *text, bool *ret)
{
	bool is_null;
	struct span span;

	*ret = false;
	skip_space(s);
	if (s->at == s->end || *s->at == '{' || *s->at == '[')
		return scan_any(s, depth, OFF_PATH);
	is_null = *s->at == 'n';
	if (!scan_scalar(s, &span, true))
		return false;
	*ret = !is_null && is_text(&span, text);
	skip_space(s);
	return true;
}

static bool next_key(struct scan *s, struct span *ret)
{
	skip_space(s);
	if (!scan_string(s, ret))
		return false;
	skip_space(s);
	return take(s, ':');
}

static bool scan_object(struct scan *s, int depth, struct place *p)
{
	const struct strings *keys = &s->path->keys;
	const char *next = p->matched >= 0 && p->matched < keys->n ? keys->at[p->matched] : NULL;
	const char *picks = p->pick >= 0 ? keys->at[p->pick] : NULL;
	bool seen_next = false, seen_pick = false, ok;
	struct span key;

	if (depth > DEPTH_MAX)
		return false;
	s->at++;
	skip_space(s);
	if (take(s, '}'))
		return true;
	do {
		bool is_next, is_pick;

		if (!next_key(s, &key))
			return false;
		is_next = next && is_text(&key, next);
		is_pick = picks && is_text(&key, picks);
		/* the last one counts; or it is both the name and the value */
		if ((is_next && (seen_next || is_pick)) || (is_pick && seen_pick))
			return false;
		seen_next |= is_next;
		seen_pick |= is_pick;
		ok = is_pick ? scan_says(s, depth, pick_of(s, p->pick), &p->is_picked)
		             : scan_any(s, depth, is_next ? p->matched + 1 : OFF_PATH);
		if (!ok)
			return false;
	} while (take(s, ','));
	return take(s, '}');
}

/* An element of the array in which token `pick` chooses: what it gives counts
 * when the member that chooses it, before or behind, says so. */
static bool scan_candidate(struct scan *s, int depth, int pick, bool *ret_done)
{
	struct place place = {pick + 1, pick, false};

	skip_space(s);
	if (*ret_done || s->at == s->end || *s->at != '{')
		return scan_any(s, depth, OFF_PATH);
	s->result = pick + 1 == s->path->keys.n ? EXTRACT_UNREADABLE : EXTRACT_MISSING;
	if (pick + 1 < s->path->keys.n && pick_of(s, pick + 1)) {
		s->result = EXTRACT_UNREADABLE;
		place.matched = OFF_PATH;
	}
	if (!scan_object(s, depth + 1, &place))
		return false;
	*ret_done = place.is_picked;
	if (!place.is_picked)
		s->result = EXTRACT_MISSING;
	skip_space(s);
	return true;
}

/* matched: how many tokens lead to this array; OFF_PATH: only its end is looked for. */
static bool scan_array(struct scan *s, int depth, int matched)
{
	const char *text = matched >= 0 ? pick_of(s, matched) : NULL;
	bool is_membership = text && !*s->path->keys.at[matched], done = false, ok, is_it;

	if (depth > DEPTH_MAX)
		return false;
	s->at++;
	skip_space(s);
	if (!take(s, ']')) {
		do {
			if (is_membership) {
				ok = scan_says(s, depth, text, &is_it);
				done |= is_it;
			} else {
				ok = text ? scan_candidate(s, depth, matched, &done)
				          : scan_any(s, depth, OFF_PATH);
			}
			if (!ok)
				return false;
		} while (take(s, ','));
		if (!take(s, ']'))
			return false;
	}
	if (is_membership)
		found(s, done ? (struct span){"true", 4} : (struct span){"false", 5});
	return true;
}

/* A last token `value` may lead into a plain value: it is that itself. */
static bool is_last_value(const struct scan *s, int matched)
{
	const struct strings *keys = &s->path->keys;

	return matched > 0 && matched == keys->n - 1 && !pick_of(s, matched) &&
	       !strcmp(keys->at[matched], "value");
}

static bool scan_plain(struct scan *s, int matched)
{
	bool is_on = matched >= 0, is_null = *s->at == 'n';
	bool is_it = is_on && (matched == s->path->keys.n || is_last_value(s, matched));
	struct span span;

	if (!scan_scalar(s, &span, is_it))
		return false;
	if (is_on && (!is_it || is_null))
		s->result = EXTRACT_UNREADABLE;
	else if (is_it)
		found(s, span);
	return true;
}

static bool scan_any(struct scan *s, int depth, int matched)
{
	bool is_it = matched == s->path->keys.n, ok;
	const char *pick;

	skip_space(s);
	if (s->at == s->end)
		return false;
	if (*s->at != '{' && *s->at != '[') {
		ok = scan_plain(s, matched);
		skip_space(s);
		return ok;
	}
	pick = matched >= 0 && !is_it ? pick_of(s, matched) : NULL;
	if (*s->at == '[' && matched >= 0 && !is_it && !pick)
		return false; /* a number may lead into it */
	if (is_it || (*s->at == '{' && pick)) {
		s->result = EXTRACT_UNREADABLE;
		matched = OFF_PATH;
	}
	ok = *s->at == '{' ? scan_object(s, depth + 1, &(struct place){matched, OFF_PATH, false})
	                   : scan_array(s, depth + 1, matched);
	skip_space(s);
	return ok;
}

bool scan_value(const char *payload, size_t len, const struct value_path *path, struct extracted *ret,
                enum extract_result *ret_result)
{
	struct scan s = {payload, payload + len, path, ret, EXTRACT_MISSING};

	skip_space(&s);
	if (len > EXTRACT_BYTES_MAX || s.at == s.end || *s.at != '{' || !scan_any(&s, 0, 0) || s.at != s.end)
		return false;
	/* Neuron: what is missing may stand among the errors, or have one. */
	if (s.result == EXTRACT_MISSING &&
	    (path->picks || (path->keys.n == 2 && !strcmp(path->keys.at[0], "values"))))
		return false;
	*ret_result = s.result;
	return true;
}
