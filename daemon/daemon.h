/* daemon.h - everything that DOES, in one struct: the adapters, the engine, the
 * turn under way. Adapters don't know it and don't know each other; only
 * daemon, perform, start, reload and answers see it. */
#ifndef TOCSIN_DAEMON_H
#define TOCSIN_DAEMON_H

#include "channels.h"
#include "clock.h"
#include "control.h"
#include "engine/engine.h"
#include "generation.h"
#include "health.h"
#include "inbox.h"
#include "loop.h"
#include "mqtt.h"
#include "poison.h"
#include "receive.h"
#include "store.h"

#include <stdbool.h>
#include <stdint.h>

/* Fault point store-late-ms=MS: late only then. */
enum { STORE_LATE_MS = 250, HEARTBEAT_MS = 10000, INBOX_CAP = 4096 };

/* Who may act (one host: always leading, until a foreign row is found in the store). */
enum daemon_role { ROLE_STANDBY, ROLE_LEADING, ROLE_CUT };

enum daemon_exit { EXIT_STOPPED = 0, EXIT_USAGE = 2, EXIT_BUG = 70, EXIT_NO_PLAN = 78 };

/* A turn and what it wants done. Flying: with the store. Gathering: still growing. */
struct batch {
	struct turn turn; /* turn.arg: this */
	struct effects fx;
	bool *left; /* per effect: left already, unrecorded */
	int left_cap;
	int n_looked; /* effects looked at for leaving unrecorded */
	/* Readings taken while no callback waits: intake is told when they are stored. */
	struct intake_mark *marks;
	int n_marks, cap_marks;
	const struct generation *marked; /* whose slots they are */
	struct let_go *let_go;           /* of the turn; NULL: none */
	int64_t let_go_client;           /* waits for the answer */
};

/* An event made by the loop itself, for its next turn. Strings in arena. */
struct posted {
	struct posted *next;
	struct arena arena;
	struct event event; /* at_ms is set when it is taken */
};

struct resend {
	struct resend *next;
	int64_t from, to;
};

struct daemon {
	const char *config_path;
	char run_dir[512], state_dir[512];
	enum daemon_role role;
	int exit_status;

	struct clock clock;
	struct loop *loop;
	struct inbox *inbox;
	struct store *store;
	struct mqtt *mqtt;
	struct engine *engine;
	struct channels *channels;
	struct control *control;
	struct poison *poison;
	struct receive receive;
	struct generation *newest;

	/* turns */
	struct batch *flying, *gathering;
	struct posted *posted, **posted_end;
	int64_t last_turn, ids_reserved;
	int64_t taken_upto; /* the last inbox item of any turn that was submitted */
	enum store_state store_state;
	int64_t head_seq; /* newest stored row */
	char head_hash[HASH_BYTES];

	/* state that views show */
	enum link link;
	char link_digest[HASH_BYTES]; /* of the broker's settings and credentials in use */
	atomic_int said_link; /* by the broker's threads, in the log */
	int64_t heartbeats, journal_head_ms;
	int64_t born_ms; /* site time of the start: marks provisional notice ids */
	char started_text[32];
	int n_names; /* parts of `names` that left last */
	bool plan_is_broken; /* a fault is open for it */
	struct health health;
	int64_t store_lates; /* since the start */
	int64_t well_from;   /* the store is well again when this turn is stored; 0: when the next is */
	bool disk_is_low, descriptors_are_low, log_is_lossy; /* a fault is open for it */
	long long log_lost;                                  /* lines, when last looked */
	bool store_is_bare;  /* it was replaced: everything is saved with the next turn */

	/* loop's own */
	struct loop_watch *inbox_watch, *step_watch;
	int step_fd;
	struct loop_timer *due, *late, *soon, *heartbeat, *watchdog, *stop_limit;
	struct resend *resends;
	struct query *queries; /* queries.c */
	struct reload *reload; /* NULL: none under way */
	bool is_stopping, hangup_again;
	bool has_given_up;  /* the time for stopping is over */
	bool is_hanging_up; /* the broker's client is being stopped */
	atomic_bool has_hung_up;
};

/* start.c: 0, or an exit status with the reason said. */
int daemon_start(struct daemon *d);
void daemon_end(struct daemon *d); /* after the loop */

/* daemon.c */
void daemon_turn(struct daemon *d);
void daemon_step(struct daemon *d, struct event *ev); /* one event into the gathering turn, now */
struct posted *daemon_post(struct daemon *d, enum event_kind kind); /* the caller fills .event */
void daemon_fault(struct daemon *d, enum self self, bool over, const char *what);
void daemon_fault_once(struct daemon *d, enum self self,
                       const char *what);                         /* something that happened, and is over */
void daemon_tell_store(struct daemon *d, enum store_state state); /* when it changed */
void daemon_soon(struct daemon *d);                               /* a turn in the next round of the loop */
void daemon_stop(struct daemon *d);
void daemon_cut(struct daemon *d, const char *why); /* nothing leaves any more; exit 70 */
bool daemon_is_idle(const struct daemon *d);        /* nothing waits to be stored */
struct batch *batch_new(void);
void batch_free(struct batch *b);
const struct plan *daemon_plan(const struct daemon *d);

/* messages.c: one inbox item as events, stepped. */
void messages_step(struct daemon *d, const struct inbox_item *item);

/* reload.c: client 0: nobody waits for the answer. */
void reload_begin(struct daemon *d, int64_t client);
void reload_cancel(struct daemon *d);
/* Puts a generation in force: intake, channels, last-good; the engine is told by the caller. */
void reload_use(struct daemon *d, struct generation *g);
void reload_keep_plans(struct daemon *d); /* all in use, with the next turn */
void reload_sweep(struct daemon *d); /* frees generations nobody uses */

/* timers.c: heartbeat, watchdog, clock steps, signals. */
void timers_start(struct daemon *d);
void timers_free(struct daemon *d);

#endif
