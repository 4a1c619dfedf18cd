#include "cut.h"

#include "base/arena.h"
#include "records/kpi.h"
#include "records/logged.h"
#include "store.h"

#include <stdlib.h>

struct cutting {
	int64_t before_ms;
	int64_t last_seq, last_ms; /* of the newest row that is old enough */
	bool is_over;              /* a younger one was seen */
	struct open_one {
		int64_t number, seq, ms;
	} *open;
	int n, cap;
	int64_t known;   /* highest number opened up to the cut */
	int64_t through; /* last row of these */
};

static bool take_time(void *arg, int64_t seq, const char *rec, const char *hash)
{
	(void)seq, (void)hash;
	kpi_time(rec, arg);
	return false;
}

/* When a row was written, or the first one behind it that says so. */
static int time_of(const char *db, int64_t seq, int64_t *ret_ms, struct err *err)
{
	*ret_ms = -1;
	return store_each_row(db, seq, INT64_MAX, take_time, ret_ms, err);
}

static void opened(struct cutting *c, const struct open_one *one)
{
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 64;
		c->open = xrealloc(c->open, (size_t)c->cap * sizeof *c->open);
	}
	c->open[c->n++] = *one;
}

static void closed(struct cutting *c, int64_t number)
{
	int n = 0;

	for (int i = 0; i < c->n; i++)
		if (c->open[i].number != number)
			c->open[n++] = c->open[i];
	c->n = n;
}

static bool take(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct cutting *c = arg;
	enum audit_kind kind;
	int64_t number, at_ms;

	(void)hash;
	if (!logged_peek(rec, &kind, &number) || !kpi_time(rec, &at_ms))
		return true;
	c->is_over |= at_ms >= c->before_ms;
	if (kind == AUDIT_OPENED)
		opened(c, &(struct open_one){number, seq, at_ms});
	else if (kind == AUDIT_CLOSED)
		closed(c, number);
	if (!c->is_over) {
		c->last_seq = seq;
		c->last_ms = at_ms;
	}
	return true;
}

/* Which incidents began before the cut, and where their last rows are. */
static bool follow(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct cutting *c = arg;
	enum audit_kind kind;
	int64_t number;

	(void)hash;
	if (!logged_peek(rec, &kind, &number) || number <= 0)
		return true;
	if (seq <= c->last_seq && kind == AUDIT_OPENED && number > c->known)
		c->known = number;
	else if (seq > c->last_seq && number <= c->known)
		c->through = seq;
	return true;
}

static void hold_back(struct cutting *c)
{
	for (int i = 0; i < c->n; i++)
		if (c->open[i].seq <= c->last_seq) {
			c->last_seq = c->open[i].seq - 1;
			c->last_ms = c->open[i].ms;
		}
}

static int find(const char *db, const struct log_ends *ends, struct cutting *c, struct err *err)
{
	if (store_each_row(db, ends->base_seq + 1, ends->head_seq, take, c, err) < 0)
		return -1;
	hold_back(c);
	c->through = c->last_seq + 1;
	return store_each_row(db, ends->base_seq + 1, ends->head_seq, follow, c, err);
}

int cut_find(const char *db, int64_t keep_ms, int64_t least_ms, struct cut *ret, struct err *err)
{
	struct cutting c = {0};
	struct log_ends ends;
	int64_t first_ms;
	int failed;

	*ret = (struct cut){0};
	if (store_ends(db, &ends, err) < 0 || time_of(db, ends.base_seq + 1, &first_ms, err) < 0)
		return -1;
	c.before_ms = ends.head_ms - keep_ms;
	if (first_ms + least_ms > c.before_ms) /* most days it ends here */
		return 0;
	failed = find(db, &ends, &c, err);
	free(c.open);
	if (!failed && c.last_seq > ends.base_seq && c.last_seq < ends.head_seq && c.last_ms - first_ms >= least_ms)
		*ret = (struct cut){c.last_seq, c.through};
	return failed;
}
