/* runner.h - programs that channels run: each in a process group of its own,
 * input on stdin, output kept to 4 KiB for the log, killed with its whole
 * group when its time is over. No shell.
 *
 * At most 16 run at once, the others wait their turn: life-safety first, and
 * who has nothing under way before who has. Of the places the last are kept
 * for those, so that one person's many notices, or one channel that hangs,
 * hold up nobody else's first. */
#ifndef TOCSIN_RUNNER_H
#define TOCSIN_RUNNER_H

#include "loop.h"

#include <stdbool.h>
#include <stdint.h>

struct runner;

enum runner_end {
	RUNNER_OK,     /* exit 0 */
	RUNNER_LATER,  /* exit 75: failed for now */
	RUNNER_FAILED, /* any other end, or it could not be started */
};

/* Strings are copied. */
struct runner_order {
	void *job;
	const char *channel, *person; /* whose turn it is */
	bool is_life;
	const char *const *argv;
	const char *input; /* or NULL */
	int64_t timeout_ms;
};

/* Called once for each runner_run, from the loop, never from runner_run itself.
 * why: a sentence, with the last words of the program. */
typedef void (*runner_done_fn)(void *arg, void *job, enum runner_end end, const char *why);

struct runner *runner_open(struct loop *loop, runner_done_fn done, void *arg);
void runner_close(struct runner *s); /* kills what runs; nothing is answered any more */
/* Fails when too many of this person's already wait for this channel; a program
 * that cannot be started for want of memory or processes is tried again before it fails. */
void runner_run(struct runner *s, const struct runner_order *order);

#endif
