#include "whole.h"

#include "store_disk.h"
#include "store_read.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool whole_find(const char *db, const char *file, char ret_path[PATH_MAX])
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	char below[NAME_MAX + 16];

	snprintf(ret_path, PATH_MAX, "%s", file);
	if (access(ret_path, R_OK) == 0)
		return true;
	disk_beside(db, name, ret_path);
	if (access(ret_path, R_OK) == 0)
		return true;
	snprintf(below, sizeof below, "archive/%.*s", NAME_MAX, name);
	disk_beside(db, below, ret_path);
	return access(ret_path, R_OK) == 0;
}

/* -- which file is next -- */

struct next {
	struct whole *whole;
	int64_t above; /* rows up to it were walked */
	int64_t upto;  /* 0: the living one */
	char path[PATH_MAX];
};

static void pass_over(struct whole *w, int64_t upto, const char *file)
{
	w->passed_upto = upto;
	buf_printf(&w->absent, "%sthe rows up to %lld stand in %s, which cannot be read here", w->absent.len ? "; " : "",
	           (long long)upto, file);
}

static bool look(void *arg, int64_t upto, const char *file)
{
	struct next *n = arg;

	if (upto <= n->above || upto <= n->whole->passed_upto)
		return true;
	if (!whole_find(n->whole->db, file, n->path)) {
		pass_over(n->whole, upto, file);
		return true;
	}
	n->upto = upto;
	return false;
}

/* Looked up each time: meanwhile the daemon may have archived more. */
static int find_next(struct whole *w, struct next *ret, struct err *err)
{
	*ret = (struct next){.whole = w, .above = w->chain.begun ? w->chain.seq : 0};
	if (store_segments(w->db, look, ret, err) < 0)
		return -1;
	if (!ret->upto)
		snprintf(ret->path, sizeof ret->path, "%s", w->db);
	return 0;
}

/* -- walking -- */

/* The rows between stand nowhere: it begins again where that file does. */
static void jump(struct whole *w)
{
	if (w->passed_upto < w->chain.seq)
		w->passed_upto = w->chain.seq;
	w->chain.begun = false;
	w->chain.seq = 0;
}

/* One file, as far as it goes. */
static enum walked walk_one(struct whole *w, const struct next *n, int64_t n_rows, const struct row_taker *to, struct err *err)
{
	enum walked walked;
	struct next now;

	w->chain.upto = n->upto;
	walked = store_walk(n->path, &w->chain, n_rows, to, err);
	if (n->upto && (walked == WALK_UNREADABLE || (walked == WALK_END && w->chain.seq < n->upto))) {
		pass_over(w, n->upto, n->path);
		return WALK_BEHIND;
	}
	if (walked != WALK_BEHIND)
		return walked;
	if (find_next(w, &now, err) < 0)
		return WALK_UNREADABLE;
	if (now.upto == n->upto)
		jump(w);
	return walked;
}

enum walked whole_walk(struct whole *w, int64_t n_rows, const struct row_taker *to, struct err *err)
{
	int64_t until = w->chain.v.rows + n_rows;
	enum walked walked;
	struct next n;

	if (n_rows > INT64_MAX - w->chain.v.rows)
		until = INT64_MAX;
	do {
		if (find_next(w, &n, err) < 0)
			return WALK_UNREADABLE;
		walked = walk_one(w, &n, until - w->chain.v.rows, to, err);
		if (walked == WALK_UNREADABLE || walked == WALK_MORE)
			return walked;
	} while (walked == WALK_BEHIND || n.upto);
	return walked;
}

void whole_fini(struct whole *w)
{
	buf_fini(&w->absent);
}

/* -- plans -- */

struct finding {
	const char *db, *hash;
	size_t *ret_len;
	char *bundle;
};

static bool find_plan(void *arg, int64_t upto, const char *file)
{
	struct finding *f = arg;
	char path[PATH_MAX];

	(void)upto;
	if (whole_find(f->db, file, path))
		f->bundle = read_plan(path, f->hash, f->ret_len);
	return !f->bundle;
}

char *whole_plan(const char *db, const char *hash, size_t *ret_len)
{
	struct finding f = {db, hash, ret_len, read_plan(db, hash, ret_len)};
	struct err ignored;

	if (!f.bundle)
		store_segments(db, find_plan, &f, &ignored);
	return f.bundle;
}
