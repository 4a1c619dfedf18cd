/* wording.c - the text of a notice in one language: what, where, how bad, what
 * to do, how to answer, in this order, so that a lock screen shows what counts. */
#include "engine/cause.h"
#include "engine/reach.h"
#include "engine/render.h"
#include "engine/tags.h"

#include "base/text.h"

#include <string.h>

/* Of the whole text, and what its parts may take of it at most. */
enum { TEXT_BYTES = 500, TITLE_BYTES = 48, PLACE_BYTES = 60, VALUE_SHOWN_BYTES = 48, REPLY_BYTES = 200 };

#define BOTH(ZH, EN) \
	{ \
		[LANG_ZH] = ZH, [LANG_EN] = EN \
	}

static const struct {
	const char *tag[LANG_COUNT]; /* "" none */
	bool value, level, answer;   /* shown, asked for */
} kinds[NOTICE_COUNT] = {
    [NOTICE_CALL] = {BOTH("", ""), true, true, true},
    [NOTICE_UPDATE] = {BOTH("〔更新〕", "UPDATE "), true, false, true},
    [NOTICE_REMINDER] = {BOTH("〔提醒〕", "REMINDER "), true, false, true},
    [NOTICE_TASK] = {BOTH("〔任务〕", "TASK "), false, false, false},
    [NOTICE_LATE] = {BOTH("〔超时〕", "LATE "), false, false, false},
    [NOTICE_OVER] = {BOTH("〔事件结束〕", "OVER "), false, false, false},
    [NOTICE_EXHAUSTED] = {BOTH("〔无人应答〕", "NOBODY ANSWERED "), true, false, true},
    [NOTICE_TELL] = {BOTH("", ""), false, false, false},
    [NOTICE_TEST] = {BOTH("〔测试〕", "TEST "), false, false, false},
    [NOTICE_HANDOVER] = {BOTH("〔交接班〕", "HAND-OVER "), false, false, false},
    [NOTICE_SUMMARY] = {BOTH("〔汇总〕", "SUMMARY "), false, false, false},
};

static const char *const states_said[STATE_COUNT][LANG_COUNT] = {
    [STATE_PRE_ALARM] = BOTH("预警", "pre-alarm"),
    [STATE_UNACKED] = BOTH("未确认", "unacked"),
    [STATE_RTN_UNACKED] = BOTH("已恢复未确认", "back to normal, unacked"),
    [STATE_ACKED] = BOTH("已确认", "acked"),
    [STATE_LATCHED] = BOTH("待复位", "waiting for reset"),
    [STATE_CLEARED] = BOTH("收尾中", "work still open"),
    [STATE_CLOSED] = BOTH("已结束", "closed"),
};

/* What the state asks of the one who is called or reminded; NULL: the step says it. */
static const char *const hints[STATE_COUNT][LANG_COUNT] = {
    [STATE_PRE_ALARM] = BOTH("预警,请到现场核实", "Pre-alarm: go and look"),
    [STATE_RTN_UNACKED] = BOTH("报警已恢复,仍须有人确认", "Back to normal, still needs an ack"),
    [STATE_LATCHED] = BOTH("报警已恢复,等待复位", "Back to normal, waiting for reset"),
    [STATE_CLEARED] = BOTH("还有未完成的工作", "Work is still open"),
};

struct writing {
	const struct engine *e;
	const struct wording *w;
	const struct incident *inc;
	struct buf head, body, reply, more;
};

const char *wording_state(enum state state, enum lang lang)
{
	return states_said[state][lang];
}

const char *wording_zone(const struct engine *e, const struct incident *inc, enum lang lang)
{
	int old = inc->plan ? plan_zone(inc->plan, inc->zone_id) : -1;

	if (inc->zone >= 0)
		return e->plan->zones[inc->zone].name.in[lang];
	return old >= 0 ? inc->plan->zones[old].name.in[lang] : inc->zone_id;
}

const char *wording_person(const struct engine *e, const char *id)
{
	int person = plan_person(e->plan, id);

	return person >= 0 ? e->plan->people[person].name : id;
}

static bool is_zh(const struct writing *t)
{
	return t->w->lang == LANG_ZH;
}

/* A macro, so that formats stay literals. */
#define PICK(T, ZH, EN) (is_zh(T) ? ZH : EN)

static bool ends_sentence(const struct buf *b)
{
	static const char *const stops[] = {"。", "!", "?", ".", "!", "?"};

	for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
		size_t n = strlen(stops[i]);

		if (b->len >= n && !memcmp(b->text + b->len - n, stops[i], n))
			return true;
	}
	return false;
}

/* Before one more sentence. */
static void stop(const struct writing *t, struct buf *b)
{
	if (!b->len)
		return;
	if (!ends_sentence(b))
		buf_str(b, PICK(t, "。", "."));
	if (!is_zh(t))
		buf_char(b, ' ');
}

static void say(const struct writing *t, struct buf *b, const char *text)
{
	if (!text || !*text)
		return;
	stop(t, b);
	buf_str(b, text);
}

static void add_cut(struct buf *b, const char *text, size_t cap)
{
	buf_add(b, text, utf8_cut(text, cap));
}

/* ------------------------------------------------------------ the head */

static const struct member *shown_member(const struct incident *inc)
{
	for (int i = 0; i < inc->n_members; i++)
		if (inc->members[i].active == TRUTH_TRUE && !inc->members[i].out)
			return &inc->members[i];
	return inc->n_members ? &inc->members[0] : NULL;
}

/* " Night patrol: roof, lobby"; of `closed` what is open. */
static void add_watch(struct writing *t, const struct member *shown)
{
	const char *id = shown->sensor + 6;
	const struct plan *p = t->e->plan;
	struct buf points = {0};
	size_t n = strcspn(id, "/");

	buf_char(&t->head, ' ');
	for (int i = 0; i < t->inc->n_members; i++) {
		const struct member *m = &t->inc->members[i];
		const char *value = m->now[0] ? m->now : m->value;
		bool own = !strncmp(m->sensor, shown->sensor, n + 6) && strchr("/", m->sensor[n + 6]);

		if (own && m->active == shown->active && !m->out && (strlen(value) != n || strncmp(value, id, n)))
			buf_printf(&points, "%s%s", points.len ? PICK(t, "、", ", ") : "", value);
	}
	for (int i = 0; i < p->n_watches; i++)
		if (!strncmp(p->watches[i].id, id, n) && !p->watches[i].id[n]) {
			add_cut(&t->head, p->watches[i].title.in[t->w->lang], VALUE_SHOWN_BYTES);
			buf_str(&t->head, points.len ? PICK(t, ":", ": ") : "");
		}
	add_cut(&t->head, points.len ? buf_text(&points) : "", VALUE_SHOWN_BYTES);
	buf_fini(&points);
}

/* " Li (duty electrician from 2026-11-24 20:00)" */
static void add_unreached(struct writing *t)
{
	struct buf names = {0};

	buf_char(&t->head, ' ');
	reach_say(t->e, t->inc, t->w->lang, &names);
	add_cut(&t->head, buf_text(&names), 2 * VALUE_SHOWN_BYTES);
	buf_fini(&names);
}

/* " 31.2%LEL", " 李娜 报告", or the detector. */
static void add_value(struct writing *t)
{
	const struct member *m = shown_member(t->inc);
	const char *value, *person;

	if (!m)
		return;
	value = m->now[0] ? m->now : m->value;
	if (!strncmp(m->sensor, "person:", 7)) {
		person = wording_person(t->e, m->sensor + 7);
		buf_printf(&t->head,
		           t->inc->drill ? PICK(t, " %.*s 发起演练", " exercise begun by %.*s")
		                         : PICK(t, " %.*s 报告", " reported by %.*s"),
		           (int)utf8_cut(person, VALUE_SHOWN_BYTES), person);
		if (*value && strcmp(value, person) != 0) {
			buf_str(&t->head, PICK(t, ":", ": "));
			add_cut(&t->head, value, VALUE_SHOWN_BYTES);
		}
		return;
	}
	if (!strncmp(m->sensor, "watch:", 6)) {
		add_watch(t, m);
		return;
	}
	if (!strncmp(m->sensor, "reach:", 6)) {
		add_unreached(t);
		return;
	}
	if (!m->has_number && strcmp(m->sensor, "self:"))
		value = m->sensor;
	else if (!strcmp(m->sensor, "self:") && t->w->lang == LANG_ZH && strchr(value, ' '))
		return; /* a sentence of the program, in English: the title says it in Chinese */
	if (*value)
		buf_char(&t->head, ' ');
	add_cut(&t->head, value, VALUE_SHOWN_BYTES);
	if (m->has_number && m->unit)
		add_cut(&t->head, m->unit, 12);
}

static void add_clock(struct writing *t, int64_t at_ms)
{
	char clock[TIME_TEXT_BYTES];

	buf_printf(&t->head, " %s", time_clock(&t->e->plan->tz, at_ms, clock));
}

static void write_head(struct writing *t)
{
	enum notice_kind kind = t->w->kind;
	enum lang lang = t->w->lang;
	const char *title = t->inc ? t->inc->title.in[lang] : t->e->plan->site_name.in[lang];
	const char *zone = t->inc ? wording_zone(t->e, t->inc, lang) : "";

	buf_str(&t->head, kinds[kind].tag[lang]);
	buf_str(&t->head, PICK(t, "【", "["));
	add_cut(&t->head, title, TITLE_BYTES);
	buf_str(&t->head, PICK(t, "】", "]"));
	if (!t->inc) {
		add_clock(t, t->e->now_ms);
		return;
	}
	buf_printf(&t->head, "%s%s", is_zh(t) ? "" : " ", t->inc->id);
	if (*zone)
		buf_char(&t->head, ' ');
	add_cut(&t->head, zone, PLACE_BYTES);
	if (kinds[kind].value)
		add_value(t);
	add_clock(t, kind == NOTICE_OVER ? t->e->now_ms : t->inc->opened_ms);
	if (kinds[kind].level && t->w->level > 0)
		buf_printf(&t->head, PICK(t, " 第%d级", " level %d"), t->w->level);
}

/* ------------------------------------------------------------ the body */

static const struct step_run *run_of(const struct writing *t)
{
	const struct incident *inc = t->inc;

	for (int i = 0; t->w->step && inc->playbook && i < inc->n_steps; i++)
		if (&inc->playbook->steps[inc->steps[i].index] == t->w->step)
			return &inc->steps[i];
	return NULL;
}

static void say_quoting(struct writing *t, const char *text)
{
	struct buf whole = {0};

	if (text)
		facts_quote(t->inc, t->w->step, text, &whole);
	say(t, &t->body, buf_text(&whole));
	buf_fini(&whole);
}

static void say_until(struct writing *t)
{
	const struct step_run *run = run_of(t);
	char clock[TIME_TEXT_BYTES];

	if (!run || !run->due.pos)
		return;
	stop(t, &t->body);
	buf_printf(&t->body, PICK(t, "%s 前", "Until %s"),
	           time_clock(&t->e->plan->tz, run->due.at_ms, clock));
}

static void say_changes(struct writing *t)
{
	int active = 0;

	for (int i = 0; i < t->inc->n_members; i++)
		active += t->inc->members[i].active == TRUTH_TRUE;
	stop(t, &t->body);
	buf_printf(&t->body, PICK(t, "现有%d处报警", "%d in alarm now"), active);
	if (t->inc->grade && *t->inc->grade)
		buf_printf(&t->body, PICK(t, ",等级 %s", ", grade %s"), t->inc->grade);
}

static void say_late(struct writing *t)
{
	const struct step *step = t->w->step;
	int role = step ? step_role(t->e, t->inc, step) : -1;

	if (step && step->kind == STEP_KIND_WAIT)
		say(t, &t->body, PICK(t, "等待的条件未按时出现", "What is waited for has not come in time"));
	else if (step && step->kind == STEP_KIND_REPORT)
		say(t, &t->body, PICK(t, "事故报告未按时签字", "The report is not signed in time"));
	else
		say(t, &t->body, PICK(t, "任务未按时完成", "A task is late"));
	if (!step)
		return;
	buf_printf(&t->body, PICK(t, ":%s", ": %s"),
	           *step->text.in[t->w->lang] ? step->text.in[t->w->lang] : step->id);
	if (role >= 0)
		buf_printf(&t->body, PICK(t, "(%s)", " (%s)"), t->e->plan->roles[role].name.in[t->w->lang]);
}

/* Explained, or what it explains; that it comes and goes. */
static void say_beside(struct writing *t)
{
	const struct incident *because = cause_of(t->e, t->inc);
	struct cause_counts n = cause_count(t->e, t->inc);

	if (because) {
		stop(t, &t->body);
		buf_printf(&t->body, PICK(t, "由%s引起,不再单独呼叫", "Because of %s: not called on its own"),
		           because->id);
	}
	if (n.consequences) {
		stop(t, &t->body);
		buf_printf(&t->body, PICK(t, "另有%d起由此引起", "%d more because of it"), n.consequences);
	}
	if (n.lost) {
		stop(t, &t->body);
		buf_printf(&t->body, PICK(t, "%d个探头随之失联", "%d sensors lost with it"), n.lost);
		if (n.life)
			buf_printf(&t->body,
			           PICK(t, ",其中消防、燃气、人员%d个", ", %d of them for fire, gas or people"),
			           n.life);
	}
	if (t->inc->flapping)
		say(t, &t->body, PICK(t, "反复报警", "It keeps coming and going"));
}

/* A call, update, reminder: what to know before the step. */
static void say_state(struct writing *t)
{
	const struct incident *inc = t->inc;

	if (t->w->kind == NOTICE_EXHAUSTED)
		say(t, &t->body,
		    PICK(t, "全部层级均已呼叫,无人确认", "Everybody on the chain was called, nobody acked"));
	if (t->w->kind == NOTICE_UPDATE && !t->w->words)
		say_changes(t);
	say_beside(t);
	say(t, &t->body, t->w->words);
	say(t, &t->body, hints[inc->state][t->w->lang]);
	if (t->w->kind == NOTICE_REMINDER && inc->acked_by && *inc->acked_by && inc->state == STATE_ACKED) {
		stop(t, &t->body);
		buf_printf(&t->body, PICK(t, "仍在报警,已由%s确认", "Still active, acked by %s"),
		           wording_person(t->e, inc->acked_by));
	}
	if (inc->stale)
		say(t, &t->body, PICK(t, "探头失联,按仍在报警处理", "Sensor lost: treat as still active"));
}

static void say_fields(struct writing *t)
{
	const struct step *step = t->w->step;

	if (step->kind != STEP_KIND_RECORD || *step->text.in[t->w->lang])
		return;
	stop(t, &t->body);
	buf_str(&t->body, PICK(t, "请记录", "Please record"));
	for (int i = 0; i < step->n_fields; i++)
		buf_printf(&t->body, "%s%s", i ? PICK(t, "、", ", ") : PICK(t, ":", ": "),
		           step->fields[i].id);
}

static void say_signs(struct writing *t)
{
	struct buf signs = {0};

	if (tags_of(t->e, t->inc, &signs)) {
		stop(t, &t->body);
		buf_printf(&t->body, PICK(t, "牌仍挂着:%s", "Signs still hang: %s"), buf_text(&signs));
	}
	buf_fini(&signs);
}

/* A report without words of its own. */
static void say_report(struct writing *t)
{
	const struct step *step = t->w->step;

	if (step->kind == STEP_KIND_REPORT && !*step->text.in[t->w->lang])
		say(t, &t->body, PICK(t, "请填写并签署事故报告", "Please complete and sign the incident report"));
}

static void write_body(struct writing *t)
{
	const struct wording *w = t->w;

	if (w->kind == NOTICE_TEST) {
		say(t, &t->body, PICK(t, "这是测试通知,无需处理", "This is a test, nothing to do"));
		return;
	}
	if (!t->inc) {
		say(t, &t->body, w->words);
		return;
	}
	if (kinds[w->kind].value)
		say_state(t);
	else if (w->words)
		say_quoting(t, w->words);
	else if (w->kind == NOTICE_LATE)
		say_late(t);
	else if (w->kind == NOTICE_OVER)
		say(t, &t->body,
		    PICK(t, "事件已结束,无须再处理", "The incident is over, nothing more to do"));
	if (w->kind == NOTICE_OVER)
		say_signs(t);
	if (w->step && w->kind != NOTICE_LATE && w->kind != NOTICE_OVER) {
		say_quoting(t, w->words && !kinds[w->kind].value ? NULL : w->step->text.in[w->lang]);
		say_fields(t);
		say_report(t);
	}
	if (w->kind == NOTICE_TASK)
		say_until(t);
}

/* ----------------------------------------------------- how to answer */

static void ask_choice(struct writing *t)
{
	const struct step *step = t->w->step;

	buf_printf(&t->reply, PICK(t, "回复:decide %lld %s", "Reply: decide %lld %s"),
	           (long long)t->inc->number, step->id);
	for (int i = 0; i < step->n_choices; i++) {
		const char *text = step->choices[i].text.in[t->w->lang];

		buf_printf(&t->reply, "%s%s", i ? PICK(t, " 或 ", " or ") : " ", step->choices[i].id);
		if (*text && strcmp(text, step->choices[i].id))
			buf_printf(&t->reply, PICK(t, "(%s)", " (%s)"), text);
	}
}

static void ask_values(struct writing *t)
{
	const struct step *step = t->w->step;

	buf_printf(&t->reply, PICK(t, "回复:record %lld %s", "Reply: record %lld %s"),
	           (long long)t->inc->number, step->id);
	for (int i = 0; i < step->n_fields; i++)
		buf_printf(&t->reply, " %s=…", step->fields[i].id);
}

static void write_reply(struct writing *t)
{
	const struct step *step = t->w->step;
	long long number = t->inc ? (long long)t->inc->number : 0;

	if (!t->inc || t->inc->state == STATE_CLOSED)
		return;
	if (kinds[t->w->kind].answer && !(step && t->inc->state == STATE_CLEARED))
		buf_printf(&t->reply, PICK(t, "回复:确认 %lld", "Reply: ack %lld"), number);
	else if (!step || (t->w->kind != NOTICE_TASK && !kinds[t->w->kind].answer))
		return;
	else if (step->kind == STEP_KIND_DECIDE)
		ask_choice(t);
	else if (step->kind == STEP_KIND_RECORD)
		ask_values(t);
	else if (step->kind == STEP_KIND_REPORT)
		buf_printf(&t->reply, PICK(t, "查看:tocsin report %lld;回复:sign %lld", "Read: tocsin report %lld. Reply: sign %lld"),
		           number, number);
	else
		buf_printf(&t->reply,
		           PICK(t, "回复:done %lld %s;办不到:failed %lld %s 原因",
		                "Reply: done %lld %s; not possible: failed %lld %s why"),
		           number, step->id, number, step->id);
}

/* Outside numbers: 119, the gas company. */
static void write_contacts(struct writing *t)
{
	enum lang lang = t->w->lang;
	const char *of_step = t->w->step ? t->w->step->contacts.in[lang] : NULL;
	const char *of_type = t->inc && t->inc->type ? t->inc->type->contacts.in[lang] : NULL;
	const char *contacts = of_step && *of_step ? of_step : of_type;

	if (t->w->kind == NOTICE_OVER || t->w->kind == NOTICE_TEST || !contacts || !*contacts)
		return;
	if (t->inc && t->inc->drill) /* nobody calls the fire brigade to an exercise */
		buf_str(&t->more, PICK(t, "演练:不要拨打外线电话", "Exercise: make no calls outside"));
	else
		buf_printf(&t->more, PICK(t, "电话:%s", "Contacts: %s"), contacts);
}

static void cut(struct buf *b, size_t cap)
{
	static const char mark[] = "…";

	if (b->len <= cap)
		return;
	b->len = cap < sizeof mark ? 0 : utf8_cut(b->text, cap - strlen(mark));
	b->text[b->len] = 0;
	if (b->len)
		buf_str(b, mark);
}

void render_notice(const struct engine *e, const struct wording *w, struct buf *out)
{
	struct writing t = {.e = e, .w = w, .inc = w->kind == NOTICE_TEST ? NULL : w->incident};
	struct buf all = {0};
	enum { STOPS_BYTES = 12 }; /* between the four parts */

	write_head(&t);
	write_body(&t);
	write_reply(&t);
	write_contacts(&t);
	cut(&t.reply, REPLY_BYTES);
	cut(&t.body, TEXT_BYTES - STOPS_BYTES - t.head.len - t.reply.len);
	cut(&t.more, TEXT_BYTES - STOPS_BYTES - t.head.len - t.reply.len - t.body.len);
	say(&t, &all, buf_text(&t.head));
	say(&t, &all, buf_text(&t.body));
	say(&t, &all, buf_text(&t.reply));
	say(&t, &all, buf_text(&t.more));
	buf_add(out, buf_text(&all), all.len);
	buf_fini(&t.head);
	buf_fini(&t.body);
	buf_fini(&t.reply);
	buf_fini(&t.more);
	buf_fini(&all);
}
