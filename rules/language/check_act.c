/* check_act.c - what is done: incidents without a playbook, steps that never
 * begin, commands that never leave. */
#include "language/check.h"

#include <stdlib.h>
#include <string.h>

/* -- incidents and their playbooks -- */

static void check_playbook(struct reader *r, const struct incident_type *t)
{
	const struct entry *e = entry_of(r, SECTION_INCIDENTS, t->id);
	struct nearest near = {.word = t->id};

	const struct playbook *b = t->playbook >= 0 ? &r->plan->playbooks[t->playbook] : NULL;

	if ((b && (!b->n_steps || !b->steps[0].at_end)) || t->self >= 0 || !e)
		return;
	caution(r, e->key, "incident '%s' has no playbook: people are called, and not told what to do",
	        t->id);
	for (int i = 0; i < r->plan->n_playbooks; i++)
		nearest_try(&near, r->plan->playbooks[i].id);
	if (near.best)
		advise(r, "write playbook: %s", near.best);
	else
		advise(r, "name one of 'playbooks', of one step at least");
}

static void check_times(struct reader *r, const struct incident_type *t)
{
	const struct entry *e = entry_of(r, SECTION_INCIDENTS, t->id);
	const struct node *at = e ? node_get(e->body, "investigate") : NULL;
	const struct node *staffed = e ? node_get(e->body, "staffed") : NULL;

	if (staffed && !t->pre_alarm_ms) {
		caution(r, staffed,
		        "'staffed' without 'pre_alarm' means nothing: the chain is called at once anyhow");
		advise(r, "write pre_alarm: 15s beside it, or take it out");
	}
	if (!at || (t->pre_alarm_ms && t->investigate_ms > t->pre_alarm_ms))
		return;
	if (!t->pre_alarm_ms)
		caution(r, at, "'investigate' without 'pre_alarm' means nothing: there is no time to look");
	else
		caution(r, at, "'investigate' is the whole time to look, and no longer than 'pre_alarm'");
	advise(r, "write pre_alarm: 15s, investigate: 3m");
}

/* -- steps that never begin -- */

/* Which results of a decision are still open to a step; a bit for each choice. */
struct open {
	uint64_t *choices; /* of each step of the playbook */
};

static uint64_t chosen(const struct step *on, const struct strings *results)
{
	uint64_t bits = 0;

	if (on->kind != STEP_KIND_DECIDE || !results->n || on->n_choices > 63)
		return UINT64_MAX;
	for (int c = 0; c < on->n_choices; c++)
		if (strings_have(results, on->choices[c].id))
			bits |= (uint64_t)1 << c;
	return bits ? bits : UINT64_MAX; /* done, failed: however it was decided */
}

/* What must have been decided before the step can begin, in `open`; steps wait for no cycles. */
static void narrow(const struct playbook *b, int step, uint64_t *open)
{
	const struct step *s = &b->steps[step];

	for (int i = 0; i < s->n_after; i++) {
		if (!s->after[i].results.n)
			continue; /* however it ended, also skipped */
		open[s->after[i].step] &= chosen(&b->steps[s->after[i].step], &s->after[i].results);
		narrow(b, s->after[i].step, open);
	}
}

static void check_steps(struct reader *r, const struct playbook *b)
{
	const struct entry *e = entry_of(r, SECTION_PLAYBOOKS, b->id);
	uint64_t *open = xcalloc((size_t)b->n_steps + 1, sizeof *open);

	for (int s = 0; s < b->n_steps; s++) {
		const struct node *body = e ? node_get(e->body, b->steps[s].id) : NULL;
		const struct node *at = node_get(body, "when");

		if (!body)
			continue; /* of another playbook: said there */
		for (int i = 0; i < b->n_steps; i++)
			open[i] = UINT64_MAX;
		narrow(b, s, open);
		for (int i = 0; i < b->n_steps; i++) {
			if (open[i])
				continue;
			complain(r, at ? at : body,
			         "step '%s' can never begin: it needs '%s' decided in two ways at once",
			         b->steps[s].id, b->steps[i].id);
			advise(r, "does one of the steps it waits for belong to the other branch?");
			break;
		}
	}
	free(open);
}

/* -- commands that their own hazard's interlock would always refuse -- */

static bool is_sent(const struct step *s, const struct plan *p, int actuator)
{
	const struct actuator *a = &p->actuators[actuator];

	if (s->kind != STEP_KIND_COMMAND || !a->kind || !s->action)
		return false;
	return s->actuator >= 0 ? s->actuator == actuator
	                        : s->actuator_kind && !strcmp(s->actuator_kind, a->kind);
}

/* What forbids it, or NULL: `all` before what names a kind or an action. */
static const struct forbid *forbid_of(const struct interlock *lock, const struct actuator *a,
                                      const char *action)
{
	const struct forbid *found = NULL;

	for (int i = 0; i < lock->n_forbid; i++) {
		const struct forbid *f = &lock->forbid[i];

		if ((f->kind && strcmp(f->kind, a->kind) != 0) || (f->action && strcmp(f->action, action) != 0))
			continue;
		if (f->kind || f->action)
			return f;
		found = f;
	}
	return found;
}

static void check_sent(struct reader *r, const struct incident_type *t, const struct step *s, int actuator)
{
	const struct plan *p = r->plan;
	const struct actuator *a = &p->actuators[actuator];

	for (int i = 0; i < p->n_interlocks; i++) {
		const struct interlock *lock = &p->interlocks[i];
		const struct forbid *f = forbid_of(lock, a, s->action);
		bool is_all = f && !f->kind && !f->action;

		if (!f || lock->sign || lock->hazard != t->hazard || (is_all && a->safe_in & 1u << t->hazard))
			continue;
		caution(r, r->sections[SECTION_ACTUATORS].at[actuator].key,
		        "interlock '%s' can refuse '%s' to '%s', a step of '%s'", lock->id, a->id, s->id,
		        t->id);
		if (is_all)
			advise(r, "if it is certified for it, say so: safe_in: [%s]", hazard_name(t->hazard));
		else
			advise(r, "the interlock names it: safe_in does not pass; which of the two is wrong?");
	}
}

static void check_commands(struct reader *r, const struct incident_type *t)
{
	const struct playbook *b = t->playbook >= 0 ? &r->plan->playbooks[t->playbook] : NULL;

	for (int s = 0; b && s < b->n_steps; s++)
		for (int a = 0; b->steps[s].kind == STEP_KIND_COMMAND && a < r->plan->n_actuators; a++)
			if (is_sent(&b->steps[s], r->plan, a))
				check_sent(r, t, &b->steps[s], a);
}

/* -- actuators -- */

static void check_actuator(struct reader *r, int actuator)
{
	const struct plan *p = r->plan;
	const struct actuator *a = &p->actuators[actuator];
	const struct entry *e = &r->sections[SECTION_ACTUATORS].at[actuator];
	bool is_named = false, by_kind = false;

	for (int b = 0; b < p->n_playbooks; b++)
		for (int s = 0; s < p->playbooks[b].n_steps; s++) {
			const struct step *step = &p->playbooks[b].steps[s];

			by_kind = by_kind || (is_sent(step, p, actuator) && step->actuator < 0);
			is_named = is_named || (is_sent(step, p, actuator) && step->actuator >= 0);
		}
	if (by_kind && !is_named && !a->serves.n) {
		caution(r, e->key,
		        "'%s' serves no zone: the commands of playbooks to its kind '%s' never reach it",
		        a->id, a->kind);
		advise(r, "write serves: [ZONE], the zones whose source it is");
	} else if (!by_kind && !is_named && !a->operators.n) {
		caution(r, e->key, "nobody may operate '%s', and no playbook commands it", a->id);
		advise(r, "write operators: [ROLE]");
	}
}

/* Feedback that the sensor never gives: each try would run out of time. */
static void check_until(struct reader *r, int actuator, int action)
{
	const struct action *a = &r->plan->actuators[actuator].actions[action];
	const struct node *actions = node_get(r->sections[SECTION_ACTUATORS].at[actuator].body, "actions");
	const struct sensor_def *s = a->until_sensor >= 0 ? &r->plan->sensors[a->until_sensor] : NULL;
	struct nearest near = {.word = s ? a->until_is.at[0] : ""};

	if (!s || !s->n_words)
		return;
	for (int w = 0; w < s->n_words; w++) {
		if (strings_have(&a->until_is, s->words[w].word))
			return;
		nearest_try(&near, s->words[w].word);
	}
	caution(r, node_get(node_get(actions->pairs[action].value, "until"), "is"),
	        "sensor '%s' never says '%s': the command could not be confirmed", s->id, near.word);
	if (near.best)
		advise_nearest(r, &near);
	else
		advise(r, "write one of its words, such as '%s'", s->words[0].word);
}

/* -- interlocks -- */

static bool any_actuator(const struct plan *p, const struct forbid *f, struct nearest *near)
{
	bool found = false;

	for (int i = 0; i < p->n_actuators; i++) {
		bool is_kind = !f->kind || !strcmp(p->actuators[i].kind, f->kind);

		if (!is_kind)
			nearest_try(near, p->actuators[i].kind);
		for (int k = 0; is_kind && k < p->actuators[i].n_actions; k++) {
			found = found || !f->action || !strcmp(p->actuators[i].actions[k].id, f->action);
			if (f->action)
				nearest_try(near, p->actuators[i].actions[k].id);
		}
	}
	return found;
}

static void check_interlock(struct reader *r, const struct interlock *lock)
{
	const struct entry *e = entry_of(r, SECTION_INTERLOCKS, lock->id);
	const struct node *forbid = node_get(e->body, "forbid");

	for (int i = 0; i < lock->n_forbid && !is_included(e->key); i++) {
		const struct forbid *f = &lock->forbid[i];
		const struct node *one = forbid->kind == NODE_LIST ? forbid->items[i] : forbid;
		struct nearest near = {.word = f->kind ? f->kind : f->action};
		struct nearest action = {.word = f->action ? f->action : ""};

		if ((!f->kind && !f->action) || any_actuator(r->plan, f, &near))
			continue;
		if (f->kind && any_actuator(r->plan, &(struct forbid){f->kind, NULL}, &action)) {
			caution(r, node_get(one, "action"),
			        "interlock '%s' forbids nothing: no '%s' has the action '%s'", lock->id,
			        f->kind, f->action);
			any_actuator(r->plan, &(struct forbid){f->kind, f->action}, &action);
			advise_nearest(r, &action);
			continue;
		}
		caution(r, node_get(one, f->kind ? "kind" : "action"),
		        f->kind ? "interlock '%s' forbids nothing: no actuator is of kind '%s'"
		                : "interlock '%s' forbids nothing: no actuator has the action '%s'",
		        lock->id, f->kind ? f->kind : f->action);
		advise_nearest(r, &near);
	}
}

void check_acts(struct reader *r)
{
	const struct plan *p = r->plan;

	for (int i = 0; i < p->n_types; i++) {
		check_playbook(r, &p->types[i]);
		check_times(r, &p->types[i]);
		check_commands(r, &p->types[i]);
	}
	for (int i = 0; i < p->n_playbooks; i++)
		check_steps(r, &p->playbooks[i]);
	for (int i = 0; i < p->n_actuators; i++) {
		check_actuator(r, i);
		for (int k = 0; k < p->actuators[i].n_actions; k++)
			check_until(r, i, k);
	}
	for (int i = 0; i < p->n_interlocks; i++)
		check_interlock(r, &p->interlocks[i]);
}
