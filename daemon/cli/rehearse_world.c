/* rehearse_world.c - what surrounds the engine in a test: messages that come
 * again and again, channels that answer or do not, a broker, time. */
#include "rehearse_play.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

int64_t world_ms(const struct play *p)
{
	return p->stage.now_ms - p->test->start_ms;
}

/* -- what leaves -- */

static void forget(struct play *p, int i)
{
	struct waiting *w = &p->waiting[i];

	free(w->notice);
	for (int k = 0; k < 4; k++)
		free(w->texts[k]);
	p->n_waiting--;
	memmove(w, w + 1, (size_t)(p->n_waiting - i) * sizeof *w);
}

void world_forget(struct play *p)
{
	while (p->n_waiting)
		forget(p, 0);
}

static struct waiting *wait_for(struct play *p)
{
	p->waiting = xrealloc(p->waiting, (size_t)(p->n_waiting + 1) * sizeof *p->waiting);
	p->waiting[p->n_waiting] = (struct waiting){.channel = -1};
	return &p->waiting[p->n_waiting++];
}

static void took_command(struct play *p, const struct actuate *a)
{
	struct waiting *w = wait_for(p);

	w->command = *a;
	w->command.actuator = w->texts[0] = xstrdup(a->actuator);
	w->command.action = w->texts[1] = xstrdup(a->action);
	w->command.topic = w->texts[2] = xstrdup(a->topic);
	w->command.payload = w->texts[3] = xstrdup(a->payload);
}

static void took_notice(struct play *p, const struct notice *n)
{
	struct waiting *w = wait_for(p);

	w->notice = xstrdup(n->id);
	w->channel = plan_channel(p->plan, n->channel);
	seen_notice(&p->sights, world_ms(p), n);
}

static void took_publish(struct play *p, const struct publish *pub)
{
	if (!strncmp(pub->topic, "dryrun/", 7))
		seen_dryrun(&p->sights, world_ms(p), pub);
	for (int i = 0; i < p->plan->n_zones; i++) {
		const char *id = p->plan->zones[i].id;
		size_t len = strlen(id);

		if (!strncmp(pub->topic, "zone/", 5) && !strncmp(pub->topic + 5, id, len) &&
		    !strcmp(pub->topic + 5 + len, "/state"))
			xreplace(&p->zones[i], pub->payload);
	}
}

static void took_reply(struct play *p, const struct reply *r)
{
	struct err err;
	struct answer *a = answer_read(r->json, strlen(r->json), &err);

	xreplace(&p->answer, r->ok ? "ok" : answer_str(a, "error"));
	seen_answer(&p->sights, world_ms(p), r->user, a);
	answer_free(a);
}

static void took(void *arg, const struct effect *f)
{
	struct play *p = arg;

	if (f->kind == EFFECT_AUDIT)
		seen_row(&p->sights, world_ms(p), &f->row);
	else if (f->kind == EFFECT_NOTICE)
		took_notice(p, &f->notice);
	else if (f->kind == EFFECT_ACTUATE)
		took_command(p, &f->actuate);
	else if (f->kind == EFFECT_PUBLISH)
		took_publish(p, &f->publish);
	else if (f->kind == EFFECT_REPLY)
		took_reply(p, &f->reply);
}

/* -- what becomes of it -- */

static void tell_notice(struct play *p, const char *id, enum outcome outcome, const char *why)
{
	struct event ev = {.kind = EVENT_NOTICE, .notice = {.id = id, .outcome = outcome, .why = why}};

	stage_turn(&p->stage, &ev);
}

static void end_notice(struct play *p, const char *id, int channel)
{
	enum script_channel state = channel < 0 ? CHANNEL_UP : p->channels[channel];

	if (state == CHANNEL_DOWN)
		tell_notice(p, id, OUTCOME_FAILED, "the channel is down");
	else if (state != CHANNEL_SILENT)
		tell_notice(p, id, state == CHANNEL_UP ? OUTCOME_SENT : OUTCOME_DELIVERED, NULL);
}

static void end_command(struct play *p, const struct actuate *a)
{
	struct event ev = {.kind = EVENT_ACTUATED, .actuated = {.id = a->id, .outcome = OUTCOME_FAILED}};

	if (p->stage.link != LINK_SYNCED) {
		seen_act(&p->sights, world_ms(p), "a command could not leave: the broker is down");
	} else if (!engine_may_actuate(p->stage.engine, a->id)) {
		ev.actuated.interlocked = true;
	} else {
		ev.actuated.outcome = OUTCOME_SENT;
		seen_command(&p->sights, world_ms(p), a);
	}
	stage_turn(&p->stage, &ev);
}

void world_settle(struct play *p)
{
	while (p->n_waiting && p->instant++ < INSTANT_MAX) {
		struct waiting w = p->waiting[0];

		p->waiting[0] = (struct waiting){0};
		forget(p, 0);
		if (w.notice)
			end_notice(p, w.notice, w.channel);
		else
			end_command(p, &w.command);
		free(w.notice);
		for (int k = 0; k < 4; k++)
			free(w.texts[k]);
	}
}

/* -- time -- */

static struct repeat *next_repeat(struct play *p)
{
	struct repeat *next = NULL;

	for (int i = 0; i < p->n_repeats; i++)
		if (!next || p->repeats[i].next_ms < next->next_ms)
			next = &p->repeats[i];
	return next;
}

void world_message(struct play *p, const struct script_message *m, bool retained)
{
	struct message in = {.topic = m->topic,
	                     .payload = m->payload,
	                     .len = m->len,
	                     .qos = 1,
	                     .retained = retained,
	                     .at_ms = p->stage.now_ms};

	stage_message(&p->stage, &in);
}

bool world_happen(struct play *p, int64_t by_ms)
{
	struct repeat *r = next_repeat(p);
	int64_t due_ms = engine_next_due(p->stage.engine), was_ms = p->stage.now_ms;
	bool more = true;

	if (r && r->next_ms <= by_ms && r->next_ms <= due_ms) {
		p->stage.now_ms = r->next_ms > was_ms ? r->next_ms : was_ms;
		r->next_ms += r->every_ms;
		if (p->stage.link == LINK_SYNCED)
			world_message(p, r->message, r->retained);
	} else {
		more = stage_fire(&p->stage, by_ms);
	}
	p->instant = p->stage.now_ms > was_ms ? 0 : p->instant + 1;
	world_settle(p);
	return more && p->instant < INSTANT_MAX;
}

/* -- begin and end -- */

static const struct plan *plan_of(void *arg, const char *hash)
{
	const struct play *p = arg;

	return strcmp(hash, p->plan->hash) ? NULL : p->plan;
}

void world_open(struct play *p)
{
	p->channels = xcalloc((size_t)p->plan->n_channels + 1, sizeof *p->channels);
	p->zones = xcalloc((size_t)p->plan->n_zones + 1, sizeof *p->zones);
	p->stage = (struct stage){
	    .plan = p->plan, .now_ms = p->test->start_ms, .took = took, .plan_of = plan_of, .arg = p};
	stage_start(&p->stage);
	stage_link(&p->stage, LINK_UP);
	stage_link(&p->stage, LINK_SYNCED);
	world_settle(p);
	p->mark = p->sights.n;
}

void world_close(struct play *p)
{
	world_forget(p);
	for (int i = 0; i < p->plan->n_zones; i++)
		free(p->zones[i]);
	free(p->waiting);
	free(p->repeats);
	free(p->channels);
	free(p->zones);
	free(p->answer);
	seen_fini(&p->sights);
	stage_fini(&p->stage);
}
