/* commit.c - what one durable row costs: WAL, synchronous FULL, one row a
 * commit. commit FILE COUNT RATE (0: one after the other); prints JSON. */
#include "spread.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROW_BYTES = 400 }; /* an audit row */

static sqlite3_stmt *prepare(sqlite3 *db)
{
	sqlite3_stmt *s = NULL;

	if (sqlite3_exec(db,
	                 "pragma journal_mode=wal; pragma synchronous=full;"
	                 "create table if not exists row(seq integer primary key, rec text)",
	                 NULL, NULL, NULL) == SQLITE_OK)
		sqlite3_prepare_v2(db, "insert into row(rec) values(hex(zeroblob(?)))", -1, &s, NULL);
	return s;
}

static void wait_until(int64_t at_ns)
{
	struct timespec at = {at_ns / 1000000000, at_ns % 1000000000};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

int main(int argc, char **argv)
{
	struct spread commit_us = {0};
	sqlite3_stmt *insert;
	sqlite3 *db;
	int64_t begin_ns = steady_ns();

	if (argc != 4)
		return 2;
	if (sqlite3_open(argv[1], &db) != SQLITE_OK || !(insert = prepare(db))) {
		fprintf(stderr, "commit: %s\n", sqlite3_errmsg(db));
		return 1;
	}
	for (long i = 0, n = strtol(argv[2], NULL, 10), rate = strtol(argv[3], NULL, 10); i < n; i++) {
		int64_t start_ns;

		if (rate)
			wait_until(begin_ns + (i + 1) * 1000000000 / rate);
		start_ns = steady_ns();
		sqlite3_bind_int(insert, 1, ROW_BYTES / 2);
		if (sqlite3_step(insert) != SQLITE_DONE)
			return 1;
		sqlite3_reset(insert);
		spread_add(&commit_us, (steady_ns() - start_ns) / 1000);
	}
	printf("{");
	spread_print(&commit_us, "commit_us");
	printf("}\n");
	sqlite3_finalize(insert);
	sqlite3_close(db);
	spread_fini(&commit_us);
	return 0;
}
