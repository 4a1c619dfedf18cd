/* verb_sign.c - the signature: it ends the report that is open, and its copies
 * are told where to read it. Later ones are added to what is signed. */
#include "engine/emit.h"
#include "engine/verb.h"

#include <string.h>

static void tell_copies(struct engine *e, const struct said *s, const struct step *step, int64_t cause)
{
	struct telling t = {.kind = NOTICE_TELL, .inc = s->inc, .cause = cause};
	const char *by = e->plan->people[s->person].name;
	struct buf words[LANG_COUNT] = {{0}};

	buf_printf(&words[LANG_ZH], "事故报告 %s 已由%s签字。查看:tocsin report %s", s->inc->id, by, s->inc->id);
	buf_printf(&words[LANG_EN], "The report of %s is signed by %s. Read it: tocsin report %s", s->inc->id, by,
	           s->inc->id);
	for (int l = 0; l < LANG_COUNT; l++)
		t.words[l] = buf_text(&words[l]);
	for (int i = 0; i < step->copies.n; i++) {
		const char *role = s->inc->plan->roles[step->copies.at[i]].id;

		tell_role_once(e, &t, plan_role(e->plan, role));
	}
	for (int l = 0; l < LANG_COUNT; l++)
		buf_fini(&words[l]);
}

/* Its holder or deputy, or a role above it; a role that stands in no level has none above. */
static bool may_sign(const struct engine *e, const struct said *s, const struct step *step)
{
	for (int i = 0; i <= step->also.n; i++) {
		const struct step one = {.who = i ? step->also.at[i - 1] : step->who};
		int role = step_role(e, s->inc, &one);

		if (role < 0 ? said_by_concerned(e, s)
		             : role_held_by(e, role, s->person) ||
		                   (chain_level_of_role(e, s->inc, role) && said_may_do(e, s, &one)))
			return true;
	}
	return false;
}

/* The first open report that is this person's to sign; else how many there are, of any state. */
static struct step_run *find_report(struct engine *e, struct said *s, int *ret_open, const char **ret_waiting)
{
	*ret_open = 0;
	*ret_waiting = NULL;
	for (int i = 0; i < s->inc->n_steps; i++) {
		struct step_run *run = &s->inc->steps[i];
		const struct step *step = step_of(run);

		if (step->kind != STEP_KIND_REPORT || s->inc->state == STATE_CLOSED)
			continue;
		if (run->state == STEP_WAITING)
			*ret_waiting = step->id;
		if (run->state != STEP_OPEN)
			continue;
		++*ret_open;
		if (may_sign(e, s, step))
			return run;
	}
	return NULL;
}

static int64_t signed_row(struct engine *e, const struct said *s, const struct step_run *run)
{
	struct buf *b = row_begin(e);

	json_str(b, "via", s->c->via);
	json_int(b, "upto", s->inc->seq); /* what came later was not signed for */
	if (run)
		json_str(b, "step", step_of(run)->id);
	if (s->c->words && *s->c->words)
		json_str(b, "words", s->c->words);
	return row_end(e, AUDIT_SIGNED, s->inc, s->who, 0);
}

enum refusal verb_sign(struct engine *e, struct said *s)
{
	struct cue_arg a = said_cue(s, AUDIT_SIGNED);
	const char *waiting;
	int n_open;
	struct step_run *run = find_report(e, s, &n_open, &waiting);

	if (!run && n_open) {
		s->answer.noted = true;
		return said_note(e, s);
	}
	if (!run && waiting) {
		s->answer.detail = waiting;
		return REFUSAL_NOT_NOW;
	}
	a.cause = signed_row(e, s, run);
	if (!run)
		return REFUSAL_NONE;
	tell_copies(e, s, step_of(run), a.cause);
	playbook_end(e, run, STEP_DONE, &a);
	return REFUSAL_NONE;
}
