/* timers.c - what wakes the loop beside messages: due times, a late store, the
 * heartbeat, the watchdog, a stepped clock, signals. */
#include "answers.h"
#include "daemon.h"
#include "fault.h"
#include "log.h"
#include "perform.h"
#include "spare.h"
#include "sysd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { JOURNAL_HEAD_MS = 3600 * 1000, STOP_LIMIT_MS = 5000, STORE_HANGS_MS = 5000 };

static void on_turn(void *arg)
{
	daemon_turn(arg);
}

static void on_inbox(void *arg, unsigned ready)
{
	(void)ready;
	daemon_turn(arg);
}

static void on_late(void *arg)
{
	struct daemon *d = arg;

	if (!d->flying || d->store_state == STORE_FAILING || !GUARD(late))
		return;
	if (d->store_state == STORE_LATE) { /* it hangs, and says nothing */
		daemon_tell_store(d, STORE_FAILING);
	} else {
		d->store_lates++;
		daemon_tell_store(d, STORE_LATE);
		loop_timer_in(d->late, STORE_HANGS_MS);
	}
	daemon_turn(d);
}

/* -- the clock -- */

static void look_at_clock(struct daemon *d)
{
	int64_t step_ms = clock_step(&d->clock);
	struct event ev = {.kind = EVENT_CLOCK, .clock_ms = step_ms};
	char what[160];

	if (!step_ms)
		return;
	if (step_ms > 0)
		daemon_step(d, &ev);
	snprintf(what, sizeof what, "the wall clock was set %s by %lld s: %s",
	         step_ms > 0 ? "forward" : "back", (long long)(step_ms > 0 ? step_ms : -step_ms) / 1000,
	         step_ms > 0 ? "times were moved along" : "site time goes on as it was until the next start");
	daemon_fault_once(d, SELF_CLOCK_STEP, what);
}

static void on_clock_set(void *arg, unsigned ready)
{
	struct daemon *d = arg;

	(void)ready;
	clock_watch_again(d->step_fd);
	look_at_clock(d);
	daemon_turn(d);
}

/* -- every 10 s -- */

static void judge(struct daemon *d, enum self self, bool *is_open, bool is_bad, const char *what)
{
	if (is_bad == *is_open)
		return;
	*is_open = is_bad;
	daemon_fault(d, self, !is_bad, what);
}

static void look_at_means(struct daemon *d)
{
	long long lost = log_lost();

	judge(d, SELF_DISK_LOW, &d->disk_is_low, store_disk_is_low(d->store),
	      "less than a tenth of the disk that holds the store is free: make room");
	judge(d, SELF_DESCRIPTORS_LOW, &d->descriptors_are_low, spare_is_low(),
	      "file descriptors are used up but for those kept for store and broker: who fills the control "
	      "socket?");
	judge(d, SELF_LOG_LOST, &d->log_is_lossy, lost > d->log_lost,
	      "the journal, or who reads the log, does not take it: lines are lost");
	d->log_lost = lost;
}

static void head_to_journal(struct daemon *d)
{
	int64_t up_ms = clock_up_ms(&d->clock);

	if (!d->head_seq || up_ms - d->journal_head_ms < JOURNAL_HEAD_MS)
		return;
	d->journal_head_ms = up_ms;
	log_at(LOG_INFO, "audit head %lld:%s", (long long)d->head_seq, d->head_hash);
}

static int64_t heartbeat_ms(void)
{
	const char *ms = fault_arg("heartbeat-ms");

	return ms ? strtoll(ms, NULL, 10) : HEARTBEAT_MS;
}

static void on_heartbeat(void *arg)
{
	struct daemon *d = arg;
	struct buf line = {0};

	while (fault_on("loop-hold"))
		usleep(10000);
	loop_timer_in(d->heartbeat, heartbeat_ms());
	look_at_clock(d);
	look_at_means(d);
	health_beat(d, heartbeat_ms());
	daemon_turn(d);
	perform_heartbeat(d);
	answers_status_line(d, &line);
	sysd_status(buf_text(&line));
	buf_fini(&line);
	head_to_journal(d);
	reload_sweep(d);
}

/* Fed by a loop that turns, unless a message has been in the callback too long;
 * a late store is no reason to stop. */
static void on_watchdog(void *arg)
{
	struct daemon *d = arg;

	loop_timer_in(d->watchdog, sysd_watchdog_ms());
	if (!receive_is_stuck(&d->receive, clock_steady_ms()))
		sysd_feed();
}

/* -- signals -- */

static void on_stop_limit(void *arg)
{
	struct daemon *d = arg;

	d->has_given_up = true;
	log_at(LOG_WARNING, "stopping although the store has not taken everything");
	loop_stop(d->loop);
}

static void on_stop(void *arg, int signo)
{
	struct daemon *d = arg;

	(void)signo;
	if (d->is_stopping) /* and its time runs */
		return;
	sysd_stopping();
	loop_timer_in(d->stop_limit, fault_ms("stop-limit-ms", STOP_LIMIT_MS));
	daemon_stop(d);
}

static void on_hangup(void *arg, int signo)
{
	(void)signo;
	reload_begin(arg, 0);
}

void timers_start(struct daemon *d)
{
	int64_t watchdog_ms = sysd_watchdog_ms();

	d->inbox_watch = loop_watch(d->loop, inbox_fd(d->inbox), LOOP_READ, on_inbox, d);
	d->step_fd = clock_watch_fd();
	if (d->step_fd >= 0)
		d->step_watch = loop_watch(d->loop, d->step_fd, LOOP_READ, on_clock_set, d);
	d->due = loop_timer(d->loop, on_turn, d);
	d->soon = loop_timer(d->loop, on_turn, d);
	d->late = loop_timer(d->loop, on_late, d);
	d->heartbeat = loop_timer(d->loop, on_heartbeat, d);
	loop_timer_in(d->heartbeat, heartbeat_ms());
	d->watchdog = loop_timer(d->loop, on_watchdog, d);
	if (watchdog_ms)
		loop_timer_in(d->watchdog, watchdog_ms);
	d->stop_limit = loop_timer(d->loop, on_stop_limit, d);
	loop_signal(d->loop, SIGTERM, on_stop, d);
	loop_signal(d->loop, SIGINT, on_stop, d);
	loop_signal(d->loop, SIGHUP, on_hangup, d);
}

void timers_free(struct daemon *d)
{
	struct loop_timer *timers[] = {d->due, d->soon, d->late, d->heartbeat, d->watchdog, d->stop_limit};

	for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++)
		loop_timer_free(timers[i]);
	loop_watch_free(d->inbox_watch);
	loop_watch_free(d->step_watch);
	if (d->step_fd >= 0)
		close(d->step_fd);
}
