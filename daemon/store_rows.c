/* store_rows.c - audit rows through connections that can only read. */
#include "store_db.h"

#include <stdio.h>
#include <string.h>

int store_each_row(const char *path, int64_t from, int64_t to,
                   bool (*fn)(void *arg, int64_t seq, const char *rec, const char *hash), void *arg,
                   struct err *err)
{
	struct sql_query *q;
	enum sql_code code;
	struct sql *sql;
	char site[128];

	if (db_open_read(path, site, &sql, err) < 0)
		return -1;
	q = sql_prepare(sql, "SELECT seq, rec, hash FROM audit WHERE seq BETWEEN ?1 AND ?2 AND " DB_LIVING " ORDER BY seq");
	sql_bind_int(q, 1, from);
	sql_bind_int(q, 2, to);
	do
		code = sql_step(q, err);
	while (code == SQL_ROW && fn(arg, sql_int(q, 0), sql_text(q, 1, NULL), sql_text(q, 2, NULL)));
	sql_finish(q);
	sql_close(sql);
	return code > SQL_ROW ? -1 : 0;
}

int store_hash_at(const char *path, int64_t seq, char ret_hash[HASH_BYTES], struct err *err)
{
	struct sql_query *q;
	enum sql_code code;
	struct sql *sql;
	char site[128];

	if (db_open_read(path, site, &sql, err) < 0)
		return -1;
	q = sql_prepare(sql, "SELECT hash FROM audit WHERE seq = ? AND " DB_LIVING);
	sql_bind_int(q, 1, seq);
	code = sql_step(q, err);
	if (code == SQL_ROW)
		snprintf(ret_hash, HASH_BYTES, "%s", sql_text(q, 0, NULL));
	else if (code == SQL_OK)
		err_set(err, "the audit has no row %lld", (long long)seq);
	sql_finish(q);
	sql_close(sql);
	return code == SQL_ROW ? 0 : -1;
}
