/* store_archive.c - rows of long ago as a file of their own, and which files there are. */
#include "store_db.h"
#include "store_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIM_ROWS = 2000 };

int store_ends(const char *path, struct log_ends *ret, struct err *err)
{
	struct db_head base = {0}, head = {.at_ms = -1};
	char genesis[HASH_BYTES], site[128];
	enum sql_code code;
	struct sql *sql;

	*ret = (struct log_ends){.head_ms = -1};
	if (db_open_read(path, site, &sql, err) < 0)
		return -1;
	db_genesis(site, genesis);
	code = db_begin(sql, genesis, &base, err);
	if (code <= SQL_ROW)
		code = db_head(sql, genesis, &head, err);
	sql_close(sql);
	*ret = (struct log_ends){base.seq, head.seq, head.at_ms};
	return code > SQL_ROW ? -1 : 0;
}

/* -- the file -- */

/* By any name or link; and what SQLite has beside it, also when that is not there now. */
int store_not_itself(const char *path, const char *file, struct err *err)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	char name[PATH_MAX];
	size_t len = strlen(file);

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		size_t n = strlen(ends[i]);

		if (len <= n || strcmp(file + len - n, ends[i]) != 0)
			continue;
		snprintf(name, sizeof name, "%.*s", (int)(len - n), file);
		if (disk_is_same(path, name))
			return err_set(err, "%s is the database itself: its rows would stand nowhere", file);
	}
	return 0;
}

/* Row by row, so that the source is only read. Columns: i integer, t text, b bytes. */
struct pouring {
	const char *columns, *take, *put;
};

static void carry(struct sql_query *from, struct sql_query *to, int column, char kind)
{
	size_t len;
	const char *text;

	if (kind == 'i') {
		sql_bind_int(to, column + 1, sql_int(from, column));
		return;
	}
	text = sql_text(from, column, &len);
	if (kind == 't')
		sql_bind_text(to, column + 1, text);
	else
		sql_bind_blob(to, column + 1, text, len);
}

static enum sql_code pour(struct sql *from, struct sql *to, const struct pouring *p, int64_t through, struct err *err)
{
	struct sql_query *take = sql_prepare(from, p->take), *put = sql_prepare(to, p->put);
	enum sql_code code;

	sql_bind_int(take, 1, through);
	while ((code = sql_step(take, err)) == SQL_ROW) {
		for (int i = 0; p->columns[i]; i++)
			carry(take, put, i, p->columns[i]);
		code = sql_step(put, err);
		if (code > SQL_ROW)
			break;
		sql_reset(put);
	}
	sql_finish(take);
	sql_finish(put);
	return code;
}

/* Of one moment: where it begins, which files are older, the rows, the plans they name. */
static enum sql_code pour_all(struct sql *from, struct sql *to, int64_t through, struct err *err)
{
	static const struct pouring pourings[] = {
	    {"tt", "SELECT key, value FROM meta WHERE key = 'base' OR key LIKE '" DB_SEGMENT_KEY "%'",
	     "INSERT INTO meta VALUES(?, ?)"},
	    {"itt", "SELECT seq, rec, hash FROM audit WHERE seq <= ?1 AND " DB_LIVING " ORDER BY seq",
	     "INSERT INTO audit VALUES(?, ?, ?)"},
	    {"tb", "SELECT hash, bundle FROM plan WHERE EXISTS (SELECT 1 FROM audit WHERE seq <= ?1 AND instr(rec, plan.hash))"
	     " ORDER BY rowid",
	     "INSERT INTO plan VALUES(?, ?)"},
	};
	enum sql_code code = SQL_OK;

	for (size_t i = 0; i < sizeof pourings / sizeof pourings[0] && code <= SQL_ROW; i++)
		code = pour(from, to, &pourings[i], through, err);
	return code;
}

/* Its own log is not left beside it: one file, that can lie on a medium nobody writes to. */
static int fill(const char *path, const char *part, int64_t through, struct err *err)
{
	struct sql *from, *to = NULL;
	enum sql_code code;
	char site[128];
	mode_t mask;

	if (db_open_read(path, site, &from, err) < 0)
		return -1;
	mask = umask(0077);
	code = db_open(part, site, SQL_CREATE, &to, err);
	umask(mask);
	if (code <= SQL_ROW)
		code = sql_exec(from, "BEGIN", err);
	if (code <= SQL_ROW)
		code = sql_exec(to, "BEGIN IMMEDIATE", err);
	if (code <= SQL_ROW)
		code = pour_all(from, to, through, err);
	if (code <= SQL_ROW)
		code = sql_exec(to, "COMMIT; PRAGMA journal_mode=DELETE", err);
	sql_close(to);
	sql_close(from);
	return code > SQL_ROW ? -1 : 0;
}

static int is_whole(const struct verify *v, int64_t through, struct err *err)
{
	if (v->first_bad)
		return err_set(err, "nothing is taken out of a log that does not verify: %s", v->why);
	if (v->head_seq != through)
		return err_set(err, "the log has no row %lld", (long long)through);
	return 0;
}

int store_segment(const char *path, const char *segment, int64_t through, struct verify *ret, struct err *err)
{
	char part[PATH_MAX];

	*ret = (struct verify){0};
	if (store_not_itself(path, segment, err) < 0)
		return -1;
	if (access(segment, F_OK) == 0)
		return err_set(err, "%s is there already: an archive takes no other's place", segment);
	disk_begin_part(segment, part);
	return disk_in_place(fill(path, part, through, err) < 0 || disk_sync_file(part, err) < 0 ||
	                         store_verify(part, ret, err) < 0 || is_whole(ret, through, err) < 0,
	                     part, segment, err);
}

/* -- letting go -- */

int store_may_let_go(const char *path, const struct let_go *go, struct err *err)
{
	char hash[HASH_BYTES];
	struct log_ends ends;

	if (store_not_itself(path, go->file, err) < 0 || store_ends(path, &ends, err) < 0)
		return -1;
	if (go->upto <= ends.base_seq)
		return err_set(err, "the rows up to %lld were let go before", (long long)ends.base_seq);
	if (go->upto >= ends.head_seq)
		return err_set(err, "the last row is %lld: nothing would be left", (long long)ends.head_seq);
	if (store_hash_at(path, go->upto, hash, err) < 0)
		return -1;
	return strcmp(hash, go->hash) ? err_set(err, "row %lld has another hash", (long long)go->upto) : 0;
}

/* Takes the log into the file; nobody else may have it open. */
static int settle(const char *path, struct err *err)
{
	struct sql *sql;
	char log[PATH_MAX + 8];
	enum sql_code code = sql_open(path, SQL_WRITE, &sql, err);

	if (code > SQL_ROW)
		return -1;
	code = sql_exec(sql, "PRAGMA locking_mode=EXCLUSIVE", err);
	if (code <= SQL_ROW)
		code = sql_checkpoint(sql, err);
	if (code <= SQL_ROW)
		code = sql_exec(sql, "BEGIN IMMEDIATE; COMMIT", err);
	sql_close(sql);
	snprintf(log, sizeof log, "%s-wal", path);
	if (code <= SQL_ROW && access(log, F_OK) == 0)
		return err_set(err, "%s is in use by somebody who does not answer at the control socket", path);
	return code > SQL_ROW ? -1 : 0;
}

static enum sql_code let_all_go(struct sql *sql, const struct let_go *go, struct err *err)
{
	struct db_trim trim = {.n = TRIM_ROWS, .has_more = true};
	enum sql_code code = sql_exec(sql, "BEGIN IMMEDIATE", err);

	if (code <= SQL_ROW)
		code = db_let_go(sql, go, err);
	if (code <= SQL_ROW)
		code = sql_exec(sql, "COMMIT", err);
	while (code <= SQL_ROW && trim.has_more)
		code = db_trim(sql, &trim, err);
	return code;
}

int store_let_go(const char *path, const struct let_go *go, struct err *err)
{
	enum sql_code code;
	struct sql *sql;
	char site[128];

	if (store_not_itself(path, go->file, err) < 0 || settle(path, err) < 0 || db_open_read(path, site, &sql, err) < 0)
		return -1;
	sql_close(sql);
	code = db_open(path, site, SQL_WRITE, &sql, err);
	if (code > SQL_ROW)
		return -1;
	code = let_all_go(sql, go, err);
	if (code <= SQL_ROW)
		code = sql_exec(sql, "VACUUM", err);
	sql_close(sql);
	return code > SQL_ROW ? -1 : 0;
}

int store_segments(const char *path, bool (*fn)(void *arg, int64_t upto, const char *file), void *arg,
                   struct err *err)
{
	struct sql_query *q;
	enum sql_code code;
	struct sql *sql;
	char site[128];

	if (db_open_read(path, site, &sql, err) < 0)
		return -1;
	q = sql_prepare(sql, "SELECT key, value FROM meta WHERE key LIKE '" DB_SEGMENT_KEY "%' ORDER BY key");
	do
		code = sql_step(q, err);
	while (code == SQL_ROW && fn(arg, strtoll(sql_text(q, 0, NULL) + sizeof DB_SEGMENT_KEY - 1, NULL, 10),
	                             sql_text(q, 1, NULL)));
	sql_finish(q);
	sql_close(sql);
	return code > SQL_ROW ? -1 : 0;
}
