/* test_store_trim.c - rows that stand in a file of their own leave the living log: at once for everybody who reads it,
 * bit by bit from the disk, and no turn hears of it. */
#include "store_help.h"

#include "store_db.h"

#include <sys/prctl.h>

enum { ROWS = 400, UPTO = 300 };

static void hash_of(const struct bed *b, int64_t seq, char ret[HASH_BYTES])
{
	struct err err;

	assert_int_equal(store_hash_at(b->path, seq, ret, &err), 0);
}

static struct let_go let_go_of(const struct bed *b, int64_t upto)
{
	struct let_go go = {.upto = upto, .file = "/nowhere/old.db"};

	hash_of(b, upto, go.hash);
	return go;
}

static void put_letting_go(struct bed *b, int64_t seq, const struct let_go *go)
{
	struct turn *t = turn_make(seq, 1);

	t->let_go = go;
	put_expect(b, t, STORE_COMMITTED);
}

/* Waits for the store's own transactions. */
static const char *shell_patient(const struct bed *b, const char *sql)
{
	char command[512];

	snprintf(command, sizeof command, "sqlite3 -cmd '.timeout 60000' '%s' \"%s\" 2>&1", b->path, sql);
	return run(command);
}

static long there(const struct bed *b)
{
	return strtol(shell_patient(b, "SELECT count(*) FROM audit"), NULL, 10);
}

/* Only so many rows are left on the disk. */
static void wait_rows(const struct bed *b, long n)
{
	int64_t until = bed_now_ms() + LIMIT_MS;

	while (there(b) > n && bed_now_ms() < until)
		usleep(20000);
	assert_int_equal(there(b), n);
}

static void assert_living(const struct bed *b, int64_t base, int64_t head)
{
	struct verify v;
	struct err err;

	assert_int_equal(store_verify(b->path, &v, &err), 0);
	assert_string_equal(v.why, "");
	assert_int_equal(v.base_seq, base);
	assert_int_equal(v.head_seq, head);
	assert_int_equal(v.rows, head - base);
}

static bool first_row(void *arg, int64_t seq, const char *rec, const char *hash)
{
	(void)rec, (void)hash;
	*(int64_t *)arg = seq;
	return false;
}

/* To everybody who reads they are gone, whether they are on the disk or not. */
static void assert_gone(const struct bed *b, int64_t upto)
{
	char hash[HASH_BYTES];
	struct err err;
	int64_t first = 0;

	assert_int_equal(store_hash_at(b->path, upto, hash, &err), -1);
	assert_int_equal(store_hash_at(b->path, upto + 1, hash, &err), 0);
	assert_int_equal(store_each_row(b->path, 1, INT64_MAX, first_row, &first, &err), 0);
	assert_int_equal(first, upto + 1);
}

static void assert_guarded(const struct bed *b)
{
	assert_non_null(strstr(shell_patient(b, "BEGIN IMMEDIATE; DELETE FROM audit"), "never deleted"));
	assert_non_null(strstr(shell_patient(b, "BEGIN IMMEDIATE; UPDATE audit SET rec = ''"), "never changed"));
	assert_non_null(strstr(shell_patient(b, "BEGIN IMMEDIATE; INSERT INTO audit VALUES(1, 'x', 'y')"), "follows the one"));
}

static struct bed bed_with_rows(void)
{
	struct bed b = bed_make();

	bed_open(&b);
	put(&b, 1, ROWS);
	return b;
}

static void test_turns_go_on_meanwhile(void **state)
{
	struct bed b = bed_with_rows();
	struct let_go go = let_go_of(&b, UPTO);
	int64_t seq = ROWS + 1, until = bed_now_ms() + LIMIT_MS;

	(void)state;
	put_letting_go(&b, seq, &go);
	assert_living(&b, UPTO, seq);
	assert_gone(&b, UPTO);
	assert_guarded(&b);
	while (there(&b) > seq - UPTO && bed_now_ms() < until) {
		put(&b, ++seq, 1);
		assert_living(&b, UPTO, seq);
		if (seq % 8 == 0)
			assert_guarded(&b);
	}
	assert_guarded(&b);
	assert_int_equal(there(&b), seq - UPTO);
	assert_gone(&b, UPTO);
	assert_string_equal(shell_patient(&b, "SELECT value FROM meta WHERE key LIKE 'segment:%'"), "/nowhere/old.db");
	bed_close(&b);
	assert_string_equal(shell(&b, "PRAGMA integrity_check"), "ok");
	bed_remove(&b);
}

/* Another row's hash, a row that was let go before, the last row: the turn is stored, and nothing let go. */
static void test_what_does_not_fit(void **state)
{
	struct bed b = bed_with_rows();
	struct let_go go = let_go_of(&b, UPTO), wrong = go, last = {.upto = ROWS + 2};
	struct err err;

	(void)state;
	wrong.hash[5] = wrong.hash[5] == 'a' ? 'b' : 'a';
	assert_int_equal(store_may_let_go(b.path, &wrong, &err), -1);
	assert_non_null(strstr(err.text, "another hash"));
	assert_int_equal(store_may_let_go(b.path, &go, &err), 0);
	put_letting_go(&b, ROWS + 1, &wrong);
	assert_living(&b, 0, ROWS + 1);
	put_letting_go(&b, ROWS + 2, &go);
	assert_living(&b, UPTO, ROWS + 2);
	assert_int_equal(store_may_let_go(b.path, &go, &err), -1);
	assert_non_null(strstr(err.text, "let go before"));
	wrong = let_go_of(&b, UPTO + 10);
	wrong.upto = UPTO - 10;
	put_letting_go(&b, ROWS + 3, &wrong);
	assert_living(&b, UPTO, ROWS + 3);
	hash_of(&b, ROWS + 2, last.hash);
	assert_int_equal(store_may_let_go(b.path, &last, &err), 0);
	last.upto = ROWS + 3;
	hash_of(&b, ROWS + 3, last.hash);
	assert_int_equal(store_may_let_go(b.path, &last, &err), -1);
	assert_non_null(strstr(err.text, "nothing would be left"));
	assert_string_equal(shell_patient(&b, "SELECT count(*) FROM meta WHERE key LIKE 'segment:%'"), "1");
	bed_close(&b);
	bed_remove(&b);
}

/* A process that is killed between the two: they are on the disk, and nobody sees them; the next start deletes them. */
static void test_held_and_started_again(void **state)
{
	struct bed b = bed_make();
	char fault[160];
	struct let_go go;

	(void)state;
	file_write(bed_file(&b, "hold"), "");
	snprintf(fault, sizeof fault, "trim-hold=%s", bed_file(&b, "hold"));
	setenv("TOCSIN_FAULT", fault, 1);
	bed_open(&b);
	put(&b, 1, ROWS);
	go = let_go_of(&b, UPTO);
	put_letting_go(&b, ROWS + 1, &go);
	put(&b, ROWS + 2, 1);
	assert_living(&b, UPTO, ROWS + 2);
	assert_gone(&b, UPTO);
	bed_close(&b);
	assert_int_equal(there(&b), ROWS + 2);
	assert_living(&b, UPTO, ROWS + 2);
	unsetenv("TOCSIN_FAULT");
	bed_open(&b);
	assert_int_equal(b.result, STORE_OPENED);
	assert_string_equal(b.err.text, "");
	wait_rows(&b, ROWS + 2 - UPTO);
	put(&b, ROWS + 3, 1);
	assert_living(&b, UPTO, ROWS + 3);
	assert_guarded(&b);
	bed_close(&b);
	bed_remove(&b);
}

/* It fails: no turn is late for it, nothing set aside, and what was not deleted is still not seen. */
static void test_it_fails(void **state)
{
	struct bed b = bed_make();
	char fault[160];
	struct let_go go;

	(void)state;
	file_write(bed_file(&b, "fail"), "");
	snprintf(fault, sizeof fault, "trim-fail=%s", bed_file(&b, "fail"));
	setenv("TOCSIN_FAULT", fault, 1);
	bed_open(&b);
	put(&b, 1, ROWS);
	go = let_go_of(&b, UPTO);
	put_letting_go(&b, ROWS + 1, &go);
	for (int i = 2; i < 30; i++) { /* beside one try at least */
		put(&b, ROWS + i, 1);
		usleep(10000);
	}
	assert_int_equal(there(&b), ROWS + 29);
	assert_living(&b, UPTO, ROWS + 29);
	assert_guarded(&b);
	bed_close(&b);
	unsetenv("TOCSIN_FAULT");
	bed_open(&b);
	assert_int_equal(b.result, STORE_OPENED);
	wait_rows(&b, ROWS + 29 - UPTO);
	bed_close(&b);
	bed_remove(&b);
}

/* -- kill -9 -- */

static void child(const char *dir, int64_t seq)
{
	struct bed b = bed_in(dir);

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing running */
	bed_open(&b);
	for (;;)
		put(&b, seq++, 1);
}

static void test_kill_9(void **state)
{
	struct bed b = bed_with_rows();
	unsigned random = 2026;
	int64_t head = ROWS + 1;

	(void)state;
	for (int i = 0; i < 15; i++) {
		struct verify v;
		struct err err;
		int status;
		pid_t pid;

		if (i % 5 == 0) { /* something to delete again */
			struct let_go go;

			if (i)
				bed_open(&b);
			go = let_go_of(&b, head - 10);
			put_letting_go(&b, head, &go);
			bed_close(&b);
		}
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			child(b.dir, head + 1);
		random = random * 1103515245u + 12345u;
		usleep((random >> 17) % 60000);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(store_verify(b.path, &v, &err), 0);
		assert_string_equal(v.why, "");
		assert_true(v.head_seq >= head && v.base_seq > 0);
		assert_int_equal(v.rows, v.head_seq - v.base_seq);
		assert_guarded(&b);
		head = v.head_seq + (i % 5 == 4);
	}
	bed_remove(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_turns_go_on_meanwhile), cmocka_unit_test(test_what_does_not_fit),
	    cmocka_unit_test(test_held_and_started_again), cmocka_unit_test(test_it_fails),
	    cmocka_unit_test(test_kill_9),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
