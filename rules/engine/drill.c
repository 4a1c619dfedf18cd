/* drill.c - exercises: how they begin, what their commands become, what ends them. */
#include "engine/drill.h"

#include "engine/emit.h"
#include "engine/incident.h"
#include "engine/save.h"
#include "engine/suppress.h"
#include "engine/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- what is real goes first -- */

static bool is_near(const struct engine *e, const struct incident *inc, int zone)
{
	return zone < 0 || inc->zone < 0 || plan_zone_inside(e->plan, zone, inc->zone) ||
	       plan_zone_inside(e->plan, inc->zone, zone);
}

/* Fire, gas and people anywhere while they call or are worked on, in the zone
 * until they are closed; what else is grave, there and while it stands. */
static bool is_in_the_way(const struct engine *e, const struct incident *inc, int zone)
{
	bool busy = inc->state <= STATE_ACKED, near = is_near(e, inc, zone);

	if (inc->drill || !incident_is_open(inc) || inc->hazard == HAZARD_SYSTEM)
		return false;
	if (hazard_is_life(inc->hazard))
		return busy || near;
	return busy && near && inc->severity <= SEVERITY_MAJOR;
}

static const struct incident *drill_hindered(const struct engine *e, int zone)
{
	for (int i = 0; i < e->n_incidents; i++)
		if (is_in_the_way(e, e->incidents[i], zone))
			return e->incidents[i];
	return NULL;
}

/* -- begin -- */

static bool is_of_chain(const struct engine *e, const struct incident_type *t, int person)
{
	struct incident probe = {.type = t, .plan = e->plan};

	return chain_has_person(e, &probe, person);
}

/* The same exercise under way; NULL: none. */
static const struct incident *running(const struct engine *e, const struct incident_type *t, int zone)
{
	for (int i = 0; i < e->n_incidents; i++) {
		const struct incident *inc = e->incidents[i];

		if (inc->drill && incident_is_open(inc) && inc->zone == zone && !strcmp(inc->type_id, t->id))
			return inc;
	}
	return NULL;
}

static struct drill *drill_new(struct engine *e, struct incident *inc, const char *by)
{
	struct drill *d = xcalloc(1, sizeof *d);

	d->by = xstrdup(by);
	d->end = xstrdup("");
	d->acked_by = xstrdup("");
	d->acked_ms = -1;
	deadline_init(&d->over, DEADLINE_DRILL, inc, inc->key, 0);
	e->n_drills++;
	return d;
}

void drill_free(struct drill *d)
{
	if (!d)
		return;
	free(d->by);
	free(d->end);
	free(d->acked_by);
	free(d);
}

static struct incident *begin(struct engine *e, const struct said *s, const struct incident_type *t, int zone)
{
	const struct person *p = &e->plan->people[s->person];
	struct cue_arg a = said_cue(s, AUDIT_OPENED);
	struct incident *inc = incident_create_apart(e, t, zone);
	char name[80];
	struct member *m;

	inc->drill = drill_new(e, inc, p->id);
	deadline_set(&e->heap, &inc->drill->over, e->now_ms + DRILL_MAX_MS);
	inc->manual = true;
	incident_begin_grade(inc, NULL);
	snprintf(name, sizeof name, "person:%s", p->id);
	m = member_add(e, inc, name, "drill");
	member_show(m->value, s->c->words && *s->c->words ? s->c->words : p->name);
	incident_begin(e, inc, &a);
	return inc;
}

enum refusal verb_drill(struct engine *e, struct said *s)
{
	int type = plan_type(e->plan, s->c->type), zone = plan_zone(e->plan, s->c->zone);
	const struct incident_type *t = type < 0 ? NULL : &e->plan->types[type];
	const struct incident *other;

	s->answer.detail = t && t->self < 0 ? s->c->zone : s->c->type;
	if (!t || t->self >= 0 || zone < 0)
		return REFUSAL_UNKNOWN_ID;
	s->answer.detail = s->c->type;
	if (!is_of_chain(e, t, s->person))
		return REFUSAL_NOT_YOURS;
	s->answer.detail = e->store != STORE_OK ? "audit store" : e->link != LINK_SYNCED ? "broker" : NULL;
	if (s->answer.detail) /* people would hear of it late or never */
		return REFUSAL_NOT_NOW;
	if (t->per == PER_SITE)
		zone = -1;
	other = drill_hindered(e, zone);
	if (!other)
		other = running(e, t, zone);
	if (other) {
		s->answer.detail = other->id;
		return REFUSAL_NOT_NOW;
	}
	s->inc = begin(e, s, t, zone);
	return REFUSAL_NONE;
}

/* -- commands -- */

static void put_command(struct buf *b, const struct actuator *act, const char *action)
{
	json_str(b, "actuator", act->id);
	json_str(b, "action", action);
	json_bool(b, "drill", true);
}

static int64_t forbidden(struct engine *e, struct step_run *s, int actuator, int64_t cause)
{
	const char *action = step_of(s)->action;
	const struct incident *because;
	const struct interlock *lock = interlock_forbids(e, actuator, action, &because);
	struct buf *b;

	if (!lock || (!because && !interlock_is_sign(lock)))
		return 0;
	b = row_begin(e);
	put_command(b, &e->plan->actuators[actuator], action);
	json_str(b, "interlock", lock->id);
	json_str(b, "because", because ? because->id : "a sign");
	return row_end(e, AUDIT_INTERLOCKED, s->incident, "system", cause);
}

static int64_t dry_run(struct engine *e, struct step_run *s, const struct actuator *act,
                       const struct action *action, int64_t cause)
{
	struct buf topic = {0}, *b = row_begin(e);
	int64_t seq;

	buf_printf(&topic, "dryrun/%s/%s", act->id, action->id);
	put_command(b, act, action->id);
	json_str(b, "topic", buf_text(&topic));
	json_str(b, "payload", action->send);
	seq = row_end(e, AUDIT_COMMAND, s->incident, "system", cause);
	publish_dryrun(e, s->incident, buf_text(&topic), action->send);
	buf_fini(&topic);
	return seq;
}

enum step_state drill_command(struct engine *e, struct step_run *s, int actuator, struct cue_arg *arg)
{
	const struct actuator *act = &e->plan->actuators[actuator];
	const struct action *action = actuator_action(act, step_of(s)->action);
	int64_t locked = action ? forbidden(e, s, actuator, arg->cause) : 0;
	const char *out = actuator_out(e, act->id);

	if (!action || out || e->link == LINK_DOWN) {
		arg->words = !action ? "no such actuator" : out ? out : "broker down";
		return STEP_FAILED;
	}
	if (locked) {
		arg->cause = locked;
		return STEP_INTERLOCKED;
	}
	arg->words = "dry run";
	arg->cause = dry_run(e, s, act, action, arg->cause);
	return STEP_DONE;
}

/* -- its course -- */

void drill_acked(struct engine *e, struct incident *inc, const char *person)
{
	if (inc->drill->acked_ms >= 0)
		return;
	inc->drill->acked_ms = e->now_ms;
	xreplace(&inc->drill->acked_by, person);
}

void drill_escalated(struct incident *inc)
{
	if (inc->drill)
		inc->drill->escalations++;
}

/* -- its end -- */

static void end_as(struct engine *e, struct incident *inc, const char *end, int64_t cause)
{
	struct cue_arg a = {.who = "system", .cause = cause};

	xreplace(&inc->drill->end, end);
	life_close(e, inc, &a);
}

void drill_due(struct engine *e, struct incident *inc)
{
	if (incident_is_open(inc))
		end_as(e, inc, "time over", 0);
}

void drills_settle(struct engine *e)
{
	for (int i = 0; e->started && e->n_drills > 0 && i < e->n_incidents; i++) {
		struct incident *inc = e->incidents[i];
		const struct incident *real;
		struct buf why = {0};

		if (!inc->drill || !incident_is_open(inc) || !(real = drill_hindered(e, inc->zone)))
			continue;
		buf_printf(&why, "broken off: %s", real->id);
		end_as(e, inc, buf_text(&why), real->seq);
		buf_fini(&why);
	}
}

/* -- records -- */

void drill_save(const struct incident *inc, struct buf *b)
{
	const struct drill *d = inc->drill;

	if (!d)
		return;
	record_tag(b, "drill");
	record_str(b, d->by);
	record_str(b, d->end);
	record_int(b, d->acked_ms);
	record_str(b, d->acked_by);
	record_int(b, d->escalations);
	save_deadline(b, &d->over);
}

void drill_restore(struct engine *e, struct incident *inc, struct record_reader *r)
{
	struct drill *d;

	if (inc->drill)
		return;
	d = inc->drill = xcalloc(1, sizeof *d);
	deadline_init(&d->over, DEADLINE_DRILL, inc, inc->key, 0);
	d->by = record_read_str(r);
	d->end = record_read_str(r);
	d->acked_ms = record_read_ms(r);
	d->acked_by = record_read_str(r);
	d->escalations = record_read_count(r);
	restore_deadline(e, r, &d->over);
	e->n_drills += incident_is_open(inc);
}
