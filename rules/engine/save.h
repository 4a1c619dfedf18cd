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
int64_t restore_time(int64_t at_ms); /* -1 when it can be none: nothing that is computed with it runs over */
int restore_bounded(int64_t v, int count); /* 0 when it is no index of the list */

void save_incident(const struct incident *inc, struct buf *b);
int restore_incident(struct engine *e, int64_t number, struct record_reader *r, const struct plans *plans);

#endif
