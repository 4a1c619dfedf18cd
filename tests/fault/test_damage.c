/* test_damage.c - the database is damaged under a running daemon: it is set
 * aside, a new one goes on from the last row, and the turn in flight is in it. */
#include "adapter/store_help.h"

#include "store_disk.h"

static char point[64]; /* while this file exists each commit fails */

/* A failed commit makes the next try open the file again: nothing is left in memory that hides the damage. */
static void forget_pages(struct bed *b, struct turn *t)
{
	struct turn *back;
	struct err err;

	file_write(point, "");
	store_submit(b->store, t);
	assert_int_equal(next_answer(b, &back, &err), STORE_ERROR);
}

static void with_rows(struct bed *b, int n)
{
	struct turn *t = turn_make(1, n);

	*b = bed_make();
	t->ids_reserved = 101;
	bed_open(b);
	put_expect(b, t, STORE_COMMITTED);
}

static void smash(const char *path, off_t from, off_t to)
{
	char junk[4096];
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	memset(junk, 0xa5, sizeof junk);
	for (; from < to; from += (off_t)sizeof junk)
		assert_int_equal(pwrite(fd, junk, sizeof junk, from), sizeof junk);
	close(fd);
}

/* The turn in flight, perhaps after some tries that fail, is in a new database. */
static void expect_replaced(struct bed *b, struct turn *t, const char *why)
{
	int64_t seq = t->rows[0].row.seq;
	enum store_answer answer;
	struct turn *back;
	struct restored r;
	struct verify v;
	struct err err;

	unlink(point);
	while ((answer = next_answer(b, &back, &err)) == STORE_ERROR)
		;
	assert_int_equal(answer, STORE_REPLACED);
	assert_ptr_equal(back, t);
	turn_free(t);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" is not in: %s", why, err.text);
	put(b, seq + 2, 1);
	assert_int_equal(store_verify(b->path, &v, &err), 0);
	assert_string_equal(v.why, "");
	assert_int_equal(v.rows, 3);
	assert_int_equal(v.base_seq, seq - 1);
	assert_int_equal(v.head_seq, seq + 2);
	bed_close(b);

	bed_open(b); /* a start finds it whole, and takes no row or number for new */
	assert_int_equal(b->result, STORE_OPENED);
	assert_string_equal(b->err.text, "");
	store_restored(b->store, &r);
	assert_int_equal(r.seq, seq + 2);
	assert_int_equal(r.ids_side, 101);
	store_free_restored(&r);
	put(b, seq + 3, 1);
	bed_close(b);
}

static int count_bad(const struct bed *b)
{
	char command[256];

	snprintf(command, sizeof command, "ls '%s' | grep -cE '^tocsin.db.bad-[0-9]{8}T[0-9]{6}Z(-[0-9]+)?$'",
	         b->dir);
	return run(command)[0] - '0';
}

static void test_another_file_in_its_place(void **state)
{
	struct bed b;
	struct turn *t = turn_make(4, 2);

	(void)state;
	with_rows(&b, 3);
	forget_pages(&b, t);
	file_write(b.path, "this is a text file, and a rather long one so that it has a whole header: "
	                   "0123456789012345678901234567890123456789");
	unlink(bed_file(&b, "tocsin.db-wal"));
	unlink(bed_file(&b, "tocsin.db-shm"));
	expect_replaced(&b, t, "no SQLite database");
	assert_int_equal(count_bad(&b), 1);
	bed_remove(&b);
}

/* Every page of the database; the log does not hold them any more. */
static void test_all_pages(void **state)
{
	struct bed b;
	struct turn *t = turn_make(4, 2);

	(void)state;
	with_rows(&b, 3);
	forget_pages(&b, t);
	smash(b.path, 0, 65536);
	assert_int_equal(truncate(bed_file(&b, "tocsin.db-wal"), 0), 0);
	expect_replaced(&b, t, "begun");
	assert_int_equal(count_bad(&b), 1);
	bed_remove(&b);
}

/* Damage in the middle, met by the commit itself. */
static void test_met_by_the_commit(void **state)
{
	struct bed b;
	struct turn *t = turn_make(3001, 2);
	struct stat st;

	(void)state;
	with_rows(&b, 3000);
	assert_true(store_close(b.store)); /* the log goes into the file */
	close(b.fd);
	assert_int_equal(stat(b.path, &st), 0);
	bed_open(&b);
	assert_int_equal(b.result, STORE_OPENED);
	forget_pages(&b, t);
	smash(b.path, 4096, st.st_size);
	expect_replaced(&b, t, "begun");
	assert_int_equal(count_bad(&b), 1);
	bed_remove(&b);
}

static void test_cut_to_nothing(void **state)
{
	struct bed b;

	(void)state;
	for (int with_log = 0; with_log < 2; with_log++) {
		struct turn *t = turn_make(4, 2);

		with_rows(&b, 3);
		forget_pages(&b, t);
		assert_int_equal(truncate(b.path, 0), 0);
		if (!with_log)
			unlink(bed_file(&b, "tocsin.db-wal"));
		unlink(bed_file(&b, "tocsin.db-shm"));
		expect_replaced(&b, t, "empty");
		bed_remove(&b);
	}
}

/* The log is deleted under a connection that has everything in memory: written on
 * into a file that nobody finds again would be lost; what it held is gone. */
static void test_log_deleted(void **state)
{
	struct turn *t = turn_make(6, 2);
	struct bed b;

	(void)state;
	with_rows(&b, 3);
	bed_close(&b);
	bed_open(&b);
	put(&b, 4, 2);
	unlink(bed_file(&b, "tocsin.db-wal"));
	store_submit(b.store, t);
	expect_replaced(&b, t, "newest rows are lost");
	assert_int_equal(count_bad(&b), 1);
	bed_remove(&b);
}

/* The audit itself is only the old file's: what stands in the new one cannot be
 * passed off as all there ever was. */
static void test_the_base_is_no_hiding_place(void **state)
{
	struct bed b;
	struct verify v;
	struct err err;

	(void)state;
	with_rows(&b, 5);
	bed_close(&b);
	shell(&b, "INSERT INTO meta SELECT 'base', seq || ':' || hash FROM audit WHERE seq=3");
	assert_int_equal(store_verify(b.path, &v, &err), 0);
	assert_int_equal(v.first_bad, 1);
	shell(&b, "DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE seq<=3");
	assert_int_equal(store_verify(b.path, &v, &err), 0);
	assert_int_equal(v.first_bad, 0);
	assert_int_equal(v.base_seq, 3); /* and this is said */
	bed_remove(&b);
}

static const char *plans_of(const struct bed *b)
{
	return shell(b, "SELECT group_concat(hash, ' ') FROM (SELECT hash FROM plan ORDER BY hash)");
}

/* Plans that no saved record names go, but for the newest four, and while all newer ones are small. */
static void test_old_plans(void **state)
{
	struct bed b = bed_make();
	char hash[16];
	struct turn *t;

	(void)state;
	bed_open(&b);
	for (int i = 0; i < 12; i++) {
		t = turn_make(i + 1, 1);
		if (i == 2)
			records_put(&t->records, "i/1", "plan hash-2 of an open incident");
		snprintf(hash, sizeof hash, "hash-%d", i);
		store_keep_plan(b.store, hash, "x", 1);
		if (i == 11)
			store_keep_plan(b.store, "hash-8", "x", 1); /* in force again: it counts as new */
		put_expect(&b, t, STORE_COMMITTED);
	}
	bed_close(&b);
	assert_string_equal(plans_of(&b), "hash-0 hash-1 hash-10 hash-11 hash-2 hash-3 hash-4 hash-5 hash-6 hash-7 "
	                                  "hash-8 hash-9");
	shell(&b, "INSERT INTO plan VALUES('large', zeroblob(33554432))");
	bed_open(&b);
	store_keep_plan(b.store, "newest", "x", 1);
	put_expect(&b, turn_make(13, 1), STORE_COMMITTED);
	bed_close(&b);
	assert_string_equal(plans_of(&b), "hash-11 hash-2 hash-8 large newest");
	bed_remove(&b);
}

static void test_last_good_without_a_turn(void **state)
{
	struct bed b = bed_make();

	(void)state;
	bed_open(&b);
	store_last_good(b.store, "one", 3);
	store_last_good(b.store, "second", 6);
	bed_close(&b);
	assert_string_equal(file_read(bed_file(&b, STORE_LAST_GOOD)), "second");
	assert_int_equal(access(bed_file(&b, STORE_LAST_GOOD ".new"), F_OK), -1);
	bed_remove(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_another_file_in_its_place),
	    cmocka_unit_test(test_all_pages),
	    cmocka_unit_test(test_met_by_the_commit),
	    cmocka_unit_test(test_cut_to_nothing),
	    cmocka_unit_test(test_log_deleted),
	    cmocka_unit_test(test_the_base_is_no_hiding_place),
	    cmocka_unit_test(test_old_plans),
	    cmocka_unit_test(test_last_good_without_a_turn),
	};
	char fault[128];

	snprintf(point, sizeof point, "/tmp/tocsin-damage-%d", (int)getpid());
	snprintf(fault, sizeof fault, "store-fail=%s", point);
	setenv("TOCSIN_FAULT", fault, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
