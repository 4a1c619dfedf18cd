/* check_hours.c - conditions whose hours never come, or can be read in two ways. */
#include "language/check.h"

#include <stdlib.h>
#include <string.h>

enum { DAY = 1440, WEEK = 7 * DAY };

/* The minutes of the week that are left. */
static bool keep_hours(const struct schedule *s, bool *week)
{
	bool *on = xcalloc(WEEK, sizeof *on), any = false;

	for (int i = 0; i < s->n; i++) {
		const struct hours *h = &s->at[i];
		int end = h->to_min > h->from_min ? h->to_min : h->to_min + DAY;

		for (int day = 0; day < 7; day++)
			for (int m = h->from_min; h->days & 1u << day && m < end; m++)
				on[(day * DAY + m) % WEEK] = true;
	}
	for (int m = 0; m < WEEK; m++) {
		week[m] = week[m] && on[m];
		any = any || week[m];
	}
	free(on);
	return any;
}

/* What counts as false outside its hours would count as true below `not`: an exception at these hours, or
 * nothing but at these hours? */
static void check_below_not(struct reader *r, const struct cond *c, const struct place *p, bool below)
{
	if (!p->at)
		return;
	if (below && c->schedule) {
		const struct node *at = node_get(p->at, "schedule");

		complain(r, at ? at : p->at, "hours below 'not' can be read in two ways");
		advise(r, "put 'schedule' beside 'not', or list under 'any' what counts at which hours");
	}
	for (int i = 0; i < c->n_kids; i++) {
		const struct place kid = kid_place(p, c, i);

		check_below_not(r, &c->kids[i], &kid, below || c->op == COND_NOT);
	}
}

/* `week`: when those around it are on. */
static void check_hours(struct reader *r, const struct cond *c, const struct place *p, const bool *week)
{
	bool mine[WEEK];

	if (!p->at)
		return;
	memcpy(mine, week, sizeof mine);
	if (c->schedule && !keep_hours(c->schedule, mine)) {
		const struct node *at = node_get(p->at, "schedule");

		complain(r, at ? at : p->at,
		         "never true: these hours are outside those of what is around them");
		advise(r, "let the hours of the condition overlap those of its incident");
		return;
	}
	for (int i = 0; i < c->n_kids; i++) {
		const struct place kid = kid_place(p, c, i);

		check_hours(r, &c->kids[i], &kid, mine);
	}
}

static bool any_hours(const struct cond *c)
{
	bool any = c->schedule != NULL;

	for (int i = 0; i < c->n_kids; i++)
		any = any || any_hours(&c->kids[i]);
	return any;
}

void check_week(struct reader *r, const struct incident_type *t, const struct cond *c, const struct place *p)
{
	bool week[WEEK];

	if (!any_hours(c))
		return;
	memset(week, true, sizeof week);
	if (t->schedule.n)
		keep_hours(&t->schedule, week);
	check_hours(r, c, p, week);
	check_below_not(r, c, p, false);
}
