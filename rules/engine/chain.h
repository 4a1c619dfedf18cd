/* chain.h - escalation beyond one ack and one level: how many must take it, which
 * levels reach nobody, who was passed over, and what superiors order. */
#ifndef TOCSIN_CHAIN_H
#define TOCSIN_CHAIN_H

#include "engine/life.h"
#include "engine/record.h"

/* -- quorum.c -- */

/* So many distinct people must acknowledge before the chain stops: the most that the type and the levels
 * called so far want, and never more than the chain has people. */
int quorum_needed(const struct engine *e, const struct incident *inc);
/* As its state shows it: how many it wants while it calls (a pre-alarm, when it does), and how many it took; 0 or
 * 1: one. */
int quorum_of(const struct engine *e, const struct incident *inc);
/* Takes the ack of a->person. False: more are needed; it is recorded and told, and the chain goes on. */
bool quorum_take(struct engine *e, struct incident *inc, const struct cue_arg *a);
bool quorum_has(const struct incident *inc, const char *person); /* his ack is there */
void quorum_void(struct incident *inc);
void quorum_pass(struct incident *inc, const char *from, const char *to); /* handed over: the other is reminded */
/* Persons of the newest plan who acknowledged it, -1 among them for those the plan has lost. At least one. */
int quorum_people(const struct engine *e, const struct incident *inc, int *ret_people, int cap);
void quorum_tell(struct engine *e, struct incident *inc, enum notice_kind kind, int64_t cause);
void quorum_save(const struct incident *inc, struct buf *out);
void quorum_restore(struct incident *inc, struct record_reader *r);

/* -- skip.c -- */

/* Somebody calls the next level now. */
struct skip_order {
	const char *who; /* for the row */
	int person;      /* -1: the system, in time */
	const char *words;
};

/* From the present level on the first that has people; the last level is never skipped. The row that says
 * it is the new cause. */
int64_t skip_empty(struct engine *e, struct incident *inc, int64_t cause);
void skip_ask(struct engine *e);    /* a call has failed on every way */
void skip_settle(struct engine *e); /* after each event: levels that turned out dead */
/* A person calls the next level before its time. */
void skip_by_person(struct engine *e, struct incident *inc, const struct skip_order *o);
/* escalate.c: the same with its row, whose seq it returns. */
int64_t escalate_next_said(struct engine *e, struct incident *inc, const struct skip_order *o, int64_t cause);
/* Called for it, and each way to the person has failed; a page that only waits for the broker has not. */
bool skip_is_dead(const struct engine *e, const struct incident *inc, const char *person);
/* The chain stops: those who could not be reached hear that others were called instead. */
void skip_tell(struct engine *e, struct incident *inc);

/* -- help.c -- */

/* The person has been called for help by `asker`, both of the newest plan. */
void help_asked(const struct engine *e, struct incident *inc, int person, int asker);
void help_came(struct called *c); /* a notice has reached him, or the chain calls him itself */
/* Somebody has it and called for help: he hears of whom that does not reach. */
void help_settle(struct engine *e, struct incident *inc);

#endif
