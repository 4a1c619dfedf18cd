/* Broken files: each tells all its problems in one run, at the right line and
 * column. A file says at its end what is expected of it:
 * "# expect: line:col error text", in order, text from its beginning. */
#include "test.h"

#include <dirent.h>

enum { FILES_AT_LEAST = 60 };

static bool next_expected(const char **at, char *ret, size_t cap)
{
	static const char mark[] = "# expect: ";
	const char *from = strstr(*at, mark), *end;

	if (!from)
		return false;
	from += strlen(mark);
	end = from + strcspn(from, "\r\n");
	snprintf(ret, cap, "%.*s", (int)(end - from), from);
	*at = end;
	return true;
}

static void check_file(const char *dir, const char *name)
{
	char path[512], expected[600], got[1400];
	struct problems p;
	struct source s = {.name = name};
	struct buf shown = {0};
	char *text;
	const char *at;
	int n = 0;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	text = file_text(path, &s.len);
	s.bytes = at = text;
	problems_init(&p);
	assert_null(language_read(&s, 1, &p));
	problems_print(&p, &shown);
	for (at = strstr(text, "# expect: "); at && next_expected(&at, expected, sizeof expected); n++) {
		if (n >= p.n)
			fail_msg("%s: not told: %s\n%s", name, expected, buf_text(&shown));
		snprintf(got, sizeof got, "%d:%d %s %s", p.at[n].line, p.at[n].col,
		         p.at[n].is_warning ? "warning" : "error", p.at[n].text);
		if (strncmp(got, expected, strlen(expected)) != 0)
			fail_msg("%s: expected %s\ngot %s\n%s", name, expected, got, buf_text(&shown));
	}
	if (n != p.n || !n)
		fail_msg("%s: %d problems expected\n%s", name, n, buf_text(&shown));
	problems_fini(&p);
	buf_fini(&shown);
	free(text);
}

static void every_broken_file(void **state)
{
	const char *dir = SOURCE_DIR "/tests/unit/language/broken";
	DIR *d = opendir(dir);
	int n = 0;

	(void)state;
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));) {
		size_t len = strlen(e->d_name);

		if (len < 5 || strcmp(e->d_name + len - 5, ".yaml") != 0)
			continue;
		check_file(dir, e->d_name);
		n++;
	}
	closedir(d);
	assert_true(n >= FILES_AT_LEAST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_broken_file)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
