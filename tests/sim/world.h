/* world.h - a seeded world around one engine: its sensors, people, broker,
 * store and clock, and the daemon's part (turns, commits, what leaves). One
 * seed, one history; nothing else decides. It has the site of site.yaml, or at
 * the edges the one of tests/rehearsal/conditions.yaml and an oracle beside; or
 * the first with plans that lack things (lacking.c). */
#ifndef TOCSIN_SIM_WORLD_H
#define TOCSIN_SIM_WORLD_H

#include "engine/model.h"

enum { PLANS_MAX = 6, N_PEOPLE = 5, SENSORS_MAX = 48, WORD_BYTES = 40, TRACE_LINES = 40, TRACE_BYTES = 200 };
enum { DUTIES_MAX = 8, CREW_BYTES = 128 };
enum { EDGES_GROUPS = 8, EDGES_RECENT = 6 };
enum { SECOND_MS = 1000, MINUTE_MS = 60000, HOUR_MS = 3600000 };

/* -- chance -- */

struct chance {
	uint64_t state;
};

uint64_t chance_next(struct chance *c); /* splitmix64 */
int64_t chance_below(struct chance *c, int64_t n);
bool chance_of(struct chance *c, int percent);
int64_t chance_about(struct chance *c, int64_t mean_ms); /* many short, some long */

/* -- what the engine knows, by its kinds -- */

enum essence_part {
	ESSENCE_GATES,
	ESSENCE_INCIDENTS,
	ESSENCE_SENSORS,
	ESSENCE_NOTICES,
	ESSENCE_COMMANDS,
	ESSENCE_DUTY,
	ESSENCE_IMPAIRMENTS,
	ESSENCE_PARTS
};

struct essence {
	uint64_t of[ESSENCE_PARTS];
};

/* -- what comes in -- */

struct input {
	bool is_command;
	/* a reading */
	int sensor; /* of the world */
	enum reading_kind kind;
	char word[WORD_BYTES];
	bool has_number, retained;
	int64_t milli;
	/* a command */
	enum verb verb;
	enum refusal bad;
	char user[WORD_BYTES], zone[WORD_BYTES], type[WORD_BYTES], step[WORD_BYTES], choice[WORD_BYTES];
	char role[WORD_BYTES], starts[WORD_BYTES], ends[WORD_BYTES];
	char actuator[WORD_BYTES], action[WORD_BYTES], person[WORD_BYTES], id_text[WORD_BYTES];
	char keys[4][WORD_BYTES], values[4][WORD_BYTES], without[4][WORD_BYTES];
	int n_pairs, n_without;
	bool all, by_control, before_mark;
	char hazard[WORD_BYTES], name[WORD_BYTES];
	int64_t id, rev, for_ms;
};

struct inputs {
	struct input *at;
	int n, cap;
};

void inputs_add(struct inputs *list, const struct input *in);

/* -- what happens later -- */

enum thing_kind {
	THING_SENSOR,
	THING_EDGE, /* a group of sensors at the edges */
	THING_PERSON,
	THING_ODD, /* they come again and again */
	THING_LINK,
	THING_COMMIT,
	THING_LATE,
	THING_NOTICE,
	THING_ACTUATED,
	THING_VALVE,
	THING_ACT,
};

struct thing {
	int64_t at_ms, order;
	enum thing_kind kind;
	int64_t process; /* it ends with this process; 0: the world's */
	int64_t number;
	int a, b;
	char id[WORD_BYTES];
};

/* -- the daemon's part -- */

struct batch {
	struct effects fx;
	struct records records;
	struct inputs inputs; /* acknowledged when it is stored */
	bool *left;
	int left_cap, n_looked;
	bool durable; /* stored, though nobody was told */
	int plan;
	struct essence essence;
	int64_t seq, epoch, at_ms, ids, n_steps;
	bool alarm[SENSORS_MAX];
	struct oracle *oracle;
};

struct saved {
	char *key, *value;
};

struct nature {
	int def; /* in plan 0 */
	const char *id, *kind;
	const char *zone; /* of a member of the family: where it stands now; else NULL */
	bool bad, away;
	char word[WORD_BYTES];
	bool has_number;
	int64_t milli, mute_until_ms;
};

/* A notice that left and whose end the engine has not stored. */
struct live_notice {
	char id[WORD_BYTES], person[WORD_BYTES], incident[WORD_BYTES];
	enum notice_kind kind;
	bool left, left_before; /* in this process; in an earlier one */
};

/* What the invariants remember of an incident from step to step. */
struct watch {
	int64_t number, called_ms;
	enum state state;
	bool explained, suppressed, isolated;
	bool held; /* acked, and then shelved or isolated: at the end a reminder is armed, no action watch */
	char reset_by[WORD_BYTES];
};

/* Of a roster. */
struct duty_watch {
	char roster[WORD_BYTES], held[CREW_BYTES], incoming[CREW_BYTES];
	bool is_new;
};

struct world {
	uint64_t seed;
	bool is_edges, is_lacking;
	struct chance chance;
	int64_t now_ms, n_events, n_steps, order, process;
	int64_t pace; /* of the world, from 1: how seldom things happen */
	struct plan *plans[PLANS_MAX];
	char *texts[PLANS_MAX];
	int n_plans, plan;
	struct engine *engine;
	struct batch *gathering, *flying;
	enum link link;
	enum store_state store;
	int64_t store_bad_until_ms, link_down_ms; /* link_down_ms: when it was last not synchronised */
	struct thing *things;                     /* a heap */
	int n_things, cap_things;
	struct nature sensors[SENSORS_MAX];
	int n_sensors;
	int64_t spoke_ms[EDGES_GROUPS][EDGES_RECENT]; /* newest first */
	struct inputs queued; /* in the broker: not acknowledged, or the link is down */
	/* the store */
	struct saved *saved;
	int n_saved, cap_saved;
	int64_t durable_seq, durable_epoch, durable_at_ms, durable_ids;
	struct essence durable_essence;
	int durable_plan;
	bool durable_alarm[SENSORS_MAX];
	struct oracle *durable_oracle; /* NULL: nothing is stored yet */
	struct oracle *oracle; /* at the edges */
	/* the invariants */
	bool out[SENSORS_MAX];   /* of service */
	bool alarm[SENSORS_MAX]; /* told true, and neither told false nor taken out since */
	struct live_notice *notices;
	int n_notices, cap_notices;
	struct watch *watches;
	int n_watches, cap_watches;
	struct duty_watch duties[DUTIES_MAX];
	int n_duties;
	int64_t seq, step_seq, max_wait_ms;
	int64_t top_number, left_number; /* of incidents: given in this process; ever left */
	int step_from;                   /* first effect of the step under way */
	struct essence before;           /* a command */
	int64_t n_calls, n_crashes, n_opened, n_closed, n_actuated, n_unrecorded, n_refused, n_repeats, n_handovers;
	uint64_t digest;
	char trace[TRACE_LINES][TRACE_BYTES];
	int64_t n_trace;
	bool tells_all; /* each line at once, not only the last ones of a failure */
};

/* world.c */
struct world *world_new(uint64_t seed, bool is_edges, bool is_lacking, bool tells_all);
void world_free(struct world *w);
void world_run(struct world *w, int64_t n_events);
void world_step(struct world *w, struct event *ev); /* one event into the engine, looked at afterwards */
void world_input(struct world *w, const struct input *in);
void world_later(struct world *w, int64_t in_ms, const struct thing *t);
void world_trace(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void world_broken(struct world *w, const char *invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* store.c */
struct batch *batch_new(void);
void batch_free(struct batch *b);
void store_submit(struct world *w); /* the gathered turn, when none is on its way */
void store_attempt(struct world *w);
void store_late(struct world *w);
void store_tell(struct world *w, enum store_state state);
void store_leave_urgent(struct world *w, struct batch *b);
void store_restore(struct world *w);
uint64_t store_digest(const struct world *w);
void store_forget(struct world *w);

/* leave.c: effects leave */
void leave_effect(struct world *w, const struct effect *f, bool recorded);

/* process.c: starts and ends of processes, plans */
void process_start(struct world *w, int64_t down_ms);
void process_crash(struct world *w);
void process_stop(struct world *w);
void process_reload(struct world *w);
void process_plans(struct world *w);
struct plan *process_plan(struct world *w, int number); /* read again where it is gone */
void process_plans_unused(struct world *w);
void process_link(struct world *w, enum link link);

/* random.c */
char *random_site(const char *text, uint64_t seed);

/* lacking.c */
struct source;
char *lacking_family(char *text, int plan); /* freed, and given back with one */
char *lacking_site(const struct source *sources, int n, uint64_t seed);

/* nature.c */
void nature_begin(struct world *w);
int nature_def(const struct world *w, int sensor); /* in the plan now; -1: it lacks it */
void nature_sensor(struct world *w);
void nature_odd(struct world *w);
void nature_valve(struct world *w, const struct thing *t);
void nature_tell(struct world *w, int sensor); /* what it sees; now and then something odd */
void nature_retained(struct world *w); /* the broker says again what it keeps */
int nature_find(const struct world *w, const char *id);

/* edges.c: at the edges, instead of nature_sensor */
void edges_begin(struct world *w);
void edges_speak(struct world *w, int group);

/* oracle.c: which conditions must be true at the edges, from what was said; elsewhere there is none */
struct oracle *oracle_new(const struct world *w);
struct oracle *oracle_copy(const struct oracle *o);
void oracle_step(struct world *w, const struct event *ev, const struct input *in);
void oracle_turn(struct world *w);	     /* the incidents are as it says */
int64_t oracle_next(const struct world *w); /* when it will say something else */

/* people.c */
void people_some(struct world *w);
void people_act(struct world *w, const struct thing *t);

/* watches.c: signs of life that must come */
void watches_turn(struct world *w);

/* beside.c: what holds notices and nothing else: causes, floods, the order of hazards */
void beside_turn(struct world *w);
bool beside_is_held(const struct world *w, const struct incident *inc); /* a summary or the end of its cause tells it */
void beside_leaving(struct world *w, const struct notice *n);
void beside_order(struct world *w, const struct effect *f, int *last); /* last: -1 at first */

/* idle.c: suppression has an end, an owner, a reason; its end looks again at what is still active */
void idle_turn(struct world *w);
bool idle_is(const struct incident *inc); /* shelved or isolated */
void idle_look(struct world *w, const struct incident *inc, const struct watch *was);
void idle_follow(struct world *w); /* detectors that went out of service or came back */

/* invariants.c: what must hold of the incidents after each step and turn; said.c: of each effect */
void invariants_before(struct world *w, const struct input *in);
void invariants_step(struct world *w, const struct event *ev, const struct input *in);
void invariants_turn(struct world *w);
struct watch *invariants_watch(struct world *w, int64_t number);
bool invariants_makes_fires(const struct world *w, const struct nature *s);
void said_step(struct world *w, const struct event *ev);
void said_notices(struct world *w);
void said_outcome(struct world *w, const char *id, enum outcome outcome);
void said_restored(struct world *w);
void invariants_leaving(struct world *w, const struct effect *f, bool recorded);
void invariants_restored(struct world *w, bool same_plan);

/* duty.c: who is on duty */
void duty_step(struct world *w, const struct event *ev, const struct input *in);
void duty_restored(struct world *w);

/* essence.c: read from the engine's model and not from its records */
void essence_of(const struct engine *e, struct essence *ret);
const char *essence_differs(const struct essence *a,
                            const struct essence *b); /* in what; NULL: they are the same */

#endif
