/* home.h - the site as one device of Home Assistant (its MQTT discovery): the
 * message that describes it, and what has to be taken back of an earlier one. */
#ifndef TOCSIN_HOME_H
#define TOCSIN_HOME_H

#include "base/buf.h"
#include "plan.h"

struct engine;
struct record_reader;

/* The message. gone: ids of zones that are no more, a blank before each; they are told to be removed.
 * Returns how many zones fit in one packet, the outer ones before those inside them; their ids, a
 * blank before each, are added to ret_zones (or NULL). */
int home_render(const struct plan *p, const char *gone, struct buf *out, struct buf *ret_zones);

/* The plan is new, or the program: takes back what is no longer true. */
void home_settle(struct engine *e, bool is_start);
void home_publish(struct engine *e);
void home_save(const struct engine *e, struct buf *b);
void home_restore(struct engine *e, struct record_reader *r);
void home_free(struct engine *e);

#endif
