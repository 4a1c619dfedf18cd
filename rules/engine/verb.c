/* verb.c - what people say: who may, what it does, what is answered. A refusal
 * changes nothing but one row. */
#include "base/text.h"
#include "engine/emit.h"
#include "engine/life.h"

#include <stdlib.h>
#include <string.h>

enum { ALL_CLEAR_MS = 30 * 60000, BARE_ACK_MS = 3000, CHOICES_MAX = 16 };

/* One command at work. */
struct said {
	const struct command *c;
	int person;
	const char *who; /* for rows: "wang" or "root for wang" */
	struct incident *inc;
	struct answer answer;
};

typedef enum refusal verb_fn(struct engine *e, struct said *s);

/* -- answers -- */

static const struct person *speaker(const struct engine *e, const struct command *c)
{
	int p = c->as_root || c->as_person ? plan_person(e->plan, c->user)
		: c->by_login ? plan_person_by_login(e->plan, c->user)
			      : plan_person_by_user(e->plan, c->user);

	return p < 0 ? NULL : &e->plan->people[p];
}

static void put_state(struct buf *b, const struct incident *inc)
{
	if (!inc)
		return;
	json_int(b, "rev", inc->rev);
	json_str(b, "state", state_name(inc->state));
}

static bool wants_ack(const struct incident *inc)
{
	return inc->state == STATE_PRE_ALARM || inc->state == STATE_UNACKED || inc->state == STATE_RTN_UNACKED;
}

/* A `which` names each incident with the word that acknowledges it: as JSON,
 * and as "G-17,W-18" for the sentence. */
static void put_choices(const struct engine *e, const struct person *p, struct buf *ret_json, struct buf *ret_list)
{
	json_open(ret_json, NULL, '[');
	for (int i = 0; p && i < e->n_incidents; i++) {
		const struct incident *inc = e->incidents[i];

		if (!wants_ack(inc) || !was_called(inc, p->id))
			continue;
		json_str(ret_json, NULL, inc->id);
		buf_printf(ret_list, "%s%s", ret_list->len ? "," : "", inc->id);
	}
	json_close(ret_json, ']');
}

void verb_reply(struct engine *e, const struct command *c, const struct answer *a)
{
	const struct person *p = speaker(e, c);
	struct answer said = *a;
	struct buf b = {0}, text = {0}, choices = {0}, list = {0};
	bool ok = a->refusal == REFUSAL_NONE;
	struct reply r = {.user = c->by_login || c->as_root || c->as_person ? NULL : c->user, .to = c->reply, .ok = ok, .is_last = true};

	said.lang = p ? p->language : LANG_EN;
	put_choices(e, p, &choices, &list);
	if (a->refusal == REFUSAL_WHICH && list.len)
		said.detail = buf_text(&list);
	render_answer(e, &said, &text);
	json_open(&b, NULL, '{');
	json_int(&b, "v", 1);
	json_str(&b, "cmd", c->verb < VERB_COUNT ? verb_name(c->verb) : "");
	json_str(&b, "req", c->reply.req);
	json_bool(&b, "ok", ok);
	if (!ok)
		json_str(&b, "error", refusal_name(a->refusal));
	json_str(&b, "id", a->incident ? a->incident->id : NULL);
	if (ok || a->refusal == REFUSAL_OLD_REV)
		put_state(&b, a->incident);
	if (ok && a->noted)
		json_bool(&b, "noted", true);
	if (ok && a->detail && c->verb == VERB_OPERATE)
		json_str(&b, "result", a->detail);
	json_time(&b, "at", e->now_ms);
	json_str(&b, "text", buf_text(&text));
	if (a->refusal == REFUSAL_WHICH)
		json_raw(&b, "choices", buf_text(&choices));
	if (ok && c->verb == VERB_ONCALL) {
		struct buf oncall = {0};

		engine_view_oncall(e, c->role, &oncall);
		json_raw(&b, "oncall", buf_text(&oncall));
		buf_fini(&oncall);
	}
	json_close(&b, '}');
	r.json = buf_text(&b);
	effect_reply(e, &r);
	buf_fini(&b);
	buf_fini(&text);
	buf_fini(&choices);
	buf_fini(&list);
}

static void refuse(struct engine *e, struct said *s, enum refusal why)
{
	const struct command *c = s->c;
	struct buf *b = row_begin(e);

	json_str(b, "verb", c->verb < VERB_COUNT ? verb_name(c->verb) : NULL);
	json_str(b, "error", refusal_name(why));
	json_str(b, "via", c->via);
	if (c->id)
		json_int(b, "id", c->id);
	if (s->answer.detail)
		json_str(b, "detail", s->answer.detail);
	row_end(e, AUDIT_REFUSED, s->inc, s->who, 0);
	s->answer.refusal = why;
	s->answer.incident = s->inc ? s->inc : s->answer.incident;
	verb_reply(e, c, &s->answer);
}

static struct cue_arg cue_of(const struct said *s, enum audit_kind kind)
{
	return (struct cue_arg){.who = s->who, .kind = kind, .via = s->c->via, .words = s->c->words};
}

/* -- who may -- */

static bool is_concerned(const struct engine *e, const struct said *s)
{
	return was_called(s->inc, e->plan->people[s->person].id) || chain_has_person(e, s->inc, s->person);
}

/* Holder or deputy of the step's role, or of a role above it in the chain. */
static bool may_do_step(const struct engine *e, const struct said *s, const struct step *step)
{
	int role = step_role(e, s->inc, step), level = role < 0 ? 0 : chain_level_of_role(e, s->inc, role);

	if (role < 0 || role_held_by(e, role, s->person))
		return true;
	for (int r = 0; r < e->plan->n_roles; r++)
		if (role_held_by(e, r, s->person) && chain_level_of_role(e, s->inc, r) > level)
			return true;
	return false;
}

/* -- ack -- */

static enum refusal ack_one(struct engine *e, struct said *s)
{
	struct cue_arg a = cue_of(s, AUDIT_ACKED);
	const char *person = e->plan->people[s->person].id;
	enum refusal r;

	a.who = person; /* acked_by is a person, whoever typed it */
	a.cause = s->inc->opened_seq;
	r = life_cue(e, s->inc, CUE_ACK, &a);
	s->answer.incident = s->inc;
	s->answer.due_ms = s->inc->next == NEXT_ACTION ? s->inc->due.at_ms : -1;
	s->answer.detail = strcmp(s->inc->acked_by, person) ? s->inc->acked_by : NULL;
	return r;
}

/* The one incident a bare ack can only mean. A second tap of the same finger
 * means the one just taken. */
static enum refusal find_bare(struct engine *e, struct said *s)
{
	const char *person = e->plan->people[s->person].id;
	struct incident *waiting = NULL, *mine = NULL;
	int n_waiting = 0, n_mine = 0;

	for (int i = 0; i < e->n_incidents; i++) {
		struct incident *inc = e->incidents[i];

		if (wants_ack(inc) && was_called(inc, person)) {
			waiting = inc;
			n_waiting++;
		} else if (inc->state != STATE_CLOSED && !strcmp(inc->acked_by, person)) {
			mine = inc;
			n_mine++;
		}
	}
	s->inc = n_waiting == 1 ? waiting : n_waiting == 0 && n_mine == 1 ? mine : NULL;
	if (!s->inc)
		return REFUSAL_WHICH;
	for (int i = 0; i < s->inc->n_called && s->inc == waiting; i++)
		if (!strcmp(s->inc->called[i].person, person) &&
		    (s->inc->called[i].sent_ms < 0 || e->now_ms - s->inc->called[i].sent_ms < BARE_ACK_MS)) {
			s->inc = NULL;
			return REFUSAL_WHICH;
		}
	return REFUSAL_NONE;
}

static enum refusal ack_all(struct engine *e, struct said *s)
{
	const char *person = e->plan->people[s->person].id;
	enum refusal r = REFUSAL_WHICH;

	for (int i = 0; i < e->n_incidents; i++) {
		s->inc = e->incidents[i];
		if (!wants_ack(s->inc) || hazard_is_life(s->inc->hazard) || !was_called(s->inc, person))
			continue;
		ack_one(e, s);
		r = REFUSAL_NONE;
	}
	s->inc = NULL;
	return r;
}

static enum refusal do_ack(struct engine *e, struct said *s)
{
	if (s->c->all)
		return ack_all(e, s);
	if (!s->inc && find_bare(e, s) != REFUSAL_NONE)
		return REFUSAL_WHICH;
	if (!is_concerned(e, s))
		return REFUSAL_NOT_YOURS;
	return ack_one(e, s);
}

/* -- steps -- */

static enum refusal take_note(struct engine *e, struct said *s)
{
	struct buf *b = row_begin(e);

	json_str(b, "verb", verb_name(s->c->verb));
	if (s->c->step)
		json_str(b, "step", s->c->step);
	json_str(b, "words", s->c->words ? s->c->words : "");
	json_str(b, "via", s->c->via);
	row_end(e, AUDIT_NOTE, s->inc, s->who, 0);
	return REFUSAL_NONE;
}

/* The open step the command names, or why not. ret_step NULL with REFUSAL_NONE:
 * there is nothing more to do (ended already, or taken as a note). */
static enum refusal find_step(struct engine *e, struct said *s, struct step_run **ret_step)
{
	struct step_run *run = playbook_step(s->inc, s->c->step);

	*ret_step = NULL;
	if (!run)
		return REFUSAL_UNKNOWN_ID;
	if (!may_do_step(e, s, step_of(run))) {
		s->answer.noted = true;
		return take_note(e, s);
	}
	if (s->inc->state == STATE_CLOSED)
		return REFUSAL_CLOSED;
	if (run->state == STEP_WAITING || step_of(run)->kind == STEP_KIND_COMMAND)
		return REFUSAL_NOT_NOW;
	if (run->state == STEP_OPEN)
		*ret_step = run;
	return REFUSAL_NONE;
}

static enum refusal end_step(struct engine *e, struct said *s, enum step_state state)
{
	struct cue_arg a = cue_of(s, AUDIT_STEP);
	struct step_run *run;
	enum refusal r = find_step(e, s, &run);

	if (run && step_of(run)->kind != STEP_KIND_TASK) {
		s->answer.detail = step_kind_name(step_of(run)->kind);
		return REFUSAL_NOT_NOW;
	}
	if (run)
		playbook_end(e, run, state, &a);
	return r;
}

static enum refusal do_done(struct engine *e, struct said *s)
{
	return end_step(e, s, STEP_DONE);
}

static enum refusal do_failed(struct engine *e, struct said *s)
{
	return end_step(e, s, STEP_FAILED);
}

static enum refusal do_decide(struct engine *e, struct said *s)
{
	struct cue_arg a = cue_of(s, AUDIT_DECIDED);
	struct step_run *run;
	enum refusal r = find_step(e, s, &run);
	const struct step *step = run ? step_of(run) : NULL;
	struct buf *b;

	if (!run)
		return r;
	if (step->kind != STEP_KIND_DECIDE)
		return REFUSAL_NOT_NOW;
	for (int i = 0; i < step->n_choices; i++) {
		if (!s->c->choice || strcmp(step->choices[i].id, s->c->choice) != 0)
			continue;
		b = row_begin(e);
		json_str(b, "step", step->id);
		json_str(b, "choice", step->choices[i].id);
		a.cause = row_end(e, AUDIT_DECIDED, s->inc, s->who, 0);
		free(run->result);
		run->result = xstrdup(step->choices[i].id);
		playbook_end(e, run, STEP_DONE, &a);
		return REFUSAL_NONE;
	}
	s->answer.detail = step->n_choices ? step->choices[0].id : NULL;
	return REFUSAL_BAD_TEXT;
}

static bool field_takes(const struct field *f, const char *value)
{
	int64_t any;

	if (f->type == FIELD_NUMBER)
		return milli_parse(value, strlen(value), &any);
	if (f->type == FIELD_TIME)
		return time_parse_rfc3339(value, &any) || (strlen(value) == 5 && value[2] == ':');
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
			free(run->facts[i].value);
			run->facts[i].value = xstrdup(value);
			return;
		}
	run->facts = xrealloc(run->facts, (size_t)(run->n_facts + 1) * sizeof *run->facts);
	run->facts[run->n_facts++] = (struct fact){xstrdup(key), xstrdup(value)};
}

static enum refusal do_record(struct engine *e, struct said *s)
{
	struct cue_arg a = cue_of(s, AUDIT_RECORDED);
	const struct command *c = s->c;
	struct step_run *run;
	enum refusal r = find_step(e, s, &run);
	const struct step *step = run ? step_of(run) : NULL;
	struct buf *b;

	if (!run)
		return r;
	if (step->kind != STEP_KIND_RECORD)
		return REFUSAL_NOT_NOW;
	for (int i = 0; i < c->n_pairs; i++) {
		const struct field *f = field_find(step, c->pairs[i].key);

		s->answer.detail = c->pairs[i].key;
		if (!f || !field_takes(f, c->pairs[i].value))
			return REFUSAL_BAD_TEXT;
	}
	s->answer.detail = NULL;
	b = row_begin(e);
	json_str(b, "step", step->id);
	json_open(b, "values", '{');
	for (int i = 0; i < c->n_pairs; i++) {
		set_fact(run, c->pairs[i].key, c->pairs[i].value);
		json_str(b, c->pairs[i].key, c->pairs[i].value);
	}
	json_close(b, '}');
	a.cause = row_end(e, AUDIT_RECORDED, s->inc, s->who, 0);
	if (run->n_facts == step->n_fields)
		playbook_end(e, run, STEP_DONE, &a);
	return REFUSAL_NONE;
}

/* -- the end -- */

static void split_names(const char *text, struct strings *names, const char **at, char *copy)
{
	int n = 0;

	for (char *p = strcpy(copy, text); *p && n < CHOICES_MAX;) {
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
		bool named = !strncmp(m->sensor, "person:", 7);

		for (int k = 0; k < a->n; k++)
			named |= m->lost && !strcmp(a->at[k], m->sensor);
		for (int k = 0; k < b->n; k++)
			named |= m->lost && !strcmp(b->at[k], m->sensor);
		if (!m->out && !named && (m->active == TRUTH_TRUE || m->lost))
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
	struct cue_arg a = cue_of(s, AUDIT_RESET);

	incident_without(e, s->inc, first, &a);
	if (s->inc->state != STATE_CLOSED)
		incident_without(e, s->inc, &s->c->without, &a);
	if (s->inc->state == STATE_LATCHED)
		life_cue(e, s->inc, CUE_RESET, &a);
}

static enum refusal do_reset(struct engine *e, struct said *s)
{
	struct incident *inc = s->inc;
	const char *at[CHOICES_MAX], *me = e->plan->people[s->person].id;
	char *copy = xstrdup(inc->reset_without);
	struct strings first;
	bool fresh = *inc->reset_by && e->now_ms - inc->reset_ms <= ALL_CLEAR_MS;
	enum refusal r = REFUSAL_NONE;

	split_names(inc->reset_without, &first, at, copy);
	if (inc->state != STATE_ACKED && inc->state != STATE_LATCHED && inc->state != STATE_CLEARED) {
		struct cue_arg a = cue_of(s, AUDIT_RESET);

		r = life_cue(e, inc, CUE_RESET, &a);
	} else if (!is_concerned(e, s)) {
		r = REFUSAL_NOT_YOURS;
	} else if (inc->state != STATE_CLEARED && !is_calm_without(inc, &s->c->without, &first)) {
		r = REFUSAL_STILL_ACTIVE;
	} else if (hazard_is_life(inc->hazard) && inc->state != STATE_CLEARED && !fresh) {
		r = first_of_two(e, s);
	} else if (hazard_is_life(inc->hazard) && inc->state != STATE_CLEARED && !strcmp(inc->reset_by, me)) {
		r = REFUSAL_SECOND_PERSON;
	} else {
		all_clear(e, s, &first);
	}
	free(copy);
	return r;
}

static enum refusal do_close(struct engine *e, struct said *s)
{
	struct cue_arg a = cue_of(s, AUDIT_CLOSED);
	enum refusal r;

	if (s->inc->state != STATE_CLOSED && !is_concerned(e, s))
		return REFUSAL_NOT_YOURS;
	r = life_cue(e, s->inc, CUE_CLOSE, &a);
	if (r == REFUSAL_STEPS_OPEN)
		for (int i = 0; i < s->inc->n_steps && !s->answer.detail; i++)
			if (step_of(&s->inc->steps[i])->mandatory && s->inc->steps[i].state == STEP_OPEN)
				s->answer.detail = step_of(&s->inc->steps[i])->id;
	return r;
}

/* -- the rest -- */

static enum refusal do_raise(struct engine *e, struct said *s)
{
	int type = plan_type(e->plan, s->c->type);

	if (type < 0 || e->plan->types[type].self >= 0) {
		s->answer.detail = s->c->type;
		return REFUSAL_UNKNOWN_ID;
	}
	if (plan_zone(e->plan, s->c->zone) < 0) {
		s->answer.detail = s->c->zone;
		return REFUSAL_UNKNOWN_ID;
	}
	s->inc = incident_raise_by_person(e, s->c, s->person);
	return REFUSAL_NONE;
}

static enum refusal do_note(struct engine *e, struct said *s)
{
	return take_note(e, s);
}

static enum refusal do_sign(struct engine *e, struct said *s)
{
	struct buf *b = row_begin(e);

	json_str(b, "via", s->c->via);
	if (s->c->words && *s->c->words)
		json_str(b, "words", s->c->words);
	row_end(e, AUDIT_SIGNED, s->inc, s->who, 0);
	return REFUSAL_NONE;
}

static enum refusal do_operate(struct engine *e, struct said *s)
{
	int a = plan_actuator(e->plan, s->c->actuator);
	const struct actuator *act = a < 0 ? NULL : &e->plan->actuators[a];
	bool known = false, may = false;

	s->answer.detail = s->c->actuator;
	if (!act)
		return REFUSAL_UNKNOWN_ID;
	for (int i = 0; i < act->n_actions; i++)
		known |= s->c->action && !strcmp(act->actions[i].id, s->c->action);
	for (int i = 0; i < act->operators.n; i++)
		may |= role_held_by(e, act->operators.at[i], s->person);
	if (!may)
		return REFUSAL_NOT_YOURS;
	if (!known)
		return REFUSAL_BAD_TEXT;
	actuate_by_hand(e, s->c, s->person, a);
	return REFUSAL_NONE;
}

static enum refusal do_escalate(struct engine *e, struct said *s)
{
	if (!is_concerned(e, s))
		return REFUSAL_NOT_YOURS;
	if (s->inc->state == STATE_CLOSED)
		return REFUSAL_CLOSED;
	if (s->inc->state != STATE_UNACKED && s->inc->state != STATE_RTN_UNACKED)
		return REFUSAL_NOT_NOW;
	escalate_next(e, s->inc, s->who, 0);
	return REFUSAL_NONE;
}

static enum refusal do_ring(struct engine *e, struct said *s)
{
	struct to_send to = {.kind = NOTICE_TEST, .person = plan_person(e->plan, s->c->person), .channel = -1};
	struct buf *b;

	s->answer.detail = s->c->person;
	if (to.person < 0)
		return REFUSAL_UNKNOWN_ID;
	if (s->c->channel) {
		to.channel = plan_channel(e->plan, s->c->channel);
		s->answer.detail = s->c->channel;
		if (to.channel < 0)
			return REFUSAL_UNKNOWN_ID;
	}
	b = row_begin(e);
	json_str(b, "kind", notice_kind_name(NOTICE_TEST));
	json_str(b, "person", s->c->person);
	to.cause = row_end(e, AUDIT_NOTICE, NULL, s->who, 0);
	outbox_send(e, &to);
	return REFUSAL_NONE;
}

static enum refusal do_oncall(struct engine *e, struct said *s)
{
	s->answer.detail = s->c->role;
	return s->c->role && plan_role(e->plan, s->c->role) < 0 ? REFUSAL_UNKNOWN_ID : REFUSAL_NONE;
}

static enum refusal do_resend(struct engine *e, struct said *s)
{
	int role = plan_role(e->plan, "auditor");

	if (role < 0 || !role_held_by(e, role, s->person))
		return REFUSAL_NOT_YOURS;
	effect_resend(e, s->c);
	return REFUSAL_NONE;
}

static const struct verb_row {
	verb_fn *act;
	bool needs_incident;
	bool answers_itself;
} verbs[VERB_COUNT] = {
	[VERB_RAISE] = {do_raise, false, false},     [VERB_ACK] = {do_ack, false, false},
	[VERB_DONE] = {do_done, true, false},	     [VERB_FAILED] = {do_failed, true, false},
	[VERB_DECIDE] = {do_decide, true, false},    [VERB_RECORD] = {do_record, true, false},
	[VERB_NOTE] = {do_note, true, false},	     [VERB_OPERATE] = {do_operate, false, true},
	[VERB_RESET] = {do_reset, true, false},	     [VERB_CLOSE] = {do_close, true, false},
	[VERB_SIGN] = {do_sign, true, false},	     [VERB_ONCALL] = {do_oncall, false, false},
	[VERB_ESCALATE] = {do_escalate, true, false}, [VERB_RING] = {do_ring, false, false},
	[VERB_RESEND] = {do_resend, false, false},
};

/* What can be said of any command before its verb is looked at. */
static enum refusal before_all(struct engine *e, struct said *s)
{
	const struct command *c = s->c;
	const struct person *p = speaker(e, c);

	s->person = p ? (int)(p - e->plan->people) : -1;
	if (c->retained)
		return REFUSAL_RETAINED;
	if (c->bad != REFUSAL_NONE)
		return c->bad;
	if (!p)
		return REFUSAL_UNKNOWN_PERSON;
	if (c->before_mark && !(c->id && c->rev >= 0))
		return REFUSAL_LATE;
	s->answer.detail = c->id_text;
	if (c->id_text || (!c->id && verbs[c->verb].needs_incident))
		return REFUSAL_UNKNOWN_ID;
	s->inc = c->id ? incident_find(e, c->id) : NULL;
	if (c->id && !s->inc)
		return REFUSAL_UNKNOWN_ID;
	if (s->inc && c->rev >= 0 && c->rev < s->inc->rev)
		return REFUSAL_OLD_REV;
	return REFUSAL_NONE;
}

void verb_command(struct engine *e, const struct command *c)
{
	struct said s = {.c = c, .person = -1, .answer = {.verb = c->verb, .due_ms = -1}};
	enum refusal r = before_all(e, &s);
	struct buf who = {0};

	if (c->as_root)
		buf_printf(&who, "%s for %s", c->as_root, c->user ? c->user : "");
	else
		buf_str(&who, s.person >= 0 ? e->plan->people[s.person].id : c->user ? c->user : "unknown");
	s.who = buf_text(&who);
	if (r == REFUSAL_NONE)
		r = verbs[c->verb].act(e, &s);
	if (r != REFUSAL_NONE) {
		refuse(e, &s, r);
	} else if (!verbs[c->verb].answers_itself) {
		s.answer.incident = s.inc ? s.inc : s.answer.incident;
		verb_reply(e, c, &s.answer);
	}
	buf_fini(&who);
}
