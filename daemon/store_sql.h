/* store_sql.h - SQLite in a few words; store_sql.c alone sees sqlite3.h.
 * Private to the store. */
#ifndef TOCSIN_STORE_SQL_H
#define TOCSIN_STORE_SQL_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sql_mode {
	SQL_READ,   /* any number of these */
	SQL_WRITE,  /* the one writing connection, to a file that is there */
	SQL_CREATE, /* the same; makes the file */
};

enum sql_code {
	SQL_OK, /* done */
	SQL_ROW,
	SQL_FULL,   /* no space on the disk */
	SQL_BAD,    /* corrupt, or no database */
	SQL_FAILED, /* anything else */
};

struct sql;
struct sql_query;

/* Every function with `err` fills it when the code is FULL, BAD or FAILED. */
enum sql_code sql_open(const char *path, enum sql_mode mode, struct sql **ret_sql, struct err *err);
void sql_close(struct sql *s);   /* NULL is fine */
void sql_abandon(struct sql *s); /* after a failure: nothing more is written; NULL is fine */
enum sql_code sql_exec(struct sql *s, const char *text, struct err *err);
/* Copies the whole log into the file, synced, and begins a new log. */
enum sql_code sql_checkpoint(struct sql *s, struct err *err);
bool sql_is_moved(struct sql *s); /* the file or its log was renamed or deleted under us */

/* Is the file sound? Looks for about limit_ms; what it had no time to see counts
 * as sound. In a file over 256 MiB only main_table is looked at. */
enum sql_code sql_check(struct sql *s, const char *main_table, int64_t limit_ms, struct err *err);

/* Never NULL: a statement that cannot be prepared fails at its first step. Text
 * and blobs are not copied: they must live until the step. Places count from 1,
 * columns from 0. */
struct sql_query *sql_prepare(struct sql *s, const char *text);
void sql_bind_int(struct sql_query *q, int place, int64_t value);
void sql_bind_text(struct sql_query *q, int place, const char *text);
void sql_bind_blob(struct sql_query *q, int place, const void *at, size_t len);
enum sql_code sql_step(struct sql_query *q, struct err *err);
void sql_reset(struct sql_query *q);
void sql_finish(struct sql_query *q);
int64_t sql_int(struct sql_query *q, int column);
const char *sql_text(struct sql_query *q, int column, size_t *ret_len); /* "" for NULL; ret_len may be NULL */

/* The first column of the first row; SQL_OK when there is no row. */
enum sql_code sql_one_int(struct sql *s, const char *text, int64_t *ret, struct err *err);
enum sql_code sql_one_text(struct sql *s, const char *text, char ret[128], struct err *err);

#endif
