/* view.c - what is going on: status, list, show, oncall. In each of them
 * stands who is called next, and when. */
#include "ask.h"
#include "print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *say(const struct cli *c, const char *en, const char *zh)
{
	return c->lang == LANG_ZH ? zh : en;
}

/* "li, smith" of an array of names */
static void add_names(struct buf *out, const struct answer *names)
{
	for (int i = 0; i < answer_count(names); i++) {
		buf_str(out, i ? ", " : "");
		buf_str(out, answer_text(answer_at(names, i)));
	}
}

static const struct {
	const char *what, *en, *zh; /* the engine's word; before the time */
} nexts[] = {
    {"call", "called", "呼叫"},
    {"remind", "reminded", "提醒"},
    {"action", "first step due, else called again,", "首步限期,逾期再呼叫"},
    {"investigate", "called if not settled", "未查明则呼叫"},
    {"cause", "follows from another, called by itself", "由其他事件引起,单独呼叫"},
};

/* "level 2 called in 54 s (19:11:34): li, smith" */
static void add_next(const struct cli *c, struct buf *out, const struct answer *incident)
{
	const struct answer *next = answer_get(incident, "next");
	const char *what = answer_str(next, "what");
	long long level = answer_int(next, "level", 0);
	char when[96];

	if (!*answer_str(next, "at")) {
		buf_str(out, "-");
		return;
	}
	for (int i = 0; i < (int)(sizeof(nexts) / sizeof(nexts[0])); i++)
		if (!strcmp(what, nexts[i].what))
			what = say(c, nexts[i].en, nexts[i].zh);
	if (level > 0 && strcmp(answer_str(next, "what"), "action"))
		buf_printf(out, "%s%lld%s ", say(c, "level ", "第"), level, say(c, "", "级"));
	buf_printf(out, "%s %s", what, print_when(answer_str(next, "at"), c->lang, when));
	if (answer_count(answer_get(next, "who"))) {
		buf_str(out, ": ");
		add_names(out, answer_get(next, "who"));
	}
}

static void add_state(struct buf *out, const struct answer *incident)
{
	static const char *const marks[] = {"stale", "drill", "unrecorded"};
	const struct answer *flags = answer_get(incident, "flags");

	buf_str(out, answer_str(incident, "state"));
	for (int i = 0; i < 3; i++)
		if (answer_true(flags, marks[i]))
			buf_printf(out, ",%s", marks[i]);
}

static void incident_row(const struct cli *c, struct print_table *t, const struct answer *incident)
{
	struct buf state = {0}, next = {0};
	char opened[64];

	add_state(&state, incident);
	add_next(c, &next, incident);
	print_row(t, 7,
	          (const char *const[]){answer_str(incident, "id"), buf_text(&state),
	                                answer_str(incident, "severity"), answer_str(incident, "zone"),
	                                print_clock(answer_str(incident, "opened"), opened),
	                                answer_lang(incident, "title", c->lang), buf_text(&next)});
	buf_fini(&state);
	buf_fini(&next);
}

static void incidents(const struct cli *c, const struct answer *list)
{
	struct print_table t = {0};

	if (!answer_count(list)) {
		puts(say(c, "Nothing is open.", "没有未结事件。"));
		return;
	}
	if (c->lang == LANG_ZH)
		print_row(&t, 7,
		          (const char *const[]){"编号", "状态", "等级", "区域", "开始", "事件", "下一步"});
	else
		print_row(&t, 7,
		          (const char *const[]){"ID", "STATE", "SEVERITY", "ZONE", "SINCE", "WHAT", "NEXT"});
	for (int i = 0; i < answer_count(list); i++)
		incident_row(c, &t, answer_at(list, i));
	print_table(&t, "");
}

static void channel_troubles(const struct cli *c, const struct answer *channels)
{
	const struct answer *one;
	const char *id;

	for (int i = 0; channels && (one = answer_member(channels, i, &id)); i++) {
		const char *state = answer_str(one, "state");

		if (!*state || !strcmp(state, "ok"))
			continue;
		fputs(say(c, "TROUBLE  channel ", "故障  通知渠道 "), stdout);
		print_safe(stdout, id);
		printf(": %s; %lld %s, %lld %s\n",
		       !strcmp(state, "failing")
		           ? say(c, "the last three notices failed", "最近三次通知失败")
		           : say(c, "cannot be used: `tocsin check` says why", "无法使用,请运行 tocsin check"),
		       (long long)answer_int(one, "sent", 0), say(c, "sent", "已发出"),
		       (long long)answer_int(one, "failed", 0), say(c, "failed", "失败"));
	}
}

/* What is wrong with the alarm system itself comes before everything else. */
static void troubles(const struct cli *c, const struct answer *status)
{
	const char *store = answer_str(status, "store"), *broker = answer_str(status, "broker");

	if (*store && strcmp(store, "ok")) {
		fputs(say(c, "TROUBLE  audit store: ", "故障  审计存储: "), stdout);
		print_safe(stdout, store);
		puts(say(c, " - alarms still leave, marked unrecorded; look at the disk",
		         " - 报警照常发出,标〔未记录〕;请检查磁盘"));
	}
	if (*broker && strcmp(broker, "up")) {
		fputs(say(c, "TROUBLE  broker: ", "故障  消息服务器: "), stdout);
		print_safe(stdout, broker);
		puts(say(c, " - no sensor is heard and no page leaves by MQTT",
		         " - 收不到探测器,MQTT 通知无法发出"));
	}
	if (!strcmp(broker, "up") && answer_get(status, "synced") && !answer_true(status, "synced"))
		puts(say(c, "TROUBLE  own messages are not back from the broker yet: no command leaves",
		         "故障  自身消息尚未从服务器返回:暂不发出控制命令"));
	if (answer_true(status, "plan_broken"))
		puts(say(c,
		         "TROUBLE  the configuration is broken: the last good one is in force; `tocsin "
		         "check` says why",
		         "故障  配置文件有误:正在使用上一份有效配置;请运行 tocsin check"));
	channel_troubles(c, answer_get(status, "channels"));
	if (answer_true(status, "flood"))
		puts(say(c, "TROUBLE  flood of alarms", "故障  报警过多"));
}

/* "sent" of a channel, or "delivered" */
static bool has_reached(const struct answer *channels)
{
	const struct answer *one;
	const char *id;

	for (int i = 0; channels && (one = answer_member(channels, i, &id)); i++)
		if (!strcmp(answer_str(one, "state"), "sent") || !strcmp(answer_str(one, "state"), "delivered"))
			return true;
	return false;
}

/* Those who are on duty within the week, and what their test notices came to. */
static void reached(const struct cli *c, const struct answer *people)
{
	const struct answer *one;
	struct buf missed = {0};
	const char *id;
	int n = 0, n_reached = 0;

	for (int i = 0; people && (one = answer_member(people, i, &id)); i++) {
		if (!*answer_str(one, "duty"))
			continue;
		n++;
		n_reached += has_reached(answer_get(one, "channels"));
		if (answer_true(one, "unreached"))
			buf_printf(&missed, "%s%s (%s)", missed.len ? ", " : "", id, answer_str(one, "role"));
	}
	if (n)
		printf("%s %d, %s %d\n", say(c, "on duty within the week:", "一周内当班:"), n,
		       say(c, "reached by their test notice:", "测试通知已送达:"), n_reached);
	if (missed.len) {
		fputs(say(c, "TROUBLE  no channel reaches ", "故障  联系不上 "), stdout);
		print_safe(stdout, buf_text(&missed));
		putchar('\n');
	}
	buf_fini(&missed);
}

static void totals(const struct cli *c, const struct answer *status)
{
	char up[32], oldest[32];

	print_safe(stdout, answer_str(status, "site"));
	printf(": tocsind %s %s, %s %lld\n", say(c, "runs for", "已运行"),
	       print_span(answer_int(status, "up_s", 0), up),
	       say(c, "messages waiting to leave:", "待发消息"), (long long)answer_int(status, "queue", 0));
	printf("%s ", say(c, "store", "存储"));
	print_safe(stdout, answer_str(status, "store"));
	printf(", %s ", say(c, "broker", "消息服务器"));
	print_safe(stdout, answer_str(status, "broker"));
	printf(", %s %lld, %s %lld, %s ", say(c, "epoch", "轮次"), (long long)answer_int(status, "epoch", 0),
	       say(c, "audit row", "审计行"), (long long)answer_int(status, "seq", 0),
	       say(c, "plan", "配置"));
	print_safe(stdout, answer_str(status, "plan"));
	printf("\n%lld %s, %lld %s", (long long)answer_int(status, "open", 0), say(c, "open", "未结"),
	       (long long)answer_int(status, "unacked", 0), say(c, "unacked", "未确认"));
	if (answer_int(status, "unacked", 0) > 0)
		printf(" (%s %s)", say(c, "oldest", "最久"),
		       print_span(answer_int(status, "oldest_unacked_s", 0), oldest));
	putchar('\n');
}

/* What somebody silenced, took out or hung a sign on: one line each. */
static void impaired(const struct cli *c, const struct answer *said)
{
	const char *line = answer_str(said, lang_name(c->lang));

	for (size_t n; (n = strcspn(line, "\n")) > 0; line += n + (line[n] != 0)) {
		struct buf one = {0};

		buf_add(&one, line, n);
		fputs(say(c, "IMPAIRED  ", "停用  "), stdout);
		print_safe(stdout, buf_text(&one));
		putchar('\n');
		buf_fini(&one);
	}
}

int view_status(const struct cli *c)
{
	struct answer *status, *list;
	int code = ask_word(c, "status", &status);

	if (code || c->json)
		return code;
	troubles(c, answer_get(status, "status"));
	totals(c, answer_get(status, "status"));
	reached(c, answer_get(answer_get(status, "status"), "reach"));
	impaired(c, answer_get(answer_get(status, "status"), "impaired"));
	answer_free(status);
	code = ask_once(c, "{\"do\":\"list\",\"closed\":false}", &list);
	if (!code)
		incidents(c, answer_get(list, "incidents"));
	answer_free(list);
	return code;
}

int view_list(const struct cli *c)
{
	struct answer *line;
	int code = ask_once(
	    c, c->closed ? "{\"do\":\"list\",\"closed\":true}" : "{\"do\":\"list\",\"closed\":false}", &line);

	if (!code && !c->json)
		incidents(c, answer_get(line, "incidents"));
	answer_free(line);
	return code;
}

static void members(const struct cli *c, const struct answer *incident)
{
	const struct answer *list = answer_get(incident, "members");
	struct print_table t = {0};

	for (int i = 0; i < answer_count(list); i++) {
		const struct answer *m = answer_at(list, i);
		char at[64];
		struct buf now = {0};
		buf_printf(&now, "%s %s", answer_str(m, "now"), answer_str(m, "unit"));
		print_row(&t, 6,
		          (const char *const[]){answer_str(m, "sensor"), answer_str(m, "kind"),
		                                answer_str(m, "leaf"), buf_text(&now), answer_str(m, "peak"),
		                                print_clock(answer_str(m, "at"), at)});
		buf_fini(&now);
	}
	if (t.n)
		puts(say(c, "\nMembers (sensor, kind, active, now, peak, since)",
		         "\n探测器 (名称 类型 动作 现值 峰值 时间)"));
	print_table(&t, "  ");
	if (answer_int(incident, "members_more", 0) > 0)
		printf("  + %lld\n", (long long)answer_int(incident, "members_more", 0));
}

static void step_row(const struct cli *c, struct print_table *t, const struct answer *step)
{
	struct buf who = {0}, due = {0};
	char when[96];

	if (*answer_str(step, "actuator"))
		buf_printf(&who, "%s %s", answer_str(step, "actuator"), answer_str(step, "action"));
	else
		buf_str(&who, answer_str(step, "role"));
	if (answer_count(answer_get(step, "who"))) {
		buf_str(&who, " (");
		add_names(&who, answer_get(step, "who"));
		buf_str(&who, ")");
	}
	if (!strcmp(answer_str(step, "state"), "open") && *answer_str(step, "due"))
		buf_printf(&due, "%s %s", say(c, "due", "期限"),
		           print_when(answer_str(step, "due"), c->lang, when));
	print_row(t, 5,
	          (const char *const[]){answer_str(step, "id"), answer_str(step, "kind"),
	                                answer_str(step, "state"), buf_text(&who), buf_text(&due)});
	buf_fini(&who);
	buf_fini(&due);
}

static void steps(const struct cli *c, const struct answer *incident)
{
	const struct answer *list = answer_get(incident, "steps");
	struct print_table t = {0};

	for (int i = 0; i < answer_count(list); i++)
		step_row(c, &t, answer_at(list, i));
	if (t.n)
		puts(say(c, "\nSteps", "\n处置步骤"));
	print_table(&t, "  ");
}

static void deliveries(const struct cli *c, const struct answer *incident)
{
	const struct answer *list = answer_get(incident, "deliveries");
	struct print_table t = {0};

	for (int i = 0; i < answer_count(list); i++) {
		const struct answer *d = answer_at(list, i);
		char at[64];
		print_row(&t, 5,
		          (const char *const[]){answer_str(d, "person"), answer_str(d, "channel"),
		                                answer_str(d, "state"), print_clock(answer_str(d, "at"), at),
		                                answer_str(d, "notice")});
	}
	if (t.n)
		puts(say(c, "\nNotices", "\n通知"));
	print_table(&t, "  ");
}

static void head(const struct cli *c, const struct answer *incident)
{
	struct buf out = {0}, state = {0};
	char opened[96];

	add_state(&state, incident);
	buf_printf(&out, "%s  %s  %s\n", answer_str(incident, "id"), answer_lang(incident, "title", c->lang),
	           answer_str(incident, "zone"));
	buf_printf(&out, "%s, %s, rev %lld, %s %s", buf_text(&state), answer_str(incident, "severity"),
	           (long long)answer_int(incident, "rev", 0), say(c, "opened", "开始于"),
	           print_when(answer_str(incident, "opened"), c->lang, opened));
	if (*answer_str(incident, "acked_by"))
		buf_printf(&out, ", %s %s", say(c, "acked by", "确认人"), answer_str(incident, "acked_by"));
	buf_printf(&out, "\n%s: ", say(c, "Next", "下一步"));
	add_next(c, &out, incident);
	buf_char(&out, '\n');
	print_lines(stdout, buf_text(&out));
	buf_fini(&out);
	buf_fini(&state);
}

int view_show(const struct cli *c)
{
	struct answer *line;
	char request[64];

	if (print_number(c->args[0]) < 0)
		return cli_fail(c, CLI_USAGE, "unknown_id", "an incident id looks like G-17, g17 or 17");
	snprintf(request, sizeof(request), "{\"do\":\"show\",\"id\":%lld}",
	         (long long)print_number(c->args[0]));
	int code = ask_once(c, request, &line);
	if (!code && !c->json) {
		const struct answer *incident = answer_get(line, "incident");
		head(c, incident);
		members(c, incident);
		steps(c, incident);
		deliveries(c, incident);
	}
	answer_free(line);
	return code;
}

static void on_call_row(const struct cli *c, struct print_table *t, const char *role, const struct answer *held)
{
	struct buf also = {0};

	add_names(&also, answer_get(held, "also"));
	if (answer_count(answer_get(held, "unreached"))) {
		buf_str(&also, also.len ? "; " : "");
		buf_str(&also, say(c, "NOT REACHED ", "联系不上 "));
		add_names(&also, answer_get(held, "unreached"));
	}
	print_row(t, 5,
	          (const char *const[]){role, answer_str(held, "person"), answer_str(held, "name"),
	                                answer_str(held, "why"), buf_text(&also)});
	buf_fini(&also);
}

int view_oncall(const struct cli *c)
{
	struct buf request = {0};
	struct print_table t = {0};
	const struct answer *held;
	const char *role;
	struct answer *line;

	json_open(&request, NULL, '{');
	json_str(&request, "do", "oncall");
	json_str(&request, "role", c->n ? c->args[0] : NULL);
	json_str(&request, "at", c->at);
	json_close(&request, '}');
	int code = ask_once(c, buf_text(&request), &line);
	buf_fini(&request);
	if (code || c->json)
		return code;
	const struct answer *all = answer_get(line, "oncall");
	if (c->lang == LANG_ZH)
		print_row(&t, 5, (const char *const[]){"岗位", "人员", "姓名", "依据", "另有"});
	else
		print_row(&t, 5, (const char *const[]){"ROLE", "PERSON", "NAME", "WHY", "ALSO CALLED"});
	for (int i = 0; (held = answer_member(all, i, &role)); i++)
		on_call_row(c, &t, role, held);
	print_table(&t, "");
	answer_free(line);
	return code;
}
