/* store_span.c - where in the audit a span of time begins, without reading what
 * lies before it. Site time never goes back, so the rows' times do not either. */
#include "store_db.h"

#include <stdio.h>

/* The first row at or behind `at`; SQL_OK: there is none. */
static enum sql_code row_from(struct sql *s, int64_t at, struct db_rec *ret, struct err *err)
{
	struct sql_query *q = sql_prepare(s, "SELECT rec FROM audit WHERE seq >= ? AND " DB_LIVING " ORDER BY seq LIMIT 1");
	enum sql_code code;

	sql_bind_int(q, 1, at);
	code = sql_step(q, err);
	if (code == SQL_ROW && !db_scan_rec(sql_text(q, 0, NULL), ret)) {
		err_set(err, "row %lld is not an audit record", (long long)at);
		code = SQL_BAD;
	}
	sql_finish(q);
	return code;
}

/* By halves. to: the newest row, which is not before since_ms. */
static enum sql_code search(struct sql *s, int64_t since_ms, int64_t to, struct log_span *ret, struct err *err)
{
	struct db_rec row;
	int64_t low = ret->first_seq - 1; /* the row sought is behind low, and at `to` at the latest */

	while (to - low > 1) {
		int64_t middle = low + (to - low) / 2;
		enum sql_code code = row_from(s, middle, &row, err);

		if (code != SQL_ROW)
			return code; /* there is one: the newest stands behind it */
		if (row.at_ms >= since_ms)
			to = middle;
		else
			low = middle;
	}
	ret->from_seq = to;
	return to > ret->first_seq ? db_hash_at(s, to - 1, ret->hash, err) : SQL_ROW;
}

static enum sql_code look(struct sql *s, const char *site, int64_t since_ms, struct log_span *ret, struct err *err)
{
	struct db_head begin, head;
	char genesis[HASH_BYTES];
	struct db_rec first;
	enum sql_code code;

	db_genesis(site, genesis);
	code = db_begin(s, genesis, &begin, err);
	if (code <= SQL_ROW)
		code = db_head(s, genesis, &head, err);
	if (code <= SQL_ROW)
		code = row_from(s, INT64_MIN, &first, err);
	if (code != SQL_ROW || head.at_ms < since_ms)
		return code == SQL_ROW ? SQL_OK : code;
	ret->first_seq = first.seq;
	ret->is_cut = begin.seq > 0;
	snprintf(ret->hash, sizeof ret->hash, "%s", begin.hash);
	return search(s, since_ms, head.seq, ret, err);
}

int store_span(const char *path, int64_t since_ms, struct log_span *ret, struct err *err)
{
	enum sql_code code;
	struct sql *sql;
	char site[128];

	*ret = (struct log_span){0};
	if (db_open_read(path, site, &sql, err) < 0)
		return -1;
	code = look(sql, site, since_ms, ret, err);
	sql_close(sql);
	return code == SQL_ROW ? 1 : code == SQL_OK ? 0 : -1;
}
