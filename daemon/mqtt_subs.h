/* mqtt_subs.h - the topics the daemon subscribes: its own and the sensors'. */
#ifndef TOCSIN_MQTT_SUBS_H
#define TOCSIN_MQTT_SUBS_H

#include "base/arena.h"
#include "intake/intake.h"

#include <stdbool.h>

struct sub {
	char *filter; /* in the arena of its list */
	int qos;
	bool no_local, live_only; /* MQTT 5: No Local, Retain Handling 2 */
	bool refused;
};

struct subs {
	struct sub *at;
	int n;
	struct arena arena;
};

/* The broker's counter of messages it dropped, of all clients. */
#define SUBS_DROPPED_TOPIC "$SYS/broker/publish/messages/dropped"

void subs_build(struct subs *s, const char *root, const struct intake_filter *filters, int n);
void subs_fini(struct subs *s);
bool subs_have(const struct subs *s, const char *filter);
/* Moves what `old` has and `now` has not to `gone`, which may hold some already; frees the rest of old. */
void subs_replace(struct subs *old, const struct subs *now, struct subs *gone);

#endif
