/* start.c - the order of starting, and the same backwards. Data never keeps us
 * from starting: a broken file means the last good one, a broken store means
 * degraded. */
#include "answers.h"
#include "check.h"
#include "config.h"
#include "daemon.h"
#include "log.h"
#include "perform.h"
#include "queries.h"
#include "sysd.h"
#include "uplink.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IDS_GAP = 1000 };

/* -- directories -- */

/* systemd may name several, by colons: the first is ours. */
static void directory(const char *variable, const char *otherwise, char *ret, size_t cap)
{
	const char *value = getenv(variable);

	if (!value || !*value)
		value = otherwise;
	snprintf(ret, cap, "%.*s", (int)strcspn(value, ":"), value);
}

static void find_directories(struct daemon *d)
{
	directory("RUNTIME_DIRECTORY", "/run/tocsin", d->run_dir, sizeof d->run_dir);
	directory("STATE_DIRECTORY", "/var/lib/tocsin", d->state_dir, sizeof d->state_dir);
	if (mkdir(d->run_dir, 0755) < 0 && access(d->run_dir, W_OK) < 0)
		log_at(LOG_WARNING,
		       "the run directory %s cannot be written: no control socket, no poison guard",
		       d->run_dir);
}

/* -- the plan -- */

/* ret_status: what the start ends with if nothing else is accepted. A checking
 * program that could not run says nothing about the file: the next start may. */
static struct generation *accept_bundle(struct daemon *d, const struct buf *bundle, struct buf *problems,
                                        int *ret_status)
{
	struct check check = {.out_fd = -1};
	struct plan *plan = NULL;
	char path[sizeof d->run_dir + 16];
	struct err err;
	int result = 0;

	snprintf(path, sizeof path, "%s/" CHECK_REMEMBERED, d->run_dir);
	if (!check_is_remembered(path, buf_text(bundle), bundle->len))
		result = check_wait(&check, buf_text(bundle), bundle->len, &err);

	*ret_status = result < 0 ? EXIT_BUG : EXIT_NO_PLAN;
	if (result < 0)
		buf_printf(problems, "error: %s\n", err.text);
	else if (result > 0)
		buf_str(problems, buf_text(&check.problems));
	else
		plan = config_plan(buf_text(bundle), bundle->len, problems);
	check_fini(&check);
	return plan ? generation_new(plan, buf_text(bundle), bundle->len) : NULL;
}

/* The store beside which it lies may only be known from the broken file itself. */
static bool read_last_good(struct daemon *d, const struct buf *broken, struct buf *ret)
{
	char store[512], path[600], *slash;
	struct err err;

	if (config_store_path_guess(buf_text(broken), broken->len, store) && (slash = strrchr(store, '/'))) {
		snprintf(path, sizeof path, "%.*s/" STORE_LAST_GOOD, (int)(slash - store), store);
		if (config_slurp(path, CONFIG_BUNDLE_MAX + (1 << 20), ret, &err) == 0)
			return true;
	}
	buf_clear(ret);
	snprintf(path, sizeof path, "%.500s/" STORE_LAST_GOOD, d->state_dir);
	return config_slurp(path, CONFIG_BUNDLE_MAX + (1 << 20), ret, &err) == 0;
}

static void print_problems(const char *problems)
{
	fputs(problems, stderr);
}

static int load_plan(struct daemon *d)
{
	struct buf bundle = {0}, problems = {0}, ignored = {0};
	int status = EXIT_NO_PLAN, ignored_status;
	struct err err;

	if (config_read(d->config_path, &bundle, &err) < 0)
		buf_printf(&problems, "error: %s\n", err.text);
	else
		d->newest = accept_bundle(d, &bundle, &problems, &status);
	print_problems(buf_text(&problems));
	if (!d->newest) {
		struct buf kept = {0};

		d->plan_is_broken = read_last_good(d, &bundle, &kept);
		if (d->plan_is_broken)
			d->newest = accept_bundle(d, &kept, &ignored, &ignored_status);
		buf_fini(&kept);
	}
	buf_fini(&bundle);
	buf_fini(&problems);
	buf_fini(&ignored);
	if (d->newest)
		return 0;
	log_at(LOG_CRIT,
	       "no usable configuration: %s is broken or missing, and there is no last good one (tocsin "
	       "check %s says what to do)",
	       d->config_path, d->config_path);
	return status;
}

/* -- the store and what it remembers -- */

static void on_store_answer(void *arg)
{
	struct daemon *d = arg;

	inbox_put(d->inbox, inbox_item_new(INBOX_STORE), 0);
}

static const struct plan *plan_of(void *arg, const char *hash)
{
	struct daemon *d = arg;
	struct generation *g = generation_find(d->newest, hash);
	struct buf ignored = {0};
	struct plan *plan;
	char *bundle;
	size_t len;

	if (g)
		return g->plan;
	bundle = store_plan(d->store, hash, &len);
	plan = bundle ? config_plan(bundle, len, &ignored) : NULL;
	if (plan) {
		g = generation_new(plan, bundle, len);
		g->older = d->newest->older;
		d->newest->older = g;
	}
	buf_fini(&ignored);
	free(bundle);
	return plan;
}

static void restore(struct daemon *d, struct restored *restored)
{
	bool is_whole;

	store_restored(d->store, restored);
	clock_at_least(&d->clock, restored->at_ms);
	d->engine = engine_new(daemon_plan(d));
	is_whole = engine_restore(d->engine, restored->records, restored->n, plan_of, d) == 0;
	if (!engine_follows(d->engine, restored->seq) || !is_whole) /* of another row each turn would be refused for ever */
		daemon_fault_once(d, SELF_STORE_SET_ASIDE,
		                  "part of the saved state could not be read: check the open incidents");
	engine_ids_at_least(d->engine, restored->ids_side + (restored->seq ? 0 : IDS_GAP + 1));
	engine_ids_at_least(d->engine, spill_given(d->receive.spill).ids);
	d->ids_reserved = engine_ids_reserved(d->engine);
	d->head_seq = restored->seq;
	memcpy(d->head_hash, restored->head, sizeof d->head_hash);
}

static void read_boot_id(char ret[64])
{
	struct buf text = {0};
	struct err err;

	config_slurp("/proc/sys/kernel/random/boot_id", 63, &text, &err);
	snprintf(ret, 64, "%.*s", (int)strcspn(buf_text(&text), "\n"), buf_text(&text));
	buf_fini(&text);
}

static void step_started(struct daemon *d, const struct restored *restored)
{
	struct event ev = {.kind = EVENT_STARTED};
	char host[HOST_NAME_MAX + 1] = "", boot[64];
	int64_t now_ms = clock_now(&d->clock), given_epoch = spill_given(d->receive.spill).epoch;

	gethostname(host, sizeof host - 1);
	read_boot_id(boot);
	d->born_ms = now_ms;
	time_rfc3339(now_ms, d->started_text);
	ev.started.down_ms = restored->at_ms >= 0 ? now_ms - restored->at_ms : 0;
	ev.started.host = host;
	ev.started.boot = boot;
	ev.started.version = TOCSIN_VERSION;
	ev.started.epoch = (given_epoch > restored->epoch ? given_epoch : restored->epoch) + 1;
	daemon_step(d, &ev);
}

static void open_store(struct daemon *d, struct taken *ret_taken)
{
	const struct plan *plan = daemon_plan(d);
	enum store_open_result result;
	struct restored restored;
	struct err err = {0};

	d->store = store_open(plan->store_path, plan->site, on_store_answer, d, &result, &err);
	restore(d, &restored);
	step_started(d, &restored);
	*ret_taken = restored.taken;
	store_free_restored(&restored);
	if (result == STORE_UNUSABLE) {
		log_at(LOG_CRIT, "the store cannot be used, starting without it: %s", err.text);
		daemon_tell_store(d, STORE_FAILING);
	} else if (*err.text)
		daemon_fault_once(d, SELF_STORE_SET_ASIDE, err.text);
	if (d->plan_is_broken)
		daemon_fault(d, SELF_PLAN_BROKEN, false,
		             "the configuration is broken; the last good one is running");
}

/* -- the order -- */

static int open_control(struct daemon *d)
{
	const char *path = getenv("TOCSIN_SOCKET");
	int fd = sysd_listen_fd();
	char own[sizeof d->run_dir + 16];
	struct err err;

	snprintf(own, sizeof own, "%s/control.sock", d->run_dir);
	path = path ? path : own;
	if (fd < 0 && control_is_answered(path)) {
		log_at(LOG_CRIT, "another tocsind answers at %s: stop it first", path);
		return EXIT_BUG;
	}
	d->control = control_open(d->loop, path, fd, &err);
	if (!d->control)
		log_at(LOG_ERR, "no control socket: %s", err.text);
	return 0;
}

static void open_run_files(struct daemon *d)
{
	char path[sizeof d->run_dir + 16];

	snprintf(path, sizeof path, "%s/in-work", d->run_dir);
	d->poison = poison_open(path);
	snprintf(path, sizeof path, "%s/accepted", d->run_dir);
	d->receive.spill = spill_open(path);
}

static void step_spilled(void *arg, struct inbox_item *item)
{
	struct daemon *d = arg;

	if (!poison_is_set_aside(d->poison, poison_digest(item->message.topic, item->message.payload,
	                                                  item->message.len)))
		messages_step(d, item);
	inbox_item_free(item);
}

/* What was acknowledged while the store failed, and the process died before it was back. */
static void read_spilled(struct daemon *d, const struct taken *taken)
{
	int n;

	spill_begin(d->receive.spill, engine_epoch(d->engine));
	n = spill_each(d->receive.spill, taken, step_spilled, d);
	if (n)
		log_at(LOG_WARNING, "%d messages accepted while the store failed are read again", n);
}

static int open_basics(struct daemon *d)
{
	d->step_fd = -1;
	d->posted_end = &d->posted;
	d->role = ROLE_LEADING;
	clock_open(&d->clock);
	d->loop = loop_new();
	d->inbox = inbox_new(INBOX_CAP);
	d->gathering = batch_new();
	if (d->loop && d->inbox)
		return 0;
	log_at(LOG_CRIT, "the kernel gave no event descriptor");
	return EXIT_BUG;
}

int daemon_start(struct daemon *d)
{
	const struct channels_out out = {
	    .outcome = perform_channel_outcome, .publish = perform_channel_publish, .arg = d};
	struct buf line = {0};
	struct taken taken;
	int status;

	find_directories(d);
	if ((status = open_basics(d)) || (status = load_plan(d)) || (status = open_control(d)))
		return status;
	open_run_files(d);
	timers_start(d);
	d->receive.inbox = d->inbox;
	d->receive.poison = d->poison;
	d->channels = channels_new(d->loop, &out);
	open_store(d, &taken);
	reload_use(d, d->newest);
	if ((status = uplink_open(d)))
		return status;
	perform_info(d);
	read_spilled(d, &taken);
	daemon_turn(d);
	if (d->control)
		control_on_ask(d->control, answers_ask, d);
	mqtt_start(d->mqtt);
	answers_status_line(d, &line);
	sysd_ready(buf_text(&line));
	log_at(LOG_INFO, "tocsin %s started: site %s, %s", TOCSIN_VERSION, daemon_plan(d)->site,
	       buf_text(&line));
	buf_fini(&line);
	return 0;
}

/* -- and back -- */

/* What arrives from now on is not acknowledged any more; what was let in
 * before is still stored. */
static void drain(struct daemon *d)
{
	atomic_store(&d->receive.closed, true);
	daemon_soon(d);
	if (!d->has_given_up)
		loop_run(d->loop);
	inbox_refuse_waits(d->inbox, true);
}

static void free_turns(struct daemon *d)
{
	struct posted *p;
	struct resend *r;

	while ((p = d->posted)) {
		d->posted = p->next;
		arena_fini(&p->arena);
		free(p);
	}
	while ((r = d->resends)) {
		d->resends = r->next;
		free(r);
	}
	queries_free(d);
	batch_free(d->flying);
	batch_free(d->gathering);
}

/* Cut: nothing is said any more, the broker tells the will. Paho's threads may
 * still be in a callback: what they use (inbox, receive, generations, poison
 * and spill file) stays until the process ends. */
void daemon_end(struct daemon *d)
{
	if (d->role != ROLE_LEADING)
		return;
	drain(d);
	reload_cancel(d);
	poison_clear(d->poison);
	if (!store_close(d->store) || d->has_given_up)
		return;
	control_close(d->control);
	channels_free(d->channels);
	timers_free(d);
	free_turns(d);
	engine_free(d->engine);
	loop_free(d->loop);
}
