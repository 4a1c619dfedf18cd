/* kind.c - the sensors in order of their kind and zone, so that a condition
 * walks over those it is about and no others. */
#include "language/reader.h"

#include <stdlib.h>
#include <string.h>

struct of_kind {
	const char *kind;
	int zone, sensor;
};

static struct of_kind place_of(const struct plan *p, int sensor)
{
	const struct sensor_def *s = &p->sensors[sensor];

	return (struct of_kind){s->kind ? s->kind : "", s->zone, sensor};
}

static int by_kind(const void *a, const void *b)
{
	const struct of_kind *x = a, *y = b;
	int d = strcmp(x->kind, y->kind);

	d = d ? d : (x->zone > y->zone) - (x->zone < y->zone);
	return d ? d : (x->sensor > y->sensor) - (x->sensor < y->sensor);
}

static void sort(struct reader *r)
{
	const struct plan *p = r->plan;
	struct of_kind *all = xcalloc((size_t)p->n_sensors + 1, sizeof *all);

	r->by_kind = arena_alloc(&r->arena, (size_t)(p->n_sensors + 1) * sizeof *r->by_kind);
	for (int i = 0; i < p->n_sensors; i++)
		all[i] = place_of(p, i);
	qsort(all, (size_t)p->n_sensors, sizeof *all, by_kind);
	for (int i = 0; i < p->n_sensors; i++)
		r->by_kind[i] = all[i].sensor;
	free(all);
}

/* The first place that is not before this one. */
static int bound(const struct reader *r, struct of_kind at)
{
	int low = 0, high = r->plan->n_sensors;

	while (low < high) {
		int mid = (low + high) / 2;
		const struct of_kind there = place_of(r->plan, r->by_kind[mid]);

		if (by_kind(&there, &at) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct each each_of(struct reader *r, const char *kind, int zone)
{
	struct each e = {.sensors = r->by_kind};

	if (!r->by_kind)
		sort(r);
	e.sensors = r->by_kind;
	e.at = bound(r, (struct of_kind){kind, INT32_MIN, 0});
	e.end = bound(r, (struct of_kind){kind, zone < 0 ? INT32_MAX : 0, 0}); /* all, or those of any zone */
	e.next_at = zone < 0 ? e.end : bound(r, (struct of_kind){kind, zone, 0});
	e.next_end = zone < 0 ? e.end : bound(r, (struct of_kind){kind, zone + 1, 0});
	return e;
}

int each_next(struct each *e)
{
	if (e->at == e->end) {
		e->at = e->next_at;
		e->end = e->next_end;
		e->next_at = e->next_end;
	}
	return e->at < e->end ? e->sensors[e->at++] : -1;
}
