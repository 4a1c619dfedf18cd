/* store_read.c - saved records, plans and audit rows through connections that
 * can only read. */
#include "store_read.h"

#include "base/arena.h"
#include "store_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_record(struct restored *r, int *cap, struct sql_query *q)
{
	if (r->n == *cap) {
		*cap = *cap ? *cap * 2 : 64;
		r->records = xrealloc(r->records, (size_t)*cap * sizeof *r->records);
	}
	r->records[r->n].key = xstrdup(sql_text(q, 0, NULL));
	r->records[r->n].value = xstrdup(sql_text(q, 1, NULL));
	r->n++;
}

void read_records(const char *path, const char *site, struct restored *ret)
{
	struct sql_query *q;
	char made_for[128];
	struct sql *sql;
	struct err err;
	int cap = 0;

	if (db_open_read(path, made_for, &sql, &err) < 0)
		return;
	q = sql_prepare(sql, "SELECT key, value FROM state ORDER BY key");
	while (!strcmp(made_for, site) && sql_step(q, &err) == SQL_ROW)
		add_record(ret, &cap, q);
	sql_finish(q);
	sql_close(sql);
}

void store_free_restored(struct restored *r)
{
	for (int i = 0; i < r->n; i++) {
		free((char *)r->records[i].key);
		free((char *)r->records[i].value);
	}
	free(r->records);
	*r = (struct restored){0};
}

char *read_plan(const char *path, const char *hash, size_t *ret_len)
{
	struct sql_query *q;
	char *bundle = NULL;
	const char *text;
	struct sql *sql;
	char site[128];
	struct err err;

	if (db_open_read(path, site, &sql, &err) < 0)
		return NULL;
	q = sql_prepare(sql, "SELECT bundle FROM plan WHERE hash = ?");
	sql_bind_text(q, 1, hash);
	if (sql_step(q, &err) == SQL_ROW) {
		text = sql_text(q, 0, ret_len);
		bundle = xmalloc(*ret_len + 1);
		memcpy(bundle, text, *ret_len);
		bundle[*ret_len] = 0;
	}
	sql_finish(q);
	sql_close(sql);
	return bundle;
}

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
	q = sql_prepare(sql, "SELECT seq, rec, hash FROM audit WHERE seq BETWEEN ? AND ? ORDER BY seq");
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
	q = sql_prepare(sql, "SELECT hash FROM audit WHERE seq = ?");
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
