/* said.c - the invariants of what the engine says: rows, notices, commands,
 * answers.
 *
 *   I2  what leaves before it is stored is of the few kinds that may
 *   I4  a notice repeats only under its own id, and marked as repeat
 *   I5  no command leaves that an interlock forbids
 *   I6  a life-safety call is a notice to everybody of its level at once
 *   I8  rows are gapless JSON and every effect names a row already given
 *   I9  a refused command changes nothing, and every command is answered */
#include "world.h"

#include "engine/impair.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- rows -- */

static bool is_life_id(const char *incident)
{
	return incident && strchr("FGL", incident[0]);
}

static const struct effect *call_of(const struct world *w, int64_t seq, const char *person)
{
	const struct effects *fx = &w->gathering->fx;

	for (int i = w->step_from; i < fx->n; i++) {
		const struct effect *f = &fx->at[i];

		if (f->kind == EFFECT_NOTICE && f->notice.kind == NOTICE_CALL && f->notice.seq == seq &&
		    (!person || !strcmp(f->notice.person, person)))
			return f;
	}
	return NULL;
}

/* Without the broker a page waits out the short grace: then nobody is missed here. */
static void check_called(struct world *w, const struct row *row, json_t *rec)
{
	const char *incident = json_string_value(json_object_get(rec, "inc"));
	json_t *people = json_object_get(json_object_get(rec, "body"), "people"), *person;
	size_t i;

	if (!is_life_id(incident) || w->link == LINK_DOWN ||
	    json_is_true(json_object_get(json_object_get(rec, "body"), "isolated")))
		return;
	if (json_object_get(json_object_get(rec, "body"), "skipped"))
		return; /* it says that nobody of the level can be called; the next row calls others */
	if (!call_of(w, row->seq, NULL))
		world_broken(w, "I6", "row %lld calls for %s, and no notice goes to anybody",
		             (long long)row->seq, incident);
	json_array_foreach(people, i, person) if (!call_of(w, row->seq, json_string_value(person)))
	    world_broken(w, "I6", "row %lld calls %s for %s, and no notice goes there", (long long)row->seq,
	                 json_string_value(person), incident);
}

static bool is_drill(const struct world *w, int64_t number)
{
	const struct incident *inc = number ? incident_find(w->engine, number) : NULL;

	return inc && inc->drill;
}

/* Exercises neither make nor lift interlocks. */
static void check_because(struct world *w, json_t *rec)
{
	const char *because = json_string_value(json_object_get(json_object_get(rec, "body"), "because"));
	const char *dash = because ? strchr(because, '-') : NULL;

	if (dash && is_drill(w, strtoll(dash + 1, NULL, 10)))
		world_broken(w, "I5", "something is forbidden because of the exercise %s", because);
}

static void check_row(struct world *w, const struct row *row)
{
	static const char *const keys[] = {"v", "epoch", "seq", "at", "kind", "inc", "who", "cause", "body"};
	json_error_t error;
	json_t *rec = json_loads(row->rec, JSON_REJECT_DUPLICATES, &error);
	void *at = json_object_iter(rec);

	world_trace(w, "  row %.150s", row->rec);
	if (row->seq != ++w->seq)
		world_broken(w, "I8", "row %lld comes after row %lld", (long long)row->seq,
		             (long long)w->seq - 1);
	if (!rec)
		world_broken(w, "I8", "row %lld is no JSON: %s", (long long)row->seq, error.text);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++, at = json_object_iter_next(rec, at))
		if (!at || strcmp(json_object_iter_key(at), keys[i]) != 0)
			world_broken(w, "I8", "row %lld lacks %s or has it elsewhere", (long long)row->seq,
			             keys[i]);
	if (json_integer_value(json_object_get(rec, "seq")) != row->seq ||
	    json_integer_value(json_object_get(rec, "epoch")) != engine_epoch(w->engine) ||
	    json_integer_value(json_object_get(rec, "cause")) >= row->seq)
		world_broken(w, "I8", "row %lld has a wrong seq, epoch or cause", (long long)row->seq);
	if (row->kind == AUDIT_OPENED || row->kind == AUDIT_CALLED)
		check_called(w, row, rec);
	if (row->kind == AUDIT_INTERLOCKED)
		check_because(w, rec);
	json_decref(rec);
}

static void check_json(struct world *w, const char *json, const char *what)
{
	json_t *value = *json ? json_loads(json, JSON_REJECT_DUPLICATES, NULL) : json_object();

	if (!value)
		world_broken(w, "I8", "%s is no JSON: %s", what, json);
	json_decref(value);
}

/* -- notices -- */

static struct live_notice *live_find(struct world *w, const char *id)
{
	for (int i = 0; i < w->n_notices; i++)
		if (!strcmp(w->notices[i].id, id))
			return &w->notices[i];
	return NULL;
}

static struct live_notice *live_add(struct world *w, const struct notice *n)
{
	struct live_notice *l;

	if (w->n_notices == w->cap_notices) {
		w->cap_notices = w->cap_notices ? 2 * w->cap_notices : 64;
		w->notices = xrealloc(w->notices, (size_t)w->cap_notices * sizeof *w->notices);
	}
	l = &w->notices[w->n_notices++];
	*l = (struct live_notice){.kind = n->kind};
	snprintf(l->id, sizeof l->id, "%s", n->id);
	snprintf(l->person, sizeof l->person, "%s", n->person);
	snprintf(l->incident, sizeof l->incident, "%s", n->incident ? n->incident : "");
	return l;
}

static void check_notice(struct world *w, const struct notice *n)
{
	struct live_notice *l = live_find(w, n->id);
	char seq[WORD_BYTES];

	snprintf(seq, sizeof seq, "%lld.", (long long)n->seq);
	if (strncmp(n->id, seq, strlen(seq)) != 0)
		world_broken(w, "I8", "notice %s says it is caused by row %lld", n->id, (long long)n->seq);
	if (!l) {
		if (n->seq <= w->step_seq || n->repeat)
			world_broken(w, "I4", "notice %s is new, yet of an old row or marked as repeat",
			             n->id);
		live_add(w, n);
		return;
	}
	if (strcmp(l->person, n->person) != 0 || l->kind != n->kind ||
	    strcmp(l->incident, n->incident ? n->incident : "") != 0)
		world_broken(w, "I4", "notice id %s is used for two notices (%s, %s)", n->id, l->person,
		             n->person);
	if (l->left_before && !n->repeat)
		world_broken(w, "I4", "notice %s left before the restart and is not marked as repeat", n->id);
	w->n_repeats += n->repeat;
}

static bool engine_has(const struct engine *e, const char *id)
{
	for (int i = 0; i < e->n_notices; i++)
		if (!strcmp(e->notices[i]->notice.id, id))
			return true;
	return false;
}

/* Those that have ended are forgotten; those that wait unsaid are known. */
void said_notices(struct world *w)
{
	int kept = 0;

	for (int i = 0; i < w->n_notices; i++)
		if (engine_has(w->engine, w->notices[i].id))
			w->notices[kept++] = w->notices[i];
	w->n_notices = kept;
	for (int i = 0; i < w->engine->n_notices; i++)
		if (!live_find(w, w->engine->notices[i]->notice.id))
			live_add(w, &w->engine->notices[i]->notice);
}

/* Failed is known not to have gone that way: the next way is no repeat. */
void said_outcome(struct world *w, const char *id, enum outcome outcome)
{
	struct live_notice *l = live_find(w, id);

	if (l && outcome == OUTCOME_FAILED)
		l->left = false;
}

void said_restored(struct world *w)
{
	said_notices(w);
	for (int i = 0; i < w->n_notices; i++) {
		w->notices[i].left_before |= w->notices[i].left;
		w->notices[i].left = false;
	}
}

/* -- each effect as it is decided -- */

/* A step of it is of a playbook that fire, gas or people have, and runs within (people in a lift, in a power loss). */
static bool runs_for_life(const struct incident *inc)
{
	for (int i = 0; inc && i < inc->n_steps; i++) {
		const struct step *step = &inc->playbook->steps[i];
		const char *book = step->run ? inc->playbook->steps[step->run - 1].book : NULL;

		for (int t = 0; book && inc->steps[i].state != STEP_WAITING && t < inc->plan->n_types; t++) {
			const struct incident_type *type = &inc->plan->types[t];

			if (hazard_is_life(type->hazard) && type->playbook >= 0 &&
			    !strcmp(inc->plan->playbooks[type->playbook].id, book))
				return true;
		}
	}
	return false;
}

static bool is_for_life(const struct world *w, const struct notice *n)
{
	if (!n->incident || n->drill)
		return false;
	return is_life_id(n->incident) ||
	       (hazard_is_life(n->hazard) &&
	        runs_for_life(incident_find(w->engine, strtoll(n->incident + 2, NULL, 10))));
}

static bool is_urgent(const struct world *w, const struct effect *f)
{
	const struct incident *inc = f->number ? incident_find(w->engine, f->number) : NULL;

	switch (f->kind) {
	case EFFECT_NOTICE:
		return is_for_life(w, &f->notice) ||
		       (f->notice.incident && f->notice.incident[0] == 'S' && !f->notice.drill);
	case EFFECT_ACTUATE:
		return inc && strchr("FGW", inc->id[0]);
	case EFFECT_PUBLISH:
		return !strncmp(f->publish.topic, "incident/", 9) && *f->publish.payload;
	case EFFECT_REPLY:
		return true; /* acks work while the store fails, and are answered */
	default:
		return false;
	}
}

/* What an exercise would have sent: of nothing else, and nobody keeps it. */
static void check_dryrun(struct world *w, const struct effect *f)
{
	if (!is_drill(w, f->number) || f->publish.retain || f->publish.latest_wins || f->urgent)
		world_broken(w, "I5", "%s is said of %lld", f->publish.topic, (long long)f->number);
}

static void check_mark(struct world *w, const struct notice *n)
{
	const char *dash = n->incident ? strchr(n->incident, '-') : NULL;

	if (n->drill != (dash && is_drill(w, strtoll(dash + 1, NULL, 10))))
		world_broken(w, "I6", "notice %s %s marked as an exercise", n->id, n->drill ? "is" : "is not");
}

static void check_effect(struct world *w, const struct effect *f)
{
	if (f->kind != EFFECT_AUDIT && (f->cause < 0 || f->cause > w->seq))
		world_broken(w, "I8", "an effect of kind %d names row %lld, which is not given yet",
		             (int)f->kind, (long long)f->cause);
	if (f->urgent != is_urgent(w, f))
		world_broken(w, f->urgent ? "I2" : "I6", "an effect of kind %d for incident %lld is %surgent",
		             (int)f->kind, (long long)f->number, f->urgent ? "" : "not ");
	switch (f->kind) {
	case EFFECT_AUDIT:
		check_row(w, &f->row);
		break;
	case EFFECT_NOTICE:
		check_notice(w, &f->notice);
		check_mark(w, &f->notice);
		if (f->life != is_for_life(w, &f->notice))
			world_broken(w, "I6", "notice %s is in the wrong lane", f->notice.id);
		break;
	case EFFECT_PUBLISH:
		if (!strncmp(f->publish.topic, "dryrun/", 7))
			check_dryrun(w, f);
		else if (!strstr(f->publish.topic, "zone/") && !strstr(f->publish.topic, "/text"))
			check_json(w, f->publish.payload, f->publish.topic);
		break;
	case EFFECT_ACTUATE:
		if (is_drill(w, f->number))
			world_broken(w, "I5", "the exercise %lld would switch %s", (long long)f->number,
			             f->actuate.actuator);
		break;
	case EFFECT_REPLY:
		check_json(w, f->reply.json, "an answer");
		break;
	default:
		break;
	}
}

/* An earlier `operate` of somebody that this command has put an end to. */
static bool is_overtaken(const struct event *ev, const struct reply *r)
{
	return ev->command.verb != VERB_OPERATE && strstr(r->json, "\"cmd\":\"operate\"");
}

static void check_answer(struct world *w, const struct event *ev)
{
	const struct effects *fx = &w->gathering->fx;
	const struct reply *answer = NULL;
	const char *what;
	struct essence now;
	int n = 0;

	for (int i = w->step_from; i < fx->n; i++)
		if (fx->at[i].kind == EFFECT_REPLY && !is_overtaken(ev, &fx->at[i].reply)) {
			answer = &fx->at[i].reply;
			n++;
		} else if (fx->at[i].kind == EFFECT_QUERY && fx->at[i].query.verb == VERB_STATS) {
			n++; /* the daemon answers */
		}
	if (n > 1 || (n == 0 && ev->command.verb != VERB_OPERATE))
		world_broken(w, "I9", "a command is answered %d times", n);
	if (!answer || answer->ok)
		return;
	w->n_refused++;
	world_trace(w, "  refused: %.150s", answer->json);
	essence_of(w->engine, &now);
	what = essence_differs(&now, &w->before);
	if (what)
		world_broken(w, "I9", "a refused command has changed the %s: %s", what, answer->json);
}

void said_step(struct world *w, const struct event *ev)
{
	const struct effects *fx = &w->gathering->fx;

	for (int i = w->step_from; i < fx->n; i++)
		check_effect(w, &fx->at[i]);
	if (ev->kind == EVENT_COMMAND)
		check_answer(w, ev);
	said_notices(w);
}

/* -- each effect as it leaves -- */

static bool is_below(const struct plan *p, int zone, int outer)
{
	for (; zone >= 0; zone = p->zones[zone].in)
		if (zone == outer)
			return true;
	return false;
}

/* The rule of interlocks as DESIGN has it, written a second time. */
static bool forbids(const struct plan *p, const struct interlock *k, const struct incident *inc,
                    const struct actuate *a)
{
	const struct actuator *act = &p->actuators[plan_actuator(p, a->actuator)];
	int zone = plan_zone(p, inc->zone_id), outer = zone;
	bool is_all = false, is_named = false; /* safe_in passes only the first */

	for (int i = 0; i < k->n_forbid; i++) {
		const struct forbid *f = &k->forbid[i];
		bool kind = !f->kind || !strcmp(f->kind, act->kind);

		is_all |= !f->kind && !f->action;
		is_named |= (f->kind || f->action) && kind && (!f->action || !strcmp(f->action, a->action));
	}
	if (k->sign || inc->hazard != k->hazard || inc->drill || inc->state == STATE_CLOSED ||
	    !(is_named || (is_all && !(act->safe_in >> k->hazard & 1))))
		return false;
	if (k->reach == REACH_SITE || zone < 0)
		return true;
	if (k->reach == REACH_PARENT && p->zones[zone].in >= 0)
		outer = p->zones[zone].in;
	return is_below(p, act->zone, outer);
}

/* What the incident's playbook last told the actuator, of what was not refused; NULL: nothing. */
static const char *last_told(const struct plan *p, const struct incident *inc, const struct actuator *act)
{
	int64_t at_ms = -1;
	const char *action = NULL;
	int zone = plan_zone(p, inc->zone_id);

	for (int i = 0; i < inc->n_steps; i++) {
		const struct step_run *s = &inc->steps[i];
		const struct step *step = &inc->playbook->steps[s->index];
		bool meant = step->actuator >= 0 && !strcmp(inc->plan->actuators[step->actuator].id, act->id);

		for (int z = 0; step->actuator_kind && !strcmp(step->actuator_kind, act->kind) && z < act->serves.n; z++)
			meant |= is_below(p, zone, act->serves.at[z]);
		if (step->kind != STEP_KIND_COMMAND || !meant || s->began_ms < at_ms || s->began_ms < 0 ||
		    s->state == STEP_INTERLOCKED || s->state == STEP_SKIPPED)
			continue;
		at_ms = s->began_ms;
		action = step->action;
	}
	return action;
}

/* The order of hazards, written a second time: of the graver ones the gravest has its will. */
static void check_rank(struct world *w, const struct actuate *a, int64_t number)
{
	const struct plan *p = w->plans[w->plan];
	const struct incident *mine = number ? incident_find(w->engine, number) : NULL;
	const struct incident *gravest = NULL;

	for (int i = 0; mine && i < w->engine->n_incidents; i++) {
		const struct incident *inc = w->engine->incidents[i];

		if (!incident_is_open(inc) || inc->drill || inc->hazard >= mine->hazard ||
		    (gravest && inc->hazard > gravest->hazard))
			continue;
		if (last_told(p, inc, &p->actuators[plan_actuator(p, a->actuator)])) {
			if (gravest && gravest->hazard == inc->hazard)
				return; /* which of two spoke last is their own matter */
			gravest = inc;
		}
	}
	if (gravest && strcmp(last_told(p, gravest, &p->actuators[plan_actuator(p, a->actuator)]), a->action) != 0)
		world_broken(w, "I5", "%s %s leaves for %s against what %s told it", a->actuator, a->action,
		             mine->id, gravest->id);
}

static void check_actuate(struct world *w, const struct actuate *a)
{
	const struct plan *p = w->plans[w->plan];

	if (w->link != LINK_SYNCED)
		world_broken(w, "I5", "%s %s leaves before the mark is back", a->actuator, a->action);
	if (impair_out(w->engine, a->actuator))
		world_broken(w, "I7", "%s %s leaves although it is out of service", a->actuator, a->action);
	for (int k = 0; k < p->n_interlocks; k++)
		for (int i = 0; i < w->engine->n_incidents; i++)
			if (forbids(p, &p->interlocks[k], w->engine->incidents[i], a))
				world_broken(w, "I5", "%s %s leaves although %s forbids it because of %s",
				             a->actuator, a->action, p->interlocks[k].id,
				             w->engine->incidents[i]->id);
}

void invariants_leaving(struct world *w, const struct effect *f, bool recorded)
{
	struct live_notice *l = f->kind == EFFECT_NOTICE ? live_find(w, f->notice.id) : NULL;

	if (recorded && f->kind != EFFECT_ACTUATE && f->cause > w->durable_seq)
		world_broken(w, "I2", "an effect of kind %d leaves before its row %lld is stored",
		             (int)f->kind, (long long)f->cause);
	if (!recorded && (w->store == STORE_OK || !is_urgent(w, f)))
		world_broken(w, "I2", "an effect of kind %d leaves unrecorded", (int)f->kind);
	if (f->kind == EFFECT_ACTUATE) {
		check_actuate(w, &f->actuate);
		check_rank(w, &f->actuate, f->number);
	} else if (f->kind == EFFECT_NOTICE)
		beside_leaving(w, &f->notice);
	if (f->number > w->left_number)
		w->left_number = f->number;
	if (l && recorded) /* unrecorded it leaves under another name */
		l->left = true;
}
