/* save_incident.c - an incident as one record: its own line, then members,
 * steps with their facts, deliveries and calls. */
#include "engine/chain.h"
#include "engine/drill.h"
#include "engine/emit.h"
#include "engine/gates.h"
#include "engine/incident.h"
#include "engine/save.h"
#include "engine/suppress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS_MOST = 1000 }; /* no chain has so many, and each is gone through */
#define NUMBER_MOST ((int64_t)1 << 53)

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
	record_int(b, inc->latch | inc->manual << 1 | inc->stale << 2 | inc->exhausted_told << 3 |
	                  inc->investigated << 4);
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
	save_deadline(b, PLANTED(3) ? &(struct deadline){0} : &inc->due);
	record_int(b, inc->opened_seq);
	record_int(b, inc->seq);
	record_str(b, inc->reset_by);
	record_int(b, inc->reset_ms);
	record_str(b, inc->reset_without);
	record_str(b, inc->instance ? inc->instance->scope : "");
}

/* What stands beside its state. */
static void save_beside(const struct incident *inc, struct buf *b)
{
	if (!inc->because && !inc->despite && !inc->flapping)
		return;
	record_tag(b, "b");
	record_int(b, inc->because);
	record_int(b, inc->because_ms);
	record_int(b, inc->despite);
	record_int(b, inc->flapping);
}

/* Half an all-clear, and until when. */
static void save_all_clear(const struct incident *inc, struct buf *b)
{
	if (!inc->all_clear.pos)
		return;
	record_tag(b, "half");
	save_deadline(b, &inc->all_clear);
}

static void save_suppression(const struct incident *inc, struct buf *b)
{
	const struct shelf *shelf = &inc->shelf;

	if (shelf->until_ms || shelf->asked_by) {
		record_tag(b, "shelf");
		record_int(b, shelf->until_ms);
		record_int(b, shelf->since_ms);
		record_str(b, shelf->by);
		record_str(b, shelf->second);
		record_str(b, shelf->reason);
		record_str(b, shelf->asked_by);
		record_int(b, shelf->asked_ms);
		record_int(b, shelf->asked_for_ms);
	}
	if (inc->isolated_ms) {
		record_tag(b, "isol");
		record_int(b, inc->isolated_ms);
	}
	if (inc->watch) {
		record_tag(b, "watch");
		record_str(b, inc->watch);
	}
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
		save_deadline(b, &s->due);
		if (s->worst != STEP_WAITING) {
			record_tag(b, "w");
			record_int(b, s->worst);
		}
		if (s->orphan)
			record_tag(b, "orphan");
		for (int f = 0; f < s->n_facts; f++) {
			record_tag(b, "f");
			record_str(b, s->facts[f].key);
			record_str(b, s->facts[f].value);
		}
	}
}

/* Who took it, when first, and what was ordered from above. */
static void save_above(const struct incident *inc, struct buf *b)
{
	if (inc->first_ack_ms || inc->first_step_ms || inc->dead_told) {
		record_tag(b, "first");
		record_int(b, inc->first_ack_ms);
		record_int(b, inc->first_step_ms);
		record_int(b, inc->dead_told);
	}
	quorum_save(inc, b);
	for (int i = 0; i < inc->n_instructions; i++) {
		record_tag(b, "order");
		record_int(b, inc->instructions[i].at_ms);
		record_str(b, inc->instructions[i].by);
		record_str(b, inc->instructions[i].from);
		record_str(b, inc->instructions[i].words);
	}
}

void save_incident(const struct incident *inc, struct buf *b)
{
	save_incident_line(inc, b);
	save_beside(inc, b);
	save_all_clear(inc, b);
	drill_save(inc, b);
	save_suppression(inc, b);
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
		if (inc->called[i].passed)
			record_tag(b, "passed");
		if (inc->called[i].asker) {
			record_tag(b, "asker");
			record_str(b, inc->called[i].asker);
		}
	}
	save_above(inc, b);
}

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
	inc->playbook =
	    type < 0 || inc->type->playbook < 0 ? NULL : &inc->plan->playbooks[inc->type->playbook];
}

static void restore_incident_line(struct engine *e, struct incident *inc, struct record_reader *r,
                                  char **ret_scope)
{
	char *state;
	int64_t flags;

	record_read_cut(r, inc->id, sizeof inc->id);
	record_read_cut(r, inc->ulid, sizeof inc->ulid);
	inc->rev = record_read_count(r);
	inc->plan_hash = record_read_str(r);
	inc->type_id = record_read_str(r);
	inc->zone_id = record_read_str(r);
	for (int l = 0; l < LANG_COUNT; l++)
		inc->title.in[l] = record_read_str(r);
	inc->hazard = restore_bounded(r, record_read_int(r), HAZARD_COUNT);
	inc->severity = restore_bounded(r, record_read_int(r), SEVERITY_COUNT);
	inc->grade = record_read_str(r);
	inc->grade_index = record_read_place(r);
	flags = record_read_int(r);
	inc->latch = flags & 1;
	inc->manual = flags >> 1 & 1;
	inc->stale = flags >> 2 & 1;
	inc->exhausted_told = flags >> 3 & 1;
	inc->investigated = flags >> 4 & 1;
	state = record_read_str(r);
	inc->state = restore_bounded(r, state_from(state), STATE_COUNT);
	free(state);
	inc->opened_ms = record_read_ms(r);
	inc->changed_ms = record_read_ms(r);
	inc->closed_ms = record_read_ms(r);
	inc->acked_by = record_read_str(r);
	inc->after = record_read_str(r);
	inc->level = restore_bounded(r, record_read_int(r), LEVELS_MOST);
	inc->round = record_read_count(r);
	inc->reminders = record_read_count(r);
	inc->next = restore_bounded(r, record_read_int(r), NEXT_ISOLATED + 1);
	restore_deadline(e, r, &inc->due);
	inc->opened_seq = record_read_number(r);
	inc->seq = record_read_number(r);
	inc->reset_by = record_read_str(r);
	inc->reset_ms = record_read_ms(r);
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
	m->at_ms = record_read_ms(r);
	m->active = restore_bounded(r, record_read_int(r), TRUTH_TRUE + 1);
}

static struct step_run *restore_step(struct engine *e, struct incident *inc, struct record_reader *r)
{
	char *id = record_read_str(r), *state = record_read_str(r);
	struct step_run *s = inc->playbook ? playbook_step(inc, id) : NULL;

	if (s) {
		free(s->result);
		free(s->by);
		free(s->note);
		s->state = restore_bounded(r, step_state_from(state), STEP_COUNT);
		s->result = record_read_str(r);
		s->by = record_read_str(r);
		s->note = record_read_str(r);
		s->late = record_read_count(r);
		s->began_ms = record_read_ms(r);
		s->ended_ms = record_read_ms(r);
		s->tries = record_read_count(r);
		restore_deadline(e, r, &s->due);
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
	d->state = restore_bounded(r, delivery_from(state), DELIVERY_COUNT);
	free(state);
	d->at_ms = record_read_ms(r);
}

static void restore_called(struct incident *inc, struct record_reader *r)
{
	struct called *c;

	inc->called = xrealloc(inc->called, (size_t)(inc->n_called + 1) * sizeof *c);
	c = &inc->called[inc->n_called++];
	c->person = record_read_str(r);
	c->at_ms = record_read_ms(r);
	c->sent_ms = record_read_ms(r);
	c->level = restore_bounded(r, record_read_int(r), LEVELS_MOST);
	c->passed = false;
	c->asker = NULL;
}

static void restore_asker(struct called *c, struct record_reader *r)
{
	free(c->asker); /* a damaged record may say it twice */
	c->asker = record_read_str(r);
}

static int64_t restore_first_ms(struct record_reader *r)
{
	int64_t at_ms = record_read_ms(r);

	return at_ms < 0 ? 0 : at_ms;
}

static void restore_first(struct incident *inc, struct record_reader *r)
{
	inc->first_ack_ms = restore_first_ms(r);
	inc->first_step_ms = restore_first_ms(r);
	inc->dead_told = record_read_int(r) != 0;
}

static void restore_order(struct incident *inc, struct record_reader *r)
{
	struct instruction *in;

	inc->instructions =
	    xrealloc(inc->instructions, (size_t)(inc->n_instructions + 1) * sizeof *inc->instructions);
	in = &inc->instructions[inc->n_instructions++];
	in->at_ms = record_read_ms(r);
	in->by = record_read_str(r);
	in->from = record_read_str(r);
	in->words = record_read_str(r);
}

static void restore_beside(struct incident *inc, struct record_reader *r)
{
	inc->because = record_read_number(r);
	inc->because_ms = record_read_ms(r);
	inc->despite = record_read_number(r);
	inc->flapping = record_read_int(r) != 0;
	inc->gated = inc->because != 0;
}

static char *text_or_null(struct record_reader *r)
{
	char *text = record_read_str(r);

	if (*text)
		return text;
	free(text);
	return NULL;
}

static void restore_shelf(struct shelf *shelf, struct record_reader *r)
{
	shelf_free(shelf);
	shelf->until_ms = record_read_ms(r);
	shelf->since_ms = record_read_ms(r);
	shelf->by = record_read_str(r);
	shelf->second = text_or_null(r);
	shelf->reason = record_read_str(r);
	shelf->asked_by = text_or_null(r);
	shelf->asked_ms = record_read_ms(r);
	shelf->asked_for_ms = record_read_ms(r);
}

static void restore_parts(struct engine *e, struct incident *inc, struct record_reader *r)
{
	char tag[RECORD_TAG_BYTES];
	struct step_run *step = NULL;

	while (record_line(r, tag)) {
		if (!strcmp(tag, "b"))
			restore_beside(inc, r);
		else if (!strcmp(tag, "half"))
			restore_deadline(e, r, &inc->all_clear);
		else if (!strcmp(tag, "drill"))
			drill_restore(e, inc, r);
		else if (!strcmp(tag, "shelf"))
			restore_shelf(&inc->shelf, r);
		else if (!strcmp(tag, "isol"))
			inc->isolated_ms = record_read_ms(r);
		else if (!strcmp(tag, "watch") && !inc->watch)
			inc->watch = text_or_null(r);
		else if (!strcmp(tag, "m"))
			restore_member(inc, r);
		else if (!strcmp(tag, "s"))
			step = restore_step(e, inc, r);
		else if (!strcmp(tag, "w") && step)
			step->worst = restore_bounded(r, record_read_int(r), STEP_COUNT);
		else if (!strcmp(tag, "orphan") && step)
			step->orphan = true;
		else if (!strcmp(tag, "f"))
			restore_fact(step, r);
		else if (!strcmp(tag, "d"))
			restore_delivery(inc, r);
		else if (!strcmp(tag, "c"))
			restore_called(inc, r);
		else if (!strcmp(tag, "passed") && inc->n_called)
			inc->called[inc->n_called - 1].passed = true;
		else if (!strcmp(tag, "asker") && inc->n_called)
			restore_asker(&inc->called[inc->n_called - 1], r);
		else if (!strcmp(tag, "first"))
			restore_first(inc, r);
		else if (!strcmp(tag, "ack"))
			quorum_restore(inc, r);
		else if (!strcmp(tag, "order"))
			restore_order(inc, r);
	}
}

/* Of a damaged record: no instance tells it anything, and persons take its members out. */
static void live_alone(struct incident *inc, struct record_reader *r)
{
	for (int i = 0; i < inc->n_members; i++)
		inc->members[i].lost |= !strchr(inc->members[i].sensor, ':');
	incident_stale_again(inc);
	r->bad = true;
}

static void attach(struct engine *e, struct incident *inc, const char *scope, struct record_reader *r)
{
	struct buf own = {0};

	inc->zone = plan_zone(e->plan, inc->zone_id);
	if (inc->state == STATE_CLOSED || inc->drill)
		return;
	if (*inc->type_id == UNTIL_MARK || strchr(inc->type_id, '@')) { /* no type is named so */
		xreplace(&inc->type_id, "");
		live_alone(inc, r);
	}
	inc->instance = instance_named(e, inc->type_id, scope);
	buf_printf(&own, "%s", scope);
	while (inc->instance->incident) { /* it is another's */
		live_alone(inc, r);
		buf_printf(&own, "!%lld", (long long)inc->number);
		inc->instance = instance_named(e, inc->type_id, buf_text(&own));
	}
	inc->instance->incident = inc;
	buf_fini(&own);
}

/* A number is one incident's: of a key that says none, or another's, the next that is free. */
static int64_t number_of(const struct engine *e, const char *key)
{
	int64_t number = strtoll(key + 2, NULL, 10);

	if (number > 0 && number < NUMBER_MOST && !incident_find(e, number))
		return number;
	return e->n_incidents ? e->incidents[e->n_incidents - 1]->number + 1 : 1;
}

/* It is saved under its own key from now on. */
static void check_key(struct engine *e, struct incident *inc, const char *key, struct record_reader *r)
{
	if (!strcmp(inc->key, key))
		return;
	records_put(&e->gone, key, NULL);
	inc->dirty = true;
	r->bad = true;
}

/* "G-17": part of a topic, and what people call it. */
static void check_id(struct incident *inc, struct record_reader *r)
{
	char id[sizeof inc->id], letter = hazard_letter(inc->hazard);

	for (int h = 0; h < HAZARD_COUNT; h++)
		if (*inc->id == hazard_letter(h))
			letter = *inc->id;
	snprintf(id, sizeof id, "%c-%lld", letter, (long long)inc->number);
	r->bad |= strcmp(inc->id, id) != 0;
	memcpy(inc->id, id, sizeof id);
}

static void restored_times(struct incident *inc)
{
	if (inc->shelf.until_ms < 0)
		inc->shelf.until_ms = 0;
	if (inc->isolated_ms < 0)
		inc->isolated_ms = 0;
}

int restore_incident(struct engine *e, const char *key, struct record_reader *r, const struct plans *plans)
{
	struct incident *inc = incident_new(e, number_of(e, key));
	char *scope;

	check_key(e, inc, key, r);
	restore_incident_line(e, inc, r, &scope);
	check_id(inc, r);
	find_plan(inc, e, plans);
	incident_make_steps(inc);
	restore_parts(e, inc, r);
	restored_times(inc);
	attach(e, inc, scope, r);
	if (*inc->reset_by && !inc->all_clear.pos) /* of a version before */
		all_clear_begin(e, inc, e->now_ms);
	free(scope);
	return r->bad ? -1 : 0;
}
