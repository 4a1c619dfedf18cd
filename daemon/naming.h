/* naming.h - the retained topics `names/1`, `names/2`, ...: what the ids of
 * this plan are called by people, for programs that show them. */
#ifndef TOCSIN_NAMING_H
#define TOCSIN_NAMING_H

#include "base/buf.h"
#include "plan.h"

/* The JSON of one part, from 1, of at most NAMING_BYTES; returns how many parts there are. */
enum { NAMING_BYTES = 24 * 1024 };
int naming_part(const struct plan *plan, int part, struct buf *out);

#endif
