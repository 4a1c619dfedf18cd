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

/* The hash of a row that must be there. */
static enum sql_code hash_of(struct sql *s, int64_t seq, char ret_hash[HASH_BYTES], struct err *err)
{
	struct sql_query *q = sql_prepare(s, "SELECT hash FROM audit WHERE seq = ?");
	enum sql_code code;

	sql_bind_int(q, 1, seq);
	code = sql_step(q, err);
	if (code == SQL_ROW)
		snprintf(ret_hash, HASH_BYTES, "%s", sql_text(q, 0, NULL));
	sql_finish(q);
	if (code == SQL_OK)
		err_set(err, "row %lld is missing", (long long)seq);
	return code == SQL_OK ? SQL_BAD : code;
}

static enum sql_code search(struct sql *s, const struct db_head *begin, struct log_span *ret, struct err *err)
{
	struct db_rec first, row;
	int64_t low, high = ret->upto_seq; /* the row sought is behind low, and high at the latest */
	enum sql_code code = row_from(s, INT64_MIN, &first, err);

	if (code != SQL_ROW)
		return code;
	low = first.seq - 1;
	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		code = row_from(s, middle, &row, err);
		if (code != SQL_ROW)
			return code; /* there is one: the newest stands behind it */
		if (row.at_ms >= ret->since_ms)
			high = middle;
		else
			low = middle;
	}
	ret->from_seq = high;
	ret->first_seq = first.seq;
	ret->is_cut = high == first.seq && begin->seq > 0;
	if (high > first.seq)
		return hash_of(s, high - 1, ret->hash, err);
	snprintf(ret->hash, sizeof ret->hash, "%s", begin->hash);
	return SQL_ROW;
}

int store_span(const char *path, int64_t back_ms, struct log_span *ret, struct err *err)
{
	struct db_head begin, head = {0};
	char site[128], genesis[HASH_BYTES];
	enum sql_code code;
	struct sql *sql;

	*ret = (struct log_span){0};
	if (db_open_read(path, site, &sql, err) < 0)
		return -1;
	db_genesis(site, genesis);
	code = db_begin(sql, genesis, &begin, err);
	if (code <= SQL_ROW)
		code = db_head(sql, genesis, &head, err);
	ret->upto_seq = head.seq;
	ret->since_ms = head.at_ms - back_ms;
	if (code <= SQL_ROW)
		code = search(sql, &begin, ret, err);
	sql_close(sql);
	return code == SQL_ROW ? 1 : code == SQL_OK ? 0 : -1;
}
