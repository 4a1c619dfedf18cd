/* hours.h - hours of the week by the clock on the wall, as `schedule` and
 * `staffed` say them. Where the clock is set forward an hour of them does not
 * happen, where it is set back it happens twice. */
#ifndef TOCSIN_HOURS_H
#define TOCSIN_HOURS_H

#include "base/time.h"

#include <stdbool.h>
#include <stdint.h>

/* On the days it begins; over midnight when it ends no later than it begins. */
struct hours {
	int from_min, to_min; /* of the day; to_min at most 1440 */
	unsigned days;        /* a bit for each weekday, 0 Sunday */
};

struct schedule {
	const struct hours *at;
	int n; /* 0: always */
};

bool schedule_is_on(const struct schedule *s, const struct tz *tz, int64_t at_ms);
/* The first time after at_ms when it may be otherwise (look again then); INT64_MAX: never. */
int64_t schedule_next_ms(const struct schedule *s, const struct tz *tz, int64_t at_ms);

/* "22:00-06:00", "mon-fri 08:00-18:00", "sat,sun 00:00-24:00". */
bool hours_parse(const char *text, struct hours *ret);
/* The same, and "08:00-08:00" is a whole day. */
bool hours_parse_round(const char *text, struct hours *ret);

#endif
