/* cues.c - what condition.c saw becomes cues for the incident's life. */
#include "engine/cause.h"
#include "engine/emit.h"
#include "engine/flap.h"
#include "engine/incident.h"

#include <stdio.h>
#include <string.h>

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
	bool is_new = !m || m->out, again = m && m->active == TRUTH_FALSE;
	char who[80];
	struct cue_arg a;

	if (!m)
		m = member_of_sensor(e, inc, s);
	m->out = false; /* it was taken out as dead; it speaks */
	a = by_sensor(s, who, m->lost ? AUDIT_FOUND : AUDIT_MEMBER, m);
	m->lost = false;
	m->active = TRUTH_TRUE;
	incident_touch(e, inc);
	if (a.kind == AUDIT_FOUND || (again && !is_new))
		member_row(e, inc, &a);
	else if (is_new &&
	         (inc->state == STATE_PRE_ALARM || inc->state == STATE_UNACKED || inc->state == STATE_ACKED))
		life_cue(e, inc, CUE_RAISE, &a);
	else if (is_new) /* into a calm one: the raise that follows does not name the value */
		member_row(e, inc, &a);
}

void incident_member(struct engine *e, struct instance *in, struct sensor *s, enum truth active, bool lost)
{
	struct incident *inc = in->incident;
	struct member *m = inc ? member_find(inc, s->id) : NULL;
	char who[80];
	struct cue_arg a;

	if (!inc || ((!m || m->out) && (active != TRUTH_TRUE || lost)))
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
	incident_stale_again(inc);
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
		if (inc->members[i].lost && !inc->members[i].out && !PLANTED(8))
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

static void graded(struct engine *e, struct incident *inc, const struct grade *grade)
{
	char who[80];
	struct cue_arg a = {.who = who_of(inc, who), .kind = AUDIT_MEMBER};
	bool calm =
	    inc->state == STATE_RTN_UNACKED || inc->state == STATE_LATCHED || inc->state == STATE_CLEARED;

	if (grade && incident_worse_grade(inc, grade)) {
		a.kind = AUDIT_GRADE;
		cause_break(e, inc);
		life_cue(e, inc, CUE_WORSEN, &a);
	} else if (calm || (inc->state == STATE_PRE_ALARM && inc->instance->met)) { /* fewer must agree now */
		bool began = inc->instance && flap_onset(e, inc->instance);

		calm = inc->state == STATE_RTN_UNACKED; /* it calls no more often for that */
		life_cue(e, inc, CUE_RAISE, &a);
		if (began && calm)
			tell_called(e, inc, NOTICE_UPDATE, inc->seq);
	}
	flap_moved(e, inc);
}

/* What is remembered of another plan may be none of this one's. */
static const struct grade *grade_of(const struct instance *in, int grade)
{
	return in->type && grade < in->type->n_grades ? &in->type->grades[grade] : NULL;
}

void incident_grade(struct engine *e, struct instance *in, int grade, bool known)
{
	struct incident *inc = in->incident;
	char who[80];
	struct cue_arg a = {.who = "system", .kind = AUDIT_GONE};

	if (!inc && grade >= 0 && in->type) {
		inc = incident_create(e, in);
		incident_begin_grade(inc, grade_of(in, grade));
		incident_add_members(e, inc, in);
		a.who = who_of(inc, who);
		incident_begin(e, inc, &a);
	} else if (inc && grade >= 0) {
		graded(e, inc, grade_of(in, grade));
	} else if (inc && known && !has_manual(inc) && !has_lost(inc) && inc->state != STATE_CLOSED) {
		for (int i = 0; i < inc->n_members; i++)
			if (!strchr(inc->members[i].sensor, ':') && !inc->members[i].lost)
				inc->members[i].active = TRUTH_FALSE;
		if (!flap_holds(e, inc))
			life_cue(e, inc, CUE_GONE, &a);
	}
}

/* Halved, so that it fits whatever was measured. */
static int64_t beyond(const struct test *t, int64_t milli)
{
	if (milli > t->limit_milli)
		return milli / 2 - t->limit_milli / 2;
	return milli < t->low_milli ? t->low_milli / 2 - milli / 2 : 0;
}

/* The peak is the lowest where low is what is bad. */
static bool is_worse(const struct test *t, int64_t milli, int64_t peak)
{
	if (t->op == TEST_BELOW || t->op == TEST_FALLS)
		return milli < peak;
	return t->op == TEST_OUTSIDE ? beyond(t, milli) > beyond(t, peak) : milli > peak;
}

void incident_value(struct engine *e, struct sensor *s)
{
	for (int i = 0; i < s->n_leaves; i++) {
		struct incident *inc = s->leaves[i]->instance->incident;
		struct member *m = inc ? member_find(inc, s->id) : NULL;

		if (!m || m->out)
			continue;
		member_show(m->now, s->has_number ? s->text : s->word);
		if (s->has_number && (!m->has_number || is_worse(&s->leaves[i]->cond->test, s->milli, m->peak_milli))) {
			member_show(m->peak, s->text);
			m->peak_milli = s->milli;
			m->has_number = true;
		}
		incident_touch(e, inc);
	}
}

/* -- what did not come: a round of a watch, a test notice -- */

struct incident *incident_missing(const struct engine *e, const char *name, struct member **ret)
{
	for (int i = 0; i < e->n_incidents; i++) {
		struct incident *inc = e->incidents[i];

		*ret = inc->instance ? member_find(inc, name) : NULL;
		if (*ret && (*ret)->active == TRUTH_TRUE && !(*ret)->out)
			return inc;
	}
	return NULL;
}

void incident_found(struct engine *e, const char *name, const char *who)
{
	struct member *m;
	struct incident *inc = incident_missing(e, name, &m);

	if (!inc)
		return;
	json_str(row_begin(e), "sensor", name);
	m->active = TRUTH_FALSE;
	row_end(e, AUDIT_FOUND, inc, who, 0);
	if (!incident_is_active(inc))
		incident_grade(e, inc->instance, inc->instance->grade,
		               inc->instance->known || !inc->instance->type);
	incident_touch(e, inc);
}
