/* query_report.c - the verb `report`: an incident's report in numbered parts. */
#include "query.h"

#include "base/text.h"
#include "old_plans.h"
#include "retell.h"

#include <stdlib.h>
#include <string.h>

enum { PART_BYTES = 3000 };

/* -- parts -- */

/* The longest piece that ends with a line, or at least between characters. */
static size_t piece(const char *text)
{
	size_t len = utf8_cut(text, PART_BYTES), line = len;

	if (!text[len])
		return len;
	while (line > 0 && text[line - 1] != '\n')
		line--;
	return line ? line : len ? len : strlen(text);
}

static int count_parts(const char *text)
{
	int n = 0;

	for (; *text; text += piece(text))
		n++;
	return n;
}

static void in_parts(struct daemon *d, const struct query *q, const char *text)
{
	const struct retell *r = q->own;
	int n = 0, of = count_parts(text);

	while (*text) {
		size_t len = piece(text);
		struct buf part = {0}, json = {0};

		buf_add(&part, text, len);
		query_answer_begin(q, NULL, &json);
		json_str(&json, "id", r->story.opened->inc);
		json_bool(&json, "verified", retell_is_proven(r));
		json_int(&json, "part", ++n);
		json_int(&json, "parts", of);
		if (n < of)
			control_more(d->control, q->to.control);
		query_answer_end(d, q, &json, buf_text(&part));
		buf_fini(&part);
		text += len;
	}
}

/* -- one report -- */

/* Perhaps it stands in an archive that is kept elsewhere. */
static void unknown(struct daemon *d, const struct query *q)
{
	const struct retell *r = q->own;
	struct buf text = {0};

	buf_str(&text, query_says(q, "审计记录中没有这个编号的事件", "The audit has no incident of that number"));
	if (r->log.absent.len)
		buf_printf(&text, "%s%s)", query_says(q, "(有归档文件无法读取:", " ("), buf_text(&r->log.absent));
	query_refuse(d, q, REFUSAL_UNKNOWN_ID, buf_text(&text));
	buf_fini(&text);
}

static void write_it(struct daemon *d, const struct query *q)
{
	struct retell *r = q->own;
	const char *hash = r->story.plan;
	struct generation *g = hash ? generation_find(d->newest, hash) : NULL;
	struct old_plans old = {.db = r->log.db};
	struct report_ask ask = {.lang = q->lang,
	                         .plan = g ? g->plan : hash ? old_plans_find(&old, hash) : NULL};
	struct buf out = {0};

	if (retell_write(r, &ask, &out))
		in_parts(d, q, buf_text(&out));
	else
		unknown(d, q);
	old_plans_free(&old);
	buf_fini(&out);
}

static void *begin(const struct query *q, const struct effect *e)
{
	struct retell *r = xcalloc(1, sizeof *r);

	retell_begin(r, q->path, e->query.number);
	return r;
}

static bool go_on(struct daemon *d, struct query *q)
{
	struct err err = {0};
	enum walked walked = retell_walk(q->own, QUERY_ROWS_AT_ONCE, &err);

	if (walked == WALK_UNREADABLE)
		query_refuse(d, q, REFUSAL_NOT_NOW, err.text);
	else if (walked == WALK_END)
		write_it(d, q);
	return walked == WALK_MORE;
}

static void end(void *own)
{
	retell_fini(own);
	free(own);
}

const struct query_kind query_report = {begin, go_on, end};
