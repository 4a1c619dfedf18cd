/* The guard against a message that kills: found in work after two starts in a
 * row it is set aside; anything less is not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "poison.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[64];
static const uint64_t bad = 0x1234, other = 0x9876;

/* One life that ends with `digest` in work. */
static void live(enum poison_slot slot, uint64_t digest)
{
	struct poison *p = poison_open(path);

	poison_in_work(p, slot, digest);
	poison_close(p); /* as a kill would leave it: nothing is cleared */
}

static bool is_set_aside(uint64_t digest)
{
	struct poison *p = poison_open(path);
	bool is = poison_is_set_aside(p, digest);

	poison_close(p);
	return is;
}

static void test_once_is_chance(void **state)
{
	(void)state;
	live(POISON_RECEIVE, bad);
	assert_false(is_set_aside(bad));
}

static void test_twice_in_a_row_is_poison(void **state)
{
	(void)state;
	live(POISON_RECEIVE, bad);
	live(POISON_RECEIVE, bad);
	assert_true(is_set_aside(bad));
	assert_true(is_set_aside(bad)); /* and stays so */
	assert_false(is_set_aside(other));
}

static void test_the_loop_has_its_own_slot(void **state)
{
	(void)state;
	live(POISON_LOOP, bad);
	live(POISON_RECEIVE, bad);
	assert_false(is_set_aside(bad));
}

static void test_another_between_breaks_the_row(void **state)
{
	(void)state;
	live(POISON_LOOP, bad);
	live(POISON_LOOP, other);
	live(POISON_LOOP, bad);
	assert_false(is_set_aside(bad));
}

static void test_an_orderly_end_leaves_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct poison *p = poison_open(path);

		poison_in_work(p, POISON_LOOP, bad);
		poison_clear(p);
		poison_close(p);
	}
	assert_false(is_set_aside(bad));
}

static void test_damaged_or_impossible_files_do_no_harm(void **state)
{
	FILE *f = fopen(path, "w");
	struct poison *p;

	(void)state;
	fputs("something else entirely", f);
	fclose(f);
	assert_false(is_set_aside(bad));
	p = poison_open("/nonexistent/in-work");
	poison_in_work(p, POISON_LOOP, bad);
	assert_false(poison_is_set_aside(p, bad));
	poison_close(p);
}

static void test_digest_tells_topic_and_payload_apart(void **state)
{
	(void)state;
	assert_true(poison_digest("a/b", "1", 1) != poison_digest("a/b", "2", 1));
	assert_true(poison_digest("a/b", "", 0) != poison_digest("a", "/b", 2));
	assert_true(poison_digest("a", "x\0y", 3) != poison_digest("a", "x\0z", 3));
}

static int setup(void **state)
{
	int fd;

	(void)state;
	snprintf(path, sizeof path, "/tmp/poison-XXXXXX");
	fd = mkstemp(path);
	close(fd);
	return fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

#define TEST(F) cmocka_unit_test_setup_teardown(F, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_once_is_chance),
	    TEST(test_twice_in_a_row_is_poison),
	    TEST(test_the_loop_has_its_own_slot),
	    TEST(test_another_between_breaks_the_row),
	    TEST(test_an_orderly_end_leaves_nothing),
	    TEST(test_damaged_or_impossible_files_do_no_harm),
	    TEST(test_digest_tells_topic_and_payload_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
