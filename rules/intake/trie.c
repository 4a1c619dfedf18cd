/* trie.c - one node per filter level; literal children live in one hash table
 * keyed by parent and level, used for look-up only, so that nothing depends on
 * its order. */
#include "intake/trie.h"

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ROOT = 0, NONE = -1 };

struct node {
	const char *level;
	size_t len;
	int parent;
	int plus, rest;  /* children of + and # */
	int first, last; /* entries */
};

struct entry {
	int value, next;
};

struct trie {
	struct arena arena;
	struct node *nodes;
	int n_nodes, cap_nodes;
	struct entry *entries;
	int n_entries, cap_entries;
	int *table; /* node or NONE; the size is a power of two, at most half full */
	uint32_t n_table;
};

static uint32_t hash(int parent, const char *level, size_t len)
{
	uint32_t h = 2166136261u ^ ((uint32_t)parent * 2654435769u);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)level[i]) * 16777619u;
	return h ^ (h >> 15);
}

/* Where the child stands, or would stand, in the table. */
static uint32_t place(const struct trie *t, int parent, const char *level, size_t len)
{
	uint32_t i = hash(parent, level, len) & (t->n_table - 1);

	for (; t->table[i] != NONE; i = (i + 1) & (t->n_table - 1)) {
		const struct node *x = &t->nodes[t->table[i]];

		if (x->parent == parent && x->len == len && !memcmp(x->level, level, len))
			break;
	}
	return i;
}

static void grow_table(struct trie *t)
{
	int *old = t->table;
	uint32_t n = t->n_table;

	t->n_table = n ? n * 2 : 64;
	t->table = xmalloc(t->n_table * sizeof *t->table);
	for (uint32_t i = 0; i < t->n_table; i++)
		t->table[i] = NONE;
	for (uint32_t i = 0; i < n; i++)
		if (old[i] != NONE) {
			const struct node *x = &t->nodes[old[i]];

			t->table[place(t, x->parent, x->level, x->len)] = old[i];
		}
	free(old);
}

static int new_node(struct trie *t, int parent, const char *level, size_t len)
{
	if (t->n_nodes == t->cap_nodes) {
		t->cap_nodes = t->cap_nodes ? t->cap_nodes * 2 : 64;
		t->nodes = xrealloc(t->nodes, (size_t)t->cap_nodes * sizeof *t->nodes);
	}
	t->nodes[t->n_nodes] = (struct node){
	    .level = arena_dup(&t->arena, level, len),
	    .len = len,
	    .parent = parent,
	    .plus = NONE,
	    .rest = NONE,
	    .first = NONE,
	    .last = NONE,
	};
	return t->n_nodes++;
}

static int literal_child(struct trie *t, int parent, const char *level, size_t len)
{
	uint32_t i;

	if ((uint32_t)t->n_nodes * 2 >= t->n_table)
		grow_table(t);
	i = place(t, parent, level, len);
	if (t->table[i] == NONE) {
		int child = new_node(t, parent, level, len);

		t->table[i] = child;
	}
	return t->table[i];
}

static int child_of(struct trie *t, int parent, const char *level, size_t len)
{
	int child;

	if (len != 1 || (*level != '+' && *level != '#'))
		return literal_child(t, parent, level, len);
	child = *level == '+' ? t->nodes[parent].plus : t->nodes[parent].rest;
	if (child != NONE)
		return child;
	child = new_node(t, parent, level, len);
	if (*level == '+')
		t->nodes[parent].plus = child;
	else
		t->nodes[parent].rest = child;
	return child;
}

static void append(struct trie *t, int node, int value)
{
	struct node *x = &t->nodes[node];
	int i = t->n_entries;

	if (i == t->cap_entries) {
		t->cap_entries = i ? i * 2 : 64;
		t->entries = xrealloc(t->entries, (size_t)t->cap_entries * sizeof *t->entries);
	}
	t->entries[i] = (struct entry){value, NONE};
	t->n_entries++;
	if (x->last == NONE)
		x->first = i;
	else
		t->entries[x->last].next = i;
	x->last = i;
}

struct trie *trie_new(void)
{
	struct trie *t = xcalloc(1, sizeof *t);

	arena_init(&t->arena);
	new_node(t, NONE, "", 0);
	grow_table(t);
	return t;
}

void trie_free(struct trie *t)
{
	if (!t)
		return;
	arena_fini(&t->arena);
	free(t->nodes);
	free(t->entries);
	free(t->table);
	free(t);
}

int trie_add(struct trie *t, const char *filter, int value)
{
	int node = ROOT;

	for (const char *level = filter;;) {
		const char *end = strchrnul(level, '/');

		node = child_of(t, node, level, (size_t)(end - level));
		if (!*end)
			break;
		level = end + 1;
	}
	append(t, node, value);
	return node;
}

int trie_count(const struct trie *t)
{
	return t->n_nodes;
}

struct walk {
	const struct trie *trie;
	trie_found *found;
	void *arg;
	struct capture captures[CAPTURES_MAX];
};

static void tell(struct walk *w, int node, int n)
{
	for (int i = w->trie->nodes[node].first; i != NONE; i = w->trie->entries[i].next)
		w->found(w->arg, w->trie->entries[i].value, w->captures, n);
}

static int keep(struct walk *w, int n, const char *at, size_t len)
{
	if (n == CAPTURES_MAX)
		return n;
	w->captures[n] = (struct capture){at, len};
	return n + 1;
}

/* rest NULL: the topic has no more levels. As deep as the deepest filter. */
static void descend(struct walk *w, int node, const char *rest, int n)
{
	const struct trie *t = w->trie;
	bool wild = node != ROOT || *rest != '$';
	int child;

	if (rest) {
		const char *end = strchrnul(rest, '/'), *next = *end ? end + 1 : NULL;
		size_t len = (size_t)(end - rest);

		child = t->table[place(t, node, rest, len)];
		if (child != NONE)
			descend(w, child, next, n);
		if (wild && t->nodes[node].plus != NONE)
			descend(w, t->nodes[node].plus, next, keep(w, n, rest, len));
	} else {
		tell(w, node, n);
	}
	child = t->nodes[node].rest;
	if (wild && child != NONE)
		tell(w, child, keep(w, n, rest ? rest : "", rest ? strlen(rest) : 0));
}

void trie_match(const struct trie *t, const char *topic, trie_found *found, void *arg)
{
	struct walk w = {.trie = t, .found = found, .arg = arg};

	descend(&w, ROOT, topic, 0);
}
