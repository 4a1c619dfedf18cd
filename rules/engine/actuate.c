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

/* -- interlocks -- */

static bool is_forbidden(const struct interlock *k, const struct actuator *act, const char *action)
{
	for (int i = 0; i < k->n_forbid; i++)
		if ((!k->forbid[i].kind || !strcmp(k->forbid[i].kind, act->kind)) &&
		    (!k->forbid[i].action || !strcmp(k->forbid[i].action, action)))
			return !(act->safe_in & 1u << k->hazard);
	return false;
}

static bool reaches(const struct engine *e, const struct interlock *k, const struct incident *inc, int zone)
{
	int from = inc->zone;

	if (k->reach == REACH_SITE || from < 0)
		return true;
	if (k->reach == REACH_PARENT && !PLANTED(7) && e->plan->zones[from].in >= 0)
		from = e->plan->zones[from].in;
	return plan_zone_inside(e->plan, zone, from);
}

/* The interlock that forbids it now; because: the incident, NULL when it holds
 * only because our own mark is not back and nobody knows what is open. */
const struct interlock *interlock_forbids(const struct engine *e, int actuator, const char *action,
                                          const struct incident **ret_because)
{
	const struct actuator *act = &e->plan->actuators[actuator];

	*ret_because = NULL;
	for (int k = 0; k < e->plan->n_interlocks; k++) {
		const struct interlock *lock = &e->plan->interlocks[k];

		if (!is_forbidden(lock, act, action))
			continue;
		for (int i = 0; i < e->n_incidents; i++) {
			const struct incident *inc = e->incidents[i];

			if (inc->state != STATE_CLOSED && !inc->drill && inc->hazard == lock->hazard &&
			    reaches(e, lock, inc, act->zone)) {
				*ret_because = inc;
				return lock;
			}
		}
		if (e->link != LINK_SYNCED)
			return lock;
	}
	return NULL;
}

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

static const struct action *action_of(const struct actuator *act, const char *id)
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

/* The command ended: the step, or the person who gave it, is told. */
static void end(struct engine *e, struct actuation *a, enum step_state state, int64_t cause)
{
	struct incident *inc = a->incident ? incident_find(e, a->incident) : NULL;
	struct cue_arg arg = {.who = "system", .cause = cause};
	int step = a->step;

	if (!inc && a->user) {
		const struct incident *because = NULL;
		const struct interlock *lock = NULL;
		int actuator = plan_actuator(e->plan, a->actuator);

		if (state == STEP_INTERLOCKED && actuator >= 0)
			lock = interlock_forbids(e, actuator, a->action, &because);
		answer_by_hand(e, a, state, lock, because);
	}
	if (inc && step >= 0 && step < inc->n_steps)
		inc->steps[step].tries = a->tries;
	drop(e, a);
	if (inc && step >= 0 && step < inc->n_steps && inc->state != STATE_CLOSED)
		playbook_end(e, &inc->steps[step], state, &arg);
}

static void end_interlocked(struct engine *e, struct actuation *a, const struct interlock *lock,
                            const struct incident *because)
{
	struct incident *inc = a->incident ? incident_find(e, a->incident) : NULL;
	struct buf *b = row_begin(e);

	json_str(b, "actuator", a->actuator);
	json_str(b, "action", a->action);
	json_str(b, "interlock", lock ? lock->id : NULL);
	json_str(b, "because", because ? because->id : "not synchronised");
	end(e, a, STEP_INTERLOCKED, row_end(e, AUDIT_INTERLOCKED, inc, a->who ? a->who : "system", a->cause));
}

static void end_feedback(struct engine *e, struct actuation *a, enum step_state state, const char *value)
{
	struct incident *inc = a->incident ? incident_find(e, a->incident) : NULL;
	struct buf *b = row_begin(e);

	json_str(b, "actuator", a->actuator);
	json_str(b, "action", a->action);
	json_str(b, "state", step_state_name(state));
	json_str(b, "value", value);
	json_int(b, "tries", a->tries);
	json_int(b, "took_ms", e->now_ms - a->began_ms);
	end(e, a, state, row_end(e, AUDIT_FEEDBACK, inc, "system", a->cause));
}

/* -- tries -- */

static void send(struct engine *e, struct actuation *a, const struct actuator *act)
{
	struct incident *inc = a->incident ? incident_find(e, a->incident) : NULL;
	int until = action_of(act, a->action)->until_sensor;
	struct buf *b = row_begin(e);

	a->tries++;
	json_str(b, "actuator", act->id);
	json_str(b, "action", a->action);
	json_int(b, "try", a->tries);
	json_str(b, "topic", act->topic);
	json_str(b, "payload", action_of(act, a->action)->send);
	json_int(b, "id", a->id);
	a->cause = row_end(e, AUDIT_COMMAND, inc, a->who ? a->who : "system", a->cause);
	a->in_flight = true;
	a->dirty = true;
	deadline_set(&e->heap, &a->due, e->now_ms + act->within_ms);
	if (until >= 0) /* it may say again what it said before: that confirms too */
		effect_want(e, e->plan->sensors[until].id);
	effect_actuate(e, a, inc);
}

/* Two opposite commands under way would drive it to and fro: the later word counts. */
static bool supersedes(struct engine *e, const struct actuation *by)
{
	int64_t id = by->id;

	for (int i = 0; i < e->n_actuations && e->actuations[i]->id < id; i++) {
		struct actuation *old = e->actuations[i];

		if (!strcmp(old->actuator, by->actuator) && strcmp(old->action, by->action) != 0) {
			end_feedback(e, old, STEP_FAILED, "superseded");
			if (!find(e, id))
				return false; /* what the other's end set going was later still */
			i = -1;
		}
	}
	return true;
}

/* Decides anew whether it may and can leave: at first, at each try, after a
 * restart and when the mark is back. */
static void decide(struct engine *e, struct actuation *a)
{
	int actuator = plan_actuator(e->plan, a->actuator);
	const struct actuator *act = actuator >= 0 ? &e->plan->actuators[actuator] : NULL;
	const struct incident *because;
	const struct interlock *lock;

	if (!act || !action_of(act, a->action)) {
		end_feedback(e, a, STEP_FAILED, "no such actuator");
		return;
	}
	lock = interlock_forbids(e, actuator, a->action, &because);
	if (lock && (because || a->user)) {
		end_interlocked(e, a, lock, because);
	} else if (actuator_out(e, a->actuator)) {
		end_feedback(e, a, STEP_FAILED, actuator_out(e, a->actuator));
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

int actuator_for(const struct engine *e, const struct incident *inc, const struct step *step)
{
	if (step->actuator >= 0)
		return plan_actuator(e->plan, inc->plan->actuators[step->actuator].id);
	for (int i = 0; step->actuator_kind && i < e->plan->n_actuators; i++) {
		const struct actuator *act = &e->plan->actuators[i];

		if (strcmp(act->kind, step->actuator_kind) != 0)
			continue;
		for (int z = 0; z < act->serves.n; z++)
			if (inc->zone >= 0 && plan_zone_inside(e->plan, inc->zone, act->serves.at[z]))
				return i;
	}
	return -1;
}

void actuate_step(struct engine *e, struct step_run *s, int64_t cause)
{
	const struct step *step = step_of(s);
	struct cue_arg arg = {.who = "system", .words = "no actuator serves this zone", .cause = cause};
	int actuator = actuator_for(e, s->incident, step);
	struct actuation *a;

	if (actuator < 0) {
		playbook_end(e, s, STEP_FAILED, &arg);
		return;
	}
	if (s->incident->drill && !PLANTED(21)) {
		drill_command(e, s, actuator, cause);
		return;
	}
	a = begin(e, actuator, step->action);
	a->incident = s->incident->number;
	a->step = s->index;
	a->cause = cause;
	decide(e, a);
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
	action = actuator >= 0 ? action_of(&e->plan->actuators[actuator], a->action) : NULL;
	a->in_flight = false;
	a->dirty = true;
	if (!action) { /* the plan lost it meanwhile */
		end_feedback(e, a, STEP_FAILED, "no such actuator");
	} else if (interlocked) {
		lock = interlock_forbids(e, actuator, a->action, &because);
		if (lock && (because || a->user))
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
		    actuator < 0 ? NULL : action_of(&e->plan->actuators[actuator], a->action);

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
