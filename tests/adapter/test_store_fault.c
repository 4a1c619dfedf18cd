/* test_store_fault.c - commits that hang, fail, or succeed without saying so;
 * somebody else at the file; closing meanwhile. Needs the fault points. */
#include "store_help.h"

static char points[64]; /* the directory of the fault points' files */

static const char *point(const char *name)
{
	static char path[96];

	snprintf(path, sizeof path, "%s/%s", points, name);
	return path;
}

static void point_on(const char *name)
{
	file_write(point(name), "");
}

static void point_off(const char *name)
{
	unlink(point(name));
}

/* How long a close may take: as in service, or with ",store-close-ms=..." */
static void close_limit(const char *more)
{
	char value[400];

	snprintf(value, sizeof value, "store-hold=%s/hold,store-fail=%s/fail,store-unknown=%s/unknown%s", points, points,
	         points, more);
	setenv("TOCSIN_FAULT", value, 1);
}

/* Before each test: what a failed one left on goes off. */
static int all_points_off(void **state)
{
	(void)state;
	close_limit("," PATIENT_CLOSE);
	point_off("hold");
	point_off("fail");
	point_off("unknown");
	return 0;
}

static void need_points(void)
{
#ifndef TOCSIN_FAULTS
	print_message("no fault points in this build (TOCSIN_FAULTS=OFF)\n");
	skip();
#endif
}

static void wait_rows(const struct bed *b, int64_t rows)
{
	int64_t until = bed_now_ms() + LIMIT_MS;
	char hash[HASH_BYTES];
	struct err err;

	while (store_hash_at(b->path, rows, hash, &err) < 0 && bed_now_ms() < until)
		usleep(5000);
	assert_int_equal(store_hash_at(b->path, rows, hash, &err), 0);
}

/* -1: until it waits; else for so long. */
static void wait_at_disk(const struct bed *b, int64_t ms)
{
	int64_t until = bed_now_ms() + LIMIT_MS, at_ms;

	do
		at_ms = store_at_disk_ms(b->store);
	while ((ms < 0 ? at_ms >= 0 : at_ms < ms) && bed_now_ms() < until && usleep(5000) == 0);
	assert_true(ms < 0 ? at_ms < 0 : at_ms >= ms);
}

/* Nothing is answered while the commit hangs, and readers are not held up. */
static void test_hold(void **state)
{
	struct bed b = bed_make();
	struct turn *back, *t;
	char hash[HASH_BYTES];
	struct pollfd p;
	struct err err;

	(void)state;
	need_points();
	bed_open(&b);
	put(&b, 1, 1);
	forget_wakes(&b);
	point_on("hold");
	t = turn_make(2, 1);
	store_submit(b.store, t);
	p = (struct pollfd){.fd = b.fd, .events = POLLIN};
	assert_int_equal(poll(&p, 1, 300), 0);
	assert_int_equal(store_take(b.store, &back, &err), STORE_NOTHING);
	assert_int_equal(store_hash_at(b.path, 1, hash, &err), 0);
	assert_int_equal(store_hash_at(b.path, 2, hash, &err), -1);
	point_off("hold");
	assert_int_equal(next_answer(&b, &back, &err), STORE_COMMITTED);
	assert_ptr_equal(back, t);
	turn_free(t);
	bed_close(&b);
	assert_chain(&b, 2);
	bed_remove(&b);
}

/* Whoever reads the log meanwhile would wait as well: at the first try, and at one after it failed. */
static void test_how_long_at_the_disk(void **state)
{
	struct bed b = bed_make();
	struct turn *back, *t;
	struct err err;

	(void)state;
	need_points();
	bed_open(&b);
	put(&b, 1, 1);
	wait_at_disk(&b, -1);
	point_on("fail");
	t = turn_make(2, 1);
	store_submit(b.store, t);
	assert_int_equal(next_answer(&b, &back, &err), STORE_ERROR);
	wait_at_disk(&b, -1);
	point_on("hold");
	wait_at_disk(&b, 300);
	point_off("fail");
	point_off("hold");
	assert_int_equal(next_answer(&b, &back, &err), STORE_COMMITTED);
	wait_at_disk(&b, -1);
	turn_free(t);
	bed_close(&b);
	bed_remove(&b);
}

static void test_fail_then_back(void **state)
{
	struct bed b = bed_make();
	struct turn *back, *t;
	struct restored r;
	struct err err;
	struct pollfd p;

	(void)state;
	need_points();
	bed_open(&b);
	put(&b, 1, 1);
	point_on("fail");
	t = turn_make(2, 2);
	t->ids_reserved = 101;
	store_keep_plan(b.store, "5b1e", "x", 1);
	store_submit(b.store, t);
	assert_int_equal(next_answer(&b, &back, &err), STORE_ERROR);
	assert_null(back);
	assert_non_null(strstr(err.text, "I/O error"));
	forget_wakes(&b);
	p = (struct pollfd){.fd = b.fd, .events = POLLIN};
	assert_int_equal(poll(&p, 1, 800), 0); /* several tries later: told once */
	assert_int_equal(store_take(b.store, &back, &err), STORE_NOTHING);
	assert_chain(&b, 1);
	point_off("fail");
	assert_int_equal(next_answer(&b, &back, &err), STORE_COMMITTED);
	assert_ptr_equal(back, t);
	assert_string_equal(err.text, "");
	turn_free(t);
	put(&b, 4, 1);
	bed_close(&b);
	assert_chain(&b, 4);
	assert_string_equal(shell(&b, "SELECT count(*) FROM plan"), "1");
	bed_open(&b);
	store_restored(b.store, &r);
	assert_string_equal(restored_value(&r, "last"), "4");
	assert_int_equal(r.ids_side, 101);
	store_free_restored(&r);
	bed_close(&b);
	bed_remove(&b);
}

/* The commit is durable although it failed: found by its head, stored once. */
static void test_unknown_commit(void **state)
{
	struct bed b = bed_make();

	(void)state;
	need_points();
	bed_open(&b);
	for (int64_t seq = 1; seq < 10; seq += 3) {
		struct turn *back, *t = turn_make(seq, 3);
		struct err err;

		point_on("unknown");
		store_submit(b.store, t);
		assert_int_equal(next_answer(&b, &back, &err), STORE_ERROR);
		assert_int_equal(next_answer(&b, &back, &err), STORE_COMMITTED);
		assert_ptr_equal(back, t);
		turn_free(t);
		assert_int_equal(access(point("unknown"), F_OK), -1);
		assert_chain(&b, seq + 2);
	}
	bed_close(&b);
	bed_remove(&b);
}

static void test_unknown_commit_of_records_only(void **state)
{
	struct bed b = bed_make();
	struct turn *back, *t = turn_make(1, 0);
	struct err err;

	(void)state;
	need_points();
	bed_open(&b);
	point_on("unknown");
	store_submit(b.store, t);
	assert_int_equal(next_answer(&b, &back, &err), STORE_ERROR);
	assert_int_equal(next_answer(&b, &back, &err), STORE_COMMITTED);
	turn_free(t);
	bed_close(&b);
	assert_string_equal(shell(&b, "SELECT count(*), value FROM state WHERE key='last'"), "1|0");
	bed_remove(&b);
}

/* Somebody holds the write lock: 2 s of waiting, an error, then stored. */
static void test_locked_by_another(void **state)
{
	struct bed b = bed_make();
	struct turn *back, *t = turn_make(2, 1);
	char command[256];
	struct err err;
	int64_t began;
	FILE *other;

	(void)state;
	bed_open(&b);
	put(&b, 1, 1);
	snprintf(command, sizeof command, "sqlite3 '%s' > '%s'", b.path, bed_file(&b, "out"));
	other = popen(command, "w");
	assert_non_null(other);
	fputs("BEGIN IMMEDIATE; SELECT 'locked';\n", other);
	fflush(other);
	for (int64_t until = bed_now_ms() + LIMIT_MS; bed_now_ms() < until; usleep(5000))
		if (access(bed_file(&b, "out"), F_OK) == 0 &&
		    strstr(file_read(bed_file(&b, "out")), "locked"))
			break;
	began = bed_now_ms();
	store_submit(b.store, t);
	assert_int_equal(next_answer(&b, &back, &err), STORE_ERROR);
	assert_true(bed_now_ms() - began >= 1900);
	assert_non_null(strstr(err.text, "another program"));
	fputs("ROLLBACK;\n", other);
	pclose(other);
	assert_int_equal(next_answer(&b, &back, &err), STORE_COMMITTED);
	turn_free(t);
	bed_close(&b);
	assert_chain(&b, 2);
	bed_remove(&b);
}

/* Rows of another writer: this process must not go on. */
static void test_fenced(void **state)
{
	struct bed b = bed_make(), other;
	struct turn *back, *t;
	struct err err;

	(void)state;
	bed_open(&b);
	put(&b, 1, 2);
	other = bed_in(b.dir);
	bed_open(&other);
	put(&other, 3, 1);
	t = turn_make(3, 2);
	store_submit(b.store, t);
	assert_int_equal(next_answer(&b, &back, &err), STORE_FENCED);
	assert_ptr_equal(back, t);
	assert_non_null(strstr(err.text, "last row is 3"));
	store_keep_plan(b.store, "5b1e", "x", 1);
	put_expect(&b, t, STORE_FENCED); /* and stays so */
	put_expect(&b, turn_make(5, 1), STORE_FENCED);
	put(&other, 4, 1);
	put_expect(&other, turn_make(7, 1), STORE_FENCED); /* a turn that does not follow */
	bed_close(&other);
	bed_close(&b);
	assert_chain(&b, 4);
	bed_remove(&b);
}

/* No store thread is left: nothing touches the directory any more. */
static void wait_thread_gone(void)
{
	int64_t until = bed_now_ms() + LIMIT_MS;

	while (*run("cat /proc/$PPID/task/*/comm | grep -x store") && bed_now_ms() < until)
		usleep(5000);
}

/* close() lets the turn in flight come to its end. */
static void test_close_waits(void **state)
{
	struct bed b = bed_make();
	struct turn *t = turn_make(1, 1);
	pid_t pid;

	(void)state;
	need_points();
	bed_open(&b);
	point_on("hold");
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		usleep(200000);
		unlink(point("hold"));
		_exit(0);
	}
	store_submit(b.store, t);
	bed_close(&b);
	turn_free(t);
	waitpid(pid, NULL, 0);
	assert_chain(&b, 1);
	bed_remove(&b);
}

static void test_close_while_failing(void **state)
{
	struct bed b = bed_make();
	struct turn *back, *t = turn_make(1, 1);
	struct err err;
	int64_t began;

	(void)state;
	need_points();
	bed_open(&b);
	point_on("fail");
	store_submit(b.store, t);
	assert_int_equal(next_answer(&b, &back, &err), STORE_ERROR);
	began = bed_now_ms();
	assert_true(store_close(b.store));
	print_message("closed in %lld ms\n", (long long)(bed_now_ms() - began));
	point_off("fail");
	close(b.fd);
	bed_remove(&b);
	turn_free(t);
}

/* The disk hangs: close gives up after 2 s, the thread ends by itself later. */
static void test_close_gives_up(void **state)
{
	struct bed b = bed_make();
	static struct turn *t; /* stays the thread's: never freed */
	int64_t began;

	(void)state;
	need_points();
	t = turn_make(1, 1);
	close_limit("");
	bed_open(&b);
	point_on("hold");
	store_submit(b.store, t);
	began = bed_now_ms();
	assert_false(store_close(b.store));
	assert_true(bed_now_ms() - began >= 1900);
	point_off("hold");
	wait_rows(&b, 1);
	wait_thread_gone();
	close(b.fd);
	bed_remove(&b);
}

/* The file was taken away while in use: not written to where nobody finds it. */
static void test_file_moved_away(void **state)
{
	struct bed b = bed_make();
	struct turn *back, *t = turn_make(2, 1);
	char command[256];
	struct err err;

	(void)state;
	bed_open(&b);
	put(&b, 1, 1);
	snprintf(command, sizeof command, "cd '%s' && mkdir away && mv tocsin.db* away/", b.dir);
	assert_string_equal(run(command), "");
	store_submit(b.store, t);
	assert_int_equal(next_answer(&b, &back, &err), STORE_ERROR);
	assert_non_null(strstr(err.text, "moved or deleted"));
	snprintf(command, sizeof command, "cd '%s' && mv away/* .", b.dir);
	assert_string_equal(run(command), "");
	assert_int_equal(next_answer(&b, &back, &err), STORE_COMMITTED);
	turn_free(t);
	bed_close(&b);
	assert_chain(&b, 2);
	bed_remove(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_hold, all_points_off),
	    cmocka_unit_test_setup(test_how_long_at_the_disk, all_points_off),
	    cmocka_unit_test_setup(test_fail_then_back, all_points_off),
	    cmocka_unit_test_setup(test_unknown_commit, all_points_off),
	    cmocka_unit_test_setup(test_unknown_commit_of_records_only, all_points_off),
	    cmocka_unit_test_setup(test_locked_by_another, all_points_off),
	    cmocka_unit_test_setup(test_fenced, all_points_off),
	    cmocka_unit_test_setup(test_close_waits, all_points_off),
	    cmocka_unit_test_setup(test_close_while_failing, all_points_off),
	    cmocka_unit_test_setup(test_close_gives_up, all_points_off),
	    cmocka_unit_test_setup(test_file_moved_away, all_points_off),
	};
	char dir[] = "/tmp/tocsin-point-XXXXXX";
	int rc;

	if (!mkdtemp(dir))
		return 2;
	snprintf(points, sizeof points, "%s", dir);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return rc;
}
