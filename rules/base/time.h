/* time.h - site time (milliseconds since 1970, UTC) and its texts. No clock is
 * read here. */
#ifndef TOCSIN_TIME_H
#define TOCSIN_TIME_H

#include <stdbool.h>
#include <stdint.h>

enum { TIME_TEXT_BYTES = 32 };

struct civil {
	int year, month, day; /* month 1..12 */
	int hour, minute, second, ms;
	int weekday; /* 0 Sunday */
};

/* UTC offsets of the site's zone: offset_s[i] holds from at_ms[i] on; sorted;
 * before the first, offset_s[0]. n is at least 1. */
struct tz {
	int n;
	const int64_t *at_ms;
	const int32_t *offset_s;
};

void time_civil(int64_t at_ms, struct civil *ret_civil);
int64_t time_from_civil(const struct civil *c);
const char *time_rfc3339(int64_t at_ms, char text[TIME_TEXT_BYTES]); /* 2026-11-22T19:10:04.182Z */
bool time_parse_rfc3339(const char *text, int64_t *ret_ms);	     /* any offset, 0..9 fraction digits */

int32_t tz_offset_s(const struct tz *tz, int64_t at_ms);		      /* tz NULL: 0 */
int64_t tz_next_ms(const struct tz *tz, int64_t at_ms); /* when the offset may change; INT64_MAX: never */
const char *time_clock(const struct tz *tz, int64_t at_ms, char text[TIME_TEXT_BYTES]); /* local 03:10 */

#endif
