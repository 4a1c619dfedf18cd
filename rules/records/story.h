/* story.h - the rows that tell one incident, picked from the whole audit in one
 * walk: its own, what happened to the alarm system meanwhile, and what was
 * suppressed when it began. */
#ifndef TOCSIN_STORY_H
#define TOCSIN_STORY_H

#include "base/arena.h"
#include "records/logged.h"

enum { STORY_HASH_BYTES = 65 };

struct story_row {
	struct logged l;
	bool meanwhile; /* it names no incident */
	bool before;    /* in force when it began */
	bool after;     /* after the close, or after the last signature */
};

struct story {
	int64_t number; /* of the incident */
	struct arena arena;
	struct story_row *rows; /* in order; opened first, but for those in force before */
	int n, cap;
	const struct logged *opened; /* NULL: there is no such incident */
	const struct logged *closed; /* NULL: it is open */
	const char *plan;            /* hash in force when it began, or NULL */
	int64_t first_seq, last_seq; /* of its own rows; last_seq of all that the report speaks of */
	char last_hash[STORY_HASH_BYTES];
	int64_t unreadable; /* rows that should be of it and cannot be read */
	/* the walk's own */
	struct story_row *force, *pending; /* suppressions in force; rows of the site since its last own */
	int n_force, cap_force, n_pending, cap_pending;
	int64_t *summaries; /* rows that summed it up for somebody */
	int n_summaries, cap_summaries;
};

void story_init(struct story *s, int64_t number);
/* Every row of the audit, in order. */
void story_take(struct story *s, int64_t seq, const char *rec, const char *hash);
/* All rows are in: marks what came after the end. False: no such incident. */
bool story_end(struct story *s);
void story_fini(struct story *s);

#endif
