/* intake.c - one message, room by room: filters, values, classes, news. */
#include "intake/intake.h"

#include "base/text.h"
#include "intake/binding.h"
#include "intake/extract.h"
#include "intake/family.h"
#include "intake/region.h"
#include "intake/meaning.h"
#include "intake/scan.h"

#include <stdlib.h>
#include <string.h>

enum {
	NEWS_AGAIN_MS = 10000,
	LIMIT_AGAIN_MS = 60000,
	SCANS_MAX = 4, /* of one message; then a tree is cheaper */
};

struct intake {
	const struct plan *plan;
	struct arena arena;
	struct bindings bindings;
	struct region *regions; /* by sensor def */
	struct family *family;
	int64_t limit_ms; /* when the limit was last news; the receive thread's own */
};

struct intake *intake_new(const struct plan *plan)
{
	struct intake *in = xcalloc(1, sizeof *in);

	in->plan = plan;
	arena_init(&in->arena);
	bindings_make(&in->bindings, plan, &in->arena);
	in->regions = region_all(plan, &in->arena);
	in->family = family_new(plan);
	in->limit_ms = -LIMIT_AGAIN_MS;
	return in;
}

void intake_free(struct intake *in)
{
	if (!in)
		return;
	trie_free(in->bindings.trie);
	family_free(in->family);
	arena_fini(&in->arena);
	free(in);
}

const struct intake_filter *intake_filters(const struct intake *in, int *ret_n)
{
	*ret_n = in->bindings.n_filters;
	return in->bindings.filters;
}

/* ------------------------------------------------------------ one message */

struct reader {
	struct intake *in;
	const struct message *m;
	int64_t now_ms;
	struct intake_result *ret;
	struct json *doc;
	bool parsed; /* doc is what it will be */
	int scans;
};

static enum extract_result fetch(struct reader *r, const struct value_path *path, struct extracted *ret)
{
	const struct message *m = r->m;
	enum extract_result result = EXTRACT_VALUE;

	ret->text = m->payload;
	ret->len = m->len;
	if (path->whole) {
		if (m->len > EXTRACT_BYTES_MAX || !utf8_valid(m->payload, m->len))
			result = EXTRACT_UNREADABLE;
	} else if (r->parsed || r->scans++ >= SCANS_MAX || !scan_value(m->payload, m->len, path, ret, &result)) {
		if (!r->parsed)
			r->doc = extract_parse(m->payload, m->len);
		r->parsed = true;
		result = r->doc ? extract_value(r->doc, path, ret) : EXTRACT_UNREADABLE;
	}
	if (result == EXTRACT_VALUE)
		meaning_trim(&ret->text, &ret->len);
	return result;
}

/* At most VALUE_BYTES - 1, ending between characters. */
static const char *keep_text(struct intake_result *ret, const char *text, size_t len)
{
	char *copy = ret->texts[ret->n];

	if (len >= VALUE_BYTES)
		for (len = VALUE_BYTES - 1; len && ((unsigned char)text[len] & 0xc0) == 0x80;)
			len--;
	if (len)
		memcpy(copy, text, len);
	copy[len] = 0;
	return copy;
}

/* DESIGN section 2, "News, exactly". What differs from the message before is
 * news whatever has been told meanwhile: the engine may not have taken that yet. */
static bool is_news(struct slot *s, const struct intake_mark *k, int64_t now_ms)
{
	struct mark *m = k->is_link ? &s->link : &s->value;
	int64_t last_ms = atomic_load(&s->news_ms);
	bool wanted = atomic_load(&m->want) != k->want;
	bool rested = last_ms < 0 || now_ms - last_ms >= NEWS_AGAIN_MS;

	if (!k->class) /* a silent sensor lives; but no flood of signs of life */
		return wanted && rested;
	return wanted || k->class != atomic_load(&m->told) || k->class != atomic_load(&m->read) ||
	       (rested && !k->is_link && atomic_load(&s->followed));
}

static void finish(struct reader *r, struct slot *s, struct reading *reading, bool is_link)
{
	struct intake_result *ret = r->ret;
	struct intake_mark *k = &ret->marks[ret->n];
	bool news;

	*k = (struct intake_mark){.slot = s->index, .is_link = is_link, .want = atomic_load(&s->want)};
	if (reading->kind != READING_SEEN)
		k->class = region_class(&r->in->regions[reading->def], reading);
	news = is_news(s, k, r->now_ms);
	ret->n++;
	ret->is_news |= news;
	ret->bad += reading->kind == READING_UNREADABLE;
	if (r->now_ms < 0)
		return;
	if (k->class)
		atomic_store(is_link ? &s->link.read : &s->value.read, k->class);
	if (news)
		atomic_store(&s->news_ms, r->now_ms);
	if (!is_link && !r->m->retained)
		atomic_store(&s->seen_ms, r->now_ms);
}

/* NULL: no room; counted. */
static struct reading *begin(struct reader *r, const struct slot *s, int def)
{
	struct reading *reading;

	if (!s || r->ret->n == INTAKE_READINGS_MAX) {
		r->ret->n_more++;
		return NULL;
	}
	reading = &r->ret->readings[r->ret->n];
	*reading = (struct reading){
	    .sensor = s->id,
	    .def = def,
	    .zone = s->zone,
	    .word = "",
	    .text = "",
	    .retained = r->m->retained,
	    .dup = r->m->dup,
	};
	return reading;
}

static uint64_t digest(uint64_t h, const struct extracted *x)
{
	for (size_t i = 0; i < x->len; i++)
		h = (h ^ (unsigned char)x->text[i]) * 1099511628211u;
	return (h ^ x->len) * 1099511628211u;
}

/* What tells this message from the sensor's others; 0: its payload has no such thing. */
static uint64_t mark_of(struct reader *r, const struct value_path *stamp, const struct extracted *value)
{
	struct extracted id;
	uint64_t h;

	if (!stamp->pointer || fetch(r, stamp, &id) != EXTRACT_VALUE)
		return 0;
	h = digest(digest(14695981039346656037u, &id), value);
	return h ? h : 1;
}

static void read_value(struct reader *r, int def, const struct capture captures[CAPTURES_MAX])
{
	const struct sensor_def *d = &r->in->plan->sensors[def];
	struct slot *s =
	    d->is_family ? family_member(r->in->family, def, captures) : family_slot(r->in->family, def);
	struct reading *reading = begin(r, s, def);
	struct extracted x;

	if (!reading)
		return;
	switch (fetch(r, &d->value, &x)) {
	case EXTRACT_VALUE:
		meaning_read(d, x.text, x.len, reading);
		reading->text = keep_text(r->ret, x.text, x.len);
		if (!reading->word)
			reading->word = reading->text;
		reading->mark = r->now_ms < 0 ? mark_of(r, &d->stamp, &x) : 0; /* only the loop's is used */
		break;
	case EXTRACT_MISSING:
		reading->kind = READING_SEEN;
		break;
	case EXTRACT_UNREADABLE:
		reading->kind = READING_UNREADABLE;
		break;
	}
	finish(r, s, reading, false);
}

static void one_link(struct reader *r, struct slot *s, int def, enum reading_kind kind)
{
	struct reading *reading = begin(r, s, def);

	if (!reading)
		return;
	reading->kind = kind;
	finish(r, s, reading, true);
}

/* A word that is neither online nor offline says nothing. */
static void read_availability(struct reader *r, const struct binding *b,
                              const struct capture captures[CAPTURES_MAX])
{
	const struct sensor_def *d = &r->in->plan->sensors[b->def];
	const struct availability *a = &d->availability;
	enum reading_kind kind;
	struct extracted x;
	struct slot *s;
	int at = 0;

	if (fetch(r, &a->value, &x) != EXTRACT_VALUE)
		return;
	if (meaning_any(&a->offline, x.text, x.len))
		kind = READING_AWAY;
	else if (meaning_any(&a->online, x.text, x.len))
		kind = READING_BACK;
	else
		return;
	if (!d->is_family)
		one_link(r, family_slot(r->in->family, b->def), b->def, kind);
	else if (b->names_member)
		one_link(r, family_member(r->in->family, b->def, captures), b->def, kind);
	else
		while ((s = family_next(r->in->family, b->def, captures, &at)))
			one_link(r, s, b->def, kind);
}

static void found(void *arg, int value, const struct capture *captures, int n)
{
	struct reader *r = arg;
	const struct binding *b = &r->in->bindings.at[value];
	struct capture bound[CAPTURES_MAX] = {{NULL, 0}};

	for (int i = 0; i < n; i++)
		bound[b->stands_for[i]] = captures[i];
	if (b->is_availability)
		read_availability(r, b, bound);
	else
		read_value(r, b->def, bound);
}

void intake_read(struct intake *in, const struct message *m, int64_t now_ms, struct intake_result *ret)
{
	struct reader r = {.in = in, .m = m, .now_ms = now_ms, .ret = ret};

	ret->n = ret->n_more = 0;
	ret->is_news = false;
	ret->bad = 0;
	trie_match(in->bindings.trie, m->topic, found, &r);
	extract_free(r.doc);
	if (ret->n_more && now_ms >= 0 && now_ms - in->limit_ms >= LIMIT_AGAIN_MS) {
		in->limit_ms = now_ms;
		ret->is_news = true;
	}
}

/* ------------------------------------------------------------------ marks */

void intake_told_marks(struct intake *in, const struct intake_mark *marks, int n)
{
	for (int i = 0; i < n; i++) {
		const struct intake_mark *k = &marks[i];
		struct slot *s = family_slot(in->family, k->slot);
		struct mark *m = k->is_link ? &s->link : &s->value;

		if (!k->class)
			continue;
		atomic_store(&m->told, k->class);
		atomic_store(&m->want, k->want);
		if (k->is_link) /* away or back: the next value is news */
			atomic_store(&s->value.told, 0);
	}
}

void intake_told(struct intake *in, const struct intake_result *r)
{
	intake_told_marks(in, r->marks, r->n);
}

void intake_want(struct intake *in, const char *sensor_id)
{
	struct slot *s = sensor_id ? family_find(in->family, sensor_id) : NULL;
	int n = sensor_id ? 0 : family_count(in->family);

	if (s)
		atomic_fetch_add(&s->want, 1);
	for (int i = 0; i < n; i++)
		atomic_fetch_add(&family_slot(in->family, i)->want, 1);
}

void intake_follow(struct intake *in, const char *sensor_id, bool on)
{
	struct slot *s = on ? family_reserve(in->family, sensor_id) : family_find(in->family, sensor_id);

	if (s)
		atomic_store(&s->followed, on);
}

int64_t intake_seen(const struct intake *in, const char *sensor_id)
{
	const struct slot *s = family_find(in->family, sensor_id);

	return s ? atomic_load(&s->seen_ms) : -1;
}
