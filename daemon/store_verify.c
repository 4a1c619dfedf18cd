/* store_verify.c - walks the audit chain and names the first bad row. */
#include "store_db.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 4))) static void bad(struct verify *v, int64_t seq, const char *format, ...)
{
	va_list ap;

	if (v->first_bad)
		return;
	v->first_bad = seq;
	va_start(ap, format);
	vsnprintf(v->why, sizeof v->why, format, ap);
	va_end(ap);
}

static void check_place(struct chain_walk *w, int64_t seq)
{
	if (seq == w->seq + 1)
		return;
	if (seq <= w->seq) /* only the first row can */
		bad(&w->v, seq, "row %" PRId64 " stands before row %" PRId64, seq, w->seq + 1);
	else if (w->v.rows == 1)
		bad(&w->v, w->seq + 1, "row %" PRId64 " is missing: the audit begins with row %" PRId64,
		    w->seq + 1, seq);
	else
		bad(&w->v, w->seq + 1,
		    "row %" PRId64 " is missing: row %" PRId64 " is followed by row %" PRId64, w->seq + 1,
		    w->seq, seq);
}

static void check_row(struct chain_walk *w, struct sql_query *q)
{
	int64_t seq = sql_int(q, 0);
	size_t len;
	const char *rec = sql_text(q, 1, &len);
	const char *hash = sql_text(q, 2, NULL);
	char right[HASH_BYTES];
	struct db_rec own;

	w->v.rows++;
	check_place(w, seq);
	db_link(w->hash, rec, len, right);
	if (strcmp(hash, right))
		bad(&w->v, seq, "the hash of row %" PRId64 " does not fit its text and the row before it",
		    seq);
	else if (!db_scan_rec(rec, &own))
		bad(&w->v, seq, "row %" PRId64 " is not an audit record", seq);
	else if (own.seq != seq)
		bad(&w->v, seq, "row %" PRId64 " calls itself row %" PRId64, seq, own.seq);
	w->seq = seq;
	snprintf(w->hash, sizeof w->hash, "%s", hash);
}

static bool give_row(const struct row_taker *to, struct sql_query *q)
{
	return !to || to->take(to->arg, sql_int(q, 0), sql_text(q, 1, NULL), sql_text(q, 2, NULL));
}

/* Where the chain begins. A database that has no beginning begins with the genesis. */
static void begin(struct chain_walk *w, struct sql *sql, struct err *err)
{
	struct db_head head;

	db_genesis(w->site, w->hash);
	if (db_begin(sql, w->hash, &head, err) == SQL_OK) {
		w->v.base_seq = w->seq = head.seq;
		memcpy(w->hash, head.hash, sizeof w->hash);
	}
	w->begun = true;
}

/* Were the rows that come next let go? */
static bool is_behind(const struct chain_walk *w, struct sql *sql)
{
	struct db_head head = {0};
	struct err ignored;

	return db_begin(sql, w->hash, &head, &ignored) == SQL_OK && head.seq > w->seq;
}

enum walked store_walk(const char *path, struct chain_walk *w, int64_t n_rows, const struct row_taker *to,
                       struct err *err)
{
	int64_t above = w->begun ? w->seq : INT64_MIN;
	enum sql_code code = SQL_ROW;
	struct sql_query *q;
	struct sql *sql;

	if (db_open_read(path, w->site, &sql, err) < 0)
		return WALK_UNREADABLE;
	if (w->begun && is_behind(w, sql)) {
		sql_close(sql);
		return WALK_BEHIND;
	}
	if (!w->begun)
		begin(w, sql, err);
	q = sql_prepare(sql, "SELECT seq, rec, hash FROM audit WHERE seq > ? AND seq <= ? AND " DB_LIVING " ORDER BY seq");
	sql_bind_int(q, 1, above);
	sql_bind_int(q, 2, w->upto ? w->upto : INT64_MAX);
	while (n_rows-- > 0 && (code = sql_step(q, err)) == SQL_ROW) {
		check_row(w, q);
		if (!give_row(to, q))
			break;
	}
	sql_finish(q);
	sql_close(sql);
	w->v.head_seq = w->seq;
	memcpy(w->v.head, w->hash, sizeof w->v.head);
	return code == SQL_ROW ? WALK_MORE : code == SQL_OK ? WALK_END : WALK_UNREADABLE;
}

int store_verify(const char *path, struct verify *ret, struct err *err)
{
	struct chain_walk w = {0};
	enum walked code = store_walk(path, &w, INT64_MAX, NULL, err);

	*ret = w.v;
	return code == WALK_UNREADABLE ? -1 : 0;
}
