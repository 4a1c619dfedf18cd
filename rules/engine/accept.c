/* accept.c - a hand-over is signed: prepared, accepted, refused; and what was
 * the outgoing ones' becomes the incoming ones'. */
#include "engine/duty.h"

#include "engine/chain.h"
#include "engine/emit.h"
#include "engine/life.h"

#include <stdlib.h>
#include <string.h>

static bool is_theirs(const struct engine *e, const struct duty *d, struct incident *inc, int i)
{
	const struct step *step = step_of(&inc->steps[i]);

	return inc->steps[i].state == STEP_OPEN && step->who >= 0 &&
	       duty_serves(e, d, step_role(e, inc, step));
}

/* The row of what passes from hand to hand; 0: nothing does. One for all, so that each notice has its own id. */
static int64_t taken_row(struct engine *e, const struct duty *d, struct incident *inc, bool is_acker,
                         const char *who)
{
	struct buf *b;
	bool any = is_acker;

	for (int i = 0; i < inc->n_steps; i++)
		any |= is_theirs(e, d, inc, i);
	if (!any)
		return 0;
	b = row_begin(e);
	json_str(b, "roster", d->id);
	json_str(b, "what", "taken over");
	if (is_acker)
		json_str(b, "acked_by", inc->acked_by);
	json_open(b, "steps", '[');
	for (int i = 0; i < inc->n_steps; i++)
		if (is_theirs(e, d, inc, i))
			json_str(b, NULL, step_of(&inc->steps[i])->id);
	json_close(b, ']');
	return row_end(e, AUDIT_HANDOVER, inc, who, d->cause);
}

/* Who took it with others, and goes: whoever comes is reminded. What still calls asks him himself. */
static void pass_acks(struct engine *e, struct incident *inc, const char *was, int person)
{
	int people[HOLDERS_MAX], n = duty_crew(e, was, people, HOLDERS_MAX);

	for (int i = 0; i < n && inc->state >= STATE_ACKED; i++) {
		const char *id = e->plan->people[people[i]].id;

		if (people[i] == person || !quorum_has(inc, id) || chain_has_person(e, inc, people[i]))
			continue;
		quorum_pass(inc, id, e->plan->people[person].id);
		incident_touch(e, inc);
	}
}

/* What was the outgoing ones' is now theirs who come: an ack, and steps still open. */
static void take_over(struct engine *e, struct duty *d, struct incident *inc, const char *was, int person)
{
	int people[HOLDERS_MAX], n = duty_crew(e, d->held, people, HOLDERS_MAX);
	int acker = plan_person(e->plan, inc->acked_by);
	bool is_acker = acker >= 0 && duty_is_on(e, was, acker) && !chain_has_person(e, inc, acker);
	int64_t seq = taken_row(e, d, inc, is_acker, e->plan->people[person].id);

	pass_acks(e, inc, was, person);
	if (is_acker) {
		xreplace(&inc->acked_by, e->plan->people[person].id);
		incident_touch(e, inc);
		tell_person(e, inc, NOTICE_REMINDER, person, seq);
	}
	for (int i = 0; i < inc->n_steps; i++)
		for (int k = 0; k < n && is_theirs(e, d, inc, i); k++) {
			struct to_send s = {NOTICE_TASK, people[k], inc, step_of(&inc->steps[i]), NULL, inc->level, seq, -1};

			if (!duty_is_on(e, was, people[k]))
				outbox_send(e, &s);
		}
}

static void tell_released(struct engine *e, const struct duty *d, const char *was)
{
	int people[HOLDERS_MAX], n = duty_crew(e, was, people, HOLDERS_MAX);

	for (int i = 0; i < n; i++) {
		enum lang lang = e->plan->people[people[i]].language;
		struct buf words = {0};

		if (duty_is_on(e, d->held, people[i]))
			continue;
		duty_put_roles(e, d, lang, &words);
		buf_str(&words, lang == LANG_ZH ? ":已由 " : ": accepted by ");
		crew_put_names(e, d->held, lang, &words);
		buf_str(&words, lang == LANG_ZH ? " 接班,您已下班" : ", you are off duty");
		duty_tell(e, people[i], buf_text(&words), d->cause);
		buf_fini(&words);
	}
}

void duty_accepted(struct engine *e, struct duty *d, int person, const char *who, const char *words)
{
	char *was = xstrdup(d->held);
	int need = crew_count(e, d->incoming);
	struct buf *b;

	if (!duty_is_on(e, d->accepted, person))
		crew_add(&d->accepted, e->plan->people[person].id);
	if (need > d->roster->minimum)
		need = d->roster->minimum;
	need -= crew_count(e, d->accepted);
	b = duty_row(e, d, need > 0 ? "accepted, waits for more" : "accepted");
	crew_put(e, b, "signed", d->accepted);
	crew_put(e, b, "prepared", d->prepared);
	if (words && *words)
		json_str(b, "words", words);
	handover_list(e, d, b);
	d->cause = row_end(e, AUDIT_HANDOVER, NULL, who, d->cause);
	duty_changed(e, d);
	if (need <= 0) {
		xreplace(&d->held, d->incoming);
		d->held_ms = e->now_ms;
		duty_forget_notes(d);
		duty_settled(e, d);
		tell_released(e, d, was);
		for (int i = 0; i < e->n_incidents; i++)
			if (incident_is_open(e->incidents[i]))
				take_over(e, d, e->incidents[i], was, person);
		duty_settle(e, d);
	}
	free(was);
}

void duty_prepared(struct engine *e, struct duty *d, int person, const char *who)
{
	struct buf *b = duty_row(e, d, "prepared");

	handover_list(e, d, b);
	row_end(e, AUDIT_HANDOVER, NULL, who, d->cause);
	if (!duty_is_on(e, d->prepared, person))
		crew_add(&d->prepared, e->plan->people[person].id);
	d->dirty = true;
}

/* Changes nothing but the record; the next level is told. */
void duty_refused(struct engine *e, struct duty *d, const char *who, const struct duty_refusal *r)
{
	struct buf *b = duty_row(e, d, "refused"), words[LANG_COUNT] = {{0}};
	const char *texts[LANG_COUNT];
	int64_t seq;

	json_str(b, "reason", r->reason);
	if (r->words && *r->words)
		json_str(b, "words", r->words);
	seq = row_end(e, AUDIT_HANDOVER, NULL, who, d->cause);
	for (int l = 0; l < LANG_COUNT; l++) {
		duty_put_roles(e, d, (enum lang)l, &words[l]);
		buf_printf(&words[l], l == LANG_ZH ? ":%s 拒绝交接班:%s" : ": %s refuses the hand-over: %s",
		           e->plan->people[r->person].name, r->said[l]);
		if (r->words && *r->words)
			buf_printf(&words[l], l == LANG_ZH ? "(%s)" : " (%s)", r->words);
		buf_str(&words[l], l == LANG_ZH ? ";仍在岗 " : "; still on duty: ");
		crew_put_names(e, d->held, (enum lang)l, &words[l]);
		texts[l] = buf_text(&words[l]);
	}
	duty_tell_above(e, d, texts, seq);
	for (int l = 0; l < LANG_COUNT; l++)
		buf_fini(&words[l]);
}
