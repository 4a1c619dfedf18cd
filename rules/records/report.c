/* report.c - the report of one incident: its head, its sections, its proof. */
#include "records/report.h"

#include "records/parts.h"

#include <string.h>

struct page {
	struct writing w;
	const struct report_ask *ask;
};

static bool zh(const struct page *p)
{
	return p->ask->lang == LANG_ZH;
}

static void pair(const struct page *p, const char *in_zh, const char *in_en, struct buf *value)
{
	paper_pair(p->w.paper, zh(p) ? in_zh : in_en, buf_text(value));
	buf_fini(value);
}

bool proof_holds(const struct proof *p, int64_t upto)
{
	return (!p->first_bad || p->first_bad > upto) && (!p->known_seq || p->known_agrees);
}

/* -- what it was -- */

static const struct logged *first_of(const struct story *s, enum audit_kind kind)
{
	for (int i = 0; i < s->n; i++)
		if (s->rows[i].l.kind == kind && !s->rows[i].meanwhile)
			return &s->rows[i].l;
	return NULL;
}

/* Of its own life: steps and commands have states and reasons of their own. */
static const char *last_fact(const struct story *s, const char *key)
{
	const char *found = NULL;

	for (int i = 0; i < s->n; i++) {
		const struct logged *l = &s->rows[i].l;
		bool of_life = !s->rows[i].meanwhile && l->kind != AUDIT_STEP &&
		               !(sentence_of(l->kind)->parts & PART_COMMAND);

		if (of_life && logged_get(l, key))
			found = logged_get(l, key);
	}
	return found;
}

static bool is_drill(const struct story *s)
{
	for (int i = 0; i < s->n; i++)
		if (!s->rows[i].meanwhile && logged_true(&s->rows[i].l, "drill"))
			return true;
	return false;
}

static void put_grades(const struct page *p)
{
	const struct story *s = p->w.story;
	const char *was = NULL;
	struct buf text = {0};

	for (int i = 0; i < s->n; i++) {
		const char *grade = s->rows[i].meanwhile ? NULL : logged_get(&s->rows[i].l, "grade");

		if (!grade || (was && !strcmp(was, grade)))
			continue;
		buf_str(&text, was ? " → " : "");
		voice_word(p->w.voice, grade, &text);
		was = grade;
	}
	pair(p, "级别", "Grade", &text);
}

/* Who raised it, by what value: the cause as it was known at that moment. */
static void put_cause(const struct page *p)
{
	const struct logged *l = p->w.story->opened;
	const char *value = logged_get(l, "value"), *words = logged_get(l, "words");
	const char *because = last_fact(p->w.story, "because");
	struct buf text = {0};

	voice_person(p->w.voice, l->who, &text);
	if (value && *value)
		buf_printf(&text, ", %s", value);
	if (words)
		buf_printf(&text, zh(p) ? ",「%s」" : ", \"%s\"", words);
	pair(p, "由谁发现", "Raised by", &text);
	if (!because)
		return;
	buf_str(&text, because);
	pair(p, "归因于", "Explained by", &text);
}

static void put_first_ack(const struct page *p)
{
	const struct logged *l = first_of(p->w.story, AUDIT_ACKED);
	struct buf text = {0};

	if (l) {
		voice_person(p->w.voice, l->who, &text);
		buf_str(&text, ", ");
		voice_time(p->w.voice, l->at_ms, &text);
		buf_str(&text, zh(p) ? ",发现后 " : ", after ");
		voice_span(p->w.voice, l->at_ms - p->w.story->opened->at_ms, &text);
	} else {
		buf_str(&text, zh(p) ? "无人" : "nobody");
	}
	pair(p, "首先确认", "First acknowledged by", &text);
}

static void put_end(const struct page *p)
{
	const struct story *s = p->w.story;
	struct buf text = {0};

	if (s->closed) {
		voice_time(p->w.voice, s->closed->at_ms, &text);
		buf_str(&text, zh(p) ? ",历时 " : ", after ");
		voice_span(p->w.voice, s->closed->at_ms - s->opened->at_ms, &text);
	} else {
		const char *state = last_fact(s, "state");

		buf_printf(&text, zh(p) ? "尚未结束(截至第 %lld 行" : "still open (as of row %lld",
		           (long long)s->last_seq);
		if (state && state_from(state) >= 0) {
			buf_str(&text, zh(p) ? "," : ", ");
			voice_word(p->w.voice, state, &text);
		}
		buf_char(&text, ')');
	}
	pair(p, "结束", "Ended", &text);
}

static void put_plan(const struct page *p)
{
	const char *zone = p->ask->plan && p->ask->plan->timezone ? p->ask->plan->timezone : "UTC";
	struct buf text = {0};

	buf_str(&text, p->w.story->plan ? p->w.story->plan : zh(p) ? "未知" : "not known");
	if (!p->ask->plan)
		buf_str(&text, zh(p) ? "(已不保存:只写编号,时间为 UTC)"
		                     : " (not kept any more: ids instead of names, times in UTC)");
	pair(p, "当时生效的配置", "Plan in force", &text);
	buf_str(&text, zone);
	pair(p, "时区", "Time zone", &text);
}

static void put_head(const struct page *p)
{
	const struct logged *l = p->w.story->opened;
	struct buf text = {0};

	buf_str(&text, p->ask->plan ? p->ask->plan->site_name.in[p->ask->lang] : "");
	buf_printf(&text, text.len ? " (%s)" : "%s", p->ask->site);
	pair(p, "场所", "Site", &text);
	voice_title(p->w.voice, p->w.voice->type ? p->w.voice->type : "?", &text);
	pair(p, "事件", "Incident", &text);
	if (logged_get(l, "zone"))
		voice_zone(p->w.voice, logged_get(l, "zone"), &text);
	pair(p, "区域", "Zone", &text);
	put_grades(p);
	voice_time(p->w.voice, l->at_ms, &text);
	pair(p, "开始", "Began", &text);
	put_cause(p);
	put_first_ack(p);
	put_end(p);
	put_plan(p);
}

/* -- signatures and proof -- */

static int rows_between(const struct story *s, int64_t from, int64_t to)
{
	int n = 0;

	for (int i = 0; i < s->n; i++)
		n += !s->rows[i].before && s->rows[i].l.seq > from && s->rows[i].l.seq < to;
	return n;
}

static void put_signature(const struct page *p, const struct logged *l)
{
	int64_t upto = logged_int(l, "upto", l->seq - 1);
	int later = rows_between(p->w.story, upto, INT64_MAX) - 1;
	const char *words = logged_get(l, "words");
	struct buf text = {0};

	voice_person(p->w.voice, l->who, &text);
	buf_str(&text, ", ");
	voice_time(p->w.voice, l->at_ms, &text);
	buf_printf(&text, zh(p) ? ",内容截至第 %lld 行" : ", for everything up to row %lld", (long long)upto);
	if (words)
		buf_printf(&text, zh(p) ? ",「%s」" : ", \"%s\"", words);
	if (later > 0)
		buf_printf(&text, zh(p) ? ";此后另有 %d 行,不在签字范围内" : "; %d rows came later and are not signed for",
		           later);
	paper_line(p->w.paper, buf_text(&text));
	buf_fini(&text);
}

static void put_signatures(const struct page *p)
{
	const struct story *s = p->w.story;
	bool any = false;

	paper_heading(p->w.paper, zh(p) ? "签字" : "Signatures");
	for (int i = 0; i < s->n; i++)
		if (s->rows[i].l.kind == AUDIT_SIGNED && !s->rows[i].meanwhile) {
			put_signature(p, &s->rows[i].l);
			any = true;
		}
	if (!any)
		paper_line(p->w.paper, zh(p) ? "无人签字。" : "Nobody has signed.");
}

static void put_proof(const struct page *p)
{
	const struct story *s = p->w.story;
	const struct proof *f = &p->ask->proof;
	struct buf text = {0};

	paper_heading(p->w.paper, zh(p) ? "证明" : "Proof");
	buf_printf(&text,
	           zh(p) ? "本报告只依据审计记录:第 %lld 行至第 %lld 行,共 %d 行。"
	                 : "Made from the audit alone: rows %lld to %lld, %d of them.",
	           (long long)s->rows[0].l.seq, (long long)s->last_seq, s->n);
	paper_line(p->w.paper, buf_text(&text));
	buf_clear(&text);
	buf_printf(&text, "%lld:%s", (long long)s->last_seq, s->last_hash);
	pair(p, "末行与散列值", "Last row and its hash", &text);
	if (proof_holds(f, s->last_seq)) {
		buf_printf(&text,
		           zh(p) ? "验证:第 %lld 行至第 %lld 行的散列链完整。" : "verified: the chain of rows %lld to %lld is whole.",
		           (long long)f->base_seq + 1, (long long)s->last_seq);
		if (f->known_seq)
			buf_printf(&text, zh(p) ? "与另存的第 %lld 行散列值一致。" : " The head kept elsewhere, row %lld, agrees.",
			           (long long)f->known_seq);
		paper_line(p->w.paper, buf_text(&text));
	}
	buf_fini(&text);
}

static void put_alarms(const struct page *p)
{
	const struct story *s = p->w.story;
	const struct proof *f = &p->ask->proof;
	struct buf text = {0};

	if (f->first_bad && f->first_bad <= s->last_seq)
		buf_printf(&text,
		           zh(p) ? "未通过验证:审计链在第 %lld 行断裂(%s)。本报告不能作为证明。"
		                 : "NOT VERIFIED: the audit chain is broken at row %lld (%s). This report proves nothing.",
		           (long long)f->first_bad, f->why ? f->why : "");
	else if (f->known_seq && !f->known_agrees)
		buf_printf(&text,
		           zh(p) ? "未通过验证:与另存的第 %lld 行散列值不一致。本报告不能作为证明。"
		                 : "NOT VERIFIED: row %lld has not the hash kept elsewhere. This report proves nothing.",
		           (long long)f->known_seq);
	if (text.len)
		paper_loud(p->w.paper, buf_text(&text));
	buf_clear(&text);
	if (s->unreadable) {
		buf_printf(&text, zh(p) ? "有 %lld 行无法读取。" : "%lld rows cannot be read.", (long long)s->unreadable);
		paper_loud(p->w.paper, buf_text(&text));
	}
	if (is_drill(s))
		paper_loud(p->w.paper, zh(p) ? "【演练】这是一次演练的报告。" : "EXERCISE: this is the report of a drill.");
	buf_fini(&text);
}

static void put_all(const struct page *p)
{
	const struct writing *w = &p->w;

	put_alarms(p);
	put_head(p);
	part_late(w);
	part_suppressed(w);
	part_told(w);
	part_steps(w);
	part_drill(w);
	part_of(w, PART_DECISION, "决定与记录", "Decisions and records");
	part_of(w, PART_COMMAND, "控制命令、反馈与联锁", "Commands, feedback, interlocks");
	part_of(w, PART_WORDS, "备注与上级指示", "Notes and instructions");
	part_files(w);
	part_of(w, PART_DUTY, "期间的交接班", "Hand-overs meanwhile");
	part_of(w, PART_TROUBLE, "期间报警系统自身的情况", "The alarm system itself meanwhile");
	part_course(w);
	part_after(w);
	put_signatures(p);
	put_proof(p);
}

void report_write(const struct report_ask *ask, const struct story *story, struct buf *out)
{
	struct voice voice = {ask->lang, ask->plan, story->opened ? logged_get(story->opened, "type") : NULL};
	struct paper paper = {.html = ask->html, .lang = ask->lang};
	struct page page = {{story, &voice, &paper}, ask};
	struct buf title = {0};

	if (!story->opened)
		return;
	buf_printf(&title, ask->lang == LANG_ZH ? "事件报告 %s" : "Incident report %s", story->opened->inc);
	paper_begin(&paper, buf_text(&title));
	put_all(&page);
	paper_end(&paper);
	buf_add(out, buf_text(&paper.out), paper.out.len);
	buf_fini(&title);
	paper_fini(&paper);
}
