/* interlock.c - what forbids a command: an incident's hazard within reach, from
 * pre_alarm until it is closed; a lock-out sign that hangs within reach, or on
 * the actuator itself. Nothing else is asked: not who acked, shelved, isolated. */
#include "engine/life.h"
#include "engine/tags.h"

#include <string.h>

/* Named by nobody: a sign on the actuator forbids all that is sent to it. */
static const struct forbid all[] = {{NULL, NULL}};
static const struct interlock on_actuator = {.id = "tag", .sign = "", .forbid = all, .n_forbid = 1};

/* `safe_in` passes what is forbidden to all; what names a kind or an action means it. */
static bool is_forbidden(const struct interlock *k, const struct actuator *act, const char *action)
{
	bool is_safe = !k->sign && act->safe_in & 1u << k->hazard;

	for (int i = 0; i < k->n_forbid; i++) {
		const struct forbid *f = &k->forbid[i];
		bool is_all = !f->kind && !f->action;

		if ((!f->kind || !strcmp(f->kind, act->kind)) && (!f->action || !strcmp(f->action, action)) &&
		    !(is_safe && (is_all || PLANTED(13))))
			return true;
	}
	return false;
}

static bool reaches(const struct engine *e, const struct interlock *k, int from, int zone)
{
	if (k->reach == REACH_SITE || from < 0)
		return true;
	if (k->reach == REACH_PARENT && !PLANTED(7) && e->plan->zones[from].in >= 0)
		from = e->plan->zones[from].in;
	return plan_zone_inside(e->plan, zone, from);
}

static bool sign_holds(const struct engine *e, const struct interlock *k, int zone)
{
	if (k->reach == REACH_SITE)
		return tag_hangs(e, k->sign, -1);
	for (int z = 0; z < e->plan->n_zones; z++)
		if (reaches(e, k, z, zone) && tag_hangs(e, k->sign, z))
			return true;
	return tag_hangs_anywhere(e, k->sign);
}

static const struct incident *hazard_holds(const struct engine *e, const struct interlock *k, int zone)
{
	for (int i = 0; i < e->n_incidents; i++) {
		const struct incident *inc = e->incidents[i];

		if (inc->state != STATE_CLOSED && !inc->drill && inc->hazard == k->hazard &&
		    reaches(e, k, inc->zone, zone))
			return inc;
	}
	return NULL;
}

const struct interlock *interlock_forbids(const struct engine *e, int actuator, const char *action,
                                          const struct incident **ret_because)
{
	const struct actuator *act = &e->plan->actuators[actuator];

	*ret_because = NULL;
	if (tag_hangs_on_actuator(e, act->id))
		return &on_actuator;
	for (int k = 0; k < e->plan->n_interlocks; k++) {
		const struct interlock *lock = &e->plan->interlocks[k];

		if (!is_forbidden(lock, act, action))
			continue;
		if (lock->sign && sign_holds(e, lock, act->zone))
			return lock;
		if (lock->sign)
			continue;
		*ret_because = hazard_holds(e, lock, act->zone);
		if (*ret_because || e->link != LINK_SYNCED)
			return lock;
	}
	return NULL;
}

bool interlock_is_sign(const struct interlock *lock)
{
	return lock && lock->sign;
}
