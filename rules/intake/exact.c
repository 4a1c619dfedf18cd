/* exact.c - an open table of hashes; used for look-up only, so that nothing
 * depends on its order. */
#include "intake/exact.h"

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = -1 };

struct cell {
	uint64_t hash;
	const char *text; /* NULL: free */
	int topic, value; /* its number and its first value */
};

struct topic {
	int more, last; /* entries of the second value and of the last one, or NONE */
};

struct entry {
	int value, next;
};

struct exact {
	struct cell *cells; /* a power of two, at most three quarters full */
	size_t n_cells;
	struct topic *topics;
	int n_topics, cap_topics;
	struct entry *entries;
	int n_entries, cap_entries;
};

static uint64_t stir(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15ull;
	return h ^ (h >> 32);
}

/* Eight bytes at a time, then the rest. */
static uint64_t hash_of(const char *text, size_t len)
{
	uint64_t h = len, word = 0;

	for (; len > 8; text += 8, len -= 8) {
		memcpy(&word, text, 8);
		h = stir(h, word);
	}
	word = 0;
	memcpy(&word, text, len);
	return stir(stir(h, word), len);
}

/* Where the topic stands, or would stand. */
static struct cell *place(const struct exact *x, uint64_t hash, const char *text)
{
	size_t i = hash & (x->n_cells - 1);

	while (x->cells[i].text && (x->cells[i].hash != hash || strcmp(x->cells[i].text, text) != 0))
		i = (i + 1) & (x->n_cells - 1);
	return &x->cells[i];
}

static void grow(struct exact *x)
{
	struct cell *old = x->cells;
	size_t n = x->n_cells;

	x->n_cells = n ? n * 2 : 64;
	x->cells = xcalloc(x->n_cells, sizeof *x->cells);
	for (size_t i = 0; i < n; i++)
		if (old[i].text)
			*place(x, old[i].hash, old[i].text) = old[i];
	free(old);
}

struct exact *exact_new(void)
{
	struct exact *x = xcalloc(1, sizeof *x);

	grow(x);
	return x;
}

void exact_free(struct exact *x)
{
	if (!x)
		return;
	free(x->cells);
	free(x->topics);
	free(x->entries);
	free(x);
}

static int new_topic(struct exact *x)
{
	if (x->n_topics == x->cap_topics) {
		x->cap_topics = x->cap_topics ? x->cap_topics * 2 : 64;
		x->topics = xrealloc(x->topics, (size_t)x->cap_topics * sizeof *x->topics);
	}
	x->topics[x->n_topics] = (struct topic){NONE, NONE};
	return x->n_topics++;
}

static void append(struct exact *x, struct topic *t, int value)
{
	int i = x->n_entries++;

	if (i == x->cap_entries) {
		x->cap_entries = i ? i * 2 : 64;
		x->entries = xrealloc(x->entries, (size_t)x->cap_entries * sizeof *x->entries);
	}
	x->entries[i] = (struct entry){value, NONE};
	if (t->last == NONE)
		t->more = i;
	else
		x->entries[t->last].next = i;
	t->last = i;
}

int exact_add(struct exact *x, const char *topic, int value)
{
	uint64_t hash = hash_of(topic, strlen(topic));
	struct cell *cell;

	if ((size_t)x->n_topics * 4 >= x->n_cells * 3)
		grow(x);
	cell = place(x, hash, topic);
	if (!cell->text)
		*cell = (struct cell){hash, topic, new_topic(x), value};
	else
		append(x, &x->topics[cell->topic], value);
	return cell->topic;
}

int exact_count(const struct exact *x)
{
	return x->n_topics;
}

void exact_match(const struct exact *x, const char *topic, void (*soon)(void *arg, int value),
                 trie_found *found, void *arg)
{
	uint64_t hash = hash_of(topic, strlen(topic));
	size_t i = hash & (x->n_cells - 1);

	for (; x->cells[i].text; i = (i + 1) & (x->n_cells - 1)) {
		const struct cell *cell = &x->cells[i];

		if (cell->hash != hash)
			continue;
		soon(arg, cell->value);
		if (strcmp(cell->text, topic) != 0)
			continue;
		found(arg, cell->value, NULL, 0);
		for (int e = x->topics[cell->topic].more; e != NONE; e = x->entries[e].next)
			found(arg, x->entries[e].value, NULL, 0);
		return;
	}
}
