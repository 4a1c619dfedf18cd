/* segments.c - row by row they are proven by store_verify; here, that one goes on into the next. */
#include "segments.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct looking {
	int64_t seq;
	char *hash;
	int found; /* 0; -1 not yet */
	struct err *err;
};

static bool look(void *arg, int64_t upto, const char *file)
{
	struct looking *l = arg;

	if (l->seq <= upto)
		l->found = store_hash_at(file, l->seq, l->hash, l->err);
	return l->found < 0;
}

int segments_hash_at(const char *db, int64_t seq, char ret_hash[HASH_BYTES], struct err *err)
{
	struct looking l = {seq, ret_hash, -1, err};
	struct err ignored;

	if (store_hash_at(db, seq, ret_hash, err) == 0)
		return 0;
	store_segments(db, look, &l, &ignored);
	return l.found;
}

struct proving {
	char newer[PATH_MAX]; /* the database or file behind */
	int64_t base_seq;     /* of that */
	int n, result;
	struct err *why;
};

/* Both have the row behind the cut: its hash has all before it in itself. */
static bool meets(const struct proving *p, int64_t upto, const char *file)
{
	char here[HASH_BYTES], there[HASH_BYTES];
	struct err ignored;

	return upto == p->base_seq && store_hash_at(file, upto + 1, here, &ignored) == 0 &&
	       store_hash_at(p->newer, upto + 1, there, &ignored) == 0 && !strcmp(here, there);
}

static bool prove(void *arg, int64_t upto, const char *file)
{
	struct proving *p = arg;
	struct verify v;

	if (access(file, R_OK) < 0) {
		p->result = 1;
		err_set(p->why, "the rows up to %lld stand in %s, which cannot be read here", (long long)upto,
		        file);
		return false;
	}
	p->result = -1;
	if (store_verify(file, &v, p->why) < 0)
		return false;
	if (v.first_bad) {
		err_set(p->why, "%.200s: row %lld is bad: %s", file, (long long)v.first_bad, v.why);
		return false;
	}
	if (!meets(p, upto, file)) {
		err_set(p->why, "%.200s does not go on into %.200s: another's, or rebuilt", file, p->newer);
		return false;
	}
	p->result = 0;
	p->n++;
	p->base_seq = v.base_seq;
	snprintf(p->newer, sizeof p->newer, "%s", file);
	return true;
}

int segments_prove(const char *db, const struct verify *living, int *ret_n, struct err *ret_why)
{
	struct proving p = {.base_seq = living->base_seq, .why = ret_why};
	int failed;

	snprintf(p.newer, sizeof p.newer, "%s", db);
	failed = store_segments(db, prove, &p, ret_why);
	*ret_n = p.n;
	return failed ? -1 : p.result;
}
