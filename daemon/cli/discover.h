/* discover.h - what `tocsin discover` makes of messages: sensors as a site
 * would write them. No socket, no clock: now_ms is any steady clock. Memory is
 * bounded, whatever is sent; what was left out is counted and said. */
#ifndef TOCSIN_DISCOVER_H
#define TOCSIN_DISCOVER_H

#include "base/buf.h"
#include "plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DISCOVER_TOPICS = 10000,
	DISCOVER_FINDS = 20000,         /* fields, telemetry too */
	DISCOVER_TOPIC_BYTES = 512,     /* longer topics are left out */
	DISCOVER_PAYLOAD_BYTES = 65536, /* larger ones too: the daemon takes no more */
	DISCOVER_LIST_BYTES = 4 << 20,  /* but a gateway's list of its devices is read */
	DISCOVER_YAML_BYTES = 900 * 1024,
};

struct discover_message {
	const char *topic;   /* UTF-8, ends with NUL */
	const char *payload; /* any bytes, then NUL */
	size_t len;
	bool is_retained;
};

struct discover *discover_new(const struct plan *site); /* NULL: no site yet; else it must stay */
void discover_free(struct discover *d);
void discover_heard(struct discover *d, const struct discover_message *m, int64_t now_ms);
/* A file with `zones` and `sensors`: those that the site does not have. */
void discover_print(struct discover *d, struct buf *out);
int discover_topics(const struct discover *d);

#endif
