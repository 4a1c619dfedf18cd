/* answers.c - what a person is answered, and what to do next, in his language.
 * Sentences are tables; {word} is filled in by fill(). */
#include "engine/duty.h"
#include "engine/life.h"
#include "engine/render.h"

#include <string.h>
#include <strings.h>

#define BOTH(ZH, EN) \
	{ \
		[LANG_ZH] = ZH, [LANG_EN] = EN \
	}

static const char *const done[VERB_COUNT][LANG_COUNT] = {
    [VERB_RAISE] =
        BOTH("已登记 {id} {title},正在呼叫值班人员", "Raised {id} {title}, calling the people on duty"),
    [VERB_ACK] = BOTH("已确认 {id}", "Acknowledged {id}"),
    [VERB_DONE] = BOTH("{id} 任务已完成{why}", "{id} task done{why}"),
    [VERB_FAILED] = BOTH("{id} 已记为办不到{why}", "{id} recorded as not possible{why}"),
    [VERB_DECIDE] = BOTH("{id} 决定已记录{why}", "{id} decision recorded{why}"),
    [VERB_RECORD] = BOTH("{id} 已记录{why}", "{id} recorded{why}"),
    [VERB_NOTE] = BOTH("{id} 备注已记录", "{id} note recorded"),
    [VERB_OPERATE] = BOTH("操作已完成", "Done, the device obeyed"),
    [VERB_RESET] = BOTH("{id} 已复位,现在是{state}", "{id} reset, now {state}"),
    [VERB_CLOSE] = BOTH("{id} 已结束", "{id} closed"),
    [VERB_SIGN] = BOTH("{id} 已签字", "{id} signed"),
    [VERB_ONCALL] = BOTH("当前值班{why}", "On call{why}"),
    [VERB_HANDOVER] = BOTH("交接内容", "Hand-over"),
    [VERB_ACCEPT] = BOTH("已接班签字{why}", "Accepted, you are on duty{why}"),
    [VERB_REFUSE] = BOTH("已记录并报告上级{why};原值班人仍在岗",
                         "Recorded and told upward{why}; who was on duty stays on duty"),
    [VERB_OVERRIDE] = BOTH("顶班已登记{why}", "Recorded, stands in{why}"),
    [VERB_ESCALATE] = BOTH("{id} 已呼叫第{level}级", "{id} level {level} is called now"),
    [VERB_DRILL] = BOTH("演练 {id} {title} 已开始,正在呼叫值班人员;设备不会动作,最长2小时",
                        "Exercise {id} {title} has begun, calling the people on duty; no equipment moves, it ends "
                        "after 2 hours"),
    [VERB_RING] = BOTH("测试通知已发出{why}", "Test notice is on its way{why}"),
    [VERB_SHELVE] = BOTH("{id} 已搁置至 {detail},期间不呼叫", "{id} shelved until {detail}: nobody is called"),
    [VERB_UNSHELVE] = BOTH("{id} 已取消搁置", "{id} is no longer shelved"),
    [VERB_ISOLATE] = BOTH("已隔离至 {detail};温感、手报、燃气、水浸不受影响",
                          "Isolated until {detail}; heat, call points, gas and water are not"),
    [VERB_REJOIN] = BOTH("隔离已解除,探测已恢复", "No longer isolated, detection is back"),
    [VERB_OUT] = BOTH("已停用至 {detail}", "Out of service until {detail}"),
    [VERB_BACK] = BOTH("已恢复使用{why}", "Back in service{why}"),
    [VERB_TAG] = BOTH("挂牌已登记{why}", "Sign recorded{why}"),
    [VERB_RESEND] = BOTH("正在重发审计记录{why}", "Sending the audit rows again{why}"),
    [VERB_REPORT] = BOTH("报告随后分段发出", "The report follows, in numbered parts"),
    [VERB_STATS] = BOTH("指标随后发出", "The figures follow"),
};

static const char *const refused[REFUSAL_COUNT][LANG_COUNT] = {
    [REFUSAL_UNKNOWN_PERSON] =
        BOTH("用户{why}不在人员表中,未执行;请联系管理员登记",
             "User{why} is not on the people list, nothing was done; ask the administrator"),
    [REFUSAL_UNKNOWN_ID] =
        BOTH("没有这个编号或名称{why};请核对后重发", "No such number or name{why}; check it and send again"),
    [REFUSAL_OLD_REV] = BOTH("{id} 已有变化(现为 rev {rev},{state});请看最新情况后再回复 确认 {n}",
                             "{id} has changed (now rev {rev}, {state}); look again, then reply: ack {n}"),
    [REFUSAL_LATE] =
        BOTH("消息在断线期间排队,未执行;请看最新情况后重发",
             "This waited in the queue while the link was down, nothing was done; look again and resend"),
    [REFUSAL_RETAINED] = BOTH("保留消息(retain)不能作为命令,未执行;请不带 retain 重发",
                              "A retained message is no command, nothing was done; send it without retain"),
    [REFUSAL_TOO_BIG] = BOTH("命令超过 4 KiB,未执行;请缩短后重发",
                             "The command is over 4 KiB, nothing was done; send a shorter one"),
    [REFUSAL_BAD_TEXT] = BOTH("看不懂;格式:{usage}{hint}", "Not understood; write: {usage}{hint}"),
    [REFUSAL_NOT_YOURS] =
        BOTH("这不在您的职责内{why},未执行;请联系责任人,或用 note 留言",
             "This is not yours to do{why}, nothing was done; tell its owner, or leave a note"),
    [REFUSAL_CLOSED] =
        BOTH("{id} 已结束;如仍有情况请用 raise 重新报告", "{id} is closed; if it goes on, raise it anew"),
    [REFUSAL_STILL_ACTIVE] =
        BOTH("{id} 仍在报警{why},不能{verb};恢复正常后再试,探头损坏请用 without 注明",
             "{id} is still active{why}, no {verb} yet; try when it is back to normal, or name a "
             "destroyed sensor in `without`"),
    [REFUSAL_NOT_ACKED] =
        BOTH("{id} 还没有人确认;先回复 确认 {n}", "{id} is not acknowledged; first reply: ack {n}"),
    [REFUSAL_NEEDS_RESET] =
        BOTH("{id} 须先复位;回复 reset {n}", "{id} must be reset first; reply: reset {n}"),
    [REFUSAL_STEPS_OPEN] =
        BOTH("{id} 还有未完成的步骤{why};完成后再结束", "{id} has open steps{why}; finish them, then close"),
    [REFUSAL_SECOND_PERSON] = BOTH("{id} 须由另一个人在30分钟内再复位一次:reset {n}",
                                   "{id} needs a second, different person within 30 minutes: reset {n}"),
    [REFUSAL_NO_END] = BOTH("缺少结束时间;格式:{usage}", "It has no end; write: {usage}"),
    [REFUSAL_TOO_LONG] = BOTH("时间太长{why};请缩短后重发", "That is too long{why}; send a shorter time"),
    [REFUSAL_NOT_NOW] = BOTH("现在不能执行{why};请稍后再试", "Not possible now{why}; try again later"),
};

/* Two persons for what a verb does, not for a reset. */
static const char *const two_persons[2][LANG_COUNT] = {
    BOTH("已登记第一人,尚未生效;须由另一个人在30分钟内发出同样的命令",
         "First of two recorded, nothing has changed yet: a second, different person must say the same within 30 minutes"),
    BOTH("须由另一个人在30分钟内发出同样的命令", "A second, different person must say the same within 30 minutes"),
};

/* Of the interlock's own sentence: nothing may be told apart before the mark is back. */
static const char *const not_synchronised[LANG_COUNT] =
    BOTH("系统与消息服务器尚未同步,所有联锁生效,未执行;请稍后再试",
         "Not yet synchronised with the broker, every interlock holds, nothing was done; try again soon");

static const char *const verbs_zh[VERB_COUNT] = {
    [VERB_RESET] = "复位",
    [VERB_CLOSE] = "结束",
};

/* verb VERB_COUNT: none was understood, so all are named. */
static void put_usage(enum verb verb, struct buf *out)
{
	static const struct {
		char letter;
		const char *text;
	} words[] = {
	    {'I', "ID"},     {'o', "[ID|all]"},  {'t', "TYPE"},      {'z', "ZONE"},
	    {'s', "STEP"},   {'c', "CHOICE"},    {'a', "ACTUATOR"},  {'x', "ACTION"},
	    {'p', "PERSON"}, {'n', "[CHANNEL]"}, {'k', "KEY=VALUE"}, {'w', "[WORDS]"},
	    {'W', "WORDS"},  {'R', "ROLE"},     {'f', "FROM"},      {'u', "UNTIL"},
	    {'r', "[ROLE]"},    {'F', "FROM"},      {'T', "TO"},        {'d', "[24h|7d|30d]"},
	    {'D', "DURATION"}, {'h', "HAZARD"},  {'m', "PERMIT"},    {'g', "WATCHPERSON"},
	    {'N', "NAME"},   {'y', "hang|down"}, {'q', "[ZONE|ACTUATOR]"},
	};

	for (int v = 0; verb >= VERB_COUNT && v < VERB_COUNT; v++)
		buf_printf(out, "%s%s", v ? " | " : "", verb_name((enum verb)v));
	if (verb >= VERB_COUNT)
		return;
	buf_str(out, verb_name(verb));
	for (const char *arg = verb_args(verb); *arg; arg++)
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (words[i].letter == *arg)
				buf_printf(out, " %s", words[i].text);
}

/* Words of ours that the audit keeps as they are. later: it may be possible then; step: of the verbs for steps. */
static const struct said_why {
	const char *word, *in[LANG_COUNT];
	bool later, step;
} whys[] = {
    {"not begun", BOTH("这一步还没有开始", "the step has not begun"), true, true},
    {"task", BOTH("这一步是任务,请用 done 或 failed", "the step is a task: answer done or failed"), false, true},
    {"decide", BOTH("这一步要选择,请用 decide", "the step is a choice: answer decide"), false, true},
    {"record", BOTH("这一步要登记,请用 record", "the step is to be recorded: answer record"), false, true},
    {"wait", BOTH("这一步在等待,请用 done 或 failed", "the step waits: answer done or failed"), false, true},
    {"report", BOTH("这一步是报告,请用 sign", "the step is a report: answer sign"), false, true},
    {"run", BOTH("它由几个步骤组成,请回复其中的步骤", "it is made of steps: answer those"), false, true},
    {"command", BOTH("这一步由系统执行", "the system does this step"), false, true},
    {"notify", BOTH("这一步由系统执行", "the system does this step"), false, true},
    {"audit store", BOTH("审计存储故障", "the audit store fails"), true, false},
    {"broker", BOTH("与消息服务器断开", "the broker is away"), true, false},
    {"out of service", BOTH("设备已停用", "it is out of service"), true, false},
    {"isolated", BOTH("该区域已隔离", "its zone is isolated"), true, false},
    {"drill", BOTH("这是演练", "it is an exercise"), false, false},
    {"not isolated", BOTH("没有隔离", "it is not isolated"), false, false},
    {"not out of service", BOTH("没有停用", "it is not out of service"), false, false},
    {"not shelved", BOTH("没有搁置", "it is not shelved"), false, false},
    {"it hangs there already", BOTH("牌已经挂着", "it hangs there already"), false, false},
    {"it hangs in more than one place, name which",
     BOTH("牌挂在几处,请写明哪一处", "it hangs in more than one place, name which"), false, false},
};

static const struct said_why *why_of(const struct answer *a)
{
	bool step = a->verb == VERB_DONE || a->verb == VERB_FAILED || a->verb == VERB_DECIDE || a->verb == VERB_RECORD;

	if (!a->detail)
		return NULL;
	if (a->refusal != REFUSAL_NOT_NOW && (a->refusal != REFUSAL_STILL_ACTIVE || strcmp(a->detail, "isolated") != 0))
		return NULL; /* what somebody wrote, or the site calls so */
	for (size_t i = 0; i < sizeof whys / sizeof *whys; i++)
		if (!strcmp(a->detail, whys[i].word) && (step || !whys[i].step))
			return &whys[i];
	return NULL;
}

static const char *detail_text(const struct answer *a)
{
	const struct said_why *why = why_of(a);
	int state = a->refusal == REFUSAL_NOT_NOW ? state_from(a->detail) : -1;

	if (state >= 0)
		return wording_state((enum state)state, a->lang);
	return why ? why->in[a->lang] : a->detail;
}

static void put_why(const struct answer *a, struct buf *out)
{
	if (a->detail && *a->detail)
		buf_printf(out, a->lang == LANG_ZH ? ":%s" : ": %s", detail_text(a));
}

static void put_hint(const struct answer *a, struct buf *out)
{
	if (a->verb == VERB_DECIDE && a->form)
		buf_printf(out, a->lang == LANG_ZH ? "(%s)" : " (%s)", a->form);
	else if (a->detail && *a->detail)
		buf_printf(out, a->lang == LANG_ZH ? "(%s%s%s)" : " (%s%s%s)", detail_text(a), a->form ? "=" : "",
		           a->form ? a->form : "");
}

static void put_verb(const struct answer *a, struct buf *out)
{
	if (a->verb < VERB_COUNT)
		buf_str(out,
		        a->lang == LANG_ZH && verbs_zh[a->verb] ? verbs_zh[a->verb] : verb_name(a->verb));
}

/* Words about the incident. */
static void put_incident_word(const struct answer *a, const char *word, size_t n, struct buf *out)
{
	const struct incident *inc = a->incident;

	if (!inc)
		buf_str(out, n == 2 ? (a->lang == LANG_ZH ? "该事件" : "The incident") : "");
	else if (!strncmp(word, "id", n))
		buf_str(out, inc->id);
	else if (!strncmp(word, "n", n))
		buf_printf(out, "%lld", (long long)inc->number);
	else if (!strncmp(word, "title", n))
		buf_str(out, inc->title.in[a->lang]);
	else if (!strncmp(word, "state", n))
		buf_str(out, wording_state(inc->state, a->lang));
	else if (!strncmp(word, "rev", n))
		buf_printf(out, "%d", inc->rev);
	else if (!strncmp(word, "level", n))
		buf_printf(out, "%d", inc->level);
}

static void put_word(const struct answer *a, const char *word, size_t n, struct buf *out)
{
	if (n == 6 && !strncmp(word, "detail", n))
		buf_str(out, a->detail ? a->detail : "");
	else if (n == 3 && !strncmp(word, "why", n))
		put_why(a, out);
	else if (n == 4 && !strncmp(word, "hint", n))
		put_hint(a, out);
	else if (n == 4 && !strncmp(word, "verb", n))
		put_verb(a, out);
	else if (n == 5 && !strncmp(word, "usage", n))
		put_usage(a->verb, out);
	else
		put_incident_word(a, word, n, out);
}

static void fill(const struct answer *a, const char *sentence, struct buf *out)
{
	const char *open, *close;

	while ((open = strchr(sentence, '{')) && (close = strchr(open, '}'))) {
		buf_add(out, sentence, (size_t)(open - sentence));
		put_word(a, open + 1, (size_t)(close - open - 1), out);
		sentence = close + 1;
	}
	buf_str(out, sentence);
}

/* ------------------------------------------------------------ which one? */

static const char *next_number(const char **at, size_t *ret_n)
{
	const char *from = *at + strcspn(*at, "0123456789");

	*ret_n = strspn(from, "0123456789");
	*at = from + *ret_n;
	return from;
}

/* detail names the incidents: "G-17, W-18". */
static void put_which(const struct answer *a, struct buf *out)
{
	const char *at = a->detail ? a->detail : "", *number;
	bool zh = a->lang == LANG_ZH;
	int n = 0;
	size_t len;

	for (const char *p = at; next_number(&p, &len), len;)
		n++;
	if (!n) {
		buf_str(out, zh ? "没有在等您确认的事件;请写明事件号"
		                : "No incident is waiting for your ack; name its number");
		return;
	}
	if (n == 1)
		buf_str(out, zh ? "请写明事件号:回复 " : "Name the incident: reply ");
	else
		buf_printf(out, zh ? "有%d起事件:回复 " : "%d incidents: reply ", n);
	for (int i = 0; number = next_number(&at, &len), len; i++) {
		if (i)
			buf_str(out, i == n - 1 ? (zh ? " 或 " : " or ") : (zh ? "、" : ", "));
		buf_add(out, number, len);
	}
}

/* ----------------------------------------------------------- interlocked */

static const struct interlock *interlock_of(const struct engine *e, const char *id)
{
	for (int i = 0; id && i < e->plan->n_interlocks; i++)
		if (!strcmp(e->plan->interlocks[i].id, id))
			return &e->plan->interlocks[i];
	return NULL;
}

static void put_reach(const struct engine *e, const struct answer *a, const struct interlock *lock,
                      struct buf *out)
{
	bool zh = a->lang == LANG_ZH;
	int zone = a->incident->zone;

	if (zone >= 0 && lock && lock->reach == REACH_PARENT && e->plan->zones[zone].in >= 0)
		zone = e->plan->zones[zone].in;
	if (zone < 0 || (lock && lock->reach == REACH_SITE))
		buf_str(out, zh ? "全站" : "the whole site");
	else
		buf_printf(out, zh ? "%s 区域" : "zone %s", e->plan->zones[zone].id);
}

static bool forbids_all(const struct interlock *lock)
{
	return !lock || (lock->n_forbid == 1 && !lock->forbid[0].kind && !lock->forbid[0].action);
}

/* "G-17 燃气泄漏:b2 区域禁止操作电器(gas-no-sparks)" */
static void put_interlocked(const struct engine *e, const struct answer *a, struct buf *out)
{
	const struct interlock *lock = interlock_of(e, a->detail);
	bool zh = a->lang == LANG_ZH, gas = a->incident && a->incident->hazard == HAZARD_GAS;

	if (!a->incident && (interlock_is_sign(lock) || (a->detail && !strcmp(a->detail, "tag")))) {
		buf_str(out, zh ? "挂牌期间禁止操作" : "A lock-out sign hangs: it must not be operated");
		put_hint(a, out);
		return;
	}
	if (!a->incident) {
		buf_str(out, not_synchronised[a->lang]);
		return;
	}
	fill(a, zh ? "{id} {title}:" : "{id} {title}: in ", out);
	put_reach(e, a, lock, out);
	if (forbids_all(lock))
		buf_str(out,
		        zh ? (gas ? "禁止操作电器" : "禁止操作设备")
		           : (gas ? " nothing electrical may be operated" : " no equipment may be operated"));
	else
		buf_str(out, zh ? "禁止此操作" : " this must not be operated");
	put_hint(a, out);
}

/* -------------------------------------------------------------- the answer */

static bool is_uncleared(const struct incident *inc)
{
	return inc->state != STATE_CLEARED && inc->state != STATE_CLOSED;
}

/* It was tried: confirmed by its feedback, or not. */
static bool put_operate_failed(const struct answer *a, struct buf *out)
{
	if (a->verb != VERB_OPERATE || step_state_from(a->detail) != STEP_FAILED)
		return false;
	buf_str(out, a->lang == LANG_ZH ? "操作失败,没有收到反馈;请到现场手动操作"
	                                : "It failed, no feedback came; operate it by hand");
	return true;
}

static void put_first_acker(const struct engine *e, const struct answer *a, struct buf *out)
{
	struct answer named = *a;

	named.detail = wording_person(e, a->detail);
	fill(&named, a->lang == LANG_ZH ? "{id} 已由{detail}确认" : "{id} was acknowledged by {detail}", out);
}

static void put_more(const struct answer *a, struct buf *out)
{
	bool zh = a->lang == LANG_ZH;

	fill(a, zh ? "{id} 已记录您的确认" : "Your ack of {id} is recorded", out);
	buf_printf(out, zh ? ",还需%d人确认" : ", %d more needed", a->n_more);
}

/* Who says "all" has not looked at a fire: what it did not cover is named. */
static void put_rest(const struct answer *a, struct buf *out)
{
	bool zh = a->lang == LANG_ZH;

	if (a->n_all && a->detail)
		buf_printf(out,
		           zh ? "。火灾、燃气、人员不含在内,须逐一确认:%s"
		              : ". Fire, gas and people are not among them and still wait, each by its number: %s",
		           a->detail);
}

/* Who answers a task with what its notice shows, and has no field but that of `ack`. */
static bool put_other_verb(const struct answer *a, struct buf *out)
{
	bool of_incident = a->verb < VERB_COUNT && strchr("Io", *verb_args(a->verb)) && !a->incident;
	int other = 0;

	while (a->detail && other < VERB_COUNT && strcasecmp(a->detail, verb_name((enum verb)other)) != 0)
		other++;
	if (a->refusal != REFUSAL_UNKNOWN_ID || !of_incident || !a->detail || other == VERB_COUNT)
		return false;
	buf_printf(out,
	           a->lang == LANG_ZH ? "未执行:%s 不是事件编号;这句话要发到自己的主题 cmd/…/%s"
	                              : "Nothing was done: %s is no incident; that goes to its own topic, cmd/…/%s",
	           a->detail, verb_name((enum verb)other));
	return true;
}

/* What is handed over, to be read and signed. */
static void put_handover(const struct engine *e, const struct answer *a, struct buf *out)
{
	fill(a, done[VERB_HANDOVER][a->lang], out);
	buf_str(out, a->lang == LANG_ZH ? ":" : ": ");
	handover_text(e, a->duty, a->lang, out);
}

static void put_done(const struct engine *e, const struct answer *a, struct buf *out)
{
	bool zh = a->lang == LANG_ZH;
	const struct incident *inc = a->incident;
	char clock[TIME_TEXT_BYTES];

	if (a->noted)
		fill(a,
		     zh ? "{id} 已记为备注{why};仍由责任人处理,时限不变"
		        : "{id} recorded as a note{why}; it stays with its owner and its time runs on",
		     out);
	else if (a->verb == VERB_RESET && inc && inc->reset_by && *inc->reset_by && is_uncleared(inc))
		fill(a,
		     zh ? "{id} 第一人复位已登记;须由另一个人在30分钟内再复位:reset {n}"
		        : "{id} first reset recorded; a second, different person must follow within 30 "
		          "minutes: reset {n}",
		     out);
	else if (a->n_more && !a->n_all)
		put_more(a, out);
	else if (a->verb == VERB_HANDOVER && a->duty)
		put_handover(e, a, out);
	else if (a->verb == VERB_ACCEPT && a->duty && duty_is_pending(a->duty))
		fill(a, zh ? "已签字{why};人数未到,交接尚未完成" : "Signed{why}; more must accept before it is complete",
		     out);
	else if (a->waits)
		fill(a, zh ? "已提交{why};上级同意后才生效" : "Asked{why}; it counts when somebody above agrees", out);
	else if (a->first)
		fill(a, two_persons[0][a->lang], out);
	else if (a->n_all)
		buf_printf(out, zh ? "已确认%d起" : "Acknowledged %d", a->n_all);
	else if (a->verb == VERB_ACK && a->detail && *a->detail)
		put_first_acker(e, a, out);
	else if (!put_operate_failed(a, out))
		fill(a, done[a->verb][a->lang], out);
	if (a->verb == VERB_ACK && a->due_ms >= 0)
		buf_printf(out, zh ? ",请在 %s 前到场" : ", be there by %s",
		           time_clock(&e->plan->tz, a->due_ms, clock));
	put_rest(a, out);
}

void render_answer(const struct engine *e, const struct answer *a, struct buf *out)
{
	if (a->refusal == REFUSAL_NONE)
		put_done(e, a, out);
	else if (a->refusal == REFUSAL_WHICH)
		put_which(a, out);
	else if (a->refusal == REFUSAL_INTERLOCKED)
		put_interlocked(e, a, out);
	else if (a->refusal == REFUSAL_SECOND_PERSON && a->verb != VERB_RESET)
		fill(a, two_persons[1][a->lang], out);
	else if (a->refusal == REFUSAL_NOT_NOW && why_of(a) && !why_of(a)->later)
		fill(a, a->lang == LANG_ZH ? "未执行{why}" : "Nothing was done{why}", out);
	else if (!put_other_verb(a, out))
		fill(a, refused[a->refusal][a->lang], out);
}
