#include "spill.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "config.h"
#include "log.h"
#include "store_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char magic[8] = "tocsinS3", magic_before[8] = "tocsinS2";

enum { SPILL_READ_BYTES = 4 * SPILL_MAX_BYTES }; /* one of the version before grows by its entries' heads */

struct head {
	char magic[8];
	struct spill_given given;
};

/* Then the topic, then the payload. */
struct entry {
	int64_t epoch, number; /* the start it was accepted in, and there the inbox item's */
	uint32_t topic_len, len;
	uint8_t qos, is_retained, is_dup, pad[5];
};

/* Of a file with the magic before: that build did not say in the database how far it had stored. */
struct entry_before {
	uint32_t topic_len, len;
	uint8_t qos, is_retained, is_dup, is_stored;
};

struct spill {
	int fd;
	char *path;
	pthread_mutex_t lock; /* receive thread and loop */
	off_t bytes;          /* the file's; only the head: nothing waits */
	int64_t newest;       /* inbox number of the last one added */
	int64_t epoch;        /* of what is added */
	struct spill_given given;
	bool is_full;
};

static void write_head(const struct spill *s)
{
	struct head head = {.given = s->given};

	memcpy(head.magic, magic, sizeof magic);
	if (s->fd >= 0 && pwrite(s->fd, &head, sizeof head, 0) != (ssize_t)sizeof head)
		log_at(LOG_WARNING, "%s cannot be written: %s", s->path, strerror(errno));
}

static void begin_empty(struct spill *s)
{
	s->bytes = sizeof(struct head);
	if (s->fd >= 0 && ftruncate(s->fd, 0) < 0)
		log_at(LOG_WARNING, "%s cannot be emptied: %s", s->path, strerror(errno));
	write_head(s);
}

static void open_file(struct spill *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

/* -- a file of another version: what stands in it was acknowledged -- */

/* What that build stored of it is not known to the last: each counts as perhaps sent before. */
static void add_before(struct buf *fresh, const char *at, const struct entry_before *old, int64_t epoch)
{
	struct entry e = {.epoch = epoch,
	                  .topic_len = old->topic_len,
	                  .len = old->len,
	                  .qos = old->qos,
	                  .is_retained = old->is_retained,
	                  .is_dup = 1};

	if (old->is_stored)
		return;
	buf_add(fresh, (const char *)&e, sizeof e);
	buf_add(fresh, at + sizeof *old, e.topic_len + e.len);
}

static void convert(const struct buf *all, struct buf *fresh)
{
	struct entry_before old;
	size_t at = sizeof(struct head);
	struct head head;

	memcpy(&head, all->text, sizeof head);
	memcpy(head.magic, magic, sizeof magic);
	buf_add(fresh, (const char *)&head, sizeof head);
	while (all->len - at >= sizeof old) {
		memcpy(&old, all->text + at, sizeof old);
		if ((uint64_t)old.topic_len + old.len > all->len - at - sizeof old)
			break;
		add_before(fresh, all->text + at, &old, head.given.epoch);
		at += sizeof old + old.topic_len + old.len;
	}
}

static bool take_over_before(struct spill *s)
{
	struct buf all = {0}, fresh = {0};
	struct err err;
	bool taken = config_slurp(s->path, SPILL_MAX_BYTES, &all, &err) == 0 && all.len >= sizeof(struct head);

	if (taken) {
		convert(&all, &fresh);
		taken = disk_save(s->path, fresh.text, fresh.len, &err) == 0;
	}
	buf_fini(&all);
	buf_fini(&fresh);
	return taken;
}

/* Never emptied by who cannot read it: the version that wrote it can. Nor does it take the place of one kept before. */
static void keep_aside(struct spill *s)
{
	char other[PATH_MAX];
	int n = snprintf(other, sizeof other - 16, "%s.other", s->path), why;

	for (int i = 2; n < PATH_MAX - 16 && access(other, F_OK) == 0; i++)
		snprintf(other + n, 16, "-%d", i);
	if (rename(s->path, other) == 0) {
		log_at(LOG_ERR,
		       "%s is of another version of tocsin: what that one accepted and had not stored stands in %s; to have "
		       "it, stop this one, move that file back and start that version again",
		       s->path, other);
		open_file(s);
		return;
	}
	why = errno;
	log_at(LOG_ERR, "%s is of another version of tocsin and cannot be kept as %s: it stays where it is", s->path, other);
	close(s->fd);
	s->fd = -1;
	errno = why;
}

static bool read_head(const struct spill *s, struct head *ret)
{
	return s->fd >= 0 && pread(s->fd, ret, sizeof *ret, 0) == (ssize_t)sizeof *ret;
}

static void use_head(struct spill *s)
{
	struct head head = {0};
	struct stat st;

	if (!read_head(s, &head)) {
		begin_empty(s);
		return;
	}
	if (!memcmp(head.magic, magic_before, sizeof magic) && take_over_before(s)) {
		open_file(s);
	} else if (memcmp(head.magic, magic, sizeof magic)) {
		keep_aside(s);
	}
	if (read_head(s, &head) && !memcmp(head.magic, magic, sizeof magic)) {
		s->given = head.given;
		s->bytes = fstat(s->fd, &st) == 0 ? st.st_size : (off_t)sizeof head;
		return;
	}
	begin_empty(s);
}

struct spill *spill_open(const char *path)
{
	struct spill *s = xcalloc(1, sizeof *s);

	pthread_mutex_init(&s->lock, NULL);
	s->path = xstrdup(path);
	s->fd = -1;
	open_file(s);
	if (s->fd >= 0)
		use_head(s);
	if (s->fd < 0)
		log_at(
		    LOG_WARNING,
		    "%s cannot be used (%s): what arrives while the store fails stands only in the journal",
		    path, strerror(errno));
	return s;
}

void spill_close(struct spill *s)
{
	if (s->fd >= 0)
		close(s->fd);
	pthread_mutex_destroy(&s->lock);
	free(s->path);
	free(s);
}

/* One write: a process that is killed leaves all of it or a tail that spill_each cuts. */
static bool append(struct spill *s, const struct message *m, int64_t number)
{
	struct entry e = {.epoch = s->epoch,
	                  .number = number,
	                  .topic_len = (uint32_t)strlen(m->topic),
	                  .len = (uint32_t)m->len,
	                  .qos = (uint8_t)m->qos,
	                  .is_retained = m->retained,
	                  .is_dup = m->dup};
	struct iovec iov[] = {{&e, sizeof e},
	                      {(void *)(uintptr_t)m->topic, e.topic_len},
	                      {(void *)(uintptr_t)m->payload, m->len}};
	ssize_t size = (ssize_t)(sizeof e + e.topic_len + m->len);

	if (s->bytes + size > SPILL_MAX_BYTES || pwritev(s->fd, iov, 3, s->bytes) != size)
		return false;
	s->bytes += size;
	return true;
}

bool spill_add(struct spill *s, const struct message *m, int64_t number)
{
	bool was_full, stands;

	if (s->fd < 0)
		return false;
	pthread_mutex_lock(&s->lock);
	was_full = s->is_full;
	stands = append(s, m, number);
	s->is_full = !stands;
	if (number > s->newest)
		s->newest = number;
	pthread_mutex_unlock(&s->lock);
	if (!stands && !was_full)
		log_at(LOG_ERR, "%s is full: what arrives now stands only in the journal", s->path);
	return stands;
}

void spill_stored(struct spill *s, int64_t number)
{
	pthread_mutex_lock(&s->lock);
	if (s->fd >= 0 && s->bytes > (off_t)sizeof(struct head) && number >= s->newest) {
		s->bytes = sizeof(struct head);
		s->is_full = ftruncate(s->fd, s->bytes) < 0;
	}
	pthread_mutex_unlock(&s->lock);
}

static struct inbox_item *item_of(const struct entry *e, const char *at)
{
	struct inbox_item *item = inbox_item_new(INBOX_MESSAGE);
	char *topic = xmalloc(e->topic_len + 1), *payload = xmalloc(e->len + 1);

	memcpy(topic, at, e->topic_len);
	topic[e->topic_len] = 0;
	memcpy(payload, at + e->topic_len, e->len);
	payload[e->len] = 0;
	item->message.topic = topic;
	item->message.payload = payload;
	item->message.len = e->len;
	item->message.qos = e->qos;
	item->message.retained = e->is_retained;
	item->message.dup = e->is_dup;
	item->message.before_mark = true; /* an order that is old by now counts only with id and rev */
	return item;
}

static bool is_taken(const struct entry *e, const struct taken *by)
{
	return e->epoch < by->epoch || (e->epoch == by->epoch && e->number <= by->number);
}

void spill_begin(struct spill *s, int64_t epoch)
{
	s->epoch = epoch;
}

int spill_each(struct spill *s, const struct taken *taken, void (*fn)(void *arg, struct inbox_item *item), void *arg)
{
	struct buf all = {0};
	struct err err;
	struct entry e;
	size_t at = sizeof(struct head);
	int n = 0;

	if (s->fd < 0 || s->bytes <= (off_t)at || config_slurp(s->path, SPILL_READ_BYTES, &all, &err) < 0)
		return 0;
	while (all.len >= at && all.len - at >= sizeof e) {
		memcpy(&e, all.text + at, sizeof e);
		if ((uint64_t)e.topic_len + e.len > all.len - at - sizeof e)
			break;
		if (!is_taken(&e, taken)) {
			fn(arg, item_of(&e, all.text + at + sizeof e));
			n++;
		}
		at += sizeof e + e.topic_len + e.len;
	}
	s->bytes = (off_t)at;
	if (at < all.len && ftruncate(s->fd, s->bytes) < 0)
		log_at(LOG_WARNING, "%s cannot be cut: %s", s->path, strerror(errno));
	buf_fini(&all);
	return n;
}

struct spill_given spill_given(const struct spill *s)
{
	return s->given;
}

void spill_keep_given(struct spill *s, struct spill_given given)
{
	if (given.ids == s->given.ids && given.epoch == s->given.epoch)
		return;
	s->given = given;
	write_head(s);
}
