/* check_sensor.c - sensors that could never raise the alarm they are there
 * for, that nobody looks at, or that another one already is. */
#include "language/check.h"

#include <stdlib.h>
#include <string.h>

static const struct entry *own(const struct reader *r, int i)
{
	return &r->sections[SECTION_SENSORS].at[i];
}

static bool can_say(const struct sensor_def *s, const char *word)
{
	for (int i = 0; i < s->n_words; i++)
		if (!strcmp(s->words[i].word, word))
			return true;
	return false;
}

/* -- words -- */

/* The profile's words are gone where the sensor has its own: lists and maps are replaced whole. */
static bool check_replaced(struct reader *r, int i)
{
	const struct node *body = own(r, i)->body, *words = node_get(body, "words"),
	                  *name = node_get(body, "profile");
	const struct entry *profile = words && name ? entry_of(r, SECTION_PROFILES, name->text) : NULL;

	if (!profile || node_get(words, "alarm") || !node_get(node_get(profile->body, "words"), "alarm"))
		return false;
	caution(r, words, "these words replace those of profile '%s': sensor '%s' can no longer say 'alarm'",
	        name->text, own(r, i)->key->text);
	advise(r, "write all of them: words: {alarm: [...], normal: [...], ...}");
	return true;
}

/* Watched for `alarm`, and no text of its payload means it. With a unit it is there for its number. */
static void check_alarm(struct reader *r, int i, const struct look *look)
{
	const struct sensor_def *s = &r->plan->sensors[i];

	if (look->alarm < 0 || s->unit || can_say(s, "alarm") || check_replaced(r, i) ||
	    node_get(own(r, i)->body, "profile"))
		return;
	caution(r, own(r, i)->key,
	        "incident '%s' waits for sensor '%s' to say 'alarm', and no text of it means that",
	        r->plan->types[look->alarm].id, s->id);
	advise(r, "give it words: {alarm: [\"1\"], normal: [\"0\"]}, or a profile");
}

/* -- nobody looks -- */

/* Feedback of a command, a gateway of others, what a step waits for. */
static void mark_used(struct reader *r, bool *used)
{
	const struct plan *p = r->plan;
	const struct entries *books = &r->sections[SECTION_PLAYBOOKS];

	for (int a = 0; a < p->n_actuators; a++)
		for (int k = 0; k < p->actuators[a].n_actions; k++)
			if (p->actuators[a].actions[k].until_sensor >= 0)
				used[p->actuators[a].actions[k].until_sensor] = true;
	for (int i = 0; i < p->n_sensors; i++)
		if (p->sensors[i].via >= 0)
			used[p->sensors[i].via] = true;
	for (int i = 0; i < p->n_sensors; i++)
		used[i] = used[i] || p->sensors[i].is_watched;
	for (int b = 0; b < books->n; b++)
		for (int s = 0; s < books->at[b].body->n; s++) {
			const struct node *wait = node_get(books->at[b].body->pairs[s].value, "wait");
			const struct node *id = node_get(wait, "sensor");
			int at = id && id->kind == NODE_SCALAR
			             ? entry_find(&r->sections[SECTION_SENSORS], id->text)
			             : -1;

			if (at >= 0)
				used[at] = true;
		}
}

/* The kinds that conditions name, for a slip of the pen. */
static void advise_kind(struct reader *r, const struct look *looks, const char *kind)
{
	const struct plan *p = r->plan;
	struct nearest near = {.word = kind};

	if (r->is_dropped)
		return;
	for (int i = 0; i < p->n_sensors; i++)
		if (looks[i].any >= 0 && strcmp(p->sensors[i].kind, kind) != 0)
			nearest_try(&near, p->sensors[i].kind);
	if (near.best)
		advise(r, "is its kind '%s'? or name it in a condition, or leave it out", near.best);
	else
		advise(r, "name it, or its kind '%s', in the 'when' of an incident, or leave it out", kind);
}

static void check_unused(struct reader *r, const struct look *looks, int i, const bool *used)
{
	const struct sensor_def *s = &r->plan->sensors[i];
	const struct look *look = &looks[i];

	if (look->any >= 0 || used[i])
		return;
	if (look->number >= 0) {
		caution(r, own(r, i)->key,
		        "incident '%s' compares numbers of this kind, but sensor '%s' gives words",
		        r->plan->types[look->number].id, own(r, i)->key->text);
		advise(r, "when its value is a number, give it its 'unit'");
		return;
	}
	caution(r, own(r, i)->key, "no incident looks at sensor '%s'", own(r, i)->key->text);
	advise_kind(r, looks, s->kind);
}

/* -- topics as they are typed -- */

static void check_topic(struct reader *r, int i)
{
	const struct node *topic = node_get(own(r, i)->body, "topic");
	const char *text = topic->text;
	size_t len = strlen(text);

	if (text[0] == '/' && !node_get(own(r, i)->body, "profile")) {
		caution(r, topic, "the topic begins with '/': its first level is empty");
		advise(r, "write '%s', unless the device really publishes with the '/'", text + 1);
	} else if (len > 1 && text[len - 1] == '/') {
		caution(r, topic, "the topic ends with '/': its last level is empty");
		advise(r, "write '%.*s', unless the device really publishes with the '/'", (int)len - 1,
		       text);
	} else if (text[0] == ' ' || text[len - 1] == ' ') {
		caution(r, topic, "the topic begins or ends with a space");
		advise(r, "take it out: to the broker it is another topic");
	} else if (text[len - 1] == '#') {
		caution(r, topic, "every topic below becomes a sensor of its own, however deep");
		advise(r, "write + for the one level in which they differ, or the whole topic of one sensor");
	} else {
		return;
	}
}

/* -- two that are one -- */

static bool same_node(const struct node *a, const struct node *b)
{
	if (!a || !b || a->kind != b->kind || a->n != b->n)
		return a == b;
	if (a->kind == NODE_SCALAR)
		return !strcmp(a->text, b->text);
	for (int i = 0; i < a->n; i++) {
		if (a->kind == NODE_LIST ? !same_node(a->items[i], b->items[i])
		                         : strcmp(a->pairs[i].key->text, b->pairs[i].key->text) != 0 ||
		                               !same_node(a->pairs[i].value, b->pairs[i].value))
			return false;
	}
	return true;
}

/* The same value, understood in the same way. */
static bool is_same(const struct reader *r, int i, int j)
{
	static const char *const keys[] = {"words", "decode", "scale", "offset", "profile"};
	const struct sensor_def *a = &r->plan->sensors[i], *b = &r->plan->sensors[j];

	if (strcmp(a->kind, b->kind) != 0 && !a->is_family)
		return false; /* one value may be read as two things: heat and frost */
	if (strcmp(a->value.pointer ? a->value.pointer : "", b->value.pointer ? b->value.pointer : "") != 0)
		return false;
	for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
		if (!same_node(node_get(own(r, i)->body, keys[k]), node_get(own(r, j)->body, keys[k])))
			return false;
	return true;
}

static void complain_same(struct reader *r, int first, int second)
{
	const struct sensor_def *a = &r->plan->sensors[first], *b = &r->plan->sensors[second];
	const struct node *at = node_get(own(r, second)->body, "topic");

	if (strcmp(a->topic, b->topic) != 0)
		caution(r, at, "this topic is also one of sensor '%s' (%s), which reads the same value",
		        own(r, first)->key->text, a->topic);
	else
		caution(r, at, "sensor '%s' reads the same value of the same topic as '%s'",
		        own(r, second)->key->text, own(r, first)->key->text);
	if (strcmp(a->kind, b->kind) != 0)
		advise(r, "one message would be two sensors, of kind %s and of kind %s: leave one out",
		       a->kind, b->kind);
	else
		advise(r, "one message would be two sensors: leave one out, or correct its topic or 'value'");
}

struct by_topic {
	const char *topic, *pointer, *kind;
	int sensor;
};

static int topic_order(const void *a, const void *b)
{
	const struct by_topic *x = a, *y = b;
	int d = strcmp(x->topic, y->topic);

	d = d ? d : strcmp(x->pointer, y->pointer);
	d = d ? d : strcmp(x->kind, y->kind);
	return d ? d : x->sensor - y->sensor;
}

/* Is there a topic that both match? */
static bool overlap(const char *a, const char *b)
{
	for (;;) {
		size_t n = strcspn(a, "/"), m = strcspn(b, "/");
		bool any = (n == 1 && (*a == '+' || *a == '#')) || (m == 1 && (*b == '+' || *b == '#'));

		if ((n == 1 && *a == '#') || (m == 1 && *b == '#'))
			return true;
		if (!any && (n != m || memcmp(a, b, n) != 0))
			return false;
		if (!a[n] || !b[m])
			return !a[n] && !b[m];
		a += n + 1;
		b += m + 1;
	}
}

/* Two families that begin alike meet in both their walks: once is enough. */
static bool is_met(const struct plan *p, int family, int other)
{
	return p->sensors[other].is_family && other < family &&
	       strcspn(p->sensors[other].topic, "+#") == strcspn(p->sensors[family].topic, "+#");
}

/* Topics that begin as the family's filter does, up to its first wildcard. */
static void check_family(struct reader *r, const struct by_topic *all, int n, int family)
{
	const char *filter = r->plan->sensors[family].topic;
	size_t len = strcspn(filter, "+#");
	int low = 0, high = n;

	while (low < high) {
		int mid = (low + high) / 2;

		if (strncmp(all[mid].topic, filter, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < n && !strncmp(all[low].topic, filter, len); low++)
		if (all[low].sensor != family && strcmp(all[low].topic, filter) != 0 &&
		    !is_met(r->plan, family, all[low].sensor) && overlap(filter, all[low].topic) &&
		    is_same(r, family, all[low].sensor))
			complain_same(r, family, all[low].sensor);
}

/* Pairs are looked for among neighbours only; a site with very many families is spared the walk. */
static void check_topics(struct reader *r)
{
	enum { FAMILIES_MAX = 100 };
	const struct plan *p = r->plan;
	struct by_topic *all = xcalloc((size_t)p->n_sensors + 1, sizeof *all);
	int families = 0;

	for (int i = 0; i < p->n_sensors; i++)
		all[i] = (struct by_topic){p->sensors[i].topic,
		                           p->sensors[i].value.pointer ? p->sensors[i].value.pointer : "",
		                           p->sensors[i].kind, i};
	qsort(all, (size_t)p->n_sensors, sizeof *all, topic_order);
	for (int i = 1; i < p->n_sensors; i++)
		if (!strcmp(all[i - 1].topic, all[i].topic) && is_same(r, all[i - 1].sensor, all[i].sensor))
			complain_same(r, all[i - 1].sensor, all[i].sensor);
	for (int i = 0; i < p->n_sensors && families < FAMILIES_MAX; i++)
		if (p->sensors[i].is_family) {
			families++;
			check_family(r, all, p->n_sensors, i);
		}
	free(all);
}

void check_sensors(struct reader *r, const struct look *looks)
{
	bool *used = arena_alloc(&r->arena, (size_t)r->plan->n_sensors + 1);

	mark_used(r, used);
	for (int i = 0; i < r->plan->n_sensors; i++) {
		check_alarm(r, i, &looks[i]);
		check_unused(r, looks, i, used);
		check_topic(r, i);
	}
	check_topics(r);
}
