/* invariants.c - the invariants of DESIGN section 3, as far as they are about
 * what the engine remembers; said.c has those about what it says.
 *
 *   I1  an alarm that was acknowledged is an open incident, also after a crash
 *   I2  nothing but what may leaves before it is stored            (said.c)
 *   I3  every incident has its one deadline ahead and calls reach people
 *   I4  after a crash all is as it was stored
 *   I5  no command leaves that an interlock forbids                (said.c)
 *   I6  life-safety calls are notices at once                      (said.c)
 *   I7  what is explained or flaps is not forgotten                (beside.c)
 *       suppression has an end, and its end looks again            (idle.c)
 *   I8  rows are gapless and every effect has its row              (said.c)
 *   I9  refusals change nothing; what is lost while bad stays bad
 *   and: states change only by what may change them, an incident's number is
 *   never given twice, one is open per type and place, the heap is a heap. */
#include "world.h"

#include "engine/life.h"

#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 86400000, CALL_SLACK_MS = 3500 };

/* -- what is remembered of each incident -- */

struct watch *invariants_watch(struct world *w, int64_t number)
{
	int low = 0, i = w->n_watches;

	while (low < i) {
		int mid = (low + i) / 2;

		if (w->watches[mid].number < number)
			low = mid + 1;
		else
			i = mid;
	}
	if (i < w->n_watches && w->watches[i].number == number)
		return &w->watches[i];
	if (w->n_watches == w->cap_watches) {
		w->cap_watches = w->cap_watches ? 2 * w->cap_watches : 64;
		w->watches = xrealloc(w->watches, (size_t)w->cap_watches * sizeof *w->watches);
	}
	memmove(&w->watches[i + 1], &w->watches[i], (size_t)(w->n_watches - i) * sizeof *w->watches);
	w->watches[i] = (struct watch){.number = number, .called_ms = w->now_ms, .state = STATE_COUNT};
	w->n_watches++;
	return &w->watches[i];
}

static void forget_watches(struct world *w)
{
	int kept = 0;

	for (int i = 0; i < w->n_watches; i++)
		if (incident_find(w->engine, w->watches[i].number))
			w->watches[kept++] = w->watches[i];
	w->n_watches = kept;
}

/* -- states change only by what may change them -- */

static bool is_calling(enum state s)
{
	return s == STATE_UNACKED || s == STATE_RTN_UNACKED;
}

static bool is_active(enum state s)
{
	return s == STATE_PRE_ALARM || s == STATE_UNACKED || s == STATE_ACKED;
}

static const char *speaker(const struct world *w, const struct input *in)
{
	const struct plan *p = w->plans[w->plan];
	int person = in->by_control ? plan_person(p, in->user) : plan_person_by_user(p, in->user);

	return person < 0 ? "" : p->people[person].id;
}

static bool is_said(const struct input *in, enum verb verb)
{
	return in && in->is_command && in->verb == verb;
}

/* To what says that it was missed a sign of life is what was missing. */
static bool is_of_watch(const struct incident *inc)
{
	for (int i = 0; i < inc->n_members; i++)
		if (strncmp(inc->members[i].sensor, "watch:", 6) != 0 && !inc->members[i].out)
			return false;
	return inc->n_members > 0;
}

static bool is_loss(const struct input *in, const struct incident *inc)
{
	return in && !in->is_command && in->kind != READING_VALUE &&
	       !(in->kind == READING_SEEN && is_of_watch(inc));
}

/* When it stops calling it has as many different people as it wanted. A hand-over may leave it to fewer: of two
 * that had it, one takes over from the other. */
static void check_quorum(struct world *w, const struct incident *inc)
{
	int n = 0;

	for (int i = 0; i < inc->n_acks; i++) {
		bool known = false;

		for (int k = 0; k < i; k++)
			known = known || !strcmp(inc->acks[k].person, inc->acks[i].person);
		n += !known;
	}
	if (inc->quorum > 1 && n < inc->quorum)
		world_broken(w, "I3", "%s is %s and %d of %d have taken it", inc->id, state_name(inc->state), n,
		             inc->quorum);
}

static void check_move(struct world *w, const struct incident *inc, const struct watch *was,
                       const struct input *in)
{
	bool calm = inc->state == STATE_CLEARED || inc->state == STATE_CLOSED;

	world_trace(w, "  %s: %s to %s", inc->id, state_name(was->state), state_name(inc->state));
	if (is_calling(was->state) && !is_calling(inc->state) && !is_said(in, VERB_ACK) && !was->explained &&
	    !was->isolated && !inc->drill)
		world_broken(w, "I3", "%s stops calling (now %s) and nobody has acknowledged it", inc->id,
		             state_name(inc->state));
	if (is_calling(was->state) && !is_calling(inc->state) && is_said(in, VERB_ACK))
		check_quorum(w, inc);
	if (was->state == STATE_CLOSED)
		world_broken(w, "I3", "%s was closed and is %s", inc->id, state_name(inc->state));
	if (calm && inc->latch && !inc->drill && !was->isolated && was->state != STATE_PRE_ALARM &&
	    was->state != STATE_CLEARED) {
		if (!is_said(in, VERB_RESET))
			world_broken(w, "I9", "%s latches and is %s without a reset", inc->id,
			             state_name(inc->state));
		if (hazard_is_life(inc->hazard) &&
		    (!*was->reset_by || !strcmp(was->reset_by, speaker(w, in))))
			world_broken(w, "I9", "%s is cleared by one person alone", inc->id);
	}
	if (is_loss(in, inc) && inc->hazard != HAZARD_SYSTEM && is_active(was->state) && !is_active(inc->state))
		world_broken(w, "I9", "%s is %s because a sensor was lost", inc->id, state_name(inc->state));
}

static bool has_call(const struct world *w, const char *incident)
{
	const struct effects *fx = &w->gathering->fx;

	for (int i = w->step_from; i < fx->n; i++)
		if (fx->at[i].kind == EFFECT_NOTICE && fx->at[i].notice.kind == NOTICE_CALL &&
		    !strcmp(fx->at[i].notice.incident, incident))
			return true;
	return false;
}

static void look_at(struct world *w, const struct incident *inc, const struct input *in)
{
	struct watch *was = invariants_watch(w, inc->number);

	if (was->state == STATE_COUNT) {
		if (inc->number <= w->top_number)
			world_broken(w, "I4", "number %lld is given twice", (long long)inc->number);
		w->top_number = inc->number;
		w->n_opened++;
	} else if (was->state != inc->state) {
		check_move(w, inc, was, in);
	}
	idle_look(w, inc, was);
	w->n_closed += inc->state == STATE_CLOSED && was->state != STATE_CLOSED;
	if (!is_calling(inc->state) || was->state == STATE_COUNT || !is_calling(was->state) ||
	    has_call(w, inc->id) || beside_is_held(w, inc))
		was->called_ms = w->now_ms;
	was->state = inc->state;
	was->explained = inc->because != 0;
	was->suppressed = idle_is(inc);
	was->isolated = inc->isolated_ms != 0;
	was->held = inc->state == STATE_ACKED && inc->next != NEXT_ACTION && (was->held || idle_is(inc));
	strncpy(was->reset_by, inc->reset_by, sizeof was->reset_by - 1);
}

/* -- I1 and I9: what was told true -- */

static bool is_detector(const char *kind)
{
	return !strcmp(kind, "smoke") || !strcmp(kind, "heat") || !strcmp(kind, "callpoint");
}

/* The plan may lack it, or know it as something else, or know no fires. */
bool invariants_makes_fires(const struct world *w, const struct nature *s)
{
	const struct plan *p = w->plans[w->plan];
	int def = plan_sensor(p, s->id);

	return def >= 0 && (w->is_edges || (is_detector(p->sensors[def].kind) && plan_type(p, "fire") >= 0));
}

static bool is_taken_out(const struct world *w, const char *sensor)
{
	for (int i = 0; i < w->engine->n_incidents; i++) {
		const struct incident *inc = w->engine->incidents[i];

		for (int k = 0; k < inc->n_members; k++)
			if (inc->members[k].out && !strcmp(inc->members[k].sensor, sensor))
				return true;
	}
	return false;
}

/* What the broker kept of a sensor that is gone is no sign of life. */
static bool is_heard(const struct world *w, const struct input *in)
{
	const struct sensor *s = sensor_find(w->engine, w->sensors[in->sensor].id);

	return !in->retained || (s && s->health == HEALTH_OK);
}

static void follow_alarms(struct world *w, const struct event *ev, const struct input *in)
{
	if (in && !in->is_command && in->kind == READING_VALUE && is_detector(w->sensors[in->sensor].kind) &&
	    is_heard(w, in))
		w->alarm[in->sensor] = !strcmp(in->word, "alarm") && !w->out[in->sensor] &&
		                       invariants_makes_fires(w, &w->sensors[in->sensor]);
	for (int i = 0; i < w->n_sensors; i++) {
		if (ev->kind == EVENT_PLAN || ev->kind == EVENT_STARTED)
			w->alarm[i] &= invariants_makes_fires(w, &w->sensors[i]);
		if (w->alarm[i] && is_said(in, VERB_RESET) && is_taken_out(w, w->sensors[i].id))
			w->alarm[i] = false;
	}
}

static bool has_fire(const struct world *w, const char *zone)
{
	const char *fire = w->is_edges ? "fire-3f" : "fire";

	for (int i = 0; i < w->engine->n_incidents; i++) {
		const struct incident *inc = w->engine->incidents[i];

		if (incident_is_open(inc) && !inc->drill && !strcmp(inc->type_id, fire) && !strcmp(inc->zone_id, zone))
			return true;
	}
	return false;
}

/* A plan may move a detector that is lost: it stays in the fire of the place where it was. */
static bool has_lost(const struct world *w, const char *sensor)
{
	for (int i = 0; i < w->engine->n_incidents; i++) {
		const struct incident *inc = w->engine->incidents[i];

		for (int k = 0; incident_is_open(inc) && inc->hazard == HAZARD_FIRE && k < inc->n_members; k++)
			if (inc->members[k].lost && !inc->members[k].out && !strcmp(inc->members[k].sensor, sensor))
				return true;
	}
	return false;
}

static void check_alarms(struct world *w)
{
	const struct plan *p = w->plans[w->plan];

	for (int i = 0; i < w->n_sensors; i++) {
		int def = w->alarm[i] ? plan_sensor(p, w->sensors[i].id) : -1;

		if (def >= 0 && !has_fire(w, p->zones[p->sensors[def].zone].id) && !has_lost(w, w->sensors[i].id))
			world_broken(w, "I1", "%s was told alarm, and there is no open incident",
			             w->sensors[i].id);
	}
}

/* -- I3: deadlines and calls -- */

static int64_t longest_ms(const struct world *w, const struct incident *inc)
{
	switch (inc->next) {
	case NEXT_CALL:
		return w->max_wait_ms;
	case NEXT_ACTION:
		return inc->playbook && inc->playbook->first >= 0
		           ? inc->playbook->steps[inc->playbook->first].within_ms
		           : 0;
	case NEXT_REMIND:
		return inc->type && inc->type->remind_ms ? inc->type->remind_ms : 900000;
	case NEXT_INVESTIGATE:
		return inc->type->investigate_ms > inc->type->pre_alarm_ms ? inc->type->investigate_ms
		                                                           : inc->type->pre_alarm_ms;
	case NEXT_CAUSE:
		return inc->type && inc->type->remind_ms ? inc->type->remind_ms : 900000;
	case NEXT_SHELVED:
	case NEXT_ISOLATED:
		return 8 * HOUR_MS;
	case NEXT_EMPTY:
		return DAY_MS;
	case NEXT_NONE:
		break;
	}
	return -1;
}

static bool fits(enum state s, enum next_what next, bool explained)
{
	if (explained || next == NEXT_CAUSE)
		return explained && next == NEXT_CAUSE && (is_calling(s) || s == STATE_PRE_ALARM);
	switch (s) {
	case STATE_PRE_ALARM:
		return next == NEXT_INVESTIGATE;
	case STATE_UNACKED:
	case STATE_RTN_UNACKED:
		return next == NEXT_CALL;
	case STATE_ACKED:
		return next == NEXT_ACTION || next == NEXT_REMIND;
	case STATE_LATCHED:
	case STATE_CLEARED:
		return next == NEXT_REMIND;
	case STATE_CLOSED:
		return next == NEXT_EMPTY;
	default:
		return false;
	}
}

static void check_deadline(struct world *w, const struct incident *inc)
{
	const struct heap *h = &w->engine->heap;

	if (!inc->due.pos || inc->due.pos > h->n || h->at[inc->due.pos - 1] != &inc->due)
		world_broken(w, "I3", "%s (%s) has no deadline", inc->id, state_name(inc->state));
	if (inc->due.at_ms <= w->now_ms)
		world_broken(w, "I3", "the deadline of %s is over and nothing was done", inc->id);
	if (idle_is(inc) ? inc->next != (inc->shelf.until_ms ? NEXT_SHELVED : NEXT_ISOLATED)
	                 : !fits(inc->state, inc->next, inc->because))
		world_broken(w, "I3", "the deadline of %s (%s) is for something else (%d)", inc->id,
		             state_name(inc->state), (int)inc->next);
	if (inc->state == STATE_ACKED && !playbook_first_done(inc) && inc->next != NEXT_ACTION &&
	    !invariants_watch(w, inc->number)->held)
		world_broken(w, "I3", "%s is acked, nothing was done yet, and nobody looks whether it is", inc->id);
	if (inc->due.at_ms - w->now_ms > longest_ms(w, inc))
		world_broken(w, "I3", "the deadline of %s (%s) is in %lld ms", inc->id,
		             state_name(inc->state), (long long)(inc->due.at_ms - w->now_ms));
}

/* While the broker is away a page may wait; else each round calls somebody. */
static void check_calls(struct world *w, const struct incident *inc)
{
	struct watch *was = invariants_watch(w, inc->number);
	int64_t limit_ms = w->max_wait_ms + CALL_SLACK_MS;

	if (is_calling(inc->state) && w->now_ms - was->called_ms > limit_ms &&
	    w->now_ms - w->link_down_ms > limit_ms && w->link == LINK_SYNCED)
		world_broken(w, "I3", "%s is %s and nobody was called for %lld ms", inc->id,
		             state_name(inc->state), (long long)(w->now_ms - was->called_ms));
}

static void check_heap(struct world *w)
{
	const struct heap *h = &w->engine->heap;

	for (int i = 0; i < h->n; i++)
		if (h->at[i]->pos != i + 1 || (i && h->at[i]->at_ms < h->at[(i - 1) / 2]->at_ms))
			world_broken(w, "I3", "the heap of deadlines is out of order at place %d", i + 1);
}

/* -- places -- */

/* A step that waits has its gates, an ended one none (the line above). */
static void check_untils(struct world *w, const struct incident *inc)
{
	int n = 0, seen = 0;

	for (int i = 0; incident_is_open(inc) && i < inc->n_steps; i++)
		n += inc->steps[i].state == STEP_OPEN && inc->playbook->steps[inc->steps[i].index].until;
	for (int i = 0; i < w->engine->n_instances; i++)
		seen += w->engine->instances[i]->is_until && w->engine->instances[i]->run &&
		        w->engine->instances[i]->run->incident == inc;
	if (n != seen)
		world_broken(w, "I9", "%s has %d steps that wait, and gates for %d", inc->id, n, seen);
}

static void check_place(struct world *w, const struct incident *inc)
{
	if (!incident_is_open(inc) || inc->drill)
		return;
	if (!inc->instance || inc->instance->incident != inc)
		world_broken(w, "I3", "%s is open, and its place does not know it", inc->id);
	for (int i = 0; w->engine->incidents[i] != inc; i++) {
		const struct incident *other = w->engine->incidents[i];

		if (other->drill)
			continue;
		if (incident_is_open(other) && other->instance == inc->instance)
			world_broken(w, "I3", "%s and %s are open for the same", other->id, inc->id);
		if (incident_is_open(other) && !strcmp(other->type_id, inc->type_id) &&
		    !strcmp(other->instance->scope, inc->instance->scope))
			world_broken(w, "I3", "%s and %s are open for the same type and place", other->id,
			             inc->id);
	}
}

static void check_instances(struct world *w)
{
	const char *what = condition_broken(w->engine);

	if (what)
		world_broken(w, "I9", "%s", what);
	for (int i = 0; i < w->engine->n_instances; i++) {
		const struct instance *in = w->engine->instances[i];

		if (in->incident && in->incident->drill)
			world_broken(w, "I1", "%s is taken for an exercise", in->key);
		if (in->is_until && (!in->run || in->grade >= 0))
			world_broken(w, "I9", "%s is %s, and its step waits", in->key,
			             in->run ? "true" : "of no step");
		if (in->grade >= 0 && in->type && (!in->incident || !is_active(in->incident->state)))
			world_broken(w, "I1", "%s is true, and its incident is %s", in->key,
			             in->incident ? state_name(in->incident->state) : "not there");
	}
}

/* -- after each step, turn and restart -- */

void invariants_before(struct world *w, const struct input *in)
{
	if (in->is_command)
		essence_of(w->engine, &w->before);
}

void invariants_step(struct world *w, const struct event *ev, const struct input *in)
{
	said_step(w, ev);
	for (int i = 0; i < w->engine->n_incidents; i++)
		look_at(w, w->engine->incidents[i], in);
	follow_alarms(w, ev, in);
	idle_follow(w);
	oracle_step(w, ev, in);
	duty_step(w, ev, in);
}

void invariants_turn(struct world *w)
{
	check_heap(w);
	for (int i = 0; i < w->engine->n_incidents; i++) {
		check_deadline(w, w->engine->incidents[i]);
		check_calls(w, w->engine->incidents[i]);
		check_place(w, w->engine->incidents[i]);
		check_untils(w, w->engine->incidents[i]);
	}
	check_instances(w);
	check_alarms(w);
	watches_turn(w);
	beside_turn(w);
	idle_turn(w);
	oracle_turn(w);
	forget_watches(w);
}

static void check_restored(struct world *w, bool same_plan)
{
	struct essence now;
	const char *what;

	if (engine_seq(w->engine) != w->durable_seq)
		world_broken(w, "I8", "after the restart row %lld is the last, stored was %lld",
		             (long long)engine_seq(w->engine), (long long)w->durable_seq);
	essence_of(w->engine, &now);
	if (!same_plan) { /* who reads what may be another */
		now.of[ESSENCE_GATES] = w->durable_essence.of[ESSENCE_GATES];
		now.of[ESSENCE_SENSORS] = w->durable_essence.of[ESSENCE_SENSORS];
	}
	what = essence_differs(&now, &w->durable_essence);
	if (what)
		world_broken(w, "I4", "after the restart the %s are not as they were stored", what);
	if (same_plan && engine_digest(w->engine) != store_digest(w))
		world_broken(w, "I4", "what is restored would not be saved as it was");
}

void invariants_restored(struct world *w, bool same_plan)
{
	if (w->n_saved)
		check_restored(w, same_plan);
	w->seq = w->durable_seq;
	said_restored(w);
	duty_restored(w);
	idle_follow(w);
	memcpy(w->alarm, w->durable_alarm, sizeof w->alarm);
	w->top_number = w->left_number;
	w->n_watches = 0;
	for (int i = 0; i < w->engine->n_incidents; i++) {
		const struct incident *inc = w->engine->incidents[i];
		struct watch *was = invariants_watch(w, inc->number);

		was->state = inc->state;
		was->explained = inc->because != 0;
		was->suppressed = idle_is(inc);
		was->isolated = inc->isolated_ms != 0;
		/* by LIFE its end arms a reminder: what was held before is not told from it */
		was->held = inc->state == STATE_ACKED && inc->next != NEXT_ACTION;
		strncpy(was->reset_by, inc->reset_by, sizeof was->reset_by - 1);
	}
}
