#include "loop.h"

#include "base/arena.h"

#include <event2/event.h>
#include <stdlib.h>

enum { SIGNALS_MAX = 8, TIMER_MAX_MS = 1000 * 3600 };

struct signal_watch {
	struct event *event;
	void (*fn)(void *arg, int signo);
	void *arg;
};

struct loop {
	struct event_base *base;
	struct signal_watch signals[SIGNALS_MAX];
	int n_signals;
};

struct loop_watch {
	struct loop *loop;
	struct event *event;
	int fd;
	unsigned want;
	void (*fn)(void *arg, unsigned ready);
	void *arg;
};

struct loop_timer {
	struct event *event;
	void (*fn)(void *arg);
	void *arg;
};

struct loop *loop_new(void)
{
	struct event_base *base = event_base_new();
	struct loop *l;

	if (!base)
		return NULL;
	l = xcalloc(1, sizeof *l);
	l->base = base;
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	for (int i = 0; i < l->n_signals; i++)
		event_free(l->signals[i].event);
	event_base_free(l->base);
	free(l);
}

void loop_run(struct loop *l)
{
	event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void loop_stop(struct loop *l)
{
	event_base_loopbreak(l->base);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *w = arg;

	(void)fd;
	w->fn(w->arg, (what & EV_READ ? LOOP_READ : 0u) | (what & EV_WRITE ? LOOP_WRITE : 0u));
}

struct loop_watch *loop_watch(struct loop *l, int fd, unsigned want, void (*fn)(void *arg, unsigned ready),
                              void *arg)
{
	struct loop_watch *w = xcalloc(1, sizeof *w);

	*w = (struct loop_watch){.loop = l, .fd = fd, .fn = fn, .arg = arg};
	loop_watch_want(w, want);
	return w;
}

void loop_watch_want(struct loop_watch *w, unsigned want)
{
	short what = EV_PERSIST;

	if (want == w->want)
		return;
	w->want = want;
	if (w->event)
		event_free(w->event);
	w->event = NULL;
	if (!want)
		return;
	what |= want & LOOP_READ ? EV_READ : 0;
	what |= want & LOOP_WRITE ? EV_WRITE : 0;
	w->event = event_new(w->loop->base, w->fd, what, on_ready, w);
	if (!w->event || event_add(w->event, NULL) < 0)
		abort();
}

void loop_watch_free(struct loop_watch *w)
{
	if (!w)
		return;
	loop_watch_want(w, 0);
	free(w);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd;
	(void)what;
	t->fn(t->arg);
}

struct loop_timer *loop_timer(struct loop *l, void (*fn)(void *arg), void *arg)
{
	struct loop_timer *t = xcalloc(1, sizeof *t);

	*t = (struct loop_timer){.fn = fn, .arg = arg};
	t->event = event_new(l->base, -1, 0, on_timer, t);
	if (!t->event)
		abort();
	return t;
}

/* A far moment is cut to an hour: whoever armed it looks at the clock again. */
void loop_timer_in(struct loop_timer *t, int64_t in_ms)
{
	int64_t ms = in_ms < 0 ? 0 : in_ms > TIMER_MAX_MS ? TIMER_MAX_MS : in_ms;
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	if (event_add(t->event, &tv) < 0)
		abort();
}

void loop_timer_stop(struct loop_timer *t)
{
	event_del(t->event);
}

void loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	event_free(t->event);
	free(t);
}

static void on_signal(evutil_socket_t signo, short what, void *arg)
{
	struct signal_watch *s = arg;

	(void)what;
	s->fn(s->arg, signo);
}

void loop_signal(struct loop *l, int signo, void (*fn)(void *arg, int signo), void *arg)
{
	struct signal_watch *s = &l->signals[l->n_signals++];

	if (l->n_signals > SIGNALS_MAX)
		abort();
	*s = (struct signal_watch){.fn = fn, .arg = arg};
	s->event = evsignal_new(l->base, signo, on_signal, s);
	if (!s->event || event_add(s->event, NULL) < 0)
		abort();
}
