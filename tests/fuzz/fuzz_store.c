/* fuzz_store.c - any rows in a damaged database: what reads them says what is
 * wrong, and never calls a chain good that is not.
 *
 * A line is a row: its table (a audit, s state, p plan, m meta), then the
 * columns, each after a tab: i integer, t text, b blob, n NULL. t= as a hash is
 * the right one. */
#include "base/arena.h"
#include "config.h"
#include "store_db.h"
#include "store_read.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sqlite3 *db;
static sqlite3_stmt *inserts[4];
static char path[64];

/* What a right chain would be, followed while the rows are written. */
static struct {
	bool is_right;
	int64_t n;
	char hash[HASH_BYTES];
} chain;

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void leave(void)
{
	unlink(path);
}

/* Without types and keys: damage knows none. */
static void begin(void)
{
	static const char *const rows[] = {"INSERT INTO audit VALUES(?,?,?)", "INSERT INTO state VALUES(?,?)",
	                                   "INSERT INTO plan VALUES(?,?)", "INSERT INTO meta VALUES(?,?)"};

	snprintf(path, sizeof path, "%s/fuzz-store-%d.db", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm",
	         (int)getpid());
	unlink(path);
	atexit(leave);
	must(sqlite3_open(path, &db) == SQLITE_OK);
	must(sqlite3_exec(db,
	                  "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA user_version=1;"
	                  "CREATE TABLE audit(seq,rec,hash); CREATE TABLE state(key,value);"
	                  "CREATE TABLE plan(hash,bundle); CREATE TABLE meta(key,value);",
	                  NULL, NULL, NULL) == SQLITE_OK);
	for (int i = 0; i < 4; i++)
		must(sqlite3_prepare_v2(db, rows[i], -1, &inserts[i], NULL) == SQLITE_OK);
}

static void bind(sqlite3_stmt *s, int i, const char *field)
{
	if (*field == 'i')
		sqlite3_bind_int64(s, i, strtoll(field + 1, NULL, 10));
	else if (*field == 't')
		sqlite3_bind_text(s, i, field + 1, -1, SQLITE_TRANSIENT);
	else if (*field == 'b')
		sqlite3_bind_blob(s, i, field + 1, (int)strlen(field + 1), SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(s, i);
}

static void follow_chain(char *fields[3], char right[HASH_BYTES + 1])
{
	struct db_rec rec;

	right[0] = 't';
	db_link(chain.hash, fields[1] + 1, strlen(fields[1] + 1), right + 1);
	if (!strcmp(fields[2], "t="))
		fields[2] = right;
	chain.n++;
	chain.is_right &= *fields[0] == 'i' && strtoll(fields[0] + 1, NULL, 10) == chain.n &&
	                  !strcmp(fields[2] + 1, right + 1) && db_scan_rec(fields[1] + 1, &rec) &&
	                  rec.seq == chain.n;
	memcpy(chain.hash, right + 1, HASH_BYTES);
}

static void add(char *line)
{
	static char empty[] = "t";
	const char *tables = "aspm", *table = strchr(tables, *line);
	char *fields[3] = {empty, empty, empty}, right[HASH_BYTES + 1];
	sqlite3_stmt *s;
	int n = 0;

	if (!*line || !table)
		return;
	for (char *at = strchr(line, '\t'); at && n < 3; at = strchr(at, '\t')) {
		*at++ = 0;
		if (*at && *at != '\t')
			fields[n++] = at;
	}
	if (*line == 'a')
		follow_chain(fields, right);
	s = inserts[table - tables];
	for (int i = 0; i < sqlite3_bind_parameter_count(s); i++)
		bind(s, i + 1, fields[i]);
	sqlite3_step(s);
	sqlite3_reset(s);
}

static void fill(char *text)
{
	char site[] = "m\ttsite\ttplaza";

	chain.is_right = true;
	chain.n = 0;
	db_genesis("plaza", chain.hash);
	must(sqlite3_exec(db,
	                  "BEGIN; DELETE FROM audit; DELETE FROM state; DELETE FROM plan; DELETE FROM meta",
	                  NULL, NULL, NULL) == SQLITE_OK);
	if (!strstr(text, "m\t"))
		add(site);
	else
		chain.is_right = false; /* it may be another site's, or go on from another head */
	for (char *line = text, *end; line; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		if (end)
			*end = 0;
		add(line);
	}
	must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
}

static bool on_row(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct db_rec own;

	(void)seq;
	db_scan_rec(rec, &own);
	*(size_t *)arg += strlen(rec) + strlen(hash);
	return true;
}

static void read_plans(void)
{
	struct source *sources;
	struct arena arena;
	size_t len;
	char *bundle = read_plan(path, "h", &len);
	int n;

	if (!bundle)
		return;
	arena_init(&arena);
	if (config_sources(bundle, len, &arena, &sources, &n) == 0)
		for (int i = 0; i < n; i++)
			must(sources[i].bytes >= bundle && sources[i].bytes + sources[i].len <= bundle + len);
	arena_fini(&arena);
	free(bundle);
}

static void read_head(void)
{
	char site[128], genesis[HASH_BYTES];
	struct db_head head;
	struct sql *sql;
	struct err err;

	if (db_open_read(path, site, &sql, &err) < 0)
		return;
	db_genesis(site, genesis);
	db_head(sql, genesis, &head, &err);
	sql_close(sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct restored restored = {0};
	char *text = xmalloc(size + 1);
	struct verify v;
	struct err err;
	size_t bytes = 0;

	if (!db)
		begin();
	if (size)
		memcpy(text, data, size);
	text[size] = 0;
	fill(text);
	if (store_verify(path, &v, &err) == 0) {
		must(!v.first_bad || *v.why);
		if (chain.is_right)
			must(!v.first_bad && v.head_seq == chain.n && !strcmp(v.head, chain.hash));
	} else
		must(*err.text);
	store_each_row(path, 0, INT64_MAX, on_row, &bytes, &err);
	read_records(path, "plaza", &restored);
	store_free_restored(&restored);
	read_plans();
	read_head();
	free(text);
	return 0;
}
