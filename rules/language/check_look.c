/* check_look.c - which incident types look at which sensors: each condition
 * once over the sensors of its kinds, so that many of both stay cheap. */
#include "language/check.h"

#include <string.h>

const struct entry *entry_of(const struct reader *r, enum section s, const char *id)
{
	int i = entry_find(&r->sections[s], id);

	return i >= 0 ? &r->sections[s].at[i] : NULL;
}

/* -- who looks -- */

static bool is_number(const struct cond *c)
{
	return test_is_number(c->test.op);
}

static void first(int *at, int type)
{
	if (*at < 0)
		*at = type;
}

static void look(struct look *at, const struct plan *p, int type, const struct cond *c)
{
	first(&at->any, type);
	if (hazard_is_life(p->types[type].hazard))
		first(&at->life, type);
	if (c->sensor < 0 && c->test.op == TEST_IS && c->test.words.n == 1 &&
	    !strcmp(c->test.words.at[0], "alarm"))
		first(&at->alarm, type);
}

/* A selector without a zone that has been walked before adds nothing: one bit
 * for each answer that it could give. */
static bool is_walked(unsigned char *walked, const struct plan *p, int type, const struct cond *c)
{
	struct look mine = {-1, -1, -1, -1};
	unsigned bits;

	look(&mine, p, type, c);
	bits = (1u | (mine.life >= 0) << 1 | (mine.alarm >= 0) << 2) << (is_number(c) ? 4 : 0);
	if ((*walked & bits) == bits)
		return true;
	*walked |= (unsigned char)bits;
	return false;
}

struct walk {
	struct reader *r;
	struct look *looks;
	unsigned char *walked; /* of the kind that begins at this place */
	int type;
};

static void walk_kind(const struct walk *w, const struct cond *c, const char *kind)
{
	const struct plan *p = w->r->plan;
	struct each e = each_of(w->r, kind, c->zone);

	if (c->zone < 0 && e.at < e.end && is_walked(&w->walked[e.at], p, w->type, c))
		return;
	for (int s; (s = each_next(&e)) >= 0;) {
		if (cond_selects(p, c, s))
			look(&w->looks[s], p, w->type, c);
		else if (is_number(c) && p->sensors[s].n_words && !p->sensors[s].unit)
			first(&w->looks[s].number, w->type);
	}
}

static void walk_cond(const struct walk *w, const struct cond *c)
{
	if (c->op == COND_TEST && c->sensor >= 0)
		look(&w->looks[c->sensor], w->r->plan, w->type, c);
	for (int k = 0; c->sensor < 0 && k < c->kinds.n; k++)
		walk_kind(w, c, c->kinds.at[k]);
	for (int i = 0; i < c->n_kids; i++)
		walk_cond(w, &c->kids[i]);
}

struct look *looks_find(struct reader *r)
{
	const struct plan *p = r->plan;
	struct look *looks = arena_alloc(&r->arena, (size_t)(p->n_sensors + 1) * sizeof *looks);
	struct walk w = {r, looks, arena_alloc(&r->arena, (size_t)p->n_sensors + 1), 0};

	for (int i = 0; i < p->n_sensors; i++)
		looks[i] = (struct look){-1, -1, -1, -1};
	for (; w.type < p->n_types; w.type++) {
		const struct incident_type *t = &p->types[w.type];
		const struct playbook *b = t->playbook >= 0 ? &p->playbooks[t->playbook] : NULL;

		for (int g = 0; g < t->n_grades; g++)
			walk_cond(&w, &t->grades[g].when);
		for (int s = 0; b && s < b->n_steps; s++)
			if (b->steps[s].until)
				walk_cond(&w, &b->steps[s].until->grades[0].when);
	}
	return looks;
}
