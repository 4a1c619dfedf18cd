/* people.c - five people who mostly do what they should, now and then
 * something else, and now and then nothing. */
#include "world.h"

#include "engine/duty.h"

#include <stdio.h>
#include <string.h>

static const char *const users[N_PEOPLE] = {"wang", "li", "smith", "zhao", "chen"};

static void set(char to[WORD_BYTES], const char *text)
{
	snprintf(to, WORD_BYTES, "%s", text);
}

static struct input command(struct world *w, int person, enum verb verb)
{
	struct input in = {.is_command = true, .verb = verb, .bad = REFUSAL_NONE, .rev = -1};

	in.by_control = chance_of(&w->chance, 15);
	set(in.user, person == 1 && !in.by_control && chance_of(&w->chance, 20) ? "li-2" : users[person]);
	return in;
}

static void say(struct world *w, struct input *in)
{
	in->before_mark = !in->by_control && w->link != LINK_SYNCED;
	if (in->by_control || w->link == LINK_UP || w->link == LINK_SYNCED)
		world_input(w, in);
	else if (w->queued.n < 20)
		inputs_add(&w->queued, in);
}

static void about(struct world *w, struct input *in, const struct incident *inc)
{
	in->id = inc->number;
	if (chance_of(&w->chance, 50))
		in->rev = inc->rev - chance_of(&w->chance, 10);
}

/* -- the right thing -- */

static void fill_record(struct world *w, struct input *in, const struct step *s)
{
	static const char *const values[] = {
	    [FIELD_TEXT] = "text", [FIELD_TIME] = "03:10", [FIELD_NUMBER] = "12.5"};

	for (int i = 0; i < s->n_fields && i < 4; i++) {
		if (chance_of(&w->chance, 5))
			continue;
		set(in->keys[in->n_pairs], s->fields[i].id);
		set(in->values[in->n_pairs++], chance_of(&w->chance, 3) ? "" : values[s->fields[i].type]);
	}
}

static void do_step(struct world *w, const struct incident *inc, const struct step *s, int person)
{
	int holder = role_person(w->engine, step_role(w->engine, inc, s));
	struct input in = command(w, person, VERB_DONE);

	if (holder >= 0 && chance_of(&w->chance, 80))
		set(in.user, w->engine->plan->people[holder].id);
	about(w, &in, inc);
	set(in.step, s->id);
	if (s->kind == STEP_KIND_REPORT)
		in.verb = VERB_SIGN;
	if (s->kind == STEP_KIND_TASK)
		in.verb = chance_of(&w->chance, 15) ? VERB_FAILED : VERB_DONE;
	if (s->kind == STEP_KIND_DECIDE) {
		in.verb = VERB_DECIDE;
		set(in.choice, chance_of(&w->chance, 5)
		                   ? "nonsense"
		                   : s->choices[chance_below(&w->chance, s->n_choices)].id);
	}
	if (s->kind == STEP_KIND_RECORD) {
		in.verb = VERB_RECORD;
		fill_record(w, &in, s);
	}
	say(w, &in);
}

/* What people leave to the sensors, most of the time. */
static bool is_left(struct world *w, const struct step *s)
{
	return s->kind == STEP_KIND_WAIT && !chance_of(&w->chance, 10);
}

static const struct step *open_step(struct world *w, const struct incident *inc)
{
	int from = (int)chance_below(&w->chance, inc->n_steps);

	for (int i = 0; i < inc->n_steps; i++) {
		const struct step_run *s = &inc->steps[(from + i) % inc->n_steps];

		if (s->state == STEP_OPEN && !is_left(w, &inc->playbook->steps[s->index]))
			return &inc->playbook->steps[s->index];
	}
	return NULL;
}

static void reset(struct world *w, const struct incident *inc, int person)
{
	struct input in = command(w, person, VERB_RESET);

	about(w, &in, inc);
	for (int i = 0; i < inc->n_members && in.n_without < 4 && !w->is_edges; i++)
		if (inc->members[i].lost && strlen(inc->members[i].sensor) < WORD_BYTES)
			set(in.without[in.n_without++], inc->members[i].sensor);
	say(w, &in);
}

static void simple(struct world *w, const struct incident *inc, int person, enum verb verb)
{
	struct input in = command(w, person, verb);

	about(w, &in, inc);
	say(w, &in);
}

static void attend(struct world *w, const struct incident *inc, int person)
{
	const struct step *s = inc->n_steps ? open_step(w, inc) : NULL;
	int n = (int)chance_below(&w->chance, 100);

	switch (inc->state) {
	case STATE_PRE_ALARM:
	case STATE_UNACKED:
	case STATE_RTN_UNACKED:
		if (s && n < 15)
			do_step(w, inc, s, person);
		else
			simple(w, inc, person, n < 85 ? VERB_ACK : n < 95 ? VERB_ESCALATE : VERB_CLOSE);
		break;
	case STATE_ACKED:
		if (s && n < 70)
			do_step(w, inc, s, person);
		else if (n < 90)
			reset(w, inc, person);
		else
			simple(w, inc, person, n < 95 ? VERB_CLOSE : VERB_ACK);
		break;
	case STATE_LATCHED:
		if (s && n < 40)
			do_step(w, inc, s, person);
		else
			reset(w, inc, person);
		break;
	case STATE_CLEARED:
		if (s && n < 70)
			do_step(w, inc, s, person);
		else
			simple(w, inc, person, VERB_CLOSE);
		break;
	case STATE_CLOSED:
		simple(w, inc, person,
		       n < 50   ? VERB_SIGN
		       : n < 70 ? VERB_NOTE
		       : n < 90 ? VERB_ACK
		                : VERB_RESET);
		break;
	default:
		break;
	}
}

/* -- and other things -- */

static void garbage(struct world *w, int person)
{
	struct input in = command(w, person, (enum verb)chance_below(&w->chance, VERB_COUNT));

	switch (chance_below(&w->chance, 6)) {
	case 0:
		in.bad = REFUSAL_BAD_TEXT;
		in.verb = chance_of(&w->chance, 50) ? VERB_COUNT : in.verb;
		break;
	case 1:
		set(in.user, "stranger");
		break;
	case 2:
		in.id = 1 + chance_below(&w->chance, 100000);
		break;
	case 3:
		set(in.id_text, "G-\xe4\xb8\xad");
		break;
	case 4:
		set(in.actuator, "nothing");
		set(in.type, "nothing");
		set(in.person, "nobody");
		break;
	default:
		in.verb = VERB_ACK;
		in.all = chance_of(&w->chance, 50);
		break;
	}
	say(w, &in);
}

static void operate(struct world *w, int person)
{
	const struct plan *p = w->engine->plan;
	const struct actuator *a = p->n_actuators ? &p->actuators[chance_below(&w->chance, p->n_actuators)] : NULL;
	struct input in = command(w, person, VERB_OPERATE);
	int holder;

	if (!a)
		return;
	holder = a->operators.n ? role_person(w->engine, a->operators.at[chance_below(&w->chance, a->operators.n)])
	                        : -1;
	if (holder >= 0 && chance_of(&w->chance, 80))
		set(in.user, p->people[holder].id);
	set(in.actuator, a->id);
	set(in.action,
	    chance_of(&w->chance, 3) ? "fly" : a->actions[chance_below(&w->chance, a->n_actions)].id);
	say(w, &in);
}

static void raise_one(struct world *w)
{
	static const char *const types[] = {"fire", "gas-leak", "burst-pipe", "power-loss", "sensor-lost",
	                                    "random-0", "random-1", "random-2"};
	const struct plan *p = w->engine->plan;
	struct input in = command(w, (int)chance_below(&w->chance, N_PEOPLE), VERB_RAISE);

	set(in.type, types[chance_below(&w->chance, 8)]);
	set(in.zone, p->zones[chance_below(&w->chance, p->n_zones)].id);
	say(w, &in);
}

/* Else something real is in the way, which is asked for too, but seldom. */
static bool is_quiet(const struct world *w)
{
	for (int i = 0; i < w->engine->n_incidents; i++) {
		const struct incident *inc = w->engine->incidents[i];

		if (hazard_is_life(inc->hazard) && inc->state <= STATE_ACKED)
			return false;
	}
	return true;
}

static void drill(struct world *w, int person)
{
	static const char *const types[] = {"fire", "gas-leak", "burst-pipe", "door-open", "random-1"};
	const struct plan *p = w->engine->plan;
	struct input in = command(w, person, VERB_DRILL);

	set(in.type, types[chance_below(&w->chance, 5)]);
	set(in.zone, p->zones[chance_below(&w->chance, p->n_zones)].id);
	say(w, &in);
}

static void ring(struct world *w, int person)
{
	struct input in = command(w, person, chance_of(&w->chance, 50) ? VERB_RING : VERB_ONCALL);

	set(in.person, users[chance_below(&w->chance, N_PEOPLE)]);
	say(w, &in);
}

static int one_of(struct world *w, const char *crew)
{
	int people[HOLDERS_MAX], n = duty_crew(w->engine, crew, people, HOLDERS_MAX);

	return n ? people[chance_below(&w->chance, n)] : -1;
}

/* One that waits to be accepted, or any. */
static const struct duty *any_duty(struct world *w)
{
	const struct engine *e = w->engine;

	for (int i = 0; i < e->n_duties; i++)
		if (duty_is_pending(e->duties[i]) && chance_of(&w->chance, 70))
			return e->duties[i];
	return e->n_duties ? e->duties[chance_below(&w->chance, e->n_duties)] : NULL;
}

static bool is_pending(const struct world *w)
{
	const struct engine *e = w->engine;

	for (int i = 0; i < e->n_duties; i++)
		if (duty_is_pending(e->duties[i]))
			return true;
	return false;
}

/* Hand-overs: mostly who should, and now and then somebody else. */
static void hand_over(struct world *w, int person)
{
	const struct engine *e = w->engine;
	const struct duty *d = any_duty(w);
	struct input in = command(w, person, VERB_ACCEPT);
	int n = (int)chance_below(&w->chance, 100), who = -1;

	if (!d)
		return;
	if (n < 45)
		who = one_of(w, d->incoming);
	else if (n < 60)
		who = one_of(w, d->held);
	if (n < 35 || n >= 60)
		in.verb = VERB_ACCEPT;
	else
		in.verb = n < 45 || n >= 55 ? VERB_HANDOVER : VERB_REFUSE;
	if (who >= 0)
		set(in.user, e->plan->people[who].id);
	for (int r = 0; r < e->plan->n_roles; r++)
		if (e->plan->roles[r].roster == d->roster)
			set(in.role, e->plan->roles[r].id);
	say(w, &in);
}

static void stand_in(struct world *w, int person)
{
	static const char *const from[] = {"now", "+1m", "+20m", "+2h", "end", ""};
	static const char *const until[] = {"+10m", "+3h", "+1d", "+90d", "12:00", ""};
	const struct plan *p = w->engine->plan;
	struct input in = command(w, person, VERB_OVERRIDE);
	int n = (int)chance_below(&w->chance, 6);

	set(in.role, p->roles[chance_below(&w->chance, p->n_roles)].id);
	set(in.person, p->people[chance_below(&w->chance, p->n_people)].id);
	if (w->engine->n_overrides && n >= 4) { /* yes to one that was asked, or its end */
		const struct override *o =
		    w->engine->overrides[chance_below(&w->chance, w->engine->n_overrides)];

		set(in.role, o->role);
		set(in.person, o->person);
	}
	set(in.starts, from[n]);
	set(in.ends, n >= 4 ? "" : until[chance_below(&w->chance, 6)]);
	say(w, &in);
}

static const struct incident *any_open(struct world *w)
{
	const struct engine *e = w->engine;
	int from = (int)chance_below(&w->chance, e->n_incidents);

	for (int i = 0; i < e->n_incidents; i++) {
		const struct incident *inc = e->incidents[(from + i) % e->n_incidents];

		if (incident_is_open(inc) || chance_of(&w->chance, 2))
			return inc;
	}
	return NULL;
}

/* -- suppression -- */

/* Said by one, and mostly by a second one soon. */
static void by_two(struct world *w, struct input *in)
{
	struct input second = *in;

	say(w, in);
	if (!chance_of(&w->chance, 75))
		return;
	set(second.user, users[chance_below(&w->chance, N_PEOPLE)]);
	say(w, &second);
}

static int64_t a_while(struct world *w)
{
	static const int64_t longest_ms[] = {5 * MINUTE_MS, 50 * MINUTE_MS, 4 * HOUR_MS, 9 * HOUR_MS};

	if (chance_of(&w->chance, 3))
		return -1;
	return 1000 + chance_below(&w->chance, longest_ms[chance_below(&w->chance, 4)]);
}

static const char *any_zone(struct world *w)
{
	const struct plan *p = w->engine->plan;

	return p->zones[chance_below(&w->chance, p->n_zones)].id;
}

static void isolate(struct world *w, int person)
{
	static const enum hazard hazards[] = {HAZARD_FIRE, HAZARD_FIRE, HAZARD_FIRE, HAZARD_POWER,
	                                      HAZARD_SECURITY, HAZARD_OTHER, HAZARD_WATER, HAZARD_GAS};
	struct input in = command(w, person, chance_of(&w->chance, 80) ? VERB_ISOLATE : VERB_REJOIN);

	set(in.zone, any_zone(w));
	set(in.hazard, hazard_name(hazards[chance_below(&w->chance, 8)]));
	set(in.person, users[chance_below(&w->chance, N_PEOPLE)]);
	in.for_ms = a_while(w);
	by_two(w, &in);
}

static void take_out(struct world *w, int person)
{
	const struct plan *p = w->engine->plan;
	struct input in = command(w, person, chance_of(&w->chance, 75) ? VERB_OUT : VERB_BACK);

	if (chance_of(&w->chance, 20) && p->n_actuators)
		set(in.name, p->actuators[chance_below(&w->chance, p->n_actuators)].id);
	else
		set(in.name, w->sensors[chance_below(&w->chance, w->n_sensors)].id);
	in.for_ms = a_while(w);
	by_two(w, &in);
}

static void tag(struct world *w, int person)
{
	const struct plan *p = w->engine->plan;
	struct input in = command(w, person, VERB_TAG);

	set(in.action, chance_of(&w->chance, 50) ? "hang" : "down");
	if (p->n_signs && chance_of(&w->chance, 60))
		set(in.name, p->signs[chance_below(&w->chance, p->n_signs)].id);
	else if (p->n_actuators)
		set(in.name, p->actuators[chance_below(&w->chance, p->n_actuators)].id);
	if (chance_of(&w->chance, 70))
		set(in.zone, any_zone(w));
	say(w, &in);
}

static void shelve(struct world *w, int person)
{
	const struct incident *inc = any_open(w);
	struct input in = command(w, person, chance_of(&w->chance, 80) ? VERB_SHELVE : VERB_UNSHELVE);

	if (!inc)
		return;
	about(w, &in, inc);
	in.for_ms = a_while(w);
	by_two(w, &in);
}

static void suppress(struct world *w, int person)
{
	switch (chance_below(&w->chance, w->is_edges ? 1 : 4)) {
	case 0:
		shelve(w, person);
		break;
	case 1:
		isolate(w, person);
		break;
	case 2:
		take_out(w, person);
		break;
	default:
		tag(w, person);
		break;
	}
}

void people_act(struct world *w, const struct thing *t)
{
	const struct incident *inc = t->number ? incident_find(w->engine, t->number) : NULL;
	int64_t number;

	if (!inc && !(inc = any_open(w)))
		return;
	number = inc->number;
	if (chance_of(&w->chance, 8))
		garbage(w, t->a);
	else
		attend(w, inc, t->a);
	inc = incident_find(w->engine, number);
	if (inc && incident_is_open(inc) && chance_of(&w->chance, 60))
		world_later(w, 5 * SECOND_MS + chance_about(&w->chance, 2 * MINUTE_MS),
		            &(struct thing){.kind = THING_ACT,
		                            .a = (int)chance_below(&w->chance, N_PEOPLE),
		                            .number = number});
}

void people_some(struct world *w)
{
	int person = (int)chance_below(&w->chance, N_PEOPLE), n = (int)chance_below(&w->chance, 100);

	if (!w->is_edges && chance_of(&w->chance, is_quiet(w) ? 40 : 1))
		drill(w, person);
	else if (!w->is_edges && is_pending(w) && chance_of(&w->chance, 30)) /* shifts change seldom */
		hand_over(w, person);
	else if (n < 45)
		people_act(w, &(struct thing){.a = person});
	else if (n < 65 && !w->is_edges)
		operate(w, person);
	else if (n < 75)
		suppress(w, person);
	else if (n < 80 && !w->is_edges)
		raise_one(w);
	else if (n < 83 && !w->is_edges)
		stand_in(w, person);
	else if (n < 92 && !w->is_edges)
		hand_over(w, person);
	else if (n < (w->is_edges ? 90 : 96))
		garbage(w, person);
	else
		ring(w, person);
	world_later(w, chance_about(&w->chance, 50 * SECOND_MS * w->pace),
	            &(struct thing){.kind = THING_PERSON});
}
