/* guard_run.c - tocsin guard: options in, sentences out: to the journal (or
 * stderr), as JSON lines, and to a program that reaches people. */
#include "answer.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/time.h"
#include "cli.h"
#include "clock.h"
#include "guard.h"
#include "listen.h"
#include "log.h"
#include "loop.h"
#include "runner.h"
#include "sysd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 500, PROGRAM_MS = 60000, AFTER_MIN_MS = 1000, WALL_MS_PER_S = 1000 };

struct run {
	const struct cli *c;
	struct loop *loop;
	struct runner *runner;
	struct guard *guard;
	struct loop_timer *look, *watchdog;
	char *why; /* the link is down, as it was last said; NULL: it is up */
};

/* Suspended time is nobody's silence. */
static int64_t now_ms(void)
{
	return clock_monotonic_us() / 1000;
}

static int64_t wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * WALL_MS_PER_S + t.tv_nsec / 1000000;
}

/* -- saying -- */

static void print_json(const struct guard_said *said)
{
	static const char *const words[] = {"alarm", "still", "over"};
	struct buf out = {0};

	json_open(&out, NULL, '{');
	json_int(&out, "v", 1);
	json_time(&out, "at", wall_ms());
	json_str(&out, "site", text_is_id(said->site) && strcmp(said->site, "-") ? said->site : NULL);
	json_str(&out, "trouble", guard_word(said->trouble));
	json_str(&out, "state", words[said->saying]);
	json_int(&out, "for_s", said->for_ms / 1000);
	json_str(&out, "zh", said->zh);
	json_str(&out, "en", said->en);
	json_close(&out, '}');
	puts(buf_text(&out));
	fflush(stdout);
	buf_fini(&out);
}

static void call_program(struct run *r, const struct guard_said *said)
{
	struct buf text = {0};
	const char *argv[] = {r->c->guard.program, NULL, NULL};
	struct runner_order order = {
	    .channel = "guard", .person = "", .is_life = true, .argv = argv, .timeout_ms = PROGRAM_MS};

	buf_printf(&text, "%s\n%s", said->zh, said->en);
	argv[1] = buf_text(&text);
	runner_run(r->runner, &order);
	buf_fini(&text);
}

static void on_program(void *arg, void *job, enum runner_end end, const char *why)
{
	struct run *r = arg;

	(void)job;
	if (end != RUNNER_OK)
		log_at(LOG_ALERT, "%s did not tell anybody: %s", r->c->guard.program, why);
}

static void on_said(void *arg, const struct guard_said *said)
{
	struct run *r = arg;
	int priority = said->saying == GUARD_OVER ? LOG_NOTICE : LOG_ALERT;

	log_at(priority, "%s", said->zh);
	log_at(priority, "%s", said->en);
	if (r->c->json)
		print_json(said);
	if (r->c->guard.program)
		call_program(r, said);
}

/* -- hearing -- */

static void on_link(void *arg, bool is_up, const char *why)
{
	struct run *r = arg;

	if (is_up)
		log_at(LOG_INFO, "listening at the broker");
	else if (!r->why || strcmp(r->why, why) != 0)
		log_at(LOG_WARNING, "no link to the broker: %s", why);
	free(r->why);
	r->why = is_up ? NULL : xstrdup(why);
	guard_link(r->guard, is_up, why, now_ms());
}

static void on_heartbeat(struct run *r, const char *site, const struct answer *json)
{
	struct guard_beat beat = {.epoch = answer_int(json, "epoch", 0),
	                          .n = answer_int(json, "n", 0),
	                          .at_ms = -1,
	                          .unacked = answer_int(json, "unacked", 0),
	                          .oldest_s = answer_int(json, "oldest_unacked_s", -1),
	                          .next_call_s = answer_int(json, "next_call_s", -1),
	                          .store = answer_str(json, "store")};

	if (!time_parse_rfc3339(answer_str(json, "at"), &beat.at_ms))
		beat.at_ms = -1;
	guard_beat(r->guard, site, &beat, wall_ms(), now_ms());
}

/* "tocsin/<site>/1/<topic>". Whoever may write on these topics may say anything:
 * what is no heartbeat is none, and a retained one is somebody's copy of an old one. */
static void on_message(void *arg, const struct heard *m)
{
	struct run *r = arg;
	static const char first[] = "tocsin/";
	bool is_one = !strncmp(m->topic, first, sizeof first - 1); /* else nobody asked for it */
	char *site = is_one ? m->topic + sizeof first - 1 : NULL, *topic = is_one ? strstr(site, "/1/") : NULL;
	struct answer *json;
	struct err err;

	if (!topic)
		return;
	*topic = 0;
	topic += strlen("/1/");
	if (!strcmp(topic, "status")) {
		guard_status(r->guard, site, m->payload, now_ms());
	} else if (!strcmp(topic, "heartbeat") && !m->is_retained &&
	           (json = answer_read(m->payload, m->len, &err))) {
		on_heartbeat(r, site, json);
		answer_free(json);
	}
	guard_look(r->guard, now_ms());
}

static void on_look(void *arg)
{
	struct run *r = arg;

	loop_timer_in(r->look, LOOK_MS);
	guard_look(r->guard, now_ms());
}

static void on_watchdog(void *arg)
{
	struct run *r = arg;

	loop_timer_in(r->watchdog, sysd_watchdog_ms());
	sysd_feed();
}

static void on_stop(void *arg, int signo)
{
	struct run *r = arg;

	(void)signo;
	loop_stop(r->loop);
}

/* -- options -- */

static int read_watch(const struct cli *c, struct guard_config *ret, struct err *err)
{
	*ret = (struct guard_config){.site = c->guard.site, .after_ms = GUARD_AFTER_MS, .say = on_said};
	if (ret->site && (!text_is_id(ret->site) || !strcmp(ret->site, "-")))
		return err_set(err, "--site is the id of a site, like plaza");
	if (c->guard.after &&
	    (!duration_parse(c->guard.after, &ret->after_ms) || ret->after_ms < AFTER_MIN_MS))
		return err_set(err, "--after is a duration, like 35s");
	if (c->guard.program && (c->guard.program[0] != '/' || access(c->guard.program, X_OK) < 0))
		return err_set(err, "--exec needs the full path of a program that can be run");
	return 0;
}

/* -- running -- */

static int run(struct run *r)
{
	int64_t watchdog_ms = sysd_watchdog_ms();
	int n_open;

	r->look = loop_timer(r->loop, on_look, r);
	loop_timer_in(r->look, LOOK_MS);
	if (watchdog_ms) {
		r->watchdog = loop_timer(r->loop, on_watchdog, r);
		loop_timer_in(r->watchdog, watchdog_ms);
	}
	loop_signal(r->loop, SIGTERM, on_stop, r);
	loop_signal(r->loop, SIGINT, on_stop, r);
	sysd_ready("listening");
	loop_run(r->loop);
	sysd_stopping();
	n_open = guard_open(r->guard);
	log_at(LOG_INFO, "stopped; alarms not over: %d", n_open);
	return n_open ? CLI_REFUSED : CLI_DONE;
}

int guard_command(const struct cli *c)
{
	struct run r = {.c = c};
	struct listen_config link = {.name = "guard", .link = on_link, .message = on_message, .arg = &r};
	char filters[2][96];
	struct guard_config watch;
	struct err err;

	log_open();
	if (read_watch(c, &watch, &err) < 0 || listen_words(c, &link, &err) < 0)
		return cli_fail(c, CLI_USAGE, "usage", err.text);
	for (int i = 0; i < 2; i++) {
		snprintf(filters[i], sizeof filters[i], "tocsin/%s/1/%s", watch.site ? watch.site : "+",
		         i ? "heartbeat" : "status");
		link.filters[i] = filters[i];
	}
	watch.arg = &r;
	r.loop = loop_new();
	if (!r.loop)
		return cli_fail(c, CLI_UNREACHABLE, "unreachable", "the kernel gave no event descriptor");
	r.runner = runner_open(r.loop, on_program, &r);
	r.guard = guard_new(&watch, now_ms());
	if (!listen_new(r.loop, &link, &err))
		return cli_fail(c, CLI_UNREACHABLE, "unreachable", err.text);
	/* not back to main: the library's threads use what a return would tear down */
	_exit(run(&r));
}
