/* story.c - picking the rows of one incident. */
#include "records/story.h"

#include "base/buf.h"
#include "records/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void story_init(struct story *s, int64_t number)
{
	*s = (struct story){.number = number};
	arena_init(&s->arena);
}

void story_fini(struct story *s)
{
	free(s->rows);
	free(s->force);
	free(s->pending);
	free(s->summaries);
	arena_fini(&s->arena);
	*s = (struct story){0};
}

static void push(struct story_row **at, int *n, int *cap, const struct story_row *row)
{
	if (*n == *cap) {
		*cap = *cap ? 2 * *cap : 32;
		*at = xrealloc(*at, (size_t)*cap * sizeof **at);
	}
	(*at)[(*n)++] = *row;
}

static void keep(struct story *s, const struct story_row *row)
{
	push(&s->rows, &s->n, &s->cap, row);
}

/* -- suppressions -- */

/* What a suppression is about; the row that ends it says the same. */
static bool is_same_thing(const struct logged *a, const struct logged *b)
{
	static const char *const keys[] = {"zone", "hazard", "name", "sign", "place"};
	bool any = a->number && a->number == b->number;

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *one = logged_get(a, keys[i]), *other = logged_get(b, keys[i]);

		if (one && other && strcmp(one, other) != 0)
			return false;
		any |= one && other;
	}
	return any && a->number == b->number;
}

/* A sign is hung and taken down by rows of one kind. */
static bool does(const struct logged *l, const char *word)
{
	const char *what = logged_get(l, "do");

	return !what || !strcmp(what, word);
}

/* Asked for by the first of two persons it is not in force yet. */
static void in_force(struct story *s, const struct logged *l)
{
	struct story_row row = {.l = *l, .meanwhile = true};
	unsigned parts = sentence_of(l->kind)->parts;
	int n = 0;

	if (parts & PART_RELEASE && does(l, "down")) {
		for (int i = 0; i < s->n_force; i++)
			if (!is_same_thing(&s->force[i].l, l))
				s->force[n++] = s->force[i];
		s->n_force = n;
	}
	if (parts & PART_SUPPRESS && !logged_true(l, "first") && does(l, "hang"))
		push(&s->force, &s->n_force, &s->cap_force, &row);
}

static bool is_past(const struct logged *l, int64_t at_ms)
{
	int64_t until_ms = logged_time(l, "until");

	return until_ms >= 0 && until_ms <= at_ms;
}

/* -- the walk -- */

static const struct logged *copy(struct story *s, const struct logged *l)
{
	struct logged *copied = arena_alloc(&s->arena, sizeof *copied);

	*copied = *l;
	return copied;
}

static void open_it(struct story *s, const struct logged *l)
{
	struct story_row row = {.l = *l};

	for (int i = 0; i < s->n_force; i++) {
		if (is_past(&s->force[i].l, l->at_ms))
			continue;
		s->force[i].before = true;
		keep(s, &s->force[i]);
	}
	keep(s, &row);
	s->opened = copy(s, l);
	s->first_seq = l->seq;
}

static void own(struct story *s, const struct logged *l, bool meanwhile)
{
	struct story_row row = {.l = *l, .meanwhile = meanwhile};

	for (int i = 0; i < s->n_pending; i++)
		keep(s, &s->pending[i]);
	s->n_pending = 0;
	if (!s->opened)
		open_it(s, l);
	else
		keep(s, &row);
	if (l->kind == AUDIT_CLOSED && !meanwhile)
		s->closed = copy(s, l);
}

/* "of":{"G-17":3} of a summary. */
static bool sums_up(const struct story *s, const struct logged *l)
{
	for (int i = 0; i < l->n; i++) {
		const char *key = l->facts[i].key;
		char *end;

		if (!strncmp(key, "of/", 3) && key[3] && key[4] == '-' &&
		    strtoll(key + 5, &end, 10) == s->number && !*end)
			return true;
	}
	return false;
}

static bool is_of_summary(const struct story *s, const struct logged *l)
{
	for (int i = 0; i < s->n_summaries; i++)
		if (s->summaries[i] == l->cause)
			return true;
	return false;
}

static bool is_told_by_summary(struct story *s, const struct logged *l)
{
	if (l->kind != AUDIT_NOTICE)
		return is_of_summary(s, l);
	if (!sums_up(s, l))
		return false;
	if (s->n_summaries == s->cap_summaries) {
		s->cap_summaries = s->cap_summaries ? 2 * s->cap_summaries : 8;
		s->summaries = xrealloc(s->summaries, (size_t)s->cap_summaries * sizeof *s->summaries);
	}
	s->summaries[s->n_summaries++] = l->seq;
	return true;
}

/* An order given by hand, refused because of this incident. */
static bool is_because_of(const struct story *s, const struct logged *l)
{
	const char *because = logged_get(l, "because");

	return l->kind == AUDIT_INTERLOCKED && because && s->opened->inc && !strcmp(because, s->opened->inc);
}

/* It names no incident: what it has to do with ours. */
static bool of_the_site(struct story *s, const struct logged *l)
{
	unsigned parts = sentence_of(l->kind)->parts;
	struct story_row row = {.l = *l, .meanwhile = true};

	if ((l->kind == AUDIT_PLAN || l->kind == AUDIT_STARTED) && !s->opened)
		s->plan = logged_get(l, "plan");
	if (parts & (PART_SUPPRESS | PART_RELEASE))
		in_force(s, l);
	if (!s->opened)
		return false;
	if (is_because_of(s, l))
		return true;
	if (!s->closed && parts & (PART_SITE | PART_DUTY | PART_SUPPRESS | PART_RELEASE))
		push(&s->pending, &s->n_pending, &s->cap_pending, &row);
	return is_told_by_summary(s, l);
}

static bool may_concern(const struct story *s, enum audit_kind kind, int64_t number)
{
	unsigned parts = sentence_of(kind)->parts;

	if (number)
		return number == s->number;
	return parts & (PART_SITE | PART_DUTY | PART_SUPPRESS | PART_RELEASE) || kind == AUDIT_PLAN ||
	       kind == AUDIT_STARTED ||
	       (s->opened && (kind == AUDIT_NOTICE || kind == AUDIT_SENT || kind == AUDIT_DELIVERED ||
	                      kind == AUDIT_DELIVERY_FAILED));
}

void story_take(struct story *s, int64_t seq, const char *rec, const char *hash)
{
	enum audit_kind kind;
	struct logged l;
	int64_t number;
	bool mine;

	if (!logged_peek(rec, &kind, &number)) {
		s->unreadable++;
		return;
	}
	if (!may_concern(s, kind, number))
		return;
	if (!logged_read(rec, &s->arena, &l)) {
		s->unreadable++;
		return;
	}
	mine = l.number == s->number;
	if (!mine && (l.number || !of_the_site(s, &l)))
		return;
	own(s, &l, !mine);
	s->last_seq = seq;
	snprintf(s->last_hash, sizeof s->last_hash, "%s", hash);
}

bool story_end(struct story *s)
{
	int64_t end = s->closed ? s->closed->seq : INT64_MAX;

	for (int i = 0; i < s->n; i++)
		s->rows[i].after = s->rows[i].l.seq > end;
	return s->opened != NULL;
}
