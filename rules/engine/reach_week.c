/* reach_week.c - who holds a role within the next seven days, from when on; and
 * what is remembered of whether they are reached. */
#include "engine/duty.h"
#include "engine/emit.h"
#include "engine/reach.h"
#include "engine/save.h"

#include <stdlib.h>
#include <string.h>

enum { WEEK_MS = 7 * 86400000 };

/* -- who -- */

struct week {
	int64_t *duty_ms; /* by person; -1 */
	int *role;
};

static void take(const struct engine *e, const struct week *w, int64_t at_ms, bool is_now)
{
	for (int role = 0; role < e->plan->n_roles; role++) {
		struct holders h;

		if (is_now)
			role_holders(e, role, &h);
		else
			role_holders_at(e, role, at_ms, &h);
		for (int i = 0; i < h.n; i++) {
			int p = h.people[i];

			if (w->duty_ms[p] >= 0 && w->duty_ms[p] <= at_ms)
				continue;
			w->duty_ms[p] = at_ms;
			w->role[p] = role;
		}
	}
}

/* Whoever holds one does so from now on, from the begin of a shift, or of an override. */
static void take_all(const struct engine *e, const struct week *w)
{
	int64_t until_ms = e->now_ms + WEEK_MS;

	take(e, w, e->now_ms, true);
	for (int i = 0; i < e->plan->n_rosters; i++) {
		const struct shifts *s = &e->plan->rosters[i].shifts;

		for (int64_t at_ms = shifts_next_ms(s, &e->plan->tz, e->now_ms); at_ms < until_ms;
		     at_ms = shifts_next_ms(s, &e->plan->tz, at_ms))
			take(e, w, at_ms, false);
	}
	for (int i = 0; i < e->n_overrides; i++)
		if (e->overrides[i]->from_ms > e->now_ms && e->overrides[i]->from_ms < until_ms)
			take(e, w, e->overrides[i]->from_ms, false);
}

static void note(struct engine *e, int person, int64_t duty_ms, const char *role)
{
	struct rung *r = duty_ms >= 0 ? reach_get(e, e->plan->people[person].id)
	                               : reach_find(e, e->plan->people[person].id);

	if (!r)
		return;
	if (duty_ms == e->now_ms && r->duty_ms >= 0 && r->duty_ms <= duty_ms)
		duty_ms = r->duty_ms; /* has held it since then */
	if (r->duty_ms == duty_ms && !strcmp(r->role, role))
		return;
	r->duty_ms = duty_ms;
	xreplace(&r->role, role);
	r->dirty = true;
}

void reach_week(struct engine *e)
{
	size_t n = (size_t)e->plan->n_people + 1;
	struct week w = {xcalloc(n, sizeof *w.duty_ms), xcalloc(n, sizeof *w.role)};

	for (int p = 0; p < e->plan->n_people; p++)
		w.duty_ms[p] = -1;
	if (e->plan->ring.n)
		take_all(e, &w);
	for (int p = 0; p < e->plan->n_people; p++)
		note(e, p, w.duty_ms[p], w.duty_ms[p] < 0 ? "" : e->plan->roles[w.role[p]].id);
	free(w.duty_ms);
	free(w.role);
}

/* -- memory -- */

struct rung *reach_find(const struct engine *e, const char *person)
{
	for (int i = 0; i < e->n_reaches; i++)
		if (!strcmp(e->reaches[i]->person, person))
			return e->reaches[i];
	return NULL;
}

struct rung *reach_get(struct engine *e, const char *person)
{
	struct rung *r = reach_find(e, person);
	struct buf key = {0};
	int at = e->n_reaches;

	if (r)
		return r;
	r = xcalloc(1, sizeof *r);
	buf_printf(&key, "g/%s", person);
	r->key = buf_steal(&key);
	r->person = r->key + 2;
	r->duty_ms = -1;
	r->role = xstrdup("");
	r->dirty = true;
	e->reaches = xrealloc(e->reaches, (size_t)(e->n_reaches + 1) * sizeof(struct rung *));
	for (; at > 0 && strcmp(e->reaches[at - 1]->person, person) > 0; at--)
		e->reaches[at] = e->reaches[at - 1];
	e->reaches[at] = r;
	e->n_reaches++;
	return r;
}

struct reach_way *reach_way(const struct rung *r, const char *channel)
{
	for (int i = 0; i < r->n_ways; i++)
		if (!strcmp(r->ways[i].channel, channel))
			return &r->ways[i];
	return NULL;
}

struct reach_way *reach_way_get(struct rung *r, const char *channel)
{
	struct reach_way *w = reach_way(r, channel);

	if (w)
		return w;
	r->ways = xrealloc(r->ways, (size_t)(r->n_ways + 1) * sizeof *r->ways);
	w = &r->ways[r->n_ways++];
	*w = (struct reach_way){.channel = xstrdup(channel), .notice = xstrdup("")};
	return w;
}

void reach_drop_way(struct rung *r, struct reach_way *w)
{
	int i = (int)(w - r->ways);

	free(w->channel);
	free(w->notice);
	memmove(w, w + 1, (size_t)(--r->n_ways - i) * sizeof *w);
	r->dirty = true;
}

static void reach_free(struct rung *r)
{
	while (r->n_ways)
		reach_drop_way(r, &r->ways[r->n_ways - 1]);
	free(r->ways);
	free(r->role);
	free(r->key);
	free(r);
}

void reach_drop(struct engine *e, struct rung *r)
{
	int i = 0;

	while (e->reaches[i] != r)
		i++;
	records_put(&e->gone, r->key, NULL);
	memmove(&e->reaches[i], &e->reaches[i + 1], (size_t)(--e->n_reaches - i) * sizeof(struct rung *));
	reach_free(r);
}

void reaches_free(struct engine *e)
{
	for (int i = 0; i < e->n_reaches; i++)
		reach_free(e->reaches[i]);
	free(e->reaches);
}

/* -- records -- */

static void save(const struct rung *r, struct buf *b)
{
	record_tag(b, "g");
	record_int(b, r->duty_ms);
	record_str(b, r->role);
	record_int(b, r->missed);
	for (int i = 0; i < r->n_ways; i++) {
		const struct reach_way *w = &r->ways[i];

		record_tag(b, "w");
		record_str(b, w->channel);
		record_str(b, w->notice);
		record_str(b, delivery_name(w->state));
		record_int(b, w->at_ms);
		record_int(b, w->n_failed);
	}
}

void reaches_save(struct engine *e, struct records *ret, bool all)
{
	struct buf b = {0};

	for (int i = 0; i < e->n_reaches; i++) {
		if (!all && !e->reaches[i]->dirty)
			continue;
		save(e->reaches[i], &b);
		records_put(ret, e->reaches[i]->key, buf_text(&b));
		buf_clear(&b);
	}
	buf_fini(&b);
}

void reaches_set_clean(struct engine *e)
{
	for (int i = 0; i < e->n_reaches; i++)
		e->reaches[i]->dirty = false;
}

static void restore_way(struct rung *reach, struct record_reader *r)
{
	char *channel = record_read_str(r), *state;
	struct reach_way *w = reach_way_get(reach, channel);

	free(channel);
	free(w->notice);
	w->notice = record_read_str(r);
	state = record_read_str(r);
	w->state = (enum delivery)restore_bounded(r, delivery_from(state), DELIVERY_COUNT);
	free(state);
	w->at_ms = record_read_ms(r);
	w->n_failed = restore_bounded(r, record_read_int(r), 1 << 16);
}

/* The reader stands behind the first tag. */
int reach_restore(struct engine *e, const char *key, struct record_reader *r)
{
	struct rung *reach;
	char tag[RECORD_TAG_BYTES];

	if (!key[2] || reach_find(e, key + 2))
		return -1;
	reach = reach_get(e, key + 2);
	reach->duty_ms = record_read_ms(r);
	free(reach->role);
	reach->role = record_read_str(r);
	reach->missed = record_read_int(r) != 0;
	while (record_line(r, tag))
		if (!strcmp(tag, "w"))
			restore_way(reach, r);
	reach->dirty = false;
	return r->bad ? -1 : 0;
}
