#include "plan.h"

#include <stdlib.h>
#include <string.h>

#define FIND(FN, ARRAY, COUNT)                                                                               \
	int FN(const struct plan *p, const char *id)                                                         \
	{                                                                                                    \
		for (int i = 0; id && i < p->COUNT; i++)                                                     \
			if (!strcmp(p->ARRAY[i].id, id))                                                     \
				return i;                                                                    \
		return -1;                                                                                   \
	}

FIND(plan_zone, zones, n_zones)
FIND(plan_sensor, sensors, n_sensors)
FIND(plan_actuator, actuators, n_actuators)
FIND(plan_person, people, n_people)
FIND(plan_role, roles, n_roles)
FIND(plan_roster, rosters, n_rosters)
FIND(plan_channel, channels, n_channels)
FIND(plan_type, types, n_types)
FIND(plan_sign, signs, n_signs)

bool strings_have(const struct strings *s, const char *text)
{
	for (int i = 0; text && i < s->n; i++)
		if (!strcmp(s->at[i], text))
			return true;
	return false;
}

int plan_person_by_user(const struct plan *p, const char *user)
{
	for (int i = 0; i < p->n_people; i++)
		if (strings_have(&p->people[i].users, user))
			return i;
	return -1;
}

int plan_person_by_login(const struct plan *p, const char *login)
{
	for (int i = 0; i < p->n_people; i++)
		if (strings_have(&p->people[i].logins, login))
			return i;
	return -1;
}

int plan_self(const struct plan *p, enum self self)
{
	for (int i = 0; i < p->n_types; i++)
		if (p->types[i].self == (int)self)
			return i;
	abort(); /* the checker gives every plan one of each */
}

bool plan_zone_inside(const struct plan *p, int zone, int outer)
{
	for (; zone >= 0; zone = p->zones[zone].in)
		if (zone == outer)
			return true;
	return false;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	arena_fini(&p->arena);
	free(p);
}
