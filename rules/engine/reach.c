/* reach.c - who is rung when, what came of it, and telling of whom nothing
 * reaches; see reach.h for the rule. */
#include "engine/reach.h"

#include "base/wall.h"
#include "engine/chain.h"
#include "engine/duty.h"
#include "engine/emit.h"
#include "engine/flap.h"
#include "engine/flood.h"
#include "engine/incident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PACE_MS = 60000,           /* between two people */
	LOOK_MS = 10 * 60000,      /* while the hours are on: somebody may have come onto the roster */
	RETRY_MS = 10 * 60000,     /* after the first failure */
	DAILY_MS = 12 * 3600000,   /* after the others: in the next day's hours */
	WEEKLY_MS = 13 * 12 * 3600000, /* half a day less: at the begin of the same hours */
	LOST_MS = 3600000,         /* an outcome that has not come by then never will */
	FAILURES = 2,              /* in a row, until it counts */
	NAME_BYTES = 80,           /* of a member */
};

/* -- when -- */

static bool is_hours(const struct engine *e)
{
	return e->plan->ring.n && schedule_is_on(&e->plan->ring, &e->plan->tz, e->now_ms);
}

/* Nobody reads a test while something real is told, and it must not be in its way. */
static bool is_busy(const struct engine *e)
{
	if (e->link != LINK_SYNCED || e->store != STORE_OK || e->stopping || e->n_drills || flood_is_on(e))
		return true;
	for (int i = 0; i < e->n_incidents; i++) {
		const struct incident *inc = e->incidents[i];

		if (!inc->drill && hazard_is_life(inc->hazard) && inc->state < STATE_CLEARED)
			return true;
	}
	return false;
}

static int64_t way_due_ms(const struct reach_way *w)
{
	if (!w)
		return 0;
	if (w->state == DELIVERY_QUEUED)
		return w->at_ms + LOST_MS;
	return w->at_ms + (!w->n_failed ? WEEKLY_MS : w->n_failed < FAILURES ? RETRY_MS : DAILY_MS);
}

/* What failed once is tried again after the hours, too: the shift may begin before the next ones. */
static bool is_due(const struct engine *e, const struct reach_way *w)
{
	bool is_retry = w && w->n_failed && w->n_failed < FAILURES;

	return (is_retry || is_hours(e)) && e->now_ms >= way_due_ms(w);
}

static const struct channel *channel_of(const struct engine *e, const struct person *p, int i)
{
	return &e->plan->channels[p->channels.at[i]];
}

static bool has_due(const struct engine *e, const struct rung *r)
{
	int p = plan_person(e->plan, r->person);
	const struct person *person = p < 0 ? NULL : &e->plan->people[p];

	for (int i = 0; person && r->duty_ms >= 0 && i < person->channels.n; i++)
		if (is_due(e, reach_way(r, channel_of(e, person, i)->id)))
			return true;
	return false;
}

/* Who is on duty soonest; in the order of their names. */
static struct rung *next_person(const struct engine *e)
{
	struct rung *best = NULL;

	for (int i = 0; i < e->n_reaches; i++)
		if (has_due(e, e->reaches[i]) && (!best || e->reaches[i]->duty_ms < best->duty_ms))
			best = e->reaches[i];
	return best;
}

/* -- ringing -- */

static void ring(struct engine *e, struct rung *r)
{
	struct to_send s = {.kind = NOTICE_TEST, .person = plan_person(e->plan, r->person)};
	const struct person *p = &e->plan->people[s.person];
	struct buf *b = row_begin(e);
	bool *due = xcalloc((size_t)p->channels.n + 1, sizeof *due);

	json_str(b, "kind", notice_kind_name(NOTICE_TEST));
	json_str(b, "person", r->person);
	json_str(b, "role", r->role);
	json_time(b, "duty", r->duty_ms);
	json_open(b, "channels", '[');
	for (int i = 0; i < p->channels.n; i++) {
		due[i] = is_due(e, reach_way(r, channel_of(e, p, i)->id));
		if (due[i])
			json_str(b, NULL, channel_of(e, p, i)->id);
	}
	json_close(b, ']');
	s.cause = row_end(e, AUDIT_NOTICE, NULL, "system", 0);
	for (int i = 0; i < p->channels.n; i++) {
		s.channel = p->channels.at[i];
		if (due[i])
			outbox_send(e, &s);
	}
	free(due);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When there may be somebody to ring; whoever is due already waits for in_ms. */
static void arm_in(struct engine *e, int64_t in_ms)
{
	int64_t at_ms = schedule_next_ms(&e->plan->ring, &e->plan->tz, e->now_ms), soon_ms = e->now_ms + in_ms;

	if (is_hours(e))
		at_ms = sooner(at_ms, soon_ms);
	for (int i = 0; i < e->n_reaches; i++)
		for (int k = 0; k < e->reaches[i]->n_ways; k++) {
			const struct reach_way *w = &e->reaches[i]->ways[k];
			int64_t due_ms = way_due_ms(w);

			if (w->n_failed && w->n_failed < FAILURES && e->reaches[i]->duty_ms >= 0)
				at_ms = sooner(at_ms, due_ms > e->now_ms ? due_ms : soon_ms);
		}
	if (at_ms == INT64_MAX)
		deadline_clear(&e->heap, &e->ring_due);
	else
		deadline_set(&e->heap, &e->ring_due, at_ms);
}

void reach_arm(struct engine *e)
{
	if (e->plan->ring.n)
		arm_in(e, PACE_MS);
	else
		deadline_clear(&e->heap, &e->ring_due);
}

void reach_due(struct engine *e)
{
	struct rung *r;

	reach_week(e);
	e->reach_changed = true;
	r = is_busy(e) ? NULL : next_person(e);
	if (r)
		ring(e, r);
	arm_in(e, r ? PACE_MS : LOOK_MS);
}

/* -- outcomes -- */

static const char *name_of(const struct rung *r, char ret[NAME_BYTES])
{
	snprintf(ret, NAME_BYTES, "reach:%s", r->person);
	return ret;
}

/* One notice fails once, however often it is tried. Whom persons took out of the incident is told anew. */
static void fails(struct engine *e, struct rung *r, struct reach_way *w)
{
	char name[NAME_BYTES];
	struct member *m;

	if (w->state == DELIVERY_FAILED)
		return;
	w->n_failed++;
	r->missed = r->missed && incident_missing(e, name_of(r, name), &m);
}

static void is_now(struct engine *e, struct rung *r, struct reach_way *w, enum delivery state)
{
	if (state == DELIVERY_FAILED)
		fails(e, r, w);
	else if (state != DELIVERY_QUEUED)
		w->n_failed = 0;
	w->state = state;
	w->at_ms = e->now_ms;
	r->dirty = e->reach_changed = true;
}

void reach_is(struct engine *e, const struct notice *n, enum delivery state)
{
	bool is_new = state == DELIVERY_QUEUED;
	struct rung *r = is_new ? reach_get(e, n->person) : reach_find(e, n->person);
	struct reach_way *w = is_new ? reach_way_get(r, n->channel) : r ? reach_way(r, n->channel) : NULL;

	if (is_new)
		xreplace(&w->notice, n->id);
	if (w && !strcmp(w->notice, n->id)) /* else an older one, or a plan has dropped it since */
		is_now(e, r, w, state);
}

void reach_late(struct engine *e, const struct receipt *receipt)
{
	enum delivery state = receipt->outcome == OUTCOME_SENT ? DELIVERY_SENT : DELIVERY_DELIVERED;

	for (int i = 0; i < e->n_reaches && receipt->outcome != OUTCOME_FAILED; i++)
		for (int k = 0; k < e->reaches[i]->n_ways; k++) {
			struct reach_way *w = &e->reaches[i]->ways[k];

			if (!strcmp(w->notice, receipt->id) && w->state != DELIVERY_DELIVERED &&
			    (!receipt->channel || !strcmp(w->channel, receipt->channel)))
				is_now(e, e->reaches[i], w, state);
		}
}

/* -- whom nothing reaches -- */

static bool is_unreached(const struct engine *e, const struct rung *r)
{
	int p = plan_person(e->plan, r->person);
	const struct person *person = p < 0 ? NULL : &e->plan->people[p];

	if (!person || r->duty_ms < 0 || !e->plan->ring.n)
		return false;
	for (int i = 0; i < person->channels.n; i++) {
		const struct reach_way *w = reach_way(r, channel_of(e, person, i)->id);

		if (!w || w->n_failed < FAILURES)
			return false;
	}
	return true;
}

static const struct rung *reach_of(const struct engine *e, int person)
{
	return reach_find(e, e->plan->people[person].id);
}

bool reach_is_missed(const struct engine *e, int person)
{
	const struct rung *r = reach_of(e, person);

	return r && r->missed;
}

/* Nobody of those who hold the role then is reached. */
static bool is_alone(const struct engine *e, const struct rung *r)
{
	int role = plan_role(e->plan, r->role);
	struct holders h;

	if (role < 0)
		return false;
	if (r->duty_ms <= e->now_ms)
		role_holders(e, role, &h);
	else
		role_holders_at(e, role, r->duty_ms, &h);
	for (int i = 0; i < h.n; i++) {
		const struct rung *other = reach_of(e, h.people[i]);

		if (!other || !is_unreached(e, other))
			return false;
	}
	return true;
}

/* "Li (duty electrician from 2026-11-24 20:00, nobody else)" */
static void say_one(const struct engine *e, const struct rung *r, enum lang lang, struct buf *out)
{
	int p = plan_person(e->plan, r->person), role = plan_role(e->plan, r->role);
	char at[TIME_TEXT_BYTES];

	buf_str(out, p < 0 ? r->person : e->plan->people[p].name);
	if (role < 0)
		return;
	buf_printf(out, lang == LANG_ZH ? "(%s" : " (%s", e->plan->roles[role].name.in[lang]);
	if (r->duty_ms > e->now_ms)
		buf_printf(out, lang == LANG_ZH ? " %s 起" : " from %s",
		           wall_text(&e->plan->tz, r->duty_ms, at));
	if (is_alone(e, r))
		buf_str(out, lang == LANG_ZH ? ",无其他人" : ", nobody else");
	buf_char(out, ')');
}

void reach_say(const struct engine *e, const struct incident *inc, enum lang lang, struct buf *out)
{
	size_t start = out->len;

	for (int i = 0; i < inc->n_members; i++) {
		const struct member *m = &inc->members[i];
		const struct rung *r = strncmp(m->sensor, "reach:", 6) ? NULL : reach_find(e, m->sensor + 6);

		if (!r || m->active != TRUTH_TRUE || m->out)
			continue;
		if (out->len > start)
			buf_str(out, lang == LANG_ZH ? "、" : ", ");
		say_one(e, r, lang, out);
	}
}

static struct member *missed_member(struct engine *e, struct incident *inc, const struct rung *r)
{
	char name[NAME_BYTES];
	struct buf shown = {0};
	struct member *m = member_find(inc, name_of(r, name));

	if (!m)
		m = member_add(e, inc, name, "person");
	m->active = TRUTH_TRUE;
	m->out = false;
	say_one(e, r, LANG_EN, &shown);
	member_show(m->now, buf_text(&shown));
	if (!*m->value)
		member_show(m->value, m->now);
	buf_fini(&shown);
	return m;
}

/* Who has to find somebody else hears of it at once, wherever the calls have got to. */
static void tell_above(struct engine *e, struct incident *inc, const struct rung *r)
{
	int people[LEVEL_PEOPLE_MAX], role = plan_role(e->plan, r->role);
	const struct roster *roster = role < 0 ? NULL : e->plan->roles[role].roster;
	int n = roster ? duty_above(e, roster, people, LEVEL_PEOPLE_MAX)
	               : chain_people(e, inc, chain_levels(e, inc), people, LEVEL_PEOPLE_MAX);
	struct to_send s = {.kind = NOTICE_TELL, .inc = inc, .channel = -1};

	json_str(row_begin(e), "kind", notice_kind_name(NOTICE_TELL));
	s.cause = row_end(e, AUDIT_NOTICE, inc, "system", inc->seq);
	for (int i = 0; i < n; i++) {
		enum lang lang = e->plan->people[people[i]].language;
		struct buf words = {0};

		buf_str(&words, lang == LANG_ZH ? "任何渠道都联系不上:" : "No channel reaches ");
		say_one(e, r, lang, &words);
		s.person = people[i];
		s.words = buf_text(&words);
		if (!was_called(inc, e->plan->people[people[i]].id))
			outbox_send(e, &s);
		buf_fini(&words);
	}
}

static void miss(struct engine *e, struct rung *r)
{
	const struct incident_type *t = &e->plan->types[plan_self(e->plan, SELF_UNREACHABLE)];
	struct instance *in = instance_get(e, t, "-");
	struct incident *inc = in->incident;
	struct cue_arg a = {.who = "system", .kind = AUDIT_MEMBER};

	r->missed = r->dirty = e->duty_changed = true;
	if (inc) {
		a.member = missed_member(e, inc, r);
		flap_onset(e, in);
		life_cue(e, inc, CUE_RAISE, &a);
		incident_touch(e, inc);
	} else {
		inc = incident_create(e, in);
		incident_begin_grade(inc, NULL);
		missed_member(e, inc, r);
		incident_begin(e, inc, &a);
	}
	tell_above(e, inc, r);
}

/* Reached, or nobody waits for it any more. */
static void found(struct engine *e, struct rung *r)
{
	char name[NAME_BYTES];

	r->missed = false;
	r->dirty = e->duty_changed = true;
	incident_found(e, name_of(r, name), "system");
}

void reach_settle(struct engine *e)
{
	if (!e->reach_changed || !e->started)
		return;
	e->reach_changed = false;
	for (int i = 0; i < e->n_reaches; i++) {
		struct rung *r = e->reaches[i];
		bool is = is_unreached(e, r);

		if (is && !r->missed)
			miss(e, r);
		else if (!is && r->missed)
			found(e, r);
	}
	if (e->plan->ring.n && (!e->ring_due.pos || e->ring_due.at_ms > e->now_ms + RETRY_MS))
		arm_in(e, RETRY_MS);
}

/* -- a new plan -- */

static bool has_channel(const struct engine *e, const struct person *p, const char *id)
{
	for (int i = 0; i < p->channels.n; i++)
		if (!strcmp(channel_of(e, p, i)->id, id))
			return true;
	return false;
}

void reach_replan(struct engine *e)
{
	for (int i = e->n_reaches - 1; i >= 0; i--) {
		struct rung *r = e->reaches[i];
		int p = plan_person(e->plan, r->person);

		for (int k = r->n_ways - 1; k >= 0 && p >= 0; k--)
			if (!has_channel(e, &e->plan->people[p], r->ways[k].channel))
				reach_drop_way(r, &r->ways[k]);
		if (p >= 0)
			continue;
		if (r->missed)
			found(e, r);
		reach_drop(e, r);
	}
	reach_week(e);
	reach_arm(e);
	e->reach_changed = true;
}

/* -- as others see it -- */

static void put_way(const struct reach_way *w, const char *channel, struct buf *out)
{
	json_open(out, channel, '{');
	json_str(out, "state", w ? delivery_name(w->state) : NULL);
	json_time(out, "at", w ? w->at_ms : -1);
	json_close(out, '}');
}

void engine_view_reach(const struct engine *e, struct buf *out)
{
	json_open(out, NULL, '{');
	for (int i = 0; i < e->n_reaches; i++) {
		const struct rung *r = e->reaches[i];
		int p = plan_person(e->plan, r->person);

		if (p < 0)
			continue;
		json_open(out, r->person, '{');
		json_str(out, "role", *r->role ? r->role : NULL);
		json_time(out, "duty", r->duty_ms);
		json_bool(out, "unreached", r->missed);
		json_open(out, "channels", '{');
		for (int k = 0; k < e->plan->people[p].channels.n; k++) {
			const char *channel = channel_of(e, &e->plan->people[p], k)->id;

			put_way(reach_way(r, channel), channel, out);
		}
		json_close(out, '}');
		json_close(out, '}');
	}
	json_close(out, '}');
}
