/* store.c - the store thread: one turn at a time, tried until it is durable. */
#include "store.h"

#include "base/arena.h"
#include "fault.h"
#include "log.h"
#include "store_disk.h"
#include "store_read.h"
#include "store_writer.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	OPEN_LIMIT_MS = 10000,
	IDLE_LOOK_MS = 5000,
	RETRY_MIN_MS = 100,
	RETRY_MAX_MS = 2000,
	CLOSE_MS = 2000,
	LAST_TRY_MS = 300
};

struct store {
	pthread_t thread;
	char *path, *site;
	bool is_unknown; /* the caller did not wait for the open to end: nothing was restored */

	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t cond;
	void (*wake)(void *arg);
	void *arg;
	struct turn *work; /* being tried */
	struct turn *done; /* answered, to be taken */
	enum store_answer answer;
	struct err note; /* of the answer */
	bool has_error;
	struct err error;
	struct db_plan *plans;     /* wait for the next turn */
	struct db_plan *last_good; /* waits to be written; no hash */
	int64_t close_by_ms;       /* 0: not closing */
	bool is_open, is_finished, is_abandoned;
	enum store_open_result open_result;
	struct err open_err;

	atomic_int_least64_t at_disk_since_ms; /* 0: the store thread waits */

	/* the store thread's own, once it runs */
	struct writer writer;
	struct db_plan *work_plans;
};

static void wait_until(struct store *s, int64_t until_ms)
{
	struct timespec t = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};

	pthread_cond_timedwait(&s->cond, &s->mutex, &t);
}

static void at_disk(struct store *s, bool is)
{
	atomic_store(&s->at_disk_since_ms, is ? writer_now_ms() : 0);
}

static void free_plans(struct db_plan *p)
{
	while (p) {
		struct db_plan *next = p->next;

		free(p->hash);
		free(p->bundle);
		free(p);
		p = next;
	}
}

/* Once per turn, so that the loop can degrade while the tries go on. */
static void tell_error(struct store *s, const struct err *err)
{
	pthread_mutex_lock(&s->mutex);
	s->has_error = true;
	s->error = *err;
	if (s->wake)
		s->wake(s->arg);
	pthread_mutex_unlock(&s->mutex);
}

/* false: closing, and its time is over. */
static bool pause_before_retry(struct store *s, int64_t wait_ms)
{
	int64_t until = writer_now_ms() + wait_ms;
	bool go_on;

	at_disk(s, false);
	pthread_mutex_lock(&s->mutex);
	while (!s->close_by_ms && writer_now_ms() < until)
		wait_until(s, until);
	if (s->close_by_ms && until > writer_now_ms() + RETRY_MIN_MS)
		until = writer_now_ms() + RETRY_MIN_MS;
	while (writer_now_ms() < until)
		wait_until(s, until);
	go_on = !s->close_by_ms || writer_now_ms() + fault_ms("store-last-try-ms", LAST_TRY_MS) < s->close_by_ms;
	pthread_mutex_unlock(&s->mutex);
	return go_on;
}

static enum store_answer tell_replaced(struct store *s, struct err *ret_note)
{
	if (!s->writer.replaced.text[0])
		return STORE_COMMITTED;
	*ret_note = s->writer.replaced;
	s->writer.replaced.text[0] = 0;
	return STORE_REPLACED;
}

/* STORE_NOTHING: closing, the turn could not be stored in time. */
static enum store_answer store_turn(struct store *s, struct turn *turn, struct err *ret_note)
{
	struct db_head after;
	struct db_step step = {
	    .before = &s->writer.head, .after = &after, .turn = turn, .plans = s->work_plans};
	int64_t wait_ms = RETRY_MIN_MS;
	bool is_told = false;

	db_chain(&s->writer.head, turn, &after);
	for (;;) {
		enum db_outcome outcome;

		ret_note->text[0] = 0;
		at_disk(s, true);
		outcome = writer_try(&s->writer, &step, ret_note);
		if (outcome == DB_COMMITTED)
			writer_stored(&s->writer, &step, ret_note);
		if (outcome == DB_FENCED)
			return STORE_FENCED;
		if (outcome == DB_COMMITTED)
			return tell_replaced(s, ret_note);
		if (!is_told)
			tell_error(s, ret_note);
		is_told = true;
		writer_look(&s->writer);
		if (!pause_before_retry(s, wait_ms))
			return STORE_NOTHING;
		wait_ms = wait_ms * 2 < RETRY_MAX_MS ? wait_ms * 2 : RETRY_MAX_MS;
	}
}

/* Called and returns with the lock held. */
static void serve(struct store *s)
{
	struct turn *turn = s->work;
	enum store_answer answer;
	struct err note;

	pthread_mutex_unlock(&s->mutex);
	answer = store_turn(s, turn, &note);
	pthread_mutex_lock(&s->mutex);
	s->work = NULL;
	free_plans(s->work_plans);
	s->work_plans = NULL;
	if (answer == STORE_NOTHING)
		return;
	s->done = turn;
	s->answer = answer;
	s->note = note;
	if (s->wake)
		s->wake(s->arg);
}

/* Called and returns with the lock held. */
static void save_last_good(struct store *s)
{
	struct db_plan *p = s->last_good;
	char path[PATH_MAX];
	struct err err;

	s->last_good = NULL;
	pthread_mutex_unlock(&s->mutex);
	disk_beside(s->writer.path, STORE_LAST_GOOD, path);
	if (disk_save(path, p->bundle, p->len, &err) < 0)
		log_at(LOG_ERR, "the configuration could not be kept as last good: %s", err.text);
	free_plans(p);
	pthread_mutex_lock(&s->mutex);
}

/* The same; somebody else may be filling the disk meanwhile, and what was let go is deleted. */
static void wait_for_work(struct store *s)
{
	at_disk(s, false);
	wait_until(s, writer_now_ms() + writer_rest_ms(&s->writer, IDLE_LOOK_MS));
	if (s->work || s->close_by_ms)
		return;
	pthread_mutex_unlock(&s->mutex);
	at_disk(s, true);
	writer_look(&s->writer);
	writer_trim(&s->writer);
	pthread_mutex_lock(&s->mutex);
}

static void destroy(struct store *s)
{
	free_plans(s->plans);
	free_plans(s->last_good);
	free_plans(s->work_plans);
	free(s->path);
	free(s->site);
	pthread_cond_destroy(&s->cond);
	pthread_mutex_destroy(&s->mutex);
	free(s);
}

static void open_database(struct store *s)
{
	struct err err;
	enum store_open_result result;

	at_disk(s, true);
	result = writer_start(&s->writer, s->path, s->site, &err);
	pthread_mutex_lock(&s->mutex);
	s->open_result = result;
	s->open_err = err;
	s->is_open = true;
	pthread_cond_broadcast(&s->cond);
	pthread_mutex_unlock(&s->mutex);
}

static void *run(void *arg)
{
	struct store *s = arg;
	bool is_abandoned;

	open_database(s);
	pthread_mutex_lock(&s->mutex);
	while (s->work || s->last_good || !s->close_by_ms)
		if (s->work)
			serve(s);
		else if (s->last_good)
			save_last_good(s);
		else
			wait_for_work(s);
	pthread_mutex_unlock(&s->mutex);
	writer_fini(&s->writer);
	pthread_mutex_lock(&s->mutex);
	s->is_finished = true;
	is_abandoned = s->is_abandoned;
	pthread_cond_broadcast(&s->cond);
	pthread_mutex_unlock(&s->mutex);
	if (is_abandoned)
		destroy(s);
	return NULL;
}

static void start_thread(struct store *s)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are the loop's */
	if (pthread_create(&s->thread, NULL, run, s))
		abort();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_setname_np(s->thread, "store");
}

/* A disk that hangs does not keep the daemon from starting. */
static enum store_open_result wait_open(struct store *s, struct err *err)
{
	int64_t limit_ms = fault_disk_ms(OPEN_LIMIT_MS), until_ms = writer_now_ms() + limit_ms;
	enum store_open_result result;

	pthread_mutex_lock(&s->mutex);
	while (!s->is_open && writer_now_ms() < until_ms)
		wait_until(s, until_ms);
	s->is_unknown = !s->is_open;
	result = s->is_open ? s->open_result : STORE_UNUSABLE;
	*err = s->open_err;
	pthread_mutex_unlock(&s->mutex);
	if (s->is_unknown)
		err_set(err, "the disk that holds %s has not answered for %d s", s->path,
		        (int)(limit_ms / 1000));
	return result;
}

struct store *store_open(const char *path, const char *site, void (*wake)(void *arg), void *arg,
                         enum store_open_result *ret_result, struct err *err)
{
	struct store *s = xcalloc(1, sizeof *s);
	pthread_condattr_t attr;

	s->wake = wake;
	s->arg = arg;
	pthread_mutex_init(&s->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->cond, &attr);
	pthread_condattr_destroy(&attr);

	s->path = xstrdup(path);
	s->site = xstrdup(site);
	start_thread(s);
	*ret_result = wait_open(s, err);
	return s;
}

bool store_close(struct store *s)
{
	pthread_t thread = s->thread; /* once abandoned, the thread may free the rest */
	bool is_finished;

	pthread_mutex_lock(&s->mutex);
	s->close_by_ms = writer_now_ms() + fault_ms("store-close-ms", CLOSE_MS);
	s->wake = NULL;
	pthread_cond_broadcast(&s->cond);
	while (!s->is_finished && writer_now_ms() < s->close_by_ms)
		wait_until(s, s->close_by_ms);
	is_finished = s->is_finished;
	s->is_abandoned = !is_finished;
	pthread_mutex_unlock(&s->mutex);
	if (!is_finished) {
		pthread_detach(thread);
		return false;
	}
	pthread_join(thread, NULL);
	destroy(s);
	return true;
}

void store_restored(struct store *s, struct restored *ret)
{
	*ret = (struct restored){.at_ms = -1};
	db_genesis(s->site, ret->head);
	if (s->is_unknown)
		return;
	*ret = (struct restored){.seq = s->writer.head.seq,
	                         .epoch = s->writer.head.epoch > s->writer.ids.epoch ? s->writer.head.epoch
	                                                                             : s->writer.ids.epoch,
	                         .at_ms = s->writer.head.at_ms,
	                         .ids_side = s->writer.ids.next};
	memcpy(ret->head, s->writer.head.hash, sizeof ret->head);
	read_records(s->path, s->site, ret);
}

char *store_plan(struct store *s, const char *hash, size_t *ret_len)
{
	return s->is_unknown ? NULL : read_plan(s->path, hash, ret_len);
}

static struct db_plan *plan_new(const char *hash, const char *bundle, size_t len)
{
	struct db_plan *p = xcalloc(1, sizeof *p);

	p->hash = xstrdup_null(hash);
	p->bundle = xmalloc(len + 1);
	memcpy(p->bundle, bundle, len);
	p->len = len;
	return p;
}

void store_keep_plan(struct store *s, const char *hash, const char *bundle, size_t len)
{
	struct db_plan *p = plan_new(hash, bundle, len);

	pthread_mutex_lock(&s->mutex);
	p->next = s->plans;
	s->plans = p;
	pthread_mutex_unlock(&s->mutex);
}

bool store_disk_is_shut(const struct store *s)
{
	return atomic_load(&s->writer.disk_is_shut);
}

int64_t store_at_disk_ms(const struct store *s)
{
	int64_t since_ms = atomic_load(&s->at_disk_since_ms);

	return since_ms ? writer_now_ms() - since_ms : -1;
}

bool store_disk_is_low(const struct store *s)
{
	return atomic_load(&s->writer.disk_is_low);
}

void store_last_good(struct store *s, const char *bundle, size_t len)
{
	struct db_plan *p = plan_new(NULL, bundle, len), *old;

	pthread_mutex_lock(&s->mutex);
	old = s->last_good;
	s->last_good = p;
	pthread_cond_broadcast(&s->cond);
	pthread_mutex_unlock(&s->mutex);
	free_plans(old);
}

void store_submit(struct store *s, struct turn *turn)
{
	pthread_mutex_lock(&s->mutex);
	assert(!s->work && !s->done);
	s->work = turn;
	s->work_plans = s->plans;
	s->plans = NULL;
	pthread_cond_broadcast(&s->cond);
	pthread_mutex_unlock(&s->mutex);
}

enum store_answer store_take(struct store *s, struct turn **ret_turn, struct err *err)
{
	enum store_answer answer = STORE_NOTHING;

	*ret_turn = NULL;
	err->text[0] = 0;
	pthread_mutex_lock(&s->mutex);
	if (s->has_error) {
		answer = STORE_ERROR;
		*err = s->error;
		s->has_error = false;
	} else if (s->done) {
		answer = s->answer;
		*err = s->note;
		*ret_turn = s->done;
		s->done = NULL;
	}
	pthread_mutex_unlock(&s->mutex);
	return answer;
}
