/* segments.h - the log beyond the living database: files that `archive` made. */
#ifndef TOCSIN_SEGMENTS_H
#define TOCSIN_SEGMENTS_H

#include "base/buf.h"
#include "store.h"

/* The hash of a row, wherever it stands; -1: nowhere that can be read. */
int segments_hash_at(const char *db, int64_t seq, char ret_hash[HASH_BYTES], struct err *err);
/* Each file is whole and goes on into the next newer one. 0; -1 and why: a file is broken or another's; 1 and why:
 * one is not there. */
struct segments {
	int n;            /* so many were proven */
	int64_t base_seq; /* the oldest of them, or with none the database, begins behind that row */
};
int segments_prove(const char *db, const struct verify *living, struct segments *ret, struct err *ret_why);
/* Files of the site's log beside the database that it does not know of: databases that were set aside, and the
 * archives that were known to them. A JSON array's elements, and a list for people. */
void segments_beside(const char *db, struct buf *ret_json, struct buf *ret_list);

#endif
