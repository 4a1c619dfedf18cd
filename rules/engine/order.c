/* order.c - when hazards collide: what people and things are told in one turn
 * leaves fire first, then gas, people, water and so on, each as it was decided;
 * exercises last. */
#include "engine/model.h"

#include <stdlib.h>
#include <string.h>

/* What is given by hand, a test and a summary stand with the other hazards. */
static int hazard_of(const struct engine *e, const struct effect *f)
{
	const struct incident *inc;

	if (f->kind == EFFECT_NOTICE)
		return f->notice.drill ? HAZARD_COUNT : (int)f->notice.hazard;
	inc = f->number ? incident_find(e, f->number) : NULL;
	return inc ? (int)inc->hazard : HAZARD_OTHER;
}

static bool is_told(const struct effect *f)
{
	return f->kind == EFFECT_NOTICE || f->kind == EFFECT_ACTUATE;
}

void engine_order(const struct engine *e, struct effects *fx, int from)
{
	struct effect *told = xcalloc((size_t)(fx->n - from) + 1, sizeof *told);
	int n = 0, at = from;

	for (int h = 0; h <= HAZARD_COUNT; h++)
		for (int i = from; i < fx->n; i++)
			if (is_told(&fx->at[i]) && hazard_of(e, &fx->at[i]) == h)
				told[n++] = fx->at[i];
	for (int i = 0; i < n; i++, at++) {
		while (!is_told(&fx->at[at]))
			at++;
		fx->at[at] = told[i];
	}
	free(told);
}
