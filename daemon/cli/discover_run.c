/* discover_run.c - tocsin discover: listens at a broker for a while, then
 * prints. The broker's address comes from the site, the user never does: it
 * would take the daemon's session. */
#include "base/arena.h"
#include "base/text.h"
#include "cli.h"
#include "clock.h"
#include "config.h"
#include "discover.h"
#include "fault.h"
#include "listen.h"
#include "loop.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FOR_MS = 60000, FOR_MIN_MS = 100, FOR_MAX_MS = 24 * 3600 * 1000, LINK_MS = 10000 };

static const char default_file[] = "/etc/tocsin/tocsin.yaml";

struct listening {
	const struct cli *c;
	struct plan *site;
	struct discover *found;
	struct loop *loop;
	struct loop_timer *limit;
	struct listen *listen;
	int64_t for_ms;
	bool was_up;
	char *why; /* there is no link */
};

static void on_link(void *arg, bool is_up, const char *why)
{
	struct listening *l = arg;

	xreplace(&l->why, why);
	if (!is_up || l->was_up)
		return;
	l->was_up = true;
	loop_timer_in(l->limit, l->for_ms);
	if (!l->c->json)
		fprintf(stderr, "tocsin: listening for %lld s; Ctrl-C prints what was heard so far\n",
		        (long long)(l->for_ms + 999) / 1000);
}

static void on_message(void *arg, const struct heard *m)
{
	struct listening *l = arg;
	const struct discover_message message = {m->topic, m->payload, m->len, m->is_retained};

	discover_heard(l->found, &message, clock_steady_ms());
}

static void on_limit(void *arg)
{
	struct listening *l = arg;

	loop_stop(l->loop);
}

static void on_stop(void *arg, int signo)
{
	(void)signo;
	on_limit(arg);
}

/* -- before -- */

/* A file that is named must be good; without one there may be no site yet. */
static int read_site(struct listening *l, struct err *err)
{
	const char *path = l->c->n ? l->c->args[0] : default_file;
	struct buf bundle = {0}, problems = {0};

	if (config_read(path, &bundle, err) == 0) {
		l->site = config_plan(bundle.text, bundle.len, &problems);
		err_set(err, "%s is broken: `tocsin check %s` says where", path, path);
	}
	buf_fini(&bundle);
	buf_fini(&problems);
	return l->site || (!l->c->n && l->c->guard.broker) ? 0 : -1;
}

/* '#' does not cover topics that begin with '$'. */
static void set_filters(const struct cli *c, struct listen_config *ret)
{
	ret->filters[0] = "#";
	ret->filters[1] = "$oc/#";
	for (int i = 0; i < CLI_TOPICS && c->guard.topics[0]; i++)
		ret->filters[i] = c->guard.topics[i];
}

static int read_for(struct listening *l, struct err *err)
{
	const char *text = l->c->guard.for_time;

	l->for_ms = FOR_MS;
	if (text && (!duration_parse(text, &l->for_ms) || l->for_ms < FOR_MIN_MS || l->for_ms > FOR_MAX_MS))
		return err_set(err, "--for is a duration up to 24h, like 60s");
	return 0;
}

/* -- after -- */

static int print_json(const struct listening *l, const struct buf *yaml)
{
	struct buf out = {0};

	json_open(&out, NULL, '{');
	json_bool(&out, "ok", true);
	json_int(&out, "topics", discover_topics(l->found));
	json_str(&out, "yaml", buf_text(yaml));
	json_close(&out, '}');
	puts(buf_text(&out));
	buf_fini(&out);
	return CLI_DONE;
}

static int finish(const struct listening *l)
{
	struct buf out = {0};
	int n_dropped = listen_dropped(l->listen);

	if (!l->was_up)
		return cli_fail(l->c, CLI_UNREACHABLE, "unreachable",
		                l->why && *l->why ? l->why : "no answer");
	if (n_dropped)
		buf_printf(&out,
		           "# %d messages came too fast and were not read: listen again, with --topic\n",
		           n_dropped);
	discover_print(l->found, &out);
	if (l->c->json)
		return print_json(l, &out);
	fputs(buf_text(&out), stdout);
	buf_fini(&out);
	return CLI_DONE;
}

static int run(struct listening *l, const struct listen_config *link)
{
	struct err err;

	l->loop = loop_new();
	if (!l->loop)
		return cli_fail(l->c, CLI_UNREACHABLE, "unreachable", "the kernel gave no event descriptor");
	l->found = discover_new(l->site);
	l->limit = loop_timer(l->loop, on_limit, l);
	loop_timer_in(l->limit, fault_patient(LINK_MS));
	loop_signal(l->loop, SIGINT, on_stop, l);
	loop_signal(l->loop, SIGTERM, on_stop, l);
	l->listen = listen_new(l->loop, link, &err);
	if (!l->listen)
		return cli_fail(l->c, CLI_UNREACHABLE, "unreachable", err.text);
	loop_run(l->loop);
	return finish(l);
}

int discover_command(const struct cli *c)
{
	struct listening l = {.c = c};
	struct listen_config link = {
	    .name = "discover", .link = on_link, .message = on_message, .arg = &l, .is_qos0 = true};
	struct err err;
	int code;

	if (read_for(&l, &err) < 0)
		return cli_fail(c, CLI_USAGE, "usage", err.text);
	if (read_site(&l, &err) < 0)
		return cli_fail(c, CLI_REFUSED, "unreadable", err.text);
	if (l.site)
		link.broker = l.site->broker;
	if (listen_words(c, &link, &err) < 0)
		return cli_fail(c, CLI_USAGE, "usage", err.text);
	set_filters(c, &link);
	code = run(&l, &link);
	fflush(stdout);
	/* not back to main: the library's threads use what a return would tear down */
	_exit(code);
}
