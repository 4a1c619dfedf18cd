#include "generation.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

struct generation *generation_new(struct plan *plan, const char *bundle, size_t len)
{
	struct generation *g = xcalloc(1, sizeof *g);

	g->plan = plan;
	g->bundle = memcpy(xmalloc(len), bundle, len);
	g->len = len;
	return g;
}

void generation_free(struct generation *g)
{
	intake_free(g->intake);
	plan_free(g->plan);
	free(g->bundle);
	free(g);
}

struct generation *generation_find(struct generation *newest, const char *hash)
{
	for (; newest; newest = newest->older)
		if (!strcmp(newest->plan->hash, hash))
			return newest;
	return NULL;
}
