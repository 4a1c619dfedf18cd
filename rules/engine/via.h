/* via.h - sensors that speak through a gateway or bridge (key `via`): while its
 * sensor of kind link is in alarm or away, they are away with it, and that is
 * one incident and not one for each. */
#ifndef TOCSIN_VIA_H
#define TOCSIN_VIA_H

#include "engine/model.h"

struct sensor *via_gateway(const struct engine *e, const struct sensor *s); /* its own, or NULL */
bool via_is_down(const struct sensor *gateway);
/* The lowest gateway above it that is down, or NULL. */
struct sensor *via_lost(const struct engine *e, const struct sensor *s);
/* The gateway spoke or fell silent: those behind it follow. */
void via_turned(struct engine *e, struct sensor *gateway);
/* The plan is new: who is a gateway; none stays cut off by one that is none. */
void via_replan(struct engine *e);

/* sensor.c: away with its gateway, or back: then it has its whole time to speak. */
void sensor_cut(struct engine *e, struct sensor *s, bool cut);
void sensor_tell_lost(struct engine *e, struct sensor *s);

#endif
