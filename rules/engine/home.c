/* home.c - Home Assistant discovery of the site as a device: zones, counts,
 * events, and a button where the plan says whose. Everything in it is read
 * from the topics that everybody reads; it changes with the plan only. */
#include "engine/home.h"

#include "engine/emit.h"
#include "engine/record.h"
#include "engine/render.h"

#include <stdlib.h>
#include <string.h>

enum {
	NAME_BYTES = 120,
	GONE_BYTES = 4096, /* kept free for what is to be removed */
};

/* A dead daemon leaves its last words standing: without `online` nothing of it counts. */
#define ONLINE "{{ 'online' if value == 'online' else 'offline' }}"
#define EVENTS "'opened','grade','acked','ack_expired','chain_exhausted','gone','closed'"

/* What every site has beside its zones. `more`: further members, as JSON. */
static const struct part {
	const char *id, *platform, *names[LANG_COUNT], *topic, *template, *more;
} parts[] = {
    {"alive", "binary_sensor", {"调度程序在线", "Dispatcher running"}, "status",
     "{{ 'ON' if value == 'online' else 'OFF' }}", "\"dev_cla\":\"connectivity\",\"avty_tpl\":\"online\""},
    {"open", "sensor", {"未关闭事件", "Open incidents"}, "summary", "{{ value_json.open }}",
     "\"stat_cla\":\"measurement\""},
    {"unacked", "sensor", {"未确认事件", "Unacknowledged incidents"}, "summary", "{{ value_json.unacked }}",
     "\"stat_cla\":\"measurement\""},
    {"worst", "sensor", {"最高级别", "Worst severity"}, "summary", "{{ value_json.worst or 'none' }}",
     "\"dev_cla\":\"enum\",\"ops\":[\"none\",\"fault\",\"minor\",\"major\",\"critical\"]"},
    {"oldest", "sensor", {"最久未确认", "Oldest unacknowledged"}, "heartbeat",
     "{{ value_json.oldest_unacked_s or 0 }}",
     "\"dev_cla\":\"duration\",\"unit_of_meas\":\"s\",\"exp_aft\":35"},
    {"text", "sensor", {"概况", "Summary"}, "summary/text", "{{ value[:255] }}", NULL},
    {"fault", "binary_sensor", {"系统故障", "System fault"}, "summary",
     "{{ 'ON' if value_json.incidents | selectattr('hazard', 'eq', 'system') | list else 'OFF' }}",
     "\"dev_cla\":\"problem\""},
    {"event", "event", {"事件", "Incident"}, "event",
     "{% set r = value_json.rec | from_json %}"
     "{% if r.inc and r.kind in [" EVENTS "] and not r.body.drill %}"
     "{{ {'event_type': r.kind, 'incident': r.inc, 'who': r.who, 'at': r.at, 'type': r.body.type | default(none), "
     "'zone': r.body.zone | default(none)} | to_json }}{% endif %}",
     "\"event_types\":[\"opened\",\"grade\",\"acked\",\"ack_expired\",\"chain_exhausted\",\"gone\",\"closed\"]"},
};

/* A fault or an isolation makes a zone blind: neither safe nor unsafe. */
static const char zone_template[] =
    "{{ 'ON' if value in ['alarm', 'pre_alarm', 'acked'] else 'OFF' if value in ['normal', 'test'] else None }}";

static enum lang language(const struct plan *p)
{
	return p->languages & 1u << LANG_ZH ? LANG_ZH : LANG_EN;
}

static void put_topic(const struct plan *p, struct buf *out, const char *key, const char *below)
{
	struct buf topic = {0};

	buf_printf(&topic, "tocsin/%s/1/%s", p->site, below);
	json_str(out, key, buf_text(&topic));
	buf_fini(&topic);
}

static void begin(const struct plan *p, struct buf *out, const char *platform, const char *id)
{
	struct buf text = {0};

	json_open(out, id, '{');
	json_str(out, "p", platform);
	buf_printf(&text, "tocsin-%s-%s", p->site, id);
	json_str(out, "uniq_id", buf_text(&text));
	buf_fini(&text);
}

static void put_part(const struct plan *p, const struct part *part, struct buf *out)
{
	begin(p, out, part->platform, part->id);
	json_str(out, "name", part->names[language(p)]);
	put_topic(p, out, "stat_t", part->topic);
	json_str(out, "val_tpl", part->template);
	if (part->more) {
		buf_char(out, ',');
		buf_str(out, part->more);
	}
	json_close(out, '}');
}

/* A bare acknowledgement under the person's own user: of one incident that was called to it, or refused. */
static void put_button(const struct plan *p, struct buf *out)
{
	const struct person *person;
	struct buf topic = {0};

	if (p->home.person < 0)
		return;
	person = &p->people[p->home.person];
	begin(p, out, "button", "ack");
	json_str(out, "name", language(p) == LANG_ZH ? "确认" : "Acknowledge");
	buf_printf(&topic, "cmd/%s/ack", person->users.n ? person->users.at[0] : person->id);
	put_topic(p, out, "cmd_t", buf_text(&topic));
	json_str(out, "pl_prs", "ack");
	json_int(out, "qos", 1);
	json_close(out, '}');
	buf_fini(&topic);
}

static void put_zone(const struct plan *p, const struct zone *z, struct buf *out)
{
	struct buf text = {0};

	buf_printf(&text, "zone-%s", z->id);
	begin(p, out, "binary_sensor", buf_text(&text));
	render_cut(out, "name", z->name.in[language(p)], NAME_BYTES);
	json_str(out, "dev_cla", "safety");
	buf_clear(&text);
	buf_printf(&text, "zone/%s/state", z->id);
	put_topic(p, out, "stat_t", buf_text(&text));
	json_str(out, "val_tpl", zone_template);
	put_topic(p, out, "json_attr_t", buf_text(&text));
	json_str(out, "json_attr_tpl", "{{ {'state': value} | to_json }}");
	json_close(out, '}');
	buf_fini(&text);
}

static int depth(const struct plan *p, int zone)
{
	int n = 0;

	while ((zone = p->zones[zone].in) >= 0)
		n++;
	return n;
}

/* The outer ones first: each shows the worst of what is in it. */
static int put_zones(const struct plan *p, struct buf *out, struct buf *ret_zones)
{
	int n = 0, seen = 0;

	for (int d = 0; seen < p->n_zones; d++)
		for (int z = 0; z < p->n_zones; z++) {
			size_t before = out->len;

			if (depth(p, z) != d)
				continue;
			seen++;
			put_zone(p, &p->zones[z], out);
			if (out->len > RENDER_BYTES - GONE_BYTES) {
				out->text[out->len = before] = 0;
				return n;
			}
			n++;
			if (ret_zones)
				buf_printf(ret_zones, " %s", p->zones[z].id);
		}
	return n;
}

/* Only its platform: so Home Assistant is told to remove it. */
static void put_gone(const char *gone, struct buf *out)
{
	struct buf id = {0};
	size_t n;

	for (; *gone && out->len < RENDER_BYTES - 200; gone += n) {
		gone += strspn(gone, " ");
		n = strcspn(gone, " ");
		buf_clear(&id);
		buf_printf(&id, "zone-%.*s", (int)n, gone);
		json_open(out, buf_text(&id), '{');
		json_str(out, "p", "binary_sensor");
		json_close(out, '}');
	}
	buf_fini(&id);
}

int home_render(const struct plan *p, const char *gone, struct buf *out, struct buf *ret_zones)
{
	struct buf id = {0};
	int n;

	buf_printf(&id, "tocsin-%s", p->site);
	json_open(out, NULL, '{');
	json_open(out, "dev", '{');
	json_str(out, "ids", buf_text(&id));
	json_str(out, "name", p->site_name.in[language(p)]);
	json_str(out, "mf", "tocsin");
	json_close(out, '}');
	json_open(out, "o", '{');
	json_str(out, "name", "tocsin");
	json_close(out, '}');
	put_topic(p, out, "avty_t", "status");
	json_str(out, "avty_tpl", ONLINE);
	json_open(out, "cmps", '{');
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		put_part(p, &parts[i], out);
	put_button(p, out);
	n = put_zones(p, out, ret_zones);
	put_gone(gone, out);
	json_close(out, '}');
	json_close(out, '}');
	buf_fini(&id);
	return n;
}

/* -- what it was told -- */

static bool has(const char *ids, const char *id, size_t n)
{
	size_t len;

	for (; *ids; ids += len) {
		ids += strspn(ids, " ");
		len = strcspn(ids, " ");
		if (len == n && !strncmp(ids, id, n))
			return true;
	}
	return false;
}

/* Those of `was` that are not in `now`, once each. */
static void add_missing(const char *was, const char *now, struct buf *gone)
{
	size_t n;

	for (; *was; was += n) {
		was += strspn(was, " ");
		n = strcspn(was, " ");
		if (n && !has(now, was, n) && !has(buf_text(gone), was, n))
			buf_printf(gone, " %.*s", (int)n, was);
	}
}

static void keep(struct home *h, char *topic, struct buf *zones, struct buf *gone)
{
	free(h->topic);
	free(h->zones);
	free(h->gone);
	*h = (struct home){topic, buf_steal(zones), buf_steal(gone), true};
}

static char *topic_of(const struct plan *p)
{
	struct buf topic = {0};

	if (!p->home.prefix)
		return NULL;
	buf_printf(&topic, "%s/device/tocsin-%s/config", p->home.prefix, p->site);
	return buf_steal(&topic);
}

/* What is removed stays so told until the next start: one message that everybody sees who was away. */
void home_settle(struct engine *e, bool is_start)
{
	struct home *h = &e->home;
	struct buf zones = {0}, gone = {0}, unused = {0};
	char *topic = topic_of(e->plan);

	if (h->topic && (!topic || strcmp(topic, h->topic) != 0)) {
		publish_whole(e, h->topic, "");
		if (!topic)
			records_put(&e->gone, "h", NULL);
		home_free(e);
	}
	if (!topic)
		return;
	home_render(e->plan, "", &unused, &zones);
	if (h->topic && !is_start)
		add_missing(h->gone, buf_text(&zones), &gone);
	if (h->topic)
		add_missing(h->zones, buf_text(&zones), &gone);
	keep(h, topic, &zones, &gone);
	buf_fini(&unused);
}

void home_publish(struct engine *e)
{
	struct buf json = {0};

	if (!e->home.topic)
		return;
	home_render(e->plan, e->home.gone, &json, NULL);
	publish_whole(e, e->home.topic, buf_text(&json));
	buf_fini(&json);
}

void home_save(const struct engine *e, struct buf *b)
{
	record_tag(b, "h");
	record_str(b, e->home.topic);
	record_str(b, e->home.zones);
	record_str(b, e->home.gone);
}

void home_restore(struct engine *e, struct record_reader *r)
{
	home_free(e);
	e->home.topic = record_read_str(r);
	e->home.zones = record_read_str(r);
	e->home.gone = record_read_str(r);
	if (r->bad || !*e->home.topic || strpbrk(e->home.topic, "+#"))
		home_free(e); /* a message without a topic would end the link */
}

void home_free(struct engine *e)
{
	free(e->home.topic);
	free(e->home.zones);
	free(e->home.gone);
	e->home = (struct home){0};
}
