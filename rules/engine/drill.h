/* drill.h - an exercise: the real people, channels, chain and playbook, and
 * nothing moves. It is an incident of its own that no condition knows, so it
 * neither merges with what is real nor explains, holds or forbids anything.
 * Something real breaks it off. Its end is scored, step by step. */
#ifndef TOCSIN_DRILL_H
#define TOCSIN_DRILL_H

#include "engine/life.h"

struct record_reader;

enum { DRILL_MAX_MS = 2 * 3600000 };

struct drill {
	char *by;  /* person who began it */
	char *end; /* why it ended, where that is not its own end; "" */
	int64_t acked_ms; /* first ack; -1 none */
	char *acked_by;
	int escalations;
	struct deadline over; /* it lasts no longer */
};

/* What a step would have sent to the actuator goes to `dryrun/<actuator>/<action>`: how that ends, with
 * the words and the cause of it. */
enum step_state drill_command(struct engine *e, struct step_run *s, int actuator, struct cue_arg *arg);
void drill_acked(struct engine *e, struct incident *inc, const char *person);
void drill_escalated(struct incident *inc); /* of a real one: nothing */
void drill_due(struct engine *e, struct incident *inc);
int64_t drill_score(struct engine *e, struct incident *inc, const struct cue_arg *arg); /* the row */
/* Closed: everybody who was told anything hears of it, who began it the score. */
void drill_over(struct engine *e, struct incident *inc, int64_t cause);
void drills_settle(struct engine *e); /* after each event: does something real break one off? */

void drill_save(const struct incident *inc, struct buf *out);
void drill_restore(struct engine *e, struct incident *inc, struct record_reader *r);
void drill_free(struct drill *d); /* NULL allowed */

#endif
