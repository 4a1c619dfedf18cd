/* playbook.c - the run of a playbook: which steps are open, until when, and
 * what their ends set going. Steps follow the playbook the incident began
 * with; the people are those of the newest plan. */
#include "engine/emit.h"
#include "engine/hold.h"
#include "engine/life.h"
#include "engine/render.h"
#include "engine/tags.h"

#include <stdlib.h>
#include <string.h>

const struct step *step_of(const struct step_run *s)
{
	return &s->incident->playbook->steps[s->index];
}

/* The gravest hazard that the playbook answers to; none: that of last. */
static enum hazard hazard_of_book(const struct plan *p, const char *book, enum hazard last)
{
	for (int t = 0; t < p->n_types; t++) {
		const struct incident_type *type = &p->types[t];

		if (type->playbook >= 0 && type->hazard < last && !strcmp(p->playbooks[type->playbook].id, book))
			last = type->hazard;
	}
	return last;
}

enum hazard step_hazard(const struct incident *inc, const struct step *step)
{
	enum hazard h = inc->hazard;

	while (step && inc->playbook && step->run) {
		step = &inc->playbook->steps[step->run - 1];
		h = hazard_of_book(inc->plan, step->book, h);
	}
	return h;
}

bool step_is_graver(const struct incident *inc, const struct step *step)
{
	return !hazard_is_life(inc->hazard) && hazard_is_life(step_hazard(inc, step));
}

struct step_run *playbook_step(struct incident *inc, const char *id)
{
	for (int i = 0; id && i < inc->n_steps; i++)
		if (!strcmp(step_of(&inc->steps[i])->id, id))
			return &inc->steps[i];
	return NULL;
}

static bool has_ended(const struct step_run *s)
{
	return s->state != STEP_WAITING && s->state != STEP_OPEN;
}

static const struct step_run *first_of(const struct incident *inc)
{
	const struct playbook *book = inc->playbook;

	return book && book->first >= 0 && book->first < inc->n_steps ? &inc->steps[book->first] : NULL;
}

bool playbook_first_done(const struct incident *inc)
{
	const struct step_run *first = first_of(inc);

	return !first || has_ended(first);
}

bool playbook_first_lapsed(const struct incident *inc)
{
	const struct step_run *first = first_of(inc);

	return first && has_ended(first) && step_of(first)->kind == STEP_KIND_DECIDE && !strcmp(first->by, "system");
}

bool playbook_any_open(const struct incident *inc)
{
	for (int i = 0; i < inc->n_steps; i++)
		if (!has_ended(&inc->steps[i]))
			return true;
	return false;
}

bool playbook_must(const struct step_run *s)
{
	return !has_ended(s) && (step_of(s)->mandatory || step_of(s)->kind == STEP_KIND_REPORT);
}

bool playbook_mandatory_open(const struct incident *inc)
{
	for (int i = 0; i < inc->n_steps; i++)
		if (playbook_must(&inc->steps[i]))
			return true;
	return false;
}

/* -- opening -- */

int64_t step_row(struct engine *e, struct step_run *s, const char *who, const char *note, int64_t cause)
{
	const struct step *step = step_of(s);
	struct buf *b = row_begin(e);
	int people[TELLING_MAX], n = step_people(e, s->incident, step, people, TELLING_MAX);

	json_str(b, "step", step->id);
	json_str(b, "kind", step_kind_name(step->kind));
	json_str(b, "state", step_state_name(s->state));
	if (n)
		json_str(b, "person", e->plan->people[people[0]].id);
	if (n > 1)
		render_who(e, b, "people", people, n);
	if (s->state == STEP_OPEN && s->due.pos)
		json_time(b, "due", s->due.at_ms);
	if (s->late)
		json_bool(b, "overdue", true); /* `late` says that a row was stored late */
	if (note && *note)
		json_str(b, "note", note);
	return row_end(e, AUDIT_STEP, s->incident, who, cause);
}

/* Whoever is called in this same turn reads the first task in the call. */
static bool told_with_call(const struct engine *e, const struct step_run *s, int person)
{
	const struct incident *inc = s->incident;
	int people[LEVEL_PEOPLE_MAX], n;

	if (inc->level > 0 || notices_held(inc)) /* nobody is */
		return false;
	for (int i = 0; i < s->index; i++) {
		const struct step *other = step_of(&inc->steps[i]);

		if (inc->steps[i].state == STEP_OPEN && step_asks(other) && step_is_of(e, inc, other, person))
			return false;
	}
	n = chain_people(e, inc, 1, people, LEVEL_PEOPLE_MAX);
	return people_have(people, n, person);
}

/* Those of its people who are not called for it in this same turn. */
static void tell_task(struct engine *e, struct step_run *s, int64_t cause)
{
	struct telling t = {.kind = NOTICE_TASK, .inc = s->incident, .step = step_of(s), .cause = cause};
	int people[TELLING_MAX], n = step_people(e, s->incident, step_of(s), people, TELLING_MAX);

	if (!n)
		tell_owners(e, s, NOTICE_TASK, cause); /* nobody: the first level */
	for (int i = 0; i < n; i++)
		if (!told_with_call(e, s, people[i]))
			tell_once(e, &t, people[i]);
}

static void open_for_people(struct engine *e, struct step_run *s, int64_t cause)
{
	const struct step *step = step_of(s);
	int64_t seq;

	if (step->within_ms > 0)
		deadline_set(&e->heap, &s->due, e->now_ms + step->within_ms);
	e->untils_changed |= step->until != NULL;
	seq = step_row(e, s, "system", NULL, cause);
	s->orphan = step_is_orphan(e, s);
	if (step_asks(step))
		tell_task(e, s, seq);
}

/* One person in two roles is told once. */
static bool told_before(const struct engine *e, const struct step_run *s, int upto, int person)
{
	const struct incident *inc = s->incident;
	const struct step *step = step_of(s);

	for (int i = 0; i < upto; i++)
		if (role_calls(e, plan_role(e->plan, inc->plan->roles[step->notify.at[i]].id), person))
			return true;
	return false;
}

static void tell_words(struct engine *e, struct step_run *s, int person, int64_t cause)
{
	const char *words = step_of(s)->text.in[e->plan->people[person].language];
	struct to_send to = {NOTICE_TELL,        person, s->incident, step_of(s), words,
	                     s->incident->level, cause,  -1};

	outbox_send(e, &to);
}

/* Where nobody holds any of the roles the chain's first level must know. */
static void tell_roles(struct engine *e, struct step_run *s, int64_t cause)
{
	const struct step *step = step_of(s);
	int instead[LEVEL_PEOPLE_MAX], n = 0;
	bool any = false;

	for (int i = 0; i < step->notify.n; i++) {
		const char *id = s->incident->plan->roles[step->notify.at[i]].id;
		int people[ROLE_PEOPLE_MAX];
		int held = role_people(e, plan_role(e->plan, id), people, ROLE_PEOPLE_MAX);

		for (int k = 0; k < held; k++) {
			if (told_before(e, s, i, people[k]))
				continue;
			tell_words(e, s, people[k], cause);
			any = true;
		}
	}
	if (!any)
		n = chain_people(e, s->incident, 1, instead, LEVEL_PEOPLE_MAX);
	for (int i = 0; i < n; i++)
		tell_words(e, s, instead[i], cause);
}

static void open_notify(struct engine *e, struct step_run *s, int64_t cause)
{
	struct cue_arg a = {.who = "system", .cause = cause};

	tell_roles(e, s, cause);
	playbook_end(e, s, STEP_DONE, &a);
}

void playbook_untold(struct engine *e, struct incident *inc, int64_t since_ms, int64_t cause)
{
	for (int i = 0; i < inc->n_steps; i++) {
		struct step_run *s = &inc->steps[i];
		const struct step *step = step_of(s);

		if (s->state == STEP_WAITING || s->began_ms < since_ms || step_is_graver(inc, step))
			continue;
		if (step->kind == STEP_KIND_NOTIFY)
			tell_roles(e, s, cause);
		else if (s->state == STEP_OPEN && step_asks(step))
			tell_task(e, s, cause);
	}
}

static void end_dry(struct engine *e, struct step_run *s, int64_t cause)
{
	playbook_end(e, s, STEP_DONE, &(struct cue_arg){.who = "system", .words = "dry run", .cause = cause});
}

static void open_step(struct engine *e, struct step_run *s, int64_t cause)
{
	const struct step *step = step_of(s);

	s->state = STEP_OPEN;
	s->began_ms = e->now_ms;
	incident_touch(e, s->incident);
	if (step->kind == STEP_KIND_COMMAND)
		actuate_step(e, s, step_row(e, s, "system", NULL, cause));
	else if (step->kind == STEP_KIND_NOTIFY)
		open_notify(e, s, step_row(e, s, "system", NULL, cause));
	else if (step->kind == STEP_KIND_WAIT && s->incident->drill) /* no sensor will ever see it */
		end_dry(e, s, step_row(e, s, "system", NULL, cause));
	else
		open_for_people(e, s, cause);
}

/* -- what waits for what -- */

enum may_open { NOT_YET, NOW, NEVER };

static bool result_matches(const struct step_run *s, const struct strings *results)
{
	for (int i = 0; i < results->n; i++)
		if (!strcmp(results->at[i], s->result) || !strcmp(results->at[i], step_state_name(s->state)))
			return true;
	return results->n == 0;
}

/* A join opens when all it names have ended; with results, all as named. What
 * comes only after branches not taken is not taken either. */
static enum may_open may_open(const struct step_run *s)
{
	const struct step *step = step_of(s);
	bool any = step->n_after == 0;

	if (step->run) {
		const struct step_run *run = &s->incident->steps[step->run - 1];

		if (run->state != STEP_OPEN)
			return run->state == STEP_WAITING ? NOT_YET : NEVER;
	}
	if (step->at_end && s->incident->state != STATE_CLEARED)
		return NOT_YET;
	for (int i = 0; i < step->n_after; i++) {
		const struct step_run *before = &s->incident->steps[step->after[i].step];

		if (!has_ended(before))
			return NOT_YET;
		if (before->state == STEP_SKIPPED && step->after[i].results.n)
			return NEVER;
		if (before->state == STEP_SKIPPED)
			continue;
		if (!result_matches(before, &step->after[i].results))
			return NEVER;
		any = true;
	}
	return any ? NOW : NEVER;
}

/* A `run` whose steps have all ended. */
static bool has_run(const struct step_run *s)
{
	const struct incident *inc = s->incident;

	if (s->state != STEP_OPEN || step_of(s)->kind != STEP_KIND_RUN)
		return false;
	for (int i = s->index + 1; i < inc->n_steps; i++)
		if (step_of(&inc->steps[i])->run == s->index + 1 && !has_ended(&inc->steps[i]))
			return false;
	return true;
}

static void skip(struct engine *e, struct step_run *s)
{
	s->state = STEP_SKIPPED;
	xreplace(&s->result, "skipped");
	incident_touch(e, s->incident);
}

/* Bounded by the steps: each pass opens, skips or ends at least one. */
static void advance(struct engine *e, struct incident *inc, int64_t cause)
{
	for (int i = 0; i < inc->n_steps && inc->state != STATE_CLOSED; i++) {
		struct step_run *s = &inc->steps[i];
		enum may_open may = s->state == STEP_WAITING ? may_open(s) : NOT_YET;

		if (may == NOW)
			open_step(e, s, cause);
		else if (may == NEVER)
			skip(e, s);
		if (has_run(s)) {
			playbook_end(e, s, STEP_DONE, &(struct cue_arg){.who = "system", .cause = cause});
			return; /* which went on with all the others */
		}
		if (may == NEVER)
			i = -1; /* others may wait for it */
	}
}

void playbook_start(struct engine *e, struct incident *inc, int64_t cause)
{
	advance(e, inc, cause);
}

/* The others' end is the row of the decision, the facts, the signature. */
static bool has_own_row(enum step_kind kind)
{
	return kind == STEP_KIND_TASK || kind == STEP_KIND_COMMAND || kind == STEP_KIND_RUN ||
	       kind == STEP_KIND_WAIT;
}

void playbook_end(struct engine *e, struct step_run *s, enum step_state state, const struct cue_arg *arg)
{
	struct incident *inc = s->incident;
	struct cue_arg done = *arg;

	if (has_ended(s))
		return;
	deadline_clear(&e->heap, &s->due);
	e->untils_changed |= step_of(s)->until != NULL;
	s->state = state;
	s->ended_ms = e->now_ms;
	if (!*s->result)
		xreplace(&s->result, step_state_name(state));
	xreplace(&s->by, arg->who);
	if (arg->words)
		xreplace(&s->note, arg->words);
	if (!done.cause || has_own_row(step_of(s)->kind))
		done.cause = step_row(e, s, arg->who, arg->words, arg->cause);
	if (state == STEP_DONE && step_of(s)->tag && !inc->drill)
		tag_hang(e, step_of(s)->tag, inc->zone, inc, arg->who, done.cause);
	incident_touch(e, inc);
	advance(e, inc, done.cause);
	if (inc->state != STATE_CLOSED)
		life_cue(e, inc, CUE_DONE, &done);
}

/* -- time is over -- */

static void decide_itself(struct engine *e, struct step_run *s)
{
	const struct step *step = step_of(s);
	struct cue_arg a = {.who = "system"};
	struct buf *b = row_begin(e);

	xreplace(&s->result, step->choices[step->otherwise].id);
	json_str(b, "step", step->id);
	json_str(b, "choice", s->result);
	json_bool(b, "otherwise", true);
	a.cause = row_end(e, AUDIT_DECIDED, s->incident, "system", 0);
	playbook_end(e, s, STEP_DONE, &a);
}

void playbook_due(struct engine *e, struct step_run *s)
{
	const struct step *step = step_of(s);

	if (s->state != STEP_OPEN)
		return;
	if (step->kind == STEP_KIND_DECIDE && step->n_choices)
		decide_itself(e, s);
	else
		step_late(e, s);
}

void playbook_cleared(struct engine *e, struct incident *inc, int64_t cause)
{
	advance(e, inc, cause);
}

void playbook_stop(struct engine *e, struct incident *inc)
{
	for (int i = 0; i < inc->n_steps; i++)
		deadline_clear(&e->heap, &inc->steps[i].due);
	e->untils_changed = true;
}
