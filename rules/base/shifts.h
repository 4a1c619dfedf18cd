/* shifts.h - the shifts of a duty roster by the clock on the wall: which one is
 * on, when it changes, and the how-manieth it is. Their begins and ends are
 * taken from the wall once each (wall.h), so one shift's end is the next one's
 * begin on the night the clock is set, too. */
#ifndef TOCSIN_SHIFTS_H
#define TOCSIN_SHIFTS_H

#include "base/hours.h"

enum { SHIFTS_MAX = 24 };

struct shift {
	const char *id;
	struct hours hours; /* from_min == to_min: a whole day */
};

struct shifts {
	const struct shift *at; /* by their begin in the day; none overlap */
	int n;
};

/* One shift of one day. */
struct shift_on {
	int shift;
	int64_t day; /* on which it begins */
	int64_t from_ms, to_ms;
};

bool shifts_at(const struct shifts *s, const struct tz *tz, int64_t at_ms, struct shift_on *ret); /* false: none */
/* The first begin or end after at_ms; INT64_MAX: there is none. */
int64_t shifts_next_ms(const struct shifts *s, const struct tz *tz, int64_t at_ms);
bool shift_is_on_day(const struct shift *s, int64_t day); /* begins on it */
int shifts_place(const struct shifts *s, int64_t day, int shift);  /* among those of its day, from 0 */
int64_t shifts_since(const struct shifts *s, int64_t from_day, int64_t day); /* begun from from_day on, before day */
int64_t shifts_days_since(const struct shifts *s, int64_t from_day, int64_t day); /* days with one, likewise */

#endif
