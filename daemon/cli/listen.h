/* listen.h - an ear at the broker: connects, subscribes, and does so again
 * whenever it must. A guest: no session, no will, nothing published. All calls
 * and callbacks on the loop's thread. */
#ifndef TOCSIN_LISTEN_H
#define TOCSIN_LISTEN_H

#include "base/err.h"
#include "loop.h"
#include "plan.h"

#include <stdbool.h>
#include <stddef.h>

enum { LISTEN_FILTERS = 8 };

struct heard {
	char *topic, *payload; /* the callee may write into them */
	size_t len;
	bool is_retained;
};

struct listen_config {
	struct broker broker;                /* strings must stay */
	const char *password;                /* or NULL; must stay */
	const char *name;                    /* of the client, behind tocsin- */
	const char *filters[LISTEN_FILTERS]; /* NULL: fewer; must stay */
	bool is_qos0;                        /* the broker keeps no queue for us */
	/* why: when it is down; said with each failed attempt too */
	void (*link)(void *arg, bool is_up, const char *why);
	void (*message)(void *arg, const struct heard *heard);
	void *arg;
};

struct cli;
/* Broker and password as the options name them; these stay. Without --broker a
 * broker that is set before is used, with the user of the options. */
int listen_words(const struct cli *c, struct listen_config *ret, struct err *err);

/* NULL: the settings cannot be used. Lives as long as the process. */
struct listen *listen_new(struct loop *loop, const struct listen_config *config, struct err *err);
/* Messages that came faster than they were taken, and were let go. */
int listen_dropped(struct listen *l);

#endif
