/* store_db.h - the database's shape: schema, head of the chain, the
 * transaction of one turn. Private to the store. */
#ifndef TOCSIN_STORE_DB_H
#define TOCSIN_STORE_DB_H

#include "store.h"
#include "store_sql.h"

/* The last row of the audit; where there is none, what the database goes on
 * from: seq 0 and the genesis hash, or the head of the one it replaces. */
#define DB_TAKEN "taken" /* of meta: epoch:number */
#define DB_SEGMENT_KEY "segment:" /* then the last row of the file, in 19 digits */
#define DB_BASE "(SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'base')"
/* Of a row: it stands in an archive, named with the base. A base alone hides nothing: rows before it are wrong. */
#define DB_LET_GO "(SELECT MAX(CAST(substr(key, 9) AS INTEGER)) FROM meta WHERE key LIKE '" DB_SEGMENT_KEY "%')"
#define DB_LIVING "(" DB_LET_GO " IS NULL OR seq > " DB_LET_GO ")"

struct db_head {
	int64_t seq, epoch, at_ms; /* epoch 0, at_ms -1: not known */
	char hash[HASH_BYTES];
};

/* What stands at the beginning of every rec. */
struct db_rec {
	int64_t epoch, seq, at_ms;
};

/* A plan's source, waiting for the next turn. */
struct db_plan {
	struct db_plan *next;
	char *hash, *bundle;
	size_t len;
};

enum db_outcome {
	DB_COMMITTED,
	DB_FENCED, /* the database's head is not the one the turn follows */
	DB_FULL,
	DB_BAD, /* the file is damaged */
	DB_FAILED, /* may be durable all the same: the next try looks at the head first */
};

void db_genesis(const char *site, char ret_hash[HASH_BYTES]);
void db_link(const char *prev, const char *rec, size_t len, char ret_hash[HASH_BYTES]); /* the row's hash */
bool db_scan_rec(const char *rec, struct db_rec *ret);

/* Opens for writing with settings read back, makes the schema when the file is
 * new (SQL_CREATE), refuses another site's and a newer tocsin's file. */
enum sql_code db_open(const char *path, const char *site, enum sql_mode mode, struct sql **ret_sql,
                      struct err *err);
/* The steps from version 1 on, SQL each: steps[0] makes version 2 of version 1. It stays at the last whole one. */
enum sql_code db_migrate(struct sql *s, const char *const *steps, int64_t from, int64_t to, struct err *err);
bool db_is_new(struct sql *s); /* nothing was ever committed to it */

/* Opens for reading. site: filled with the site it was made for. */
int db_open_read(const char *path, char ret_site[128], struct sql **ret_sql, struct err *err);

enum sql_code db_head(struct sql *s, const char *genesis, struct db_head *ret, struct err *err);
/* What the first row follows: the genesis, or what the database goes on from. */
enum sql_code db_begin(struct sql *s, const char *genesis, struct db_head *ret, struct err *err);
/* A new database goes on from this head: its first row will follow it. */
enum sql_code db_continue(struct sql *s, const struct db_head *head, struct err *err);

/* Fills the hashes of the turn's rows; the head after it. */
void db_chain(const struct db_head *before, struct turn *turn, struct db_head *ret_after);
/* One try. before, after: the heads the turn stands between. */
struct db_step {
	const struct db_head *before, *after;
	const struct turn *turn;
	const struct db_plan *plans;
};
/* Rows are never deleted otherwise, and never before what stands behind them says where they are. */
enum sql_code db_let_go(struct sql *s, const struct let_go *go, struct err *err); /* within a transaction */
struct db_trim {
	int n; /* rows of one transaction */
	bool has_more;
	bool in_doubt; /* it failed, and may be durable all the same */
};
enum sql_code db_trim(struct sql *s, struct db_trim *trim, struct err *err);
extern const char db_guard_deletes[]; /* the trigger */

/* Of a living row that must be there: SQL_BAD, it is not. */
enum sql_code db_hash_at(struct sql *s, int64_t seq, char ret_hash[HASH_BYTES], struct err *err);

enum db_outcome db_commit(struct sql *s, const struct db_step *step, struct err *err);

#endif
