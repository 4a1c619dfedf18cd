/* whole.h - the audit from its first row on, wherever the rows stand: in the
 * files that archives were put into, oldest first, and then in the living
 * database. Each is proven to go on where the one before ends. */
#ifndef TOCSIN_WHOLE_H
#define TOCSIN_WHOLE_H

#include "base/buf.h"
#include "store.h"

struct whole {
	const char *db;          /* the living one; the caller's */
	struct chain_walk chain; /* over all of them; base_seq: rows up to it stand in nothing that could be read */
	int64_t passed_upto;     /* files up to it cannot be read */
	struct buf absent;       /* which, in a sentence; empty: all were there */
};

/* w begins as {.db}. As store_walk. What is not there is passed over, and said in `absent`. */
enum walked whole_walk(struct whole *w, int64_t n_rows, const struct row_taker *to, struct err *err);
void whole_fini(struct whole *w);

/* Where a file is: where it was put, or beside the database, or in `archive` there. False: nowhere. */
bool whole_find(const char *db, const char *file, char ret_path[PATH_MAX]);
/* The source of a plan, from the living database or the files; NULL: not kept. */
char *whole_plan(const char *db, const char *hash, size_t *ret_len);

#endif
