/* check.h - the checking child: this program again with --check-stdin or --check-all, the
 * bundle on its stdin, the problems on its stdout. Whatever a file does to the
 * parser happens there first. */
#ifndef TOCSIN_CHECK_H
#define TOCSIN_CHECK_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

#define CHECK_REMEMBERED "plan-taken" /* in the run directory */

enum { CHECK_LIMIT_MS = 10000, CHECK_OUTPUT_MAX = 1 << 20 };

struct check {
	pid_t pid;
	int out_fd; /* non-blocking; readable when the child wrote or ended */
	struct buf problems;
};

/* Of a reload also what the plugins say of their channels: then the plan in force goes on. A start does without a
 * channel rather than without all the others. */
enum check_what { CHECK_PLAN, CHECK_ALL };

int check_start(struct check *c, enum check_what what, const char *bundle, size_t len, struct err *err);
/* 1: more may come. 0: all was read. Output beyond the maximum is dropped. */
int check_read(struct check *c);
/* Ends the child if it still runs. 0 usable, 1 problems, -1 the child failed (err says how). */
int check_finish(struct check *c, struct err *err);
void check_fini(struct check *c);

/* The three in one, blocking at most CHECK_LIMIT_MS. */
int check_wait(struct check *c, const char *bundle, size_t len, struct err *err);

/* So that a start does not parse twice what this program, in this boot, has
 * taken before: the file at `path` remembers the digest and the program. */
void check_remember(const char *path, const char *bundle, size_t len);
bool check_is_remembered(const char *path, const char *bundle, size_t len);

/* What the child does: its exit status. */
int check_main(enum check_what what);

#endif
