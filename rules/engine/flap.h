/* flap.h - what comes and goes all the time (ISA-18.2: a chattering alarm): five
 * times true within ten minutes, and the incident stays open until it was quiet
 * for ten. Fire, gas and people only show it: their calls go on as always. */
#ifndef TOCSIN_FLAP_H
#define TOCSIN_FLAP_H

#include "engine/life.h"

/* Its incident opens, or its condition is true again. True: it flaps from now on. */
bool flap_onset(struct engine *e, struct instance *in);
/* Its condition moved while it flaps: the quiet time begins anew. */
void flap_moved(struct engine *e, struct incident *inc);
bool flap_holds(struct engine *e, struct incident *inc); /* `gone` is not taken now: flap_due gives it again */
void flap_due(struct engine *e, struct instance *in);    /* quiet enough */
void flap_shift(struct instance *in, int64_t by_ms);     /* the clock was set */

void flap_save(const struct instance *in, struct buf *out);
void flap_restore(struct engine *e, struct instance *in, const char *record);

#endif
