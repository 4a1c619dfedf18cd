/* Site time: never back, re-anchored by a forward step of the wall clock only. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "clock.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* In the place of libc's: the machine is held for `held_ms` before the look number `held_at`. */
static int64_t boot_now_ms, wall_now_ms, held_ms;
static int looks, held_at;

int clock_gettime(clockid_t id, struct timespec *ret)
{
	if (++looks == held_at) {
		boot_now_ms += held_ms;
		wall_now_ms += held_ms;
	}
	*ret = (struct timespec){.tv_sec = (id == CLOCK_REALTIME ? wall_now_ms : boot_now_ms) / 1000};
	return 0;
}

static void test_held_between_two_looks(void **state)
{
	struct clock c;

	(void)state;
	boot_now_ms = 5000;
	wall_now_ms = 1000000;
	held_ms = 3600000;
	for (held_at = 1; held_at <= 4; held_at++) {
		looks = 0;
		clock_open(&c);
		assert_int_equal(clock_step(&c), 0);
		looks = -3; /* three looks more: the hold comes in the step's */
		clock_open(&c);
		assert_int_equal(clock_step(&c), 0);
	}
	wall_now_ms += held_ms;
	assert_int_equal(clock_step(&c), held_ms);
}

static const struct clock base = {.site_ms = 1000000, .boot_ms = 5000, .apart_ms = 995000};

static void test_no_step_when_both_run(void **state)
{
	struct clock c = base;

	(void)state;
	assert_int_equal(clock_step_at(&c, 1060000, 65000), 0);
	assert_int_equal(c.site_ms, 1000000);
}

static void test_forward_step_moves_site_time(void **state)
{
	struct clock c = base;

	(void)state;
	assert_int_equal(clock_step_at(&c, 1010000 + 3600000, 15000), 3600000);
	assert_int_equal(c.site_ms, 1000000 + 3600000);
	assert_int_equal(clock_step_at(&c, 1010000 + 3600000, 15000), 0);
}

static void test_small_steps_add_up(void **state)
{
	struct clock c = base;

	(void)state;
	assert_int_equal(clock_step_at(&c, 1001500, 5000), 0);
	assert_int_equal(clock_step_at(&c, 1003000, 5000), 3000);
}

static void test_backward_step_is_only_said(void **state)
{
	struct clock c = base;

	(void)state;
	assert_int_equal(clock_step_at(&c, 1010000 - 60000, 15000), -60000);
	assert_int_equal(c.site_ms, 1000000);
	/* and back to where it was: site time is right again, nothing to do */
	assert_int_equal(clock_step_at(&c, 1020000, 25000), 0);
}

static void test_site_time_ahead_of_the_wall_catches_nothing_up(void **state)
{
	struct clock c = base;

	(void)state;
	c.site_ms += 100000; /* the store had seen a later time */
	assert_int_equal(clock_step_at(&c, 1000000 + 50000, 5000), 0);
	assert_int_equal(clock_step_at(&c, 1000000 + 110000, 5000), 10000);
}

static void test_at_least_never_goes_back(void **state)
{
	struct clock c;
	int64_t now_ms;

	(void)state;
	clock_open(&c);
	now_ms = clock_now(&c);
	clock_at_least(&c, now_ms - 100000);
	assert_true(clock_now(&c) >= now_ms && clock_now(&c) < now_ms + 50000);
	clock_at_least(&c, now_ms + 100000);
	assert_true(clock_now(&c) >= now_ms + 100000);
}

/* Armed for a moment that no wall clock shows: one that was set to 2045 by a dead battery would wake the loop without end. */
static void test_only_a_step_ends_the_watch(void **state)
{
	struct itimerspec left;
	int fd = clock_watch_fd();

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(timerfd_gettime(fd, &left), 0);
	assert_true(left.it_value.tv_sec > 100LL * 365 * 86400);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_step_when_both_run),
	    cmocka_unit_test(test_forward_step_moves_site_time),
	    cmocka_unit_test(test_small_steps_add_up),
	    cmocka_unit_test(test_backward_step_is_only_said),
	    cmocka_unit_test(test_site_time_ahead_of_the_wall_catches_nothing_up),
	    cmocka_unit_test(test_at_least_never_goes_back),
	    cmocka_unit_test(test_held_between_two_looks),
	    cmocka_unit_test(test_only_a_step_ends_the_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
