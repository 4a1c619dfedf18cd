/* played.h - a store and a broker that are played: what is submitted and sent
 * stands here, and the test says what becomes of it. */
#ifndef TEST_PLAYED_H
#define TEST_PLAYED_H

#include "daemon.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* -- the played store -- */

static struct turn *held; /* submitted, not yet answered */
static enum store_answer answer;
static int n_submitted, n_plans;
static int64_t at_disk_ms = -1;

void store_submit(struct store *s, struct turn *turn)
{
	(void)s;
	assert_null(held); /* one at a time */
	held = turn;
	n_submitted++;
}

enum store_answer store_take(struct store *s, struct turn **ret_turn, struct err *err)
{
	enum store_answer a = answer;

	(void)s;
	err->text[0] = 0;
	answer = STORE_NOTHING;
	if (a == STORE_COMMITTED || a == STORE_REPLACED || a == STORE_FENCED) {
		*ret_turn = held;
		for (int i = 0; i < held->n_rows; i++)
			snprintf(held->rows[i].hash, HASH_BYTES, "hash%" PRId64, held->rows[i].row.seq);
		held = NULL;
	}
	return a;
}

void store_keep_plan(struct store *s, const char *hash, const char *bundle, size_t len)
{
	(void)s;
	(void)hash;
	(void)bundle;
	(void)len;
	n_plans++;
}

void store_last_good(struct store *s, const char *bundle, size_t len)
{
	(void)s;
	(void)bundle;
	(void)len;
}

int64_t store_at_disk_ms(const struct store *s)
{
	(void)s;
	return at_disk_ms;
}

bool store_disk_is_low(const struct store *s)
{
	(void)s;
	return false;
}

bool store_disk_is_shut(const struct store *s)
{
	(void)s;
	return false;
}

int store_each_row(const char *path, int64_t from, int64_t to,
                   bool (*fn)(void *arg, int64_t seq, const char *rec, const char *hash), void *arg,
                   struct err *err)
{
	(void)path;
	(void)err;
	for (; from <= to; from++)
		fn(arg, from, "{\"v\":1,\"epoch\":3}", "h");
	return 0;
}

/* -- the played broker -- */

static struct sent {
	char topic[96], payload[700];
	int64_t token;
	bool retain, needs_sync, has_copy, is_recalled;
	int64_t expiry_ms;
	enum lane lane;
} sent[256];
static int n_sent;

void mqtt_publish(struct mqtt *m, const struct outgoing *o)
{
	struct sent *s = &sent[n_sent++ % 256];

	(void)m;
	*s = (struct sent){
	    .token = o->token, .retain = o->retain, .needs_sync = o->needs_sync, .lane = o->lane};
	s->has_copy = o->repeat_payload;
	s->expiry_ms = o->expiry_ms;
	snprintf(s->topic, sizeof s->topic, "%s", o->topic);
	snprintf(s->payload, sizeof s->payload, "%.*s", (int)o->len, o->payload);
}

/* All that was sent waits for its place. */
void mqtt_recall(struct mqtt *m, bool (*may_go)(void *arg, int64_t token), void *arg)
{
	(void)m;
	for (int i = 0; i < n_sent && i < 256; i++)
		if (sent[i].needs_sync && !sent[i].is_recalled)
			sent[i].is_recalled = !may_go(arg, sent[i].token);
}

int mqtt_queue(const struct mqtt *m)
{
	(void)m;
	return 0;
}

bool mqtt_is_synced(const struct mqtt *m)
{
	(void)m;
	return true;
}

void mqtt_use(struct mqtt *m, const struct broker *broker, const char *password)
{
	(void)m, (void)broker, (void)password;
}

void mqtt_refilter(struct mqtt *m, const struct intake_filter *filters, int n)
{
	(void)m, (void)filters, (void)n;
}

struct mqtt *mqtt_new(const struct mqtt_config *config, const struct mqtt_callbacks *callbacks,
                      struct err *err)
{
	(void)config;
	(void)callbacks;
	(void)err;
	return NULL;
}

static atomic_int n_stopped;

void mqtt_stop(struct mqtt *m)
{
	(void)m;
	atomic_fetch_add(&n_stopped, 1);
}

#endif
