/* mqtt_owner.c - mqtt.h as its owner sees it: nothing here blocks but
 * mqtt_stop. */
#include "mqtt_sender.h"

#include "clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *optional(struct arena *a, const char *text)
{
	return text ? arena_str(a, text) : NULL;
}

static const struct settings *copy_settings(struct mqtt *m, const struct broker *b, const char *password)
{
	struct arena *a = &m->arena;
	struct settings *s = arena_alloc(a, sizeof(*s));

	*s = (struct settings){.broker = *b, .password = optional(a, password)};
	s->broker.host = arena_str(a, b->host);
	s->broker.user = optional(a, b->user);
	s->broker.tls.ca = optional(a, b->tls.ca);
	s->broker.tls.cert = optional(a, b->tls.cert);
	s->broker.tls.key = optional(a, b->tls.key);
	return s;
}

static void copy_config(struct mqtt *m, const struct mqtt_config *config)
{
	struct arena *a = &m->arena;

	m->settings = copy_settings(m, &config->broker, config->password);
	m->site = arena_str(a, config->site);
	m->client_id = arena_printf(a, "tocsin-%s", config->site);
	m->root = arena_printf(a, "tocsin/%s/1/", config->site);
	m->mark_topic = arena_printf(a, "%smark", m->root);
	m->status_topic = arena_printf(a, "%sstatus", m->root);
	m->state_prefix = arena_printf(a, "%sincident/", m->root);
}

static int64_t boot_ns(void)
{
	struct timespec at;

	clock_gettime(CLOCK_BOOTTIME, &at);
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static void init_wake(struct mqtt *m)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->wake, &attr);
	pthread_condattr_destroy(&attr);
}

struct mqtt *mqtt_new(const struct mqtt_config *config, const struct mqtt_callbacks *callbacks,
                      struct err *err)
{
	struct mqtt *m = xcalloc(1, sizeof(*m));
	const struct line_events events = events_of(m);
	struct line_config line;

	arena_init(&m->arena);
	copy_config(m, config);
	line = sender_line_config(m);
	m->cb = *callbacks;
	m->line = line_new(&line, &events, err);
	if (!m->line) {
		arena_fini(&m->arena);
		free(m);
		return NULL;
	}
	m->born_ns = boot_ns();
	atomic_store(&m->last_dropped, -1);
	init_wake(m);
	wire_init(&m->wire, m->settings->broker.tls.use);
	lanes_init(&m->lanes);
	m->link.packet_limit = PACKET_LIMIT_BYTES;
	subs_build(&m->subs, m->root, config->filters, config->n_filters);
	mqtt_policy_init(&m->policy, m->settings->broker.version, m->site);
	return m;
}

void mqtt_start(struct mqtt *m)
{
	m->is_started = pthread_create(&m->thread, NULL, sender_main, m) == 0;
	if (!m->is_started)
		abort(); /* no thread at start: systemd tries again */
	pthread_setname_np(m->thread, "tocsin-sender");
}

void mqtt_refilter(struct mqtt *m, const struct intake_filter *filters, int n)
{
	struct subs subs;

	subs_build(&subs, m->root, filters, n);
	pthread_mutex_lock(&m->lock);
	subs_fini(&m->next_subs);
	m->next_subs = subs;
	m->told.new_filters = true;
	sender_wake(m);
	pthread_mutex_unlock(&m->lock);
}

void mqtt_use(struct mqtt *m, const struct broker *broker, const char *password)
{
	const struct settings *settings = copy_settings(m, broker, password);

	pthread_mutex_lock(&m->lock);
	m->next_settings = settings;
	m->told.new_settings = true;
	sender_wake(m);
	pthread_mutex_unlock(&m->lock);
}

bool mqtt_is_synced(const struct mqtt *m)
{
	return atomic_load(&m->is_synced);
}

void mqtt_stop(struct mqtt *m)
{
	if (!m->is_started)
		return;
	pthread_mutex_lock(&m->lock);
	m->told.stopping = true;
	sender_wake(m);
	pthread_mutex_unlock(&m->lock);
	pthread_join(m->thread, NULL);
	m->is_started = false;
}

/* Past the library, which can send nothing while a callback waits. */
static bool copy_page(struct mqtt *m, const struct outgoing *o)
{
	bool is_v5, may;

	if (o->lane != LANE_LIFE || o->needs_sync || o->qos == 0 || !m->cb.is_callback_waiting(m->cb.arg))
		return false;
	pthread_mutex_lock(&m->lock);
	is_v5 = m->link.is_v5;
	may = m->link.is_up && m->lanes.out_bytes <= WIRE_QUIET_BYTES &&
	      lanes_packet_bytes(o, is_v5) <= m->link.packet_limit;
	pthread_mutex_unlock(&m->lock);
	if (!may)
		return false;
	wire_packet(o, is_v5, &m->copy);
	return wire_copy(&m->wire, buf_text(&m->copy), m->copy.len);
}

void mqtt_publish(struct mqtt *m, const struct outgoing *o)
{
	struct outgoing out = *o;

	if (copy_page(m, o) && o->repeat_payload) {
		out.payload = o->repeat_payload;
		out.len = strlen(o->repeat_payload);
	}
	pthread_mutex_lock(&m->lock);
	lanes_put(&m->lanes, &out, &m->link, clock_steady_ms());
	sender_wake(m);
	pthread_mutex_unlock(&m->lock);
	sender_give_answers(m);
}

void mqtt_recall(struct mqtt *m, bool (*may_go)(void *arg, int64_t token), void *arg)
{
	pthread_mutex_lock(&m->lock);
	lanes_recall(&m->lanes, may_go, arg);
	pthread_mutex_unlock(&m->lock);
	sender_give_answers(m);
}

int mqtt_queue(const struct mqtt *m)
{
	struct mqtt *self = (struct mqtt *)m; /* only its lock */
	int n;

	pthread_mutex_lock(&self->lock);
	n = lanes_count(&self->lanes);
	pthread_mutex_unlock(&self->lock);
	return n;
}

int64_t mqtt_last_dropped(const struct mqtt *m)
{
	return atomic_load(&m->last_dropped);
}
