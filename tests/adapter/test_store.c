/* test_store.c - turns become durable and come back; the chain is CONTRACT's. */
#include "store_help.h"

static void test_commit_and_restore(void **state)
{
	struct bed b = bed_make();
	struct restored r;

	(void)state;
	bed_open(&b);
	assert_int_equal(b.result, STORE_OPENED);
	assert_string_equal(b.err.text, "");
	store_restored(b.store, &r);
	assert_int_equal(r.seq, 0);
	assert_int_equal(r.n, 0);
	assert_int_equal(r.epoch, 0);
	assert_int_equal(r.at_ms, -1);
	assert_int_equal(r.ids_side, 0);
	assert_int_equal(r.taken.epoch, 0);
	assert_string_equal(r.head, "10c462bb4ab534e27fd2d20494be7800fcca35843000beee35b3e228cfb92bfa");
	store_free_restored(&r);
	put(&b, 1, 2);
	put(&b, 3, 0); /* only records: still one turn */
	put(&b, 3, 3);
	bed_close(&b);

	bed_open(&b);
	assert_int_equal(b.result, STORE_OPENED);
	assert_string_equal(b.err.text, "");
	store_restored(b.store, &r);
	assert_int_equal(r.seq, 5);
	assert_int_equal(r.epoch, 7);
	assert_int_equal(r.at_ms, 1795374604182);
	assert_int_equal(r.taken.epoch, 7);
	assert_int_equal(r.taken.number, 6);
	assert_string_equal(restored_value(&r, "last"), "5");
	assert_null(restored_value(&r, "even"));
	store_free_restored(&r);
	put(&b, 6, 1);
	bed_close(&b);

	bed_open(&b);
	store_restored(b.store, &r);
	assert_int_equal(r.seq, 6);
	assert_string_equal(restored_value(&r, "even"), "6");
	store_free_restored(&r);
	bed_close(&b);
	assert_chain(&b, 6);
	bed_remove(&b);
}

static void test_settings(void **state)
{
	struct bed b = bed_make();
	char command[512];

	(void)state;
	bed_open(&b);
	put(&b, 1, 1);
	assert_string_equal(shell(&b, "PRAGMA journal_mode; PRAGMA user_version"), "wal\n1");
	assert_string_equal(
	    shell(&b, "SELECT name FROM pragma_table_list WHERE schema='main' AND strict ORDER BY name"),
	    "audit\nmeta\nplan\nstate");
	snprintf(command, sizeof command, "stat -c %%a '%s'", bed_file(&b, "ballast"));
	assert_string_equal(run(command), "600");
	bed_close(&b);
	bed_remove(&b);
}

/* CONTRACT section 6, byte for byte. */
static const struct {
	const char *rec, *hash;
} contract[] = {
    {"{\"v\":1,\"epoch\":7,\"seq\":1,\"at\":\"2026-11-22T19:09:58.020Z\",\"kind\":\"started\",\"inc\":null,"
     "\"who\":\"system\",\"cause\":null,\"body\":{\"host\":\"gate-1\",\"boot\":\"9f2c\",\"version\":\"0.1."
     "0\","
     "\"plan\":\"5b1e0c77\"}}",
     "1d80594e068f1753671ae933cd7ba11be5a6e32944f4f283232bae9b66b36a10"},
    {"{\"v\":1,\"epoch\":7,\"seq\":2,\"at\":\"2026-11-22T19:10:04.182Z\",\"kind\":\"opened\",\"inc\":\"G-"
     "17\","
     "\"who\":\"sensor:gas-b2\",\"cause\":null,\"body\":{\"type\":\"gas-leak\",\"zone\":\"b2-kitchen\","
     "\"grade\":\"critical\",\"rev\":1,\"ulid\":\"01KDBT4Q5P7E9V2M8N3R6S1XYZ\",\"value\":\"31.2 %LEL\"}}",
     "1d18c4b6162aa94f87d6baa46f713b26dfdf5edc4e5c5137a1e74e31ef4bf014"},
    {"{\"v\":1,\"epoch\":7,\"seq\":3,\"at\":\"2026-11-22T19:10:21.907Z\",\"kind\":\"acked\",\"inc\":\"G-17\","
     "\"who\":\"wang\",\"cause\":2,\"body\":{\"via\":\"mqtt\",\"rev\":1,\"state\":\"acked\"}}",
     "d7117ad8dc23795065ca24ac0a0f5a4d15b8edaedf764d3fe20a041be5cf74b7"},
};

static bool is_contract_row(void *arg, int64_t seq, const char *rec, const char *hash)
{
	int *n = arg;

	assert_int_equal(seq, *n + 1);
	assert_string_equal(rec, contract[*n].rec);
	assert_string_equal(hash, contract[*n].hash);
	return ++*n < 3;
}

static const char stock_statement[] =
    "with c as (select seq,rec,hash,"
    " lag(hash,1,lower(hex(sha3('tocsin-audit-1 site=plaza',256)))) over (order by seq) prev,"
    " lag(seq,1,0) over (order by seq) pseq from audit)"
    "select count(*) rows, sum(hash<>lower(hex(sha3(prev||char(10)||rec,256)))) bad, sum(seq<>pseq+1) gaps,"
    " min(case when hash<>lower(hex(sha3(prev||char(10)||rec,256))) then seq end) first_bad, max(seq) head "
    "from c";

static void test_contract_hashes(void **state)
{
	struct bed b = bed_make();
	struct turn *back, *t = turn_make(1, 3);
	char hash[HASH_BYTES];
	struct err err;
	int n = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		t->rows[i].row.rec = contract[i].rec;
	bed_open(&b);
	store_submit(b.store, t);
	assert_int_equal(next_answer(&b, &back, &err), STORE_COMMITTED);
	for (int i = 0; i < 3; i++)
		assert_string_equal(back->rows[i].hash, contract[i].hash);
	turn_free(back);

	assert_int_equal(store_each_row(b.path, 1, 9, is_contract_row, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_int_equal(store_hash_at(b.path, 2, hash, &err), 0);
	assert_string_equal(hash, contract[1].hash);
	assert_int_equal(store_hash_at(b.path, 4, hash, &err), -1);
	assert_chain(&b, 3);
	assert_string_equal(shell(&b, stock_statement), "3|0|0||3");
	bed_close(&b);
	assert_string_equal(
	    shell(&b, "DROP TRIGGER audit_no_update; UPDATE audit SET rec=rec||' ' WHERE seq=2"), "");
	assert_string_equal(shell(&b, stock_statement), "3|1|0|2|3");
	bed_remove(&b);
}

static void test_triggers_refuse(void **state)
{
	static const struct {
		const char *sql, *says;
	} tries[] = {
	    {"UPDATE audit SET rec='x' WHERE seq=1", "never changed"},
	    {"UPDATE OR REPLACE audit SET seq=1 WHERE seq=2", "never changed"},
	    {"DELETE FROM audit WHERE seq=2", "never deleted"},
	    {"DELETE FROM audit", "never deleted"},
	    {"INSERT INTO audit VALUES(4,'x','y')", "follows the one before"},
	    {"INSERT INTO audit VALUES(2,'x','y')", "follows the one before"},
	    {"INSERT OR REPLACE INTO audit VALUES(2,'x','y')", "follows the one before"},
	    {"INSERT OR REPLACE INTO audit SELECT 3,'x',hash FROM audit WHERE seq=1",
	     "follows the one before"},
	    {"INSERT OR IGNORE INTO audit(rec,hash) VALUES('x','y')", "follows the one before"},
	    {"INSERT INTO audit VALUES(3,x'00','y')", "cannot store BLOB"},
	};
	struct bed b = bed_make();

	(void)state;
	bed_open(&b);
	bed_close(&b);
	assert_non_null(strstr(shell(&b, "INSERT INTO audit VALUES(2,'x','y')"), "follows the one before"));
	assert_non_null(strstr(shell(&b, "INSERT INTO audit VALUES(0,'x','y')"), "follows the one before"));
	bed_open(&b);
	put(&b, 1, 2);
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++)
		assert_non_null(strstr(shell(&b, tries[i].sql), tries[i].says));
	assert_chain(&b, 2);
	bed_close(&b);
	assert_string_equal(shell(&b, "DROP TRIGGER audit_no_delete"), "");
	bed_open(&b); /* puts it back */
	assert_non_null(strstr(shell(&b, "DELETE FROM audit WHERE seq=2"), "never deleted"));
	bed_close(&b);
	bed_remove(&b);
}

static void test_side_file(void **state)
{
	struct bed b = bed_make();
	char expected[256], hash[HASH_BYTES];
	struct restored r;
	struct turn *t;
	struct err err;

	(void)state;
	bed_open(&b);
	put(&b, 1, 1);
	assert_int_equal(access(bed_file(&b, "ids"), F_OK), -1);
	t = turn_make(2, 3);
	t->ids_reserved = 101;
	put_expect(&b, t, STORE_COMMITTED);
	assert_int_equal(store_hash_at(b.path, 4, hash, &err), 0);
	snprintf(expected, sizeof expected, "next 101 epoch 7 seq 4 hash %s\n", hash);
	assert_string_equal(file_read(bed_file(&b, "ids")), expected);
	t = turn_make(5, 1);
	t->ids_reserved = 101; /* unchanged: not rewritten */
	put_expect(&b, t, STORE_COMMITTED);
	assert_string_equal(file_read(bed_file(&b, "ids")), expected);
	bed_close(&b);

	bed_open(&b);
	assert_int_equal(b.result, STORE_OPENED);
	assert_string_equal(b.err.text, "");
	store_restored(b.store, &r);
	assert_int_equal(r.ids_side, 101);
	store_free_restored(&r);
	bed_close(&b);
	/* what nobody counted: added to, it would begin again below zero */
	snprintf(expected, sizeof expected, "next 9223372036854775807 epoch 7 seq 4 hash %s\n", hash);
	file_write(bed_file(&b, "ids"), expected);
	bed_open(&b);
	store_restored(b.store, &r);
	assert_int_equal(r.ids_side, 0);
	store_free_restored(&r);
	assert_non_null(strstr(b.err.text, "not readable"));
	bed_close(&b);
	file_write(bed_file(&b, "ids"), "next 1e9 epoch 7 seq 4 hash 00\n");
	bed_open(&b);
	assert_int_equal(b.result, STORE_OPENED);
	assert_non_null(strstr(b.err.text, "not readable"));
	bed_close(&b);
	bed_remove(&b);
}

static void test_side_file_cannot_be_written(void **state)
{
	struct bed b = bed_make();
	struct turn *back, *t = turn_make(1, 1);
	struct err err;

	(void)state;
	assert_int_equal(mkdir(bed_file(&b, "ids.new"), 0700), 0);
	bed_open(&b);
	t->ids_reserved = 101;
	store_submit(b.store, t);
	assert_int_equal(next_answer(&b, &back, &err), STORE_COMMITTED);
	assert_non_null(strstr(err.text, "cannot write"));
	turn_free(back);
	assert_int_equal(rmdir(bed_file(&b, "ids.new")), 0);
	put(&b, 2, 1); /* the next turn makes good for it */
	assert_non_null(strstr(file_read(bed_file(&b, "ids")), "next 101 epoch 7 seq 1 hash "));
	bed_close(&b);
	bed_remove(&b);
}

static void test_plans(void **state)
{
	static const char bundle[] = "site: plaza\0second file\n";
	struct bed b = bed_make();
	size_t len = 0;
	char *back;

	(void)state;
	bed_open(&b);
	store_keep_plan(b.store, "5b1e", bundle, sizeof bundle);
	store_keep_plan(b.store, "77aa", "x", 1);
	assert_null(store_plan(b.store, "5b1e", &len));
	put(&b, 1, 1);
	store_keep_plan(b.store, "5b1e", bundle, sizeof bundle); /* again: kept as it is */
	put(&b, 2, 1);
	back = store_plan(b.store, "5b1e", &len);
	assert_int_equal(len, sizeof bundle);
	assert_memory_equal(back, bundle, sizeof bundle);
	free(back);
	back = store_plan(b.store, "77aa", &len);
	assert_string_equal(back, "x");
	free(back);
	assert_null(store_plan(b.store, "none", &len));
	store_keep_plan(b.store, "never", "y", 1); /* no turn follows: freed, not stored */
	bed_close(&b);
	assert_string_equal(shell(&b, "SELECT count(*) FROM plan"), "2");
	bed_remove(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_commit_and_restore),
	    cmocka_unit_test(test_settings),
	    cmocka_unit_test(test_contract_hashes),
	    cmocka_unit_test(test_triggers_refuse),
	    cmocka_unit_test(test_side_file),
	    cmocka_unit_test(test_side_file_cannot_be_written),
	    cmocka_unit_test(test_plans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
