/* region.c - which tests concern a sensor, and where a reading stands in them. */
#include "intake/region.h"

#include "intake/meaning.h"

#include <stdlib.h>
#include <string.h>

enum { ALIKE_MAX = 8 }; /* so many neighbours are looked at */

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
	       a->low_milli == b->low_milli && a->low_clear_milli == b->low_clear_milli &&
	       same_words(&a->words, &b->words);
}

/* What is known of one sensor while the conditions are gone through. */
struct draft {
	const struct test **tests;
	int n;
	bool by_word, by_time;
};

struct making {
	const struct plan *plan;
	struct arena arena; /* dies with it */
	struct draft *drafts;
	int *by_kind; /* defs in order of kind, then of the plan */
};

static void add_test(struct draft *d, const struct test *test, struct arena *arena)
{
	if (test_is_windowed(test->op)) {
		d->by_time = true;
		return;
	}
	for (int i = 0; i < d->n; i++)
		if (same(d->tests[i], test))
			return;
	if (!(d->n & (d->n - 1))) { /* room for 1, 2, 4, 8 ... */
		const struct test **wider = arena_alloc(arena, sizeof *wider * (size_t)(d->n ? d->n * 2 : 1));

		for (int i = 0; i < d->n; i++)
			wider[i] = d->tests[i];
		d->tests = wider;
	}
	d->tests[d->n++] = test;
}

static const char *kind_of(const struct making *k, int i)
{
	const char *kind = k->plan->sensors[k->by_kind[i]].kind;

	return kind ? kind : "";
}

/* The first place in by_kind whose kind is not less. */
static int kind_place(const struct making *k, const char *kind)
{
	int low = 0, high = k->plan->n_sensors;

	while (low < high) {
		int mid = (low + high) / 2;

		if (strcmp(kind_of(k, mid), kind) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void add_kind(struct making *k, const struct cond *c, const char *kind)
{
	const struct plan *plan = k->plan;

	for (int i = kind_place(k, kind); i < plan->n_sensors && !strcmp(kind_of(k, i), kind); i++) {
		int def = k->by_kind[i], zone = plan->sensors[def].zone;

		if (c->zone < 0 || zone < 0 || plan_zone_inside(plan, zone, c->zone))
			add_test(&k->drafts[def], &c->test, &k->arena);
	}
}

static void add_cond(struct making *k, const struct cond *c)
{
	bool is_leaf = c->op == COND_TEST && c->test.op != TEST_SILENT;

	if (is_leaf && c->sensor >= 0)
		add_test(&k->drafts[c->sensor], &c->test, &k->arena);
	for (int i = 0; is_leaf && c->sensor < 0 && i < c->kinds.n; i++)
		add_kind(k, c, c->kinds.at[i]);
	for (int i = 0; i < c->n_kids; i++)
		add_cond(k, &c->kids[i]);
}

static void add_feedback(struct making *k, const struct actuator *a)
{
	for (int i = 0; i < a->n_actions; i++)
		if (a->actions[i].until_sensor >= 0)
			k->drafts[a->actions[i].until_sensor].by_word = true;
}

struct kinded {
	const char *kind;
	int def;
};

static int by_kind(const void *a, const void *b)
{
	const struct kinded *x = a, *y = b;
	int order = strcmp(x->kind, y->kind);

	return order ? order : x->def < y->def ? -1 : 1;
}

static int *sort_by_kind(struct making *k)
{
	int n = k->plan->n_sensors, *ret = arena_alloc(&k->arena, sizeof *ret * (size_t)(n + 1));
	struct kinded *list = arena_alloc(&k->arena, sizeof *list * (size_t)(n + 1));

	for (int i = 0; i < n; i++)
		list[i] = (struct kinded){k->plan->sensors[i].kind ? k->plan->sensors[i].kind : "", i};
	qsort(list, (size_t)n, sizeof *list, by_kind);
	for (int i = 0; i < n; i++)
		ret[i] = list[i].def;
	return ret;
}

static struct region *settle(const struct draft *d, struct arena *arena)
{
	struct region *g = arena_alloc(arena, sizeof *g + (size_t)d->n * sizeof *g->tests);

	*g = (struct region){.by_word = d->by_word, .by_time = d->by_time, .n = d->n};
	for (int i = 0; i < d->n; i++)
		g->tests[i] = *d->tests[i];
	return g;
}

static bool is_alike(const struct draft *a, const struct draft *b)
{
	return a->n == b->n && a->by_word == b->by_word && a->by_time == b->by_time &&
	       (!a->n || !memcmp(a->tests, b->tests, (size_t)a->n * sizeof *a->tests));
}

/* Those of one kind stand side by side, and are most often alike. */
static const struct region **share(const struct making *k, struct arena *arena)
{
	int n = k->plan->n_sensors;
	const struct region **ret = arena_alloc(arena, sizeof(*ret) * (size_t)(n + 1));

	for (int i = 0; i < n; i++) {
		int def = k->by_kind[i], like = i;

		while (like > 0 && i - like < ALIKE_MAX &&
		       !is_alike(&k->drafts[k->by_kind[like - 1]], &k->drafts[def]))
			like--;
		ret[def] = like > 0 && i - like < ALIKE_MAX ? ret[k->by_kind[like - 1]]
		                                            : settle(&k->drafts[def], arena);
	}
	return ret;
}

const struct region **region_all(const struct plan *plan, struct arena *arena)
{
	struct making k = {.plan = plan};
	const struct region **ret;

	arena_init(&k.arena);
	k.drafts = arena_alloc(&k.arena, sizeof *k.drafts * (size_t)(plan->n_sensors + 1));
	k.by_kind = sort_by_kind(&k);
	for (int t = 0; t < plan->n_types; t++)
		for (int g = 0; g < plan->types[t].n_grades; g++)
			add_cond(&k, &plan->types[t].grades[g].when);
	for (int i = 0; i < plan->n_untils; i++)
		add_cond(&k, plan->untils[i]);
	for (int i = 0; i < plan->n_actuators; i++)
		add_feedback(&k, &plan->actuators[i]);
	for (int def = 0; def < plan->n_sensors; def++) {
		k.drafts[def].by_time |= plan->sensors[def].off_delay_ms > 0;
		if (plan->sensors[def].via >= 0) /* nobody else may look at a gateway */
			k.drafts[plan->sensors[def].via].by_word = true;
	}
	ret = share(&k, arena);
	arena_fini(&k.arena);
	return ret;
}

/* -- for each message -- */

static uint64_t mix(uint64_t h, uint64_t part)
{
	h = (h ^ part) * 0x9e3779b97f4a7c15ull;
	return h ^ (h >> 29);
}

static unsigned above(int64_t v, int64_t limit, int64_t clear)
{
	return v > limit ? 2 : v < clear ? 0 : 1;
}

static unsigned below(int64_t v, int64_t limit, int64_t clear)
{
	return v < limit ? 2 : v > clear ? 0 : 1;
}

/* 0 clearly false, 1 in the dead band, 2 true, 3 no number; outside: of either limit. */
static unsigned side(const struct test *t, const struct reading *r)
{
	if (!r->has_number)
		return 3;
	if (t->op == TEST_ABOVE)
		return above(r->milli, t->limit_milli, t->clear_milli);
	if (t->op == TEST_BELOW)
		return below(r->milli, t->limit_milli, t->clear_milli);
	return above(r->milli, t->limit_milli, t->clear_milli) |
	       below(r->milli, t->low_milli, t->low_clear_milli) << 2;
}

/* has_word looks into what was said, the others at what it means. */
static uint64_t mix_words(uint64_t h, const struct test *t, const struct reading *r)
{
	for (int i = 0; i < t->words.n; i++) {
		const struct strings one = {&t->words.at[i], 1};

		h = mix(h, t->op == TEST_HAS_WORD ? meaning_has_word(&one, r->text, strlen(r->text))
		                                  : meaning_any(&one, r->word, strlen(r->word)));
	}
	return h;
}

uint64_t region_class(const struct region *g, const struct reading *r)
{
	uint64_t h = mix(0x7463, (uint64_t)r->kind);

	if (r->kind != READING_VALUE)
		return h | 1;
	for (int i = 0; i < g->n; i++) {
		const struct test *t = &g->tests[i];

		if (test_is_number(t->op))
			h = mix(h, side(t, r));
		else
			h = mix_words(h, t, r);
	}
	if (g->by_word)
		for (const char *c = r->word; *c; c++)
			h = mix(h, (unsigned char)*c);
	return h | 1;
}
