/* binding.h - which topic filters lead to which sensors. A value of the tables
 * is a sensor def and whether the filter is its availability's: what it means
 * is known without looking anywhere. */
#ifndef TOCSIN_BINDING_H
#define TOCSIN_BINDING_H

#include "intake/exact.h"
#include "intake/intake.h"
#include "intake/trie.h"

/* The captures of an availability topic. Those of a sensor's own are in order. */
struct link_captures {
	bool names_member; /* they say which member of the family, not only some of them */
	unsigned char
	    stands_for[CAPTURES_MAX]; /* the n-th wildcard is that capture of the sensor's topic, from 0 */
};

struct bindings {
	struct exact *exact;         /* owned by the intake, as the trie */
	struct trie *trie;           /* filters with wildcards; NULL: there are none */
	struct link_captures *links; /* by def; NULL: no sensor has an availability topic */
	struct intake_filter *filters;
	int n_filters;
};

static inline int binding_def(int value)
{
	return value >> 1;
}

static inline bool binding_is_link(int value)
{
	return value & 1;
}

void bindings_make(struct bindings *b, const struct plan *plan, struct arena *arena);

#endif
