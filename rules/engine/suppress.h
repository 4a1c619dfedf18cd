/* suppress.h - suppression: shelved incidents, isolated hazards, what is out of
 * service. It always has an end, an owner and a reason, holds notices and
 * never evaluation, and its end looks again at what is still active. */
#ifndef TOCSIN_SUPPRESS_H
#define TOCSIN_SUPPRESS_H

#include "engine/hold.h"
#include "engine/impair.h"
#include "engine/verb.h"

/* Who ended it, and why: "time", "said", "broken". */
struct ended {
	const char *who, *why, *via, *words;
};

/* suppress.c: what the kinds share */
enum { TWO_PERSONS_MS = 30 * 60000 }; /* so long the first of two persons is remembered */
/* Its notices are held no more since now: who has to be called is called, from
 * level 1, what steps had to say is said; or another holds them still. */
void suppress_resume(struct engine *e, struct incident *inc, int64_t since_ms, int64_t cause);
void suppress_due(struct engine *e, struct incident *inc); /* the incident's own deadline is an end */
/* It got worse, has a new member, was raised again: does that break what holds
 * it? Then, after the cue has acted, suppress_broken. */
int64_t suppress_breaks(struct engine *e, struct incident *inc, enum cue cue, const struct cue_arg *a);
void suppress_broken(struct engine *e, struct incident *inc, int64_t since_ms);
/* A person calls the next level by hand. */
void suppress_overruled(struct engine *e, struct incident *inc, const char *who);
void suppress_forget(struct incident *inc); /* closed */
void shelf_free(struct shelf *shelf);

/* Holds a role in the chain of a type of this hazard, or in any when there is none. */
bool suppress_may(const struct engine *e, int person, enum hazard hazard);
bool suppress_may_any(const struct engine *e, int person);
/* Two of the registry that say the same. REFUSAL_NONE and *ret_second NULL: one
 * is enough; "": recorded as the first of two; else who was the first. */
enum refusal suppress_second(struct engine *e, struct said *s, const char *key, const struct impairment *like,
                             const char **ret_first);
/* Other protection of the zone that is impaired; NULL: none. own: the key that does not count. */
const char *impaired_there(const struct engine *e, int zone, const char *own, char text[96]);

/* isolate.c */
void isolation_ask(struct engine *e, struct incident *inc); /* before it calls: is it isolated? */
void isolation_tell(struct engine *e, struct incident *inc, int64_t cause); /* who watches, quietly */
bool isolation_fits(const struct incident *inc);            /* no member of it that is never isolated */
int64_t isolation_until_ms(const struct engine *e, const struct incident *inc);
void isolation_over(struct engine *e, struct impairment *i, const struct ended *end);
void isolation_leave(struct engine *e, struct incident *inc, int64_t cause); /* this incident only */

/* service.c */
void service_back(struct engine *e, struct impairment *i, const struct ended *end);
void service_restored(struct engine *e);                   /* sensors know that they are out */
void service_dead(struct engine *e, struct incident *inc, const char *sensor, const struct cue_arg *a);
void service_spoke(struct engine *e, struct sensor *s);    /* a dead one is alive */
const char *actuator_out(const struct engine *e, const char *id); /* why it is not commanded; NULL: it is */

/* verb_suppress.c, tags.c */
verb_fn verb_shelve, verb_unshelve, verb_isolate, verb_rejoin, verb_out, verb_back, verb_tag;

#endif
