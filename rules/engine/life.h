/* life.h - the life of an incident as one full table [state][cue]; the words
 * of each cell are those of contrib/doc/life.md, and a test holds them, the
 * page and what the code does against each other. */
#ifndef TOCSIN_LIFE_H
#define TOCSIN_LIFE_H

#include "engine/model.h"

/* Why a cue is given: what the row of it says. */
struct cue_arg {
	const char *who;       /* "sensor:gas-b2", a person, "root for wang", "system" */
	const char *person;    /* ack: whose it is */
	enum audit_kind kind;  /* of the row */
	struct member *member; /* raise, lost, without; or NULL */
	const char *via;       /* acks: mqtt, control:<uid> */
	const char *words;     /* note, or NULL */
	const char *as;        /* closed: as what, or NULL */
	int64_t cause;
};

/* The one way an incident's state changes. REFUSAL_NONE, or why not: then
 * nothing has changed (the caller writes the refused row). */
enum refusal life_cue(struct engine *e, struct incident *inc, enum cue cue, const struct cue_arg *arg);

/* Words of a cell, as in the table of the manual. */
const char *life_cell_text(enum state s, enum cue c);

/* After a step ended or a reset: on to closed when nothing is left to do. */
void life_settle(struct engine *e, struct incident *inc, int64_t cause);
/* Closed, whatever its state is: rows, those called are told, nothing of it goes on. */
void life_close(struct engine *e, struct incident *inc, const struct cue_arg *a);
/* Its cause is over and so is it, and nobody was called: nothing to acknowledge. */
void life_over(struct engine *e, struct incident *inc, int64_t cause);

/* escalate.c: the chain. */
void escalate_begin(struct engine *e, struct incident *inc, int64_t cause); /* from level 1, now */
void escalate_also(struct engine *e, struct incident *inc, int person,
                   int64_t cause);                                          /* unless just called */
/* One person more at the present level, who has just come on duty. */
void escalate_incoming(struct engine *e, struct incident *inc, int person, int64_t cause);
void escalate_again(struct engine *e, struct incident *inc, int64_t cause); /* present level, now */
void escalate_next(struct engine *e, struct incident *inc, const char *who,
                   int64_t cause);                                            /* its time is over */
void escalate_expired(struct engine *e, struct incident *inc, int64_t cause); /* acker and next level */
/* One notice to everybody called so far, to one person, to a level. */
void tell_called(struct engine *e, struct incident *inc, enum notice_kind kind, int64_t cause);
void tell_over(struct engine *e, struct incident *inc, int64_t cause); /* everybody who ever was told */
void tell_person(struct engine *e, struct incident *inc, enum notice_kind kind, int person, int64_t cause);
void tell_level(struct engine *e, struct incident *inc, enum notice_kind kind, int level, int64_t cause);
void tell_role(struct engine *e, struct incident *inc, enum notice_kind kind, int role,
               const struct step *step, int64_t cause);
struct called *called_of(const struct incident *inc, const char *person); /* NULL: was not called */
bool was_called(const struct incident *inc, const char *person);

/* The incident's one deadline. */
void arm(struct engine *e, struct incident *inc, enum next_what what, int64_t at_ms);
void arm_remind(struct engine *e, struct incident *inc);
void arm_cause(struct engine *e, struct incident *inc); /* the next look at what explains it */
/* Acked: until the first step is done its limit from now, else the reminder. */
void arm_acked(struct engine *e, struct incident *inc);

/* playbook.c */
void playbook_start(struct engine *e, struct incident *inc, int64_t cause);
void playbook_due(struct engine *e, struct step_run *s);
/* A step ends; choice or NULL; what waits for it goes on. */
void playbook_end(struct engine *e, struct step_run *s, enum step_state state, const struct cue_arg *arg);
void playbook_stop(struct engine *e, struct incident *inc); /* closed: no more deadlines */
void playbook_cleared(struct engine *e, struct incident *inc, int64_t cause); /* its report is due */
int64_t step_row(struct engine *e, struct step_run *s, const char *who, const char *note, int64_t cause);
struct step_run *playbook_step(struct incident *inc, const char *id);
const struct step *step_of(const struct step_run *s);
/* What is at stake in it: the incident's hazard, or a graver one whose playbook it is that runs within. */
enum hazard step_hazard(const struct incident *inc, const struct step *step);
/* Of fire, gas or people, though its incident is not: what holds the incident's notices holds none of its. */
bool step_is_graver(const struct incident *inc, const struct step *step);
bool playbook_first_done(const struct incident *inc); /* or there is none */
/* It was a decision that nobody took in time: no proof that whoever acked does anything. */
bool playbook_first_lapsed(const struct incident *inc);
bool playbook_any_open(const struct incident *inc);
/* What the steps begun since then had to say while notices were held, but for what a call will say. */
void playbook_untold(struct engine *e, struct incident *inc, int64_t since_ms, int64_t cause);
bool playbook_must(const struct step_run *s); /* it has not ended, and hinders the close */
bool playbook_mandatory_open(const struct incident *inc);

/* owner.c */
void tell_owners(struct engine *e, const struct step_run *s, enum notice_kind kind, int64_t cause);
bool step_is_orphan(const struct engine *e, const struct step_run *s); /* the newest plan lacks its role */
/* A new plan, or a start, which may be with one: open steps whose role it lost are told to whoever has them now. */
void owners_replan(struct engine *e, int64_t cause);
/* incoming.c: who comes to a role without a hand-over is told the open steps and called for what calls, as by one.
 * `before` while who held it still does; `after` frees it. With a start the old plan is not known (NULL):
 * whoever has heard nothing of an incident is told. */
struct incoming;
struct incoming *incoming_before(const struct engine *e);
void incoming_after(struct engine *e, struct incoming *was, int64_t cause);

/* One thing that several people are told, each once. */
enum { TELLING_MAX = LEVEL_PEOPLE_MAX };
struct telling {
	enum notice_kind kind;
	struct incident *inc;
	const struct step *step;       /* or NULL */
	const char *words[LANG_COUNT]; /* or NULL: those of the kind */
	int64_t cause;
	int people[TELLING_MAX], n;
};
bool tell_once(struct engine *e, struct telling *t, int person); /* false: was told, or -1 */
void tell_role_once(struct engine *e, struct telling *t, int role); /* of the newest plan */
void tell_level_once(struct engine *e, struct telling *t, int level);

/* late.c */
void step_late(struct engine *e, struct step_run *s);

/* until.c: gates follow the steps that wait; what is true ends them. */
void untils_settle(struct engine *e);
void untils_follow(struct engine *e);
/* instance.c */
void instance_drop(struct engine *e, struct instance *in);

/* undone.c: a command that did not do what it should is told to its people at once. */
struct undone {
	const struct actuation *actuation; /* or NULL: */
	const struct step_run *run;
	const char *why; /* as in its row */
	const struct interlock *lock;
	const struct incident *because;
	int64_t cause;
};
void undone_tell(struct engine *e, const struct undone *u);

/* interlock.c: the one that forbids it now; because: the incident, NULL when it holds by a sign, or only
 * because our own mark is not back and nobody knows what is open. */
const struct interlock *interlock_forbids(const struct engine *e, int actuator, const char *action,
                                          const struct incident **ret_because);
bool interlock_is_sign(const struct interlock *lock);
/* rank.c: the incident whose command an actuation must not undo, or NULL. */
const struct incident *rank_above(const struct engine *e, const struct actuation *a);

/* actuate.c */
void actuate_step(struct engine *e, struct step_run *s, int64_t cause);
/* By hand; answers the command itself, now or when the actuator has answered. */
struct said;
void actuate_by_hand(struct engine *e, const struct said *s, int actuator);
void actuate_outcome(struct engine *e, int64_t id, enum outcome outcome, bool interlocked);
void actuate_due(struct engine *e, struct actuation *a);
void actuate_feedback(struct engine *e, const struct sensor *s);
void actuate_synced(struct engine *e); /* what waited for the mark is decided again */
void actuate_started(struct engine *e);
void actuate_forget(struct engine *e, struct incident *inc);
void actuation_free(struct actuation *a);
void actuate_restored(struct engine *e, struct actuation *a); /* takes it */

/* incident.c */
struct incident *incident_raise_by_person(struct engine *e, const struct command *c, int person,
                                          const char *who);
void incident_self(struct engine *e, enum self self, bool over, const char *what);
void incident_selves_started(struct engine *e);
void incident_still_dead(struct engine *e, const char *sensor); /* a member, when its incident closes */
void incident_sensors_dropped(struct engine *e);                /* after a new plan */
void incident_retained(struct engine *e, int64_t number, const char *id);
void incident_due(struct engine *e, struct incident *inc);
/* Of a pre-alarm: until_ms, or sooner when the hours with somebody there end. */
int64_t incident_look_until(const struct engine *e, const struct incident *inc, int64_t until_ms);
void incident_free(struct incident *inc);
/* Persons took lost members out by name (and reports of persons back): as `without`. */
bool incident_without(struct engine *e, struct incident *inc, const struct strings *names,
                      const struct cue_arg *arg);
bool incident_may_take_out(const struct incident *inc, const struct member *m, const struct strings *names);
bool incident_is_active(const struct incident *inc); /* a member is active or unknown and not out */
bool incident_is_true(const struct incident *inc);   /* its condition is, by whatever counts */

/* without.c: before anything is taken out */
bool incident_stays_true(const struct engine *e, const struct incident *inc, const struct strings *names);
/* Appends what counts yet, and until when; "": nothing, or only members that are active. */
void incident_put_counting(const struct engine *e, const struct incident *inc, const struct strings *names,
                           enum lang lang, struct buf *out);

struct incident *incident_new(struct engine *e, int64_t number);
void incident_make_steps(struct incident *inc); /* one waiting run per step of its playbook */
void incident_replan(struct engine *e);
void incident_drop(struct engine *e, struct incident *inc); /* 24 h after closing */

/* all_clear.c: half an all-clear, until a second person says so too. */
void all_clear_begin(struct engine *e, struct incident *inc, int64_t until_ms);
void all_clear_void(struct engine *e, struct incident *inc); /* what it was said of is another now */
void all_clear_due(struct engine *e, struct incident *inc);  /* nobody came */
/* Somebody else is told that his word is needed. */
void all_clear_ask(struct engine *e, struct incident *inc, int first, int64_t cause);

/* verb.c */
void verb_command(struct engine *e, const struct command *c);
void verb_reply(struct engine *e, const struct command *c, const struct answer *a);

#endif
