/* problem.c - what is wrong with the files: collected, sorted, shown. */
#include "language/reader.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXCERPT_COLUMNS = 160, PROBLEMS_MAX = 1000 };

void problems_init(struct problems *p)
{
	*p = (struct problems){0};
	arena_init(&p->arena);
}

void problems_fini(struct problems *p)
{
	free(p->at);
	arena_fini(&p->arena);
	*p = (struct problems){0};
}

/* Length of a line break as YAML counts them, or 0. */
static size_t line_break(const char *s, size_t left)
{
	if (s[0] == '\r')
		return left > 1 && s[1] == '\n' ? 2 : 1;
	if (s[0] == '\n')
		return 1;
	if (left > 1 && !memcmp(s, "\xc2\x85", 2))
		return 2;
	return left > 2 && (!memcmp(s, "\xe2\x80\xa8", 3) || !memcmp(s, "\xe2\x80\xa9", 3)) ? 3 : 0;
}

void lines_find(struct reader *r, int file)
{
	const struct source *s = &r->sources[file];
	size_t n = 1, k = 1;
	int *at;

	for (size_t i = 0, len; i < s->len; i += len ? len : 1) {
		len = line_break(s->bytes + i, s->len - i);
		n += len > 0;
	}
	at = arena_alloc(&r->arena, (n + 1) * sizeof *at);
	at[0] = (int)n;
	at[k++] = s->len >= 3 && !memcmp(s->bytes, "\xef\xbb\xbf", 3) ? 3 : 0;
	for (size_t i = 0, len; i < s->len; i += len ? len : 1) {
		len = line_break(s->bytes + i, s->len - i);
		if (len)
			at[k++] = (int)(i + len);
	}
	r->lines[file] = at;
}

/* Bytes of the character at s; broken ones count one each. */
static size_t character(const char *s, size_t left)
{
	for (size_t n = 1; n <= 4 && n <= left; n++)
		if (utf8_valid(s, n))
			return n;
	return 1;
}

struct mark mark_at(const struct reader *r, int file, size_t offset)
{
	const int *lines = r->lines[file];
	const struct source *s = &r->sources[file];
	struct mark m = {file, 1, 1};
	size_t i;

	while (m.line < lines[0] && (size_t)lines[m.line + 1] <= offset)
		m.line++;
	for (i = (size_t)lines[m.line]; i < offset && i < s->len; m.col++)
		i += character(s->bytes + i, s->len - i);
	return m;
}

static size_t line_end(const struct reader *r, struct mark at)
{
	const struct source *s = &r->sources[at.file];
	size_t i = (size_t)r->lines[at.file][at.line];

	while (i < s->len && !line_break(s->bytes + i, s->len - i))
		i++;
	return i;
}

/* The line around the mark, at most 160 characters, nothing unprintable. */
static void excerpt(struct reader *r, struct mark at, struct problem *p)
{
	const struct source *s = &r->sources[at.file];
	struct buf b = {0};
	size_t i, end;
	int skip = at.col > EXCERPT_COLUMNS ? at.col - EXCERPT_COLUMNS / 2 : 1;

	if (at.line > r->lines[at.file][0])
		return;
	end = line_end(r, at);
	i = (size_t)r->lines[at.file][at.line];
	for (int col = 1; i < end && col < skip + EXCERPT_COLUMNS; col++) {
		size_t n = character(s->bytes + i, end - i);
		bool is_odd = !utf8_valid(s->bytes + i, n) || (unsigned char)s->bytes[i] == 0x7f ||
		              ((unsigned char)s->bytes[i] < 0x20 && s->bytes[i] != '\t');

		if (col >= skip)
			buf_add(&b, is_odd ? "?" : s->bytes + i, is_odd ? 1 : n);
		i += n;
	}
	p->excerpt = arena_str(&r->problems->arena, buf_text(&b));
	p->caret = at.col - skip;
	buf_fini(&b);
}

static bool is_known(const struct problems *ps, const struct problem *p)
{
	for (int i = ps->n - 1; i >= 0 && i >= ps->n - 64; i--) {
		const struct problem *o = &ps->at[i];

		if (o->file_no == p->file_no && o->line == p->line && o->col == p->col &&
		    !strcmp(o->text, p->text))
			return true;
	}
	return false;
}

__attribute__((format(printf, 4, 0))) static void add(struct reader *r, struct mark at, bool is_warning,
                                                      const char *format, va_list ap)
{
	struct problems *ps = r->problems;
	struct problem p;
	char text[1024];

	vsnprintf(text, sizeof text, format, ap);
	text[utf8_cut(text, sizeof text - 8)] = 0;
	p = (struct problem){.file = r->names[at.file],
	                     .file_no = at.file,
	                     .line = at.line,
	                     .col = at.col,
	                     .is_warning = is_warning,
	                     .text = text};
	r->is_dropped = true;
	if (is_known(ps, &p))
		return;
	ps->n_errors += !is_warning;
	if (ps->n == PROBLEMS_MAX) {
		ps->n_more++;
		return;
	}
	p.text = arena_str(&ps->arena, text);
	excerpt(r, at, &p);
	if (ps->n == ps->cap) {
		ps->cap = ps->cap ? ps->cap * 2 : 16;
		ps->at = xrealloc(ps->at, (size_t)ps->cap * sizeof *ps->at);
	}
	ps->at[ps->n++] = p;
	r->is_dropped = false;
}

void complain_at(struct reader *r, struct mark at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(r, at, false, format, ap);
	va_end(ap);
}

void complain(struct reader *r, const struct node *at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(r, at->mark, false, format, ap);
	va_end(ap);
}

void caution(struct reader *r, const struct node *at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(r, at->mark, true, format, ap);
	va_end(ap);
}

void advise(struct reader *r, const char *format, ...)
{
	struct problems *ps = r->problems;
	char text[1024];
	va_list ap;

	if (!ps->n || r->is_dropped)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	text[utf8_cut(text, sizeof text - 8)] = 0;
	ps->at[ps->n - 1].hint = arena_str(&ps->arena, text);
}

const char *mark_text(struct reader *r, struct mark at)
{
	return arena_printf(&r->arena, "%s:%d:%d", r->names[at.file], at.line, at.col);
}

bool say_once(struct reader *r, const char *what)
{
	for (int i = 0; i < r->n_said; i++)
		if (!strcmp(r->said[i], what))
			return false;
	r->said = xrealloc(r->said, (size_t)(r->n_said + 1) * sizeof *r->said);
	r->said[r->n_said++] = arena_str(&r->arena, what);
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct problem *x = a, *y = b;
	int d = x->file_no - y->file_no;

	d = d ? d : x->line - y->line;
	d = d ? d : x->col - y->col;
	d = d ? d : x->is_warning - y->is_warning;
	return d ? d : strcmp(x->text, y->text);
}

void problems_sort(struct problems *p)
{
	int kept = 0;

	if (p->n)
		qsort(p->at, (size_t)p->n, sizeof *p->at, by_place);
	for (int i = 0; i < p->n; i++) {
		if (kept && !by_place(&p->at[kept - 1], &p->at[i]))
			p->n_errors -= !p->at[i].is_warning; /* a profile's, once for each of its sensors */
		else
			p->at[kept++] = p->at[i];
	}
	p->n = kept;
}

/* -- shown -- */

static bool is_wide(const char *s, size_t n)
{
	unsigned c = (unsigned char)s[0];

	if (n == 4)
		return c == 0xf0 && (unsigned char)s[1] >= 0x9f; /* emoji, further ideographs */
	if (n != 3)
		return false;
	c = (c & 0x0f) << 12 | ((unsigned char)s[1] & 0x3fu) << 6 | ((unsigned char)s[2] & 0x3fu);
	return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
	       (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60);
}

static void print_caret(const struct problem *p, struct buf *out)
{
	const char *s = p->excerpt;

	buf_str(out, "      | ");
	for (int i = 0; i < p->caret; i++) {
		size_t n = *s ? character(s, strlen(s)) : 0;

		buf_str(out, *s == '\t' ? "\t" : n && is_wide(s, n) ? "  " : " ");
		s += n;
	}
	buf_str(out, "^\n");
}

void problems_print(const struct problems *p, struct buf *out)
{
	for (int i = 0; i < p->n; i++) {
		const struct problem *x = &p->at[i];

		buf_printf(out, "%s:%d:%d: %s: %s\n", x->file, x->line, x->col,
		           x->is_warning ? "warning" : "error", x->text);
		if (x->excerpt && *x->excerpt) {
			buf_printf(out, "%5d | %s\n", x->line, x->excerpt);
			print_caret(x, out);
		}
		if (x->hint)
			buf_printf(out, "      = help: %s\n", x->hint);
	}
	if (p->n_more)
		buf_printf(out, "... and %d more\n", p->n_more);
}

void problems_json(const struct problems *p, struct buf *out)
{
	json_open(out, NULL, '[');
	for (int i = 0; i < p->n; i++) {
		const struct problem *x = &p->at[i];

		json_open(out, NULL, '{');
		json_str(out, "file", x->file);
		json_int(out, "line", x->line);
		json_int(out, "col", x->col);
		json_str(out, "severity", x->is_warning ? "warning" : "error");
		json_str(out, "text", x->text);
		json_str(out, "hint", x->hint);
		json_close(out, '}');
	}
	json_close(out, ']');
}
