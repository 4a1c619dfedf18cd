/* record.c - writes and reads the text of saved records, see record.h. */
#include "engine/record.h"

#include "base/arena.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void record_tag(struct buf *b, const char *tag)
{
	if (b->len)
		buf_char(b, '\n');
	buf_str(b, tag);
}

void record_str(struct buf *b, const char *text)
{
	buf_char(b, ' ');
	if (!text || !*text) {
		buf_char(b, '%');
		return;
	}
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c <= ' ' || c == '%' || c == 0x7f)
			buf_printf(b, "%%%02x", (unsigned)c);
		else
			buf_char(b, *text);
	}
}

void record_int(struct buf *b, int64_t value)
{
	buf_printf(b, " %lld", (long long)value);
}

void record_open(struct record_reader *r, const char *value)
{
	*r = (struct record_reader){.field = "", .next = value};
}

static size_t field_len(const char *field)
{
	return strcspn(field, " \n");
}

bool record_line(struct record_reader *r, char ret_tag[RECORD_TAG_BYTES])
{
	const char *line = r->next;
	size_t tag = field_len(line), all = strcspn(line, "\n");

	if (!*line)
		return false;
	r->field = line + tag;
	r->next = line[all] ? line + all + 1 : line + all;
	r->bad |= !tag || tag >= RECORD_TAG_BYTES;
	if (tag >= RECORD_TAG_BYTES)
		tag = RECORD_TAG_BYTES - 1;
	memcpy(ret_tag, line, tag);
	ret_tag[tag] = 0;
	return true;
}

/* The next field of the line, NULL when there is none. */
static const char *take(struct record_reader *r, size_t *ret_len)
{
	const char *at = r->field;

	if (*at != ' ') {
		r->bad = true;
		return NULL;
	}
	*ret_len = field_len(++at);
	r->field = at + *ret_len;
	return at;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *record_read_str(struct record_reader *r)
{
	size_t len = 0, n = 0;
	const char *at = take(r, &len);
	char *text = xmalloc(len + 1);

	if (len == 1 && *at == '%')
		len = 0;
	else if (at && !len)
		r->bad = true;
	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (at[i] != '%') {
			text[n++] = at[i];
			continue;
		}
		high = i + 2 < len ? hex(at[i + 1]) : -1;
		low = high >= 0 ? hex(at[i + 2]) : -1;
		i += 2;
		if (low < 0 || high + low == 0)
			r->bad = true;
		else
			text[n++] = (char)(high * 16 + low);
	}
	text[n] = 0;
	return text;
}

void record_read_cut(struct record_reader *r, char *dst, size_t cap_bytes)
{
	char *text = record_read_str(r);
	size_t n = utf8_cut(text, cap_bytes - 1);

	memcpy(dst, text, n);
	dst[n] = 0;
	free(text);
}

int64_t record_read_int(struct record_reader *r)
{
	size_t len = 0;
	const char *at = take(r, &len);
	bool minus = at && *at == '-';
	uint64_t v = 0, most = (uint64_t)INT64_MAX + minus;

	if (len <= (size_t)minus || len > 20) {
		r->bad = true;
		return 0;
	}
	for (size_t i = minus; i < len; i++) {
		uint64_t digit = (uint64_t)(at[i] - '0');

		if (at[i] < '0' || at[i] > '9' || v > (most - digit) / 10) {
			r->bad = true;
			return 0;
		}
		v = v * 10 + digit;
	}
	return minus ? -(int64_t)(v - 1) - 1 : (int64_t)v;
}

static int64_t read_within(struct record_reader *r, int64_t least, int64_t most)
{
	int64_t v = record_read_int(r);

	if (v >= least && v <= most)
		return v;
	r->bad = true;
	return least;
}

int64_t record_read_ms(struct record_reader *r)
{
	return read_within(r, -1, (int64_t)1 << 48);
}

int64_t record_read_number(struct record_reader *r)
{
	return read_within(r, 0, (int64_t)1 << 53);
}

int record_read_count(struct record_reader *r)
{
	return (int)read_within(r, 0, 1 << 30);
}

int record_read_place(struct record_reader *r)
{
	return (int)read_within(r, -1, 1 << 30);
}
