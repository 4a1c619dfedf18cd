/* schema.c - the tables of keys as a JSON Schema (draft 07), for editors: what
 * they complete and underline is what the reader takes and refuses. */
#include "language/reader.h"
#include "language/tables.h"

#include <stdio.h>
#include <string.h>

/* The tables by the name that stands in the schema. */
#define NAMED_ROW(T) {#T, &T##_keys},
static const struct {
	const char *name;
	const struct table *table;
} named[] = {TABLES_LIST(NAMED_ROW)};

#define REF(T) "{\"$ref\":\"#/definitions/" T "\"}"
#define EITHER(A, B) "{\"anyOf\":[" A "," B "]}"
#define LIST(OF) "{\"type\":\"array\",\"minItems\":1,\"items\":" OF "}"
#define MAP(OF) "{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":" OF "}"
#define ONE_OR_LIST(OF) EITHER(OF, LIST(OF))
#define TEXT REF("text")
#define ID "{\"type\":[\"string\",\"integer\"],\"pattern\":\"^[A-Za-z0-9_-]{1,64}$\"}"
#define PATTERN(P) "{\"type\":\"string\",\"pattern\":\"" P "\"}"
#define NUMBER "{\"type\":[\"number\",\"string\"],\"pattern\":\"^[-+]?[0-9.]\"}"
#define NUMBERS "{\"type\":\"array\",\"minItems\":2,\"maxItems\":2,\"items\":" NUMBER "}"
#define LABEL REF("label")
#define HAS_WORD \
	"{\"type\":\"object\",\"required\":[\"has_word\"],\"additionalProperties\":false,\"properties\":{" \
	"\"has_word\":" ONE_OR_LIST(TEXT) "}}"
#define DAY PATTERN("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
#define ANYTHING "{}"

/* What the definitions of the schema have beside one for each table. */
static const struct {
	const char *name, *json;
} shared[] = {
    {"text", "{\"type\":[\"string\",\"number\",\"boolean\"]}"},
    {"label", EITHER(TEXT, "{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":false,"
                           "\"properties\":{\"zh\":" TEXT ",\"en\":" TEXT "}}")},
};

/* The type of a key as a schema; those left out depend on the row. */
static const char *const types[] = {
    [KEY_TEXT] = TEXT,
    [KEY_ID] = ID,
    [KEY_TOPIC] = PATTERN("^[^#+]+$"),
    [KEY_FILTER] = PATTERN("^(?=.)([^#+/]*/|[+]/)*([^#+/]*|[+]|#)$"),
    [KEY_BOOL] = "{\"type\":\"boolean\"}",
    [KEY_DURATION] = PATTERN("^([0-9]+(ms|s|m|h|d))+$"),
    [KEY_STRINGS] = ONE_OR_LIST(TEXT),
    [KEY_LABEL] = LABEL,
    [KEY_POINTER] = PATTERN("^/"),
    [KEY_HOURS] = ONE_OR_LIST(PATTERN("^([A-Za-z,-]+ +)?[0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2}$")),
    [KEY_REF] = ID,
    [KEY_REFS] = ONE_OR_LIST(ID),
};

/* Keys with a form of their own, as `table.key`. */
static const struct {
	const char *table, *key, *json;
} shapes[] = {
    {"broker", "password", REF("password")},
    {"broker", "tls", REF("tls")},
    {"sensor", "words", MAP(EITHER(ONE_OR_LIST(TEXT), HAS_WORD))},
    {"sensor", "availability", REF("availability")},
    {"sensor", "decode", REF("decode")},
    {"sensor", "scale", NUMBER},
    {"sensor", "offset", NUMBER},
    {"sensor", "zone", TEXT},
    {"actuator", "actions", MAP(REF("action"))},
    {"action", "until", REF("until")},
    {"interlock", "while", REF("while")},
    {"interlock", "forbid", EITHER("{\"const\":\"all\"}", ONE_OR_LIST(REF("forbid")))},
    {"roster", "shifts",
     MAP(PATTERN("^([A-Za-z,-]+ +)?[0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2}$"))},
    {"roster", "rotation", LIST(ONE_OR_LIST(ID))},
    {"roster", "from", DAY},
    {"roster", "dates",
     "{\"type\":\"object\",\"propertyNames\":" DAY ",\"additionalProperties\":" MAP(ONE_OR_LIST(ID)) "}"},
    {"person", "channels", ONE_OR_LIST(EITHER(ID, REF("way")))},
    {"person", "to", MAP(TEXT)},
    {"channel", "options", MAP(EITHER(ONE_OR_LIST(TEXT), REF("password")))},
    {"chain", "levels", LIST(REF("level"))},
    {"incident", "chain", ID},
    {"incident", "when", REF("cond")},
    {"incident", "report", REF("report")},
    {"incident", "grades", MAP(REF("grade"))},
    {"cond", "above", NUMBER},
    {"cond", "below", NUMBER},
    {"cond", "outside", NUMBERS},
    {"cond", "rises", NUMBER},
    {"cond", "falls", NUMBER},
    {"cond", "outside", NUMBERS},
    {"cond", "rises", NUMBER},
    {"cond", "falls", NUMBER},
    {"cond", "clear_above", NUMBER},
    {"cond", "clear_below", NUMBER},
    {"cond", "of", REF("of")},
    {"cond", "all", LIST(REF("cond"))},
    {"cond", "any", LIST(REF("cond"))},
    {"cond", "not", REF("cond")},
    {"step", "command", REF("command")},
    {"step", "record", MAP("{\"enum\":[\"text\",\"time\",\"number\"]}")},
    {"step", "run", ID},
    {"step", "wait", REF("cond")},
    {"step", "until", REF("cond")},
    {"step", "when", MAP(ONE_OR_LIST(TEXT))},
    {"step", "on_late", REF("late")},
    {"step", "choices", MAP(LABEL)},
    {"watch", "while", REF("watching")},
    {"watch", "sign_of_life", REF("sign")},
    {"watch", "points", EITHER(MAP(EITHER(TEXT, REF("sign"))), LIST(EITHER(TEXT, REF("sign"))))},
    {"watch", "closed", REF("closed")},
    {"watch", "missed", REF("missed")},
    {"sign", "words", MAP(EITHER(ONE_OR_LIST(TEXT), HAS_WORD))},
};

/* Tables whose rows are, in part, those of another. */
static const char *like(const char *table)
{
	static const char *const pairs[][2] = {
	    {"profile", "sensor"}, {"preset", "channel"}, {"self", "incident"}, {"grade", "cond"}};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (!strcmp(pairs[i][0], table))
			return pairs[i][1];
	return NULL;
}

const char *schema_shape(const char *table, const char *key)
{
	for (const char *of = table; of; of = like(of))
		for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
			if (!strcmp(shapes[i].table, of) && !strcmp(shapes[i].key, key))
				return shapes[i].json;
	return NULL;
}

/* -- one key -- */

static void add_words(struct buf *out, const struct key *key)
{
	json_open(out, "enum", '[');
	for (int i = 0; key->words[i]; i++) {
		json_str(out, NULL, key->words[i]);
		if (!key->words[i][strspn(key->words[i], "0123456789")])
			json_raw(out, NULL, key->words[i]); /* written without quotes it is a number */
	}
	json_close(out, ']');
}

static void add_one_or_list(struct buf *out, const struct key *key)
{
	json_open(out, "anyOf", '[');
	json_open(out, NULL, '{');
	add_words(out, key);
	json_close(out, '}');
	json_open(out, NULL, '{');
	json_str(out, "type", "array");
	json_int(out, "minItems", 1);
	json_open(out, "items", '{');
	add_words(out, key);
	json_close(out, '}');
	json_close(out, '}');
	json_close(out, ']');
}

static void add_type(struct buf *out, const char *table, const struct key *key)
{
	const char *json = schema_shape(table, key->name);

	if (!json && key->type == KEY_NODE)
		json = ANYTHING;
	if (!json)
		json = types[key->type];
	if (key->type == KEY_WORD && key->words) {
		add_words(out, key);
	} else if (key->type == KEY_WORDS) {
		add_one_or_list(out, key);
	} else if (key->type == KEY_INT) {
		json_str(out, "type", "integer");
		json_int(out, "minimum", key->min);
		json_int(out, "maximum", key->max);
	} else { /* beside a $ref nothing else is read */
		json_open(out, "allOf", '[');
		json_raw(out, NULL, json);
		json_close(out, ']');
	}
}

static void add_key(struct buf *out, const char *table, const struct key *key)
{
	struct buf help = {0};

	key_help(key, &help);
	json_open(out, key->name, '{');
	add_type(out, table, key);
	json_str(out, "description", buf_text(&help));
	json_close(out, '}');
	buf_fini(&help);
}

/* -- a table, a section, the file -- */

/* An entry that is laid over a shipped one, or over the main file's, need not be whole. */
static bool is_partial(const char *table)
{
	static const char *const partial[] = {"top",       "site",     "broker",  "store",   "home_assistant",
	                                      "interlock", "incident", "profile", "preset", "channel", "step"};

	for (size_t i = 0; i < sizeof partial / sizeof *partial; i++)
		if (!strcmp(partial[i], table))
			return true;
	return false;
}

/* What may say `enabled: false`. */
static bool is_entry(const char *table)
{
	bool is = !strcmp(table, "step") || !strcmp(table, "self");

	for (int s = SECTION_ZONES; s < SECTION_COUNT; s++)
		is = is || !strcmp(section_one((enum section)s), table);
	return is;
}

static void add_table(struct buf *out, const char *name, const struct table *t)
{
	json_open(out, name, '{');
	json_raw(out, "type", "[\"object\",\"null\"]");
	json_bool(out, "additionalProperties", false);
	json_open(out, "properties", '{');
	for (int i = 0; i < t->n; i++)
		add_key(out, name, &t->keys[i]);
	if (is_entry(name))
		json_raw(out, "enabled", "{\"type\":\"boolean\",\"description\":\"false switches it off\"}");
	json_close(out, '}');
	if (!is_partial(name)) {
		json_open(out, "required", '[');
		for (int i = 0; i < t->n; i++)
			if (t->keys[i].must)
				json_str(out, NULL, t->keys[i].name);
		json_close(out, ']');
	}
	json_close(out, '}');
}

static void add_incidents(struct buf *out)
{
	json_open(out, "incidents", '{');
	json_raw(out, "type", "[\"object\",\"null\"]");
	json_open(out, "properties", '{');
	for (int s = 0; s < SELF_COUNT; s++)
		json_raw(out, self_name((enum self)s), REF("self"));
	json_close(out, '}');
	json_raw(out, "additionalProperties", REF("incident"));
	json_close(out, '}');
}

static void add_section(struct buf *out, enum section s)
{
	static const char *const whole[] = {
	    [SECTION_SITE] = REF("site"),
	    [SECTION_BROKER] = REF("broker"),
	    [SECTION_STORE] = REF("store"),
	    [SECTION_HOME_ASSISTANT] = REF("home_assistant"),
	    [SECTION_PLAYBOOKS] =
	        MAP("{\"type\":\"object\",\"properties\":{\"enabled\":{\"type\":\"boolean\"}},"
	            "\"additionalProperties\":" REF("step") "}"),
	    [SECTION_COUNT] = NULL,
	};
	char one[128];

	if (s == SECTION_INCIDENTS) {
		add_incidents(out);
	} else if (s == SECTION_LANGUAGES || s == SECTION_INCLUDE) {
		for (int i = 0; i < top_keys.n; i++)
			if (!strcmp(top_keys.keys[i].name, section_name(s)))
				add_key(out, "top", &top_keys.keys[i]);
	} else if (whole[s]) {
		json_raw(out, section_name(s), whole[s]);
	} else {
		snprintf(one, sizeof one,
		         "{\"type\":[\"object\",\"null\"],\"additionalProperties\":"
		         "{\"$ref\":\"#/definitions/%s\"}}",
		         section_one(s));
		json_raw(out, section_name(s), one);
	}
}

void schema_print(struct buf *out)
{
	json_open(out, NULL, '{');
	json_str(out, "$schema", "http://json-schema.org/draft-07/schema#");
	json_str(out, "title", "tocsin.yaml, the configuration of a tocsin site");
	json_str(out, "type", "object");
	json_bool(out, "additionalProperties", false);
	json_open(out, "properties", '{');
	for (int s = 0; s < SECTION_COUNT; s++)
		add_section(out, (enum section)s);
	json_close(out, '}');
	json_open(out, "definitions", '{');
	for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
		json_raw(out, shared[i].name, shared[i].json);
	for (size_t i = 0; i < sizeof named / sizeof *named; i++)
		add_table(out, named[i].name, named[i].table);
	json_close(out, '}');
	json_close(out, '}');
	buf_char(out, '\n');
}
