/* impairments.c - everything that is impaired: as JSON for the topic, and as
 * lines for people who take over. */
#include "engine/impair.h"
#include "engine/render.h"
#include "engine/tags.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 100, REASON_BYTES = 120, ITEM_BYTES = 1600, DAY_MS = 86400000 };

const char *until_text(const struct engine *e, int64_t at_ms, char text[TIME_TEXT_BYTES])
{
	char clock[TIME_TEXT_BYTES];
	struct civil c;

	time_clock(&e->plan->tz, at_ms, clock);
	time_civil(at_ms + (int64_t)tz_offset_s(&e->plan->tz, at_ms) * 1000, &c);
	if (at_ms - e->now_ms < DAY_MS)
		snprintf(text, TIME_TEXT_BYTES, "%s", clock);
	else
		snprintf(text, TIME_TEXT_BYTES, "%04d-%02d-%02d %.5s", c.year % 10000, c.month, c.day, clock);
	return text;
}

const char *longest_text(int64_t ms, char text[TIME_TEXT_BYTES])
{
	if (ms % DAY_MS)
		snprintf(text, TIME_TEXT_BYTES, "<= %lldh", (long long)(ms / 3600000));
	else
		snprintf(text, TIME_TEXT_BYTES, "<= %lldd", (long long)(ms / DAY_MS));
	return text;
}

/* -- JSON -- */

static const char *zone_of(const struct engine *e, const char *name)
{
	const struct sensor *s = sensor_find(e, name);
	int actuator = plan_actuator(e->plan, name), zone = -1;

	if (s && s->zone >= 0)
		zone = s->zone;
	else if (!s && actuator >= 0)
		zone = e->plan->actuators[actuator].zone;
	return zone >= 0 ? e->plan->zones[zone].id : NULL;
}

static void put_incident(const struct engine *e, int64_t number, struct buf *out)
{
	const struct incident *inc = number ? incident_find(e, number) : NULL;

	json_str(out, "incident", inc ? inc->id : NULL);
}

static void put_owner(const struct impairment *i, struct buf *out)
{
	json_time(out, "until", i->due.pos ? i->due.at_ms : -1);
	json_str(out, "by", i->by);
	render_optional(out, "second", i->second);
	render_cut(out, "reason", i->reason, REASON_BYTES);
	json_time(out, "since", i->since_ms);
}

static void put_sign(const struct engine *e, const struct impairment *i, struct buf *out)
{
	json_str(out, "sign", i->name);
	json_open(out, "text", '{');
	for (int l = 0; l < LANG_COUNT; l++)
		json_str(out, lang_name((enum lang)l), tag_text(e, i->name, (enum lang)l));
	json_close(out, '}');
	render_optional(out, "place", i->place);
	put_incident(e, i->incident, out);
}

static void put_item(const struct engine *e, const struct impairment *i, struct buf *out)
{
	static const char *const words[IMPAIR_COUNT] = {
	    [IMPAIR_ISOLATED] = "isolated", [IMPAIR_OUT] = "out", [IMPAIR_TAG] = "tag"};
	bool is_sensor = i->kind == IMPAIR_OUT && sensor_find(e, i->name);

	json_open(out, NULL, '{');
	json_str(out, "what", words[i->kind]);
	if (i->kind == IMPAIR_ISOLATED) {
		json_str(out, "zone", i->name);
		json_str(out, "hazard", hazard_name(i->hazard));
		render_cut(out, "permit", i->reason, REASON_BYTES);
		json_str(out, "watch", i->watch);
	} else if (i->kind == IMPAIR_OUT) {
		json_str(out, is_sensor ? "sensor" : "actuator", i->name);
		json_str(out, "zone", zone_of(e, i->name));
		put_incident(e, i->incident, out);
	} else {
		put_sign(e, i, out);
	}
	put_owner(i, out);
	json_close(out, '}');
}

static void put_shelved(const struct incident *inc, struct buf *out)
{
	json_open(out, NULL, '{');
	json_str(out, "what", "shelved");
	json_str(out, "incident", inc->id);
	render_optional(out, "zone", inc->zone_id);
	json_time(out, "until", inc->shelf.until_ms);
	json_str(out, "by", inc->shelf.by);
	render_optional(out, "second", inc->shelf.second);
	render_cut(out, "reason", inc->shelf.reason, REASON_BYTES);
	json_time(out, "since", inc->shelf.since_ms);
	json_close(out, '}');
}

/* Taken out by an earlier version, which kept no list. */
static bool is_unlisted(const struct engine *e, const struct member *m)
{
	return m->out && strncmp(m->sensor, "person:", 7) != 0 && !impair_out(e, m->sensor);
}

static void put_unlisted(const struct engine *e, const struct incident *inc, const struct member *m,
                         struct buf *out)
{
	json_open(out, NULL, '{');
	json_str(out, "what", "out");
	json_str(out, "sensor", m->sensor);
	json_str(out, "zone", zone_of(e, m->sensor));
	json_str(out, "incident", inc->id);
	json_close(out, '}');
}

/* Counts it; a packet has an end. */
static bool has_room(const struct buf *out, int *n)
{
	return ++*n <= SHOWN_MAX && out->len + ITEM_BYTES < RENDER_BYTES;
}

static void put_items(const struct engine *e, struct buf *out, int *ret_all, int *ret_shown)
{
	int n = 0, shown = 0;

	for (int i = 0; i < e->n_impairments; i++)
		if (!e->impairments[i]->is_asked && has_room(out, &n)) {
			put_item(e, e->impairments[i], out);
			shown++;
		}
	for (int i = 0; i < e->n_incidents; i++) {
		const struct incident *inc = e->incidents[i];

		if (inc->shelf.until_ms && has_room(out, &n)) {
			put_shelved(inc, out);
			shown++;
		}
		for (int k = 0; inc->state != STATE_CLOSED && k < inc->n_members; k++)
			if (is_unlisted(e, &inc->members[k]) && has_room(out, &n)) {
				put_unlisted(e, inc, &inc->members[k], out);
				shown++;
			}
	}
	*ret_all = n;
	*ret_shown = shown;
}

void render_impairments(const struct engine *e, struct buf *out)
{
	int all, shown;

	json_open(out, NULL, '{');
	json_int(out, "v", 1);
	json_time(out, "at", e->now_ms);
	json_open(out, "items", '[');
	put_items(e, out, &all, &shown);
	json_close(out, ']');
	json_int(out, "more", all - shown);
	json_close(out, '}');
}

/* -- for people -- */

static const char *place_name(const struct engine *e, const char *id, enum lang lang)
{
	int zone = plan_zone(e->plan, id);

	return zone >= 0 ? e->plan->zones[zone].name.in[lang] : id;
}

static const char *hazard_said(enum hazard h, enum lang lang)
{
	static const char *const zh[HAZARD_COUNT] = {"火灾", "燃气", "人员", "水", "电力", "安防", "其他", "系统"};

	return lang == LANG_ZH ? zh[h] : hazard_name(h);
}

static void say_end(const struct engine *e, const char *by, int64_t until_ms, enum lang lang, struct buf *out)
{
	char until[TIME_TEXT_BYTES];

	if (until_ms >= 0)
		buf_printf(out, lang == LANG_ZH ? ",至 %s" : ", until %s", until_text(e, until_ms, until));
	buf_printf(out, lang == LANG_ZH ? ",%s" : ", by %s", wording_person(e, by));
}

static void say_item(const struct engine *e, const struct impairment *i, enum lang lang, struct buf *out)
{
	bool zh = lang == LANG_ZH;

	switch (i->kind) {
	case IMPAIR_ISOLATED:
		buf_printf(out, zh ? "%s:%s探测已隔离(%s),看护 %s" : "%s: %s detection isolated (%s), watched by %s",
		           place_name(e, i->name, lang), hazard_said(i->hazard, lang), i->reason,
		           wording_person(e, i->watch));
		break;
	case IMPAIR_OUT:
		buf_printf(out, zh ? "%s 停用" : "%s out of service", i->name);
		if (*i->reason)
			buf_printf(out, zh ? "(%s)" : " (%s)", i->reason);
		break;
	case IMPAIR_TAG:
		buf_printf(out, zh ? "%s 挂牌〔%s〕" : "%s: sign [%s]",
		           *i->place ? place_name(e, i->place, lang) : e->plan->site_name.in[lang],
		           tag_text(e, i->name, lang));
		break;
	case IMPAIR_COUNT:
		break;
	}
	say_end(e, i->by, i->due.pos ? i->due.at_ms : -1, lang, out);
	buf_char(out, '\n');
}

void impairments_say(const struct engine *e, enum lang lang, struct buf *out)
{
	bool zh = lang == LANG_ZH;

	for (int i = 0; i < e->n_impairments; i++)
		if (!e->impairments[i]->is_asked)
			say_item(e, e->impairments[i], lang, out);
	for (int i = 0; i < e->n_incidents; i++) {
		const struct incident *inc = e->incidents[i];

		if (!inc->shelf.until_ms)
			continue;
		buf_printf(out, zh ? "%s %s 已搁置(%s)" : "%s %s shelved (%s)", inc->id, inc->title.in[lang],
		           inc->shelf.reason);
		say_end(e, inc->shelf.by, inc->shelf.until_ms, lang, out);
		buf_char(out, '\n');
	}
}

void engine_view_impaired(const struct engine *e, struct buf *out)
{
	struct buf lines = {0};

	json_open(out, NULL, '{');
	for (int l = 0; l < LANG_COUNT; l++) {
		buf_clear(&lines);
		impairments_say(e, (enum lang)l, &lines);
		json_str(out, lang_name((enum lang)l), buf_text(&lines));
	}
	json_close(out, '}');
	buf_fini(&lines);
}
