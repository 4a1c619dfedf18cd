/* verb_steps.c - done, failed, decide, record: what people say of a step. */
#include "base/text.h"
#include "base/wall.h"
#include "engine/duty.h"
#include "engine/emit.h"
#include "engine/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_values(struct buf *b, const struct command *c)
{
	json_open(b, "values", '{');
	for (int i = 0; i < c->n_pairs; i++)
		json_str(b, c->pairs[i].key, c->pairs[i].value);
	json_close(b, '}');
}

enum refusal said_note(struct engine *e, struct said *s)
{
	struct buf *b = row_begin(e);

	json_str(b, "verb", verb_name(s->c->verb));
	if (s->c->step)
		json_str(b, "step", s->c->step);
	if (s->c->choice)
		json_str(b, "choice", s->c->choice);
	if (s->c->n_pairs)
		put_values(b, s->c);
	json_str(b, "words", s->c->words ? s->c->words : "");
	json_str(b, "via", s->c->via);
	row_end(e, AUDIT_NOTE, s->inc, s->who, 0);
	if (s->inc && s->c->words)
		duty_note(e, s->inc, e->plan->people[s->person].name, s->c->words);
	return REFUSAL_NONE;
}

/* What people say done or failed of: also a wait, whose sensor may never speak again. */
static const unsigned done_kinds = 1u << STEP_KIND_TASK | 1u << STEP_KIND_WAIT;

static bool has_fact(const struct step_run *run, const struct pair *p)
{
	for (int i = 0; i < run->n_facts; i++)
		if (!strcmp(run->facts[i].key, p->key))
			return !strcmp(run->facts[i].value, p->value);
	return false;
}

/* A second tap, or the same message once more: the step ended by just this. */
static bool is_said_again(const struct step_run *run, const struct command *c)
{
	if (c->verb == VERB_DONE)
		return run->state == STEP_DONE && (done_kinds >> step_of(run)->kind & 1);
	if (c->verb == VERB_FAILED)
		return run->state == STEP_FAILED;
	if (c->verb == VERB_DECIDE)
		return run->result && c->choice && !strcmp(run->result, c->choice);
	for (int i = 0; i < c->n_pairs; i++)
		if (!has_fact(run, &c->pairs[i]))
			return false;
	return true;
}

/* The open step the command names, when it is of a kind the verb is for, or
 * why not. ret_step NULL with REFUSAL_NONE: there is nothing more to do (said
 * already, or taken as a note). */
static enum refusal find_step(struct engine *e, struct said *s, unsigned kinds, struct step_run **ret_step)
{
	struct step_run *run = playbook_step(s->inc, s->c->step);

	*ret_step = NULL;
	if (!run) {
		s->answer.detail = s->c->step;
		return REFUSAL_UNKNOWN_ID;
	}
	if (!said_may_do(e, s, step_of(run))) {
		s->answer.noted = true;
		return said_note(e, s);
	}
	if (s->inc->state == STATE_CLOSED)
		return REFUSAL_CLOSED;
	if (run->state == STEP_WAITING || step_of(run)->kind == STEP_KIND_COMMAND ||
	    (run->state == STEP_OPEN && !(kinds >> step_of(run)->kind & 1))) {
		s->answer.detail = run->state == STEP_WAITING && step_of(run)->kind != STEP_KIND_COMMAND
		                       ? "not begun"
		                       : step_kind_name(step_of(run)->kind);
		return REFUSAL_NOT_NOW;
	}
	if (run->state == STEP_OPEN) {
		*ret_step = run;
	} else if (!is_said_again(run, s->c)) { /* too late for the step; what was said is kept */
		s->answer.noted = true;
		return said_note(e, s);
	}
	return REFUSAL_NONE;
}

static enum refusal end_step(struct engine *e, struct said *s, enum step_state state)
{
	struct cue_arg a = said_cue(s, AUDIT_STEP);
	struct step_run *run;
	enum refusal r = find_step(e, s, done_kinds, &run);

	if (run)
		playbook_end(e, run, state, &a);
	return r;
}

enum refusal verb_done(struct engine *e, struct said *s)
{
	return end_step(e, s, STEP_DONE);
}

enum refusal verb_failed(struct engine *e, struct said *s)
{
	return end_step(e, s, STEP_FAILED);
}

/* "minor | major": as many as there is room for. */
static const char *choices_text(const struct step *step, char *ret, size_t size)
{
	size_t len = 0;

	*ret = 0;
	for (int i = 0; i < step->n_choices; i++) {
		const char *id = step->choices[i].id;
		bool fits = len + strlen(id) + sizeof " |  | ..." <= size;

		len += (size_t)snprintf(ret + len, size - len, "%s%s", i ? " | " : "", fits ? id : "...");
		if (!fits)
			break;
	}
	return ret;
}

enum refusal verb_decide(struct engine *e, struct said *s)
{
	struct cue_arg a = said_cue(s, AUDIT_DECIDED);
	struct step_run *run;
	enum refusal r = find_step(e, s, 1u << STEP_KIND_DECIDE, &run);
	const struct step *step = run ? step_of(run) : NULL;
	struct buf *b;

	if (!run)
		return r;
	for (int i = 0; i < step->n_choices; i++) {
		if (!s->c->choice || strcmp(step->choices[i].id, s->c->choice) != 0)
			continue;
		b = row_begin(e);
		json_str(b, "step", step->id);
		json_str(b, "choice", step->choices[i].id);
		a.cause = row_end(e, AUDIT_DECIDED, s->inc, s->who, 0);
		xreplace(&run->result, step->choices[i].id);
		playbook_end(e, run, STEP_DONE, &a);
		return REFUSAL_NONE;
	}
	s->answer.detail = s->c->choice;
	s->answer.form = choices_text(step, s->text, sizeof s->text);
	return REFUSAL_BAD_TEXT;
}

static bool field_takes(const struct field *f, const char *value)
{
	int64_t any;
	int minute;

	if (f->type == FIELD_NUMBER)
		return milli_parse(value, strlen(value), &any);
	if (f->type == FIELD_TIME)
		return wall_minute_parse(value, &minute) || time_parse_rfc3339(value, &any);
	return *value != 0;
}

static const struct field *field_find(const struct step *step, const char *id)
{
	for (int i = 0; i < step->n_fields; i++)
		if (!strcmp(step->fields[i].id, id))
			return &step->fields[i];
	return NULL;
}

static void set_fact(struct step_run *run, const char *key, const char *value)
{
	for (int i = 0; i < run->n_facts; i++)
		if (!strcmp(run->facts[i].key, key)) {
			xreplace(&run->facts[i].value, value);
			return;
		}
	run->facts = xrealloc(run->facts, (size_t)(run->n_facts + 1) * sizeof *run->facts);
	run->facts[run->n_facts++] = (struct fact){xstrdup(key), xstrdup(value)};
}

enum refusal verb_record(struct engine *e, struct said *s)
{
	struct cue_arg a = said_cue(s, AUDIT_RECORDED);
	const struct command *c = s->c;
	struct step_run *run;
	enum refusal r = find_step(e, s, 1u << STEP_KIND_RECORD, &run);
	const struct step *step = run ? step_of(run) : NULL;
	struct buf *b;

	if (!run)
		return r;
	for (int i = 0; i < c->n_pairs; i++) {
		const struct field *f = field_find(step, c->pairs[i].key);

		s->answer.detail = c->pairs[i].key;
		s->answer.form = f && f->type == FIELD_TIME ? "20:00 / 2026-12-24T20:00:00+08:00" : NULL;
		if (!f || !field_takes(f, c->pairs[i].value))
			return REFUSAL_BAD_TEXT;
	}
	s->answer.detail = NULL;
	b = row_begin(e);
	json_str(b, "step", step->id);
	put_values(b, c);
	for (int i = 0; i < c->n_pairs; i++)
		set_fact(run, c->pairs[i].key, c->pairs[i].value);
	if (run->n_facts == step->n_fields)
		json_bool(b, "complete", true); /* the step ends with it */
	a.cause = row_end(e, AUDIT_RECORDED, s->inc, s->who, 0);
	if (run->n_facts == step->n_fields)
		playbook_end(e, run, STEP_DONE, &a);
	return REFUSAL_NONE;
}
