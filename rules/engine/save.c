/* save.c - everything the engine remembers as records, and back. A record is
 * one object; its first line is the object, the others its parts. What is
 * written here is read by later versions: add fields at the end of a line. */
#include "engine/duty.h"
#include "engine/emit.h"
#include "engine/flood.h"
#include "engine/reach.h"
#include "engine/home.h"
#include "engine/suppress.h"
#include "engine/save.h"
#include "engine/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void save_deadline(struct buf *b, const struct deadline *d)
{
	record_int(b, d->pos ? d->at_ms : -1);
}

void restore_deadline(struct engine *e, struct record_reader *r, struct deadline *d)
{
	int64_t at_ms = record_read_ms(r);

	if (at_ms >= 0)
		deadline_set(&e->heap, d, at_ms);
}

int restore_bounded(struct record_reader *r, int64_t v, int count)
{
	bool is_known = v >= 0 && v < count;

	r->bad |= !is_known;
	return is_known ? (int)v : 0;
}

/* -- counters -- */

static void save_counters(const struct engine *e, struct buf *b)
{
	record_tag(b, "e");
	record_int(b, e->now_ms);
	record_int(b, e->epoch);
	record_int(b, e->seq);
	record_int(b, e->reserved);
	record_int(b, e->next_actuation);
}

static void restore_counters(struct engine *e, struct record_reader *r)
{
	int64_t now_ms = record_read_ms(r);

	e->now_ms = now_ms < 0 ? 0 : now_ms;
	e->epoch = record_read_number(r);
	e->seq = PLANTED(6) ? record_read_number(r) * 0 : record_read_number(r);
	e->reserved = record_read_number(r);
	e->next_actuation = record_read_number(r);
}

/* -- notices and actuations -- */

static void save_notice(const struct notice_run *run, struct buf *b)
{
	const struct notice *n = &run->notice;

	record_tag(b, "n");
	record_str(b, n->id);
	record_str(b, notice_kind_name(n->kind));
	record_str(b, n->person);
	record_str(b, n->channel);
	record_str(b, n->incident);
	record_int(b, n->seq);
	record_int(b, n->epoch);
	record_int(b, n->rev);
	record_int(b, n->level);
	record_int(b, n->lang);
	record_int(b, n->hazard);
	record_int(b, n->severity);
	record_str(b, n->text);
	record_str(b, n->answer);
	record_str(b, n->user);
	record_int(b, n->reply_by_ms);
	record_int(b, n->drill | n->repeat << 1 | run->waits_link << 2);
	record_int(b, run->channel_index);
	save_deadline(b, &run->due);
	if (n->covers) {
		record_tag(b, "of");
		record_str(b, n->covers);
	}
}

static char *or_null(char *text)
{
	if (*text)
		return text;
	free(text);
	return NULL;
}

static int restore_notice(struct engine *e, const char *key, struct record_reader *r)
{
	struct notice_run *run = xcalloc(1, sizeof *run);
	struct notice *n = &run->notice;
	char *kind, tag[RECORD_TAG_BYTES];
	int64_t flags;

	run->key = xstrdup(key);
	n->id = record_read_str(r);
	kind = record_read_str(r);
	n->kind = restore_bounded(r, notice_kind_from(kind), NOTICE_COUNT);
	free(kind);
	n->person = record_read_str(r);
	n->channel = record_read_str(r);
	n->incident = or_null(record_read_str(r));
	n->seq = record_read_number(r);
	n->epoch = record_read_number(r);
	n->rev = record_read_count(r);
	n->level = record_read_count(r);
	n->lang = restore_bounded(r, record_read_int(r), LANG_COUNT);
	n->hazard = restore_bounded(r, record_read_int(r), HAZARD_COUNT);
	n->severity = restore_bounded(r, record_read_int(r), SEVERITY_COUNT);
	n->text = record_read_str(r);
	n->answer = or_null(record_read_str(r));
	n->user = record_read_str(r);
	n->reply_by_ms = record_read_ms(r);
	flags = record_read_int(r);
	n->drill = flags & 1;
	n->repeat = flags >> 1 & 1;
	run->waits_link = flags >> 2 & 1;
	run->channel_index = restore_bounded(r, record_read_int(r), 1 << 16);
	deadline_init(&run->due, DEADLINE_NOTICE, run, run->key, 0);
	if (*r->field == ' ') /* older ones end here */
		restore_deadline(e, r, &run->due);
	while (record_line(r, tag))
		if (!strcmp(tag, "of") && !n->covers)
			n->covers = record_read_str(r);
	outbox_restored(e, run);
	return r->bad ? -1 : 0;
}

static void save_actuation(const struct actuation *a, struct buf *b)
{
	record_tag(b, "a");
	record_int(b, a->id);
	record_str(b, a->actuator);
	record_str(b, a->action);
	record_int(b, a->incident);
	record_int(b, a->step);
	record_str(b, a->user);
	record_str(b, a->reply.req);
	record_str(b, a->reply.response_topic);
	record_str(b, a->reply.correlation);
	record_int(b, a->reply.control);
	record_int(b, a->tries);
	record_int(b, a->began_ms);
	record_int(b, a->in_flight);
	save_deadline(b, &a->due);
	record_int(b, a->cause);
	record_str(b, a->via);
	record_str(b, a->who);
}

static int restore_actuation(struct engine *e, const char *key, struct record_reader *r)
{
	struct actuation *a = xcalloc(1, sizeof *a);

	snprintf(a->key, sizeof a->key, "%s", key);
	deadline_init(&a->due, DEADLINE_ACTUATION, a, a->key, 0);
	a->id = record_read_number(r);
	a->actuator = record_read_str(r);
	a->action = record_read_str(r);
	a->incident = record_read_number(r);
	a->step = record_read_place(r);
	a->user = or_null(record_read_str(r));
	a->reply.req = or_null(record_read_str(r));
	a->reply.response_topic = or_null(record_read_str(r));
	a->reply.correlation = or_null(record_read_str(r));
	a->reply.control = record_read_int(r);
	a->tries = record_read_count(r);
	a->began_ms = record_read_ms(r);
	a->in_flight = record_read_int(r) != 0;
	restore_deadline(e, r, &a->due);
	a->cause = record_read_number(r);
	a->via = or_null(record_read_str(r));
	a->who = or_null(record_read_str(r));
	actuate_restored(e, a);
	return r->bad ? -1 : 0;
}

/* -- all of it -- */

static void put(struct records *ret, struct buf *b, const char *key)
{
	records_put(ret, key, buf_text(b));
	buf_clear(b);
}

static void save(struct engine *e, struct records *ret, bool all)
{
	struct buf b = {0};

	engine_plan_first(e);
	if (all || e->counters_dirty) {
		save_counters(e, &b);
		put(ret, &b, "e");
	}
	if (e->commands.n && (all || e->commands.dirty)) {
		again_save_commands(&e->commands, &b);
		put(ret, &b, "r");
	}
	for (int i = 0; i < e->n_actuations; i++)
		if (all || e->actuations[i]->dirty) {
			save_actuation(e->actuations[i], &b);
			put(ret, &b, e->actuations[i]->key);
		}
	for (int i = 0; i < e->n_instances; i++)
		if (all || e->instances[i]->dirty) {
			instance_save(e->instances[i], &b);
			put(ret, &b, e->instances[i]->key);
		}
	for (int i = 0; i < e->n_incidents; i++)
		if (all || e->incidents[i]->dirty) {
			save_incident(e->incidents[i], &b);
			put(ret, &b, e->incidents[i]->key);
		}
	for (int i = 0; i < e->n_notices; i++)
		if (all || e->notices[i]->dirty) {
			save_notice(e->notices[i], &b);
			put(ret, &b, e->notices[i]->key);
		}
	for (int i = 0; i < e->n_sensors; i++)
		if (all || e->sensors[i]->dirty) {
			sensor_save(e->sensors[i], &b);
			put(ret, &b, e->sensors[i]->key);
		}
	for (int i = 0; i < e->n_watches; i++)
		if (all || e->watches[i]->dirty) {
			watch_save(e->watches[i], &b);
			put(ret, &b, e->watches[i]->key);
		}
	if (e->home.topic && (all || e->home.dirty)) {
		home_save(e, &b);
		put(ret, &b, "h");
	}
	floods_save(e, ret, all);
	duties_save(e, ret, all);
	impairs_save(e, ret, all);
	reaches_save(e, ret, all);
	buf_fini(&b);
}

static void set_clean(struct engine *e)
{
	e->counters_dirty = e->commands.dirty = e->home.dirty = false;
	for (int i = 0; i < e->n_actuations; i++)
		e->actuations[i]->dirty = false;
	for (int i = 0; i < e->n_instances; i++)
		e->instances[i]->dirty = false;
	for (int i = 0; i < e->n_incidents; i++)
		e->incidents[i]->dirty = false;
	for (int i = 0; i < e->n_notices; i++)
		e->notices[i]->dirty = false;
	for (int i = 0; i < e->n_sensors; i++)
		e->sensors[i]->dirty = false;
	for (int i = 0; i < e->n_watches; i++)
		e->watches[i]->dirty = false;
	floods_set_dirty(e, false);
	duties_set_clean(e);
	impairs_set_dirty(e, false);
	reaches_set_clean(e);
}

/* Forgotten keys first: one may be used again in the same turn. */
void engine_save(struct engine *e, struct records *ret)
{
	for (int i = 0; i < e->gone.n; i++)
		records_put(ret, e->gone.at[i].key, NULL);
	records_clear(&e->gone);
	save(e, ret, false);
	set_clean(e);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct record *)a)->key, ((const struct record *)b)->key);
}

void engine_save_all(struct engine *e, struct records *ret)
{
	save(e, ret, true);
	qsort(ret->at, (size_t)ret->n, sizeof *ret->at, by_key);
}

uint64_t engine_digest(struct engine *e)
{
	struct records r;
	uint64_t h = 14695981039346656037u;

	records_init(&r);
	engine_save_all(e, &r);
	for (int i = 0; i < r.n; i++) {
		if (!strcmp(r.at[i].key, "e"))
			continue; /* the time of the last event is no state */
		h = fnv64(fnv64(h, r.at[i].key), r.at[i].value);
	}
	records_fini(&r);
	return h;
}

/* Asked for, isolated, out of service, a sign. */
static bool is_impairment(const char *key)
{
	return key[0] && strchr("qpot", key[0]) && key[1] == '/';
}

static int restore_one(struct engine *e, const struct record *rec, const struct plans *plans)
{
	struct record_reader r;
	char tag[RECORD_TAG_BYTES];

	if (!strncmp(rec->key, "s/", 2))
		return sensor_restore(e, rec->key, rec->value);
	if (!strncmp(rec->key, "c/", 2))
		return instance_restore(e, rec->key, rec->value);
	if (!strncmp(rec->key, "w/", 2))
		return watch_restore(e, rec->key, rec->value);
	record_open(&r, rec->value);
	if (!record_line(&r, tag))
		return -1;
	if (!strcmp(rec->key, "e"))
		restore_counters(e, &r);
	else if (!strcmp(rec->key, "h"))
		home_restore(e, &r);
	else if (!strncmp(rec->key, "i/", 2))
		return restore_incident(e, rec->key, &r, plans);
	else if (!strncmp(rec->key, "n/", 2))
		return restore_notice(e, rec->key, &r);
	else if (!strncmp(rec->key, "a/", 2))
		return restore_actuation(e, rec->key, &r);
	else if (!strncmp(rec->key, "f/", 2))
		return flood_restore(e, rec->key, &r);
	else if (!strncmp(rec->key, "d/", 2))
		return duty_restore(e, rec->key, &r);
	else if (!strncmp(rec->key, "do/", 3))
		return override_restore(e, rec->key, &r);
	else if (!strncmp(rec->key, "g/", 2))
		return reach_restore(e, rec->key, &r);
	else if (is_impairment(rec->key))
		return impair_restore(e, rec->key, &r);
	else if (!strcmp(rec->key, "r"))
		do
			again_restore_command(&e->commands, &r);
		while (record_line(&r, tag));
	return r.bad ? -1 : 0;
}

/* The time first; sensors and instances before the incidents that hang on them. */
static int rank(const struct record *rec)
{
	return !strncmp(rec->key, "s/", 2) || !strcmp(rec->key, "e") ? 0 : !strncmp(rec->key, "c/", 2) ? 1 : 2;
}

int engine_restore(struct engine *e, const struct record *records, int n,
                   const struct plan *(*plan_of)(void *arg, const char *hash), void *arg)
{
	struct plans plans = {plan_of, arg};
	int bad = 0;

	for (int pass = 0; pass < 3; pass++)
		for (int i = 0; i < n; i++)
			if (rank(&records[i]) == pass && restore_one(e, &records[i], &plans) != 0)
				bad = -1;
	service_restored(e);
	sensors_replan(e);
	return restored_look(e, false) ? -1 : bad;
}
