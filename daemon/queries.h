/* queries.h - what only the audit can answer, to who asked: the report of an
 * incident, the alarm figures. The log is read a bounded part at a time,
 * between the turns. */
#ifndef TOCSIN_QUERIES_H
#define TOCSIN_QUERIES_H

#include "daemon.h"

void queries_ask(struct daemon *d, const struct effect *e); /* EFFECT_QUERY */
void queries_go_on(struct daemon *d);
/* Fault point for tests (fault.h): while the file PATH exists, query-hold=PATH keeps the one in turn at its fourth part. */
void queries_free(struct daemon *d);

#endif
