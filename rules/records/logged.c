/* logged.c - reading an audit row: strict JSON, flattened as it is read. */
#include "records/logged.h"

#include "base/buf.h"
#include "base/text.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 8, KEY_BYTES = 256 };

struct reading {
	const char *at;
	struct arena *arena;
	struct fact_read *facts;
	int n, cap, depth;
	char path[KEY_BYTES];
};

static bool read_value(struct reading *r);

/* -- strings -- */

static bool hex4(const char **at, uint32_t *ret)
{
	*ret = 0;
	for (int i = 0; i < 4; i++, (*at)++) {
		char c = **at;
		uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
		                 : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
		                 : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
		                                        : 16;

		if (digit > 15)
			return false;
		*ret = *ret << 4 | digit;
	}
	return true;
}

static void put_utf8(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_char(out, (char)code);
		return;
	}
	if (code < 0x800) {
		buf_char(out, (char)(0xc0 | code >> 6));
	} else if (code < 0x10000) {
		buf_char(out, (char)(0xe0 | code >> 12));
		buf_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
	} else {
		buf_char(out, (char)(0xf0 | code >> 18));
		buf_char(out, (char)(0x80 | (code >> 12 & 0x3f)));
		buf_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
	}
	buf_char(out, (char)(0x80 | (code & 0x3f)));
}

/* Behind "\u". NUL and half a pair are no text. */
static bool read_code(const char **at, struct buf *out)
{
	uint32_t code, low;

	if (!hex4(at, &code) || code == 0 || (code >= 0xdc00 && code <= 0xdfff))
		return false;
	if (code >= 0xd800 && code <= 0xdbff) {
		if ((*at)[0] != '\\' || (*at)[1] != 'u')
			return false;
		*at += 2;
		if (!hex4(at, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	put_utf8(out, code);
	return true;
}

static bool read_escape(const char **at, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char c = *(*at)++;
	const char *found = c ? strchr(from, c) : NULL;

	if (found)
		buf_char(out, to[found - from]);
	return found || (c == 'u' && read_code(at, out));
}

/* NULL: not a string. */
static const char *read_string(struct reading *r)
{
	struct buf out = {0};
	const char *text = NULL, *p = r->at;
	bool good = true;

	if (*p++ != '"')
		return NULL;
	while (good && *p != '"') {
		int len = *p == '\\' || (unsigned char)*p < 0x20 ? 0 : utf8_step(p);

		if (*p == '\\')
			good = (p++, read_escape(&p, &out));
		else
			good = len > 0;
		buf_add(&out, p, (size_t)len);
		p += len;
	}
	if (good) {
		text = arena_dup(r->arena, buf_text(&out), out.len);
		r->at = p + 1;
	}
	buf_fini(&out);
	return text;
}

/* -- values -- */

static void add(struct reading *r, const char *text, char type)
{
	if (r->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 16;
		r->facts = xrealloc(r->facts, (size_t)r->cap * sizeof *r->facts);
	}
	r->facts[r->n++] = (struct fact_read){arena_str(r->arena, r->path), text, type};
}

static bool read_word(struct reading *r, const char *word, const char *text, char type)
{
	size_t len = strlen(word);

	if (strncmp(r->at, word, len) != 0)
		return false;
	r->at += len;
	add(r, text, type);
	return true;
}

static bool read_number(struct reading *r)
{
	size_t len = strspn(r->at, "+-0123456789.eE");
	int64_t any;

	if (!len || len > 40 || !milli_parse(r->at, len, &any))
		return false;
	add(r, arena_dup(r->arena, r->at, len), 'n');
	r->at += len;
	return true;
}

static bool read_member(struct reading *r)
{
	size_t was = strlen(r->path), len;
	const char *key = read_string(r);
	bool good;

	if (!key || *r->at++ != ':')
		return false;
	len = strlen(key);
	if (was + len + 2 > sizeof r->path)
		return false;
	if (was)
		r->path[was] = '/';
	memcpy(r->path + was + (was > 0), key, len + 1);
	good = read_value(r);
	r->path[was] = 0;
	return good;
}

static bool read_list(struct reading *r, char close, bool (*element)(struct reading *r))
{
	bool good = ++r->depth <= DEPTH_MAX;

	r->at++;
	if (good && *r->at != close)
		for (good = element(r); good && *r->at == ','; good = element(r))
			r->at++;
	good = good && *r->at == close;
	r->at += good;
	r->depth--;
	return good;
}

static bool read_value(struct reading *r)
{
	const char *text;

	switch (*r->at) {
	case '"':
		text = read_string(r);
		if (text)
			add(r, text, 's');
		return text != NULL;
	case '{':
		return read_list(r, '}', read_member);
	case '[':
		return read_list(r, ']', read_value);
	case 't':
		return read_word(r, "true", "true", 'b');
	case 'f':
		return read_word(r, "false", "false", 'b');
	case 'n':
		return read_word(r, "null", "", 'z');
	default:
		return read_number(r);
	}
}

/* -- a row -- */

static const char *find(const struct fact_read *facts, int n, const char *key)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(facts[i].key, key))
			return facts[i].type == 'z' ? NULL : facts[i].text;
	return NULL;
}

static int64_t number_of(const char *text, int64_t otherwise)
{
	char *end;
	long long n = text && *text ? strtoll(text, &end, 10) : 0;

	return text && *text && !*end ? n : otherwise;
}

static enum audit_kind kind_of(const char *word)
{
	for (int k = 0; k < AUDIT_COUNT; k++)
		if (!strcmp(audit_kind_name((enum audit_kind)k), word))
			return (enum audit_kind)k;
	return AUDIT_COUNT;
}

/* "G-17" */
static int64_t incident_number(const char *id)
{
	return id && id[0] && id[1] == '-' ? number_of(id + 2, 0) : 0;
}

/* What stands below `body` becomes the row's own facts; the header goes its way. */
static bool take(struct reading *r, struct logged *ret)
{
	const char *at = find(r->facts, r->n, "at");

	ret->seq = number_of(find(r->facts, r->n, "seq"), 0);
	ret->epoch = number_of(find(r->facts, r->n, "epoch"), 0);
	ret->cause = number_of(find(r->facts, r->n, "cause"), 0);
	ret->word = find(r->facts, r->n, "kind");
	ret->inc = find(r->facts, r->n, "inc");
	ret->who = find(r->facts, r->n, "who");
	ret->number = incident_number(ret->inc);
	if (!ret->word || ret->seq < 1 || !at || !time_parse_rfc3339(at, &ret->at_ms))
		return false;
	ret->kind = kind_of(ret->word);
	ret->who = ret->who ? ret->who : "";
	ret->facts = arena_alloc(r->arena, ((size_t)r->n + 1) * sizeof *ret->facts);
	for (int i = 0; i < r->n; i++) {
		if (strncmp(r->facts[i].key, "body/", 5) != 0)
			continue;
		ret->facts[ret->n] = r->facts[i];
		ret->facts[ret->n++].key += 5;
	}
	return true;
}

bool logged_read(const char *rec, struct arena *arena, struct logged *ret)
{
	struct reading r = {.at = rec, .arena = arena};
	bool good;

	*ret = (struct logged){0};
	good = *rec == '{' && read_value(&r) && !*r.at && take(&r, ret);
	free(r.facts);
	return good;
}

/* Behind `key` in the header, whose order is fixed; "" when it is not there. */
static const char *after(const char *text, const char *key)
{
	const char *found = strstr(text, key);

	return found ? found + strlen(key) : "";
}

bool logged_peek(const char *rec, enum audit_kind *ret_kind, int64_t *ret_number)
{
	const char *kind = after(rec, ",\"kind\":\""), *inc = after(kind, "\",\"inc\":");
	char word[32];
	size_t len = strcspn(kind, "\"");

	if (strncmp(rec, "{\"v\":1,", 7) != 0 || !len || len >= sizeof word)
		return false;
	memcpy(word, kind, len);
	word[len] = 0;
	*ret_kind = kind_of(word);
	*ret_number = 0;
	if (inc[0] == '"' && inc[1] && inc[2] == '-')
		*ret_number = strtoll(inc + 3, NULL, 10);
	return true;
}

/* -- facts -- */

const char *logged_get(const struct logged *l, const char *key)
{
	return find(l->facts, l->n, key);
}

bool logged_true(const struct logged *l, const char *key)
{
	const char *text = logged_get(l, key);

	return text && !strcmp(text, "true");
}

int64_t logged_int(const struct logged *l, const char *key, int64_t otherwise)
{
	return number_of(logged_get(l, key), otherwise);
}

int64_t logged_time(const struct logged *l, const char *key)
{
	const char *text = logged_get(l, key);
	int64_t at_ms;

	return text && time_parse_rfc3339(text, &at_ms) ? at_ms : -1;
}
