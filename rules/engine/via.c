/* via.c - sensors behind a gateway follow it when it goes and when it comes. */
#include "engine/via.h"

#include <string.h>

enum { HOPS_MAX = 8 }; /* the language allows fewer */

struct sensor *via_gateway(const struct engine *e, const struct sensor *s)
{
	int via = s->def >= 0 ? e->plan->sensors[s->def].via : -1;

	return via >= 0 ? sensor_find(e, e->plan->sensors[via].id) : NULL;
}

bool via_is_down(const struct sensor *g)
{
	return g->health == HEALTH_AWAY || g->health == HEALTH_SILENT ||
	       (g->health == HEALTH_OK && !strcmp(g->word, "alarm"));
}

struct sensor *via_lost(const struct engine *e, const struct sensor *s)
{
	struct sensor *g = via_gateway(e, s);

	for (int hop = 0; g && hop < HOPS_MAX; hop++, g = via_gateway(e, g))
		if (via_is_down(g))
			return g;
	return NULL;
}

static bool is_gone(const struct sensor *s)
{
	return s->health == HEALTH_AWAY || s->health == HEALTH_SILENT;
}

/* One that was lost by itself stays lost, and is told once its gateway is no excuse. */
static void follow(struct engine *e, struct sensor *s, bool down)
{
	if (down && !is_gone(s))
		sensor_cut(e, s, true);
	else if (!down && s->cut)
		sensor_cut(e, s, false);
	else if (!down && is_gone(s))
		sensor_tell_lost(e, s);
}

void via_turned(struct engine *e, struct sensor *gateway)
{
	bool down = via_is_down(gateway);

	if (!gateway->is_gateway || down == gateway->is_down)
		return;
	gateway->is_down = down;
	if (!down)
		incident_sensor_found(e, gateway);
	for (int i = 0; i < e->n_sensors; i++)
		if (via_gateway(e, e->sensors[i]) == gateway)
			follow(e, e->sensors[i], down);
}

void via_replan(struct engine *e)
{
	for (int i = 0; i < e->n_sensors; i++)
		e->sensors[i]->is_gateway = false;
	for (int i = 0; i < e->n_sensors; i++) {
		struct sensor *g = via_gateway(e, e->sensors[i]);

		if (!g)
			continue;
		g->is_gateway = true;
		g->is_down = via_is_down(g);
	}
	for (int i = 0; e->started && i < e->n_sensors; i++)
		if (e->sensors[i]->cut && !via_lost(e, e->sensors[i]))
			sensor_cut(e, e->sensors[i], false);
}
