/* next.c - who is called next for an incident, as every view shows it. */
#include "engine/render.h"

static void add(struct next *next, int person)
{
	for (int i = 0; i < next->n; i++)
		if (next->people[i] == person)
			return;
	if (person >= 0 && next->n < (int)(sizeof next->people / sizeof *next->people))
		next->people[next->n++] = person;
}

static void add_level(const struct engine *e, const struct incident *inc, struct next *next)
{
	int people[LEVEL_PEOPLE_MAX], n = chain_people(e, inc, next->level, people, LEVEL_PEOPLE_MAX);

	for (int i = 0; i < n; i++)
		add(next, people[i]);
}

/* The level after the present one; the last one again. A pre-alarm becomes an alarm at the first. */
static int level_after(const struct engine *e, const struct incident *inc)
{
	int last = chain_levels(e, inc);

	if (inc->state == STATE_PRE_ALARM)
		return 1;
	return inc->level < last ? inc->level + 1 : last;
}

void next_of(const struct engine *e, const struct incident *inc, struct next *next)
{
	*next = (struct next){.what = "none", .at_ms = -1};
	if (inc->next == NEXT_NONE || inc->next == NEXT_EMPTY || !inc->due.pos)
		return;
	next->at_ms = inc->due.at_ms;
	if (inc->next == NEXT_SHELVED || inc->next == NEXT_ISOLATED) { /* its end: looked at again */
		next->what = inc->next == NEXT_SHELVED ? "shelved" : "isolated";
		return;
	}
	if (inc->next == NEXT_CAUSE) { /* nobody is called: its cause is looked at */
		next->what = "cause";
		return;
	}
	if (inc->next == NEXT_REMIND) {
		next->what = "remind";
		next->level = inc->level;
		add(next, plan_person(e->plan, inc->acked_by));
		if (!next->n)
			add_level(e, inc, next);
		return;
	}
	next->what = inc->next == NEXT_CALL ? "call" : inc->next == NEXT_ACTION ? "action" : "investigate";
	next->level = level_after(e, inc);
	if (inc->next == NEXT_ACTION)
		add(next, plan_person(e->plan, inc->acked_by));
	add_level(e, inc, next);
}
