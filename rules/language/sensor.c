/* sensor.c - sensors, and the profiles that preset them. */
#include "language/reader.h"
#include "language/sensor_value.h"
#include "language/tables.h"

#include <string.h>
#include <strings.h>

enum { VIA_MAX = 4 };

struct sensor_text {
	struct sensor_def def;
	const char *profile;
	const struct node *zone, *words, *availability;
	struct value_nodes nodes;
};

static const char *const encodings[] = {"utf-8", "gb18030", NULL};
static const char *const retained_words[] = {"adopt", "ignore", "newer", NULL};

/* The first rows are those a profile may preset. */
static const struct key sensor_rows[] = {
    {"value", KEY_POINTER, AT(struct sensor_text, def.value, struct value_path),
     .help = "JSON pointer to the value; without it the whole payload is the value. [name=pressure] in it "
             "chooses an array's element, a last [=flood] asks whether the text is in the array"},
    {"stamp", KEY_POINTER, AT(struct sensor_text, def.stamp, struct value_path),
     .help = "JSON pointer to the source's time or message id: by it a message delivered twice counts once, "
             "and max_age knows its age"},
    {"words", KEY_NODE, AT(struct sensor_text, words, const struct node *),
     .help = "{alarm: [\"1\"], normal: [\"0\"]}: what the payload's texts mean; {alarm: {has_word: OB}}: what a "
             "word in them means, the first of the list that fits"},
    {"decode", KEY_NODE, AT(struct sensor_text, nodes.decode, const struct node *),
     .help = "{from, byte, bit, type}: the value is a bit or a number in bytes written as text"},
    {"scale", KEY_NODE, AT(struct sensor_text, nodes.scale, const struct node *),
     .help = "number = what it sends * scale + offset, exact to 1/1000"},
    {"offset", KEY_NODE, AT(struct sensor_text, nodes.offset, const struct node *),
     .help = "is added to its number after scale"},
    {"missing", KEY_TEXT, AT(struct sensor_text, def.missing, const char *),
     .help = "the text that a missing value stands for; without it what is missing has not changed"},
    {"charset", KEY_WORD, AT(struct sensor_text, def.encoding, enum encoding), .words = encodings,
     .help = "of its payload; default: utf-8"},
    {"max_age", KEY_DURATION, AT(struct sensor_text, def.max_age_ms, int64_t), .min = 1000,
     .help = "a message that is older by its stamp is a replay: ignored and counted"},
    {"retained", KEY_WORD, AT(struct sensor_text, def.retained, enum retained), .words = retained_words,
     .help = "what the broker kept of it: adopt it as its state (default), ignore it, or adopt it when newer "
             "than max_age"},
    {"off_delay", KEY_DURATION, AT(struct sensor_text, def.off_delay_ms, int64_t), .min = 100,
     .help = "it says only that something happens, never that it is over: normal again after so long"},
    {"unit", KEY_TEXT, AT(struct sensor_text, def.unit, const char *),
     .help = "of its number; a limit may repeat it and must then match"},
    {"silent_after", KEY_DURATION, AT(struct sensor_text, def.silent_after_ms, int64_t), .min = 100,
     .help = "silent for so long: lost; without it the sensor is not supervised"},
    {"availability", KEY_NODE, AT(struct sensor_text, availability, const struct node *),
     .help = "{topic, value, online, offline}: where its gateway says that it is gone"},
    {"via", KEY_REF, AT(struct sensor_text, def.via, int), .section = SECTION_SENSORS,
     .help = "a sensor of kind link: its gateway or bridge; away or in alarm, this one is away with it"},
    {"qos", KEY_INT, AT(struct sensor_text, def.qos, int), .max = 1,
     .help = "of its subscription; default: 1, but 0 for telemetry that no fire, gas or people alarm uses"},
    {"kind", KEY_ID, AT(struct sensor_text, def.kind, const char *), .must = true,
     .help = "smoke, heat, gas, leak, mains, callpoint, position, ...: conditions select by it"},
    {"zone", KEY_NODE, AT(struct sensor_text, zone, const struct node *), .must = true,
     .help = "where it is; {1} is what the first wildcard of its topic matched"},
    {"topic", KEY_FILTER, AT(struct sensor_text, def.topic, const char *), .must = true,
     .help = "where it publishes; with + or # it stands for a family of sensors"},
    {"id", KEY_TEXT, AT(struct sensor_text, def.id, const char *),
     .help = "of a family: pattern of the ids, such as leak-{2}; default: the key and what the wildcards "
             "matched"},
    {"profile", KEY_ID, AT(struct sensor_text, profile, const char *),
     .help = "presets the keys above: zigbee2mqtt, tasmota, shelly2, ..."},
};
enum { PROFILE_ROWS = 16 };
const struct table sensor_keys = TABLE("sensor", sensor_rows);
const struct table profile_keys = {"profile", sensor_rows, PROFILE_ROWS};

static const struct key availability_rows[] = {
    {"topic", KEY_TEXT, AT(struct availability, topic, const char *), .must = true,
     .help = "may hold {topic}, the sensor's, and {1}..{9}, what its wildcards matched"},
    {"value", KEY_POINTER, AT(struct availability, value, struct value_path),
     .help = "JSON pointer; without it the whole payload"},
    {"online", KEY_STRINGS, AT(struct availability, online, struct strings), .fallback = "online",
     .help = "texts that say it is there"},
    {"offline", KEY_STRINGS, AT(struct availability, offline, struct strings), .fallback = "offline",
     .help = "texts that say it is gone"},
};
const struct table availability_keys = TABLE("sensor availability", availability_rows);

/* -- words -- */

static void complain_twice(struct reader *r, const struct node *at, const char *text, const struct word_set *a,
                           const struct word_set *b)
{
	complain(r, at, "'%s' cannot mean both '%s' and '%s'", text, a->word, b->word);
	advise(r, "let each text stand once; capital and small letters are the same here");
}

/* One text that stands for two words. */
static void check_twice(struct reader *r, const struct node *at, const struct word_set *sets, int n)
{
	const struct word_set *mine = &sets[n];

	for (int i = 0; i < n; i++)
		for (int j = 0; j < sets[i].texts.n; j++)
			for (int k = 0; k < mine->texts.n; k++)
				if (!strcasecmp(sets[i].texts.at[j], mine->texts.at[k]))
					complain_twice(r, at, mine->texts.at[k], &sets[i], mine);
}

static void check_has_word(struct reader *r, const struct node *at, const struct word_set *set)
{
	for (int i = 0; set->has_word && i < set->texts.n; i++)
		if (strchr(set->texts.at[i], ' '))
			complain(r, at, "'has_word' looks for one word, and '%s' is more", set->texts.at[i]);
}

static bool is_like(const struct node *a, const struct node *b)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->kind == NODE_SCALAR)
		return !strcmp(a->text, b->text);
	for (int i = 0; i < a->n; i++)
		if (a->kind == NODE_LIST ? !is_like(a->items[i], b->items[i])
		                         : !is_like(a->pairs[i].key, b->pairs[i].key) ||
		                               !is_like(a->pairs[i].value, b->pairs[i].value))
			return false;
	return true;
}

static const struct word_set *shared_words(const struct reader *r, const struct node *node)
{
	for (int i = 0; i < SHARED_MAX && i < r->n_words; i++)
		if (is_like(r->words[i].node, node))
			return r->words[i].sets;
	return NULL;
}

static void read_words(struct reader *r, const struct node *node, struct sensor_def *ret)
{
	int before = r->problems->n;
	struct word_set *sets;

	if (node->kind != NODE_MAP || !node->n) {
		complain(r, node, "'words' must be a map: {alarm: [\"1\"], normal: [\"0\"]}");
		return;
	}
	ret->n_words = node->n;
	ret->words = shared_words(r, node);
	if (ret->words)
		return;
	ret->words = sets = arena_alloc(&r->plan->arena, (size_t)node->n * sizeof *sets);
	for (int i = 0; i < node->n; i++) {
		const struct pair *p = &node->pairs[i];
		const struct key key = {.name = p->key->text, .type = KEY_STRINGS};
		const struct node *has = p->value->n == 1 ? node_get(p->value, "has_word") : NULL;

		must_be_id(r, p->key);
		sets[i].word = arena_str(&r->plan->arena, p->key->text);
		sets[i].has_word = has;
		if (!value_read(r, &key, has ? has : p->value, &sets[i].texts))
			continue;
		check_twice(r, p->value, sets, i);
		check_has_word(r, p->value, &sets[i]);
	}
	if (r->problems->n == before)
		r->words[r->n_words++ % SHARED_MAX] = (struct shared_words){node, sets};
}

/* -- topics -- */

/* The topic with {1}..{9} in the place of its wildcards. */
static void put_captured(struct buf *b, const char *topic)
{
	int n = 0;

	for (; *topic; topic++) {
		if (*topic == '+' || *topic == '#')
			buf_printf(b, "{%d}", ++n);
		else
			buf_char(b, *topic);
	}
}

static const char *put_topic(struct reader *r, const char *pattern, const char *topic)
{
	struct buf b = {0};
	const char *text;

	for (const char *at; (at = strstr(pattern, "{topic}")); pattern = at + 7) {
		buf_add(&b, pattern, (size_t)(at - pattern));
		put_captured(&b, topic);
	}
	buf_str(&b, pattern);
	text = arena_str(&r->plan->arena, buf_text(&b));
	buf_fini(&b);
	return text;
}

static void must_capture(struct reader *r, const struct node *at, const char *pattern, int wildcards)
{
	int highest = captures_check(r, at, pattern);

	if (highest > wildcards) {
		complain(r, at, "'%s': the sensor's topic has %d wildcard%s", pattern, wildcards,
		         wildcards == 1 ? "" : "s");
		advise(r, "{1} is what the first + or # of the topic matched");
	}
}

static void read_availability(struct reader *r, const struct node *node, int wildcards,
                              struct sensor_def *ret)
{
	struct availability *a = &ret->availability;
	const struct node *topic = node_get(node, "topic");

	a->value.whole = true;
	if (!keys_read(r, &(struct entry){NULL, node}, &availability_keys, a))
		return;
	a->value.whole = !a->value.pointer;
	if (!ret->topic)
		return;
	a->topic = put_topic(r, a->topic, ret->topic);
	if (filter_check(r, topic, a->topic) > 0)
		complain(r, topic,
		         "an availability topic has no wildcards: {1} is what the first one of the sensor's "
		         "topic matched");
	must_capture(r, topic, a->topic, wildcards);
	for (int i = 0; i < a->online.n; i++)
		if (strings_have(&a->offline, a->online.at[i]))
			complain(r, node, "'%s' cannot mean both online and offline", a->online.at[i]);
}

/* Our own topics begin with "tocsin/". */
static void check_own(struct reader *r, const struct node *at, const char *filter)
{
	if (strncmp(filter, "tocsin/", 7) != 0 && filter[0] != '+' && filter[0] != '#')
		return;
	caution(r, at, "this topic also matches tocsin's own topics (tocsin/...)");
	advise(r, "name the first level: a sensor that reads our own messages makes a loop");
}

/* -- one sensor -- */

static void read_zone(struct reader *r, const struct node *node, int wildcards, struct sensor_def *ret)
{
	const char *text = scalar_text(r, node, "zone");

	ret->zone = -1;
	if (!text)
		return;
	if (!strchr(text, '{')) {
		ret->zone = entry_refer(r, SECTION_ZONES, node);
		return;
	}
	must_capture(r, node, text, wildcards);
	ret->zone_pattern = arena_str(&r->plan->arena, text);
}

static void read_id(struct reader *r, const struct entry *e, int wildcards, struct sensor_def *ret)
{
	const struct node *id = node_get(e->body, "id");

	if (ret->id && wildcards)
		must_capture(r, id, ret->id, wildcards);
	else if (ret->id)
		complain(r, id,
		         "'id' belongs to a sensor whose topic has wildcards; the id of this one is '%s'",
		         e->key->text);
	if (ret->id && wildcards && !strchr(ret->id, '{'))
		complain(r, id, "'%s' would be the id of every sensor of the family: use {1}", ret->id);
	if (ret->id && wildcards)
		return;
	ret->id = arena_str(&r->plan->arena, e->key->text);
	for (int i = 1; i <= wildcards; i++)
		ret->id = arena_printf(&r->plan->arena, "%s-{%d}", ret->id, i);
}

static struct entry with_profile(struct reader *r, const struct entry *e)
{
	const struct entries *profiles = &r->sections[SECTION_PROFILES];
	const struct node *name = node_get(e->body, "profile");
	struct entry all = *e;
	int i;

	if (!name || name->kind != NODE_SCALAR || !*name->text)
		return all;
	i = entry_find(profiles, name->text);
	if (i >= 0) {
		all = entry_merge(r, &profiles->at[i], e);
	} else if (profiles->n) {
		complain_no_entry(r, SECTION_PROFILES, name, false);
	} else if (!r->is_broken && say_once(r, "profiles")) {
		caution(r, name, "there is no profile '%s': no profiles are included", name->text);
		advise(r, "'include' must name where they are, /usr/share/tocsin/profiles/*.yaml as a rule; until "
		          "then payloads are read as raw text");
	}
	return all;
}

static void read_sensor(struct reader *r, const struct entry *own, struct sensor_def *ret)
{
	const struct entry e = with_profile(r, own);
	struct sensor_text text = {0};
	const struct node *topic = node_get(e.body, "topic");
	int wildcards = 0;

	keys_read(r, &e, &sensor_keys, &text);
	*ret = text.def;
	for (const char *at = ret->topic; at && *at; at++)
		wildcards += *at == '+' || *at == '#';
	ret->is_family = wildcards > 0;
	if (!node_get(e.body, "qos"))
		ret->qos = -1; /* plan_check decides */
	ret->value.whole = !ret->value.pointer;
	ret->availability.value.whole = true;
	if (ret->topic)
		check_own(r, topic, ret->topic);
	if (text.zone)
		read_zone(r, text.zone, wildcards, ret);
	read_id(r, own, wildcards, ret);
	if (text.words)
		read_words(r, text.words, ret);
	if (text.availability)
		read_availability(r, text.availability, wildcards, ret);
	value_nodes_read(r, &text.nodes, ret);
	value_check(r, &e, ret);
}

static void check_profiles(struct reader *r)
{
	for (int i = 0; i < r->sections[SECTION_PROFILES].n; i++) {
		const struct entry *e = &r->sections[SECTION_PROFILES].at[i];
		struct sensor_text text = {0};
		struct sensor_def def = {.topic = "t"};

		keys_read(r, e, &profile_keys, &text);
		if (text.words)
			read_words(r, text.words, &def);
		if (text.availability)
			read_availability(r, text.availability, 9, &def);
		value_nodes_read(r, &text.nodes, &def);
	}
}

/* Gateways are known by name, and none speaks through itself. */
static void check_via(struct reader *r, const struct sensor_def *list, int i)
{
	const struct node *at = node_get(r->sections[SECTION_SENSORS].at[i].body, "via");
	const struct sensor_def *link;
	int hops = 0;

	if (list[i].via < 0)
		return;
	at = at ? at : r->sections[SECTION_SENSORS].at[i].key;
	link = &list[list[i].via];
	if (!link->kind || strcmp(link->kind, "link") != 0 || link->is_family) {
		complain(r, at, "'via' must be a sensor of kind link with a topic of its own, and '%s' is not",
		         link->id);
		advise(r, "{kind: link, topic: .../bridge/state, words: {alarm: [offline], normal: [online]}}");
	}
	for (int up = list[i].via; up >= 0; up = list[up].via) {
		if (up != i && hops++ < VIA_MAX)
			continue;
		complain(r, at, "'%s' speaks through itself, or through more than %d gateways", list[i].id,
		         VIA_MAX);
		advise(r, "'via' leads from a device to its gateway, and from there no way back");
		return;
	}
}

void sensors_read(struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_SENSORS];
	struct sensor_def *list = arena_alloc(&r->plan->arena, (size_t)(e->n + 1) * sizeof *list);

	check_profiles(r);
	for (int i = 0; i < e->n; i++)
		read_sensor(r, &e->at[i], &list[i]);
	for (int i = 0; i < e->n; i++)
		check_via(r, list, i);
	r->plan->sensors = list;
	r->plan->n_sensors = e->n;
}
