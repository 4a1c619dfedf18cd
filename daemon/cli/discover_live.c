/* discover_live.c - live messages by the shape of topic and payload: which
 * gateway speaks, which device, which field. One function a shape; the first
 * that knows it takes it. */
#include "base/buf.h"
#include "discover_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WALK_DEPTH = 6, WALK_MEMBERS = 200, WALK_ELEMENTS = 8 };

/* -- every value of a tree -- */

/* A key that says nothing is called as what holds it. */
static const char *name_of(const char *key, const char *holder)
{
	static const char *const empty[] = {"alarm", "value", "val", "state", "status", NULL};

	for (int i = 0; *holder && empty[i]; i++)
		if (!strcasecmp(key, empty[i]))
			return holder;
	return key;
}

struct walk {
	struct discover *d;
	const struct find *base;
	struct buf pointer;
};

static void tell_leaf(const struct walk *w, const struct answer *json, const char *name)
{
	struct find f = *w->base;
	char *text = answer_compact(json);
	const char *word = answer_text(json);

	f.pointer = buf_text(&w->pointer);
	f.field = name;
	f.sample = *word ? word : text;
	f.is_number = discover_is_number(f.sample);
	f.kind = f.kind ? f.kind : sense_name(name);
	if (strcmp(text, "null") != 0 && strcmp(text, "\"\"") != 0)
		discover_tell(w->d, &f);
	free(text);
}

static void walk(struct walk *w, const struct answer *json, const char *name, int depth);

static void walk_into(struct walk *w, const struct answer *json, const char *key, const char *holder,
                      int depth)
{
	size_t len = w->pointer.len;

	buf_char(&w->pointer, '/');
	discover_escape(&w->pointer, key);
	walk(w, json, name_of(key, holder), depth + 1);
	w->pointer.len = len;
	w->pointer.text[len] = 0;
}

static void walk(struct walk *w, const struct answer *json, const char *name, int depth)
{
	char index[12];
	const char *key;
	const struct answer *value;
	bool is_array = answer_count(json) > 0, is_object = !is_array && answer_member(json, 0, &key);

	if (depth > WALK_DEPTH)
		return;
	for (int i = 0; is_object && i < WALK_MEMBERS && (value = answer_member(json, i, &key)); i++)
		if (*key && *key != '[') /* which would choose among elements */
			walk_into(w, value, key, name, depth);
	for (int i = 0; is_array && i < WALK_ELEMENTS && i < answer_count(json); i++) {
		snprintf(index, sizeof index, "%d", i);
		buf_printf(&w->pointer, "/%s", index);
		walk(w, answer_at(json, i), name, depth + 1);
		w->pointer.len -= strlen(index) + 1;
		w->pointer.text[w->pointer.len] = 0;
	}
	if (!is_array && !is_object && !answer_is_tree(json))
		tell_leaf(w, json, name);
}

void discover_walk(struct discover *d, const struct find *f, const struct answer *json, const char *pointer)
{
	struct walk w = {.d = d, .base = f};

	buf_str(&w.pointer, pointer);
	walk(&w, json, f->field ? f->field : "", 0);
	buf_fini(&w.pointer);
}

/* -- topics -- */

static bool level_is(const struct parts *p, int i, const char *text)
{
	i = i < 0 ? p->n + i : i;
	return i >= 0 && i < p->n && !strcmp(p->level[i], text);
}

/* The whole payload is the value. */
static void tell_text(const struct news_of *m, struct find *f)
{
	f->topic = m->topic;
	f->sample = m->text;
	f->is_number = discover_is_number(m->text);
	f->kind = f->kind ? f->kind : sense_name(f->field);
	discover_tell(m->d, f);
}

/* Device and area of a path like b2/kitchen/leak: the place stands before the thing. */
static void name_place(const struct parts *p, int from, int to, struct find *f)
{
	static char device[FIND_TEXT_BYTES], area[FIND_TEXT_BYTES]; /* copied when told */

	f->device = discover_levels(p, from, to, device);
	f->area = to - from > 1 ? discover_levels(p, from, to - 1, area) : NULL;
}

static bool is_ignored(const struct news_of *m)
{
	const struct parts *p = m->parts;

	return level_is(p, 0, "cmnd") || level_is(p, -1, "set") || level_is(p, -1, "get") ||
	       level_is(p, -1, "LWT") || level_is(p, -1, "availability") || level_is(p, -1, "online") ||
	       level_is(p, 1, "bridge");
}

/* zigbee2mqtt/bridge/state {"state":"online"}; nut2mqtt/bridge/state online */
static bool take_bridge(const struct news_of *m)
{
	struct find f = {.topic = m->topic,
	                 .kind = "link",
	                 .profile = NULL,
	                 .alarm = "offline",
	                 .normal = "online",
	                 .field = "state",
	                 .is_declared = true};
	char device[FIND_TEXT_BYTES];

	if (m->parts->n != 3 || !level_is(m->parts, 1, "bridge") || !level_is(m->parts, 2, "state"))
		return false;
	f.device = device;
	snprintf(device, sizeof device, "%.100s-bridge", m->parts->level[0]);
	f.pointer = m->json ? "/state" : NULL;
	f.sample = m->json ? answer_str(m->json, "state") : m->text;
	discover_tell(m->d, &f);
	return true;
}

static bool take_zigbee2mqtt(const struct news_of *m)
{
	struct find f = {.topic = m->topic, .profile = "zigbee2mqtt"};
	char link[DISCOVER_TOPIC_BYTES + 16];

	if (!m->json || m->parts->n < 2 ||
	    (!level_is(m->parts, 0, "zigbee2mqtt") && !answer_get(m->json, "linkquality")))
		return false;
	name_place(m->parts, 1, m->parts->n, &f);
	snprintf(link, sizeof link, "%s/bridge/state", m->parts->level[0]);
	f.link = link;
	discover_walk(m->d, &f, m->json, "");
	return true;
}

static bool take_tasmota(const struct news_of *m)
{
	struct find f = {.topic = m->topic, .profile = "tasmota", .online = "Online", .offline = "Offline"};
	const struct parts *p = m->parts;
	char path[FIND_TEXT_BYTES], will[FIND_TEXT_BYTES + 16];

	if (p->n < 3 || !(level_is(p, 0, "tele") || level_is(p, 0, "stat")))
		return false;
	name_place(p, 1, p->n - 1, &f);
	snprintf(will, sizeof will, "tele/%s/LWT", discover_levels(p, 1, p->n - 1, path));
	f.away_topic = will;
	if (m->json && level_is(p, -1, "SENSOR")) {
		discover_walk(m->d, &f, m->json, "");
	} else if (!m->json) {
		f.field = p->level[p->n - 1];
		tell_text(m, &f);
	}
	return true;
}

static bool take_shelly1(const struct news_of *m)
{
	struct find f = {.profile = "shelly1", .online = "true", .offline = "false"};
	const struct parts *p = m->parts;
	char will[FIND_TEXT_BYTES + 32];

	if (!level_is(p, 0, "shellies"))
		return false;
	if (m->json || p->n < 4)
		return true;
	snprintf(will, sizeof will, "shellies/%.100s/online", p->level[1]);
	f.away_topic = will;
	f.device = p->level[1];
	f.field = p->level[p->n - 1];
	if (level_is(p, -1, "state")) { /* of a door: open, close */
		f.field = "door";
		f.alarm = "open";
		f.normal = "close";
	}
	tell_text(m, &f);
	return true;
}

/* <id>/status/smoke:0 {"id":0,"alarm":true}; <id>/events/rpc {"params":{"smoke:0":{"alarm":true}}} */
static bool take_shelly2(const struct news_of *m)
{
	struct find f = {.topic = m->topic, .profile = "shelly2", .online = "true", .offline = "false"};
	const struct parts *p = m->parts;
	const struct answer *params = answer_get(m->json, "params");
	bool is_event = level_is(p, -2, "events") && level_is(p, -1, "rpc") && params;
	bool is_status = level_is(p, -2, "status") && strchr(p->level[p->n - 1], ':') && m->json;
	char path[FIND_TEXT_BYTES], will[FIND_TEXT_BYTES + 16];

	if (p->n < 3 || (!is_event && !is_status))
		return false;
	name_place(p, 0, p->n - 2, &f);
	snprintf(will, sizeof will, "%s/online", discover_levels(p, 0, p->n - 2, path));
	f.away_topic = will;
	f.field = is_event ? "" : p->level[p->n - 1];
	discover_walk(m->d, &f, is_event ? params : m->json, is_event ? "/params" : "");
	return true;
}

static bool take_esphome(const struct news_of *m)
{
	struct find f = {.profile = "esphome", .online = "online", .offline = "offline"};
	const struct parts *p = m->parts;
	char path[FIND_TEXT_BYTES], will[FIND_TEXT_BYTES + 16];

	if (p->n < 4 || !level_is(p, -1, "state") || m->json ||
	    !(level_is(p, -3, "binary_sensor") || level_is(p, -3, "sensor")))
		return false;
	f.device = discover_levels(p, 0, p->n - 3, path);
	snprintf(will, sizeof will, "%s/status", path);
	f.away_topic = will;
	f.field = p->level[p->n - 2];
	tell_text(m, &f);
	return true;
}

static bool take_chirpstack(const struct news_of *m)
{
	struct find f = {.topic = m->topic, .profile = "chirpstack"};
	const struct answer *info = answer_get(m->json, "deviceInfo"), *tags = answer_get(info, "tags");
	static const char *const places[] = {"zone", "area", "room", "location"};

	if (!level_is(m->parts, 0, "application") || !level_is(m->parts, 2, "device") || m->parts->n < 5)
		return false;
	if (!level_is(m->parts, -1, "up") || !m->json)
		return true;
	f.device = *answer_str(info, "deviceName") ? answer_str(info, "deviceName") : m->parts->level[3];
	for (size_t i = 0; i < 4 && !f.area; i++)
		f.area = *answer_str(tags, places[i]) ? answer_str(tags, places[i]) : NULL;
	if (answer_get(m->json, "object")) {
		discover_walk(m->d, &f, answer_get(m->json, "object"), "/object");
		return true;
	}
	f.field = "data";
	f.kind = sense_name(f.device) ? sense_name(f.device) : "unknown";
	f.undecided = "no codec there: which byte or bit of /data is it? value: /data, decode: {from: "
	              "base64, byte: 0, bit: 0}";
	discover_tell(m->d, &f);
	return true;
}

static bool take_ttn(const struct news_of *m)
{
	struct find f = {.topic = m->topic, .profile = "ttn"};
	const struct answer *up = answer_get(m->json, "uplink_message");

	if (!level_is(m->parts, 0, "v3") || !level_is(m->parts, 2, "devices") || !up)
		return false;
	f.device = m->parts->level[3];
	discover_walk(m->d, &f, answer_get(up, "decoded_payload"), "/uplink_message/decoded_payload");
	return true;
}

static bool are_ups_words(const char *text)
{
	static const char *const words[] = {"OL",      "OB",     "LB",    "HB",  "RB",   "CHRG",
	                                    "DISCHRG", "BYPASS", "CAL",   "OFF", "OVER", "TRIM",
	                                    "BOOST",   "FSD",    "ALARM", "HE",  "ECO",  "TEST"};
	int n = 0, n_known = 0;

	for (size_t len; *(text += strspn(text, " ")); text += len, n++) {
		len = strcspn(text, " ");
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			n_known += strlen(words[i]) == len && !strncmp(words[i], text, len);
	}
	return n && n == n_known;
}

static bool take_nut(const struct news_of *m)
{
	struct find f = {.profile = "nut"};
	const struct parts *p = m->parts;
	bool is_status = level_is(p, -2, "ups") && level_is(p, -1, "status") && are_ups_words(m->text);

	if (m->json || p->n < 4 || !(is_status || level_is(p, 0, "nut2mqtt")))
		return false;
	name_place(p, p->n - 4, p->n - 2, &f);
	f.area = NULL;
	f.field = p->level[p->n - 1];
	f.kind = is_status ? "ups" : NULL;
	tell_text(m, &f);
	return true;
}

static bool take_aliyun(const struct news_of *m)
{
	struct find f = {.topic = m->topic, .profile = "aliyun"};

	if (!level_is(m->parts, 1, "sys") || !level_is(m->parts, 4, "thing") || m->parts->n < 7)
		return false;
	f.device = m->parts->level[3];
	if (level_is(m->parts, -1, "post"))
		discover_walk(m->d, &f, answer_get(m->json, "params"), "/params");
	return true;
}

/* An element of an array is chosen by a member: [name=pressure]. */
static void walk_chosen(const struct news_of *m, const struct find *base, const char *array, const char *key,
                        const char *member)
{
	const struct answer *list = answer_get(m->json, array);

	for (int i = 0; i < answer_count(list) && i < WALK_MEMBERS; i++) {
		const struct answer *one = answer_at(list, i), *value = answer_get(one, member);
		const char *name = answer_str(one, key);
		struct buf pointer = {0}, token = {0};
		struct find f = *base;

		f.field = name;
		buf_printf(&token, "[%s=%s]", key, name);
		buf_printf(&pointer, "/%s/", array);
		discover_escape(&pointer, buf_text(&token));
		buf_printf(&pointer, "/%s", member);
		if (*name && value && !strpbrk(name, "[]"))
			discover_walk(m->d, &f, value, buf_text(&pointer));
		buf_fini(&pointer);
		buf_fini(&token);
	}
}

static bool take_huawei(const struct news_of *m)
{
	struct find f = {.topic = m->topic, .profile = "huawei"};

	if (!level_is(m->parts, 0, "$oc") || m->parts->n < 4)
		return false;
	f.device = m->parts->level[2];
	if (level_is(m->parts, -1, "report"))
		walk_chosen(m, &f, "services", "service_id", "properties");
	return true;
}

static bool take_neuron(const struct news_of *m)
{
	struct find f = {.topic = m->topic, .profile = "neuron"};
	const char *node = answer_str(m->json, "node");

	if (!*node || !*answer_str(m->json, "group"))
		return false;
	f.device = node;
	if (answer_get(m->json, "values"))
		discover_walk(m->d, &f, answer_get(m->json, "values"), "/values");
	walk_chosen(m, &f, "tags", "name", "value");
	return true;
}

static bool take_plain(const struct news_of *m)
{
	struct find f = {.topic = m->topic, .profile = "plain"};
	const struct parts *p = m->parts;

	name_place(p, p->n > 1 && *p->level[0] ? 1 : 0, p->n, &f);
	f.field = p->level[p->n - 1];
	if (m->json)
		discover_walk(m->d, &f, m->json, "");
	else
		tell_text(m, &f);
	return true;
}

void discover_live(const struct news_of *m)
{
	static bool (*const shapes[])(const struct news_of *) = {
	    take_bridge, is_ignored,   take_chirpstack,  take_ttn,     take_aliyun,
	    take_huawei, take_tasmota, take_shelly1,     take_shelly2, take_esphome,
	    take_neuron, take_nut,     take_zigbee2mqtt, take_plain};

	for (size_t i = 0; i < sizeof shapes / sizeof *shapes && !shapes[i](m); i++)
		;
}
