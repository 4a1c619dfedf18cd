/* binding.h - which topic filters lead to which sensors. */
#ifndef TOCSIN_BINDING_H
#define TOCSIN_BINDING_H

#include "intake/intake.h"
#include "intake/trie.h"

struct binding {
	int def;
	bool is_availability;
	bool names_member; /* its captures say which member of the family, not only some of them */
	unsigned char
	    stands_for[CAPTURES_MAX]; /* the n-th wildcard is that capture of the sensor's topic, from 0 */
};

struct bindings {
	struct trie *trie; /* values: index into at; owned by the intake */
	struct binding *at;
	int n;
	struct intake_filter *filters;
	int n_filters;
};

void bindings_make(struct bindings *b, const struct plan *plan, struct arena *arena);

#endif
