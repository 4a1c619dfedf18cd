/* run.c - `run`: the steps of another playbook as steps of this one, named
 * RUN/STEP, behind the step that runs them. */
#include "language/step.h"

#include <string.h>

/* The playbook a step runs, or NULL; the key may say anything else. */
static const struct node *run_of(const struct node *step)
{
	const struct node *run = node_get(step, "run");

	return run && run->kind == NODE_SCALAR && *run->text ? run : NULL;
}

/* -- which run which -- */

enum colour { WHITE, GREY, BLACK };

struct path {
	enum colour *colours;
	int *at, n; /* playbooks, each runs the next */
};

static void complain_cycle(struct reader *r, const struct node *run, const struct path *p)
{
	const struct entries *books = &r->sections[SECTION_PLAYBOOKS];
	const char *text = run->text;
	int from = 0;

	while (from < p->n && strcmp(books->at[p->at[from]].key->text, run->text) != 0)
		from++;
	for (int i = from + 1; i < p->n; i++)
		text = arena_printf(&r->arena, "%s > %s", text, books->at[p->at[i]].key->text);
	complain(r, run, "playbook '%s' runs itself: %s > %s", run->text, text, run->text);
	advise(r, "a playbook that is run must not lead back to the one that runs it");
}

static void visit(struct reader *r, int book, struct path *p)
{
	const struct entries *books = &r->sections[SECTION_PLAYBOOKS];
	const struct node *body = books->at[book].body;

	p->colours[book] = GREY;
	p->at[p->n++] = book;
	for (int i = 0; i < body->n; i++) {
		const struct node *run = run_of(body->pairs[i].value);
		int next = run ? entry_find(books, run->text) : -1;

		if (run && next >= 0 && p->colours[next] == GREY)
			complain_cycle(r, run, p);
		else if (run && next >= 0 && p->colours[next] == WHITE)
			visit(r, next, p);
	}
	p->n--;
	p->colours[book] = BLACK;
}

void runs_check(struct reader *r)
{
	size_t n = (size_t)r->sections[SECTION_PLAYBOOKS].n;
	struct path p = {arena_alloc(&r->arena, (n + 1) * sizeof *p.colours),
	                 arena_alloc(&r->arena, (n + 1) * sizeof *p.at), 0};

	for (size_t i = 0; i < n; i++)
		if (p.colours[i] == WHITE)
			visit(r, (int)i, &p);
}

/* -- the steps in a row -- */

static struct draft *draft_add(struct reader *r, struct drafts *d)
{
	if (d->n == d->cap) {
		int cap = d->cap ? 2 * d->cap : 32;
		struct draft *at = arena_alloc(&r->arena, (size_t)cap * sizeof *at);

		if (d->n)
			memcpy(at, d->at, (size_t)d->n * sizeof *at);
		d->at = at;
		d->cap = cap;
	}
	d->at[d->n] = (struct draft){.kind = -1, .index = -1};
	return &d->at[d->n++];
}

static void read_draft(struct reader *r, const struct pair *p, const char *prefix, struct draft *ret)
{
	ret->e = (struct entry){p->key, p->value};
	ret->id = arena_printf(&r->plan->arena, "%s%s", prefix, p->key->text);
	must_be_id(r, p->key);
	if (!must_be_map(r, &ret->e, arena_printf(&r->arena, "step '%s'", p->key->text)))
		return;
	ret->is_off = entry_is_off(r, &ret->e);
	if (!ret->is_off)
		ret->kind = step_kind_of(r, &ret->e);
}

static bool is_switched_off(const struct reader *r, const char *book)
{
	const struct entries *off = &r->off[SECTION_PLAYBOOKS];

	for (int i = 0; i < off->n; i++)
		if (!strcmp(off->at[i].key->text, book))
			return true;
	return false;
}

/* The playbook behind a `run`, or NULL. One that is switched off takes the step with it. */
static const struct entry *book_of(struct reader *r, struct draft *d)
{
	const struct node *run = run_of(d->e.body);
	int i = run ? entry_find(&r->sections[SECTION_PLAYBOOKS], run->text) : -1;

	if (i >= 0)
		return &r->sections[SECTION_PLAYBOOKS].at[i];
	if (!run) {
		complain(r, node_get(d->e.body, "run"), "'run' names a playbook");
		return NULL;
	}
	if (is_switched_off(r, run->text)) {
		caution(r, run, "step '%s' is ignored: playbook '%s' is switched off", d->e.key->text,
		        run->text);
		d->is_off = true;
	} else {
		complain_no_entry(r, SECTION_PLAYBOOKS, run, false);
	}
	return NULL;
}

struct frame {
	const struct entry *book;
	const struct frame *outer;
	const char *prefix;
	int run;
};

static bool is_within(const struct frame *f, const struct entry *book)
{
	for (; f; f = f->outer)
		if (f->book == book)
			return true;
	return false;
}

/* No deeper than there are playbooks: none is laid into itself. */
static void collect(struct reader *r, const struct frame *f, struct drafts *ret)
{
	const struct node *body = f->book->body;

	for (int i = 0; i < body->n && ret->n <= STEPS_MAX; i++) {
		struct draft *d = draft_add(r, ret);
		const struct entry *book = NULL;
		struct frame inner = {.outer = f, .run = ret->n};

		d->run = f->run;
		read_draft(r, &body->pairs[i], f->prefix, d);
		if (d->kind == STEP_KIND_RUN)
			book = book_of(r, d);
		if (!book || is_within(f, book))
			continue;
		inner.book = book;
		inner.prefix = arena_printf(&r->arena, "%s/", d->id);
		collect(r, &inner, ret);
	}
}

bool drafts_collect(struct reader *r, const struct entry *book, struct drafts *ret)
{
	const struct frame outer = {.book = book, .prefix = ""};

	*ret = (struct drafts){0};
	collect(r, &outer, ret);
	if (ret->n <= STEPS_MAX)
		return true;
	complain(r, book->key, "playbook '%s' has more than %d steps, with those it runs", book->key->text,
	         STEPS_MAX);
	return false;
}
