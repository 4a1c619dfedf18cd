/* actuate.c - commands to valves and breakers: interlocks first, then the
 * message, its confirmation within the limit, and as many tries as the
 * actuator allows. A command never waits for the broker: not sent is said. */
#include "engine/drill.h"
#include "engine/emit.h"
#include "engine/suppress.h"
#include "engine/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- the list -- */

static struct actuation *find(const struct engine *e, int64_t id)
{
	for (int i = 0; i < e->n_actuations; i++)
		if (e->actuations[i]->id == id)
			return e->actuations[i];
	return NULL;
}

void actuate_restored(struct engine *e, struct actuation *a)
{
	int i;

	if (e->n_actuations == e->cap_actuations) {
		e->cap_actuations = e->cap_actuations ? e->cap_actuations * 2 : 16;
		e->actuations =
		    xrealloc(e->actuations, (size_t)e->cap_actuations * sizeof(struct actuation *));
	}
	for (i = e->n_actuations++; i > 0 && e->actuations[i - 1]->id > a->id; i--)
		e->actuations[i] = e->actuations[i - 1];
	e->actuations[i] = a;
}

void actuation_free(struct actuation *a)
{
	free(a->actuator);
	free(a->action);
	free(a->user);
	free(a->via);
	free(a->who);
	free((char *)a->reply.req);
	free((char *)a->reply.response_topic);
	free((char *)a->reply.correlation);
	free(a);
}

static void drop(struct engine *e, struct actuation *a)
{
	int i = 0;

	while (e->actuations[i] != a)
		i++;
	deadline_clear(&e->heap, &a->due);
	records_put(&e->gone, a->key, NULL);
	memmove(&e->actuations[i], &e->actuations[i + 1],
	        (size_t)(e->n_actuations - i - 1) * sizeof(struct actuation *));
	e->n_actuations--;
	actuation_free(a);
}

static struct actuation *begin(struct engine *e, int actuator, const char *action)
{
	struct actuation *a = xcalloc(1, sizeof *a);

	a->id = ++e->next_actuation;
	e->counters_dirty = true;
	snprintf(a->key, sizeof a->key, "a/%010lld", (long long)a->id);
	a->actuator = xstrdup(e->plan->actuators[actuator].id);
	a->action = xstrdup(action);
	a->step = -1;
	a->began_ms = e->now_ms;
	a->dirty = true;
	deadline_init(&a->due, DEADLINE_ACTUATION, a, a->key, 0);
	actuate_restored(e, a);
	return a;
}

const struct action *actuator_action(const struct actuator *act, const char *id)
{
	for (int i = 0; i < act->n_actions; i++)
		if (!strcmp(act->actions[i].id, id))
			return &act->actions[i];
	return NULL;
}

/* -- ends -- */

static void answer_by_hand(struct engine *e, const struct actuation *a, enum step_state end,
                           const struct interlock *lock, const struct incident *because)
{
	struct command c = {.verb = VERB_OPERATE,
	                    .user = a->user,
	                    .rev = -1,
	                    .reply = a->reply,
	                    .via = a->via,
	                    .as_person = strcmp(a->via ? a->via : "", "mqtt") != 0};
	struct answer ans = {.verb = VERB_OPERATE, .incident = because, .due_ms = -1};

	ans.refusal = end == STEP_INTERLOCKED ? REFUSAL_INTERLOCKED : REFUSAL_NONE;
	ans.detail = end == STEP_INTERLOCKED ? lock ? lock->id : NULL : step_state_name(end);
	verb_reply(e, &c, &ans);
}

static bool is_under_way(const struct engine *e, const struct step_run *s)
{
	for (int i = 0; i < e->n_actuations; i++)
		if (e->actuations[i]->incident == s->incident->number && e->actuations[i]->step == s->index)
			return true;
	return false;
}

static enum step_state worse(enum step_state a, enum step_state b)
{
	static const int gravity[STEP_COUNT] = {[STEP_DONE] = 1, [STEP_INTERLOCKED] = 2, [STEP_FAILED] = 3};

	return gravity[a] >= gravity[b] ? a : b;
}

/* A step ends when all its actuators have, as the worst of them did. */
static void end_step(struct engine *e, struct step_run *s, enum step_state state, const struct cue_arg *arg)
{
	s->worst = worse(s->worst, state);
	incident_touch(e, s->incident);
	if (!is_under_way(e, s))
		playbook_end(e, s, s->worst, arg);
}

static struct step_run *step_of_actuation(const struct engine *e, const struct actuation *a)
{
	struct incident *inc = a->incident ? incident_find(e, a->incident) : NULL;

	return inc && a->step >= 0 && a->step < inc->n_steps ? &inc->steps[a->step] : NULL;
}

/* How a command ended, and why where it did not do what it should. */
struct end {
	enum step_state state;
	const char *why; /* NULL: an interlock */
	const struct interlock *lock;
	const struct incident *because;
	int64_t cause;
};

/* The command ended: the step, or the person who gave it, is told. */
static void end(struct engine *e, struct actuation *a, const struct end *how)
{
	struct step_run *run = step_of_actuation(e, a);
	struct undone u = {a, run, how->why, how->lock, how->because, how->cause};
	struct cue_arg arg = {.who = "system", .cause = how->cause};
	struct buf note = {0};

	if (!run && a->user)
		answer_by_hand(e, a, how->state, how->lock, how->because);
	if (run && run->incident->state == STATE_CLOSED)
		run = NULL;
	if (run && a->tries > run->tries)
		run->tries = a->tries;
	if (run && how->state != STEP_DONE)
		undone_tell(e, &u);
	if (how->why && how->because) {
		buf_printf(&note, "%s by %s", how->why, how->because->id);
		arg.words = buf_text(&note);
	}
	drop(e, a);
	if (run)
		end_step(e, run, how->state, &arg);
	buf_fini(&note);
}

static void end_interlocked(struct engine *e, struct actuation *a, const struct interlock *lock,
                            const struct incident *because)
{
	struct incident *inc = a->incident ? incident_find(e, a->incident) : NULL;
	struct end how = {.state = STEP_INTERLOCKED, .lock = lock, .because = because};
	struct buf *b = row_begin(e);

	json_str(b, "actuator", a->actuator);
	json_str(b, "action", a->action);
	json_str(b, "interlock", lock ? lock->id : NULL);
	json_str(b, "because",
	         because ? because->id : interlock_is_sign(lock) ? "a sign" : "not synchronised");
	how.cause = row_end(e, AUDIT_INTERLOCKED, inc, a->who ? a->who : "system", a->cause);
	end(e, a, &how);
}

static void end_row(struct engine *e, struct actuation *a, const char *value, struct end *how)
{
	struct incident *inc = a->incident ? incident_find(e, a->incident) : NULL;
	struct buf *b = row_begin(e);

	json_str(b, "actuator", a->actuator);
	json_str(b, "action", a->action);
	json_str(b, "state", step_state_name(how->state));
	json_str(b, "value", value);
	if (how->because)
		json_str(b, "because", how->because->id);
	json_int(b, "tries", a->tries);
	json_int(b, "took_ms", e->now_ms - a->began_ms);
	how->cause = row_end(e, AUDIT_FEEDBACK, inc, "system", a->cause);
	end(e, a, how);
}

static void end_feedback(struct engine *e, struct actuation *a, enum step_state state, const char *value)
{
	end_row(e, a, value, &(struct end){.state = state, .why = value});
}

/* Another incident's command counts, or comes first. */
static void end_for_other(struct engine *e, struct actuation *a, const char *why, const struct incident *other)
{
	end_row(e, a, why, &(struct end){.state = STEP_FAILED, .why = why, .because = other});
}

/* -- tries -- */

static void send(struct engine *e, struct actuation *a, const struct actuator *act)
{
	struct incident *inc = a->incident ? incident_find(e, a->incident) : NULL;
	int until = actuator_action(act, a->action)->until_sensor;
	struct buf *b = row_begin(e);

	a->tries++;
	json_str(b, "actuator", act->id);
	json_str(b, "action", a->action);
	json_int(b, "try", a->tries);
	json_str(b, "topic", act->topic);
	json_str(b, "payload", actuator_action(act, a->action)->send);
	json_int(b, "id", a->id);
	a->cause = row_end(e, AUDIT_COMMAND, inc, a->who ? a->who : "system", a->cause);
	a->in_flight = true;
	a->dirty = true;
	deadline_set(&e->heap, &a->due, e->now_ms + act->within_ms);
	if (until >= 0) /* it may say again what it said before: that confirms too */
		effect_want(e, e->plan->sensors[until].id);
	effect_actuate(e, a, inc);
}

/* Two opposite commands under way would drive it to and fro: the later word counts; what a graver
 * incident wants was looked at before. */
static bool supersedes(struct engine *e, const struct actuation *by)
{
	const struct incident *other = by->incident ? incident_find(e, by->incident) : NULL;
	int64_t id = by->id;

	for (int i = 0; i < e->n_actuations && e->actuations[i]->id < id; i++) {
		struct actuation *old = e->actuations[i];

		if (!strcmp(old->actuator, by->actuator) && strcmp(old->action, by->action) != 0) {
			end_for_other(e, old, "superseded", other);
			if (!find(e, id))
				return false; /* what the other's end set going was later still */
			i = -1;
		}
	}
	return true;
}

/* Without an incident or a sign it is only that the mark is not back: a playbook's waits for it. */
static bool is_held_by(const struct interlock *lock, const struct incident *because, const struct actuation *a)
{
	return lock && (because || a->user || interlock_is_sign(lock));
}

/* Decides anew whether it may and can leave: at first, at each try, after a
 * restart and when the mark is back. */
static void decide(struct engine *e, struct actuation *a)
{
	int actuator = plan_actuator(e->plan, a->actuator);
	const struct actuator *act = actuator >= 0 ? &e->plan->actuators[actuator] : NULL;
	const struct incident *because, *above = rank_above(e, a);
	const struct interlock *lock;

	if (!act || !actuator_action(act, a->action)) {
		end_feedback(e, a, STEP_FAILED, "no such actuator");
		return;
	}
	lock = interlock_forbids(e, actuator, a->action, &because);
	if (is_held_by(lock, because, a)) {
		end_interlocked(e, a, lock, because);
	} else if (actuator_out(e, a->actuator)) {
		end_feedback(e, a, STEP_FAILED, actuator_out(e, a->actuator));
	} else if (above) {
		end_for_other(e, a, "outranked", above);
	} else if (e->link == LINK_DOWN) {
		end_feedback(e, a, STEP_FAILED, "broker down");
	} else if (e->link != LINK_SYNCED) { /* a playbook's waits for the mark, bounded by its limit */
		a->in_flight = false;
		a->dirty = true;
		deadline_set(&e->heap, &a->due, e->now_ms + act->within_ms);
	} else if (supersedes(e, a)) {
		send(e, a, act);
	}
}

bool actuator_serves(const struct engine *e, const struct actuator *act, int zone)
{
	for (int i = 0; i < act->serves.n; i++)
		if (zone >= 0 && plan_zone_inside(e->plan, zone, act->serves.at[i]))
			return true;
	return false;
}

int actuators_for(const struct engine *e, const struct incident *inc, const struct step *step,
                  int *ret_actuators, int cap)
{
	int n = 0, named;

	if (step->actuator >= 0) {
		named = plan_actuator(e->plan, inc->plan->actuators[step->actuator].id);
		*ret_actuators = named;
		return named >= 0;
	}
	for (int i = 0; step->actuator_kind && i < e->plan->n_actuators && n < cap; i++) {
		const struct actuator *act = &e->plan->actuators[i];

		if (!strcmp(act->kind, step->actuator_kind) && actuator_serves(e, act, inc->zone))
			ret_actuators[n++] = i;
	}
	return n;
}

/* An exercise: all of them at once, and none moves. */
static void end_drill(struct engine *e, struct step_run *s, const struct ids *actuators, int64_t cause)
{
	enum step_state worst = STEP_WAITING;
	struct cue_arg arg = {0};

	for (int i = 0; i < actuators->n; i++) {
		struct cue_arg a = {.who = "system", .cause = cause};
		enum step_state state = drill_command(e, s, actuators->at[i], &a);

		if (worse(worst, state) == worst)
			continue;
		worst = state;
		arg = a;
	}
	playbook_end(e, s, worst, &arg);
}

/* All that serve the zone: a pipe with two source valves is shut by both. */
void actuate_step(struct engine *e, struct step_run *s, int64_t cause)
{
	static const char none[] = "no actuator serves this zone";
	struct cue_arg arg = {.who = "system", .words = none, .cause = cause};
	int actuators[ACTUATORS_MAX];
	int64_t ids[ACTUATORS_MAX];
	int n = actuators_for(e, s->incident, step_of(s), actuators, ACTUATORS_MAX);

	if (n && s->incident->drill && !PLANTED(21)) {
		end_drill(e, s, &(struct ids){actuators, n}, cause);
		return;
	}
	for (int i = 0; i < n; i++) {
		struct actuation *a = begin(e, actuators[i], step_of(s)->action);

		a->incident = s->incident->number;
		a->step = s->index;
		a->cause = cause;
		ids[i] = a->id;
	}
	for (int i = 0; i < n; i++) {
		struct actuation *a = find(e, ids[i]);

		if (a) /* what the one before set going may have ended all */
			decide(e, a);
	}
	if (n)
		return;
	undone_tell(e, &(struct undone){.run = s, .why = none, .cause = cause});
	playbook_end(e, s, STEP_FAILED, &arg);
}

void actuate_by_hand(struct engine *e, const struct said *s, int actuator)
{
	const struct command *c = s->c;
	struct actuation *a = begin(e, actuator, c->action);

	a->via = xstrdup_null(c->via);
	a->who = xstrdup(s->who);
	a->user = xstrdup(c->via && !strcmp(c->via, "mqtt") ? c->user : e->plan->people[s->person].id);
	a->reply =
	    (struct reply_to){c->reply.control, xstrdup_null(c->reply.req),
	                      xstrdup_null(c->reply.response_topic), xstrdup_null(c->reply.correlation)};
	decide(e, a);
}

/* -- what comes back -- */

void actuate_outcome(struct engine *e, int64_t id, enum outcome outcome, bool interlocked)
{
	struct actuation *a = find(e, id);
	const struct incident *because = NULL;
	const struct interlock *lock;
	const struct action *action;
	int actuator;

	if (!a || !a->in_flight)
		return;
	actuator = plan_actuator(e->plan, a->actuator);
	action = actuator >= 0 ? actuator_action(&e->plan->actuators[actuator], a->action) : NULL;
	a->in_flight = false;
	a->dirty = true;
	if (!action) { /* the plan lost it meanwhile */
		end_feedback(e, a, STEP_FAILED, "no such actuator");
	} else if (interlocked) {
		lock = interlock_forbids(e, actuator, a->action, &because);
		if (is_held_by(lock, because, a))
			end_interlocked(e, a, lock, because);
		else
			end_feedback(e, a, STEP_FAILED,
			             actuator_out(e, a->actuator) ? actuator_out(e, a->actuator)
			                                          : "not synchronised");
	} else if (outcome == OUTCOME_FAILED) {
		if (e->link == LINK_DOWN)
			end_feedback(e, a, STEP_FAILED, "broker down");
	} else if (action->until_sensor < 0) {
		end_feedback(e, a, STEP_DONE, "sent");
	}
}

void actuate_due(struct engine *e, struct actuation *a)
{
	int actuator = plan_actuator(e->plan, a->actuator);

	if (actuator < 0 || a->tries >= e->plan->actuators[actuator].tries || e->link != LINK_SYNCED)
		end_feedback(e, a, STEP_FAILED, a->tries ? "no feedback" : "not sent");
	else
		decide(e, a);
}

void actuate_feedback(struct engine *e, const struct sensor *s)
{
	for (int i = e->n_actuations - 1; i >= 0; i--) {
		struct actuation *a = e->actuations[i];
		int actuator = plan_actuator(e->plan, a->actuator);
		const struct action *action =
		    actuator < 0 ? NULL : actuator_action(&e->plan->actuators[actuator], a->action);

		if (action && a->tries && action->until_sensor == s->def && s->health == HEALTH_OK &&
		    sensor_is(s, &action->until_is))
			end_feedback(e, a, STEP_DONE, s->word);
		if (i > e->n_actuations)
			i = e->n_actuations;
	}
}

void actuate_synced(struct engine *e)
{
	for (int i = e->n_actuations - 1; i >= 0; i--) {
		if (!e->actuations[i]->in_flight && e->actuations[i]->tries == 0)
			decide(e, e->actuations[i]);
		if (i > e->n_actuations)
			i = e->n_actuations;
	}
}

/* After a crash nobody knows whether the message left: a playbook's command is
 * decided again (commands are absolute), one by hand is answered failed. */
void actuate_started(struct engine *e)
{
	for (int i = e->n_actuations - 1; i >= 0; i--) {
		struct actuation *a = e->actuations[i];

		a->in_flight = false;
		a->reply.control = 0;
		a->dirty = true;
		if (a->user && a->step >= 0) /* a damaged record: nobody's step */
			a->step = -1;
		if (a->user) {
			end_feedback(e, a, STEP_FAILED, "restarted");
		} else {
			a->tries = 0;
			deadline_set(&e->heap, &a->due, e->now_ms + 60000);
		}
	}
}

void actuate_forget(struct engine *e, struct incident *inc)
{
	for (int i = e->n_actuations - 1; i >= 0; i--)
		if (e->actuations[i]->incident == inc->number)
			drop(e, e->actuations[i]);
}

bool engine_may_actuate(const struct engine *e, int64_t id)
{
	const struct actuation *a = find(e, id);
	const struct incident *because;
	int actuator = a ? plan_actuator(e->plan, a->actuator) : -1;

	return actuator >= 0 && e->link == LINK_SYNCED && !actuator_out(e, a->actuator) &&
	       !interlock_forbids(e, actuator, a->action, &because);
}
