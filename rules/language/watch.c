/* watch.c - signs of life that must come: patrols, posts, logs, pumps. A sign
 * that is a topic becomes a sensor like any other, so that everything that
 * holds for sensors holds for it. */
#include "language/reader.h"
#include "language/tables.h"

#include <stdlib.h>
#include <string.h>

#define WORD_2(A, T) T,
#define WORD_3(A, T, C) T,
static const char *const hazard_words[] = {HAZARD_LIST(WORD_3) NULL};
static const char *const severity_words[] = {SEVERITY_LIST(WORD_2) NULL};

struct watch_text {
	struct watch_def watch;
	const struct node *during_also, *sign, *points, *closed, *missed;
};

static const struct key watch_rows[] = {
    {"title", KEY_LABEL, AT(struct watch_text, watch.title, struct text),
     .help = "as people call it; default: the id"},
    {"zone", KEY_REF, AT(struct watch_text, watch.zone, int), .section = SECTION_ZONES,
     .help = "where it is, and its incident; default: the whole site"},
    {"who", KEY_REF, AT(struct watch_text, watch.who, int), .section = SECTION_ROLES, .is_soft = true,
     .help = "the role that is reminded"},
    {"during", KEY_HOURS, AT(struct watch_text, watch.during, struct schedule),
     .help = "its hours, like \"22:00-06:00\", a list or one, by the site's clock; default: always"},
    {"while", KEY_NODE, AT(struct watch_text, during_also, const struct node *),
     .help = "{hazard: fire} or {incident: TYPE}: only while such an incident is not closed"},
    {"every", KEY_DURATION, AT(struct watch_text, watch.every_ms, int64_t), .min = 1000,
     .help = "the next sign must come within so long, and the first within so long of the beginning"},
    {"remind", KEY_DURATION, AT(struct watch_text, watch.remind_ms, int64_t), .min = 1000,
     .help = "so long before it is missed 'who' is reminded"},
    {"sign_of_life", KEY_NODE, AT(struct watch_text, sign, const struct node *),
     .help = "{topic: T} or {sensor: ID}: the sign"},
    {"points", KEY_NODE, AT(struct watch_text, points, const struct node *),
     .help = "instead: {roof: T, lobby: {sensor: ID}}, or a list of topics: each must be seen once in a "
             "round"},
    {"closed", KEY_NODE, AT(struct watch_text, closed, const struct node *),
     .help = "instead: {incident: repair-slip, by: \"17:30\"}: none of the type may be open then"},
    {"missed", KEY_NODE, AT(struct watch_text, missed, const struct node *),
     .help = "{incident: TYPE, severity: minor}: what is raised; default: watch-missed"},
};
const struct table watch_keys = TABLE("watch", watch_rows);

struct watching_text {
	int hazard;
	const char *incident;
};

static const struct key watching_rows[] = {
    {"hazard", KEY_WORD, AT(struct watching_text, hazard, int), .words = hazard_words,
     .help = "fire, gas, people, water, power, security, other"},
    {"incident", KEY_ID, AT(struct watching_text, incident, const char *), .help = "instead: of this type"},
};
const struct table watching_keys = TABLE("watch's while", watching_rows);

struct sign_text {
	struct watch_point point;
	const char *topic, *profile;
	struct value_path value, stamp;
	const struct node *words;
};

/* What is of the sensor goes to it as it stands. */
static const struct key sign_rows[] = {
    {"topic", KEY_FILTER, AT(struct sign_text, topic, const char *),
     .help = "any message on it; it becomes the sensor watch-ID"},
    {"sensor", KEY_REF, AT(struct sign_text, point.sensor, int), .section = SECTION_SENSORS,
     .help = "instead: any message of this sensor"},
    {"is", KEY_STRINGS, AT(struct sign_text, point.is, struct strings),
     .help = "only a message with this word or one of these"},
    {"value", KEY_POINTER, AT(struct sign_text, value, struct value_path), .help = "topic: as of a sensor"},
    {"stamp", KEY_POINTER, AT(struct sign_text, stamp, struct value_path), .help = "topic: as of a sensor"},
    {"words", KEY_NODE, AT(struct sign_text, words, const struct node *), .help = "topic: as of a sensor"},
    {"profile", KEY_ID, AT(struct sign_text, profile, const char *), .help = "topic: as of a sensor"},
};
const struct table sign_keys = TABLE("watch's sign", sign_rows);

struct closed_text {
	const char *incident, *by;
};

static const struct key closed_rows[] = {
    {"incident", KEY_ID, AT(struct closed_text, incident, const char *), .must = true,
     .help = "the type that must not be open then"},
    {"by", KEY_TEXT, AT(struct closed_text, by, const char *), .must = true,
     .help = "the time of day, \"17:30\" or \"mon-fri 17:30\", by the site's clock"},
};
const struct table closed_keys = TABLE("watch's closed", closed_rows);

struct missed_text {
	const char *incident;
	enum severity severity;
};

static const struct key missed_rows[] = {
    {"incident", KEY_ID, AT(struct missed_text, incident, const char *), .fallback = "watch-missed",
     .help = "the type; one that 'incidents' does not have is made: per zone, hazard other, the first chain"},
    {"severity", KEY_WORD, AT(struct missed_text, severity, enum severity), .fallback = "minor",
     .words = severity_words, .help = "of a type that is made so"},
};
const struct table missed_keys = TABLE("watch's missed", missed_rows);

/* -- signs that are topics become sensors -- */

static const struct node *scalar(struct reader *r, const struct node *at, const char *text)
{
	struct node *node = arena_alloc(&r->arena, sizeof *node);

	*node = (struct node){.kind = NODE_SCALAR, .mark = at->mark, .text = arena_str(&r->arena, text)};
	return node;
}

/* "watch-ID", of a point "watch-ID-N": what the sensor of a sign is called. */
static const char *sensor_id(struct reader *r, const char *watch, int point)
{
	if (point < 0)
		return arena_printf(&r->arena, "watch-%s", watch);
	return arena_printf(&r->arena, "watch-%s-%d", watch, point + 1);
}

static const struct node *topic_of(const struct node *sign)
{
	return sign && sign->kind == NODE_SCALAR ? sign : node_get(sign, "topic");
}

static bool has_topic(const struct node *sign)
{
	const struct node *topic = topic_of(sign);

	return topic && topic->kind == NODE_SCALAR && !node_is_empty(topic);
}

static struct entry sensor_entry(struct reader *r, const struct entry *watch, const struct node *sign,
                                 int point)
{
	static const char *const taken[] = {"value", "stamp", "words", "profile"};
	const struct node *zone = node_get(watch->body, "zone"), *node;
	struct node *body = arena_alloc(&r->arena, sizeof *body);
	struct pair *pairs = arena_alloc(&r->arena, 8 * sizeof *pairs);
	int n = 0;

	if (!zone || zone->kind != NODE_SCALAR)
		zone = scalar(r, sign, r->plan->n_zones ? r->plan->zones[0].id : "");
	pairs[n++] = (struct pair){scalar(r, sign, "kind"), scalar(r, sign, "sign")};
	pairs[n++] = (struct pair){scalar(r, sign, "zone"), zone};
	pairs[n++] = (struct pair){scalar(r, sign, "topic"), topic_of(sign)};
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		if ((node = node_get(sign, taken[i])))
			pairs[n++] = (struct pair){scalar(r, node, taken[i]), node};
	*body = (struct node){.kind = NODE_MAP, .mark = sign->mark, .pairs = pairs, .n = n};
	return (struct entry){scalar(r, sign, sensor_id(r, watch->key->text, point)), body};
}

static int n_points(const struct node *points)
{
	return points && points->kind != NODE_SCALAR ? points->n : 0;
}

static const struct node *point_at(const struct node *points, int i)
{
	return points->kind == NODE_LIST ? points->items[i] : points->pairs[i].value;
}

struct adding {
	struct entry *at;
	int n;
};

static void add_sign(struct reader *r, const struct entry *watch, const struct node *sign, int point,
                     struct adding *a)
{
	struct entry e;

	if (!has_topic(sign))
		return;
	e = sensor_entry(r, watch, sign, point);
	if (!must_be_id(r, e.key))
		return;
	if (entry_find(&r->sections[SECTION_SENSORS], e.key->text) >= 0) {
		complain(r, e.key, "there is a sensor '%s' already, and this sign would be one of that name",
		         e.key->text);
		return;
	}
	a->at = xrealloc(a->at, (size_t)(a->n + 1) * sizeof *a->at);
	a->at[a->n++] = e;
}

void watches_signs(struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_WATCHES];
	struct adding all = {0};

	for (int i = 0; i < e->n; i++) {
		const struct node *points = node_get(e->at[i].body, "points");

		add_sign(r, &e->at[i], node_get(e->at[i].body, "sign_of_life"), -1, &all);
		for (int k = 0; k < n_points(points); k++)
			add_sign(r, &e->at[i], point_at(points, k), k, &all);
	}
	section_add(r, SECTION_SENSORS, all.at, all.n);
	free(all.at);
}

/* -- reading -- */

static void complain_sign(struct reader *r, const struct node *at)
{
	complain(r, at, "a sign is {topic: T} or {sensor: ID}");
	advise(r, "{topic: patrol/b2/point1}, or {sensor: presence-1, is: present}");
}

static void read_sign(struct reader *r, const struct entry *watch, const struct node *sign, int point,
                      struct watch_point *ret)
{
	struct sign_text text = {.point.sensor = -1};
	const struct node *own = node_get(sign, "sensor");
	int i;

	*ret = text.point;
	if (sign->kind == NODE_LIST || (sign->kind == NODE_SCALAR && point < 0)) {
		complain_sign(r, sign);
		return;
	}
	if (sign->kind == NODE_MAP && !keys_read(r, &(struct entry){NULL, sign}, &sign_keys, &text))
		return;
	*ret = text.point;
	if (!own == !has_topic(sign)) {
		complain_sign(r, sign);
		return;
	}
	if (!own) {
		i = entry_find(&r->sections[SECTION_SENSORS], sensor_id(r, watch->key->text, point));
		ret->sensor = i;
	}
	if (ret->sensor >= 0 && ret->sensor < r->plan->n_sensors)
		((struct sensor_def *)(void *)r->plan->sensors)[ret->sensor].is_watched = true;
}

static bool has_point(const struct watch_point *points, int n, const char *id)
{
	while (n > 0)
		if (!strcmp(points[--n].id, id))
			return true;
	return false;
}

/* Of a list: the last level of its topic, where that is a name of its own; else its number. */
static const char *point_id(struct reader *r, const struct node *points, int i, const struct watch_point *others)
{
	const struct node *topic = points->kind == NODE_LIST ? topic_of(points->items[i]) : NULL;
	const char *id = topic && topic->kind == NODE_SCALAR ? strrchr(topic->text, '/') : NULL;

	if (points->kind == NODE_MAP) {
		must_be_id(r, points->pairs[i].key);
		return arena_str(&r->plan->arena, points->pairs[i].key->text);
	}
	id = id ? id + 1 : topic && topic->kind == NODE_SCALAR ? topic->text : "";
	if (!*id || id[strcspn(id, "+#{} ")] || has_point(others, i, id))
		return arena_printf(&r->plan->arena, "%d", i + 1);
	return arena_str(&r->plan->arena, id);
}

static void read_points(struct reader *r, const struct entry *e, const struct node *points, struct watch_def *ret)
{
	int n = n_points(points);
	struct watch_point *list = arena_alloc(&r->plan->arena, (size_t)(n + 1) * sizeof *list);

	if (!n) {
		complain(r, points, "'points' must name at least one: {roof: patrol/roof, lobby: patrol/lobby}");
		return;
	}
	for (int i = 0; i < n; i++) {
		read_sign(r, e, point_at(points, i), i, &list[i]);
		list[i].id = point_id(r, points, i, list);
	}
	ret->points = list;
	ret->n_points = n;
}

static int type_wanted(struct reader *r, const struct node *id)
{
	return id && id->kind == NODE_SCALAR ? entry_refer(r, SECTION_INCIDENTS, id) : -1;
}

static void read_while(struct reader *r, const struct node *node, struct watch_def *ret)
{
	struct watching_text text = {.hazard = -1};

	if (!keys_read(r, &(struct entry){NULL, node}, &watching_keys, &text))
		return;
	ret->hazard = text.hazard;
	if ((text.hazard >= 0) == (text.incident != NULL)) {
		complain(r, node, "'while' is {hazard: fire} or {incident: TYPE}");
		return;
	}
	if (text.incident && type_wanted(r, node_get(node, "incident")) >= 0)
		ret->while_type = text.incident;
}

static void read_closed(struct reader *r, const struct node *node, struct watch_def *ret)
{
	struct closed_text text = {0};
	struct hours *at = arena_alloc(&r->plan->arena, sizeof *at);

	if (!keys_read(r, &(struct entry){NULL, node}, &closed_keys, &text))
		return;
	if (!hours_parse(arena_printf(&r->arena, "%s-24:00", text.by), at)) {
		complain(r, node_get(node, "by"), "'%s' is no time of day", text.by);
		advise(r, "write \"17:30\", or \"mon-fri 17:30\"");
		return;
	}
	at->to_min = at->from_min + 1;
	ret->by = (struct schedule){at, 1};
	if (type_wanted(r, node_get(node, "incident")) >= 0)
		ret->closed_type = text.incident;
}

/* The longest of its hours is shorter than `every`: it could never be missed. */
static void check_hours(struct reader *r, const struct entry *e, const struct watch_def *w)
{
	int64_t longest_min = 0;

	for (int i = 0; i < w->during.n; i++) {
		const struct hours *h = &w->during.at[i];
		int minutes = h->to_min - h->from_min + (h->to_min > h->from_min ? 0 : 1440);

		longest_min = minutes > longest_min ? minutes : longest_min;
	}
	if (!w->during.n || w->closed_type || w->every_ms <= longest_min * 60000)
		return;
	caution(r, node_get(e->body, "every"), "watch '%s' can never be missed: its hours are shorter than 'every'",
	        w->id);
	advise(r, "let 'every' fit into 'during'");
}

static void check_kind(struct reader *r, const struct entry *e, const struct watch_text *text)
{
	int n = !!text->sign + !!text->points + !!text->closed;

	if (n != 1) {
		complain(r, e->key, "watch '%s' needs one of 'sign_of_life', 'points' and 'closed'", e->key->text);
		return;
	}
	if (!text->closed && !text->watch.every_ms) {
		complain(r, e->key, "watch '%s' needs 'every'", e->key->text);
		advise(r, "every: 40m");
	} else if (text->closed && text->watch.every_ms) {
		complain(r, node_get(e->body, "every"), "'every' is of a sign; 'closed' has its time of day");
	}
	if (text->watch.remind_ms && text->watch.every_ms && text->watch.remind_ms >= text->watch.every_ms)
		complain(r, node_get(e->body, "remind"), "'remind' must be shorter than 'every'");
	if (text->watch.remind_ms && text->watch.who < 0)
		complain(r, node_get(e->body, "remind"), "'remind' needs 'who'");
}

static void read_watch(struct reader *r, const struct entry *e, struct watch_def *ret)
{
	struct watch_text text = {0};
	struct watch_point *one = arena_alloc(&r->plan->arena, sizeof *one);

	keys_read(r, e, &watch_keys, &text);
	*ret = text.watch;
	ret->id = arena_str(&r->plan->arena, e->key->text);
	ret->hazard = -1;
	if (!ret->title.in[0])
		ret->title = (struct text){{ret->id, ret->id}};
	if (text.during_also)
		read_while(r, text.during_also, ret);
	if (text.points) {
		read_points(r, e, text.points, ret);
	} else if (text.sign) {
		read_sign(r, e, text.sign, -1, one);
		one->id = "";
		ret->points = one;
		ret->n_points = 1;
	} else if (text.closed) {
		*one = (struct watch_point){.id = "", .sensor = -1};
		ret->points = one;
		ret->n_points = 1;
		read_closed(r, text.closed, ret);
	}
	check_kind(r, e, &text);
	check_hours(r, e, ret);
}

void watches_read(struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_WATCHES];
	struct watch_def *list = arena_alloc(&r->plan->arena, (size_t)(e->n + 1) * sizeof *list);

	r->playbook = -1;
	for (int i = 0; i < e->n; i++)
		read_watch(r, &e->at[i], &list[i]);
	r->plan->watches = list;
	r->plan->n_watches = e->n;
}

/* -- what a missed one raises -- */

static void complain_missed(struct reader *r, const struct node *at, const struct incident_type *t)
{
	if (t->self >= 0)
		complain(r, at, "'%s' is the alarm system's own", t->id);
	else if (t->per == PER_SENSOR)
		complain(r, at, "incident '%s' is per sensor, and a watch is none", t->id);
}

static void make_type(const char *id, enum severity severity, struct incident_type *ret)
{
	*ret = (struct incident_type){.id = id,
	                              .title = {{[LANG_ZH] = "未按时值守", [LANG_EN] = "Watch missed"}},
	                              .contacts = {{"", ""}},
	                              .hazard = HAZARD_OTHER,
	                              .per = PER_ZONE,
	                              .severity = severity,
	                              .playbook = -1,
	                              .remind_ms = severity == SEVERITY_CRITICAL ? 900000
	                                           : severity == SEVERITY_MAJOR  ? 3600000
	                                                                         : 4 * 3600000,
	                              .self = -1};
}

static int find_type(const struct incident_type *types, int n, const char *id)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(types[i].id, id))
			return i;
	return -1;
}

int watches_missed(struct reader *r, struct incident_type *types, int n)
{
	const struct entries *e = &r->sections[SECTION_WATCHES];

	for (int i = 0; i < r->plan->n_watches; i++) {
		struct watch_def *w = &((struct watch_def *)(void *)r->plan->watches)[i];
		const struct node *node = node_get(e->at[i].body, "missed"), *at = node_get(node, "incident");
		const struct node none = {.kind = NODE_MAP, .mark = e->at[i].key->mark};
		struct missed_text text = {0};

		keys_read(r, &(struct entry){NULL, node ? node : &none}, &missed_keys, &text);
		if (!text.incident)
			continue;
		if (self_from(text.incident) >= 0) {
			complain_missed(r, at, &(struct incident_type){.id = text.incident, .self = 0});
			continue;
		}
		w->type = find_type(types, n, text.incident);
		if (w->type < 0) {
			w->type = n;
			make_type(text.incident, text.severity, &types[n++]);
		} else if (at) {
			complain_missed(r, at, &types[w->type]);
		}
	}
	return n;
}
