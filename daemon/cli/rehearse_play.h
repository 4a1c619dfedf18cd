/* rehearse_play.h - a test while it is played: the world around the engine
 * (rehearse_world), what the test does to it (rehearse_act), its steps
 * (rehearse_play). */
#ifndef TOCSIN_REHEARSE_PLAY_H
#define TOCSIN_REHEARSE_PLAY_H

#include "rehearse.h"

enum { INSTANT_MAX = 100000 };

/* A message that comes again and again. */
struct repeat {
	const struct script_message *message;
	bool retained;
	int64_t every_ms, next_ms;
};

/* What left and waits for its outcome: a notice, or a command. */
struct waiting {
	char *notice; /* id, or NULL */
	int channel;
	struct actuate command;
	char *texts[4]; /* of the command */
};

struct play {
	const struct plan *plan;
	const struct script_test *test;
	struct stage stage;
	struct sights sights;
	enum script_channel *channels;
	char **zones;
	struct repeat *repeats;
	int n_repeats;
	struct waiting *waiting;
	int n_waiting;
	char *answer; /* the last one since somebody said something: "ok", a refusal, or NULL */
	int mark;     /* what was seen up to the last expectation */
	int instant;  /* turns without time passing */
	struct verdict *ret;
};

/* -- rehearse_world.c -- */

void world_open(struct play *p);
void world_close(struct play *p);
int64_t world_ms(const struct play *p); /* since the start of the test */
void world_message(struct play *p, const struct script_message *m, bool retained);
/* Outcomes of all that left. */
void world_settle(struct play *p);
/* The next thing that happens by itself, by by_ms. False: nothing does. */
bool world_happen(struct play *p, int64_t by_ms);
/* The process is gone: nobody waits for an outcome any more. */
void world_forget(struct play *p);

/* -- rehearse_act.c -- */

void act_do(struct play *p, const struct script_step *s);

/* -- rehearse_play.c -- */

/* Takes both texts. */
void play_fail(struct play *p, int line, int col, struct buf *expected, struct buf *got);
void play_fail_step(struct play *p, const struct script_step *s, const char *expected, const char *got);

#endif
