/* store_turn.c - the transaction of one turn. Each try looks at the head
 * first: that alone tells a new turn from one that a failed COMMIT made
 * durable, and from a database that somebody else wrote to. */
#include "store_db.h"

#include "fault.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void db_chain(const struct db_head *before, struct turn *turn, struct db_head *ret_after)
{
	struct db_rec rec;

	*ret_after = *before;
	for (int i = 0; i < turn->n_rows; i++) {
		struct stored_row *r = &turn->rows[i];

		db_link(ret_after->hash, r->row.rec, strlen(r->row.rec), r->hash);
		ret_after->seq = r->row.seq;
		memcpy(ret_after->hash, r->hash, sizeof r->hash);
		if (db_scan_rec(r->row.rec, &rec)) {
			ret_after->epoch = rec.epoch;
			ret_after->at_ms = rec.at_ms;
		}
	}
}

static bool is_same(const struct db_head *a, const struct db_head *b)
{
	return a->seq == b->seq && !strcmp(a->hash, b->hash);
}

static enum sql_code put_rows(struct sql *s, const struct turn *turn, struct err *err)
{
	struct sql_query *q = sql_prepare(s, "INSERT INTO audit VALUES(?, ?, ?)");
	enum sql_code code = SQL_OK;

	for (int i = 0; i < turn->n_rows && code == SQL_OK; i++) {
		sql_bind_int(q, 1, turn->rows[i].row.seq);
		sql_bind_text(q, 2, turn->rows[i].row.rec);
		sql_bind_text(q, 3, turn->rows[i].hash);
		code = sql_step(q, err);
		sql_reset(q);
	}
	sql_finish(q);
	return code;
}

static enum sql_code put_records(struct sql *s, const struct records *records, struct err *err)
{
	struct sql_query *put =
	    sql_prepare(s, "INSERT INTO state VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET "
	                   "value = ?2");
	struct sql_query *gone = sql_prepare(s, "DELETE FROM state WHERE key = ?1");
	enum sql_code code = SQL_OK;

	for (int i = 0; i < records->n && code == SQL_OK; i++) {
		const struct record *r = &records->at[i];
		struct sql_query *q = r->value ? put : gone;

		sql_bind_text(q, 1, r->key);
		if (r->value)
			sql_bind_text(q, 2, r->value);
		code = sql_step(q, err);
		sql_reset(q);
	}
	sql_finish(put);
	sql_finish(gone);
	return code;
}

static enum sql_code put_plans(struct sql *s, const struct db_plan *plan, struct err *err)
{
	/* again: it becomes the newest */
	struct sql_query *q = sql_prepare(s, "INSERT OR REPLACE INTO plan VALUES(?, ?)");
	enum sql_code code = SQL_OK;

	for (; plan && code == SQL_OK; plan = plan->next) {
		sql_bind_text(q, 1, plan->hash);
		sql_bind_blob(q, 2, plan->bundle, plan->len);
		code = sql_step(q, err);
		sql_reset(q);
	}
	sql_finish(q);
	return code;
}

static enum sql_code put_taken(struct sql *s, const struct turn *turn, struct err *err)
{
	struct sql_query *q = sql_prepare(s, "INSERT OR REPLACE INTO meta VALUES('" DB_TAKEN "', ?)");
	enum sql_code code;
	char text[48];

	snprintf(text, sizeof text, "%lld:%lld", (long long)turn->taken.epoch, (long long)turn->taken.number);
	sql_bind_text(q, 1, text);
	code = sql_step(q, err);
	sql_finish(q);
	return code;
}

/* Open incidents finish on the plan they began with. The others are kept for the reports of those that are over,
 * the newest 32 MiB of them and four at least. */
static enum sql_code drop_plans(struct sql *s, struct err *err)
{
	return sql_exec(s,
	                "DELETE FROM plan WHERE rowid IN (SELECT id FROM (SELECT rowid AS id, row_number() OVER w AS nth,"
	                " sum(length(bundle)) OVER w AS bytes FROM plan WINDOW w AS (ORDER BY rowid DESC))"
	                " WHERE nth > 4 AND bytes > 33554432)"
	                " AND NOT EXISTS (SELECT 1 FROM state WHERE instr(value, plan.hash))",
	                err);
}

/* The fault points of store.h; without them just COMMIT. */
static enum sql_code commit(struct sql *s, struct err *err)
{
	enum sql_code code;

	while (fault_on("store-hold"))
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	if (fault_on("store-fail")) {
		err_set(err, "fault point store-fail: disk I/O error");
		return SQL_FAILED;
	}
	code = sql_exec(s, "COMMIT", err);
	if (code == SQL_OK && fault_on("store-unknown")) {
		unlink(fault_arg("store-unknown"));
		err_set(err, "fault point store-unknown: the commit was done and is reported as failed");
		return SQL_FAILED;
	}
	return code;
}

static enum sql_code write_all(struct sql *s, const struct db_step *step, struct err *err)
{
	enum sql_code code = put_rows(s, step->turn, err);

	if (code == SQL_OK)
		code = put_records(s, &step->turn->records, err);
	if (code == SQL_OK)
		code = put_taken(s, step->turn, err);
	if (code == SQL_OK && step->turn->let_go)
		code = db_let_go(s, step->turn->let_go, err);
	if (code == SQL_OK && step->plans)
		code = put_plans(s, step->plans, err);
	if (code == SQL_OK && step->plans)
		code = drop_plans(s, err);
	return code == SQL_OK ? commit(s, err) : code;
}

/* DB_FAILED: go on, it is the head the turn follows. Rows that we stored and
 * that are gone are damage; only rows that we do not know are somebody else's. */
static enum db_outcome judge(const struct db_head *now, const struct db_step *step, struct err *err)
{
	const struct turn *turn = step->turn;

	if (turn->n_rows > 0 && is_same(now, step->after))
		return DB_COMMITTED;
	if (now->seq < step->before->seq) {
		err_set(err,
		        "the database ends with row %lld, but row %lld was stored: the newest rows are lost",
		        (long long)now->seq, (long long)step->before->seq);
		return DB_BAD;
	}
	if (!is_same(now, step->before)) {
		err_set(err,
		        "the database's last row is %lld, this daemon last stored %lld: somebody else wrote "
		        "to it; "
		        "start again to read what is there",
		        (long long)now->seq, (long long)step->before->seq);
		return DB_FENCED;
	}
	if (turn->n_rows > 0 && turn->rows[0].row.seq != now->seq + 1) {
		err_set(
		    err,
		    "the turn begins with row %lld, the database ends with %lld; start again to read what "
		    "is there",
		    (long long)turn->rows[0].row.seq, (long long)now->seq);
		return DB_FENCED;
	}
	return DB_FAILED;
}

enum db_outcome db_commit(struct sql *s, const struct db_step *step, struct err *err)
{
	struct db_head now = {0};
	struct err ignored;
	enum db_outcome outcome;
	enum sql_code code;

	if (sql_is_moved(s)) {
		err_set(err,
		        "the database file was moved or deleted while in use; put it back or start again");
		return DB_FAILED;
	}
	code = sql_exec(s, "BEGIN IMMEDIATE", err);
	if (code == SQL_OK)
		code = db_head(s, "", &now, err);
	if (code == SQL_OK) {
		if (now.seq == 0 && step->before->seq == 0) /* both stand at the genesis */
			now = *step->before;
		outcome = judge(&now, step, err);
		if (outcome != DB_FAILED) {
			sql_exec(s, "ROLLBACK", &ignored);
			return outcome;
		}
		code = write_all(s, step, err);
	}
	if (code == SQL_OK)
		return DB_COMMITTED;
	sql_exec(s, "ROLLBACK", &ignored);
	return code == SQL_FULL ? DB_FULL : code == SQL_BAD ? DB_BAD : DB_FAILED;
}
