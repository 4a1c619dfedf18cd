/* life.c - the life of an incident.
 *
 *              raise                ack               gone            reset
 *   (new) --> unacked ----------> acked ----------> latched --------> cleared --> closed
 *     \         | ^ gone/raise      | due (no act)  (not latching: straight to cleared)
 *      pre_alarm| v                 v
 *           rtn_unacked --ack-->  unacked again
 */
#include "engine/cause.h"
#include "engine/chain.h"
#include "engine/drill.h"
#include "engine/emit.h"
#include "engine/life.h"
#include "engine/suppress.h"
#include "engine/tags.h"

#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 86400000 };

typedef enum refusal act_fn(struct engine *e, struct incident *inc, const struct cue_arg *a);

struct cell {
	act_fn *act;
	enum refusal refusal; /* when act is NULL */
	const char *text;
};

/* -- rows and moves -- */

static void move(struct engine *e, struct incident *inc, enum state to)
{
	if (inc->state != to)
		inc->changed_ms = e->now_ms;
	if (to == STATE_UNACKED && inc->state > STATE_ACKED)
		isolation_ask(e, inc);
	if (to == STATE_UNACKED && inc->state >= STATE_ACKED)
		cause_ask(e, inc);
	else if (to != STATE_UNACKED && to != STATE_RTN_UNACKED)
		cause_forget(inc);
	inc->state = to;
	incident_touch(e, inc);
}

static void say(const struct engine *e, struct buf *b, const struct incident *inc, const struct cue_arg *a)
{
	const struct incident *because = cause_of(e, inc);
	const struct member *m = a->member;

	if (a->via)
		json_str(b, "via", a->via);
	if (m) {
		json_str(b, "sensor", m->sensor);
		json_str(b, "value", m->now);
	}
	if (a->kind == AUDIT_GRADE) {
		json_str(b, "grade", inc->grade);
		json_str(b, "severity", severity_name(inc->severity));
	}
	json_int(b, "rev", inc->rev);
	json_str(b, "state", state_name(inc->state));
	if (a->kind == AUDIT_ACKED && inc->n_acks) {
		json_int(b, "acks", inc->n_acks);
		json_int(b, "of", inc->quorum);
	}
	if (because)
		json_str(b, "because", because->id);
	if (a->as)
		json_str(b, "as", a->as);
	if (a->words && *a->words)
		json_str(b, "note", a->words);
}

/* It ends, and what it hung stays until somebody takes it down. */
static void put_signs(const struct engine *e, struct buf *b, const struct incident *inc)
{
	struct buf signs = {0};

	if (tags_of(e, inc, &signs))
		json_str(b, "signs", buf_text(&signs));
	buf_fini(&signs);
}

static int64_t row(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	struct buf *b = row_begin(e);

	say(e, b, inc, a);
	if (a->kind == AUDIT_CLOSED)
		put_signs(e, b, inc);
	return row_end(e, a->kind, inc, a->who, a->cause);
}

static int64_t move_row(struct engine *e, struct incident *inc, enum state to, const struct cue_arg *a)
{
	inc->rev++;
	all_clear_void(e, inc); /* half of one was said of something else */
	move(e, inc, to);
	return row(e, inc, a);
}

/* The state after unacked, acked or rtn_unacked when the condition has gone. */
static enum state calm(const struct incident *inc)
{
	return inc->latch ? STATE_LATCHED : STATE_CLEARED;
}

static void drop_ack(struct incident *inc)
{
	xreplace(&inc->acked_by, "");
	quorum_void(inc);
	inc->reminders = 0;
}

/* -- acts -- */

static enum refusal act_nothing(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	(void)e, (void)inc, (void)a;
	return REFUSAL_NONE;
}

/* From pre_alarm, or back from a calm state: the chain from level 1. */
static enum refusal act_alarm(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	bool begins = inc->state == STATE_PRE_ALARM;
	bool was_isolated = inc->isolated_ms != 0;
	int ackers[LEVEL_PEOPLE_MAX], n = quorum_people(e, inc, ackers, LEVEL_PEOPLE_MAX);
	int64_t seq;

	drop_ack(inc);
	seq = move_row(e, inc, STATE_UNACKED, a);
	if (begins)
		playbook_start(e, inc, seq);
	escalate_begin(e, inc, seq);
	if (inc->isolated_ms && !was_isolated)
		isolation_tell(e, inc, seq);
	for (int i = 0; i < n; i++)
		if (ackers[i] >= 0)
			escalate_also(e, inc, ackers[i], seq);
	return REFUSAL_NONE;
}

static enum refusal act_new_member(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	int64_t seq = move_row(e, inc, inc->state, a);

	tell_called(e, inc, NOTICE_UPDATE, seq);
	return REFUSAL_NONE;
}

static enum refusal act_worsen(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	int64_t seq;

	quorum_void(inc); /* what was taken was milder */
	seq = move_row(e, inc, STATE_UNACKED, a);
	escalate_again(e, inc, seq);
	return REFUSAL_NONE;
}

/* The chain and its due time are kept. */
static enum refusal act_return(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	move_row(e, inc, inc->state == STATE_UNACKED ? STATE_RTN_UNACKED : STATE_UNACKED, a);
	return REFUSAL_NONE;
}

void life_close(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	struct cue_arg closed = *a;
	int64_t seq;

	if (inc->drill)
		closed.cause = drill_score(e, inc, a);
	closed.kind = AUDIT_CLOSED;
	closed.member = NULL;
	inc->closed_ms = e->now_ms;
	suppress_forget(inc);
	seq = move_row(e, inc, STATE_CLOSED, &closed);
	playbook_stop(e, inc);
	actuate_forget(e, inc);
	outbox_forget(e, inc);
	skip_tell(e, inc);
	if (inc->drill)
		drill_over(e, inc, seq);
	else
		tell_over(e, inc, seq);
	for (int i = 0; i < inc->n_members; i++)
		effect_follow(e, inc->members[i].sensor, false);
	if (inc->instance)
		inc->instance->incident = NULL;
	inc->instance = NULL;
	arm(e, inc, NEXT_EMPTY, e->now_ms + DAY_MS);
	for (int i = 0; i < inc->n_members; i++)
		incident_still_dead(e, inc->members[i].sensor);
}

static enum refusal act_false_alarm(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	struct cue_arg gone = *a;

	gone.cause = row(e, inc, a);
	life_close(e, inc, &gone);
	return REFUSAL_NONE;
}

static enum refusal act_gone_acked(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	int64_t seq;

	inc->reminders = 0;
	seq = move_row(e, inc, calm(inc), a);
	arm_remind(e, inc);
	life_settle(e, inc, seq);
	return REFUSAL_NONE;
}

static enum refusal act_lost(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	inc->stale = true;
	move_row(e, inc, inc->state, a);
	return REFUSAL_NONE;
}

static enum refusal act_lost_acked(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	int64_t seq;

	inc->stale = true;
	seq = move_row(e, inc, inc->state, a);
	tell_person(e, inc, NOTICE_UPDATE, plan_person(e->plan, inc->acked_by), seq);
	return REFUSAL_NONE;
}

static enum refusal act_lost_alarm(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	inc->stale = true;
	return act_alarm(e, inc, a);
}

/* A member was taken out: none active or unknown left, and nothing counts yet: as gone. */
static enum refusal act_without(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	struct cue_arg gone = {.who = a->who, .kind = AUDIT_GONE, .via = a->via};

	gone.cause = row(e, inc, a);
	if (incident_is_active(inc) || incident_is_true(inc))
		return REFUSAL_NONE;
	return life_cue(e, inc, CUE_GONE, &gone);
}

static enum refusal act_investigate(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	if (inc->investigated)
		return REFUSAL_NONE;
	inc->investigated = true;
	if (!inc->first_ack_ms)
		inc->first_ack_ms = e->now_ms;
	xreplace(&inc->acked_by, a->person ? a->person : a->who);
	row(e, inc, a);
	if (inc->type && inc->type->investigate_ms > 0)
		arm(e, inc, NEXT_INVESTIGATE,
		    incident_look_until(e, inc, inc->opened_ms + inc->type->investigate_ms));
	return REFUSAL_NONE;
}

static void take(struct engine *e, struct incident *inc, enum state to, const struct cue_arg *a)
{
	xreplace(&inc->acked_by, a->person ? a->person : a->who);
	inc->reminders = 0;
	if (inc->drill)
		drill_acked(e, inc, inc->acked_by);
	if (!inc->first_ack_ms)
		inc->first_ack_ms = e->now_ms;
	move(e, inc, to);
	row(e, inc, a);
	outbox_forget(e, inc);
	skip_tell(e, inc);
}

static enum refusal act_ack(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	take(e, inc, STATE_ACKED, a);
	if (!PLANTED(4))
		arm_acked(e, inc);
	return REFUSAL_NONE;
}

static enum refusal act_ack_calm(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	take(e, inc, calm(inc), a);
	arm_remind(e, inc);
	life_settle(e, inc, inc->seq);
	return REFUSAL_NONE;
}

/* Acked already: acked_by is kept; whoever says so has answered a reminder. */
static enum refusal act_ack_again(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	(void)a;
	if (inc->reminders) {
		inc->reminders = 0;
		incident_touch(e, inc);
	}
	return REFUSAL_NONE;
}

static enum refusal act_escalate(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	escalate_next(e, inc, a->who, a->cause);
	return REFUSAL_NONE;
}

static enum refusal act_acked_due(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	struct cue_arg expired = {.who = "system", .kind = AUDIT_ACK_EXPIRED};
	int64_t seq;

	(void)a;
	if ((inc->next != NEXT_ACTION || PLANTED(17)) && inc->reminders == 0) {
		inc->reminders = 1;
		quorum_tell(e, inc, NOTICE_REMINDER, 0);
		arm_remind(e, inc);
		return REFUSAL_NONE;
	}
	inc->reminders = 0;
	seq = move_row(e, inc, STATE_UNACKED, &expired);
	escalate_expired(e, inc, seq);
	drop_ack(inc);
	return REFUSAL_NONE;
}

/* latched: the acker; the second time also the next level. */
static enum refusal act_remind_acker(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	(void)a;
	quorum_tell(e, inc, NOTICE_REMINDER, 0);
	if (inc->reminders++ > 0)
		tell_level(e, inc, NOTICE_REMINDER, inc->level + 1, 0);
	arm_remind(e, inc);
	return REFUSAL_NONE;
}

/* cleared: the owners of what is open; the second time also their superiors. */
static enum refusal act_remind_owners(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	bool any = false;

	(void)a;
	for (int i = 0; i < inc->n_steps; i++) {
		const struct step *s = step_of(&inc->steps[i]);

		if (inc->steps[i].state != STEP_OPEN || !step_asks(s))
			continue;
		any = true;
		tell_owners(e, &inc->steps[i], NOTICE_REMINDER, 0);
	}
	if (!any)
		tell_person(e, inc, NOTICE_REMINDER, plan_person(e->plan, inc->acked_by), 0);
	if (inc->reminders++ > 0)
		tell_level(e, inc, NOTICE_REMINDER, inc->level + 1, 0);
	arm_remind(e, inc);
	return REFUSAL_NONE;
}

static enum refusal act_reset(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	int64_t seq;

	inc->reminders = 0;
	inc->stale = false;
	seq = move_row(e, inc, STATE_CLEARED, a);
	arm_remind(e, inc);
	life_settle(e, inc, seq);
	return REFUSAL_NONE;
}

static bool is_person(const char *who)
{
	return who && strcmp(who, "system") != 0 && strncmp(who, "sensor:", 7) != 0;
}

static enum refusal act_done_acked(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	inc->reminders = 0;
	if (inc->next == NEXT_ACTION && playbook_first_done(inc) && (is_person(a->who) || !playbook_first_lapsed(inc)))
		arm_remind(e, inc);
	incident_touch(e, inc);
	return REFUSAL_NONE;
}

static enum refusal act_done(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	(void)a;
	inc->reminders = 0;
	incident_touch(e, inc);
	return REFUSAL_NONE;
}

static enum refusal act_close(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	if (playbook_mandatory_open(inc))
		return REFUSAL_STEPS_OPEN;
	life_close(e, inc, a);
	return REFUSAL_NONE;
}

static enum refusal act_done_cleared(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	inc->reminders = 0;
	incident_touch(e, inc);
	return playbook_mandatory_open(inc) ? REFUSAL_NONE : act_close(e, inc, a);
}

static enum refusal act_empty(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	(void)a;
	incident_drop(e, inc);
	return REFUSAL_NONE;
}

/* -- the table -- */

#define DO(FN, TEXT) \
	{ \
		FN, REFUSAL_NONE, TEXT \
	}
#define NO(WORD, TEXT) \
	{ \
		NULL, REFUSAL_##WORD, TEXT \
	}

#define TEXT_WITHOUT "=: member out of service; none active or unknown left: as gone"
#define TEXT_AGAIN "unacked: ack void; chain from level 1; rev+1"
#define TEXT_NEXT "=: call next level; at the wrap once chain_exhausted, then repeat"
#define TEXT_NEW "(new): a new incident with a new id, link `after`"

static const struct cell life[STATE_COUNT][CUE_COUNT] =
    {
        [STATE_PRE_ALARM] =
            {
                [CUE_RAISE] = DO(act_alarm, "unacked: call: chain from level 1; rev+1"),
                [CUE_WORSEN] = DO(act_alarm, "unacked: call: chain from level 1; rev+1"),
                [CUE_GONE] = DO(act_false_alarm, "closed: tell those called it is over; rev+1"),
                [CUE_LOST] = DO(act_lost_alarm, "unacked: stale; call: chain from level 1; rev+1"),
                [CUE_WITHOUT] = DO(act_without, TEXT_WITHOUT),
                [CUE_ACK] = DO(act_investigate, "=: who; deadline = investigate limit (once)"),
                [CUE_DUE] = DO(act_alarm, "unacked: call: chain from level 1; rev+1"),
                [CUE_RESET] = NO(STILL_ACTIVE, "=: R:still_active"),
                [CUE_DONE] = DO(act_done, "=: remember"),
                [CUE_CLOSE] = NO(STILL_ACTIVE, "=: R:still_active"),
            },
        [STATE_UNACKED] =
            {
                [CUE_RAISE] = DO(act_new_member, "=: new member: one update to those called; rev+1"),
                [CUE_WORSEN] = DO(act_worsen, "=: call now, level kept; rev+1"),
                [CUE_GONE] = DO(act_return, "rtn_unacked: chain and its due time kept; rev+1"),
                [CUE_LOST] = DO(act_lost, "=: stale; told in the next call; rev+1"),
                [CUE_WITHOUT] = DO(act_without, TEXT_WITHOUT),
                [CUE_ACK] = DO(act_ack, "acked: chain stops; arm action watch, else remind"),
                [CUE_DUE] = DO(act_escalate, TEXT_NEXT),
                [CUE_RESET] = NO(STILL_ACTIVE, "=: R:still_active"),
                [CUE_DONE] = DO(act_done, "=: remember"),
                [CUE_CLOSE] = NO(NOT_ACKED, "=: R:not_acked"),
            },
        [STATE_RTN_UNACKED] =
            {
                [CUE_RAISE] = DO(act_return, "unacked: chain and its due time kept; rev+1"),
                [CUE_WORSEN] = DO(act_worsen, "unacked: call now, level kept; rev+1"),
                [CUE_GONE] = DO(act_nothing, "="),
                [CUE_LOST] = DO(act_lost, "=: stale; rev+1"),
                [CUE_WITHOUT] = DO(act_without, TEXT_WITHOUT),
                [CUE_ACK] =
                    DO(
                        act_ack_calm,
                        "latched or cleared: chain stops; latching type: latched, else cleared; remind"),
                [CUE_DUE] = DO(act_escalate, TEXT_NEXT),
                [CUE_RESET] = NO(NOT_ACKED, "=: R:not_acked"),
                [CUE_DONE] = DO(act_done, "=: remember"),
                [CUE_CLOSE] = NO(NOT_ACKED, "=: R:not_acked"),
            },
        [STATE_ACKED] =
            {
                [CUE_RAISE] = DO(act_new_member, "=: new member: one update to those called; rev+1"),
                [CUE_WORSEN] = DO(act_alarm, "unacked: ack void; chain from level 1, acker included; rev+1"),
                [CUE_GONE] =
                    DO(act_gone_acked,
                       "latched or cleared: latching type: latched, else cleared; remind; rev+1"),
                [CUE_LOST] = DO(act_lost_acked, "=: stale; tell the acker; rev+1"),
                [CUE_WITHOUT] = DO(act_without, TEXT_WITHOUT),
                [CUE_ACK] = DO(act_ack_again, "=: ok, acked_by kept; answer names the first"),
                [CUE_DUE] =
                    DO(act_acked_due,
                       "unacked: action watch or 2nd reminder unanswered: ack_expired; acker and next "
                       "level called; rev+1. 1st reminder: stay, call the acker"),
                [CUE_RESET] = NO(STILL_ACTIVE, "=: R:still_active"),
                [CUE_DONE] = DO(act_done_acked, "=: first step: end action watch, arm remind"),
                [CUE_CLOSE] = NO(STILL_ACTIVE, "=: R:still_active"),
            },
        [STATE_LATCHED] =
            {
                [CUE_RAISE] = DO(act_alarm, TEXT_AGAIN),
                [CUE_WORSEN] = DO(act_alarm, TEXT_AGAIN),
                [CUE_GONE] = DO(act_nothing, "="),
                [CUE_LOST] = DO(act_lost, "=: stale; rev+1"),
                [CUE_WITHOUT] = DO(act_without, TEXT_WITHOUT),
                [CUE_ACK] = DO(act_ack_again, "=: ok, acked_by kept"),
                [CUE_DUE] = DO(act_remind_acker, "=: remind the acker; 2nd unanswered: also the next level"),
                [CUE_RESET] = DO(act_reset, "cleared: all-clear complete (2 persons for fire, gas, people); "
                                            "remind; rev+1"),
                [CUE_DONE] = DO(act_done, "=: remember"),
                [CUE_CLOSE] = NO(NEEDS_RESET, "=: R:needs_reset"),
            },
        [STATE_CLEARED] =
            {
                [CUE_RAISE] = DO(act_alarm, TEXT_AGAIN),
                [CUE_WORSEN] = DO(act_alarm, TEXT_AGAIN),
                [CUE_GONE] = DO(act_nothing, "="),
                [CUE_LOST] = DO(act_lost, "=: stale; rev+1"),
                [CUE_WITHOUT] = DO(act_without, TEXT_WITHOUT),
                [CUE_ACK] = DO(act_ack_again, "=: ok, acked_by kept"),
                [CUE_DUE] = DO(act_remind_owners,
                               "=: remind the owners of what is open; 2nd unanswered: also their superior"),
                [CUE_RESET] = DO(act_nothing, "=: ok, nothing to do"),
                [CUE_DONE] = DO(act_done_cleared,
                                "closed or =: closed when no mandatory step and no report is open; rev+1"),
                [CUE_CLOSE] = DO(act_close, "closed or =: same test; else R:steps_open with their list"),
            },
        [STATE_CLOSED] =
            {
                [CUE_RAISE] = DO(act_nothing, TEXT_NEW),
                [CUE_WORSEN] = DO(act_nothing, TEXT_NEW),
                [CUE_GONE] = DO(act_nothing, "="),
                [CUE_LOST] = DO(act_nothing, "="),
                [CUE_WITHOUT] = NO(CLOSED, "=: R:closed"),
                [CUE_ACK] = NO(CLOSED, "=: R:closed"),
                [CUE_DUE] = DO(act_empty, "=: empty the retained state (24 h)"),
                [CUE_RESET] = NO(CLOSED, "=: R:closed"),
                [CUE_DONE] = NO(CLOSED, "=: R:closed; `note` and `sign` still append"),
                [CUE_CLOSE] = NO(CLOSED, "=: R:closed"),
            },
};

const char *life_cell_text(enum state s, enum cue c)
{
	return life[s][c].text;
}

enum refusal life_cue(struct engine *e, struct incident *inc, enum cue cue, const struct cue_arg *arg)
{
	const struct cell *cell = &life[inc->state][cue];
	enum refusal r;
	int64_t held_ms;

	if (!cell->act)
		return cell->refusal;
	if (cue == CUE_DONE && !inc->first_step_ms && is_person(arg->who))
		inc->first_step_ms = e->now_ms;
	held_ms = suppress_breaks(e, inc, cue, arg);
	r = cell->act(e, inc, arg);
	if (held_ms)
		suppress_broken(e, inc, held_ms);
	return r;
}

void life_settle(struct engine *e, struct incident *inc, int64_t cause)
{
	struct cue_arg a = {.who = "system", .cause = cause};

	if (inc->state == STATE_CLEARED)
		playbook_cleared(e, inc, cause);
	if (inc->state == STATE_CLEARED && !playbook_any_open(inc))
		life_close(e, inc, &a);
}

void life_over(struct engine *e, struct incident *inc, int64_t cause)
{
	quorum_void(inc);
	move(e, inc, STATE_CLEARED);
	arm_remind(e, inc);
	life_settle(e, inc, cause);
}
