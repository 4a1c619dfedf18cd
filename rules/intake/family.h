/* family.h - what intake remembers of each sensor: marks, stamps and flags, all
 * atomic; and the members of families, which come into being with their first
 * message. Any thread. Slots never move and live as long as the table. */
#ifndef TOCSIN_FAMILY_H
#define TOCSIN_FAMILY_H

#include "intake/trie.h"
#include "plan.h"

#include <stdatomic.h>

enum { FAMILY_MAX = 4096, FAMILY_ID_BYTES = 128 };

struct region;

/* One kind of news of a sensor: its value, or whether it is there at all. */
struct mark {
	_Atomic uint64_t told; /* class the engine knows; 0: none */
	_Atomic uint64_t read; /* class of the message before */
	_Atomic uint32_t want; /* the slot's `want` that was answered */
};

struct slot {
	struct mark value, link;
	_Atomic uint32_t want;            /* counts how often the engine asked */
	_Atomic int64_t seen_ms, news_ms; /* -1: never */
	_Atomic int64_t complained_ms;    /* -1: never; that it could not be read */
	_Atomic int64_t old_at_ms, old_by_ms; /* when a message came that was too old, and by how much; -1: none */
	atomic_bool followed;
	const char *id;
	const struct region *region; /* of a sensor of the plan, as intake has set it; NULL: by its def */
	int index;
	int def;  /* -1: a family itself, or a member followed before it was seen */
	int zone; /* index, -1: unknown zone */
};

struct family;

struct family *family_new(const struct plan *plan);
void family_free(struct family *f);

int family_count(struct family *f); /* slots: first the plan's sensors, then members in order of appearance */
struct slot *family_slot(struct family *f, int index);
void family_prefetch(const struct family *f, int index); /* of a sensor of the plan */
struct slot *family_find(struct family *f, const char *id);    /* NULL: none */
struct slot *family_reserve(struct family *f, const char *id); /* the same, made when missing; NULL: full */

/* The member of family `def` that these captures name, made when new; NULL:
 * the table is full, or the captures make no id. captures[i].at NULL: unbound. */
struct slot *family_member(struct family *f, int def, const struct capture captures[CAPTURES_MAX]);
/* The known members of family `def` whose topics agree with the captures that
 * are bound, one after the other; *at begins at 0. NULL: no more. */
struct slot *family_next(struct family *f, int def, const struct capture captures[CAPTURES_MAX], int *at);

#endif
