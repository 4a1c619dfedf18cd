/* duty.c - invariants of duty rosters, after each step:
 *
 *   until an incoming person has accepted, who was on duty is called for every role of the roster, and so is
 *   who comes; who is on duty changes only by that, by a plan, or where nobody is there to hand over to or from;
 *   every override has its end ahead. */
#include "world.h"

#include "engine/duty.h"

#include <string.h>

static void keep(char to[CREW_BYTES], const char *crew)
{
	strncpy(to, crew, CREW_BYTES - 1);
	to[CREW_BYTES - 1] = 0;
}

static struct duty_watch *watch_of(struct world *w, const char *roster)
{
	for (int i = 0; i < w->n_duties; i++)
		if (!strcmp(w->duties[i].roster, roster))
			return &w->duties[i];
	if (w->n_duties == DUTIES_MAX)
		world_broken(w, "S6", "more rosters than the simulator knows");
	w->duties[w->n_duties] = (struct duty_watch){.is_new = true};
	strncpy(w->duties[w->n_duties].roster, roster, WORD_BYTES - 1);
	return &w->duties[w->n_duties++];
}

static bool is_within(const struct world *w, const char *crew, const char *of)
{
	int people[HOLDERS_MAX], n = duty_crew(w->engine, crew, people, HOLDERS_MAX);

	for (int i = 0; i < n; i++)
		if (!duty_is_on(w->engine, of, people[i]))
			return false;
	return true;
}

static int speaker_of(const struct world *w, const struct input *in)
{
	const struct plan *p = w->plans[w->plan];

	return in->by_control ? plan_person(p, in->user) : plan_person_by_user(p, in->user);
}

static bool was_accepted(const struct world *w, const struct duty_watch *was, const struct input *in)
{
	return in && in->is_command && in->verb == VERB_ACCEPT &&
	       duty_is_on(w->engine, was->incoming, speaker_of(w, in));
}

/* Both are called for each role of the roster. */
static void check_called(struct world *w, const struct duty *d)
{
	const struct plan *p = w->engine->plan;
	const char *crews[] = {d->held, d->incoming};

	for (int r = 0; r < p->n_roles; r++)
		for (int c = 0; c < 2 && p->roles[r].roster == d->roster; c++) {
			int people[HOLDERS_MAX], n = duty_crew(w->engine, crews[c], people, HOLDERS_MAX);

			for (int i = 0; i < n; i++)
				if (!role_calls(w->engine, r, people[i]))
					world_broken(w, "S6", "%s is on duty for %s and is not called",
					             p->people[people[i]].id, p->roles[r].id);
		}
}

static void look_at(struct world *w, const struct duty *d, const struct event *ev, const struct input *in)
{
	struct duty_watch *was = watch_of(w, d->id);
	bool another_plan = ev && (ev->kind == EVENT_PLAN || ev->kind == EVENT_STARTED);

	if (d->roster)
		check_called(w, d);
	if (!was->is_new && strcmp(was->held, d->held) != 0) {
		world_trace(w, "  %s: %s, was %s", d->id, d->held, was->held);
		w->n_handovers++;
		if (*was->held && *d->held && !another_plan && !was_accepted(w, was, in) &&
		    !is_within(w, d->held, was->held))
			world_broken(w, "S6", "%s are on duty of %s instead of %s, and none of them accepted",
			             d->held, d->id, was->held);
	}
	was->is_new = false;
	keep(was->held, d->held);
	keep(was->incoming, d->incoming);
}

static void check_override(struct world *w, const struct override *o)
{
	if (!o->due.pos || o->due.at_ms > o->until_ms)
		world_broken(w, "I7", "the override of %s by %s has no end ahead", o->role, o->person);
}

void duty_step(struct world *w, const struct event *ev, const struct input *in)
{
	for (int i = 0; i < w->engine->n_duties; i++)
		look_at(w, w->engine->duties[i], ev, in);
	for (int i = 0; i < w->engine->n_overrides; i++)
		check_override(w, w->engine->overrides[i]);
}

void duty_restored(struct world *w)
{
	w->n_duties = 0;
}
