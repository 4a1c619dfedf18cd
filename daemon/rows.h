/* rows.h - stored audit rows leave: on `event`, to followers, their head; and
 * again when asked for. */
#ifndef TOCSIN_ROWS_H
#define TOCSIN_ROWS_H

#include "daemon.h"

void rows_publish(struct daemon *d, const struct batch *b); /* of a stored turn; moves the head */
void rows_publish_head(struct daemon *d);                   /* `audit/head`, retained */
void rows_keep_resend(struct daemon *d, int64_t from, int64_t to);
void rows_resend(struct daemon *d); /* a bounded part of what was asked for */

#endif
