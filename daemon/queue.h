/* queue.h - what waits for one channel: how many may leave in a minute, how
 * many may be under way, who is first, what leaves together when there are more
 * than may, when a failed one is tried again. Pure: time is an argument. */
#ifndef TOCSIN_QUEUE_H
#define TOCSIN_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct queue_rule {
	int per_minute; /* 0: any number */
	int burst;      /* at once; 0: per_minute */
	int reserve;    /* of the burst, kept for life-safety */
	int max_active; /* under way; 0: any number */
};

TAILQ_HEAD(queue_items, queue_item);

struct queue_item {
	TAILQ_ENTRY(queue_item) entry;
	const char *group;       /* those of one may leave as one; NULL: always alone */
	struct queue_items with; /* what leaves with it */
	int n_with;
	bool is_life;
	bool is_only;     /* the person has no channel after this one */
	int64_t ready_ms; /* not before */
	int64_t until_ms; /* by then it has left, or failed */
	int tries;        /* so far */
};

struct queue {
	struct queue_rule rule;
	struct queue_items items[2]; /* life-safety, others; in order of arrival */
	int n[2];
	int n_active;
	int64_t bucket; /* in parts of a token */
	int64_t filled_ms;
	int64_t held_until_ms; /* the other side said when to come back; 0: it did not */
};

enum { QUEUE_LIFE_MAX = 10000, QUEUE_OTHER_MAX = 2000 };

void queue_init(struct queue *q, const struct queue_rule *rule, int64_t now_ms);
bool queue_add(struct queue *q, struct queue_item *item); /* false: too many wait */
/* The next that may leave, taken out and counted as under way; NULL: none now. */
struct queue_item *queue_next(struct queue *q, int64_t now_ms);
/* Behind queue_next: no token is left, so what waits of its group leaves with it, for the one token. How many
 * stand in item->with now; they are answered with it. Never life-safety. */
int queue_gather(struct queue *q, struct queue_item *item, int64_t now_ms);
/* One that will not leave in its time, taken out; NULL: none. */
struct queue_item *queue_overdue(struct queue *q, int64_t now_ms);
void queue_answered(struct queue *q); /* one under way is so no more */
/* One under way, answered, failed for now: again in in_ms (-1: later each time, and not all at once).
 * False: then its time is over. in_ms holds the whole channel back, for ten minutes at most; but
 * what concerns lives, and has no other way, is tried once all the same. */
bool queue_again(struct queue *q, struct queue_item *item, int64_t now_ms, int64_t in_ms, uint64_t seed);
/* When queue_next or queue_overdue may have something; INT64_MAX: nothing waits, or for an answer. */
int64_t queue_wake_ms(const struct queue *q, int64_t now_ms);
int64_t queue_backoff_ms(int tries, uint64_t seed); /* tries from 1 */

#endif
