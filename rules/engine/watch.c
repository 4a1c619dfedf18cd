/* watch.c - the rounds of a watch: when one begins, who is reminded, what was
 * missed, and that it was seen after all. */
#include "engine/watch.h"

#include "engine/emit.h"
#include "engine/flap.h"
#include "engine/incident.h"
#include "engine/save.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLINK_MS = 2000 }; /* a link that is back so soon was hardly away */

const struct watch_def *watch_of(const struct engine *e, const struct watch_run *w)
{
	return w->watch < 0 ? NULL : &e->plan->watches[w->watch];
}

/* -- hours -- */

/* `closed` looks at a time of day, the others at the end of a round. */
int64_t watch_round_ms(const struct engine *e, const struct watch_def *d)
{
	int64_t at_ms = e->now_ms;

	if (!d->closed_type)
		return at_ms + d->every_ms;
	do
		at_ms = schedule_next_ms(&d->by, &e->plan->tz, at_ms);
	while (at_ms != INT64_MAX && !schedule_is_on(&d->by, &e->plan->tz, at_ms));
	return at_ms;
}

/* An incident of the hazard or type is open, but for those the watch itself raised. */
static bool is_open(const struct engine *e, const struct watch_def *d, int hazard, const char *type)
{
	const char *own = e->plan->types[d->type].id;

	for (int i = 0; i < e->n_incidents; i++) {
		const struct incident *inc = e->incidents[i];

		if (!incident_is_open(inc) || inc->drill || !strcmp(inc->type_id, own))
			continue;
		if (type ? !strcmp(inc->type_id, type) : (int)inc->hazard == hazard)
			return true;
	}
	return false;
}

static bool should_run(const struct engine *e, const struct watch_def *d)
{
	if (!schedule_is_on(&d->during, &e->plan->tz, e->now_ms))
		return false;
	return (d->hazard < 0 && !d->while_type) || is_open(e, d, d->hazard, d->while_type);
}

void watch_arm(struct engine *e, struct watch_run *w)
{
	const struct watch_def *d = watch_of(e, w);
	int64_t at_ms = d ? schedule_next_ms(&d->during, &e->plan->tz, e->now_ms) : INT64_MAX, next_ms;

	if (d && w->on && w->frozen_ms < 0) {
		next_ms = w->due_ms - (w->reminded ? 0 : d->remind_ms);
		at_ms = next_ms < at_ms ? next_ms : at_ms;
	}
	if (at_ms == INT64_MAX)
		deadline_clear(&e->heap, &w->due);
	else
		deadline_set(&e->heap, &w->due, at_ms);
}

static void begin_round(struct engine *e, struct watch_run *w)
{
	for (int i = 0; i < w->n_points; i++)
		w->points[i].seen = false;
	w->reminded = false;
	w->due_ms = watch_round_ms(e, watch_of(e, w));
	w->frozen_ms = e->link == LINK_SYNCED ? -1 : e->now_ms;
	w->dirty = true;
}

/* -- saying it -- */

static void member_name(const struct watch_run *w, const struct watch_seen *p, struct buf *ret)
{
	buf_printf(ret, "watch:%s%s%s", w->id, *p->id ? "/" : "", p->id);
}

static void put_open(const struct engine *e, const struct watch_def *d, struct buf *out)
{
	for (int i = 0; d->closed_type && i < e->n_incidents; i++)
		if (incident_is_open(e->incidents[i]) && !e->incidents[i]->drill &&
		    !strcmp(e->incidents[i]->type_id, d->closed_type))
			buf_printf(out, "%s%s", out->len ? " " : "", e->incidents[i]->id);
}

static struct member *missed_member(struct engine *e, struct incident *inc, const struct watch_run *w,
                                    const struct watch_seen *p)
{
	struct buf name = {0}, shown = {0};
	struct member *m;

	member_name(w, p, &name);
	m = member_find(inc, buf_text(&name));
	if (!m)
		m = member_add(e, inc, buf_text(&name), "watch");
	put_open(e, watch_of(e, w), &shown);
	buf_str(&shown, shown.len ? "" : *p->id ? p->id : w->id);
	m->active = TRUTH_TRUE;
	m->out = false;
	member_show(m->now, buf_text(&shown));
	if (!*m->value)
		member_show(m->value, m->now);
	buf_fini(&name);
	buf_fini(&shown);
	return m;
}

/* Into one that is open already: each has its row, and all of them are told once. */
static void join_missed(struct engine *e, struct incident *inc, struct member *const *members, int n)
{
	struct cue_arg a = {.who = "system", .kind = AUDIT_MEMBER, .member = members[0]};

	flap_onset(e, inc->instance);
	for (int i = 1; i < n; i++) {
		json_str(row_begin(e), "sensor", members[i]->sensor);
		row_end(e, AUDIT_MEMBER, inc, "system", 0);
	}
	life_cue(e, inc, CUE_RAISE, &a);
	incident_touch(e, inc);
}

/* The points by their places in the watch. */
static void raise_missed(struct engine *e, const struct watch_run *w, const int *points, int n)
{
	const struct watch_def *d = watch_of(e, w);
	const struct incident_type *t = &e->plan->types[d->type];
	bool whole_site = t->per == PER_SITE || d->zone < 0;
	struct instance *in = instance_get(e, t, whole_site ? "-" : e->plan->zones[d->zone].id);
	struct incident *inc = in->incident;
	struct cue_arg a = {.who = "system"};
	struct member **members;

	if (!inc) {
		inc = incident_create(e, in);
		incident_begin_grade(inc, NULL);
		for (int i = 0; i < n; i++)
			missed_member(e, inc, w, &w->points[points[i]]);
		incident_begin(e, inc, &a);
		return;
	}
	for (int i = 0; i < n; i++) /* adding one may move the others */
		missed_member(e, inc, w, &w->points[points[i]]);
	members = xcalloc((size_t)n, sizeof(struct member *));
	for (int i = 0; i < n; i++)
		members[i] = missed_member(e, inc, w, &w->points[points[i]]);
	join_missed(e, inc, members, n);
	free(members);
}

static bool is_missed_already(const struct engine *e, const struct watch_run *w, const struct watch_seen *p)
{
	struct buf name = {0};
	struct member *m;
	bool is;

	member_name(w, p, &name);
	is = p->missed && incident_missing(e, buf_text(&name), &m);
	buf_fini(&name);
	return is;
}

static void miss(struct engine *e, struct watch_run *w)
{
	int *points = xcalloc((size_t)w->n_points + 1, sizeof *points), n = 0;

	for (int i = 0; i < w->n_points; i++) {
		if (w->points[i].seen)
			continue;
		if (!is_missed_already(e, w, &w->points[i]))
			points[n++] = i;
		w->points[i].missed = true;
	}
	if (n)
		raise_missed(e, w, points, n);
	free(points);
}

/* Seen, or nobody waits for it any more. */
void watch_found(struct engine *e, struct watch_run *w, struct watch_seen *p, const char *who)
{
	struct buf name = {0};

	if (!p->missed)
		return;
	w->dirty = true;
	p->missed = false;
	member_name(w, p, &name);
	incident_found(e, buf_text(&name), who);
	buf_fini(&name);
}

static void put_points(const struct watch_run *w, struct buf *out)
{
	for (int i = 0; i < w->n_points; i++)
		if (!w->points[i].seen && *w->points[i].id)
			buf_printf(out, "%s%s", out->len ? ", " : "", w->points[i].id);
}

static void remind_person(struct engine *e, const struct watch_run *w, int person, int64_t cause)
{
	const struct watch_def *d = watch_of(e, w);
	enum lang lang = e->plan->people[person].language;
	struct to_send s = {.kind = NOTICE_REMINDER, .person = person, .cause = cause, .channel = -1};
	struct buf words = {0}, points = {0};
	char clock[TIME_TEXT_BYTES];

	put_points(w, &points);
	put_open(e, d, &points);
	time_clock(&e->plan->tz, w->due_ms, clock);
	buf_printf(&words, lang == LANG_ZH ? "%s:%s 前" : "%s: until %s", d->title.in[lang], clock);
	if (points.len)
		buf_printf(&words, lang == LANG_ZH ? "(%s)" : " (%s)", buf_text(&points));
	s.words = buf_text(&words);
	outbox_send(e, &s);
	buf_fini(&words);
	buf_fini(&points);
}

static void remind(struct engine *e, struct watch_run *w)
{
	const struct watch_def *d = watch_of(e, w);
	struct buf *b = row_begin(e), points = {0};
	int people[ROLE_PEOPLE_MAX], n = role_people(e, d->who, people, ROLE_PEOPLE_MAX);
	int64_t seq;

	w->reminded = true;
	w->dirty = true;
	json_str(b, "kind", notice_kind_name(NOTICE_REMINDER));
	json_str(b, "watch", w->id);
	json_time(b, "due", w->due_ms);
	put_points(w, &points);
	put_open(e, d, &points);
	if (points.len)
		json_str(b, "open", buf_text(&points));
	json_str(b, "person", n ? e->plan->people[people[0]].id : NULL);
	seq = row_end(e, AUDIT_NOTICE, NULL, "system", 0);
	for (int i = 0; i < n; i++)
		remind_person(e, w, people[i], seq);
	buf_fini(&points);
}

/* -- rounds -- */

static void rest(struct engine *e, struct watch_run *w)
{
	w->on = false;
	w->due_ms = w->frozen_ms = -1;
	w->dirty = true;
	for (int i = 0; i < w->n_points; i++)
		watch_found(e, w, &w->points[i], "system");
}

/* Its hours, or what it goes with, may have begun or ended. */
void watch_look(struct engine *e, struct watch_run *w)
{
	const struct watch_def *d = watch_of(e, w);
	bool run = d && should_run(e, d);

	if (run && !w->on) {
		w->on = true;
		begin_round(e, w);
	} else if (!run && w->on) {
		rest(e, w);
	}
	watch_arm(e, w);
}

static void round_over(struct engine *e, struct watch_run *w)
{
	const struct watch_def *d = watch_of(e, w);
	bool is_bad = !d->closed_type || is_open(e, d, -1, d->closed_type);

	if (is_bad)
		miss(e, w);
	begin_round(e, w);
}

void watch_due(struct engine *e, struct watch_run *w)
{
	const struct watch_def *d = watch_of(e, w);

	if (d && w->on && w->frozen_ms < 0) {
		if (e->now_ms >= w->due_ms)
			round_over(e, w);
		else if (d->remind_ms && !w->reminded && e->now_ms >= w->due_ms - d->remind_ms &&
		         (!d->closed_type || is_open(e, d, -1, d->closed_type)))
			remind(e, w);
		else if (!w->reminded && e->now_ms >= w->due_ms - d->remind_ms)
			w->reminded = w->dirty = true; /* nothing to remind of */
	}
	watch_look(e, w);
}

static bool is_sign(const struct watch_point *p, const struct sensor *s, const struct reading *r)
{
	if (p->sensor != s->def || r->retained)
		return false;
	if (r->kind == READING_VALUE)
		return !p->is.n || strings_have(&p->is, s->word);
	return r->kind == READING_SEEN && !p->is.n;
}

static void see(struct engine *e, struct watch_run *w, int point, const struct sensor *s)
{
	char who[80];
	bool whole = true;

	snprintf(who, sizeof who, "sensor:%s", s->id);
	w->points[point].seen = true;
	w->dirty = true;
	watch_found(e, w, &w->points[point], who);
	for (int i = 0; i < w->n_points; i++)
		whole = whole && w->points[i].seen;
	if (whole)
		begin_round(e, w);
	watch_arm(e, w);
}

void watch_sign(struct engine *e, const struct sensor *s, const struct reading *r)
{
	if (s->def < 0 || !e->plan->sensors[s->def].is_watched)
		return;
	for (int i = 0; i < e->n_watches; i++) {
		struct watch_run *w = e->watches[i];
		const struct watch_def *d = watch_of(e, w);

		for (int k = 0; d && w->on && k < d->n_points; k++)
			if (is_sign(&d->points[k], s, r))
				see(e, w, k, s);
	}
}

/* What `closed` missed is over when the last one is closed. */
static void settle_closed(struct engine *e, struct watch_run *w, const struct watch_def *d)
{
	if (w->points[0].missed && !is_open(e, d, -1, d->closed_type))
		watch_found(e, w, &w->points[0], "system");
}

void watches_settle(struct engine *e)
{
	for (int i = 0; e->started && i < e->n_watches; i++) {
		struct watch_run *w = e->watches[i];
		const struct watch_def *d = watch_of(e, w);

		if (d && d->closed_type)
			settle_closed(e, w, d);
		if (d && (d->hazard >= 0 || d->while_type) && should_run(e, d) != w->on)
			watch_look(e, w);
	}
}

/* -- the link and the clock -- */

void watch_freeze(struct engine *e, struct watch_run *w)
{
	if (!w->on || w->frozen_ms >= 0)
		return;
	w->frozen_ms = e->now_ms;
	w->dirty = true;
	watch_arm(e, w);
}

static void thaw(struct engine *e, struct watch_run *w)
{
	const struct watch_def *d = watch_of(e, w);
	int64_t away_ms = e->now_ms - w->frozen_ms;

	if (!w->on || w->frozen_ms < 0)
		return;
	if (away_ms > BLINK_MS && d && !d->closed_type)
		w->due_ms += away_ms;
	w->frozen_ms = -1;
	w->dirty = true;
	watch_arm(e, w);
}

void watches_link(struct engine *e, enum link was)
{
	for (int i = 0; i < e->n_watches; i++) {
		if (e->link == LINK_SYNCED && was != LINK_SYNCED)
			thaw(e, e->watches[i]);
		else if (e->link != LINK_SYNCED && was == LINK_SYNCED)
			watch_freeze(e, e->watches[i]);
	}
}

void watches_clock(struct engine *e, int64_t by_ms)
{
	for (int i = 0; i < e->n_watches; i++) {
		struct watch_run *w = e->watches[i];
		const struct watch_def *d = watch_of(e, w);

		w->dirty = true;
		if (d && w->on && d->closed_type)
			w->due_ms = watch_round_ms(e, d);
		else if (by_ms > 0 && w->on)
			w->due_ms += by_ms;
		if (by_ms > 0 && w->frozen_ms >= 0)
			w->frozen_ms += by_ms;
		watch_look(e, w);
	}
}
