/* exact.h - topics without wildcards, and most sensors have one: found by one
 * look-up, however many there are. What is touched for a topic is one cell and
 * the topic's own record, so that the others cost nothing. */
#ifndef TOCSIN_EXACT_H
#define TOCSIN_EXACT_H

#include "intake/trie.h"

struct exact;

struct exact *exact_new(void);
void exact_free(struct exact *x); /* NULL allowed */

/* Several values may share a topic, which must outlive the table. Returns the topic's number. */
int exact_add(struct exact *x, const char *topic, int value);
int exact_count(const struct exact *x); /* numbers are below this */

/* Calls `found` for each value of the topic, in the order they were added, with
 * no captures. `soon` hears of the first a little earlier, before it is
 * certain: a moment to fetch what will be needed. */
void exact_match(const struct exact *x, const char *topic, void (*soon)(void *arg, int value),
                 trie_found *found, void *arg);

#endif
