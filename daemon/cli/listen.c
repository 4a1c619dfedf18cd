#include "listen.h"

#include "base/arena.h"
#include "clock.h"
#include "fault.h"
#include "mqtt_line.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	CONNECT_LIMIT_MS = 20000,
	SUBSCRIBE_LIMIT_MS = 10000,
	STEADY_MS = 30000,
	LOOK_MS = 1000,
	WAITING_MAX = 20000, /* messages; the newest are dropped */
	WAITING_BYTES = 64 << 20,
};

enum news_kind {
	NEWS_CONNECTED,
	NEWS_FAILED,
	NEWS_LOST,
	NEWS_SUBSCRIBED,
	NEWS_REFUSED,
	NEWS_MESSAGE
};

/* What the library's threads told, on its way to the loop. */
struct news {
	struct news *next;
	enum news_kind kind;
	unsigned attempt; /* or round */
	enum connect_failure failure;
	char *text; /* why, or the topic; owned */
	char *payload;
	size_t len;
	bool is_retained;
};

enum phase { PHASE_IDLE, PHASE_CONNECTING, PHASE_SUBSCRIBING, PHASE_UP };

struct listen {
	struct listen_config config;
	struct loop_timer *timer;
	struct line *line;
	struct sub subs[LISTEN_FILTERS];
	int n_subs;
	char client_id[160];
	int fd;

	pthread_mutex_t lock;
	struct news *news, **news_end;
	int n_messages, n_dropped;
	size_t n_bytes;

	/* loop only */
	enum phase phase;
	int64_t until_ms;
	unsigned attempt;
	struct mqtt_policy policy;
};

/* -- the library's threads -- */

static void put(struct listen *l, struct news news, const char *text)
{
	struct news *n = xmalloc(sizeof *n);
	uint64_t one = 1;
	bool fits;

	*n = news;
	n->text = xstrdup(text);
	pthread_mutex_lock(&l->lock);
	fits = n->kind != NEWS_MESSAGE || (l->n_messages < WAITING_MAX && l->n_bytes + n->len <= WAITING_BYTES);
	l->n_dropped += !fits;
	if (fits) {
		l->n_messages += n->kind == NEWS_MESSAGE;
		l->n_bytes += n->len;
		*l->news_end = n;
		l->news_end = &n->next;
	}
	pthread_mutex_unlock(&l->lock);
	if (!fits) {
		free(n->text);
		free(n->payload);
		free(n);
	} else if (write(l->fd, &one, sizeof one) < 0) {
		return; /* full: it is awake */
	}
}

static void on_connected(void *arg, unsigned attempt, const struct line_limits *limits)
{
	(void)limits;
	put(arg, (struct news){.kind = NEWS_CONNECTED, .attempt = attempt}, "");
}

static void on_failed(void *arg, unsigned attempt, enum connect_failure failure, const char *why)
{
	put(arg, (struct news){.kind = NEWS_FAILED, .attempt = attempt, .failure = failure}, why);
}

static void on_lost(void *arg, const char *why)
{
	put(arg, (struct news){.kind = NEWS_LOST}, why);
}

/* `lost` follows and says so. */
static void on_taken_over(void *arg)
{
	(void)arg;
}

static void on_subscribed(void *arg, unsigned round, int first, int n, const int *codes)
{
	bool is_refused = !codes;

	(void)first;
	for (int i = 0; codes && i < n; i++)
		is_refused |= codes[i] >= 0x80;
	put(arg,
	    (struct news){.kind = is_refused ? NEWS_REFUSED : NEWS_SUBSCRIBED, .attempt = round},
	    "the broker refuses to let this user listen");
}

static void on_answered(void *arg, uint64_t number, bool ok, const char *why)
{
	(void)arg;
	(void)number;
	(void)ok;
	(void)why;
}

static void on_message(void *arg, const struct message *m)
{
	char *payload = xmalloc(m->len + 1);

	memcpy(payload, m->payload, m->len + 1);
	put(arg,
	    (struct news){
	        .kind = NEWS_MESSAGE, .payload = payload, .len = m->len, .is_retained = m->retained},
	    m->topic);
}

/* -- the loop's thread -- */

static void set_phase(struct listen *l, enum phase phase, int64_t for_ms)
{
	l->phase = phase;
	l->until_ms = clock_steady_ms() + for_ms;
}

static void go_down(struct listen *l, const char *why)
{
	set_phase(l, PHASE_IDLE, mqtt_policy_wait_ms(&l->policy));
	l->config.link(l->config.arg, false, why);
}

static void begin_connect(struct listen *l)
{
	struct err err;

	set_phase(l, PHASE_CONNECTING, fault_patient(CONNECT_LIMIT_MS));
	if (line_connect(l->line, l->policy.version, ++l->attempt, &err) != 0)
		go_down(l, err.text);
}

static void connected(struct listen *l)
{
	set_phase(l, PHASE_SUBSCRIBING, fault_patient(SUBSCRIBE_LIMIT_MS));
	line_subscribe(l->line, l->subs, 0, l->n_subs, l->attempt); /* refused: `lost` follows */
}

/* Connected, but useless. */
static void give_up(struct listen *l, const char *why)
{
	line_goodbye(l->line);
	go_down(l, why);
}

static void deliver(struct listen *l, const struct news *n)
{
	const struct heard heard = {n->text, n->payload, n->len, n->is_retained};

	l->config.message(l->config.arg, &heard);
}

static void take(struct listen *l, struct news *n)
{
	bool is_now = n->attempt == l->attempt;

	switch (n->kind) {
	case NEWS_CONNECTED:
		if (is_now && l->phase == PHASE_CONNECTING)
			connected(l);
		break;
	case NEWS_FAILED:
		if (is_now && l->phase == PHASE_CONNECTING) {
			mqtt_policy_failed(&l->policy, n->failure);
			go_down(l, n->text);
		}
		break;
	case NEWS_LOST:
		if (l->phase != PHASE_IDLE) {
			mqtt_policy_lost(&l->policy);
			go_down(l, n->text);
		}
		break;
	case NEWS_SUBSCRIBED:
		if (is_now && l->phase == PHASE_SUBSCRIBING) {
			set_phase(l, PHASE_UP, STEADY_MS);
			l->config.link(l->config.arg, true, "");
		}
		break;
	case NEWS_REFUSED:
		if (is_now && l->phase == PHASE_SUBSCRIBING)
			give_up(l, n->text);
		break;
	case NEWS_MESSAGE:
		deliver(l, n);
		break;
	}
}

static void on_news(void *arg, unsigned ready)
{
	struct listen *l = arg;
	struct news *n, *next;
	uint64_t count;

	(void)ready;
	if (read(l->fd, &count, sizeof count) < 0)
		return;
	pthread_mutex_lock(&l->lock);
	n = l->news;
	l->news = NULL;
	l->news_end = &l->news;
	l->n_messages = 0;
	l->n_bytes = 0;
	pthread_mutex_unlock(&l->lock);
	for (; n; n = next) {
		next = n->next;
		take(l, n);
		free(n->text);
		free(n->payload);
		free(n);
	}
}

static void on_look(void *arg)
{
	struct listen *l = arg;

	loop_timer_in(l->timer, LOOK_MS);
	if (clock_steady_ms() < l->until_ms)
		return;
	switch (l->phase) {
	case PHASE_IDLE:
		begin_connect(l);
		break;
	case PHASE_CONNECTING:
		mqtt_policy_failed(&l->policy, CONNECT_FAILED);
		go_down(l, "no answer to the connection attempt");
		break;
	case PHASE_SUBSCRIBING:
		give_up(l, "the broker does not answer SUBSCRIBE");
		break;
	case PHASE_UP:
		mqtt_policy_steady(&l->policy);
		break;
	}
}

static void set_names(struct listen *l)
{
	char host[65] = "";

	gethostname(host, sizeof host - 1);
	snprintf(l->client_id, sizeof l->client_id, "tocsin-%s-%s", l->config.name, host);
	for (; l->n_subs < LISTEN_FILTERS && l->config.filters[l->n_subs]; l->n_subs++)
		l->subs[l->n_subs] = (struct sub){.filter = (char *)l->config.filters[l->n_subs],
		                                    .qos = !l->config.is_qos0};
}

struct listen *listen_new(struct loop *loop, const struct listen_config *config, struct err *err)
{
	struct listen *l = xcalloc(1, sizeof *l);
	const struct line_events events = {on_connected,  on_failed,   on_lost,    on_taken_over,
	                                   on_subscribed, on_answered, on_message, l};
	struct line_config line;

	l->config = *config;
	l->news_end = &l->news;
	l->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	pthread_mutex_init(&l->lock, NULL);
	set_names(l);
	mqtt_policy_init(&l->policy, config->broker.version, l->client_id);
	line = (struct line_config){
	    .broker = &l->config.broker, .password = config->password, .client_id = l->client_id};
	if (l->fd < 0)
		err_set(err, "the kernel gave no event descriptor");
	else
		l->line = line_new(&line, &events, err);
	if (!l->line) {
		free(l);
		return NULL;
	}
	loop_watch(loop, l->fd, LOOP_READ, on_news, l);
	l->timer = loop_timer(loop, on_look, l);
	loop_timer_in(l->timer, 0);
	return l;
}

int listen_dropped(struct listen *l)
{
	int n;

	pthread_mutex_lock(&l->lock);
	n = l->n_dropped;
	pthread_mutex_unlock(&l->lock);
	return n;
}
