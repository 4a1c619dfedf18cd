/* roster.h - what a duty roster says: who is planned at a time, and when nobody
 * is. Pure; hand-overs and overrides are the engine's (engine/duty.h). */
#ifndef TOCSIN_ROSTER_H
#define TOCSIN_ROSTER_H

#include "plan.h"

/* The crew of a shift, NULL: nobody; a dated entry before the rotation. */
const struct ids *roster_crew(const struct roster *r, const struct shift_on *on, bool *ret_dated);

/* What is missing between two times, told in order; the text is a sentence, lives in `arena`. */
struct roster_gap {
	const char *section, *id; /* where it is written: chains or roster, and which */
	int64_t from_ms, until_ms;
	const char *text, *hint;
};
struct roster_gaps {
	struct roster_gap *at;
	int n;
};
enum { ROSTER_AHEAD_DAYS = 14 }; /* so far `check` looks */
struct roster_gaps roster_gaps(const struct plan *p, int64_t from_ms, int64_t until_ms, struct arena *arena);

#endif
