#include "queue.h"

#include <stddef.h>
#include <string.h>

enum {
	TOKEN = 60000 /* per_minute of it come in a millisecond */,
	BACKOFF_FIRST_MS = 1000,
	BACKOFF_MAX_MS = 60000,
	HOLD_MAX_MS = 600000 /* then somebody tries whether it is true */
};

static int burst_of(const struct queue *q)
{
	return q->rule.burst ? q->rule.burst : q->rule.per_minute;
}

static void fill(struct queue *q, int64_t now_ms)
{
	int64_t full = (int64_t)burst_of(q) * TOKEN, gone_ms = now_ms - q->filled_ms;

	if (!q->rule.per_minute || gone_ms <= 0)
		return;
	q->bucket += (gone_ms < 3600000 ? gone_ms : 3600000) * q->rule.per_minute;
	q->bucket = q->bucket < full ? q->bucket : full;
	q->filled_ms = now_ms;
}

/* What one of the class must find in the bucket. */
static int64_t price(const struct queue *q, bool is_life)
{
	return TOKEN + (is_life ? 0 : (int64_t)q->rule.reserve * TOKEN);
}

void queue_init(struct queue *q, const struct queue_rule *rule, int64_t now_ms)
{
	*q = (struct queue){.rule = *rule, .filled_ms = now_ms};
	for (int i = 0; i < 2; i++)
		TAILQ_INIT(&q->items[i]);
	q->bucket = (int64_t)burst_of(q) * TOKEN;
}

bool queue_add(struct queue *q, struct queue_item *item)
{
	int i = item->is_life ? 0 : 1;

	if (!item->n_with)
		TAILQ_INIT(&item->with);
	if (q->n[i] >= (item->is_life ? QUEUE_LIFE_MAX : QUEUE_OTHER_MAX))
		return false;
	TAILQ_INSERT_TAIL(&q->items[i], item, entry);
	q->n[i]++;
	return true;
}

static struct queue_item *take(struct queue *q, struct queue_item *item)
{
	int i = item->is_life ? 0 : 1;

	TAILQ_REMOVE(&q->items[i], item, entry);
	q->n[i]--;
	return item;
}

/* Until when the channel holds it back. */
static int64_t held_ms(const struct queue *q, const struct queue_item *item)
{
	return item->is_life && item->is_only && !item->tries ? 0 : q->held_until_ms;
}

struct queue_item *queue_next(struct queue *q, int64_t now_ms)
{
	struct queue_item *item;

	fill(q, now_ms);
	if (q->rule.max_active && q->n_active >= q->rule.max_active)
		return NULL;
	for (int i = 0; i < 2; i++) {
		if (q->rule.per_minute && q->bucket < price(q, i == 0))
			continue;
		TAILQ_FOREACH(item, &q->items[i], entry)
		if (item->ready_ms <= now_ms && held_ms(q, item) <= now_ms)
			break;
		if (!item)
			continue;
		q->bucket -= q->rule.per_minute ? TOKEN : 0;
		q->n_active++;
		item->tries++;
		return take(q, item);
	}
	return NULL;
}

int queue_gather(struct queue *q, struct queue_item *item, int64_t now_ms)
{
	struct queue_item *other, *next;

	if (item->is_life || !item->group || !q->rule.per_minute)
		return item->n_with;
	fill(q, now_ms);
	if (q->bucket >= price(q, false))
		return item->n_with;
	for (other = TAILQ_FIRST(&q->items[1]); other; other = next) {
		next = TAILQ_NEXT(other, entry);
		if (!other->group || strcmp(other->group, item->group) != 0 || other->ready_ms > now_ms || other->n_with)
			continue;
		take(q, other);
		TAILQ_INSERT_TAIL(&item->with, other, entry);
		item->n_with++;
	}
	return item->n_with;
}

struct queue_item *queue_overdue(struct queue *q, int64_t now_ms)
{
	struct queue_item *item;

	for (int i = 0; i < 2; i++)
		TAILQ_FOREACH(item, &q->items[i], entry)
	if (item->until_ms <= now_ms || item->until_ms <= held_ms(q, item))
		return take(q, item);
	return NULL;
}

void queue_answered(struct queue *q)
{
	q->n_active--;
}

int64_t queue_backoff_ms(int tries, uint64_t seed)
{
	int64_t ms = BACKOFF_FIRST_MS;

	for (int i = 1; i < tries && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	ms = ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
	seed = (seed + (uint64_t)tries) * 0x9e3779b97f4a7c15u;
	return ms + (int64_t)((seed >> 32) % (uint64_t)(ms / 4 + 1));
}

bool queue_again(struct queue *q, struct queue_item *item, int64_t now_ms, int64_t in_ms, uint64_t seed)
{
	int64_t hold_ms = in_ms < HOLD_MAX_MS ? in_ms : HOLD_MAX_MS;

	if (in_ms >= 0 && now_ms + hold_ms > q->held_until_ms)
		q->held_until_ms = now_ms + hold_ms;
	item->ready_ms = now_ms + (in_ms >= 0 ? in_ms : queue_backoff_ms(item->tries, seed));
	return item->ready_ms < item->until_ms && queue_add(q, item);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t queue_wake_ms(const struct queue *q, int64_t now_ms)
{
	int64_t wake_ms = INT64_MAX;
	const struct queue_item *item;
	bool is_full = q->rule.max_active && q->n_active >= q->rule.max_active;

	for (int i = 0; i < 2; i++) {
		int64_t lack = q->rule.per_minute ? price(q, i == 0) - q->bucket : 0;
		int64_t may_ms =
		    lack > 0 ? q->filled_ms + (lack + q->rule.per_minute - 1) / q->rule.per_minute : now_ms;

		TAILQ_FOREACH(item, &q->items[i], entry)
		{
			int64_t at_ms = most(most(item->ready_ms, may_ms), held_ms(q, item));

			wake_ms = least(wake_ms, item->until_ms);
			wake_ms = is_full ? wake_ms : least(wake_ms, at_ms);
		}
	}
	return wake_ms;
}
