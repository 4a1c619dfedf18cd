/* The heap of deadlines against a sorted list, and its order in ties. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/model.h"

static unsigned next_random(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static int order(const struct deadline *a, const struct deadline *b)
{
	if (a->at_ms != b->at_ms)
		return a->at_ms < b->at_ms ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return strcmp(a->key, b->key) ? strcmp(a->key, b->key) : a->sub - b->sub;
}

static void test_ties(void **state)
{
	static const struct {
		int64_t at_ms;
		enum deadline_kind kind;
		const char *key;
		int sub;
	} sorted[] = {{5, DEADLINE_STEP, "z", 9},   {7, DEADLINE_SILENCE, "s/b", 0},
	              {7, DEADLINE_GATE, "c/a", 0}, {7, DEADLINE_GATE, "c/a", 1},
	              {7, DEADLINE_GATE, "c/b", 0}, {7, DEADLINE_INCIDENT, "i/1", 0}};
	enum { N = sizeof sorted / sizeof sorted[0] };
	struct deadline d[N];
	struct heap h = {0};

	(void)state;
	assert_null(deadline_first(&h));
	for (int from = 0; from < N; from++) { /* whatever the order of arrival */
		for (int i = 0; i < N; i++)
			deadline_init(&d[i], sorted[i].kind, NULL, sorted[i].key, sorted[i].sub);
		for (int i = 0; i < N; i++)
			deadline_set(&h, &d[(from + 5 * i) % N], sorted[(from + 5 * i) % N].at_ms);
		for (int i = 0; i < N; i++) {
			assert_ptr_equal(deadline_first(&h), &d[i]);
			deadline_clear(&h, &d[i]);
			assert_int_equal(d[i].pos, 0);
		}
	}
	heap_fini(&h);
}

static void check_first(const struct heap *h, const struct deadline *all, int n)
{
	const struct deadline *first = NULL;
	int armed = 0;

	for (int i = 0; i < n; i++) {
		if (!all[i].pos)
			continue;
		armed++;
		assert_ptr_equal(h->at[all[i].pos - 1], &all[i]);
		if (!first || order(&all[i], first) < 0)
			first = &all[i];
	}
	assert_int_equal(h->n, armed);
	for (int i = 1; i < h->n; i++)
		assert_true(order(h->at[(i - 1) / 2], h->at[i]) < 0);
	assert_ptr_equal(deadline_first(h), first);
}

static void test_random(void **state)
{
	enum { N = 50 };
	static const char *const keys[] = {"a", "b", "c"};
	struct deadline d[N];
	struct heap h = {0};
	unsigned seed = 7;

	(void)state;
	for (int i = 0; i < N; i++)
		deadline_init(&d[i], (enum deadline_kind)(i % 2), NULL, keys[i % 3], i);
	for (int step = 0; step < 20000; step++) {
		struct deadline *one = &d[next_random(&seed) % N];

		if (next_random(&seed) % 3)
			deadline_set(&h, one, next_random(&seed) % 40);
		else
			deadline_clear(&h, one);
		check_first(&h, d, N);
	}
	heap_fini(&h);
}

static void test_shift(void **state)
{
	struct deadline a, b;
	struct heap h = {0};

	(void)state;
	deadline_init(&a, DEADLINE_GATE, NULL, "a", 0);
	deadline_init(&b, DEADLINE_GATE, NULL, "b", 0);
	deadline_set(&h, &a, 20);
	deadline_set(&h, &b, 10);
	deadline_shift(&h, 100);
	assert_int_equal(a.at_ms, 120);
	assert_int_equal(b.at_ms, 110);
	assert_ptr_equal(deadline_first(&h), &b);
	heap_fini(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ties),
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_shift),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
