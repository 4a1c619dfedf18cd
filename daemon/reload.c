/* reload.c - a new configuration while running: read once, checked in a child,
 * parsed from the same bytes, put in force; or the running one stays and says so. */
#include "answers.h"
#include "check.h"
#include "config.h"
#include "daemon.h"
#include "fault.h"
#include "log.h"
#include "perform.h"
#include "sysd.h"
#include "uplink.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reload {
	struct daemon *daemon;
	int64_t client;
	struct buf bundle;
	struct check check;
	bool is_checking;
	struct loop_watch *watch;
	struct loop_timer *limit;
};

static void reload_free(struct reload *r)
{
	loop_watch_free(r->watch);
	loop_timer_free(r->limit);
	if (r->is_checking)
		check_fini(&r->check);
	buf_fini(&r->bundle);
	free(r);
}

void reload_cancel(struct daemon *d)
{
	if (d->reload)
		reload_free(d->reload);
	d->reload = NULL;
}

/* -- the end of a reload -- */

static void log_lines(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len)
			log_at(LOG_ERR, "%.*s", (int)(len > 1000 ? 1000 : len), text);
		text += len + (text[len] == '\n');
	}
}

static void answer(struct reload *r, bool ok, const char *problems, const char *text)
{
	struct buf json = {0};

	json_open(&json, NULL, '{');
	json_bool(&json, "ok", ok);
	if (!ok)
		json_str(&json, "error", "broken");
	json_str(&json, "problems", problems && *problems ? problems : NULL);
	json_str(&json, "text", text);
	json_close(&json, '}');
	if (r->client)
		control_answer(r->daemon->control, r->client, buf_text(&json));
	buf_fini(&json);
}

/* What is wrong with the file, for those who are called: its first line says where. */
static void fault(struct daemon *d, const char *problems, const char *text)
{
	char what[256];

	snprintf(what, sizeof what, "%s: %.*s", text, problems ? (int)strcspn(problems, "\n") : 0,
	         problems ? problems : "");
	daemon_fault(d, SELF_PLAN_BROKEN, false, what);
	d->plan_is_broken = true;
}

static void finish(struct reload *r, bool ok, const char *problems, const char *text)
{
	struct daemon *d = r->daemon;
	struct buf line = {0};

	if (!ok)
		fault(d, problems, text);
	answer(r, ok, problems, text);
	log_at(ok ? LOG_NOTICE : LOG_ERR, "reload: %s", text);
	if (!ok && problems)
		log_lines(problems);
	answers_status_line(d, &line);
	if (!ok)
		buf_printf(&line, "; reload refused: %s", text);
	sysd_ready(buf_text(&line));
	buf_fini(&line);
	d->reload = NULL;
	reload_free(r);
	if (d->hangup_again) {
		d->hangup_again = false;
		reload_begin(d, 0);
	}
}

/* -- putting it in force -- */

void reload_keep_plans(struct daemon *d)
{
	for (const struct generation *g = d->newest; g; g = g->older)
		store_keep_plan(d->store, g->plan->hash, g->bundle, g->len);
}

static void remember(struct daemon *d, const struct generation *g)
{
	char path[sizeof d->run_dir + 16];

	snprintf(path, sizeof path, "%s/" CHECK_REMEMBERED, d->run_dir);
	check_remember(path, g->bundle, g->len);
}

void reload_use(struct daemon *d, struct generation *g)
{
	g->intake = intake_new(g->plan);
	if (g != d->newest) {
		g->older = d->newest;
		d->newest = g;
	}
	snprintf(d->receive.root, sizeof d->receive.root, "tocsin/%s/1/", g->plan->site);
	atomic_store(&d->receive.current, g);
	channels_use(d->channels, g->plan);
	store_keep_plan(d->store, g->plan->hash, g->bundle, g->len);
	store_last_good(d->store, g->bundle, g->len);
	remember(d, g);
}

/* Another may come to lie where it lay. */
static void forget_marks(struct batch *b, const struct generation *g)
{
	if (!b || b->marked != g)
		return;
	b->n_marks = 0;
	b->marked = NULL;
}

void reload_sweep(struct daemon *d)
{
	struct generation **link = &d->newest->older, *g;

	while ((g = *link)) {
		if (receive_uses(&d->receive, g) || engine_plan_used(d->engine, g->plan)) {
			link = &g->older;
			continue;
		}
		*link = g->older;
		forget_marks(d->flying, g);
		forget_marks(d->gathering, g);
		generation_free(g);
		malloc_trim(0);
	}
}

static void usable_again(struct daemon *d)
{
	if (d->plan_is_broken)
		daemon_fault(d, SELF_PLAN_BROKEN, true, "the configuration is usable again");
	d->plan_is_broken = false;
}

static void succeed(struct reload *r, const char *warnings, const char *said)
{
	struct buf text = {0};
	struct err err;
	int renewed = uplink_renew(r->daemon, &err);

	buf_str(&text, said);
	if (renewed)
		buf_str(&text, renewed > 0 ? "; the link to the broker is made anew with its new settings"
		                           : "; but the broker's password cannot be read, its link stays");
	finish(r, renewed >= 0, renewed < 0 ? err.text : warnings, buf_text(&text));
	buf_fini(&text);
}

static void apply(struct reload *r, struct plan *plan, const char *warnings)
{
	struct daemon *d = r->daemon;
	struct generation *g = generation_new(plan, buf_text(&r->bundle), r->bundle.len);
	struct event ev = {.kind = EVENT_PLAN};
	const struct intake_filter *filters;
	int n;

	reload_use(d, g);
	ev.plan.plan = plan;
	daemon_step(d, &ev);
	usable_again(d);
	filters = intake_filters(g->intake, &n);
	mqtt_refilter(d->mqtt, filters, n);
	perform_info(d);
	daemon_soon(d);
	succeed(r, warnings, "the new configuration is in force");
}

static void judge(struct reload *r, struct plan *plan, const char *problems)
{
	const struct plan *now = daemon_plan(r->daemon);

	if (!plan)
		finish(r, false, problems, "the new configuration is broken; the running one stays in force");
	else if (strcmp(plan->site, now->site) || strcmp(plan->store_path, now->store_path)) {
		plan_free(plan);
		finish(r, false, problems,
		       "site id and store path only change by a restart; the running configuration stays in "
		       "force");
	} else if (!strcmp(plan->hash, now->hash)) {
		plan_free(plan);
		usable_again(r->daemon);
		succeed(r, problems, "the file says what is in force already");
	} else
		apply(r, plan, problems);
}

/* -- checking -- */

static void on_checked(void *arg)
{
	struct reload *r = arg;
	struct buf problems = {0};
	struct plan *plan;
	struct err err = {0};
	int result;

	loop_watch_want(r->watch, 0);
	result = check_finish(&r->check, &err);
	if (result < 0) {
		finish(r, false, err.text,
		       "the new configuration could not be checked; the running one stays in force");
		return;
	}
	if (result > 0) {
		buf_str(&problems, buf_text(&r->check.problems));
		judge(r, NULL, buf_text(&problems));
	} else {
		plan = config_plan(buf_text(&r->bundle), r->bundle.len, &problems);
		judge(r, plan, buf_text(&problems));
	}
	buf_fini(&problems);
}

static void on_check_output(void *arg, unsigned ready)
{
	struct reload *r = arg;

	(void)ready;
	if (!check_read(&r->check))
		on_checked(r);
}

void reload_begin(struct daemon *d, int64_t client)
{
	struct reload *r;
	struct err err;

	if (d->reload) {
		d->hangup_again = true;
		return;
	}
	sysd_reloading();
	d->reload = r = xcalloc(1, sizeof *r);
	r->daemon = d;
	r->client = client;
	if (config_read(d->config_path, &r->bundle, &err) < 0 ||
	    check_start(&r->check, CHECK_ALL, buf_text(&r->bundle), r->bundle.len, &err) < 0) {
		finish(r, false, err.text,
		       "the configuration could not be read; the running one stays in force");
		return;
	}
	r->is_checking = true;
	r->watch = loop_watch(d->loop, r->check.out_fd, LOOP_READ, on_check_output, r);
	r->limit = loop_timer(d->loop, on_checked, r);
	loop_timer_in(r->limit, fault_patient(CHECK_LIMIT_MS));
}
