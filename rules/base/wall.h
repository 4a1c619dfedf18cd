/* wall.h - the clock on the wall: a day and minute of the site's zone as site
 * time, and times as people write them. Where the clock is set forward, an hour
 * of it does not happen and is taken for the moment of the jump; where it is
 * set back, an hour happens twice and the first is meant. So what is later on
 * the wall is never earlier in time. */
#ifndef TOCSIN_WALL_H
#define TOCSIN_WALL_H

#include "base/time.h"

#include <stdbool.h>
#include <stdint.h>

/* Days are counted from 1970-01-01; minute may be over a day's. */
int64_t wall_ms(const struct tz *tz, int64_t day, int minute);
int64_t wall_day(const struct tz *tz, int64_t at_ms);
int wall_weekday(int64_t day); /* 0 Sunday */

bool wall_day_parse(const char *text, int64_t *ret_day);              /* 2026-12-24 */
bool wall_minute_parse(const char *text, int *ret_min);               /* 20:00, of a day's minutes */
const char *wall_day_text(int64_t day, char text[TIME_TEXT_BYTES]);   /* the same */
const char *wall_text(const struct tz *tz, int64_t at_ms, char text[TIME_TEXT_BYTES]); /* 2026-12-24 20:00 */
/* "20:00" (the next one after after_ms), "2026-12-24 20:00", "2026-12-24T20:00", with an offset as RFC 3339,
 * "now", "+12h" (from after_ms). */
bool wall_parse(const char *text, const struct tz *tz, int64_t after_ms, int64_t *ret_ms);

#endif
