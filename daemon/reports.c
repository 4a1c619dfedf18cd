#include "reports.h"

#include "base/text.h"
#include "config.h"
#include "perform.h"
#include "retell.h"
#include "store_read.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_ONCE = 500, ASKED_MAX = 8, PART_BYTES = 3000 };

struct report_job {
	struct report_job *next;
	struct retell retell;
	struct arena arena; /* of the strings below and of the path */
	const char *user;
	struct reply_to to;
	enum lang lang;
};

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

struct answered {
	bool verified;
	const char *error; /* NULL: none */
	const char *id;
	int part, parts;
};

static void answer(struct daemon *d, const struct report_job *j, const struct answered *a, const char *text)
{
	struct buf json = {0};
	struct reply r = {.user = j->user, .to = j->to, .ok = !a->error};

	json_open(&json, NULL, '{');
	json_int(&json, "v", 1);
	json_str(&json, "cmd", verb_name(VERB_REPORT));
	json_str(&json, "req", j->to.req);
	json_bool(&json, "ok", !a->error);
	if (a->error)
		json_str(&json, "error", a->error);
	json_str(&json, "id", a->id);
	if (a->parts) {
		json_bool(&json, "verified", a->verified);
		json_int(&json, "part", a->part);
		json_int(&json, "parts", a->parts);
	}
	json_time(&json, "at", clock_now(&d->clock));
	json_str(&json, "text", text);
	json_close(&json, '}');
	r.json = buf_text(&json);
	perform_reply(d, &r);
	buf_fini(&json);
}

static void in_parts(struct daemon *d, const struct report_job *j, const char *text)
{
	struct answered a = {.verified = retell_is_proven(&j->retell),
	                     .id = j->retell.story.opened->inc,
	                     .parts = count_parts(text)};

	while (*text) {
		size_t len = piece(text);
		struct buf part = {0};

		a.part++;
		buf_add(&part, text, len);
		answer(d, j, &a, buf_text(&part));
		buf_fini(&part);
		text += len;
	}
}

/* -- one report -- */

static void write_it(struct daemon *d, struct report_job *j)
{
	const char *hash = j->retell.story.plan;
	struct generation *g = hash ? generation_find(d->newest, hash) : NULL;
	struct report_ask ask = {.lang = j->lang, .plan = g ? g->plan : NULL};
	struct plan *own = NULL;
	struct buf out = {0}, ignored = {0};
	char *bundle;
	size_t len;

	if (!g && hash && (bundle = read_plan(j->retell.path, hash, &len))) {
		own = config_plan(bundle, len, &ignored);
		ask.plan = own && !strcmp(own->hash, hash) ? own : NULL;
		free(bundle);
	}
	if (retell_write(&j->retell, &ask, &out))
		in_parts(d, j, buf_text(&out));
	else
		answer(d, j, &(struct answered){.error = refusal_name(REFUSAL_UNKNOWN_ID)},
		       j->lang == LANG_ZH ? "审计记录中没有这个编号的事件" : "The audit has no incident of that number");
	if (own)
		plan_free(own);
	buf_fini(&out);
	buf_fini(&ignored);
}

static void free_job(struct report_job *j)
{
	retell_fini(&j->retell);
	arena_fini(&j->arena);
	free(j);
}

void reports_ask(struct daemon *d, const struct effect *e)
{
	struct report_job *j = xcalloc(1, sizeof *j), **end = &d->reports;
	const struct reply_to *to = &e->report.reply;
	int n = 0;

	for (; *end; end = &(*end)->next)
		n++;
	arena_init(&j->arena);
	j->user = arena_str(&j->arena, e->report.user);
	j->to = (struct reply_to){to->control, arena_str(&j->arena, to->req), arena_str(&j->arena, to->response_topic),
	                          arena_str(&j->arena, to->correlation)};
	j->lang = e->report.lang;
	retell_begin(&j->retell, arena_str(&j->arena, daemon_plan(d)->store_path), e->report.number);
	if (n >= ASKED_MAX) {
		answer(d, j, &(struct answered){.error = refusal_name(REFUSAL_NOT_NOW)},
		       j->lang == LANG_ZH ? "正在生成其他报告,请稍后再试" : "Other reports are being made; try again later");
		free_job(j);
		return;
	}
	*end = j;
	daemon_soon(d);
}

void reports_go_on(struct daemon *d)
{
	struct report_job *j = d->reports;
	struct err err = {0};
	int more;

	if (!j)
		return;
	more = retell_walk(&j->retell, ROWS_AT_ONCE, &err);
	if (more < 0)
		answer(d, j, &(struct answered){.error = refusal_name(REFUSAL_NOT_NOW)}, err.text);
	else if (!more)
		write_it(d, j);
	if (more <= 0) {
		d->reports = j->next;
		free_job(j);
	}
	if (d->reports)
		daemon_soon(d);
}

void reports_free(struct daemon *d)
{
	struct report_job *j;

	while ((j = d->reports)) {
		d->reports = j->next;
		free_job(j);
	}
}
