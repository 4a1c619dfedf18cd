#include "rehearsal/stage.h"

#include <stdlib.h>
#include <string.h>

/* -- turns -- */

static void step(struct stage *s, struct event *ev)
{
	ev->at_ms = s->now_ms;
	engine_step(s->engine, ev, &s->fx);
	if (ev->kind == EVENT_PLAN)
		s->ran = ev->plan.plan;
}

struct spoke {
	struct stage *stage;
	struct arena arena;
	struct event *at;
	int n;
};

static void ask_intake(void *arg, const char *sensor, int def)
{
	struct spoke *spoke = arg;
	int64_t seen_ms = intake_seen(spoke->stage->intake, sensor);
	struct event ev = {.kind = EVENT_READING};

	if (seen_ms < 0)
		return;
	ev.reading = (struct reading){.kind = READING_SEEN,
	                              .sensor = arena_str(&spoke->arena, sensor),
	                              .def = def,
	                              .zone = -1,
	                              .word = "",
	                              .text = "",
	                              .ago_ms = spoke->stage->now_ms - seen_ms};
	spoke->at = xrealloc(spoke->at, (size_t)(spoke->n + 1) * sizeof *spoke->at);
	spoke->at[spoke->n++] = ev;
}

/* Before silence is believed: messages that were no news did arrive. */
static void step_seen(struct stage *s)
{
	struct spoke spoke = {.stage = s};

	arena_init(&spoke.arena);
	engine_silent_by(s->engine, s->now_ms, ask_intake, &spoke);
	for (int i = 0; i < spoke.n; i++)
		step(s, &spoke.at[i]);
	free(spoke.at);
	arena_fini(&spoke.arena);
}

static void end_turn(struct stage *s)
{
	struct event time = {.kind = EVENT_TIME};

	step_seen(s);
	step(s, &time);
	engine_order(s->engine, &s->fx, 0);
	engine_save(s->engine, &s->stored);
	for (int i = 0; i < s->fx.n; i++) {
		const struct effect *f = &s->fx.at[i];

		if (f->kind == EFFECT_WANT)
			intake_want(s->intake, f->sensor.id);
		else if (f->kind == EFFECT_FOLLOW)
			intake_follow(s->intake, f->sensor.id, f->sensor.on);
		s->took(s->arg, f);
	}
	effects_clear(&s->fx);
}

void stage_turn(struct stage *s, struct event *ev)
{
	if (ev->kind != EVENT_TIME)
		step(s, ev);
	end_turn(s);
}

bool stage_message(struct stage *s, const struct message *m)
{
	struct intake_result *r = xmalloc(sizeof *r);
	bool is_heard;

	intake_read(s->intake, m, s->now_ms, r);
	is_heard = r->n > 0;
	for (int i = 0; r->is_news && i < r->n; i++) {
		struct event ev = {.kind = EVENT_READING, .reading = r->readings[i]};

		step(s, &ev);
	}
	if (r->is_news) {
		end_turn(s);
		intake_told(s->intake, r);
	}
	free(r);
	return is_heard;
}

void stage_command(struct stage *s, const struct stage_said *said)
{
	struct event ev = {0};
	struct arena arena;

	arena_init(&arena);
	if (command_parse(said->user, said->verb, said->payload, said->len, &arena, &ev)) {
		ev.command.via = said->via;
		ev.command.by_login = said->by_login;
		ev.command.retained = said->retained;
		ev.command.dup = said->dup;
		ev.command.before_mark = !said->by_login && s->link != LINK_SYNCED;
		stage_turn(s, &ev);
	}
	arena_fini(&arena);
}

void stage_link(struct stage *s, enum link link)
{
	struct event ev = {.kind = EVENT_LINK, .link = link};

	s->link = link;
	intake_want(s->intake, NULL);
	stage_turn(s, &ev);
}

/* -- time -- */

bool stage_fire(struct stage *s, int64_t by_ms)
{
	struct event time = {.kind = EVENT_TIME};
	int64_t due_ms = s->engine ? engine_next_due(s->engine) : INT64_MAX;

	if (due_ms > by_ms)
		return false;
	if (due_ms > s->now_ms)
		s->now_ms = due_ms;
	stage_turn(s, &time);
	return true;
}

bool stage_until(struct stage *s, int64_t at_ms)
{
	while (stage_fire(s, at_ms - 1))
		;
	if (at_ms < s->now_ms)
		return false;
	s->now_ms = at_ms;
	return true;
}

/* -- begin and end -- */

static void started(struct stage *s, int64_t down_ms)
{
	struct event ev = {
	    .kind = EVENT_STARTED,
	    .started = {.down_ms = down_ms, .host = "gate-1", .boot = "9f2c", .version = "test"}};

	ev.started.epoch = ++s->epoch;
	s->link = LINK_DOWN;
	stage_turn(s, &ev);
}

static void begin(struct stage *s)
{
	s->intake = intake_new(s->plan);
	s->engine = engine_new(s->plan);
}

void stage_start(struct stage *s)
{
	effects_init(&s->fx);
	records_init(&s->stored);
	begin(s);
	s->ran = s->plan;
	started(s, 0);
}

void stage_fini(struct stage *s)
{
	engine_free(s->engine);
	intake_free(s->intake);
	effects_fini(&s->fx);
	records_fini(&s->stored);
}

/* By key, the newest first. */
static int by_key(const void *a, const void *b)
{
	const struct record *const *x = a, *const *y = b;
	int d = strcmp((*x)->key, (*y)->key);

	return d ? d : *x < *y ? 1 : *x > *y ? -1 : 0;
}

static int by_age(const void *a, const void *b)
{
	const struct record *const *x = a, *const *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The newest record of each key, without those that are gone, in the order they came. */
static int newest_records(const struct records *all, struct record *ret)
{
	const struct record **sorted = xcalloc((size_t)all->n + 1, sizeof *sorted);
	const char *key = NULL;
	int n = 0;

	for (int i = 0; i < all->n; i++)
		sorted[i] = &all->at[i];
	qsort(sorted, (size_t)all->n, sizeof *sorted, by_key);
	for (int i = 0; i < all->n; i++) {
		bool is_newest = !key || strcmp(sorted[i]->key, key) != 0;

		key = sorted[i]->key;
		if (is_newest && sorted[i]->value)
			sorted[n++] = sorted[i];
	}
	qsort(sorted, (size_t)n, sizeof *sorted, by_age);
	for (int i = 0; i < n; i++)
		ret[i] = *sorted[i];
	free(sorted);
	return n;
}

const char *stage_crash(struct stage *s, int64_t down_ms)
{
	struct record *kept = xcalloc((size_t)s->stored.n + 1, sizeof *kept);
	int n = newest_records(&s->stored, kept);
	uint64_t was = engine_digest(s->engine);
	const char *wrong = NULL;

	engine_free(s->engine);
	intake_free(s->intake);
	begin(s);
	if (engine_restore(s->engine, kept, n, s->plan_of, s->arg) != 0)
		wrong = "what was saved cannot be read";
	else if (s->ran == s->plan && engine_digest(s->engine) != was)
		wrong = "what was restored is not what was running";
	s->ran = s->plan;
	free(kept);
	s->now_ms += down_ms;
	if (!wrong)
		started(s, down_ms);
	return wrong;
}
