/* metrics.h - the state of the daemon for node_exporter's textfile collector. */
#ifndef TOCSIN_METRICS_H
#define TOCSIN_METRICS_H

#include "cli.h"

int metrics_command(const struct cli *c); /* into c->textfile, whole or not at all */

#endif
