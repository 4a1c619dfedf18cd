/* discover_declared.c - the lists that gateways keep of themselves:
 * zigbee2mqtt/bridge/devices and tasmota/discovery. */
#include "base/buf.h"
#include "discover_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DEVICES_MAX = 2000,
	EXPOSES_MAX = 200,
	EXPOSES_DEPTH = 3,
	PAIRS_MAX = 1000,
	SENSORS_BYTES = 8192,
	PUBLISHED = 1
};

bool discover_is_declaration(const struct parts *p)
{
	return p->n >= 3 && !strcmp(p->level[p->n - 2], "bridge") && !strcmp(p->level[p->n - 1], "devices");
}

/* -- zigbee2mqtt -- */

/* NULL: none. The caller frees. */
static char *scalar(const struct answer *value)
{
	if (!value || answer_is_tree(value))
		return NULL;
	return *answer_text(value) ? xstrdup(answer_text(value)) : answer_compact(value);
}

static void read_expose(struct discover *d, const struct find *device, const struct answer *expose)
{
	const char *property = answer_str(expose, "property"), *type = answer_str(expose, "type");
	char *on = scalar(answer_get(expose, "value_on")), *off = scalar(answer_get(expose, "value_off"));
	struct buf pointer = {0};
	struct find f = *device;

	buf_char(&pointer, '/');
	discover_escape(&pointer, property);
	f.pointer = buf_text(&pointer);
	f.field = property;
	f.kind = sense_name(property);
	f.is_number = !strcmp(type, "numeric");
	f.unit = *answer_str(expose, "unit") ? answer_str(expose, "unit") : NULL;
	if (!strcmp(type, "binary")) {
		f.alarm = on;
		f.normal = off;
	}
	if (*property && *property != '[' && (answer_int(expose, "access", 0) & PUBLISHED))
		discover_tell(d, &f);
	buf_fini(&pointer);
	free(on);
	free(off);
}

static void read_exposes(struct discover *d, const struct find *device, const struct answer *list, int depth)
{
	for (int i = 0; i < answer_count(list) && i < EXPOSES_MAX && depth < EXPOSES_DEPTH; i++) {
		const struct answer *expose = answer_at(list, i);

		if (answer_get(expose, "features") && !*answer_str(expose, "property"))
			read_exposes(d, device, answer_get(expose, "features"), depth + 1);
		else
			read_expose(d, device, expose);
	}
}

static void read_device(const struct news_of *m, const char *base, const struct answer *device)
{
	const char *name = answer_str(device, "friendly_name"), *slash = strrchr(name, '/');
	struct buf topic = {0}, area = {0}, link = {0};
	struct find f = {.profile = "zigbee2mqtt", .device = name, .is_declared = true};

	buf_printf(&topic, "%s/%s", base, name);
	buf_printf(&link, "%s/bridge/state", base);
	if (slash)
		buf_add(&area, name, (size_t)(slash - name));
	f.topic = buf_text(&topic);
	f.link = buf_text(&link);
	f.area = area.len ? area.text : NULL;
	if (*name && !strpbrk(name, "+#"))
		read_exposes(m->d, &f, answer_get(answer_get(device, "definition"), "exposes"), 0);
	buf_fini(&topic);
	buf_fini(&area);
	buf_fini(&link);
}

static void read_devices(const struct news_of *m)
{
	struct buf base = {0};

	buf_add(&base, m->topic, strlen(m->topic) - strlen("/bridge/devices"));
	for (int i = 0; i < answer_count(m->json) && i < DEVICES_MAX; i++)
		read_device(m, buf_text(&base), answer_at(m->json, i));
	buf_fini(&base);
}

/* -- tasmota: `config` says where it speaks, `sensors` what; in any order -- */

struct device_pair {
	struct device_pair *next;
	char *id, *topic, *sensors; /* NULL: not yet heard */
};

void discover_pairs_free(struct discover *d)
{
	struct device_pair *p;

	while ((p = d->pairs)) {
		d->pairs = p->next;
		free(p->id);
		free(p->topic);
		free(p->sensors);
		free(p);
	}
}

static struct device_pair *pair_of(struct discover *d, const char *id)
{
	struct device_pair *p;
	int n = 0;

	for (p = d->pairs; p; p = p->next, n++)
		if (!strcmp(p->id, id))
			return p;
	if (n >= PAIRS_MAX)
		return NULL;
	p = xcalloc(1, sizeof *p);
	p->id = xstrdup(id);
	p->next = d->pairs;
	d->pairs = p;
	return p;
}

/* "%prefix%/%topic%/" with the third prefix (tele) and SENSOR behind it. */
static char *sensor_topic(const struct answer *config)
{
	const char *pattern = answer_str(config, "ft"),
	           *prefix = answer_text(answer_at(answer_get(config, "tp"), 2));
	struct buf b = {0};

	while (*pattern && b.len < DISCOVER_TOPIC_BYTES) {
		bool is_prefix = !strncmp(pattern, "%prefix%", 8), is_topic = !strncmp(pattern, "%topic%", 7);

		if (is_prefix || is_topic)
			buf_str(&b, is_prefix ? prefix : answer_str(config, "t"));
		else
			buf_char(&b, *pattern);
		pattern += is_prefix ? 8 : is_topic ? 7 : 1;
	}
	buf_str(&b, "SENSOR");
	return buf_steal(&b);
}

static void tell_pair(struct discover *d, const struct device_pair *p)
{
	struct find f = {.topic = p->topic, .profile = "tasmota", .online = "Online", .offline = "Offline"};
	struct buf device = {0}, will = {0};
	struct answer *sensors;
	struct err err;
	size_t len;

	if (!p->topic || !p->sensors || strpbrk(p->topic, "+#"))
		return;
	len = strlen(p->topic) - strlen("SENSOR");
	buf_printf(&will, "%.*sLWT", (int)len, p->topic);
	buf_printf(&device, "%.*s", (int)(len ? len - 1 : 0), p->topic);
	f.away_topic = buf_text(&will);
	f.device = strrchr(buf_text(&device), '/') ? strrchr(device.text, '/') + 1 : buf_text(&device);
	sensors = answer_read(p->sensors, strlen(p->sensors), &err);
	discover_walk(d, &f, sensors, "");
	answer_free(sensors);
	buf_fini(&device);
	buf_fini(&will);
}

static void read_tasmota(const struct news_of *m, bool is_config)
{
	struct device_pair *p = pair_of(m->d, m->parts->level[2]);
	char *text;

	if (!p || (is_config ? p->topic : p->sensors))
		return;
	text = is_config ? sensor_topic(m->json) : answer_compact(answer_get(m->json, "sn"));
	if (strlen(text) > SENSORS_BYTES)
		free(text);
	else if (is_config)
		p->topic = text;
	else
		p->sensors = text;
	tell_pair(m->d, p);
}

bool discover_declaration(const struct news_of *m)
{
	const struct parts *p = m->parts;
	bool is_tasmota = p->n == 4 && !strcmp(p->level[0], "tasmota") && !strcmp(p->level[1], "discovery");

	if (discover_is_declaration(p))
		read_devices(m);
	else if (is_tasmota && (!strcmp(p->level[3], "config") || !strcmp(p->level[3], "sensors")))
		read_tasmota(m, !strcmp(p->level[3], "config"));
	else
		return is_tasmota;
	return true;
}
