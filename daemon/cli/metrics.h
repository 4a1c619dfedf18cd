/* metrics.h - the state of the daemon for node_exporter's textfile collector. */
#ifndef TOCSIN_METRICS_H
#define TOCSIN_METRICS_H

#include "answer.h"
#include "base/buf.h"
#include "cli.h"

/* status and list: the daemon's answers, NULL when there is none. The store is looked at when it may be. */
void metrics_write(const struct answer *status, const struct answer *list, struct buf *out);
int metrics_command(const struct cli *c); /* into c->textfile, whole or not at all */

#endif
