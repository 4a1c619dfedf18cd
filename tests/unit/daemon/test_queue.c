/* What waits for a channel, in virtual time: classes, tokens and their reserve, back-off, Retry-After, bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "queue.h"

#include <stdlib.h>
#include <string.h>

enum { ITEMS = 64 };

static struct queue_item items[ITEMS];

static struct queue_item *item(int i, bool is_life, int64_t until_ms)
{
	memset(&items[i], 0, sizeof items[i]);
	items[i].is_life = is_life;
	items[i].until_ms = until_ms;
	return &items[i];
}

static int which(const struct queue_item *found)
{
	return found ? (int)(found - items) : -1;
}

static void test_life_first(void **state)
{
	struct queue q;

	(void)state;
	queue_init(&q, &(struct queue_rule){.max_active = 2}, 0);
	queue_add(&q, item(0, false, 1000));
	queue_add(&q, item(1, true, 1000));
	queue_add(&q, item(2, true, 1000));
	assert_int_equal(which(queue_next(&q, 0)), 1);
	assert_int_equal(which(queue_next(&q, 0)), 2);
	assert_null(queue_next(&q, 0)); /* two are under way */
	assert_int_equal(queue_wake_ms(&q, 0), 1000);
	queue_answered(&q);
	assert_int_equal(which(queue_next(&q, 0)), 0);
}

static void test_tokens(void **state)
{
	struct queue q;

	(void)state;
	queue_init(&q, &(struct queue_rule){.per_minute = 60, .burst = 4, .reserve = 2}, 0);
	for (int i = 0; i < 4; i++)
		queue_add(&q, item(i, false, 60000));
	assert_int_equal(which(queue_next(&q, 0)), 0);
	assert_int_equal(which(queue_next(&q, 0)), 1);
	assert_null(queue_next(&q, 0)); /* the last two are for life-safety */
	queue_add(&q, item(4, true, 60000));
	assert_int_equal(which(queue_next(&q, 0)), 4);
	assert_null(queue_next(&q, 0));
	assert_int_equal(queue_wake_ms(&q, 0), 2000); /* one for the reserve, one to spend */
	assert_null(queue_next(&q, 1999));
	assert_int_equal(which(queue_next(&q, 2000)), 2);
	assert_int_equal(queue_wake_ms(&q, 2000), 3000);
	assert_int_equal(which(queue_next(&q, 3000)), 3);
	assert_int_equal(queue_wake_ms(&q, 3000), INT64_MAX);
}

/* What waits is no longer its. */
static void forget(struct queue *q)
{
	for (int i = 0; i < 2; i++) {
		TAILQ_INIT(&q->items[i]);
		q->n[i] = 0;
	}
}

/* Looked at often or seldom, the bucket fills the same, and never above its burst. */
static void test_filling(void **state)
{
	struct queue often, seldom;
	int n[2] = {0, 0};

	(void)state;
	queue_init(&often, &(struct queue_rule){.per_minute = 7, .burst = 3}, 0);
	queue_init(&seldom, &(struct queue_rule){.per_minute = 7, .burst = 3}, 0);
	for (int64_t ms = 0; ms < 600000; ms += 13) {
		queue_add(&often, item(0, true, INT64_MAX));
		n[0] += queue_next(&often, ms) != NULL;
		forget(&often);
	}
	for (int64_t ms = 0; ms < 600000; ms += 4000) {
		queue_add(&seldom, item(1, true, INT64_MAX));
		n[1] += queue_next(&seldom, ms) != NULL;
		forget(&seldom);
	}
	assert_in_range(n[0], 71, 73);
	assert_in_range(n[1], 71, 73);
	for (int i = 0; i < 5; i++)
		queue_add(&often, item(i, true, INT64_MAX));
	n[0] = 0;
	while (queue_next(&often, 9000000))
		n[0]++;
	assert_int_equal(n[0], 3);
}

/* Where tokens are used up, what waits of one group leaves with the next, for one token; life-safety never. */
static void test_gather(void **state)
{
	struct queue q;

	(void)state;
	queue_init(&q, &(struct queue_rule){.per_minute = 60, .burst = 2, .reserve = 1}, 0);
	for (int i = 0; i < 8; i++) {
		queue_add(&q, item(i, i == 6, 60000));
		items[i].group = i == 3 ? "li" : i == 5 ? NULL : "wang";
	}
	items[7].ready_ms = 5000; /* has failed, and is not yet tried again */
	assert_int_equal(which(queue_next(&q, 0)), 6);
	assert_int_equal(queue_gather(&q, &items[6], 0), 0);
	assert_null(queue_next(&q, 999)); /* the reserve */
	assert_int_equal(which(queue_next(&q, 1000)), 0);
	assert_int_equal(queue_gather(&q, &items[0], 1000), 3);
	assert_int_equal(which(TAILQ_FIRST(&items[0].with)), 1);
	assert_int_equal(which(TAILQ_NEXT(&items[1], entry)), 2);
	assert_int_equal(which(TAILQ_NEXT(&items[2], entry)), 4);
	/* failed for now: they stay together, and more may join */
	queue_answered(&q);
	assert_true(queue_again(&q, &items[0], 1000, 0, 0));
	assert_int_equal(which(queue_next(&q, 2000)), 3);
	assert_int_equal(queue_gather(&q, &items[3], 2000), 0);
	assert_int_equal(which(queue_next(&q, 3000)), 5);
	assert_int_equal(queue_gather(&q, &items[5], 3000), 0);
	assert_int_equal(which(queue_next(&q, 5000)), 7);
	assert_int_equal(queue_gather(&q, &items[7], 5000), 0); /* one that speaks for others already stays itself */
	assert_int_equal(which(queue_next(&q, 6000)), 0);
	assert_int_equal(queue_gather(&q, &items[0], 6000), 3);
}

/* No rate, no group: each for itself. */
static void test_gather_nothing(void **state)
{
	struct queue q;

	(void)state;
	queue_init(&q, &(struct queue_rule){.max_active = 1}, 0);
	for (int i = 0; i < 3; i++) {
		queue_add(&q, item(i, false, 60000));
		items[i].group = "wang";
	}
	assert_int_equal(which(queue_next(&q, 0)), 0);
	assert_int_equal(queue_gather(&q, &items[0], 0), 0);
	assert_int_equal(q.n[1], 2);
}

static void test_backoff(void **state)
{
	struct queue q;
	struct queue_item *one;
	int64_t now_ms = 0;
	int tries = 0;

	(void)state;
	for (int tries_so_far = 1; tries_so_far < 12; tries_so_far++) {
		int64_t base = tries_so_far < 7 ? 1000ll << (tries_so_far - 1) : 60000;

		for (uint64_t seed = 0; seed < 50; seed++)
			assert_in_range(queue_backoff_ms(tries_so_far, seed), base, base + base / 4);
	}
	assert_true(queue_backoff_ms(3, 1) != queue_backoff_ms(3, 2)); /* not all at once */
	queue_init(&q, &(struct queue_rule){.max_active = 1}, 0);
	queue_add(&q, item(0, true, 20000));
	while ((one = queue_next(&q, now_ms))) {
		tries++;
		queue_answered(&q);
		if (!queue_again(&q, one, now_ms, -1, 42))
			break;
		assert_null(queue_next(&q, now_ms));
		now_ms = queue_wake_ms(&q, now_ms);
	}
	assert_int_equal(tries, 5); /* at 0, 1, 3, 7, 15 s and a little */
	assert_int_equal(q.n[0], 0);
}

static void test_retry_after(void **state)
{
	struct queue q;

	(void)state;
	queue_init(&q, &(struct queue_rule){.max_active = 1}, 0);
	queue_add(&q, item(0, true, 20000));
	queue_add(&q, item(1, true, 4000));
	queue_add(&q, item(2, true, 20000));
	assert_int_equal(which(queue_next(&q, 0)), 0);
	queue_answered(&q);
	assert_true(queue_again(&q, &items[0], 0, 5000, 1));
	assert_null(queue_next(&q, 4999)); /* the others of the channel too */
	assert_int_equal(which(queue_overdue(&q, 10)), 1); /* its time is over before that */
	assert_null(queue_overdue(&q, 10));
	assert_int_equal(queue_wake_ms(&q, 10), 5000);
	assert_int_equal(which(queue_next(&q, 5000)), 2);
	queue_answered(&q);
	assert_int_equal(which(queue_next(&q, 5000)), 0);
	queue_answered(&q);
	assert_false(queue_again(&q, &items[0], 5000, 60000, 1)); /* too late: fails now */
}

/* Where it is somebody's only way, what concerns lives is tried once however long the channel is held. */
static void test_retry_after_only_way(void **state)
{
	struct queue q;

	(void)state;
	queue_init(&q, &(struct queue_rule){.max_active = 4}, 0);
	queue_add(&q, item(0, false, 20000));
	assert_int_equal(which(queue_next(&q, 0)), 0);
	queue_answered(&q);
	assert_false(queue_again(&q, &items[0], 0, 300000, 1));
	for (int i = 1; i < 4; i++) {
		queue_add(&q, item(i, i != 2, 21000));
		items[i].is_only = i != 3;
	}
	assert_int_equal(queue_wake_ms(&q, 1000), 1000);
	assert_int_equal(which(queue_overdue(&q, 1000)), 3); /* the person's next channel has it */
	assert_int_equal(which(queue_overdue(&q, 1000)), 2); /* no life: as ever */
	assert_null(queue_overdue(&q, 1000));
	assert_int_equal(which(queue_next(&q, 1000)), 1);
	assert_null(queue_next(&q, 1000));
	queue_answered(&q);
	assert_true(queue_again(&q, &items[1], 1000, 1000, 1)); /* its second try waits with all others */
	assert_int_equal(q.held_until_ms, 300000);
	assert_null(queue_next(&q, 20999));
	assert_int_equal(which(queue_overdue(&q, 2000)), 1);
}

/* One answer that says tomorrow does not silence a channel until then. */
static void test_retry_after_a_day(void **state)
{
	struct queue q;

	(void)state;
	queue_init(&q, &(struct queue_rule){.max_active = 1}, 0);
	queue_add(&q, item(0, false, 20000));
	assert_int_equal(which(queue_next(&q, 0)), 0);
	queue_answered(&q);
	assert_false(queue_again(&q, &items[0], 0, 86400000, 1));
	queue_add(&q, item(1, true, 610000));
	assert_null(queue_next(&q, 599999));
	assert_int_equal(queue_wake_ms(&q, 0), 600000);
	assert_int_equal(which(queue_next(&q, 600000)), 1);
}

static void test_bounds(void **state)
{
	struct queue q;
	struct queue_item *many = calloc(QUEUE_OTHER_MAX + 1, sizeof *many);

	(void)state;
	queue_init(&q, &(struct queue_rule){.max_active = 1}, 0);
	for (int i = 0; i < QUEUE_OTHER_MAX; i++)
		assert_true(queue_add(&q, &many[i]));
	assert_false(queue_add(&q, &many[QUEUE_OTHER_MAX]));
	assert_true(queue_add(&q, item(0, true, 1000)));
	forget(&q);
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_gather),     cmocka_unit_test(test_gather_nothing),
	    cmocka_unit_test(test_life_first), cmocka_unit_test(test_tokens),      cmocka_unit_test(test_filling),
	    cmocka_unit_test(test_backoff),    cmocka_unit_test(test_retry_after), cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_retry_after_a_day), cmocka_unit_test(test_retry_after_only_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
