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

/* -- telephone numbers -- */

enum { DIGITS_MAX = 24, DIGITS_LIKE = 9 };

/* Its digits, without what says that more follows: 00, or the 0 of a call within the country. */
static int digits_of(const char *phone, char ret[DIGITS_MAX + 1])
{
	int n = 0;

	for (; *phone && n < DIGITS_MAX; phone++)
		if (*phone >= '0' && *phone <= '9' && (n || *phone != '0'))
			ret[n++] = *phone;
	ret[n] = 0;
	return n;
}

/* The same, or one is written without its country. */
static bool is_same_number(const char *a, const char *b)
{
	char x[DIGITS_MAX + 1], y[DIGITS_MAX + 1];
	int n = digits_of(a, x), m = digits_of(b, y), least = n < m ? n : m;

	return n == m ? n && !strcmp(x, y) : least >= DIGITS_LIKE && !strcmp(x + n - least, y + m - least);
}

static bool has_channel(const struct person *who, int channel)
{
	for (int i = 0; i < who->channels.n; i++)
		if (who->channels.at[i] == channel)
			return true;
	return false;
}

int plan_person_by_phone(const struct plan *p, const char *user, const char *phone, const struct channel **ret_channel)
{
	int found = -1, n = 0;

	*ret_channel = NULL;
	for (int c = 0; user && c < p->n_channels; c++) {
		if (!p->channels[c].replies || strcmp(p->channels[c].replies, user) != 0)
			continue;
		if (!*ret_channel)
			*ret_channel = &p->channels[c];
		for (int i = 0; i < p->n_people; i++) {
			const struct person *who = &p->people[i];

			if (i == found || !who->phone || !has_channel(who, c) || !is_same_number(who->phone, phone))
				continue;
			found = i;
			n++;
		}
	}
	return n == 1 ? found : -1;
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
