/* engine.c - one switch over events; what is due afterwards; what others ask. */
#include "engine/caps.h"
#include "engine/cause.h"
#include "engine/chain.h"
#include "engine/drill.h"
#include "engine/duty.h"
#include "engine/emit.h"
#include "engine/flap.h"
#include "engine/flood.h"
#include "engine/gates.h"
#include "engine/home.h"
#include "engine/impair.h"
#include "engine/life.h"
#include "engine/reach.h"
#include "engine/save.h"
#include "engine/watch.h"

#include <stdlib.h>
#include <string.h>

enum {
	LINK_GRACE_MS = 2000,  /* the broker may be back in a moment; then other ways are taken */
	LINK_FAULT_MS = 10000, /* then somebody is called for it */
	DUE_MAX = 100000,      /* more than this in one step is our own bug, not work */
};

struct engine *engine_new(const struct plan *plan)
{
	struct engine *e = xcalloc(1, sizeof *e);

	e->plan = plan;
	e->next_number = e->reserved = 1;
	e->link = LINK_DOWN;
	e->store = STORE_OK;
	e->zone_words = xcalloc((size_t)plan->n_zones + 1, sizeof *e->zone_words);
	records_init(&e->gone);
	deadline_init(&e->link_due, DEADLINE_LINK, e, "", 0);
	deadline_init(&e->ring_due, DEADLINE_RING, e, "", 0);
	readers_make(e);
	return e;
}

void engine_plan_first(struct engine *e)
{
	if (!e->is_planned)
		sensors_replan(e);
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	outbox_free(e);
	watches_free(e);
	sensors_free(e); /* takes its deadlines out of the heap: while their neighbours live */
	floods_free(e);
	duties_free(e);
	impairs_free(e);
	reaches_free(e);
	for (int i = 0; i < e->n_actuations; i++)
		actuation_free(e->actuations[i]);
	free(e->actuations);
	for (int i = 0; i < e->n_incidents; i++)
		incident_free(e->incidents[i]);
	free(e->incidents);
	caps_free(e);
	home_free(e);
	publish_fini(e);
	heap_fini(&e->heap);
	records_fini(&e->gone);
	buf_fini(&e->body);
	free(e);
}

/* -- events -- */

/* Intake is new, or forgot: members of open incidents are followed again. */
static void follow_members(struct engine *e)
{
	for (int i = 0; i < e->n_incidents; i++)
		for (int m = 0; m < e->incidents[i]->n_members; m++)
			if (incident_is_open(e->incidents[i]))
				effect_follow(e, e->incidents[i]->members[m].sensor, true);
}

static void on_started(struct engine *e, const struct event *ev)
{
	struct buf *b;
	int64_t seq;

	e->epoch = ev->started.epoch;
	e->next_number = e->reserved;
	e->reserved += 100;
	e->started = true;
	b = row_begin(e);
	json_str(b, "host", ev->started.host);
	json_str(b, "boot", ev->started.boot);
	json_str(b, "version", ev->started.version);
	json_str(b, "plan", e->plan->hash);
	seq = row_end(e, AUDIT_STARTED, NULL, "system", 0);
	e->link = LINK_DOWN;
	e->link_stage = 0;
	deadline_set(&e->heap, &e->link_due, e->now_ms + LINK_GRACE_MS);
	if (restored_look(e, true))
		incident_self(e, SELF_STORE_SET_ASIDE, false,
		              "part of the saved state contradicts itself: check the open incidents");
	incident_selves_started(e);
	incident_sensors_dropped(e);
	sensor_started(e, ev->started.down_ms);
	actuate_started(e);
	outbox_started(e);
	watches_started(e);
	causes_replan(e);
	duties_replan(e);
	reach_replan(e);
	follow_members(e);
	untils_follow(e);
	home_settle(e, true);
	owners_replan(e, seq); /* the plan may be another than before */
	incoming_after(e, NULL, seq);
	e->all_changed = true;
}

static void on_plan(struct engine *e, const struct plan *plan)
{
	struct incoming *was = incoming_before(e);
	int64_t seq;

	for (int z = 0; z < e->plan->n_zones; z++)
		if (plan_zone(plan, e->plan->zones[z].id) < 0)
			publish_no_zone(e, e->plan->zones[z].id);
	publish_fini(e);
	e->plan = plan;
	e->zone_words = xcalloc((size_t)plan->n_zones + 1, sizeof *e->zone_words);
	json_str(row_begin(e), "plan", plan->hash);
	seq = row_end(e, AUDIT_PLAN, NULL, "system", 0);
	incident_replan(e);
	sensors_replan(e);
	incident_sensors_dropped(e);
	if (e->started)
		watches_started(e);
	causes_replan(e);
	duties_replan(e);
	reach_replan(e);
	follow_members(e);
	untils_follow(e);
	home_settle(e, false);
	owners_replan(e, seq);
	incoming_after(e, was, seq);
	e->all_changed = true;
}

static void link_row(struct engine *e, enum audit_kind kind)
{
	json_bool(row_begin(e), "synced", e->link == LINK_SYNCED);
	row_end(e, kind, NULL, "system", 0);
}

static void on_link(struct engine *e, enum link link)
{
	enum link was = e->link;

	e->link = link;
	sensor_link(e, link);
	watches_link(e, was);
	switch (link) {
	case LINK_DOWN:
		if (was != LINK_SYNCED && was != LINK_MARK_LOST)
			return; /* it never was whole: the grace of the break before goes on */
		e->link_stage = 0;
		deadline_set(&e->heap, &e->link_due, e->now_ms + LINK_GRACE_MS);
		link_row(e, AUDIT_BROKER_DOWN);
		break;
	case LINK_UP:
		outbox_link_up(e);
		break;
	case LINK_SYNCED:
		outbox_link_up(e); /* at each mark: what failed though the link was whole */
		if (was == LINK_SYNCED)
			return;
		deadline_clear(&e->heap, &e->link_due);
		link_row(e, AUDIT_BROKER_UP);
		incident_self(e, SELF_BROKER_DOWN, true, NULL);
		e->link_stage = 0;
		e->all_changed = true;
		actuate_synced(e);
		break;
	case LINK_MARK_LOST:
		incident_self(e, SELF_MARK_LOST, false, NULL);
		break;
	}
}

static void link_due(struct engine *e)
{
	if (e->link == LINK_SYNCED)
		return;
	if (e->link_stage == 0) {
		e->link_stage = 1;
		deadline_set(&e->heap, &e->link_due, e->now_ms + LINK_FAULT_MS - LINK_GRACE_MS);
		outbox_link_lost(e);
	} else if (e->link_stage == 1) {
		e->link_stage = 2;
		incident_self(e, SELF_BROKER_DOWN, false, NULL);
	}
}

static void touch_incidents(struct engine *e)
{
	for (int i = 0; i < e->n_incidents; i++)
		incident_touch(e, e->incidents[i]);
}

static void on_store(struct engine *e, enum store_state store)
{
	static const enum audit_kind kinds[] = {AUDIT_STORE_BACK, AUDIT_STORE_LATE, AUDIT_STORE_FAILED};
	enum store_state was = e->store;

	if (store == was || (store == STORE_LATE && was == STORE_FAILING))
		return;
	e->store = store;
	row_begin(e);
	row_end(e, kinds[store], NULL, "system", 0);
	if (store == STORE_OK) {
		incident_self(e, SELF_STORE_FAILING, true, NULL);
		touch_incidents(e); /* what left meanwhile says "unrecorded" */
	} else if (store == STORE_FAILING) {
		incident_self(e, SELF_STORE_FAILING, false, NULL);
	}
}

static void on_clock(struct engine *e, int64_t by_ms)
{
	json_int(row_begin(e), "step_ms", by_ms);
	row_end(e, AUDIT_CLOCK, NULL, "system", 0);
	if (by_ms > 0) {
		deadline_shift(&e->heap, by_ms);
		floods_shift(e, by_ms);
		impairs_shift(e, by_ms);
	}
	conditions_clock(e, by_ms);
	watches_clock(e, by_ms);
	duties_clock(e, by_ms);
	reach_arm(e);
	touch_incidents(e);
	for (int i = 0; i < e->n_notices; i++)
		e->notices[i]->dirty = true;
	for (int i = 0; i < e->n_sensors; i++)
		e->sensors[i]->dirty = true;
	for (int i = 0; i < e->n_instances; i++)
		e->instances[i]->dirty = true;
	for (int i = 0; i < e->n_actuations; i++)
		e->actuations[i]->dirty = true;
	floods_set_dirty(e, true);
}

static void on_archived(struct engine *e, const struct event *ev)
{
	struct buf *body = row_begin(e);

	json_int(body, "upto", ev->archived.upto);
	json_str(body, "head", ev->archived.head);
	json_str(body, "file", ev->archived.file);
	row_end(e, AUDIT_ARCHIVED, NULL, ev->archived.who, 0);
}

static void on_reading(struct engine *e, const struct reading *r)
{
	const struct sensor *s;

	if (caps_holds_off(e, r))
		return;
	sensor_reading(e, r);
	if (e->n_actuations && (s = sensor_find(e, r->sensor)))
		actuate_feedback(e, s);
}

static void run_one(struct engine *e, const struct deadline *d)
{
	switch (d->kind) {
	case DEADLINE_SILENCE:
		sensor_silent(e, d->owner);
		break;
	case DEADLINE_OFF:
		sensor_off(e, d->owner);
		break;
	case DEADLINE_GATE:
		condition_delay(e, d->owner);
		break;
	case DEADLINE_WINDOW:
		condition_window(e, d->owner);
		break;
	case DEADLINE_HOLD:
		condition_hold(e, d->owner);
		break;
	case DEADLINE_SCHEDULE:
		schedule_due(e);
		break;
	case DEADLINE_INCIDENT:
		incident_due(e, d->owner);
		break;
	case DEADLINE_STEP:
		playbook_due(e, d->owner);
		break;
	case DEADLINE_ACTUATION:
		actuate_due(e, d->owner);
		break;
	case DEADLINE_LINK:
		link_due(e);
		break;
	case DEADLINE_FLAP:
		flap_due(e, d->owner);
		break;
	case DEADLINE_NOTICE:
		outbox_silent(e, d->owner);
		break;
	case DEADLINE_FLOOD:
		flood_due(e, d->owner);
		break;
	case DEADLINE_ALL_CLEAR:
		all_clear_due(e, d->owner);
		break;
	case DEADLINE_DRILL:
		drill_due(e, d->owner);
		break;
	case DEADLINE_WATCH:
		watch_due(e, d->owner);
		break;
	case DEADLINE_DUTY:
		duty_due(e, d->owner);
		break;
	case DEADLINE_OVERRIDE:
		override_due(e, d->owner);
		break;
	case DEADLINE_IMPAIR:
		impair_due(e, d->owner);
		break;
	case DEADLINE_RING:
		reach_due(e);
		break;
	}
}

static void run_due(struct engine *e)
{
	struct deadline *d;

	for (int n = 0; (d = deadline_first(&e->heap)) && d->at_ms <= e->now_ms; n++) {
		if (n > DUE_MAX)
			abort();
		deadline_clear(&e->heap, d);
		run_one(e, d);
		untils_settle(e);
	}
}

/* What stands beside the incidents follows them; what is explained no longer may open steps that wait. */
static void settle(struct engine *e)
{
	do {
		untils_settle(e);
		skip_settle(e);
		reach_settle(e);
		watches_settle(e);
		causes_settle(e);
		drills_settle(e);
	} while (e->untils_changed);
}

static void dispatch(struct engine *e, const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_TIME:
		run_due(e);
		settle(e);
		publish_changed(e);
		break;
	case EVENT_STARTED:
		on_started(e, ev);
		break;
	case EVENT_STOPPING:
		e->stopping = true;
		row_begin(e);
		row_end(e, AUDIT_STOPPED, NULL, "system", 0);
		break;
	case EVENT_PLAN:
		on_plan(e, ev->plan.plan);
		break;
	case EVENT_READING:
		on_reading(e, &ev->reading);
		break;
	case EVENT_COMMAND:
		verb_command(e, &ev->command);
		break;
	case EVENT_NOTICE:
		outbox_outcome(e, &(struct receipt){ev->notice.id, ev->notice.channel, ev->notice.outcome,
		                                    ev->notice.why});
		break;
	case EVENT_ACTUATED:
		actuate_outcome(e, ev->actuated.id, ev->actuated.outcome, ev->actuated.interlocked);
		break;
	case EVENT_LINK:
		on_link(e, ev->link);
		break;
	case EVENT_STORE:
		on_store(e, ev->store);
		break;
	case EVENT_FAULT:
		incident_self(e, ev->fault.self, ev->fault.over, ev->fault.what);
		break;
	case EVENT_CLOCK:
		on_clock(e, ev->clock_ms);
		break;
	case EVENT_RETAINED:
		incident_retained(e, ev->retained.number, ev->retained.id);
		break;
	case EVENT_ARCHIVED:
		on_archived(e, ev);
		break;
	}
}

void engine_step(struct engine *e, const struct event *ev, struct effects *fx)
{
	engine_plan_first(e);
	e->fx = fx;
	if (ev->at_ms > e->now_ms || ev->kind == EVENT_STARTED) /* a damaged record may say any time */
		e->now_ms = ev->at_ms;
	e->spoke_ago_ms = 0;
	dispatch(e, ev);
	settle(e);
	caps_look(e);
	e->fx = NULL;
}

/* -- what others ask -- */

int64_t engine_next_due(const struct engine *e)
{
	const struct deadline *d = deadline_first(&e->heap);

	return d ? d->at_ms : INT64_MAX;
}

struct silent_by {
	void (*fn)(void *arg, const char *sensor, int def);
	void *arg;
};

static void silent_by(void *arg, const struct deadline *d)
{
	struct silent_by *by = arg;
	const struct sensor *s = NULL;

	if (d->kind == DEADLINE_SILENCE)
		s = d->owner;
	else if (d->kind == DEADLINE_GATE && gate_counts_silence(d->owner))
		s = ((const struct gate *)d->owner)->sensor;
	if (s)
		by->fn(by->arg, s->id, s->def);
}

void engine_silent_by(const struct engine *e, int64_t at_ms,
                      void (*fn)(void *arg, const char *sensor, int def), void *arg)
{
	struct silent_by by = {fn, arg};

	deadline_each_by(&e->heap, at_ms, silent_by, &by);
}

bool engine_plan_used(const struct engine *e, const struct plan *plan)
{
	for (int i = 0; i < e->n_incidents; i++)
		if (e->incidents[i]->plan == plan)
			return true;
	return e->plan == plan;
}

int64_t engine_ids_reserved(const struct engine *e)
{
	return e->reserved;
}

void engine_ids_at_least(struct engine *e, int64_t number)
{
	if (e->reserved < number)
		e->reserved = number;
}

int64_t engine_seq(const struct engine *e)
{
	return e->seq;
}

bool engine_follows(struct engine *e, int64_t seq)
{
	bool agrees = e->seq == seq;

	e->seq = seq;
	return agrees;
}

int64_t engine_epoch(const struct engine *e)
{
	return e->epoch;
}

int engine_open(const struct engine *e)
{
	int n = 0;

	for (int i = 0; i < e->n_incidents; i++)
		n += incident_is_open(e->incidents[i]) && !e->incidents[i]->drill;
	return n;
}

int engine_unacked(const struct engine *e)
{
	int n = 0;

	for (int i = 0; i < e->n_incidents; i++)
		n += !e->incidents[i]->drill && (e->incidents[i]->state == STATE_UNACKED ||
		                                 e->incidents[i]->state == STATE_RTN_UNACKED);
	return n;
}

int64_t engine_site_ms(const struct engine *e)
{
	return e->now_ms;
}
