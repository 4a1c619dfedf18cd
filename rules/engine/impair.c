/* impair.c - the registry of what is impaired: kept by key, each one a saved
 * record with its end in the heap. What an end does is the kind's matter. */
#include "engine/impair.h"

#include "engine/emit.h"
#include "engine/save.h"
#include "engine/suppress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int place_of(const struct engine *e, const char *key)
{
	int low = 0, high = e->n_impairments;

	while (low < high) {
		int mid = (low + high) / 2;

		if (strcmp(e->impairments[mid]->key, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct impairment *by_key(const struct engine *e, const char *key)
{
	int i = place_of(e, key);

	return i < e->n_impairments && !strcmp(e->impairments[i]->key, key) ? e->impairments[i] : NULL;
}

struct impairment *impair_find(const struct engine *e, const char *format, ...)
{
	char key[256];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(key, sizeof key, format, args);
	va_end(args);
	return n < 0 || n >= (int)sizeof key ? NULL : by_key(e, key);
}

struct impairment *impair_isolated(const struct engine *e, const char *zone, enum hazard hazard)
{
	return e->n_impairments ? impair_find(e, "p/%s/%s", zone, hazard_name(hazard)) : NULL;
}

struct impairment *impair_out(const struct engine *e, const char *name)
{
	return e->n_impairments ? impair_find(e, "o/%s", name) : NULL;
}

/* -- the list -- */

static void changed(struct engine *e, struct impairment *i)
{
	i->dirty = true;
	e->zones_changed = true;
}

static void impair_free(struct impairment *i)
{
	free(i->key);
	free(i->name);
	free(i->place);
	free(i->by);
	free(i->second);
	free(i->reason);
	free(i->watch);
	free(i);
}

static struct impairment *add(struct engine *e, const char *key)
{
	struct impairment *i = xcalloc(1, sizeof *i);
	int place = place_of(e, key);

	i->key = xstrdup(key);
	deadline_init(&i->due, DEADLINE_IMPAIR, i, i->key, 0);
	e->impairments = xrealloc(e->impairments, (size_t)(e->n_impairments + 1) * sizeof(struct impairment *));
	memmove(e->impairments + place + 1, e->impairments + place,
	        (size_t)(e->n_impairments - place) * sizeof(struct impairment *));
	e->impairments[place] = i;
	e->n_impairments++;
	return i;
}

static void put_text(char **at, const char *text)
{
	if (!*at)
		*at = xstrdup("");
	xreplace(at, text ? text : "");
}

struct impairment *impair_put(struct engine *e, const char *key, const struct impairment *like)
{
	struct impairment *i = by_key(e, key);

	if (!i)
		i = add(e, key);
	i->kind = like->kind;
	i->is_asked = like->is_asked;
	i->is_dead = like->is_dead;
	i->hazard = like->hazard;
	i->since_ms = like->since_ms;
	i->for_ms = like->for_ms;
	i->incident = like->incident;
	put_text(&i->name, like->name);
	put_text(&i->place, like->place);
	put_text(&i->by, like->by);
	put_text(&i->second, like->second);
	put_text(&i->reason, like->reason);
	put_text(&i->watch, like->watch);
	changed(e, i);
	return i;
}

void impair_until(struct engine *e, struct impairment *i, int64_t at_ms)
{
	deadline_set(&e->heap, &i->due, at_ms);
	changed(e, i);
}

void impair_drop(struct engine *e, struct impairment *i)
{
	int place = place_of(e, i->key);

	deadline_clear(&e->heap, &i->due);
	records_put(&e->gone, i->key, NULL);
	memmove(e->impairments + place, e->impairments + place + 1,
	        (size_t)(e->n_impairments - place - 1) * sizeof(struct impairment *));
	e->n_impairments--;
	e->zones_changed = true;
	impair_free(i);
}

struct impairment *impair_grant(struct engine *e, const char *key, struct impairment *like, const char *me,
                                const char *first)
{
	struct impairment *asked = impair_find(e, "q/%s", key), *i;

	like->by = (char *)(first ? first : me);
	like->second = (char *)(first ? me : "");
	i = impair_put(e, key, like);
	if (!PLANTED(19))
		impair_until(e, i, e->now_ms + like->for_ms);
	if (asked)
		impair_drop(e, asked);
	return i;
}

void impair_due(struct engine *e, struct impairment *i)
{
	static const struct ended over = {.who = "system", .why = "time"};

	if (i->is_asked)
		impair_drop(e, i); /* nobody said it a second time */
	else if (i->kind == IMPAIR_ISOLATED)
		isolation_over(e, i, &over);
	else if (i->kind == IMPAIR_OUT)
		service_back(e, i, &over);
}

void impairs_free(struct engine *e)
{
	for (int i = 0; i < e->n_impairments; i++)
		impair_free(e->impairments[i]);
	free(e->impairments);
}

/* -- records -- */

static void save(const struct impairment *i, struct buf *b)
{
	record_tag(b, "m");
	record_int(b, i->kind);
	record_int(b, i->is_asked | i->is_dead << 1);
	record_str(b, i->name);
	record_str(b, i->place);
	record_int(b, i->hazard);
	record_str(b, i->by);
	record_str(b, i->second);
	record_str(b, i->reason);
	record_str(b, i->watch);
	record_int(b, i->since_ms);
	record_int(b, i->for_ms);
	record_int(b, i->incident);
	save_deadline(b, &i->due);
}

void impairs_save(struct engine *e, struct records *ret, bool all)
{
	struct buf b = {0};

	for (int i = 0; i < e->n_impairments; i++) {
		if (!all && !e->impairments[i]->dirty)
			continue;
		save(e->impairments[i], &b);
		records_put(ret, e->impairments[i]->key, buf_text(&b));
		buf_clear(&b);
	}
	buf_fini(&b);
}

void impairs_set_dirty(struct engine *e, bool dirty)
{
	for (int i = 0; i < e->n_impairments; i++)
		e->impairments[i]->dirty = dirty;
}

/* Deadlines have moved along; what is told as its beginning stays what it was. */
void impairs_shift(struct engine *e, int64_t by_ms)
{
	for (int i = 0; i < e->n_incidents; i++) {
		struct shelf *shelf = &e->incidents[i]->shelf;

		if (shelf->until_ms)
			shelf->until_ms += by_ms;
		if (shelf->asked_by)
			shelf->asked_ms += by_ms;
	}
	impairs_set_dirty(e, true);
}

/* What it is is said twice; of two that differ nothing is suppressed, and a sign hangs. */
static bool fits_its_key(const struct impairment *i)
{
	const char *key = !strncmp(i->key, "q/", 2) ? i->key + 2 : i->key;
	struct buf said = {0};
	bool fits;

	if (i->kind == IMPAIR_ISOLATED)
		buf_printf(&said, "p/%s/%s", i->name, hazard_name(i->hazard));
	else if (i->kind == IMPAIR_OUT)
		buf_printf(&said, "o/%s", i->name);
	else
		buf_printf(&said, "t/%s@%s", i->name, i->place);
	fits = i->is_asked == (key != i->key) && !strcmp(key, buf_text(&said));
	buf_fini(&said);
	return fits;
}

/* The reader stands behind the first tag. */
int impair_restore(struct engine *e, const char *key, struct record_reader *r)
{
	struct impairment *i = by_key(e, key);
	int64_t flags;

	if (!i)
		i = add(e, key);
	i->kind = restore_bounded(r, record_read_int(r), IMPAIR_COUNT);
	flags = record_read_int(r);
	i->is_asked = flags & 1;
	i->is_dead = flags >> 1 & 1;
	free(i->name);
	i->name = record_read_str(r);
	free(i->place);
	i->place = record_read_str(r);
	i->hazard = restore_bounded(r, record_read_int(r), HAZARD_COUNT);
	free(i->by);
	i->by = record_read_str(r);
	free(i->second);
	i->second = record_read_str(r);
	free(i->reason);
	i->reason = record_read_str(r);
	free(i->watch);
	i->watch = record_read_str(r);
	i->since_ms = record_read_ms(r);
	i->for_ms = record_read_ms(r);
	i->incident = record_read_number(r);
	restore_deadline(e, r, &i->due);
	if (!i->due.pos && i->kind != IMPAIR_TAG) /* a damaged record must not suppress for ever */
		deadline_set(&e->heap, &i->due, 0);
	i->dirty = false;
	if (!fits_its_key(i)) {
		r->bad = true;
		if (strncmp(key, "t/", 2) != 0)
			impair_drop(e, i);
		else
			i->kind = IMPAIR_TAG;
	}
	return r->bad ? -1 : 0;
}
