/* store_help.h - what the store's tests share: a directory of their own, turns
 * of numbered rows, waiting for answers, the sqlite3 shell. */
#ifndef TOCSIN_TESTS_STORE_HELP_H
#define TOCSIN_TESTS_STORE_HELP_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "store.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

enum { LIMIT_MS = 180000 };

struct bed {
	char dir[64], path[96];
	struct store *store;
	enum store_open_result result;
	struct err err;
	int fd; /* woken */
};

static UNUSED void bed_wake(void *arg)
{
	uint64_t one = 1;
	ssize_t n = write(((struct bed *)arg)->fd, &one, sizeof one);

	(void)n;
}

static UNUSED int64_t bed_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * (int64_t)1000 + t.tv_nsec / 1000000;
}

/* A close lasts as long as the disk takes for it, and fails after 2 s as in service, unless a test says otherwise. */
#define PATIENT_CLOSE "store-close-ms=62000,store-last-try-ms=60000"

static UNUSED void bed_open(struct bed *b)
{
	setenv("TOCSIN_FAULT", PATIENT_CLOSE, 0);
	b->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	b->store = store_open(b->path, "plaza", bed_wake, b, &b->result, &b->err);
}

static UNUSED void bed_close(struct bed *b)
{
	assert_true(store_close(b->store));
	close(b->fd);
}

static UNUSED struct bed bed_in(const char *dir)
{
	struct bed b = {0};

	snprintf(b.dir, sizeof b.dir, "%s", dir);
	snprintf(b.path, sizeof b.path, "%s/tocsin.db", b.dir);
	return b;
}

static UNUSED struct bed bed_make(void)
{
	char dir[] = "/tmp/tocsin-store-XXXXXX";

	assert_non_null(mkdtemp(dir));
	return bed_in(dir);
}

static UNUSED void bed_remove(struct bed *b)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", b->dir);
	assert_int_equal(system(command), 0);
}

static UNUSED char *bed_file(const struct bed *b, const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", b->dir, name);
	return path;
}

static UNUSED void file_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static UNUSED const char *file_read(const char *path)
{
	static char text[4096];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	return text;
}

/* The output of a shell command, without the last newline. */
static UNUSED const char *run(const char *command)
{
	static char out[8192];
	FILE *p = popen(command, "r");
	size_t n;

	assert_non_null(p);
	n = fread(out, 1, sizeof out - 1, p);
	pclose(p);
	while (n && out[n - 1] == '\n')
		n--;
	out[n] = 0;
	return out;
}

static UNUSED const char *shell(const struct bed *b, const char *sql)
{
	char command[4096];

	snprintf(command, sizeof command, "sqlite3 '%s' \"%s\" 2>&1", b->path, sql);
	return run(command);
}

/* n rows from `first` on, and the records `last` = the last row, `even` only after even ones. */
static UNUSED struct turn *turn_make(int64_t first, int n)
{
	struct turn *t = xcalloc(1, sizeof *t);
	char value[32];

	t->rows = xcalloc((size_t)n + 1, sizeof *t->rows);
	t->n_rows = n;
	t->taken = (struct taken){7, first + n};
	records_init(&t->records);
	for (int i = 0; i < n; i++) {
		t->rows[i].row.seq = first + i;
		t->rows[i].row.rec = arena_printf(
		    &t->records.arena,
		    "{\"v\":1,\"epoch\":7,\"seq\":%lld,\"at\":\"2026-11-22T19:10:04.182Z\",\"kind\":\"note\","
		    "\"inc\":null,\"who\":\"wang\",\"cause\":null,\"body\":{\"text\":\"第 %lld 行\"}}",
		    (long long)(first + i), (long long)(first + i));
	}
	snprintf(value, sizeof value, "%lld", (long long)(first + n - 1));
	records_put(&t->records, "last", value);
	records_put(&t->records, "even", (first + n - 1) % 2 ? NULL : value);
	return t;
}

static UNUSED void turn_free(struct turn *t)
{
	records_fini(&t->records);
	free(t->rows);
	free(t);
}

static UNUSED enum store_answer next_answer(struct bed *b, struct turn **ret_turn, struct err *err)
{
	int64_t until = bed_now_ms() + LIMIT_MS;
	enum store_answer answer;
	uint64_t n;

	while ((answer = store_take(b->store, ret_turn, err)) == STORE_NOTHING && bed_now_ms() < until) {
		struct pollfd p = {.fd = b->fd, .events = POLLIN};

		if (poll(&p, 1, 1000) > 0 && read(b->fd, &n, sizeof n) < 0)
			break;
	}
	return answer;
}

/* Every answer taken so far was told before: what wakes after this is new. */
static UNUSED void forget_wakes(struct bed *b)
{
	uint64_t n;

	while (read(b->fd, &n, sizeof n) == sizeof n)
		;
}

/* Submits and expects this answer, which gives the turn back; frees it. */
static UNUSED void put_expect(struct bed *b, struct turn *t, enum store_answer expected)
{
	struct turn *back;
	struct err err;

	store_submit(b->store, t);
	assert_int_equal(next_answer(b, &back, &err), expected);
	assert_ptr_equal(back, t);
	turn_free(t);
}

static UNUSED void put(struct bed *b, int64_t first, int n)
{
	put_expect(b, turn_make(first, n), STORE_COMMITTED);
}

static UNUSED void assert_chain(const struct bed *b, int64_t rows)
{
	struct verify v;
	struct err err;

	assert_int_equal(store_verify(b->path, &v, &err), 0);
	assert_string_equal(v.why, "");
	assert_int_equal(v.first_bad, 0);
	assert_int_equal(v.rows, rows);
	assert_int_equal(v.head_seq, rows);
}

static UNUSED const char *restored_value(const struct restored *r, const char *key)
{
	for (int i = 0; i < r->n; i++)
		if (!strcmp(r->records[i].key, key))
			return r->records[i].value;
	return NULL;
}

#endif
