/* stats.c - tocsin stats: the figures of ISA-18.2 from the audit, or with
 * --textfile what a monitoring system wants to know now. */
#include "base/text.h"
#include "metrics.h"
#include "plans.h"
#include "records/kpi.h"
#include "records/logged.h"
#include "records/report.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct counting {
	struct old_plans plans;
	const struct plan *plan; /* of the newest row that was seen */
	int64_t last_ms;
	struct kpi *kpi;
};

static const struct plan *plan_of(void *arg, const char *hash)
{
	struct counting *g = arg;

	g->plan = old_plans_find(&g->plans, hash);
	return g->plan;
}

/* What "since 30 days" counts back from is told by the rows and not by a clock. */
static bool look(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct counting *g = arg;
	enum audit_kind kind;
	struct arena arena;
	int64_t number;
	struct logged l;

	(void)seq, (void)hash;
	kpi_time(rec, &g->last_ms);
	if (!logged_peek(rec, &kind, &number) || (kind != AUDIT_PLAN && kind != AUDIT_STARTED))
		return true;
	arena_init(&arena);
	if (logged_read(rec, &arena, &l) && logged_get(&l, "plan"))
		plan_of(g, logged_get(&l, "plan"));
	arena_fini(&arena);
	return true;
}

static bool take(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct counting *g = arg;

	(void)seq, (void)hash;
	kpi_take(g->kpi, rec);
	return true;
}

static bool time_of(const struct counting *g, const char *text, int64_t *ret_ms)
{
	const struct tz *tz = g->plan && g->plan->tz.n ? &g->plan->tz : NULL;
	int64_t back_ms;

	if (!text)
		return true;
	if (duration_parse(text, &back_ms)) {
		*ret_ms = g->last_ms - back_ms;
		return true;
	}
	return duty_log_time(text, tz, g->last_ms, ret_ms);
}

static void say(const struct cli *c, struct counting *g, const char *site)
{
	struct kpi_figures figures;
	struct kpi_voice voice = {.site = site, .plan = g->plan, .lang = plans_language(c, g->plan)};
	struct buf out = {0};

	kpi_end(g->kpi, &figures);
	if (c->json)
		kpi_json(&figures, site, &out);
	else
		kpi_text(&figures, &voice, &out);
	printf("%s%s", buf_text(&out), c->json ? "\n" : "");
	buf_fini(&out);
}

static int count(const struct cli *c, struct counting *g)
{
	int64_t since_ms = INT64_MIN, until_ms = INT64_MAX;
	struct whole first = {.db = g->plans.db}, second = {.db = g->plans.db};
	enum walked walked = WALK_END;
	struct err err;

	if (c->since || c->until)
		walked = whole_walk(&first, INT64_MAX, &(struct row_taker){look, g}, &err);
	whole_fini(&first);
	if (walked == WALK_UNREADABLE)
		return cli_fail(c, CLI_REFUSED, "unreadable", err.text);
	if (!time_of(g, c->since, &since_ms) || !time_of(g, c->until, &until_ms))
		return cli_fail(c, CLI_USAGE, "usage",
		                "--since 30d, or a time: 2026-11-22T19:10:00Z, or by the site's clocks "
		                "2026-11-22 19:10, 2026-11-22");
	g->kpi = kpi_new(since_ms, until_ms, plan_of, g);
	walked = whole_walk(&second, INT64_MAX, &(struct row_taker){take, g}, &err);
	plans_absent(&second);
	if (walked == WALK_UNREADABLE)
		return cli_fail(c, CLI_REFUSED, "unreadable", err.text);
	if (second.chain.v.first_bad)
		return cli_fail(c, CLI_REFUSED, "unproven", second.chain.v.why);
	say(c, g, second.chain.site);
	return CLI_DONE;
}

int stats_command(const struct cli *c)
{
	struct counting g = {0};
	struct head unused;
	char *db;
	int code;

	if (c->textfile)
		return metrics_command(c);
	code = plans_db(c, &unused, &db);
	if (code)
		return code;
	g.plans.db = db;
	code = count(c, &g);
	if (g.kpi)
		kpi_free(g.kpi);
	old_plans_free(&g.plans);
	free(db);
	return code;
}
