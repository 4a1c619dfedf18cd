/* old_plans.c - what was in force when a row was written, for those who read the audit. */
#include "old_plans.h"

#include "base/arena.h"
#include "config.h"
#include "whole.h"

#include <stdlib.h>
#include <string.h>

struct old_plan {
	struct old_plan *next;
	char *hash;
	struct plan *plan; /* NULL: not kept, or not what its hash says */
};

static struct plan *read_it(const char *db, const char *hash)
{
	struct buf ignored = {0};
	size_t len;
	char *bundle = whole_plan(db, hash, &len);
	struct plan *plan = bundle ? config_plan(bundle, len, &ignored) : NULL;

	free(bundle);
	buf_fini(&ignored);
	if (plan && strcmp(plan->hash, hash) != 0) {
		plan_free(plan);
		plan = NULL;
	}
	return plan;
}

static void free_from(struct old_plan **at)
{
	struct old_plan *o;

	while ((o = *at)) {
		*at = o->next;
		plan_free(o->plan);
		free(o->hash);
		free(o);
	}
}

static void forget_oldest(struct old_plans *p)
{
	struct old_plan **at = &p->first;

	for (int n = 0; *at && n < p->most; n++)
		at = &(*at)->next;
	if (p->most)
		free_from(at);
}

const struct plan *old_plans_find(void *arg, const char *hash)
{
	struct old_plans *p = arg;
	struct old_plan *o = p->first;

	while (o && strcmp(o->hash, hash) != 0)
		o = o->next;
	if (!o) {
		o = xmalloc(sizeof *o);
		*o = (struct old_plan){p->first, xstrdup(hash), read_it(p->db, hash)};
		p->first = o;
		forget_oldest(p);
	}
	return o->plan;
}

void old_plans_free(struct old_plans *p)
{
	free_from(&p->first);
}
