/* edges.c - what the sensors of tests/rehearsal/conditions.yaml see: values at,
 * just below and just above each limit, and spoken a delay after something
 * they said before, or one millisecond sooner or later. */
#include "world.h"

#include <stdio.h>
#include <string.h>

enum { SEES_MAX = 14, DELAYS_MAX = 6, TOGETHER_MAX = 3 };

/* Those that speak in the same moment. */
static const struct group {
	struct sight {
		const char *sensor;
		int64_t milli[SEES_MAX]; /* 0 ends them; or: */
		const char *words[4];
	} sights[TOGETHER_MAX];
	int64_t delays_ms[DELAYS_MAX];
} groups[EDGES_GROUPS] = {
    {{{"gas-b2-kitchen", {1, 4999, 5000, 5001, 9999, 10000, 10001, 24999, 25000, 25001, 4000, 30000}, {0}}},
     {3000, 10000, 60000, 300000, 600000}},
    {{{"smoke-3f-1", {0}, {"normal", "alarm", "normal"}},
      {"smoke-3f-2", {0}, {"normal", "alarm", "normal"}},
      {"smoke-3f-3", {0}, {"normal", "alarm", "normal"}}},
     {15000, 60000, 60001, 600000}},
    {{{"mains-l1", {179999, 180000, 180001, 199999, 200000, 200001, 230000, 100000}, {0}},
      {"ups-1", {0}, {"OL CHRG", "OB DISCHRG", "OBX", "ALARM OB"}}},
     {3000, 30000, 33000}},
    {{{"press-riser", {5000, 4001, 4000, 3999, 4500}, {0}},
      {"flow-riser", {20000, 69999, 70000, 70001, 45000}, {0}}},
     {15000, 30000, 60000, 90000, 90001, 600000}},
    {{{"leak-rope", {0}, {"normal", "alarm"}}}, {5000, 600000}},
    {{{"bridge", {0}, {"normal", "alarm"}}}, {120000}},
    {{{"door-plant", {0}, {"normal", "alarm"}}}, {10000, 12000, 60000, 660000}},
    {{{"heat-3f", {20000, 28299, 28300, 28301, 24000, 24149, 24150}, {0}}}, {30000, 60000, 120000, 180000}},
};

static void see(struct world *w, const struct sight *sight)
{
	struct nature *s = &w->sensors[nature_find(w, sight->sensor)];
	int n = 0;

	while (sight->milli[0] ? n < SEES_MAX && sight->milli[n] : n < 4 && sight->words[n])
		n++;
	n = (int)chance_below(&w->chance, n);
	s->has_number = sight->milli[0] != 0;
	s->milli = sight->milli[n];
	if (s->has_number)
		snprintf(s->word, sizeof s->word, "%lld", (long long)s->milli);
	else
		snprintf(s->word, sizeof s->word, "%s", sight->words[n]);
}

/* So long after one of the last times, where that is still ahead. */
static int64_t next_ms(struct world *w, int group)
{
	const int64_t *delays_ms = groups[group].delays_ms;
	int n = 0;
	int64_t at_ms;

	while (n < DELAYS_MAX && delays_ms[n])
		n++;
	at_ms = w->spoke_ms[group][chance_below(&w->chance, EDGES_RECENT)] + chance_below(&w->chance, 3) - 1;
	at_ms += delays_ms[chance_below(&w->chance, n)];
	if (at_ms <= w->now_ms || chance_of(&w->chance, 25))
		return chance_about(&w->chance, 5 * SECOND_MS * w->pace);
	return at_ms - w->now_ms;
}

void edges_speak(struct world *w, int group)
{
	const struct group *g = &groups[group];

	memmove(w->spoke_ms[group] + 1, w->spoke_ms[group], (EDGES_RECENT - 1) * sizeof **w->spoke_ms);
	w->spoke_ms[group][0] = w->now_ms;
	for (int i = 0; i < TOGETHER_MAX && g->sights[i].sensor; i++) {
		if (chance_of(&w->chance, 60))
			see(w, &g->sights[i]);
		if (chance_of(&w->chance, 70))
			nature_tell(w, nature_find(w, g->sights[i].sensor));
	}
	world_later(w, next_ms(w, group), &(struct thing){.kind = THING_EDGE, .a = group});
}

void edges_begin(struct world *w)
{
	for (int i = 0; i < EDGES_GROUPS; i++) {
		for (int k = 0; k < TOGETHER_MAX && groups[i].sights[k].sensor; k++)
			see(w, &groups[i].sights[k]);
		world_later(w, 5000 + i, &(struct thing){.kind = THING_EDGE, .a = i});
	}
}
