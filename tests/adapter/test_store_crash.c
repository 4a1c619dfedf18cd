/* test_store_crash.c - kill -9 at any instant: what was reported committed is
 * there, what is there is a whole chain, the saved state fits the last row. */
#include "store_help.h"

#include <sys/prctl.h>

enum { KILLS = 100 };

/* The child: opens, goes on where the store ends, reports each committed row. */
static void child(const char *dir, int report)
{
	struct bed b = bed_in(dir);
	struct restored r;
	struct turn *back;
	struct err err;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing running */
	bed_open(&b);
	store_restored(b.store, &r);
	for (int64_t seq = r.seq + 1;; seq += 2) {
		struct turn *t = turn_make(seq, 2);
		int64_t last = seq + 1;

		t->ids_reserved = seq / 10 * 100;
		store_submit(b.store, t);
		if (next_answer(&b, &back, &err) != STORE_COMMITTED)
			_exit(3);
		turn_free(back);
		if (write(report, &last, sizeof last) != sizeof last)
			_exit(4);
	}
}

static pid_t start(const char *dir, int *ret_fd)
{
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(fds[0]);
		child(dir, fds[1]);
	}
	close(fds[1]);
	*ret_fd = fds[0];
	return pid;
}

/* Kills it at some instant of its start or its first turns; the newest number reported. */
static int64_t run_and_kill(const struct bed *b, unsigned *random, int64_t reported)
{
	int64_t seq;
	int fd, status;
	pid_t pid = start(b->dir, &fd);

	*random = *random * 1103515245u + 12345u;
	if (*random >> 16 & 1) { /* in the middle of the turns */
		if (read(fd, &seq, sizeof seq) == sizeof seq)
			reported = seq;
	}
	usleep((*random >> 17) % 30000);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	while (read(fd, &seq, sizeof seq) == sizeof seq)
		reported = seq;
	close(fd);
	return reported;
}

static void test_kill_9(void **state)
{
	struct bed b = bed_make();
	unsigned random = 2026;
	int64_t reported = 0;

	(void)state;
	for (int i = 0; i < KILLS; i++) {
		struct restored r;
		char last[32];

		reported = run_and_kill(&b, &random, reported);
		bed_open(&b);
		assert_int_equal(b.result, STORE_OPENED);
		assert_string_equal(b.err.text, "");
		store_restored(b.store, &r);
		assert_true(r.seq >= reported);
		assert_int_equal(r.seq % 2, 0); /* a turn is there whole or not at all */
		snprintf(last, sizeof last, "%lld", (long long)r.seq);
		if (r.seq)
			assert_string_equal(restored_value(&r, "last"), last);
		assert_chain(&b, r.seq);
		store_free_restored(&r);
		bed_close(&b);
	}
	assert_true(reported > 0); /* how many depends on the machine: usually some for each kill */
	print_message("%d kills, %lld rows\n", KILLS, (long long)reported);
	bed_remove(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_kill_9)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
