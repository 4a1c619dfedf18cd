/* incident.c - one occurrence: from the first true condition, report or fault
 * to the record of it; turns what condition.c sees into cues for life.c. */
#include "base/text.h"
#include "engine/emit.h"
#include "engine/life.h"

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
	for (int i = 0; i < inc->n_called; i++)
		free(inc->called[i].person);
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
	free(inc);
}

void incident_drop(struct engine *e, struct incident *inc)
{
	char topic[64];
	int i = 0;

	while (e->incidents[i] != inc)
		i++;
	snprintf(topic, sizeof topic, "incident/%s/state", inc->id);
	publish_empty(e, topic);
	deadline_clear(&e->heap, &inc->due);
	records_put(&e->gone, inc->key, NULL);
	memmove(&e->incidents[i], &e->incidents[i + 1], (size_t)(e->n_incidents - i - 1) * sizeof(struct incident *));
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

/* A ULID of the opening's time and a digest; nothing random (Crockford base 32). */
static void set_ulid(const struct engine *e, struct incident *inc)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char seed[160];
	uint64_t high, low, time = (uint64_t)inc->opened_ms;

	snprintf(seed, sizeof seed, "%s/%lld/%lld", e->plan->site, (long long)e->epoch, (long long)inc->number);
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

		if (old->state == STATE_CLOSED && !strcmp(old->type_id, type_id) && !strcmp(old->zone_id, zone_id))
			return old->id;
	}
	return "";
}

static void set_grade(struct incident *inc, int grade)
{
	const struct incident_type *t = inc->type;

	free(inc->grade);
	inc->grade_index = grade;
	if (!t || grade < 0 || grade >= t->n_grades) {
		inc->grade = xstrdup("");
		inc->severity = t ? t->severity : SEVERITY_MAJOR;
		inc->latch = t && t->latch;
		return;
	}
	inc->grade = xstrdup(t->grades[grade].id);
	inc->severity = t->grades[grade].severity;
	inc->latch = inc->latch || t->grades[grade].latch;
}

static struct incident *create(struct engine *e, struct instance *in)
{
	const struct incident_type *t = in->type;
	const char *zone_id = in->zone >= 0 ? e->plan->zones[in->zone].id : "";
	char *after = xstrdup(link_after(e, t->id, zone_id));
	struct incident *inc = incident_new(e, take_number(e));

	inc->plan = e->plan;
	inc->plan_hash = xstrdup(e->plan->hash ? e->plan->hash : "");
	inc->type = t;
	inc->playbook = t->playbook >= 0 ? &e->plan->playbooks[t->playbook] : NULL;
	inc->type_id = xstrdup(t->id);
	inc->zone_id = xstrdup(zone_id);
	inc->zone = in->zone;
	for (int l = 0; l < LANG_COUNT; l++)
		inc->title.in[l] = xstrdup(t->title.in[l] ? t->title.in[l] : t->id);
	inc->hazard = t->hazard;
	snprintf(inc->id, sizeof inc->id, "%c-%lld", hazard_letter(t->hazard), (long long)inc->number);
	inc->rev = 1;
	inc->opened_ms = inc->changed_ms = e->now_ms;
	inc->acked_by = xstrdup("");
	inc->after = after;
	inc->reset_by = xstrdup("");
	inc->reset_without = xstrdup("");
	inc->grade = xstrdup("");
	inc->instance = in;
	in->incident = inc;
	in->dirty = true;
	set_ulid(e, inc);
	incident_make_steps(inc);
	return inc;
}

static struct member *member_find(struct incident *inc, const char *sensor)
{
	for (int i = 0; i < inc->n_members; i++)
		if (!strcmp(inc->members[i].sensor, sensor))
			return &inc->members[i];
	return NULL;
}

static void show(char to[VALUE_BYTES], const char *text)
{
	size_t n = utf8_cut(text, VALUE_BYTES - 1);

	memcpy(to, text, n);
	to[n] = 0;
}

static struct member *member_add(struct engine *e, struct incident *inc, const char *sensor, const char *kind)
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

static struct member *member_of_sensor(struct engine *e, struct incident *inc, const struct sensor *s)
{
	const struct sensor_def *def = s->def >= 0 ? &e->plan->sensors[s->def] : NULL;
	struct member *m = member_add(e, inc, s->id, def ? def->kind : "");

	if (def && def->unit && s->has_number) {
		free(m->unit);
		m->unit = xstrdup(def->unit);
	}
	show(m->value, s->has_number ? s->text : s->word);
	show(m->now, m->value);
	show(m->peak, m->value);
	m->has_number = s->has_number;
	m->peak_milli = s->milli;
	effect_follow(e, s->id, true);
	return m;
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
	snprintf(value, sizeof value, "%s%s%s", m ? m->value : "", m && *m->unit ? " " : "", m ? m->unit : "");
	json_str(b, "value", value);
	if (inc->state == STATE_PRE_ALARM)
		json_str(b, "state", state_name(inc->state));
	if (*inc->after)
		json_str(b, "after", inc->after);
	if (arg->via)
		json_str(b, "via", arg->via);
	if (arg->words && *arg->words)
		json_str(b, "words", arg->words);
	inc->opened_seq = row_end(e, AUDIT_OPENED, inc, arg->who, arg->cause);
}

/* A single automatic detector may first be looked at; a person or a call point is believed at once. */
static bool begins_in_pre_alarm(const struct incident *inc)
{
	if (!inc->type || inc->type->pre_alarm_ms <= 0 || inc->manual || inc->n_members != 1)
		return false;
	return strcmp(inc->members[0].kind, "callpoint") != 0;
}

static void begin(struct engine *e, struct incident *inc, const struct cue_arg *arg)
{
	bool pre = begins_in_pre_alarm(inc);

	inc->state = pre ? STATE_PRE_ALARM : STATE_UNACKED;
	opened_row(e, inc, arg);
	if (!pre)
		playbook_start(e, inc, inc->opened_seq);
	escalate_begin(e, inc, inc->opened_seq);
	if (pre)
		arm(e, inc, NEXT_INVESTIGATE, e->now_ms + inc->type->pre_alarm_ms);
	incident_touch(e, inc);
}

static void add_true_members(struct engine *e, struct incident *inc, struct instance *in)
{
	for (int i = 0; i < in->n_gates; i++) {
		struct sensor *s = in->gates[i]->sensor;

		if (s && in->gates[i]->out == TRUTH_TRUE && !member_find(inc, s->id))
			member_of_sensor(e, inc, s)->lost = in->gates[i]->lost;
	}
}

/* -- what condition.c saw -- */

static struct cue_arg by_sensor(const struct sensor *s, char who[80], enum audit_kind kind, struct member *m)
{
	snprintf(who, 80, "sensor:%s", s->id);
	return (struct cue_arg){.who = who, .kind = kind, .member = m};
}

static void member_row(struct engine *e, struct incident *inc, const struct cue_arg *a)
{
	struct buf *b = row_begin(e);

	json_str(b, "sensor", a->member->sensor);
	json_str(b, "value", a->member->now);
	json_int(b, "rev", inc->rev);
	row_end(e, a->kind, inc, a->who, a->cause);
}

static void member_true(struct engine *e, struct incident *inc, struct sensor *s)
{
	struct member *m = member_find(inc, s->id);
	bool is_new = !m;
	char who[80];
	struct cue_arg a;

	if (is_new)
		m = member_of_sensor(e, inc, s);
	a = by_sensor(s, who, m->lost ? AUDIT_FOUND : AUDIT_MEMBER, m);
	m->lost = false;
	m->active = TRUTH_TRUE;
	incident_touch(e, inc);
	if (a.kind == AUDIT_FOUND)
		member_row(e, inc, &a);
	else if (is_new && (inc->state == STATE_PRE_ALARM || inc->state == STATE_UNACKED || inc->state == STATE_ACKED))
		life_cue(e, inc, CUE_RAISE, &a);
}

static void stale_again(struct incident *inc)
{
	inc->stale = false;
	for (int i = 0; i < inc->n_members; i++)
		inc->stale |= inc->members[i].lost && !inc->members[i].out;
}

void incident_member(struct engine *e, struct instance *in, struct sensor *s, enum truth active, bool lost)
{
	struct incident *inc = in->incident;
	struct member *m = inc ? member_find(inc, s->id) : NULL;
	char who[80];
	struct cue_arg a;

	if (!inc || (!m && (active != TRUTH_TRUE || lost)) || (m && m->out))
		return;
	if (active == TRUTH_TRUE && !lost) {
		member_true(e, inc, s);
	} else if (active == TRUTH_FALSE) {
		m->active = TRUTH_FALSE;
		m->lost = false;
	} else if (!m->lost) {
		m->lost = true;
		a = by_sensor(s, who, AUDIT_LOST, m);
		life_cue(e, inc, CUE_LOST, &a);
	}
	stale_again(inc);
	incident_touch(e, inc);
}

static bool has_manual(const struct incident *inc)
{
	for (int i = 0; i < inc->n_members; i++) {
		const struct member *m = &inc->members[i];

		if (strchr(m->sensor, ':') && m->active == TRUTH_TRUE && !m->out)
			return true;
	}
	return false;
}

static bool has_lost(const struct incident *inc)
{
	for (int i = 0; i < inc->n_members; i++)
		if (inc->members[i].lost && !inc->members[i].out)
			return true;
	return false;
}

static const char *who_of(const struct incident *inc, char who[80])
{
	for (int i = inc->n_members - 1; i >= 0; i--)
		if (inc->members[i].active == TRUTH_TRUE && !strchr(inc->members[i].sensor, ':')) {
			snprintf(who, 80, "sensor:%s", inc->members[i].sensor);
			return who;
		}
	return "system";
}

static void graded(struct engine *e, struct incident *inc, int grade)
{
	char who[80];
	struct cue_arg a = {.who = who_of(inc, who), .kind = AUDIT_MEMBER};
	bool calm = inc->state == STATE_RTN_UNACKED || inc->state == STATE_LATCHED || inc->state == STATE_CLEARED;

	if (grade > inc->grade_index) {
		set_grade(inc, grade);
		a.kind = AUDIT_GRADE;
		life_cue(e, inc, CUE_WORSEN, &a);
	} else if (calm) {
		life_cue(e, inc, CUE_RAISE, &a);
	}
}

void incident_grade(struct engine *e, struct instance *in, int grade, bool known)
{
	struct incident *inc = in->incident;
	char who[80];
	struct cue_arg a = {.who = "system", .kind = AUDIT_GONE};

	if (!inc && grade >= 0 && in->type) {
		inc = create(e, in);
		set_grade(inc, grade);
		add_true_members(e, inc, in);
		a.who = who_of(inc, who);
		begin(e, inc, &a);
	} else if (inc && grade >= 0) {
		graded(e, inc, grade);
	} else if (inc && known && !has_manual(inc) && !has_lost(inc) && inc->state != STATE_CLOSED) {
		for (int i = 0; i < inc->n_members; i++)
			if (!strchr(inc->members[i].sensor, ':') && !inc->members[i].lost)
				inc->members[i].active = TRUTH_FALSE;
		life_cue(e, inc, CUE_GONE, &a);
	}
}

void incident_value(struct engine *e, struct sensor *s)
{
	for (int i = 0; i < s->n_leaves; i++) {
		struct incident *inc = s->leaves[i]->instance->incident;
		struct member *m = inc ? member_find(inc, s->id) : NULL;

		if (!m || m->out)
			continue;
		show(m->now, s->has_number ? s->text : s->word);
		if (s->has_number && (!m->has_number || s->milli > m->peak_milli)) {
			show(m->peak, s->text);
			m->peak_milli = s->milli;
			m->has_number = true;
		}
		incident_touch(e, inc);
	}
}

/* -- sensors that are lost, and the alarm system's own faults -- */

static struct incident *raise_fault(struct engine *e, enum self self, const char *scope, const char *what)
{
	const struct incident_type *t = &e->plan->types[plan_self(e->plan, self)];
	struct instance *in = instance_get(e, t, scope);
	struct incident *inc = in->incident;
	struct cue_arg a = {.who = "system", .words = what};
	struct member *m;

	if (inc) { /* told already: it counts, and its words are the newest */
		m = member_find(inc, "self:");
		if (m && m->active == TRUTH_FALSE) {
			m->active = TRUTH_TRUE;
			a.kind = AUDIT_MEMBER;
			life_cue(e, inc, CUE_RAISE, &a);
		}
		if (m && what)
			show(m->now, what);
		incident_touch(e, inc);
		return inc;
	}
	inc = create(e, in);
	set_grade(inc, -1);
	m = member_add(e, inc, "self:", "system");
	show(m->value, what ? what : "");
	memcpy(m->now, m->value, sizeof m->now);
	memcpy(m->peak, m->value, sizeof m->peak);
	begin(e, inc, &a);
	return inc;
}

static void fault_over(struct engine *e, enum self self, const char *scope)
{
	const struct incident_type *t = &e->plan->types[plan_self(e->plan, self)];
	struct incident *inc = instance_get(e, t, scope)->incident;
	struct member *m = inc ? member_find(inc, "self:") : NULL;
	struct cue_arg a = {.who = "system", .kind = AUDIT_GONE};

	if (!m || m->active == TRUTH_FALSE)
		return;
	m->active = TRUTH_FALSE;
	life_cue(e, inc, CUE_GONE, &a);
	incident_touch(e, inc);
}

/* Faults that are a moment, not a state: nothing will ever say they are over. */
static bool is_moment(enum self self)
{
	return self == SELF_STORE_SET_ASIDE || self == SELF_POISON || self == SELF_UNKNOWN_INCIDENT ||
	       self == SELF_MARK_LOST || self == SELF_UNSENDABLE || self == SELF_CLOCK_STEP;
}

void incident_self(struct engine *e, enum self self, bool over, const char *what)
{
	struct buf *b = row_begin(e);

	json_str(b, "fault", self_name(self));
	json_bool(b, "over", over);
	json_str(b, "what", what);
	row_end(e, AUDIT_FAULT, NULL, "system", 0);
	if (!over)
		raise_fault(e, self, "-", what);
	if (over || is_moment(self))
		fault_over(e, self, "-");
}

void incident_sensor_lost(struct engine *e, struct sensor *s, const char *why_zh, const char *why_en)
{
	char what[VALUE_BYTES + 64];

	(void)why_zh;
	snprintf(what, sizeof what, "%s %s", s->id, why_en);
	raise_fault(e, SELF_SENSOR_LOST, s->id, what);
}

void incident_sensor_found(struct engine *e, struct sensor *s)
{
	fault_over(e, SELF_SENSOR_LOST, s->id);
}

void incident_retained(struct engine *e, int64_t number, const char *id)
{
	char what[96];

	if (incident_find(e, number))
		return;
	if (e->next_number <= number) { /* somebody used it: never again */
		e->next_number = number + ID_BLOCK;
		e->reserved = e->next_number + ID_BLOCK;
		e->counters_dirty = true;
	}
	snprintf(what, sizeof what, "%.40s", id);
	incident_self(e, SELF_UNKNOWN_INCIDENT, false, what);
}

/* -- people -- */

struct incident *incident_raise_by_person(struct engine *e, const struct command *c, int person)
{
	const struct incident_type *t = &e->plan->types[plan_type(e->plan, c->type)];
	const char *scope = t->per == PER_SITE ? "-" : c->zone;
	struct instance *in = instance_get(e, t, scope);
	struct cue_arg a = {.who = e->plan->people[person].id, .kind = AUDIT_RAISED, .via = c->via, .words = c->words};
	struct incident *inc = in->incident;
	struct member *m;
	char name[80];

	snprintf(name, sizeof name, "person:%s", e->plan->people[person].id);
	if (!inc) {
		inc = create(e, in);
		inc->manual = true;
		set_grade(inc, -1);
		m = member_add(e, inc, name, "report");
		show(m->value, c->words && *c->words ? c->words : e->plan->people[person].name);
		begin(e, inc, &a);
	} else {
		m = member_find(inc, name);
		a.member = m ? m : member_add(e, inc, name, "report");
		a.member->active = TRUTH_TRUE;
		a.member->out = false;
		show(a.member->now, c->words ? c->words : "");
		life_cue(e, inc, CUE_RAISE, &a);
	}
	return inc;
}

bool incident_is_active(const struct incident *inc)
{
	for (int i = 0; i < inc->n_members; i++)
		if (!inc->members[i].out && (inc->members[i].active == TRUTH_TRUE || inc->members[i].lost))
			return true;
	return false;
}

static bool named(const struct strings *names, const char *name)
{
	for (int i = 0; i < names->n; i++)
		if (!strcmp(names->at[i], name))
			return true;
	return false;
}

bool incident_without(struct engine *e, struct incident *inc, const struct strings *names, const struct cue_arg *arg)
{
	bool any = false;

	for (int i = 0; i < inc->n_members && inc->state != STATE_CLOSED; i++) {
		struct member *m = &inc->members[i];
		bool report = strncmp(m->sensor, "person:", 7) == 0;
		struct instance *in = inc->instance;
		struct sensor *s = sensor_find(e, m->sensor);
		struct cue_arg a = *arg;

		if (m->out || !(report || (m->lost && named(names, m->sensor))))
			continue;
		m->out = true;
		m->active = TRUTH_FALSE;
		m->lost = false;
		a.kind = AUDIT_OUT;
		a.member = m;
		any = true;
		stale_again(inc);
		life_cue(e, inc, CUE_WITHOUT, &a);
		if (in && s)
			condition_without(e, in, s);
	}
	return any;
}

void incident_due(struct engine *e, struct incident *inc)
{
	struct cue_arg a = {.who = "system", .kind = AUDIT_CALLED};

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
