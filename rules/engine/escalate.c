/* escalate.c - whom to call now, and when the next. The chain never ends: its
 * last level repeats at its own wait. */
#include "engine/chain.h"
#include "engine/drill.h"
#include "engine/emit.h"
#include "engine/flood.h"
#include "engine/life.h"
#include "engine/suppress.h"

#include <stdlib.h>
#include <string.h>

static int64_t remind_ms(const struct incident *inc)
{
	return inc->type && inc->type->remind_ms > 0 ? inc->type->remind_ms : 900000;
}

void arm(struct engine *e, struct incident *inc, enum next_what what, int64_t at_ms)
{
	switch (inc->state == STATE_CLOSED ? HOLD_NONE : hold_of(inc)) {
	case HOLD_NONE:
		break;
	case HOLD_SHELF:
		what = NEXT_SHELVED;
		at_ms = inc->shelf.until_ms;
		break;
	case HOLD_ISOLATION:
		what = NEXT_ISOLATED;
		at_ms = isolation_until_ms(e, inc);
		break;
	case HOLD_CAUSE:
		what = NEXT_CAUSE;
		at_ms = e->now_ms + remind_ms(inc);
		break;
	}
	inc->next = what;
	deadline_set(&e->heap, &inc->due, at_ms);
	incident_touch(e, inc);
}

void arm_remind(struct engine *e, struct incident *inc)
{
	arm(e, inc, NEXT_REMIND, e->now_ms + remind_ms(inc));
}

void arm_cause(struct engine *e, struct incident *inc)
{
	arm(e, inc, NEXT_CAUSE, e->now_ms + remind_ms(inc));
}

void arm_acked(struct engine *e, struct incident *inc)
{
	if (playbook_first_done(inc))
		arm_remind(e, inc);
	else
		arm(e, inc, NEXT_ACTION, e->now_ms + inc->playbook->steps[inc->playbook->first].within_ms);
}

struct called *called_of(const struct incident *inc, const char *person)
{
	for (int i = 0; i < inc->n_called; i++)
		if (!strcmp(inc->called[i].person, person))
			return &inc->called[i];
	return NULL;
}

bool was_called(const struct incident *inc, const char *person)
{
	return called_of(inc, person) != NULL;
}

static void remember_call(struct incident *inc, const char *person, int level, int64_t now_ms)
{
	struct called *c = called_of(inc, person);

	if (!c) {
		inc->called = xrealloc(inc->called, (size_t)(inc->n_called + 1) * sizeof *c);
		c = &inc->called[inc->n_called++];
		*c = (struct called){.person = xstrdup(person), .at_ms = now_ms, .sent_ms = -1, .level = level};
	}
	help_came(c);
	c->at_ms = now_ms;
	c->level = level;
}

/* The first open task, decision or record of this person: it is told with the call. */
static const struct step *open_step_of(const struct engine *e, const struct incident *inc, int person)
{
	for (int i = 0; i < inc->n_steps; i++) {
		const struct step *s = step_of(&inc->steps[i]);

		if (inc->steps[i].state == STEP_OPEN && step_asks(s) && step_is_of(e, inc, s, person))
			return s;
	}
	return NULL;
}

/* words: of who asks for more, though somebody has it; else NULL. */
static void call_one(struct engine *e, struct incident *inc, int person, const char *words, int64_t cause)
{
	struct to_send s = {NOTICE_CALL, person, inc, open_step_of(e, inc, person), words, inc->level, cause, -1};

	remember_call(inc, e->plan->people[person].id, inc->level, e->now_ms);
	incident_touch(e, inc); /* its notice may be held */
	outbox_send(e, &s);
}

static void call_people(struct engine *e, struct incident *inc, const int *people, int n, int64_t cause)
{
	for (int i = 0; i < n && !notices_held(inc) && !(PLANTED(9) && inc->round > 1); i++)
		call_one(e, inc, people[i], NULL, cause);
}

static void put_people(const struct engine *e, struct buf *b, const char *key, const int *people, int n)
{
	json_open(b, key, '[');
	for (int i = 0; i < n; i++)
		json_str(b, NULL, e->plan->people[people[i]].id);
	json_close(b, ']');
}

/* over: the level that was passed over by a person, before its time; 0: none. */
static int64_t called_row(struct engine *e, struct incident *inc, const struct skip_order *o, int over,
                          int64_t cause)
{
	int people[LEVEL_PEOPLE_MAX], n = chain_people(e, inc, inc->level, people, LEVEL_PEOPLE_MAX);
	int passed[LEVEL_PEOPLE_MAX], n_passed;
	struct buf *b = row_begin(e);

	json_int(b, "level", inc->level);
	json_int(b, "round", inc->round);
	put_people(e, b, "people", people, n);
	if (over) {
		n_passed = chain_holders(e, inc, over, passed, LEVEL_PEOPLE_MAX);
		put_people(e, b, "over", passed, n_passed);
	}
	if (o->words && *o->words)
		json_str(b, "note", o->words);
	return row_end(e, AUDIT_CALLED, inc, o->who, cause);
}

static void call_level(struct engine *e, struct incident *inc, int64_t cause)
{
	int people[LEVEL_PEOPLE_MAX], n = chain_people(e, inc, inc->level, people, LEVEL_PEOPLE_MAX);

	if (inc->state == STATE_PRE_ALARM)
		arm(e, inc, NEXT_INVESTIGATE,
		    incident_look_until(e, inc, e->now_ms + inc->type->pre_alarm_ms));
	else if (!PLANTED(1))
		arm(e, inc, NEXT_CALL, e->now_ms + chain_wait_ms(e, inc, inc->level));
	call_people(e, inc, people, n, cause);
	flood_sooner(e, inc);
}

void escalate_begin(struct engine *e, struct incident *inc, int64_t cause)
{
	inc->level = 1;
	inc->round = 0;
	inc->exhausted_told = inc->dead_told = false;
	call_level(e, inc, skip_empty(e, inc, cause));
}

void escalate_also(struct engine *e, struct incident *inc, int person, int64_t cause)
{
	int people[LEVEL_PEOPLE_MAX], n = chain_people(e, inc, inc->level, people, LEVEL_PEOPLE_MAX);

	for (int i = 0; i < n; i++)
		if (people[i] == person)
			return;
	call_people(e, inc, &person, 1, cause);
}

void escalate_incoming(struct engine *e, struct incident *inc, int person, int64_t cause)
{
	call_people(e, inc, &person, 1, cause);
}

void escalate_again(struct engine *e, struct incident *inc, int64_t cause)
{
	if (inc->level < 1)
		inc->level = 1;
	call_level(e, inc, cause);
}

static void tell_exhausted(struct engine *e, struct incident *inc, int64_t cause)
{
	int64_t seq;

	json_int(row_begin(e), "levels", chain_levels(e, inc));
	seq = row_end(e, AUDIT_CHAIN_EXHAUSTED, inc, "system", cause);
	inc->exhausted_told = true;
	tell_level(e, inc, NOTICE_EXHAUSTED, 0, seq);
}

/* Somebody has it and there must be more: the ack stays, and its deadline. */
static void call_more(struct engine *e, struct incident *inc, const struct skip_order *o, int64_t cause)
{
	int people[LEVEL_PEOPLE_MAX], n = chain_people(e, inc, inc->level, people, LEVEL_PEOPLE_MAX);

	if (inc->next == NEXT_SHELVED || inc->next == NEXT_ISOLATED)
		arm_remind(e, inc); /* it was overruled */
	for (int i = 0; i < n; i++) {
		bool zh = e->plan->people[people[i]].language == LANG_ZH;
		struct buf words = {0};

		buf_printf(&words, zh ? "%s请求支援" : "%s asks for help", e->plan->people[o->person].name);
		if (o->words && *o->words)
			buf_printf(&words, zh ? ":%s" : ": %s", o->words);
		call_one(e, inc, people[i], buf_text(&words), cause);
		help_asked(e, inc, people[i], o->person);
		buf_fini(&words);
	}
}

int64_t escalate_next_said(struct engine *e, struct incident *inc, const struct skip_order *o, int64_t cause)
{
	int over = o->person >= 0 && inc->level < chain_levels(e, inc) ? inc->level : 0;
	bool calls = o->person < 0 || incident_is_calling(inc);
	int64_t seq;

	cause_break(e, inc); /* held, only a person comes here */
	drill_escalated(inc);
	suppress_overruled(e, inc, o->who);
	if (inc->level < chain_levels(e, inc)) {
		inc->level++;
	} else {
		inc->level = chain_levels(e, inc);
		inc->round += calls;
		if (calls && !inc->exhausted_told)
			tell_exhausted(e, inc, cause);
	}
	seq = called_row(e, inc, o, over, skip_empty(e, inc, cause));
	if (calls)
		call_level(e, inc, seq);
	else
		call_more(e, inc, o, seq);
	return seq;
}

void escalate_next(struct engine *e, struct incident *inc, const char *who, int64_t cause)
{
	escalate_next_said(e, inc, &(struct skip_order){who, -1, NULL}, cause);
}

void escalate_expired(struct engine *e, struct incident *inc, int64_t cause)
{
	int people[2 * LEVEL_PEOPLE_MAX], n, level = inc->level + 1;
	int ackers[LEVEL_PEOPLE_MAX], n_ackers = quorum_people(e, inc, ackers, LEVEL_PEOPLE_MAX);

	drill_escalated(inc);
	inc->level = level > chain_levels(e, inc) ? chain_levels(e, inc) : level;
	inc->exhausted_told = inc->dead_told = false;
	cause = skip_empty(e, inc, cause);
	n = chain_people(e, inc, inc->level, people, LEVEL_PEOPLE_MAX);
	for (int k = 0; k < n_ackers; k++) {
		bool again = ackers[k] < 0;

		for (int i = 0; i < n; i++)
			again |= people[i] == ackers[k];
		if (!again)
			people[n++] = ackers[k];
	}
	arm(e, inc, NEXT_CALL, e->now_ms + chain_wait_ms(e, inc, inc->level));
	call_people(e, inc, people, n, cause);
}

/* cause 0: a row of its own. */
static int64_t notice_row(struct engine *e, struct incident *inc, enum notice_kind kind, int64_t cause)
{
	if (cause)
		return cause;
	json_str(row_begin(e), "kind", notice_kind_name(kind));
	return row_end(e, AUDIT_NOTICE, inc, "system", 0);
}

void tell_person(struct engine *e, struct incident *inc, enum notice_kind kind, int person, int64_t cause)
{
	struct to_send s = {kind, person, inc, NULL, NULL, inc->level, 0, -1};

	if (person < 0) { /* gone from the list: nobody must mean somebody */
		tell_level(e, inc, kind, inc->level, cause);
		return;
	}
	s.cause = notice_row(e, inc, kind, cause);
	s.step = open_step_of(e, inc, person);
	outbox_send(e, &s);
}

void tell_level(struct engine *e, struct incident *inc, enum notice_kind kind, int level, int64_t cause)
{
	int people[LEVEL_PEOPLE_MAX], n = chain_people(e, inc, level, people, LEVEL_PEOPLE_MAX);

	cause = notice_row(e, inc, kind, cause);
	for (int i = 0; i < n; i++) {
		struct to_send s = {kind, people[i], inc, NULL, NULL, level, cause, -1};

		outbox_send(e, &s);
	}
}

void tell_called(struct engine *e, struct incident *inc, enum notice_kind kind, int64_t cause)
{
	for (int i = 0; i < inc->n_called; i++) {
		int person = plan_person(e->plan, inc->called[i].person);
		struct to_send s = {kind, person, inc, NULL, NULL, inc->level, cause, -1};

		if (person >= 0)
			outbox_send(e, &s);
	}
}

/* Who was told of it by a task or a notice, and was never called, has been waiting, too. */
void tell_over(struct engine *e, struct incident *inc, int64_t cause)
{
	int n = inc->n_deliveries; /* telling makes more */

	tell_called(e, inc, NOTICE_OVER, cause);
	for (int i = 0; i < n; i++) {
		int person = plan_person(e->plan, inc->deliveries[i].person);
		struct to_send s = {NOTICE_OVER, person, inc, NULL, NULL, inc->level, cause, -1};
		bool known = was_called(inc, inc->deliveries[i].person);

		for (int k = 0; k < i; k++)
			known = known || !strcmp(inc->deliveries[k].person, inc->deliveries[i].person);
		if (person >= 0 && !known)
			outbox_send(e, &s);
	}
}

void tell_role(struct engine *e, struct incident *inc, enum notice_kind kind, int role,
               const struct step *step, int64_t cause)
{
	int people[LEVEL_PEOPLE_MAX], n = role_people(e, role, people, LEVEL_PEOPLE_MAX);
	int watch = inc->watch ? plan_person(e->plan, inc->watch) : -1;

	if (watch >= 0) {
		people[0] = watch;
		n = 1;
	}
	if (!n) /* the first level's, who must know what it is */
		n = chain_people(e, inc, 1, people, LEVEL_PEOPLE_MAX);
	cause = notice_row(e, inc, kind, cause);
	for (int i = 0; i < n; i++) {
		struct to_send s = {kind, people[i], inc, step, NULL, inc->level, cause, -1};

		outbox_send(e, &s);
	}
}
