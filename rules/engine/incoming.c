/* incoming.c - who comes to a role without a hand-over is told the steps that are
 * open, and called for what still calls, as whoever comes by one is. */
#include "engine/duty.h"
#include "engine/emit.h"
#include "engine/flood.h"
#include "engine/hold.h"
#include "engine/life.h"

#include <stdlib.h>

/* People by their ids in the plan before. */
struct incident_was {
	int64_t number;
	int level;             /* of whom it called; 0: nobody */
	struct strings called; /* who held a role of these levels */
	struct strings *steps; /* at NULL: it was not open, or nobody's */
	int n_steps;
};

struct incoming {
	struct incident_was *at; /* by number */
	int n;
};

/* -- before -- */

static struct strings ids_of(const struct engine *e, const int *people, int n)
{
	const char **ids = xcalloc((size_t)n + 1, sizeof *ids);

	for (int i = 0; i < n; i++)
		ids[i] = e->plan->people[people[i]].id;
	return (struct strings){ids, n};
}

static int called_people(const struct engine *e, const struct incident *inc, int level, int *people)
{
	int of_level[LEVEL_PEOPLE_MAX], n = 0;

	for (int l = 1; l <= level; l++) {
		int k = chain_people(e, inc, l, of_level, LEVEL_PEOPLE_MAX);

		for (int i = 0; i < k; i++)
			n = people_add(of_level[i], people, n, LEVEL_PEOPLE_MAX);
	}
	return n;
}

static bool is_asked(const struct incident *inc, int i)
{
	return inc->playbook && inc->steps[i].state == STEP_OPEN && step_asks(step_of(&inc->steps[i]));
}

static void look(const struct engine *e, const struct incident *inc, struct incident_was *ret)
{
	int people[LEVEL_PEOPLE_MAX];

	ret->number = inc->number;
	ret->level = incident_wants_ack(inc) ? inc->level : 0;
	ret->called = ids_of(e, people, called_people(e, inc, ret->level, people));
	ret->n_steps = inc->n_steps;
	ret->steps = xcalloc((size_t)inc->n_steps + 1, sizeof *ret->steps);
	for (int i = 0; i < inc->n_steps; i++)
		if (is_asked(inc, i))
			ret->steps[i] =
			    ids_of(e, people, step_people(e, inc, step_of(&inc->steps[i]), people, LEVEL_PEOPLE_MAX));
}

struct incoming *incoming_before(const struct engine *e)
{
	struct incoming *was = xcalloc(1, sizeof *was);

	was->at = xcalloc((size_t)e->n_incidents + 1, sizeof *was->at);
	for (int i = 0; i < e->n_incidents; i++)
		if (incident_is_open(e->incidents[i]))
			look(e, e->incidents[i], &was->at[was->n++]);
	return was;
}

/* -- after -- */

static void incoming_free(struct incoming *was)
{
	for (int i = 0; was && i < was->n; i++) {
		for (int k = 0; k < was->at[i].n_steps; k++)
			free((void *)was->at[i].steps[k].at);
		free(was->at[i].steps);
		free((void *)was->at[i].called.at);
	}
	if (was)
		free(was->at);
	free(was);
}

struct newcomers {
	const struct incident_was *was; /* NULL: a start */
	int called[LEVEL_PEOPLE_MAX], n_called; /* just now: the call says the first open step */
	int told[LEVEL_PEOPLE_MAX], n_told;     /* anything of it just now */
	int64_t cause;
};

/* A hand-over that has just begun offers him all of it, and has called him. */
static bool is_offered(const struct engine *e, const struct newcomers *new, int person)
{
	for (int i = 0; i < e->n_duties; i++)
		if (duty_is_pending(e->duties[i]) && (!new->was || e->duties[i]->cause >= new->cause) &&
		    duty_is_on(e, e->duties[i]->incoming, person))
			return true;
	return false;
}

static void call_new(struct engine *e, struct incident *inc, struct newcomers *new)
{
	int level = new->was && new->was->level < inc->level ? new->was->level : inc->level;
	int people[LEVEL_PEOPLE_MAX], n = called_people(e, inc, level, people);

	for (int i = 0; i < n; i++) {
		const char *id = e->plan->people[people[i]].id;

		if (new->was ? strings_have(&new->was->called, id) : was_called(inc, id))
			continue;
		if (is_offered(e, new, people[i]))
			continue;
		new->n_called = people_add(people[i], new->called, new->n_called, LEVEL_PEOPLE_MAX);
		new->n_told = people_add(people[i], new->told, new->n_told, LEVEL_PEOPLE_MAX);
		escalate_incoming(e, inc, people[i], new->cause);
	}
}

/* His first open step. */
static bool was_said(struct newcomers *new, int person)
{
	for (int i = 0; i < new->n_called; i++)
		if (new->called[i] == person) {
			new->called[i] = -1;
			return true;
		}
	return false;
}

static bool is_new(const struct engine *e, const struct incident *inc, int step, int person,
                   const struct newcomers *new)
{
	const char *id = e->plan->people[person].id;
	const struct strings *crew = new->was ? &new->was->steps[step] : NULL;

	if (is_offered(e, new, person))
		return false;
	if (crew)
		return crew->at && !strings_have(crew, id);
	return people_have(new->told, new->n_told, person) ||
	       !(delivery_has(inc, id) || was_called(inc, id) || flood_waits(e, id, inc->number));
}

static void tell_new(struct engine *e, struct incident *inc, int i, struct newcomers *new)
{
	const struct step *step = step_of(&inc->steps[i]);
	int people[LEVEL_PEOPLE_MAX], n = step_people(e, inc, step, people, LEVEL_PEOPLE_MAX);

	for (int k = 0; k < n; k++) {
		struct to_send s = {NOTICE_TASK, people[k], inc, step, NULL, inc->level, new->cause, -1};

		if (was_said(new, people[k]) || !is_new(e, inc, i, people[k], new))
			continue;
		new->n_told = people_add(people[k], new->told, new->n_told, LEVEL_PEOPLE_MAX);
		outbox_send(e, &s);
	}
}

void incoming_after(struct engine *e, struct incoming *was, int64_t cause)
{
	int at = 0;

	for (int i = 0; i < e->n_incidents; i++) {
		struct incident *inc = e->incidents[i];
		struct newcomers new = {.cause = cause};

		while (was && at < was->n && was->at[at].number < inc->number)
			at++;
		if (!incident_is_open(inc) || (was && (at == was->n || was->at[at].number != inc->number)))
			continue; /* opened since: told as it was */
		new.was = was ? &was->at[at] : NULL;
		if (incident_wants_ack(inc) && !notices_held(inc))
			call_new(e, inc, &new);
		for (int k = 0; k < inc->n_steps; k++)
			if (is_asked(inc, k) && !inc->steps[k].orphan)
				tell_new(e, inc, k, &new);
	}
	incoming_free(was);
}
