/* report.c - `tocsin report ID` and `tocsin log`: records from the audit alone.
 * They read the database, the daemon's or a copy; the daemon is only asked
 * where it is. */
#include "base/arena.h"
#include "plans.h"
#include "print.h"
#include "records/kpi.h"
#include "retell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_json(const struct cli *c, bool verified, const char *text)
{
	struct buf out = {0};

	json_open(&out, NULL, '{');
	json_bool(&out, "ok", verified);
	json_str(&out, "id", c->args[0]);
	json_bool(&out, "verified", verified);
	json_str(&out, "text", text);
	json_close(&out, '}');
	puts(buf_text(&out));
	buf_fini(&out);
}

static int write_report(const struct cli *c, struct retell *r, const char *db)
{
	struct old_plans plans = {.db = db};
	struct report_ask ask = {.html = c->html};
	struct buf out = {0};
	bool there, proven = retell_is_proven(r);

	ask.plan = r->story.plan ? old_plans_find(&plans, r->story.plan) : NULL;
	ask.lang = plans_language(c, ask.plan);
	plans_absent(&r->log); /* once said */
	there = retell_write(r, &ask, &out);
	if (there && c->json)
		put_json(c, proven, buf_text(&out));
	else
		fputs(buf_text(&out), stdout);
	buf_fini(&out);
	old_plans_free(&plans);
	if (!there)
		return cli_fail(c, CLI_REFUSED, "unknown_id", "the audit has no incident of that number");
	if (!proven && !c->json)
		cli_fail(c, CLI_REFUSED, "unproven", "NOT VERIFIED: the report says where the audit chain is broken");
	else if (r->log.chain.v.first_bad && !c->json)
		cli_fail(c, CLI_REFUSED, "unproven", r->log.chain.v.why);
	return proven && !r->log.chain.v.first_bad ? CLI_DONE : CLI_REFUSED;
}

int report_command(const struct cli *c)
{
	struct head head = {0};
	struct retell r;
	struct err err = {0};
	char *db;
	int code;

	if (print_number(c->args[0]) < 1)
		return cli_fail(c, CLI_USAGE, "unknown_id", "an incident id looks like G-17, g17 or 17");
	code = plans_db(c, &head, &db);
	if (code)
		return code;
	retell_begin(&r, db, print_number(c->args[0]));
	r.known_seq = head.seq;
	memcpy(r.known_hash, head.hash, sizeof r.known_hash);
	if (retell_walk(&r, INT64_MAX, &err) == WALK_UNREADABLE)
		code = cli_fail(c, CLI_REFUSED, "unreadable", err.text);
	else
		code = write_report(c, &r, db);
	retell_fini(&r);
	free(db);
	return code;
}

/* -- the log -- */

struct logging {
	struct duty_log log;
	struct buf out;
	int64_t last_ms, handed_ms; /* of the newest row, of the last hand-over */
	const struct plan *plan;    /* of the newest row */
	struct old_plans plans;
};

/* First walk: what "today" and "this shift" mean, told by the rows and not by a clock. */
static bool look(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct logging *g = arg;
	enum audit_kind kind;
	struct arena arena;
	struct logged l;
	int64_t number, at_ms;

	(void)seq, (void)hash;
	if (kpi_time(rec, &at_ms))
		g->last_ms = at_ms;
	if (!logged_peek(rec, &kind, &number) || (kind != AUDIT_PLAN && kind != AUDIT_STARTED && kind != AUDIT_HANDOVER))
		return true;
	arena_init(&arena);
	if (logged_read(rec, &arena, &l)) {
		const char *plan = kind != AUDIT_HANDOVER ? logged_get(&l, "plan") : NULL;

		if (plan)
			g->plan = old_plans_find(&g->plans, plan);
		if (duty_log_is_handover(&l))
			g->handed_ms = l.at_ms;
	}
	arena_fini(&arena);
	return true;
}

static bool take(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct logging *g = arg;

	(void)hash;
	duty_log_take(&g->log, seq, rec, &g->out);
	if (g->out.len > 1 << 16) {
		fputs(buf_text(&g->out), stdout);
		buf_clear(&g->out);
	}
	return !ferror(stdout);
}

static int span(const struct cli *c, struct logging *g)
{
	const struct tz *tz = g->plan && g->plan->tz.n ? &g->plan->tz : NULL;

	g->log.since_ms = c->shift ? g->handed_ms : INT64_MIN;
	g->log.until_ms = INT64_MAX;
	if ((c->since && !duty_log_time(c->since, tz, g->last_ms, &g->log.since_ms)) ||
	    (c->until && !duty_log_time(c->until, tz, g->last_ms, &g->log.until_ms)))
		return cli_fail(c, CLI_USAGE, "usage",
		                "a time is written 2026-11-22T19:10:00Z, or by the site's clocks 2026-11-22 19:10, "
		                "2026-11-22, or 19:10 of the last day");
	return CLI_DONE;
}

static int write_log(const struct cli *c, struct logging *g, const char *db, struct err *err)
{
	struct whole first = {.db = db}, second = {.db = db};
	enum walked walked = whole_walk(&first, INT64_MAX, &(struct row_taker){look, g}, err);
	int code;

	plans_absent(&first);
	code = walked == WALK_UNREADABLE ? cli_fail(c, CLI_REFUSED, "unreadable", err->text) : span(c, g);
	if (code)
		return code;
	g->log.lang = plans_language(c, g->plan);
	g->log.json = c->json;
	g->log.plan_of = old_plans_find;
	g->log.arg = &g->plans;
	walked = whole_walk(&second, first.chain.v.rows, &(struct row_taker){take, g}, err);
	whole_fini(&second);
	if (walked == WALK_UNREADABLE)
		return cli_fail(c, CLI_REFUSED, "unreadable", err->text);
	fputs(buf_text(&g->out), stdout);
	if (second.chain.v.first_bad)
		return cli_fail(c, CLI_REFUSED, "unproven", second.chain.v.why);
	return CLI_DONE;
}

int report_log(const struct cli *c)
{
	struct logging g = {.handed_ms = INT64_MIN};
	struct err err = {0};
	struct head unused;
	char *db;
	int code = plans_db(c, &unused, &db);

	if (code)
		return code;
	g.plans.db = db;
	code = write_log(c, &g, db, &err);
	buf_fini(&g.out);
	old_plans_free(&g.plans);
	free(db);
	return code;
}
