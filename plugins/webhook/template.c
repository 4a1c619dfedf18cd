#include "template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 8, PARTS_MAX = 1024, NAME_BYTES = 40 };

enum part_kind { PART_TEXT, PART_VALUE, PART_RAW, PART_IF, PART_UNLESS, PART_END };

struct part {
	enum part_kind kind;
	int name;
	size_t from, len; /* PART_TEXT: of the text */
	int end;          /* PART_IF, PART_UNLESS: its PART_END */
};

struct template
{
	char *text;
	struct part *parts;
	int n, cap;
};

struct reading {
	struct template *t;
	const struct template_name *names;
	char *error;
	size_t cap;
	int open[DEPTH_MAX], depth;
};

static int add(struct reading *r, struct part part)
{
	struct template *t = r->t;

	if (t->n == t->cap) {
		int cap = t->cap ? t->cap * 2 : 16;
		struct part *parts = cap <= PARTS_MAX ? realloc(t->parts, (size_t)cap * sizeof *parts) : NULL;

		if (!parts)
			return snprintf(r->error, r->cap, "the template is too long"), -1;
		t->parts = parts;
		t->cap = cap;
	}
	t->parts[t->n] = part;
	return t->n++;
}

static int find(const struct reading *r, const char *name, size_t len)
{
	for (int i = 0; r->names[i].name; i++)
		if (strlen(r->names[i].name) == len && !memcmp(r->names[i].name, name, len))
			return i;
	return -1;
}

static int begin(struct reading *r, struct part part)
{
	int at = r->depth < DEPTH_MAX ? add(r, part) : -1;

	if (r->depth == DEPTH_MAX)
		snprintf(r->error, r->cap, "more than %d sections within each other", DEPTH_MAX);
	if (at >= 0)
		r->open[r->depth++] = at;
	return at < 0 ? -1 : 0;
}

static int end(struct reading *r, int name)
{
	int at;

	if (!r->depth || r->t->parts[r->open[r->depth - 1]].name != name)
		return snprintf(r->error, r->cap, "{{/%s}} ends what has not begun", r->names[name].name), -1;
	at = add(r, (struct part){.kind = PART_END, .name = name});
	if (at >= 0)
		r->t->parts[r->open[--r->depth]].end = at;
	return at < 0 ? -1 : 0;
}

/* What stands between the braces. */
static int tag(struct reading *r, const char *at, size_t len, int is_raw)
{
	char sign = len && strchr("#^/", *at) ? *at : 0;
	int name;

	at += sign != 0;
	len -= sign != 0;
	while (len && *at == ' ')
		at++, len--;
	while (len && at[len - 1] == ' ')
		len--;
	name = find(r, at, len);
	if (name < 0)
		return snprintf(r->error, r->cap, "there is no {{%.*s}}",
		                (int)(len < NAME_BYTES ? len : NAME_BYTES), at),
		       -1;
	if (is_raw && (sign || !r->names[name].is_trusted))
		return snprintf(r->error, r->cap, "{{{%s}}} could break out of its place: write {{%s}}",
		                r->names[name].name, r->names[name].name),
		       -1;
	if (sign == '/')
		return end(r, name);
	if (sign)
		return begin(r, (struct part){.kind = sign == '#' ? PART_IF : PART_UNLESS, .name = name});
	return add(r, (struct part){.kind = is_raw ? PART_RAW : PART_VALUE, .name = name}) < 0 ? -1 : 0;
}

static int read_all(struct reading *r)
{
	const char *text = r->t->text, *at = text;

	while (*at) {
		const char *open = strstr(at, "{{"), *close;
		int is_raw = open && open[2] == '{';

		if (!open)
			open = at + strlen(at);
		if (open > at && add(r, (struct part){.kind = PART_TEXT,
		                                      .from = (size_t)(at - text),
		                                      .len = (size_t)(open - at)}) < 0)
			return -1;
		if (!*open)
			break;
		open += is_raw ? 3 : 2;
		close = strstr(open, is_raw ? "}}}" : "}}");
		if (!close)
			return snprintf(r->error, r->cap, "'{{' without '}}'"), -1;
		if (tag(r, open, (size_t)(close - open), is_raw) < 0)
			return -1;
		at = close + (is_raw ? 3 : 2);
	}
	if (r->depth)
		return snprintf(r->error, r->cap, "{{#%s}} does not end",
		                r->names[r->t->parts[r->open[r->depth - 1]].name].name),
		       -1;
	return 0;
}

struct template *template_read(const char *text, const struct template_name *names, char *ret_error,
                               size_t cap)
{
	struct reading r = {calloc(1, sizeof(struct template)), names, ret_error, cap, {0}, 0};

	if (r.t)
		r.t->text = strdup(text);
	if (!r.t || !r.t->text)
		snprintf(ret_error, cap, "out of memory");
	else if (read_all(&r) == 0)
		return r.t;
	template_free(r.t);
	return NULL;
}

void template_free(struct template *t)
{
	if (!t)
		return;
	free(t->parts);
	free(t->text);
	free(t);
}

int template_uses(const struct template *t, int name)
{
	for (int i = 0; i < t->n; i++)
		if ((t->parts[i].kind == PART_VALUE || t->parts[i].kind == PART_RAW) &&
		    t->parts[i].name == name)
			return 1;
	return 0;
}

/* -- filling -- */

static void escape_json(const char *from, struct text *out)
{
	for (; *from; from++) {
		unsigned char c = (unsigned char)*from;
		char code[8];

		if (c == '"' || c == '\\')
			text_add(out, "\\", 1);
		if (c < 0x20 || c == 0x7f)
			text_add(out, code, (size_t)snprintf(code, sizeof code, "\\u%04x", c));
		else
			text_add(out, from, 1);
	}
}

static void escape_url(const char *from, struct text *out)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:@";
	char code[4];

	for (; *from; from++) {
		if (strchr(plain, *from))
			text_add(out, from, 1);
		else
			text_add(out, code,
			         (size_t)snprintf(code, sizeof code, "%%%02X", (unsigned char)*from));
	}
}

/* A header is one line. */
static void escape_header(const char *from, struct text *out)
{
	for (; *from; from++)
		text_add(out, (unsigned char)*from < 0x20 || *from == 0x7f ? " " : from, 1);
}

static void put(const char *value, enum escape escape, struct text *out)
{
	if (escape == ESCAPE_JSON)
		escape_json(value, out);
	else if (escape == ESCAPE_URL)
		escape_url(value, out);
	else if (escape == ESCAPE_HEADER)
		escape_header(value, out);
	else
		text_str(out, value);
}

void template_fill(const struct template *t, const char *const *values, enum escape escape, struct text *out)
{
	for (int i = 0; i < t->n; i++) {
		const struct part *p = &t->parts[i];
		const char *value = p->kind == PART_TEXT || !values[p->name] ? "" : values[p->name];

		if (p->kind == PART_TEXT)
			text_add(out, t->text + p->from, p->len);
		else if (p->kind == PART_VALUE)
			put(value, escape, out);
		else if (p->kind == PART_RAW)
			text_str(out, value);
		else if ((p->kind == PART_IF && !*value) || (p->kind == PART_UNLESS && *value))
			i = p->end;
	}
}
