/* store_read.c - saved records and plans through connections that can only read. */
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

static void read_taken(struct sql *sql, struct taken *ret)
{
	char text[128] = "", *end;
	struct err ignored;

	if (sql_one_text(sql, "SELECT value FROM meta WHERE key = '" DB_TAKEN "'", text, &ignored) != SQL_ROW)
		return;
	ret->epoch = strtoll(text, &end, 10);
	ret->number = *end == ':' ? strtoll(end + 1, NULL, 10) : 0;
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
	if (!strcmp(made_for, site))
		read_taken(sql, &ret->taken);
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
