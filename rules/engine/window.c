/* window.c - the last while of one sensor.
 *
 * Of `rises` only those values are kept that are lower than all after them:
 * only they can be the last from which the newest has risen far enough. `falls`
 * is the same with every value negated. When there are too many for the
 * memory, those of one part of the window become one: the lowest of them, as
 * late as the latest. So no rise is missed; one may be seen for a part longer.
 * A sensor that speaks less often than `over` is taken to have moved evenly
 * between two messages; else it could never rise. */
#include "engine/window.h"

#include <stdlib.h>
#include <string.h>

enum { PARTS = 48 }; /* of a window, when memory is short */

/* So far from the ends that differences do not overflow. */
#define MILLI_MOST (INT64_MAX / 4)

__extension__ typedef unsigned __int128 wide;

void window_make(struct gate *g)
{
	struct window *w;

	g->window = NULL;
	if (!g->cond->hold_ms && !(g->sensor && test_is_windowed(g->cond->test.op)))
		return;
	w = xcalloc(1, sizeof *w);
	deadline_init(&w->open, DEADLINE_WINDOW, g, g->instance->key, 0);
	deadline_init(&w->held, DEADLINE_HOLD, g, g->instance->key, 0);
	g->window = w;
}

void window_free(struct engine *e, struct gate *g)
{
	struct window *w = g->window;

	if (!w)
		return;
	deadline_clear(&e->heap, &w->open);
	deadline_clear(&e->heap, &w->held);
	free(w->at);
	free(w);
	g->window = NULL;
}

void window_place(struct gate *g, int sub)
{
	if (!g->window)
		return;
	g->window->open.sub = sub;
	g->window->held.sub = sub;
}

/* ---------------------------------------------------------------- samples */

static void push(struct window *w, int64_t at_ms, int64_t milli)
{
	if (w->n == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 4;
		w->at = xrealloc(w->at, (size_t)w->cap * sizeof *w->at);
	}
	w->at[w->n++] = (struct sample){at_ms, milli};
}

static void drop_first(struct window *w, int n)
{
	if (!n)
		return;
	w->n -= n;
	memmove(w->at, w->at + n, (size_t)w->n * sizeof *w->at);
}

/* All but the newest that are older. */
static void expire(struct window *w, int64_t from_ms)
{
	int n = 0;

	while (n + 1 < w->n && w->at[n].at_ms < from_ms)
		n++;
	drop_first(w, n);
}

static void squeeze(struct window *w, int64_t over_ms)
{
	int64_t part_ms = over_ms / PARTS + 1;
	int kept = 0;

	for (int i = 1; i < w->n; i++)
		if (w->at[i].at_ms / part_ms == w->at[kept].at_ms / part_ms)
			w->at[kept].at_ms = w->at[i].at_ms;
		else
			w->at[++kept] = w->at[i];
	w->n = kept + 1;
}

/* In `gap_ms` it rose so that in `over_ms` it rises far enough. */
static bool is_steep(int64_t rise, int64_t gap_ms, const struct test *t)
{
	return rise > 0 && (wide)rise * (wide)t->over_ms >= (wide)t->limit_milli * (wide)gap_ms;
}

static void add_value(struct window *w, int64_t now_ms, int64_t milli, const struct test *t)
{
	int64_t gap_ms;

	expire(w, now_ms - t->over_ms);
	gap_ms = w->n ? now_ms - w->at[w->n - 1].at_ms : 0;
	if (gap_ms > t->over_ms) {
		int64_t rise = milli - w->at[w->n - 1].milli;

		w->n = 0;
		if (is_steep(rise, gap_ms, t))
			push(w, now_ms, milli - t->limit_milli);
	}
	while (w->n && w->at[w->n - 1].milli >= milli)
		w->n--;
	if (w->n == SAMPLES_MAX)
		squeeze(w, t->over_ms);
	push(w, now_ms, milli);
}

static int64_t bounded(int64_t milli)
{
	return milli > MILLI_MOST ? MILLI_MOST : milli < -MILLI_MOST ? -MILLI_MOST : milli;
}

/* The last of what was told from which it is enough; -1: it is not. */
static int enough(const struct window *w, const struct test *t)
{
	int i = w->n - 1;

	if (t->op == TEST_CHANGES)
		return w->n - t->changes;
	while (i >= 0 && w->at[w->n - 1].milli - w->at[i].milli < t->limit_milli)
		i--;
	return i;
}

/* Open until that is older than the window. */
static void look(struct engine *e, struct window *w, const struct test *t)
{
	int i = enough(w, t);

	if (i >= 0 && w->at[i].at_ms >= e->now_ms - t->over_ms)
		deadline_set(&e->heap, &w->open, w->at[i].at_ms + t->over_ms + 1);
	else
		deadline_clear(&e->heap, &w->open);
}

static void measure(struct engine *e, struct window *w, const struct test *t, int64_t milli)
{
	add_value(w, e->now_ms, bounded(milli) * (t->op == TEST_FALLS ? -1 : 1), t);
	look(e, w, t);
}

/* Only as many of the last changes are kept as there must be. */
static void change(struct engine *e, struct window *w, const struct test *t)
{
	if (w->n >= t->changes)
		drop_first(w, w->n - t->changes + 1);
	push(w, e->now_ms, 0);
	look(e, w, t);
}

void window_again(struct engine *e, struct gate *g)
{
	deadline_clear(&e->heap, &g->window->held);
	look(e, g->window, &g->cond->test);
	g->instance->dirty = true;
}

void window_value(struct engine *e, struct gate *g, bool is_other)
{
	const struct test *t = &g->cond->test;

	if (!g->window || !test_is_windowed(t->op))
		return;
	if (t->op == TEST_CHANGES && is_other)
		change(e, g->window, t);
	else if (t->op != TEST_CHANGES && g->sensor->has_number)
		measure(e, g->window, t, g->sensor->milli);
	else
		return;
	g->instance->dirty = true;
}

/* ----------------------------------------------------------------- within */

void window_hold(struct engine *e, struct gate *g, enum truth was)
{
	bool is_true = g->out == TRUTH_TRUE, was_true = was == TRUTH_TRUE;

	if (!g->cond->hold_ms || is_true == was_true)
		return;
	if (g->cond->is_voter ? is_true : was_true)
		deadline_set(&e->heap, &g->window->held, e->now_ms + g->cond->hold_ms + 1);
	else if (!g->cond->is_voter)
		deadline_clear(&e->heap, &g->window->held);
}

void window_forget(struct engine *e, struct gate *g)
{
	if (g->window)
		deadline_clear(&e->heap, &g->window->held);
}

/* ------------------------------------------------------ clock and records */

void window_shift(struct gate *g, int64_t by_ms)
{
	for (int i = 0; g->window && i < g->window->n; i++)
		g->window->at[i].at_ms += by_ms;
}

static void not_before(struct engine *e, struct gate *g, struct deadline *d, int64_t at_ms)
{
	if (!d->pos || d->at_ms >= at_ms)
		return;
	deadline_set(&e->heap, d, at_ms);
	g->instance->dirty = true;
}

void window_late(struct engine *e, struct gate *g, int64_t not_before_ms)
{
	if (!g->window)
		return;
	not_before(e, g, &g->window->open, not_before_ms);
	not_before(e, g, &g->window->held, not_before_ms);
}

bool window_is_empty(const struct gate *g)
{
	return !g->window || (!g->window->n && !g->window->open.pos && !g->window->held.pos);
}

void window_save(const struct gate *g, struct buf *out)
{
	const struct window *w = g->window;

	record_int(out, w->open.pos ? w->open.at_ms : -1);
	record_int(out, w->held.pos ? w->held.at_ms : -1);
	record_int(out, w->n);
	for (int i = 0; i < w->n; i++) {
		record_int(out, w->at[i].at_ms);
		record_int(out, w->at[i].milli);
	}
}

void window_restore(struct engine *e, struct gate *g, struct record_reader *r)
{
	int64_t open_ms = record_read_ms(r), held_ms = record_read_ms(r), n = record_read_int(r);
	struct window *w = g ? g->window : NULL;

	r->bad |= n < 0 || n > SAMPLES_MAX;
	if (w)
		w->n = 0;
	for (int64_t i = 0; i < n && !r->bad; i++) {
		int64_t at_ms = record_read_ms(r), milli = record_read_int(r);

		r->bad |= milli > INT64_MAX / 2 || milli < -INT64_MAX / 2; /* a difference must not run over */
		if (w && !r->bad)
			push(w, at_ms, milli);
	}
	if (w && open_ms >= 0)
		deadline_set(&e->heap, &w->open, open_ms);
	if (w && held_ms >= 0)
		deadline_set(&e->heap, &w->held, held_ms);
}
