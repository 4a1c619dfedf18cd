/* segments.h - the log beyond the living database: files that `archive` made. */
#ifndef TOCSIN_SEGMENTS_H
#define TOCSIN_SEGMENTS_H

#include "store.h"

/* The hash of a row, wherever it stands; -1: nowhere that can be read. */
int segments_hash_at(const char *db, int64_t seq, char ret_hash[HASH_BYTES], struct err *err);
/* Each file is whole and goes on into the next newer one. ret_n: how many were proven. 0; -1 and why: a file
 * is broken or another's; 1 and why: one is not there. */
int segments_prove(const char *db, const struct verify *living, int *ret_n, struct err *ret_why);

#endif
