/* test_store_verify.c - whatever is done to the file with the sqlite3 shell,
 * verify names the row. */
#include "store_help.h"

static struct bed with_rows(int n)
{
	struct bed b = bed_make();

	bed_open(&b);
	put(&b, 1, n);
	bed_close(&b);
	assert_chain(&b, n);
	return b;
}

static const char rebuild_from_5[] =
    "WITH RECURSIVE c(seq, rec, hash) AS (SELECT seq, rec, hash FROM audit WHERE seq=4 UNION ALL "
    "SELECT a.seq, a.rec, lower(hex(sha3(c.hash||char(10)||a.rec,256))) FROM audit a JOIN c ON "
    "a.seq=c.seq+1) "
    "UPDATE audit SET hash=(SELECT hash FROM c WHERE c.seq=audit.seq) WHERE seq>4";

static const struct {
	const char *what, *sql, *more, *why;
	int64_t first_bad, rows, head;
} deeds[] = {
    {"text changed", "UPDATE audit SET rec=replace(rec,'wang','chen') WHERE seq=5", NULL, "hash of row 5", 5,
     10, 10},
    {"one byte added", "UPDATE audit SET rec=rec||' ' WHERE seq=10", NULL, "hash of row 10", 10, 10, 10},
    {"first row changed", "UPDATE audit SET rec=replace(rec,'wang','chen') WHERE seq=1", NULL,
     "hash of row 1", 1, 10, 10},
    {"hash changed", "UPDATE audit SET hash='0000' WHERE seq=3", NULL, "hash of row 3", 3, 10, 10},
    {"row deleted", "DELETE FROM audit WHERE seq=4", NULL, "row 4 is missing: row 3 is followed by row 5", 4,
     9, 10},
    {"first rows deleted", "DELETE FROM audit WHERE seq<3", NULL,
     "row 1 is missing: the audit begins with row 3", 1, 8, 10},
    {"deleted and closed up", "DELETE FROM audit WHERE seq=4", "UPDATE audit SET seq=seq-1 WHERE seq>4",
     "hash of row 4", 4, 9, 9},
    {"deleted, closed up, rehashed", "DELETE FROM audit WHERE seq=5",
     "UPDATE audit SET seq=seq-1 WHERE seq>5; REBUILD", "row 5 calls itself row 6", 5, 9, 9},
    {"row appended", "INSERT INTO audit VALUES(11,(SELECT rec FROM audit WHERE seq=10),'ab')", NULL,
     "hash of row 11", 11, 11, 11},
    {"row appended, well hashed",
     "INSERT INTO audit SELECT 11,'x',lower(hex(sha3(hash||char(10)||'x',256))) FROM audit WHERE seq=10",
     NULL, "row 11 is not an audit record", 11, 11, 11},
    {"row before the first", "INSERT INTO audit VALUES(-3,'x','y')", NULL, "row -3 stands before row 1", -3,
     11, 10},
    {"row with a gap", "INSERT INTO audit VALUES(13,'x','y')", NULL, "row 11 is missing", 11, 11, 13},
    {"inserted in the middle", "UPDATE audit SET seq=-seq-1 WHERE seq>5",
     "UPDATE audit SET seq=-seq WHERE seq<0; INSERT INTO audit VALUES(6,'x','y')", "hash of row 6", 6, 11,
     11},
    {"two rows swapped", "UPDATE audit SET seq=-1 WHERE seq=6",
     "UPDATE audit SET seq=6 WHERE seq=7; UPDATE audit SET seq=7 WHERE seq=-1", "hash of row 6", 6, 10, 10},
    {"other site", "UPDATE meta SET value='mall'", NULL, "hash of row 1", 1, 10, 10},
};

static void do_more(const struct bed *b, const char *more)
{
	char sql[1024];
	const char *rebuild = strstr(more, "REBUILD");

	snprintf(sql, sizeof sql, "%.*s%s", rebuild ? (int)(rebuild - more) : (int)strlen(more), more,
	         rebuild ? rebuild_from_5 : "");
	assert_string_equal(shell(b, sql), "");
}

static void test_every_deed_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
		struct bed b = with_rows(10);
		struct verify v;
		struct err err;

		assert_string_equal(shell(&b, "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; "
		                              "DROP TRIGGER audit_no_gap"),
		                    "");
		assert_string_equal(shell(&b, deeds[i].sql), "");
		if (deeds[i].more)
			do_more(&b, deeds[i].more);
		assert_int_equal(store_verify(b.path, &v, &err), 0);
		if (v.first_bad != deeds[i].first_bad || !strstr(v.why, deeds[i].why))
			fail_msg("%s: row %lld, \"%s\"", deeds[i].what, (long long)v.first_bad, v.why);
		assert_int_equal(v.rows, deeds[i].rows);
		assert_int_equal(v.head_seq, deeds[i].head);
		bed_remove(&b);
	}
}

/* The chain of what is left is sound: only a head that left before tells. */
static void test_cut_tail_needs_an_old_head(void **state)
{
	struct bed b = with_rows(10);
	char before[HASH_BYTES], now[HASH_BYTES];
	struct err err;

	(void)state;
	assert_int_equal(store_hash_at(b.path, 10, before, &err), 0);
	assert_string_equal(shell(&b, "DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE seq>7"), "");
	assert_chain(&b, 7);
	assert_int_equal(store_hash_at(b.path, 10, now, &err), -1);
	assert_non_null(strstr(err.text, "no row 10"));
	bed_open(&b);
	put(&b, 8, 3); /* the same rows again give the same hash: nothing was lost then */
	bed_close(&b);
	assert_int_equal(store_hash_at(b.path, 10, now, &err), 0);
	assert_string_equal(now, before);
	bed_remove(&b);
}

static void test_unreadable(void **state)
{
	struct bed b = with_rows(2);
	struct verify v;
	struct err err;

	(void)state;
	assert_string_equal(shell(&b, "DELETE FROM meta"), "");
	assert_int_equal(store_verify(b.path, &v, &err), -1);
	assert_non_null(strstr(err.text, "does not say which site"));
	assert_int_equal(store_verify("/nowhere/tocsin.db", &v, &err), -1);
	assert_non_null(strstr(err.text, "/nowhere/tocsin.db"));
	file_write(b.path, "no database at all");
	assert_int_equal(store_verify(b.path, &v, &err), -1);
	file_write(b.path, "");
	assert_int_equal(store_verify(b.path, &v, &err), -1);
	assert_non_null(strstr(err.text, "empty"));
	bed_remove(&b);
}

/* A copy with its log, as an auditor carries it away; read while the daemon writes. */
static void test_copy_and_live(void **state)
{
	struct bed b = bed_make(), copy;
	char command[256];

	(void)state;
	bed_open(&b);
	put(&b, 1, 3);
	assert_chain(&b, 3);
	copy = bed_make();
	snprintf(command, sizeof command, "cp %s/tocsin.db %s/tocsin.db-wal %s", b.dir, b.dir, copy.dir);
	assert_string_equal(run(command), "");
	put(&b, 4, 1);
	assert_chain(&b, 4);
	assert_chain(&copy, 3);
	bed_close(&b);
	bed_remove(&b);
	bed_remove(&copy);
}

static bool count_row(void *arg, int64_t seq, const char *rec, const char *hash)
{
	int64_t *n = arg;

	assert_int_equal(seq, ++*n);
	assert_int_equal(strlen(hash), HASH_BYTES - 1);
	assert_true(rec[0] == '{');
	return true;
}

/* In parts the chain is the same chain, and each row is handed out once. */
static void test_walk_in_parts(void **state)
{
	struct bed b = with_rows(10);
	struct chain_walk w = {0};
	struct err err = {{0}};
	int64_t n = 0;
	int parts = 0, more;

	(void)state;
	do
		parts++;
	while ((more = store_walk(b.path, &w, 3, &(struct row_taker){count_row, &n}, &err)) > 0);
	assert_int_equal(more, 0);
	assert_int_equal(parts, 4);
	assert_int_equal(n, 10);
	assert_int_equal(w.v.rows, 10);
	assert_int_equal(w.v.first_bad, 0);
	assert_int_equal(w.v.head_seq, 10);
	bed_remove(&b);
}

/* Rows 1, 2 and 3, 4 and 5 ... a minute apart: where the last so many milliseconds begin. */
static const struct {
	int64_t back_ms, from;
} spans[] = {{1, 10}, {59999, 10}, {60000, 8}, {60001, 8}, {120000, 6}, {299999, 2}, {300000, 1}, {86400000, 1}};

static int span_of(const struct bed *b, int64_t back_ms, struct log_span *ret)
{
	struct log_ends ends;
	struct err err;

	assert_int_equal(store_ends(b->path, &ends, &err), 0);
	assert_int_equal(ends.head_seq, 10);
	return store_span(b->path, ends.head_ms - back_ms, ret, &err);
}

static void test_span(void **state)
{
	struct bed b = with_rows(10);
	struct log_span span;

	(void)state;
	assert_string_equal(shell(&b, "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; UPDATE audit SET rec="
	                              "replace(rec,'T19:10',printf('T19:%02d',10+seq/2))"),
	                    "");
	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
		char sql[80];

		assert_int_equal(span_of(&b, spans[i].back_ms, &span), 1);
		assert_int_equal(span.from_seq, spans[i].from);
		assert_int_equal(span.first_seq, 1);
		assert_false(span.is_cut);
		snprintf(sql, sizeof sql, "SELECT hash FROM audit WHERE seq=%lld", (long long)span.from_seq - 1);
		if (span.from_seq > 1)
			assert_string_equal(shell(&b, sql), span.hash);
	}
	assert_int_equal(span_of(&b, -1, &span), 0); /* nothing is newer than the newest */
	/* the first three were let go, and the first is deleted */
	assert_string_equal(shell(&b, "INSERT INTO meta SELECT 'base', seq||':'||hash FROM audit WHERE seq=3; "
	                              "INSERT INTO meta VALUES('segment:0000000000000000003', 'three.db'); "
	                              "DELETE FROM audit WHERE seq<=1"),
	                    "");
	assert_int_equal(span_of(&b, 60000, &span), 1);
	assert_int_equal(span.from_seq, 8);
	assert_int_equal(span_of(&b, 300000, &span), 1);
	assert_int_equal(span.from_seq, 4);
	assert_int_equal(span.first_seq, 4);
	assert_true(span.is_cut);
	assert_string_equal(shell(&b, "SELECT substr(value,3) FROM meta WHERE key='base'"), span.hash);
	assert_string_equal(shell(&b, "DELETE FROM audit WHERE seq=7"), "");
	assert_int_equal(span_of(&b, 60000, &span), 1);
	assert_int_equal(span.from_seq, 7); /* which a walk from there finds missing */
	bed_remove(&b);
}

static void test_span_of_nothing(void **state)
{
	struct bed b = bed_make();
	struct log_span span;
	struct log_ends ends;
	struct err err;

	(void)state;
	bed_open(&b);
	bed_close(&b);
	assert_int_equal(store_ends(b.path, &ends, &err), 0);
	assert_int_equal(ends.head_ms, -1);
	assert_int_equal(store_span(b.path, INT64_MIN, &span, &err), 0);
	assert_int_equal(store_ends("/nowhere/tocsin.db", &ends, &err), -1);
	assert_int_equal(store_span("/nowhere/tocsin.db", 0, &span, &err), -1);
	bed_remove(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_deed_is_named),
	    cmocka_unit_test(test_cut_tail_needs_an_old_head),
	    cmocka_unit_test(test_unreadable),
	    cmocka_unit_test(test_copy_and_live),
	    cmocka_unit_test(test_walk_in_parts),
	    cmocka_unit_test(test_span),
	    cmocka_unit_test(test_span_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
