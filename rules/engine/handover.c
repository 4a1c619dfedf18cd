/* handover.c - what the outgoing shift hands over, in numbered lines: open
 * incidents with their steps, what is out of service, notes since it began. */
#include "engine/duty.h"

#include "engine/emit.h"
#include "engine/impair.h"
#include "engine/life.h"
#include "engine/render.h"

#include "base/text.h"

#include <string.h>

enum { LINES_MAX = 30, LINE_BYTES = 300, STEP_BYTES = 60 };

/* Lines with a break between. */
struct lines {
	struct buf b;
	int n, more;
};

static struct buf *line(struct lines *l)
{
	if (l->n == LINES_MAX) {
		l->more++;
		return NULL;
	}
	if (l->n++)
		buf_char(&l->b, '\n');
	return &l->b;
}

static void add_steps(const struct engine *e, const struct incident *inc, enum lang lang, struct buf *b)
{
	char clock[TIME_TEXT_BYTES];
	size_t end = b->len + LINE_BYTES;

	for (int i = 0; i < inc->n_steps && inc->playbook; i++) {
		const struct step_run *s = &inc->steps[i];
		const struct step *step = step_of(s);
		const char *text = *step->text.in[lang] ? step->text.in[lang] : step->id;

		if (s->state != STEP_OPEN)
			continue;
		if (b->len > end) { /* the incident has them all */
			buf_str(b, "; …");
			return;
		}
		buf_str(b, lang == LANG_ZH ? ";" : "; ");
		buf_add(b, text, utf8_cut(text, STEP_BYTES));
		if (s->due.pos)
			buf_printf(b, lang == LANG_ZH ? "(%s 前)" : " (by %s)",
			           time_clock(&e->plan->tz, s->due.at_ms, clock));
	}
}

static void add_incidents(const struct engine *e, enum lang lang, struct lines *l)
{
	const struct incident *inc;
	struct walk w = {0};

	while ((inc = site_next(e, &w))) {
		const char *zone = wording_zone(e, inc, lang);
		struct buf *b = line(l);

		if (!b)
			continue;
		buf_printf(b, "%s %s%s%s %s", inc->id, inc->title.in[lang], *zone ? " " : "", zone,
		           wording_state(inc->state, lang));
		add_steps(e, inc, lang, b);
	}
}

/* Isolated, out of service, signs, shelves: one line each. */
static void add_impaired(const struct engine *e, enum lang lang, struct lines *l)
{
	struct buf all = {0};

	impairments_say(e, lang, &all);
	for (const char *at = buf_text(&all); *at;) {
		size_t len = strcspn(at, "\n");
		struct buf *b = len ? line(l) : NULL;

		if (b)
			buf_add(b, at, len < LINE_BYTES ? len : utf8_cut(at, LINE_BYTES));
		at += len + (at[len] == '\n');
	}
	buf_fini(&all);
}

static void collect(const struct engine *e, const struct duty *d, enum lang lang, struct lines *l)
{
	add_incidents(e, lang, l);
	add_impaired(e, lang, l);
	for (int i = 0; i < d->n_notes; i++) {
		struct buf *b = line(l);

		if (b)
			buf_str(b, d->notes[i].text);
	}
	if (!l->n && line(l))
		buf_str(&l->b, lang == LANG_ZH ? "无未结事项" : "nothing is open");
}

static const char *next_line(const char *at, size_t *ret_len)
{
	*ret_len = strcspn(at, "\n");
	return at[*ret_len] ? at + *ret_len + 1 : NULL;
}

void handover_text(const struct engine *e, const struct duty *d, enum lang lang, struct buf *out)
{
	struct lines l = {.n = 0};
	int n = 0;

	collect(e, d, lang, &l);
	for (const char *at = buf_text(&l.b), *next; at; at = next) {
		size_t len;

		next = next_line(at, &len);
		buf_printf(out, "%s%d) ", n ? " " : "", n + 1);
		buf_add(out, at, len);
		n++;
	}
	if (l.more)
		buf_printf(out, lang == LANG_ZH ? " 另有%d项" : " and %d more", l.more);
	buf_fini(&l.b);
}

static enum lang site_lang(const struct engine *e)
{
	return e->plan->languages & 1u << LANG_ZH ? LANG_ZH : LANG_EN;
}

static uint64_t handover_digest(const struct engine *e, const struct duty *d)
{
	struct lines l = {.n = 0};
	uint64_t h;

	collect(e, d, site_lang(e), &l);
	h = fnv64(14695981039346656037u, buf_text(&l.b));
	buf_fini(&l.b);
	return h;
}

void handover_list(const struct engine *e, const struct duty *d, struct buf *out)
{
	struct lines l = {.n = 0};
	struct buf one = {0};

	collect(e, d, site_lang(e), &l);
	json_open(out, "items", '[');
	for (const char *at = buf_text(&l.b), *next; at; at = next) {
		size_t len;

		next = next_line(at, &len);
		buf_clear(&one);
		buf_add(&one, at, len);
		json_str(out, NULL, buf_text(&one));
	}
	json_close(out, ']');
	if (l.more)
		json_int(out, "more", l.more);
	buf_clear(&one);
	buf_printf(&one, "%016llx", (unsigned long long)handover_digest(e, d));
	json_str(out, "digest", buf_text(&one));
	buf_fini(&one);
	buf_fini(&l.b);
}
