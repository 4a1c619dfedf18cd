/* flood.h - a person who gets more than ten notices in ten minutes, of more than
 * one incident, reads none of them: until that is over those of the lower
 * classes come as one summary a minute, sooner where the next would be called
 * before the first was told. Fire, gas and people always come singly and at once.
 * Nothing else changes: chains go on, acks work, rows are written. */
#ifndef TOCSIN_FLOOD_H
#define TOCSIN_FLOOD_H

#include "engine/emit.h"

enum { FLOOD_NOTICES = 10, FLOOD_MS = 600000, FLOOD_FIRST_MS = 5000, FLOOD_EVERY_MS = 60000 };

/* What is held of one incident. */
struct held {
	int64_t incident;
	int n;
	/* the last of them, to be sent as it is when it is the only one */
	enum notice_kind kind;
	int level, step; /* step -1: none */
};

struct flood {
	char *person;
	char *key; /* "f/<person>" */
	int64_t at_ms[FLOOD_NOTICES + 1], of[FLOOD_NOTICES + 1]; /* the last notices and their incidents, oldest first */
	int n;
	bool is_on;
	struct held *held; /* for the next summary, by incident */
	int n_held, cap_held;
	int64_t n_all, n_summaries; /* held since it began; sent */
	struct deadline due;        /* the next summary, or the look whether it is over */
	bool dirty;
};

/* A notice is decided: is it held for a summary? */
bool flood_holds(struct engine *e, const struct to_send *s);
bool flood_waits(const struct engine *e, const char *person, int64_t incident); /* held for him */
void flood_sooner(struct engine *e, const struct incident *inc); /* its next call has another time */
void flood_due(struct engine *e, struct flood *f);
bool flood_is_on(const struct engine *e); /* of anybody */
void floods_save(struct engine *e, struct records *ret, bool all);
void floods_shift(struct engine *e, int64_t by_ms); /* the clock was set */
void floods_set_dirty(struct engine *e, bool dirty);
int flood_restore(struct engine *e, const char *key, struct record_reader *r);
void floods_free(struct engine *e);

/* flood_text.c: what is held, worst first, by type and zone with its numbers, and how to answer. */
void flood_words(const struct engine *e, const struct flood *f, enum lang lang, struct buf *out);
enum severity flood_severity(const struct engine *e, const struct flood *f); /* the worst held */

#endif
