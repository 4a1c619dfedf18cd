/* zoneinfo.h - the UTC offsets of a time zone by name, from the machine's zone
 * files, for the plan: transitions of 2020 to 2050. */
#ifndef TOCSIN_ZONEINFO_H
#define TOCSIN_ZONEINFO_H

#include "base/arena.h"
#include "base/err.h"
#include "base/time.h"

/* Main thread only: asks libc with TZ set, once per name (a reload of the same
 * zone doesn't touch the environment). name NULL: UTC. Arrays go into `arena`. */
int zoneinfo_read(const char *name, struct arena *arena, struct tz *ret_tz, struct err *err);

#endif
