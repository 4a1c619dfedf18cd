/* roster.c - whose turn it is.
 *
 * The rotation begins with the first shift of the day `from`. With `turn: shift` the k-th shift from there
 * on (k from 0) goes to entry k mod n. With `turn: day` and `turn: week` the j-th shift of a day goes to entry
 * (t + j) mod n, t being the days with a shift, or the whole seven days, since `from`. A dated entry takes one
 * shift out and moves nothing: the others keep their turns. */
#include "roster.h"

#include "base/wall.h"

#include <string.h>

enum { WEEK = 7 };

static const struct ids *dated(const struct roster *r, const struct shift_on *on)
{
	for (int i = 0; i < r->n_dates; i++)
		if (r->dates[i].day == on->day && r->dates[i].shift == on->shift)
			return &r->dates[i].people;
	return NULL;
}

static int64_t turns(const struct roster *r, const struct shift_on *on)
{
	int place = shifts_place(&r->shifts, on->day, on->shift);

	switch (r->turn) {
	case TURN_DAY:
		return shifts_days_since(&r->shifts, r->from_day, on->day) + place;
	case TURN_WEEK:
		return (on->day - r->from_day) / WEEK + place;
	default:
		return shifts_since(&r->shifts, r->from_day, on->day) + place;
	}
}

const struct ids *roster_crew(const struct roster *r, const struct shift_on *on, bool *ret_dated)
{
	const struct ids *crew = dated(r, on);

	*ret_dated = crew != NULL;
	if (crew || !r->n_rotation || on->day < r->from_day)
		return crew;
	return &r->rotation[turns(r, on) % r->n_rotation];
}

/* ------------------------------------------------------ what is missing */

enum { COVER_DEPTH = 8 };

static const struct ids *crew_at(const struct plan *p, const struct roster *r, int64_t at_ms, bool *ret_on)
{
	struct shift_on on;
	bool is_dated;

	*ret_on = shifts_at(&r->shifts, &p->tz, at_ms, &on);
	return *ret_on ? roster_crew(r, &on, &is_dated) : NULL;
}

static bool is_held(const struct plan *p, int role, int64_t at_ms)
{
	bool on;

	for (int depth = 0; role >= 0 && depth < COVER_DEPTH; depth++) {
		const struct role *r = &p->roles[role];

		if (r->holder >= 0 || r->deputy >= 0 || (r->roster && crew_at(p, r->roster, at_ms, &on)))
			return true;
		role = r->covered_by;
	}
	return false;
}

static bool level_is_held(const struct plan *p, const struct level *l, int64_t at_ms)
{
	for (int i = 0; i < l->call.n; i++)
		if (is_held(p, l->call.at[i], at_ms))
			return true;
	return false;
}

/* One kind of gap: the first of it, and how often it comes. */
struct tally {
	int64_t from_ms, until_ms; /* of the first */
	int64_t last_ms;           /* end of the latest part */
	int n;
};

static void count(struct tally *t, int64_t from_ms, int64_t until_ms)
{
	if (t->n && t->last_ms == from_ms) {
		if (t->n == 1)
			t->until_ms = until_ms;
	} else {
		if (!t->n++) {
			t->from_ms = from_ms;
			t->until_ms = until_ms;
		}
	}
	t->last_ms = until_ms;
}

static const char *span(const struct plan *p, const struct tally *t, struct arena *arena)
{
	char from[TIME_TEXT_BYTES], until[TIME_TEXT_BYTES];

	wall_text(&p->tz, t->from_ms, from);
	wall_text(&p->tz, t->until_ms, until);
	if (t->n > 1)
		return arena_printf(arena, "from %s to %s, and %d times more in these days", from, until, t->n - 1);
	return arena_printf(arena, "from %s to %s", from, until);
}

static void add(struct roster_gaps *g, const struct tally *t, struct roster_gap gap)
{
	gap.from_ms = t->from_ms;
	gap.until_ms = t->until_ms;
	g->at[g->n++] = gap;
}

struct looking {
	const struct plan *p;
	struct arena *arena;
	struct tally *levels, *rosters; /* levels: of all chains, one after the other */
	int n_levels;
};

static void look(struct looking *l, int64_t from_ms, int64_t until_ms)
{
	const struct plan *p = l->p;
	int at = 0;
	bool on;

	for (int c = 0; c < p->n_chains; c++)
		for (int i = 0; i < p->chains[c].n_levels; i++, at++)
			if (!level_is_held(p, &p->chains[c].levels[i], from_ms))
				count(&l->levels[at], from_ms, until_ms);
	for (int r = 0; r < p->n_rosters; r++) {
		const struct ids *crew = crew_at(p, &p->rosters[r], from_ms, &on);

		if (on && (!crew || crew->n < p->rosters[r].minimum))
			count(&l->rosters[r], from_ms, until_ms);
	}
}

static int64_t next_ms(const struct plan *p, int64_t at_ms, int64_t until_ms)
{
	for (int r = 0; r < p->n_rosters; r++) {
		int64_t next = shifts_next_ms(&p->rosters[r].shifts, &p->tz, at_ms);

		until_ms = next < until_ms ? next : until_ms;
	}
	return until_ms;
}

static void tell(struct looking *l, struct roster_gaps *g)
{
	const struct plan *p = l->p;
	int at = 0;

	for (int c = 0; c < p->n_chains; c++)
		for (int i = 0; i < p->chains[c].n_levels; i++, at++) {
			if (!l->levels[at].n)
				continue;
			add(g, &l->levels[at],
			    (struct roster_gap){
			        .section = "chains",
			        .id = p->chains[c].id,
			        .text = arena_printf(l->arena, "nobody holds a role of level %d of chain '%s' %s",
			                             i + 1, p->chains[c].id, span(p, &l->levels[at], l->arena)),
			        .hint = "name people for these hours in the roster, or give one of the roles a "
			                "'deputy'"});
		}
	for (int r = 0; r < p->n_rosters; r++)
		if (l->rosters[r].n)
			add(g, &l->rosters[r],
			    (struct roster_gap){
			        .section = "roster",
			        .id = p->rosters[r].id,
			        .text = arena_printf(l->arena, "roster '%s' has fewer than %d on duty %s",
			                             p->rosters[r].id, p->rosters[r].minimum,
			                             span(p, &l->rosters[r], l->arena)),
			        .hint = "name the people under 'dates', or let the rotation begin earlier"});
}

struct roster_gaps roster_gaps(const struct plan *p, int64_t from_ms, int64_t until_ms, struct arena *arena)
{
	struct looking l = {.p = p, .arena = arena};
	struct roster_gaps g = {0};

	for (int c = 0; c < p->n_chains; c++)
		l.n_levels += p->chains[c].n_levels;
	l.levels = arena_alloc(arena, (size_t)(l.n_levels + 1) * sizeof *l.levels);
	l.rosters = arena_alloc(arena, (size_t)(p->n_rosters + 1) * sizeof *l.rosters);
	g.at = arena_alloc(arena, (size_t)(l.n_levels + p->n_rosters + 1) * sizeof *g.at);
	for (int64_t at_ms = from_ms; at_ms < until_ms && p->n_rosters;) {
		int64_t to_ms = next_ms(p, at_ms, until_ms);

		look(&l, at_ms, to_ms);
		at_ms = to_ms;
	}
	tell(&l, &g);
	return g;
}
