/* store_verify.c - walks the whole audit chain and names the first bad row. */
#include "store_db.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct walk {
	struct verify *v;
	int64_t seq; /* of the row before */
	char hash[HASH_BYTES];
};

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

static void check_place(struct walk *w, int64_t seq)
{
	if (seq == w->seq + 1)
		return;
	if (seq <= w->seq) /* only the first row can */
		bad(w->v, seq, "row %" PRId64 " stands before row %" PRId64, seq, w->seq + 1);
	else if (w->v->rows == 1)
		bad(w->v, w->seq + 1, "row %" PRId64 " is missing: the audit begins with row %" PRId64,
		    w->seq + 1, seq);
	else
		bad(w->v, w->seq + 1,
		    "row %" PRId64 " is missing: row %" PRId64 " is followed by row %" PRId64, w->seq + 1,
		    w->seq, seq);
}

static void check_row(struct walk *w, struct sql_query *q)
{
	int64_t seq = sql_int(q, 0);
	size_t len;
	const char *rec = sql_text(q, 1, &len);
	const char *hash = sql_text(q, 2, NULL);
	char right[HASH_BYTES];
	struct db_rec own;

	w->v->rows++;
	check_place(w, seq);
	db_link(w->hash, rec, len, right);
	if (strcmp(hash, right))
		bad(w->v, seq, "the hash of row %" PRId64 " does not fit its text and the row before it",
		    seq);
	else if (!db_scan_rec(rec, &own))
		bad(w->v, seq, "row %" PRId64 " is not an audit record", seq);
	else if (own.seq != seq)
		bad(w->v, seq, "row %" PRId64 " calls itself row %" PRId64, seq, own.seq);
	w->seq = seq;
	snprintf(w->hash, sizeof w->hash, "%s", hash);
}

int store_verify(const char *path, struct verify *ret, struct err *err)
{
	struct walk w = {.v = ret};
	struct sql_query *q;
	struct db_head begin;
	enum sql_code code;
	struct sql *sql;
	char site[128];

	*ret = (struct verify){0};
	if (db_open_read(path, site, &sql, err) < 0)
		return -1;
	db_genesis(site, w.hash);
	if (db_begin(sql, w.hash, &begin, err) == SQL_OK) {
		ret->base_seq = w.seq = begin.seq;
		memcpy(w.hash, begin.hash, sizeof w.hash);
	}
	q = sql_prepare(sql, "SELECT seq, rec, hash FROM audit ORDER BY seq");
	while ((code = sql_step(q, err)) == SQL_ROW)
		check_row(&w, q);
	sql_finish(q);
	sql_close(sql);
	ret->head_seq = w.seq;
	memcpy(ret->head, w.hash, sizeof ret->head);
	return code == SQL_OK ? 0 : -1;
}
