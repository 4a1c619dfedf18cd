/* discover.c - what was heard and found so far: bounded tables of topics and
 * fields, and which reader a message goes to. */
#include "discover.h"

#include "base/text.h"
#include "discover_find.h"

#include <stdlib.h>
#include <string.h>

enum { PERIOD_MESSAGES = 4 };

struct discover *discover_new(const struct plan *site)
{
	struct discover *d = xcalloc(1, sizeof *d);

	d->site = site;
	arena_init(&d->arena);
	return d;
}

void discover_free(struct discover *d)
{
	for (int i = 0; i < d->n_topics; i++)
		free(d->topics[i].name);
	discover_pairs_free(d);
	free(d->topics);
	free(d->finds);
	arena_fini(&d->arena);
	free(d);
}

int discover_topics(const struct discover *d)
{
	return d->n_topics;
}

/* -- topics, and how regular they are -- */

/* Where it stands, or would. */
static int topic_place(const struct discover *d, const char *name, bool *ret_found)
{
	int low = 0, high = d->n_topics;

	*ret_found = false;
	while (low < high && !*ret_found) {
		int middle = (low + high) / 2, order = strcmp(name, d->topics[middle].name);

		*ret_found = !order;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return high;
}

static struct discover_topic *topic_of(struct discover *d, const char *name)
{
	bool is_known;
	int at = topic_place(d, name, &is_known);

	if (is_known)
		return &d->topics[at];
	if (d->n_topics == DISCOVER_TOPICS) {
		d->n_more_topics++;
		return NULL;
	}
	if (d->n_topics == d->cap_topics) {
		d->cap_topics = d->cap_topics ? 2 * d->cap_topics : 64;
		d->topics = xrealloc(d->topics, (size_t)d->cap_topics * sizeof *d->topics);
	}
	memmove(d->topics + at + 1, d->topics + at, (size_t)(d->n_topics++ - at) * sizeof *d->topics);
	d->topics[at] = (struct discover_topic){.name = xstrdup(name)};
	return &d->topics[at];
}

static void note_time(struct discover_topic *t, int64_t now_ms)
{
	int64_t gap_ms = now_ms - t->last_ms;

	if (t->n_live == 1 || (t->n_live > 1 && gap_ms < t->least_ms))
		t->least_ms = gap_ms;
	if (t->n_live && gap_ms > t->most_ms)
		t->most_ms = gap_ms;
	t->last_ms = now_ms;
	t->n_live++;
}

int64_t discover_period_ms(const struct discover *d, const char *topic)
{
	bool is_known;
	int at = topic_place(d, topic, &is_known);
	const struct discover_topic *t = &d->topics[at];

	if (!is_known || t->n_live < PERIOD_MESSAGES || t->least_ms < 1000 || t->most_ms > 2 * t->least_ms)
		return 0;
	return t->most_ms;
}

/* -- finds -- */

static int compare(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* A field that is undecided has no pointer: its reason tells it from others. */
static int find_compare(const struct find *a, const struct find *b)
{
	int order = strcmp(a->topic, b->topic);

	order = order ? order : compare(a->pointer, b->pointer);
	return order ? order : compare(a->undecided, b->undecided);
}

static int find_place(const struct discover *d, const struct find *f, bool *ret_found)
{
	int low = 0, high = d->n_finds;

	*ret_found = false;
	while (low < high && !*ret_found) {
		int middle = (low + high) / 2, order = find_compare(f, d->finds[middle]);

		*ret_found = !order;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return high;
}

int discover_first(const struct discover *d, const char *topic)
{
	bool is_known;

	return find_place(d, &(struct find){.topic = topic}, &is_known);
}

/* For people to read: may be cut. */
static void copy(struct discover *d, const char **text, size_t cap_bytes)
{
	if (*text)
		*text = arena_dup(&d->arena, *text, utf8_cut(*text, cap_bytes));
}

/* Compared with what arrives: whole or not at all. */
static void copy_whole(struct discover *d, const char **text, size_t cap_bytes)
{
	if (*text)
		*text = strlen(*text) <= cap_bytes ? arena_str(&d->arena, *text) : NULL;
}

static void copy_all(struct discover *d, struct find *f)
{
	const char **const shown[] = {&f->kind, &f->device, &f->field, &f->area, &f->profile, &f->unit};
	const char **const matched[] = {&f->alarm, &f->normal, &f->online, &f->offline, &f->away_value};

	copy_whole(d, &f->topic, DISCOVER_TOPIC_BYTES);
	copy_whole(d, &f->pointer, FIND_POINTER_BYTES);
	copy_whole(d, &f->away_topic, DISCOVER_TOPIC_BYTES);
	copy_whole(d, &f->link, DISCOVER_TOPIC_BYTES);
	copy(d, &f->undecided, 2 * FIND_TEXT_BYTES);
	copy(d, &f->sample, FIND_SAMPLE_BYTES);
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		copy(d, shown[i], FIND_TEXT_BYTES);
	for (size_t i = 0; i < sizeof matched / sizeof *matched; i++)
		copy_whole(d, matched[i], FIND_TEXT_BYTES);
}

static void add_find(struct discover *d, const struct find *f, int at)
{
	struct find *mine;

	if (d->n_finds == DISCOVER_FINDS) {
		d->n_more_finds++;
		return;
	}
	if (d->n_finds == d->cap_finds) {
		d->cap_finds = d->cap_finds ? 2 * d->cap_finds : 64;
		d->finds = xrealloc(d->finds, (size_t)d->cap_finds * sizeof *d->finds);
	}
	mine = arena_alloc(&d->arena, sizeof *mine);
	*mine = *f;
	copy_all(d, mine);
	memmove(d->finds + at + 1, d->finds + at, (size_t)(d->n_finds++ - at) * sizeof *d->finds);
	d->finds[at] = mine;
}

/* Each field takes memory a few times at most: found, declared, its sample and area. */
static void merge(struct discover *d, struct find *mine, const struct find *f)
{
	struct find old = *mine;

	if (f->is_declared && !old.is_declared) {
		*mine = *f;
		copy_all(d, mine);
		mine->area = mine->area ? mine->area : old.area;
		mine->sample = old.sample;
		mine->is_number |= old.is_number;
		return;
	}
	if (f->sample && !old.sample) {
		mine->sample = f->sample;
		mine->is_number |= f->is_number;
		copy(d, &mine->sample, FIND_SAMPLE_BYTES);
	}
	if (f->area && !old.area) {
		mine->area = f->area;
		copy(d, &mine->area, FIND_TEXT_BYTES);
	}
}

void discover_tell(struct discover *d, const struct find *f)
{
	struct find told = *f;
	bool is_known;
	int at;

	if (f->area && !f->area[strspn(f->area, " \t\r\n")])
		told.area = NULL; /* a blank is no name of a zone */
	if (!*f->topic || strpbrk(f->topic, "+#") || strlen(f->topic) > DISCOVER_TOPIC_BYTES ||
	    (f->pointer && strlen(f->pointer) > FIND_POINTER_BYTES)) {
		d->n_long++;
		return;
	}
	at = find_place(d, f, &is_known);
	if (is_known)
		merge(d, d->finds[at], &told);
	else
		add_find(d, &told, at);
}

/* -- a message -- */

static bool split(const char *topic, struct parts *ret)
{
	size_t len = strlen(topic);

	if (len > DISCOVER_TOPIC_BYTES)
		return false;
	memcpy(ret->text, topic, len + 1);
	ret->n = 0;
	for (char *at = ret->text; at && ret->n < TOPIC_LEVELS;) {
		ret->level[ret->n++] = at;
		at = strchr(at, '/');
		if (at)
			*at++ = 0;
	}
	return true;
}

static bool is_ours(const char *topic)
{
	return !strncmp(topic, "tocsin/", 7) || !strncmp(topic, "$SYS/", 5);
}

static void read_text(struct news_of *m, size_t len)
{
	const char first = m->text[strspn(m->text, " \t\r\n")];
	struct answer *json = NULL;
	struct err err;

	if (strlen(m->text) != len || !utf8_valid(m->text, len)) {
		m->d->n_broken++;
		return;
	}
	if (first == '{' || first == '[')
		json = answer_read(m->text, len, &err);
	if ((first == '{' || first == '[') && !json)
		m->d->n_broken++;
	m->json = json;
	if (!strcmp(m->parts->level[0], "homeassistant"))
		discover_ha(m);
	else if (!discover_declaration(m) && (json || (first != '{' && first != '[')))
		discover_live(m);
	answer_free(json);
}

void discover_heard(struct discover *d, const struct discover_message *m, int64_t now_ms)
{
	struct parts parts;
	struct news_of news = {.d = d, .topic = m->topic, .text = m->payload, .parts = &parts};
	struct discover_topic *t;

	if (is_ours(m->topic) || !m->len || !*m->topic)
		return;
	if (!utf8_valid(m->topic, strlen(m->topic)) || !split(m->topic, &parts)) {
		d->n_long++;
		return;
	}
	t = topic_of(d, m->topic);
	if (!t)
		return;
	if (!m->is_retained)
		note_time(t, now_ms);
	if (m->len > (discover_is_declaration(&parts) ? DISCOVER_LIST_BYTES : DISCOVER_PAYLOAD_BYTES))
		d->n_big++;
	else
		read_text(&news, m->len);
}
