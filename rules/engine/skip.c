/* skip.c - levels of the chain that reach nobody are passed over at once, and
 * never silently; who was passed over is told, with the row that proves it. */
#include "engine/cause.h"
#include "engine/chain.h"
#include "engine/emit.h"
#include "engine/render.h"

#include <stdlib.h>
#include <string.h>

static int64_t skip_row(struct engine *e, struct incident *inc, const char *why, int64_t cause)
{
	int people[LEVEL_PEOPLE_MAX], n = chain_holders(e, inc, inc->level, people, LEVEL_PEOPLE_MAX);
	struct buf *b = row_begin(e);

	json_int(b, "level", inc->level);
	json_int(b, "round", inc->round);
	json_str(b, "skipped", why);
	json_open(b, "people", '[');
	for (int i = 0; i < n; i++)
		json_str(b, NULL, e->plan->people[people[i]].id);
	json_close(b, ']');
	return row_end(e, AUDIT_CALLED, inc, "system", cause);
}

int64_t skip_empty(struct engine *e, struct incident *inc, int64_t cause)
{
	int people[LEVEL_PEOPLE_MAX];

	while (!chain_holders(e, inc, inc->level, people, LEVEL_PEOPLE_MAX)) {
		if (inc->round)
			return cause; /* the last one again: said in the round before */
		cause = skip_row(e, inc, "nobody", cause);
		if (inc->level >= chain_levels(e, inc))
			return cause; /* whom it calls instead: chain_people */
		inc->level++;
	}
	return cause;
}

/* -- nobody of it can be reached -- */

/* Every way was tried and failed, nothing is under way, and it is not only the broker that is away. */
bool skip_is_dead(const struct engine *e, const struct incident *inc, const char *person)
{
	bool any = false;

	for (int i = 0; i < inc->n_deliveries; i++) {
		const struct delivery_state *d = &inc->deliveries[i];

		if (strcmp(d->person, person) != 0)
			continue;
		if (d->state != DELIVERY_FAILED)
			return false;
		any = true;
	}
	return any && was_called(inc, person) && !outbox_waits(e, inc, person);
}

static bool level_is_dead(const struct engine *e, const struct incident *inc)
{
	int people[LEVEL_PEOPLE_MAX], n = chain_holders(e, inc, inc->level, people, LEVEL_PEOPLE_MAX);

	for (int i = 0; i < n; i++)
		if (!skip_is_dead(e, inc, e->plan->people[people[i]].id))
			return false;
	return n > 0;
}

static void mark_passed(struct engine *e, struct incident *inc)
{
	int people[LEVEL_PEOPLE_MAX], n = chain_holders(e, inc, inc->level, people, LEVEL_PEOPLE_MAX);

	for (int i = 0; i < n; i++) {
		struct called *c = called_of(inc, e->plan->people[people[i]].id);

		if (c)
			c->passed = true;
	}
}

/* Nobody is above the last level: once, the levels below it are called again. */
static void call_below(struct engine *e, struct incident *inc, int64_t cause)
{
	int people[LEVEL_PEOPLE_MAX];

	for (int l = 1; l < chain_levels(e, inc); l++) {
		int n = chain_holders(e, inc, l, people, LEVEL_PEOPLE_MAX);

		for (int i = 0; i < n; i++)
			escalate_also(e, inc, people[i], cause);
	}
}

static void skip_dead(struct engine *e, struct incident *inc)
{
	bool is_last = inc->level >= chain_levels(e, inc);
	int64_t seq;

	if (is_last && inc->dead_told)
		return;
	seq = skip_row(e, inc, "unreachable", 0);
	if (is_last) {
		inc->dead_told = true;
		call_below(e, inc, seq);
		incident_touch(e, inc);
		return;
	}
	mark_passed(e, inc);
	escalate_next(e, inc, "system", seq);
}

void skip_ask(struct engine *e)
{
	e->skips_asked = true;
}

void skip_settle(struct engine *e)
{
	if (!e->skips_asked)
		return;
	e->skips_asked = false;
	for (int i = 0; i < e->n_incidents; i++) {
		struct incident *inc = e->incidents[i];

		if (incident_is_calling(inc) && inc->next == NEXT_CALL && !cause_holds(inc) && level_is_dead(e, inc))
			skip_dead(e, inc);
		help_settle(e, inc);
	}
}

/* -- over somebody's head -- */

static void tell_passed(struct engine *e, struct incident *inc, int person, const struct skip_order *o,
                        int64_t cause)
{
	bool zh = e->plan->people[person].language == LANG_ZH;
	struct to_send s = {NOTICE_TELL, person, inc, NULL, NULL, inc->level, cause, -1};
	struct buf words = {0};

	if (o) {
		buf_printf(&words, zh ? "%s已越级呼叫第%d级" : "%s called level %d over your head",
		           wording_person(e, e->plan->people[o->person].id), inc->level);
		if (o->words && *o->words)
			buf_printf(&words, zh ? ":%s" : ": %s", o->words);
	} else {
		buf_printf(&words,
		           zh ? "当时无法接通您,已越级呼叫第%d级"
		              : "You could not be reached: level %d was called over your head",
		           inc->level);
	}
	s.words = buf_text(&words);
	outbox_send(e, &s);
	buf_fini(&words);
}

void skip_by_person(struct engine *e, struct incident *inc, const struct skip_order *o)
{
	int over[LEVEL_PEOPLE_MAX], now[LEVEL_PEOPLE_MAX], level = inc->level, n_over, n_now;
	int64_t seq;

	n_over = level > 0 ? chain_holders(e, inc, level, over, LEVEL_PEOPLE_MAX) : 0;
	seq = escalate_next_said(e, inc, o, 0);
	n_now = chain_people(e, inc, inc->level, now, LEVEL_PEOPLE_MAX);
	for (int i = 0; i < n_over && inc->level > level; i++)
		if (over[i] != o->person && !people_have(now, n_now, over[i]))
			tell_passed(e, inc, over[i], o, seq);
}

static bool any_passed(const struct incident *inc)
{
	for (int i = 0; i < inc->n_called; i++)
		if (inc->called[i].passed)
			return true;
	return false;
}

void skip_tell(struct engine *e, struct incident *inc)
{
	struct buf *b;
	int64_t seq;

	if (!any_passed(inc))
		return;
	b = row_begin(e);
	json_str(b, "kind", notice_kind_name(NOTICE_TELL));
	json_str(b, "skipped", "unreachable");
	json_open(b, "people", '[');
	for (int i = 0; i < inc->n_called; i++)
		if (inc->called[i].passed)
			json_str(b, NULL, inc->called[i].person);
	json_close(b, ']');
	seq = row_end(e, AUDIT_NOTICE, inc, "system", 0);
	for (int i = 0; i < inc->n_called; i++) {
		int person = plan_person(e->plan, inc->called[i].person);

		if (inc->called[i].passed && person >= 0 && strcmp(inc->called[i].person, inc->acked_by) != 0)
			tell_passed(e, inc, person, NULL, seq);
		inc->called[i].passed = false;
	}
	incident_touch(e, inc);
}
