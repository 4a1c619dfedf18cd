/* nature.c - what sensors see, and the odd things: store, clock, faults,
 * plans, crashes. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#define FAMILY "fam-{2}"

/* -- values -- */

static void set_word(struct nature *s, const char *word)
{
	snprintf(s->word, sizeof s->word, "%s", word);
	s->has_number = false;
}

static void set_number(struct nature *s, int64_t milli)
{
	snprintf(s->word, sizeof s->word, "%lld.%lld", (long long)(milli / 1000),
	         (long long)(milli % 1000 / 100));
	s->milli = milli;
	s->has_number = true;
}

/* A value that fits what is the case; now and then one in the dead band. */
static void measure(struct world *w, struct nature *s)
{
	struct chance *c = &w->chance;
	bool between = chance_of(c, 10);

	if (!strcmp(s->kind, "gas"))
		set_number(s, between  ? 5000 + chance_below(c, 50) * 100
		              : s->bad ? 11000 + chance_below(c, 500) * 100
		                       : chance_below(c, 50) * 100);
	else if (!strcmp(s->kind, "mains"))
		set_number(s, between  ? 190000
		              : s->bad ? chance_below(c, 1800) * 100
		                       : 225000 + chance_below(c, 100) * 100);
	else if (!strcmp(s->kind, "position"))
		set_word(s, *s->word ? s->word : "open");
	else
		set_word(s, s->bad ? "alarm" : "normal");
}

static struct input reading_of(const struct world *w, int sensor)
{
	const struct nature *s = &w->sensors[sensor];
	struct input in = {
	    .sensor = sensor, .kind = READING_VALUE, .has_number = s->has_number, .milli = s->milli};

	memcpy(in.word, s->word, sizeof in.word);
	return in;
}

/* Without the link nothing arrives: at the next connection the broker tells
 * what it keeps. */
static void say(struct world *w, const struct input *in)
{
	if (w->link != LINK_DOWN && w->link != LINK_MARK_LOST)
		world_input(w, in);
}

/* -- sensors -- */

static void odd_reading(struct world *w, int sensor)
{
	struct nature *s = &w->sensors[sensor];
	struct input in = reading_of(w, sensor);

	switch (chance_below(&w->chance, 6)) {
	case 0:
		in.kind = READING_UNREADABLE;
		break;
	case 1:
		in.kind = s->away ? READING_BACK : READING_AWAY;
		s->away = !s->away;
		break;
	case 2:
		in.kind = READING_SEEN;
		break;
	case 3:
		in.kind = READING_BACK;
		s->away = false;
		break;
	case 4:
		in.retained = true;
		break;
	default: /* garbage */
		snprintf(in.word, sizeof in.word, "%s",
		         chance_of(&w->chance, 50) ? "\xe9\x98\xbf%20 \"x\\" : "");
		in.has_number = chance_of(&w->chance, 30);
		in.milli = chance_of(&w->chance, 50) ? INT64_MAX / 2 : -1;
		break;
	}
	say(w, &in);
}

static const char *any_place(struct world *w)
{
	static const char *const places[] = {"kitchen", "hall", "plant", "boiler", "pantry", "nowhere"};

	return places[chance_below(&w->chance, 6)];
}

int nature_def(const struct world *w, int sensor)
{
	const struct nature *s = &w->sensors[sensor];
	const struct plan *p = w->plans[w->plan];
	int def = plan_sensor(p, s->id);

	return def < 0 && s->zone ? plan_sensor(p, FAMILY) : def;
}

static void one_sensor(struct world *w, int sensor)
{
	struct nature *s = &w->sensors[sensor];
	struct input in;

	if (w->now_ms < s->mute_until_ms)
		return;
	if (chance_of(&w->chance, 1))
		s->mute_until_ms = w->now_ms + chance_about(&w->chance, 40 * MINUTE_MS);
	if (chance_of(&w->chance, 6)) {
		odd_reading(w, sensor);
		return;
	}
	s->away = false;
	if (s->zone && chance_of(&w->chance, 10))
		s->zone = any_place(w);
	s->bad = s->bad ? !chance_of(&w->chance, 30) : chance_of(&w->chance, 3);
	measure(w, s);
	in = reading_of(w, sensor);
	say(w, &in);
}

void nature_tell(struct world *w, int sensor)
{
	struct input in = reading_of(w, sensor);

	if (chance_of(&w->chance, 6)) {
		odd_reading(w, sensor);
		return;
	}
	w->sensors[sensor].away = false;
	say(w, &in);
}

void nature_sensor(struct world *w)
{
	int n = chance_of(&w->chance, 2) ? 1 + (int)chance_below(&w->chance, 20) : 1;

	for (int i = 0; i < n; i++)
		one_sensor(w, (int)chance_below(&w->chance, w->n_sensors));
	world_later(w, chance_about(&w->chance, 6 * SECOND_MS * w->pace),
	            &(struct thing){.kind = THING_SENSOR});
}

void nature_retained(struct world *w)
{
	for (int i = 0; i < w->n_sensors; i++) {
		struct input in = reading_of(w, i);

		in.retained = true;
		if (*in.word && w->now_ms >= w->sensors[i].mute_until_ms)
			world_input(w, &in);
	}
}

int nature_find(const struct world *w, const char *id)
{
	for (int i = 0; i < w->n_sensors; i++)
		if (!strcmp(w->sensors[i].id, id))
			return i;
	return -1;
}

/* The valve has moved. */
void nature_valve(struct world *w, const struct thing *t)
{
	static const struct {
		const char *done, *sensor, *word;
	} moves[] = {
	    {"gas-valve close", "gasvalve", "closed"},
	    {"gas-valve open", "gasvalve", "open"},
	    {"water-valve close", "watervalve", "closed"},
	    {"water-valve open", "watervalve", "open"},
	    {"fan on", "fan", "on"},
	    {"fan off", "fan", "off"},
	};

	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
		int sensor = nature_find(w, moves[i].sensor);
		struct input in;

		if (strcmp(moves[i].done, t->id) != 0)
			continue;
		set_word(&w->sensors[sensor], moves[i].word);
		in = reading_of(w, sensor);
		say(w, &in);
	}
}

/* -- odd things -- */

static void step_clock(struct world *w)
{
	struct event ev = {.kind = EVENT_CLOCK};
	bool forward = chance_of(&w->chance, 60);

	ev.clock_ms =
	    forward ? chance_about(&w->chance, 10 * MINUTE_MS) : -chance_about(&w->chance, MINUTE_MS);
	world_trace(w, "clock steps %lld ms", (long long)ev.clock_ms);
	if (forward) {
		w->now_ms += ev.clock_ms;
		for (int i = 0; i < w->n_things; i++)
			w->things[i].at_ms += ev.clock_ms;
		for (int i = 0; i < w->n_watches; i++)
			w->watches[i].called_ms += ev.clock_ms;
	}
	world_step(w, &ev);
}

static void fault(struct world *w)
{
	static const enum self kinds[] = {SELF_STORE_SET_ASIDE, SELF_PLAN_BROKEN, SELF_POISON,
	                                  SELF_UNSENDABLE,      SELF_CLOCK_STEP,  SELF_PLAN_BROKEN};
	struct event ev = {.kind = EVENT_FAULT};

	ev.fault.self = kinds[chance_below(&w->chance, (int64_t)(sizeof kinds / sizeof *kinds))];
	ev.fault.over = chance_of(&w->chance, 50);
	ev.fault.what = chance_of(&w->chance, 80) ? "what is wrong" : NULL;
	world_trace(w, "fault %s%s", self_name(ev.fault.self), ev.fault.over ? " over" : "");
	world_step(w, &ev);
}

static void unknown_retained(struct world *w)
{
	struct event ev = {.kind = EVENT_RETAINED};

	ev.retained.number = 1 + chance_below(&w->chance, 500);
	ev.retained.id = "W-99";
	world_step(w, &ev);
}

static void store_trouble(struct world *w)
{
	w->store_bad_until_ms = w->now_ms + chance_about(&w->chance, 2 * MINUTE_MS);
	world_trace(w, "the store fails for a while");
}

void nature_odd(struct world *w)
{
	static void (*const odd[])(struct world * w) = {
	    process_crash, process_crash,    process_crash,  process_reload, store_trouble, step_clock,
	    fault,         unknown_retained, process_reload, process_stop,   fault};

	odd[chance_below(&w->chance, (int64_t)(sizeof odd / sizeof *odd))](w);
	if (w->is_lacking)
		process_reload(w);
	world_later(w, chance_about(&w->chance, 8 * MINUTE_MS * (w->pace < 3 ? w->pace : 3)),
	            &(struct thing){.kind = THING_ODD});
}

static void begin_family(struct world *w)
{
	static const char *const ids[] = {"fam-1", "fam-2", "fam-3", "fam-4", "fam-5"};

	for (int i = 0; i < 5 && w->n_sensors < SENSORS_MAX; i++) {
		struct nature *s = &w->sensors[w->n_sensors++];

		*s = (struct nature){.def = -1, .id = ids[i], .kind = "smoke", .zone = any_place(w)};
		measure(w, s);
	}
}

void nature_begin(struct world *w)
{
	const struct plan *p = w->plans[0];
	/* some begin with nothing to alarm anybody: only then those on duty are rung */
	int64_t quiet_ms = !w->is_edges && w->seed % 5 == 0 ? 40 * MINUTE_MS : 0;

	for (int i = 0; i < p->n_sensors && i < SENSORS_MAX; i++) {
		struct nature *s;

		if (p->sensors[i].is_family)
			continue;
		s = &w->sensors[w->n_sensors++];
		*s = (struct nature){.def = i, .id = p->sensors[i].id, .kind = p->sensors[i].kind};
		measure(w, s);
	}
	if (w->is_lacking)
		begin_family(w);
	if (w->is_edges)
		edges_begin(w);
	else
		world_later(w, quiet_ms + 5000, &(struct thing){.kind = THING_SENSOR});
	world_later(w, quiet_ms + 60000, &(struct thing){.kind = THING_PERSON});
	world_later(w, 600000, &(struct thing){.kind = THING_ODD});
}
