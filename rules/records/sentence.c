/* sentence.c - one sentence for each kind of audit row, in both languages.
 *
 * {key} is the fact of the body, {key:x} the same as a (p)erson, (z)one,
 * (t)ype's title, (s)tep, (w)ord, (d)ate and time, (m)illiseconds or a (h)ash;
 * (n) a number, not said
 * when it is 0; {key/} all facts below the key. What stands in [ ] is said only when
 * all its facts are there, [?key ...] when that one is, [!key ...] when it is not. What the
 * sentence leaves out follows in brackets, so
 * that nothing recorded is hidden; a kind nobody has written a sentence for is
 * all brackets. */
#include "records/words.h"

#include "base/time.h"

#include <stdlib.h>
#include <string.h>

#define BOTH(ZH, EN)                                                                                         \
	{                                                                                                    \
		[LANG_ZH] = ZH, [LANG_EN] = EN                                                               \
	}

static const struct sentence sentences[AUDIT_COUNT + 1] = {
    [AUDIT_STARTED] = {BOTH("tocsind {version} 在 {host} 启动,配置 {plan:h}",
                            "tocsind {version} started on {host}, plan {plan:h}"),
                       PART_SITE | PART_TROUBLE},
    [AUDIT_STOPPED] = {BOTH("tocsind 已停止", "tocsind stopped"), PART_SITE | PART_TROUBLE},
    [AUDIT_PLAN] = {BOTH("配置 {plan:h} 生效", "plan {plan:h} is in force"), PART_SITE},
    [AUDIT_OPENED] = {BOTH("发现{type:t}[,区域 {zone:z}][,级别 {grade:w}][,数值 {value}][,{state:w}][,"
                           "继 {after} 之后][,由 {because} 引起][,报告:「{words}」]",
                           "{type:t}[ in {zone:z}][, grade {grade:w}][, value {value}][, {state:w}][, after "
                           "{after}][, explained by {because}][, words: \"{words}\"]"),
                      PART_NONE},
    [AUDIT_GRADE] = {BOTH("级别变为 {grade:w},等级{severity:w}[,{sensor} {value}]",
                          "grade is now {grade:w}, severity {severity:w}[, {sensor} {value}]"),
                     PART_NONE},
    [AUDIT_MEMBER] = {BOTH("再次报警或新增探测器[:{sensor} {value}][,由 {because} 引起]",
                           "alarm again, or one more sensor[: {sensor} {value}][, explained by {because}]"),
                      PART_NONE},
    [AUDIT_GONE] = {BOTH("恢复正常[:{sensor} {value}][,现为{state:w}][,由 {because} 引起]",
                         "back to normal[: {sensor} {value}][, now {state:w}][, explained by {because}]"),
                    PART_NONE},
    [AUDIT_LOST] = {BOTH("探测器失联[:{sensor}],按报警对待",
                         "sensor lost[: {sensor}], counted as still alarming"),
                    PART_TROUBLE},
    [AUDIT_FOUND] = {BOTH("探测器恢复通信[:{sensor} {value}]", "sensor is back[: {sensor} {value}]"),
                     PART_TROUBLE},
    [AUDIT_ACKED] = {BOTH("已确认[,{acks}/{of} 人][,现为{state:w}][:「{note}」]", "acknowledged[, {acks} of {of} people][, now {state:w}][: \"{note}\"]"),
                     PART_NONE},
    [AUDIT_ACK_EXPIRED] = {BOTH("确认后未按时行动,确认作废,重新呼叫",
                                "no action in time after the ack: the ack has lapsed, called again"),
                           PART_LATE},
    [AUDIT_CALLED] = {BOTH("[!skipped 呼叫第 {level} 级:{people:p}][?skipped 跳过第 {level} 级][?skipped :{people:p}][,{skipped:w}][,第 {round:n} "
                           "次重复][,越过 {over:p}][:「{note}」]",
                           "[!skipped level {level} is called: {people:p}][?skipped level {level} is skipped]"
                           "[?skipped : {people:p}][, {skipped:w}][, round {round:n}][, over the head of {over:p}][: \"{note}\"]"),
                      PART_NONE},
    [AUDIT_CHAIN_EXHAUSTED] = {BOTH("全部 {levels} 级都已呼叫,仍无人确认",
                                    "all {levels} levels were called and nobody has acknowledged"),
                               PART_LATE},
    [AUDIT_NOTICE] = {BOTH("[通知({kind:w})][,发给 {person:p}][:其请求支援的 {unreached:p} 无法接通]"
                           "[,值守 {watch}][,期限 {due:d}][,未完成 {open}][,合并 {held} "
                           "条:{of/}][,事后告知被越过的 {people:p}:当时{skipped:w}][,通知过多{flood}:{notices} 条/{within_s} 秒]",
                           "[notice ({kind:w})][ to {person:p}][: asked for help and not reachable {unreached:p}]"
                           "[, watch {watch}][, due {due:d}][, open {open}][, {held} held and "
                           "summed up: {of/}][, told afterwards: {people:p}, who was {skipped:w}][, flood {flood}: {notices} "
                           "notices in {within_s} s]"),
                      PART_NONE},
    [AUDIT_SENT] = {BOTH("{kind:w} {notice} 已发给 {person:p},渠道 {channel}",
                         "{kind:w} {notice} left for {person:p} by {channel}"),
                    PART_NONE},
    [AUDIT_DELIVERED] = {BOTH("{kind:w} {notice} 已送达 {person:p},渠道 {channel}",
                              "{kind:w} {notice} reached {person:p} by {channel}"),
                         PART_NONE},
    [AUDIT_DELIVERY_FAILED] = {BOTH("{kind:w} {notice} 未能送达 {person:p},渠道 {channel}[:{why}]",
                                    "{kind:w} {notice} did not reach {person:p} by {channel}[: {why}]"),
                               PART_LATE},
    [AUDIT_STEP] = {BOTH("步骤 {step:s}:{state:w}[,负责人 {person:p}][,期限 {due:d}][:「{note}」]",
                         "step {step:s}: {state:w}[, held by {person:p}][, due {due:d}][: \"{note}\"]"),
                    PART_NONE},
    [AUDIT_DECIDED] = {BOTH("步骤 {step:s} 决定:{choice}", "step {step:s} decided: {choice}"), PART_DECISION},
    [AUDIT_RECORDED] = {BOTH("步骤 {step:s} 记录:{values/}", "step {step:s} recorded: {values/}"),
                        PART_DECISION},
    [AUDIT_COMMAND] = {BOTH("命令 {actuator} {action}[,第 {try} 次][,发出 {payload}]",
                            "command {actuator} {action}[, try {try}][, sent {payload}]"),
                       PART_COMMAND | PART_SITE},
    [AUDIT_FEEDBACK] = {BOTH("{actuator} {action} 反馈:{state:w}[,读数 {value}][,共 {tries} 次][,用时 "
                             "{took_ms:m}]",
                             "{actuator} {action}: {state:w}[, reads {value}][, {tries} tries][, took "
                             "{took_ms:m}]"),
                        PART_COMMAND | PART_SITE},
    [AUDIT_INTERLOCKED] = {BOTH("{actuator} {action} 被联锁阻止[({interlock})],因 {because}",
                                "{actuator} {action} refused by interlock[ {interlock}], because of {because}"),
                           PART_COMMAND | PART_SITE},
    [AUDIT_RESET] = {BOTH("[!expired 复位][?expired 第一人的复位已过期,须重新复位][,现为{state:w}][:「{note}」]", "[!expired reset][?expired the first of two resets has lapsed][, now {state:w}][: \"{note}\"]"),
                     PART_NONE},
    [AUDIT_CLOSED] = {BOTH("事件结束[:「{note}」]", "closed[: \"{note}\"]"), PART_NONE},
    [AUDIT_SIGNED] = {BOTH("签字[,内容截至第 {upto} 行][:「{words}」]",
                           "signed[, for everything up to row {upto}][: \"{words}\"]"),
                      PART_NONE},
    [AUDIT_NOTE] = {BOTH("[!instruction 备注][?instruction 上级指示][,来自 {from}][,对步骤 {step:s}({verb})][,选择 {choice}][,{values/}]"
                         "[:「{words}」][,由 {because} 引起][,不再归因于 {was}]",
                         "[!instruction note][?instruction instruction from above][, by {from}][ on step {step:s} ({verb})]"
                         "[, choice {choice}][, {values/}][: \"{words}\"][, explained by {because}][, no longer by {was}]"),
                    PART_WORDS},
    [AUDIT_DRILL] = {BOTH("演练评分:{result},按时 {in_time},超时 {overdue},未完成 {open},升级 {escalations} 次[,首次确认 "
                          "{ack/took_ms:m}][(限 {ack/limit_ms:m})][,由 {began_by:p} 发起][,历时 {took_ms:m}]",
                          "drill scored: {result}, {in_time} in time, {overdue} late, {open} not finished, {escalations} "
                          "escalations[, first ack after {ack/took_ms:m}][ (limit {ack/limit_ms:m})][, begun by {began_by:p}]"
                          "[, took {took_ms:m}]"),
                     PART_NONE},
    [AUDIT_HANDOVER] = {BOTH("交接班[ {roster}]:{what:w}[,交班 {out:p}][,接班 {in:p}][,自 {since:d} 起][,从 {from:p}][,原因 "
                             "{reason}][:「{words}」][,交接事项:{items}]",
                             "hand-over[ of {roster}]: {what:w}[, out {out:p}][, in {in:p}][, since {since:d}][, from {from:p}][, "
                             "reason {reason}][: \"{words}\"][, handed over: {items}]"),
                        PART_DUTY | PART_SHIFT},
    [AUDIT_OVERRIDE] = {BOTH("代班({what:w}):{person:p} 代 {role}[,{from:d} 至 {until:d}][,{asked_by:p} 提出][,{by:p} 同意][:「{words}」]",
                             "stand-in ({what:w}): {person:p} as {role}[, {from:d} to {until:d}][, asked by {asked_by:p}]"
                             "[, agreed by {by:p}][: \"{words}\"]"),
                        PART_DUTY},
    [AUDIT_OUT] = {BOTH("[?sensor 不再计入:{sensor}][?name 停用:{name}][,至 {until:d}][,时长 {for_s} 秒][,原因「{reason}」][,"
                        "{asked_by:p} 提出][:「{note}」]",
                        "[?sensor no longer counted: {sensor}][?name out of service: {name}][, until {until:d}][, for {for_s} s]"
                        "[, reason \"{reason}\"][, asked by {asked_by:p}][: \"{note}\"]"),
                   PART_SUPPRESS},
    [AUDIT_BACK] = {BOTH("恢复使用:{name}[({why:w})][,原由 {by:p} 停用][:「{note}」]",
                         "back in service: {name}[ ({why:w})][, taken out by {by:p}][: \"{note}\"]"),
                    PART_RELEASE},
    [AUDIT_SHELVED] = {BOTH("暂停呼叫[,至 {until:d}][,时长 {for_s} 秒][,{asked_by:p} 提出][,原因「{reason}」]",
                            "shelved[ until {until:d}][, for {for_s} s][, asked by {asked_by:p}][, reason \"{reason}\"]"),
                       PART_SUPPRESS},
    [AUDIT_UNSHELVED] = {BOTH("暂停呼叫结束[({why:w})][,原由 {by:p} 暂停][:「{note}」]",
                              "no longer shelved[ ({why:w})][, shelved by {by:p}][: \"{note}\"]"),
                         PART_RELEASE},
    [AUDIT_ISOLATED] = {BOTH("隔离[:{zone:z}][ {hazard:w}][,至 {until:d}][,时长 {for_s} 秒][,许可 {permit}][,原因「{reason}」][,看护 "
                             "{watch:p}][,{asked_by:p} 提出]",
                             "isolated[: {zone:z}][, {hazard:w}][, until {until:d}][, for {for_s} s][, permit {permit}][, reason "
                             "\"{reason}\"][, watched by {watch:p}][, asked by {asked_by:p}]"),
                        PART_SUPPRESS},
    [AUDIT_REJOINED] = {BOTH("隔离结束[:{zone:z}][ {hazard:w}][,许可 {permit}][({why:w})][,原由 {by:p} 隔离]",
                             "no longer isolated[: {zone:z}][, {hazard:w}][, permit {permit}][ ({why:w})][, isolated by {by:p}]"),
                        PART_RELEASE},
    [AUDIT_TAG] = {BOTH("标牌 {sign}[,{place}]:{do:w}[,由 {hung_by:p} 挂上][:「{note}」]",
                        "sign {sign}[ at {place}]: {do:w}[, hung by {hung_by:p}][: \"{note}\"]"),
                   PART_SUPPRESS | PART_RELEASE},
    [AUDIT_RAISED] = {BOTH("人工报告[,{value}][:「{note}」]", "reported by a person[, {value}][: \"{note}\"]"),
                      PART_NONE},
    [AUDIT_REFUSED] = {BOTH("命令被拒绝[:{verb}],{error}[({detail})]", "refused[: {verb}], {error}[ ({detail})]"),
                       PART_NONE},
    [AUDIT_CLOCK] = {BOTH("时钟跳变 {step_ms:m}", "the clock stepped by {step_ms:m}"), PART_SITE | PART_TROUBLE},
    [AUDIT_STORE_LATE] = {BOTH("审计存储迟缓,期间的通知未存档先行发出",
                               "the audit store is late: life-safety notices leave unrecorded"),
                          PART_SITE | PART_TROUBLE},
    [AUDIT_STORE_FAILED] = {BOTH("审计存储故障,期间的通知未存档先行发出",
                                 "the audit store fails: life-safety notices leave unrecorded"),
                            PART_SITE | PART_TROUBLE},
    [AUDIT_STORE_BACK] = {BOTH("审计存储恢复", "the audit store works again"), PART_SITE | PART_TROUBLE},
    [AUDIT_BROKER_UP] = {BOTH("消息服务器已连接", "the broker is connected"), PART_SITE | PART_TROUBLE},
    [AUDIT_BROKER_DOWN] = {BOTH("消息服务器中断", "the broker is away"), PART_SITE | PART_TROUBLE},
    [AUDIT_FAULT] = {BOTH("系统自身故障 {fault:t}[:{what}]", "fault of the alarm system: {fault:t}[: {what}]"),
                     PART_SITE | PART_TROUBLE},
    [AUDIT_ARCHIVED] = {BOTH("第 {upto} 行及以前的记录已归档至 {file},校验值 {head:h}",
                             "the rows up to {upto} went into {file}, head {head:h}"),
                        PART_NONE},
    [AUDIT_COUNT] = {BOTH("", ""), PART_NONE},
};

const struct sentence *sentence_of(enum audit_kind kind)
{
	return &sentences[kind < AUDIT_COUNT ? kind : AUDIT_COUNT];
}

/* -- filling one in -- */

struct filling {
	const struct voice *voice;
	const struct logged *row;
	bool *used; /* one for each fact */
	struct buf *out;
};

static bool is_below(const char *key, const char *name, size_t n)
{
	return !strncmp(key, name, n) && (name[n - 1] == '/' || !key[n]);
}

static bool has(const struct filling *f, const char *name, size_t n)
{
	for (int i = 0; n && i < f->row->n; i++)
		if (is_below(f->row->facts[i].key, name, n) && *f->row->facts[i].text)
			return true;
	return false;
}

static void put_time_of(const struct filling *f, const char *text)
{
	int64_t at_ms;

	if (time_parse_rfc3339(text, &at_ms))
		voice_clock(f->voice, at_ms, f->row->at_ms, f->out);
	else
		buf_str(f->out, text);
}

static void put_as(const struct filling *f, const char *text, char as)
{
	char *end;

	switch (as) {
	case 'p':
		voice_person(f->voice, text, f->out);
		break;
	case 'z':
		voice_zone(f->voice, text, f->out);
		break;
	case 't':
		voice_title(f->voice, text, f->out);
		break;
	case 's':
		voice_step(f->voice, text, f->out);
		break;
	case 'w':
		voice_word(f->voice, text, f->out);
		break;
	case 'd':
		put_time_of(f, text);
		break;
	case 'm':
		voice_span(f->voice, strtoll(text, &end, 10), f->out);
		break;
	case 'h':
		buf_printf(f->out, "%.8s", text);
		break;
	default:
		buf_str(f->out, text);
	}
}

/* "name" or "name:x", between the braces. */
static void put_fact(const struct filling *f, const char *name, size_t n)
{
	char as = n > 2 && name[n - 2] == ':' ? name[n - 1] : 0;
	bool any = false;

	n -= as ? 2 : 0;
	for (int i = 0; i < f->row->n; i++) {
		const struct fact_read *fact = &f->row->facts[i];

		if (!n || !is_below(fact->key, name, n))
			continue;
		buf_str(f->out, any ? (f->voice->lang == LANG_ZH ? "、" : ", ") : "");
		if (name[n - 1] == '/')
			buf_printf(f->out, "%s=", fact->key + n);
		put_as(f, fact->text, as);
		f->used[i] = any = true;
	}
}

static bool is_nought(const struct filling *f, const char *name, size_t n)
{
	for (int i = 0; i < f->row->n; i++)
		if (is_below(f->row->facts[i].key, name, n))
			return !strcmp(f->row->facts[i].text, "0");
	return false;
}

/* Past "?key " or "!key ", when it begins so; false: then nothing of it is said. */
static bool allows(const struct filling *f, const char **at)
{
	const char *p = *at;
	size_t n = strcspn(p, " ]");
	bool is_there = *p == '?' || *p == '!' ? has(f, p + 1, n - 1) : true;

	if (*p != '?' && *p != '!')
		return true;
	*at += n + (p[n] == ' ');
	return *p == '?' ? is_there : !is_there;
}

/* Are all facts named between `from` and the closing bracket there? */
static bool is_said(const struct filling *f, const char *from)
{
	for (const char *p = from; *p && *p != ']'; p++)
		if (*p == '{') {
			size_t n = strcspn(p + 1, ":}");

			if (!has(f, p + 1, n) || (!strncmp(p + 1 + n, ":n", 2) && is_nought(f, p + 1, n)))
				return false;
		}
	return true;
}

static void fill(const struct filling *f, const char *p)
{
	while (*p) {
		if (*p == '[') {
			p++;
			if (!allows(f, &p) || !is_said(f, p))
				p += strcspn(p, "]");
		} else if (*p == '{') {
			size_t n = strcspn(p + 1, "}");

			put_fact(f, p + 1, n);
			p += n + 1 + (p[n + 1] == '}');
		} else {
			if (*p != ']')
				buf_char(f->out, *p);
			p++;
		}
	}
}

/* For programs, or said by the line itself. */
static bool is_small_print(const struct fact_read *fact)
{
	static const char *const keys[] = {"rev",   "ulid",   "via",  "id",   "boot", "state",
	                                   "late",  "overdue", "first", "synced", "digest", "complete", "ack/overdue",
	                                   "drill", "repeat", "topic", "host", "kind", "plan", "choices"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!strcmp(fact->key, keys[i]))
			return true;
	if (!strncmp(fact->key, "steps/", 6) || !strcmp(fact->key, "instruction") || !strcmp(fact->key, "expired"))
		return true;
	if (!strcmp(fact->key, "round") && !strcmp(fact->text, "0"))
		return true;
	return fact->type == 'z' || !*fact->text || !strcmp(fact->text, "note") || !strcmp(fact->text, "false");
}

static void put_rest(const struct filling *f)
{
	bool any = false;

	for (int i = 0; i < f->row->n; i++) {
		const struct fact_read *fact = &f->row->facts[i];

		if (f->used[i] || is_small_print(fact))
			continue;
		buf_str(f->out, any ? "; " : f->out->len ? " (" : "(");
		buf_str(f->out, fact->key);
		if (strcmp(fact->text, "true") != 0)
			buf_printf(f->out, "=%s", fact->text);
		any = true;
	}
	buf_str(f->out, any ? ")" : "");
}

static void put_marks(const struct filling *f)
{
	static const struct {
		const char *key, *in[LANG_COUNT];
	} marks[] = {
	    {"repeat", {"(重发)", " (repeat)"}},
	    {"first", {"(两人中的第一人)", " (the first of two persons)"}},
	    {"overdue", {"【超时】", " [OVERDUE]"}},
	    {"late", {"【事后补记】", " [recorded afterwards]"}},
	    {"drill", {"【演练】", " [EXERCISE]"}},
	};

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (logged_true(f->row, marks[i].key))
			buf_str(f->out, marks[i].in[f->voice->lang]);
}

void say_row(const struct voice *v, const struct logged *l, struct buf *out)
{
	bool *used = xcalloc((size_t)l->n + 1, sizeof *used);
	struct filling f = {v, l, used, out};

	if (strcmp(l->who, "system") != 0 && *l->who) {
		voice_person(v, l->who, out);
		buf_str(out, v->lang == LANG_ZH ? ":" : ": ");
	}
	if (l->kind == AUDIT_COUNT)
		buf_str(out, l->word);
	fill(&f, sentence_of(l->kind)->in[v->lang]);
	put_rest(&f);
	put_marks(&f);
	free(used);
}
