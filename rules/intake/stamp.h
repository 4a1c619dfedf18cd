/* stamp.h - the sender's own time, in the forms that devices write:
 *   2026-11-23T17:37:10.775023242+08:00   ISO, Z or an offset, up to 9 digits
 *   2026-11-23T17:37:10  2026-11-23 17:37:10  2026/11/23 17:37:10   the site's zone
 *   20261123T173710[Z]  20261123173710    compact
 *   1790000000  1790000000.25  1790000000123   epoch s, ms, us, ns, told by its size */
#ifndef TOCSIN_STAMP_H
#define TOCSIN_STAMP_H

#include "base/time.h"

#include <stddef.h>

#define STAMP_EARLIEST_MS INT64_C(1262304000000) /* 2010: a clock that says less was never set */

bool stamp_parse(const char *text, size_t len, const struct tz *tz, int64_t *ret_ms);

#endif
