/* watch.h - signs of life that must come: from a patrol, a post, a log, a pump.
 * A watch runs in rounds of `every` during its hours; a round is whole when
 * each of its points was seen, and the next begins then. What was not seen when
 * a round is over is missed: a member of an incident until it is seen or the
 * hours end. While the broker is away nothing is missed, as with silence. */
#ifndef TOCSIN_WATCH_H
#define TOCSIN_WATCH_H

#include "engine/life.h"

struct watch_seen {
	char *id;    /* of the point */
	bool seen;   /* in this round */
	bool missed; /* a member of an incident says so */
};

struct watch_run {
	char *key;      /* "w/<id>" */
	const char *id; /* in key */
	int watch;      /* in the newest plan; -1: gone from it */
	bool on, reminded;
	int64_t due_ms;    /* the round is over then; -1: none */
	int64_t frozen_ms; /* since when the link is away; -1 */
	struct watch_seen *points;
	int n_points;
	struct deadline due; /* what comes next: a reminder, the end of the round or of its hours */
	bool dirty;
};

void watches_replan(struct engine *e);  /* after the sensors */
void watches_started(struct engine *e); /* and after a new plan, when it runs */
void watches_link(struct engine *e, enum link was);
void watches_clock(struct engine *e, int64_t by_ms);
void watches_settle(struct engine *e); /* after each event: incidents came and went */
void watch_sign(struct engine *e, const struct sensor *s, const struct reading *r);
void watch_due(struct engine *e, struct watch_run *w);
void watches_free(struct engine *e);

/* Between watch.c and watch_memory.c. */
const struct watch_def *watch_of(const struct engine *e, const struct watch_run *w); /* NULL: the plan lost it */
int64_t watch_round_ms(const struct engine *e, const struct watch_def *d); /* when one that begins now is over */
void watch_look(struct engine *e, struct watch_run *w);   /* its hours, or what it goes with */
void watch_arm(struct engine *e, struct watch_run *w);    /* its deadline, as it stands now */
void watch_freeze(struct engine *e, struct watch_run *w); /* the link is away */
/* Seen, or nobody waits for it any more. */
void watch_found(struct engine *e, struct watch_run *w, struct watch_seen *p, const char *who);

void watch_save(const struct watch_run *w, struct buf *out);
int watch_restore(struct engine *e, const char *key, const char *value);

#endif
