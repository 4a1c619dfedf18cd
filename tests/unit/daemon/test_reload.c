/* Plans that nobody uses any more are freed, and nothing speaks of them after that. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon.h"
#include "site.h"

static void mark(struct batch *b, const struct generation *g)
{
	b->marks = xcalloc(1, sizeof *b->marks);
	b->n_marks = b->cap_marks = 1;
	b->marked = g;
}

/* Where a plan that is gone lay, another may lie by the time the store answers: what was noted for the sensors of the one
 * must not be told to the other's. */
static void test_marks_end_with_their_plan(void **state)
{
	struct daemon *d = xcalloc(1, sizeof *d);
	struct generation *now = site_generation(), *old = site_generation();

	(void)state;
	now->older = old;
	d->newest = now;
	d->engine = engine_new(now->plan);
	atomic_store(&d->receive.current, now);
	d->flying = batch_new();
	d->gathering = batch_new();
	mark(d->flying, old);
	mark(d->gathering, old);
	reload_sweep(d);
	assert_null(now->older);
	assert_int_equal(d->flying->n_marks, 0);
	assert_int_equal(d->gathering->n_marks, 0);
	assert_null(d->gathering->marked);
	d->gathering->n_marks = 1;
	d->gathering->marked = now;
	reload_sweep(d);
	assert_int_equal(d->gathering->n_marks, 1);
	batch_free(d->flying);
	batch_free(d->gathering);
	engine_free(d->engine);
	generation_free(now);
	free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_marks_end_with_their_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
