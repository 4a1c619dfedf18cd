/* again.c - telling a redelivery from news. */
#include "engine/again.h"

#include "engine/emit.h"

#include <stdlib.h>
#include <string.h>

enum { READINGS = sizeof((struct again *)0)->at / sizeof(uint64_t) };
enum { COMMANDS = sizeof((struct again_commands *)0)->at / sizeof(struct again_command) };

/* -- readings -- */

static void add(struct again *a, uint64_t mark)
{
	if (a->n == READINGS) {
		memmove(a->at, a->at + 1, sizeof *a->at * (READINGS - 1));
		a->n--;
		a->seen -= a->seen > 0;
	}
	a->at[a->n++] = mark;
}

bool again_message(struct again **of, uint64_t mark, bool dup)
{
	struct again *a = *of;

	if (!mark)
		return false;
	if (!a)
		a = *of = xcalloc(1, sizeof *a);
	for (int i = a->seen; dup && i < a->n; i++)
		if (a->at[i] == mark) {
			a->seen = i + 1;
			return true;
		}
	if (a->n && a->at[a->n - 1] == mark && (!dup || a->seen == a->n))
		return true; /* the sender's own second try */
	if (dup)
		a->n = a->seen;
	add(a, mark);
	if (dup)
		a->seen = a->n;
	return false;
}

void again_break(struct again *a)
{
	if (a)
		a->seen = 0;
}

void again_save(const struct again *a, struct buf *out)
{
	if (!a)
		return;
	record_tag(out, "again");
	record_int(out, a->n);
	for (int i = 0; i < a->n; i++)
		record_int(out, (int64_t)a->at[i]);
}

void again_restore(struct again **of, struct record_reader *r)
{
	int64_t n = record_read_int(r);

	if (!*of)
		*of = xcalloc(1, sizeof **of);
	(*of)->n = (*of)->seen = 0;
	for (int64_t i = 0; i < n && i < READINGS && !r->bad; i++)
		(*of)->at[(*of)->n++] = (uint64_t)record_read_int(r);
}

/* -- commands -- */

static uint64_t with(uint64_t h, const char *text)
{
	return fnv64(fnv64(h, text ? text : ""), "\n");
}

uint64_t again_mark(const struct command *c)
{
	uint64_t h = with(with(14695981039346656037u, c->user), c->reply.req);

	if (!c->reply.req)
		return 0;
	h = with(with(h, c->verb < VERB_COUNT ? verb_name(c->verb) : ""), c->words);
	h = with(with(with(h, c->step), c->choice), c->id_text);
	h = (h ^ (uint64_t)c->id) * 1099511628211u;
	return h ? h : 1;
}

const struct again_command *again_command(const struct again_commands *all, const struct command *c)
{
	uint64_t mark = c->dup ? again_mark(c) : 0;

	for (int i = 0; mark && i < all->n; i++)
		if (all->at[i].mark == mark)
			return &all->at[i];
	return NULL;
}

void again_answered(struct again_commands *all, const struct again_command *a)
{
	if (!a->mark)
		return;
	if (all->n == COMMANDS) {
		memmove(all->at, all->at + 1, sizeof *all->at * (COMMANDS - 1));
		all->n--;
	}
	all->at[all->n++] = *a;
	all->dirty = true;
}

void again_save_commands(const struct again_commands *all, struct buf *out)
{
	for (int i = 0; i < all->n; i++) {
		const struct again_command *a = &all->at[i];

		record_tag(out, "r");
		record_int(out, (int64_t)a->mark);
		record_int(out, a->incident);
		record_int(out, a->refusal);
		record_int(out, a->noted);
	}
}

void again_restore_command(struct again_commands *all, struct record_reader *r)
{
	struct again_command a = {.mark = (uint64_t)record_read_int(r), .incident = record_read_int(r)};
	int64_t refusal = record_read_int(r);

	a.refusal = refusal < 0 || refusal >= REFUSAL_COUNT ? REFUSAL_NONE : (enum refusal)refusal;
	a.noted = record_read_int(r) != 0;
	if (!r->bad)
		again_answered(all, &a);
	all->dirty = false;
}
