/* store_copy.c - the store as one file while it runs, and from such a file back
 * to a place where there is none. A copy holds audit, saved state, plans and
 * what the side file of incident numbers said: `meta.ids`. */
#include "base/buf.h"
#include "ids.h"
#include "store_db.h"
#include "store_disk.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The numbers and starts between the copy and the loss are unknown: none of them is given again. */
enum { IDS_AHEAD = 1000, EPOCHS_AHEAD = 100 };

/* A snapshot: rows, state and plans of one moment. Never a second writer: the source is only read. */
static int vacuum_into(const char *path, const char *copy, struct err *err)
{
	struct sql_query *q;
	enum sql_code code;
	struct sql *sql;
	char site[128];
	mode_t mask;

	if (db_open_read(path, site, &sql, err) < 0)
		return -1;
	q = sql_prepare(sql, "VACUUM INTO ?");
	sql_bind_text(q, 1, copy);
	mask = umask(0077);
	code = sql_step(q, err);
	umask(mask);
	sql_finish(q);
	sql_close(sql);
	return code > SQL_ROW ? -1 : 0;
}

/* Read after the snapshot, so that they are never behind it. */
static int keep_ids(const char *path, const char *copy, struct err *err)
{
	char line[IDS_LINE_BYTES];
	struct ids_file ids;
	struct sql_query *q;
	enum sql_code code;
	struct sql *sql;

	if (ids_read(path, &ids, err) < 0)
		return -1;
	if (sql_open(copy, SQL_WRITE, &sql, err) > SQL_ROW)
		return -1;
	ids_line(&ids, line);
	q = sql_prepare(sql, "INSERT OR REPLACE INTO meta VALUES('ids', ?)");
	sql_bind_text(q, 1, line);
	code = sql_step(q, err);
	sql_finish(q);
	sql_close(sql);
	return code > SQL_ROW ? -1 : 0;
}

int store_backup(const char *path, const char *copy, struct verify *ret, struct err *err)
{
	char part[PATH_MAX];
	struct stat st;

	*ret = (struct verify){0};
	if (stat(copy, &st) == 0)
		return err_set(err, "%s is there already: a copy takes no other's place", copy);
	disk_begin_part(copy, part);
	return disk_in_place(vacuum_into(path, part, err) < 0 || keep_ids(path, part, err) < 0 ||
	                    disk_sync_file(part, err) < 0 || store_verify(part, ret, err) < 0,
	                part, copy, err);
}

/* -- back -- */

/* With what a log beside the copy still holds; whole, or not there at all. */
static int pour(const char *copy, const char *path, struct err *err)
{
	char part[PATH_MAX];

	disk_begin_part(path, part);
	return disk_in_place(vacuum_into(copy, part, err) < 0 || disk_sync_file(part, err) < 0, part, path, err);
}

static void at_least(int64_t *at, int64_t other)
{
	if (*at < other)
		*at = other;
}

static void known_ids(struct sql *sql, struct ids_file *ret)
{
	struct sql_query *q = sql_prepare(sql, "SELECT value FROM meta WHERE key='ids'");
	struct err ignored;

	if (sql_step(q, &ignored) == SQL_ROW)
		ids_parse(sql_text(q, 0, NULL), ret);
	sql_finish(q);
}

/* What the copy knew, and what a side file knows that outlived its database. */
static int write_ids(const char *copy, const char *path, const struct verify *v, struct err *err)
{
	struct ids_file ids = {.seq = v->head_seq}, known = {0}, left = {0};
	struct db_head head = {0};
	char genesis[HASH_BYTES], site[128];
	struct err ignored;
	struct sql *sql;

	if (db_open_read(copy, site, &sql, err) < 0)
		return -1;
	db_genesis(site, genesis);
	db_head(sql, genesis, &head, &ignored);
	known_ids(sql, &known);
	sql_close(sql);
	ids_read(path, &left, &ignored);
	ids.next = known.next;
	ids.epoch = known.epoch;
	at_least(&ids.next, left.next);
	at_least(&ids.epoch, left.epoch);
	at_least(&ids.epoch, head.epoch);
	ids.next += IDS_AHEAD;
	ids.epoch += EPOCHS_AHEAD;
	memcpy(ids.hash, v->head, sizeof ids.hash);
	return ids_write(path, &ids, err);
}

/* The configuration that was in force, for a start that finds none. */
static int write_last_good(const char *copy, const char *path, struct err *err)
{
	char name[PATH_MAX], site[128];
	struct sql_query *q;
	struct sql *sql;
	const char *bundle;
	size_t len;
	int failed = 0;

	if (db_open_read(copy, site, &sql, err) < 0)
		return -1;
	disk_beside(path, STORE_LAST_GOOD, name);
	q = sql_prepare(sql, "SELECT bundle FROM plan ORDER BY rowid DESC LIMIT 1");
	if (sql_step(q, err) == SQL_ROW) {
		bundle = sql_text(q, 0, &len);
		failed = disk_save(name, bundle, len, err);
	}
	sql_finish(q);
	sql_close(sql);
	return failed;
}

/* To whom the directory belongs: the daemon, where systemd made it. */
static void hand_over(const char *path)
{
	static const char *const names[] = {"ids", STORE_LAST_GOOD};
	char name[PATH_MAX];
	struct stat st;

	disk_beside(path, ".", name);
	if (geteuid() != 0 || stat(name, &st) < 0)
		return;
	if (lchown(path, st.st_uid, st.st_gid) < 0)
		return;
	for (int i = 0; i < 2; i++) {
		disk_beside(path, names[i], name);
		if (lchown(name, st.st_uid, st.st_gid) < 0)
			return;
	}
}

int store_restore(const char *copy, const char *path, struct verify *ret, struct err *err)
{
	char log[PATH_MAX];
	struct stat st;

	*ret = (struct verify){0};
	snprintf(log, sizeof log, "%s-wal", path);
	if (stat(path, &st) == 0 || stat(log, &st) == 0)
		return err_set(err, "%s is there: stop tocsind and move it and its -wal and -shm away first",
		               path);
	if (store_verify(copy, ret, err) < 0)
		return -1;
	if (ret->first_bad)
		return err_set(err, "%s does not verify: %s", copy, ret->why);
	/* the numbers first: a start between the two finds a new store that begins above them */
	if (write_ids(copy, path, ret, err) < 0 || write_last_good(copy, path, err) < 0 ||
	    pour(copy, path, err) < 0)
		return -1;
	hand_over(path);
	return 0;
}
