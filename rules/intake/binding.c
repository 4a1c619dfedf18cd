/* binding.c - the filters of a plan: each sensor's topic, and its availability
 * topic with + where {1} stands. */
#include "intake/binding.h"

#include <stdlib.h>
#include <string.h>

static int wildcards(const char *filter)
{
	int n = 0;

	for (const char *c = filter; *c; c++)
		n += *c == '+' || *c == '#';
	return n;
}

static bool is_number(const char *at)
{
	return at[0] == '{' && at[1] >= '1' && at[1] <= '9' && at[2] == '}';
}

/* The filter of an availability topic: {n} becomes the wildcard it stands for.
 * Without one it is the plan's own text, as a sensor's topic is. */
static const char *availability_filter(const struct sensor_def *d, struct arena *arena,
                                       struct link_captures *ret)
{
	const char *at = d->availability.topic;
	int total = wildcards(d->topic), n = 0;
	bool is_bound[CAPTURES_MAX] = {false};
	char *filter, *to;

	ret->names_member = !total;
	if (!strchr(at, '{') && !total)
		return at;
	filter = to = arena_str(arena, at);

	while (*at) {
		int index = at[1] - '1';

		if (!is_number(at)) {
			*to++ = *at++;
			continue;
		}
		*to++ = index == total - 1 && strchr(d->topic, '#') ? '#' : '+';
		at += strlen("{1}");
		if (n < CAPTURES_MAX)
			ret->stands_for[n++] = (unsigned char)index;
		is_bound[index] = true;
	}
	*to = 0;
	ret->names_member = true;
	for (int i = 0; i < total && i < CAPTURES_MAX; i++)
		ret->names_member &= is_bound[i];
	return filter;
}

/* MQTT: a wildcard fills its level, # is the last. */
static bool is_valid(const char *filter)
{
	for (const char *c = filter; *c; c++) {
		if (*c != '+' && *c != '#')
			continue;
		if ((c > filter && c[-1] != '/') || (c[1] && (c[1] != '/' || *c == '#')))
			return false;
	}
	return *filter;
}

/* Who wants which filter: its number in the one table or the other. */
struct want {
	struct intake_filter filter;
	int number;
	bool is_wild;
};

struct making {
	struct bindings *b;
	struct want *wants;
	int n;
};

static void add(struct making *k, const char *filter, int qos, int value)
{
	struct want *w = &k->wants[k->n++];

	w->filter = (struct intake_filter){filter, qos};
	w->is_wild = wildcards(filter) > 0;
	if (w->is_wild && !k->b->trie)
		k->b->trie = trie_new();
	w->number = w->is_wild ? trie_add(k->b->trie, filter, value) : exact_add(k->b->exact, filter, value);
}

static void add_sensor(struct making *k, const struct plan *plan, int def, struct arena *arena)
{
	const struct sensor_def *d = &plan->sensors[def];
	const char *filter;

	add(k, d->topic, d->qos, def * 2);
	if (!d->availability.topic)
		return;
	if (!k->b->links)
		k->b->links = arena_alloc(arena, sizeof *k->b->links * (size_t)plan->n_sensors);
	filter = availability_filter(d, arena, &k->b->links[def]);
	if (is_valid(filter))
		add(k, filter, 1, def * 2 + 1);
}

/* Each filter once, with the highest QoS of those who want it. */
static void merge_filters(struct making *k, struct arena *arena)
{
	struct bindings *b = k->b;
	int n_exact = exact_count(b->exact), n = n_exact + (b->trie ? trie_count(b->trie) : 0);
	int *filter_of = xmalloc(sizeof *filter_of * (size_t)(n + 1));

	b->filters = arena_alloc(arena, sizeof *b->filters * (size_t)(k->n + 1));
	for (int i = 0; i < n; i++)
		filter_of[i] = -1;
	for (int i = 0; i < k->n; i++) {
		const struct want *w = &k->wants[i];
		int *of = &filter_of[w->is_wild ? n_exact + w->number : w->number];

		if (*of < 0) {
			*of = b->n_filters++;
			b->filters[*of] = w->filter;
		}
		if (b->filters[*of].qos < w->filter.qos)
			b->filters[*of].qos = w->filter.qos;
	}
	free(filter_of);
}

void bindings_make(struct bindings *b, const struct plan *plan, struct arena *arena)
{
	struct making k = {.b = b, .wants = xmalloc(((size_t)plan->n_sensors * 2 + 1) * sizeof *k.wants)};

	b->exact = exact_new();
	for (int def = 0; def < plan->n_sensors; def++)
		add_sensor(&k, plan, def, arena);
	merge_filters(&k, arena);
	free(k.wants);
}
