/* inbox.h - the one place where threads meet. Foreign threads (Paho's receive
 * thread, the sender, the store thread) put; the loop takes. An item is
 * copied, the loop is woken through an eventfd, and a QoS 1 callback waits,
 * bounded, until the turn that took its item is stored. */
#ifndef TOCSIN_INBOX_H
#define TOCSIN_INBOX_H

#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum inbox_kind {
	INBOX_MESSAGE,	/* from the broker; bounded: a full inbox makes QoS 1 wait, never drop */
	INBOX_NOTICE,	/* outcome of a notice */
	INBOX_ACTUATED, /* outcome of an actuator message */
	INBOX_LINK,
	INBOX_STORE,	/* the store thread has an answer: ask store_take() */
	INBOX_FAULT,	/* something wrong that another thread found */
	INBOX_PUBLISHED, /* outcome of a publish that carried a token */
};

/* Owned by the inbox once put, by the loop once taken (inbox_item_free). */
struct inbox_item {
	struct inbox_item *next;
	int64_t number; /* 1, 2, ... in the order of putting; given by inbox_put */
	enum inbox_kind kind;
	bool life; /* a message of a fire, gas or people sensor or a command: last to be refused */
	union {
		struct {
			char *topic, *payload; /* malloc'ed, NUL-terminated */
			size_t len;
			int qos;
			bool retained, dup, before_mark;
			int64_t at_ms; /* wall clock of its arrival; 0: not known */
			char *response_topic, *correlation; /* or NULL */
			size_t correlation_len;
		} message;
		struct {
			char id[48];
			enum outcome outcome;
			char why[160];
		} notice;
		struct {
			int64_t id;
			enum outcome outcome;
		} actuated;
		struct {
			int64_t token;
			bool ok;
			char why[160];
		} published;
		enum link link;
		struct {
			enum self self;
			bool over;
			char what[256];
		} fault;
	};
};

struct inbox;

struct inbox *inbox_new(size_t message_cap); /* NULL: no eventfd */
void inbox_free(struct inbox *in);
int inbox_fd(const struct inbox *in); /* readable when there is something to take */

struct inbox_item *inbox_item_new(enum inbox_kind kind);
void inbox_item_free(struct inbox_item *item);

/* Any thread. Takes ownership and returns the item's number. Outcomes always
 * find room; a message waits up to wait_ms for it and 0 is returned when there
 * was none (then the item is freed). */
int64_t inbox_put(struct inbox *in, struct inbox_item *item, int64_t wait_ms);

/* Loop: everything waiting, in order, as a list; clears the eventfd. */
struct inbox_item *inbox_take(struct inbox *in);

/* Receive thread: until the item's turn is stored. false: wait_ms ran out, the
 * store is failing, or the daemon stops. */
bool inbox_wait_stored(struct inbox *in, int64_t number, int64_t wait_ms);
/* Loop: everything up to this number is stored. */
void inbox_stored(struct inbox *in, int64_t number);
/* Loop: while the store fails no callback waits (true), until it is back; also used at stop. */
void inbox_refuse_waits(struct inbox *in, bool refuse);
/* Any thread: does a callback wait (and hold Paho's mutex) for what has not
 * come yet? One that is about to return counts no more. */
bool inbox_is_waited(const struct inbox *in);
size_t inbox_count(const struct inbox *in);

#endif
