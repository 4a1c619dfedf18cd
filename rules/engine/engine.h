/* engine.h - the one who decides. Events and time in, effects out; reads no
 * clock, touches no file, socket or thread. The same events give the same
 * effects and the same digest, on every machine.
 *
 *   engine_new -> [engine_restore]* -> engine_restored -> engine_step* -> engine_free
 *
 * One turn: engine_step for each waiting event, engine_step(EVENT_TIME) for
 * what is due, then engine_save. Effects of a turn leave only after its rows
 * and records are durable (daemon/perform says the exceptions, DESIGN I2). */
#ifndef TOCSIN_ENGINE_H
#define TOCSIN_ENGINE_H

#include "base/buf.h"
#include "base/names.h"
#include "plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;

/* ---------------------------------------------------------------- events */

enum reading_kind {
	READING_VALUE,      /* word and, where it is one, number */
	READING_UNREADABLE, /* the payload or value could not be understood, or says fault */
	READING_AWAY,       /* availability: offline */
	READING_BACK,       /* availability: online */
	READING_SEEN,       /* only a sign of life (test, ignore, missing key) */
};

enum { VALUE_BYTES = 64 }; /* of a value's text, NUL included; longer is cut */

struct reading {
	enum reading_kind kind;
	const char *sensor; /* id, captures filled in */
	int def;            /* index in plan->sensors of the engine's newest plan */
	int zone;           /* index in plan->zones; -1: the captured zone is unknown */
	const char *word;   /* mapped by the word sets, else the raw text; "" never NULL */
	const char *text;   /* the raw value as text, at most VALUE_BYTES - 1 */
	bool has_number;
	int64_t milli;
	bool retained;
	int64_t ago_ms; /* READING_SEEN: how long before at_ms it spoke */
	uint64_t mark;  /* digest of the sender's time or message id and the value; 0: none */
	bool dup;       /* the broker had sent it before */
};

/* Where an answer goes. All strings or NULL. */
struct reply_to {
	int64_t control; /* token of a control-socket client, or 0 */
	const char *req; /* echoed */
	const char *response_topic;
	const char *correlation; /* hex of the MQTT 5 correlation data */
};

struct pair {
	const char *key, *value;
};

struct command {
	enum verb verb;
	enum refusal bad; /* REFUSAL_NONE, or why it was refused unread */
	const char *user; /* broker user or local login, as the adapter proved it */
	const char *via;  /* mqtt, control:<uid> */
	const char
	    *as_root;   /* login when root or tocsin-admin speaks for `user` (then a person id), else NULL */
	bool by_login;  /* user is a login name */
	bool as_person; /* user is a person's id */
	bool retained;
	bool dup;         /* the broker had sent it before */
	bool before_mark; /* arrived before the mark was back: waited in the broker's queue */
	int64_t id;       /* incident number; 0: none given (bare) */
	bool all;
	int64_t rev; /* -1: none given */
	const char *type, *zone, *step, *choice, *actuator, *action, *person, *channel, *role,
	    *starts, *ends, *words;         /* or NULL */
	const char *hazard, *permit, *name; /* isolate; of a detector, actuator or sign; or NULL */
	const char *phone; /* ack: the number it came from, as a channel's gateway says; or NULL */
	const char *photo; /* digest of one that is kept elsewhere, "sha256:..."; or NULL */
	int64_t for_ms;                     /* -1: the end is missing or cannot be read; stats: so far back, 0 not said */
	const char *id_text;    /* what stood where an id should */
	struct strings without; /* reset: members taken out */
	struct pair pairs[16];
	int n_pairs;
	bool is_instruction;    /* note: from above, and whose */
	const char *from_whom;  /* or NULL: of the speaker */
	int64_t from, to; /* resend */
	struct reply_to reply;
};

/* What became of an effect that left. */
enum outcome {
	OUTCOME_SENT,      /* handed over: broker's acknowledgement, program's exit 0 */
	OUTCOME_DELIVERED, /* the person's device or program says so */
	OUTCOME_FAILED,    /* not by this way, now */
};

enum link { LINK_DOWN, LINK_UP, LINK_SYNCED, LINK_MARK_LOST };
enum store_state { STORE_OK, STORE_LATE, STORE_FAILING };

enum event_kind {
	EVENT_TIME,    /* only time passes */
	EVENT_STARTED, /* first of an epoch: .started */
	EVENT_STOPPING,
	EVENT_PLAN,     /* a new plan is in force: .plan (must outlive the engine's use of it, see
	                   engine_plan_used) */
	EVENT_READING,  /* .reading */
	EVENT_COMMAND,  /* .command */
	EVENT_NOTICE,   /* outcome of a notice: .notice */
	EVENT_ACTUATED, /* outcome of an actuator message: .actuated */
	EVENT_LINK,     /* .link */
	EVENT_STORE,    /* .store */
	EVENT_FAULT,    /* the daemon found something wrong with itself, or it is over: .fault */
	EVENT_CLOCK,    /* site time was re-anchored by .clock_ms: deadlines move along */
	EVENT_RETAINED, /* a retained incident state of ours: .retained number */
	EVENT_ARCHIVED, /* old rows leave the living log: .archived */
};

struct event {
	enum event_kind kind;
	int64_t at_ms; /* site time; never less than the event before */
	union {
		struct {
			int64_t down_ms; /* site time not lived through; 0 at the first start */
			const char *host, *boot, *version;
			int64_t epoch;
		} started;
		struct {
			const struct plan *plan;
		} plan;
		struct reading reading;
		struct command command;
		struct {
			const char *id; /* "2.1" */
			const char *channel; /* that says so; NULL: the present one */
			enum outcome outcome;
			const char *why; /* or NULL */
		} notice;
		struct {
			int64_t id;
			enum outcome outcome;
			bool interlocked; /* engine_may_actuate said no at release */
		} actuated;
		enum link link;
		enum store_state store;
		struct {
			enum self self;
			bool over;
			const char *what; /* a sentence, or NULL */
		} fault;
		int64_t clock_ms;
		struct {
			int64_t number;
			const char *id; /* "G-17" */
		} retained;
		struct {
			int64_t upto;     /* the last of them */
			const char *head; /* its hash: the log goes on from there */
			const char *file; /* in which they stand */
			const char *who;
		} archived;
	};
};

/* --------------------------------------------------------------- effects */

enum effect_kind {
	EFFECT_AUDIT,   /* .row */
	EFFECT_PUBLISH, /* .publish */
	EFFECT_NOTICE,  /* .notice */
	EFFECT_ACTUATE, /* .actuate */
	EFFECT_REPLY,   /* .reply */
	EFFECT_WANT,    /* intake shall tell the sensor's next message: .sensor */
	EFFECT_FOLLOW,  /* the sensor is a member of an open incident (or no longer): .sensor, .on */
	EFFECT_RESEND,  /* audit rows again on `event`: .resend */
	EFFECT_QUERY,   /* what only the audit can answer: .query */
};

/* A row of the audit: rec is the canonical JSON, byte-exact. */
struct row {
	int64_t seq;
	const char *rec;
	enum audit_kind kind;
};

/* Everything needed to send, send again and mark a notice (rules/engine/notice.c). */
struct notice {
	const char *id; /* "<seq>.<n>", the same on every re-send */
	enum notice_kind kind;
	const char *person, *channel; /* ids */
	const char *incident;         /* "G-17" or NULL */
	int64_t seq;                  /* row that caused it */
	int64_t epoch;
	int rev, level;
	enum lang lang;
	enum hazard hazard;
	enum severity severity;
	const char *text;    /* without marks */
	const char *answer;  /* payload that acknowledges, or NULL */
	const char *covers;  /* summary: numbers of its incidents, blank-separated; else NULL */
	const char *user;    /* whose cmd topic the answer goes to */
	int64_t reply_by_ms; /* -1: none; the message's expiry */
	bool drill;
	bool repeat; /* sent before, or perhaps */
};

struct publish {
	const char *topic; /* below the root */
	const char *payload;
	bool is_whole; /* the topic: not below the root */
	bool retain, latest_wins;
	int qos;
};

struct actuate {
	int64_t id;
	const char *actuator, *action, *topic, *payload;
	int64_t within_ms;
};

struct reply {
	const char *user;
	struct reply_to to;
	const char *json; /* the result object */
	bool ok;
};

struct effect {
	enum effect_kind kind;
	bool urgent;    /* leaves unrecorded when the store is late (I2) */
	bool life;      /* life-safety: the sender's first lane */
	int64_t cause;  /* seq of the row that caused it (I8) */
	int64_t number; /* incident number, 0 none */
	union {
		struct row row;
		struct publish publish;
		struct notice notice;
		struct actuate actuate;
		struct reply reply;
		struct {
			const char *id;
			bool on;
		} sensor;
		struct {
			int64_t from, to;
			const char *user;
			struct reply_to reply;
		} resend;
		struct {
			enum verb verb;
			int64_t number;  /* report: as asked, perhaps of no incident */
			int64_t back_ms; /* stats: so long before the newest row */
			enum lang lang;
			const char *user;
			struct reply_to reply;
		} query;
	};
};

/* Strings of effects live in the list's arena until effects_clear. */
struct effects {
	struct effect *at;
	int n, cap;
	struct arena arena;
};

void effects_init(struct effects *fx);
void effects_clear(struct effects *fx);
void effects_fini(struct effects *fx);

/* A saved record: the store keeps the newest of each key. value NULL: gone. */
struct record {
	const char *key, *value;
};

struct records {
	struct record *at;
	int n, cap;
	struct arena arena;
};

void records_init(struct records *r);
void records_clear(struct records *r);
void records_fini(struct records *r);
void records_put(struct records *r, const char *key, const char *value); /* copies both */

/* ------------------------------------------------------------------- use */

/* The plan must outlive the engine's use of it; its sensors are gone through with the first step or
 * save, so that after a restore it is done once. */
struct engine *engine_new(const struct plan *plan);
void engine_free(struct engine *e);

/* Saved records in any order; plans of open incidents come through `plan_of`
 * (hash -> plan, NULL when lost: the incident then has no playbook). */
int engine_restore(struct engine *e, const struct record *records, int n,
                   const struct plan *(*plan_of)(void *arg, const char *hash), void *arg);

void engine_step(struct engine *e, const struct event *ev, struct effects *fx);
/* Ends a turn: notices and commands of the effects from `from` on in the order of hazards. */
void engine_order(const struct engine *e, struct effects *fx, int from);
int64_t engine_next_due(const struct engine *e);             /* site time; INT64_MAX: nothing */
void engine_save(struct engine *e, struct records *ret);     /* what changed since the last call */
void engine_save_all(struct engine *e, struct records *ret); /* everything, in key order */
uint64_t engine_digest(struct engine *e);                    /* over engine_save_all */

/* The sensors whose silence is due by at_ms: intake may know better (it counts
 * the messages that are no news), then a READING_SEEN is owed before EVENT_TIME. */
void engine_silent_by(const struct engine *e, int64_t at_ms,
                      void (*fn)(void *arg, const char *sensor, int def), void *arg);

/* Is the plan with this hash still needed by an open incident (or newest)? */
bool engine_plan_used(const struct engine *e, const struct plan *plan);

/* The last look before a command leaves (I5): false: must not. */
bool engine_may_actuate(const struct engine *e, int64_t id);

/* Numbers below this are used or reserved; the side file `ids` keeps it. */
int64_t engine_ids_reserved(const struct engine *e);
void engine_ids_at_least(struct engine *e, int64_t number); /* before EVENT_STARTED */
int64_t engine_seq(const struct engine *e);                 /* last row */
/* After a restore: the log ends with this row, so the next follows it. False: the records knew of another. */
bool engine_follows(struct engine *e, int64_t seq);
int64_t engine_epoch(const struct engine *e);
int engine_open(const struct engine *e); /* not closed; exercises are not counted */
int engine_unacked(const struct engine *e);
int64_t engine_site_ms(const struct engine *e); /* at_ms of the last event */

/* Views, for the control socket and heartbeat: one JSON value each. */
struct heartbeat_extra {
	int64_t now_ms; /* site time; the engine's own is that of its last event */
	int64_t n, up_s;
	int queue;
	const char *store, *broker;
};
void engine_view_heartbeat(const struct engine *e, const struct heartbeat_extra *x, struct buf *out);
void engine_view_list(const struct engine *e, bool with_closed, struct buf *out);
bool engine_view_incident(const struct engine *e, int64_t number, struct buf *out);
void engine_view_oncall(const struct engine *e, const char *role, struct buf *out); /* role NULL: all */
/* As planned for another time, by the overrides known now. */
void engine_view_oncall_at(const struct engine *e, const char *role, int64_t at_ms, struct buf *out);
void engine_view_summary(const struct engine *e, struct buf *out);
/* Who holds a role in the coming seven days, and what their newest test notices came to. */
void engine_view_reach(const struct engine *e, struct buf *out);
/* What is isolated, out of service or shelved, and the signs that hang: {"zh": lines, "en": lines}. */
void engine_view_impaired(const struct engine *e, struct buf *out);
/* Ids of the sensors (families: of none of their members) that never said anything that could be read. */
void engine_view_unheard(const struct engine *e, struct buf *out);

/* Final texts of a notice; head_hash NULL: unrecorded. Pure. */
struct notice_marks {
	bool repeat, unrecorded;
	int64_t head_seq;
	const char *head_hash;
};
void notice_text(const struct notice *n, const struct notice_marks *m, struct buf *out);
void notice_json(const struct notice *n, const char *site, const struct notice_marks *m, struct buf *out);

#endif
