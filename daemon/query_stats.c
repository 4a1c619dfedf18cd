/* query_stats.c - the verb `stats`: the alarm figures of the time before the
 * newest row, the same as `tocsin stats --since` counts. */
#include "query.h"

#include "config.h"
#include "records/kpi.h"
#include "records/logged.h"
#include "store_read.h"
#include "whole.h"

#include <stdlib.h>
#include <string.h>

enum { LOOKED_AT_ONCE = 1000 };

/* A plan of long ago, as the store keeps it. */
struct old_plan {
	struct old_plan *next;
	char *hash;
	struct plan *plan; /* NULL: not kept */
};

enum stage { STAGE_SPAN, STAGE_PLAN, STAGE_COUNT };

struct counting {
	const char *path;
	struct daemon *d; /* while a part of it is done */
	int64_t back_ms;
	enum stage stage;
	struct log_span span;
	int64_t looked_to; /* no row from here to the span names a plan */
	char *plan_row;    /* the last one before the span that does */
	struct whole log;  /* the rows may be archived while they are counted */
	struct kpi *kpi;
	struct old_plan *plans;
	bool is_slow; /* a plan was read just now: enough for this turn */
	bool is_over;
};

/* -- plans -- */

static struct old_plan *read_old(struct counting *c, const char *hash)
{
	struct old_plan *o = xcalloc(1, sizeof *o);
	struct buf ignored = {0};
	size_t len;
	char *bundle = read_plan(c->path, hash, &len);

	*o = (struct old_plan){c->plans, xstrdup(hash), bundle ? config_plan(bundle, len, &ignored) : NULL};
	if (o->plan && strcmp(o->plan->hash, hash) != 0) {
		plan_free(o->plan);
		o->plan = NULL;
	}
	c->plans = o;
	c->is_slow = true;
	free(bundle);
	buf_fini(&ignored);
	return o;
}

/* Those in use are not read again; they may be gone at the next turn. */
static const struct plan *plan_of(void *arg, const char *hash)
{
	struct counting *c = arg;
	struct generation *g = generation_find(c->d->newest, hash);
	struct old_plan *o = c->plans;

	while (!g && o && strcmp(o->hash, hash) != 0)
		o = o->next;
	return g ? g->plan : o ? o->plan : read_old(c, hash)->plan;
}

/* -- its parts -- */

static int find_span(struct counting *c, struct err *err)
{
	int found = store_span(c->path, c->back_ms, &c->span, err);

	if (found < 0)
		return -1;
	c->kpi = kpi_new(c->span.since_ms, INT64_MAX, plan_of, c);
	c->log = (struct whole){.db = c->path, .chain = {.begun = true, .seq = c->span.from_seq - 1}};
	memcpy(c->log.chain.hash, c->span.hash, sizeof c->log.chain.hash);
	c->looked_to = c->span.from_seq;
	c->is_over = !found;
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

/* Backwards, to the plan that was in force when the span begins. */
static int find_plan(struct counting *c, struct err *err)
{
	int64_t to = c->looked_to - 1;

	c->looked_to -= LOOKED_AT_ONCE;
	if (to >= c->span.first_seq && store_each_row(c->path, c->looked_to, to, look, c, err) < 0)
		return -1;
	if (c->plan_row)
		kpi_take(c->kpi, c->plan_row);
	if (c->plan_row || c->looked_to <= c->span.first_seq)
		c->stage = STAGE_COUNT;
	return 0;
}

static bool take(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct counting *c = arg;

	(void)hash;
	c->is_over = seq >= c->span.upto_seq;
	if (seq <= c->span.upto_seq)
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
	c->span.is_cut |= c->log.absent.len > 0;
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
	if (c->span.is_cut)
		buf_str(&text, query_says(q, "。更早的记录已归档,不在其中", ". Rows before that stand in an archive and are not counted"));
	kpi_json(&figures, plan->site, &all);
	query_answer_begin(q, NULL, &json);
	json_str(&json, "id", NULL);
	json_time(&json, "since", c->span.since_ms);
	json_bool(&json, "whole", !c->span.is_cut);
	json_raw(&json, "figures", buf_text(&all));
	query_answer_end(d, q, &json, buf_text(&text));
	buf_fini(&text);
	buf_fini(&all);
}

static void *begin(const struct query *q, const struct effect *e)
{
	struct counting *c = xcalloc(1, sizeof *c);

	c->path = q->path;
	c->back_ms = e->query.back_ms;
	return c;
}

static bool go_on(struct daemon *d, struct query *q)
{
	static int (*const parts[])(struct counting *c, struct err *err) = {find_span, find_plan, count};
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
	struct old_plan *o;

	while ((o = c->plans)) {
		c->plans = o->next;
		if (o->plan)
			plan_free(o->plan);
		free(o->hash);
		free(o);
	}
	if (c->kpi)
		kpi_free(c->kpi);
	free(c->plan_row);
	whole_fini(&c->log);
	free(c);
}

const struct query_kind query_stats = {begin, go_on, end};
