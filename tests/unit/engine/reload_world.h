/* reload_world.h - a life_world with the plan it begins with and the one it may be given later. */
#ifndef TOCSIN_RELOAD_WORLD_H
#define TOCSIN_RELOAD_WORLD_H

#include "life_world.h"

static struct life_world w;
static struct plan *plans[2];

static void begin(const char *site)
{
	plans[0] = life_plan_of(site);
	plans[1] = NULL;
	life_begin(&w, plans[0]);
}

static void end(void)
{
	life_end(&w);
	plan_free(plans[0]);
	plan_free(plans[1]);
}

static void reload(const char *site)
{
	struct event ev = {.kind = EVENT_PLAN};

	plans[1] = life_plan_of(site);
	plans[1]->hash = "other";
	ev.plan.plan = w.plan = plans[1];
	life_event(&w, &ev);
}

#endif
