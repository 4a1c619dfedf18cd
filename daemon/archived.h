/* archived.h - rows of long ago stand in a file of their own: the daemon lets
 * go of them when it is told so. `tocsin archive` makes and proves the file. */
#ifndef TOCSIN_ARCHIVED_H
#define TOCSIN_ARCHIVED_H

#include "daemon.h"

/* {"do":"archived"}: a row that says it, and with it, in one transaction, what the log goes on from. */
void archived_ask(struct daemon *d, const struct control_request *r);
void archived_stored(struct daemon *d, const struct batch *b); /* answers who asked */

#endif
