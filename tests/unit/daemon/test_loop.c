/* The loop's own promises: timers fire once and can be moved, a watch follows
 * what it wants, a signal arrives. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop.h"

#include <signal.h>
#include <unistd.h>

static struct loop *loop;
static int fired, stopped;

static void count(void *arg)
{
	(void)arg;
	fired++;
}

static void stop(void *arg)
{
	(void)arg;
	stopped++;
	loop_stop(loop);
}

static void run_for(int64_t ms)
{
	struct loop_timer *t = loop_timer(loop, stop, NULL);

	loop_timer_in(t, ms);
	loop_run(loop);
	loop_timer_free(t);
}

static void test_timer_fires_once_and_can_be_moved(void **state)
{
	struct loop_timer *t = loop_timer(loop, count, NULL);

	(void)state;
	fired = 0;
	loop_timer_in(t, 100000);
	loop_timer_in(t, 1); /* replaces */
	run_for(30);
	assert_int_equal(fired, 1);
	loop_timer_in(t, -5); /* past: at once */
	run_for(30);
	assert_int_equal(fired, 2);
	loop_timer_in(t, 1);
	loop_timer_stop(t);
	run_for(30);
	assert_int_equal(fired, 2);
	loop_timer_free(t);
}

struct end {
	int fd, reads, writes;
	struct loop_watch *watch;
};

static void on_end(void *arg, unsigned ready)
{
	struct end *e = arg;
	char c;

	if (ready & LOOP_READ) {
		e->reads++;
		assert_int_equal(read(e->fd, &c, 1), 1);
	}
	if (ready & LOOP_WRITE) {
		e->writes++;
		loop_watch_want(e->watch, 0);
	}
}

static void test_watch_follows_what_it_wants(void **state)
{
	int p[2];
	struct end in = {0}, out = {0};

	(void)state;
	assert_int_equal(pipe(p), 0);
	in.fd = p[0];
	out.fd = p[1];
	in.watch = loop_watch(loop, in.fd, 0, on_end, &in);
	out.watch = loop_watch(loop, out.fd, LOOP_WRITE, on_end, &out);
	assert_int_equal(write(p[1], "ab", 2), 2);
	run_for(30);
	assert_int_equal(in.reads, 0);
	assert_int_equal(out.writes, 1);
	loop_watch_want(in.watch, LOOP_READ);
	for (int i = 0; i < 100 && in.reads < 2; i++) /* one that comes late may have a single round */
		run_for(30);
	assert_int_equal(in.reads, 2);
	loop_watch_free(in.watch);
	loop_watch_free(out.watch);
	close(p[0]);
	close(p[1]);
}

static void on_signal(void *arg, int signo)
{
	*(int *)arg = signo;
	loop_stop(loop);
}

static void test_signal_arrives(void **state)
{
	int got = 0;

	(void)state;
	loop_signal(loop, SIGUSR1, on_signal, &got);
	kill(getpid(), SIGUSR1);
	loop_run(loop);
	assert_int_equal(got, SIGUSR1);
}

static int setup(void **state)
{
	(void)state;
	loop = loop_new();
	return !loop;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

#define TEST(F) cmocka_unit_test_setup_teardown(F, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_timer_fires_once_and_can_be_moved),
	    TEST(test_watch_follows_what_it_wants),
	    TEST(test_signal_arrives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
