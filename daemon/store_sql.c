/* store_sql.c - SQLite in a few words; the only file that sees sqlite3.h. */
#include "store_sql.h"

#include "base/arena.h"
#include "base/buf.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { BUSY_MS = 2000, PROGRESS_STEPS = 10000, CHECK_WHOLE_BYTES = 256 << 20 };

struct sql {
	sqlite3 *db;
	char *path;
	ino_t log_inode; /* of the write-ahead log; 0 not looked yet */
	int64_t check_until_ms;
};

struct sql_query {
	struct sql *sql;
	sqlite3_stmt *stmt; /* NULL: could not be prepared, rc says why */
	int rc;
	struct err why;
};

static const struct {
	int rc;
	const char *advice;
} advices[] = {
    {SQLITE_FULL, "the disk is full: free some space"},
    {SQLITE_CANTOPEN, "look whether the directory is there and writable for tocsin"},
    {SQLITE_READONLY, "make the file and its directory writable for tocsin"},
    {SQLITE_PERM, "make the file and its directory writable for tocsin"},
    {SQLITE_BUSY, "another program writes to it: end that program"},
    {SQLITE_LOCKED, "another program writes to it: end that program"},
    {SQLITE_IOERR, "look at the disk and the kernel's log"},
    {SQLITE_CORRUPT, "the file is damaged"},
    {SQLITE_NOTADB, "the file is no SQLite database"},
};

static enum sql_code code_of(int rc)
{
	if (rc == SQLITE_IOERR_SHMSIZE)
		return SQL_FULL;
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
		return SQL_OK;
	case SQLITE_ROW:
		return SQL_ROW;
	case SQLITE_FULL:
		return SQL_FULL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return SQL_BAD;
	default:
		return SQL_FAILED;
	}
}

static void explain(const struct sql *s, int rc, struct err *err)
{
	const char *advice = NULL;

	for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++)
		if (advices[i].rc == (rc & 0xff))
			advice = advices[i].advice;
	err_set(err, "%s: %s (SQLite %d)%s%s", s->path, s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc),
	        rc, advice ? "; " : "", advice ? advice : "");
}

static enum sql_code result(const struct sql *s, int rc, struct err *err)
{
	enum sql_code code = code_of(rc);

	if (code > SQL_ROW)
		explain(s, rc, err);
	return code;
}

static int open_with(struct sql *s, const char *name, int flags)
{
	int rc = sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc != SQLITE_OK)
		return rc;
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, BUSY_MS);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* The first look at the file itself. */
	return sqlite3_exec(s->db, "SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL, NULL);
}

/* A copy on a read-only medium cannot get the -shm file that WAL mode wants; with
 * no log beside it, it is whole as it is. */
static int open_immutable(struct sql *s)
{
	struct buf uri = {0};
	struct stat st;
	int rc;

	buf_printf(&uri, "%s-wal", s->path);
	if (stat(uri.text, &st) == 0 && st.st_size > 0) {
		buf_fini(&uri);
		return SQLITE_CANTOPEN;
	}
	sqlite3_close_v2(s->db);
	s->db = NULL;
	buf_clear(&uri);
	buf_str(&uri, "file:");
	for (const char *p = s->path; *p; p++)
		buf_printf(&uri, strchr("%?#", *p) ? "%%%02x" : "%c", (unsigned char)*p);
	buf_str(&uri, "?immutable=1");
	rc = open_with(s, uri.text, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
	buf_fini(&uri);
	return rc;
}

enum sql_code sql_open(const char *path, enum sql_mode mode, struct sql **ret_sql, struct err *err)
{
	static const int flags[] = {
	    [SQL_READ] = SQLITE_OPEN_READONLY,
	    [SQL_WRITE] = SQLITE_OPEN_READWRITE,
	    [SQL_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
	};
	struct sql *s = xcalloc(1, sizeof *s);
	enum sql_code code;
	int rc;

	s->path = xstrdup(path);
	rc = open_with(s, path, flags[mode]);
	if (mode == SQL_READ && ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY))
		rc = open_immutable(s);
	code = result(s, rc, err);
	*ret_sql = code > SQL_ROW ? NULL : s;
	if (code > SQL_ROW)
		sql_close(s);
	return code;
}

void sql_close(struct sql *s)
{
	if (!s)
		return;
	sqlite3_close_v2(s->db);
	free(s->path);
	free(s);
}

void sql_abandon(struct sql *s)
{
	if (!s)
		return;
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sql_close(s);
}

enum sql_code sql_exec(struct sql *s, const char *text, struct err *err)
{
	return result(s, sqlite3_exec(s->db, text, NULL, NULL, NULL), err);
}

enum sql_code sql_checkpoint(struct sql *s, struct err *err)
{
	return result(s, sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL), err);
}

bool sql_is_moved(struct sql *s)
{
	char name[PATH_MAX];
	struct stat st;
	int moved = 0;

	sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	snprintf(name, sizeof name, "%s-wal", s->path);
	if (moved || stat(name, &st) < 0)
		return true;
	if (!s->log_inode)
		s->log_inode = st.st_ino;
	return s->log_inode != st.st_ino;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * (int64_t)1000 + t.tv_nsec / 1000000;
}

static int is_check_over(void *arg)
{
	const struct sql *s = arg;

	return now_ms() >= s->check_until_ms;
}

/* The walk over the pages cannot be interrupted, so a big file gets a part of it. */
static bool is_big(const struct sql *s)
{
	struct stat st;

	return stat(s->path, &st) == 0 && st.st_size > CHECK_WHOLE_BYTES;
}

enum sql_code sql_check(struct sql *s, const char *main_table, int64_t limit_ms, struct err *err)
{
	char text[64] = "PRAGMA quick_check(1)";
	struct sql_query *q;
	enum sql_code code;

	if (is_big(s))
		snprintf(text, sizeof text, "PRAGMA quick_check('%s')", main_table);
	q = sql_prepare(s, text);
	s->check_until_ms = now_ms() + limit_ms;
	sqlite3_progress_handler(s->db, PROGRESS_STEPS, is_check_over, s);
	code = sql_step(q, err);
	if (code == SQL_FAILED && (sqlite3_errcode(s->db) & 0xff) == SQLITE_INTERRUPT)
		code = SQL_OK;
	else if (code == SQL_ROW) {
		const char *found = sql_text(q, 0, NULL);

		code = strcmp(found, "ok") ? SQL_BAD : SQL_OK;
		if (code == SQL_BAD)
			err_set(err, "%s is damaged: %s", s->path, found);
	}
	sqlite3_progress_handler(s->db, 0, NULL, NULL);
	sql_finish(q);
	return code;
}

struct sql_query *sql_prepare(struct sql *s, const char *text)
{
	struct sql_query *q = xcalloc(1, sizeof *q);

	q->sql = s;
	q->rc = sqlite3_prepare_v2(s->db, text, -1, &q->stmt, NULL);
	if (q->rc != SQLITE_OK)
		explain(s, q->rc, &q->why);
	return q;
}

void sql_bind_int(struct sql_query *q, int place, int64_t value)
{
	sqlite3_bind_int64(q->stmt, place, value);
}

void sql_bind_text(struct sql_query *q, int place, const char *text)
{
	sqlite3_bind_text(q->stmt, place, text, -1, SQLITE_STATIC);
}

void sql_bind_blob(struct sql_query *q, int place, const void *at, size_t len)
{
	sqlite3_bind_blob64(q->stmt, place, at, len, SQLITE_STATIC);
}

enum sql_code sql_step(struct sql_query *q, struct err *err)
{
	if (!q->stmt) {
		*err = q->why;
		return code_of(q->rc);
	}
	return result(q->sql, sqlite3_step(q->stmt), err);
}

void sql_reset(struct sql_query *q)
{
	sqlite3_reset(q->stmt);
}

void sql_finish(struct sql_query *q)
{
	sqlite3_finalize(q->stmt);
	free(q);
}

int64_t sql_int(struct sql_query *q, int column)
{
	return sqlite3_column_int64(q->stmt, column);
}

const char *sql_text(struct sql_query *q, int column, size_t *ret_len)
{
	const char *text = (const char *)sqlite3_column_text(q->stmt, column);

	if (ret_len)
		*ret_len = (size_t)sqlite3_column_bytes(q->stmt, column);
	return text ? text : "";
}

enum sql_code sql_one_int(struct sql *s, const char *text, int64_t *ret, struct err *err)
{
	struct sql_query *q = sql_prepare(s, text);
	enum sql_code code = sql_step(q, err);

	if (code == SQL_ROW)
		*ret = sql_int(q, 0);
	sql_finish(q);
	return code;
}

enum sql_code sql_one_text(struct sql *s, const char *text, char ret[128], struct err *err)
{
	struct sql_query *q = sql_prepare(s, text);
	enum sql_code code = sql_step(q, err);

	if (code == SQL_ROW)
		snprintf(ret, 128, "%s", sql_text(q, 0, NULL));
	sql_finish(q);
	return code;
}
