/* deadline.c - the one heap of everything the engine waits for: soonest
 * first, equal times in the order of kind, key and sub, so that the order
 * never depends on how the heap was filled. */
#include "engine/model.h"

#include <stdlib.h>
#include <string.h>

static bool before(const struct deadline *a, const struct deadline *b)
{
	int order;

	if (a->at_ms != b->at_ms)
		return a->at_ms < b->at_ms;
	if (a->kind != b->kind)
		return a->kind < b->kind;
	order = strcmp(a->key, b->key);
	return order ? order < 0 : a->sub < b->sub;
}

static void put(struct heap *h, int pos, struct deadline *d)
{
	h->at[pos - 1] = d;
	d->pos = pos;
}

static void rise(struct heap *h, struct deadline *d)
{
	int pos = d->pos;

	for (; pos > 1 && before(d, h->at[pos / 2 - 1]); pos /= 2)
		put(h, pos, h->at[pos / 2 - 1]);
	put(h, pos, d);
}

static void sink(struct heap *h, struct deadline *d)
{
	int pos = d->pos;

	for (int kid = 2 * pos; kid <= h->n; kid = 2 * pos) {
		if (kid < h->n && before(h->at[kid], h->at[kid - 1]))
			kid++;
		if (!before(h->at[kid - 1], d))
			break;
		put(h, pos, h->at[kid - 1]);
		pos = kid;
	}
	put(h, pos, d);
}

void deadline_init(struct deadline *d, enum deadline_kind kind, void *owner, const char *key, int sub)
{
	*d = (struct deadline){.kind = kind, .owner = owner, .key = key, .sub = sub};
}

void deadline_set(struct heap *h, struct deadline *d, int64_t at_ms)
{
	d->at_ms = at_ms;
	if (!d->pos) {
		if (h->n == h->cap) {
			h->cap = h->cap ? 2 * h->cap : 64;
			h->at = xrealloc(h->at, (size_t)h->cap * sizeof *h->at);
		}
		put(h, ++h->n, d);
	}
	rise(h, d);
	sink(h, d);
}

void deadline_clear(struct heap *h, struct deadline *d)
{
	int pos = d->pos;
	struct deadline *last;

	if (!pos)
		return;
	last = h->at[--h->n];
	d->pos = 0;
	if (last == d)
		return;
	put(h, pos, last);
	if (PLANTED(2))
		return;
	rise(h, last);
	sink(h, last);
}

struct deadline *deadline_first(const struct heap *h)
{
	return h->n ? h->at[0] : NULL;
}

/* Moves all alike, so the order stays. */
void deadline_shift(struct heap *h, int64_t by_ms)
{
	for (int i = 0; i < h->n; i++)
		h->at[i]->at_ms += by_ms;
}

static void each_below(const struct heap *h, int pos, int64_t at_ms,
                       void (*fn)(void *, const struct deadline *), void *arg)
{
	if (pos > h->n || h->at[pos - 1]->at_ms > at_ms)
		return;
	fn(arg, h->at[pos - 1]);
	each_below(h, 2 * pos, at_ms, fn, arg);
	each_below(h, 2 * pos + 1, at_ms, fn, arg);
}

void deadline_each_by(const struct heap *h, int64_t at_ms, void (*fn)(void *arg, const struct deadline *d),
                      void *arg)
{
	each_below(h, 1, at_ms, fn, arg);
}

void heap_fini(struct heap *h)
{
	free(h->at);
	*h = (struct heap){0};
}
