/* Broken files: each tells all its problems in one run, at the right line and
 * column, with the hint that says what to do. A file says at its end what is
 * expected of it: "# expect: line:col error text", in order, text from its
 * beginning, each with its "# hint: text" (its beginning) when there is one. The text of a file
 * may hold a second one, included, behind a line "# --- NAME". */
#include "test.h"

#include <dirent.h>

enum { FILES_AT_LEAST = 130, SINGLE_AT_LEAST = 120, SOURCES_MAX = 4 };

/* The rest of the line behind the mark, if the next such line comes before `until`. */
static bool next_line(const char **at, const char *mark, const char *until, char *ret, size_t cap)
{
	const char *from = strstr(*at, mark), *end;

	if (!from || (until && from > until))
		return false;
	from += strlen(mark);
	end = from + strcspn(from, "\r\n");
	snprintf(ret, cap, "%.*s", (int)(end - from), from);
	*at = end;
	return true;
}

/* The files within the file. */
static int split(const char *name, const char *text, size_t len, struct source *ret)
{
	static const char mark[] = "\n# --- ";
	static char names[SOURCES_MAX][64];
	int n = 1;

	ret[0] = (struct source){name, text, len};
	for (const char *at = text; n < SOURCES_MAX && (at = strstr(at, mark)); n++) {
		ret[n - 1].len = (size_t)(at + 1 - ret[n - 1].bytes);
		at += strlen(mark);
		snprintf(names[n], sizeof names[n], "%.*s", (int)strcspn(at, "\r\n"), at);
		at += strcspn(at, "\n") + 1;
		ret[n] = (struct source){names[n], at, len - (size_t)(at - text)};
	}
	return n;
}

/* One problem as the file expects it: its place, its words, its hint. */
static void check_problem(const char *name, const struct problem *p, const char *expected, const char *hint)
{
	char got[1400];

	snprintf(got, sizeof got, "%d:%d %s %s", p->line, p->col, p->is_warning ? "warning" : "error",
	         p->text);
	if (strncmp(got, expected, strlen(expected)) != 0)
		fail_msg("%s: expected %s\ngot %s", name, expected, got);
	if (!*hint != !p->hint || strncmp(hint, p->hint ? p->hint : "", strlen(hint)) != 0)
		fail_msg("%s: %s\nexpected the hint: %s\ngot: %s", name, got, hint, p->hint ? p->hint : "");
	if (p->excerpt && p->col <= 160)
		assert_int_equal(p->caret, p->col - 1);
}

/* The number of its problems. */
static int check_file(const char *dir, const char *name)
{
	char path[512], expected[600], hint[600];
	struct source s[SOURCES_MAX];
	struct problems p;
	struct buf shown = {0};
	const char *at;
	size_t len;
	struct plan *plan;
	char *text;
	int n = 0;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	text = file_text(path, &len);
	problems_init(&p);
	plan = language_read(s, split(name, text, len, s), &p);
	assert_true(!plan == (p.n_errors > 0));
	problems_print(&p, &shown);
	for (at = text; next_line(&at, "# expect: ", NULL, expected, sizeof expected); n++) {
		if (n >= p.n)
			fail_msg("%s: not told: %s\n%s", name, expected, buf_text(&shown));
		if (!next_line(&at, "# hint: ", strstr(at, "# expect: "), hint, sizeof hint))
			*hint = 0;
		check_problem(name, &p.at[n], expected, hint);
	}
	if (n != p.n || !n)
		fail_msg("%s: %d problems expected\n%s", name, n, buf_text(&shown));
	plan_free(plan);
	problems_fini(&p);
	buf_fini(&shown);
	free(text);
	return n;
}

static void every_broken_file(void **state)
{
	const char *dir = SOURCE_DIR "/tests/unit/language/broken";
	DIR *d = opendir(dir);
	int n = 0, single = 0;

	(void)state;
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));) {
		size_t len = strlen(e->d_name);

		if (len < 5 || strcmp(e->d_name + len - 5, ".yaml") != 0)
			continue;
		single += check_file(dir, e->d_name) == 1;
		n++;
	}
	closedir(d);
	assert_true(n >= FILES_AT_LEAST);
	assert_true(single >= SINGLE_AT_LEAST); /* one mistake each */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_broken_file)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
