/* roster.c - duty rosters: shifts, rotation, dated lists, as a whole week of
 * them would be lived. */
#include "language/reader.h"
#include "language/tables.h"

#include "base/wall.h"

#include <stdlib.h>
#include <string.h>

enum { DAY = 1440, WEEK = 7 * DAY, CREW_MAX = 32 };

#define WORD(A, T) T,
static const char *const turn_words[] = {TURN_LIST(WORD) NULL};

struct roster_text {
	struct roster roster;
	const struct node *shifts, *rotation, *dates, *from;
};

static const struct key roster_rows[] = {
    {"shifts", KEY_NODE, AT(struct roster_text, shifts, const struct node *), .must = true,
     .help = "{day: \"08:00-20:00\", night: \"20:00-08:00\"}; also with days of the week in front; by the "
             "clock on the wall"},
    {"rotation", KEY_NODE, AT(struct roster_text, rotation, const struct node *),
     .help = "whose turn it is, in order; an entry is a person or a list of them, a crew"},
    {"turn", KEY_WORD, AT(struct roster_text, roster.turn, enum moves), .words = turn_words,
     .fallback = "shift",
     .help = "when the rotation moves on: with each shift, each day or each seven days; with day and week "
             "the shifts of a day go to the entries one after the other"},
    {"from", KEY_NODE, AT(struct roster_text, from, const struct node *),
     .help = "the day, 2026-11-01, whose first shift is the first entry's; needed with 'rotation'"},
    {"dates", KEY_NODE, AT(struct roster_text, dates, const struct node *),
     .help = "{2026-12-24: {night: [li, smith]}}: who has a shift that begins on this day, whatever the "
             "rotation says; the other turns stay"},
    {"minimum", KEY_INT, AT(struct roster_text, roster.minimum, int), .fallback = "1", .min = 1, .max = 50,
     .help = "so many of the incoming crew must accept before the outgoing one is off duty"},
    {"handover", KEY_DURATION, AT(struct roster_text, roster.handover_ms, int64_t), .fallback = "15m",
     .min = 1000, .max = 86400000,
     .help = "not accepted for so long, the next level above is told, and again each time"},
    {"consent", KEY_REF, AT(struct roster_text, roster.consent, int), .section = SECTION_ROLES,
     .help = "the role that agrees to overrides; default: the roles above in the chains"},
};
const struct table roster_keys = TABLE("roster", roster_rows);

/* -- shifts -- */

static int by_begin(const void *a, const void *b)
{
	const struct shift *x = a, *y = b;
	int d = x->hours.from_min - y->hours.from_min;

	return d ? d : strcmp(x->id, y->id);
}

static int length(const struct hours *h)
{
	return h->to_min - h->from_min + (h->to_min <= h->from_min ? DAY : 0);
}

static const struct node *shift_node(const struct node *shifts, const char *id)
{
	return node_get(shifts, id);
}

static const char *moment(struct reader *r, int minute)
{
	static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

	minute %= WEEK;
	return arena_printf(&r->arena, "%s %02d:%02d", days[minute / DAY], minute % DAY / 60, minute % 60);
}

/* The minutes of the week with nobody; a gap of every day is told once. */
static void tell_gaps(struct reader *r, const struct entry *e, const bool *taken)
{
	bool daily = true, any = false;
	int first = 0;

	for (int m = 0; m < WEEK; m++) {
		any |= taken[m];
		daily &= taken[m] == taken[m % DAY];
		if (taken[m] && !taken[(m + WEEK - 1) % WEEK])
			first = m;
	}
	for (int m = first, told = 0; any && m < first + (daily ? DAY : WEEK) && told < 3; m++) {
		int until = m;

		if (taken[m % WEEK])
			continue;
		while (!taken[until % WEEK])
			until++;
		if (daily)
			caution(r, e->key, "roster '%s': nobody %s-%s", e->key->text, moment(r, m) + 4,
			        moment(r, until) + 4);
		else
			caution(r, e->key, "roster '%s': nobody %s - %s", e->key->text, moment(r, m),
			        moment(r, until));
		advise(r, "let the shifts follow one another; else the deputy holds the role then");
		m = until;
		told++;
	}
}

static void check_week(struct reader *r, const struct entry *e, const struct node *at,
                       const struct shifts *s)
{
	int *whose = xcalloc(WEEK, sizeof *whose);
	bool *taken = xcalloc(WEEK, sizeof *taken);

	for (int i = 0; i < s->n; i++)
		for (int day = 0; day < 7; day++)
			for (int m = 0; s->at[i].hours.days & 1u << day && m < length(&s->at[i].hours); m++) {
				int minute = (day * DAY + s->at[i].hours.from_min + m) % WEEK;

				if (taken[minute] && whose[minute] != i) {
					complain(r, shift_node(at, s->at[i].id),
					         "shift '%s' overlaps '%s' at %s", s->at[i].id,
					         s->at[whose[minute]].id, moment(r, minute));
					advise(r, "one ends when the next begins; people who work together are a crew: [wang, li]");
					goto end;
				}
				taken[minute] = true;
				whose[minute] = i;
			}
	tell_gaps(r, e, taken);
end:
	free(whose);
	free(taken);
}

static bool read_shift(struct reader *r, const struct pair *p, struct shift *ret)
{
	const char *text = must_be_id(r, p->key) ? scalar_text(r, p->value, p->key->text) : NULL;

	if (!text)
		return false;
	ret->id = arena_str(&r->plan->arena, p->key->text);
	if (hours_parse_round(text, &ret->hours))
		return true;
	complain(r, p->value, "'%s' are no hours", text);
	advise(r, "write \"08:00-20:00\", \"mon-fri 08:00-18:00\" or \"08:00-08:00\" for a whole day");
	return false;
}

static void read_shifts(struct reader *r, const struct entry *e, const struct node *node, struct shifts *ret)
{
	struct shift *list;
	int n = 0;

	if (!must_be_map(r, &(struct entry){NULL, node}, "'shifts'"))
		return;
	if (!node->n || node->n > SHIFTS_MAX) {
		complain(r, node, node->n ? "a roster can have at most 24 shifts" : "'shifts' is empty");
		return;
	}
	list = arena_alloc(&r->plan->arena, (size_t)node->n * sizeof *list);
	for (int i = 0; i < node->n; i++)
		n += read_shift(r, &node->pairs[i], &list[n]);
	qsort(list, (size_t)n, sizeof *list, by_begin);
	*ret = (struct shifts){list, n};
	if (n == node->n)
		check_week(r, e, node, ret);
}

/* -- who -- */

static void too_few(struct reader *r, const struct node *at, int n, int minimum)
{
	complain(r, at, "%d %s where the minimum is %d", n, n == 1 ? "person" : "people", minimum);
	advise(r, "name so many: [wang, li]; or lower 'minimum'");
}

static bool read_crew(struct reader *r, const struct node *node, int minimum, struct ids *ret)
{
	bool is_list = node->kind == NODE_LIST, ok = true;
	int n = is_list ? node->n : 1, found = 0;
	int *people = arena_alloc(&r->plan->arena, (size_t)(n + 1) * sizeof *people);

	for (int i = 0; i < n; i++) {
		const struct node *id = is_list ? node->items[i] : node;
		int person = scalar_text(r, id, "a person") ? entry_refer(r, SECTION_PEOPLE, id) : -1;
		bool twice = false;

		for (int k = 0; k < found; k++)
			twice |= people[k] == person;
		if (twice)
			complain(r, id, "'%s' is in this crew already", id->text);
		ok &= person >= 0 && !twice;
		if (person >= 0 && !twice)
			people[found++] = person;
	}
	*ret = (struct ids){people, found};
	if (!n)
		complain(r, node, "an empty crew: nobody would be on duty");
	if (n > CREW_MAX) {
		caution(r, node, "a crew of %d people: while it hands over to another, not all of both are called", n);
		advise(r, "make two rosters of it");
	}
	if (n && ok && found < minimum)
		too_few(r, node, found, minimum);
	return ok && n;
}

static void read_rotation(struct reader *r, const struct node *node, struct roster *ret)
{
	struct ids *crews;

	if (!must_be_list(r, node, "rotation"))
		return;
	if (!node->n) {
		complain(r, node, "'rotation' is an empty list: nobody would ever be on duty");
		advise(r, "write rotation: [wang, li]");
	}
	crews = arena_alloc(&r->plan->arena, (size_t)(node->n + 1) * sizeof *crews);
	for (int i = 0; i < node->n; i++)
		read_crew(r, node->items[i], ret->minimum, &crews[i]);
	ret->rotation = crews;
	ret->n_rotation = node->n;
}

/* -- dates -- */

static int find_shift(struct reader *r, const struct node *id, const struct roster *roster)
{
	struct nearest near = {.word = id->text};

	for (int i = 0; i < roster->shifts.n; i++)
		if (!strcmp(roster->shifts.at[i].id, id->text))
			return i;
	complain(r, id, "there is no shift '%s' in this roster", id->text);
	for (int i = 0; i < roster->shifts.n; i++)
		nearest_try(&near, roster->shifts.at[i].id);
	advise_nearest(r, &near);
	return -1;
}

static bool read_day(struct reader *r, const struct node *node, int64_t *ret)
{
	if (node->kind == NODE_SCALAR && wall_day_parse(node->text, ret))
		return true;
	complain(r, node, "'%s' is not a day", node->kind == NODE_SCALAR ? node->text : "this");
	advise(r, "write it as 2026-12-24");
	return false;
}

static int read_date(struct reader *r, const struct pair *date, struct roster *roster, struct duty_date *ret)
{
	int64_t day;
	int n = 0;

	if (!read_day(r, date->key, &day) || !must_be_map(r, &(struct entry){NULL, date->value}, "a day"))
		return 0;
	for (int i = 0; i < date->value->n; i++) {
		const struct pair *p = &date->value->pairs[i];
		int shift = roster->shifts.n ? find_shift(r, p->key, roster) : -1;

		if (shift >= 0 && !shift_is_on_day(&roster->shifts.at[shift], day))
			complain(r, p->key, "shift '%s' does not begin on this day of the week", p->key->text);
		ret[n] = (struct duty_date){.day = day, .shift = shift};
		if (read_crew(r, p->value, roster->minimum, &ret[n].people) && shift >= 0)
			n++;
	}
	return n;
}

static void read_dates(struct reader *r, const struct node *node, struct roster *ret)
{
	struct duty_date *list;
	int n = 0;

	if (!must_be_map(r, &(struct entry){NULL, node}, "'dates'"))
		return;
	for (int i = 0; i < node->n; i++)
		n += node->pairs[i].value->kind == NODE_MAP ? node->pairs[i].value->n : 0;
	list = arena_alloc(&r->plan->arena, (size_t)(n + 1) * sizeof *list);
	n = 0;
	for (int i = 0; i < node->n; i++)
		n += read_date(r, &node->pairs[i], ret, &list[n]);
	ret->dates = list;
	ret->n_dates = n;
}

/* -- a roster -- */

static void read_roster(struct reader *r, const struct entry *e, struct roster *ret)
{
	struct roster_text text = {0};

	keys_read(r, e, &roster_keys, &text);
	*ret = text.roster;
	ret->id = arena_str(&r->plan->arena, e->key->text);
	if (text.shifts)
		read_shifts(r, e, text.shifts, &ret->shifts);
	if (text.rotation)
		read_rotation(r, text.rotation, ret);
	if (text.from)
		read_day(r, text.from, &ret->from_day);
	if (text.dates)
		read_dates(r, text.dates, ret);
	if (text.rotation && !text.from) {
		complain(r, text.rotation, "a rotation needs 'from': the day whose first shift is the first entry's");
		advise(r, "write from: 2026-11-01");
	}
	if (!text.rotation && !text.dates && text.shifts) {
		complain(r, e->key, "roster '%s' names nobody", ret->id);
		advise(r, "write rotation: [wang, li] and from: 2026-11-01, or dates");
	}
}

void rosters_read(struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_ROSTER];
	struct roster *list = arena_alloc(&r->plan->arena, (size_t)(e->n + 1) * sizeof *list);

	for (int i = 0; i < e->n; i++)
		read_roster(r, &e->at[i], &list[i]);
	r->plan->rosters = list;
	r->plan->n_rosters = e->n;
}
