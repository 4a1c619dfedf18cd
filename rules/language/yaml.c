/* yaml.c - libyaml's events to our own tree; the only file that sees yaml.h.
 * Refused here, so that nothing behind it can be surprised: more than 64
 * levels, more than 1 MiB, tags, anchors, aliases, `<<`, a key twice. */
#include "language/reader.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH_MAX = 64, FILE_MAX = 1 << 20 };

struct loader {
	yaml_parser_t parser;
	struct reader *r;
	int file;
	bool failed; /* nothing behind this place can be trusted */
};

const struct node *node_get(const struct node *map, const char *key)
{
	for (int i = 0; map && map->kind == NODE_MAP && i < map->n; i++)
		if (map->pairs[i].key->text[0] == key[0] && !strcmp(map->pairs[i].key->text, key))
			return map->pairs[i].value;
	return NULL;
}

bool node_is_empty(const struct node *node)
{
	return node->kind == NODE_SCALAR && node->is_plain && !*node->text;
}

/* -- what libyaml says, said to a person -- */

static const struct {
	const char *context, *problem; /* how libyaml's texts begin; NULL: any */
	bool at_context;               /* the cause stands where the context began */
	const char *text, *hint;
} sentences[] = {
    {"while scanning a quoted scalar", "found unexpected end of stream", true, "this quote is never closed",
     NULL},
    {"while scanning a quoted scalar", "found unexpected document indicator", true,
     "this quote is never closed", NULL},
    {"while parsing a quoted scalar", NULL, false, "an escape that nobody knows",
     "in \"...\" a backslash begins an escape; in '...' it does not"},
    {"while parsing a flow mapping", NULL, true,
     "the '{' opened here is not closed, or a ',' is missing in it", NULL},
    {"while parsing a flow sequence", NULL, true,
     "the '[' opened here is not closed, or a ',' is missing in it", NULL},
    {"while parsing a flow node", NULL, false, "a value was expected here",
     "is a ',', a '[' or a '{' too many?"},
    {"while scanning a simple key", NULL, true, "a ':' is missing after this key",
     "write key: value, with a space behind the ':'"},
    {"while scanning a plain scalar", "found unexpected ':'", false, "a space is missing after this ':'",
     "write key: value; a text that contains ':' needs quotes here"},
    {NULL, "mapping values are not allowed", false, "a ':' cannot stand here",
     "is the indentation right, is there a space behind the ':' of the line above? a text that contains ': ' "
     "needs quotes"},
    {"while parsing a block mapping", NULL, false, "a key was expected here",
     "is the indentation the same as that of the lines above?"},
    {"while parsing a block collection", NULL, false, "a '-' was expected here",
     "is the indentation the same as that of the lines above?"},
    {NULL, "did not find expected <document start>", false, "the file should have ended here",
     "is the indentation the same as that of the lines above?"},
};

static struct mark mark_of(const struct loader *l, const yaml_mark_t *m)
{
	int last = l->r->lines[l->file][0];
	struct mark at = {l->file, (int)m->line + 1, (int)m->column + 1};

	return at.line > last ? (struct mark){l->file, last, 1} : at;
}

static bool begins(const char *text, const char *with)
{
	return !with || (text && !strncmp(text, with, strlen(with)));
}

/* A character that can begin nothing: say which, and what to do. */
static void complain_character(struct loader *l, struct mark at)
{
	const struct source *s = &l->r->sources[l->file];
	size_t i = (size_t)l->r->lines[l->file][at.line];
	char c;

	for (int col = 1; col < at.col && i < s->len; i++)
		col += i + 1 == s->len || ((unsigned char)s->bytes[i + 1] & 0xc0) != 0x80;
	c = i < s->len ? s->bytes[i] : ' ';
	if (c == '\t') {
		complain_at(l->r, at, "a tab cannot indent: use spaces");
		advise(l->r, "let the editor write spaces for the Tab key: two for each level");
		return;
	}
	complain_at(l->r, at, "a text cannot begin with '%c' unless it is quoted",
	            c >= 0x21 && c < 0x7f ? c : '?');
	advise(l->r, "put it in quotes: \"...\"");
}

/* The line of the mark and the one above it, where many a mistake is made. */
static const char *lines_text(struct loader *l, struct mark at)
{
	const struct source *s = &l->r->sources[l->file];
	const int *lines = l->r->lines[l->file];
	const char *from = s->bytes + lines[at.line > 1 ? at.line - 1 : 1], *here = s->bytes + lines[at.line];
	const char *end = memchr(here, '\n', (size_t)(s->bytes + s->len - here));

	return arena_dup(&l->r->arena, from, (size_t)((end ? end : s->bytes + s->len) - from));
}

/* Bytes of a line of the file; from 1. */
static const char *line_of(const struct loader *l, int line, size_t *ret_len)
{
	const struct source *s = &l->r->sources[l->file];
	const int *lines = l->r->lines[l->file];
	size_t from = (size_t)lines[line], to = line < lines[0] ? (size_t)lines[line + 1] : s->len;

	while (to > from && strchr("\r\n", s->bytes[to - 1]))
		to--;
	*ret_len = to - from;
	return s->bytes + from;
}

static size_t indent_of(const char *line, size_t len)
{
	size_t n = 0;

	while (n < len && line[n] == ' ')
		n++;
	return n;
}

/* A dash or a colon without its space: the column behind it, or 0. */
static int glued(const char *line, size_t len)
{
	size_t from = indent_of(line, len), i = from;

	if (i + 1 < len && line[i] == '-' && line[i + 1] != ' ' && line[i + 1] != '-')
		return (int)i + 2;
	while (i < len && (line[i] == '_' || line[i] == '-' || (line[i] >= '0' && line[i] <= '9') ||
	                   ((line[i] | 0x20) >= 'a' && (line[i] | 0x20) <= 'z')))
		i++;
	return i > from && i + 1 < len && line[i] == ':' && line[i + 1] != ' ' ? (int)i + 2 : 0;
}

/* The line above the error that is not empty; 0: none. */
static int line_above(const struct loader *l, int line)
{
	size_t len;
	const char *text;

	while (--line > 0) {
		text = line_of(l, line, &len);
		if (indent_of(text, len) < len && text[indent_of(text, len)] != '#')
			break;
	}
	return line;
}

/* libyaml stumbles behind the slip: over the next colon, the next key. */
static bool complain_slip(struct loader *l, struct mark at)
{
	int above = line_above(l, at.line);
	size_t here_len, above_len = 0;
	const char *here = line_of(l, at.line, &here_len), *before = above ? line_of(l, above, &above_len) : "";
	int slip = glued(before, above_len), own = glued(here, here_len);

	if (slip || own) {
		struct mark m = {l->file, slip ? above : at.line, slip ? slip : own};

		complain_at(l->r, m, "a space is missing here");
		advise(l->r, "write key: value, and - before each entry of a list, with a space behind the sign");
		return true;
	}
	if (!above || indent_of(here, here_len) <= indent_of(before, above_len) || before[above_len - 1] == ':')
		return false;
	complain_at(l->r, (struct mark){l->file, at.line, (int)indent_of(here, here_len) + 1},
	            "this line stands further in than the one above, which has its value already");
	advise(l->r, "lines of one map begin in the same column: indent this one and the one above alike");
	return true;
}

/* The first quote of a line that has an odd number of them: the text that was
 * meant to end there runs on to the next quote, lines below. */
static bool complain_open_quote(struct loader *l, struct mark at)
{
	for (int line = 1; line < at.line; line++) {
		size_t len;
		const char *text = line_of(l, line, &len), *last = NULL;
		int quotes = 0;

		for (size_t i = indent_of(text, len); i < len && text[i] != '#'; i++)
			if (text[i] == '"' && (!i || text[i - 1] != '\\')) {
				quotes++;
				last = text + i;
			}
		if (quotes % 2 == 0)
			continue;
		complain_at(l->r, mark_at(l->r, l->file, (size_t)(last - l->r->sources[l->file].bytes)),
		            "this quote is never closed");
		advise(l->r, "noticed at line %d", at.line);
		return true;
	}
	return false;
}

static void syntax_error(struct loader *l)
{
	const yaml_parser_t *p = &l->parser;
	const char *problem = p->problem ? p->problem : "out of memory";
	struct mark at = mark_of(l, &p->problem_mark), from = mark_of(l, &p->context_mark);

	l->failed = true;
	if (p->error == YAML_READER_ERROR) {
		complain_at(l->r, mark_at(l->r, l->file, p->problem_offset + (size_t)l->r->lines[l->file][1]),
		            "a control character: remove it");
		return;
	}
	if (complain_open_quote(l, at))
		return;
	if (begins(problem, "found character that cannot start any token")) {
		complain_character(l, at);
		return;
	}
	if ((begins(problem, "mapping values are not allowed") || begins(p->context, "while parsing a block")) &&
	    complain_slip(l, at))
		return;
	for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
		if (!begins(p->context, sentences[i].context) || !begins(problem, sentences[i].problem))
			continue;
		complain_at(l->r, sentences[i].at_context ? from : at, "%s", sentences[i].text);
		if (advise_full_width(l->r, lines_text(l, sentences[i].at_context ? from : at)))
			return;
		if (sentences[i].hint)
			advise(l->r, "%s", sentences[i].hint);
		else if (sentences[i].at_context && at.line != from.line)
			advise(l->r, "noticed at line %d", at.line);
		return;
	}
	complain_at(l->r, at, "%s%s%s", p->context ? p->context : "", p->context ? ": " : "", problem);
}

/* -- events to nodes -- */

static bool next(struct loader *l, yaml_event_t *ret)
{
	if (!l->failed && yaml_parser_parse(&l->parser, ret))
		return true;
	if (!l->failed)
		syntax_error(l);
	return false;
}

static const struct node *read_node(struct loader *l, const yaml_event_t *ev, int depth);

struct list {
	const struct node **at;
	int n, cap;
};

static void list_add(struct list *list, const struct node *node)
{
	if (list->n == list->cap) {
		list->cap = list->cap ? list->cap * 2 : 8;
		list->at = xrealloc(list->at, (size_t)list->cap * sizeof *list->at);
	}
	list->at[list->n++] = node;
}

/* All nodes up to the end event; of a map, keys and values in turn. */
static void read_kids(struct loader *l, yaml_event_type_t end, int depth, struct list *ret)
{
	yaml_event_t ev;

	while (next(l, &ev)) {
		bool is_end = ev.type == end;

		if (!is_end)
			list_add(ret, read_node(l, &ev, depth + 1));
		yaml_event_delete(&ev);
		if (is_end)
			return;
	}
}

static int by_key(const void *a, const void *b)
{
	const struct pair *const *x = a, *const *y = b;
	int d = strcmp((*x)->key->text, (*y)->key->text);

	return d ? d : *x < *y ? -1 : *x > *y;
}

/* A key that stands twice is told with its first place, and dropped. */
static void drop_twice(struct loader *l, struct pair *pairs, struct node *map)
{
	const struct pair **sorted = xmalloc((size_t)map->n * sizeof *sorted);
	int kept = 0, first = 0;

	for (int i = 0; i < map->n; i++)
		sorted[i] = &pairs[i];
	qsort(sorted, (size_t)map->n, sizeof *sorted, by_key);
	for (int i = 1; i < map->n; i++) {
		const struct node *key = sorted[i]->key;

		if (strcmp(key->text, sorted[first]->key->text) != 0) {
			first = i;
			continue;
		}
		complain(l->r, key, "'%s' stands here twice", key->text);
		advise(l->r, "the first is at line %d, column %d", sorted[first]->key->mark.line,
		       sorted[first]->key->mark.col);
		pairs[sorted[i] - pairs].value = NULL;
	}
	for (int i = 0; i < map->n; i++)
		if (pairs[i].value)
			pairs[kept++] = pairs[i];
	map->n = kept;
	free(sorted);
}

static bool is_good_key(struct loader *l, const struct node *key)
{
	if (key->kind != NODE_SCALAR) {
		complain(l->r, key, "a key must be a plain word, not a %s",
		         key->kind == NODE_MAP ? "map" : "list");
		return false;
	}
	if (!strcmp(key->text, "<<")) {
		complain(l->r, key, "merge keys (<<) are not supported: write the values out");
		return false;
	}
	return true;
}

static void read_map(struct loader *l, int depth, struct node *map)
{
	struct list kids = {0};
	struct pair *pairs;

	read_kids(l, YAML_MAPPING_END_EVENT, depth, &kids);
	pairs = arena_alloc(&l->r->arena, (size_t)(kids.n / 2 + 1) * sizeof *pairs);
	for (int i = 0; i + 1 < kids.n && !l->failed; i += 2)
		if (is_good_key(l, kids.at[i]))
			pairs[map->n++] = (struct pair){kids.at[i], kids.at[i + 1]};
	if (map->n > 1)
		drop_twice(l, pairs, map);
	map->pairs = pairs;
	free(kids.at);
}

static void read_list(struct loader *l, int depth, struct node *list)
{
	struct list kids = {0};
	const struct node **items;

	read_kids(l, YAML_SEQUENCE_END_EVENT, depth, &kids);
	items = arena_alloc(&l->r->arena, (size_t)(kids.n + 1) * sizeof *items);
	if (kids.n)
		memcpy(items, kids.at, (size_t)kids.n * sizeof *items);
	list->items = items;
	list->n = kids.n;
	free(kids.at);
}

static void read_scalar(struct loader *l, const yaml_event_t *ev, struct node *node)
{
	const char *text = (const char *)ev->data.scalar.value;
	size_t len = ev->data.scalar.length;

	node->is_plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = arena_dup(&l->r->arena, text, len);
	if (memchr(text, 0, len))
		complain(l->r, node, "a text cannot contain a NUL character");
}

static void refuse_marks(struct loader *l, const struct node *node, const yaml_char_t *anchor,
                         const yaml_char_t *tag)
{
	if (anchor)
		complain(l->r, node,
		         "anchors (&name) are not supported: write the value out where it is needed");
	if (tag)
		complain(l->r, node,
		         "tags (!%s) are not supported: the configuration knows the type of each key",
		         tag[0] == '!' ? (const char *)tag + 1 : (const char *)tag);
}

static const struct node *read_node(struct loader *l, const yaml_event_t *ev, int depth)
{
	struct node *node = arena_alloc(&l->r->arena, sizeof *node);

	node->mark = mark_of(l, &ev->start_mark);
	node->text = "";
	if (depth > DEPTH_MAX) {
		complain(l->r, node, "more than %d levels of lists and maps", DEPTH_MAX);
		l->failed = true;
		return node;
	}
	switch (ev->type) {
	case YAML_SCALAR_EVENT:
		read_scalar(l, ev, node);
		refuse_marks(l, node, ev->data.scalar.anchor, ev->data.scalar.tag);
		break;
	case YAML_SEQUENCE_START_EVENT:
		node->kind = NODE_LIST;
		refuse_marks(l, node, ev->data.sequence_start.anchor, ev->data.sequence_start.tag);
		read_list(l, depth, node);
		break;
	case YAML_MAPPING_START_EVENT:
		node->kind = NODE_MAP;
		refuse_marks(l, node, ev->data.mapping_start.anchor, ev->data.mapping_start.tag);
		read_map(l, depth, node);
		break;
	default: /* an alias */
		complain(l->r, node, "aliases (*name) are not supported: write the value out");
	}
	return node;
}

/* -- bytes -- */

/* Offset of the first byte that is not UTF-8, or len. */
static size_t first_bad(const char *s, size_t len)
{
	size_t i = 0, n;

	while (i < len) {
		for (n = 1; n <= 4 && n <= len - i && !utf8_valid(s + i, n);)
			n++;
		if (n > 4 || n > len - i)
			return i;
		i += n;
	}
	return len;
}

static bool bytes_check(struct reader *r, int file)
{
	const struct source *s = &r->sources[file];
	size_t bad;

	if (s->len > FILE_MAX) {
		complain_at(r, (struct mark){file, 1, 1}, "the file is larger than 1 MiB");
		advise(r, "split it and use include: [conf.d/*.yaml]");
		return false;
	}
	bad = first_bad(s->bytes, s->len);
	if (bad == s->len)
		return true;
	if (!s->bytes[bad] || (bad == 0 && s->len > 1 &&
	                       (!memcmp(s->bytes, "\xff\xfe", 2) || !memcmp(s->bytes, "\xfe\xff", 2))))
		complain_at(r, mark_at(r, file, bad),
		            "not UTF-8 (is the file saved as UTF-16 or no text at all?)");
	else
		complain_at(r, mark_at(r, file, bad),
		            "not UTF-8 (is the file saved as GBK/GB18030? run: iconv -f GB18030 -t UTF-8)");
	return false;
}

static const struct node *read_document(struct loader *l)
{
	const struct node *root = NULL;
	yaml_event_t ev;
	bool more = true;

	while (more && next(l, &ev)) {
		if (ev.type == YAML_DOCUMENT_START_EVENT && root) {
			struct mark at = mark_of(l, &ev.start_mark);

			complain_at(l->r, at, "a second document: one file holds one (remove the '---')");
			l->failed = true;
		} else if (ev.type == YAML_SCALAR_EVENT || ev.type == YAML_SEQUENCE_START_EVENT ||
		           ev.type == YAML_MAPPING_START_EVENT || ev.type == YAML_ALIAS_EVENT) {
			root = read_node(l, &ev, 1);
		}
		more = ev.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&ev);
	}
	return root;
}

const struct node *yaml_read(struct reader *r, int file)
{
	struct loader l = {.r = r, .file = file};
	const struct source *s = &r->sources[file];
	const struct node *root;
	size_t bom;

	lines_find(r, file);
	if (!bytes_check(r, file)) {
		r->is_broken = true;
		return NULL;
	}
	bom = (size_t)r->lines[file][1];
	if (!yaml_parser_initialize(&l.parser))
		abort();
	yaml_parser_set_encoding(&l.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&l.parser, (const unsigned char *)s->bytes + bom, s->len - bom);
	root = read_document(&l);
	yaml_parser_delete(&l.parser);
	if (l.failed)
		r->is_broken = true;
	return l.failed ? NULL : root;
}
