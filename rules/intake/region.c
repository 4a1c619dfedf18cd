/* region.c - which tests concern a sensor, and where a reading stands in them. */
#include "intake/region.h"

#include "intake/meaning.h"

#include <string.h>

/* -- before any message -- */

static bool same_words(const struct strings *a, const struct strings *b)
{
	if (a->n != b->n)
		return false;
	for (int i = 0; i < a->n; i++)
		if (strcmp(a->at[i], b->at[i]))
			return false;
	return true;
}

static bool same(const struct test *a, const struct test *b)
{
	return a->op == b->op && a->limit_milli == b->limit_milli && a->clear_milli == b->clear_milli &&
	       same_words(&a->words, &b->words);
}

static void add_test(struct region *g, const struct test *test, struct arena *arena)
{
	for (int i = 0; i < g->n; i++)
		if (same(g->tests[i], test))
			return;
	if (!(g->n & (g->n - 1))) { /* room for 1, 2, 4, 8 ... */
		const struct test **wider = arena_alloc(arena, sizeof *wider * (size_t)(g->n ? g->n * 2 : 1));

		for (int i = 0; i < g->n; i++)
			wider[i] = g->tests[i];
		g->tests = wider;
	}
	g->tests[g->n++] = test;
}

static bool concerns(const struct plan *plan, const struct cond *c, int def)
{
	const struct sensor_def *s = &plan->sensors[def];

	if (c->sensor >= 0)
		return c->sensor == def;
	if (c->zone >= 0 && s->zone >= 0 && !plan_zone_inside(plan, s->zone, c->zone))
		return false;
	for (int i = 0; i < c->kinds.n; i++)
		if (s->kind && !strcmp(c->kinds.at[i], s->kind))
			return true;
	return false;
}

static void add_cond(const struct plan *plan, struct region *all, const struct cond *c, struct arena *arena)
{
	if (c->op == COND_TEST && c->test.op != TEST_SILENT)
		for (int def = 0; def < plan->n_sensors; def++)
			if (concerns(plan, c, def))
				add_test(&all[def], &c->test, arena);
	for (int i = 0; i < c->n_kids; i++)
		add_cond(plan, all, &c->kids[i], arena);
}

static void add_feedback(const struct actuator *a, struct region *all)
{
	for (int i = 0; i < a->n_actions; i++)
		if (a->actions[i].until_sensor >= 0)
			all[a->actions[i].until_sensor].by_word = true;
}

struct region *region_all(const struct plan *plan, struct arena *arena)
{
	struct region *all = arena_alloc(arena, sizeof *all * (size_t)plan->n_sensors);

	for (int t = 0; t < plan->n_types; t++)
		for (int g = 0; g < plan->types[t].n_grades; g++)
			add_cond(plan, all, &plan->types[t].grades[g].when, arena);
	for (int i = 0; i < plan->n_actuators; i++)
		add_feedback(&plan->actuators[i], all);
	return all;
}

/* -- for each message -- */

static uint64_t mix(uint64_t h, uint64_t part)
{
	h = (h ^ part) * 0x9e3779b97f4a7c15ull;
	return h ^ (h >> 29);
}

static bool has_word(const char *text, const char *word)
{
	for (;;) {
		size_t n;

		text += strspn(text, " \t\r\n");
		n = strcspn(text, " \t\r\n");
		if (!n)
			return false;
		if (meaning_equals(word, text, n))
			return true;
		text += n;
	}
}

/* 0 clearly false, 1 in the dead band, 2 true, 3 no number. */
static unsigned side(const struct test *t, const struct reading *r)
{
	int64_t v = r->milli;

	if (!r->has_number)
		return 3;
	if (t->op == TEST_ABOVE)
		return v > t->limit_milli ? 2 : v < t->clear_milli ? 0 : 1;
	return v < t->limit_milli ? 2 : v > t->clear_milli ? 0 : 1;
}

static uint64_t mix_words(uint64_t h, const struct test *t, const char *word)
{
	size_t len = strlen(word);

	for (int i = 0; i < t->words.n; i++)
		h = mix(h, t->op == TEST_HAS_WORD ? has_word(word, t->words.at[i])
		                                  : meaning_equals(t->words.at[i], word, len));
	return h;
}

uint64_t region_class(const struct region *g, const struct reading *r)
{
	uint64_t h = mix(0x7463, (uint64_t)r->kind);

	if (r->kind != READING_VALUE)
		return h | 1;
	for (int i = 0; i < g->n; i++) {
		const struct test *t = g->tests[i];

		if (t->op == TEST_ABOVE || t->op == TEST_BELOW)
			h = mix(h, side(t, r));
		else
			h = mix_words(h, t, r->word);
	}
	if (g->by_word)
		for (const char *c = r->word; *c; c++)
			h = mix(h, (unsigned char)*c);
	return h | 1;
}
