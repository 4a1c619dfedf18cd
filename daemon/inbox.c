/* inbox.c - the one place where threads meet: a bounded list, two conditions
 * to wait on, an eventfd that wakes the loop. Nothing foreign is called while
 * the lock is held. */
#include "inbox.h"

#include "base/arena.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct inbox {
	pthread_mutex_t lock;
	pthread_cond_t room, stored;
	int fd;
	struct inbox_item *first, **end;
	size_t count, messages, message_cap;
	int64_t last_number, stored_upto;
	bool refuses_waits;
	int wait_room, wait_stored; /* callbacks in these waits */
	int64_t waits_for;          /* the highest number waited for */
};

static void init_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

struct inbox *inbox_new(size_t message_cap)
{
	struct inbox *in;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (fd < 0)
		return NULL;
	in = xcalloc(1, sizeof(*in));
	pthread_mutex_init(&in->lock, NULL);
	init_cond(&in->room);
	init_cond(&in->stored);
	in->fd = fd;
	in->end = &in->first;
	in->message_cap = message_cap > 0 ? message_cap : 1;
	return in;
}

static void free_list(struct inbox_item *item)
{
	while (item) {
		struct inbox_item *next = item->next;

		inbox_item_free(item);
		item = next;
	}
}

void inbox_free(struct inbox *in)
{
	if (!in)
		return;
	free_list(in->first);
	close(in->fd);
	pthread_cond_destroy(&in->room);
	pthread_cond_destroy(&in->stored);
	pthread_mutex_destroy(&in->lock);
	free(in);
}

int inbox_fd(const struct inbox *in)
{
	return in->fd;
}

struct inbox_item *inbox_item_new(enum inbox_kind kind)
{
	struct inbox_item *item = xcalloc(1, sizeof(*item));

	item->kind = kind;
	return item;
}

void inbox_item_free(struct inbox_item *item)
{
	if (!item)
		return;
	if (item->kind == INBOX_MESSAGE) {
		free(item->message.topic);
		free(item->message.payload);
		free(item->message.response_topic);
		free(item->message.correlation);
	}
	free(item);
}

static struct timespec deadline_in(int64_t wait_ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += (time_t)(wait_ms / 1000);
	at.tv_nsec += (long)(wait_ms % 1000) * 1000000L;
	if (at.tv_nsec >= 1000000000L) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000L;
	}
	return at;
}

/* The last tenth is kept for life-safety. */
static bool has_room(const struct inbox *in, const struct inbox_item *item)
{
	size_t cap = in->message_cap;

	if (item->kind != INBOX_MESSAGE)
		return true;
	return in->messages < (item->life ? cap : cap - cap / 10);
}

static void wake_loop(struct inbox *in)
{
	uint64_t one = 1;

	while (write(in->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static int64_t append(struct inbox *in, struct inbox_item *item)
{
	item->next = NULL;
	item->number = ++in->last_number;
	*in->end = item;
	in->end = &item->next;
	in->count++;
	in->messages += item->kind == INBOX_MESSAGE;
	if (in->count == 1)
		wake_loop(in);
	return item->number;
}

int64_t inbox_put(struct inbox *in, struct inbox_item *item, int64_t wait_ms)
{
	int64_t number = 0;
	int rc = 0;

	pthread_mutex_lock(&in->lock);
	if (!has_room(in, item) && wait_ms > 0) {
		struct timespec until = deadline_in(wait_ms);

		in->wait_room++;
		while (rc == 0 && !has_room(in, item))
			rc = pthread_cond_timedwait(&in->room, &in->lock, &until);
		in->wait_room--;
	}
	if (has_room(in, item)) {
		number = append(in, item);
		item = NULL;
	}
	pthread_mutex_unlock(&in->lock);
	inbox_item_free(item);
	return number;
}

struct inbox_item *inbox_take(struct inbox *in)
{
	struct inbox_item *list;
	uint64_t count;

	pthread_mutex_lock(&in->lock);
	while (read(in->fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	list = in->first;
	in->first = NULL;
	in->end = &in->first;
	in->count = 0;
	in->messages = 0;
	pthread_cond_broadcast(&in->room);
	pthread_mutex_unlock(&in->lock);
	return list;
}

bool inbox_wait_stored(struct inbox *in, int64_t number, int64_t wait_ms)
{
	struct timespec until = deadline_in(wait_ms > 0 ? wait_ms : 0);
	bool is_stored;
	int rc = 0;

	if (number <= 0)
		return false;
	pthread_mutex_lock(&in->lock);
	in->wait_stored++;
	if (number > in->waits_for)
		in->waits_for = number;
	while (rc == 0 && in->stored_upto < number && !in->refuses_waits)
		rc = pthread_cond_timedwait(&in->stored, &in->lock, &until);
	in->wait_stored--;
	is_stored = in->stored_upto >= number;
	pthread_mutex_unlock(&in->lock);
	return is_stored;
}

void inbox_stored(struct inbox *in, int64_t number)
{
	pthread_mutex_lock(&in->lock);
	if (number > in->stored_upto)
		in->stored_upto = number;
	pthread_cond_broadcast(&in->stored);
	pthread_mutex_unlock(&in->lock);
}

void inbox_refuse_waits(struct inbox *in, bool refuse)
{
	pthread_mutex_lock(&in->lock);
	in->refuses_waits = refuse;
	pthread_cond_broadcast(&in->stored);
	pthread_mutex_unlock(&in->lock);
}

bool inbox_is_waited(const struct inbox *in)
{
	struct inbox *self = (struct inbox *)in; /* only its lock */
	bool is_waited;

	pthread_mutex_lock(&self->lock);
	is_waited =
	    in->wait_room || (in->wait_stored && !in->refuses_waits && in->waits_for > in->stored_upto);
	pthread_mutex_unlock(&self->lock);
	return is_waited;
}

size_t inbox_count(const struct inbox *in)
{
	struct inbox *self = (struct inbox *)in; /* only its lock */
	size_t count;

	pthread_mutex_lock(&self->lock);
	count = in->count;
	pthread_mutex_unlock(&self->lock);
	return count;
}
