/* hold.h - the one gate before the notices of an incident: who holds them now.
 * What is held is decided and remembered as always; the gate's end tells it. */
#ifndef TOCSIN_HOLD_H
#define TOCSIN_HOLD_H

#include "engine/cause.h"

enum hold { HOLD_NONE, HOLD_SHELF, HOLD_ISOLATION, HOLD_CAUSE };

static inline enum hold hold_of(const struct incident *inc)
{
	if (inc->shelf.until_ms)
		return HOLD_SHELF;
	if (inc->isolated_ms)
		return HOLD_ISOLATION;
	return cause_holds(inc) ? HOLD_CAUSE : HOLD_NONE;
}

static inline bool notices_held(const struct incident *inc)
{
	return hold_of(inc) != HOLD_NONE;
}

#endif
