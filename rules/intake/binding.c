/* binding.c - the filters of a plan: each sensor's topic, and its availability
 * topic with + where {1} stands. */
#include "intake/binding.h"

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

/* The filter of an availability topic: {n} becomes the wildcard it stands for. */
static const char *availability_filter(const struct sensor_def *d, struct arena *arena, struct binding *b)
{
	const char *at = d->availability.topic;
	char *filter = arena_str(arena, at), *to = filter;
	int total = wildcards(d->topic), n = 0;
	bool is_bound[CAPTURES_MAX] = {false};

	while (*at) {
		int index = at[1] - '1';

		if (!is_number(at)) {
			*to++ = *at++;
			continue;
		}
		*to++ = index == total - 1 && strchr(d->topic, '#') ? '#' : '+';
		at += strlen("{1}");
		if (n < CAPTURES_MAX)
			b->stands_for[n++] = (unsigned char)index;
		is_bound[index] = true;
	}
	*to = 0;
	b->names_member = true;
	for (int i = 0; i < total && i < CAPTURES_MAX; i++)
		b->names_member &= is_bound[i];
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

/* What is being built beside the result: by binding, its filter and that one's number. */
struct making {
	struct bindings *b;
	struct intake_filter *wants;
	int *numbers;
};

static void add(struct making *k, const struct binding *x, const char *filter, int qos)
{
	int i = k->b->n++;

	k->b->at[i] = *x;
	k->wants[i] = (struct intake_filter){filter, qos};
	k->numbers[i] = trie_add(k->b->trie, filter, i);
}

static void add_sensor(struct making *k, const struct plan *plan, int def, struct arena *arena)
{
	const struct sensor_def *d = &plan->sensors[def];
	struct binding x = {.def = def};
	const char *filter;

	for (int i = 0; i < CAPTURES_MAX; i++)
		x.stands_for[i] = (unsigned char)i;
	add(k, &x, d->topic, d->qos);
	if (!d->availability.topic)
		return;
	x.is_availability = true;
	filter = availability_filter(d, arena, &x);
	if (is_valid(filter))
		add(k, &x, filter, 1);
}

/* Each filter once, with the highest QoS of those who want it. */
static void merge_filters(struct making *k, struct arena *arena)
{
	struct bindings *b = k->b;
	int n = trie_count(b->trie), *filter_of = arena_alloc(arena, sizeof *filter_of * (size_t)n);

	b->filters = arena_alloc(arena, sizeof *b->filters * (size_t)b->n);
	for (int i = 0; i < n; i++)
		filter_of[i] = -1;
	for (int i = 0; i < b->n; i++) {
		int *of = &filter_of[k->numbers[i]];

		if (*of < 0) {
			*of = b->n_filters++;
			b->filters[*of] = k->wants[i];
		}
		if (b->filters[*of].qos < k->wants[i].qos)
			b->filters[*of].qos = k->wants[i].qos;
	}
}

void bindings_make(struct bindings *b, const struct plan *plan, struct arena *arena)
{
	size_t most = (size_t)plan->n_sensors * 2;
	struct making k = {
	    .b = b,
	    .wants = arena_alloc(arena, most * sizeof *k.wants),
	    .numbers = arena_alloc(arena, most * sizeof *k.numbers),
	};

	b->trie = trie_new();
	b->at = arena_alloc(arena, most * sizeof *b->at);
	for (int def = 0; def < plan->n_sensors; def++)
		add_sensor(&k, plan, def, arena);
	merge_filters(&k, arena);
}
