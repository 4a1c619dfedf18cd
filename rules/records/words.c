/* words.c - names, words, times of a record. */
#include "records/words.h"

#include <string.h>

const char *voice_says(const struct voice *v, const char *zh, const char *en)
{
	return v->lang == LANG_ZH ? zh : en;
}

/* Words of closed sets that stand in rows. English ones that say enough stay as they are. */
static const struct {
	const char *word, *in[LANG_COUNT];
} words[] = {
    {"pre_alarm", {"预警", "pre-alarm"}},
    {"unacked", {"未确认", "not acknowledged"}},
    {"rtn_unacked", {"已恢复但未确认", "back to normal, not acknowledged"}},
    {"acked", {"已确认", "acknowledged"}},
    {"latched", {"已恢复,待复位", "back to normal, to be reset"}},
    {"cleared", {"已解除,待收尾", "cleared, work open"}},
    {"closed", {"已结束", "closed"}},
    {"critical", {"紧急", "critical"}},
    {"major", {"重要", "major"}},
    {"minor", {"一般", "minor"}},
    {"warning", {"警告", "warning"}},
    {"fault", {"故障", "fault"}},
    {"fire", {"火灾", "fire"}},
    {"gas", {"燃气", "gas"}},
    {"people", {"人员", "people"}},
    {"water", {"水", "water"}},
    {"power", {"电力", "power"}},
    {"security", {"安防", "security"}},
    {"other", {"其他", "other"}},
    {"system", {"系统", "system"}},
    {"task", {"任务", "task"}},
    {"decide", {"决定", "decide"}},
    {"command", {"控制", "command"}},
    {"notify", {"告知", "notify"}},
    {"record", {"记录", "record"}},
    {"run", {"子预案", "run"}},
    {"wait", {"等待", "wait"}},
    {"report", {"报告", "report"}},
    {"waiting", {"未开始", "not started"}},
    {"open", {"进行中", "open"}},
    {"done", {"完成", "done"}},
    {"failed", {"未能完成", "failed"}},
    {"interlocked", {"被联锁阻止", "interlocked"}},
    {"skipped", {"跳过", "skipped"}},
    {"queued", {"待发", "queued"}},
    {"sent", {"已发出", "sent"}},
    {"delivered", {"已送达", "delivered"}},
    {"call", {"呼叫", "call"}},
    {"update", {"更新", "update"}},
    {"reminder", {"提醒", "reminder"}},
    {"late", {"超时", "late"}},
    {"over", {"结束通知", "over"}},
    {"exhausted", {"呼叫链用尽", "chain exhausted"}},
    {"tell", {"告知", "tell"}},
    {"test", {"测试", "test"}},
    {"summary", {"汇总", "summary"}},
    {"prepared", {"已准备", "prepared"}},
    {"accepted", {"已接班签字", "accepted"}},
    {"refused", {"拒绝接班", "refused"}},
    {"due", {"应交接", "due"}},
    {"began", {"开始", "began"}},
    {"goes on", {"继续", "goes on"}},
    {"ended", {"结束", "ended"}},
    {"taken over", {"已接手", "taken over"}},
    {"agreed", {"已同意", "agreed"}},
    {"hang", {"挂上", "hung"}},
    {"down", {"取下", "taken down"}},
    {"unreachable", {"无法接通", "not reachable"}},
    {"nobody", {"无人担任", "nobody holds it"}},
    {"accepted, waits for more", {"已接班签字,待他人签字", "accepted, waits for more"}},
    {"asked", {"已提出", "asked"}},
    {"lapsed", {"未获同意,已过期", "lapsed"}},
    {"withdrawn", {"已撤回", "withdrawn"}},
    {"time", {"到期", "time"}},
    {"said", {"有人取消", "said"}},
    {"speaks", {"探测器恢复通信", "speaks"}},
    {"raise", {"再次报警", "raise"}},
    {"worsen", {"情况加重", "worsen"}},
    {"escalate", {"被升级", "escalate"}},
    {"member", {"新增探测器", "member"}},
};

void voice_word(const struct voice *v, const char *word, struct buf *out)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(words[i].word, word)) {
			buf_str(out, words[i].in[v->lang]);
			return;
		}
	buf_str(out, word);
}

/* -- names -- */

static void named(const struct voice *v, const char *name, const char *id, struct buf *out)
{
	if (name && *name && strcmp(name, id) != 0)
		buf_printf(out, v->lang == LANG_ZH ? "%s(%s)" : "%s (%s)", name, id);
	else
		buf_str(out, id);
}

void voice_person(const struct voice *v, const char *id, struct buf *out)
{
	const char *name = strstr(id, " for ");
	int person = v->plan ? plan_person(v->plan, id) : -1;

	if (!strcmp(id, "system")) {
		buf_str(out, voice_says(v, "系统", "tocsin"));
	} else if (!strncmp(id, "sensor:", 7)) {
		buf_printf(out, v->lang == LANG_ZH ? "探测器 %s" : "sensor %s", id + 7);
	} else if (!strncmp(id, "person:", 7)) {
		voice_person(v, id + 7, out);
	} else if (name) {
		voice_person(v, name + 5, out);
		buf_printf(out, v->lang == LANG_ZH ? "(由 %.*s 代报)" : " (entered by %.*s)", (int)(name - id), id);
	} else {
		named(v, person < 0 ? NULL : v->plan->people[person].name, id, out);
	}
}

void voice_zone(const struct voice *v, const char *id, struct buf *out)
{
	int zone = v->plan ? plan_zone(v->plan, id) : -1;

	named(v, zone < 0 ? NULL : v->plan->zones[zone].name.in[v->lang], id, out);
}

void voice_title(const struct voice *v, const char *type, struct buf *out)
{
	int t = v->plan ? plan_type(v->plan, type) : -1, self = self_from(type);

	if (t >= 0)
		named(v, v->plan->types[t].title.in[v->lang], type, out);
	else
		named(v, self < 0 ? NULL : self_title((enum self)self, v->lang), type, out);
}

static const struct step *step_named(const struct voice *v, const char *id)
{
	int t = v->plan && v->type ? plan_type(v->plan, v->type) : -1;
	int p = t < 0 ? -1 : v->plan->types[t].playbook;

	for (int i = 0; p >= 0 && i < v->plan->playbooks[p].n_steps; i++)
		if (!strcmp(v->plan->playbooks[p].steps[i].id, id))
			return &v->plan->playbooks[p].steps[i];
	return NULL;
}

/* Without a text of its own: its kind, and what it moves or runs. */
static void say_matter(const struct voice *v, const struct step *s, struct buf *out)
{
	buf_str(out, voice_says(v, "(", " ("));
	voice_word(v, step_kind_name(s->kind), out);
	if (s->kind == STEP_KIND_COMMAND)
		buf_printf(out, " %s %s", s->actuator < 0 ? s->actuator_kind : v->plan->actuators[s->actuator].id,
		           s->action);
	if (s->kind == STEP_KIND_RUN)
		buf_printf(out, " %s", s->book);
	buf_char(out, ')');
}

void voice_step(const struct voice *v, const char *id, struct buf *out)
{
	const struct step *s = step_named(v, id);
	const char *text = s ? s->text.in[v->lang] : NULL;

	buf_str(out, id);
	if (text && *text)
		buf_printf(out, v->lang == LANG_ZH ? "「%s」" : " \"%s\"", text);
	else if (s)
		say_matter(v, s, out);
}

/* -- times -- */

static const struct tz *zone_of(const struct voice *v)
{
	return v->plan && v->plan->tz.n ? &v->plan->tz : NULL;
}

static struct civil civil_of(const struct voice *v, int64_t at_ms, int32_t *ret_offset_s)
{
	struct civil c;

	*ret_offset_s = tz_offset_s(zone_of(v), at_ms);
	time_civil(at_ms + *ret_offset_s * INT64_C(1000), &c);
	return c;
}

static void put_offset(struct buf *out, int32_t offset_s)
{
	int32_t s = offset_s < 0 ? -offset_s : offset_s;

	buf_printf(out, "%c%02d:%02d", offset_s < 0 ? '-' : '+', s / 3600, s / 60 % 60);
	if (s % 60)
		buf_printf(out, ":%02d", s % 60);
}

static void put_date(struct buf *out, const struct civil *c)
{
	buf_printf(out, "%04d-%02d-%02d", c->year, c->month, c->day);
}

static void put_clock(struct buf *out, const struct civil *c)
{
	buf_printf(out, "%02d:%02d:%02d", c->hour, c->minute, c->second);
}

void voice_time(const struct voice *v, int64_t at_ms, struct buf *out)
{
	int32_t offset_s;
	struct civil c = civil_of(v, at_ms, &offset_s);

	put_date(out, &c);
	buf_char(out, ' ');
	put_clock(out, &c);
	put_offset(out, offset_s);
}

void voice_clock(const struct voice *v, int64_t at_ms, int64_t like_ms, struct buf *out)
{
	int32_t offset_s, like_s;
	struct civil c = civil_of(v, at_ms, &offset_s), like = civil_of(v, like_ms, &like_s);

	if (c.day == like.day && c.month == like.month && c.year == like.year && offset_s == like_s)
		put_clock(out, &c);
	else
		voice_time(v, at_ms, out);
}

void voice_day(const struct voice *v, int64_t at_ms, struct buf *out)
{
	int32_t offset_s;
	struct civil c = civil_of(v, at_ms, &offset_s);

	put_date(out, &c);
	buf_str(out, " (");
	put_offset(out, offset_s);
	buf_char(out, ')');
}

void voice_span(const struct voice *v, int64_t ms, struct buf *out)
{
	long long s = ms < 0 ? 0 : ms / 1000;

	if (s < 10 && ms % 1000)
		buf_printf(out, v->lang == LANG_ZH ? "%lld.%lld秒" : "%lld.%lld s", s, (long long)(ms % 1000 / 100));
	else if (s < 60)
		buf_printf(out, v->lang == LANG_ZH ? "%lld秒" : "%lld s", s);
	else if (s < 3600)
		buf_printf(out, v->lang == LANG_ZH ? "%lld分%02lld秒" : "%lld min %02lld s", s / 60, s % 60);
	else if (s < 86400)
		buf_printf(out, v->lang == LANG_ZH ? "%lld小时%02lld分" : "%lld h %02lld min", s / 3600, s / 60 % 60);
	else
		buf_printf(out, v->lang == LANG_ZH ? "%lld天%lld小时" : "%lld d %lld h", s / 86400, s / 3600 % 24);
}
