/* receive.h - what Paho's receive thread does with a message: read it, and if
 * it is news put it into the inbox and wait, bounded, until its turn is stored.
 * Returning acknowledges. */
#ifndef TOCSIN_RECEIVE_H
#define TOCSIN_RECEIVE_H

#include "generation.h"
#include "inbox.h"
#include "intake/intake.h"
#include "poison.h"
#include "spill.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { RECEIVE_WAIT_MS = 5000, RECEIVE_STUCK_MS = 10000, RECEIVE_ASIDE_MS = 60000 };

struct receive {
	struct inbox *inbox;
	struct poison *poison;
	struct spill *spill;
	char root[96];                        /* tocsin/<site>/1/ */
	_Atomic(struct generation *) current; /* set by the loop */
	_Atomic(struct generation *) inside;  /* what the thread reads with just now */
	_Atomic int64_t inside_since_ms;      /* steady; 0: no message in it */
	atomic_bool ran_out;                  /* a wait ran out: the loop asks and clears it */
	atomic_bool closed;                   /* nothing more will be stored: never acknowledge again */
	atomic_ullong messages, news;
	atomic_ullong unreadable, replays; /* values that could not be read; sensors that were told nothing */
	struct intake_result result; /* the thread's own, as the next two */
	uint64_t aside;              /* the poison message told last, and when, steady */
	int64_t aside_ms;
};

/* Receive thread; the signature of mqtt_callbacks.message. */
void receive_message(void *arg, const struct message *m, bool before_mark);

/* -- loop -- */
bool receive_uses(const struct receive *r, const struct generation *g);
bool receive_is_stuck(const struct receive *r, int64_t steady_ms);

/* Topics below the root that people write: cmd/<user>/<verb>; false: it isn't one. */
bool receive_command_topic(const char *root, const char *topic, char ret_user[65], char ret_verb[33]);
/* incident/<id>/state: its id ("G-17") and number. */
bool receive_incident_topic(const char *root, const char *topic, char ret_id[32], int64_t *ret_number);
/* names/<part> */
bool receive_names_topic(const char *root, const char *topic, int *ret_part);
/* zone/<zone>/state */
enum { RECEIVE_ZONE_BYTES = 256 };
bool receive_zone_topic(const char *root, const char *topic, char ret_zone[RECEIVE_ZONE_BYTES]);

#endif
