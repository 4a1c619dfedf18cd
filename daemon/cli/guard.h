/* guard.h - what the guard on another host knows and says: statuses, heartbeats
 * and the link to the broker in, alarms and their ends out. No clock, no
 * socket: now_ms is any steady clock. */
#ifndef TOCSIN_GUARD_H
#define TOCSIN_GUARD_H

#include <stdbool.h>
#include <stdint.h>

enum guard_trouble {
	GUARD_BROKER,   /* the broker cannot be reached from here */
	GUARD_DOWN,     /* offline, stopped, silent, or its heartbeat does not count on */
	GUARD_RESTARTS, /* it starts again and again */
	GUARD_STORE,    /* its audit store is failing */
	GUARD_CHAIN,    /* something is not acknowledged and nobody is called next */
	GUARD_CLOCK,    /* its clock and ours are far apart */
	GUARD_TROUBLES
};

enum { GUARD_AGAIN_MS = 300 * 1000, GUARD_AFTER_MS = 35 * 1000 };

enum guard_saying { GUARD_ALARM, GUARD_STILL, GUARD_OVER };

struct guard_said {
	enum guard_trouble trouble;
	enum guard_saying saying;
	const char *site;    /* "-" for the broker, "+" while no site was ever heard */
	int64_t for_ms;      /* how long it is so, or was */
	const char *zh, *en; /* one sentence each */
};

struct guard_config {
	const char *site; /* NULL: every site that is heard; stays the caller's */
	int64_t after_ms; /* silence of the site or the broker that is an alarm */
	void (*say)(void *arg, const struct guard_said *said);
	void *arg;
};

struct guard_beat {
	int64_t epoch, n, at_ms;                /* at_ms -1: it does not say */
	int64_t unacked, oldest_s, next_call_s; /* -1: none */
	const char *store;                      /* "" unknown */
};

struct guard *guard_new(const struct guard_config *config, int64_t now_ms);
void guard_free(struct guard *g);

/* why: when it is down. */
void guard_link(struct guard *g, bool is_up, const char *why, int64_t now_ms);
void guard_status(struct guard *g, const char *site, const char *word, int64_t now_ms);
void guard_beat(struct guard *g, const char *site, const struct guard_beat *beat, int64_t wall_ms,
                int64_t now_ms);
/* Says what is due; at least once a second. */
void guard_look(struct guard *g, int64_t now_ms);
int guard_open(const struct guard *g); /* alarms that are not over */
const char *guard_word(enum guard_trouble trouble);

#endif
