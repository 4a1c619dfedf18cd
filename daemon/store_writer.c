/* store_writer.c - the one writing connection: opened soundly or not at all,
 * with the side file and the reserve beside it. */
#include "store_writer.h"

#include "base/arena.h"
#include "fault.h"
#include "log.h"
#include "store_disk.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	CHECK_MS = 2000,
	LOOK_EVERY_MS = 1000,
	TRIM_ROWS_MIN = 10,
	TRIM_ROWS_MAX = 160,
	TRIM_LONG_MS = 20,
	TRIM_REST_MS = 100,
	TRIM_AGAIN_MS = 60000
};

int64_t writer_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * (int64_t)1000 + t.tv_nsec / 1000000;
}

static enum sql_code open_sound(struct writer *w, struct err *err)
{
	enum sql_code code;

	if (disk_is_torn(w->path)) {
		err_set(err, "%s is missing or empty, but its log %s-wal is not", w->path, w->path);
		return SQL_BAD;
	}
	code = db_open(w->path, w->site, SQL_CREATE, &w->sql, err);
	if (code == SQL_FULL && disk_ballast_drop(w->path))
		code = db_open(w->path, w->site, SQL_CREATE, &w->sql, err);
	if (code == SQL_OK)
		code = sql_check(w->sql, "state", CHECK_MS, err); /* the audit has its own proof */
	if (code != SQL_OK) {
		sql_close(w->sql);
		w->sql = NULL;
	}
	return code;
}

/* why: of the damage; becomes what there is to tell about it. */
static int set_aside(struct writer *w, struct err *why)
{
	char moved[PATH_MAX];
	struct err err;

	sql_abandon(w->sql);
	w->sql = NULL;
	if (!GUARD(set_aside))
		return -1;
	if (disk_set_aside(w->path, moved, &err) < 0) {
		*why = err;
		return -1;
	}
	err_set(&err, "%.200s; it was moved to %.200s and a new one begun", why->text, moved);
	*why = err;
	return 0;
}

/* The first open of this process: with the check, and a new database for a bad one. */
static enum store_open_result open_first(struct writer *w, struct err *err)
{
	enum store_open_result result = STORE_OPENED;
	struct err why;
	enum sql_code code = open_sound(w, &why);

	if (code == SQL_BAD && set_aside(w, &why) == 0) {
		result = STORE_SET_ASIDE;
		*err = why;
		code = open_sound(w, &why);
	}
	if (code != SQL_OK) {
		*err = why;
		return STORE_UNUSABLE;
	}
	disk_sync_dir(w->path);
	disk_ballast_make(w->path);
	w->was_open = true;
	if (result == STORE_OPENED && w->ids.next > 0 && db_is_new(w->sql)) {
		result = STORE_SET_ASIDE;
		err_set(
		    err,
		    "%s is new although the file `ids` beside it knows row %lld: the old database is gone",
		    w->path, (long long)w->ids.seq);
	}
	return result;
}

/* Are the newest rows still the ones that were stored? */
static void check_head(struct writer *w, struct err *err)
{
	char hash[HASH_BYTES];
	struct err why;

	if (w->ids.next > 0 && w->head.seq < w->ids.seq)
		err_set(err, "the audit ends at row %lld, but row %lld was stored: the newest rows are lost",
		        (long long)w->head.seq, (long long)w->ids.seq);
	else if (w->ids.seq > 0 && store_hash_at(w->path, w->ids.seq, hash, &why) == 0 &&
	         strcmp(hash, w->ids.hash))
		err_set(err,
		        "row %lld of the audit is not the one that was stored: run `tocsin audit verify`",
		        (long long)w->ids.seq);
}

static void read_head(struct writer *w)
{
	char genesis[HASH_BYTES];
	struct sql *sql = w->sql;
	char site[128];
	struct err err;

	db_genesis(w->site, genesis);
	w->head = (struct db_head){.at_ms = -1};
	memcpy(w->head.hash, genesis, sizeof genesis);
	if (!sql && db_open_read(w->path, site, &sql, &err) < 0)
		return;
	if (w->sql || !strcmp(site, w->site))
		db_head(sql, genesis, &w->head, &err);
	if (sql != w->sql)
		sql_close(sql);
}

/* After a failure. A sync that failed may have left holes in the log that only
 * the kernel's memory covers: nothing is built on it, it is written out first. */
static enum sql_code open_later(struct writer *w, struct err *err)
{
	enum sql_code code;

	if (!w->was_open && !w->replaced.text[0]) {
		enum store_open_result result = open_first(w, err);

		if (result == STORE_SET_ASIDE)
			w->replaced = *err;
		return result == STORE_UNUSABLE ? SQL_FAILED : SQL_OK;
	}
	if (access(w->path, F_OK) == 0 && disk_is_torn(w->path)) {
		err_set(err, "%s is empty, but its log is not", w->path);
		return SQL_BAD;
	}
	code = db_open(w->path, w->site, w->replaced.text[0] ? SQL_CREATE : SQL_WRITE, &w->sql, err);
	return code == SQL_OK ? sql_checkpoint(w->sql, err) : code;
}

/* An empty database although rows were stored: it goes on from where they ended. */
static enum sql_code go_on(struct writer *w, struct err *err)
{
	if (w->head.seq == 0 || !db_is_new(w->sql))
		return SQL_OK;
	if (!w->replaced.text[0])
		err_set(&w->replaced, "%s is empty although row %lld was stored: the old database is gone",
		        w->path, (long long)w->head.seq);
	return db_continue(w->sql, &w->head, err);
}

static enum sql_code open_again(struct writer *w, struct err *err)
{
	enum sql_code code = open_later(w, err);

	if (code == SQL_BAD && set_aside(w, err) == 0) {
		w->replaced = *err;
		code = open_later(w, err);
	}
	return code == SQL_OK ? go_on(w, err) : code;
}

static enum db_outcome commit(struct writer *w, const struct db_step *step, struct err *err)
{
	enum sql_code code = w->sql ? SQL_OK : open_again(w, err);
	enum db_outcome outcome;

	if (code != SQL_OK)
		return code == SQL_FULL ? DB_FULL : DB_FAILED;
	outcome = db_commit(w->sql, step, err);
	if (outcome == DB_BAD && set_aside(w, err) == 0) {
		w->replaced = *err;
		code = open_again(w, err);
		outcome = code == SQL_OK     ? db_commit(w->sql, step, err)
		          : code == SQL_FULL ? DB_FULL
		                             : DB_FAILED;
	}
	return outcome;
}

enum db_outcome writer_try(struct writer *w, const struct db_step *step, struct err *err)
{
	enum db_outcome outcome = commit(w, step, err);

	if (outcome == DB_FULL && GUARD(reserve) && disk_ballast_drop(w->path)) {
		outcome = commit(w, step, err);
		if (outcome == DB_COMMITTED)
			err_set(err,
			        "the disk is full; the reserve beside %s was given up to go on: free some "
			        "space now",
			        w->path);
	}
	if (outcome != DB_COMMITTED && outcome != DB_FENCED) {
		sql_abandon(w->sql);
		w->sql = NULL;
	}
	return outcome;
}

void writer_stored(struct writer *w, const struct db_step *step, struct err *note)
{
	int64_t reserved = step->turn->ids_reserved;

	w->head = *step->after;
	w->has_old |= step->turn->let_go != NULL;
	if (reserved && reserved != w->ids.next) {
		w->ids.next = reserved;
		w->ids.epoch = w->head.epoch;
		w->ids.seq = w->head.seq;
		memcpy(w->ids.hash, w->head.hash, sizeof w->ids.hash);
		w->ids_dirty = true;
	}
	if (w->ids_dirty)
		w->ids_dirty = ids_write(w->path, &w->ids, note) < 0;
	writer_look(w);
}

void writer_look(struct writer *w)
{
	if (writer_now_ms() < w->look_next_ms)
		return;
	disk_ballast_make(w->path);
	atomic_store(&w->disk_is_low, disk_is_low(w->path, atomic_load(&w->disk_is_low)));
	atomic_store(&w->disk_is_shut, disk_is_shut(w->path));
	w->look_next_ms = writer_now_ms() + LOOK_EVERY_MS;
}

/* -- what was let go -- */

int64_t writer_rest_ms(const struct writer *w, int64_t most_ms)
{
	int64_t rest_ms = w->trim_next_ms - writer_now_ms();

	if (!w->has_old || !w->sql || rest_ms > most_ms)
		return most_ms;
	return rest_ms > 0 ? rest_ms : 0;
}

/* In doubt the connection is made anew with the next turn, as after a commit that failed. */
static void trim_failed(struct writer *w, bool in_doubt, const struct err *err)
{
	if (!w->trim_failed)
		log_at(LOG_WARNING, "archived rows are not deleted yet, it is tried again: %s", err->text);
	w->trim_failed = true;
	w->trim_rows = TRIM_ROWS_MIN;
	w->trim_next_ms = writer_now_ms() + TRIM_AGAIN_MS;
	if (!in_doubt)
		return;
	sql_abandon(w->sql);
	w->sql = NULL;
}

/* A turn that comes meanwhile waits for it: a fifth of the time at most, and not noticeably. */
static void pace(struct writer *w, int64_t took_ms)
{
	if (took_ms > TRIM_LONG_MS && w->trim_rows > TRIM_ROWS_MIN)
		w->trim_rows /= 2;
	else if (took_ms < TRIM_LONG_MS / 2 && w->trim_rows < TRIM_ROWS_MAX)
		w->trim_rows *= 2;
	w->trim_next_ms = writer_now_ms() + (took_ms > TRIM_REST_MS / 4 ? took_ms * 4 : TRIM_REST_MS);
}

void writer_trim(struct writer *w)
{
	struct db_trim trim = {.n = w->trim_rows ? w->trim_rows : TRIM_ROWS_MIN};
	int64_t from_ms = writer_now_ms();
	struct err err;

	if (!w->has_old || !w->sql || from_ms < w->trim_next_ms)
		return;
	w->trim_next_ms = from_ms + TRIM_REST_MS;
	if (sql_is_moved(w->sql) || fault_on("trim-hold"))
		return;
	w->trim_rows = trim.n;
	if (db_trim(w->sql, &trim, &err) > SQL_ROW) {
		trim_failed(w, trim.in_doubt, &err);
		return;
	}
	w->has_old = trim.has_more;
	w->trim_failed = false;
	pace(w, writer_now_ms() - from_ms);
}

enum store_open_result writer_start(struct writer *w, const char *path, const char *site, struct err *err)
{
	struct err ids_err = {""};
	enum store_open_result result;

	w->path = xstrdup(path);
	w->site = xstrdup(site);
	ids_read(path, &w->ids, &ids_err);
	err->text[0] = 0;
	result = open_first(w, err);
	read_head(w);
	w->has_old = true; /* until looked */
	if (result == STORE_OPENED)
		check_head(w, err);
	if (ids_err.text[0] && err->text[0])
		err_wrap(err, "%s", ids_err.text);
	else if (ids_err.text[0])
		*err = ids_err;
	return result;
}

void writer_fini(struct writer *w)
{
	sql_close(w->sql);
	free(w->path);
	free(w->site);
}
