/* discover_ha.c - Home Assistant discovery: one message an entity, or one a
 * device with its components; long keys and short ones. */
#include "base/buf.h"
#include "discover_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { COMPONENTS_MAX = 200, AVAILABILITY_MAX = 16, TEXTS = 12 };

static const struct {
	const char *name, *brief;
} keys[] = {
    {"state_topic", "stat_t"},
    {"value_template", "val_tpl"},
    {"device_class", "dev_cla"},
    {"unit_of_measurement", "unit_of_meas"},
    {"payload_on", "pl_on"},
    {"payload_off", "pl_off"},
    {"availability", "avty"},
    {"availability_topic", "avty_t"},
    {"availability_template", "avty_tpl"},
    {"payload_available", "pl_avail"},
    {"payload_not_available", "pl_not_avail"},
    {"expire_after", "exp_aft"},
    {"off_delay", "off_dly"},
    {"topic", "t"},
    {"device", "dev"},
    {"suggested_area", "sa"},
    {"origin", "o"},
    {"components", "cmps"},
    {"platform", "p"},
};

/* An entity, and the message around it whose keys it shares. */
struct entity {
	const struct news_of *m;
	const struct answer *own, *shared; /* shared NULL: a message of its own */
	const char *component;
	struct buf texts[TEXTS]; /* what f points at */
	int n_texts;
};

static const struct answer *key_of(const struct answer *map, const char *name)
{
	const struct answer *found = answer_get(map, name);

	for (size_t i = 0; !found && i < sizeof keys / sizeof *keys; i++)
		if (!strcmp(keys[i].name, name))
			found = answer_get(map, keys[i].brief);
	return found;
}

static const struct answer *get(const struct entity *e, const char *name)
{
	const struct answer *found = key_of(e->own, name);

	return found ? found : key_of(e->shared, name);
}

/* Any scalar as the text a payload would hold; NULL: none. */
static const char *scalar(struct entity *e, const struct answer *value)
{
	struct buf *b = &e->texts[e->n_texts];
	char *text;

	if (!value || answer_is_tree(value) || e->n_texts == TEXTS)
		return NULL;
	if (*answer_text(value))
		return answer_text(value);
	text = answer_compact(value);
	buf_str(b, strcmp(text, "\"\"") != 0 ? text : "");
	free(text);
	e->n_texts++;
	return *buf_text(b) ? buf_text(b) : NULL;
}

/* "~" at either end stands for the base topic. */
static const char *topic(struct entity *e, const struct answer *value)
{
	const char *text = answer_text(value), *base = answer_str(e->own, "~");
	size_t len = strlen(text);
	struct buf *b = &e->texts[e->n_texts];

	base = *base ? base : answer_str(e->shared, "~");
	if (!len || e->n_texts == TEXTS || (text[0] != '~' && text[len - 1] != '~'))
		return len ? text : NULL;
	e->n_texts++;
	if (text[0] == '~')
		buf_printf(b, "%s%s", base, text + 1);
	else
		buf_printf(b, "%.*s%s", (int)len - 1, text, base);
	return buf_text(b);
}

/* -- availability -- */

static bool is_bridge(const char *text)
{
	size_t len = strlen(text);

	return len > 13 && !strcmp(text + len - 13, "/bridge/state");
}

static void read_away(struct entity *e, const struct answer *map, const char *topic_key,
                      const char *template_key, struct find *f)
{
	const char *at = topic(e, key_of(map, topic_key)), *template = answer_text(key_of(map, template_key));
	struct buf *pointer = &e->texts[e->n_texts];

	if (!at)
		return;
	if (is_bridge(at)) {
		f->link = at;
		return;
	}
	if (e->n_texts == TEXTS || !discover_pointer(template, pointer))
		return;
	e->n_texts++;
	f->away_topic = at;
	f->away_value = pointer->len ? pointer->text : NULL;
	f->online = scalar(e, key_of(map, "payload_available"));
	f->offline = scalar(e, key_of(map, "payload_not_available"));
	f->online = f->online ? f->online : "online";
	f->offline = f->offline ? f->offline : "offline";
}

static void read_availability(struct entity *e, struct find *f)
{
	const struct answer *list = get(e, "availability");

	for (int i = 0; i < answer_count(list) && i < AVAILABILITY_MAX && !f->away_topic; i++)
		read_away(e, answer_at(list, i), "topic", "value_template", f);
	if (!list)
		read_away(e, key_of(e->own, "availability_topic") ? e->own : e->shared, "availability_topic",
		          "availability_template", f);
}

/* -- one entity -- */

static const char *profile_of(const struct entity *e, const char *at)
{
	static const struct {
		const char *origin, *profile;
	} origins[] = {{"Zigbee2MQTT", "zigbee2mqtt"}, {"esphome", "esphome"}, {"Tasmota", "tasmota"}};
	const char *name = answer_str(get(e, "origin"), "name");

	for (size_t i = 0; i < sizeof origins / sizeof *origins; i++)
		if (!strcasecmp(origins[i].origin, name))
			return origins[i].profile;
	if (!strncmp(at, "zigbee2mqtt/", 12))
		return "zigbee2mqtt";
	if (!strncmp(at, "tele/", 5) || !strncmp(at, "stat/", 5))
		return "tasmota";
	if (!strncmp(at, "shellies/", 9))
		return "shelly1";
	return strstr(at, "/binary_sensor/") || strstr(at, "/sensor/") ? "esphome" : "plain";
}

/* The words of a binary sensor, in the order alarm, normal; of a contact: open, closed. */
static void read_words(struct entity *e, bool on_is_normal, struct find *f)
{
	const char *on = scalar(e, get(e, "payload_on")), *off = scalar(e, get(e, "payload_off"));

	on = on ? on : "ON";
	off = off ? off : "OFF";
	f->alarm = on_is_normal ? off : on;
	f->normal = on_is_normal ? on : off;
}

static void read_class(struct entity *e, const char *name, struct find *f)
{
	bool is_binary = !strcmp(e->component, "binary_sensor"), on_is_normal = false;
	const char *class = answer_text(get(e, "device_class"));

	if (!sense_class(is_binary, class, &f->kind, &on_is_normal))
		f->kind = sense_name(name);
	/* the battery's own voltage, a device's own temperature */
	if (f->kind && strstr(name, "batt"))
		f->kind = NULL;
	if (is_binary)
		read_words(e, on_is_normal, f);
	f->is_number = !is_binary && *answer_text(get(e, "unit_of_measurement"));
	if (f->is_number)
		f->unit = answer_text(get(e, "unit_of_measurement"));
}

/* De-capitalised last key of the pointer or the entity's name: what it is called. */
static const char *field_of(const struct entity *e, const struct buf *pointer)
{
	const char *last = pointer->len ? strrchr(pointer->text, '/') + 1 : "";
	const char *name = answer_str(e->own, "name"), *object = e->m->parts->level[e->m->parts->n - 2];

	return *last ? last : *name ? name : object;
}

static int64_t seconds(const struct entity *e, const char *name)
{
	const struct answer *value = get(e, name);
	char *text = answer_compact(value);
	char *end;
	long long s = strtoll(text, &end, 10);
	bool ok = value && end != text && s > 0 && s < 366 * 86400LL;

	free(text);
	return ok ? s * 1000 : 0;
}

static void add_link(struct entity *e, size_t base_bytes, struct find *f)
{
	struct buf *b = &e->texts[e->n_texts];

	if (f->link || e->n_texts == TEXTS)
		return;
	e->n_texts++;
	buf_printf(b, "%.*s/bridge/state", (int)base_bytes, f->topic);
	f->link = buf_text(b);
}

/* zigbee2mqtt/b2/kitchen/leak names the device, and where it is. */
static void place(struct entity *e, struct find *f)
{
	const struct answer *device = get(e, "device");
	const char *name = answer_str(device, "name"), *area = answer_text(key_of(device, "suggested_area"));
	const char *path = strcmp(f->profile, "zigbee2mqtt") != 0 ? NULL : strchr(f->topic, '/'), *slash;

	if (path)
		add_link(e, (size_t)(path - f->topic), f);
	f->device = path ? path + 1 : *name ? name : e->m->parts->level[e->m->parts->n - 2];
	f->area = *area ? area : NULL;
	slash = strrchr(f->device, '/');
	if (!f->area && slash && slash > f->device && e->n_texts < TEXTS) {
		struct buf *b = &e->texts[e->n_texts++];

		buf_add(b, f->device, (size_t)(slash - f->device));
		f->area = buf_text(b);
	}
}

static void read_entity(struct entity *e)
{
	struct find f = {.is_declared = true, .topic = topic(e, get(e, "state_topic"))};
	struct buf pointer = {0}, why = {0};
	const char *template = answer_text(get(e, "value_template"));

	if (!f.topic || (strcmp(e->component, "binary_sensor") != 0 && strcmp(e->component, "sensor") != 0) ||
	    !strncmp(f.topic, "tocsin/", 7))
		return;
	if (!discover_pointer(template, &pointer)) {
		buf_clear(&pointer);
		buf_printf(&why, "where in the payload is it? Home Assistant reads %s", template);
		f.undecided = buf_text(&why);
	}
	f.pointer = pointer.len ? pointer.text : NULL;
	f.field = field_of(e, &pointer);
	f.profile = profile_of(e, f.topic);
	read_class(e, f.field, &f);
	read_availability(e, &f);
	place(e, &f);
	f.silent_ms = seconds(e, "expire_after");
	f.off_delay_ms = seconds(e, "off_delay");
	discover_tell(e->m->d, &f);
	buf_fini(&pointer);
	buf_fini(&why);
}

static void read_one(const struct news_of *m, const struct answer *own, const struct answer *shared,
                     const char *component)
{
	struct entity e = {.m = m, .own = own, .shared = shared, .component = component};

	read_entity(&e);
	for (int i = 0; i < TEXTS; i++)
		buf_fini(&e.texts[i]);
}

void discover_ha(const struct news_of *m)
{
	const struct parts *p = m->parts;
	const struct answer *components = key_of(m->json, "components"), *one;
	const char *key;

	if (!m->json || p->n < 4 || p->n > 5 || strcmp(p->level[p->n - 1], "config") != 0)
		return;
	if (strcmp(p->level[1], "device") != 0) {
		read_one(m, m->json, NULL, p->level[1]);
		return;
	}
	for (int i = 0; i < COMPONENTS_MAX && (one = answer_member(components, i, &key)); i++)
		read_one(m, one, m->json, answer_text(key_of(one, "platform")));
}
