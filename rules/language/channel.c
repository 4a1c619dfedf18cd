/* channel.c - the ways to people: channels, the presets they begin with, and
 * which of them a person has, when, in what order. */
#include "language/reader.h"
#include "language/tables.h"

#include <string.h>

#define WORD(A, T) T,
static const char *const severity_words[] = {SEVERITY_LIST(WORD) NULL};

/* -- channels -- */

static const char *const plugin_words[] = {"page", "journal", "exec", "webhook", "mail", NULL};
enum { PLUGIN_EXEC = 2 };

struct channel_text {
	struct channel channel;
	int plugin;
	const char *preset;
	const struct node *options;
};

static const struct key channel_rows[] = {
    {"plugin", KEY_WORD, AT(struct channel_text, plugin, int), .must = true, .words = plugin_words,
     .help = "page (MQTT), journal, exec (a program), webhook (HTTP) or mail (SMTP); a preset says it"},
    {"argv", KEY_STRINGS, AT(struct channel_text, channel.argv, struct strings),
     .help = "exec: the program, absolute, and its arguments; {{phone}} and the like are filled in"},
    {"options", KEY_NODE, AT(struct channel_text, options, const struct node *),
     .help = "what the plugin wants to know: its README and `tocsin check` tell the names; a secret is "
             "{file: PATH} or {credential: NAME}"},
    {"timeout", KEY_DURATION, AT(struct channel_text, channel.timeout_ms, int64_t), .fallback = "20s",
     .min = 100, .max = 600000,
     .help = "a notice that has not left by then, or failed, goes by the person's next channel"},
    {"severities", KEY_WORDS, AT(struct channel_text, channel.severities, unsigned), .words = severity_words,
     .help = "what it carries; default: all"},
    {"hours", KEY_HOURS, AT(struct channel_text, channel.hours, struct schedule),
     .help = "when it carries anything; default: always"},
    {"per_minute", KEY_INT, AT(struct channel_text, channel.per_minute, int), .max = 6000,
     .help = "so many leave in a minute, the others wait; default 0: any number"},
    {"burst", KEY_INT, AT(struct channel_text, channel.burst, int), .max = 1000,
     .help = "so many of them may leave at once; default 0: as many as per_minute"},
    {"reserve", KEY_INT, AT(struct channel_text, channel.reserve, int), .max = 999,
     .help = "so many of these are kept for fire, gas and people; default: a quarter of them, at least one of two"},
    {"max_bytes", KEY_INT, AT(struct channel_text, channel.max_bytes, int), .max = 65536,
     .help = "a longer text is cut between characters; default 0: it is not"},
    {"digest", KEY_BOOL, AT(struct channel_text, channel.digest, bool),
     .help = "when per_minute is used up, what waits for one person leaves as one summary with its count, never of "
             "fire, gas and people; default false"},
    {"preset", KEY_ID, AT(struct channel_text, preset, const char *),
     .help = "presets the keys above: wecom, dingtalk, feishu, telegram, ntfy, ..."},
    {"replies", KEY_ID, AT(struct channel_text, channel.replies, const char *),
     .help = "broker user that hands on what people answer by it, each with the number it came from "
             "(/usr/libexec/tocsin/sms-reply): an acknowledgement of the person with that phone, and nothing else"},
};
enum { PRESET_ROWS = 11 };
const struct table channel_keys = TABLE("channel", channel_rows);
const struct table preset_keys = {"preset", channel_rows, PRESET_ROWS};

/* -- what a plugin is told -- */

static void read_secret(struct reader *r, const struct node *node, struct channel_option *ret)
{
	for (int i = 0; i < node->n; i++) {
		const struct pair *p = &node->pairs[i];
		const char **to = !strcmp(p->key->text, "file")         ? &ret->file
		                  : !strcmp(p->key->text, "credential") ? &ret->credential
		                                                        : NULL;
		const char *text = to ? scalar_text(r, p->value, p->key->text) : NULL;

		if (!to) {
			complain(r, p->key, "a secret is {file: PATH} or {credential: NAME}, not '%s'",
			         p->key->text);
			return;
		}
		*to = text ? arena_str(&r->plan->arena, text) : NULL;
	}
	if (!ret->file == !ret->credential)
		complain(r, node, "a secret needs either 'file' or 'credential'");
}

static struct strings read_texts(struct reader *r, const struct node *node, const char *key)
{
	int n = node->kind == NODE_LIST ? node->n : 1;
	const char **texts = arena_alloc(&r->plan->arena, (size_t)(n + 1) * sizeof *texts);

	if (!n)
		complain(r, node, "'%s' is an empty list", key);
	for (int i = 0; i < n; i++) {
		const char *text = scalar_text(r, node->kind == NODE_LIST ? node->items[i] : node, key);

		texts[i] = text ? arena_str(&r->plan->arena, text) : "";
	}
	return (struct strings){texts, n};
}

static void read_options(struct reader *r, const struct node *node, struct channel *ret)
{
	struct channel_option *list;

	if (node->kind != NODE_MAP || !node->n) {
		complain(r, node, "'options' must be a map: {url: \"https://...\", token: {file: PATH}}");
		return;
	}
	list = arena_alloc(&r->plan->arena, (size_t)node->n * sizeof *list);
	for (int i = 0; i < node->n; i++) {
		const struct pair *p = &node->pairs[i];

		list[i] = (struct channel_option){.key = arena_str(&r->plan->arena, p->key->text),
		                                  .source = p->key->mark.file,
		                                  .line = p->key->mark.line,
		                                  .col = p->key->mark.col};
		if (p->value->kind == NODE_MAP)
			read_secret(r, p->value, &list[i]);
		else
			list[i].texts = read_texts(r, p->value, list[i].key);
	}
	ret->options = list;
	ret->n_options = node->n;
}

/* -- presets -- */

/* The preset below the channel, key by key, and the options of both the same way. */
static struct entry over_preset(struct reader *r, const struct entry *preset, const struct entry *own)
{
	const struct node *lower = node_get(preset->body, "options"), *upper = node_get(own->body, "options");
	struct entry all = entry_merge(r, preset, own), options;
	struct pair *pairs;
	struct node *map;

	if (!lower || !upper || all.body->kind != NODE_MAP)
		return all;
	options = entry_merge(r, &(struct entry){own->key, lower}, &(struct entry){own->key, upper});
	pairs = arena_alloc(&r->arena, (size_t)all.body->n * sizeof *pairs);
	map = arena_alloc(&r->arena, sizeof *map);
	*map = *all.body;
	map->pairs = pairs;
	for (int i = 0; i < map->n; i++) {
		pairs[i] = all.body->pairs[i];
		if (pairs[i].value == upper)
			pairs[i].value = options.body;
	}
	all.body = map;
	return all;
}

static struct entry with_preset(struct reader *r, const struct entry *e)
{
	const struct entries *presets = &r->sections[SECTION_PRESETS];
	const struct node *name = node_get(e->body, "preset");
	int i;

	if (!name || name->kind != NODE_SCALAR || !*name->text)
		return *e;
	i = entry_find(presets, name->text);
	if (i >= 0)
		return over_preset(r, &presets->at[i], e);
	complain_no_entry(r, SECTION_PRESETS, name, false);
	if (!presets->n)
		advise(r, "add /usr/share/tocsin/presets/*.yaml to 'include'");
	return *e;
}

static void check_rate(struct reader *r, const struct entry *e, struct channel *c)
{
	int burst = c->burst ? c->burst : c->per_minute;

	if (c->per_minute && burst > 1 && !node_get(e->body, "reserve"))
		c->reserve = burst < 4 ? 1 : burst / 4;
	else if (!c->per_minute && (c->burst || c->reserve))
		complain(r, node_get(e->body, c->burst ? "burst" : "reserve"),
		         "'burst' and 'reserve' belong to 'per_minute'");
	else if (!c->per_minute && c->digest)
		complain(r, node_get(e->body, "digest"), "'digest' belongs to 'per_minute'");
	else if (c->per_minute && c->reserve >= burst)
		complain(
		    r, node_get(e->body, "reserve"),
		    "'reserve' leaves nothing for others: it must be less than the %d that may leave at once",
		    burst);
}

static void read_channel(struct reader *r, const struct entry *own, struct channel *ret)
{
	const struct entry all = with_preset(r, own), *e = &all;
	struct channel_text text = {.plugin = 0};
	const struct node *argv = node_get(e->body, "argv");
	bool ok = keys_read(r, e, &channel_keys, &text);

	*ret = text.channel;
	ret->id = arena_str(&r->plan->arena, own->key->text);
	ret->plugin = plugin_words[text.plugin];
	ret->source = own->key->mark.file;
	ret->line = own->key->mark.line;
	ret->col = own->key->mark.col;
	if (!ret->severities)
		ret->severities = (1u << SEVERITY_COUNT) - 1;
	if (!ok)
		return;
	check_rate(r, e, ret);
	if (text.options)
		read_options(r, text.options, ret);
	if (text.plugin == PLUGIN_EXEC && !argv)
		complain(r, node_get(e->body, "plugin"),
		         "an exec channel needs 'argv': the program and its arguments");
	else if (text.plugin != PLUGIN_EXEC && argv)
		complain(r, argv, "'argv' belongs to the plugin exec");
	else if (argv && ret->argv.at[0][0] != '/')
		complain(r, argv, "the program in 'argv' must be an absolute path, not '%s'",
		         ret->argv.at[0]);
}

static void check_presets(struct reader *r)
{
	for (int i = 0; i < r->sections[SECTION_PRESETS].n; i++) {
		const struct entry *e = &r->sections[SECTION_PRESETS].at[i];
		struct channel_text text = {.plugin = 0};

		if (keys_read(r, e, &preset_keys, &text) && text.options)
			read_options(r, text.options, &text.channel);
	}
}

void channels_read(struct reader *r)
{
	static const struct channel built_in[] = {
	    {.id = "page", .plugin = "page", .timeout_ms = 20000, .severities = (1u << SEVERITY_COUNT) - 1},
	    {.id = "journal",
	     .plugin = "journal",
	     .timeout_ms = 20000,
	     .severities = (1u << SEVERITY_COUNT) - 1},
	};
	const struct entries *e = &r->sections[SECTION_CHANNELS];
	struct channel *list = arena_alloc(&r->plan->arena, (size_t)(e->n + 2) * sizeof *list);

	check_presets(r);
	for (int i = 0; i < e->n; i++)
		read_channel(r, &e->at[i], &list[i]);
	if (!e->n)
		memcpy(list, built_in, sizeof built_in);
	r->plan->channels = list;
	r->plan->n_channels = e->n ? e->n : 2;
}

/* -- which a person has -- */

static const struct key way_rows[] = {
    {"channel", KEY_ID, AT(struct way, channel, const char *), .must = true, .help = "its id"},
    {"severities", KEY_WORDS, AT(struct way, severities, unsigned), .words = severity_words,
     .help = "what this person is sent by it; default: all"},
    {"hours", KEY_HOURS, AT(struct way, hours, struct schedule),
     .help = "when this person is sent anything by it; default: always"},
};
const struct table way_keys = TABLE("person's channel", way_rows);

/* Channel ids, with the two built-in ones where the site has no section. */
static int find_channel(struct reader *r, const struct node *id)
{
	int i = scalar_text(r, id, "channels") ? plan_channel(r->plan, id->text) : -1;

	if (i >= 0 || id->kind != NODE_SCALAR || !*id->text)
		return i;
	complain_no_entry(r, SECTION_CHANNELS, id, false);
	if (!strcmp(id->text, "page") || !strcmp(id->text, "journal"))
		advise(r, "it is there by itself only without a section 'channels': add %s: {plugin: %s}", id->text,
		       id->text);
	return i;
}

static int read_way(struct reader *r, const struct node *node, struct way *ret)
{
	const struct node *id = node_get(node, "channel");

	*ret = (struct way){.severities = 0};
	if (node->kind == NODE_MAP && (!keys_read(r, &(struct entry){NULL, node}, &way_keys, ret) || !id))
		return -1;
	if (!ret->severities)
		ret->severities = (1u << SEVERITY_COUNT) - 1;
	return find_channel(r, id ? id : node);
}

static void read_ways(struct reader *r, const struct node *node, struct person *ret)
{
	bool is_list = node->kind == NODE_LIST;
	int n = is_list ? node->n : 1, found = 0;
	int *list = arena_alloc(&r->plan->arena, (size_t)(n + 1) * sizeof *list);
	struct way *ways = arena_alloc(&r->plan->arena, (size_t)(n + 1) * sizeof *ways);

	if (!n)
		complain(r, node, "'channels' is an empty list: the person could not be reached");
	for (int i = 0; i < n; i++) {
		int c = read_way(r, is_list ? node->items[i] : node, &ways[found]);

		if (c >= 0)
			list[found++] = c;
	}
	ret->channels = (struct ids){list, found};
	ret->ways = ways;
}

void ways_read(struct reader *r, const struct entry *e, const struct node *channels, struct person *ret)
{
	int *page;

	if (channels) {
		read_ways(r, channels, ret);
		return;
	}
	page = arena_alloc(&r->plan->arena, sizeof *page);
	*page = plan_channel(r->plan, "page");
	if (*page >= 0) {
		ret->channels = (struct ids){page, 1};
		return;
	}
	complain(r, e->key, "person '%s' has no channel", e->key->text);
	advise(r, "give channels: [ID], or define the channel page: {plugin: page}");
}

void addresses_read(struct reader *r, const struct node *to, struct person *ret)
{
	struct address *list;

	if (!to)
		return;
	if (to->kind != NODE_MAP) {
		complain(r, to, "'to' must be a map: {CHANNEL: ADDRESS}");
		return;
	}
	list = arena_alloc(&r->plan->arena, (size_t)(to->n + 1) * sizeof *list);
	for (int i = 0; i < to->n; i++) {
		const char *text = scalar_text(r, to->pairs[i].value, to->pairs[i].key->text);

		list[i].channel = find_channel(r, to->pairs[i].key);
		list[i].text = text ? arena_str(&r->plan->arena, text) : "";
	}
	ret->addresses = list;
	ret->n_addresses = to->n;
}
