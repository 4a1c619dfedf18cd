/* store_rows.c - audit rows through connections that can only read. */
#include "store_db.h"

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
