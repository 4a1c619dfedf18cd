/* holder.c - who holds a role: an override, the roster's people, the holder,
 * the deputy, and at last who covers it; the first of them that names somebody. */
#include "engine/duty.h"

#include <string.h>

enum { COVER_DEPTH = 8 };

static void add(int person, int *people, int *n)
{
	for (int i = 0; i < *n; i++)
		if (people[i] == person)
			return;
	if (person >= 0 && *n < HOLDERS_MAX)
		people[(*n)++] = person;
}

struct duty *duty_find(const struct engine *e, const char *roster)
{
	for (int i = 0; i < e->n_duties; i++)
		if (!strcmp(e->duties[i]->id, roster))
			return e->duties[i];
	return NULL;
}

static void add_overrides(const struct engine *e, const struct roster *r, int role, int64_t at_ms,
                          struct planned *ret)
{
	for (int i = 0; i < e->n_overrides; i++) {
		const struct override *o = e->overrides[i];
		int of = plan_role(e->plan, o->role);

		if (of < 0 || !override_is_on(o, at_ms))
			continue;
		if (r ? e->plan->roles[of].roster == r : of == role)
			add(plan_person(e->plan, o->person), ret->people, &ret->n);
	}
}

/* An override takes the place of one person, and is beside a crew of several. */
void duty_planned(const struct engine *e, const struct roster *r, int64_t at_ms, struct planned *ret)
{
	const struct ids *crew = NULL;
	bool is_dated = false;

	*ret = (struct planned){.why = "nobody"};
	ret->is_on = shifts_at(&r->shifts, &e->plan->tz, at_ms, &ret->on);
	if (ret->is_on)
		crew = roster_crew(r, &ret->on, &is_dated);
	add_overrides(e, r, -1, at_ms, ret);
	if (ret->n)
		ret->why = "override";
	else if (crew)
		ret->why = is_dated ? "dated" : "rotation";
	for (int i = 0; crew && (crew->n > 1 || strcmp(ret->why, "override") != 0) && i < crew->n; i++)
		add(crew->at[i], ret->people, &ret->n);
}

static bool add_crew(const struct engine *e, const char *crew, struct holders *ret)
{
	int people[HOLDERS_MAX], n = duty_crew(e, crew, people, HOLDERS_MAX);

	for (int i = 0; i < n; i++)
		add(people[i], ret->people, &ret->n);
	return n > 0;
}

static void by_plan(const struct engine *e, const struct roster *r, int64_t at_ms, struct holders *ret)
{
	struct planned p;

	duty_planned(e, r, at_ms, &p);
	for (int i = 0; i < p.n; i++)
		add(p.people[i], ret->people, &ret->n);
	ret->why = p.why;
}

/* Of a roster: as it was accepted; before its first look, and for other times, as planned. */
static void by_roster(const struct engine *e, const struct roster *r, int64_t at_ms, struct holders *ret)
{
	struct duty *d = at_ms < 0 ? duty_find(e, r->id) : NULL;
	struct planned p;

	ret->duty = d;
	if (!d) {
		by_plan(e, r, at_ms < 0 ? e->now_ms : at_ms, ret);
		return;
	}
	if (duty_is_pending(d)) {
		if (!PLANTED(15))
			add_crew(e, d->held, ret);
		ret->n_outgoing = ret->n;
		add_crew(e, d->incoming, ret);
		ret->why = "handover";
		return;
	}
	if (!add_crew(e, d->held, ret) && *d->held) { /* a new plan lacks them, and the roster is not yet looked at */
		by_plan(e, r, e->now_ms, ret);
		return;
	}
	duty_planned(e, r, e->now_ms, &p);
	ret->why = p.n ? p.why : "stays";
}

static bool by_override(const struct engine *e, int role, int64_t at_ms, struct holders *ret)
{
	struct planned p = {.n = 0};

	if (!e->n_overrides)
		return false;
	add_overrides(e, NULL, role, at_ms < 0 ? e->now_ms : at_ms, &p);
	for (int i = 0; i < p.n; i++)
		add(p.people[i], ret->people, &ret->n);
	ret->why = "override";
	return p.n > 0;
}

/* at_ms -1: as it is now. */
static void holders(const struct engine *e, int role, int64_t at_ms, struct holders *ret)
{
	int first = role;

	*ret = (struct holders){.why = "nobody", .role = role};
	for (int depth = 0; role >= 0 && depth < COVER_DEPTH; depth++) {
		const struct role *r = &e->plan->roles[role];

		ret->role = role;
		if (!r->roster && by_override(e, role, at_ms, ret))
			return;
		if (r->roster)
			by_roster(e, r->roster, at_ms, ret);
		if (!ret->n && (r->holder >= 0 || r->deputy >= 0)) {
			add(r->holder >= 0 ? r->holder : r->deputy, ret->people, &ret->n);
			ret->why = r->holder >= 0 ? "holder" : "deputy";
		}
		if (ret->n) {
			if (role != first && !ret->n_outgoing)
				ret->why = "covered_by";
			return;
		}
		role = r->covered_by;
	}
	ret->why = "nobody";
}

void role_holders(const struct engine *e, int role, struct holders *ret)
{
	holders(e, role, -1, ret);
}

void role_holders_at(const struct engine *e, int role, int64_t at_ms, struct holders *ret)
{
	holders(e, role, at_ms, ret);
}

int role_people(const struct engine *e, int role, int *people, int cap)
{
	struct holders h;

	role_holders(e, role, &h);
	if (h.n > cap)
		h.n = cap;
	memcpy(people, h.people, (size_t)h.n * sizeof *people);
	return h.n;
}

int role_person(const struct engine *e, int role)
{
	int person = -1;

	role_people(e, role, &person, 1);
	return person;
}

bool role_calls(const struct engine *e, int role, int person)
{
	struct holders h;

	role_holders(e, role, &h);
	for (int i = 0; i < h.n; i++)
		if (h.people[i] == person)
			return true;
	return false;
}

bool role_held_by(const struct engine *e, int role, int person)
{
	struct holders h;

	if (role < 0 || person < 0)
		return false;
	role_holders(e, role, &h);
	for (int i = 0; i < h.n; i++)
		if (h.people[i] == person)
			return true;
	return h.role >= 0 && e->plan->roles[h.role].deputy == person;
}

const char *role_why(const struct engine *e, int role)
{
	struct holders h;

	role_holders(e, role, &h);
	return h.why;
}

struct duty *duty_of_role(const struct engine *e, int role)
{
	for (int depth = 0; role >= 0 && depth < COVER_DEPTH; depth++) {
		const struct role *r = &e->plan->roles[role];

		if (r->roster)
			return duty_find(e, r->roster->id);
		if (r->holder >= 0 || r->deputy >= 0)
			return NULL;
		role = r->covered_by;
	}
	return NULL;
}
