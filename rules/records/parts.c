/* parts.c - the sections of a report: what was late, what was suppressed, who
 * was told, the steps against their limits, the course row by row. */
#include "records/parts.h"

#include "records/told.h"

#include <stdlib.h>
#include <string.h>

enum { CELLS = PAPER_COLUMNS };

static bool zh(const struct writing *w)
{
	return w->voice->lang == LANG_ZH;
}

static void heading(const struct writing *w, const char *in_zh, const char *in_en)
{
	paper_heading(w->paper, zh(w) ? in_zh : in_en);
}

const char *writing_clock(const struct writing *w, int64_t at_ms, struct buf *buf)
{
	buf_clear(buf);
	if (at_ms >= 0)
		voice_clock(w->voice, at_ms, w->story->opened->at_ms, buf);
	return buf_text(buf);
}

/* "03:10:34 #12 sentence" */
static void put_row(const struct writing *w, const struct logged *l, const char *more)
{
	struct buf line = {0};

	writing_clock(w, l->at_ms, &line);
	buf_printf(&line, " #%lld ", (long long)l->seq);
	if (l->inc && l->number != w->story->number)
		buf_printf(&line, "%s ", l->inc);
	say_row(w->voice, l, &line);
	buf_str(&line, more);
	paper_line(w->paper, buf_text(&line));
	buf_fini(&line);
}

static void nothing(const struct writing *w, const char *in_zh, const char *in_en)
{
	paper_line(w->paper, zh(w) ? in_zh : in_en);
}

/* -- late -- */

static bool is_late(const struct logged *l)
{
	const char *state = logged_get(l, "state");

	if (sentence_of(l->kind)->parts & PART_LATE || logged_true(l, "late"))
		return true;
	if (l->kind == AUDIT_CALLED) /* by itself: nobody acknowledged the level before in its time */
		return !strcmp(l->who, "system") && logged_get(l, "level");
	if (l->kind == AUDIT_DECIDED)
		return logged_true(l, "otherwise");
	if (l->kind == AUDIT_FEEDBACK)
		return state && !strcmp(state, "failed");
	return l->kind == AUDIT_STEP && logged_true(l, "overdue") && state && !strcmp(state, "open");
}

static const char *why_late(const struct writing *w, const struct logged *l)
{
	if (l->kind == AUDIT_CALLED && !logged_get(l, "skipped"))
		return zh(w) ? ";此前无人按时确认" : "; nobody had acknowledged in time";
	if (l->kind == AUDIT_DECIDED)
		return zh(w) ? ";无人按时决定" : "; nobody had decided in time";
	return "";
}

/* A step that ended after its limit, by how much. */
static int late_steps(const struct writing *w)
{
	int n, any = 0;
	struct step_told *steps = steps_of(w->story, &n);

	for (int i = 0; i < n; i++) {
		struct buf line = {0};

		if (steps[i].due_ms < 0 || steps[i].ended_ms <= steps[i].due_ms)
			continue;
		buf_str(&line, zh(w) ? "步骤 " : "step ");
		voice_step(w->voice, steps[i].id, &line);
		buf_str(&line, zh(w) ? ":超过期限 " : ": ended after its limit, by ");
		voice_span(w->voice, steps[i].ended_ms - steps[i].due_ms, &line);
		paper_line(w->paper, buf_text(&line));
		buf_fini(&line);
		any++;
	}
	free(steps);
	return any;
}

void part_late(const struct writing *w)
{
	int any = 0;

	heading(w, "哪些事超时或未到", "What was late or did not arrive");
	for (int i = 0; i < w->story->n; i++)
		if (!w->story->rows[i].before && is_late(&w->story->rows[i].l)) {
			put_row(w, &w->story->rows[i].l, why_late(w, &w->story->rows[i].l));
			any++;
		}
	if (!(late_steps(w) + any))
		nothing(w, "没有。", "Nothing.");
}

/* -- suppressed -- */

static bool is_flag(const struct logged *l, const char *key)
{
	const char *text = logged_get(l, key);

	return text && *text && strcmp(text, "false") != 0;
}

void part_suppressed(const struct writing *w)
{
	int any = 0;

	heading(w, "哪些被屏蔽、隔离或停用", "What was suppressed");
	for (int i = 0; i < w->story->n; i++) {
		const struct story_row *r = &w->story->rows[i];
		unsigned parts = sentence_of(r->l.kind)->parts;

		bool explained = is_flag(&r->l, "because") && !(parts & PART_COMMAND) && r->l.kind != AUDIT_STEP;

		if (!(parts & (PART_SUPPRESS | PART_RELEASE)) && !explained)
			continue;
		if (r->before && !any)
			nothing(w, "开始时已生效:", "In force when it began:");
		put_row(w, &r->l, "");
		any++;
	}
	if (!any)
		nothing(w, "没有。", "Nothing.");
}

/* -- told -- */

static void told_row(const struct writing *w, const struct told *t)
{
	struct buf kind = {0}, person = {0}, sent = {0}, delivered = {0}, failed = {0};

	voice_word(w->voice, t->kind, &kind);
	if (t->repeat)
		buf_str(&kind, zh(w) ? "(重发)" : " (repeat)");
	voice_person(w->voice, t->person, &person);
	writing_clock(w, t->failed_ms, &failed);
	if (*t->why)
		buf_printf(&failed, " %s", t->why);
	paper_row(w->paper, (const char *const[CELLS]){t->notice, buf_text(&kind), buf_text(&person), t->channel,
	                                               writing_clock(w, t->sent_ms, &sent),
	                                               writing_clock(w, t->delivered_ms, &delivered),
	                                               buf_text(&failed)});
	buf_fini(&kind);
	buf_fini(&person);
	buf_fini(&sent);
	buf_fini(&delivered);
	buf_fini(&failed);
}

/* When somebody first said or did anything about it: then he knew. */
static int64_t first_word_of(const struct story *s, const char *person)
{
	size_t len = strlen(person);

	for (int i = 0; i < s->n; i++) {
		const char *who = s->rows[i].l.who;
		size_t n = strlen(who);

		if (s->rows[i].before || s->rows[i].meanwhile)
			continue;
		if (!strcmp(who, person) ||
		    (n > len + 5 && !strcmp(who + n - len, person) && !strncmp(who + n - len - 5, " for ", 5)))
			return s->rows[i].l.at_ms;
	}
	return -1;
}

static bool is_first_of_person(const struct told *all, int i)
{
	for (int k = 0; k < i; k++)
		if (!strcmp(all[k].person, all[i].person))
			return false;
	return true;
}

static int64_t earliest(const struct told *all, int n, int i, bool delivered)
{
	int64_t at_ms = -1;

	for (int k = 0; k < n; k++) {
		int64_t this_ms = delivered ? all[k].delivered_ms : all[k].sent_ms;

		if (!strcmp(all[k].person, all[i].person) && this_ms >= 0 && (at_ms < 0 || this_ms < at_ms))
			at_ms = this_ms;
	}
	return at_ms;
}

static void people(const struct writing *w, const struct told *all, int n)
{
	paper_table(w->paper, 4,
	            zh(w) ? (const char *const[CELLS]){"人员", "首次通知发出", "首次送达", "本人首次回应"}
	                  : (const char *const[CELLS]){"PERSON", "FIRST NOTICE LEFT", "FIRST DELIVERED",
	                                               "FIRST ANSWER OR ACT"});
	for (int i = 0; i < n; i++) {
		struct buf person = {0}, sent = {0}, delivered = {0}, acted = {0};

		if (!is_first_of_person(all, i))
			continue;
		voice_person(w->voice, all[i].person, &person);
		paper_row(w->paper,
		          (const char *const[CELLS]){
		              buf_text(&person), writing_clock(w, earliest(all, n, i, false), &sent),
		              writing_clock(w, earliest(all, n, i, true), &delivered),
		              writing_clock(w, first_word_of(w->story, all[i].person), &acted)});
		buf_fini(&person);
		buf_fini(&sent);
		buf_fini(&delivered);
		buf_fini(&acted);
	}
	paper_table_end(w->paper);
}

void part_told(const struct writing *w)
{
	int n;
	struct told *all = told_of(w->story, &n);

	heading(w, "谁在何时经何渠道得知", "Who was told, when, by which channel");
	if (!n)
		nothing(w, "没有发出通知的记录。", "No notice is on record as sent.");
	people(w, all, n);
	if (n && !w->paper->html)
		buf_char(&w->paper->out, '\n');
	paper_table(w->paper, 7,
	            zh(w) ? (const char *const[CELLS]){"通知", "类别", "人员", "渠道", "发出", "送达", "失败"}
	                  : (const char *const[CELLS]){"NOTICE", "KIND", "PERSON", "CHANNEL", "LEFT", "DELIVERED",
	                                               "FAILED"});
	for (int i = 0; i < n; i++)
		told_row(w, &all[i]);
	paper_table_end(w->paper);
	free(all);
}

/* -- steps -- */

static void step_line(const struct writing *w, const struct step_told *t)
{
	struct buf name = {0}, who = {0}, opened = {0}, due = {0}, ended = {0}, state = {0}, took = {0};

	voice_step(w->voice, t->id, &name);
	if (*t->by && strcmp(t->by, "system") != 0)
		voice_person(w->voice, t->by, &who);
	else if (*t->person)
		voice_person(w->voice, t->person, &who);
	voice_word(w->voice, t->state, &state);
	if (*t->note)
		buf_printf(&state, zh(w) ? ":「%s」" : ": \"%s\"", t->note);
	if (t->opened_ms >= 0 && t->ended_ms >= 0)
		voice_span(w->voice, t->ended_ms - t->opened_ms, &took);
	if (t->due_ms >= 0 && (t->overdue || t->ended_ms > t->due_ms))
		buf_str(&took, zh(w) ? " 超时" : " LATE");
	writing_clock(w, t->due_ms, &due);
	if (t->due_ms >= 0 && t->opened_ms >= 0) {
		buf_str(&due, " (");
		voice_span(w->voice, t->due_ms - t->opened_ms, &due);
		buf_char(&due, ')');
	}
	paper_row(w->paper, (const char *const[CELLS]){buf_text(&name), buf_text(&who),
	                                               writing_clock(w, t->opened_ms, &opened), buf_text(&due),
	                                               writing_clock(w, t->ended_ms, &ended), buf_text(&took),
	                                               buf_text(&state)});
	buf_fini(&name);
	buf_fini(&who);
	buf_fini(&opened);
	buf_fini(&due);
	buf_fini(&ended);
	buf_fini(&state);
	buf_fini(&took);
}

void part_steps(const struct writing *w)
{
	int n;
	struct step_told *all = steps_of(w->story, &n);

	heading(w, "处置步骤与期限", "Steps against their limits");
	if (!n)
		nothing(w, "没有。", "None.");
	paper_table(w->paper, 7,
	            zh(w) ? (const char *const[CELLS]){"步骤", "人员", "开始", "期限", "结束", "用时", "结果"}
	                  : (const char *const[CELLS]){"STEP", "WHO", "BEGAN", "LIMIT", "ENDED", "TOOK", "RESULT"});
	for (int i = 0; i < n; i++)
		step_line(w, &all[i]);
	paper_table_end(w->paper);
	free(all);
}

/* -- rows of one matter -- */

void part_of(const struct writing *w, unsigned parts, const char *in_zh, const char *in_en)
{
	bool any = false;

	for (int i = 0; i < w->story->n; i++) {
		const struct story_row *r = &w->story->rows[i];

		if (r->before || !(sentence_of(r->l.kind)->parts & parts))
			continue;
		if (!any && in_zh)
			heading(w, in_zh, in_en);
		any = true;
		put_row(w, &r->l, "");
	}
}

/* Photos and notes kept elsewhere, named by their hash. */
void part_files(const struct writing *w)
{
	static const char *const algorithms[] = {"sha256:", "sha3-256:", "sha512:"};
	bool any = false;

	for (int i = 0; i < w->story->n; i++)
		for (int k = 0; k < w->story->rows[i].l.n; k++) {
			const struct logged *l = &w->story->rows[i].l;
			struct buf line = {0};
			bool is_file = false;

			for (size_t a = 0; a < sizeof algorithms / sizeof *algorithms; a++)
				is_file |= strstr(l->facts[k].text, algorithms[a]) != NULL;
			if (!is_file)
				continue;
			if (!any)
				heading(w, "照片与附件(按散列值)", "Photos and files, by their hash");
			any = true;
			buf_printf(&line, "#%lld %s: %s", (long long)l->seq, l->facts[k].key, l->facts[k].text);
			paper_line(w->paper, buf_text(&line));
			buf_fini(&line);
		}
}

void part_course(const struct writing *w)
{
	heading(w, "经过", "Course, row by row");
	for (int i = 0; i < w->story->n; i++)
		if (!w->story->rows[i].before && !w->story->rows[i].after)
			put_row(w, &w->story->rows[i].l, "");
}

void part_after(const struct writing *w)
{
	bool any = false;

	for (int i = 0; i < w->story->n; i++) {
		if (!w->story->rows[i].after)
			continue;
		if (!any)
			heading(w, "结束之后的记录", "Recorded after the end");
		any = true;
		put_row(w, &w->story->rows[i].l, "");
	}
}
