/* site.c - the site at a glance: summary, who is on call. */
#include "engine/render.h"

#include <string.h>

enum { SHOWN_MAX = 100 }; /* incidents; the rest is counted */

static bool is_acked(const struct incident *inc)
{
	return inc->state == STATE_ACKED || inc->state == STATE_LATCHED || inc->state == STATE_CLEARED;
}

const struct incident *site_next(const struct engine *e, struct walk *w)
{
	for (; w->hazard <= HAZARD_COUNT; w->hazard++, w->at = 0)
		while (w->at < e->n_incidents) {
			const struct incident *inc = e->incidents[w->at++];
			int place = inc->drill ? HAZARD_COUNT : (int)inc->hazard;

			if (place == w->hazard && inc->state != STATE_CLOSED)
				return inc;
		}
	return NULL;
}

struct counts {
	int open, unacked, acked;
	int worst; /* severity, -1 none */
	int drills; /* counted nowhere else */
};

static struct counts count(const struct engine *e)
{
	struct counts c = {.worst = -1};

	for (int i = 0; i < e->n_incidents; i++) {
		const struct incident *inc = e->incidents[i];

		if (inc->state == STATE_CLOSED)
			continue;
		if (inc->drill) {
			c.drills++;
			continue;
		}
		c.open++;
		c.unacked += incident_is_calling(inc);
		c.acked += is_acked(inc);
		if (c.worst < 0 || (int)inc->severity < c.worst)
			c.worst = (int)inc->severity;
	}
	return c;
}

static void put_line(const struct incident *inc, struct buf *out)
{
	json_open(out, NULL, '{');
	json_str(out, "id", inc->id);
	json_int(out, "rev", inc->rev);
	json_str(out, "state", state_name(inc->state));
	json_str(out, "hazard", hazard_name(inc->hazard));
	render_optional(out, "zone", inc->zone_id);
	json_time(out, "opened", inc->opened_ms);
	if (inc->drill)
		json_bool(out, "drill", true);
	json_close(out, '}');
}

void render_summary(const struct engine *e, struct buf *out)
{
	struct counts c = count(e);
	const struct incident *inc;
	struct walk w = {0};
	int n = 0;

	json_open(out, NULL, '{');
	json_int(out, "v", 1);
	json_time(out, "at", e->now_ms);
	json_int(out, "open", c.open);
	json_int(out, "unacked", c.unacked);
	json_int(out, "acked", c.acked);
	json_str(out, "worst", c.worst < 0 ? NULL : severity_name((enum severity)c.worst));
	if (c.drills)
		json_int(out, "drills", c.drills);
	json_int(out, "epoch", e->epoch);
	json_int(out, "seq", e->seq);
	json_open(out, "incidents", '[');
	for (; n < SHOWN_MAX && (inc = site_next(e, &w)); n++)
		put_line(inc, out);
	json_close(out, ']');
	json_int(out, "more", c.open + c.drills - n);
	json_close(out, '}');
}

/* "G-17 Gas leak B2 kitchen unacked, next 03:11 Ann Smith" */
static void say_incident(const struct engine *e, const struct incident *inc, enum lang lang, struct buf *out)
{
	const char *zone = wording_zone(e, inc, lang);
	char clock[TIME_TEXT_BYTES];
	struct next next;

	if (inc->drill)
		buf_str(out, lang == LANG_ZH ? "【演练】" : "EXERCISE ");
	buf_printf(out, "%s %s%s%s %s", inc->id, inc->title.in[lang], *zone ? " " : "", zone,
	           wording_state(inc->state, lang));
	next_of(e, inc, &next);
	if (next.at_ms < 0 || !next.n)
		return;
	buf_printf(out, lang == LANG_ZH ? ",%s 呼叫" : ", next call %s",
	           time_clock(&e->plan->tz, next.at_ms, clock));
	for (int i = 0; i < next.n; i++)
		buf_printf(out, "%s%s", i ? (lang == LANG_ZH ? "、" : ", ") : " ",
		           e->plan->people[next.people[i]].name);
}

enum { SAID_MAX = 5 }; /* incidents in one readable line */

static void say_site(const struct engine *e, enum lang lang, struct buf *out)
{
	struct counts c = count(e);
	const struct incident *inc;
	struct walk w = {0};
	int n = 0;

	if (!c.open) {
		buf_str(out, lang == LANG_ZH ? "一切正常" : "All normal");
		if (!c.drills)
			return;
		buf_str(out, lang == LANG_ZH ? ";" : "; ");
	} else {
		buf_printf(out, lang == LANG_ZH ? "%d起事件,%d起未确认:" : "%d open, %d unacked: ", c.open,
		           c.unacked);
	}
	for (; n < SAID_MAX && (inc = site_next(e, &w)); n++) {
		if (n)
			buf_str(out, lang == LANG_ZH ? ";" : "; ");
		say_incident(e, inc, lang, out);
	}
	if (c.open + c.drills > n)
		buf_printf(out, lang == LANG_ZH ? ";另有%d起" : "; %d more", c.open + c.drills - n);
}

void render_summary_text(const struct engine *e, struct buf *out)
{
	size_t start = out->len;

	for (int l = 0; l < LANG_COUNT; l++) {
		if (!(e->plan->languages & 1u << l))
			continue;
		if (out->len > start)
			buf_str(out, " / ");
		say_site(e, (enum lang)l, out);
	}
}
