/* topics.h - what the sensors of a site listen to. */
#ifndef TOCSIN_TOPICS_H
#define TOCSIN_TOPICS_H

#include "plan.h"

#include <stdbool.h>

struct topics;

struct topics *topics_new(const struct plan *plan);
void topics_free(struct topics *t);
bool topics_heard(const struct topics *t, const char *topic);

#endif
