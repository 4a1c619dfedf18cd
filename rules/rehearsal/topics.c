#include "rehearsal/topics.h"

#include "intake/intake.h"
#include "intake/trie.h"

#include <stdlib.h>

struct topics {
	struct intake *intake;
	struct trie *filters;
};

struct topics *topics_new(const struct plan *plan)
{
	struct topics *t = xcalloc(1, sizeof *t);
	const struct intake_filter *filters;
	int n;

	t->intake = intake_new(plan);
	t->filters = trie_new();
	filters = intake_filters(t->intake, &n);
	for (int i = 0; i < n; i++)
		trie_add(t->filters, filters[i].filter, i);
	return t;
}

void topics_free(struct topics *t)
{
	trie_free(t->filters);
	intake_free(t->intake);
	free(t);
}

static void found(void *arg, int value, const struct capture *captures, int n)
{
	(void)value, (void)captures, (void)n;
	*(bool *)arg = true;
}

bool topics_heard(const struct topics *t, const char *topic)
{
	bool heard = false;

	trie_match(t->filters, topic, found, &heard);
	return heard;
}
