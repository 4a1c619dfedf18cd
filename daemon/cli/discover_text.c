/* discover_text.c - foreign text as ids, quoted YAML and JSON pointers. */
#include "base/text.h"
#include "discover_find.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void discover_slug(const char *text, char ret[65])
{
	size_t n = 0;

	for (; *text && n < 64; text++) {
		bool is_plain = isalnum((unsigned char)*text) || *text == '_';

		if (is_plain)
			ret[n++] = (char)tolower((unsigned char)*text);
		else if (n && ret[n - 1] != '-')
			ret[n++] = '-';
	}
	while (n && ret[n - 1] == '-')
		n--;
	ret[n] = 0;
}

static unsigned code_point(const char *at, int len)
{
	static const unsigned char lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	unsigned code = (unsigned char)*at & lead[len];

	for (int i = 1; i < len; i++)
		code = code << 6 | ((unsigned char)at[i] & 0x3f);
	return code;
}

/* A character that YAML would refuse or take for a line's end, or that a
 * terminal would obey: direction marks too. */
static bool is_unsafe(unsigned code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
	       (code & 0xfffe) == 0xfffe;
}

void discover_quote(struct buf *out, const char *text)
{
	buf_char(out, '"');
	for (int len; *text && (len = utf8_step(text)) > 0; text += len) {
		unsigned code = code_point(text, len);

		if (*text == '"' || *text == '\\')
			buf_printf(out, "\\%c", *text);
		else if (!is_unsafe(code))
			buf_add(out, text, (size_t)len);
		else if (code > 0xffff)
			buf_printf(out, "\\U%08x", code);
		else
			buf_printf(out, code > 0xff ? "\\u%04x" : "\\x%02x", code);
	}
	buf_char(out, '"');
}

void discover_escape(struct buf *out, const char *key)
{
	for (; *key; key++) {
		if (*key == '~' || *key == '/')
			buf_str(out, *key == '~' ? "~0" : "~1");
		else
			buf_char(out, *key);
	}
}

/* -- templates -- */

static void skip_spaces(const char **at)
{
	*at += strspn(*at, " \t\r\n");
}

static bool take(const char **at, const char *word)
{
	size_t len = strlen(word);
	bool is_there = !strncmp(*at, word, len);

	*at += is_there ? len : 0;
	return is_there;
}

static void add_token(struct buf *out, const char *from, size_t len)
{
	char key[FIND_POINTER_BYTES];

	snprintf(key, sizeof key, "%.*s", (int)(len < sizeof key ? len : sizeof key - 1), from);
	buf_char(out, '/');
	discover_escape(out, key);
}

/* ['x'], ["x"] or [0]; at stands behind the bracket. */
static bool take_bracket(const char **at, struct buf *ret)
{
	const char *from = *at, *end;
	char quote = *from;

	if (quote == '\'' || quote == '"') {
		end = strchr(++from, quote);
		if (!end || end == from || memchr(from, '\\', (size_t)(end - from)))
			return false;
		*at = end + 1;
	} else {
		end = from + strspn(from, "0123456789");
		if (end == from)
			return false;
		*at = end;
	}
	/* a key that would be read as a choice among elements */
	if (*from == '[')
		return false;
	add_token(ret, from, (size_t)(end - from));
	return take(at, "]");
}

static bool take_member(const char **at, struct buf *ret)
{
	const char *from = *at, *end = from;

	while (isalnum((unsigned char)*end) || *end == '_')
		end++;
	if (end == from || isdigit((unsigned char)*from))
		return false;
	add_token(ret, from, (size_t)(end - from));
	*at = end;
	return true;
}

bool discover_pointer(const char *template, struct buf *ret)
{
	const char *at = template;
	bool ok = true, is_json;

	skip_spaces(&at);
	if (!*at)
		return true;
	if (!take(&at, "{{"))
		return false;
	take(&at, "-");
	skip_spaces(&at);
	if (!take(&at, "value"))
		return false;
	is_json = take(&at, "_json");
	while (ok && is_json && (*at == '.' || *at == '['))
		ok = *at++ == '.' ? take_member(&at, ret) : take_bracket(&at, ret);
	skip_spaces(&at);
	take(&at, "-");
	if (!ok || !take(&at, "}}"))
		return false;
	skip_spaces(&at);
	return !*at && ret->len < FIND_POINTER_BYTES;
}

const char *discover_levels(const struct parts *p, int from, int to, char ret[FIND_TEXT_BYTES])
{
	struct buf b = {0};

	for (int i = from; i < to && i < p->n; i++)
		buf_printf(&b, "%s%s", i > from ? "/" : "", p->level[i]);
	snprintf(ret, FIND_TEXT_BYTES, "%.*s", (int)utf8_cut(buf_text(&b), FIND_TEXT_BYTES - 1),
	         buf_text(&b));
	buf_fini(&b);
	return ret;
}

bool discover_is_number(const char *text)
{
	int64_t milli;

	return milli_parse(text, strlen(text), &milli);
}
