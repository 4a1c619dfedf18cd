/* reach.h - are those who will be on duty reached? In the hours of `site: {ring: ...}` whoever holds a role in the
 * coming seven days is sent a test notice by each of their channels, once in seven days: one person a minute, who is on
 * duty soonest first, and none while a life-safety incident, a flood or an exercise is on. What failed is tried again
 * soon, then daily. Whom no channel reached is a member of one incident, `unreachable`, until a test notice arrives or
 * the week goes on without them: told before their shift. A `tocsin ring` counts as well. */
#ifndef TOCSIN_REACH_H
#define TOCSIN_REACH_H

#include "engine/model.h"

/* What the newest test notice by one channel came to. */
struct reach_way {
	char *channel, *notice;
	enum delivery state;
	int64_t at_ms;
	int n_failed; /* in a row */
};

struct rung {
	char *key;          /* "g/<person>" */
	const char *person; /* in key */
	int64_t duty_ms;    /* holds a role from then on, or does already; -1: not within seven days */
	char *role;         /* which; "" */
	bool missed;        /* a member of the incident says so */
	struct reach_way *ways;
	int n_ways;
	bool dirty;
};

struct notice;
struct receipt;
void reach_is(struct engine *e, const struct notice *n, enum delivery state); /* of a test notice */
void reach_late(struct engine *e, const struct receipt *r); /* it has arrived after all */
void reach_due(struct engine *e);                           /* its deadline */
void reach_settle(struct engine *e);                        /* after each event */
void reach_replan(struct engine *e);                        /* with a start and with a new plan */
void reach_arm(struct engine *e);                           /* and when the clock was set */

/* Names of those whom nobody reaches, as their incident tells of them. */
void reach_say(const struct engine *e, const struct incident *inc, enum lang lang, struct buf *out);
bool reach_is_missed(const struct engine *e, int person);

/* reach_week.c: who holds a role when, and the records */
void reach_week(struct engine *e);
struct rung *reach_find(const struct engine *e, const char *person); /* or NULL */
struct rung *reach_get(struct engine *e, const char *person);        /* made when needed */
struct reach_way *reach_way(const struct rung *r, const char *channel); /* or NULL */
struct reach_way *reach_way_get(struct rung *r, const char *channel);
void reach_drop(struct engine *e, struct rung *r);
void reach_drop_way(struct rung *r, struct reach_way *w);
void reaches_save(struct engine *e, struct records *ret, bool all);
void reaches_set_clean(struct engine *e);
struct record_reader;
int reach_restore(struct engine *e, const char *key, struct record_reader *r);
void reaches_free(struct engine *e);

#endif
