#include "receive.h"

#include "base/arena.h"
#include "base/text.h"
#include "clock.h"
#include "fault.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- topics of our own -- */

static const char *below(const char *root, const char *topic, const char *folder)
{
	size_t n = strlen(root), m = strlen(folder);

	return !strncmp(topic, root, n) && !strncmp(topic + n, folder, m) ? topic + n + m : NULL;
}

static bool copy_level(const char *from, const char *end, char *ret, size_t cap)
{
	size_t len = (size_t)(end - from);

	if (!len || len >= cap)
		return false;
	memcpy(ret, from, len);
	ret[len] = 0;
	return true;
}

bool receive_command_topic(const char *root, const char *topic, char ret_user[65], char ret_verb[33])
{
	const char *user = below(root, topic, "cmd/"), *slash = user ? strchr(user, '/') : NULL;

	return slash && !strchr(slash + 1, '/') && copy_level(user, slash, ret_user, 65) &&
	       copy_level(slash + 1, slash + 1 + strlen(slash + 1), ret_verb, 33) &&
	       utf8_valid(topic, strlen(topic));
}

/* "G-17": a letter, a dash, digits. */
bool receive_incident_topic(const char *root, const char *topic, char ret_id[32], int64_t *ret_number)
{
	const char *id = below(root, topic, "incident/"), *slash = id ? strchr(id, '/') : NULL;
	int64_t number = 0;

	if (!slash || strcmp(slash, "/state") || slash - id < 3 || slash - id > 18 || id[1] != '-')
		return false;
	for (const char *p = id + 2; p < slash; p++) {
		if (*p < '0' || *p > '9')
			return false;
		number = number * 10 + (*p - '0');
	}
	*ret_number = number;
	return number > 0 && copy_level(id, slash, ret_id, 32);
}

bool receive_names_topic(const char *root, const char *topic, int *ret_part)
{
	const char *part = below(root, topic, "names/");
	size_t n = part ? strspn(part, "0123456789") : 0;

	if (!n || n > 6 || part[n] || *part == '0')
		return false;
	*ret_part = 0;
	for (const char *p = part; *p; p++)
		*ret_part = *ret_part * 10 + (*p - '0');
	return true;
}

bool receive_zone_topic(const char *root, const char *topic, char ret_zone[RECEIVE_ZONE_BYTES])
{
	const char *zone = below(root, topic, "zone/"), *slash = zone ? strchr(zone, '/') : NULL;

	return slash && !strcmp(slash, "/state") && copy_level(zone, slash, ret_zone, RECEIVE_ZONE_BYTES);
}

/* -- one message -- */

/* The loop frees a generation only when it is neither current nor inside. */
static struct generation *enter(struct receive *r)
{
	struct generation *g;

	do {
		g = atomic_load(&r->current);
		atomic_store(&r->inside, g);
	} while (g != atomic_load(&r->current));
	atomic_store(&r->inside_since_ms, clock_steady_ms());
	return g;
}

static void leave(struct receive *r)
{
	atomic_store(&r->inside, NULL);
	atomic_store(&r->inside_since_ms, 0);
}

/* Told once a minute: somebody may go on sending it, as fast as he likes. */
static void set_aside(struct receive *r, const struct message *m, uint64_t digest)
{
	int64_t now_ms = clock_steady_ms();
	struct inbox_item *item;

	if (digest == r->aside && now_ms - r->aside_ms < RECEIVE_ASIDE_MS)
		return;
	r->aside = digest;
	r->aside_ms = now_ms;
	item = inbox_item_new(INBOX_FAULT);
	item->fault.self = SELF_POISON;
	snprintf(item->fault.what, sizeof item->fault.what,
	         "a message on %.120s stopped the program twice: it is not read any more", m->topic);
	inbox_put(r->inbox, item, 0);
}

/* What came is no alarm and no all-clear; somebody must see to the device. */
static void note_bad(struct receive *r, const struct message *m)
{
	const struct intake_result *x = &r->result;
	int shown = (int)(m->len > 200 ? 200 : m->len);

	if (x->bad)
		atomic_fetch_add_explicit(&r->unreadable, x->bad, memory_order_relaxed);
	if (x->old)
		atomic_fetch_add_explicit(&r->replays, x->old, memory_order_relaxed);
	if (x->complain)
		log_at(LOG_WARNING, "sensor %.100s: %s: %.200s %.*s", x->complain, x->complain_why, m->topic, shown,
		       m->payload);
}

/* The broker keeps what the plan in force does not know any more: the loop empties it. */
static bool is_left_over(const struct receive *r, const struct plan *plan, const struct message *m)
{
	char zone[RECEIVE_ZONE_BYTES];
	int part;

	if (!m->retained || !m->len)
		return false;
	return receive_names_topic(r->root, m->topic, &part) ||
	       (receive_zone_topic(r->root, m->topic, zone) && plan_zone(plan, zone) < 0);
}

/* Is it for the loop? Readings of sensors are judged by intake; what people
 * write and what we once wrote about incidents always is. */
static bool is_for_loop(struct receive *r, struct generation *g, const struct message *m, bool *ret_life)
{
	char text[65], verb[33];
	int64_t number;

	r->result.n = 0;
	*ret_life = true;
	if (receive_command_topic(r->root, m->topic, text, verb))
		return m->len > 0;
	if (receive_incident_topic(r->root, m->topic, text, &number))
		return m->retained && m->len > 0;
	if (is_left_over(r, g->plan, m)) {
		*ret_life = false;
		return true;
	}
	intake_read(g->intake, m, clock_steady_ms(), &r->result);
	note_bad(r, m);
	*ret_life = m->qos > 0;
	return r->result.is_news;
}

static char *copy_bytes(const char *bytes, size_t len)
{
	char *copy = xmalloc(len + 1);

	if (len)
		memcpy(copy, bytes, len);
	copy[len] = 0;
	return copy;
}

static struct inbox_item *item_of(const struct message *m, bool life, bool before_mark)
{
	struct inbox_item *item = inbox_item_new(INBOX_MESSAGE);

	item->life = life;
	item->message.topic = xstrdup(m->topic);
	item->message.payload = copy_bytes(m->payload, m->len);
	item->message.len = m->len;
	item->message.qos = m->qos;
	item->message.retained = m->retained;
	item->message.dup = m->dup;
	item->message.at_ms = m->at_ms;
	item->message.before_mark = before_mark;
	item->message.response_topic = m->response_topic ? xstrdup(m->response_topic) : NULL;
	if (m->correlation) {
		item->message.correlation = copy_bytes(m->correlation, m->correlation_len);
		item->message.correlation_len = m->correlation_len;
	}
	return item;
}

/* I1's other half: acknowledged although not stored, so it stands where the
 * next start reads it, and in the journal. Our own retained states are no alarms. */
static void keep_elsewhere(const struct receive *r, const struct message *m, int64_t number)
{
	int shown = (int)(m->len > 2048 ? 2048 : m->len);
	int64_t incident;
	char id[32];

	if (receive_incident_topic(r->root, m->topic, id, &incident))
		return;
	if (GUARD(spill))
		spill_add(r->spill, m, number);
	log_at(LOG_ALERT, "accepted while the store fails: %s %.*s", m->topic, shown, m->payload);
}

/* Past the last turn nothing is stored any more: an acknowledgement now would
 * lose the message. The broker delivers it again to the next start. */
static void never_acknowledge(struct receive *r)
{
	atomic_store(&r->inside_since_ms, 0);
	for (;;)
		pause();
}

/* A full inbox makes QoS 1 wait, never drop: a loop that doesn't empty it ends by the watchdog. */
static int64_t put(struct receive *r, const struct message *m, bool life, bool before_mark)
{
	int64_t number = 0;

	while (!number && !atomic_load(&r->closed)) {
		number = inbox_put(r->inbox, item_of(m, life, before_mark), m->qos > 0 ? fault_disk_ms(RECEIVE_WAIT_MS) : 0);
		if (m->qos == 0)
			break;
	}
	return number;
}

/* True: told for good (stored, or at QoS 0 handed over). */
static bool hand_over(struct receive *r, const struct message *m, bool life, bool before_mark)
{
	int64_t number = put(r, m, life, before_mark);

	if (m->qos == 0)
		return number > 0;
	if (!GUARD(wait_stored) || inbox_wait_stored(r->inbox, number, fault_disk_ms(RECEIVE_WAIT_MS))) {
		fault_crash("crash-stored", m->payload);
		return true;
	}
	if (atomic_load(&r->closed))
		never_acknowledge(r);
	keep_elsewhere(r, m, number);
	if (!atomic_exchange(&r->ran_out, true))
		inbox_put(r->inbox, inbox_item_new(INBOX_STORE), 0);
	return false;
}

void receive_message(void *arg, const struct message *received, bool before_mark)
{
	struct receive *r = arg;
	struct message dated = *received;
	const struct message *m = &dated;
	uint64_t digest = poison_digest(m->topic, m->payload, m->len);
	struct generation *g = enter(r);
	bool life, goes;

	dated.at_ms = clock_wall_ms();
	atomic_fetch_add_explicit(&r->messages, 1, memory_order_relaxed);
	if (GUARD(poison) && poison_is_set_aside(r->poison, digest)) {
		set_aside(r, m, digest);
		leave(r);
		return;
	}
	poison_in_work(r->poison, POISON_RECEIVE, digest);
	fault_crash("crash-receive", m->payload);
	goes = is_for_loop(r, g, m, &life);
	poison_in_work(r->poison, POISON_RECEIVE, 0);
	if (goes) {
		atomic_fetch_add_explicit(&r->news, 1, memory_order_relaxed);
		if (hand_over(r, m, life, before_mark))
			intake_told(g->intake, &r->result);
	}
	leave(r);
}

/* -- loop -- */

bool receive_uses(const struct receive *r, const struct generation *g)
{
	return atomic_load(&r->current) == g || atomic_load(&r->inside) == g;
}

bool receive_is_stuck(const struct receive *r, int64_t steady_ms)
{
	int64_t since_ms = atomic_load(&r->inside_since_ms);

	return since_ms && steady_ms - since_ms > fault_disk_ms(RECEIVE_STUCK_MS);
}
