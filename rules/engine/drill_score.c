/* drill_score.c - an exercise's end: each time against its limit, as a row that
 * holds all a report needs, and as a sentence for who began it. */
#include "engine/drill.h"
#include "engine/emit.h"
#include "engine/render.h"

#include <stdlib.h>
#include <string.h>

struct score {
	int n, in_time, late, open; /* of the steps that began and wait for a person */
};

static bool is_of_person(const struct step *s)
{
	return step_asks(s);
}

static bool is_over(const struct step_run *run)
{
	return run->state != STEP_WAITING && run->state != STEP_OPEN;
}

/* Its limit passed, or it was decided by nobody. */
static bool was_late(const struct step_run *run)
{
	return run->late || (step_of(run)->kind == STEP_KIND_DECIDE && is_over(run) && !strcmp(run->by, "system"));
}

static bool has_begun(const struct step_run *run)
{
	return run->began_ms >= 0 && run->state != STEP_WAITING && run->state != STEP_SKIPPED;
}

static struct score count(const struct incident *inc)
{
	struct score c = {0};

	for (int i = 0; i < inc->n_steps; i++) {
		const struct step_run *run = &inc->steps[i];

		if (!has_begun(run) || !is_of_person(step_of(run)))
			continue;
		c.n++;
		c.open += !is_over(run);
		c.late += was_late(run);
		c.in_time += is_over(run) && !was_late(run);
	}
	return c;
}

/* -- the row -- */

static void put_took(struct buf *b, int64_t from_ms, int64_t to_ms, int64_t limit_ms)
{
	if (to_ms < 0)
		json_nil(b, "took_ms");
	else
		json_int(b, "took_ms", to_ms - from_ms);
	if (limit_ms > 0)
		json_int(b, "limit_ms", limit_ms);
}

static int64_t ack_limit_ms(const struct engine *e, const struct incident *inc)
{
	return chain_wait_ms(e, inc, 1);
}

static bool ack_was_late(const struct engine *e, const struct incident *inc)
{
	int64_t acked_ms = inc->drill->acked_ms < 0 ? e->now_ms : inc->drill->acked_ms;

	return acked_ms - inc->opened_ms > ack_limit_ms(e, inc);
}

static void put_ack(const struct engine *e, const struct incident *inc, struct buf *b)
{
	const struct drill *d = inc->drill;

	json_open(b, "ack", '{');
	render_optional(b, "by", d->acked_by);
	put_took(b, inc->opened_ms, d->acked_ms, ack_limit_ms(e, inc));
	json_bool(b, "overdue", ack_was_late(e, inc));
	json_close(b, '}');
}

static void put_step(const struct step_run *run, struct buf *b)
{
	const struct step *s = step_of(run);

	json_open(b, NULL, '{');
	json_str(b, "step", s->id);
	json_str(b, "kind", step_kind_name(s->kind));
	json_str(b, "state", step_state_name(run->state));
	if (*run->result && strcmp(run->result, step_state_name(run->state)) != 0)
		json_str(b, "result", run->result);
	if (*run->by)
		json_str(b, "by", run->by);
	put_took(b, run->began_ms, is_over(run) ? run->ended_ms : -1, is_of_person(s) ? s->within_ms : 0);
	if (is_of_person(s))
		json_bool(b, "overdue", was_late(run));
	json_close(b, '}');
}

int64_t drill_score(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	const struct drill *d = inc->drill;
	struct score c = count(inc);
	struct buf *b = row_begin(e);

	json_str(b, "result", *d->end ? d->end : "closed");
	json_str(b, "began_by", d->by);
	json_int(b, "took_ms", e->now_ms - inc->opened_ms);
	json_int(b, "escalations", d->escalations);
	json_int(b, "in_time", c.in_time);
	json_int(b, "overdue", c.late);
	json_int(b, "open", c.open);
	put_ack(e, inc, b);
	json_open(b, "steps", '[');
	for (int i = 0; i < inc->n_steps; i++)
		if (has_begun(&inc->steps[i]))
			put_step(&inc->steps[i], b);
	json_close(b, ']');
	return row_end(e, AUDIT_DRILL, inc, a->who, a->cause);
}

/* -- told -- */

static const char *broken_off_by(const struct drill *d)
{
	static const char word[] = "broken off: ";

	return strncmp(d->end, word, sizeof word - 1) ? NULL : d->end + sizeof word - 1;
}

static void say_end(const struct drill *d, bool zh, struct buf *out)
{
	const char *real = broken_off_by(d);

	if (real)
		buf_printf(out,
		           zh ? "演练中止:%s是真实报警,请立即按真实报警处理"
		              : "Exercise broken off: %s is real, act on that now",
		           real);
	else if (*d->end)
		buf_str(out, zh ? "演练时间已到,演练结束" : "The time of the exercise is over");
	else
		buf_str(out, zh ? "演练结束" : "The exercise is over");
}

static void say_span(int64_t ms, bool zh, struct buf *out)
{
	int64_t s = ms / 1000;

	if (s >= 60)
		buf_printf(out, zh ? "%lld分" : "%lld min ", (long long)(s / 60));
	buf_printf(out, zh ? "%02lld秒" : "%lld s", (long long)(s % 60));
}

static void say_score(const struct engine *e, const struct incident *inc, bool zh, struct buf *out)
{
	const struct drill *d = inc->drill;
	struct score c = count(inc);

	buf_str(out, zh ? "。" : ". ");
	if (d->acked_ms < 0) {
		buf_str(out, zh ? "无人确认" : "Nobody acknowledged");
	} else {
		buf_str(out, zh ? "首次确认" : "Acknowledged after ");
		say_span(d->acked_ms - inc->opened_ms, zh, out);
	}
	buf_str(out, zh ? "(限" : " (limit ");
	say_span(ack_limit_ms(e, inc), zh, out);
	buf_printf(out,
	           zh ? ");任务%d项:按时%d,超时%d,未完成%d;升级%d次"
	              : "); %d steps: %d in time, %d late, %d not finished; %d escalations",
	           c.n, c.in_time, c.late, c.open, d->escalations);
}

static void tell(struct engine *e, struct incident *inc, int person, int64_t cause)
{
	bool zh, scored;
	struct buf words = {0};
	struct to_send s = {NOTICE_OVER, person, inc, NULL, NULL, inc->level, cause, -1};

	if (person < 0)
		return;
	zh = e->plan->people[person].language == LANG_ZH;
	scored = !strcmp(e->plan->people[person].id, inc->drill->by);
	say_end(inc->drill, zh, &words);
	if (scored)
		say_score(e, inc, zh, &words);
	s.words = buf_text(&words);
	outbox_send(e, &s);
	buf_fini(&words);
}

/* Of the people it was told to; one is told by each of his channels once. */
static bool is_first_of(const struct incident *inc, int at)
{
	for (int i = 0; i < at; i++)
		if (!strcmp(inc->deliveries[i].person, inc->deliveries[at].person))
			return false;
	return true;
}

void drill_over(struct engine *e, struct incident *inc, int64_t cause)
{
	int n = inc->n_deliveries;
	bool any = false;

	deadline_clear(&e->heap, &inc->drill->over);
	e->n_drills--;
	for (int i = 0; i < n; i++) {
		if (!is_first_of(inc, i))
			continue;
		any |= !strcmp(inc->deliveries[i].person, inc->drill->by);
		tell(e, inc, plan_person(e->plan, inc->deliveries[i].person), cause);
	}
	if (!any)
		tell(e, inc, plan_person(e->plan, inc->drill->by), cause);
}
