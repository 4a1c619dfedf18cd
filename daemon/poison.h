/* poison.h - a message that kills us must not kill us for ever. The digest of
 * the message in work stands in a small mapped file of the run directory, one
 * slot for the receive thread, one for the loop. Found there after two starts
 * in a row it is set aside: not read again. */
#ifndef TOCSIN_POISON_H
#define TOCSIN_POISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum poison_slot { POISON_RECEIVE, POISON_LOOP, POISON_SLOTS };

struct poison;

/* A file that cannot be used means no guard, never a reason not to start. */
struct poison *poison_open(const char *path);
void poison_clear(struct poison *p); /* an orderly end: nothing was in work */
void poison_close(struct poison *p);

uint64_t poison_digest(const char *topic, const char *payload, size_t len); /* never 0 */
bool poison_is_set_aside(const struct poison *p, uint64_t digest);
/* Each slot has one writer. digest 0: done. */
void poison_in_work(struct poison *p, enum poison_slot slot, uint64_t digest);

#endif
