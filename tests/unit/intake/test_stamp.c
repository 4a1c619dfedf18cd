/* test_stamp.c - the sender's time in the forms that devices write. */
#include "fixture.h"

#include "intake/stamp.h"

static const int64_t shanghai_at[] = {0};
static const int32_t shanghai_s[] = {8 * 3600};
static const struct tz shanghai = {1, shanghai_at, shanghai_s};
/* Berlin 2026: +2 h from 29 March 01:00 UTC, +1 h from 25 October 01:00 UTC */
static const int64_t berlin_at[] = {0, 1774746000000, 1792890000000};
static const int32_t berlin_s[] = {3600, 7200, 3600};
static const struct tz berlin = {3, berlin_at, berlin_s};

static void stamps(void **state)
{
	static const struct {
		const char *text, *utc; /* utc NULL: no time */
		const struct tz *tz;
	} rows[] = {
	    {"2026-11-23T17:37:10Z", "2026-11-23T17:37:10.000Z", &shanghai},
	    {"2026-11-23T17:37:10.123456789Z", "2026-11-23T17:37:10.123Z", &shanghai},
	    {"2022-07-18T09:34:15.775023242+00:00", "2022-07-18T09:34:15.775Z", &shanghai},
	    {"2026-11-23T17:37:10+08:00", "2026-11-23T09:37:10.000Z", NULL},
	    {"2026-11-23T17:37:10-0330", "2026-11-23T21:07:10.000Z", NULL},
	    {"2026-11-23T17:37:10+08", "2026-11-23T09:37:10.000Z", NULL},
	    {"2026-11-23T17:37:10", "2026-11-23T09:37:10.000Z", &shanghai},
	    {"2026-11-23 17:37:10.5", "2026-11-23T09:37:10.500Z", &shanghai},
	    {"2026/11/23 17:37:10", "2026-11-23T09:37:10.000Z", &shanghai},
	    {"20151212T121212Z", "2015-12-12T12:12:12.000Z", &shanghai},
	    {"20261123T173710", "2026-11-23T09:37:10.000Z", &shanghai},
	    {"20261123173710", "2026-11-23T09:37:10.000Z", &shanghai},
	    {"20261123T173710.250Z", "2026-11-23T17:37:10.250Z", &shanghai},
	    {"1680962879", "2023-04-08T14:07:59.000Z", &shanghai},
	    {"1680962879.62", "2023-04-08T14:07:59.620Z", &shanghai},
	    {"1524448722000", "2018-04-23T01:58:42.000Z", &shanghai},
	    {"1524448722000123", "2018-04-23T01:58:42.000Z", &shanghai},
	    {"1524448722000123456", "2018-04-23T01:58:42.000Z", &shanghai},
	    {"2026-03-29T01:59:59", "2026-03-29T00:59:59.000Z", &berlin},
	    {"2026-03-29T03:00:00", "2026-03-29T01:00:00.000Z", &berlin},
	    {"2026-07-01T12:00:00", "2026-07-01T10:00:00.000Z", &berlin},
	    {"2026-10-25T02:30:00", "2026-10-25T00:30:00.000Z", &berlin}, /* twice; the first */
	    {"2026-10-25T03:00:00", "2026-10-25T02:00:00.000Z", &berlin},
	    {"2026-11-23T17:37:10", "2026-11-23T17:37:10.000Z", NULL},
	    {"2026-11-23T17:37", NULL, NULL},
	    {"2026-13-23T17:37:10Z", NULL, NULL},
	    {"2026-02-29T17:37:10Z", NULL, NULL},
	    {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z", NULL},
	    {"2026-11-23T24:00:00Z", NULL, NULL},
	    {"2026-11-23T17:37:10Zulu", NULL, NULL},
	    {"2026-11-23T17:37:10.Z", NULL, NULL},
	    {"2026-1123T17:37:10Z", NULL, NULL},
	    {"20261123", NULL, NULL},
	    {"99999999999999999999", NULL, NULL},
	    {"9999999999999999999", NULL, NULL},
	    {"-5", NULL, NULL},
	    {"1.5e9", NULL, NULL},
	    {"now", NULL, NULL},
	    {"", NULL, NULL},
	};
	char utc[TIME_TEXT_BYTES];

	(void)state;
	for (int i = 0; i < COUNT(rows); i++) {
		int64_t ms = 0;
		bool ok = stamp_parse(rows[i].text, strlen(rows[i].text), rows[i].tz, &ms);

		if (ok != (rows[i].utc != NULL) || (ok && strcmp(time_rfc3339(ms, utc), rows[i].utc) != 0))
			fail_msg("'%s': %s", rows[i].text, ok ? utc : "no time");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(stamps)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
