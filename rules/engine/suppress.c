/* suppress.c - what shelves, isolations and what is out of service have in
 * common: how they end, who breaks them, two persons, and who may. */
#include "engine/suppress.h"

#include "engine/caps.h"
#include "engine/emit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- ends -- */

static void shelf_clear(struct shelf *shelf)
{
	free(shelf->by);
	free(shelf->second);
	free(shelf->reason);
	shelf->by = shelf->second = shelf->reason = NULL;
	shelf->until_ms = shelf->since_ms = 0;
}

void shelf_free(struct shelf *shelf)
{
	shelf_clear(shelf);
	free(shelf->asked_by);
	*shelf = (struct shelf){0};
}

void suppress_forget(struct incident *inc)
{
	shelf_free(&inc->shelf);
	inc->isolated_ms = 0;
}

void suppress_resume(struct engine *e, struct incident *inc, int64_t since_ms, int64_t cause)
{
	if (inc->state == STATE_CLOSED)
		return;
	if (notices_held(inc) || PLANTED(20)) {
		arm_remind(e, inc); /* at the end of what holds it still */
	} else if (incident_is_calling(inc)) {
		inc->level = 0;
		playbook_untold(e, inc, since_ms, cause);
		escalate_begin(e, inc, cause);
	} else {
		playbook_untold(e, inc, since_ms, cause);
		arm_remind(e, inc);
	}
}

static int64_t unshelved_row(struct engine *e, struct incident *inc, const struct ended *end)
{
	struct buf *b = row_begin(e);

	inc->rev++;
	json_str(b, "why", end->why);
	json_str(b, "by", inc->shelf.by);
	json_int(b, "rev", inc->rev);
	json_str(b, "state", state_name(inc->state));
	if (end->via)
		json_str(b, "via", end->via);
	if (end->words && *end->words)
		json_str(b, "note", end->words);
	shelf_clear(&inc->shelf);
	return row_end(e, AUDIT_UNSHELVED, inc, end->who, 0);
}

static void shelf_over(struct engine *e, struct incident *inc, const struct ended *end)
{
	int64_t since_ms = inc->shelf.since_ms;

	suppress_resume(e, inc, since_ms, unshelved_row(e, inc, end));
}

void suppress_due(struct engine *e, struct incident *inc)
{
	static const struct ended over = {.who = "system", .why = "time"};
	struct impairment *i = impair_isolated(e, inc->zone_id, inc->hazard);

	if (inc->shelf.until_ms)
		shelf_over(e, inc, &over);
	else if (i && i->due.at_ms <= e->now_ms)
		isolation_over(e, i, &over);
	else if (i && inc->isolated_ms)
		arm_remind(e, inc);
	if (inc->due.pos)
		return;
	if (inc->isolated_ms) /* only a damaged record knows how */
		isolation_leave(e, inc, 0);
	else
		suppress_resume(e, inc, e->now_ms, 0);
}

/* -- what breaks it -- */

int64_t suppress_breaks(struct engine *e, struct incident *inc, enum cue cue, const struct cue_arg *a)
{
	const struct ended broken = {.who = a->who ? a->who : "system", .why = cue_name(cue)};
	int64_t since_ms = 0;

	if (cue != CUE_RAISE && cue != CUE_WORSEN)
		return 0;
	if (inc->shelf.until_ms) {
		since_ms = inc->shelf.since_ms;
		unshelved_row(e, inc, &broken);
	}
	if (inc->isolated_ms && !isolation_fits(inc)) {
		if (!since_ms || inc->isolated_ms < since_ms)
			since_ms = inc->isolated_ms;
		inc->isolated_ms = 0;
		json_str(row_begin(e), "why", "member");
		row_end(e, AUDIT_REJOINED, inc, broken.who, 0);
	}
	return since_ms;
}

void suppress_broken(struct engine *e, struct incident *inc, int64_t since_ms)
{
	if (inc->next == NEXT_SHELVED || inc->next == NEXT_ISOLATED)
		suppress_resume(e, inc, since_ms, inc->seq);
	else if (!notices_held(inc))
		playbook_untold(e, inc, since_ms, inc->seq);
}

/* The earlier of the two; 0: neither holds it. */
static int64_t held_since_ms(const struct incident *inc)
{
	int64_t shelf_ms = inc->shelf.until_ms ? inc->shelf.since_ms : 0;

	return shelf_ms && inc->isolated_ms ? shelf_ms < inc->isolated_ms ? shelf_ms : inc->isolated_ms
	                                    : shelf_ms + inc->isolated_ms;
}

void suppress_overruled(struct engine *e, struct incident *inc, const char *who)
{
	const struct ended said = {.who = who, .why = "escalate"};
	int64_t since_ms = held_since_ms(inc), seq = 0;

	if (inc->shelf.until_ms)
		seq = unshelved_row(e, inc, &said);
	if (inc->isolated_ms) {
		inc->isolated_ms = 0;
		json_str(row_begin(e), "why", "escalate");
		seq = row_end(e, AUDIT_REJOINED, inc, who, 0);
	}
	if (since_ms)
		playbook_untold(e, inc, since_ms, seq);
}

/* -- who may -- */

static bool stands_in(const struct engine *e, const struct chain *chain, int person)
{
	for (int l = 0; l < chain->n_levels; l++)
		for (int i = 0; i < chain->levels[l].call.n; i++)
			if (role_held_by(e, chain->levels[l].call.at[i], person))
				return true;
	return false;
}

bool suppress_may_any(const struct engine *e, int person)
{
	for (int c = 0; c < e->plan->n_chains; c++)
		if (stands_in(e, &e->plan->chains[c], person))
			return true;
	return false;
}

bool suppress_may(const struct engine *e, int person, enum hazard hazard)
{
	bool any = false;

	for (int t = 0; t < e->plan->n_types; t++) {
		const struct incident_type *type = &e->plan->types[t];

		if (type->hazard != hazard || type->self >= 0)
			continue;
		any = true;
		if (stands_in(e, &e->plan->chains[type->chain], person))
			return true;
	}
	return !any && suppress_may_any(e, person);
}

/* -- two persons -- */

static bool is_same(const struct impairment *a, const struct impairment *b)
{
	return a->for_ms == b->for_ms && !strcmp(a->watch, b->watch ? b->watch : "") &&
	       (a->kind != IMPAIR_ISOLATED || !strcmp(a->reason, b->reason ? b->reason : ""));
}

static void asked_row(struct engine *e, struct said *s, const struct impairment *like)
{
	struct buf *b = row_begin(e);

	json_bool(b, "first", true);
	json_str(b, like->kind == IMPAIR_ISOLATED ? "zone" : "name", like->name);
	if (like->kind == IMPAIR_ISOLATED)
		json_str(b, "hazard", hazard_name(like->hazard));
	json_int(b, "for_s", like->for_ms / 1000);
	json_str(b, "reason", like->reason);
	json_str(b, "via", s->c->via);
	row_end(e, like->kind == IMPAIR_ISOLATED ? AUDIT_ISOLATED : AUDIT_OUT, NULL, s->who, 0);
}

enum refusal suppress_second(struct engine *e, struct said *s, const char *key, const struct impairment *like,
                             const char **ret_first)
{
	struct impairment *asked = impair_find(e, "q/%s", key), copy = *like;
	const char *me = e->plan->people[s->person].id;
	char *name;

	*ret_first = NULL;
	if (asked && is_same(asked, like)) {
		if (!strcmp(asked->by, me))
			return REFUSAL_SECOND_PERSON;
		*ret_first = asked->by;
		return REFUSAL_NONE;
	}
	copy.is_asked = true;
	copy.by = (char *)me;
	name = xcalloc(1, strlen(key) + 3);
	snprintf(name, strlen(key) + 3, "q/%s", key);
	impair_until(e, impair_put(e, name, &copy), e->now_ms + TWO_PERSONS_MS);
	free(name);
	asked_row(e, s, like);
	s->answer.first = true;
	*ret_first = "";
	return REFUSAL_NONE;
}

/* -- other protection of a zone -- */

static bool is_there(const struct engine *e, const struct impairment *i, int zone)
{
	const struct sensor *s = sensor_find(e, i->name);
	int actuator = plan_actuator(e->plan, i->name);

	if (i->is_asked || i->kind == IMPAIR_TAG)
		return false;
	if (i->kind == IMPAIR_ISOLATED)
		return !strcmp(i->name, e->plan->zones[zone].id);
	if (s && s->zone == zone)
		return true;
	return actuator >= 0 && (e->plan->actuators[actuator].zone == zone ||
	                         actuator_serves(e, &e->plan->actuators[actuator], zone));
}

static bool is_dead(const struct sensor *s)
{
	return s->health != HEALTH_OK && s->health != HEALTH_UNKNOWN;
}

const char *impaired_there(const struct engine *e, int zone, const char *own, char text[96])
{
	for (int i = 0; zone >= 0 && i < e->n_impairments; i++) {
		const struct impairment *other = e->impairments[i];

		if (!strcmp(other->key, own) || !is_there(e, other, zone))
			continue;
		if (other->kind == IMPAIR_ISOLATED)
			snprintf(text, 96, "%.40s %s isolated", other->name, hazard_name(other->hazard));
		else
			snprintf(text, 96, "%.64s out of service", other->name);
		return text;
	}
	for (int i = 0; zone >= 0 && i < e->n_sensors; i++) {
		const struct sensor *s = e->sensors[i];

		if (s->zone != zone || s->is_out || !is_dead(s) || !caps_is_for_life(s) ||
		    (!strncmp(own, "o/", 2) && !strcmp(own + 2, s->id)))
			continue;
		snprintf(text, 96, "%.64s lost", s->id);
		return text;
	}
	return NULL;
}

/* -- shelves -- */

/* The longest, by who is in danger; life-safety first. */
enum { SHELF_LIFE_MS = 3600000, SHELF_MAJOR_MS = 4 * 3600000, SHELF_MS = 8 * 3600000 };

static int64_t longest_ms(const struct incident *inc)
{
	if (hazard_is_life(inc->hazard))
		return SHELF_LIFE_MS;
	return inc->severity <= SEVERITY_MAJOR ? SHELF_MAJOR_MS : SHELF_MS;
}

static int64_t shelved_row(struct engine *e, struct said *s, const char *first)
{
	struct incident *inc = s->inc;
	struct buf *b = row_begin(e);

	if (s->answer.first)
		json_bool(b, "first", true);
	else
		json_time(b, "until", inc->shelf.until_ms);
	json_int(b, "for_s", s->c->for_ms / 1000);
	if (first)
		json_str(b, "asked_by", first);
	json_str(b, "reason", s->c->words);
	json_str(b, "via", s->c->via);
	json_int(b, "rev", inc->rev);
	json_str(b, "state", state_name(inc->state));
	return row_end(e, AUDIT_SHELVED, inc, s->who, 0);
}

static void shelve_now(struct engine *e, struct said *s)
{
	struct incident *inc = s->inc;
	struct shelf *shelf = &inc->shelf;
	char *first = hazard_is_life(inc->hazard) ? shelf->asked_by : NULL;
	bool again = shelf->until_ms != 0;
	int64_t since_ms = again ? shelf->since_ms : e->now_ms;

	if (first) {
		shelf->asked_by = NULL;
		shelf->asked_ms = shelf->asked_for_ms = 0;
	}
	shelf_clear(shelf);
	shelf->until_ms = e->now_ms + s->c->for_ms;
	shelf->since_ms = since_ms;
	shelf->by = first ? first : xstrdup(e->plan->people[s->person].id);
	shelf->second = first ? xstrdup(e->plan->people[s->person].id) : NULL;
	shelf->reason = xstrdup(s->c->words);
	inc->rev++;
	shelved_row(e, s, first);
	outbox_forget(e, inc);
	arm_remind(e, inc); /* takes the shelf's end */
	s->answer.detail = until_text(e, shelf->until_ms, s->text);
}

static enum refusal first_of_two(struct engine *e, struct said *s)
{
	struct shelf *shelf = &s->inc->shelf;

	free(shelf->asked_by);
	shelf->asked_by = xstrdup(e->plan->people[s->person].id);
	shelf->asked_ms = e->now_ms;
	shelf->asked_for_ms = s->c->for_ms;
	s->answer.first = true;
	shelved_row(e, s, NULL);
	return REFUSAL_NONE;
}

enum refusal verb_shelve(struct engine *e, struct said *s)
{
	struct incident *inc = s->inc;
	const struct shelf *shelf = &inc->shelf;
	bool fresh = shelf->asked_by && e->now_ms - shelf->asked_ms <= TWO_PERSONS_MS &&
	             shelf->asked_for_ms == s->c->for_ms;

	if (inc->state == STATE_CLOSED)
		return REFUSAL_CLOSED;
	if (!said_by_concerned(e, s))
		return REFUSAL_NOT_YOURS;
	if (s->c->for_ms <= 0)
		return REFUSAL_NO_END;
	if (!s->c->words)
		return REFUSAL_BAD_TEXT;
	if (inc->state == STATE_PRE_ALARM || inc->drill) {
		s->answer.detail = inc->drill ? "drill" : state_name(inc->state);
		return REFUSAL_NOT_NOW;
	}
	if (s->c->for_ms > longest_ms(inc)) {
		s->answer.detail = longest_text(longest_ms(inc), s->text);
		return REFUSAL_TOO_LONG;
	}
	if (hazard_is_life(inc->hazard) && !fresh)
		return first_of_two(e, s);
	if (hazard_is_life(inc->hazard) && !strcmp(shelf->asked_by, e->plan->people[s->person].id))
		return REFUSAL_SECOND_PERSON;
	shelve_now(e, s);
	return REFUSAL_NONE;
}

enum refusal verb_unshelve(struct engine *e, struct said *s)
{
	const struct ended said = {.who = s->who, .why = "said", .via = s->c->via, .words = s->c->words};

	if (s->inc->state == STATE_CLOSED)
		return REFUSAL_CLOSED;
	if (!said_by_concerned(e, s))
		return REFUSAL_NOT_YOURS;
	if (!s->inc->shelf.until_ms) {
		s->answer.detail = "not shelved";
		return REFUSAL_NOT_NOW;
	}
	shelf_over(e, s->inc, &said);
	return REFUSAL_NONE;
}
