/* save.c - everything the engine remembers as records, and back. A record is
 * one object; its first line is the object, the others its parts. What is
 * written here is read by later versions: add fields at the end of a line. */
#include "engine/emit.h"
#include "engine/life.h"
#include "engine/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_deadline(struct buf *b, const struct deadline *d)
{
	record_int(b, d->pos ? d->at_ms : -1);
}

static void get_deadline(struct engine *e, struct record_reader *r, struct deadline *d)
{
	int64_t at_ms = record_read_int(r);

	if (at_ms >= 0)
		deadline_set(&e->heap, d, at_ms);
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
	e->now_ms = record_read_int(r);
	e->epoch = record_read_int(r);
	e->seq = record_read_int(r);
	e->reserved = record_read_int(r);
	e->next_actuation = record_read_int(r);
}

/* -- incidents -- */

static void save_incident_line(const struct incident *inc, struct buf *b)
{
	record_tag(b, "i");
	record_str(b, inc->id);
	record_str(b, inc->ulid);
	record_int(b, inc->rev);
	record_str(b, inc->plan_hash);
	record_str(b, inc->type_id);
	record_str(b, inc->zone_id);
	for (int l = 0; l < LANG_COUNT; l++)
		record_str(b, inc->title.in[l]);
	record_int(b, inc->hazard);
	record_int(b, inc->severity);
	record_str(b, inc->grade);
	record_int(b, inc->grade_index);
	record_int(b, inc->latch | inc->manual << 1 | inc->stale << 2 | inc->exhausted_told << 3 | inc->investigated << 4);
	record_str(b, state_name(inc->state));
	record_int(b, inc->opened_ms);
	record_int(b, inc->changed_ms);
	record_int(b, inc->closed_ms);
	record_str(b, inc->acked_by);
	record_str(b, inc->after);
	record_int(b, inc->level);
	record_int(b, inc->round);
	record_int(b, inc->reminders);
	record_int(b, inc->next);
	put_deadline(b, &inc->due);
	record_int(b, inc->opened_seq);
	record_int(b, inc->seq);
	record_str(b, inc->reset_by);
	record_int(b, inc->reset_ms);
	record_str(b, inc->reset_without);
	record_str(b, inc->instance ? inc->instance->scope : "");
}

static void save_members(const struct incident *inc, struct buf *b)
{
	for (int i = 0; i < inc->n_members; i++) {
		const struct member *m = &inc->members[i];

		record_tag(b, "m");
		record_str(b, m->sensor);
		record_str(b, m->kind);
		record_str(b, m->unit);
		record_str(b, m->value);
		record_str(b, m->now);
		record_str(b, m->peak);
		record_int(b, m->has_number | m->lost << 1 | m->out << 2);
		record_int(b, m->peak_milli);
		record_int(b, m->at_ms);
		record_int(b, m->active);
	}
}

static void save_steps(const struct incident *inc, struct buf *b)
{
	for (int i = 0; i < inc->n_steps; i++) {
		const struct step_run *s = &inc->steps[i];

		record_tag(b, "s");
		record_str(b, step_of(s)->id);
		record_str(b, step_state_name(s->state));
		record_str(b, s->result);
		record_str(b, s->by);
		record_str(b, s->note);
		record_int(b, s->late);
		record_int(b, s->began_ms);
		record_int(b, s->ended_ms);
		record_int(b, s->tries);
		put_deadline(b, &s->due);
		for (int f = 0; f < s->n_facts; f++) {
			record_tag(b, "f");
			record_str(b, s->facts[f].key);
			record_str(b, s->facts[f].value);
		}
	}
}

static void save_incident(const struct incident *inc, struct buf *b)
{
	save_incident_line(inc, b);
	save_members(inc, b);
	save_steps(inc, b);
	for (int i = 0; i < inc->n_deliveries; i++) {
		const struct delivery_state *d = &inc->deliveries[i];

		record_tag(b, "d");
		record_str(b, d->person);
		record_str(b, d->channel);
		record_str(b, d->notice);
		record_str(b, delivery_name(d->state));
		record_int(b, d->at_ms);
	}
	for (int i = 0; i < inc->n_called; i++) {
		record_tag(b, "c");
		record_str(b, inc->called[i].person);
		record_int(b, inc->called[i].at_ms);
		record_int(b, inc->called[i].sent_ms);
		record_int(b, inc->called[i].level);
	}
}

struct plans {
	const struct plan *(*of)(void *arg, const char *hash);
	void *arg;
};

/* Its own plan's type and playbook; without the plan it lives on as it is. */
static void find_plan(struct incident *inc, const struct engine *e, const struct plans *plans)
{
	int type;

	inc->plan = plans->of ? plans->of(plans->arg, inc->plan_hash) : NULL;
	if (!inc->plan && e->plan->hash && !strcmp(e->plan->hash, inc->plan_hash))
		inc->plan = e->plan;
	type = inc->plan ? plan_type(inc->plan, inc->type_id) : -1;
	if (!inc->plan)
		inc->plan = e->plan;
	inc->type = type < 0 ? NULL : &inc->plan->types[type];
	inc->playbook = type < 0 || inc->type->playbook < 0 ? NULL : &inc->plan->playbooks[inc->type->playbook];
}

static int bounded(int64_t v, int count)
{
	return v < 0 || v >= count ? 0 : (int)v;
}

static void restore_incident_line(struct engine *e, struct incident *inc, struct record_reader *r, char **ret_scope)
{
	char *state;
	int64_t flags;

	record_read_cut(r, inc->id, sizeof inc->id);
	record_read_cut(r, inc->ulid, sizeof inc->ulid);
	inc->rev = (int)record_read_int(r);
	inc->plan_hash = record_read_str(r);
	inc->type_id = record_read_str(r);
	inc->zone_id = record_read_str(r);
	for (int l = 0; l < LANG_COUNT; l++)
		inc->title.in[l] = record_read_str(r);
	inc->hazard = bounded(record_read_int(r), HAZARD_COUNT);
	inc->severity = bounded(record_read_int(r), SEVERITY_COUNT);
	inc->grade = record_read_str(r);
	inc->grade_index = (int)record_read_int(r);
	flags = record_read_int(r);
	inc->latch = flags & 1;
	inc->manual = flags >> 1 & 1;
	inc->stale = flags >> 2 & 1;
	inc->exhausted_told = flags >> 3 & 1;
	inc->investigated = flags >> 4 & 1;
	state = record_read_str(r);
	inc->state = bounded(state_from(state), STATE_COUNT);
	free(state);
	inc->opened_ms = record_read_int(r);
	inc->changed_ms = record_read_int(r);
	inc->closed_ms = record_read_int(r);
	inc->acked_by = record_read_str(r);
	inc->after = record_read_str(r);
	inc->level = (int)record_read_int(r);
	inc->round = (int)record_read_int(r);
	inc->reminders = (int)record_read_int(r);
	inc->next = bounded(record_read_int(r), NEXT_EMPTY + 1);
	get_deadline(e, r, &inc->due);
	inc->opened_seq = record_read_int(r);
	inc->seq = record_read_int(r);
	inc->reset_by = record_read_str(r);
	inc->reset_ms = record_read_int(r);
	inc->reset_without = record_read_str(r);
	*ret_scope = record_read_str(r);
}

static void restore_member(struct incident *inc, struct record_reader *r)
{
	struct member *m;
	int64_t flags;

	inc->members = xrealloc(inc->members, (size_t)(inc->n_members + 1) * sizeof *m);
	m = &inc->members[inc->n_members++];
	*m = (struct member){0};
	m->sensor = record_read_str(r);
	m->kind = record_read_str(r);
	m->unit = record_read_str(r);
	record_read_cut(r, m->value, sizeof m->value);
	record_read_cut(r, m->now, sizeof m->now);
	record_read_cut(r, m->peak, sizeof m->peak);
	flags = record_read_int(r);
	m->has_number = flags & 1;
	m->lost = flags >> 1 & 1;
	m->out = flags >> 2 & 1;
	m->peak_milli = record_read_int(r);
	m->at_ms = record_read_int(r);
	m->active = bounded(record_read_int(r), TRUTH_TRUE + 1);
}

static struct step_run *restore_step(struct engine *e, struct incident *inc, struct record_reader *r)
{
	char *id = record_read_str(r), *state = record_read_str(r);
	struct step_run *s = inc->playbook ? playbook_step(inc, id) : NULL;

	if (s) {
		free(s->result);
		free(s->by);
		free(s->note);
		s->state = bounded(step_state_from(state), STEP_COUNT);
		s->result = record_read_str(r);
		s->by = record_read_str(r);
		s->note = record_read_str(r);
		s->late = record_read_int(r) != 0;
		s->began_ms = record_read_int(r);
		s->ended_ms = record_read_int(r);
		s->tries = (int)record_read_int(r);
		get_deadline(e, r, &s->due);
	}
	free(id);
	free(state);
	return s;
}

static void restore_fact(struct step_run *s, struct record_reader *r)
{
	if (!s)
		return;
	s->facts = xrealloc(s->facts, (size_t)(s->n_facts + 1) * sizeof *s->facts);
	s->facts[s->n_facts].key = record_read_str(r);
	s->facts[s->n_facts++].value = record_read_str(r);
}

static void restore_delivery(struct incident *inc, struct record_reader *r)
{
	struct delivery_state *d;
	char *state;

	inc->deliveries = xrealloc(inc->deliveries, (size_t)(inc->n_deliveries + 1) * sizeof *d);
	d = &inc->deliveries[inc->n_deliveries++];
	d->person = record_read_str(r);
	d->channel = record_read_str(r);
	d->notice = record_read_str(r);
	state = record_read_str(r);
	d->state = bounded(delivery_from(state), DELIVERY_COUNT);
	free(state);
	d->at_ms = record_read_int(r);
}

static void restore_called(struct incident *inc, struct record_reader *r)
{
	struct called *c;

	inc->called = xrealloc(inc->called, (size_t)(inc->n_called + 1) * sizeof *c);
	c = &inc->called[inc->n_called++];
	c->person = record_read_str(r);
	c->at_ms = record_read_int(r);
	c->sent_ms = record_read_int(r);
	c->level = (int)record_read_int(r);
}

static void restore_parts(struct engine *e, struct incident *inc, struct record_reader *r)
{
	char tag[RECORD_TAG_BYTES];
	struct step_run *step = NULL;

	while (record_line(r, tag)) {
		if (!strcmp(tag, "m"))
			restore_member(inc, r);
		else if (!strcmp(tag, "s"))
			step = restore_step(e, inc, r);
		else if (!strcmp(tag, "f"))
			restore_fact(step, r);
		else if (!strcmp(tag, "d"))
			restore_delivery(inc, r);
		else if (!strcmp(tag, "c"))
			restore_called(inc, r);
	}
}

static void attach(struct engine *e, struct incident *inc, const char *scope)
{
	int type = plan_type(e->plan, inc->type_id);

	inc->zone = plan_zone(e->plan, inc->zone_id);
	if (inc->state == STATE_CLOSED)
		return;
	inc->instance = instance_get(e, type >= 0 ? &e->plan->types[type] : inc->type, scope);
	if (inc->instance)
		inc->instance->incident = inc;
}

static int restore_incident(struct engine *e, int64_t number, struct record_reader *r, const struct plans *plans)
{
	struct incident *inc = incident_new(e, number);
	char *scope;

	restore_incident_line(e, inc, r, &scope);
	find_plan(inc, e, plans);
	incident_make_steps(inc);
	restore_parts(e, inc, r);
	attach(e, inc, scope);
	free(scope);
	return r->bad ? -1 : 0;
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
	char *kind;
	int64_t flags;

	run->key = xstrdup(key);
	n->id = record_read_str(r);
	kind = record_read_str(r);
	n->kind = bounded(notice_kind_from(kind), NOTICE_COUNT);
	free(kind);
	n->person = record_read_str(r);
	n->channel = record_read_str(r);
	n->incident = or_null(record_read_str(r));
	n->seq = record_read_int(r);
	n->epoch = record_read_int(r);
	n->rev = (int)record_read_int(r);
	n->level = (int)record_read_int(r);
	n->lang = bounded(record_read_int(r), LANG_COUNT);
	n->hazard = bounded(record_read_int(r), HAZARD_COUNT);
	n->severity = bounded(record_read_int(r), SEVERITY_COUNT);
	n->text = record_read_str(r);
	n->answer = or_null(record_read_str(r));
	n->user = record_read_str(r);
	n->reply_by_ms = record_read_int(r);
	flags = record_read_int(r);
	n->drill = flags & 1;
	n->repeat = flags >> 1 & 1;
	run->waits_link = flags >> 2 & 1;
	run->channel_index = (int)record_read_int(r);
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
	put_deadline(b, &a->due);
	record_int(b, a->cause);
	record_str(b, a->via);
}

static int restore_actuation(struct engine *e, const char *key, struct record_reader *r)
{
	struct actuation *a = xcalloc(1, sizeof *a);

	snprintf(a->key, sizeof a->key, "%s", key);
	deadline_init(&a->due, DEADLINE_ACTUATION, a, a->key, 0);
	a->id = record_read_int(r);
	a->actuator = record_read_str(r);
	a->action = record_read_str(r);
	a->incident = record_read_int(r);
	a->step = (int)record_read_int(r);
	a->user = or_null(record_read_str(r));
	a->reply.req = or_null(record_read_str(r));
	a->reply.response_topic = or_null(record_read_str(r));
	a->reply.correlation = or_null(record_read_str(r));
	a->reply.control = record_read_int(r);
	a->tries = (int)record_read_int(r);
	a->began_ms = record_read_int(r);
	a->in_flight = record_read_int(r) != 0;
	get_deadline(e, r, &a->due);
	a->cause = record_read_int(r);
	a->via = or_null(record_read_str(r));
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

	if (all || e->counters_dirty) {
		save_counters(e, &b);
		put(ret, &b, "e");
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
	buf_fini(&b);
}

static void set_clean(struct engine *e)
{
	e->counters_dirty = false;
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

static int restore_one(struct engine *e, const struct record *rec, const struct plans *plans)
{
	struct record_reader r;
	char tag[RECORD_TAG_BYTES];

	if (!strncmp(rec->key, "s/", 2))
		return sensor_restore(e, rec->key, rec->value);
	if (!strncmp(rec->key, "c/", 2))
		return instance_restore(e, rec->key, rec->value);
	record_open(&r, rec->value);
	if (!record_line(&r, tag))
		return -1;
	if (!strcmp(rec->key, "e"))
		restore_counters(e, &r);
	else if (!strncmp(rec->key, "i/", 2))
		return restore_incident(e, strtoll(rec->key + 2, NULL, 10), &r, plans);
	else if (!strncmp(rec->key, "n/", 2))
		return restore_notice(e, rec->key, &r);
	else if (!strncmp(rec->key, "a/", 2))
		return restore_actuation(e, rec->key, &r);
	return r.bad ? -1 : 0;
}

/* Sensors and instances first: incidents hang on them. */
static int rank(const struct record *rec)
{
	return !strncmp(rec->key, "s/", 2) ? 0 : !strncmp(rec->key, "c/", 2) ? 1 : 2;
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
	sensors_replan(e);
	return bad;
}
