/* mqtt_line.h - the MQTT library as the sender thread sees it (mqtt.c, the
 * only file that knows it). One line per process: the library's clients are
 * made once and never destroyed.
 *
 * All calls from the sender thread; connect, subscribe and QoS 1 sends block
 * while a receive callback runs. Events come from the library's threads, which
 * hold its lock: they only note what happened and return. */
#ifndef TOCSIN_MQTT_LINE_H
#define TOCSIN_MQTT_LINE_H

#include "base/err.h"
#include "mqtt.h"
#include "mqtt_policy.h"
#include "mqtt_subs.h"

struct line;

/* What the server takes; 0: it names none. */
struct line_limits {
	size_t packet; /* bytes */
	int receive;   /* at QoS 1 unacknowledged; more would wait in the library, in order and for a second */
};

struct line_events {
	void (*connected)(void *arg, unsigned attempt, const struct line_limits *limits);
	void (*failed)(void *arg, unsigned attempt, enum connect_failure kind, const char *why);
	void (*lost)(void *arg, const char *why);
	void (*taken_over)(void *arg); /* `lost` follows */
	/* codes: n SUBACK codes, NULL when there was no answer */
	void (*subscribed)(void *arg, unsigned round, int first, int n, const int *codes);
	void (*answered)(void *arg, uint64_t number, bool ok, const char *why);
	void (*message)(void *arg, const struct message *m); /* strings end with NUL */
	void *arg;
};

struct line_config {
	const struct broker *broker; /* strings must stay, as those below */
	const char *password, *client_id;
	const char *will_topic; /* NULL: a guest, who leaves neither a will nor a session */
};

struct line *line_new(const struct line_config *config, const struct line_events *events, struct err *err);
/* Other settings from the next connect on; only while there is no link. */
void line_use(struct line *l, const struct line_config *config);
int line_connect(struct line *l, int version, unsigned attempt, struct err *err);
int line_subscribe(struct line *l, const struct sub *subs, int first, int n, unsigned round);
void line_unsubscribe(struct line *l, const struct subs *gone);
/* 0: `answered` will follow unless number is 0; 1: no connection, `lost` will follow; -1: not taken. */
int line_send(struct line *l, const struct outgoing *o, uint32_t expiry_s, uint64_t number);
void line_goodbye(struct line *l); /* `lost` follows */
/* The library would send what is unanswered again after the next connect; for
 * a command that is too late. Its client is put away and a new one made. */
void line_abandon(struct line *l);

#endif
