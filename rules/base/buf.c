#include "base/buf.h"

#include "base/arena.h"
#include "base/text.h"
#include "base/time.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 64;

	while (cap < b->len + more + 1)
		cap *= 2;
	if (cap != b->cap) {
		b->text = xrealloc(b->text, cap);
		b->cap = cap;
	}
}

void buf_fini(struct buf *b)
{
	free(b->text);
	*b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->text)
		b->text[0] = 0;
}

void buf_add(struct buf *b, const char *text, size_t len)
{
	reserve(b, len);
	memcpy(b->text + b->len, text, len);
	b->len += len;
	b->text[b->len] = 0;
}

void buf_str(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *format, ...)
{
	char probe[1]; /* not NULL: gcc's sanitizers take that for a mistake */
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(probe, sizeof probe, format, ap);
	va_end(ap);
	reserve(b, (size_t)n);
	va_start(ap, format);
	vsnprintf(b->text + b->len, (size_t)n + 1, format, ap);
	va_end(ap);
	b->len += (size_t)n;
}

const char *buf_text(const struct buf *b)
{
	return b->text ? b->text : "";
}

char *buf_steal(struct buf *b)
{
	char *p;

	reserve(b, 0);
	b->text[b->len] = 0;
	p = b->text;
	*b = (struct buf){0};
	return p;
}

/* What is no UTF-8 (a plugin's output, a name cut short) becomes U+FFFD: the JSON stays whole. */
static void quote(struct buf *b, const char *text)
{
	const char *from = text;

	buf_char(b, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		int bytes = c < 0x80 ? 1 : utf8_step(text);

		if (bytes > 1)
			text += bytes - 1;
		if (bytes && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		buf_add(b, from, (size_t)(text - from));
		from = text + 1;
		if (!bytes)
			buf_str(b, "\xef\xbf\xbd");
		else if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c == '\n')
			buf_str(b, "\\n");
		else
			buf_printf(b, "\\u%04x", c);
	}
	buf_add(b, from, (size_t)(text - from));
	buf_char(b, '"');
}

static void begin(struct buf *b, const char *key)
{
	if (b->len && !strchr("{[:,", b->text[b->len - 1]))
		buf_char(b, ',');
	if (key) {
		quote(b, key);
		buf_char(b, ':');
	}
}

void json_open(struct buf *b, const char *key, char bracket)
{
	begin(b, key);
	buf_char(b, bracket);
}

void json_close(struct buf *b, char bracket)
{
	buf_char(b, bracket);
}

void json_str(struct buf *b, const char *key, const char *text)
{
	begin(b, key);
	if (text)
		quote(b, text);
	else
		buf_str(b, "null");
}

void json_int(struct buf *b, const char *key, int64_t value)
{
	begin(b, key);
	buf_printf(b, "%lld", (long long)value);
}

void json_bool(struct buf *b, const char *key, bool value)
{
	begin(b, key);
	buf_str(b, value ? "true" : "false");
}

void json_nil(struct buf *b, const char *key)
{
	begin(b, key);
	buf_str(b, "null");
}

void json_raw(struct buf *b, const char *key, const char *json)
{
	begin(b, key);
	buf_str(b, json ? json : "null");
}

void json_time(struct buf *b, const char *key, int64_t at_ms)
{
	char text[TIME_TEXT_BYTES];

	json_str(b, key, at_ms < 0 ? NULL : time_rfc3339(at_ms, text));
}
