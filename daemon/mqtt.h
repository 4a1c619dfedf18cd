/* mqtt.h - the broker: Paho's receive thread in, the sender thread out.
 *
 * Receive thread: on_message -> callbacks->message (intake; may wait for the
 * store). Sender thread: the only caller of Paho's blocking functions: connect,
 * subscribe, publish, the mark; fed from lanes, at most 50 publishes
 * outstanding. Nothing of ours is locked while Paho is called. */
#ifndef TOCSIN_MQTT_H
#define TOCSIN_MQTT_H

#include "base/err.h"
#include "engine/engine.h"
#include "intake/intake.h"
#include "plan.h"

struct mqtt;

/* Called from foreign threads, `published` also from within mqtt_publish; must
 * not call mqtt_* (except mqtt_is_synced). */
struct mqtt_callbacks {
	void (*message)(void *arg, const struct message *m, bool before_mark); /* return = acknowledge */
	void (*link)(void *arg, enum link link, const char *why);
	void (*fault)(void *arg, enum self self, bool over, const char *what);
	/* outcome of a publish that carried a token */
	void (*published)(void *arg, int64_t token, bool ok, const char *why);
	bool (*is_callback_waiting)(void *arg);
	void *arg;
};

struct mqtt_config {
	struct broker broker; /* strings copied */
	const char *password; /* read by the caller, or NULL; copied */
	const char *site;     /* client id tocsin-<site>, root tocsin/<site>/1/ */
	const struct intake_filter *filters;
	int n_filters;
};

struct mqtt *mqtt_new(const struct mqtt_config *config, const struct mqtt_callbacks *callbacks,
                      struct err *err);
void mqtt_start(struct mqtt *m); /* starts the sender thread, which connects */
void mqtt_refilter(struct mqtt *m, const struct intake_filter *filters,
                   int n); /* after a reload: subscribe, unsubscribe */
/* Other settings, after a reload: the link ends in good order and is made anew
 * with them. The session stays at the broker, and what comes meanwhile waits
 * there. Strings copied. Owner only. */
void mqtt_use(struct mqtt *m, const struct broker *broker, const char *password);
bool mqtt_is_synced(const struct mqtt *m);
/* publishes status `stopping`, disconnects within 2 s; joins the sender, never the receive thread. */
void mqtt_stop(struct mqtt *m);

enum lane {
	LANE_LIFE,   /* life-safety pages, actuators of life-safety playbooks */
	LANE_PERSON, /* other pages, results, other actuators */
	LANE_STATE,  /* latest-wins retained states: one outstanding and one per second per topic */
	LANE_STREAM, /* event, heartbeat, QoS 0 */
	LANE_COUNT
};

struct outgoing {
	enum lane lane;
	const char *topic; /* full; copied */
	const char *payload;
	size_t len;
	int qos;
	bool retain, latest_wins;
	bool needs_sync;            /* actuator commands: fails at once unless the mark is back */
	int64_t expiry_ms;          /* 0: none; MQTT 5 message expiry, rounded up to seconds */
	int64_t token;              /* 0: nobody waits for the outcome */
	const char *repeat_payload; /* life pages: what goes at QoS 1 after a QoS 0 copy left because a
	                               callback waited; NULL: none */
	const char *correlation;    /* bytes or NULL */
	size_t correlation_len;
};

/* Loop only; never blocks. Not connected: a publish with a token is answered
 * `published(ok=false)` at once, a latest-wins one is kept (newest) until the
 * link is up, others without token are dropped and counted. */
void mqtt_publish(struct mqtt *m, const struct outgoing *o);
/* Loop only. Commands that still wait for their place and may not go any more, by token, fail unsent. */
void mqtt_recall(struct mqtt *m, bool (*may_go)(void *arg, int64_t token), void *arg);
int mqtt_queue(const struct mqtt *m);            /* waiting and outstanding */
int64_t mqtt_last_dropped(const struct mqtt *m); /* $SYS drop counter, -1 unknown */

#endif
