/* trie.h - MQTT topic filters, matched without allocation and independently of
 * their number. `+` and `#` as in MQTT 5 section 4.7; topics that begin with
 * `$` are not matched by a filter that begins with a wildcard. */
#ifndef TOCSIN_TRIE_H
#define TOCSIN_TRIE_H

#include <stddef.h>

enum { CAPTURES_MAX = 9 };

/* What one wildcard matched; points into the topic. `#` captures the rest, which may be empty. */
struct capture {
	const char *at;
	size_t len;
};

struct trie;

struct trie *trie_new(void);
void trie_free(struct trie *t);

/* Several values may share a filter. Returns the filter's number, the same for the same text. */
int trie_add(struct trie *t, const char *filter, int value);
int trie_count(const struct trie *t); /* filter numbers are below this */

/* Calls `found` for each value whose filter matches, always in the same order. */
typedef void trie_found(void *arg, int value, const struct capture *captures, int n_captures);
void trie_match(const struct trie *t, const char *topic, trie_found *found, void *arg);

#endif
