/* What was acknowledged and not stored: kept until it is, read again by the
 * next start, never believed further than its bytes go. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "intake/intake.h"
#include "spill.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[300];
static struct spill *s;
static char seen[4096];
static int64_t epoch;
static struct taken taken; /* as the store says it */

static struct message message(const char *topic, const char *payload)
{
	return (struct message){.topic = topic, .payload = payload, .len = strlen(payload), .qos = 1};
}

static bool add(const char *topic, const char *payload, int64_t number)
{
	struct message m = message(topic, payload);

	return spill_add(s, &m, number);
}

static void see(void *arg, struct inbox_item *item)
{
	(void)arg;
	assert_int_equal(item->kind, INBOX_MESSAGE);
	assert_int_equal(item->message.len, strlen(item->message.payload));
	assert_int_equal(item->message.qos, 1);
	assert_true(item->message.before_mark);
	assert_false(item->message.dup);
	snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s=%.100s;", item->message.topic,
	         item->message.payload);
	inbox_item_free(item);
}

static const char *left(void)
{
	seen[0] = 0;
	spill_each(s, &taken, see, NULL);
	return seen;
}

static void start_again(void)
{
	spill_close(s);
	s = spill_open(path);
	spill_begin(s, ++epoch);
}

static void test_kept_over_a_start_in_order(void **state)
{
	(void)state;
	assert_true(add("a", "1", 7));
	assert_true(add("b", "", 8));
	assert_true(add("c", "3", 9));
	start_again();
	assert_string_equal(left(), "a=1;b=;c=3;");
	start_again(); /* reading does not take it away */
	assert_string_equal(left(), "a=1;b=;c=3;");
}

static void test_gone_when_stored(void **state)
{
	(void)state;
	add("a", "1", 7);
	add("b", "2", 8);
	spill_stored(s, 6);
	spill_stored(s, 8);
	assert_string_equal(left(), "");
	add("c", "3", 9);
	start_again();
	assert_string_equal(left(), "c=3;");
	spill_stored(s, 0); /* the first turn of this start has taken it */
	start_again();
	assert_string_equal(left(), "");
}

/* Killed before the file was emptied: what a stored turn has is not read again. */
static void test_taken_by_a_stored_turn(void **state)
{
	(void)state;
	add("a", "1", 7);
	add("b", "2", 8);
	add("c", "3", 9);
	taken = (struct taken){epoch, 8};
	start_again();
	assert_string_equal(left(), "c=3;");
	add("d", "4", 2);
	start_again(); /* that start stored nothing */
	assert_string_equal(left(), "c=3;d=4;");
	taken = (struct taken){epoch, 0}; /* but this one its first turn */
	add("e", "5", 1);
	start_again();
	assert_string_equal(left(), "e=5;");
	taken = (struct taken){epoch - 1, 1};
	assert_string_equal(left(), "");
}

static void test_left_and_added(void **state)
{
	(void)state;
	add("a", "1", 500);
	start_again();
	left();
	add("b", "2", 3);
	start_again();
	assert_string_equal(left(), "a=1;b=2;");
	spill_stored(s, 3);
	assert_string_equal(left(), "");
}

static void test_given(void **state)
{
	(void)state;
	assert_int_equal(spill_given(s).ids, 0);
	spill_keep_given(s, (struct spill_given){1200, 7});
	add("a", "1", 1);
	spill_stored(s, 1);
	start_again();
	assert_int_equal(spill_given(s).ids, 1200);
	assert_int_equal(spill_given(s).epoch, 7);
}

/* Every shorter file says a beginning of it, or nothing; then it goes on behind it. */
static void test_cut_anywhere(void **state)
{
	struct stat st;

	(void)state;
	add("topic/a", "payload", 1);
	add("topic/b", "payload", 2);
	stat(path, &st);
	for (off_t size = st.st_size - 1; size >= 0; size--) {
		assert_int_equal(truncate(path, size), 0);
		start_again();
		left();
		assert_true(!*seen || !strcmp(seen, "topic/a=payload;"));
		add("topic/c", "new", 3);
		assert_non_null(strstr(left(), "topic/c=new;"));
		assert_true(strlen(seen) <= strlen("topic/a=payload;topic/c=new;"));
		spill_stored(s, 3);
		add("topic/a", "payload", 4);
		add("topic/b", "payload", 5);
	}
}

static void write_file(const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static void see_again(void *arg, struct inbox_item *item)
{
	(void)arg;
	assert_true(item->message.dup); /* that build may have stored it */
	snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s=%.100s;", item->message.topic, item->message.payload);
	inbox_item_free(item);
}

/* What the version before accepted while its store failed: an upgrade, perhaps for that very reason, loses none. */
static void test_of_the_version_before(void **state)
{
	static const char before[] = "tocsinS2"
	                             "\xb0\x04\0\0\0\0\0\0" /* ids 1200 */
	                             "\x07\0\0\0\0\0\0\0"    /* epoch 7 */
	                             "\x01\0\0\0\x03\0\0\0\x01\0\0\0"
	                             "a111"
	                             "\x01\0\0\0\x01\0\0\0\x01\0\0\x01" /* stored */
	                             "b2"
	                             "\x01\0\0\0\x01\0\0\0\x01\0\0\0"
	                             "c3"
	                             "\x01\0\0\0\xff"; /* cut */

	(void)state;
	write_file(before, sizeof before - 1);
	epoch = 7;
	taken = (struct taken){5, 900}; /* of a newer version, before it was taken back */
	for (int i = 0; i < 2; i++) {
		start_again();
		assert_int_equal(spill_given(s).ids, 1200);
		assert_int_equal(spill_given(s).epoch, 7);
		seen[0] = 0;
		assert_int_equal(spill_each(s, &taken, see_again, NULL), 2);
		assert_string_equal(seen, "a=111;c=3;");
	}
	taken = (struct taken){epoch, 0};
	assert_string_equal(left(), "");
}

static void assert_kept(const char *ending, const char *text)
{
	char name[320], bytes[80] = "";
	int fd;

	snprintf(name, sizeof name, "%s%s", path, ending);
	fd = open(name, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, bytes, sizeof bytes - 1), strlen(text));
	assert_string_equal(bytes, text);
	close(fd);
}

/* It is not ours to empty. */
static void test_of_a_version_to_come(void **state)
{
	(void)state;
	write_file("tocsinS4 what that one accepted", 31);
	start_again();
	assert_string_equal(left(), "");
	assert_true(add("a", "1", 1));
	start_again();
	assert_string_equal(left(), "a=1;");
	assert_kept(".other", "tocsinS4 what that one accepted");
}

/* Nor is what was kept before. */
static void test_a_second_of_a_version_to_come(void **state)
{
	static const char *const kept[] = {"tocsinS4 the first one........", "tocsinS4 another, of that also",
	                                   "tocsinS5 one of a later still."};

	(void)state;
	for (int i = 0; i < 3; i++) {
		write_file(kept[i], strlen(kept[i]));
		start_again();
	}
	assert_kept(".other", kept[0]);
	assert_kept(".other-2", kept[1]);
	assert_kept(".other-3", kept[2]);
	assert_true(add("a", "1", 1));
}

/* No other name can be had: it stays as it is, and is not written to. */
static void test_that_cannot_be_moved(void **state)
{
	static const char kept[] = "tocsinS4 what that one accepted";
	(void)state;
	unlink(path);
	snprintf(path, sizeof path, "/tmp/test-spill-%0242d", (int)getpid()); /* with ".other" too long for a name */
	start_again();
	write_file(kept, strlen(kept));
	start_again();
	assert_false(add("a", "1", 1));
	spill_stored(s, 1);
	spill_keep_given(s, (struct spill_given){100, 1});
	assert_kept("", kept);
}

static void drop(void *arg, struct inbox_item *item)
{
	(void)arg;
	inbox_item_free(item);
}

static void test_other_bytes(void **state)
{
	static const char *const heads[] = {"", "tocsinS2\1\0\0\0\0\0\0\0\1\0\0\0",
	                                    "tocsinS3\1\0\0\0\0\0\0\0\1\0\0\0"};
	unsigned char junk[400];
	char other[320];
	unsigned seed = 1;
	int fd;

	(void)state;
	for (int n = 0; n < 300; n++) {
		for (size_t i = 0; i < sizeof junk; i++)
			junk[i] = (unsigned char)(n % 2 || i % 4 == 0 ? rand_r(&seed) >> 8 : 0); /* some with small lengths */
		fd = open(path, O_WRONLY | O_TRUNC);
		assert_true(fd >= 0);
		if (n % 3 && write(fd, heads[n % 3], 20) < 0)
			fail();
		assert_int_equal(write(fd, junk, sizeof junk), sizeof junk);
		close(fd);
		start_again();
		spill_each(s, &taken, drop, NULL);
		snprintf(other, sizeof other, "%s.other", path);
		unlink(other);
	}
}

static void test_full(void **state)
{
	char *big = xmalloc(1 << 20);
	struct message m = {.topic = "big", .payload = big, .len = 1 << 20, .qos = 1};
	int n = 0;

	(void)state;
	memset(big, 'x', 1 << 20);
	while (spill_add(s, &m, 1))
		n++;
	assert_int_equal(n, SPILL_MAX_BYTES / (1 << 20) - 1); /* heads take the rest */
	assert_true(add("small", "1", 2));
	spill_stored(s, 2);
	assert_true(spill_add(s, &m, 3));
	free(big);
}

static void test_no_directory(void **state)
{
	(void)state;
	spill_close(s);
	s = spill_open("/nonexistent/accepted");
	assert_false(add("a", "1", 1));
	spill_stored(s, 1);
	assert_string_equal(left(), "");
	spill_keep_given(s, (struct spill_given){100, 1});
	assert_int_equal(spill_given(s).ids, 100);
}

static int setup(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "/tmp/test-spill-%d", (int)getpid());
	unlink(path);
	s = spill_open(path);
	epoch = 1;
	taken = (struct taken){0};
	spill_begin(s, epoch);
	return 0;
}

static int teardown(void **state)
{
	static const char *const endings[] = {"", ".other", ".other-2", ".other-3"};
	char name[320];

	(void)state;
	spill_close(s);
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		snprintf(name, sizeof name, "%s%s", path, endings[i]);
		unlink(name);
	}
	return 0;
}

#define TEST(F) cmocka_unit_test_setup_teardown(F, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_kept_over_a_start_in_order),
	                                   TEST(test_gone_when_stored),
	                                   TEST(test_taken_by_a_stored_turn),
	                                   TEST(test_left_and_added),
	                                   TEST(test_given),
	                                   TEST(test_cut_anywhere),
	                                   TEST(test_of_the_version_before),
	                                   TEST(test_of_a_version_to_come),
	                                   TEST(test_a_second_of_a_version_to_come),
	                                   TEST(test_that_cannot_be_moved),
	                                   TEST(test_other_bytes),
	                                   TEST(test_full),
	                                   TEST(test_no_directory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
