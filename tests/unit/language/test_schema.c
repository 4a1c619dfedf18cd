/* The tables of keys as others see them: the schema of the editors has every
 * key, and the manual page says what the tables say. `--update` writes the
 * page's tables anew. */
#include "test.h"

#include "language/keys.h"
#include "language/tables.h"

#define PAGE SOURCE_DIR "/contrib/man/tocsin.yaml.5"
#define MARK ".\\\" keys: "

#define NAMED_ROW(T) {#T, &T##_keys},
static const struct {
	const char *name;
	const struct table *table;
} named[] = {TABLES_LIST(NAMED_ROW)};
enum { NAMED = sizeof named / sizeof *named };

static void every_map_has_a_form(void **state)
{
	(void)state;
	for (int i = 0; i < NAMED; i++)
		for (int k = 0; k < named[i].table->n; k++) {
			const struct key *key = &named[i].table->keys[k];

			if (key->type == KEY_NODE && !schema_shape(named[i].name, key->name))
				fail_msg("schema.c does not say what %s.%s looks like", named[i].name,
				         key->name);
		}
}

static void every_key_is_in_the_schema(void **state)
{
	struct buf out = {0};
	char what[200];

	(void)state;
	schema_print(&out);
	for (int i = 0; i < NAMED; i++) {
		const char *from, *end;

		snprintf(what, sizeof what, "\"%s\":{\"type\":[\"object\",\"null\"],\"additional",
		         named[i].name);
		from = strstr(strstr(buf_text(&out), "\"definitions\""), what);
		if (!from)
			fail_msg("the schema has no '%s'", named[i].name);
		end = strstr(from + strlen(what), ":{\"type\":[\"object\",\"null\"],\"additional");
		for (int k = 0; k < named[i].table->n; k++) {
			const char *at;

			snprintf(what, sizeof what, "\"%s\":{", named[i].table->keys[k].name);
			at = strstr(from, what);
			if (!at || (end && at > end))
				fail_msg("the schema's '%s' lacks '%s'", named[i].name,
				         named[i].table->keys[k].name);
		}
	}
	buf_fini(&out);
}

/* -- the manual page -- */

static const struct table *table_of(const char *line, size_t len)
{
	for (int i = 0; i < NAMED; i++)
		if (strlen(named[i].table->name) == len && !memcmp(named[i].table->name, line, len))
			return named[i].table;
	return NULL;
}

/* The page with its tables as they are now; marks what has been there. */
static void rewrite(const char *page, bool *seen, struct buf *out)
{
	for (const char *at; (at = strstr(page, MARK));) {
		const char *name = at + strlen(MARK), *end = strstr(at, "\n.El\n");
		const struct table *t = table_of(name, strcspn(name, "\n"));

		if (!t || !end)
			fail_msg("the page has a table that nobody knows: %.40s", name);
		for (int i = 0; i < NAMED; i++)
			seen[i] = seen[i] || named[i].table == t;
		buf_add(out, page, (size_t)(at - page));
		manual_print(t, out);
		page = end + strlen("\n.El\n");
	}
	buf_str(out, page);
}

static void page_says_what_the_tables_say(void **state)
{
	bool seen[NAMED] = {false};
	struct buf out = {0};
	size_t len;
	char *page = file_text(PAGE, &len);

	(void)state;
	rewrite(page, seen, &out);
	for (int i = 0; i < NAMED; i++)
		if (!seen[i] && strcmp(named[i].name, "profile") != 0 && strcmp(named[i].name, "preset") != 0 &&
		    strcmp(named[i].name, "self") != 0)
			fail_msg("tocsin.yaml.5 has no table '%s%s'", MARK, named[i].table->name);
	if (strcmp(page, buf_text(&out)) != 0)
		fail_msg("contrib/man/tocsin.yaml.5 is not what the tables say: run this test with --update "
		         "and read the difference");
	buf_fini(&out);
	free(page);
}

static int update(void)
{
	bool seen[NAMED] = {false};
	struct buf out = {0};
	size_t len;
	char *page = file_text(PAGE, &len);
	FILE *f;

	rewrite(page, seen, &out);
	f = fopen(PAGE, "wb");
	fputs(buf_text(&out), f);
	buf_fini(&out);
	free(page);
	return fclose(f);
}

static void screen_has_every_table(void **state)
{
	struct buf out = {0};

	(void)state;
	keys_print(&out);
	for (int i = 0; i < NAMED; i++)
		assert_non_null(strstr(buf_text(&out), named[i].table->name));
	assert_non_null(strstr(buf_text(&out), "report: 24h, run: none; at least 100ms; default 10m"));
	buf_fini(&out);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_map_has_a_form),
	    cmocka_unit_test(every_key_is_in_the_schema),
	    cmocka_unit_test(page_says_what_the_tables_say),
	    cmocka_unit_test(screen_has_every_table),
	};

	if (argc == 2 && !strcmp(argv[1], "--update"))
		return update();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
