/* mqtt_rig.h - an owner of struct mqtt that writes down everything it is told. */
#ifndef TOCSIN_TEST_MQTT_RIG_H
#define TOCSIN_TEST_MQTT_RIG_H

#include "adapter/broker.h"
#include "mqtt.h"

#include <pthread.h>
#include <stdatomic.h>

/* A machine that pauses breaks no link: for TOCSIN_FAULT, where what is noticed in time is not the matter. */
#define CALM "patience=10"

enum { RIG_MESSAGES = 4096, RIG_TOKENS = 20000, RIG_NOTES = 400 };

struct rig_message {
	char topic[128], payload[128], response[64], correlation[64];
	size_t len, correlation_len;
	int qos;
	bool retained, dup, before_mark;
};

struct rig {
	struct mqtt *m;
	pthread_mutex_t lock;
	struct rig_message messages[RIG_MESSAGES];
	int n_messages;
	enum link links[RIG_NOTES];
	int n_links;
	char last_why[256];
	char faults[RIG_NOTES][256];
	int n_faults, n_over;
	unsigned char answers[RIG_TOKENS]; /* how often a token was answered */
	bool token_ok[RIG_TOKENS];
	char token_why[RIG_TOKENS][64];
	int n_answers;
	_Atomic(const char *) hold_topic;
	atomic_int hold_ms;
	atomic_bool is_holding;
};

static inline void rig_message(void *arg, const struct message *m, bool before_mark)
{
	struct rig *r = arg;
	const char *hold = atomic_load(&r->hold_topic);
	struct rig_message *note;

	pthread_mutex_lock(&r->lock);
	note = &r->messages[r->n_messages < RIG_MESSAGES ? r->n_messages++ : RIG_MESSAGES - 1];
	*note = (struct rig_message){.len = m->len, .qos = m->qos, .retained = m->retained, .dup = m->dup};
	note->before_mark = before_mark;
	note->correlation_len = m->correlation_len;
	snprintf(note->topic, sizeof(note->topic), "%s", m->topic);
	snprintf(note->payload, sizeof(note->payload), "%s", m->payload);
	if (m->response_topic)
		snprintf(note->response, sizeof(note->response), "%s", m->response_topic);
	if (m->correlation)
		memcpy(note->correlation, m->correlation, m->correlation_len < 63 ? m->correlation_len : 63);
	pthread_mutex_unlock(&r->lock);
	if (hold && !strcmp(m->topic, hold)) {
		int64_t until_ms = test_now_ms() + atomic_load(&r->hold_ms);

		atomic_store(&r->is_holding, true);
		while (test_now_ms() < until_ms && atomic_load(&r->hold_ms) > 0)
			test_nap();
		atomic_store(&r->is_holding, false);
	}
}

static inline void rig_link(void *arg, enum link link, const char *why)
{
	struct rig *r = arg;

	pthread_mutex_lock(&r->lock);
	if (r->n_links < RIG_NOTES)
		r->links[r->n_links++] = link;
	snprintf(r->last_why, sizeof(r->last_why), "%s", why);
	pthread_mutex_unlock(&r->lock);
}

static inline void rig_fault(void *arg, enum self self, bool over, const char *what)
{
	struct rig *r = arg;

	pthread_mutex_lock(&r->lock);
	if (over)
		r->n_over++;
	else if (r->n_faults < RIG_NOTES)
		snprintf(r->faults[r->n_faults++], 256, "%s: %.200s", self_name(self), what);
	pthread_mutex_unlock(&r->lock);
}

static inline void rig_published(void *arg, int64_t token, bool ok, const char *why)
{
	struct rig *r = arg;

	pthread_mutex_lock(&r->lock);
	r->answers[token]++;
	r->token_ok[token] = ok;
	snprintf(r->token_why[token], 64, "%s", why);
	r->n_answers++;
	pthread_mutex_unlock(&r->lock);
}

static inline bool rig_is_waiting(void *arg)
{
	struct rig *r = arg;

	return atomic_load(&r->is_holding);
}

static struct rig *rig_running[8]; /* so that a failed test leaves none behind */

static inline struct rig *rig_new(const struct mqtt_config *config)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct mqtt_callbacks callbacks = {rig_message,   rig_link,       rig_fault,
	                                   rig_published, rig_is_waiting, r};
	struct err err = {{0}};

	pthread_mutex_init(&r->lock, NULL);
	r->m = mqtt_new(config, &callbacks, &err);
	if (!r->m)
		test_die(err.text);
	for (int i = 0; i < 8; i++) {
		if (!rig_running[i]) {
			rig_running[i] = r;
			break;
		}
	}
	return r;
}

static const struct intake_filter rig_filters[] = {{"plc/#", 1}, {"temp/+", 0}};

static inline struct mqtt_config rig_config(const struct test_broker *b, const char *site, int version)
{
	return (struct mqtt_config){.broker = {.host = "127.0.0.1", .port = b->port, .version = version},
	                            .site = site,
	                            .filters = rig_filters,
	                            .n_filters = 2};
}

static inline struct rig *rig_start(const struct test_broker *b, const char *site, int version)
{
	struct mqtt_config config = rig_config(b, site, version);
	struct rig *r = rig_new(&config);

	mqtt_start(r->m);
	return r;
}

/* The library may call back for ever: only what is ours is freed, and only after stop. */
static inline void rig_stop(struct rig *r)
{
	mqtt_stop(r->m);
	for (int i = 0; i < 8; i++) {
		if (rig_running[i] == r)
			rig_running[i] = NULL;
	}
}

static inline int rig_stop_all(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		if (rig_running[i])
			rig_stop(rig_running[i]);
	}
	return 0;
}

#define RIG_GET(r, expression) \
	({ \
		pthread_mutex_lock(&(r)->lock); \
		__typeof__(expression) rig_value = (expression); \
		pthread_mutex_unlock(&(r)->lock); \
		rig_value; \
	})

static inline void rig_say_why(struct rig *r)
{
	pthread_mutex_lock(&r->lock);
	print_message("refused: %s\n", r->last_why);
	pthread_mutex_unlock(&r->lock);
}

static inline int rig_links(struct rig *r, enum link link)
{
	int n = 0;

	pthread_mutex_lock(&r->lock);
	for (int i = 0; i < r->n_links; i++)
		n += r->links[i] == link;
	pthread_mutex_unlock(&r->lock);
	return n;
}

/* The nth (from 1) message on the topic with the payload (NULL: any), copied; false: not yet. */
static inline bool rig_find(struct rig *r, const char *topic, const char *payload, struct rig_message *ret)
{
	bool found = false;

	pthread_mutex_lock(&r->lock);
	for (int i = 0; i < r->n_messages && !found; i++) {
		found = !strcmp(r->messages[i].topic, topic) &&
		        (!payload || !strcmp(r->messages[i].payload, payload));
		if (found && ret)
			*ret = r->messages[i];
	}
	pthread_mutex_unlock(&r->lock);
	return found;
}

static inline int rig_faults(struct rig *r, const char *text)
{
	int n = 0;

	pthread_mutex_lock(&r->lock);
	for (int i = 0; i < r->n_faults; i++)
		n += strstr(r->faults[i], text) != NULL;
	pthread_mutex_unlock(&r->lock);
	return n;
}

static inline void rig_publish(struct rig *r, enum lane lane, const char *topic, const char *payload,
                               int64_t token)
{
	struct outgoing o = {.lane = lane,
	                     .topic = topic,
	                     .payload = payload,
	                     .len = strlen(payload),
	                     .qos = 1,
	                     .token = token};

	mqtt_publish(r->m, &o);
}

#endif
