/* intake.c - one message, room by room: filters, values, classes, news. */
#include "intake/intake.h"

#include "base/text.h"
#include "intake/binding.h"
#include "intake/decode.h"
#include "intake/family.h"
#include "intake/meaning.h"
#include "intake/payload.h"
#include "intake/region.h"
#include "intake/stamp.h"

#include <stdlib.h>
#include <string.h>

enum {
	NEWS_AGAIN_MS = 10000,
	LIMIT_AGAIN_MS = 60000,
	COMPLAIN_AGAIN_MS = 600000,
};

struct intake {
	const struct plan *plan;
	struct arena arena;
	struct bindings bindings;
	const struct region **regions; /* by sensor def */
	struct family *family;
	struct charset *charset; /* NULL: no sensor wants it, or there is none */
	int64_t limit_ms;        /* when the limit was last news; the receive thread's own */
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
	for (int i = 0; i < plan->n_sensors; i++) {
		family_slot(in->family, i)->region = in->regions[i];
		if (plan->sensors[i].encoding == ENCODING_GB18030 && !in->charset)
			in->charset = charset_new();
	}
	return in;
}

void intake_free(struct intake *in)
{
	if (!in)
		return;
	exact_free(in->bindings.exact);
	trie_free(in->bindings.trie);
	family_free(in->family);
	charset_free(in->charset);
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
	struct payload payloads[2]; /* by encoding */
	bool is_converted;
};

static struct payload *payload_for(struct reader *r, const struct sensor_def *d)
{
	struct payload *p = &r->payloads[d->encoding];

	if (d->encoding != ENCODING_UTF8 && !r->is_converted) {
		payload_init(p, r->m->payload, r->m->len);
		payload_convert(p, r->in->charset);
		r->is_converted = true;
	}
	return p;
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

/* At most once in a while for each sensor; `fault` is what the device has to say. */
static void complain(struct reader *r, struct slot *s, const char *why)
{
	int64_t last_ms = atomic_load(&s->complained_ms);

	if (r->ret->complain || r->now_ms < 0 || (last_ms >= 0 && r->now_ms - last_ms < COMPLAIN_AGAIN_MS))
		return;
	atomic_store(&s->complained_ms, r->now_ms);
	r->ret->complain = s->id;
	r->ret->complain_why = why;
}

static void finish(struct reader *r, struct slot *s, struct reading *reading, bool is_link)
{
	const struct region *g = s->region ? s->region : r->in->regions[reading->def];
	struct intake_result *ret = r->ret;
	struct intake_mark *k = &ret->marks[ret->n];
	bool watched = r->in->plan->sensors[reading->def].is_watched && !is_link && !r->m->retained, news;

	*k = (struct intake_mark){.slot = s->index, .is_link = is_link, .want = atomic_load(&s->want)};
	if (reading->kind != READING_SEEN)
		k->class = region_class(g, reading);
	news = watched || (g->by_time && reading->kind == READING_VALUE) || is_news(s, k, r->now_ms);
	ret->n++;
	ret->is_news |= news;
	ret->bad += reading->kind == READING_UNREADABLE;
	if (r->now_ms < 0)
		return;
	if (reading->kind == READING_UNREADABLE && strcmp(reading->word, "fault") != 0)
		complain(r, s, "its value cannot be read");
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
static uint64_t mark_of(struct payload *p, const struct value_path *stamp, const struct extracted *value)
{
	struct extracted id;
	uint64_t h;

	if (!stamp->pointer || payload_get(p, stamp, &id) != EXTRACT_VALUE)
		return 0;
	h = digest(digest(14695981039346656037u, &id), value);
	return h ? h : 1;
}

enum { RUNNING_AFTER_MS = 2000, RUNNING_WITHIN_MS = 1000 };

/* A clock that is wrong by always the same is no reason to be deaf: what is
 * said again is old by another span each time, and comes all at once. */
static bool clock_runs(const struct reader *r, struct slot *s, int64_t by_ms)
{
	int64_t at_ms = r->m->at_ms, before_ms = s->old_at_ms, off_ms = by_ms - s->old_by_ms;
	bool same = before_ms >= 0 && off_ms <= RUNNING_WITHIN_MS && off_ms >= -RUNNING_WITHIN_MS;

	if (!same && r->now_ms >= 0) {
		s->old_at_ms = at_ms;
		s->old_by_ms = by_ms;
	}
	return same && at_ms - before_ms >= RUNNING_AFTER_MS;
}

/* Stored somewhere on its way, and said again now: it was true then. What has
 * no readable time is taken as of now, unless the broker kept it; so is what
 * comes from a clock that was never set. */
static bool is_replay(const struct reader *r, const struct sensor_def *d, struct slot *s, struct payload *p)
{
	struct extracted x;
	int64_t stamp_ms;

	if (!d->max_age_ms || !r->m->at_ms)
		return false;
	if (payload_get(p, &d->stamp, &x) != EXTRACT_VALUE ||
	    !stamp_parse(x.text, x.len, &r->in->plan->tz, &stamp_ms))
		return r->m->retained && d->retained == RETAINED_NEWER;
	if (r->m->at_ms - stamp_ms <= d->max_age_ms)
		return false;
	return r->m->retained || (stamp_ms >= STAMP_EARLIEST_MS && !clock_runs(r, s, r->m->at_ms - stamp_ms));
}

/* The value's text; `bytes` holds what was decoded. */
static enum extract_result value_of(const struct sensor_def *d, struct payload *p, struct extracted *ret,
                                    char bytes[DECODE_TEXT_BYTES])
{
	enum extract_result result = payload_get(p, &d->value, ret);

	if (result == EXTRACT_MISSING && d->missing) {
		*ret = (struct extracted){.text = d->missing, .len = strlen(d->missing)};
		return EXTRACT_VALUE;
	}
	if (result != EXTRACT_VALUE || d->decode.from == DECODE_NONE)
		return result;
	if (!payload_is_string(p, &d->value, ret) || !decode_text(&d->decode, ret->text, ret->len, bytes))
		return EXTRACT_UNREADABLE;
	*ret = (struct extracted){.text = bytes, .len = strlen(bytes)};
	return EXTRACT_VALUE;
}

static void take_value(struct reader *r, const struct sensor_def *d, const struct extracted *x,
                       struct reading *reading)
{
	char number[32];

	meaning_read(d, x->text, x->len, reading);
	reading->text = keep_text(r->ret, x->text, x->len);
	if (reading->has_number && (d->scale_nano || d->offset_milli)) {
		milli_text(reading->milli, number); /* people see what it measures, not the register */
		reading->text = keep_text(r->ret, number, strlen(number));
	}
	if (!reading->word)
		reading->word = reading->text;
}

static void read_value(struct reader *r, int def, const struct capture captures[CAPTURES_MAX])
{
	const struct sensor_def *d = &r->in->plan->sensors[def];
	struct payload *p = payload_for(r, d);
	struct reading *reading;
	struct slot *s;
	struct extracted x;
	char bytes[DECODE_TEXT_BYTES];

	if (r->m->retained && d->retained == RETAINED_IGNORE) {
		r->ret->old++;
		return;
	}
	s = d->is_family ? family_member(r->in->family, def, captures) : family_slot(r->in->family, def);
	if (s && is_replay(r, d, s, p)) {
		r->ret->old++;
		if (!r->m->retained)
			complain(r, s, "by its stamp it is older than max_age, and ignored");
		return;
	}
	reading = begin(r, s, def);
	if (!reading)
		return;
	switch (value_of(d, p, &x, bytes)) {
	case EXTRACT_VALUE:
		take_value(r, d, &x, reading);
		reading->mark = r->now_ms < 0 ? mark_of(p, &d->stamp, &x) : 0; /* only the loop's is used */
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
static void read_link(struct reader *r, int def, const struct capture captures[CAPTURES_MAX])
{
	const struct sensor_def *d = &r->in->plan->sensors[def];
	const struct availability *a = &d->availability;
	enum reading_kind kind;
	struct extracted x;
	struct slot *s;
	int at = 0;

	if (payload_get(payload_for(r, d), &a->value, &x) != EXTRACT_VALUE)
		return;
	if (meaning_any(&a->offline, x.text, x.len))
		kind = READING_AWAY;
	else if (meaning_any(&a->online, x.text, x.len))
		kind = READING_BACK;
	else
		return;
	if (!d->is_family)
		one_link(r, family_slot(r->in->family, def), def, kind);
	else if (r->in->bindings.links[def].names_member)
		one_link(r, family_member(r->in->family, def, captures), def, kind);
	else
		while ((s = family_next(r->in->family, def, captures, &at)))
			one_link(r, s, def, kind);
}

/* captures: what the wildcards matched, in the order of the filter. */
static void found(void *arg, int value, const struct capture *captures, int n)
{
	struct reader *r = arg;
	int def = binding_def(value);
	bool is_link = binding_is_link(value);
	struct capture bound[CAPTURES_MAX];

	if (r->in->plan->sensors[def].is_family)
		memset(bound, 0, sizeof bound);
	for (int i = 0; i < n; i++)
		bound[is_link ? r->in->bindings.links[def].stands_for[i] : i] = captures[i];
	if (is_link)
		read_link(r, def, bound);
	else
		read_value(r, def, bound);
}

/* Of a hundred thousand sensors none is in the processor's caches: all that one needs is asked for at once.
 */
static void soon(void *arg, int value)
{
	const struct reader *r = arg;
	const char *def = (const char *)&r->in->plan->sensors[binding_def(value)];

	__builtin_prefetch(def);
	__builtin_prefetch(def + 64);
	__builtin_prefetch(def + 128);
	__builtin_prefetch(def + 192);
	family_prefetch(r->in->family, binding_def(value));
}

void intake_read(struct intake *in, const struct message *m, int64_t now_ms, struct intake_result *ret)
{
	struct reader r = {.in = in, .m = m, .now_ms = now_ms, .ret = ret};

	ret->n = ret->n_more = 0;
	ret->is_news = false;
	ret->bad = ret->old = 0;
	ret->complain = NULL;
	payload_init(&r.payloads[ENCODING_UTF8], m->payload, m->len);
	exact_match(in->bindings.exact, m->topic, soon, found, &r);
	if (in->bindings.trie)
		trie_match(in->bindings.trie, m->topic, found, &r);
	payload_fini(&r.payloads[ENCODING_UTF8]);
	payload_fini(&r.payloads[ENCODING_GB18030]);
	if (ret->n_more && now_ms >= 0 && now_ms - in->limit_ms >= LIMIT_AGAIN_MS) {
		in->limit_ms = now_ms;
		ret->is_news = true;
	}
}

static void hears_soon(void *arg, int value)
{
	(void)arg, (void)value;
}

static void hears(void *arg, int value, const struct capture *captures, int n_captures)
{
	(void)value, (void)captures, (void)n_captures;
	*(bool *)arg = true;
}

bool intake_hears(const struct intake *in, const char *topic)
{
	bool is_heard = false;

	exact_match(in->bindings.exact, topic, hears_soon, hears, &is_heard);
	if (in->bindings.trie)
		trie_match(in->bindings.trie, topic, hears, &is_heard);
	return is_heard;
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
