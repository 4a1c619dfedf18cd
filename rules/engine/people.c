/* people.c - whom a level of a chain calls, who is above whom. Always answered
 * from the newest plan; an incident's own plan only names the roles. */
#include "engine/model.h"

#include <stdio.h>
#include <string.h>

/* A role of `from` as the newest plan knows it. */
static int role_now(const struct engine *e, const struct plan *from, int role)
{
	if (role < 0)
		return -1;
	return from == e->plan ? role : plan_role(e->plan, from->roles[role].id);
}

static const struct chain *chain_of(const struct engine *e, const struct incident *inc,
                                    const struct plan **ret_plan)
{
	const char *id;

	if (!inc->type) {
		*ret_plan = e->plan;
		return &e->plan->chains[0];
	}
	id = inc->plan->chains[inc->type->chain].id;
	for (int i = 0; i < e->plan->n_chains; i++)
		if (!strcmp(e->plan->chains[i].id, id)) {
			*ret_plan = e->plan;
			return &e->plan->chains[i];
		}
	*ret_plan = inc->plan;
	return &inc->plan->chains[inc->type->chain];
}

int chain_levels(const struct engine *e, const struct incident *inc)
{
	const struct plan *p;

	return chain_of(e, inc, &p)->n_levels;
}

int64_t chain_wait_ms(const struct engine *e, const struct incident *inc, int level)
{
	const struct plan *p;
	const struct chain *c = chain_of(e, inc, &p);

	return c->levels[(level < 1 ? 1 : level > c->n_levels ? c->n_levels : level) - 1].wait_ms;
}

bool people_have(const int *people, int n, int person)
{
	for (int i = 0; i < n; i++)
		if (people[i] == person)
			return true;
	return false;
}

int people_add(int person, int *people, int n, int cap)
{
	if (person >= 0 && n < cap && !people_have(people, n, person))
		people[n++] = person;
	return n;
}

static int add_roles(const struct engine *e, const struct plan *from, const struct ids *roles, int *people,
                     int cap)
{
	int held[ROLE_PEOPLE_MAX], n = 0;

	for (int i = 0; i < roles->n; i++) {
		int of_role = role_people(e, role_now(e, from, roles->at[i]), held, ROLE_PEOPLE_MAX);

		for (int k = 0; k < of_role; k++)
			n = people_add(held[k], people, n, cap);
	}
	return n;
}

/* Never nobody: a level without people calls the whole chain, and a chain
 * without people everybody. */
int chain_people(const struct engine *e, const struct incident *inc, int level, int *ret_people, int cap)
{
	const struct plan *from;
	const struct chain *c = chain_of(e, inc, &from);
	int last = level < 1 || level > c->n_levels ? c->n_levels : level;
	const struct ids *roles = level == 0 && c->exhausted.n ? &c->exhausted : &c->levels[last - 1].call;
	int n = add_roles(e, from, roles, ret_people, cap);

	if (level == 1 && inc->watch)
		n = people_add(plan_person(e->plan, inc->watch), ret_people, n, cap);
	for (int l = 0; !n && l < c->n_levels; l++)
		n = add_roles(e, from, &c->levels[l].call, ret_people, cap);
	if (!n)
		for (; n < e->plan->n_people && n < cap; n++)
			ret_people[n] = n;
	return n;
}

int chain_level_of_role(const struct engine *e, const struct incident *inc, int role)
{
	const struct plan *from;
	const struct chain *c = chain_of(e, inc, &from);

	for (int l = 0; l < c->n_levels; l++)
		for (int i = 0; i < c->levels[l].call.n; i++)
			if (role_now(e, from, c->levels[l].call.at[i]) == role)
				return l + 1;
	return 0;
}

bool chain_has_person(const struct engine *e, const struct incident *inc, int person)
{
	const struct plan *from;
	const struct chain *c = chain_of(e, inc, &from);

	for (int l = 0; l < c->n_levels; l++)
		for (int i = 0; i < c->levels[l].call.n; i++)
			if (role_held_by(e, role_now(e, from, c->levels[l].call.at[i]), person))
				return true;
	return false;
}

int step_role(const struct engine *e, const struct incident *inc, const struct step *step)
{
	return role_now(e, inc->plan, step->who);
}

int chain_holders(const struct engine *e, const struct incident *inc, int level, int *ret_people, int cap)
{
	const struct plan *from;
	const struct chain *c = chain_of(e, inc, &from);

	return add_roles(e, from, &c->levels[(level < 1 || level > c->n_levels ? c->n_levels : level) - 1].call,
	                 ret_people, cap);
}

int chain_quorum(const struct engine *e, const struct incident *inc, int level)
{
	const struct plan *from;
	const struct chain *c = chain_of(e, inc, &from);

	return c->levels[(level < 1 ? 1 : level > c->n_levels ? c->n_levels : level) - 1].quorum;
}
