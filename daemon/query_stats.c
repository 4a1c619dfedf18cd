/* query_stats.c - the verb `stats`: the alarm figures of the time before the
 * newest row, the same as `tocsin stats --since` counts. */
#include "query.h"

#include "old_plans.h"
#include "records/kpi.h"
#include "records/logged.h"
#include "whole.h"

#include <stdlib.h>
#include <string.h>

enum { LOOKED_AT_ONCE = 1000, OLD_PLANS = 3 };

enum stage { STAGE_BEGIN, STAGE_SPAN, STAGE_PLAN, STAGE_COUNT };

/* Of rows that were let go, or at the end of the list the living one. */
struct file {
	int64_t upto; /* its rows, or those of it that count */
	char *path;   /* NULL: not there any more */
};

struct counting {
	const char *path;
	struct daemon *d; /* while a part of it is done */
	int64_t back_ms;
	enum stage stage;
	int64_t since_ms, upto; /* the time, and the newest row */
	struct file *files;     /* the oldest first */
	int n_files, at, begins_at;
	struct log_span span;
	int64_t looked_to; /* no row from here to the span names a plan */
	char *plan_row;    /* the last one before the span that does */
	struct whole log;
	bool is_cut; /* rows of the time cannot be read */
	struct kpi *kpi;
	struct old_plans plans;
	bool is_slow; /* a plan was read just now: enough for this turn */
	bool is_over;
};

/* -- plans -- */

/* Those in use are not read again; they may be gone at the next turn. */
static const struct plan *plan_of(void *arg, const char *hash)
{
	struct counting *c = arg;
	struct generation *g = generation_find(c->d->newest, hash);
	const struct old_plan *known = c->plans.first;
	const struct plan *plan = g ? g->plan : old_plans_find(&c->plans, hash);

	c->is_slow |= c->plans.first != known;
	return plan;
}

/* -- its files -- */

static bool add_file(void *arg, int64_t upto, const char *file)
{
	struct counting *c = arg;
	char path[PATH_MAX];

	c->files = xrealloc(c->files, (size_t)(c->n_files + 1) * sizeof *c->files);
	c->files[c->n_files++] = (struct file){upto, whole_find(c->path, file, path) ? xstrdup(path) : NULL};
	return true;
}

/* -- its parts -- */

static int begin_count(struct counting *c, struct err *err)
{
	struct log_ends ends;

	if (store_ends(c->path, &ends, err) < 0 || store_segments(c->path, add_file, c, err) < 0)
		return -1;
	c->upto = ends.head_seq;
	c->files = xrealloc(c->files, (size_t)(c->n_files + 1) * sizeof *c->files);
	c->files[c->n_files] = (struct file){c->upto, xstrdup(c->path)};
	c->at = c->n_files++;
	c->since_ms = ends.head_ms - c->back_ms;
	c->kpi = kpi_new(c->since_ms, INT64_MAX, plan_of, c);
	c->is_over = ends.head_ms < 0;
	c->stage = STAGE_SPAN;
	return 0;
}

/* Newest file first, to the one in which the span begins. What is not there is left out. */
static int find_span(struct counting *c, struct err *err)
{
	const struct file *f = &c->files[c->at];
	struct log_span span;
	struct err ignored;
	int found = f->path ? store_span(f->path, c->since_ms, &span, c->at == c->n_files - 1 ? err : &ignored) : -1;
	bool is_here = found > 0 && span.from_seq <= f->upto;

	if (found < 0 && c->at == c->n_files - 1)
		return -1;
	if (is_here) {
		c->span = span;
		c->begins_at = c->at;
		if (span.from_seq == span.first_seq && c->at > 0) {
			c->at--;
			return 0;
		}
	}
	c->is_cut = found < 0 || (is_here && span.from_seq == span.first_seq && span.is_cut);
	c->log.chain = (struct chain_walk){.begun = true, .seq = c->span.from_seq - 1};
	memcpy(c->log.chain.hash, c->span.hash, sizeof c->log.chain.hash);
	c->at = c->begins_at;
	c->looked_to = c->span.from_seq;
	c->stage = STAGE_PLAN;
	return 0;
}

static bool look(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct counting *c = arg;
	enum audit_kind kind;
	int64_t number;

	(void)seq, (void)hash;
	if (logged_peek(rec, &kind, &number) && (kind == AUDIT_PLAN || kind == AUDIT_STARTED)) {
		free(c->plan_row);
		c->plan_row = xstrdup(rec);
	}
	return true;
}

/* The file before, from its end; false: there is none that can be read. */
static bool go_back(struct counting *c)
{
	const struct file *f = c->at > 0 ? &c->files[--c->at] : NULL;
	struct err ignored;

	if (!f || !f->path || store_span(f->path, INT64_MIN, &c->span, &ignored) <= 0)
		return false;
	c->looked_to = f->upto + 1;
	return true;
}

/* Backwards, to the plan that was in force when the span begins. */
static int find_plan(struct counting *c, struct err *err)
{
	int64_t to = c->looked_to - 1;

	if (to < c->span.first_seq) {
		c->stage = go_back(c) ? STAGE_PLAN : STAGE_COUNT;
		return 0;
	}
	c->looked_to -= LOOKED_AT_ONCE;
	if (store_each_row(c->files[c->at].path, c->looked_to, to, look, c, err) < 0)
		return -1;
	if (c->plan_row) {
		kpi_take(c->kpi, c->plan_row);
		c->stage = STAGE_COUNT;
	}
	return 0;
}

static bool take(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct counting *c = arg;

	(void)hash;
	c->is_over = seq >= c->upto;
	if (seq <= c->upto)
		kpi_take(c->kpi, rec);
	return !c->is_over && !c->is_slow;
}

static int count(struct counting *c, struct err *err)
{
	struct row_taker to = {take, c};
	enum walked walked = whole_walk(&c->log, QUERY_ROWS_AT_ONCE, &to, err);

	if (walked == WALK_UNREADABLE)
		return -1;
	if (c->log.chain.v.first_bad)
		return err_set(err, "%s", c->log.chain.v.why);
	c->is_over |= walked == WALK_END;
	return 0;
}

/* -- the answer -- */

static void answer(struct daemon *d, const struct query *q)
{
	struct counting *c = q->own;
	const struct plan *plan = daemon_plan(d);
	struct kpi_figures figures;
	struct buf json = {0}, text = {0}, all = {0};

	kpi_end(c->kpi, &figures);
	kpi_say(&figures, &(struct kpi_voice){plan->site, plan, q->lang}, &text);
	c->is_cut |= c->log.absent.len > 0;
	if (c->is_cut)
		buf_str(&text, query_says(q, "。有归档文件无法读取,其中的记录没有统计", ". Rows in an archive that cannot be read here are not counted"));
	kpi_json(&figures, plan->site, &all);
	query_answer_begin(q, NULL, &json);
	json_str(&json, "id", NULL);
	json_time(&json, "since", c->since_ms);
	json_bool(&json, "whole", !c->is_cut);
	json_raw(&json, "figures", buf_text(&all));
	query_answer_end(d, q, &json, buf_text(&text));
	buf_fini(&text);
	buf_fini(&all);
}

static void *begin(const struct query *q, const struct effect *e)
{
	struct counting *c = xcalloc(1, sizeof *c);

	c->path = q->path;
	c->log.db = c->plans.db = q->path;
	c->plans.most = OLD_PLANS;
	c->back_ms = e->query.back_ms;
	return c;
}

static bool go_on(struct daemon *d, struct query *q)
{
	static int (*const parts[])(struct counting *c, struct err *err) = {begin_count, find_span, find_plan, count};
	struct counting *c = q->own;
	struct err err = {0};

	c->d = d;
	c->is_slow = false;
	if (!c->is_over && parts[c->stage](c, &err) < 0) {
		struct buf text = {0};

		buf_str(&text, query_says(q, "审计记录有问题,指标没有统计;请管理员运行 tocsin audit verify:",
		                          "The audit is not in order, no figures were counted; the administrator should run "
		                          "tocsin audit verify: "));
		buf_str(&text, err.text);
		query_refuse(d, q, REFUSAL_NOT_NOW, buf_text(&text));
		buf_fini(&text);
		return false;
	}
	if (c->is_over)
		answer(d, q);
	return !c->is_over;
}

static void end(void *own)
{
	struct counting *c = own;

	old_plans_free(&c->plans);
	if (c->kpi)
		kpi_free(c->kpi);
	for (int i = 0; i < c->n_files; i++)
		free(c->files[i].path);
	free(c->files);
	whole_fini(&c->log);
	free(c->plan_row);
	free(c);
}

const struct query_kind query_stats = {begin, go_on, end};
