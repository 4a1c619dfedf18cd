/* What people read: notices and answers, in both languages. */
#include "fixture.h"

static void assert_notice(const struct wording *w, const char *expected)
{
	struct buf b = {0};

	render_notice(&f_engine, w, &b);
	assert_string_equal(buf_text(&b), expected);
	buf_fini(&b);
}

static struct wording about(enum notice_kind kind, enum lang lang, int step)
{
	return (struct wording){.kind = kind,
	                        .lang = lang,
	                        .person = WANG,
	                        .level = 1,
	                        .incident = &f_incident,
	                        .step = step < 0 ? NULL : &f_steps[step]};
}

static void assert_both(enum notice_kind kind, int step, const char *zh, const char *en)
{
	struct wording w = about(kind, LANG_ZH, step);

	assert_notice(&w, zh);
	w.lang = LANG_EN;
	assert_notice(&w, en);
}

/* The value at the call is the present one; at the opening the two are the same. */
static void fresh(void)
{
	fixture();
	strcpy(f_members[0].now, "31.2");
}

static void test_call_is_the_contract(void **state)
{
	(void)state;
	fresh();
	assert_both(
	    NOTICE_CALL, SCENE,
	    "【燃气泄漏】G-17 地下二层厨房 31.2%LEL 03:10 第1级。立即赶到现场;禁止开关电器。回复:确认 17",
	    "[Gas leak] G-17 B2 kitchen 31.2%LEL 03:10 level 1. Go to the scene. Touch no switch. Reply: ack "
	    "17");
	strcpy(f_members[0].now, "58.0");
	assert_both(NOTICE_CALL, -1, "【燃气泄漏】G-17 地下二层厨房 58.0%LEL 03:10 第1级。回复:确认 17",
	            "[Gas leak] G-17 B2 kitchen 58.0%LEL 03:10 level 1. Reply: ack 17");
}

static void test_who_or_what_reported(void **state)
{
	(void)state;
	fresh();
	f_members[0] = (struct member){.sensor = S("person:li"), .kind = S("manual"), .active = TRUTH_TRUE};
	assert_both(NOTICE_CALL, -1, "【燃气泄漏】G-17 地下二层厨房 李娜 报告 03:10 第1级。回复:确认 17",
	            "[Gas leak] G-17 B2 kitchen reported by 李娜 03:10 level 1. Reply: ack 17");
	f_members[0] = (struct member){.sensor = S("call-b2"), .value = "1", .active = TRUTH_TRUE};
	assert_both(NOTICE_CALL, -1, "【燃气泄漏】G-17 地下二层厨房 call-b2 03:10 第1级。回复:确认 17",
	            "[Gas leak] G-17 B2 kitchen call-b2 03:10 level 1. Reply: ack 17");
	f_incident.zone = -1;
	f_incident.zone_id = S("");
	f_members[0] = (struct member){.sensor = S("self:"), .active = TRUTH_TRUE};
	assert_both(NOTICE_CALL, -1, "【燃气泄漏】G-17 03:10 第1级。回复:确认 17",
	            "[Gas leak] G-17 03:10 level 1. Reply: ack 17");
}

/* The first active member speaks, not the first of the list. */
static void test_first_active_member(void **state)
{
	(void)state;
	fresh();
	f_incident.n_members = 3;
	f_members[0].active = TRUTH_FALSE;
	f_members[1].out = true;
	strcpy(f_members[2].now, "12.5");
	assert_both(NOTICE_CALL, -1, "【燃气泄漏】G-17 地下二层厨房 12.5%LEL 03:10 第1级。回复:确认 17",
	            "[Gas leak] G-17 B2 kitchen 12.5%LEL 03:10 level 1. Reply: ack 17");
}

static void test_state_is_told(void **state)
{
	(void)state;
	fresh();
	f_incident.state = STATE_RTN_UNACKED;
	f_incident.stale = true;
	assert_both(NOTICE_CALL, -1,
	            "【燃气泄漏】G-17 地下二层厨房 31.2%LEL 03:10 "
	            "第1级。报警已恢复,仍须有人确认。探头失联,按仍在报警处理。回复:确认 17",
	            "[Gas leak] G-17 B2 kitchen 31.2%LEL 03:10 level 1. Back to normal, still needs an ack. "
	            "Sensor lost: treat as still active. Reply: ack 17");
}

static void test_update_reminder_exhausted(void **state)
{
	(void)state;
	fresh();
	f_incident.n_members = 2;
	assert_both(
	    NOTICE_UPDATE, -1,
	    "〔更新〕【燃气泄漏】G-17 地下二层厨房 31.2%LEL 03:10。现有2处报警,等级 critical。回复:确认 17",
	    "UPDATE [Gas leak] G-17 B2 kitchen 31.2%LEL 03:10. 2 in alarm now, grade critical. Reply: ack "
	    "17");
	assert_both(NOTICE_EXHAUSTED, -1,
	            "〔无人应答〕【燃气泄漏】G-17 地下二层厨房 31.2%LEL "
	            "03:10。全部层级均已呼叫,无人确认。回复:确认 17",
	            "NOBODY ANSWERED [Gas leak] G-17 B2 kitchen 31.2%LEL 03:10. Everybody on the chain was "
	            "called, nobody "
	            "acked. Reply: ack 17");
	f_incident.state = STATE_ACKED;
	f_incident.acked_by = S("wang");
	assert_both(
	    NOTICE_REMINDER, -1,
	    "〔提醒〕【燃气泄漏】G-17 地下二层厨房 31.2%LEL 03:10。仍在报警,已由王强确认。回复:确认 17",
	    "REMINDER [Gas leak] G-17 B2 kitchen 31.2%LEL 03:10. Still active, acked by 王强. Reply: ack 17");
	f_incident.state = STATE_CLEARED; /* the owner of an open step is reminded of it */
	assert_both(NOTICE_REMINDER, SCENE,
	            "〔提醒〕【燃气泄漏】G-17 地下二层厨房 31.2%LEL "
	            "03:10。还有未完成的工作。立即赶到现场;禁止开关电器。"
	            "回复:done 17 scene;办不到:failed 17 scene 原因",
	            "REMINDER [Gas leak] G-17 B2 kitchen 31.2%LEL 03:10. Work is still open. Go to the "
	            "scene. Touch no switch. "
	            "Reply: done 17 scene; not possible: failed 17 scene why");
}

static void test_tasks(void **state)
{
	(void)state;
	fresh();
	f_incident.n_steps = STEPS;
	assert_both(NOTICE_TASK, SCENE,
	            "〔任务〕【燃气泄漏】G-17 地下二层厨房 03:10。立即赶到现场;禁止开关电器。03:13 前。"
	            "回复:done 17 scene;办不到:failed 17 scene 原因",
	            "TASK [Gas leak] G-17 B2 kitchen 03:10. Go to the scene. Touch no switch. Until 03:13. "
	            "Reply: done 17 scene; not possible: failed 17 scene why");
	assert_both(NOTICE_TASK, SCALE,
	            "〔任务〕【燃气泄漏】G-17 地下二层厨房 03:10。小型还是重大?03:15 前。回复:decide 17 "
	            "scale minor(小型) 或 major(重大)",
	            "TASK [Gas leak] G-17 B2 kitchen 03:10. Minor or major? Until 03:15. Reply: decide 17 "
	            "scale minor or major");
	assert_both(NOTICE_TASK, GAS_CO,
	            "〔任务〕【燃气泄漏】G-17 地下二层厨房 03:10。请记录:called_at、name。回复:record 17 "
	            "gas-co called_at=… name=…。"
	            "电话:燃气公司 96777",
	            "TASK [Gas leak] G-17 B2 kitchen 03:10. Please record: called_at, name. Reply: record 17 "
	            "gas-co called_at=… "
	            "name=…. Contacts: gas company 96777");
}

static void test_late_over_tell_test(void **state)
{
	struct wording w;

	(void)state;
	fresh();
	assert_both(
	    NOTICE_LATE, SCENE,
	    "〔超时〕【燃气泄漏】G-17 地下二层厨房 03:10。任务未按时完成:立即赶到现场;禁止开关电器(值班电工)",
	    "LATE [Gas leak] G-17 B2 kitchen 03:10. A task is late: Go to the scene. Touch no switch. (duty "
	    "electrician)");
	assert_both(NOTICE_OVER, -1, "〔事件结束〕【燃气泄漏】G-17 地下二层厨房 03:10。事件已结束,无须再处理",
	            "OVER [Gas leak] G-17 B2 kitchen 03:10. The incident is over, nothing more to do");
	assert_both(NOTICE_TELL, TENANTS, "【燃气泄漏】G-17 地下二层厨房 03:10。请通知商户",
	            "[Gas leak] G-17 B2 kitchen 03:10. Tell the tenants");
	w = about(NOTICE_TELL, LANG_EN, -1);
	w.words = "Valve did not close!";
	assert_notice(&w, "[Gas leak] G-17 B2 kitchen 03:10. Valve did not close!");
	w.incident = NULL;
	assert_notice(&w, "[Central Plaza] 03:10. Valve did not close!");
	assert_both(NOTICE_TEST, -1, "〔测试〕【中心广场】 03:10。这是测试通知,无需处理",
	            "TEST [Central Plaza] 03:10. This is a test, nothing to do");
}

/* However long the site's own texts are: 500 bytes, whole characters, and how
 * to answer is still there. */
static void test_always_fits(void **state)
{
	static char zh[1200], en[1200];
	static struct step step;
	struct zone zones[ZONES];
	char words[1200];

	(void)state;
	fresh();
	for (size_t i = 0; i + 3 < sizeof zh; i += 3)
		memcpy(zh + i, "阀", 3);
	memset(en, 'x', sizeof en - 1);
	memcpy(words, zh, sizeof words);
	memcpy(zones, f_zones, sizeof zones);
	zones[ZONE_KITCHEN].name = f_incident.title = (struct text){{zh, en}};
	f_plan.zones = zones;
	f_plan.site_name = f_incident.title;
	step = f_steps[SCENE];
	step.text = step.contacts = f_incident.title;
	for (int kind = 0; kind < NOTICE_COUNT; kind++)
		for (int i = 0; i < 8; i++) {
			struct wording w = about((enum notice_kind)kind, i & 1 ? LANG_EN : LANG_ZH, -1);
			struct buf b = {0};

			w.step = i & 2 ? &step : NULL;
			w.words = i & 4 ? words : NULL;
			render_notice(&f_engine, &w, &b);
			assert_true(b.len <= 500 && utf8_valid(b.text, b.len));
			if (kind == NOTICE_CALL)
				assert_non_null(strstr(b.text, i & 1 ? "Reply: ack 17" : "回复:确认 17"));
			if (kind != NOTICE_TEST)
				assert_non_null(strstr(b.text, "G-17"));
			buf_fini(&b);
		}
}

/* ----------------------------------------------------------------- answers */

static struct answer answer(enum verb verb, enum refusal refusal)
{
	return (struct answer){.verb = verb, .refusal = refusal, .incident = &f_incident, .due_ms = -1};
}

static void assert_answer(struct answer a, const char *zh, const char *en)
{
	struct buf b = {0};

	for (int l = 0; l < LANG_COUNT; l++) {
		a.lang = (enum lang)l;
		buf_clear(&b);
		render_answer(&f_engine, &a, &b);
		assert_string_equal(buf_text(&b), l == LANG_ZH ? zh : en);
	}
	buf_fini(&b);
}

static void test_ack(void **state)
{
	struct answer a = answer(VERB_ACK, REFUSAL_NONE);

	(void)state;
	fixture();
	assert_answer(a, "已确认 G-17", "Acknowledged G-17");
	a.due_ms = at("2026-11-22T19:13:04.182Z");
	assert_answer(a, "已确认 G-17,请在 03:13 前到场", "Acknowledged G-17, be there by 03:13");
	a.detail = "li"; /* somebody else was first */
	a.due_ms = -1;
	assert_answer(a, "G-17 已由李娜确认", "G-17 was acknowledged by 李娜");
}

static void test_which(void **state)
{
	struct answer a = answer(VERB_ACK, REFUSAL_WHICH);

	(void)state;
	fixture();
	a.incident = NULL;
	a.detail = "G-17,W-18";
	assert_answer(a, "有2起事件:回复 17 或 18", "2 incidents: reply 17 or 18");
	a.detail = "17 18 19";
	assert_answer(a, "有3起事件:回复 17、18 或 19", "3 incidents: reply 17, 18 or 19");
	a.detail = "G-17";
	assert_answer(a, "请写明事件号:回复 17", "Name the incident: reply 17");
	a.detail = NULL;
	assert_answer(a, "没有在等您确认的事件;请写明事件号",
	              "No incident is waiting for your ack; name its number");
}

static void test_interlocked(void **state)
{
	struct answer a = answer(VERB_OPERATE, REFUSAL_INTERLOCKED);

	(void)state;
	fixture();
	a.detail = "gas-no-sparks";
	assert_answer(a, "G-17 燃气泄漏:b2 区域禁止操作电器(gas-no-sparks)",
	              "G-17 Gas leak: in zone b2 nothing electrical may be operated (gas-no-sparks)");
	a.incident = &f_other;
	a.detail = "fire-keeps-water";
	assert_answer(a, "P-16 停电:全站禁止此操作(fire-keeps-water)",
	              "P-16 Power loss: in the whole site this must not be operated (fire-keeps-water)");
	a.incident = NULL;
	a.detail = NULL;
	assert_answer(
	    a, "系统与消息服务器尚未同步,所有联锁生效,未执行;请稍后再试",
	    "Not yet synchronised with the broker, every interlock holds, nothing was done; try again soon");
}

static void test_done_and_noted(void **state)
{
	struct answer a = answer(VERB_DONE, REFUSAL_NONE);

	(void)state;
	fixture();
	a.detail = "scene";
	assert_answer(a, "G-17 任务已完成:scene", "G-17 task done: scene");
	a.noted = true;
	assert_answer(a, "G-17 已记为备注:scene;仍由责任人处理,时限不变",
	              "G-17 recorded as a note: scene; it stays with its owner and its time runs on");
}

static void test_operate(void **state)
{
	struct answer a = answer(VERB_OPERATE, REFUSAL_NONE);

	(void)state;
	fixture();
	a.incident = NULL;
	a.detail = "done";
	assert_answer(a, "操作已完成", "Done, the device obeyed");
	a.detail = "failed";
	assert_answer(a, "操作失败,没有收到反馈;请到现场手动操作",
	              "It failed, no feedback came; operate it by hand");
}

static void test_reset(void **state)
{
	struct answer a = answer(VERB_RESET, REFUSAL_NONE);

	(void)state;
	fixture();
	f_incident.state = STATE_LATCHED;
	f_incident.reset_by = S("li");
	assert_answer(
	    a, "G-17 第一人复位已登记;须由另一个人在30分钟内再复位:reset 17",
	    "G-17 first reset recorded; a second, different person must follow within 30 minutes: reset 17");
	f_incident.state = STATE_ACKED; /* the same when a lost detector was named */
	assert_answer(
	    a, "G-17 第一人复位已登记;须由另一个人在30分钟内再复位:reset 17",
	    "G-17 first reset recorded; a second, different person must follow within 30 minutes: reset 17");
	f_incident.state = STATE_CLEARED;
	assert_answer(a, "G-17 已复位,现在是收尾中", "G-17 reset, now work still open");
	a.refusal = REFUSAL_STILL_ACTIVE;
	assert_answer(a, "G-17 仍在报警,不能复位;恢复正常后再试,探头损坏请用 without 注明",
	              "G-17 is still active, no reset yet; try when it is back to normal, or name a "
	              "destroyed sensor in "
	              "`without`");
}

static void test_refusals_say_what_to_do(void **state)
{
	struct answer a = answer(VERB_DECIDE, REFUSAL_BAD_TEXT);

	(void)state;
	fixture();
	assert_answer(a, "看不懂;格式:decide ID STEP CHOICE [WORDS]",
	              "Not understood; write: decide ID STEP CHOICE [WORDS]");
	a.detail = "huge";
	a.form = "minor | major";
	assert_answer(a, "看不懂;格式:decide ID STEP CHOICE [WORDS](minor | major)",
	              "Not understood; write: decide ID STEP CHOICE [WORDS] (minor | major)");
	a = answer(VERB_ACK, REFUSAL_OLD_REV);
	f_incident.rev = 3;
	assert_answer(a, "G-17 已有变化(现为 rev 3,未确认);请看最新情况后再回复 确认 17",
	              "G-17 has changed (now rev 3, unacked); look again, then reply: ack 17");
	a = answer(VERB_CLOSE, REFUSAL_STEPS_OPEN);
	a.detail = "scene, below";
	assert_answer(a, "G-17 还有未完成的步骤:scene, below;完成后再结束",
	              "G-17 has open steps: scene, below; finish them, then close");
	a = answer(VERB_ACK, REFUSAL_UNKNOWN_ID);
	a.incident = NULL;
	a.detail = "99";
	assert_answer(a, "没有这个编号或名称:99;请核对后重发",
	              "No such number or name: 99; check it and send again");
	a.detail = "Done"; /* `done 17 scene`, as the task's notice says, in the field of `ack` */
	assert_answer(a, "未执行:Done 不是事件编号;这句话要发到自己的主题 cmd/…/done",
	              "Nothing was done: Done is no incident; that goes to its own topic, cmd/…/done");
	a.verb = VERB_RAISE; /* of a type, not of an incident */
	assert_answer(a, "没有这个编号或名称:Done;请核对后重发",
	              "No such number or name: Done; check it and send again");
}

/* What the audit keeps as a word is said in the reader's language, and later only where later helps. */
static void test_why_not_now(void **state)
{
	struct answer a = answer(VERB_OPERATE, REFUSAL_NOT_NOW);

	(void)state;
	fixture();
	a.detail = "out of service";
	assert_answer(a, "现在不能执行:设备已停用;请稍后再试",
	              "Not possible now: it is out of service; try again later");
	a.detail = "G-2";
	assert_answer(a, "现在不能执行:G-2;请稍后再试", "Not possible now: G-2; try again later");
	a.detail = "pre_alarm";
	assert_answer(a, "现在不能执行:预警;请稍后再试", "Not possible now: pre-alarm; try again later");
	a = answer(VERB_DECIDE, REFUSAL_NOT_NOW);
	a.detail = "task";
	assert_answer(a, "未执行:这一步是任务,请用 done 或 failed", "Nothing was done: the step is a task: answer done or failed");
	a.detail = "not begun";
	assert_answer(a, "现在不能执行:这一步还没有开始;请稍后再试", "Not possible now: the step has not begun; try again later");
	a = answer(VERB_SIGN, REFUSAL_NOT_NOW); /* of a step that is called so */
	a.detail = "report";
	assert_answer(a, "现在不能执行:report;请稍后再试", "Not possible now: report; try again later");
	a = answer(VERB_RAISE, REFUSAL_UNKNOWN_ID); /* of a zone that is called so */
	a.detail = "broker";
	assert_answer(a, "没有这个编号或名称:broker;请核对后重发", "No such number or name: broker; check it and send again");
	a = answer(VERB_DECIDE, REFUSAL_BAD_TEXT); /* a choice is called so */
	a.form = "wait";
	assert_answer(a, "看不懂;格式:decide ID STEP CHOICE [WORDS](wait)",
	              "Not understood; write: decide ID STEP CHOICE [WORDS] (wait)");
	a = answer(VERB_CLOSE, REFUSAL_STEPS_OPEN); /* so is a step */
	a.detail = "drill";
	a.incident = &f_incident;
	assert_answer(a, "G-17 还有未完成的步骤:drill;完成后再结束", "G-17 has open steps: drill; finish them, then close");
	a = answer(VERB_DONE, REFUSAL_UNKNOWN_ID); /* of a known incident: a step that it has not */
	a.detail = "close";
	a.incident = &f_incident;
	assert_answer(a, "没有这个编号或名称:close;请核对后重发", "No such number or name: close; check it and send again");
	a = answer(VERB_UNSHELVE, REFUSAL_NOT_NOW);
	a.detail = "not shelved";
	assert_answer(a, "未执行:没有搁置", "Nothing was done: it is not shelved");
	a = answer(VERB_TAG, REFUSAL_NOT_NOW);
	a.detail = "it hangs there already";
	assert_answer(a, "未执行:牌已经挂着", "Nothing was done: it hangs there already");
}

static void assert_sentence(struct answer a)
{
	struct buf b = {0};

	for (int l = 0; l < LANG_COUNT; l++) {
		a.lang = (enum lang)l;
		buf_clear(&b);
		render_answer(&f_engine, &a, &b);
		assert_true(b.len > 5 && utf8_valid(b.text, b.len));
		assert_null(strchr(b.text, '{'));
	}
	buf_fini(&b);
}

/* Every verb and every refusal has its sentence, with and without an incident. */
static void test_every_answer_exists(void **state)
{
	(void)state;
	fixture();
	for (int v = 0; v <= VERB_COUNT; v++) /* VERB_COUNT: the verb was not understood */
		for (int r = v == VERB_COUNT; r < REFUSAL_COUNT; r++) {
			struct answer a = answer((enum verb)v, (enum refusal)r);

			assert_sentence(a);
			a.detail = "x";
			assert_sentence(a);
			a.incident = NULL;
			a.detail = NULL;
			assert_sentence(a);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_call_is_the_contract),
	    cmocka_unit_test(test_who_or_what_reported),
	    cmocka_unit_test(test_first_active_member),
	    cmocka_unit_test(test_state_is_told),
	    cmocka_unit_test(test_update_reminder_exhausted),
	    cmocka_unit_test(test_tasks),
	    cmocka_unit_test(test_late_over_tell_test),
	    cmocka_unit_test(test_always_fits),
	    cmocka_unit_test(test_ack),
	    cmocka_unit_test(test_which),
	    cmocka_unit_test(test_interlocked),
	    cmocka_unit_test(test_done_and_noted),
	    cmocka_unit_test(test_operate),
	    cmocka_unit_test(test_reset),
	    cmocka_unit_test(test_refusals_say_what_to_do),
	    cmocka_unit_test(test_why_not_now),
	    cmocka_unit_test(test_every_answer_exists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
