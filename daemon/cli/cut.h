/* cut.h - where the living log may be cut: what is open, and all since it was
 * opened, stays. */
#ifndef TOCSIN_CUT_H
#define TOCSIN_CUT_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct cut {
	int64_t upto;    /* the last row to let go; 0: none */
	int64_t through; /* the last row of what began before: to there the file goes, so that it tells incidents whole */
};

/* Older than keep_ms, counted from the newest row; fewer than least_ms of it are left where they are. */
int cut_find(const char *db, int64_t keep_ms, int64_t least_ms, struct cut *ret, struct err *err);

#endif
