/* undone.c - "did not close": a command that failed or was refused is told at
 * once to the people of its step, to whom has taken the incident, or else to
 * the level that is called. The manual step is the playbook's matter. */
#include "engine/emit.h"
#include "engine/life.h"

#include <string.h>

static const struct {
	const char *why, *said[LANG_COUNT];
} reasons[] = {
    {"no feedback", {[LANG_ZH] = "没有反馈", [LANG_EN] = "no feedback"}},
    {"not sent", {[LANG_ZH] = "未能发出", [LANG_EN] = "it could not be sent"}},
    {"broker down", {[LANG_ZH] = "消息服务中断", [LANG_EN] = "the broker is down"}},
    {"not synchronised", {[LANG_ZH] = "尚未与消息服务同步", [LANG_EN] = "not synchronised with the broker"}},
    {"no such actuator", {[LANG_ZH] = "配置中没有该设备", [LANG_EN] = "no such actuator"}},
    {"no actuator serves this zone", {[LANG_ZH] = "没有设备负责该区域", [LANG_EN] = "no actuator serves this zone"}},
    {"superseded", {[LANG_ZH] = "被后来的命令取代", [LANG_EN] = "a later command took its place"}},
    {"outranked", {[LANG_ZH] = "更严重的事件优先", [LANG_EN] = "a graver incident comes first"}},
};

static void add_reason(const struct undone *u, enum lang lang, struct buf *out)
{
	const char *why = u->why;

	for (size_t i = 0; why && i < sizeof reasons / sizeof *reasons; i++)
		if (!strcmp(reasons[i].why, why)) {
			buf_str(out, reasons[i].said[lang]);
			why = NULL;
		}
	if (!u->why && interlock_is_sign(u->lock))
		buf_printf(out, lang == LANG_ZH ? "挂牌禁止操作(%s)" : "a lock-out sign forbids it (%s)", u->lock->id);
	else if (!u->why)
		buf_printf(out, lang == LANG_ZH ? "联锁禁止(%s)" : "interlock %s forbids it",
		           u->lock ? u->lock->id : "");
	else if (why)
		buf_str(out, why);
	if (u->because)
		buf_printf(out, lang == LANG_ZH ? ":%s" : ": %s", u->because->id);
}

static void write(const struct undone *u, enum lang lang, struct buf *out)
{
	const struct step *step = step_of(u->run);
	const char *actuator = u->actuation ? u->actuation->actuator : step->actuator_kind;

	buf_printf(out, lang == LANG_ZH ? "%s 未能执行 %s:" : "%s did not %s: ", actuator ? actuator : step->id,
	           step->action);
	add_reason(u, lang, out);
}

void undone_tell(struct engine *e, const struct undone *u)
{
	struct incident *inc = u->run->incident;
	struct buf words[LANG_COUNT] = {{0}};
	struct telling t = {.kind = NOTICE_TELL, .inc = inc, .cause = u->cause};
	int people[TELLING_MAX], n = step_people(e, inc, step_of(u->run), people, TELLING_MAX);
	int acker = plan_person(e->plan, inc->acked_by);

	if (step_is_graver(inc, step_of(u->run)))
		t.step = step_of(u->run);
	for (int l = 0; l < LANG_COUNT; l++) {
		write(u, (enum lang)l, &words[l]);
		t.words[l] = buf_text(&words[l]);
	}
	for (int i = 0; i < n; i++)
		tell_once(e, &t, people[i]);
	if (acker >= 0)
		tell_once(e, &t, acker);
	else
		tell_level_once(e, &t, inc->level < 1 ? 1 : inc->level);
	for (int l = 0; l < LANG_COUNT; l++)
		buf_fini(&words[l]);
}
