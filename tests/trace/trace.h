/* trace.h - one trace being replayed: run_trace.c reads the lines, acts.c does
 * what they say, plans.c reads sites, print.c writes what came out. */
#ifndef TOCSIN_TRACE_H
#define TOCSIN_TRACE_H

#include "rehearsal/stage.h"

enum { PLANS_MAX = 8, PENDING_MAX = 4096 };

struct trace {
	struct plan *plans[PLANS_MAX];
	int n_plans;
	struct stage stage;
	bool is_on;
	char *pending[PENDING_MAX]; /* notices that left and have no outcome */
	int n_pending;
	int64_t start_ms;
	struct records shown; /* topic -> what was last printed of it */
	struct buf out;
	int line;
};

/* Ends the program: the trace itself is wrong. */
void trace_fail(const struct trace *t, const char *what, const char *word);

char *plans_slurp(const char *path, size_t *ret_len);
/* A plan of these files of the folder and the shipped ones; owned by the trace. */
struct plan *plans_read(struct trace *t, char **names, int n_names);

void acts_init(struct trace *t);
/* w: the words of one line from the event on. */
void acts_play(struct trace *t, char **w, int n);
/* Timers fire until at_ms, which then is now. */
void acts_run_until(struct trace *t, int64_t at_ms);
void acts_free(struct trace *t);

/* One compact line per effect, each begun by a tab and the ms since start_ms. */
void print_effect(const struct effect *f, int64_t start_ms, int64_t now_ms, struct buf *out);
bool print_is_digest(const struct effect *f); /* says only what other publishes say: not printed */

#endif
