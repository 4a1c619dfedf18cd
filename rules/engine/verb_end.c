/* verb_end.c - the all-clear, two persons where lives are at stake, and the close. */
#include "engine/emit.h"
#include "engine/verb.h"

#include <stdlib.h>
#include <string.h>

enum { ALL_CLEAR_MS = 30 * 60000, NAMES_MAX = 16 };

static void split_names(const char *text, struct strings *names, const char **at, char *copy)
{
	int n = 0;

	for (char *p = strcpy(copy, text); *p && n < NAMES_MAX;) {
		at[n++] = p;
		p += strcspn(p, " ");
		if (*p)
			*p++ = 0;
	}
	*names = (struct strings){at, n};
}

/* Would nobody be active or unknown once reports and the named members are out? */
static bool is_calm_without(const struct incident *inc, const struct strings *a, const struct strings *b)
{
	for (int i = 0; i < inc->n_members; i++) {
		const struct member *m = &inc->members[i];
		if (!m->out && !incident_may_take_out(inc, m, a) && !incident_may_take_out(inc, m, b) &&
		    (m->active == TRUTH_TRUE || m->lost))
			return false;
	}
	return true;
}

static enum refusal first_of_two(struct engine *e, struct said *s)
{
	struct buf names = {0}, *b;

	for (int i = 0; i < s->c->without.n; i++)
		buf_printf(&names, "%s%s", i ? " " : "", s->c->without.at[i]);
	free(s->inc->reset_by);
	free(s->inc->reset_without);
	s->inc->reset_by = xstrdup(e->plan->people[s->person].id);
	s->inc->reset_without = buf_steal(&names);
	s->inc->reset_ms = e->now_ms;
	b = row_begin(e);
	json_bool(b, "first", true);
	json_str(b, "via", s->c->via);
	if (s->c->words && *s->c->words)
		json_str(b, "note", s->c->words);
	row_end(e, AUDIT_RESET, s->inc, s->who, 0);
	s->answer.detail = "second_person";
	return REFUSAL_NONE;
}

static void all_clear(struct engine *e, struct said *s, const struct strings *first)
{
	struct cue_arg a = said_cue(s, AUDIT_RESET);

	incident_without(e, s->inc, first, &a);
	if (s->inc->state != STATE_CLOSED)
		incident_without(e, s->inc, &s->c->without, &a);
	if (s->inc->state == STATE_LATCHED)
		life_cue(e, s->inc, CUE_RESET, &a);
}

enum refusal verb_reset(struct engine *e, struct said *s)
{
	struct incident *inc = s->inc;
	const char *at[NAMES_MAX], *me = e->plan->people[s->person].id;
	char *copy = xstrdup(inc->reset_without);
	struct strings first;
	bool fresh = *inc->reset_by && e->now_ms - inc->reset_ms <= ALL_CLEAR_MS;
	enum refusal r = REFUSAL_NONE;

	split_names(inc->reset_without, &first, at, copy);
	if (inc->state != STATE_ACKED && inc->state != STATE_LATCHED && inc->state != STATE_CLEARED) {
		struct cue_arg a = said_cue(s, AUDIT_RESET);

		r = life_cue(e, inc, CUE_RESET, &a);
	} else if (!said_by_concerned(e, s)) {
		r = REFUSAL_NOT_YOURS;
	} else if (inc->state != STATE_CLEARED && !is_calm_without(inc, &s->c->without, &first)) {
		r = REFUSAL_STILL_ACTIVE;
	} else if (hazard_is_life(inc->hazard) && inc->state != STATE_CLEARED && !fresh) {
		r = first_of_two(e, s);
	} else if (hazard_is_life(inc->hazard) && inc->state != STATE_CLEARED && !strcmp(inc->reset_by, me)) {
		r = REFUSAL_SECOND_PERSON;
	} else {
		all_clear(e, s, &first);
		if (inc->state != STATE_CLEARED && inc->state != STATE_CLOSED)
			r = REFUSAL_STILL_ACTIVE; /* the condition is still true without them */
	}
	free(copy);
	return r;
}

enum refusal verb_close(struct engine *e, struct said *s)
{
	struct cue_arg a = said_cue(s, AUDIT_CLOSED);
	enum refusal r;

	if (s->inc->state != STATE_CLOSED && !said_by_concerned(e, s))
		return REFUSAL_NOT_YOURS;
	r = life_cue(e, s->inc, CUE_CLOSE, &a);
	if (r == REFUSAL_STEPS_OPEN)
		for (int i = 0; i < s->inc->n_steps && !s->answer.detail; i++)
			if (step_of(&s->inc->steps[i])->mandatory && s->inc->steps[i].state == STEP_OPEN)
				s->answer.detail = step_of(&s->inc->steps[i])->id;
	return r;
}
