/* place.c - zones, what can be commanded in them, and what forbids it. */
#include "language/reader.h"
#include "language/tables.h"

#include <string.h>

#define WORD(A, T, C) T,
static const char *const hazard_words[] = {HAZARD_LIST(WORD) NULL};

/* -- zones -- */

static const struct key zone_rows[] = {
    {"name", KEY_LABEL, AT(struct zone, name, struct text), .help = "as people call it; default: the id"},
    {"in", KEY_REF, AT(struct zone, in, int), .section = SECTION_ZONES, .help = "the zone around it"},
    {"fed_by", KEY_REFS, AT(struct zone, fed_by, struct ids), .section = SECTION_ZONES,
     .help = "zone or zones its power comes from: a power loss there explains what falls silent here"},
};
const struct table zone_keys = TABLE("zone", zone_rows);

/* Over those seen already the answer is known: no. */
static bool feeds(const struct zone *zones, int at, int zone, bool *seen)
{
	for (int i = 0; i < zones[at].fed_by.n; i++) {
		int feeder = zones[at].fed_by.at[i];

		if (feeder == zone)
			return true;
		if (feeder < 0 || seen[feeder])
			continue;
		seen[feeder] = true;
		if (feeds(zones, feeder, zone, seen))
			return true;
	}
	return false;
}

static void complain_feeder(struct reader *r, int i, const char *zone)
{
	complain(r, node_get(r->sections[SECTION_ZONES].at[i].body, "fed_by"), "zone '%s' is fed by itself", zone);
	advise(r, "'fed_by' leads up to the switch room, and from there no way back");
}

static void check_feeders(struct reader *r, const struct zone *zones, int n)
{
	for (int i = 0; i < n; i++)
		if (zones[i].fed_by.n &&
		    feeds(zones, i, i, arena_alloc(&r->arena, (size_t)n * sizeof(bool))))
			complain_feeder(r, i, zones[i].id);
}

static void check_nesting(struct reader *r, const struct zone *zones, int n)
{
	for (int i = 0; i < n; i++) {
		int at = zones[i].in, steps = 0;

		while (at >= 0 && at != i && steps++ < n)
			at = zones[at].in;
		if (at == i)
			complain(r, node_get(r->sections[SECTION_ZONES].at[i].body, "in"),
			         "zone '%s' lies inside itself", zones[i].id);
	}
}

void zones_read(struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_ZONES];
	struct zone *zones = arena_alloc(&r->plan->arena, (size_t)(e->n + 1) * sizeof *zones);

	for (int i = 0; i < e->n; i++) {
		struct zone *z = &zones[i];

		keys_read(r, &e->at[i], &zone_keys, z);
		z->id = arena_str(&r->plan->arena, e->at[i].key->text);
		if (!z->name.in[0])
			z->name = (struct text){{z->id, z->id}};
	}
	check_nesting(r, zones, e->n);
	check_feeders(r, zones, e->n);
	r->plan->zones = zones;
	r->plan->n_zones = e->n;
}

/* -- actuators -- */

struct actuator_text {
	struct actuator actuator;
	const struct node *actions;
};

static const struct key actuator_rows[] = {
    {"kind", KEY_ID, AT(struct actuator_text, actuator.kind, const char *), .must = true,
     .help = "what it is (gas-valve, fan): playbooks and interlocks name kinds"},
    {"zone", KEY_REF, AT(struct actuator_text, actuator.zone, int), .must = true, .section = SECTION_ZONES,
     .help = "where it stands, that is, where it may spark"},
    {"serves", KEY_REFS, AT(struct actuator_text, actuator.serves, struct ids), .section = SECTION_ZONES,
     .help = "zones whose source it is"},
    {"topic", KEY_TOPIC, AT(struct actuator_text, actuator.topic, const char *), .must = true,
     .help = "where its commands go"},
    {"actions", KEY_NODE, AT(struct actuator_text, actions, const struct node *), .must = true,
     .help = "{close: {send: \"C\", until: {sensor: ID, is: WORD}}}"},
    {"within", KEY_DURATION, AT(struct actuator_text, actuator.within_ms, int64_t), .fallback = "15s",
     .min = 100, .max = 600000, .help = "limit of one try for the feedback; also the message expiry"},
    {"tries", KEY_INT, AT(struct actuator_text, actuator.tries, int), .fallback = "3", .min = 1, .max = 10,
     .help = "how often it is sent before the step has failed"},
    {"safe_in", KEY_WORDS, AT(struct actuator_text, actuator.safe_in, unsigned), .words = hazard_words,
     .help = "hazards it is certified for: passes what their interlocks forbid with all, not what they name"},
    {"operators", KEY_REFS, AT(struct actuator_text, actuator.operators, struct ids),
     .section = SECTION_ROLES, .help = "roles that may operate it by hand"},
};
const struct table actuator_keys = TABLE("actuator", actuator_rows);

struct action_text {
	struct action action;
	const struct node *until;
};

static const struct key action_rows[] = {
    {"send", KEY_TEXT, AT(struct action_text, action.send, const char *), .must = true,
     .help = "the payload"},
    {"until", KEY_NODE, AT(struct action_text, until, const struct node *),
     .help = "{sensor: ID, is: WORD}: the feedback that confirms it"},
};
const struct table action_keys = TABLE("action", action_rows);

static const struct key until_rows[] = {
    {"sensor", KEY_REF, AT(struct action, until_sensor, int), .must = true, .section = SECTION_SENSORS,
     .help = "the sensor that sees it"},
    {"is", KEY_STRINGS, AT(struct action, until_is, struct strings), .must = true,
     .help = "the word that confirms"},
};
const struct table until_keys = TABLE("feedback", until_rows);

static void check_until(struct reader *r, const struct node *until, const struct action *a)
{
	const struct sensor_def *s = &r->plan->sensors[a->until_sensor];

	if (s->is_family)
		complain(r, node_get(until, "sensor"),
		         "sensor '%s' is a family (its topic has wildcards): feedback "
		         "needs one sensor",
		         node_get(until, "sensor")->text);
}

static void read_action(struct reader *r, const struct pair *pair, struct action *ret)
{
	struct action_text text = {{0}, NULL};

	must_be_id(r, pair->key);
	keys_read(r, &(struct entry){pair->key, pair->value}, &action_keys, &text);
	*ret = text.action;
	ret->id = arena_str(&r->plan->arena, pair->key->text);
	ret->until_sensor = -1;
	if (!text.until)
		return;
	if (keys_read(r, &(struct entry){NULL, text.until}, &until_keys, ret))
		check_until(r, text.until, ret);
}

static void read_actions(struct reader *r, const struct node *node, struct actuator *ret)
{
	struct action *actions;

	if (node->kind != NODE_MAP || !node->n) {
		complain(r, node, "'actions' must be a map: {close: {send: \"C\"}, ...}");
		return;
	}
	actions = arena_alloc(&r->plan->arena, (size_t)node->n * sizeof *actions);
	for (int i = 0; i < node->n; i++)
		read_action(r, &node->pairs[i], &actions[i]);
	ret->actions = actions;
	ret->n_actions = node->n;
}

void actuators_read(struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_ACTUATORS];
	struct actuator *list = arena_alloc(&r->plan->arena, (size_t)(e->n + 1) * sizeof *list);

	for (int i = 0; i < e->n; i++) {
		struct actuator_text text = {{0}, NULL};

		keys_read(r, &e->at[i], &actuator_keys, &text);
		list[i] = text.actuator;
		list[i].id = arena_str(&r->plan->arena, e->at[i].key->text);
		if (text.actions)
			read_actions(r, text.actions, &list[i]);
	}
	r->plan->actuators = list;
	r->plan->n_actuators = e->n;
}

/* -- interlocks -- */

static const char *const reach_words[] = {"zone", "parent", "site", NULL};

struct interlock_text {
	struct interlock interlock;
	const struct node *during, *forbid;
};

static const struct key interlock_rows[] = {
    {"while", KEY_NODE, AT(struct interlock_text, during, const struct node *), .must = true,
     .help = "{hazard: gas}: holds while an incident of the hazard is not closed; {tag: SIGN}: while the sign "
             "hangs, reaching from there"},
    {"reach", KEY_WORD, AT(struct interlock_text, interlock.reach, enum reach), .fallback = "site",
     .words = reach_words, .help = "zone; parent: the zone, its parent, all inside; site"},
    {"forbid", KEY_NODE, AT(struct interlock_text, forbid, const struct node *), .must = true,
     .help = "all, {kind: K, action: A} or a list of such"},
};
const struct table interlock_keys = TABLE("interlock", interlock_rows);

static const struct key while_rows[] = {
    {"hazard", KEY_WORD, AT(struct interlock, hazard, enum hazard), .words = hazard_words,
     .help = "fire, gas, people, water, power, security, other"},
    {"tag", KEY_ID, AT(struct interlock, sign, const char *), .help = "a lock-out sign, instead of a hazard"},
};
const struct table while_keys = TABLE("interlock's while", while_rows);

static const struct key forbid_rows[] = {
    {"kind", KEY_ID, AT(struct forbid, kind, const char *), .help = "of actuator; default: every kind"},
    {"action", KEY_ID, AT(struct forbid, action, const char *), .help = "default: every action"},
};
const struct table forbid_keys = TABLE("interlock's forbid", forbid_rows);

static void read_forbid(struct reader *r, const struct node *node, struct interlock *ret)
{
	bool is_list = node->kind == NODE_LIST;
	int n = is_list ? node->n : 1;
	struct forbid *list = arena_alloc(&r->plan->arena, (size_t)(n + 1) * sizeof *list);

	if (!n)
		complain(r, node, "'forbid' is an empty list: it would forbid nothing");
	for (int i = 0; i < n; i++) {
		const struct node *one = is_list ? node->items[i] : node;

		if (one->kind == NODE_SCALAR && !strcmp(one->text, "all"))
			continue;
		if (one->kind != NODE_MAP || !one->n)
			complain(r, one, "'forbid' must be all or {kind: K, action: A}");
		else
			keys_read(r, &(struct entry){NULL, one}, &forbid_keys, &list[i]);
	}
	ret->forbid = list;
	ret->n_forbid = n;
}

static void read_while(struct reader *r, const struct node *node, struct interlock *ret)
{
	ret->hazard = (enum hazard) - 1;
	if (!keys_read(r, &(struct entry){NULL, node}, &while_keys, ret))
		return;
	if (((int)ret->hazard >= 0) == (ret->sign != NULL)) {
		complain(r, node, "'while' needs either 'hazard' or 'tag'");
		advise(r, "while: {hazard: gas}, or while: {tag: SIGN}");
	}
}

void interlocks_read(struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_INTERLOCKS];
	struct interlock *list = arena_alloc(&r->plan->arena, (size_t)(e->n + 1) * sizeof *list);

	for (int i = 0; i < e->n; i++) {
		struct interlock_text text = {0};

		keys_read(r, &e->at[i], &interlock_keys, &text);
		list[i] = text.interlock;
		list[i].id = arena_str(&r->plan->arena, e->at[i].key->text);
		if (text.during)
			read_while(r, text.during, &list[i]);
		if (text.forbid)
			read_forbid(r, text.forbid, &list[i]);
	}
	r->plan->interlocks = list;
	r->plan->n_interlocks = e->n;
}
