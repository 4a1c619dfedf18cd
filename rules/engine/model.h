/* model.h - what the engine remembers. Internal to rules/engine: everything
 * here is saved as records and restored from them (save.c), and nothing else
 * is remembered. Strings are malloc'ed and owned by their struct unless said.
 *
 * Files, as an event goes: engine (one switch) -> sensor -> gates, window, tree,
 * condition (schedule: hours; readers: who looks at whom), instance -> cues -> incident -> life (the table) -> escalate, playbook,
 * until, owner, late, interlock, actuate, undone -> outbox, effects. fault: our own troubles; report, verb*: people;
 * quorum, skip: more than one ack, levels that reach nobody; watch, watch_memory: signs of life that must come;
 * cause, via, flap, flood, suppress, isolate: what holds notices and nothing else, by the one gate of hold.h;
 * impair: the registry of what is isolated, out of service (service) or carries a sign (tags); order: who is told first;
 * reach, reach_week: test notices to those who will be on duty; drill: exercises; all_clear: two persons end what endangered lives;
 * render, wording, answers, view: texts; save*, record: memory; deadline: time.
 */
#ifndef TOCSIN_MODEL_H
#define TOCSIN_MODEL_H

#include "engine/again.h"
#include "engine/engine.h"

/* Bugs planted to prove that the simulator finds them (tests/sim/planted.sh). */
#ifndef TOCSIN_PLANT
#define TOCSIN_PLANT 0
#endif
#define PLANTED(N) ((TOCSIN_PLANT) == (N))

enum truth { TRUTH_UNKNOWN, TRUTH_FALSE, TRUTH_TRUE };

/* ------------------------------------------------------------- deadlines */

enum deadline_kind {
	DEADLINE_SILENCE,   /* owner: struct sensor */
	DEADLINE_OFF,       /* owner: struct sensor: it says no more, so it is over */
	DEADLINE_GATE,      /* owner: struct gate */
	DEADLINE_WINDOW,    /* owner: struct gate: what made its test true leaves the window */
	DEADLINE_HOLD,      /* owner: struct gate: it counts no more for its `within` */
	DEADLINE_SCHEDULE,  /* owner: struct engine: hours begin or end */
	DEADLINE_INCIDENT,  /* owner: struct incident */
	DEADLINE_STEP,      /* owner: struct step_run */
	DEADLINE_ACTUATION, /* owner: struct actuation */
	DEADLINE_LINK,      /* owner: struct engine */
	DEADLINE_FLAP,      /* owner: struct instance */
	DEADLINE_FLOOD,     /* owner: struct flood */
	DEADLINE_ALL_CLEAR, /* owner: struct incident: the second person did not come */
	DEADLINE_DRILL,     /* owner: struct incident: an exercise has lasted long enough */
	DEADLINE_WATCH,     /* owner: struct watch_run */
	DEADLINE_DUTY,      /* owner: struct duty */
	DEADLINE_OVERRIDE,  /* owner: struct override */
	DEADLINE_IMPAIR,    /* owner: struct impairment: its end */
	DEADLINE_NOTICE,    /* owner: struct notice_run: the channel has said nothing */
	DEADLINE_RING,      /* owner: struct engine: somebody may be due for a test notice */
};

/* Embedded in its owner. Armed while pos > 0. Ties: kind, then key, then sub. */
struct deadline {
	int64_t at_ms;
	int pos; /* place in the heap from 1; 0: not armed */
	enum deadline_kind kind;
	void *owner;
	const char *key; /* record key of the owner, lives as long */
	int sub;
};

struct heap {
	struct deadline **at;
	int n, cap;
};

void deadline_init(struct deadline *d, enum deadline_kind kind, void *owner, const char *key, int sub);
void deadline_set(struct heap *h, struct deadline *d, int64_t at_ms);
void deadline_clear(struct heap *h, struct deadline *d);
struct deadline *deadline_first(const struct heap *h); /* NULL: none */
void deadline_shift(struct heap *h, int64_t by_ms);    /* all of them */
/* Each that is due by at_ms, in no useful order; fn must not change the heap. */
void deadline_each_by(const struct heap *h, int64_t at_ms, void (*fn)(void *arg, const struct deadline *d),
                      void *arg);
void heap_fini(struct heap *h);

/* ------------------------------------------------ sensors and conditions */

enum health { HEALTH_UNKNOWN, HEALTH_OK, HEALTH_UNREADABLE, HEALTH_AWAY, HEALTH_SILENT };

struct sensor {
	char *key;      /* "s/<id>" */
	const char *id; /* in key */
	int def;        /* in the newest plan; -1: gone from it */
	char *def_id;   /* as saved; a family's members find their family by it; NULL: its own id */
	char *zone_id; /* zone as saved */
	int zone;      /* in the newest plan; -1: unknown */
	enum health health;
	char *value;             /* the two texts below; NULL: both are empty */
	const char *word, *text; /* last good value, each below VALUE_BYTES */
	bool has_value, has_number;
	int64_t milli, value_ms; /* value_ms: when it was last told */
	struct deadline silence;
	struct deadline off; /* armed: an event-only source has something to say until then */
	int64_t left_ms;      /* while the link is down: what was left of the window; -1: a whole one */
	struct gate **leaves; /* leaf gates that read this sensor */
	int n_leaves, cap_leaves;
	struct again *again; /* NULL until a message carried a mark */
	bool is_gateway;     /* others of the newest plan speak through it */
	bool is_down;        /* a gateway: those behind it are told so */
	bool cut;            /* away because its gateway is */
	bool is_out;         /* of service (service.c): it raises nothing and clears nothing */
	bool dirty;
};

/* The memory of one cond node of one instance (of one sensor, for a leaf):
 * hysteresis and the delays `for` and `clear_for`. */
struct gate {
	struct instance *instance;
	const struct cond *cond;
	int grade;
	struct sensor *sensor; /* leaf: whose; NULL for all, any, not */
	bool negated;          /* below an odd number of `not`: false is what makes the grade true */
	enum truth raw;        /* the test now, hysteresis applied */
	enum truth out;        /* after the delays */
	bool lost; /* leaf: out is bad (true, negated: false) only because it was when the sensor was lost */
	bool supposed; /* leaf: looked at as if it were taken out; only while without.c looks */
	struct deadline delay; /* armed: raw and out differ, out follows then */
	struct window *window; /* of a test with `over`, of a part of `within`; else NULL */
};

enum { FLAP_ONSETS = 5 };

/* One incident type in one scope: a zone, the site, or one sensor. */
struct instance {
	char *key; /* "c/<type>@<scope>"; scope: zone id, "-", or sensor id */
	const char *type_id, *scope;      /* with and in key */
	const struct incident_type *type; /* in the newest plan, NULL when it lost the type */
	int zone;                         /* in the newest plan, -1 */
	struct sensor *sensor;            /* PER_SENSOR */
	bool is_until;        /* what a step waits for (until.c): its scope is the step, no incident is of it */
	struct step_run *run; /* then: the step; NULL: it has ended */
	struct gate **gates;
	int n_gates, cap_gates;
	int grade;                 /* highest true now, -1 none; one voter is enough where a pre-alarm is */
	bool met;                  /* a vote of it has its number */
	bool known;                /* no sensor was lost while bad */
	bool has_hours, has_votes; /* the type has a schedule or a vote somewhere */
	struct incident *incident; /* the open one, or NULL */
	char *memory;              /* restored record, until its gates exist; NULL then */
	struct sensor **missed;    /* were bad by a test the new plan lacks; told at the next evaluation */
	int n_missed;
	int64_t onsets_ms[FLAP_ONSETS]; /* when it last became true, oldest first; 0: not so often yet */
	struct deadline quiet;          /* while it flaps: quiet until then is over */
	bool dirty;
};

/* sensor.c */
struct sensor *sensor_find(const struct engine *e, const char *id);
void sensor_reading(struct engine *e, const struct reading *r); /* the whole path down to the cues */
void sensor_silent(struct engine *e, struct sensor *s);         /* its deadline */
void sensor_again(struct engine *e, struct sensor *s);          /* as it is, told as if it were new */
void sensor_off(struct engine *e, struct sensor *s);            /* the same of its off_delay */
void sensor_link(struct engine *e, enum link link);             /* freeze and thaw silence; want all */
/* restart: silence windows from now; delays that ran out meanwhile wait a second more */
void sensor_started(struct engine *e, int64_t down_ms);
/* e->plan is the new one: sensors, instances and gates follow it, memory kept where the test is the same */
void sensors_replan(struct engine *e);
void sensors_free(struct engine *e);
void engine_plan_first(struct engine *e); /* engine.c: sensors_replan, unless it was */

/* condition.c */
/* also of a type the plan no longer has */
struct instance *instance_named(struct engine *e, const char *type_id, const char *scope);
struct instance *instance_get(struct engine *e, const struct incident_type *type,
                              const char *scope);          /* made when needed */
void condition_sensor(struct engine *e, struct sensor *s); /* its value or health changed: gates, then cues */
void condition_delay(struct engine *e, struct gate *g);    /* its deadline */
void condition_window(struct engine *e, struct gate *g);   /* the same of its window */
void condition_hold(struct engine *e, struct gate *g);
void schedule_due(struct engine *e);                       /* the same of hours */
void conditions_clock(struct engine *e, int64_t by_ms);    /* the clock was set, deadlines have moved */

/* tree.c: how a vote stands. Its voters are gates[first] to gates[first + n - 1] of the instance. */
struct vote {
	int first, n;
	int n_yes, n_stale;
	int need; /* the fallback in force: so many of those that are not stale */
};
void vote_count(const struct instance *in, const struct cond *vote, struct vote *ret);
bool vote_is_stale(const struct gate *g); /* a voter that is not known, and does not count */
const struct cond *vote_find(const struct cond *cond); /* the first one below it, or NULL */
/* Is this sensor bad in the instance: a leaf (any grade) true, or false below `not`? False: every leaf known.
 */
enum truth condition_member(const struct instance *in, const struct sensor *s, bool *ret_lost);
/* Does this sensor's present word satisfy (feedback of actuators)? */
bool sensor_is(const struct sensor *s, const struct strings *words);

/* records of this part */
void sensor_save(const struct sensor *s, struct buf *out);
void instance_save(const struct instance *in, struct buf *out);
int sensor_restore(struct engine *e, const char *key, const char *value);
int instance_restore(struct engine *e, const char *key, const char *value);
/* The sensor was taken out by name: what it was when it was lost counts no more, and no delay or `within` puts
 * off what follows from it. No cues; in->grade follows. */
void condition_without(struct engine *e, struct instance *in, struct sensor *s);
void condition_out(struct engine *e, struct sensor *s); /* out of service: the same in all its instances */
const char *
condition_broken(const struct engine *e); /* between steps; NULL, or the invariant that does not hold */

/* -------------------------------------------------------------- incidents */

struct member {
	char *sensor;      /* sensor id, "person:<id>" of a manual raise, "self:" of the system */
	char *kind, *unit; /* unit "" when none */
	char value[VALUE_BYTES], now[VALUE_BYTES], peak[VALUE_BYTES];
	bool has_number;
	int64_t peak_milli;
	int64_t at_ms;
	enum truth active; /* true, or false when it cleared */
	bool lost;         /* active, but the sensor is unknown now */
	bool out;          /* taken out of service by name */
};

struct fact {
	char *key, *value;
};

struct step_run {
	struct incident *incident;
	int index; /* in playbook->steps */
	enum step_state state;
	char *result; /* state word or choice; "" while open */
	char *by;     /* person who ended it, or "" */
	char *note;
	int late;                   /* how often its deadline passed */
	bool orphan;                /* the plan has lost its role, and those whose matter it is then were told */
	enum step_state worst;      /* command: how it ended where it has, until all have; STEP_WAITING: nowhere */
	int64_t began_ms, ended_ms; /* -1 */
	int tries;
	struct deadline due;
	struct fact *facts;
	int n_facts;
};

struct delivery_state {
	char *person, *channel, *notice;
	enum delivery state;
	int64_t at_ms;
};

/* Who was called for it, when last, at which level. */
struct called {
	char *person;
	int64_t at_ms;
	int64_t sent_ms; /* when the last notice left; -1 not yet */
	int level;
	bool passed; /* could not be reached, so the next was called; not yet told */
	char *asker; /* called this person for help, who is not known to be reached; NULL: nobody did */
};

/* One of several who must take it. */
struct ack {
	char *person;
	int64_t at_ms;
};

/* From above: who entered it, whose word it is. */
struct instruction {
	int64_t at_ms;
	char *by, *from, *words;
};

/* What the incident's one deadline will do, as views say it. */
enum next_what {
	NEXT_NONE,
	NEXT_CALL,
	NEXT_ACTION,
	NEXT_REMIND,
	NEXT_INVESTIGATE,
	NEXT_EMPTY,
	NEXT_CAUSE,
	NEXT_SHELVED,
	NEXT_ISOLATED
};

/* Time-limited silence of one incident, said by a person (suppress.h). */
struct shelf {
	int64_t until_ms, since_ms; /* until 0: it is not shelved */
	char *by, *second, *reason; /* second NULL: one was enough */
	char *asked_by;             /* the first of two persons, or NULL */
	int64_t asked_ms, asked_for_ms;
};

struct incident {
	int64_t number;
	char id[24];  /* "G-17" */
	char key[24]; /* "i/0000000017" */
	char ulid[27];
	int rev;
	const struct plan *plan; /* the one it began with: type, playbook, titles */
	char *plan_hash;
	const struct incident_type *type; /* in plan; NULL only when the plan was lost */
	const struct playbook *playbook;  /* in plan, or NULL */
	char *type_id, *zone_id;          /* zone_id "" for the site */
	struct text title;                /* owned copies */
	int zone;                         /* in the newest plan, or -1 */
	struct instance *instance;        /* NULL once closed, and of an exercise */
	enum hazard hazard;
	enum severity severity;
	char *grade;     /* id of the gravest grade reached, "" */
	int grade_index; /* -1: none (manual, self) */
	bool latch, manual, stale;
	bool flapping;                /* comes and goes too often (flap.c) */
	int64_t because, despite;     /* incident that explains it; one that no longer does; 0: none */
	int64_t because_ms;           /* since when */
	bool gated;                   /* explained, and those called know it: nobody is called */
	struct shelf shelf;
	int64_t isolated_ms; /* since then its hazard's isolation in its zone holds its notices; 0: not */
	char *watch; /* person who is called for it with level 1 and owns its steps, or NULL */
	enum state state;
	int64_t opened_ms, changed_ms, closed_ms;
	char *acked_by, *after; /* person id, incident id; "" when none */
	int level, round;       /* level from 1; 0: nobody called yet */
	bool exhausted_told;
	int reminders; /* unanswered */
	bool investigated;
	enum next_what next;
	struct deadline due;
	int64_t opened_seq, seq; /* rows */
	char *reset_by; /* first of two persons, "" */
	int64_t reset_ms;
	char *reset_without; /* members the first person named, blank-separated */
	struct deadline all_clear; /* armed: a second person may say so too until then */
	struct drill *drill;       /* an exercise, never merged with what is real; NULL: real (drill.h) */
	struct member *members;
	int n_members;
	struct step_run *steps; /* one per playbook step */
	int n_steps;
	struct delivery_state *deliveries;
	int n_deliveries;
	struct called *called;
	int n_called;
	bool dead_told; /* nobody of the last level can be reached: the others were called again */
	struct ack *acks; /* where more than one is needed */
	int n_acks, quorum;
	struct instruction *instructions; /* the newest */
	int n_instructions;
	int64_t first_ack_ms, first_step_ms; /* when somebody first said that he has it, and did something; 0 */
	bool dirty;   /* record must be saved */
	bool changed; /* state must be published */
};

/* A notice that has not ended: the durable outbox. */
struct notice_run {
	char *key;            /* "n/<seq>.<n>/<channel>": saved under it */
	struct notice notice; /* strings owned */
	int channel_index;    /* position in the person's list; for the next way when this one fails */
	bool left;            /* given to the channel in this process, no outcome yet */
	bool waits_link;      /* failed for want of the broker and no other way: again when it is back */
	struct deadline due;  /* the end of its channel's patience */
	bool tried_again;     /* in this process, the broker being there: then it was not for want of it */
	bool dirty;
};

/* A command to an actuator under way. */
struct actuation {
	int64_t id;   /* also in the effect */
	char key[24]; /* "a/<id>" */
	char *actuator, *action;
	int64_t incident;      /* number, 0: operate by hand */
	int step;              /* of the incident's playbook, -1 */
	char *user;            /* operate: who gave it, NULL: a playbook */
	char *who;             /* the same for rows: "root for wang"; NULL: a playbook */
	char *via;             /* how: mqtt, control:<uid> */
	struct reply_to reply; /* strings owned */
	int tries;
	int64_t began_ms;
	bool in_flight; /* left, or about to; not yet answered by outcome */
	struct deadline due;
	int64_t cause;
	bool dirty;
};

/* Commands of one person since then. */
struct speech {
	int64_t since_ms;
	int n;
};

/* caps.c: what is counted for the bounds; not saved. */
struct caps {
	struct speech *speech; /* by person of the newest plan, then everybody else */
	int n_speech;
	int64_t late_rows; /* written since the store was late */
	bool is_full;
};

/* ----------------------------------------------------------------- engine */

/* home.c: what Home Assistant was told of this site. */
struct home {
	char *topic;        /* NULL: nothing is kept there */
	char *zones, *gone; /* ids with a blank before each: told, and since the start told to be gone */
	bool dirty;
};

struct engine {
	const struct plan *plan; /* newest */
	int64_t now_ms, epoch, seq;
	int64_t spoke_ago_ms;          /* of the sensor at work; 0 but for READING_SEEN */
	int64_t next_number, reserved; /* incident numbers: next, and end of the reserved block */
	int64_t next_actuation;
	struct effects *fx; /* of the step under way */
	enum link link;
	int link_stage; /* while down: 0 just now, 1 other ways are taken, 2 told as a fault */
	struct deadline link_due, schedule_due;
	enum store_state store;
	struct caps caps;
	bool started, stopping, counters_dirty, zones_changed, all_changed;
	bool is_planned;     /* sensors_replan has run: with the first step, or after what was restored */
	bool causes_changed; /* who explains whom is to be looked at */
	bool untils_changed; /* steps that wait for a condition are to be looked at */
	struct buf body; /* of the row being written */
	struct heap heap;
	struct readers *readers; /* readers.c; follows from the plan */
	struct sensor **sensors; /* by id */
	int n_sensors, cap_sensors;
	struct instance **instances; /* by key */
	int n_instances, cap_instances;
	struct incident **incidents; /* by number; closed ones until their retained state is emptied */
	int n_incidents, cap_incidents;
	struct notice_run **notices; /* by creation */
	int n_notices, cap_notices;
	struct actuation **actuations; /* by id */
	int n_actuations, cap_actuations;
	int64_t notice_seq; /* numbering of notices below one row */
	int notice_n;
	struct again_commands commands; /* lately answered */
	struct records gone; /* keys to forget at the next save */
	char **zone_words;   /* last published, by zone of the newest plan */
	struct flood **floods; /* of people who were sent a notice lately, by person id */
	int n_floods;
	int n_drills; /* exercises that are not closed */
	bool skips_asked; /* a call failed in this step: is its level dead? */
	struct watch_run **watches; /* by id */
	int n_watches;
	struct duty **duties; /* by roster id */
	int n_duties;
	struct override **overrides; /* by number */
	int n_overrides;
	bool duty_changed; /* who is on call is to be published */
	struct impairment **impairments; /* by key */
	int n_impairments;
	struct rung **reaches; /* by person id */
	int n_reaches;
	struct deadline ring_due;
	bool reach_changed; /* whom nothing reaches is to be looked at */
	struct home home;
};

/* ------------------------------------------- what condition.c tells incident.c */

/* After the gates of an instance changed. First one call per sensor whose leaf
 * changed: active true (it became true, or was lost: lost=true; or is known true
 * again), active false. Then, always, incident_grade with the highest true grade
 * (-1: none) and whether that is known: false while a sensor that was lost while bad
 * is still unknown (nothing may clear). One lost while calm hinders nothing. */
void incident_member(struct engine *e, struct instance *in, struct sensor *s, enum truth active, bool lost);
void incident_grade(struct engine *e, struct instance *in, int grade, bool known);
/* A supervised sensor that is no active member went silent, away or unreadable (lost), or is back. */
void incident_sensor_lost(struct engine *e, struct sensor *s, const char *why);
void incident_sensor_found(struct engine *e, struct sensor *s);
/* A member's value moved: now and peak. */
void incident_value(struct engine *e, struct sensor *s);

/* incident.c */
struct incident *incident_find(const struct engine *e, int64_t number);
bool incident_is_open(const struct incident *inc); /* not closed */
bool incident_is_calling(const struct incident *inc); /* somebody is still being called for it */
bool incident_wants_ack(const struct incident *inc);  /* the same, or may first be looked at: somebody still has to take it */

/* holder.c: who holds a role now. Indexes are of the newest plan; role -1: nobody. Several when a crew is on
 * duty, and during a hand-over: who goes and who comes, in this order. */
enum { ROLE_PEOPLE_MAX = 64, LEVEL_PEOPLE_MAX = 128 };
int role_people(const struct engine *e, int role, int *people, int cap);
int role_person(const struct engine *e, int role); /* the first of them, or -1 */
bool people_have(const int *people, int n, int person);
int people_add(int person, int *people, int n, int cap); /* once; the new n. person -1: nobody */
bool role_calls(const struct engine *e, int role, int person);   /* one of them */
bool role_held_by(const struct engine *e, int role, int person); /* one of them, or the deputy */
const char *role_why(const struct engine *e, int role); /* which rule chose them, duty.h */
/* people.c */
/* The incident's chain: of the newest plan when it still has it, else of its own. Levels' roles
 * are given as persons of the newest plan. level from 1. */
int chain_levels(const struct engine *e, const struct incident *inc);
int64_t chain_wait_ms(const struct engine *e, const struct incident *inc, int level);
int chain_people(const struct engine *e, const struct incident *inc, int level, int *ret_people,
                 int cap); /* level 0: exhausted */
/* Who holds a role of the level, without those who would be called instead of nobody. */
int chain_holders(const struct engine *e, const struct incident *inc, int level, int *ret_people, int cap);
int chain_quorum(const struct engine *e, const struct incident *inc, int level); /* 0: none is given */
bool chain_has_person(const struct engine *e, const struct incident *inc, int person);
int chain_level_of_role(const struct engine *e, const struct incident *inc, int role); /* 0: in none */
int step_role(const struct engine *e, const struct incident *inc,
              const struct step *step); /* newest plan's index, or -1 */

/* owner.c: the people who hold the roles of a step, each once; and whether somebody has to do it. */
int step_people(const struct engine *e, const struct incident *inc, const struct step *step, int *ret_people,
                int cap);
bool step_is_of(const struct engine *e, const struct incident *inc, const struct step *step, int person);
bool step_asks(const struct step *step);

enum { ACTUATORS_MAX = 64 }; /* of one step */
/* actuate.c: the actuators a command step means, in the newest plan: the one it names, or all of the
 * kind that serve the zone. */
int actuators_for(const struct engine *e, const struct incident *inc, const struct step *step,
                  int *ret_actuators, int cap);
const struct action *actuator_action(const struct actuator *act, const char *id); /* NULL: it has none such */
bool actuator_serves(const struct engine *e, const struct actuator *act, int zone); /* it, or what is around it */

/* until.c: what a step waits for, as its incident shows it. */
void until_render(const struct engine *e, const struct step_run *s, struct buf *out);

/* render: pure texts from the structs (render.c wording.c) */
void render_incident(const struct engine *e, const struct incident *inc, struct buf *out); /* state JSON */
void render_vote(const struct incident *inc, int most, struct buf *out); /* "vote", where it has one */
void render_summary(const struct engine *e, struct buf *out);
void render_summary_text(const struct engine *e, struct buf *out);
void render_oncall(const struct engine *e, struct buf *out);
void render_impairments(const struct engine *e, struct buf *out);
unsigned char *zones_judge(const struct engine *e); /* one for each zone of the plan; the caller frees */
const char *zone_word(unsigned char judged);        /* alarm pre_alarm acked fault isolated test normal */
/* Body of a notice in one language, without marks; fits a lock screen. step: the task it is about, or
 * the first open task of this person, NULL for none; words: for TELL, LATE, OVER: the sentence, or NULL. */
struct wording {
	enum notice_kind kind;
	enum lang lang;
	int person, level;
	const struct incident *incident; /* NULL: TEST */
	const struct step *step;
	const char *words;
};
void render_notice(const struct engine *e, const struct wording *w, struct buf *out);
/* Sentence of a result (CONTRACT section 6), in the person's language. */
struct answer {
	enum verb verb;
	enum refusal refusal; /* REFUSAL_NONE: it was done */
	enum lang lang;
	const struct incident *incident; /* or NULL */
	const char *detail; /* NULL, or: interlock id; ids of `which` ("G-17,W-18"); step list; ack: who was
	                     * first, when it is not the one who is answered; operate: how it ended */
	const char *form;   /* record: how the fact named in detail is written; decide: what there is to choose from; or
	                     * NULL. Not recorded: nobody said it */
	int64_t due_ms;     /* ack: when to be there; -1 none */
	bool noted;         /* done by somebody else: recorded as a note */
	int n_more;         /* ack: so many people more must do the same */
	const struct duty *duty; /* handover, accept, refuse: whose; or NULL */
	bool waits;         /* override: not before somebody above agrees */
	bool first;         /* of two persons: it counts when the other says the same */
	int n_all;          /* `ack all`: so many; detail then names those that still wait, or NULL */
};
void render_answer(const struct engine *e, const struct answer *a, struct buf *out);

#endif
