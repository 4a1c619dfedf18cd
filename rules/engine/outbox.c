/* outbox.c - notices that have not ended. Each is a saved record until its
 * outcome is known, so a crash repeats it, under its own id and marked; when
 * one way fails the person's next channel is tried at once. */
#include "engine/chain.h"
#include "engine/emit.h"
#include "engine/flood.h"
#include "engine/hold.h"
#include "engine/life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRACE_MS = 1000, AGAIN_MS = 2000 };

static bool is_now(const struct engine *e, const struct schedule *hours)
{
	return !hours->n || schedule_is_on(hours, &e->plan->tz, e->now_ms);
}

/* By severity and hour, of the channel and of the person. */
static bool carries(const struct engine *e, const struct person *p, int place, const struct notice *n)
{
	const struct channel *c = &e->plan->channels[p->channels.at[place]];
	const struct way *way = p->ways ? &p->ways[place] : NULL;

	if (n->kind == NOTICE_TEST)
		return true;
	return (c->severities & 1u << n->severity) && is_now(e, &c->hours) &&
	       (!way || ((way->severities & 1u << n->severity) && is_now(e, &way->hours)));
}

/* The person's channel from place `from` on that carries it; -1: none. */
static int next_channel(const struct engine *e, const struct person *p, const struct notice *n, int from)
{
	for (int i = from; i < p->channels.n; i++)
		if (carries(e, p, i, n))
			return i;
	return -1;
}

static bool is_page(const struct engine *e, const char *channel)
{
	int c = plan_channel(e->plan, channel);

	return c >= 0 && !strcmp(e->plan->channels[c].plugin, "page");
}

/* Silence for so long is a failure. The channel itself ends what it began at its timeout, and knows why: it
 * has a second to say so. */
static int64_t limit_ms(const struct engine *e, const char *channel)
{
	int c = plan_channel(e->plan, channel);

	return c >= 0 && e->plan->channels[c].timeout_ms > 0 ? e->plan->channels[c].timeout_ms + GRACE_MS : 0;
}

/* I2: what may leave while the store is late: life, and that the store fails. */
static bool is_urgent(const struct notice *n)
{
	return !n->drill && (hazard_is_life(n->hazard) || n->hazard == HAZARD_SYSTEM);
}

static void leave(struct engine *e, struct notice_run *r)
{
	if (is_page(e, r->notice.channel) && e->link == LINK_DOWN && e->link_stage == 0) {
		r->waits_link = true; /* the grace: the broker may be back in a moment */
		r->dirty = true;
		return;
	}
	r->left = e->link != LINK_DOWN || !is_page(e, r->notice.channel);
	if (limit_ms(e, r->notice.channel) > 0)
		deadline_set(&e->heap, &r->due, e->now_ms + limit_ms(e, r->notice.channel));
	effect_notice(e, &r->notice, is_urgent(&r->notice));
}

static void run_free(struct notice_run *r)
{
	struct notice *n = &r->notice;

	free((char *)n->id);
	free((char *)n->person);
	free((char *)n->channel);
	free((char *)n->incident);
	free((char *)n->text);
	free((char *)n->answer);
	free((char *)n->covers);
	free((char *)n->user);
	free(r->key);
	free(r);
}

static void add(struct engine *e, struct notice_run *r)
{
	if (e->n_notices == e->cap_notices) {
		e->cap_notices = e->cap_notices ? e->cap_notices * 2 : 16;
		e->notices = xrealloc(e->notices, (size_t)e->cap_notices * sizeof(struct notice_run *));
	}
	e->notices[e->n_notices++] = r;
}

static void forget(struct engine *e, int i)
{
	records_put(&e->gone, e->notices[i]->key, NULL);
	deadline_clear(&e->heap, &e->notices[i]->due);
	run_free(e->notices[i]);
	memmove(&e->notices[i], &e->notices[i + 1], (size_t)(e->n_notices - i - 1) * sizeof *e->notices);
	e->n_notices--;
}

static char *notice_id(struct engine *e, int64_t cause)
{
	char id[48];

	if (e->notice_seq != cause || PLANTED(5)) {
		e->notice_seq = cause;
		e->notice_n = 0;
	}
	snprintf(id, sizeof id, "%lld.%d", (long long)cause, ++e->notice_n);
	return xstrdup(id);
}

static int64_t reply_by(const struct engine *e, const struct to_send *s)
{
	if (s->kind == NOTICE_CALL && s->inc->due.pos)
		return s->inc->due.at_ms;
	return s->kind == NOTICE_TEST ? e->now_ms + 60000 : -1;
}

static struct notice_run *compose(struct engine *e, const struct to_send *s)
{
	const struct person *p = &e->plan->people[s->person];
	struct notice_run *r = xcalloc(1, sizeof *r);
	struct wording w = {s->kind, p->language, s->person, s->level, s->inc, s->step, s->words};
	struct buf text = {0};
	char number[24];

	render_notice(e, &w, &text);
	r->notice = (struct notice){.kind = s->kind,
	                            .seq = s->cause,
	                            .epoch = e->epoch,
	                            .level = s->level,
	                            .lang = p->language,
	                            .hazard = HAZARD_OTHER,
	                            .severity = s->kind == NOTICE_REMINDER ? SEVERITY_MINOR
	                                                                   : SEVERITY_CRITICAL,
	                            .reply_by_ms = -1};
	if (s->inc) {
		snprintf(number, sizeof number, "%lld", (long long)s->inc->number);
		r->notice.incident = xstrdup(s->inc->id);
		r->notice.rev = s->inc->rev;
		r->notice.hazard = step_hazard(s->inc, s->step);
		r->notice.severity = s->inc->severity;
		r->notice.answer = xstrdup(number);
		r->notice.drill = s->inc->drill != NULL;
	}
	r->notice.reply_by_ms = reply_by(e, s);
	r->notice.id = notice_id(e, s->cause);
	r->notice.person = xstrdup(p->id);
	r->notice.user = xstrdup(p->users.n ? p->users.at[0] : p->id);
	r->notice.text = buf_steal(&text);
	return r;
}

/* A newer call of the same person for the same incident says all of an older one that waits. */
static void supersede(struct engine *e, const struct notice *n)
{
	for (int i = e->n_notices - 1; i >= 0 && n->kind == NOTICE_CALL && n->incident; i--) {
		const struct notice_run *old = e->notices[i];

		if (old->waits_link && old->notice.kind == NOTICE_CALL && old->notice.incident &&
		    !strcmp(old->notice.incident, n->incident) && !strcmp(old->notice.person, n->person))
			forget(e, i);
	}
}

static void submit(struct engine *e, const struct person *p, struct notice_run *r, int channel)
{
	char key[64];

	r->channel_index = next_channel(e, p, &r->notice, 0);
	if (channel < 0)
		channel = p->channels.at[r->channel_index < 0 ? 0 : r->channel_index];
	else
		r->channel_index = p->channels.n; /* a named channel has no next one */
	if (r->channel_index < 0)
		r->channel_index = 0;
	r->notice.channel = xstrdup(e->plan->channels[channel].id);
	snprintf(key, sizeof key, "n/%s", r->notice.id);
	r->key = xstrdup(key);
	deadline_init(&r->due, DEADLINE_NOTICE, r, r->key, 0);
	r->dirty = true;
	supersede(e, &r->notice);
	add(e, r);
	delivery_is(e, &r->notice, DELIVERY_QUEUED);
	leave(e, r);
}

void outbox_send(struct engine *e, const struct to_send *s)
{
	if (s->inc && notices_held(s->inc) && s->kind != NOTICE_OVER && !step_is_graver(s->inc, s->step))
		return;
	if (!flood_holds(e, s))
		outbox_send_held(e, s);
}

void outbox_send_held(struct engine *e, const struct to_send *s)
{
	submit(e, &e->plan->people[s->person], compose(e, s), s->channel);
}

void outbox_summary(struct engine *e, const struct to_send *s, enum severity severity, const char *covers)
{
	struct notice_run *r = compose(e, s);

	r->notice.severity = severity;
	r->notice.covers = xstrdup(covers);
	r->notice.answer = xstrdup("all");
	submit(e, &e->plan->people[s->person], r, s->channel);
}

static int find(const struct engine *e, const char *id)
{
	for (int i = 0; i < e->n_notices; i++)
		if (!strcmp(e->notices[i]->notice.id, id))
			return i;
	return -1;
}

static void row(struct engine *e, const struct notice *n, enum audit_kind kind, const char *why)
{
	struct buf *b = row_begin(e);

	json_str(b, "notice", n->id);
	json_str(b, "person", n->person);
	json_str(b, "channel", n->channel);
	json_str(b, "kind", notice_kind_name(n->kind));
	if (n->repeat)
		json_bool(b, "repeat", true);
	if (why)
		json_str(b, "why", why);
	row_end(e, kind, delivery_incident(e, n->incident), "system", n->seq);
}

/* A call that no channel for its severity can carry takes any: silence is worse. */
static int way_after(const struct engine *e, const struct person *p, const struct notice_run *r)
{
	int next = next_channel(e, p, &r->notice, r->channel_index + 1);

	if (next < 0 && r->notice.kind == NOTICE_CALL && r->channel_index + 1 < p->channels.n)
		next = r->channel_index + 1;
	return next;
}

static void take_way(struct engine *e, struct notice_run *r, const struct person *p, int way)
{
	r->channel_index = way;
	free((char *)r->notice.channel);
	r->notice.channel = xstrdup(e->plan->channels[p->channels.at[way]].id);
	r->waits_link = false;
	r->dirty = true;
	delivery_is(e, &r->notice, DELIVERY_QUEUED);
	leave(e, r);
}

/* Not by this way: the person's next channel, else wait for the broker, else end. */
static void failed(struct engine *e, int i, const char *why, bool is_silent)
{
	struct notice_run *r = e->notices[i];
	int person = plan_person(e->plan, r->notice.person), next = -1;
	bool had_left = r->left || e->stopping; /* then nobody knows what was under way */

	row(e, &r->notice, AUDIT_DELIVERY_FAILED, why);
	delivery_is(e, &r->notice, DELIVERY_FAILED);
	deadline_clear(&e->heap, &r->due);
	r->notice.repeat = r->notice.repeat || (is_silent && had_left); /* it may have arrived all the same */
	r->left = false;
	if (person >= 0)
		next = way_after(e, &e->plan->people[person], r);
	if (next >= 0) {
		take_way(e, r, &e->plan->people[person], next);
		return;
	}
	/* the failure may be heard before the link's end, and what was lost with it is silent */
	if (person >= 0 && is_page(e, r->notice.channel) &&
	    (!is_silent || e->link != LINK_SYNCED || !r->tried_again)) {
		r->notice.repeat = r->notice.repeat || had_left;
		r->waits_link = true;
		r->dirty = true;
		if (e->link == LINK_SYNCED && !r->tried_again && r->notice.kind != NOTICE_TEST)
			/* the link was never gone: once soon, then with the marks */
			deadline_set(&e->heap, &r->due, e->now_ms + AGAIN_MS);
	} else {
		forget(e, i);
	}
	skip_ask(e);
}

static void leave_again(struct engine *e, struct notice_run *r)
{
	r->waits_link = false;
	r->tried_again = e->link == LINK_SYNCED;
	r->dirty = true;
	deadline_clear(&e->heap, &r->due);
	leave(e, r);
}

void outbox_silent(struct engine *e, struct notice_run *r)
{
	char why[64];

	if (r->waits_link) {
		r->dirty = true; /* the deadline is gone */
		if (e->link == LINK_SYNCED)
			leave_again(e, r);
		return;
	}
	for (int i = 0; i < e->n_notices; i++) {
		if (e->notices[i] != r)
			continue;
		snprintf(why, sizeof why, "no word of it within %lld ms",
		         (long long)limit_ms(e, r->notice.channel));
		failed(e, i, why, true);
		return;
	}
}

void outbox_outcome(struct engine *e, const struct receipt *receipt)
{
	int i = find(e, receipt->id);
	struct notice_run *r = i < 0 ? NULL : e->notices[i];
	bool is_late = !r || (receipt->channel && strcmp(receipt->channel, r->notice.channel) != 0);

	if (is_late) {
		delivery_late(e, receipt);
		if (r && r->waits_link && receipt->outcome != OUTCOME_FAILED)
			forget(e, i); /* it has arrived: not once more when the broker is back */
		return;
	}
	if (receipt->outcome == OUTCOME_FAILED) {
		failed(e, i, receipt->why, false);
		return;
	}
	row(e, &r->notice, receipt->outcome == OUTCOME_SENT ? AUDIT_SENT : AUDIT_DELIVERED, NULL);
	delivery_is(e, &r->notice, receipt->outcome == OUTCOME_SENT ? DELIVERY_SENT : DELIVERY_DELIVERED);
	forget(e, i);
}

/* After a crash nobody knows whether it left: again, under its own id. */
void outbox_started(struct engine *e)
{
	for (int i = 0; i < e->n_notices; i++) {
		struct notice_run *r = e->notices[i];

		r->notice.repeat = r->notice.repeat || (!r->waits_link && !PLANTED(10));
		r->dirty = true;
		leave(e, r);
	}
}

void outbox_link_up(struct engine *e)
{
	for (int i = 0; i < e->n_notices; i++) {
		struct notice_run *r = e->notices[i];

		if (r->waits_link)
			leave_again(e, r);
	}
}

/* Its own, or a summary that names it. */
static bool is_about(const struct notice *n, const struct incident *inc)
{
	char *next = NULL;

	if (n->incident)
		return !strcmp(n->incident, inc->id);
	for (const char *at = n->covers; at && *at; at = *next ? next + 1 : next)
		if (strtoll(at, &next, 10) == inc->number)
			return true;
	return false;
}

bool outbox_waits(const struct engine *e, const struct incident *inc, const char *person)
{
	for (int i = 0; i < e->n_notices; i++) {
		const struct notice_run *r = e->notices[i];

		if (r->waits_link && (!r->tried_again || e->link != LINK_SYNCED) &&
		    is_about(&r->notice, inc) && !strcmp(r->notice.person, person))
			return true;
	}
	return false;
}

void outbox_link_lost(struct engine *e)
{
	for (int i = e->n_notices - 1; i >= 0; i--)
		if (e->notices[i]->waits_link && !e->notices[i]->left)
			failed(e, i, "broker down", false);
}

void outbox_forget(struct engine *e, struct incident *inc)
{
	for (int i = e->n_notices - 1; i >= 0; i--) {
		struct notice_run *r = e->notices[i];

		if (r->waits_link && (r->notice.kind == NOTICE_CALL || inc->state == STATE_CLOSED) &&
		    r->notice.incident && !strcmp(r->notice.incident, inc->id))
			forget(e, i);
	}
}

/* Ids are "<seq>.<n>". */
static bool is_before(const struct notice *a, const struct notice *b)
{
	const char *x = strchr(a->id, '.'), *y = strchr(b->id, '.');

	if (a->seq != b->seq || !x || !y)
		return a->seq < b->seq;
	return strtoll(x + 1, NULL, 10) < strtoll(y + 1, NULL, 10);
}

/* In the order in which they were decided, however the records came. */
void outbox_restored(struct engine *e, struct notice_run *r)
{
	int i = e->n_notices;

	add(e, r);
	for (; i > 0 && is_before(&r->notice, &e->notices[i - 1]->notice); i--)
		e->notices[i] = e->notices[i - 1];
	e->notices[i] = r;
}

void outbox_free(struct engine *e)
{
	for (int i = 0; i < e->n_notices; i++) {
		deadline_clear(&e->heap, &e->notices[i]->due);
		run_free(e->notices[i]);
	}
	free(e->notices);
}
