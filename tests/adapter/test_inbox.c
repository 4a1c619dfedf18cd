/* test_inbox.c - order, bounds, waits and wake-ups of the inbox, with real
 * threads (also run under the thread sanitizer). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "inbox.h"

#include "base/arena.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t now_ms(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static void nap(void)
{
	struct timespec ms = {0, 1000000};

	nanosleep(&ms, NULL);
}

static bool is_readable(const struct inbox *in, int wait_ms)
{
	struct pollfd p = {.fd = inbox_fd(in), .events = POLLIN};

	return poll(&p, 1, wait_ms) == 1;
}

static struct inbox_item *message(const char *payload, bool life)
{
	struct inbox_item *item = inbox_item_new(INBOX_MESSAGE);

	item->life = life;
	item->message.topic = xstrdup("plc/b2/callpoint");
	item->message.payload = xstrdup(payload);
	item->message.len = strlen(payload);
	item->message.response_topic = xstrdup("r");
	item->message.correlation = xstrdup("c");
	return item;
}

static void free_taken(struct inbox_item *item)
{
	while (item) {
		struct inbox_item *next = item->next;

		inbox_item_free(item);
		item = next;
	}
}

static void test_keeps_order_and_wakes(void **state)
{
	struct inbox *in = inbox_new(10);
	struct inbox_item *list;

	(void)state;
	assert_false(is_readable(in, 0));
	assert_null(inbox_take(in));
	assert_int_equal(inbox_put(in, message("a", false), 0), 1);
	assert_int_equal(inbox_put(in, inbox_item_new(INBOX_STORE), 0), 2);
	assert_int_equal(inbox_put(in, message("c", true), 0), 3);
	assert_int_equal(inbox_count(in), 3);
	assert_true(is_readable(in, 0));
	list = inbox_take(in);
	assert_false(is_readable(in, 0));
	assert_int_equal(inbox_count(in), 0);
	assert_string_equal(list->message.payload, "a");
	assert_int_equal(list->next->kind, INBOX_STORE);
	assert_int_equal(list->next->next->number, 3);
	assert_null(list->next->next->next);
	free_taken(list);
	assert_int_equal(inbox_put(in, message("d", false), 0), 4);
	assert_true(is_readable(in, 0));
	inbox_free(in); /* with an item in it */
}

static void test_bound_keeps_a_tenth_for_life(void **state)
{
	struct inbox *in = inbox_new(20);
	int i;

	(void)state;
	for (i = 0; i < 18; i++)
		assert_int_not_equal(inbox_put(in, message("x", false), 0), 0);
	assert_int_equal(inbox_put(in, message("x", false), 0), 0);
	assert_int_not_equal(inbox_put(in, message("fire", true), 0), 0);
	assert_int_not_equal(inbox_put(in, message("fire", true), 0), 0);
	assert_int_equal(inbox_put(in, message("fire", true), 20), 0);
	for (i = 0; i < 100; i++) /* outcomes always find room */
		assert_int_not_equal(inbox_put(in, inbox_item_new(INBOX_NOTICE), 0), 0);
	assert_int_equal(inbox_count(in), 120);
	free_taken(inbox_take(in));
	assert_int_not_equal(inbox_put(in, message("x", false), 0), 0);
	inbox_free(in);
}

struct job {
	struct inbox *in;
	int64_t number, wait_ms, took_ms;
	bool stored;
};

static void *put_job(void *arg)
{
	struct job *job = arg;
	int64_t start = now_ms();

	job->number = inbox_put(job->in, message("late", true), job->wait_ms);
	job->took_ms = now_ms() - start;
	return NULL;
}

static void *wait_job(void *arg)
{
	struct job *job = arg;
	int64_t start = now_ms();

	job->stored = inbox_wait_stored(job->in, job->number, job->wait_ms);
	job->took_ms = now_ms() - start;
	return NULL;
}

static void until_waited(const struct inbox *in)
{
	int64_t limit = now_ms() + 50000;

	while (!inbox_is_waited(in)) {
		assert_true(now_ms() < limit);
		nap();
	}
}

/* A page that leaves with what was just stored need not go past its callback. */
static void test_stored_is_waited_for_no_more(void **state)
{
	struct inbox *in = inbox_new(4);
	struct job job = {.in = in, .number = 1, .wait_ms = 50000};
	pthread_t thread;

	(void)state;
	inbox_put(in, message("x", true), 0);
	pthread_create(&thread, NULL, wait_job, &job);
	until_waited(in);
	inbox_stored(in, 1);
	assert_false(inbox_is_waited(in));
	pthread_join(thread, NULL);
	assert_true(job.stored);
	free_taken(inbox_take(in));
	inbox_free(in);
}

static void test_full_inbox_waits_for_room(void **state)
{
	struct inbox *in = inbox_new(1);
	struct job job = {.in = in, .wait_ms = 50000};
	pthread_t thread;

	(void)state;
	assert_int_equal(inbox_put(in, message("x", true), 0), 1);
	pthread_create(&thread, NULL, put_job, &job);
	until_waited(in);
	free_taken(inbox_take(in));
	pthread_join(thread, NULL);
	assert_int_equal(job.number, 2);
	assert_true(job.took_ms < 40000);
	assert_false(inbox_is_waited(in));
	job.wait_ms = 100;
	put_job(&job);
	assert_int_equal(job.number, 0);
	assert_in_range((uintmax_t)job.took_ms, 99, 40000);
	inbox_free(in);
}

static void test_wait_until_stored(void **state)
{
	struct inbox *in = inbox_new(10);
	struct job jobs[3];
	pthread_t threads[3];
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		jobs[i] = (struct job){.in = in, .number = i + 1, .wait_ms = i == 2 ? 150 : 50000};
		pthread_create(&threads[i], NULL, wait_job, &jobs[i]);
	}
	until_waited(in);
	inbox_stored(in, 1);
	pthread_join(threads[0], NULL);
	inbox_stored(in, 2);
	inbox_stored(in, 1); /* never goes back */
	pthread_join(threads[1], NULL);
	pthread_join(threads[2], NULL);
	assert_true(jobs[0].stored);
	assert_true(jobs[1].stored);
	assert_false(jobs[2].stored); /* its time ran out */
	assert_in_range((uintmax_t)jobs[2].took_ms, 149, 40000);
	assert_true(inbox_wait_stored(in, 2, 0));
	assert_false(inbox_wait_stored(in, 0, 1000));
	inbox_free(in);
}

static void test_refusing_releases_waiters(void **state)
{
	struct inbox *in = inbox_new(10);
	struct job job = {.in = in, .number = 7, .wait_ms = 50000};
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, wait_job, &job);
	until_waited(in);
	inbox_refuse_waits(in, true);
	assert_false(inbox_is_waited(in)); /* it returns by itself now */
	pthread_join(thread, NULL);
	assert_false(job.stored);
	assert_true(job.took_ms < 40000);
	wait_job(&job); /* nobody waits while refused */
	assert_true(job.took_ms < 40000);
	inbox_stored(in, 7);
	wait_job(&job); /* stored counts all the same */
	assert_true(job.stored);
	inbox_refuse_waits(in, false);
	job.number = 8;
	job.wait_ms = 50;
	wait_job(&job);
	assert_false(job.stored);
	assert_in_range((uintmax_t)job.took_ms, 49, 40000);
	inbox_free(in);
}

enum { STORM_THREADS = 4, STORM_ITEMS = 2000, STORM_LIMIT_MS = 60000 };

static void *storm(void *arg)
{
	struct inbox *in = arg;
	int64_t number;
	int i;

	for (i = 0; i < STORM_ITEMS; i++) {
		number = inbox_put(in, message("s", i % 2 == 0), STORM_LIMIT_MS);
		if (number == 0 || (i % 10 == 0 && !inbox_wait_stored(in, number, STORM_LIMIT_MS)))
			return in;
	}
	return NULL;
}

static void test_storm_loses_nothing(void **state)
{
	struct inbox *in = inbox_new(50);
	pthread_t threads[STORM_THREADS];
	struct inbox_item *list, *item;
	int64_t last = 0;
	void *failed;
	int i;

	(void)state;
	for (i = 0; i < STORM_THREADS; i++)
		pthread_create(&threads[i], NULL, storm, in);
	while (last < STORM_THREADS * STORM_ITEMS) {
		assert_true(is_readable(in, STORM_LIMIT_MS));
		list = inbox_take(in);
		for (item = list; item; item = item->next)
			assert_int_equal(item->number, ++last);
		free_taken(list);
		inbox_stored(in, last);
	}
	for (i = 0; i < STORM_THREADS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	inbox_free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keeps_order_and_wakes),
	    cmocka_unit_test(test_bound_keeps_a_tenth_for_life),
	    cmocka_unit_test(test_stored_is_waited_for_no_more),
	    cmocka_unit_test(test_full_inbox_waits_for_room),
	    cmocka_unit_test(test_wait_until_stored),
	    cmocka_unit_test(test_refusing_releases_waiters),
	    cmocka_unit_test(test_storm_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
