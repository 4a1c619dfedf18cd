/* test_whole.c - the log over all its files: what stands in archives and what lives is one chain, and what is not there is said. */
#include "store_help.h"

#include "whole.h"

enum { ROWS = 100 };

static char *copy_of(const struct bed *b, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof path, "%s", bed_file(b, name));
	return path;
}

/* Rows up to `through` into the file, and up to `upto` out of the log. */
static void archive(struct bed *b, const char *name, int64_t upto, int64_t through)
{
	struct let_go go = {.upto = upto};
	struct verify v;
	struct err err;

	snprintf(go.file, sizeof go.file, "%s", copy_of(b, name));
	assert_int_equal(store_hash_at(b->path, upto, go.hash, &err), 0);
	assert_int_equal(store_segment(b->path, go.file, through, &v, &err), 0);
	assert_int_equal(v.head_seq, through);
	assert_int_equal(store_let_go(b->path, &go, &err), 0);
}

/* 1..40 in one file, 41..70 in the other, the rest lives; each file goes a bit further. */
static struct bed bed_in_three(void)
{
	struct bed b = bed_make();

	bed_open(&b);
	store_keep_plan(b.store, "f00d", "site: {}\n", 9);
	store_keep_plan(b.store, "wang", "site: {}\n", 9); /* a word of each row stands for the hash */
	put(&b, 1, ROWS);
	bed_close(&b);
	archive(&b, "a.db", 40, 41);
	archive(&b, "b.db", 70, 85);
	return b;
}

struct seen {
	int64_t first, last, n;
	bool in_order;
};

static bool take(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct seen *s = arg;

	(void)rec, (void)hash;
	s->in_order &= !s->n || seq > s->last;
	s->first = s->n++ ? s->first : seq;
	s->last = seq;
	return true;
}

static struct seen walk(struct bed *b, struct whole *w, int64_t at_once)
{
	struct seen s = {.in_order = true};
	enum walked walked;
	struct err err;

	*w = (struct whole){.db = b->path};
	do
		walked = whole_walk(w, at_once, &(struct row_taker){take, &s}, &err);
	while (walked == WALK_MORE);
	assert_int_equal(walked, WALK_END);
	assert_true(s.in_order);
	assert_int_equal(s.last, w->chain.v.head_seq);
	assert_int_equal(s.n, w->chain.v.rows);
	return s;
}

static void test_one_chain(void **state)
{
	static const int64_t at_once[] = {1, 7, 40, ROWS, INT64_MAX};
	struct bed b = bed_in_three();
	struct whole w;

	(void)state;
	for (size_t i = 0; i < sizeof at_once / sizeof at_once[0]; i++) {
		struct seen s = walk(&b, &w, at_once[i]);

		assert_int_equal(s.n, ROWS);
		assert_int_equal(w.chain.v.base_seq, 0);
		assert_string_equal(w.chain.v.why, "");
		assert_string_equal(buf_text(&w.absent), "");
		whole_fini(&w);
	}
	bed_remove(&b);
}

static void test_not_there(void **state)
{
	struct bed b = bed_in_three();
	struct whole w;
	struct seen s;

	(void)state;
	assert_int_equal(rename(bed_file(&b, "b.db"), copy_of(&b, "c.db")), 0);
	s = walk(&b, &w, 9);
	assert_int_equal(s.n, 40 + 30);
	assert_int_equal(w.chain.v.base_seq, 70); /* what is proven begins behind it */
	assert_string_equal(w.chain.v.why, "");
	assert_non_null(strstr(buf_text(&w.absent), "b.db, which cannot be read here"));
	whole_fini(&w);
	file_write(bed_file(&b, "b.db"), "no database at all");
	s = walk(&b, &w, INT64_MAX);
	assert_int_equal(s.n, 40 + 30);
	assert_non_null(strstr(buf_text(&w.absent), "b.db"));
	whole_fini(&w);
	assert_int_equal(unlink(bed_file(&b, "a.db")), 0);
	s = walk(&b, &w, INT64_MAX);
	assert_int_equal(s.first, 71);
	assert_non_null(strstr(buf_text(&w.absent), "a.db"));
	whole_fini(&w);
	/* in `archive` beside the database it is found, wherever it was put first */
	assert_int_equal(mkdir(bed_file(&b, "archive"), 0700), 0);
	assert_int_equal(rename(bed_file(&b, "c.db"), copy_of(&b, "archive/b.db")), 0);
	assert_int_equal(unlink(bed_file(&b, "b.db")), 0);
	s = walk(&b, &w, INT64_MAX);
	assert_int_equal(s.first, 41);
	whole_fini(&w);
	bed_remove(&b);
}

/* Another's file in its place: the chain does not fit, and says at which row. */
static void test_another(void **state)
{
	struct bed b = bed_in_three();
	char command[PATH_MAX + 200];
	struct whole w;

	(void)state;
	snprintf(command, sizeof command,
	         "sqlite3 '%s' \"DROP TRIGGER audit_no_update; UPDATE audit SET rec = replace(rec, 'wang', 'li') WHERE seq = 50\"",
	         copy_of(&b, "b.db"));
	assert_int_equal(system(command), 0);
	walk(&b, &w, 11);
	assert_int_equal(w.chain.v.first_bad, 50);
	whole_fini(&w);
	bed_remove(&b);
}

/* Between two parts of a walk the daemon archives what would have come next. */
static void test_archived_meanwhile(void **state)
{
	struct bed b = bed_in_three();
	struct seen s = {.in_order = true};
	struct whole w = {.db = b.path};
	struct err err;

	(void)state;
	assert_int_equal(whole_walk(&w, 75, &(struct row_taker){take, &s}, &err), WALK_MORE);
	archive(&b, "c.db", 90, 91);
	assert_int_equal(whole_walk(&w, 1000, &(struct row_taker){take, &s}, &err), WALK_END);
	assert_true(s.in_order);
	assert_int_equal(s.n, ROWS);
	assert_string_equal(w.chain.v.why, "");
	whole_fini(&w);
	bed_remove(&b);
}

/* A file is whole in itself, knows the older ones, and takes no other's place. */
static void test_the_file(void **state)
{
	struct bed b = bed_in_three(), file;
	struct verify v;
	struct whole w;
	struct err err;
	struct seen s;
	struct stat st;

	(void)state;
	file = bed_in(b.dir);
	assert_true(snprintf(file.path, sizeof file.path, "%s", bed_file(&b, "b.db")) < (int)sizeof file.path);
	s = walk(&file, &w, INT64_MAX);
	assert_int_equal(s.first, 1);
	assert_int_equal(s.last, 85);
	whole_fini(&w);
	assert_int_equal(store_verify(file.path, &v, &err), 0);
	assert_int_equal(v.base_seq, 40);
	assert_int_equal(v.rows, 45);
	assert_int_equal(stat(file.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(bed_file(&b, "b.db-wal"), &st), -1);
	assert_string_equal(shell(&file, "SELECT count(*) FROM state"), "0");
	assert_string_equal(shell(&file, "SELECT hash, CAST(bundle AS TEXT) FROM plan"), "wang|site: {}");
	assert_int_equal(store_segment(b.path, file.path, 90, &v, &err), -1);
	assert_non_null(strstr(err.text, "takes no other's place"));
	assert_int_equal(store_segment(b.path, copy_of(&b, "d.db"), ROWS + 1, &v, &err), -1);
	assert_int_equal(stat(bed_file(&b, "d.db"), &st), -1);
	assert_int_equal(stat(bed_file(&b, "d.db.part"), &st), -1);
	bed_remove(&b);
}

/* Given as the archive, the database would be all there is of the rows that are then deleted from it. */
static void test_not_the_database_itself(void **state)
{
	static const char *const names[] = {"soft.db", "hard.db", "tocsin.db-wal", "soft.db-journal"};
	struct let_go go = {.upto = 40};
	struct bed b = bed_make();
	struct verify v;
	struct err err;

	(void)state;
	bed_open(&b);
	put(&b, 1, ROWS);
	bed_close(&b);
	assert_int_equal(store_hash_at(b.path, 40, go.hash, &err), 0);
	assert_int_equal(symlink(b.path, copy_of(&b, "soft.db")), 0);
	assert_int_equal(link(b.path, copy_of(&b, "hard.db")), 0);
	for (size_t i = 0; i <= sizeof names / sizeof names[0]; i++) {
		snprintf(go.file, sizeof go.file, "%s", i ? copy_of(&b, names[i - 1]) : b.path);
		assert_int_equal(store_segment(b.path, go.file, 41, &v, &err), -1);
		assert_non_null(strstr(err.text, "the database itself"));
		assert_int_equal(store_may_let_go(b.path, &go, &err), -1);
		assert_non_null(strstr(err.text, "the database itself"));
		assert_int_equal(store_let_go(b.path, &go, &err), -1);
	}
	assert_int_equal(store_verify(b.path, &v, &err), 0);
	assert_int_equal(v.rows, ROWS);
	bed_remove(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_chain),          cmocka_unit_test(test_not_there), cmocka_unit_test(test_another),
	    cmocka_unit_test(test_archived_meanwhile), cmocka_unit_test(test_the_file),
	    cmocka_unit_test(test_not_the_database_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
