/* render.c - the state of one incident as JSON (CONTRACT section 6). */
#include "engine/cause.h"
#include "engine/chain.h"
#include "engine/impair.h"
#include "engine/life.h"
#include "engine/render.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* How much of it is shown. */
struct limits {
	size_t text_bytes;
	int members, steps, deliveries;
	bool asks; /* texts, choices and fields of steps */
};

/* The first that fits the packet: texts give way before members and steps. */
static const struct limits limits[] = {
    {4096, 50, 60, 200, true}, {256, 50, 60, 100, true}, {64, 50, 60, 50, true},
    {64, 25, 30, 25, true},    {32, 8, 10, 10, false},
};

struct shown {
	const struct engine *e;
	const struct incident *inc;
	const struct limits *limits;
	struct buf *b;
};

void render_optional(struct buf *b, const char *key, const char *text)
{
	json_str(b, key, text && *text ? text : NULL);
}

void render_who(const struct engine *e, struct buf *b, const char *key, const int *people, int n)
{
	json_open(b, key, '[');
	for (int i = 0; i < n; i++)
		json_str(b, NULL, e->plan->people[people[i]].id);
	json_close(b, ']');
}

void render_cut(struct buf *b, const char *key, const char *text, size_t cap_bytes)
{
	size_t n = text ? utf8_cut(text, cap_bytes) : 0;
	char *copy;

	if (!text || !text[n]) {
		json_str(b, key, text);
		return;
	}
	copy = xstrdup(text);
	copy[n] = 0;
	json_str(b, key, copy);
	free(copy);
}

static void put_text(const struct shown *s, const char *key, const char *text)
{
	render_cut(s->b, key, text, s->limits->text_bytes);
}

static void put_next(const struct shown *s)
{
	struct next next;

	next_of(s->e, s->inc, &next);
	json_open(s->b, "next", '{');
	json_time(s->b, "at", next.at_ms);
	json_str(s->b, "what", next.what);
	if (next.level)
		json_int(s->b, "level", next.level);
	else
		json_nil(s->b, "level");
	render_who(s->e, s->b, "who", next.people, next.n);
	json_close(s->b, '}');
}

/* Each with the last call: when, and at which level. */
static void put_called(const struct shown *s)
{
	const struct incident *inc = s->inc;
	int skip = inc->n_called - s->limits->deliveries;

	json_open(s->b, "called", '[');
	for (int i = skip > 0 ? skip : 0; i < inc->n_called; i++) {
		json_open(s->b, NULL, '{');
		json_str(s->b, "person", inc->called[i].person);
		json_int(s->b, "level", inc->called[i].level);
		json_time(s->b, "at", inc->called[i].at_ms);
		json_close(s->b, '}');
	}
	json_close(s->b, ']');
}

static void put_chain(const struct shown *s)
{
	const struct incident *inc = s->inc;

	json_open(s->b, "chain", '{');
	json_str(s->b, "name", inc->type ? inc->plan->chains[inc->type->chain].id : NULL);
	json_int(s->b, "level", inc->level);
	json_int(s->b, "round", inc->round);
	put_called(s);
	json_close(s->b, '}');
}

/* The system's own fault that a sensor is lost: its value is the sensor. */
static const char *member_name(const struct incident *inc, const struct member *m)
{
	bool is_lost_sensor =
	    !strcmp(inc->type_id, self_name(SELF_SENSOR_LOST)) && !strcmp(m->sensor, "self:");

	return is_lost_sensor ? m->value : m->sensor;
}

static void put_member(const struct shown *s, const struct member *m)
{
	static const char *const leaves[] = {
	    [TRUTH_UNKNOWN] = "unknown", [TRUTH_FALSE] = "false", [TRUTH_TRUE] = "true"};

	json_open(s->b, NULL, '{');
	json_str(s->b, "sensor", member_name(s->inc, m));
	json_str(s->b, "kind", m->kind);
	json_str(s->b, "leaf", leaves[m->lost ? TRUTH_UNKNOWN : m->active]);
	render_optional(s->b, "value", m->value);
	render_optional(s->b, "now", m->now);
	render_optional(s->b, "peak", m->peak);
	render_optional(s->b, "unit", m->unit);
	json_time(s->b, "at", m->at_ms);
	if (m->out)
		json_bool(s->b, "out", true);
	json_close(s->b, '}');
}

static void put_members(const struct shown *s)
{
	int n = s->inc->n_members < s->limits->members ? s->inc->n_members : s->limits->members;

	json_open(s->b, "members", '[');
	for (int i = 0; i < n; i++)
		put_member(s, &s->inc->members[i]);
	json_close(s->b, ']');
	json_int(s->b, "members_more", s->inc->n_members - n);
}

/* `role` and its people; of several roles all the people, the roles as `roles`. */
static void put_owner(const struct shown *s, const struct step *step)
{
	int people[TELLING_MAX], n = step_people(s->e, s->inc, step, people, TELLING_MAX);

	json_str(s->b, "role", step->who >= 0 ? s->inc->plan->roles[step->who].id : NULL);
	if (step->also.n) {
		json_open(s->b, "roles", '[');
		json_str(s->b, NULL, s->inc->plan->roles[step->who].id);
		for (int i = 0; i < step->also.n; i++)
			json_str(s->b, NULL, s->inc->plan->roles[step->also.at[i]].id);
		json_close(s->b, ']');
	}
	render_who(s->e, s->b, "who", people, n);
}

static void put_told(const struct shown *s, const struct step *step)
{
	int people[LEVEL_PEOPLE_MAX], held[ROLE_PEOPLE_MAX], n = 0;

	for (int i = 0; i < step->notify.n; i++) {
		int role = plan_role(s->e->plan, s->inc->plan->roles[step->notify.at[i]].id);
		int of_role = role_people(s->e, role, held, ROLE_PEOPLE_MAX);

		for (int k = 0; k < of_role; k++)
			n = people_add(held[k], people, n, LEVEL_PEOPLE_MAX);
	}
	render_who(s->e, s->b, "who", people, n);
}

/* The one that is meant; of several all, the first of them as `actuator`. */
static void put_actuator(const struct shown *s, const struct step *step)
{
	int actuators[ACTUATORS_MAX], n = actuators_for(s->e, s->inc, step, actuators, ACTUATORS_MAX);
	const char *id = n ? s->e->plan->actuators[actuators[0]].id : NULL;

	if (!id && step->actuator >= 0)
		id = s->inc->plan->actuators[step->actuator].id;
	json_str(s->b, "actuator", id);
	if (n > 1) {
		json_open(s->b, "actuators", '[');
		for (int i = 0; i < n; i++)
			json_str(s->b, NULL, s->e->plan->actuators[actuators[i]].id);
		json_close(s->b, ']');
	}
	json_str(s->b, "action", step->action);
}

static void put_copies(const struct shown *s, const struct step *step)
{
	json_open(s->b, "copies", '[');
	for (int i = 0; i < step->copies.n; i++)
		json_str(s->b, NULL, s->inc->plan->roles[step->copies.at[i]].id);
	json_close(s->b, ']');
}

/* What is particular to a kind. */
static void put_kind(const struct shown *s, const struct step_run *run, const struct step *step)
{
	if (step->kind == STEP_KIND_NOTIFY)
		put_told(s, step);
	else if (step->kind == STEP_KIND_COMMAND)
		put_actuator(s, step);
	else if (step_asks(step) || step->who >= 0)
		put_owner(s, step);
	if (step->kind == STEP_KIND_RUN)
		json_str(s->b, "playbook", step->book);
	if (step->kind == STEP_KIND_REPORT)
		put_copies(s, step);
	if (step->until)
		until_render(s->e, run, s->b);
}

static bool ended(const struct step_run *run)
{
	return run->state != STEP_WAITING && run->state != STEP_OPEN;
}

static void put_took(const struct shown *s, const struct step_run *run)
{
	int64_t tenths;
	char text[32];

	if (run->state != STEP_WAITING)
		json_int(s->b, "tries", run->tries);
	if (!ended(run) || run->ended_ms < 0 || run->began_ms < 0)
		return;
	tenths = (run->ended_ms - run->began_ms + 50) / 100;
	json_raw(s->b, "took_s", milli_text(tenths * 100, text));
}

/* How it ended: who, when, with which words. */
static void put_end(const struct shown *s, const struct step_run *run, const struct step *step)
{
	if (step->kind == STEP_KIND_DECIDE)
		render_optional(s->b, "choice", run->result);
	if (run->by && *run->by)
		json_str(s->b, "by", run->by);
	if (step->kind != STEP_KIND_COMMAND && run->ended_ms >= 0)
		json_time(s->b, "ended", run->ended_ms);
}

static void put_facts(const struct shown *s, const struct step_run *run)
{
	if (!run->n_facts)
		return;
	json_open(s->b, "values", '{');
	for (int i = 0; i < run->n_facts; i++)
		put_text(s, run->facts[i].key, run->facts[i].value);
	json_close(s->b, '}');
}

static void put_both(const struct shown *s, const char *key, const struct step *step, const struct text *text)
{
	if (!*text->in[0])
		return;
	json_open(s->b, key, '{');
	for (int l = 0; l < LANG_COUNT; l++) {
		struct buf said = {0};

		facts_quote(s->inc, step, text->in[l], &said);
		put_text(s, lang_name((enum lang)l), buf_text(&said));
		buf_fini(&said);
	}
	json_close(s->b, '}');
}

static void put_choice(const struct shown *s, const struct step *step, const struct choice *c)
{
	if (*c->text.in[0])
		put_both(s, c->id, step, &c->text);
	else
		json_nil(s->b, c->id);
}

/* What is asked of people, so that a screen can offer the answers. */
static void put_asked(const struct shown *s, const struct step_run *run, const struct step *step)
{
	static const char *const types[] = {
	    [FIELD_TEXT] = "text", [FIELD_TIME] = "time", [FIELD_NUMBER] = "number"};

	put_both(s, "text", step, &step->text);
	if (ended(run))
		return;
	put_both(s, "contacts", step, &step->contacts);
	if (step->n_choices) {
		json_open(s->b, "choices", '{');
		for (int i = 0; i < step->n_choices; i++)
			put_choice(s, step, &step->choices[i]);
		json_close(s->b, '}');
	}
	if (step->n_fields) {
		json_open(s->b, "fields", '{');
		for (int i = 0; i < step->n_fields; i++)
			json_str(s->b, step->fields[i].id, types[step->fields[i].type]);
		json_close(s->b, '}');
	}
}

static void put_step(const struct shown *s, const struct step_run *run)
{
	const struct step *step = &s->inc->playbook->steps[run->index];
	enum step_kind kind = step->kind;

	json_open(s->b, NULL, '{');
	json_str(s->b, "id", step->id);
	json_str(s->b, "kind", step_kind_name(kind));
	put_kind(s, run, step);
	json_str(s->b, "state", step_state_name(run->state));
	if (kind == STEP_KIND_COMMAND)
		put_took(s, run);
	else if (run->state == STEP_OPEN && run->due.pos)
		json_time(s->b, "due", run->due.at_ms);
	if (run->index == s->inc->playbook->first)
		json_bool(s->b, "first", true);
	if (run->late)
		json_bool(s->b, "late", true);
	if (ended(run))
		put_end(s, run, step);
	if (run->note && *run->note)
		put_text(s, "note", run->note);
	put_facts(s, run);
	if (s->limits->asks)
		put_asked(s, run, step);
	json_close(s->b, '}');
}

static void put_steps(const struct shown *s)
{
	int total = s->inc->n_steps, n = total < s->limits->steps ? total : s->limits->steps;

	if (!s->inc->playbook)
		n = 0;
	json_open(s->b, "steps", '[');
	for (int i = 0; i < n; i++)
		put_step(s, &s->inc->steps[i]);
	json_close(s->b, ']');
	json_int(s->b, "steps_more", total - n);
}

static bool newest(const struct incident *inc, int at)
{
	const struct delivery_state *d = &inc->deliveries[at];

	for (int i = at + 1; i < inc->n_deliveries; i++)
		if (!strcmp(inc->deliveries[i].person, d->person) &&
		    !strcmp(inc->deliveries[i].channel, d->channel))
			return false;
	return true;
}

static void put_deliveries(const struct shown *s)
{
	int skip = -s->limits->deliveries;

	for (int i = 0; i < s->inc->n_deliveries; i++)
		skip += newest(s->inc, i);
	json_open(s->b, "deliveries", '[');
	for (int i = 0; i < s->inc->n_deliveries; i++) {
		const struct delivery_state *d = &s->inc->deliveries[i];

		if (!newest(s->inc, i) || skip-- > 0)
			continue;
		json_open(s->b, NULL, '{');
		json_str(s->b, "person", d->person);
		json_str(s->b, "channel", d->channel);
		json_str(s->b, "notice", d->notice);
		json_str(s->b, "state", delivery_name(d->state));
		json_time(s->b, "at", d->at_ms);
		json_close(s->b, '}');
	}
	json_close(s->b, ']');
}

/* The first of two persons has given the all-clear. */
static void put_reset(const struct shown *s)
{
	const struct incident *inc = s->inc;

	if (!inc->all_clear.pos)
		return;
	json_open(s->b, "reset", '{');
	json_str(s->b, "by", inc->reset_by);
	json_time(s->b, "at", inc->reset_ms);
	json_time(s->b, "until", inc->all_clear.at_ms);
	render_optional(s->b, "without", inc->reset_without);
	json_close(s->b, '}');
}

static void put_held(const struct shown *s, const char *key, int64_t until_ms, const char *by, const char *reason)
{
	json_open(s->b, key, '{');
	json_time(s->b, "until", until_ms);
	json_str(s->b, "by", by);
	put_text(s, "reason", reason);
	json_close(s->b, '}');
}

static void put_shelved(const struct shown *s)
{
	const struct shelf *shelf = &s->inc->shelf;

	if (shelf->until_ms)
		put_held(s, "shelved", shelf->until_ms, shelf->by, shelf->reason);
	else
		json_nil(s->b, "shelved");
}

static void put_isolated(const struct shown *s)
{
	const struct impairment *i =
	    s->inc->isolated_ms ? impair_isolated(s->e, s->inc->zone_id, s->inc->hazard) : NULL;

	if (i)
		put_held(s, "isolated", i->due.at_ms, i->by, i->reason);
	else
		json_nil(s->b, "isolated");
}

static void put_flags(const struct shown *s)
{
	const struct incident *because = cause_of(s->e, s->inc);

	json_open(s->b, "flags", '{');
	json_bool(s->b, "stale", s->inc->stale);
	put_shelved(s);
	put_isolated(s);
	json_bool(s->b, "drill", s->inc->drill != NULL);
	json_bool(s->b, "unrecorded", s->e->store != STORE_OK);
	if (because)
		json_str(s->b, "because", because->id);
	if (s->inc->flapping)
		json_bool(s->b, "flapping", true);
	json_close(s->b, '}');
}

/* Where more than one must take it, or had to: who has. */
static void put_acks(const struct shown *s)
{
	const struct incident *inc = s->inc;
	int need = quorum_of(s->e, inc);

	if (need <= 1)
		return;
	json_int(s->b, "quorum", need);
	json_open(s->b, "acks", '[');
	for (int i = 0; i < inc->n_acks; i++) {
		json_open(s->b, NULL, '{');
		json_str(s->b, "person", inc->acks[i].person);
		json_time(s->b, "at", inc->acks[i].at_ms);
		json_close(s->b, '}');
	}
	json_close(s->b, ']');
}

static void put_seconds(const struct shown *s, const char *key, int64_t at_ms)
{
	char text[32];

	if (at_ms)
		json_raw(s->b, key, milli_text((at_ms - s->inc->opened_ms + 50) / 100 * 100, text));
}

/* How soon somebody first said that he has it, and did something; and the instructions from above. */
static void put_above(const struct shown *s)
{
	const struct incident *inc = s->inc;

	if (inc->first_ack_ms || inc->first_step_ms) {
		json_open(s->b, "first", '{');
		put_seconds(s, "ack_s", inc->first_ack_ms);
		put_seconds(s, "step_s", inc->first_step_ms);
		json_close(s->b, '}');
	}
	if (!inc->n_instructions)
		return;
	json_open(s->b, "instructions", '[');
	for (int i = 0; i < inc->n_instructions; i++) {
		json_open(s->b, NULL, '{');
		json_time(s->b, "at", inc->instructions[i].at_ms);
		json_str(s->b, "by", inc->instructions[i].by);
		put_text(s, "from", inc->instructions[i].from);
		put_text(s, "words", inc->instructions[i].words);
		json_close(s->b, '}');
	}
	json_close(s->b, ']');
}

static void put_identity(const struct shown *s)
{
	const struct incident *inc = s->inc;

	json_int(s->b, "v", 1);
	json_str(s->b, "id", inc->id);
	json_str(s->b, "ulid", inc->ulid);
	json_int(s->b, "rev", inc->rev);
	json_int(s->b, "epoch", s->e->epoch);
	json_int(s->b, "seq", inc->seq);
	json_str(s->b, "type", inc->type_id);
	json_open(s->b, "title", '{');
	for (int l = 0; l < LANG_COUNT; l++)
		put_text(s, lang_name((enum lang)l), inc->title.in[l]);
	json_close(s->b, '}');
	render_optional(s->b, "zone", inc->zone_id);
	json_str(s->b, "hazard", hazard_name(inc->hazard));
	json_str(s->b, "severity", severity_name(inc->severity));
	render_optional(s->b, "grade", inc->grade);
	json_str(s->b, "state", state_name(inc->state));
	json_time(s->b, "opened", inc->opened_ms);
	json_time(s->b, "changed", inc->changed_ms);
	render_optional(s->b, "acked_by", inc->acked_by);
	put_acks(s);
	render_optional(s->b, "after", inc->after);
}

void render_incident(const struct engine *e, const struct incident *inc, struct buf *out)
{
	size_t start = out->len;

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct shown s = {e, inc, &limits[i], out};

		out->len = start;
		json_open(out, NULL, '{');
		put_identity(&s);
		put_next(&s);
		put_chain(&s);
		put_members(&s);
		render_vote(inc, limits[i].members, out);
		put_steps(&s);
		put_deliveries(&s);
		put_reset(&s);
		put_above(&s);
		put_flags(&s);
		json_close(out, '}');
		if (out->len - start <= RENDER_BYTES)
			return;
	}
}
