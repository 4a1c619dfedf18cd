/* health.h - what is wrong with the program itself and shows nowhere else:
 * looked at with each heartbeat, judged without a clock, told when it begins
 * and when it is over. */
#ifndef TOCSIN_HEALTH_H
#define TOCSIN_HEALTH_H

#include "base/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HEALTH_LATE_MS = 5000,         /* of the loop: a quarter of what the watchdog bears */
	HEALTH_CALM_MS = 600 * 1000,   /* this long without a sign of it, falling behind is over */
	HEALTH_STORE_LATES = 20,       /* within HEALTH_CALM_MS */
	HEALTH_CERT_S = 14 * 86400,    /* before the end of a certificate */
	HEALTH_CERT_EVERY_MS = 600000, /* the files are looked at */
};

struct health_look {
	int64_t now_ms;       /* steady */
	int64_t loop_late_ms; /* the heartbeat came so much after its time */
	int64_t store_lates;  /* since the start */
	bool is_receive_stuck;
	size_t inbox, inbox_cap;
	int64_t memory, memory_cap; /* bytes; cap 0: none is known */
	int64_t cert_left_s;        /* of the one that ends first; INT64_MAX: none */
	const char *cert;           /* its file */
	const char *files;          /* what cannot be written; "" none */
	const char *channels;       /* which do not deliver, and why; "" none */
};

struct health {
	int64_t due_ms;          /* the next heartbeat should come, steady; 0: none came yet */
	int64_t slow_ms;         /* a sign of falling behind was last seen; 0 never */
	int64_t lates_ms, lates; /* since when store_lates are counted, from what number on */
	bool was_full, is_slow, is_low, is_ending, is_mute, is_shut;
	int64_t cert_next_ms, cert_left_s; /* what was read last */
	const char *cert;
};

typedef void (*health_say_fn)(void *arg, enum self self, bool over, const char *what);
void health_judge(struct health *h, const struct health_look *look, health_say_fn say, void *arg);

struct daemon;
/* Loop, at each heartbeat; the next one is to come in next_ms. */
void health_beat(struct daemon *d, int64_t next_ms);

#endif
