/* store.c - the store of a world: one turn on its way, stored, late, failed or
 * unknown; what is stored outlives a crash. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

enum { LATE_MS = 250 };

struct batch *batch_new(void)
{
	struct batch *b = xcalloc(1, sizeof *b);

	effects_init(&b->fx);
	records_init(&b->records);
	return b;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	effects_fini(&b->fx);
	records_fini(&b->records);
	free(b->inputs.at);
	free(b->left);
	free(b->oracle);
	free(b);
}

/* -- the table of records -- */

static int place(const struct world *w, const char *key)
{
	int low = 0, high = w->n_saved;

	while (low < high) {
		int mid = (low + high) / 2;

		if (strcmp(w->saved[mid].key, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void forget(struct world *w, int i)
{
	free(w->saved[i].key);
	free(w->saved[i].value);
	memmove(&w->saved[i], &w->saved[i + 1], (size_t)(w->n_saved - i - 1) * sizeof *w->saved);
	w->n_saved--;
}

static void keep(struct world *w, const struct record *r)
{
	int i = place(w, r->key);
	bool found = i < w->n_saved && !strcmp(w->saved[i].key, r->key);

	if (!r->value) {
		if (found)
			forget(w, i);
		return;
	}
	if (!found) {
		if (w->n_saved == w->cap_saved) {
			w->cap_saved = w->cap_saved ? 2 * w->cap_saved : 256;
			w->saved = xrealloc(w->saved, (size_t)w->cap_saved * sizeof *w->saved);
		}
		memmove(&w->saved[i + 1], &w->saved[i], (size_t)(w->n_saved - i) * sizeof *w->saved);
		w->saved[i] = (struct saved){xstrdup(r->key), NULL};
		w->n_saved++;
	}
	free(w->saved[i].value);
	w->saved[i].value = xstrdup(r->value);
}

void store_forget(struct world *w)
{
	while (w->n_saved)
		forget(w, w->n_saved - 1);
	free(w->saved);
}

static uint64_t fold(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211u;
	return h;
}

/* As engine_digest does over what it would save. */
uint64_t store_digest(const struct world *w)
{
	uint64_t h = 14695981039346656037u;

	for (int i = 0; i < w->n_saved; i++)
		if (strcmp(w->saved[i].key, "e") != 0)
			h = fold(fold(h, w->saved[i].key), w->saved[i].value);
	return h;
}

static const struct plan *plan_of(void *arg, const char *hash)
{
	struct world *w = arg;

	for (int i = 0; i < w->n_plans; i++)
		if (strlen(hash) == 6 && hash[5] == 'a' + i)
			return process_plan(w, i);
	return NULL;
}

/* In no particular order, as a store may give them. */
void store_restore(struct world *w)
{
	struct record *r = xcalloc((size_t)w->n_saved + 1, sizeof *r);

	for (int i = 0; i < w->n_saved; i++)
		r[i] = (struct record){w->saved[i].key, w->saved[i].value};
	for (int i = w->n_saved - 1; i > 0; i--) {
		int k = (int)chance_below(&w->chance, i + 1);
		struct record other = r[i];

		r[i] = r[k];
		r[k] = other;
	}
	if (engine_restore(w->engine, r, w->n_saved, plan_of, w) < 0)
		world_broken(w, "I4", "a saved record cannot be read");
	free(r);
}

/* -- turns -- */

static void make_durable(struct world *w, struct batch *b)
{
	if (b->durable)
		return;
	b->durable = true;
	for (int i = 0; i < b->records.n; i++)
		keep(w, &b->records.at[i]);
	w->durable_seq = b->seq;
	w->durable_epoch = b->epoch;
	w->durable_at_ms = b->at_ms;
	if (w->durable_ids < b->ids)
		w->durable_ids = b->ids;
	w->durable_essence = b->essence;
	w->durable_plan = b->plan;
	memcpy(w->durable_alarm, b->alarm, sizeof w->durable_alarm);
	free(w->durable_oracle);
	w->durable_oracle = oracle_copy(b->oracle);
}

void store_tell(struct world *w, enum store_state state)
{
	struct event ev = {.kind = EVENT_STORE, .store = state};

	if (state == w->store)
		return;
	w->store = state;
	world_step(w, &ev);
}

static void leave_all(struct world *w, struct batch *b)
{
	int last = -1;

	for (int i = 0; i < b->fx.n; i++) {
		if (i < b->n_looked && b->left[i])
			continue;
		if (i >= b->n_looked)
			beside_order(w, &b->fx.at[i], &last);
		leave_effect(w, &b->fx.at[i], true);
	}
}

void store_leave_urgent(struct world *w, struct batch *b)
{
	if (b->left_cap < b->fx.n) {
		b->left_cap = b->fx.n * 2;
		b->left = xrealloc(b->left, (size_t)b->left_cap * sizeof *b->left);
	}
	for (; b->n_looked < b->fx.n; b->n_looked++) {
		bool urgent = b->fx.at[b->n_looked].urgent;

		b->left[b->n_looked] = urgent;
		if (!urgent)
			continue;
		if (w->durable_ids < engine_ids_reserved(w->engine)) /* kept beside the store first */
			w->durable_ids = engine_ids_reserved(w->engine);
		leave_effect(w, &b->fx.at[b->n_looked], false);
	}
}

static void check_record(struct world *w, const struct record *r, int i)
{
	if (i >= w->n_saved || strcmp(w->saved[i].key, r->key) != 0)
		world_broken(w, "I4", "record %s was never saved, or one forgotten was kept", r->key);
	if (strcmp(r->key, "e") != 0 && strcmp(w->saved[i].value, r->value) != 0)
		world_broken(w, "I4", "a change of record %s was not saved: it is\n%s\nand saved was\n%s",
		             r->key, r->value, w->saved[i].value);
}

/* Now and then: the sum of all the small saves is the whole, unless the engine has gone on since. */
static void check_saves(struct world *w, const struct batch *b)
{
	struct records all;

	if (w->n_steps != b->n_steps || chance_below(&w->chance, 16))
		return;
	records_init(&all);
	engine_save_all(w->engine, &all);
	for (int i = 0; i < all.n; i++)
		check_record(w, &all.at[i], i);
	if (all.n != w->n_saved)
		world_broken(w, "I4", "a forgotten record is still saved");
	records_fini(&all);
}

static void committed(struct world *w)
{
	struct batch *b = w->flying;

	make_durable(w, b);
	w->flying = NULL;
	world_trace(w, "  stored up to row %lld", (long long)b->seq);
	check_saves(w, b);
	store_tell(w, STORE_OK);
	leave_all(w, b);
	batch_free(b);
}

static int64_t commit_ms(struct world *w)
{
	if (w->now_ms < w->store_bad_until_ms)
		return 5;
	return chance_of(&w->chance, 3) ? 200 + chance_below(&w->chance, 2000)
	                                : 1 + chance_below(&w->chance, 20);
}

void store_submit(struct world *w)
{
	struct batch *b = w->gathering;
	int rows = 0;

	if (w->flying)
		return;
	engine_save(w->engine, &b->records);
	engine_order(w->engine, &b->fx, b->n_looked);
	for (int i = 0; i < b->fx.n; i++)
		rows += b->fx.at[i].kind == EFFECT_AUDIT;
	b->seq = engine_seq(w->engine);
	b->epoch = engine_epoch(w->engine);
	b->at_ms = w->now_ms;
	b->n_steps = w->n_steps;
	b->plan = w->plan;
	b->ids = engine_ids_reserved(w->engine);
	essence_of(w->engine, &b->essence);
	memcpy(b->alarm, w->alarm, sizeof b->alarm);
	b->oracle = oracle_copy(w->oracle);
	w->gathering = batch_new();
	if (!rows && !b->records.n) {
		leave_all(w, b);
		batch_free(b);
		return;
	}
	w->flying = b;
	world_later(w, commit_ms(w), &(struct thing){.kind = THING_COMMIT, .process = w->process});
	world_later(w, LATE_MS, &(struct thing){.kind = THING_LATE, .process = w->process, .number = b->seq});
}

/* A failed commit may be durable all the same; the same turn is tried again. */
void store_attempt(struct world *w)
{
	struct batch *b = w->flying;

	if (!b)
		return;
	if (b->durable || (w->now_ms >= w->store_bad_until_ms && !chance_of(&w->chance, 1))) {
		committed(w);
		return;
	}
	if (chance_of(&w->chance, 20))
		make_durable(w, b);
	world_trace(w, "  commit failed%s", b->durable ? " (and is durable)" : "");
	store_tell(w, STORE_FAILING);
	world_later(w, 200 + chance_below(&w->chance, 800),
	            &(struct thing){.kind = THING_COMMIT, .process = w->process});
}

void store_late(struct world *w)
{
	if (w->flying && w->store == STORE_OK)
		store_tell(w, STORE_LATE);
}
