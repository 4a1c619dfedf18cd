/* owner.c - whose a step is: the people who hold its roles now, what they are
 * told, each of them once. */
#include "engine/emit.h"
#include "engine/life.h"

#include <string.h>

/* Its roles in the newest plan: 0 is the first. -1: the plan has lost it. */
static int role_at(const struct engine *e, const struct incident *inc, const struct step *step, int i)
{
	const struct step one = {.who = i ? step->also.at[i - 1] : step->who};

	return step_role(e, inc, &one);
}

static int n_roles(const struct step *step)
{
	return step->who < 0 ? 0 : 1 + step->also.n;
}

bool step_asks(const struct step *step)
{
	return step->who >= 0 && step->kind != STEP_KIND_COMMAND && step->kind != STEP_KIND_RUN &&
	       step->kind != STEP_KIND_WAIT;
}

int step_people(const struct engine *e, const struct incident *inc, const struct step *step, int *ret_people,
                int cap)
{
	int people[ROLE_PEOPLE_MAX], n = 0, watch = inc->watch ? plan_person(e->plan, inc->watch) : -1;

	if (watch >= 0 && step->who >= 0 && cap > 0) { /* whoever watched the hot work goes round after it */
		ret_people[0] = watch;
		return 1;
	}
	for (int i = 0; i < n_roles(step); i++) {
		int held = role_people(e, role_at(e, inc, step, i), people, ROLE_PEOPLE_MAX);

		for (int k = 0; k < held; k++)
			n = people_add(people[k], ret_people, n, cap);
	}
	return n;
}

bool step_is_of(const struct engine *e, const struct incident *inc, const struct step *step, int person)
{
	int people[TELLING_MAX], n = step_people(e, inc, step, people, TELLING_MAX);

	return people_have(people, n, person);
}

/* A step whose roles nobody holds is the first level's matter. */
void tell_owners(struct engine *e, const struct step_run *s, enum notice_kind kind, int64_t cause)
{
	const struct step *step = step_of(s);
	struct telling t = {.kind = kind, .inc = s->incident, .step = step, .cause = cause};
	int people[TELLING_MAX], n = step_people(e, s->incident, step, people, TELLING_MAX);

	if (!step->also.n || !n) {
		tell_role(e, s->incident, kind, step_role(e, s->incident, step), step, cause);
		return;
	}
	if (!cause) {
		json_str(row_begin(e), "kind", notice_kind_name(kind));
		t.cause = row_end(e, AUDIT_NOTICE, s->incident, "system", 0);
	}
	for (int i = 0; i < n; i++)
		tell_once(e, &t, people[i]);
}

bool step_is_orphan(const struct engine *e, const struct step_run *s)
{
	const struct step *step = step_of(s);

	return s->state == STEP_OPEN && step_asks(step) && step_role(e, s->incident, step) < 0;
}

void owners_replan(struct engine *e, int64_t cause)
{
	for (int i = 0; i < e->n_incidents; i++)
		for (int k = 0; k < e->incidents[i]->n_steps && incident_is_open(e->incidents[i]); k++) {
			struct step_run *s = &e->incidents[i]->steps[k];
			bool orphan = step_is_orphan(e, s);

			if (s->orphan == orphan)
				continue;
			s->orphan = orphan;
			incident_touch(e, s->incident);
			if (orphan)
				tell_owners(e, s, NOTICE_TASK, cause);
		}
}

bool tell_once(struct engine *e, struct telling *t, int person)
{
	struct to_send to = {t->kind, person, t->inc, t->step, NULL, t->inc->level, t->cause, -1};

	if (person < 0 || people_have(t->people, t->n, person) || t->n == TELLING_MAX)
		return false;
	t->people[t->n++] = person;
	to.words = t->words[e->plan->people[person].language];
	outbox_send(e, &to);
	return true;
}

void tell_role_once(struct engine *e, struct telling *t, int role)
{
	int people[ROLE_PEOPLE_MAX], n = role_people(e, role, people, ROLE_PEOPLE_MAX);

	for (int i = 0; i < n; i++)
		tell_once(e, t, people[i]);
}

void tell_level_once(struct engine *e, struct telling *t, int level)
{
	int people[TELLING_MAX], n = chain_people(e, t->inc, level, people, TELLING_MAX);

	for (int i = 0; i < n; i++)
		tell_once(e, t, people[i]);
}
