/* stage.h - engine and intake in virtual time: no clock, broker or store. What
 * the daemon does around the engine is done here in the same order, so that a
 * rehearsal and a trace prove what would happen. */
#ifndef TOCSIN_STAGE_H
#define TOCSIN_STAGE_H

#include "engine/engine.h"
#include "intake/intake.h"

struct stage {
	/* the caller's, before stage_start */
	const struct plan *plan;                         /* the newest */
	int64_t now_ms;                                  /* site time */
	void (*took)(void *arg, const struct effect *f); /* each effect, once its turn is over */
	const struct plan *(*plan_of)(void *arg, const char *hash);
	void *arg;
	/* its own */
	struct engine *engine;
	const struct plan *ran; /* the plan it has */
	struct intake *intake;
	struct effects fx;
	struct records stored; /* in the order they came; the newest of a key counts */
	int64_t epoch;
	enum link link;
};

/* A command as it arrives. */
struct stage_said {
	const char *user, *verb, *payload, *via;
	size_t len;
	bool by_login, retained, dup;
};

void stage_start(struct stage *s);
void stage_fini(struct stage *s);

/* The process dies and comes back down_ms later with what was saved. Not NULL: what is wrong, a record that
 * cannot be read or, with the same plan, another engine than the one that died. */
const char *stage_crash(struct stage *s, int64_t down_ms);

/* One event now, and what is due then: a turn, stored whole before the next. */
void stage_turn(struct stage *s, struct event *ev);
/* False: nobody listens to its topic. */
bool stage_message(struct stage *s, const struct message *m);
void stage_command(struct stage *s, const struct stage_said *said);
void stage_link(struct stage *s, enum link link);

/* The next timer, when it is due by by_ms: then that is now. False: there is none. */
bool stage_fire(struct stage *s, int64_t by_ms);
/* All timers due before at_ms, which then is now. False: at_ms is over. */
bool stage_until(struct stage *s, int64_t at_ms);

#endif
