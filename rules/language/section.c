/* section.c - the top keys of all files brought together: each section one
 * list of entries, the main file over what it included. */
#include "language/reader.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum rule { RULE_ONE, RULE_MANY, RULE_MERGED, RULE_MAIN };

#define SECTION_ROW(A, T, ONE_OF, RULE) {T, ONE_OF, RULE_##RULE},
static const struct {
	const char *name, *one;
	enum rule rule;
} sections[] = {SECTION_LIST(SECTION_ROW)};

const char *section_name(enum section s)
{
	return sections[s].name;
}

const char *section_one(enum section s)
{
	return sections[s].one;
}

bool is_included(const struct node *at)
{
	return at->mark.file > 0;
}

/* -- laying one over the other -- */

static struct node *merge_maps(struct reader *r, const struct node *lower, const struct node *upper)
{
	struct node *map = arena_alloc(&r->arena, sizeof *map);
	struct pair *pairs = arena_alloc(&r->arena, (size_t)(lower->n + upper->n + 1) * sizeof *pairs);

	*map = *upper;
	map->kind = NODE_MAP;
	map->n = 0;
	for (int i = 0; i < lower->n; i++) {
		pairs[map->n] = lower->pairs[i];
		for (int j = 0; j < upper->n; j++)
			if (!strcmp(upper->pairs[j].key->text, lower->pairs[i].key->text))
				pairs[map->n] = upper->pairs[j];
		map->n++;
	}
	for (int j = 0; j < upper->n; j++)
		if (!node_get(lower, upper->pairs[j].key->text))
			pairs[map->n++] = upper->pairs[j];
	map->pairs = pairs;
	return map;
}

struct entry entry_merge(struct reader *r, const struct entry *lower, const struct entry *upper)
{
	if (!lower)
		return *upper;
	if (!upper)
		return *lower;
	if (lower->body->kind != NODE_MAP || upper->body->kind != NODE_MAP)
		return node_is_empty(upper->body) ? *lower : *upper;
	return (struct entry){upper->key, merge_maps(r, lower->body, upper->body)};
}

bool entry_is_off(struct reader *r, struct entry *e)
{
	static const struct key enabled = {.name = "enabled", .type = KEY_BOOL};
	const struct node *node = node_get(e->body, "enabled");
	struct node *rest;
	struct pair *pairs;
	bool on = true;

	if (!node)
		return false;
	value_read(r, &enabled, node, &on);
	rest = arena_alloc(&r->arena, sizeof *rest);
	pairs = arena_alloc(&r->arena, (size_t)e->body->n * sizeof *pairs);
	*rest = *e->body;
	rest->n = 0;
	for (int i = 0; i < e->body->n; i++)
		if (strcmp(e->body->pairs[i].key->text, "enabled") != 0)
			pairs[rest->n++] = e->body->pairs[i];
	rest->pairs = pairs;
	e->body = rest;
	return !on;
}

/* -- entries of a section -- */

struct found { /* an entry as it stands in one file */
	struct entry e;
	int order; /* included files first, the main one last */
};

struct pile {
	struct found *at;
	int n, cap;
};

static void pile_add(struct pile *p, struct entry e)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 16;
		p->at = xrealloc(p->at, (size_t)p->cap * sizeof *p->at);
	}
	p->at[p->n] = (struct found){e, p->n};
	p->n++;
}

static int by_id(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int d = strcmp(x->e.key->text, y->e.key->text);

	return d ? d : x->order - y->order;
}

static int by_order(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->order - y->order;
}

/* One found entry per id: merged, or told that it stands in two files. */
static void unite(struct reader *r, enum section s, struct pile *p)
{
	int kept = 0;

	qsort(p->at, (size_t)p->n, sizeof *p->at, by_id);
	for (int i = 0; i < p->n; i++) {
		struct found *last = kept ? &p->at[kept - 1] : NULL;

		if (!last || strcmp(last->e.key->text, p->at[i].e.key->text) != 0) {
			p->at[kept++] = p->at[i];
			continue;
		}
		if (sections[s].rule == RULE_MERGED) {
			last->e = entry_merge(r, &last->e, &p->at[i].e);
			continue;
		}
		complain(r, p->at[i].e.key, "%s '%s' is defined in two files", sections[s].one,
		         last->e.key->text);
		advise(r, "the other is at %s", mark_text(r, last->e.key->mark));
	}
	p->n = kept;
	qsort(p->at, (size_t)p->n, sizeof *p->at, by_order);
}

static void warn_off(struct reader *r, enum section s, const struct entry *e)
{
	const struct node *hazard = node_get(e->body, "hazard");
	int h = hazard && hazard->kind == NODE_SCALAR ? hazard_from(hazard->text) : -1;

	if (s == SECTION_INCIDENTS && h >= 0 && hazard_is_life((enum hazard)h))
		caution(r, e->key, "incident '%s' is switched off: nobody is called for it (hazard %s)",
		        e->key->text, hazard->text);
}

static void set_by_id(struct reader *r, struct entries *e, struct pile *p)
{
	e->by_id = arena_alloc(&r->arena, (size_t)(e->n + 1) * sizeof *e->by_id);
	for (int i = 0; i < e->n; i++)
		p->at[i] = (struct found){e->at[i], i};
	qsort(p->at, (size_t)e->n, sizeof *p->at, by_id);
	for (int i = 0; i < e->n; i++)
		e->by_id[i] = p->at[i].order;
}

void section_add(struct reader *r, enum section s, const struct entry *more, int n)
{
	struct entries *on = &r->sections[s];
	struct entry *all = arena_alloc(&r->arena, (size_t)(on->n + n + 1) * sizeof *all);
	struct pile pile = {0};

	if (on->n)
		memcpy(all, on->at, (size_t)on->n * sizeof *all);
	if (n)
		memcpy(all + on->n, more, (size_t)n * sizeof *all);
	*on = (struct entries){.at = all, .n = on->n + n};
	pile.at = xmalloc((size_t)(on->n + 1) * sizeof *pile.at);
	set_by_id(r, on, &pile);
	free(pile.at);
}

static void settle(struct reader *r, enum section s, struct pile *p)
{
	struct entries *on = &r->sections[s], *off = &r->off[s];

	if (!p->n)
		return;
	unite(r, s, p);
	on->at = arena_alloc(&r->arena, (size_t)p->n * sizeof *on->at);
	off->at = arena_alloc(&r->arena, (size_t)p->n * sizeof *off->at);
	for (int i = 0; i < p->n; i++) {
		struct entry e = p->at[i].e;

		if (!must_be_id(r, e.key) || !must_be_map(r, &e, NULL)) {
			r->is_broken = true;
			continue;
		}
		if (entry_is_off(r, &e)) {
			warn_off(r, s, &e);
			off->at[off->n++] = e;
		} else {
			on->at[on->n++] = e;
		}
	}
	set_by_id(r, on, p);
}

static void collect_many(struct reader *r, enum section s, const struct entry *top)
{
	struct pile pile = {0};

	for (int k = 1; k <= r->n_sources; k++) {
		const struct entry *e = &top[k % r->n_sources];

		if (!e->key)
			continue;
		if (!must_be_map(r, e, arena_printf(&r->arena, "'%s'", sections[s].name))) {
			r->is_broken = true;
			continue;
		}
		for (int i = 0; i < e->body->n; i++)
			pile_add(&pile, (struct entry){e->body->pairs[i].key, e->body->pairs[i].value});
	}
	settle(r, s, &pile);
	free(pile.at);
}

static void collect_one(struct reader *r, enum section s, const struct entry *top)
{
	struct entry all = {0};

	for (int k = 1; k <= r->n_sources; k++) {
		const struct entry *e = &top[k % r->n_sources];

		if (e->key && e->body)
			all = entry_merge(r, all.key ? &all : NULL, e);
	}
	if (!all.key)
		return;
	r->sections[s].at = arena_alloc(&r->arena, sizeof all);
	r->sections[s].at[0] = all;
	r->sections[s].n = 1;
}

static void collect_main(struct reader *r, enum section s, const struct entry *top)
{
	for (int i = 1; i < r->n_sources; i++)
		if (top[i].key)
			complain(r, top[i].key, "'%s' is only read in the main file", sections[s].name);
	if (top[0].key)
		collect_one(r, s, top);
}

static void unknown_section(struct reader *r, const struct node *key)
{
	struct nearest near = {.word = key->text};

	for (int s = 0; s < SECTION_COUNT; s++)
		nearest_try(&near, sections[s].name);
	complain(r, key, "unknown section '%s'", key->text);
	if (!advise_full_width(r, key->text))
		advise_nearest(r, &near);
	r->is_broken = true; /* it may be one that is misspelt */
}

/* top[section * n_sources + file]: the section as it stands in the file. */
static void split(struct reader *r, int file, const struct node *root, struct entry *top)
{
	for (int i = 0; i < root->n; i++) {
		const struct pair *p = &root->pairs[i];
		int s = 0;

		while (s < SECTION_COUNT && strcmp(sections[s].name, p->key->text) != 0)
			s++;
		if (s == SECTION_COUNT)
			unknown_section(r, p->key);
		else
			top[s * r->n_sources + file] = (struct entry){p->key, p->value};
	}
}

void sections_collect(struct reader *r, const struct node *const *roots)
{
	struct entry *top = xcalloc((size_t)SECTION_COUNT * (size_t)r->n_sources, sizeof *top);

	for (int i = 0; i < r->n_sources; i++) {
		if (roots[i] && roots[i]->kind == NODE_MAP)
			split(r, i, roots[i], top);
		else if (roots[i] && !node_is_empty(roots[i]))
			complain(r, roots[i], "the file must be a map of sections: site, broker, zones, ...");
	}
	for (int s = 0; s < SECTION_COUNT; s++) {
		const struct entry *of = &top[s * r->n_sources];

		if (sections[s].rule == RULE_ONE)
			collect_one(r, (enum section)s, of);
		else if (sections[s].rule == RULE_MAIN)
			collect_main(r, (enum section)s, of);
		else
			collect_many(r, (enum section)s, of);
	}
	free(top);
}

/* -- looking up -- */

int entry_find(const struct entries *e, const char *id)
{
	int low = 0, high = e->n;

	while (low < high) {
		int mid = (low + high) / 2, d = strcmp(e->at[e->by_id[mid]].key->text, id);

		if (!d)
			return e->by_id[mid];
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return -1;
}

/* A few are listed. */
static void advise_entries(struct reader *r, enum section s)
{
	enum { FEW = 8 };
	const struct entries *on = &r->sections[s];
	const char *list = "";

	for (int i = 0; i < on->n && on->n <= FEW; i++)
		list = arena_printf(&r->arena, "%s%s%s", list, i ? ", " : "", on->at[i].key->text);
	if (*list)
		advise(r, "one of: %s", list);
	else
		advise(r, "define it under '%s'", sections[s].name);
}

void complain_no_entry(struct reader *r, enum section s, const struct node *id, bool is_warning)
{
	const struct entries *on = &r->sections[s], *off = &r->off[s];
	struct nearest near = {.word = id->text};

	r->is_dropped = true;
	if (r->is_broken)
		return;
	if (is_warning)
		caution(r, id, "there is no %s '%s'", sections[s].one, id->text);
	else
		complain(r, id, "there is no %s '%s'", sections[s].one, id->text);
	if (r->is_dropped)
		return;
	for (int i = 0; i < on->n; i++)
		nearest_try(&near, on->at[i].key->text);
	for (int i = 0; i < off->n; i++)
		if (!strcmp(off->at[i].key->text, id->text)) {
			advise(r, "it is switched off at %s", mark_text(r, off->at[i].key->mark));
			return;
		}
	if (advise_full_width(r, id->text))
		return;
	if (near.best)
		advise_nearest(r, &near);
	else
		advise_entries(r, s);
}

int entry_refer(struct reader *r, enum section s, const struct node *id)
{
	int i = entry_find(&r->sections[s], id->text);

	if (i < 0)
		complain_no_entry(r, s, id, false);
	return i;
}
