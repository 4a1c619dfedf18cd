/* store_trim.c - rows of long ago leave the living log. First one transaction
 * says from which row on it lives (meta.base) and where the rows before stand;
 * then they are deleted, few at a time. Each deleting transaction takes the
 * trigger that forbids it away and puts it back: at rest it is always there. */
#include "store_db.h"

#include "fault.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Only what the database has itself, in front of what it goes on with, and never backwards. */
static enum sql_code move_base(struct sql *s, const struct let_go *go, struct err *err)
{
	struct sql_query *q = sql_prepare(
	    s, "INSERT OR REPLACE INTO meta SELECT 'base', ?1 || ':' || ?2 WHERE ?1 > coalesce(" DB_BASE ", 0)"
	       " AND EXISTS (SELECT 1 FROM audit WHERE seq = ?1 AND hash = ?2) AND EXISTS (SELECT 1 FROM audit WHERE seq > ?1)");
	enum sql_code code;

	sql_bind_int(q, 1, go->upto);
	sql_bind_text(q, 2, go->hash);
	code = sql_step(q, err);
	sql_finish(q);
	return code;
}

enum sql_code db_let_go(struct sql *s, const struct let_go *go, struct err *err)
{
	enum sql_code code = move_base(s, go, err);
	struct sql_query *q;
	char key[48];

	if (code > SQL_ROW)
		return code;
	q = sql_prepare(s, "INSERT OR REPLACE INTO meta SELECT ?1, ?2 WHERE"
	                   " (SELECT value FROM meta WHERE key = 'base') = ?3 || ':' || ?4");
	snprintf(key, sizeof key, DB_SEGMENT_KEY "%019lld", (long long)go->upto);
	sql_bind_text(q, 1, key);
	sql_bind_text(q, 2, go->file);
	sql_bind_int(q, 3, go->upto);
	sql_bind_text(q, 4, go->hash);
	code = sql_step(q, err);
	sql_finish(q);
	return code;
}

static enum sql_code delete_some(struct sql *s, int n, struct err *err)
{
	struct sql_query *q = sql_prepare(
	    s, "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE seq <= " DB_LET_GO " ORDER BY seq LIMIT ?)");
	enum sql_code code;

	sql_bind_int(q, 1, n);
	code = sql_step(q, err);
	sql_finish(q);
	return code;
}

static enum sql_code find_more(struct sql *s, bool *ret_more, struct err *err)
{
	int64_t found = 0;
	enum sql_code code = sql_one_int(s, "SELECT EXISTS (SELECT 1 FROM audit WHERE seq <= " DB_LET_GO ")", &found, err);

	*ret_more = found > 0;
	return code == SQL_ROW ? SQL_OK : code;
}

static enum sql_code one_batch(struct sql *s, struct db_trim *trim, struct err *err)
{
	enum sql_code code = sql_exec(s, "BEGIN IMMEDIATE; DROP TRIGGER IF EXISTS audit_no_delete", err);

	if (code <= SQL_ROW)
		code = delete_some(s, trim->n, err);
	if (code <= SQL_ROW)
		code = find_more(s, &trim->has_more, err);
	if (code <= SQL_ROW)
		code = sql_exec(s, db_guard_deletes, err);
	if (code <= SQL_ROW && fault_on("trim-fail")) {
		err_set(err, "fault point trim-fail: disk I/O error");
		code = SQL_FAILED;
	}
	return code;
}

/* The log is written into the file at once, as far as it goes: what a batch costs is all paid in its own time. */
enum sql_code db_trim(struct sql *s, struct db_trim *trim, struct err *err)
{
	struct err ignored;
	enum sql_code code;

	trim->in_doubt = false;
	code = find_more(s, &trim->has_more, err);
	if (code > SQL_ROW || !trim->has_more)
		return code;
	code = one_batch(s, trim, err);
	if (code <= SQL_ROW) {
		code = sql_exec(s, "COMMIT; PRAGMA wal_checkpoint(PASSIVE)", err);
		trim->in_doubt = code > SQL_ROW && code != SQL_FULL; /* what did not fit was not written */
	}
	if (code > SQL_ROW)
		sql_exec(s, "ROLLBACK", &ignored);
	return code;
}
