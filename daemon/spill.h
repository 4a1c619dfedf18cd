/* spill.h - what was acknowledged to the broker before it was stored. While
 * the store is late no callback waits for it (I1 has the journal instead); so
 * that a crash in that time loses nothing either, the message also stands in a
 * file of the run directory (memory, no disk that could stall) and is read
 * again at the next start, unless a stored turn has it. A power cut ends it;
 * the journal may have more.
 *
 * The file's head keeps how far incident numbers are given, and the epoch they
 * were given in, for a start whose first turn was never stored. */
#ifndef TOCSIN_SPILL_H
#define TOCSIN_SPILL_H

#include "inbox.h"
#include "intake/intake.h"
#include "store.h"

#include <stdbool.h>
#include <stdint.h>

enum { SPILL_MAX_BYTES = 8 << 20 }; /* beyond it only the journal */

struct spill;

/* A file that cannot be used is said once; then spill_add says false. Never NULL. */
struct spill *spill_open(const char *path);
void spill_close(struct spill *s);

/* Receive thread: true when it stands in the file. number: the inbox item's. */
bool spill_add(struct spill *s, const struct message *m, int64_t number);
/* Loop: all up to this inbox number is stored; what an earlier start left counts as 0. */
void spill_stored(struct spill *s, int64_t number);

/* At start: the epoch in which what comes is accepted. Before the receive thread is there. */
void spill_begin(struct spill *s, int64_t epoch);
/* Then what is left that no stored turn has taken, oldest first, all of it into the first turn; an item belongs
 * to the callee. Returns how many. */
int spill_each(struct spill *s, const struct taken *taken, void (*fn)(void *arg, struct inbox_item *item), void *arg);

struct spill_given {
	int64_t ids;   /* numbers below it may have been given; 0: none */
	int64_t epoch; /* 0: none */
};
struct spill_given spill_given(const struct spill *s);
void spill_keep_given(struct spill *s, struct spill_given given); /* writes when it changed */

#endif
