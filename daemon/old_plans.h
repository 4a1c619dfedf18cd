/* old_plans.h - plans of long ago by their hash, as the store and the archives
 * keep them, each read once; they live until old_plans_free, or with `most`
 * until so many others were asked for. */
#ifndef TOCSIN_OLD_PLANS_H
#define TOCSIN_OLD_PLANS_H

#include "plan.h"

struct old_plans {
	const char *db; /* the living one; the caller's */
	int most;       /* 0: all. A large site's takes megabytes, and a year may have hundreds */
	struct old_plan *first;
};
/* NULL: not kept, or not what its hash says. arg: struct old_plans. */
const struct plan *old_plans_find(void *arg, const char *hash);
void old_plans_free(struct old_plans *p);

#endif
