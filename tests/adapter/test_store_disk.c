/* test_store_disk.c - what can be found at start: damage, strangers, nothing,
 * a newer version, a full or read-only disk. Nothing of it stops the store. */
#include "store_help.h"

#include <sys/mount.h>

static struct bed with_rows(int n)
{
	struct bed b = bed_make();
	struct turn *t = turn_make(1, n);

	t->ids_reserved = 101;
	bed_open(&b);
	put_expect(&b, t, STORE_COMMITTED);
	bed_close(&b);
	return b;
}

static int count_bad(const struct bed *b)
{
	char command[256];

	snprintf(command, sizeof command, "ls '%s' | grep -cE '^tocsin.db.bad-[0-9]{8}T[0-9]{6}Z(-[0-9]+)?$'",
	         b->dir);
	return run(command)[0] - '0';
}

/* The old one is kept beside, a new one works, the numbers used are known. */
static void expect_set_aside(struct bed *b, const char *why)
{
	struct restored r;

	bed_open(b);
	assert_int_equal(b->result, STORE_SET_ASIDE);
	assert_non_null(strstr(b->err.text, why));
	store_restored(b->store, &r);
	assert_int_equal(r.seq, 0);
	assert_int_equal(r.n, 0);
	assert_int_equal(r.ids_side, 101);
	store_free_restored(&r);
	put(b, 1, 2);
	bed_close(b);
	assert_chain(b, 2);
}

static void test_corrupt_page(void **state)
{
	struct bed b = with_rows(2000);
	char junk[4096];
	int fd = open(b.path, O_WRONLY);

	(void)state;
	memset(junk, 0xa5, sizeof junk);
	assert_int_equal(pwrite(fd, junk, sizeof junk, 20 * 4096), sizeof junk);
	close(fd);
	expect_set_aside(&b, "damaged");
	assert_int_equal(count_bad(&b), 1);
	bed_remove(&b);
}

static void test_no_database(void **state)
{
	struct bed b = with_rows(3);

	(void)state;
	for (int i = 1; i <= 3; i++) { /* within one second too: nothing is overwritten */
		file_write(b.path,
		           "this is a text file, and a rather long one so that it has a whole header: "
		           "0123456789012345678901234567890123456789");
		expect_set_aside(&b, "no SQLite database");
		assert_int_equal(count_bad(&b), i);
	}
	bed_remove(&b);
}

static void test_stranger(void **state)
{
	struct bed b = with_rows(3);

	(void)state;
	unlink(b.path);
	shell(&b, "CREATE TABLE t(a)");
	expect_set_aside(&b, "none of tocsin's");
	bed_remove(&b);
}

static void test_empty_or_gone(void **state)
{
	struct bed b = with_rows(3);

	(void)state;
	file_write(b.path, "");
	expect_set_aside(&b, "knows row 3");
	unlink(b.path);
	expect_set_aside(&b, "knows row 3");
	bed_remove(&b);
}

/* A log without its database: SQLite alone would delete it. */
static void test_torn(void **state)
{
	struct bed b = with_rows(3);

	(void)state;
	for (int i = 0; i < 2; i++) {
		unlink(b.path);
		if (i)
			file_write(b.path, "");
		file_write(bed_file(&b, "tocsin.db-wal"), "what was written last");
		expect_set_aside(&b, "its log");
	}
	bed_remove(&b);
}

/* The log is deleted: what is left is used, and it is said. */
static void test_log_deleted(void **state)
{
	struct bed b = with_rows(3);
	pid_t pid;
	int status;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) { /* dies without a checkpoint */
		struct turn *t = turn_make(4, 2);

		t->ids_reserved = 201;
		bed_open(&b);
		put_expect(&b, t, STORE_COMMITTED);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(unlink(bed_file(&b, "tocsin.db-wal")), 0);
	bed_open(&b);
	assert_int_equal(b.result, STORE_OPENED);
	assert_non_null(strstr(b.err.text, "ends at row 3, but row 5"));
	put(&b, 4, 1);
	bed_close(&b);
	assert_chain(&b, 4);
	bed_remove(&b);
}

static void test_row_replaced_while_stopped(void **state)
{
	struct bed b = with_rows(3);

	(void)state;
	shell(&b, "DROP TRIGGER audit_no_update; UPDATE audit SET hash='00' WHERE seq=3");
	bed_open(&b);
	assert_int_equal(b.result, STORE_OPENED);
	assert_non_null(strstr(b.err.text, "row 3 of the audit is not the one"));
	bed_close(&b);
	bed_remove(&b);
}

static void expect_unusable(struct bed *b, const char *why)
{
	struct turn *back, *t = turn_make(1, 1);
	struct restored r;
	struct err err;

	bed_open(b);
	assert_int_equal(b->result, STORE_UNUSABLE);
	assert_non_null(strstr(b->err.text, why));
	store_restored(b->store, &r);
	assert_int_equal(r.seq, 0);
	assert_int_equal(r.n, 0);
	store_free_restored(&r);
	store_submit(b->store, t);
	assert_int_equal(next_answer(b, &back, &err), STORE_ERROR);
	assert_non_null(strstr(err.text, why));
	bed_close(b);
	turn_free(t);
}

static void test_newer_version(void **state)
{
	struct bed b = with_rows(3);

	(void)state;
	shell(&b, "PRAGMA user_version=2");
	expect_unusable(&b, "newer tocsin");
	assert_int_equal(count_bad(&b), 0);
	shell(&b, "PRAGMA user_version=1");
	assert_chain(&b, 3); /* untouched */
	bed_remove(&b);
}

static void test_other_site(void **state)
{
	struct bed b = with_rows(3);

	(void)state;
	shell(&b, "UPDATE meta SET value='mall'");
	expect_unusable(&b, "belongs to site \"mall\"");
	assert_int_equal(count_bad(&b), 0);
	bed_remove(&b);
}

static void test_directory_comes_later(void **state)
{
	struct bed b = bed_make();
	struct turn *back, *t = turn_make(1, 1);
	struct err err;

	(void)state;
	bed_remove(&b);
	bed_open(&b);
	assert_int_equal(b.result, STORE_UNUSABLE);
	assert_non_null(strstr(b.err.text, "look whether the directory is there"));
	store_submit(b.store, t);
	assert_int_equal(next_answer(&b, &back, &err), STORE_ERROR);
	assert_int_equal(mkdir(b.dir, 0700), 0);
	assert_int_equal(next_answer(&b, &back, &err), STORE_COMMITTED);
	turn_free(t);
	put(&b, 2, 1);
	bed_close(&b);
	assert_chain(&b, 2);
	bed_remove(&b);
}

/* A database with rows appears that this process has not read: it stops. */
static void test_database_comes_later(void **state)
{
	struct bed b = with_rows(3);
	struct turn *back, *t = turn_make(1, 1);
	char command[256];
	struct err err;

	(void)state;
	snprintf(command, sizeof command, "mv '%s' '%s.away'", b.dir, b.dir);
	assert_string_equal(run(command), "");
	bed_open(&b);
	assert_int_equal(b.result, STORE_UNUSABLE);
	store_submit(b.store, t);
	assert_int_equal(next_answer(&b, &back, &err), STORE_ERROR);
	snprintf(command, sizeof command, "mv '%s.away' '%s'", b.dir, b.dir);
	assert_string_equal(run(command), "");
	assert_int_equal(next_answer(&b, &back, &err), STORE_FENCED);
	assert_ptr_equal(back, t);
	turn_free(t);
	bed_close(&b);
	assert_chain(&b, 3);
	bed_remove(&b);
}

static bool mount_small(struct bed *b, const char *size)
{
	char options[32];

	*b = bed_make();
	snprintf(options, sizeof options, "size=%s", size);
	if (mount("tmpfs", b->dir, "tmpfs", 0, options) == 0)
		return true;
	print_message("cannot mount a small tmpfs here (needs root): not tested\n");
	bed_remove(b);
	return false;
}

static void unmount(struct bed *b)
{
	assert_int_equal(umount2(b->dir, MNT_DETACH), 0);
	bed_remove(b);
}

/* Saved state and rows are read, the answer is an error until it is writable. */
static void test_read_only_disk(void **state)
{
	struct turn *back, *t = turn_make(4, 1);
	struct restored r;
	struct err err;
	struct bed b;

	(void)state;
	if (!mount_small(&b, "8m"))
		skip();
	bed_open(&b);
	put(&b, 1, 3);
	bed_close(&b);
	assert_int_equal(mount(NULL, b.dir, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_chain(&b, 3);
	bed_open(&b);
	assert_int_equal(b.result, STORE_UNUSABLE);
	assert_non_null(strstr(b.err.text, "writable"));
	store_restored(b.store, &r);
	assert_int_equal(r.seq, 3);
	assert_string_equal(restored_value(&r, "last"), "3");
	store_free_restored(&r);
	store_submit(b.store, t);
	assert_int_equal(next_answer(&b, &back, &err), STORE_ERROR);
	assert_int_equal(mount(NULL, b.dir, NULL, MS_REMOUNT, NULL), 0);
	assert_int_equal(next_answer(&b, &back, &err), STORE_COMMITTED);
	turn_free(t);
	bed_close(&b);
	assert_chain(&b, 4);
	unmount(&b);
}

static void fill_disk(const struct bed *b, const char *name)
{
	char block[4096] = {1};
	int fd = open(bed_file(b, name), O_WRONLY | O_CREAT, 0600);

	while (write(fd, block, sizeof block) > 0)
		;
	close(fd);
}

/* Full: the reserve keeps it going and this is said; then errors; then back. */
static void test_full_disk(void **state)
{
	bool was_said = false, is_back = false;
	struct turn *back, *t;
	enum store_answer answer;
	struct bed b;
	struct err err;
	int64_t seq = 1, until;

	(void)state;
	if (!mount_small(&b, "12m"))
		skip();
	bed_open(&b);
	put(&b, seq, 10);
	assert_int_equal(access(bed_file(&b, "ballast"), F_OK), 0);
	fill_disk(&b, "filler");
	do {
		seq += 10;
		t = turn_make(seq, 10);
		store_submit(b.store, t);
		answer = next_answer(&b, &back, &err);
		if (strstr(err.text, "reserve")) {
			assert_int_equal(answer, STORE_COMMITTED);
			assert_int_equal(access(bed_file(&b, "ballast"), F_OK), -1);
			was_said = true;
		}
		if (back)
			turn_free(back);
	} while (answer == STORE_COMMITTED && seq < 100000);
	assert_int_equal(answer, STORE_ERROR);
	assert_true(was_said);
	assert_non_null(strstr(err.text, "full"));
	unlink(bed_file(&b, "filler"));
	assert_int_equal(next_answer(&b, &back, &err), STORE_COMMITTED);
	assert_ptr_equal(back, t);
	turn_free(t);
	seq += 10;
	for (until = bed_now_ms() + LIMIT_MS; !is_back && bed_now_ms() < until; usleep(20000)) {
		put(&b, seq++, 1);
		is_back = access(bed_file(&b, "ballast"), F_OK) == 0;
	}
	assert_true(is_back);
	bed_close(&b);
	assert_chain(&b, seq - 1);
	unmount(&b);
}

/* Started on a full disk: the reserve is used for that, too. */
static void test_start_on_full_disk(void **state)
{
	struct bed b;

	(void)state;
	if (!mount_small(&b, "12m"))
		skip();
	bed_open(&b);
	put(&b, 1, 10);
	bed_close(&b);
	fill_disk(&b, "filler");
	bed_open(&b);
	assert_int_equal(b.result, STORE_OPENED);
	put(&b, 11, 10);
	bed_close(&b);
	assert_chain(&b, 20);
	unmount(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_corrupt_page),
	    cmocka_unit_test(test_no_database),
	    cmocka_unit_test(test_stranger),
	    cmocka_unit_test(test_empty_or_gone),
	    cmocka_unit_test(test_torn),
	    cmocka_unit_test(test_log_deleted),
	    cmocka_unit_test(test_row_replaced_while_stopped),
	    cmocka_unit_test(test_newer_version),
	    cmocka_unit_test(test_other_site),
	    cmocka_unit_test(test_directory_comes_later),
	    cmocka_unit_test(test_database_comes_later),
	    cmocka_unit_test(test_read_only_disk),
	    cmocka_unit_test(test_full_disk),
	    cmocka_unit_test(test_start_on_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
