/* Files to a bundle and back, the checking child, what is kept. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "check.h"
#include "config.h"
#include "store_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static const char site[] = "site: {id: t, name: Test, timezone: Asia/Shanghai}\n"
                           "broker: {url: \"mqtt://127.0.0.1:1\"}\n"
                           "store: {path: /tmp/x/tocsin.db}\n"
                           "include: [part/*.yaml]\n"
                           "people:\n"
                           "  me: {name: Me, login: root, channels: [log]}\n"
                           "roles:\n"
                           "  duty: {name: duty, holder: me}\n"
                           "chains:\n"
                           "  main: {levels: [{call: [duty], wait: 60s}]}\n"
                           "channels:\n"
                           "  log: {plugin: journal}\n";

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *bytes)
{
	FILE *f = fopen(in_dir(name), "w");

	assert_non_null(f);
	fputs(bytes, f);
	fclose(f);
}

static void read_site(struct buf *bundle)
{
	struct err err = {0};

	if (config_read(in_dir("site.yaml"), bundle, &err) < 0)
		fail_msg("%s", err.text);
}

static void test_bundle_holds_main_file_then_includes_sorted(void **state)
{
	struct buf bundle = {0};
	struct source *sources;
	struct arena arena;
	int n;

	(void)state;
	put("site.yaml", site);
	put("part/b.yaml", "zones: {b: {name: b}}\n");
	put("part/a.yaml", "zones: {a: {name: a}}");
	put("part/no.txt", "not yaml: [");
	read_site(&bundle);
	arena_init(&arena);
	assert_int_equal(config_sources(bundle.text, bundle.len, &arena, &sources, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(sources[0].len, strlen(site));
	assert_memory_equal(sources[0].bytes, site, sources[0].len);
	assert_non_null(strstr(sources[1].name, "part/a.yaml"));
	assert_int_equal(sources[1].len, strlen("zones: {a: {name: a}}"));
	assert_non_null(strstr(sources[2].name, "part/b.yaml"));
	arena_fini(&arena);
	buf_fini(&bundle);
}

static void test_missing_files_are_said(void **state)
{
	struct buf bundle = {0};
	struct err err;

	(void)state;
	assert_int_equal(config_read(in_dir("none.yaml"), &bundle, &err), -1);
	assert_non_null(strstr(err.text, "none.yaml"));
	put("site.yaml", "include: [gone.yaml]\n");
	assert_int_equal(config_read(in_dir("site.yaml"), &bundle, &err), -1);
	assert_non_null(strstr(err.text, "gone.yaml does not exist"));
	assert_non_null(strstr(err.text, "'include' of /"));
	assert_non_null(strstr(err.text, "/site.yaml: "));
	buf_fini(&bundle);
}

static void test_not_a_bundle(void **state)
{
	static const char *const wrong[] = {"",
	                                    "site: x\n",
	                                    "FILE a 3\nab\n",
	                                    "FILE a 3\nabcd\n",
	                                    "FILE a -1\n\n",
	                                    "FILE a\n\n",
	                                    "FILE  3\nabc\n",
	                                    "FILE a 99999999999999999999\nx\n",
	                                    "FILE a 2\nab\nrest"};
	struct source *sources;
	struct arena arena;
	int n;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(config_sources(wrong[i], strlen(wrong[i]), &arena, &sources, &n), -1);
	assert_int_equal(config_sources("FILE a b 3\nx\ny\n", 15, &arena, &sources, &n), 0);
	assert_string_equal(sources[0].name, "a b");
	arena_fini(&arena);
}

static void test_plan_has_zone_and_hash(void **state)
{
	struct buf bundle = {0}, problems = {0};
	struct plan *plan;

	(void)state;
	put("site.yaml", site);
	read_site(&bundle);
	plan = config_plan(bundle.text, bundle.len, &problems);
	if (!plan)
		fail_msg("%s", buf_text(&problems));
	assert_int_equal(strlen(plan->hash), 64);
	assert_int_equal(tz_offset_s(&plan->tz, 1800000000000), 8 * 3600);
	plan_free(plan);
	buf_fini(&bundle);
	buf_fini(&problems);
}

static void test_unknown_zone_is_a_problem(void **state)
{
	struct buf text = {0}, problems = {0};
	char *at;

	(void)state;
	put("site.yaml", site);
	read_site(&text);
	at = strstr(text.text, "Asia/Shanghai");
	memcpy(at, "Asia/Shanghix", 13);
	assert_null(config_plan(text.text, text.len, &problems));
	assert_non_null(strstr(problems.text, "Asia/Shanghix"));
	buf_fini(&text);
	buf_fini(&problems);
}

static void test_child_says_what_is_wrong(void **state)
{
	struct buf bundle = {0};
	struct check check;
	struct err err;

	(void)state;
	put("site.yaml", site);
	read_site(&bundle);
	assert_int_equal(check_wait(&check, bundle.text, bundle.len, &err), 0);
	check_fini(&check);
	put("site.yaml", "site: {id: t}\nnonsense: 1\n");
	buf_clear(&bundle);
	read_site(&bundle);
	assert_int_equal(check_wait(&check, bundle.text, bundle.len, &err), 1);
	assert_non_null(strstr(check.problems.text, "site.yaml:2:1"));
	check_fini(&check);
	buf_fini(&bundle);
}

/* main() below plays a child that dies, hangs or floods, by the bundle's first word. */
static void test_child_that_dies_or_floods(void **state)
{
	struct check check;
	struct err err;

	(void)state;
	assert_int_equal(check_wait(&check, "DIE", 3, &err), -1);
	assert_non_null(strstr(err.text, "signal"));
	check_fini(&check);
	assert_int_equal(check_wait(&check, "FLOOD", 5, &err), 1);
	assert_true(check.problems.len <= CHECK_OUTPUT_MAX);
	check_fini(&check);
}

static void test_child_that_hangs_is_killed(void **state)
{
	struct check check;
	struct err err;
	pid_t pid;

	(void)state;
	assert_int_equal(check_start(&check, CHECK_PLAN, "HANG", 4, &err), 0);
	pid = check.pid;
	assert_int_equal(check_finish(&check, &err), -1); /* as at the time limit */
	assert_non_null(strstr(err.text, "10 s"));
	check_fini(&check);
	snprintf(err.text, sizeof err.text, "/proc/%d", (int)pid);
	assert_int_equal(access(err.text, F_OK), -1);
}

static void test_save_is_whole_or_not_at_all(void **state)
{
	struct buf bytes = {0};
	struct err err;

	(void)state;
	assert_int_equal(disk_save(in_dir("kept"), "one", 3, &err), 0);
	assert_int_equal(disk_save(in_dir("kept"), "second", 6, &err), 0);
	assert_int_equal(config_slurp(in_dir("kept"), 100, &bytes, &err), 0);
	assert_string_equal(bytes.text, "second");
	assert_int_equal(access(in_dir("kept.new"), F_OK), -1);
	buf_clear(&bytes);
	assert_int_equal(config_slurp(in_dir("kept"), 3, &bytes, &err), -1);
	assert_int_equal(disk_save("/nonexistent/kept", "x", 1, &err), -1);
	buf_fini(&bytes);
}

static void test_store_path_of_a_broken_file(void **state)
{
	static const char flow[] = "site: {id\nstore: {path: /var/x/a.db}\n",
	                  block[] = "a: [\nstore:\n  path: \"/v/b.db\"\n", none[] = "site: {id: x}\n",
	                  relative[] = "\nstore: {path: x.db}\n";
	char path[512];

	(void)state;
	assert_true(config_store_path_guess(flow, strlen(flow), path));
	assert_string_equal(path, "/var/x/a.db");
	assert_true(config_store_path_guess(block, strlen(block), path));
	assert_string_equal(path, "/v/b.db");
	assert_false(config_store_path_guess(none, strlen(none), path));
	assert_false(config_store_path_guess(relative, strlen(relative), path));
}

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/config-XXXXXX");
	return !mkdtemp(dir) || mkdir(in_dir("part"), 0700);
}

static int teardown(void **state)
{
	static const char *const names[] = {"part/a.yaml", "part/b.yaml", "part/no.txt", "site.yaml", "kept"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(in_dir(names[i]));
	return rmdir(in_dir("part")) || rmdir(dir);
}

static int play_child(void)
{
	char word[8] = "";
	ssize_t n = pread(STDIN_FILENO, word, sizeof word - 1, 0);

	if (n < 0)
		return 2;
	if (!strcmp(word, "DIE"))
		abort();
	for (int i = 0; !strcmp(word, "FLOOD") && i < 100000; i++)
		puts("problem problem problem problem");
	while (!strcmp(word, "HANG"))
		pause();
	return check_main(CHECK_PLAN);
}

#define TEST(F) cmocka_unit_test_setup_teardown(F, setup, teardown)

static void test_what_was_taken_is_remembered_and_nothing_else(void **state)
{
	const char *path = in_dir("plan-taken");
	static const char bytes[] = "FILE a 1\nx\n", other[] = "FILE a 1\ny\n";

	(void)state;
	assert_false(check_is_remembered(path, bytes, sizeof bytes - 1));
	check_remember(path, bytes, sizeof bytes - 1);
	assert_true(check_is_remembered(path, bytes, sizeof bytes - 1));
	assert_false(check_is_remembered(path, other, sizeof other - 1));
	assert_int_equal(truncate(path, 40), 0);
	assert_false(check_is_remembered(path, bytes, sizeof bytes - 1));
	unlink(path);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_bundle_holds_main_file_then_includes_sorted),
	    TEST(test_missing_files_are_said),
	    TEST(test_not_a_bundle),
	    TEST(test_plan_has_zone_and_hash),
	    TEST(test_unknown_zone_is_a_problem),
	    TEST(test_child_says_what_is_wrong),
	    TEST(test_child_that_dies_or_floods),
	    TEST(test_child_that_hangs_is_killed),
	    TEST(test_what_was_taken_is_remembered_and_nothing_else),
	    TEST(test_save_is_whole_or_not_at_all),
	    TEST(test_store_path_of_a_broken_file),
	};

	if (argc == 2 && !strcmp(argv[1], "--check-stdin"))
		return play_child();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
