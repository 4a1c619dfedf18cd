/* plan.h - the checked, immutable configuration: made by rules/language, read
 * by intake, engine and daemon. All memory belongs to the plan's arena.
 * References are indexes into the plan's arrays, -1 for none; `ids` point at
 * n_ids such indexes. Durations are milliseconds, numbers milli-units. Texts
 * are UTF-8 and present in both languages (a missing one repeats the other). */
#ifndef TOCSIN_PLAN_H
#define TOCSIN_PLAN_H

#include "base/arena.h"
#include "base/hours.h"
#include "base/names.h"
#include "base/shifts.h"
#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	const char *in[LANG_COUNT];
};

struct ids {
	const int *at;
	int n;
};

struct strings {
	const char *const *at;
	int n;
};

struct zone {
	const char *id;
	struct text name;
	int in;		   /* parent zone */
	struct ids fed_by; /* zones its power comes from */
};

/* Payload texts that stand for one word; compared without case for ASCII. */
struct word_set {
	const char *word; /* alarm normal fault test ignore, or the site's own (closed, open) */
	struct strings texts;
	bool has_word; /* one word of the payload is among the texts; else all of it is */
};

/* Where the value stands in a payload: NULL path: the whole payload as text. */
struct value_path {
	const char *pointer; /* RFC 6901 as written, for messages */
	struct strings keys; /* unescaped reference tokens */
	/* NULL: none. picks[i] not NULL: token i is [keys[i]=picks[i]], the first element of the array whose
	 * member is that text; keys[i] "": whether the text is in the array, as true or false (last token) */
	const char *const *picks;
	bool whole;	     /* no pointer: raw text */
};

/* A number or a bit in bytes that are written as text. */
#define DECODE_FROM_LIST(X) X(NONE, "none") X(BASE64, "base64") X(HEX, "hex")
#define DECODE_TYPE_LIST(X)                                                                                  \
	X(U8, "u8", 1)                                                                                       \
	X(I8, "i8", 1)                                                                                       \
	X(U16BE, "u16be", 2)                                                                                 \
	X(U16LE, "u16le", 2)                                                                                 \
	X(I16BE, "i16be", 2)                                                                                 \
	X(I16LE, "i16le", 2)                                                                                 \
	X(U32BE, "u32be", 4)                                                                                 \
	X(U32LE, "u32le", 4)
#define DECODE_FROM_E(A, T) DECODE_##A,
#define DECODE_TYPE_E(A, T, N) DECODE_##A,
enum decode_from { DECODE_FROM_LIST(DECODE_FROM_E) };
enum decode_type { DECODE_TYPE_LIST(DECODE_TYPE_E) };

struct decode {
	enum decode_from from; /* DECODE_NONE: the text is the value */
	enum decode_type type;
	int byte; /* where it begins, from 0 */
	int bit;  /* of that byte, 0 the lowest: 0 or 1; -1: the number */
};

enum encoding { ENCODING_UTF8, ENCODING_GB18030 };

/* What a retained message of it means: a state like any other, nothing, or a
 * state when its stamp is within max_age. */
enum retained { RETAINED_ADOPT, RETAINED_IGNORE, RETAINED_NEWER };

struct availability {
	const char *topic; /* NULL: none; captures of the sensor's topic allowed as {1}..{9} */
	struct value_path value;
	struct strings online, offline;
};

/* A sensor, or a family of sensors when its topic has wildcards: then id and
 * zone may hold {1}..{9}, what the n-th wildcard of the topic matched. */
struct sensor_def {
	const char *id;
	const char *kind;
	int zone;		  /* -1: zone_pattern names it */
	const char *zone_pattern; /* e.g. "{1}" */
	const char *topic;	  /* MQTT filter */
	struct value_path value;
	struct value_path stamp; /* the sender's time or message id; pointer NULL: none */
	const struct word_set *words;
	int n_words; /* 0: the raw text is the word */
	const char *unit;
	const char *missing; /* text that stands for a value that is not there; NULL: no change */
	struct decode decode;
	int64_t scale_nano; /* number = raw * scale / 1e9 + offset; 0: as it is */
	int64_t offset_milli;
	enum encoding encoding; /* of the payload */
	enum retained retained;
	int64_t max_age_ms;	 /* older by its stamp: a replay, ignored; 0: any age */
	int64_t off_delay_ms;	 /* after an alarm normal again by itself; 0: says so itself */
	int64_t silent_after_ms; /* 0: not supervised */
	struct availability availability;
	int via; /* the sensor (kind link) of the gateway it speaks through: lost with it; -1 none */
	int qos; /* 0 or 1, decided by the checker (DESIGN section 2) */
	bool is_family;
	bool is_watched; /* a sign of life of some watch: every message of it counts */
};

struct action {
	const char *id;
	const char *send; /* payload */
	int until_sensor; /* sensor def whose word confirms; -1: the broker's acknowledgement is the end */
	struct strings until_is;
};

struct actuator {
	const char *id, *kind, *topic;
	int zone;
	struct ids serves; /* zones whose source it is */
	const struct action *actions;
	int n_actions;
	int64_t within_ms; /* one try; also the message expiry */
	int tries;
	unsigned safe_in; /* bit per hazard: passes interlocks of it */
	struct ids operators; /* roles */
};

enum reach { REACH_ZONE, REACH_PARENT, REACH_SITE };

struct forbid {
	const char *kind;   /* NULL: every kind */
	const char *action; /* NULL: every action */
};

struct interlock {
	const char *id;
	enum hazard hazard; /* holds while an incident of it is not closed */
	enum reach reach;
	const struct forbid *forbid;
	int n_forbid;	  /* one entry with both NULL: all */
	const char *sign; /* instead of the hazard: holds while it hangs, reaching from there; or NULL */
};

/* Which of a person's notices go by a channel, beside what the channel itself carries. */
struct way {
	const char *channel;
	unsigned severities; /* bit per severity */
	struct schedule hours; /* n 0: always */
};

/* A person's own number, room or name at one channel. */
struct address {
	int channel; /* -1: not there */
	const char *text;
};

struct person {
	const char *id, *name;
	struct strings users;  /* broker names */
	struct strings logins; /* local login names */
	enum lang language;
	const char *phone, *mail; /* or NULL */
	struct ids channels;	  /* in order of preference, at least one */
	const struct way *ways;	  /* of the same length; NULL: all at any time */
	const struct address *addresses;
	int n_addresses;
};

struct role {
	const char *id;
	struct text name;
	int holder, deputy; /* persons or -1 */
	int covered_by;	    /* role or -1 */
	const struct roster *roster; /* or NULL; then no holder */
};

/* How often the rotation moves on: with each shift, each day, each seven days. */
#define TURN_LIST(X) X(SHIFT, "shift") X(DAY, "day") X(WEEK, "week")
#define TURN_E(A, T) TURN_##A,
enum moves { TURN_LIST(TURN_E) };

/* Who has a shift on one day, whatever the rotation says. */
struct duty_date {
	int64_t day; /* on which the shift begins */
	int shift;
	struct ids people;
};

/* Who holds the roles that name it, shift by shift (roster.h). */
struct roster {
	const char *id;
	struct shifts shifts;
	const struct ids *rotation; /* crews of one person at least */
	int n_rotation;
	enum moves turn;
	int64_t from_day; /* the first one of the rotation */
	const struct duty_date *dates;
	int n_dates;
	int minimum;	     /* so many of a crew accept before the shift before is off duty */
	int64_t handover_ms; /* not accepted for so long: the next level is told, and again */
	int consent;	     /* role that agrees to overrides; -1: those above in the chains */
};

struct level {
	struct ids call; /* roles */
	int64_t wait_ms;
	int quorum; /* so many people must acknowledge before the chain stops; 0: one */
};

struct chain {
	const char *id;
	const struct level *levels;
	int n_levels; /* at least 1 */
	struct ids exhausted; /* roles told at the first wrap; empty: the last level's */
};

/* What a channel's plugin is told. */
struct channel_option {
	const char *key;
	struct strings texts;		 /* n 0: a secret, that whoever opens the channel reads */
	const char *file, *credential; /* of a secret: one of them */
	int source, line, col;		 /* where it is written */
};

struct channel {
	const char *id;
	const char *plugin; /* page, journal, exec, webhook, mail */
	struct strings argv; /* exec; {{phone}} and the like are filled per notice */
	const struct channel_option *options;
	int n_options;
	int64_t timeout_ms;	 /* for a notice to leave by it */
	unsigned severities;	 /* bit per severity it carries */
	struct schedule hours; /* when it carries anything; n 0: always */
	int per_minute, burst, reserve; /* 0: any number; as many; none */
	int max_bytes;			  /* of a text; 0: any */
	bool digest;			  /* what waits for a token leaves as one summary */
	const char *replies;		  /* broker user that hands on what people answer by it; or NULL */
	int source, line, col;		  /* where it is written */
};

/* -- conditions -- */

enum test_op {
	TEST_IS,
	TEST_IS_NOT,
	TEST_HAS_WORD,
	TEST_ABOVE,
	TEST_BELOW,
	TEST_SILENT,
	TEST_OUTSIDE,
	TEST_RISES,
	TEST_FALLS,
	TEST_CHANGES,
};

enum { CHANGES_MAX = 64 }; /* that `changes` can count */

struct test {
	enum test_op op;
	struct strings words;	 /* is, is_not: any of; has_word */
	int64_t limit_milli;	 /* above, below: strict; outside: the upper one; rises, falls: by this or more */
	int64_t clear_milli;	 /* above: false again below it; below: above it; equal to limit: no hysteresis */
	int64_t low_milli, low_clear_milli; /* outside: the same of the lower one */
	int64_t silent_ms;
	int64_t over_ms; /* rises, falls, changes: within so long */
	int changes;	 /* so many or more */
};

static inline bool test_is_number(enum test_op op)
{
	return op == TEST_ABOVE || op == TEST_BELOW || op == TEST_OUTSIDE || op == TEST_RISES || op == TEST_FALLS;
}

/* It looks at what was told during `over`, not only at what is told now. */
static inline bool test_is_windowed(enum test_op op)
{
	return op == TEST_RISES || op == TEST_FALLS || op == TEST_CHANGES;
}

enum cond_op { COND_TEST, COND_ALL, COND_ANY, COND_NOT, COND_VOTE };

struct cond {
	enum cond_op op;
	/* COND_TEST: which sensors; true when any of them is */
	int sensor;	      /* def index, or -1: by kind */
	struct strings kinds; /* with sensor -1 */
	int zone;	      /* -1: the incident's own zone (per zone), every zone (per site) */
	struct test test;
	/* any op: delay before it becomes true, before it becomes false */
	int64_t for_ms, clear_for_ms;
	/* part of an `all` or a vote with `within`: it counts for so long after it was true (all)
	 * or had become true (vote) */
	int64_t hold_ms;
	bool is_voter;
	const struct schedule *schedule; /* NULL: always; outside it raises nothing; never below a `not` */
	const struct cond *kids;	 /* a vote has one, the test of its voters */
	int n_kids;
	int at_least; /* vote: so many sensors */
	bool degrade; /* vote: each voter that is not known lowers the number by one */
	int node; /* unique within the type, over all grades; stable for equal text */
};

struct grade {
	const char *id; /* "" when the type has no grades */
	struct cond when;
	enum severity severity;
	bool latch;
};

enum per { PER_ZONE, PER_SITE, PER_SENSOR };

struct incident_type {
	const char *id;
	struct text title;
	enum hazard hazard;
	enum per per;
	const struct grade *grades; /* mildest first; n_grades 0: only people and the system raise it */
	int n_grades;
	enum severity severity; /* of a manual raise: the gravest grade's */
	bool latch;		/* of a manual raise */
	int n_nodes;
	int chain;
	int playbook; /* or -1 */
	int64_t remind_ms;
	int64_t pre_alarm_ms, investigate_ms; /* 0: no pre-alarm */
	struct schedule staffed;	      /* the hours of it; n 0: always */
	struct schedule schedule;	      /* outside it none is raised; n 0: always */
	struct text contacts;		      /* outside numbers shown with the call; in[] "" when none */
	int self;			      /* enum self, or -1 */
	int quorum; /* at least so many people must acknowledge it; 0: as its chain says */
	struct strings explained_by;	      /* ids of types whose open incident it is a consequence of */
};

/* -- playbooks -- */

struct choice {
	const char *id;
	struct text text;
};

enum field_type { FIELD_TEXT, FIELD_TIME, FIELD_NUMBER };

struct field {
	const char *id;
	enum field_type type;
};

/* One condition of `when`: the step ended with one of these words: a step
 * state (done failed interlocked) or, of a decide, a choice. */
struct after {
	int step;
	struct strings results; /* n 0: however it ended */
};

struct step {
	const char *id;
	enum step_kind kind;
	struct text text; /* task, decide, notify */
	struct text contacts; /* "" when none */
	int who;	 /* role, or -1 */
	struct ids also; /* further roles: each is told, any of them may end it */
	int64_t within_ms; /* 0: never late */
	int run;	   /* the `run` step it is a part of, counted from 1; 0: none */
	const char *book;  /* run: the playbook */
	/* wait, and a task that a sensor confirms: its one grade ends it; NULL: none */
	const struct incident_type *until;
	struct ids copies; /* report: roles that are told when it is signed */
	bool at_end;	   /* waits until its incident is cleared */
	bool first, mandatory;
	const struct after *after; /* all of them must hold; n 0: starts with the playbook */
	int n_after;
	int late_call; /* role or -1 */
	const char *tag;
	/* command */
	int actuator;		 /* or -1: */
	const char *actuator_kind; /* those of the kind that serve the incident's zone */
	const char *action;
	struct ids notify; /* roles */
	const struct choice *choices;
	int n_choices;
	int otherwise; /* choice taken when its time is over */
	const struct field *fields;
	int n_fields;
};

struct playbook {
	const char *id;
	const struct step *steps; /* in file order */
	int n_steps;
	int first; /* step of the action watch, or -1 */
};

/* -- watches: signs of life that must come -- */

struct watch_point {
	const char *id;	   /* "" of a watch that has one sign only */
	int sensor;	   /* def; -1: `closed` */
	struct strings is; /* n 0: whatever it says */
};

struct watch_def {
	const char *id;
	struct text title;
	int zone;		 /* -1: the site */
	int who;		 /* role, or -1 */
	struct schedule during;	 /* n 0: always */
	int hazard;		 /* enum hazard: only while such an incident is open; -1 */
	const char *while_type;	 /* the same of a type; or NULL */
	int64_t every_ms;	 /* a round; 0: `closed` */
	int64_t remind_ms;	 /* so long before; 0: no reminder */
	const struct watch_point *points; /* at least one */
	int n_points;
	const char *closed_type; /* none of it may be open when `by` begins; or NULL */
	struct schedule by;
	int type; /* what a missed one raises */
};

/* A lock-out sign that can hang somewhere. */
struct sign {
	const char *id;
	struct text text;
};

struct tls {
	const char *ca, *cert, *key; /* paths or NULL */
	bool use;
};

struct broker {
	const char *host;
	int port;
	const char *user;		     /* or NULL */
	const char *password_file;	     /* or NULL */
	const char *password_credential;     /* systemd credential name, or NULL */
	int version; /* 5 or 3 (3.1.1); 5 falls back by itself */
	struct tls tls;
};

/* The site as one device of Home Assistant. */
struct home_assistant {
	const char *prefix; /* of its discovery topics; NULL: it is told nothing */
	int person;	    /* whose broker user it has; -1: it can acknowledge nothing */
};

struct plan {
	struct arena arena;
	const char *site;
	struct text site_name;
	const char *timezone;
	struct tz tz; /* set once by the daemon, before the plan is used */
	struct broker broker;
	struct home_assistant home;
	const char *store_path;
	unsigned languages; /* bit per lang */
	struct schedule ring; /* hours of the test notices to all who will be on duty; n 0: never */
	const char *hash;   /* sha-256 of the source, hex; set by the daemon, any text in tests */

	const struct zone *zones;
	int n_zones;
	const struct sensor_def *sensors;
	int n_sensors;
	const struct actuator *actuators;
	int n_actuators;
	const struct interlock *interlocks;
	int n_interlocks;
	const struct person *people;
	int n_people;
	const struct role *roles;
	int n_roles;
	const struct roster *rosters;
	int n_rosters;
	const struct chain *chains;
	int n_chains;
	const struct channel *channels;
	int n_channels;
	const struct incident_type *types; /* every enum self has one */
	int n_types;
	const struct playbook *playbooks; /* an id may come again, with the report of a type */
	int n_playbooks;
	const struct watch_def *watches;
	int n_watches;
	const struct sign *signs; /* also those that only a step's `tag` names */
	int n_signs;
	const struct cond *const *untils; /* what steps wait for */
	int n_untils;
};

bool strings_have(const struct strings *s, const char *text); /* text NULL: no */
int plan_zone(const struct plan *p, const char *id); /* index or -1; likewise below */
int plan_sensor(const struct plan *p, const char *id);
int plan_actuator(const struct plan *p, const char *id);
int plan_person(const struct plan *p, const char *id);
int plan_role(const struct plan *p, const char *id);
int plan_roster(const struct plan *p, const char *id);
int plan_channel(const struct plan *p, const char *id);
int plan_type(const struct plan *p, const char *id);
int plan_sign(const struct plan *p, const char *id);
int plan_person_by_user(const struct plan *p, const char *user);
int plan_person_by_login(const struct plan *p, const char *login);
/* Of those who have a channel whose replies the user hands on, the one with this number; -1: none, or
 * several. *ret_channel: which, or NULL when the user is nobody's. */
int plan_person_by_phone(const struct plan *p, const char *user, const char *phone, const struct channel **ret_channel);
int plan_self(const struct plan *p, enum self self); /* always found */
bool plan_zone_inside(const struct plan *p, int zone, int outer); /* zone is outer or below it */

void plan_free(struct plan *p); /* NULL allowed */

#endif
