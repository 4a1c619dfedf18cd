/* runner.h - programs that channels run: each in a process group of its own,
 * input on stdin, output kept to 4 KiB for the log, killed with its whole
 * group when its time is over. At most 16 at once, the others wait. No shell. */
#ifndef TOCSIN_RUNNER_H
#define TOCSIN_RUNNER_H

#include "loop.h"

#include <stdint.h>

struct runner;

enum runner_end {
	RUNNER_OK,     /* exit 0 */
	RUNNER_LATER,  /* exit 75: failed for now */
	RUNNER_FAILED, /* any other end, or it could not be started */
};

/* Called once for each runner_run, from the loop, never from runner_run itself.
 * why: a sentence, with the last words of the program. */
typedef void (*runner_done_fn)(void *arg, void *job, enum runner_end end, const char *why);

struct runner *runner_open(struct loop *loop, runner_done_fn done, void *arg);
void runner_close(struct runner *s); /* kills what runs; nothing is answered any more */
/* argv and input are copied. */
void runner_run(struct runner *s, void *job, const char *const *argv, const char *input, int64_t timeout_ms);

#endif
