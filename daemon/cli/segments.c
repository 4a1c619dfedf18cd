/* segments.c - row by row they are proven by store_verify; here, that one goes on into the next. */
#include "segments.h"

#include "whole.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

struct looking {
	const char *db;
	int64_t seq;
	char *hash;
	int found; /* 0; -1 not yet */
	struct err *err;
};

static bool look(void *arg, int64_t upto, const char *file)
{
	struct looking *l = arg;
	char path[PATH_MAX];

	if (l->seq <= upto && whole_find(l->db, file, path))
		l->found = store_hash_at(path, l->seq, l->hash, l->err);
	return l->found < 0;
}

int segments_hash_at(const char *db, int64_t seq, char ret_hash[HASH_BYTES], struct err *err)
{
	struct looking l = {db, seq, ret_hash, -1, err};
	struct err ignored;

	if (store_hash_at(db, seq, ret_hash, err) == 0)
		return 0;
	store_segments(db, look, &l, &ignored);
	return l.found;
}

struct proving {
	const char *db;
	char older[PATH_MAX]; /* "": the one before is not there */
	int64_t upto;         /* of that */
	int n, result;
	struct err *why;
};

/* Both have the row behind the cut: its hash has all before it in itself. */
static bool meets(const struct proving *p, const char *newer, int64_t base_seq)
{
	char here[HASH_BYTES], there[HASH_BYTES];
	struct err ignored;

	return p->upto == base_seq && store_hash_at(p->older, p->upto + 1, here, &ignored) == 0 &&
	       store_hash_at(newer, p->upto + 1, there, &ignored) == 0 && !strcmp(here, there);
}

static bool goes_on(struct proving *p, const char *newer, int64_t base_seq)
{
	if (!*p->older || meets(p, newer, base_seq))
		return true;
	p->result = -1;
	err_set(p->why, "%.200s does not go on into %.200s: another's, or rebuilt", p->older, newer);
	return false;
}

static bool prove(void *arg, int64_t upto, const char *file)
{
	struct proving *p = arg;
	char path[PATH_MAX];
	struct verify v;

	if (!whole_find(p->db, file, path)) {
		p->result = 1;
		p->older[0] = 0;
		err_set(p->why, "the rows up to %lld stand in %s, which cannot be read here", (long long)upto, file);
		return true;
	}
	if (store_verify(path, &v, p->why) < 0) {
		p->result = -1;
		return false;
	}
	if (v.first_bad) {
		err_set(p->why, "%.200s: row %lld is bad: %s", path, (long long)v.first_bad, v.why);
		p->result = -1;
		return false;
	}
	if (v.base_seq >= upto || v.head_seq < upto) {
		err_set(p->why, "%.200s has rows %lld to %lld, not those up to %lld", path, (long long)v.base_seq + 1,
		        (long long)v.head_seq, (long long)upto);
		p->result = -1;
		return false;
	}
	if (!goes_on(p, path, v.base_seq))
		return false;
	p->n++;
	p->upto = upto;
	snprintf(p->older, sizeof p->older, "%s", path);
	return true;
}

int segments_prove(const char *db, const struct verify *living, int *ret_n, struct err *ret_why)
{
	struct proving p = {.db = db, .why = ret_why};
	int failed = store_segments(db, prove, &p, ret_why);

	if (!failed && p.result >= 0)
		goes_on(&p, db, living->base_seq);
	*ret_n = p.n;
	return failed ? -1 : p.result;
}
