/* readers.c - which incident types may look at a sensor, and types by their id:
 * asked for each sensor at a start and for each new member of a family, so that
 * rules about other sensors cost nothing. */
#include "engine/gates.h"

#include <stdlib.h>
#include <string.h>

/* A leaf of the type asks this sensor, or every one of this kind. */
struct reader {
	int def; /* -1: by kind */
	const char *kind;
	int type;
};

struct readers {
	struct reader *at; /* by def, kind, type */
	int n, cap;
	int *types; /* by id */
};

static int order(const void *a, const void *b)
{
	const struct reader *x = a, *y = b;
	int d = x->def - y->def;

	if (!d)
		d = strcmp(x->kind, y->kind);
	return d ? d : x->type - y->type;
}

static void add_reader(struct readers *r, int def, const char *kind, int type)
{
	if (r->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 64;
		r->at = xrealloc(r->at, (size_t)r->cap * sizeof *r->at);
	}
	r->at[r->n++] = (struct reader){def, kind, type};
}

static void add_cond(struct readers *r, const struct cond *cond, int type)
{
	if (cond->op == COND_TEST && cond->sensor >= 0)
		add_reader(r, cond->sensor, "", type);
	for (int k = 0; cond->op == COND_TEST && cond->sensor < 0 && k < cond->kinds.n; k++)
		add_reader(r, -1, cond->kinds.at[k], type);
	for (int i = 0; i < cond->n_kids; i++)
		add_cond(r, &cond->kids[i], type);
}

struct type_id {
	const char *id;
	int type;
};

static int by_type_id(const void *a, const void *b)
{
	const struct type_id *x = a, *y = b;
	int d = strcmp(x->id, y->id);

	return d ? d : x->type - y->type;
}

static int *types_by_id(const struct plan *p)
{
	struct type_id *all = xcalloc((size_t)p->n_types + 1, sizeof *all);
	int *types = xcalloc((size_t)p->n_types + 1, sizeof *types);

	for (int i = 0; i < p->n_types; i++)
		all[i] = (struct type_id){p->types[i].id, i};
	qsort(all, (size_t)p->n_types, sizeof *all, by_type_id);
	for (int i = 0; i < p->n_types; i++)
		types[i] = all[i].type;
	free(all);
	return types;
}

void readers_make(struct engine *e)
{
	const struct plan *p = e->plan;

	readers_free(e);
	e->readers = xcalloc(1, sizeof *e->readers);
	for (int t = 0; t < p->n_types; t++)
		for (int g = 0; g < p->types[t].n_grades; g++)
			add_cond(e->readers, &p->types[t].grades[g].when, t);
	if (e->readers->n)
		qsort(e->readers->at, (size_t)e->readers->n, sizeof *e->readers->at, order);
	e->readers->types = types_by_id(p);
}

void readers_free(struct engine *e)
{
	if (!e->readers)
		return;
	free(e->readers->at);
	free(e->readers->types);
	free(e->readers);
	e->readers = NULL;
}

static int first(const struct readers *r, int def, const char *kind)
{
	const struct reader key = {def, kind, -1};
	int low = 0, high = r->n;

	while (low < high) {
		int mid = (low + high) / 2;

		if (order(&r->at[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void each(struct engine *e, struct sensor *s, const struct reader *key,
                 void (*fn)(struct engine *e, struct sensor *s, const struct incident_type *type))
{
	const struct readers *r = e->readers;
	int before = -1;

	for (int i = first(r, key->def, key->kind); i < r->n; i++) {
		if (r->at[i].def != key->def || strcmp(r->at[i].kind, key->kind) != 0)
			return;
		if (r->at[i].type != before)
			fn(e, s, &e->plan->types[r->at[i].type]);
		before = r->at[i].type;
	}
}

void readers_each(struct engine *e, struct sensor *s,
                  void (*fn)(struct engine *e, struct sensor *s, const struct incident_type *type))
{
	const char *kind = e->plan->sensors[s->def].kind;

	each(e, s, &(struct reader){.def = s->def, .kind = ""}, fn);
	each(e, s, &(struct reader){.def = -1, .kind = kind ? kind : ""}, fn);
}

const struct incident_type *readers_type(const struct engine *e, const char *id)
{
	int low = 0, high = e->plan->n_types;

	while (low < high) {
		int mid = (low + high) / 2;

		if (strcmp(e->plan->types[e->readers->types[mid]].id, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == e->plan->n_types || strcmp(e->plan->types[e->readers->types[low]].id, id) != 0)
		return NULL;
	return &e->plan->types[e->readers->types[low]];
}
