/* acl.c - tocsin acl: the broker's access list that a site needs, from its people, sensors and actuators.
 * Who is not in it may do nothing; nobody but the daemon may write what an actuator obeys. */
#include "base/arena.h"
#include "base/buf.h"
#include "cli.h"
#include "config.h"
#include "intake/intake.h"
#include "print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum who { DAEMON, PERSON, WATCHER, GATEWAY };

struct grant {
	const char *access, *topic;
};

struct user {
	const char *name, *what;
	enum who who;
	struct grant *grants;
	int n, cap;
};

struct acl {
	struct arena arena;
	const struct plan *plan;
	const char *root; /* with its slash */
	struct user *users;
	int n, cap;
	struct buf notes; /* lines for who reads the list */
};

/* What a person sees of the site, beside own pages and answers. */
static const char *const for_people[] = {"status", "info",       "names/#", "heartbeat",   "summary/#",
                                         "zone/#", "incident/#", "oncall",  "impairments", "event", NULL};
static const char *const for_auditors[] = {"audit/#", NULL};
static const char *const for_guards[] = {"status", "heartbeat", NULL};
/* Reads all of the site and writes nothing: a wall display, and `tocsin doctor --broker`. */
static const char *const for_consoles[] = {"#", NULL};

/* A gateway's user is the first level of its topics. These name it otherwise: each device is a client
 * of its own, or the level says nothing to anybody; or they write more than what sensors speak of. */
static const struct {
	const char *first, *user;
	int level; /* which level names the user, where `user` does not */
	const char *bridge, *answers;
} gateways[] = {
    {"tele", NULL, 2, NULL, "stat"},
    {"stat", NULL, 2, NULL, NULL},
    {"cmnd", NULL, 2, NULL, NULL},
    {"shellies", NULL, 2, NULL, NULL},
    {"zigbee2mqtt", NULL, 1, "bridge", NULL},
    {"application", "chirpstack", 1, NULL, NULL},
    {"v3", "ttn", 1, NULL, NULL},
    {"$oc", "huawei", 1, NULL, NULL},
    {"sys", "aliyun", 1, NULL, NULL},
    {"as", "aliyun", 1, NULL, NULL},
};

/* -- the list -- */

static bool is_plain(const char *topic)
{
	for (const char *p = topic; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			return false;
	size_t n = strlen(topic);
	return n && topic[0] != ' ' && topic[n - 1] != ' ';
}

static struct user *find(struct acl *a, const char *name)
{
	for (int i = 0; i < a->n; i++)
		if (!strcmp(a->users[i].name, name))
			return &a->users[i];
	return NULL;
}

static struct user *user_of(struct acl *a, const char *name, enum who who, const char *what)
{
	struct user *u = find(a, name);

	if (u)
		return u;
	if (a->n == a->cap) {
		a->cap = a->cap ? a->cap * 2 : 32;
		a->users = xrealloc(a->users, (size_t)a->cap * sizeof *a->users);
	}
	u = &a->users[a->n++];
	*u = (struct user){.name = name, .what = what, .who = who};
	return u;
}

static void allow(struct user *u, const char *access, const char *topic)
{
	for (int i = 0; i < u->n; i++)
		if (!strcmp(u->grants[i].access, access) && !strcmp(u->grants[i].topic, topic))
			return;
	if (u->n == u->cap) {
		u->cap = u->cap ? u->cap * 2 : 8;
		u->grants = xrealloc(u->grants, (size_t)u->cap * sizeof *u->grants);
	}
	u->grants[u->n++] = (struct grant){access, topic};
}

static void allow_below(struct acl *a, struct user *u, const char *const *topics)
{
	for (; *topics; topics++)
		allow(u, "read", arena_printf(&a->arena, "%s%s", a->root, *topics));
}

/* -- people -- */

static void add_person(struct acl *a, const struct person *p)
{
	for (int i = 0; i < p->users.n; i++) {
		struct user *u = user_of(a, p->users.at[i], PERSON, arena_printf(&a->arena, "person %s", p->id));

		allow(u, "read", arena_printf(&a->arena, "%spage/%s/#", a->root, p->id));
		allow_below(a, u, for_people);
	}
}

/* Its commands and answers are everybody's patterns; it needs no more. */
static void add_replies(struct acl *a, const struct channel *c)
{
	if (c->replies)
		user_of(a, c->replies, WATCHER, arena_printf(&a->arena, "hands on the replies of channel %s", c->id));
}

static void add_auditor(struct acl *a, int person)
{
	for (int i = 0; person >= 0 && i < a->plan->people[person].users.n; i++)
		allow_below(a, find(a, a->plan->people[person].users.at[i]), for_auditors);
}

/* Everybody who may come to hold the role, whoever holds it today. */
static void add_auditors(struct acl *a)
{
	int role = plan_role(a->plan, "auditor");

	for (int n = 0; role >= 0 && n < a->plan->n_roles; n++) {
		const struct role *r = &a->plan->roles[role];

		add_auditor(a, r->holder);
		add_auditor(a, r->deputy);
		for (int i = 0; r->roster && i < r->roster->n_rotation; i++)
			for (int k = 0; k < r->roster->rotation[i].n; k++)
				add_auditor(a, r->roster->rotation[i].at[k]);
		for (int i = 0; r->roster && i < r->roster->n_dates; i++)
			for (int k = 0; k < r->roster->dates[i].people.n; k++)
				add_auditor(a, r->roster->dates[i].people.at[k]);
		role = r->covered_by;
	}
}

/* -- sensors and actuators -- */

/* The first n levels of a topic, an empty first one not counted; "" when a wildcard stands among them. */
static const char *levels(struct acl *a, const char *topic, int n, const char **ret_last)
{
	const char *at = topic + (topic[0] == '/'), *last = at;

	for (int i = 0; i < n; i++) {
		last = at + (i && *at == '/');
		at = last + strcspn(last, "/");
	}
	*ret_last = arena_dup(&a->arena, last, (size_t)(at - last));
	return !**ret_last || strcspn(topic, "+#") < (size_t)(at - topic)
	           ? ""
	           : arena_dup(&a->arena, topic, (size_t)(at - topic));
}

struct gateway {
	const char *name;   /* NULL: it cannot be told */
	const char *prefix; /* what of the topics is its own */
	const char *bridge, *answers; /* what else it writes: below the prefix, beside it; or NULL */
};

static const char *as_user(struct acl *a, const char *level)
{
	char *name = arena_printf(&a->arena, "%.64s", level);

	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *p))
			*p = '-';
	const struct user *taken = find(a, name);
	return taken && taken->who != GATEWAY ? arena_printf(&a->arena, "%s-gateway", name) : name;
}

static struct gateway gateway_of(struct acl *a, const char *topic)
{
	const char *first, *last;
	struct gateway g = {0};

	g.prefix = levels(a, topic, 1, &first);
	last = first;
	for (size_t i = 0; *g.prefix && i < sizeof gateways / sizeof gateways[0]; i++) {
		if (strcmp(first, gateways[i].first) != 0)
			continue;
		if (gateways[i].level > 1)
			g.prefix = levels(a, topic, gateways[i].level, &last);
		if (gateways[i].bridge)
			g.bridge = arena_printf(&a->arena, "%s/%s/#", g.prefix, gateways[i].bridge);
		if (gateways[i].answers && *g.prefix)
			g.answers = arena_printf(&a->arena, "%s/%s/#", gateways[i].answers, last);
		if (gateways[i].user)
			last = gateways[i].user;
	}
	if (*g.prefix)
		g.name = as_user(a, last);
	return g;
}

static bool is_below(const char *topic, const char *prefix)
{
	size_t n = strlen(prefix);

	return !strncmp(topic, prefix, n) && topic[n] == '/';
}

/* Does the filter of a sensor take in a topic that an actuator obeys? */
static bool matches(const char *filter, const char *topic)
{
	while (*filter && strcmp(filter, "#") != 0) {
		size_t n = strcspn(filter, "/"), m = strcspn(topic, "/");

		if (!(n == 1 && *filter == '+') && (n != m || strncmp(filter, topic, n) != 0))
			return false;
		filter += n;
		topic += m;
		if (!strcmp(filter, "/#") && !*topic)
			return true;
		if (!*filter || !*topic)
			return !*filter && !*topic;
		filter++;
		topic++;
	}
	return *filter == '#';
}

static const struct actuator *obeys(const struct acl *a, const char *filter)
{
	for (int i = 0; i < a->plan->n_actuators; i++)
		if (matches(filter, a->plan->actuators[i].topic))
			return &a->plan->actuators[i];
	return NULL;
}

static bool has_actuators(const struct acl *a, const char *prefix)
{
	for (int i = 0; i < a->plan->n_actuators; i++)
		if (is_below(a->plan->actuators[i].topic, prefix))
			return true;
	return false;
}

static void write_topic(struct acl *a, struct user *u, const char *filter)
{
	const struct actuator *actuator = obeys(a, filter);

	if (actuator)
		buf_printf(&a->notes, "%s may not write %s: the actuator %s obeys a topic of it\n", u->name,
		           filter, actuator->id);
	else
		allow(u, "write", filter);
}

/* All below its prefix is a gateway's own, but where actuators listen there: then only what sensors say. */
static void add_sensor_topic(struct acl *a, const char *filter)
{
	struct gateway g = gateway_of(a, filter);
	const char *all;

	if (is_below(filter, arena_dup(&a->arena, a->root, strlen(a->root) - 1)))
		return; /* what the daemon itself says */
	if (!g.name || !is_plain(filter)) {
		buf_printf(&a->notes,
		           "nobody may write %s: it does not say whose it is. Give each device a user and a line\n",
		           is_plain(filter) ? filter : "a topic with a character that no list can have");
		return;
	}
	struct user *u = user_of(a, g.name, GATEWAY, arena_printf(&a->arena, "who publishes %s/...", g.prefix));
	all = arena_printf(&a->arena, "%s/#", g.prefix);
	allow(u, "read", all);
	if (strcmp(filter, g.prefix) != 0 && !has_actuators(a, g.prefix) && strcmp(g.prefix, "tocsin") != 0)
		allow(u, "write", all);
	else {
		write_topic(a, u, filter);
		if (g.bridge)
			write_topic(a, u, g.bridge);
	}
	if (g.answers)
		write_topic(a, u, g.answers);
}

static void add_actuator(struct acl *a, const char *daemon, const struct actuator *actuator)
{
	struct gateway g = gateway_of(a, actuator->topic);

	if (!is_plain(actuator->topic)) {
		buf_printf(&a->notes, "the topic of actuator %s has a character that no list can have\n",
		           actuator->id);
		return;
	}
	allow(find(a, daemon), "write", actuator->topic);
	if (g.name)
		allow(user_of(a, g.name, GATEWAY, arena_printf(&a->arena, "who obeys %s/...", g.prefix)), "read",
		      arena_printf(&a->arena, "%s/#", g.prefix));
}

static void add_things(struct acl *a, const char *daemon)
{
	struct intake *in = intake_new(a->plan);
	int n;
	const struct intake_filter *filters = intake_filters(in, &n);

	for (int i = 0; i < n; i++) {
		const char *filter = arena_str(&a->arena, filters[i].filter);
		const char *end = strchr(filter, '/');

		if (*filter == '$' && end && is_plain(filter)) /* # does not cover it */
			allow(find(a, daemon), "read",
			      arena_printf(&a->arena, "%.*s/#", (int)(end - filter), filter));
		add_sensor_topic(a, filter);
	}
	for (int i = 0; i < a->plan->n_actuators; i++)
		add_actuator(a, daemon, &a->plan->actuators[i]);
	intake_free(in);
}

/* A person of that name stays a person. */
static void add_watcher(struct acl *a, const char *name, const char *what, const char *const *topics)
{
	if (!find(a, name))
		allow_below(a, user_of(a, name, WATCHER, what), topics);
}

/* The daemon tells of itself there; Home Assistant reads the site and its devices, and speaks as its person. */
static void add_home_assistant(struct acl *a, const char *daemon)
{
	const struct home_assistant *h = &a->plan->home;

	if (!h->prefix || !is_plain(h->prefix))
		return;
	allow(find(a, daemon), "write",
	      arena_printf(&a->arena, "%s/device/tocsin-%s/config", h->prefix, a->plan->site));
	if (h->person < 0 || !a->plan->people[h->person].users.n)
		return;
	struct user *u = find(a, a->plan->people[h->person].users.at[0]);
	allow_below(a, u, for_consoles);
	allow(u, "read", arena_printf(&a->arena, "%s/#", h->prefix));
	write_topic(a, u, arena_printf(&a->arena, "%s/#", h->prefix));
}

static void make(struct acl *a, const struct plan *plan)
{
	const char *name = plan->broker.user ? plan->broker.user : "tocsin";

	arena_init(&a->arena);
	a->plan = plan;
	a->root = arena_printf(&a->arena, "tocsin/%s/1/", plan->site);
	struct user *u = user_of(a, name, DAEMON, "the daemon");
	allow(u, "readwrite", arena_printf(&a->arena, "%s#", a->root));
	allow(u, "read", "#");
	allow(u, "read", "$SYS/broker/publish/messages/dropped");
	for (int i = 0; i < plan->n_people; i++)
		add_person(a, &plan->people[i]);
	add_auditors(a);
	for (int i = 0; i < plan->n_channels; i++)
		add_replies(a, &plan->channels[i]);
	add_watcher(a, "console", "a wall display, tocsin doctor: reads all of the site", for_consoles);
	add_watcher(a, "guard", "tocsin guard on another host", for_guards);
	add_things(a, name);
	add_home_assistant(a, name);
}

static void fini(struct acl *a)
{
	for (int i = 0; i < a->n; i++)
		free(a->users[i].grants);
	free(a->users);
	buf_fini(&a->notes);
	arena_fini(&a->arena);
}

/* -- as mosquitto reads it -- */

static const char head[] =
    "# Who may do what on the broker of site %s: /etc/mosquitto/tocsin.acl, as `tocsin acl` writes it.\n"
    "# Write it again when people, sensors or actuators change. mosquitto drops what is not listed here,\n"
    "# and over MQTT 3.1.1 it drops it without a word.\n"
    "#\n"
    "# Users (one user is one connection):\n";

static const char patterns[] =
    "\n"
    "# Everybody: speak as oneself and nobody else, read one's own answers. The user name in the topic\n"
    "# proves to the daemon who acknowledged; it checks besides that the name is on its people list.\n"
    "pattern write %scmd/%%u/#\n"
    "pattern read %sresult/%%u\n";

static void print_notes(const struct acl *a, struct buf *out)
{
	const char *line = buf_text(&a->notes);

	if (*line)
		buf_str(out, "\n");
	for (size_t n; *line; line += n + 1) {
		n = strcspn(line, "\n");
		buf_printf(out, "# %.*s\n", (int)n, line);
	}
}

static void as_list(const struct acl *a, struct buf *out)
{
	buf_printf(out, head, a->plan->site);
	for (int i = 0; i < a->n; i++)
		buf_printf(out, "#   %-16s %s\n", a->users[i].name, a->users[i].what);
	print_notes(a, out);
	buf_printf(out, patterns, a->root, a->root);
	for (int i = 0; i < a->n; i++) {
		const struct user *u = &a->users[i];

		buf_printf(out, "\nuser %s\n", u->name);
		if (u->who == GATEWAY) /* a stolen sensor says nothing of tocsin's own, in no name */
			buf_printf(out, "topic deny %s#\n", a->root);
		for (int k = 0; k < u->n; k++)
			buf_printf(out, "topic %s %s\n", u->grants[k].access, u->grants[k].topic);
	}
}

static void as_json(const struct acl *a, struct buf *out)
{
	static const char *const words[] = {"daemon", "person", "watcher", "gateway"};

	json_open(out, NULL, '{');
	json_bool(out, "ok", true);
	json_open(out, "users", '[');
	for (int i = 0; i < a->n; i++) {
		json_open(out, NULL, '{');
		json_str(out, "user", a->users[i].name);
		json_str(out, "who", words[a->users[i].who]);
		json_open(out, "may", '[');
		for (int k = 0; k < a->users[i].n; k++) {
			json_open(out, NULL, '{');
			json_str(out, "access", a->users[i].grants[k].access);
			json_str(out, "topic", a->users[i].grants[k].topic);
			json_close(out, '}');
		}
		json_close(out, ']');
		json_close(out, '}');
	}
	json_close(out, ']');
	json_str(out, "notes", buf_text(&a->notes));
	json_close(out, '}');
	buf_char(out, '\n');
}

int acl_command(const struct cli *c)
{
	const char *path = c->n ? c->args[0] : "/etc/tocsin/tocsin.yaml";
	struct buf bundle = {0}, problems = {0}, out = {0};
	struct plan *plan = NULL;
	struct err err = {0};
	int code = CLI_DONE;

	if (config_read(path, &bundle, &err) == 0) {
		plan = config_plan(bundle.text, bundle.len, &problems);
		err_set(&err, "%s is broken: `tocsin check %s` says where", path, path);
	}
	if (plan) {
		struct acl a = {0};

		make(&a, plan);
		(c->json ? as_json : as_list)(&a, &out);
		fputs(buf_text(&out), stdout);
		fini(&a);
	} else {
		code = cli_fail(c, CLI_REFUSED, "unreadable", err.text);
	}
	plan_free(plan);
	buf_fini(&bundle);
	buf_fini(&problems);
	buf_fini(&out);
	return code;
}
