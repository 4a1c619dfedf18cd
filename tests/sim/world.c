/* world.c - what happens next, and the daemon's turn after it. */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- telling -- */

void world_trace(struct world *w, const char *format, ...)
{
	char *line = w->trace[w->n_trace++ % TRACE_LINES];
	int n = snprintf(line, TRACE_BYTES, "%10.3f ", (double)w->now_ms / 1000);
	va_list ap;

	va_start(ap, format);
	vsnprintf(line + n, (size_t)(TRACE_BYTES - n), format, ap);
	va_end(ap);
	if (w->tells_all)
		puts(line);
}

void world_broken(struct world *w, const char *invariant, const char *format, ...)
{
	int64_t from = w->n_trace > TRACE_LINES ? w->n_trace - TRACE_LINES : 0;
	va_list ap;

	for (int64_t i = from; i < w->n_trace && !w->tells_all; i++)
		printf("%s\n", w->trace[i % TRACE_LINES]);
	printf("seed %llu event %lld: %s is broken: ", (unsigned long long)w->seed, (long long)w->n_events,
	       invariant);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\nreplay: sim %s%llu\n", w->is_edges ? "--edges " : w->is_lacking ? "--lacking " : "",
	       (unsigned long long)w->seed);
	fflush(stdout);
	_Exit(1);
}

/* -- what happens later: a heap by time, then order of asking -- */

static bool before(const struct thing *a, const struct thing *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void world_later(struct world *w, int64_t in_ms, const struct thing *t)
{
	int i = w->n_things++;

	if (i == w->cap_things) {
		w->cap_things = w->cap_things ? 2 * w->cap_things : 256;
		w->things = xrealloc(w->things, (size_t)w->cap_things * sizeof *w->things);
	}
	w->things[i] = *t;
	w->things[i].at_ms = w->now_ms + in_ms;
	w->things[i].order = ++w->order;
	for (; i > 0 && before(&w->things[i], &w->things[(i - 1) / 2]); i = (i - 1) / 2) {
		struct thing up = w->things[i];

		w->things[i] = w->things[(i - 1) / 2];
		w->things[(i - 1) / 2] = up;
	}
}

static struct thing take_first(struct world *w)
{
	struct thing first = w->things[0], last = w->things[--w->n_things];
	int i = 0;

	for (int kid = 1; kid < w->n_things; kid = 2 * i + 1) {
		if (kid + 1 < w->n_things && before(&w->things[kid + 1], &w->things[kid]))
			kid++;
		if (!before(&w->things[kid], &last))
			break;
		w->things[i] = w->things[kid];
		i = kid;
	}
	w->things[i] = last;
	return first;
}

/* -- what comes in -- */

void inputs_add(struct inputs *list, const struct input *in)
{
	if (list->n == list->cap) {
		list->cap = list->cap ? 2 * list->cap : 8;
		list->at = xrealloc(list->at, (size_t)list->cap * sizeof *list->at);
	}
	list->at[list->n++] = *in;
}

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static void read_reading(const struct world *w, const struct input *in, struct event *ev)
{
	const struct plan *p = w->plans[w->plan];
	const struct nature *s = &w->sensors[in->sensor];
	int def = nature_def(w, in->sensor), zone = p->sensors[def].zone;

	ev->kind = EVENT_READING;
	ev->reading = (struct reading){.kind = in->kind,
	                               .sensor = s->id,
	                               .def = def,
	                               .zone = zone < 0 ? plan_zone(p, s->zone) : zone,
	                               .word = in->word,
	                               .text = in->word,
	                               .has_number = in->has_number,
	                               .milli = in->milli,
	                               .retained = in->retained};
}

static void read_command(const struct input *in, struct event *ev, const char *without[4])
{
	struct command *c = &ev->command;

	ev->kind = EVENT_COMMAND;
	*c = (struct command){.verb = in->verb,
	                      .bad = in->bad,
	                      .user = in->user,
	                      .via = in->by_control ? "control" : "mqtt",
	                      .as_person = in->by_control,
	                      .before_mark = in->before_mark,
	                      .id = in->id,
	                      .all = in->all,
	                      .rev = in->rev,
	                      .type = or_null(in->type),
	                      .zone = or_null(in->zone),
	                      .step = or_null(in->step),
	                      .choice = or_null(in->choice),
	                      .actuator = or_null(in->actuator),
	                      .action = or_null(in->action),
	                      .person = or_null(in->person),
	                      .role = or_null(in->role),
	                      .starts = or_null(in->starts),
	                      .ends = or_null(in->ends),
	                      .id_text = or_null(in->id_text),
	                      .words = "words",
	                      .is_instruction = in->verb == VERB_NOTE && in->id % 2,
	                      .hazard = or_null(in->hazard),
	                      .name = or_null(in->name),
	                      .permit = "DH-1",
	                      .for_ms = in->for_ms,
	                      .n_pairs = in->n_pairs};
	c->reply.control = in->by_control ? 7 : 0;
	for (int i = 0; i < in->n_pairs; i++)
		c->pairs[i] = (struct pair){in->keys[i], in->values[i]};
	for (int i = 0; i < in->n_without; i++)
		without[i] = in->without[i];
	c->without = (struct strings){without, in->n_without};
}

static void step(struct world *w, struct event *ev, const struct input *in)
{
	ev->at_ms = w->now_ms;
	w->step_seq = w->seq;
	w->step_from = w->gathering->fx.n;
	w->n_steps++;
	engine_step(w->engine, ev, &w->gathering->fx);
	invariants_step(w, ev, in);
}

void world_step(struct world *w, struct event *ev)
{
	step(w, ev, NULL);
}

void world_input(struct world *w, const struct input *in)
{
	struct event ev = {0};
	const char *without[4];

	if (!in->is_command && nature_def(w, in->sensor) < 0)
		return; /* no sensor of this plan: nobody subscribed */
	if (in->is_command)
		read_command(in, &ev, without);
	else
		read_reading(w, in, &ev);
	if (!in->by_control)
		inputs_add(&w->gathering->inputs, in);
	if (in->is_command)
		world_trace(w, "%s says %s %lld %s%s%s", in->user,
		            in->verb < VERB_COUNT ? verb_name(in->verb) : "what", (long long)in->id, in->step,
		            in->actuator, in->type);
	else
		world_trace(w, "%s says %s%s (%d)", w->sensors[in->sensor].id, in->word,
		            in->retained ? " retained" : "", (int)in->kind);
	invariants_before(w, in);
	step(w, &ev, in);
}

/* -- turns -- */

static void turn(struct world *w)
{
	struct event time = {.kind = EVENT_TIME};

	world_step(w, &time);
	if (w->store != STORE_OK) {
		if (w->flying)
			store_leave_urgent(w, w->flying);
		store_leave_urgent(w, w->gathering);
	}
	store_submit(w);
	process_plans_unused(w);
	invariants_turn(w);
}

static void tell_outcome(struct world *w, const struct thing *t)
{
	struct event ev = {0};

	if (t->kind == THING_NOTICE) {
		ev.kind = EVENT_NOTICE;
		ev.notice.id = t->id;
		ev.notice.outcome = (enum outcome)t->a;
		said_outcome(w, t->id, ev.notice.outcome);
	} else {
		ev.kind = EVENT_ACTUATED;
		ev.actuated.id = t->number;
		ev.actuated.outcome = (enum outcome)t->a;
		ev.actuated.interlocked = t->b != 0;
	}
	world_trace(w, "outcome of %s%lld: %d", t->id, (long long)t->number, t->a);
	world_step(w, &ev);
}

static void happen(struct world *w, const struct thing *t)
{
	switch (t->kind) {
	case THING_SENSOR:
		nature_sensor(w);
		break;
	case THING_EDGE:
		edges_speak(w, t->a);
		break;
	case THING_PERSON:
		people_some(w);
		break;
	case THING_ODD:
		nature_odd(w);
		break;
	case THING_LINK:
		process_link(w, (enum link)t->a);
		break;
	case THING_COMMIT:
		store_attempt(w);
		break;
	case THING_LATE:
		if (w->flying && w->flying->seq == t->number)
			store_late(w);
		break;
	case THING_NOTICE:
	case THING_ACTUATED:
		tell_outcome(w, t);
		break;
	case THING_VALVE:
		nature_valve(w, t);
		break;
	case THING_ACT:
		people_act(w, t);
		break;
	}
}

static int64_t next_due(const struct world *w)
{
	int64_t engine_ms = engine_next_due(w->engine), oracle_ms = oracle_next(w);

	return engine_ms < oracle_ms ? engine_ms : oracle_ms;
}

/* At the edges a limit of time comes before what is said in the same millisecond. */
void world_run(struct world *w, int64_t n_events)
{
	for (; w->n_events < n_events; w->n_events++) {
		int64_t due_ms = next_due(w), first_ms = w->things[0].at_ms;
		bool is_thing = w->is_edges ? first_ms < due_ms : first_ms <= due_ms;
		struct thing t = {.at_ms = due_ms};

		if (is_thing)
			t = take_first(w);
		if (t.at_ms > w->now_ms)
			w->now_ms = t.at_ms;
		if (is_thing && (!t.process || t.process == w->process))
			happen(w, &t);
		if (w->is_lacking && chance_below(&w->chance, 80) == 0)
			process_reload(w);
		if (chance_below(&w->chance, 400) == 0) /* between two steps of a turn */
			process_crash(w);
		turn(w);
	}
	w->digest = (w->digest ^ engine_digest(w->engine)) * 1099511628211u;
}

struct world *world_new(uint64_t seed, bool is_edges, bool is_lacking, bool tells_all)
{
	static const int64_t paces[] = {1, 3, 10, 25};
	struct world *w = xcalloc(1, sizeof *w);

	w->seed = seed;
	w->is_edges = is_edges;
	w->is_lacking = is_lacking;
	w->tells_all = tells_all;
	w->chance.state = seed;
	w->pace = paces[seed % 4];
	w->now_ms = 1795000000000;
	w->digest = 14695981039346656037u;
	process_plans(w);
	nature_begin(w);
	w->oracle = is_edges ? oracle_new(w) : NULL;
	process_start(w, 0);
	turn(w);
	return w;
}

void world_free(struct world *w)
{
	engine_free(w->engine);
	batch_free(w->gathering);
	batch_free(w->flying);
	store_forget(w);
	for (int i = 0; i < w->n_plans; i++) {
		plan_free(w->plans[i]);
		free(w->texts[i]);
	}
	free(w->oracle);
	free(w->durable_oracle);
	free(w->queued.at);
	free(w->things);
	free(w->notices);
	free(w->watches);
	free(w);
}
