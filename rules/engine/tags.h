/* tags.h - lock-out signs: which hangs where, hung and taken down by whom. A
 * sign hangs in a zone or on an actuator until a person takes it down. */
#ifndef TOCSIN_TAGS_H
#define TOCSIN_TAGS_H

#include "engine/model.h"

/* In that very zone (newest plan's index); zone -1: anywhere, on an actuator too. */
bool tag_hangs(const struct engine *e, const char *sign, int zone);
/* Any sign. */
/* In no zone and on no actuator that the plan knows: of the whole site. */
bool tag_hangs_anywhere(const struct engine *e, const char *sign);
bool tag_hangs_on_actuator(const struct engine *e, const char *actuator);
/* A step with `tag` is done: its sign hangs in the incident's zone (-1: the whole site). Once. */
void tag_hang(struct engine *e, const char *sign, int zone, struct incident *inc, const char *who, int64_t cause);
/* The sign's text; its id when the plan has none. */
const char *tag_text(const struct engine *e, const char *sign, enum lang lang);
/* Ids of the signs that hang because of the incident, blank-separated; false: none. */
bool tags_of(const struct engine *e, const struct incident *inc, struct buf *out);

#endif
