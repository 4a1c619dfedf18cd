/* store_archive.c - rows of long ago out of the living database, while nobody
 * writes to it. All of it goes whole into a file of its own first; then a new
 * database goes on from the head of the last row that is left out (meta.base),
 * and takes the old one's place in one step. No row is ever deleted. */
#include "fault.h"
#include "store_db.h"
#include "store_disk.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SEGMENT_KEY "segment:"

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
		return err_set(err, "%s is in use: stop tocsind.socket and tocsind first", path);
	return code > SQL_ROW ? -1 : 0;
}

/* What is left: rows, state and plans as they are, behind the head that comes before them. */
static enum sql_code pour(struct sql *s, const char *old, const struct db_head *base, struct err *err)
{
	static const char *const steps[] = {
	    "BEGIN IMMEDIATE",
	    NULL, /* base */
	    "INSERT INTO meta SELECT key, value FROM old.meta WHERE key LIKE '" SEGMENT_KEY "%'",
	    "INSERT INTO audit SELECT seq, rec, hash FROM old.audit WHERE seq > "
	    "(SELECT CAST(value AS INTEGER) FROM main.meta WHERE key = 'base') ORDER BY seq",
	    "INSERT INTO state SELECT key, value FROM old.state",
	    "INSERT INTO plan SELECT hash, bundle FROM old.plan ORDER BY rowid",
	    "COMMIT"};
	struct sql_query *q = sql_prepare(s, "ATTACH DATABASE ? AS old");
	enum sql_code code;

	sql_bind_text(q, 1, old);
	code = sql_step(q, err);
	sql_finish(q);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0] && code <= SQL_ROW; i++)
		code = steps[i] ? sql_exec(s, steps[i], err) : db_continue(s, base, err);
	return code;
}

/* Where the rows up to `upto` stand from now on. */
static enum sql_code name_segment(struct sql *s, int64_t upto, const char *segment, struct err *err)
{
	struct sql_query *q = sql_prepare(s, "INSERT OR REPLACE INTO meta VALUES(?, ?)");
	char key[48], real[PATH_MAX];
	enum sql_code code;

	snprintf(key, sizeof key, SEGMENT_KEY "%019lld", (long long)upto);
	sql_bind_text(q, 1, key);
	sql_bind_text(q, 2, realpath(segment, real) ? real : segment);
	code = sql_step(q, err);
	sql_finish(q);
	return code;
}

struct cut {
	const char *path, *fresh, *segment;
	struct db_head base;
};

static int build(const struct cut *cut, struct err *err)
{
	char site[128];
	struct sql *sql;
	enum sql_code code;

	if (db_open_read(cut->path, site, &sql, err) < 0)
		return -1;
	sql_close(sql);
	code = db_open(cut->fresh, site, SQL_CREATE, &sql, err);
	if (code > SQL_ROW)
		return -1;
	code = pour(sql, cut->path, &cut->base, err);
	if (code <= SQL_ROW)
		code = name_segment(sql, cut->base.seq, cut->segment, err);
	if (code <= SQL_ROW)
		code = sql_checkpoint(sql, err);
	sql_close(sql);
	return code > SQL_ROW ? -1 : 0;
}

/* A daemon that was started meanwhile has written its row, and more may be in it than was taken over. */
static bool is_untouched(const char *path, const struct verify *was)
{
	char genesis[HASH_BYTES], site[128];
	struct db_head head = {0};
	struct err ignored;
	struct sql *sql;

	if (db_open_read(path, site, &sql, &ignored) < 0)
		return false;
	db_genesis(site, genesis);
	db_head(sql, genesis, &head, &ignored);
	sql_close(sql);
	return head.seq == was->head_seq && !strcmp(head.hash, was->head);
}

/* The new one, proven to end as the old one does, in its place; with its owner and rights. */
static int swap(const char *path, const char *fresh, const struct verify *was, struct err *err)
{
	struct verify now;
	struct stat st;

	if (store_verify(fresh, &now, err) < 0)
		return -1;
	if (now.first_bad || now.head_seq != was->head_seq || strcmp(now.head, was->head) != 0)
		return err_set(err, "the new database does not end as the old one does: %s", now.why);
	while (fault_on("archive-hold"))
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	if (!is_untouched(path, was))
		return err_set(err, "%s was written to meanwhile: stop tocsind.socket and tocsind first", path);
	if (stat(path, &st) < 0 || chmod(fresh, st.st_mode & 0777) < 0 ||
	    (geteuid() == 0 && lchown(fresh, st.st_uid, st.st_gid) < 0) || rename(fresh, path) < 0)
		return err_set(err, "cannot put %s in the place of %s: %s", fresh, path, strerror(errno));
	disk_sync_dir(path);
	return 0;
}

int store_archive(const char *path, const char *segment, int64_t upto, struct verify *ret, struct err *err)
{
	char fresh[PATH_MAX], log[PATH_MAX + 8];
	struct cut cut = {path, fresh, segment, {.seq = upto}};
	int failed;

	snprintf(fresh, sizeof fresh, "%s.fresh", path);
	unlink(fresh);
	if (store_hash_at(path, upto, cut.base.hash, err) < 0 || settle(path, err) < 0 ||
	    store_backup(path, segment, ret, err) < 0)
		return -1;
	if (ret->first_bad)
		return err_set(err, "nothing is taken out of a log that does not verify: %s", ret->why);
	failed = build(&cut, err) < 0 || swap(path, fresh, ret, err) < 0;
	if (failed) {
		unlink(fresh);
		snprintf(log, sizeof log, "%s-wal", fresh);
		unlink(log);
	}
	ret->base_seq = upto;
	memcpy(ret->head, cut.base.hash, sizeof ret->head);
	return failed ? -1 : 0;
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
	q = sql_prepare(sql,
	                "SELECT key, value FROM meta WHERE key LIKE '" SEGMENT_KEY "%' ORDER BY key DESC");
	do
		code = sql_step(q, err);
	while (code == SQL_ROW && fn(arg, strtoll(sql_text(q, 0, NULL) + sizeof SEGMENT_KEY - 1, NULL, 10),
	                             sql_text(q, 1, NULL)));
	sql_finish(q);
	sql_close(sql);
	return code > SQL_ROW ? -1 : 0;
}
