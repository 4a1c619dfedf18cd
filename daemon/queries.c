/* queries.c - those who asked the audit something wait in a row; at each turn
 * the first one's log is read a part further, and the next one's turn comes. */
#include "queries.h"

#include "fault.h"
#include "perform.h"
#include "query.h"

#include <stdlib.h>
#include <string.h>

enum { ASKED_MAX = 8, HELD_AT = 4 };

/* -- answers -- */

const char *query_says(const struct query *q, const char *zh, const char *en)
{
	return q->lang == LANG_ZH ? zh : en;
}

void query_answer_begin(const struct query *q, const char *error, struct buf *json)
{
	json_open(json, NULL, '{');
	json_int(json, "v", 1);
	json_str(json, "cmd", verb_name(q->verb));
	json_str(json, "req", q->to.req);
	json_bool(json, "ok", !error);
	if (error)
		json_str(json, "error", error);
}

void query_answer_end(struct daemon *d, const struct query *q, struct buf *json, const char *text)
{
	struct reply r = {.user = q->user, .to = q->to};

	json_time(json, "at", clock_now(&d->clock));
	json_str(json, "text", text);
	json_close(json, '}');
	r.json = buf_text(json);
	perform_reply(d, &r);
	buf_fini(json);
}

void query_refuse(struct daemon *d, const struct query *q, enum refusal why, const char *text)
{
	struct buf json = {0};

	query_answer_begin(q, refusal_name(why), &json);
	json_str(&json, "id", NULL);
	query_answer_end(d, q, &json, text);
}

/* -- the row of them -- */

static const struct query_kind *kind_of(const struct query *q)
{
	return q->verb == VERB_STATS ? &query_stats : &query_report;
}

static void free_query(struct query *q)
{
	kind_of(q)->end(q->own);
	arena_fini(&q->arena);
	free(q);
}

/* Why it is not taken now; NULL: it is. A person has enough to do with one lot of figures. */
static const char *is_too_much(const struct daemon *d, const struct query *q)
{
	int n = 0;

	for (const struct query *o = d->queries; o; o = o->next) {
		n++;
		if (q->verb == VERB_STATS && o->verb == q->verb && q->user && o->user && !strcmp(o->user, q->user))
			return query_says(q, "您上次要的指标还在统计,请等结果出来后再试",
			                  "The figures you asked for are still being counted; try again when they are there");
	}
	return n < ASKED_MAX ? NULL
	                     : query_says(q, "正在生成其他报告,请稍后再试",
	                                  "Other reports are being made; try again later");
}

void queries_ask(struct daemon *d, const struct effect *e)
{
	struct query *q = xcalloc(1, sizeof *q), **end = &d->queries;
	const struct reply_to *to = &e->query.reply;
	const char *why;

	arena_init(&q->arena);
	q->user = arena_str(&q->arena, e->query.user);
	q->path = arena_str(&q->arena, daemon_plan(d)->store_path);
	q->to = (struct reply_to){to->control, arena_str(&q->arena, to->req), arena_str(&q->arena, to->response_topic),
	                          arena_str(&q->arena, to->correlation)};
	q->verb = e->query.verb;
	q->lang = e->query.lang;
	q->own = kind_of(q)->begin(q, e);
	why = is_too_much(d, q);
	if (why) {
		query_refuse(d, q, REFUSAL_NOT_NOW, why);
		free_query(q);
		return;
	}
	while (*end)
		end = &(*end)->next;
	*end = q;
	daemon_soon(d);
}

void queries_go_on(struct daemon *d)
{
	struct query *q = d->queries, **end = &d->queries;

	if (!q || (q->n_parts >= HELD_AT && fault_on("query-hold")))
		return;
	q->n_parts++;
	d->queries = q->next;
	q->next = NULL;
	if (kind_of(q)->go_on(d, q)) {
		while (*end)
			end = &(*end)->next;
		*end = q;
	} else {
		free_query(q);
	}
	if (d->queries)
		daemon_soon(d);
}

void queries_free(struct daemon *d)
{
	struct query *q;

	while ((q = d->queries)) {
		d->queries = q->next;
		free_query(q);
	}
}
