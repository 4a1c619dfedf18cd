/* watch_memory.c - the watches of the newest plan, what of them outlives a new
 * one, and their records. */
#include "engine/emit.h"
#include "engine/save.h"
#include "engine/watch.h"

#include <stdlib.h>
#include <string.h>

static void run_free(struct watch_run *w)
{
	for (int i = 0; i < w->n_points; i++)
		free(w->points[i].id);
	free(w->points);
	free(w->key);
	free(w);
}

static struct watch_run *run_add(struct engine *e, const char *id)
{
	struct watch_run *w = xcalloc(1, sizeof *w);
	struct buf key = {0};
	int at = 0;

	buf_printf(&key, "w/%s", id);
	w->key = buf_steal(&key);
	w->id = w->key + 2;
	w->watch = -1;
	w->due_ms = w->frozen_ms = -1;
	deadline_init(&w->due, DEADLINE_WATCH, w, w->key, 0);
	e->watches = xrealloc(e->watches, (size_t)(e->n_watches + 1) * sizeof *e->watches);
	while (at < e->n_watches && strcmp(e->watches[at]->id, id) < 0)
		at++;
	memmove(&e->watches[at + 1], &e->watches[at], (size_t)(e->n_watches - at) * sizeof *e->watches);
	e->watches[at] = w;
	e->n_watches++;
	return w;
}

static struct watch_run *run_find(const struct engine *e, const char *id)
{
	for (int i = 0; i < e->n_watches; i++)
		if (!strcmp(e->watches[i]->id, id))
			return e->watches[i];
	return NULL;
}

static bool is_same_list(const struct watch_run *w, const struct watch_def *d)
{
	if (w->n_points != d->n_points)
		return false;
	for (int i = 0; i < w->n_points; i++)
		if (strcmp(w->points[i].id, d->points[i].id) != 0)
			return false;
	return true;
}

/* Of a point that is still there what is known stays. One that is gone is seen to when the watch is looked
 * at: until then it stands behind the others. */
static void follow_points(struct watch_run *w, const struct watch_def *d)
{
	struct watch_seen *old = w->points;
	int n_old = w->n_points, n = d->n_points;

	if (is_same_list(w, d))
		return;
	w->points = xcalloc((size_t)(n + n_old), sizeof *w->points);
	for (int i = 0; i < n; i++)
		w->points[i].id = xstrdup(d->points[i].id);
	for (int k = 0; k < n_old; k++) {
		int i = 0;

		while (i < n && strcmp(w->points[i].id, old[k].id) != 0)
			i++;
		if (i < n) {
			w->points[i].seen = old[k].seen;
			w->points[i].missed = old[k].missed;
			free(old[k].id);
		} else if (old[k].missed) {
			w->points[n++] = old[k];
		} else {
			free(old[k].id);
		}
	}
	w->n_points = n;
	w->dirty = true;
	free(old);
}

void watches_replan(struct engine *e)
{
	for (int i = 0; i < e->n_watches; i++)
		e->watches[i]->watch = -1;
	for (int i = 0; i < e->plan->n_watches; i++) {
		const struct watch_def *d = &e->plan->watches[i];
		struct watch_run *w = run_find(e, d->id);

		if (!w) {
			w = run_add(e, d->id);
			w->dirty = true;
		}
		w->watch = i;
		follow_points(w, d);
	}
	for (int i = 0; i < e->n_watches; i++)
		if (e->watches[i]->watch >= 0)
			watch_arm(e, e->watches[i]);
}

/* Of points and watches the plan has lost nothing is missed any more. */
static void drop_points(struct engine *e, struct watch_run *w, int n)
{
	for (; w->n_points > n; w->dirty = true) {
		struct watch_seen *p = &w->points[--w->n_points];

		watch_found(e, w, p, "system");
		free(p->id);
	}
}

/* The new plan may want it sooner, or at another time of day. */
static void follow_times(struct engine *e, struct watch_run *w, const struct watch_def *d)
{
	int64_t latest_ms = watch_round_ms(e, d);

	if (w->frozen_ms >= 0 && !d->closed_type)
		latest_ms += w->frozen_ms - e->now_ms;
	if (!w->on || w->due_ms == latest_ms || w->due_ms < (d->closed_type ? e->now_ms : latest_ms))
		return;
	w->due_ms = latest_ms;
	w->dirty = true;
}

void watches_started(struct engine *e)
{
	for (int i = e->n_watches - 1; i >= 0; i--) {
		struct watch_run *w = e->watches[i];
		const struct watch_def *d = watch_of(e, w);

		drop_points(e, w, d ? d->n_points : 0);
		if (d) {
			if (e->link != LINK_SYNCED)
				watch_freeze(e, w);
			follow_times(e, w, d);
			watch_look(e, w);
			continue;
		}
		deadline_clear(&e->heap, &w->due);
		records_put(&e->gone, w->key, NULL);
		run_free(w);
		memmove(&e->watches[i], &e->watches[i + 1],
		        (size_t)(e->n_watches - i - 1) * sizeof *e->watches);
		e->n_watches--;
	}
}

void watches_free(struct engine *e)
{
	for (int i = 0; i < e->n_watches; i++) {
		deadline_clear(&e->heap, &e->watches[i]->due);
		run_free(e->watches[i]);
	}
	free(e->watches);
}

/* -- records -- */

void watch_save(const struct watch_run *w, struct buf *out)
{
	record_tag(out, "w");
	record_int(out, w->on | w->reminded << 1);
	record_int(out, w->due_ms);
	record_int(out, w->frozen_ms);
	for (int i = 0; i < w->n_points; i++) {
		record_tag(out, "p");
		record_str(out, w->points[i].id);
		record_int(out, w->points[i].seen | w->points[i].missed << 1);
	}
}

static void restore_point(struct watch_run *w, struct record_reader *r)
{
	struct watch_seen *p;
	int64_t flags;

	w->points = xrealloc(w->points, (size_t)(w->n_points + 1) * sizeof *w->points);
	p = &w->points[w->n_points++];
	p->id = record_read_str(r);
	flags = record_read_int(r);
	p->seen = flags & 1;
	p->missed = flags >> 1 & 1;
}

/* Its deadline follows from it, when the plan is known. */
int watch_restore(struct engine *e, const char *key, const char *value)
{
	struct record_reader r;
	char tag[RECORD_TAG_BYTES];
	struct watch_run *w;
	int64_t flags;

	if (!key[2] || run_find(e, key + 2))
		return -1;
	w = run_add(e, key + 2);
	record_open(&r, value);
	while (record_line(&r, tag)) {
		if (!strcmp(tag, "p"))
			restore_point(w, &r);
		if (strcmp(tag, "w") != 0)
			continue;
		flags = record_read_int(&r);
		w->on = flags & 1;
		w->reminded = flags >> 1 & 1;
		w->due_ms = record_read_ms(&r);
		w->frozen_ms = record_read_ms(&r);
	}
	return r.bad ? -1 : 0;
}
