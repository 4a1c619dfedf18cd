/* verb.c - what people say: who may, what it does, what is answered. A refusal
 * changes nothing but one row. */
#include "engine/caps.h"
#include "engine/cause.h"
#include "engine/chain.h"
#include "engine/duty.h"
#include "engine/emit.h"
#include "engine/suppress.h"

#include <stdlib.h>
#include <string.h>

/* -- answers -- */

/* A gateway's user says whose number it had the words from. */
static const struct channel *gateway(const struct engine *e, const struct command *c, int *ret_person)
{
	const struct channel *channel = NULL;

	*ret_person = -1;
	if (c->phone && !c->by_login && !c->as_root && !c->as_person)
		*ret_person = plan_person_by_phone(e->plan, c->user, c->phone, &channel);
	return channel;
}

static const struct person *speaker(const struct engine *e, const struct command *c)
{
	int by_phone, p = gateway(e, c, &by_phone) ? by_phone
	        : c->as_root || c->as_person ? plan_person(e->plan, c->user)
	        : c->by_login              ? plan_person_by_login(e->plan, c->user)
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

/* A `which` names each incident with the word that acknowledges it: as JSON,
 * and as "G-17,W-18" for the sentence. */
static void put_choices(const struct engine *e, const struct person *p, struct buf *ret_json,
                        struct buf *ret_list)
{
	json_open(ret_json, NULL, '[');
	for (int i = 0; p && i < e->n_incidents; i++) {
		const struct incident *inc = e->incidents[i];

		if (!incident_wants_ack(inc) || !was_called(inc, p->id))
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
	struct reply r = {
	    .user = c->by_login || c->as_root || c->as_person ? NULL : c->user, .to = c->reply, .ok = ok};

	said.lang = p ? p->language : LANG_EN;
	put_choices(e, p, &choices, &list);
	if ((a->refusal == REFUSAL_WHICH || a->n_all) && list.len)
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
	if (ok && a->n_more)
		json_int(&b, "more", a->n_more);
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
	if (ok && a->duty)
		render_duty(e, a->duty, &b);
	json_close(&b, '}');
	r.json = buf_text(&b);
	effect_reply(e, &r);
	buf_fini(&b);
	buf_fini(&text);
	buf_fini(&choices);
	buf_fini(&list);
}

static void refused_row(struct engine *e, struct said *s, enum refusal why)
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
}

struct cue_arg said_cue(const struct said *s, enum audit_kind kind)
{
	return (struct cue_arg){.who = s->who, .kind = kind, .via = s->c->via, .words = s->c->words};
}

/* -- who may -- */

bool said_by_concerned(const struct engine *e, const struct said *s)
{
	return was_called(s->inc, e->plan->people[s->person].id) || chain_has_person(e, s->inc, s->person);
}

/* Holder or deputy of the role, or of a role above it in the chain. A role that the plan has lost is the first
 * level's: whoever stands in the chain. */
static bool may_do(const struct engine *e, const struct said *s, const struct step *step)
{
	int role = step_role(e, s->inc, step), level = role < 0 ? 0 : chain_level_of_role(e, s->inc, role);

	if (role >= 0 && role_held_by(e, role, s->person))
		return true;
	if (s->inc->watch && !strcmp(s->inc->watch, e->plan->people[s->person].id))
		return true;
	for (int r = 0; r < e->plan->n_roles; r++)
		if (role_held_by(e, r, s->person) && chain_level_of_role(e, s->inc, r) > level)
			return true;
	return false;
}

/* Of one of the step's roles; of none: whoever is concerned. */
bool said_may_do(const struct engine *e, const struct said *s, const struct step *step)
{
	bool may = step->who < 0 ? said_by_concerned(e, s) : may_do(e, s, step);

	for (int i = 0; i < step->also.n && !may; i++)
		may = may_do(e, s, &(struct step){.who = step->also.at[i]});
	return may;
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
	s->inc = incident_raise_by_person(e, s->c, s->person, s->who);
	return REFUSAL_NONE;
}

static enum refusal do_operate(struct engine *e, struct said *s)
{
	int a = plan_actuator(e->plan, s->c->actuator);
	const struct actuator *act = a < 0 ? NULL : &e->plan->actuators[a];
	bool known, may = false;

	s->answer.detail = s->c->actuator;
	if (!act)
		return REFUSAL_UNKNOWN_ID;
	known = s->c->action && actuator_action(act, s->c->action);
	for (int i = 0; i < act->operators.n; i++)
		may |= role_held_by(e, act->operators.at[i], s->person);
	if (!may)
		return REFUSAL_NOT_YOURS;
	if (!known)
		return REFUSAL_BAD_TEXT;
	if ((s->answer.detail = actuator_out(e, act->id)))
		return REFUSAL_NOT_NOW;
	actuate_by_hand(e, s, a);
	return REFUSAL_NONE;
}

static enum refusal do_escalate(struct engine *e, struct said *s)
{
	struct cue_arg a = said_cue(s, AUDIT_CALLED);

	if (!said_by_concerned(e, s))
		return REFUSAL_NOT_YOURS;
	if (s->inc->state == STATE_CLOSED)
		return REFUSAL_CLOSED;
	if (s->inc->state == STATE_PRE_ALARM) { /* whoever looked has seen enough: from the first level on */
		cause_break(e, s->inc);
		suppress_overruled(e, s->inc, s->who);
		return life_cue(e, s->inc, CUE_RAISE, &a);
	}
	if (!incident_is_calling(s->inc) && s->inc->state != STATE_ACKED) { /* nothing burns any more */
		s->answer.detail = state_name(s->inc->state);
		return REFUSAL_NOT_NOW;
	}
	skip_by_person(e, s->inc, &(struct skip_order){s->who, s->person, s->c->words});
	return REFUSAL_NONE;
}

static enum refusal do_ring(struct engine *e, struct said *s)
{
	struct to_send to = {
	    .kind = NOTICE_TEST, .person = plan_person(e->plan, s->c->person), .channel = -1};
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

/* The parts follow the answer. The audit knows incidents that the engine has forgotten. */
static enum refusal do_report(struct engine *e, struct said *s)
{
	effect_query(e, s->c, e->plan->people[s->person].language);
	return REFUSAL_NONE;
}

/* Counting takes its time: the figures are the answer. */
static enum refusal do_stats(struct engine *e, struct said *s)
{
	enum { DAYS_USUAL = 30, DAYS_MAX = 366 };
	const int64_t day_ms = 86400000;
	struct command c = *s->c;

	if (c.for_ms > DAYS_MAX * day_ms) {
		s->answer.detail = "> 366d";
		return REFUSAL_TOO_LONG;
	}
	c.for_ms = c.for_ms ? c.for_ms : DAYS_USUAL * day_ms;
	effect_query(e, &c, e->plan->people[s->person].language);
	return REFUSAL_NONE;
}

static const struct verb_row {
	verb_fn *act;
	bool needs_incident;
	bool answers_itself;
	bool may_be_old; /* the incident need not be known here */
	bool only_reads; /* delivered again it is done again: nothing changes, and the answer may be lost */
} verbs[VERB_COUNT] = {
    [VERB_RAISE] = {.act = do_raise},
    [VERB_ACK] = {.act = verb_ack},
    [VERB_DONE] = {.act = verb_done, .needs_incident = true},
    [VERB_FAILED] = {.act = verb_failed, .needs_incident = true},
    [VERB_DECIDE] = {.act = verb_decide, .needs_incident = true},
    [VERB_RECORD] = {.act = verb_record, .needs_incident = true},
    [VERB_NOTE] = {.act = verb_note, .needs_incident = true},
    [VERB_OPERATE] = {.act = do_operate, .answers_itself = true},
    [VERB_RESET] = {.act = verb_reset, .needs_incident = true},
    [VERB_CLOSE] = {.act = verb_close, .needs_incident = true},
    [VERB_HANDOVER] = {.act = verb_handover},
    [VERB_ACCEPT] = {.act = verb_accept},
    [VERB_REFUSE] = {.act = verb_refuse},
    [VERB_OVERRIDE] = {.act = verb_override},
    [VERB_SIGN] = {.act = verb_sign, .needs_incident = true},
    [VERB_ONCALL] = {.act = do_oncall},
    [VERB_ESCALATE] = {.act = do_escalate, .needs_incident = true},
    [VERB_DRILL] = {.act = verb_drill},
    [VERB_RING] = {.act = do_ring},
    [VERB_RESEND] = {.act = do_resend},
    [VERB_REPORT] = {.act = do_report, .needs_incident = true, .may_be_old = true, .only_reads = true},
    [VERB_STATS] = {.act = do_stats, .answers_itself = true, .only_reads = true},
    [VERB_SHELVE] = {.act = verb_shelve, .needs_incident = true},
    [VERB_UNSHELVE] = {.act = verb_unshelve, .needs_incident = true},
    [VERB_ISOLATE] = {.act = verb_isolate},
    [VERB_REJOIN] = {.act = verb_rejoin},
    [VERB_OUT] = {.act = verb_out},
    [VERB_BACK] = {.act = verb_back},
    [VERB_TAG] = {.act = verb_tag},
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
	if (c->id && !s->inc && !verbs[c->verb].may_be_old)
		return REFUSAL_UNKNOWN_ID;
	if (s->inc && c->rev >= 0 && c->rev < s->inc->rev)
		return REFUSAL_OLD_REV;
	return REFUSAL_NONE;
}

/* Done already, before a crash or a broken link: only the answer may be missing. */
static void answer_again(struct engine *e, const struct command *c, const struct again_command *was)
{
	struct answer a = {.verb = c->verb, .due_ms = -1, .refusal = was->refusal, .noted = was->noted};

	a.incident = was->incident ? incident_find(e, was->incident) : NULL;
	if (was->refusal != REFUSAL_NONE || !verbs[c->verb].answers_itself)
		verb_reply(e, c, &a);
}

static void keep_answer(struct engine *e, const struct command *c, const struct answer *a)
{
	again_answered(&e->commands, &(struct again_command){.mark = again_mark(c),
	                                                     .incident = a->incident ? a->incident->number : 0,
	                                                     .refusal = a->refusal,
	                                                     .noted = a->noted});
}

/* What was photographed: the report names it, whatever the verb was. */
static void photo_row(struct engine *e, const struct said *s)
{
	struct buf *b = row_begin(e);

	json_str(b, "verb", verb_name(s->c->verb));
	if (s->c->step)
		json_str(b, "step", s->c->step);
	json_str(b, "photo", s->c->photo);
	json_str(b, "via", s->c->via);
	row_end(e, AUDIT_NOTE, s->inc, s->who, 0);
}

static void take_command(struct engine *e, const struct command *c)
{
	struct said s = {.c = c, .person = -1, .answer = {.verb = c->verb, .due_ms = -1}};
	enum refusal r = before_all(e, &s);
	enum caps_answer cap = caps_command(e, s.person);
	struct buf who = {0};

	if (c->as_root)
		buf_printf(&who, "%s for %s", c->as_root, c->user ? c->user : "");
	else
		buf_str(&who, s.person >= 0 ? e->plan->people[s.person].id : c->user ? c->user : "unknown");
	s.who = buf_text(&who);
	if (cap != CAPS_FINE) {
		s.answer.detail = "> 100 / 10 s";
		r = REFUSAL_NOT_NOW;
	} else if (r == REFUSAL_NONE) {
		r = verbs[c->verb].act(e, &s);
		if (r == REFUSAL_NONE && s.inc && c->photo)
			photo_row(e, &s);
	}
	s.answer.refusal = r;
	s.answer.incident = s.inc ? s.inc : s.answer.incident;
	if (r != REFUSAL_NONE && cap != CAPS_OVER)
		refused_row(e, &s, r);
	if (r != REFUSAL_NONE || !verbs[c->verb].answers_itself)
		verb_reply(e, c, &s.answer);
	keep_answer(e, c, &s.answer);
	buf_fini(&who);
}

void verb_command(struct engine *e, const struct command *c)
{
	const struct again_command *was = again_command(&e->commands, c);
	struct command by_channel = *c;
	int person;
	const struct channel *channel = gateway(e, c, &person);

	if (channel)
		by_channel.via = channel->id; /* the rows say how it came */
	if (was && !(c->verb < VERB_COUNT && verbs[c->verb].only_reads))
		answer_again(e, c, was);
	else
		take_command(e, &by_channel);
}
