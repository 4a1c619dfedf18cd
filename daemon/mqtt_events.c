/* mqtt_events.c - what the line tells, on the library's threads: noted for the
 * sender, or handed to the owner. Only the sender tells the owner of the link,
 * so that its news keep their order. */
#include "mqtt_sender.h"

#include "clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_connected(void *arg, unsigned attempt, const struct line_limits *limits)
{
	struct mqtt *m = arg;

	pthread_mutex_lock(&m->lock);
	if (attempt == m->attempt) {
		/* Commands that waited come before SUBACK: their answers shall wait, not fail. */
		m->link.is_connected = true;
		m->told.connected = true;
		m->told.limits = *limits;
		sender_wake(m);
	}
	pthread_mutex_unlock(&m->lock);
}

static void on_failed(void *arg, unsigned attempt, enum connect_failure kind, const char *why)
{
	struct mqtt *m = arg;

	pthread_mutex_lock(&m->lock);
	if (attempt == m->attempt) {
		m->told.failed = true;
		m->told.failure = kind;
		snprintf(m->told.why, sizeof(m->told.why), "%s", why);
		sender_wake(m);
	}
	pthread_mutex_unlock(&m->lock);
}

static void on_lost(void *arg, const char *why)
{
	struct mqtt *m = arg;

	pthread_mutex_lock(&m->lock);
	m->told.lost = true;
	snprintf(m->told.why, sizeof(m->told.why), "%s", why);
	sender_wake(m);
	pthread_mutex_unlock(&m->lock);
}

static void on_taken_over(void *arg)
{
	struct mqtt *m = arg;

	pthread_mutex_lock(&m->lock);
	m->told.taken_over = true;
	pthread_mutex_unlock(&m->lock);
}

static void on_subscribed(void *arg, unsigned round, int first, int n, const int *codes)
{
	struct mqtt *m = arg;

	pthread_mutex_lock(&m->lock);
	if (round == m->round) {
		for (int i = 0; codes && i < n; i++)
			m->subs.at[first + i].refused = codes[i] >= 0x80;
		m->told.subscribed = true;
		sender_wake(m);
	}
	pthread_mutex_unlock(&m->lock);
}

void events_answered(struct mqtt *m, uint64_t number, bool ok, const char *why)
{
	pthread_mutex_lock(&m->lock);
	if (number == STATUS_NUMBER)
		m->told.status_sent = true;
	else
		lanes_answer(&m->lanes, number, ok, why, clock_steady_ms());
	sender_wake(m);
	pthread_mutex_unlock(&m->lock);
	sender_give_answers(m);
}

static void on_answered(void *arg, uint64_t number, bool ok, const char *why)
{
	events_answered(arg, number, ok, why);
}

static void on_mark(struct mqtt *m, const struct message *message)
{
	pthread_mutex_lock(&m->lock);
	if (m->mark[0] && strcmp(message->payload, m->mark) == 0) {
		m->mark[0] = '\0';
		m->link.is_synced = true;
		atomic_store(&m->is_synced, true);
		m->told.mark_back = true;
		sender_wake(m);
	}
	pthread_mutex_unlock(&m->lock);
}

/* It counts all clients' queues; a smaller number is a new broker's. */
static void on_dropped(struct mqtt *m, const struct message *message)
{
	char *end;
	int64_t count, before;

	errno = 0;
	count = strtoll(message->payload, &end, 10);
	if (errno != 0 || end == message->payload || *end != '\0' || count < 0)
		return;
	before = atomic_exchange(&m->last_dropped, count);
	if (before < 0 || count <= before)
		return;
	pthread_mutex_lock(&m->lock);
	m->told.dropped_more = true;
	sender_wake(m);
	pthread_mutex_unlock(&m->lock);
}

static bool is_own_state(const struct mqtt *m, const char *topic)
{
	return strncmp(topic, m->state_prefix, strlen(m->state_prefix)) == 0;
}

static void on_message(void *arg, const struct message *message)
{
	struct mqtt *m = arg;

	wire_enter(&m->wire);
	atomic_store(&m->last_message_ms, clock_steady_ms());
	if (strcmp(message->topic, m->mark_topic) == 0)
		on_mark(m, message);
	else if (strcmp(message->topic, SUBS_DROPPED_TOPIC) == 0)
		on_dropped(m, message);
	else if (message->retained || !is_own_state(m, message->topic))
		m->cb.message(m->cb.arg, message, !atomic_load(&m->is_synced));
	wire_leave(&m->wire);
}

struct line_events events_of(struct mqtt *m)
{
	return (struct line_events){
	    on_connected, on_failed, on_lost, on_taken_over, on_subscribed, on_answered, on_message, m,
	};
}
