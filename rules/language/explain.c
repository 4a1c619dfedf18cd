/* explain.c - `explained_by` of incident types: names that exist, nothing that
 * is for fire, gas or people, and no type that would explain itself. */
#include "language/reader.h"

#include <string.h>

enum { DEPTH_MAX = 64 };

static struct incident_type *type_of(struct incident_type *list, int n, const char *id)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(list[i].id, id))
			return &list[i];
	return NULL;
}

static const struct node *written(const struct reader *r, const struct incident_type *t)
{
	const struct entries *e = &r->sections[SECTION_INCIDENTS];
	int i = entry_find(e, t->id);

	return i < 0 ? NULL : node_get(e->at[i].body, "explained_by");
}

/* What a shipped file names, or what is switched off, explains nothing here. */
static bool is_missing_rightly(const struct reader *r, const struct node *at, const char *id)
{
	const struct entries *off = &r->off[SECTION_INCIDENTS];

	for (int i = 0; i < off->n; i++)
		if (!strcmp(off->at[i].key->text, id))
			return true;
	return is_included(at);
}

static void keep_known(struct reader *r, struct incident_type *t, struct incident_type *list, int n)
{
	const struct node *node = written(r, t);
	const char **names = arena_alloc(&r->plan->arena, (size_t)(t->explained_by.n + 1) * sizeof *names);
	struct strings kept = {names, 0};

	for (int i = 0; i < t->explained_by.n; i++) {
		const struct node *at = node->kind == NODE_LIST ? node->items[i] : node;

		if (type_of(list, n, t->explained_by.at[i]))
			names[kept.n++] = t->explained_by.at[i];
		else if (!is_missing_rightly(r, at, t->explained_by.at[i]))
			complain_no_entry(r, SECTION_INCIDENTS, at, false);
	}
	t->explained_by = kept;
}

static bool leads_to(struct incident_type *list, int n, const struct incident_type *from, const char *id,
                     int depth)
{
	for (int i = 0; i < from->explained_by.n; i++) {
		const struct incident_type *cause = type_of(list, n, from->explained_by.at[i]);

		if (!strcmp(cause->id, id) || (depth < DEPTH_MAX && leads_to(list, n, cause, id, depth + 1)))
			return true;
	}
	return false;
}

void explained_check(struct reader *r, struct incident_type *list, int n)
{
	for (int i = 0; i < n; i++)
		if (list[i].explained_by.n)
			keep_known(r, &list[i], list, n);
	for (int i = 0; i < n; i++) {
		const struct node *at = list[i].explained_by.n ? written(r, &list[i]) : NULL;

		if (!at)
			continue;
		if (hazard_is_life(list[i].hazard)) {
			complain(r, at, "'%s' is for %s: it always calls, whatever else is wrong", list[i].id,
			         hazard_name(list[i].hazard));
			advise(r, "take 'explained_by' out");
		} else if (leads_to(list, n, &list[i], list[i].id, 0)) {
			complain(r, at, "'%s' would explain itself: nobody would be called for either", list[i].id);
			advise(r, "leave out the cause that is itself explained by '%s'", list[i].id);
		}
	}
}
