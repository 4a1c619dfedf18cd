/* region.h - the class of a reading: on which side of every limit, and among
 * which words, it stands in all conditions that look at its sensor. Readings
 * of one class lead to the same decisions. */
#ifndef TOCSIN_REGION_H
#define TOCSIN_REGION_H

#include "engine/engine.h"
#include "plan.h"

/* Sensors that are looked at alike share one. */
struct region {
	bool by_word; /* confirms an actuator: every change of its word counts */
	bool by_time; /* when it was said counts as well: every value is news */
	int n;
	struct test tests[]; /* each once */
};

/* For each sensor of the plan. Memory belongs to the arena. */
const struct region **region_all(const struct plan *plan, struct arena *arena);
uint64_t region_class(const struct region *g, const struct reading *r); /* never 0 */

#endif
