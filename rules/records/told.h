/* told.h - who was told what, when, by which channel; steps against their limits. */
#ifndef TOCSIN_TOLD_H
#define TOCSIN_TOLD_H

#include "records/story.h"

/* One notice by one channel. -1: did not happen. */
struct told {
	const char *notice, *person, *channel, *kind, *why;
	int64_t sent_ms, delivered_ms, failed_ms;
	bool repeat;
};
/* In the order in which they left; caller frees. */
struct told *told_of(const struct story *s, int *ret_n);

struct step_told {
	const char *id, *kind, *person, *by, *state, *note;
	int64_t opened_ms, due_ms, ended_ms; /* -1: not */
	bool overdue;
};
struct step_told *steps_of(const struct story *s, int *ret_n);

#endif
