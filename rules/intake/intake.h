/* intake.h - MQTT bytes to readings and commands, before any decision: topic
 * trie, value path, words, and whether the engine needs to hear of it. Pure
 * but for the atomic marks, which the receive thread and the loop share. */
#ifndef TOCSIN_INTAKE_H
#define TOCSIN_INTAKE_H

#include "engine/engine.h"
#include "plan.h"

struct intake; /* the trie and marks of one plan (one generation) */

/* The plan must outlive it. */
struct intake *intake_new(const struct plan *plan);
void intake_free(struct intake *in);

/* Topic filters to subscribe, each with the highest QoS of its sensors
 * (availability topics: 1). Strings live as long as the intake. */
struct intake_filter {
	const char *filter;
	int qos;
};
const struct intake_filter *intake_filters(const struct intake *in, int *ret_n);

/* One message from the broker. */
struct message {
	const char *topic;
	const char *payload;
	size_t len;
	int qos;
	bool retained, dup;
	int64_t at_ms; /* wall clock of its arrival, for the age of stamps; 0: ages are not judged */
	const char *response_topic; /* or NULL */
	const char *correlation;    /* bytes, or NULL */
	size_t correlation_len;
};

enum { INTAKE_READINGS_MAX = 256 };

/* The class of one reading, for intake_told. */
struct intake_mark {
	int slot;
	bool is_link;   /* of the availability, not of the value */
	uint64_t class; /* 0: only a sign of life, never told */
	uint32_t want;
};

/* What one message says. Readings point into the message, the plan, the intake
 * and this struct; they live until the next call with the same struct. About
 * 45 KiB: keep one per thread. */
struct intake_result {
	int n;
	int n_more;   /* sensors beyond the maximum, family members beyond 4096: news once a minute, a fault */
	bool is_news; /* at least one reading changes a class or was wanted */
	unsigned
	    bad; /* sensors whose value could not be read (reading kind UNREADABLE, also news on change) */
	unsigned old;	     /* sensors not told: a replay by its stamp, or retained and not wanted */
	const char *complain; /* a sensor to be named in the log, each at most once in 10 min; or NULL */
	const char *complain_why;
	struct reading readings[INTAKE_READINGS_MAX];
	struct intake_mark marks[INTAKE_READINGS_MAX];
	char texts[INTAKE_READINGS_MAX][VALUE_BYTES];
};

/* `members` of open incidents are news at most once per 10 s; now_ms is any
 * steady clock. The receive thread reads each message once, with its clock; the
 * loop may read it again, with now_ms -1, which stamps nothing. Topic and
 * payload need not be valid UTF-8. A retained message is no sign of life. */
void intake_read(struct intake *in, const struct message *m, int64_t now_ms, struct intake_result *ret);

/* Does any sensor listen there, to its value or to whether it is available? */
bool intake_hears(const struct intake *in, const char *topic);

/* The marks move: the readings of this result are told. To be called after
 * the turn that took them is stored (QoS 1) or they are in the inbox (QoS 0),
 * in the order in which the engine took them. intake_told_marks: the same for
 * who kept only r->marks. */
void intake_told(struct intake *in, const struct intake_result *r);
void intake_told_marks(struct intake *in, const struct intake_mark *marks, int n);

/* From the loop, any time. sensor id NULL: all sensors (every reconnect).
 * follow: the sensor is a member of an open incident. */
void intake_want(struct intake *in, const char *sensor_id);
void intake_follow(struct intake *in, const char *sensor_id, bool on);

/* Last time a live message of the sensor arrived (intake's now_ms), -1 never. */
int64_t intake_seen(const struct intake *in, const char *sensor_id);

/* -- commands -- */

/* A message on <root>/cmd/<user>/<verb>, or a line of the control socket.
 * Fills an EVENT_COMMAND: bad input of any kind becomes its `bad` word, never
 * an error. False: not an event at all (empty payload: counted, no answer).
 * Strings go into `arena`; the event lives as long. max 4096 bytes payload. */
bool command_parse(const char *user, const char *verb, const char *payload, size_t len, struct arena *arena,
                   struct event *ret_event);

#endif
