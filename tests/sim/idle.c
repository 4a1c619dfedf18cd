/* idle.c - the invariants of suppression: it has an end within its limit, an
 * owner and a reason, holds only what it is for, and when it ends somebody is
 * called for what is still active. */
#include "world.h"

#include "engine/suppress.h"

#include <string.h>

enum { DAY_MS = 86400000 };

bool idle_is(const struct incident *inc)
{
	return inc->shelf.until_ms || inc->isolated_ms;
}

static int64_t longest_ms(const struct impairment *i)
{
	if (i->is_asked)
		return 30 * MINUTE_MS;
	if (i->is_dead)
		return DAY_MS;
	return i->kind == IMPAIR_ISOLATED ? 8 * HOUR_MS : 30 * (int64_t)DAY_MS;
}

static void check_impairment(struct world *w, const struct impairment *i)
{
	const struct heap *h = &w->engine->heap;
	int64_t left_ms = i->due.at_ms - w->now_ms;

	if (!*i->by)
		world_broken(w, "I7", "%s has no owner", i->key);
	if (i->kind == IMPAIR_TAG)
		return;
	if (!*i->reason)
		world_broken(w, "I7", "%s has no reason", i->key);
	if (!i->due.pos || i->due.pos > h->n || h->at[i->due.pos - 1] != &i->due)
		world_broken(w, "I7", "%s has no end", i->key);
	if (left_ms <= 0 || left_ms > longest_ms(i))
		world_broken(w, "I7", "%s ends in %lld ms", i->key, (long long)left_ms);
}

static void check_held(struct world *w, const struct incident *inc)
{
	const struct impairment *i = inc->isolated_ms ? impair_isolated(w->engine, inc->zone_id, inc->hazard) : NULL;

	if (idle_is(inc) && inc->state == STATE_CLOSED)
		world_broken(w, "I7", "%s is closed and suppressed", inc->id);
	if (inc->shelf.until_ms && (!inc->shelf.by || !inc->shelf.reason || inc->due.at_ms != inc->shelf.until_ms))
		world_broken(w, "I7", "the shelf of %s has no owner, no reason or another end", inc->id);
	if (inc->shelf.until_ms && hazard_is_life(inc->hazard) &&
	    (!inc->shelf.second || !strcmp(inc->shelf.second, inc->shelf.by)))
		world_broken(w, "I7", "%s is shelved by one person alone", inc->id);
	if (!inc->isolated_ms)
		return;
	if (!i || (!inc->shelf.until_ms && inc->due.at_ms != i->due.at_ms))
		world_broken(w, "I7", "%s is isolated by nothing, or until another time", inc->id);
	if (hazard_is_life(inc->hazard) && (!*i->second || !strcmp(i->second, i->by)))
		world_broken(w, "I7", "%s is isolated by one person alone", inc->id);
	for (int k = 0; k < inc->n_members; k++)
		if (!inc->members[k].out && inc->hazard == HAZARD_FIRE && strcmp(inc->members[k].kind, "smoke") != 0)
			world_broken(w, "I7", "%s is isolated, and %s is no smoke detector", inc->id,
			             inc->members[k].sensor);
}

void idle_turn(struct world *w)
{
	for (int i = 0; i < w->engine->n_impairments; i++)
		check_impairment(w, w->engine->impairments[i]);
	for (int i = 0; i < w->engine->n_incidents; i++)
		check_held(w, w->engine->incidents[i]);
}

static bool is_called(const struct world *w, const struct incident *inc)
{
	const struct effects *fx = &w->gathering->fx;

	for (int i = w->step_from; i < fx->n; i++)
		if (fx->at[i].kind == EFFECT_NOTICE && fx->at[i].notice.kind == NOTICE_CALL &&
		    !strcmp(fx->at[i].notice.incident, inc->id))
			return true;
	return beside_is_held(w, inc);
}

/* Without the broker a page may wait: then nobody is missed here. */
void idle_look(struct world *w, const struct incident *inc, const struct watch *was)
{
	bool calls = inc->state == STATE_UNACKED || inc->state == STATE_RTN_UNACKED;

	if (was->suppressed && !idle_is(inc) && calls && w->link != LINK_DOWN && !is_called(w, inc))
		world_broken(w, "I7", "%s is suppressed no more, and nobody is called for it", inc->id);
}

void idle_follow(struct world *w)
{
	for (int i = 0; i < w->n_sensors; i++) {
		const struct sensor *s = sensor_find(w->engine, w->sensors[i].id);
		bool out = s && s->is_out;

		if (out)
			w->alarm[i] = false;
		else if (w->out[i] && s && s->health == HEALTH_OK && s->def >= 0)
			w->alarm[i] = !strcmp(s->word, "alarm") && invariants_makes_fires(w, &w->sensors[i]) &&
			              (!strcmp(w->sensors[i].kind, "smoke") || !strcmp(w->sensors[i].kind, "heat") ||
			               !strcmp(w->sensors[i].kind, "callpoint"));
		w->out[i] = out;
	}
}
