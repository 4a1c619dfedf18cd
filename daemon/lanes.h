/* lanes.h - what waits to be published, what is out, and what became of it.
 * In the lanes of people the topics take turns, so that many messages to one
 * person hold up nobody else's first. Knows no clock, lock or library: the caller locks and passes the time, so
 * that every rule here is tested without a broker.
 *
 * Every token is answered exactly once (lanes_take_answers), whatever happens
 * to its item. */
#ifndef TOCSIN_LANES_H
#define TOCSIN_LANES_H

#include "mqtt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LANES_OUT_MAX = 50,          /* publishes that wait for their acknowledgement */
	LANES_OUT_OTHERS = 40,       /* of these at most so many that are not life-safety */
	LANES_STREAM_MAX = 2000,     /* waiting in the stream lane; the oldest is dropped */
	LANES_TOPIC_MAX = 1000,      /* waiting for one topic in the lanes of people; one more fails */
	LANES_ANSWER_MS = 10000,     /* no acknowledgement in this time: failed */
	LANES_TOPIC_EVERY_MS = 1000, /* latest-wins: one per topic in this time */
};

struct lane_item {
	struct lane_item *prev, *next;
	uint64_t number;   /* names it while it is out */
	struct outgoing o; /* topic, payload and correlation belong to the item */
	int64_t put_at_ms, out_at_ms;
	size_t bytes;             /* of its packet, while it is out */
	struct lane_topic *topic; /* latest-wins only */
	struct lane_turn *turn;   /* lanes of people only */
	int64_t round;            /* and which turn it is */
};

struct lane_answer {
	struct lane_answer *next;
	int64_t token;
	bool ok;
	char why[160];
};

struct lanes {
	struct lane_item *waiting[LANE_COUNT], *out;
	int n_waiting[LANE_COUNT], n_out;
	int n_commands; /* of those that wait, need the mark */
	int n_unacked, receive_limit; /* of these at QoS 1; the link's, as lanes_next saw it */
	size_t out_bytes;
	uint64_t last_number;
	struct lane_topic *topics; /* hash by name */
	struct lane_turn *turns[LANE_STATE]; /* by topic, those that have something waiting */
	int64_t round[LANE_STATE];           /* of the last that left */
	struct lane_answer *answers, **answers_end;
	int64_t dropped;        /* without token, never sent */
	bool is_unsure; /* one went out at QoS 1 and was not acknowledged; the caller clears it */
};

/* What the link can do now. */
struct lane_link {
	bool is_connected; /* what is put waits until it is up */
	bool is_up, is_synced, is_v5;
	size_t packet_limit;
	int receive_limit; /* so many out at QoS 1, life-safety too; 0: the server names none */
};

void lanes_init(struct lanes *l);
void lanes_fini(struct lanes *l);

void lanes_put(struct lanes *l, const struct outgoing *o, const struct lane_link *link, int64_t now_ms);

/* Of those that need the mark and wait, who may not go any more leaves unsent. */
void lanes_recall(struct lanes *l, bool (*may_go)(void *arg, int64_t token), void *arg);

/* The next one to send; it is out from now on, until lanes_answer. NULL: nothing may go now. */
struct lane_item *lanes_next(struct lanes *l, const struct lane_link *link, int64_t now_ms);

/* What became of one that is out. False: it was answered before. */
bool lanes_answer(struct lanes *l, uint64_t number, bool ok, const char *why, int64_t now_ms);
void lanes_expire(struct lanes *l, int64_t now_ms); /* fails what is out too long */
/* The link is gone: tokens fail, newest states stay, the rest is dropped. */
void lanes_lost(struct lanes *l, const char *why);

/* When lanes_next or lanes_expire has something new to do; INT64_MAX: never. */
int64_t lanes_wake_at(const struct lanes *l);
int lanes_count(const struct lanes *l); /* waiting and out */

/* Answers to give, in order; the caller frees each. */
struct lane_answer *lanes_take_answers(struct lanes *l);

/* Size of the PUBLISH packet, never too small. */
size_t lanes_packet_bytes(const struct outgoing *o, bool is_v5);
/* Seconds of message expiry left, rounded up, at least 1; 0: none. */
uint32_t lanes_expiry_s(const struct lane_item *item, int64_t now_ms);

#endif
