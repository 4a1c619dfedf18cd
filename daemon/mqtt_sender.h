/* mqtt_sender.h - what the parts of mqtt.h's implementation share: the owner's
 * side (mqtt_owner.c), the library's events (mqtt_events.c) and the sender
 * thread (mqtt_sender.c). Nothing is locked while the line or the owner's
 * callbacks are called. */
#ifndef TOCSIN_MQTT_SENDER_H
#define TOCSIN_MQTT_SENDER_H

#include "base/arena.h"
#include "base/buf.h"
#include "lanes.h"
#include "mqtt.h"
#include "mqtt_line.h"
#include "mqtt_wire.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { PACKET_LIMIT_BYTES = 32 * 1024 }; /* of what we send, if the server takes as much */

#define STATUS_NUMBER UINT64_MAX /* names the last status, at stop */

enum phase { PHASE_IDLE, PHASE_CONNECTING, PHASE_SUBSCRIBING, PHASE_UP, PHASE_CLOSING };

/* What the line told since the sender last looked. */
struct told {
	bool connected, failed, lost, taken_over, subscribed, mark_back, dropped_more, status_sent, stopping,
	    new_filters, new_settings;
	enum connect_failure failure;
	struct line_limits limits;
	char why[200];
};

/* How to reach the broker; never freed, the library keeps pointers into it. */
struct settings {
	struct broker broker;
	char *password;
};

struct mqtt {
	struct mqtt_callbacks cb;
	struct arena arena; /* the configuration's strings; owner only */
	char *site, *client_id, *root, *mark_topic, *status_topic, *state_prefix;
	int64_t born_ns; /* with a counter, the mark's payload */
	struct line *line;
	struct wire wire;
	struct buf copy; /* loop only */
	atomic_bool is_synced;
	_Atomic int64_t last_dropped, last_message_ms;

	pthread_t thread;
	bool is_started;
	pthread_mutex_t lock; /* from here to the next blank line */
	pthread_cond_t wake;
	bool has_work;
	struct told told;
	unsigned attempt, round;
	struct lanes lanes;
	struct lane_link link;
	struct subs subs, next_subs; /* subs: changed by the sender only */
	const struct settings *next_settings;
	char mark[64];               /* "" none is out */

	/* sender only */
	const struct settings *settings;
	bool must_change; /* next_settings wait for the link's end */
	enum phase phase;
	int64_t until_ms; /* end of the phase */
	int64_t mark_sent_ms, mark_next_ms, reread_next_ms, reread_wait_ms;
	bool must_reread;
	unsigned mark_number;
	struct subs gone;
	int asked; /* of subs, in this round */
	struct mqtt_policy policy;
	bool told_down, told_refused, is_taken_over;
	int64_t down_ms;    /* since when it is told down */
	char told_why[200]; /* and what for, since it lasts */
	int64_t up_ms;   /* since when it is up */
	int short_links; /* in a row, that did not last */
	char last_unsendable[256];
};

void sender_wake(struct mqtt *m); /* locked */
void *sender_main(void *mqtt);
struct line_config sender_line_config(const struct mqtt *m);
/* Gives the answers the lanes hold, on whatever thread made them. */
void sender_give_answers(struct mqtt *m);

struct line_events events_of(struct mqtt *m);
void events_answered(struct mqtt *m, uint64_t number, bool ok, const char *why);

#endif
