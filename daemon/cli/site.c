/* site.c - configuration without a daemon: check a site, begin a new one. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "cli.h"
#include "clock.h"
#include "config.h"
#include "language/keys.h"
#include "language/language.h"
#include "print.h"
#include "zoneinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What no interlock of its hazards stops is worth reading twice. */
static void passes(const struct actuator *a)
{
	const char *comma = "";

	printf("passes interlocks: %s (", a->id);
	for (int h = 0; h < HAZARD_COUNT; h++) {
		if (!(a->safe_in & 1u << h))
			continue;
		printf("%s%s", comma, hazard_name((enum hazard)h));
		comma = ", ";
	}
	puts(")");
}

static void summary(const struct plan *plan, const struct problems *problems)
{
	printf("%s: %d sensors, %d incident types, %d people, %d roles; %d warning%s\n", plan->site,
	       plan->n_sensors, plan->n_types, plan->n_people, plan->n_roles, problems->n,
	       problems->n == 1 ? "" : "s");
	for (int i = 0; i < plan->n_actuators; i++)
		if (plan->actuators[i].safe_in)
			passes(&plan->actuators[i]);
}

/* Below pages of warnings: that it is not good, and where to begin. */
static void verdict(const struct problems *problems)
{
	int n_errors = 0, first = -1;

	for (int i = 0; i < problems->n; i++) {
		n_errors += !problems->at[i].is_warning;
		if (first < 0 && !problems->at[i].is_warning)
			first = i;
	}
	printf("not usable: %d error%s, %d warning%s", n_errors, n_errors == 1 ? "" : "s", problems->n - n_errors,
	       problems->n - n_errors == 1 ? "" : "s");
	if (first >= 0)
		printf("; the first error: %s:%d:%d", problems->at[first].file, problems->at[first].line,
		       problems->at[first].col);
	puts("");
}

static void show(const struct cli *c, const struct problems *problems, const struct plan *plan)
{
	struct buf out = {0};

	if (c->json) {
		json_open(&out, NULL, '{');
		json_bool(&out, "ok", plan != NULL);
		struct buf list = {0};
		problems_json(problems, &list);
		json_raw(&out, "problems", buf_text(&list));
		buf_fini(&list);
		json_close(&out, '}');
		puts(buf_text(&out));
	} else {
		problems_print(problems, &out);
		print_lines(stdout, buf_text(&out));
		if (plan)
			summary(plan, problems);
		else if (problems->n_errors)
			verdict(problems);
	}
	buf_fini(&out);
}

/* The names of the machine's time zones: the third column of a table that comes with them. */
static struct strings zone_names(struct arena *arena)
{
	enum { ZONES_MAX = 1000 };
	struct strings ret = {0};
	const char **names = arena_alloc(arena, ZONES_MAX * sizeof *names);
	FILE *f = fopen("/usr/share/zoneinfo/zone1970.tab", "re");
	char row[512];

	ret.at = names;
	while (f && ret.n < ZONES_MAX && fgets(row, sizeof row, f)) {
		char *name = strchr(row, '\t');

		name = name && row[0] != '#' ? strchr(name + 1, '\t') : NULL;
		if (name)
			names[ret.n++] = arena_dup(arena, name + 1, strcspn(name + 1, "\t\n"));
	}
	if (f)
		fclose(f);
	return ret;
}

static void accuse_zone(const struct source *site, const char *zone, struct problems *problems)
{
	struct arena arena;
	struct accusation a = {.section = "site", .key = "timezone"};

	arena_init(&arena);
	a.text = arena_printf(&arena, "there is no time zone '%s' on this machine", zone);
	a.hint = "write a name such as Asia/Shanghai; is tzdata installed?";
	a.known = zone_names(&arena);
	language_accuse(site, &a, problems);
	arena_fini(&arena);
}

/* A plan has also a time zone, which only the machine knows. */
static struct plan *plan_of(const struct buf *bundle, struct arena *arena, struct problems *problems,
                            struct err *err)
{
	struct source *sources;
	int n;

	if (config_sources(bundle->text, bundle->len, arena, &sources, &n)) {
		err_set(err, "the file name cannot be used");
		return NULL;
	}
	struct plan *plan = language_read(sources, n, problems);
	if (plan && zoneinfo_read(plan->timezone, &plan->arena, &plan->tz, err)) {
		accuse_zone(&sources[0], plan->timezone, problems);
		err->text[0] = '\0';
		plan_free(plan);
		plan = NULL;
	}
	if (plan)
		config_gaps(plan, bundle->text, bundle->len, clock_wall_ms(), problems);
	if (plan)
		config_channels(plan, bundle->text, bundle->len, problems);
	if (plan && problems->n_errors) {
		plan_free(plan);
		plan = NULL;
	}
	return plan;
}

/* What a file may say, as its editor or its writer reads it. */
static int show_keys(const struct cli *c)
{
	struct buf out = {0};

	if (c->schema)
		schema_print(&out);
	else
		keys_print(&out);
	fputs(buf_text(&out), stdout);
	buf_fini(&out);
	return CLI_DONE;
}

int site_check(const struct cli *c)
{
	if (c->schema || c->keys)
		return show_keys(c);
	struct arena arena;
	struct buf bundle = {0};
	struct problems problems;
	struct plan *plan = NULL;
	struct err err = {0};

	arena_init(&arena);
	problems_init(&problems);
	if (!config_read(c->n ? c->args[0] : "/etc/tocsin/tocsin.yaml", &bundle, &err))
		plan = plan_of(&bundle, &arena, &problems, &err);
	if (*err.text)
		cli_fail(c, CLI_REFUSED, "unreadable", err.text);
	else
		show(c, &problems, plan);
	int code = plan ? CLI_DONE : CLI_REFUSED;
	plan_free(plan);
	problems_fini(&problems);
	buf_fini(&bundle);
	arena_fini(&arena);
	return code;
}

/* ------------------------------------------------------------------ init */

/* A name as an id: other characters become '-'. */
static void as_id(const char *name, const char *otherwise, char ret_id[65])
{
	size_t n = 0;

	for (; *name && n < 64; name++)
		ret_id[n++] = strspn((char[]){*name, 0},
		                     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
		                  ? *name
		                  : '-';
	ret_id[n] = '\0';
	if (!text_is_id(ret_id))
		snprintf(ret_id, 65, "%s", otherwise);
}

/* The person at the keyboard, also behind sudo. */
static const char *caller(void)
{
	const char *behind = geteuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *pw = behind && *behind ? getpwnam(behind) : getpwuid(getuid());

	return pw ? pw->pw_name : "me";
}

static void timezone_name(char ret_name[128])
{
	char link[PATH_MAX];
	ssize_t n = readlink("/etc/localtime", link, sizeof(link) - 1);

	snprintf(ret_name, 128, "UTC");
	if (n < 0)
		return;
	link[n] = '\0';
	const char *name = strstr(link, "/zoneinfo/");
	if (name && strlen(name) < 128)
		snprintf(ret_name, 128, "%.127s", name + strlen("/zoneinfo/"));
}

static void site_text(struct buf *out)
{
	char host[65] = "", site[65], person[65], zone[128];

	gethostname(host, sizeof(host) - 1);
	as_id(host, "site", site);
	as_id(caller(), "me", person);
	timezone_name(zone);
	buf_printf(
	    out,
	    "# tocsin: a first site. `man tocsin.yaml` has every key; `tocsin check` says what is wrong.\n"
	    "site: {id: %s, timezone: %s}\n",
	    site, zone);
	buf_str(out, "broker: {url: \"mqtt://127.0.0.1:1883\", user: tocsin, password: {file: "
	             "/etc/tocsin/broker.pw}}\n"
	             "languages: [zh, en]\n"
	             "include: [/usr/share/tocsin/playbooks/*.yaml, /usr/share/tocsin/profiles/*.yaml]\n"
	             "zones:\n"
	             "  hall: {name: {zh: 大厅, en: Hall}}\n"
	             "sensors:\n"
	             "  smoke-hall: {kind: smoke, zone: hall, profile: zigbee2mqtt, topic: "
	             "zigbee2mqtt/hall/smoke, value: /smoke}\n"
	             "people:\n");
	buf_printf(out, "  %s: {name: %s, user: %s, login: %s, language: en, channels: [page]}\n", person,
	           person, person, caller());
	buf_printf(out,
	           "roles:\n"
	           "  duty: {name: {zh: 值班, en: on duty}, holder: %s}\n"
	           "chains:\n"
	           "  life-safety: {levels: [{call: [duty], wait: 60s}]}\n",
	           person);
}

int site_init(const struct cli *c)
{
	const char *given = c->n ? c->args[0] : ".";
	char path[PATH_MAX];
	struct stat st;
	struct buf text = {0};
	struct err err = {0};
	bool is_dir = !stat(given, &st) && S_ISDIR(st.st_mode);

	if (snprintf(path, sizeof(path), "%s%s", given, is_dir ? "/tocsin.yaml" : "") >= (int)sizeof(path))
		return cli_fail(c, CLI_REFUSED, "too_long", "the path is too long");
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0) {
		err_set(&err, "%s: %s", path,
		        errno == EEXIST ? "there is one already; nothing was written" : strerror(errno));
		return cli_fail(c, CLI_REFUSED, "not_now", err.text);
	}
	site_text(&text);
	bool whole = write(fd, text.text, text.len) == (ssize_t)text.len;
	if (close(fd) || !whole) {
		unlink(path);
		return cli_fail(c, CLI_REFUSED, "not_now",
		                "the file could not be written; is the disk full?");
	}
	buf_fini(&text);
	if (c->json)
		printf("{\"ok\":true}\n");
	else
		printf("%s written. Next: tocsin check %s\n", path, path);
	return CLI_DONE;
}
