/* test_store_migrate.c - an older database becomes a newer one, whole steps only, and its audit is untouched. */
#include "store_db.h"
#include "store_help.h"

/* One of version 1, with rows and state in it. */
static struct bed older(void)
{
	struct bed b = bed_make();

	bed_open(&b);
	put(&b, 1, 3);
	bed_close(&b);
	assert_string_equal(shell(&b, "PRAGMA user_version"), "1");
	return b;
}

static enum sql_code migrate(struct bed *b, const char *const *steps, int64_t from, int64_t to)
{
	struct sql *s;
	enum sql_code code;

	assert_int_equal(sql_open(b->path, SQL_WRITE, &s, &b->err), SQL_OK);
	code = db_migrate(s, steps, from, to, &b->err);
	sql_close(s);
	return code;
}

static void test_two_versions_on(void **state)
{
	static const char *const steps[] = {"CREATE TABLE extra(a INTEGER) STRICT; INSERT INTO extra VALUES(1);",
	                                    "ALTER TABLE extra ADD COLUMN b INTEGER; UPDATE extra SET b = a + 1;"};
	struct bed b = older();

	(void)state;
	assert_int_equal(migrate(&b, steps, 1, 3), SQL_OK);
	assert_string_equal(shell(&b, "PRAGMA user_version; SELECT a, b FROM extra"), "3\n1|2");
	assert_string_equal(shell(&b, "SELECT value FROM state WHERE key='last'"), "3");
	shell(&b, "PRAGMA user_version=1");
	assert_chain(&b, 3);
	bed_remove(&b);
}

/* The second step ends in the middle: the first stands, of the second there is nothing, and it is tried again. */
static void test_a_step_is_whole_or_not_at_all(void **state)
{
	static const char *const broken[] = {"CREATE TABLE extra(a INTEGER) STRICT;",
	                                     "INSERT INTO extra VALUES(7); CREATE TABLE audit(seq INTEGER);"};
	static const char *const mended[] = {NULL, "INSERT INTO extra VALUES(8);"};
	struct bed b = older();

	(void)state;
	assert_int_equal(migrate(&b, broken, 1, 3), SQL_FAILED);
	assert_non_null(strstr(b.err.text, "audit already exists"));
	assert_string_equal(shell(&b, "PRAGMA user_version; SELECT count(*) FROM extra"), "2\n0");
	assert_int_equal(migrate(&b, mended, 2, 3), SQL_OK);
	assert_string_equal(shell(&b, "PRAGMA user_version; SELECT a FROM extra"), "3\n8");
	bed_remove(&b);
}

static void test_nothing_to_do(void **state)
{
	struct bed b = older();

	(void)state;
	assert_int_equal(migrate(&b, NULL, 1, 1), SQL_OK);
	bed_open(&b);
	assert_int_equal(b.result, STORE_OPENED);
	put(&b, 4, 1);
	bed_close(&b);
	assert_chain(&b, 4);
	bed_remove(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_two_versions_on),
	    cmocka_unit_test(test_a_step_is_whole_or_not_at_all),
	    cmocka_unit_test(test_nothing_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
