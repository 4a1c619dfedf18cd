/* generation.h - one accepted configuration: its bytes, its plan, its intake.
 * The newest is in force; older ones stay as long as an open incident or the
 * receive thread uses them. Loop only. */
#ifndef TOCSIN_GENERATION_H
#define TOCSIN_GENERATION_H

#include "intake/intake.h"
#include "plan.h"

#include <stddef.h>

struct generation {
	struct generation *older;
	char *bundle; /* owned */
	size_t len;
	struct plan *plan;     /* owned */
	struct intake *intake; /* owned; NULL: never in force here (it came from the store) */
};

/* Takes plan; copies the bundle. */
struct generation *generation_new(struct plan *plan, const char *bundle, size_t len);
void generation_free(struct generation *g);
struct generation *generation_find(struct generation *newest, const char *hash);

#endif
