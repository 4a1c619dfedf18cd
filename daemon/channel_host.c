/* channel_host.c - what a channel's plugin may call: the host of one slot. */
#include "channel_slot.h"

#include "log.h"

#include <stdlib.h>

static void watched_free(struct watched *w)
{
	LIST_REMOVE(w, entry);
	loop_watch_free(w->watch);
	free(w);
}

static void host_log(void *host, int priority, const char *text)
{
	const struct slot *s = host;

	log_at(priority, "channel %s: %s", s->id, text);
}

static void host_done(void *host, void *job, enum plugin_outcome outcome, const char *why)
{
	static const enum outcome outcomes[] = {[PLUGIN_SENT] = OUTCOME_SENT,
	                                        [PLUGIN_DELIVERED] = OUTCOME_DELIVERED,
	                                        [PLUGIN_FAILED] = OUTCOME_FAILED};

	(void)host;
	job_answered(job, outcomes[outcome], why);
}

static void host_later(void *host, void *job, int64_t in_ms, const char *why)
{
	(void)host;
	job_later(job, in_ms, why ? why : "failed for now");
}

static void on_watched(void *arg, unsigned ready)
{
	struct watched *w = arg;

	w->fn(w->arg, w->fd, ready);
}

static void host_watch_fd(void *host, int fd, unsigned want, void (*fn)(void *arg, int fd, unsigned ready),
                          void *arg)
{
	struct slot *s = host;
	struct watched *w;

	LIST_FOREACH(w, &s->watched, entry)
	if (w->fd == fd)
		break;
	if (w)
		watched_free(w);
	if (!want)
		return;
	w = xcalloc(1, sizeof *w);
	*w = (struct watched){.slot = s, .fd = fd, .fn = fn, .arg = arg};
	LIST_INSERT_HEAD(&s->watched, w, entry);
	w->watch = loop_watch(s->channels->loop, fd, want, on_watched, w);
}

static void on_timer(void *arg)
{
	struct slot *s = arg;

	s->timer_fn(s->timer_arg);
}

static void host_timer(void *host, int64_t in_ms, void (*fn)(void *arg), void *arg)
{
	struct slot *s = host;

	s->timer_fn = fn;
	s->timer_arg = arg;
	if (in_ms < 0)
		loop_timer_stop(s->timer);
	else
		loop_timer_in(s->timer, in_ms);
}

static void host_publish(void *host, void *job, const char *topic, const char *payload,
                         const char *payload_again, int64_t expiry_ms, int is_life)
{
	struct slot *s = host;
	struct job *j = job;
	struct channel_publish p = {.topic = topic,
	                            .payload = payload,
	                            .payload_again = payload_again,
	                            .expiry_ms = expiry_ms,
	                            .is_life = is_life};

	if (j) {
		p.token = j->number * 2 + 1;
		j->n_publishes++;
	}
	s->channels->out.publish(s->channels->out.arg, &p);
}

static int host_journal(void *host, const char *const *fields)
{
	(void)host;
	return log_fields(fields);
}

static void host_spawn(void *host, void *job, const char *const *argv, const char *input, int64_t timeout_ms)
{
	struct slot *s = host;
	const struct job *j = job;
	const struct runner_order order = {.job = job,
	                                   .channel = s->id,
	                                   .person = j->view.person,
	                                   .is_life = j->view.is_life,
	                                   .argv = argv,
	                                   .input = input,
	                                   .timeout_ms = timeout_ms};

	runner_run(s->channels->runner, &order);
}

void slot_host(struct slot *s)
{
	s->host = (struct plugin_host){.size = sizeof s->host,
	                               .host = s,
	                               .log = host_log,
	                               .done = host_done,
	                               .later = host_later,
	                               .publish = host_publish,
	                               .watch_fd = host_watch_fd,
	                               .timer = host_timer,
	                               .journal = host_journal,
	                               .spawn = host_spawn};
	LIST_INIT(&s->watched);
	s->timer = loop_timer(s->channels->loop, on_timer, s);
}

void slot_watch_nothing(struct slot *s)
{
	struct watched *w;

	while ((w = LIST_FIRST(&s->watched)))
		watched_free(w);
}
