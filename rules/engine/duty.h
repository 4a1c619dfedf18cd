/* duty.h - duty by rosters: whose shift it is, who has accepted it, who stands
 * in for whom.
 *
 * Planned is who the overrides, the dated lists and the rotation name for a moment. From the moment the plan
 * changes until the incoming have accepted, outgoing and incoming both hold the roles; then the incoming alone.
 * Nothing but an acceptance ends the outgoing one's duty, with three exceptions, where there is nobody to hand
 * over to or from: nobody was on duty before; nobody new comes; nobody is planned and another rule (deputy,
 * covered_by) holds every role of the roster. */
#ifndef TOCSIN_DUTY_H
#define TOCSIN_DUTY_H

#include "engine/model.h"
#include "roster.h"

/* Two crews, and who is beside them by an override. */
enum { HOLDERS_MAX = ROLE_PEOPLE_MAX, DUTY_NOTES_MAX = 12, DUTY_NOTE_BYTES = 160 };

/* A note made while the holders were on duty, for those who come. */
struct duty_note {
	int64_t at_ms;
	char *text;
};

/* One roster's. Crews are ids of people with blanks between: who is gone from the plan counts no more. */
struct duty {
	char *key;                   /* "d/<roster>" */
	const char *id;              /* in key */
	const struct roster *roster; /* in the newest plan */
	char *held;                  /* who accepted last, or began with nothing owed; "" nobody */
	char *incoming;              /* who has not yet accepted; "" nothing is owed */
	char *accepted;              /* of them, while more are needed */
	char *prepared;              /* of the outgoing: said that it is prepared */
	int64_t held_ms, since_ms;   /* on duty since; the hand-over is due since */
	int64_t remind_ms;           /* when the next level is told; -1 */
	int64_t cause;               /* row of the hand-over */
	struct duty_note notes[DUTY_NOTES_MAX];
	int n_notes;
	struct deadline due;
	bool dirty;
};

/* A person in the place of whom the plan says, for a time. */
struct override {
	int64_t number;
	char key[28]; /* "do/<number>" */
	char *role, *person;
	char *asked_by, *by; /* by: who agreed; "" nobody yet */
	char *words;
	int64_t from_ms, until_ms;
	struct deadline due; /* its begin, then its end */
	bool dirty;
};

/* -- holder.c: who holds a role -- */

struct holders {
	int people[HOLDERS_MAX], n;
	int n_outgoing;  /* the first of them, during a hand-over; else 0 */
	const char *why; /* holder deputy covered_by rotation dated override handover nobody */
	int role;        /* that really stands behind: the same, or who covers it */
	const struct duty *duty; /* NULL: no roster */
};
void role_holders(const struct engine *e, int role, struct holders *ret);
/* As planned for another time: no hand-over. */
void role_holders_at(const struct engine *e, int role, int64_t at_ms, struct holders *ret);

struct planned {
	int people[HOLDERS_MAX], n;
	const char *why;
	bool is_on; /* a shift is */
	struct shift_on on;
};
void duty_planned(const struct engine *e, const struct roster *r, int64_t at_ms, struct planned *ret);
struct duty *duty_find(const struct engine *e, const char *roster);
/* The duty of the role, or of who covers it; NULL: none. */
struct duty *duty_of_role(const struct engine *e, int role);

/* -- crew.c -- */
bool duty_is_on(const struct engine *e, const char *crew, int person); /* is in the crew */
int duty_crew(const struct engine *e, const char *crew, int *people, int cap);
void crew_add(char **crew, const char *id);
int crew_count(const struct engine *e, const char *crew);
void crew_put(const struct engine *e, struct buf *b, const char *key, const char *crew); /* as JSON */
void crew_put_names(const struct engine *e, const char *crew, enum lang lang, struct buf *out);
void duty_put_roles(const struct engine *e, const struct duty *d, enum lang lang, struct buf *out); /* names */
struct buf *duty_row(struct engine *e, const struct duty *d, const char *what); /* begun */
void duty_changed(struct engine *e, struct duty *d); /* who is on call */
void duty_tell(struct engine *e, int person, const char *words, int64_t cause);

/* -- duty.c: shifts change -- */
void duties_replan(struct engine *e); /* with a start and with a new plan */
void duties_clock(struct engine *e, int64_t by_ms);
void duty_due(struct engine *e, struct duty *d); /* its deadline */
void duty_settle(struct engine *e, struct duty *d);
bool duty_is_pending(const struct duty *d);
void duty_settled(struct engine *e, struct duty *d); /* nothing is owed any more */
void duty_forget_notes(struct duty *d);
/* -- accept.c -- */
void duty_accepted(struct engine *e, struct duty *d, int person, const char *who, const char *words);
/* Of the outgoing: it is ready to be handed over. */
void duty_prepared(struct engine *e, struct duty *d, int person, const char *who);
struct duty_refusal {
	int person;
	const char *reason, *said[LANG_COUNT], *words; /* words or NULL */
};
void duty_refused(struct engine *e, struct duty *d, const char *who, const struct duty_refusal *r);
void duty_tell_above(struct engine *e, struct duty *d, const char *const words[LANG_COUNT], int64_t cause);
int duty_above(const struct engine *e, const struct roster *r, int *people, int cap); /* the next level */
void duty_note(struct engine *e, const struct incident *inc, const char *person, const char *words);
void duties_free(struct engine *e);
bool duty_serves(const struct engine *e, const struct duty *d, int role); /* the role is by this roster */

/* -- override.c -- */
struct override *override_add(struct engine *e, const struct override *o); /* takes the strings */
void override_due(struct engine *e, struct override *o);
void override_agree(struct engine *e, struct override *o, const char *who);
void override_end(struct engine *e, struct override *o, const char *who, const char *why);
bool override_is_on(const struct override *o, int64_t at_ms);
bool override_may_agree(const struct engine *e, int role, int person);
void overrides_clock(struct engine *e);

/* -- handover.c: what is handed over -- */
void handover_text(const struct engine *e, const struct duty *d, enum lang lang, struct buf *out); /* numbered */
void handover_list(const struct engine *e, const struct duty *d, struct buf *out); /* "items": [...] in a body */

/* -- oncall.c -- */
void render_duty(const struct engine *e, const struct duty *d, struct buf *out); /* "handover": {...} */

/* made, for records */
struct duty *duty_make(struct engine *e, const char *roster);
struct override *override_put(struct engine *e, const struct override *from); /* takes the strings */
void override_free(struct override *o);

/* -- save_duty.c -- */
void duties_save(struct engine *e, struct records *ret, bool all);
void duties_set_clean(struct engine *e);
struct record_reader;
int duty_restore(struct engine *e, const char *key, struct record_reader *r);
int override_restore(struct engine *e, const char *key, struct record_reader *r);

#endif
