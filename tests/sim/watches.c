/* watches.c - the invariants of signs of life that must come: a watch runs when
 * its hours and its hazard say so, its round always ends, and what it says to
 * be missed stands in an incident until it is seen. */
#include "world.h"

#include "engine/watch.h"

#include <stdio.h>
#include <string.h>

static bool is_wanted(const struct world *w, const struct watch_def *d)
{
	const struct plan *p = w->engine->plan;
	bool any = d->hazard < 0 && !d->while_type;

	for (int i = 0; i < w->engine->n_incidents; i++) {
		const struct incident *inc = w->engine->incidents[i];

		if (incident_is_open(inc) && !inc->drill && strcmp(inc->type_id, p->types[d->type].id) != 0)
			any = any || (d->while_type ? !strcmp(inc->type_id, d->while_type)
			                            : (int)inc->hazard == d->hazard);
	}
	return any && schedule_is_on(&d->during, &p->tz, w->engine->now_ms);
}

static void check_round(struct world *w, const struct watch_run *run, const struct watch_def *d)
{
	int64_t left_ms = run->due_ms - w->engine->now_ms;

	if (run->frozen_ms >= 0) {
		if (w->engine->link == LINK_SYNCED)
			world_broken(w, "I3", "watch %s stands still, and the link is whole", run->id);
		return;
	}
	if (w->engine->link != LINK_SYNCED)
		world_broken(w, "I3", "watch %s goes on without the link", run->id);
	if (left_ms <= 0)
		world_broken(w, "I3", "the round of watch %s is over and nothing was done", run->id);
	if (!run->due.pos || run->due.at_ms > run->due_ms)
		world_broken(w, "I3", "nobody will look whether watch %s is missed", run->id);
	if (!d->closed_type && left_ms > d->every_ms)
		world_broken(w, "I3", "a round of watch %s takes %lld ms", run->id, (long long)left_ms);
}

/* The member that says so, wherever it is; a person may have taken it out, or closed it so. */
static bool is_shown(const struct world *w, const struct watch_run *run, const struct watch_seen *p)
{
	char name[160];
	bool any = false;

	snprintf(name, sizeof name, "watch:%s%s%s", run->id, *p->id ? "/" : "", p->id);
	for (int i = 0; i < w->engine->n_incidents; i++) {
		const struct incident *inc = w->engine->incidents[i];

		for (int k = 0; k < inc->n_members; k++)
			any = any || (!strcmp(inc->members[k].sensor, name) &&
			              (inc->members[k].active == TRUTH_TRUE || inc->members[k].out));
	}
	return any;
}

static bool is_whole(const struct watch_run *run)
{
	for (int i = 0; i < run->n_points; i++)
		if (!run->points[i].seen)
			return false;
	return true;
}

void watches_turn(struct world *w)
{
	for (int i = 0; i < w->engine->n_watches; i++) {
		const struct watch_run *run = w->engine->watches[i];
		const struct watch_def *d = &w->engine->plan->watches[run->watch];

		if (run->on != is_wanted(w, d))
			world_broken(w, "I3", "watch %s %s", run->id, run->on ? "runs for nothing" : "does not run");
		if (run->on)
			check_round(w, run, d);
		if (run->on && is_whole(run))
			world_broken(w, "I3", "watch %s saw all, and its round goes on", run->id);
		for (int k = 0; k < run->n_points; k++)
			if (run->points[k].missed && (!run->on || !is_shown(w, run, &run->points[k])))
				world_broken(w, "I1", "watch %s was missed, and no incident says so", run->id);
	}
}
