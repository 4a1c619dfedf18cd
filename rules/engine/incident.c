/* incident.c - one occurrence: its memory, its number, how it is opened. */
#include "base/text.h"
#include "engine/cause.h"
#include "engine/chain.h"
#include "engine/drill.h"
#include "engine/emit.h"
#include "engine/flap.h"
#include "engine/gates.h"
#include "engine/incident.h"
#include "engine/suppress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_BLOCK = 100 };

struct incident *incident_find(const struct engine *e, int64_t number)
{
	int low = 0, high = e->n_incidents;

	while (low < high) {
		int mid = (low + high) / 2;

		if (e->incidents[mid]->number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low < e->n_incidents && e->incidents[low]->number == number ? e->incidents[low] : NULL;
}

bool incident_is_calling(const struct incident *inc)
{
	return inc->state == STATE_UNACKED || inc->state == STATE_RTN_UNACKED;
}

bool incident_wants_ack(const struct incident *inc)
{
	return inc->state == STATE_PRE_ALARM || incident_is_calling(inc);
}

bool incident_is_open(const struct incident *inc)
{
	return inc->state != STATE_CLOSED;
}

/* -- memory -- */

static void insert(struct engine *e, struct incident *inc)
{
	int i = e->n_incidents;

	if (e->n_incidents == e->cap_incidents) {
		e->cap_incidents = e->cap_incidents ? e->cap_incidents * 2 : 16;
		e->incidents = xrealloc(e->incidents, (size_t)e->cap_incidents * sizeof(struct incident *));
	}
	for (; i > 0 && e->incidents[i - 1]->number > inc->number; i--)
		e->incidents[i] = e->incidents[i - 1];
	e->incidents[i] = inc;
	e->n_incidents++;
}

struct incident *incident_new(struct engine *e, int64_t number)
{
	struct incident *inc = xcalloc(1, sizeof *inc);

	inc->number = number;
	inc->grade_index = -1;
	inc->zone = -1;
	inc->closed_ms = -1;
	snprintf(inc->key, sizeof inc->key, "i/%010lld", (long long)number);
	deadline_init(&inc->due, DEADLINE_INCIDENT, inc, inc->key, 0);
	deadline_init(&inc->all_clear, DEADLINE_ALL_CLEAR, inc, inc->key, 0);
	insert(e, inc);
	return inc;
}

static void steps_free(struct incident *inc)
{
	for (int i = 0; i < inc->n_steps; i++) {
		struct step_run *s = &inc->steps[i];

		free(s->result);
		free(s->by);
		free(s->note);
		for (int f = 0; f < s->n_facts; f++) {
			free(s->facts[f].key);
			free(s->facts[f].value);
		}
		free(s->facts);
	}
	free(inc->steps);
}

void incident_free(struct incident *inc)
{
	steps_free(inc);
	for (int i = 0; i < inc->n_members; i++) {
		free(inc->members[i].sensor);
		free(inc->members[i].kind);
		free(inc->members[i].unit);
	}
	for (int i = 0; i < inc->n_deliveries; i++) {
		free(inc->deliveries[i].person);
		free(inc->deliveries[i].channel);
		free(inc->deliveries[i].notice);
	}
	for (int i = 0; i < inc->n_called; i++) {
		free(inc->called[i].person);
		free(inc->called[i].asker);
	}
	quorum_void(inc);
	for (int i = 0; i < inc->n_instructions; i++) {
		free(inc->instructions[i].by);
		free(inc->instructions[i].from);
		free(inc->instructions[i].words);
	}
	free(inc->instructions);
	free(inc->members);
	free(inc->deliveries);
	free(inc->called);
	for (int l = 0; l < LANG_COUNT; l++)
		free((char *)inc->title.in[l]);
	free(inc->plan_hash);
	free(inc->type_id);
	free(inc->zone_id);
	free(inc->grade);
	free(inc->acked_by);
	free(inc->after);
	free(inc->reset_by);
	free(inc->reset_without);
	drill_free(inc->drill);
	free(inc->watch);
	shelf_free(&inc->shelf);
	free(inc);
}

/* A damaged record may have more than its one deadline when it is closed. */
static void let_go(struct engine *e, struct incident *inc)
{
	deadline_clear(&e->heap, &inc->due);
	deadline_clear(&e->heap, &inc->all_clear);
	if (inc->drill)
		deadline_clear(&e->heap, &inc->drill->over);
	for (int i = 0; i < inc->n_steps; i++)
		deadline_clear(&e->heap, &inc->steps[i].due);
}

void incident_drop(struct engine *e, struct incident *inc)
{
	char topic[64];
	int i = 0;

	while (e->incidents[i] != inc)
		i++;
	snprintf(topic, sizeof topic, "incident/%s/state", inc->id);
	publish_empty(e, topic);
	let_go(e, inc);
	records_put(&e->gone, inc->key, NULL);
	memmove(&e->incidents[i], &e->incidents[i + 1],
	        (size_t)(e->n_incidents - i - 1) * sizeof(struct incident *));
	e->n_incidents--;
	incident_free(inc);
}

/* -- opening -- */

static int64_t take_number(struct engine *e)
{
	int64_t number = e->next_number++;

	if (e->reserved - e->next_number < ID_BLOCK / 5)
		e->reserved += ID_BLOCK;
	e->counters_dirty = true;
	return number;
}

/* Somebody used it before: never again. */
void incident_number_used(struct engine *e, int64_t number)
{
	if (e->next_number > number)
		return;
	e->next_number = number + ID_BLOCK;
	e->reserved = e->next_number + ID_BLOCK;
	e->counters_dirty = true;
}

/* A ULID of the opening's time and a digest; nothing random (Crockford base 32). */
static void set_ulid(const struct engine *e, struct incident *inc)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char seed[160];
	uint64_t high, low, time = (uint64_t)inc->opened_ms;

	snprintf(seed, sizeof seed, "%s/%lld/%lld", e->plan->site, (long long)e->epoch,
	         (long long)inc->number);
	high = fnv64(14695981039346656037u, seed);
	low = fnv64(high, "ulid");
	for (int i = 9; i >= 0; i--, time >>= 5)
		inc->ulid[i] = digits[time & 31];
	for (int i = 17; i >= 10; i--, high >>= 5)
		inc->ulid[i] = digits[high & 31];
	for (int i = 25; i >= 18; i--, low >>= 5)
		inc->ulid[i] = digits[low & 31];
}

void incident_make_steps(struct incident *inc)
{
	inc->n_steps = inc->playbook ? inc->playbook->n_steps : 0;
	inc->steps = xcalloc((size_t)inc->n_steps + 1, sizeof *inc->steps);
	for (int i = 0; i < inc->n_steps; i++) {
		struct step_run *s = &inc->steps[i];

		s->incident = inc;
		s->index = i;
		s->began_ms = s->ended_ms = -1;
		s->result = xstrdup("");
		s->by = xstrdup("");
		s->note = xstrdup("");
		deadline_init(&s->due, DEADLINE_STEP, s, inc->key, i);
	}
}

static const char *link_after(const struct engine *e, const char *type_id, const char *zone_id)
{
	for (int i = e->n_incidents - 1; i >= 0; i--) {
		const struct incident *old = e->incidents[i];

		if (old->state == STATE_CLOSED && !old->drill && !strcmp(old->type_id, type_id) &&
		    !strcmp(old->zone_id, zone_id))
			return old->id;
	}
	return "";
}

/* Place of a grade in the type the incident began with; -1: it had none such. */
static int grade_place(const struct incident *inc, const struct grade *g)
{
	for (int i = 0; inc->type && i < inc->type->n_grades; i++)
		if (!strcmp(inc->type->grades[i].id, g->id))
			return i;
	return -1;
}

void incident_begin_grade(struct incident *inc, const struct grade *g)
{
	free(inc->grade);
	inc->grade = xstrdup(g ? g->id : "");
	inc->grade_index = g ? grade_place(inc, g) : -1;
	inc->severity = g ? g->severity : inc->type->severity;
	inc->latch = g ? g->latch : inc->type->latch;
}

/* The plan may have changed since it opened, and a person may have raised it:
 * a grade is told by its name, else by its severity, and nothing gets milder. */
bool incident_worse_grade(struct incident *inc, const struct grade *g)
{
	int place = grade_place(inc, g);
	bool worse =
	    place >= 0 && inc->grade_index >= 0 ? place > inc->grade_index : g->severity < inc->severity;

	if (!worse && inc->grade_index >= 0)
		return false;
	free(inc->grade);
	inc->grade = xstrdup(g->id);
	inc->grade_index = place;
	if (g->severity < inc->severity)
		inc->severity = g->severity;
	inc->latch = inc->latch || g->latch;
	return worse;
}

struct incident *incident_create_apart(struct engine *e, const struct incident_type *t, int zone)
{
	const char *zone_id = zone >= 0 ? e->plan->zones[zone].id : "";
	struct incident *inc = incident_new(e, take_number(e));

	inc->plan = e->plan;
	inc->plan_hash = xstrdup(e->plan->hash ? e->plan->hash : "");
	inc->type = t;
	inc->playbook = t->playbook >= 0 ? &e->plan->playbooks[t->playbook] : NULL;
	inc->type_id = xstrdup(t->id);
	inc->zone_id = xstrdup(zone_id);
	inc->zone = zone;
	for (int l = 0; l < LANG_COUNT; l++)
		inc->title.in[l] = xstrdup(t->title.in[l] ? t->title.in[l] : t->id);
	inc->hazard = t->hazard;
	snprintf(inc->id, sizeof inc->id, "%c-%lld", hazard_letter(t->hazard), (long long)inc->number);
	inc->rev = 1;
	inc->opened_ms = inc->changed_ms = e->now_ms;
	inc->acked_by = xstrdup("");
	inc->after = xstrdup("");
	inc->reset_by = xstrdup("");
	inc->reset_without = xstrdup("");
	inc->grade = xstrdup("");
	set_ulid(e, inc);
	incident_make_steps(inc);
	return inc;
}

struct incident *incident_create(struct engine *e, struct instance *in)
{
	struct incident *inc = incident_create_apart(e, in->type, in->zone);

	xreplace(&inc->after, link_after(e, inc->type_id, inc->zone_id));
	inc->instance = in;
	in->incident = inc;
	in->dirty = true;
	return inc;
}

struct member *member_find(struct incident *inc, const char *sensor)
{
	for (int i = 0; i < inc->n_members; i++)
		if (!strcmp(inc->members[i].sensor, sensor))
			return &inc->members[i];
	return NULL;
}

void member_show(char to[VALUE_BYTES], const char *text)
{
	size_t n = utf8_cut(text, VALUE_BYTES - 1);

	memcpy(to, text, n);
	to[n] = 0;
}

struct member *member_add(struct engine *e, struct incident *inc, const char *sensor, const char *kind)
{
	struct member *m;

	inc->members = xrealloc(inc->members, (size_t)(inc->n_members + 1) * sizeof *m);
	m = &inc->members[inc->n_members++];
	*m = (struct member){.at_ms = e->now_ms, .active = TRUTH_TRUE};
	m->sensor = xstrdup(sensor);
	m->kind = xstrdup(kind);
	m->unit = xstrdup("");
	return m;
}

struct member *member_of_sensor(struct engine *e, struct incident *inc, const struct sensor *s)
{
	const struct sensor_def *def = s->def >= 0 ? &e->plan->sensors[s->def] : NULL;
	struct member *m = member_add(e, inc, s->id, def ? def->kind : "");

	if (def && def->unit && s->has_number) {
		free(m->unit);
		m->unit = xstrdup(def->unit);
	}
	member_show(m->value, s->has_number ? s->text : s->word);
	member_show(m->now, m->value);
	member_show(m->peak, m->value);
	m->has_number = s->has_number;
	m->peak_milli = s->milli;
	effect_follow(e, s->id, true);
	return m;
}

/* What fired it, when that was more than one sensor. */
static void put_fired(const struct incident *inc, struct buf *b)
{
	enum { SHOWN_MAX = 8 };

	render_vote(inc, SHOWN_MAX, b);
	if (inc->n_members < 2)
		return;
	json_open(b, "members", '[');
	for (int i = 0; i < inc->n_members && i < SHOWN_MAX; i++) {
		json_open(b, NULL, '{');
		json_str(b, "sensor", inc->members[i].sensor);
		json_str(b, "value", inc->members[i].value);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void opened_row(struct engine *e, struct incident *inc, const struct cue_arg *arg)
{
	struct buf *b = row_begin(e);
	const struct member *m = inc->n_members ? &inc->members[0] : NULL;
	char value[2 * VALUE_BYTES];

	json_str(b, "type", inc->type_id);
	json_str(b, "zone", *inc->zone_id ? inc->zone_id : NULL);
	json_str(b, "grade", *inc->grade ? inc->grade : NULL);
	json_int(b, "rev", inc->rev);
	json_str(b, "ulid", inc->ulid);
	snprintf(value, sizeof value, "%s%s%s", m ? m->value : "", m && *m->unit ? " " : "",
	         m ? m->unit : "");
	json_str(b, "value", value);
	put_fired(inc, b);
	if (inc->state == STATE_PRE_ALARM)
		json_str(b, "state", state_name(inc->state));
	if (*inc->after)
		json_str(b, "after", inc->after);
	if (inc->because)
		json_str(b, "because", cause_of(e, inc)->id);
	if (inc->flapping)
		json_bool(b, "flapping", true);
	if (inc->drill)
		json_bool(b, "drill", true);
	if (inc->isolated_ms)
		json_bool(b, "isolated", true);
	if (arg->via)
		json_str(b, "via", arg->via);
	if (arg->words && *arg->words)
		json_str(b, "words", arg->words);
	inc->opened_seq = row_end(e, AUDIT_OPENED, inc, arg->who, arg->cause);
}

/* A single automatic detector may first be looked at; a person or a call point is believed at once. */
static bool begins_in_pre_alarm(const struct engine *e, const struct incident *inc)
{
	if (!inc->type || inc->type->pre_alarm_ms <= 0 || inc->manual || inc->n_members != 1)
		return false;
	if (inc->instance->met || !schedule_is_on(&inc->type->staffed, &e->plan->tz, e->now_ms))
		return false; /* its number of voters agrees; nobody is there to look */
	return strcmp(inc->members[0].kind, "callpoint") != 0;
}

/* Looking at it ends when its time is over, or the hours when somebody is there. */
int64_t incident_look_until(const struct engine *e, const struct incident *inc, int64_t until_ms)
{
	const struct schedule *staffed = &inc->type->staffed;
	int64_t at_ms = e->now_ms;

	while ((at_ms = schedule_next_ms(staffed, &e->plan->tz, at_ms)) < until_ms)
		if (!schedule_is_on(staffed, &e->plan->tz, at_ms))
			return at_ms;
	return until_ms;
}

void incident_begin(struct engine *e, struct incident *inc, const struct cue_arg *arg)
{
	bool pre = begins_in_pre_alarm(e, inc);

	inc->state = pre ? STATE_PRE_ALARM : STATE_UNACKED;
	isolation_ask(e, inc);
	cause_ask(e, inc);
	if (inc->instance && !inc->manual)
		flap_onset(e, inc->instance);
	opened_row(e, inc, arg);
	if (!pre)
		playbook_start(e, inc, inc->opened_seq);
	escalate_begin(e, inc, inc->opened_seq);
	if (inc->isolated_ms)
		isolation_tell(e, inc, inc->opened_seq);
	incident_touch(e, inc);
}

void incident_add_members(struct engine *e, struct incident *inc, struct instance *in)
{
	for (int i = 0; i < in->n_gates; i++) {
		struct sensor *s = in->gates[i]->sensor;

		if (s && gate_is_bad(in->gates[i]) && !member_find(inc, s->id))
			member_of_sensor(e, inc, s)->lost = in->gates[i]->lost;
	}
	for (int i = 0; i < in->n_gates; i++) { /* calm again, and it counts still */
		struct sensor *s = in->gates[i]->sensor;

		if (s && gate_counts(in->gates[i]) && !in->gates[i]->negated && !member_find(inc, s->id))
			member_of_sensor(e, inc, s)->active = TRUTH_FALSE;
	}
}

void incident_stale_again(struct incident *inc)
{
	inc->stale = false;
	for (int i = 0; i < inc->n_members; i++)
		inc->stale |= inc->members[i].lost && !inc->members[i].out;
}

bool incident_is_active(const struct incident *inc)
{
	for (int i = 0; i < inc->n_members; i++)
		if (!inc->members[i].out && (inc->members[i].active == TRUTH_TRUE || inc->members[i].lost))
			return true;
	return false;
}

bool incident_is_true(const struct incident *inc)
{
	return inc->instance && inc->instance->grade >= 0;
}

void incident_due(struct engine *e, struct incident *inc)
{
	struct cue_arg a = {.who = "system", .kind = AUDIT_CALLED};

	if (inc->next == NEXT_CAUSE && inc->because)
		cause_due(e, inc);
	else if (inc->next == NEXT_SHELVED || inc->next == NEXT_ISOLATED)
		suppress_due(e, inc);
	else
		life_cue(e, inc, CUE_DUE, &a);
}

void incident_replan(struct engine *e)
{
	for (int i = 0; i < e->n_incidents; i++) {
		struct incident *inc = e->incidents[i];

		inc->zone = plan_zone(e->plan, inc->zone_id);
		incident_touch(e, inc);
	}
}
