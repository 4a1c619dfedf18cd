/* caps.h - what is bounded in the engine, and that it is said when the bound is reached. */
#ifndef TOCSIN_CAPS_H
#define TOCSIN_CAPS_H

#include "engine/model.h"

enum {
	CAPS_COMMANDS = 100,        /* of one person, or of all who are no person of the plan, */
	CAPS_COMMANDS_MS = 10000,   /* in this time; each is an audit row */
	CAPS_LATE_ROWS = 50000,     /* held in memory while the store fails: some 100 MB with what they cause */
};

/* Does it stand in a condition of a fire, gas or people type? */
bool caps_is_for_life(const struct sensor *s);

enum caps_answer { CAPS_FINE, CAPS_FIRST_OVER, CAPS_OVER };

/* person -1: not in the plan. First over: say it in a row; over: only in the answer. */
enum caps_answer caps_command(struct engine *e, int person);

/* The store fails for so long that only what concerns fire, gas and people is
 * still taken: is this reading left alone? When the store is back everything is asked for. */
bool caps_holds_off(const struct engine *e, const struct reading *r);
void caps_look(struct engine *e); /* after each event: says when the limit is reached, and over */

void caps_free(struct engine *e);

#endif
