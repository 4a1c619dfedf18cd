/* mqtt_subs.c - lists of subscriptions. */
#include "mqtt_subs.h"

#include <stdlib.h>
#include <string.h>

/* Below the root unless it begins with '$'. */
static const struct {
	const char *filter;
	int qos;
	bool no_local, live_only;
} own_topics[] = {
    {"cmd/+/+", 1, true, true},
    {"incident/+/state", 0, false, false}, /* at QoS 1 mosquitto sends them all at once, beyond our Receive
                                              Maximum, and all of them again after each broken link */
    {"names/+", 0, true, false}, /* what an older plan left there */
    {"zone/+/state", 0, true, false},
    {SUBS_DROPPED_TOPIC, 0, false, false},
    {"mark", 1, false, true}, /* last: what it proves stands before it */
};
enum { N_OWN = sizeof(own_topics) / sizeof(own_topics[0]) };

static struct sub *add(struct subs *s, const char *filter, int qos)
{
	struct sub *sub = &s->at[s->n++];

	*sub = (struct sub){.filter = arena_str(&s->arena, filter), .qos = qos};
	return sub;
}

void subs_build(struct subs *s, const char *root, const struct intake_filter *filters, int n)
{
	s->at = xcalloc((size_t)n + N_OWN, sizeof(*s->at));
	s->n = 0;
	arena_init(&s->arena);
	for (int i = 0; i < n; i++)
		add(s, filters[i].filter, filters[i].qos);
	for (int i = 0; i < N_OWN; i++) {
		const char *filter = own_topics[i].filter;
		char *full = arena_printf(&s->arena, "%s%s", filter[0] == '$' ? "" : root, filter);
		struct sub *sub = &s->at[s->n++];

		*sub = (struct sub){.filter = full, .qos = own_topics[i].qos};
		sub->no_local = own_topics[i].no_local;
		sub->live_only = own_topics[i].live_only;
	}
}

void subs_fini(struct subs *s)
{
	arena_fini(&s->arena);
	free(s->at);
	*s = (struct subs){0};
}

bool subs_have(const struct subs *s, const char *filter)
{
	for (int i = 0; i < s->n; i++) {
		if (strcmp(s->at[i].filter, filter) == 0)
			return true;
	}
	return false;
}

void subs_replace(struct subs *old, const struct subs *now, struct subs *gone)
{
	gone->at = xrealloc(gone->at, (size_t)(gone->n + old->n) * sizeof(*gone->at));
	for (int i = 0; i < old->n; i++) {
		if (!subs_have(now, old->at[i].filter) && !subs_have(gone, old->at[i].filter))
			add(gone, old->at[i].filter, 0);
	}
	subs_fini(old);
}
