/* save.h - shared by save*.c. */
#ifndef TOCSIN_SAVE_H
#define TOCSIN_SAVE_H

#include "engine/life.h"
#include "engine/record.h"

struct plans {
	const struct plan *(*of)(void *arg, const char *hash);
	void *arg;
};

void save_deadline(struct buf *b, const struct deadline *d);
void restore_deadline(struct engine *e, struct record_reader *r, struct deadline *d);
int restore_bounded(struct record_reader *r, int64_t v, int count); /* 0 and bad when it is no index of the list */

/* restored.c: sees to what records that are read leave out or contradict; true: there was something. Once when they
 * are read, and again when the time is known. */
bool restored_look(struct engine *e, bool knows_time);

void save_incident(const struct incident *inc, struct buf *b);
int restore_incident(struct engine *e, const char *key, struct record_reader *r, const struct plans *plans);

#endif
