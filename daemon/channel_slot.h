/* channel_slot.h - one open channel and the jobs given to it. Only channels.c
 * and channel_host.c see it. */
#ifndef TOCSIN_CHANNEL_SLOT_H
#define TOCSIN_CHANNEL_SLOT_H

#include "base/arena.h"
#include "channels.h"
#include "plugin.h"
#include "queue.h"
#include "runner.h"

#include <sys/queue.h>

struct watched {
	LIST_ENTRY(watched) entry;
	struct slot *slot;
	int fd;
	struct loop_watch *watch;
	void (*fn)(void *arg, int fd, unsigned ready);
	void *arg;
};

/* A channel that is open; not of the present plan: ends with its last job. */
struct slot {
	LIST_ENTRY(slot) entry;
	struct channels *channels;
	const char *id; /* owned */
	const struct plugin_api *api;
	void *instance; /* NULL: could not be opened */
	char error[PLUGIN_ERROR_BYTES];
	bool is_retired;
	struct arena arena; /* the texts of its options */
	int64_t timeout_ms;
	int max_bytes;
	bool digest; /* what waits for a token leaves as one */
	struct queue queue;
	struct loop_timer *pump, *timer; /* what waits; the plugin's own */
	void (*timer_fn)(void *arg);
	void *timer_arg;
	LIST_HEAD(, watched) watched;
	int n_jobs;
	struct channel_count count;
	int n_failed; /* in a row */
	char why[120];
	struct plugin_host host;
};

/* Somebody notices went to, by any channel. */
struct reached {
	LIST_ENTRY(reached) entry;
	char *person;
	int n_failed; /* in a row */
};

struct job {
	LIST_ENTRY(job) entry;
	struct queue_item item;
	struct slot *slot;
	bool is_active; /* with the plugin */
	struct arena arena;
	int64_t number;
	const char *notice;
	struct notice said; /* of one that may leave with others: what a digest tells of it */
	struct notice_marks marks;
	struct plugin_job view, sent; /* sent: as it leaves, alone or for others as well */
	int n_publishes; /* not yet answered */
	bool has_failed;
	char why[160];
};

struct channels {
	struct loop *loop;
	struct channels_out out;
	const struct plan *plan;
	struct runner *runner;
	LIST_HEAD(, slot) slots;
	LIST_HEAD(, job) jobs;
	LIST_HEAD(, reached) people;
	int64_t last_job;
};

/* channel_digest.c: what may leave with others, and how it speaks for them. */
void digest_keep(struct job *j, const struct channel_notice *n);
void digest_view(struct job *j); /* into j->sent: j->view, where it leaves alone */

/* channel_host.c: what its plugin may call. */
void slot_host(struct slot *s);
void slot_watch_nothing(struct slot *s); /* any more */

/* channels.c: the plugin has answered. */
void job_answered(struct job *j, enum outcome outcome, const char *why);
void job_later(struct job *j, int64_t in_ms, const char *why);

#endif
