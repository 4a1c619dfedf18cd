/* isolate.c - a hazard isolated in one zone (hot work): what opens there is
 * decided as always and calls nobody; who watches hears of it. At its end what
 * is still true is called, what is gone is closed as isolated. Heat detectors,
 * call points, reports of people, gas and water are never isolated. */
#include "engine/suppress.h"

#include "engine/emit.h"
#include "engine/incident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ISOLATED_MS = 8 * 3600000 }; /* at most */

/* -- what can be isolated -- */

static bool is_never(enum hazard h)
{
	return h == HAZARD_GAS || h == HAZARD_WATER || h == HAZARD_SYSTEM;
}

/* Of a hazard that can be: fire its smoke detectors, the others all but these. */
static bool is_isolable(enum hazard h, const char *kind)
{
	static const char *const never[] = {"heat", "callpoint", "gas", "leak", "smoke", "report", "system"};

	if (is_never(h))
		return false;
	if (h == HAZARD_FIRE)
		return !strcmp(kind, "smoke");
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (!strcmp(kind, never[i]))
			return false;
	return true;
}

bool isolation_fits(const struct incident *inc)
{
	bool any = false;

	for (int i = 0; i < inc->n_members; i++) {
		if (inc->members[i].out)
			continue;
		if (!is_isolable(inc->hazard, inc->members[i].kind))
			return false;
		any = true;
	}
	return any;
}

static struct impairment *isolation_of(const struct engine *e, const struct incident *inc)
{
	return *inc->zone_id ? impair_isolated(e, inc->zone_id, inc->hazard) : NULL;
}

int64_t isolation_until_ms(const struct engine *e, const struct incident *inc)
{
	const struct impairment *i = isolation_of(e, inc);

	return i ? i->due.at_ms : e->now_ms;
}

void isolation_ask(struct engine *e, struct incident *inc)
{
	if (!inc->isolated_ms && !inc->drill && isolation_of(e, inc) && isolation_fits(inc))
		inc->isolated_ms = e->now_ms;
}

/* -- who watches -- */

static int watcher(const struct engine *e, const struct impairment *i)
{
	const char *const ids[] = {i->watch, i->by, i->second};

	for (int k = 0; k < 3; k++) {
		int person = plan_person(e->plan, ids[k]);

		if (person >= 0)
			return person;
	}
	return -1;
}

static void put_place(const struct engine *e, const struct impairment *i, enum lang lang, struct buf *out)
{
	int zone = plan_zone(e->plan, i->name);

	buf_str(out, zone >= 0 ? e->plan->zones[zone].name.in[lang] : i->name);
}

/* The one quiet notice: past the gate, since it says what the gate holds. */
void isolation_tell(struct engine *e, struct incident *inc, int64_t cause)
{
	const struct impairment *i = isolation_of(e, inc);
	struct to_send s = {.kind = NOTICE_TELL, .inc = inc, .cause = cause, .channel = -1};
	char until[TIME_TEXT_BYTES];
	struct buf words = {0};

	s.person = i ? watcher(e, i) : -1;
	if (s.person < 0)
		return;
	buf_printf(&words,
	           e->plan->people[s.person].language == LANG_ZH ? "已隔离至 %s(%s),不呼叫他人;请立即查看"
	                                                         : "Isolated until %s (%s), nobody else is called: look at once",
	           until_text(e, i->due.at_ms, until), i->reason);
	s.words = buf_text(&words);
	outbox_send_held(e, &s);
	buf_fini(&words);
}

/* -- its end -- */

static bool is_gone(const struct incident *inc)
{
	return inc->state >= STATE_RTN_UNACKED && inc->state != STATE_ACKED && !incident_is_active(inc);
}

void isolation_leave(struct engine *e, struct incident *inc, int64_t cause)
{
	struct cue_arg again = {.who = "system", .kind = AUDIT_REJOINED, .cause = cause};
	const struct cue_arg gone = {.who = "system", .as = "isolated", .cause = cause};
	int64_t since_ms = inc->isolated_ms;

	inc->isolated_ms = 0;
	inc->rev++;
	incident_touch(e, inc);
	if (inc->shelf.until_ms || PLANTED(20))
		arm_remind(e, inc); /* held still, until the shelf's end */
	else if (inc->state == STATE_RTN_UNACKED && is_gone(inc))
		life_close(e, inc, &gone);
	else if (inc->state == STATE_PRE_ALARM)
		life_cue(e, inc, CUE_DUE, &again);
	else if (inc->state == STATE_ACKED && !cause_holds(inc)) { /* whoever took it knew it as isolated */
		playbook_untold(e, inc, since_ms, cause);
		life_cue(e, inc, CUE_WORSEN, &again);
	}
	else
		suppress_resume(e, inc, since_ms, cause);
}

static int64_t rejoined_row(struct engine *e, const struct impairment *i, const struct ended *end)
{
	struct buf *b = row_begin(e);

	json_str(b, "zone", i->name);
	json_str(b, "hazard", hazard_name(i->hazard));
	json_str(b, "permit", i->reason);
	json_str(b, "why", end->why);
	json_str(b, "by", i->by);
	if (end->via)
		json_str(b, "via", end->via);
	return row_end(e, AUDIT_REJOINED, NULL, end->who, 0);
}

/* After hot work: who watched goes round until it has cooled. Late tasks call by themselves. */
static void after_watch(struct engine *e, const char *zone, const char *watch, int64_t cause)
{
	static const char type_id[] = "hot-work-after-watch";
	int type = plan_type(e->plan, type_id), at = plan_zone(e->plan, zone);
	struct cue_arg a = {.who = "system", .cause = cause};
	const struct cue_arg again = {.who = "system", .words = "hot work again", .cause = cause};
	struct instance *in = type >= 0 && at >= 0 ? instance_get(e, &e->plan->types[type], zone) : NULL;
	struct incident *inc;

	if (!in)
		return;
	if (in->incident) /* of the work before: what this one left smoulders from now on */
		life_close(e, in->incident, &again);
	inc = incident_create(e, in);
	incident_begin_grade(inc, NULL);
	inc->manual = true;
	if (plan_person(e->plan, watch) >= 0)
		inc->watch = xstrdup(watch);
	member_show(member_add(e, inc, "self:", "system")->value, zone);
	inc->members[0].active = TRUTH_FALSE;
	incident_begin(e, inc, &a);
	a.kind = AUDIT_GONE;
	life_cue(e, inc, CUE_GONE, &a);
}

/* The watch on what cools down, when none of the plan's types does it: said at least. */
static void tell_ended(struct engine *e, const struct impairment *i, int64_t cause)
{
	struct to_send s = {.kind = NOTICE_TELL, .person = watcher(e, i), .cause = cause, .channel = -1};
	struct buf words = {0};
	bool zh;

	if (s.person < 0)
		return;
	zh = e->plan->people[s.person].language == LANG_ZH;
	put_place(e, i, e->plan->people[s.person].language, &words);
	buf_printf(&words, zh ? " 隔离结束(%s),探测已恢复" : ": isolation over (%s), detection is back", i->reason);
	s.words = buf_text(&words);
	outbox_send(e, &s);
	buf_fini(&words);
}

void isolation_over(struct engine *e, struct impairment *i, const struct ended *end)
{
	int64_t cause = rejoined_row(e, i, end);
	char *zone = xstrdup(i->name), *watch = xstrdup(i->watch);
	enum hazard hazard = i->hazard;

	tell_ended(e, i, cause);
	impair_drop(e, i);
	for (int k = 0, n = e->n_incidents; k < n; k++) {
		struct incident *inc = e->incidents[k];

		if (inc->isolated_ms && inc->hazard == hazard && !strcmp(inc->zone_id, zone))
			isolation_leave(e, inc, cause);
	}
	if (hazard == HAZARD_FIRE)
		after_watch(e, zone, watch, cause);
	free(zone);
	free(watch);
}

/* -- verbs -- */

static void isolate_now(struct engine *e, struct said *s, const char *key, struct impairment *like, const char *first)
{
	struct impairment *i;
	struct buf *b;

	i = impair_grant(e, key, like, e->plan->people[s->person].id, first);
	b = row_begin(e);
	json_str(b, "zone", i->name);
	json_str(b, "hazard", hazard_name(i->hazard));
	json_time(b, "until", e->now_ms + like->for_ms);
	json_str(b, "permit", i->reason);
	json_str(b, "watch", i->watch);
	if (*i->second)
		json_str(b, "asked_by", i->by);
	json_str(b, "via", s->c->via);
	row_end(e, AUDIT_ISOLATED, NULL, s->who, 0);
	for (int k = 0; k < e->n_incidents; k++) /* what it holds already it holds until then */
		if (e->incidents[k]->isolated_ms && isolation_of(e, e->incidents[k]) == i)
			arm_remind(e, e->incidents[k]);
	s->answer.detail = until_text(e, e->now_ms + like->for_ms, s->text);
}

/* Zone, hazard and who watches are there, and it may be isolated at all. */
static enum refusal look(struct engine *e, struct said *s, int *ret_zone, int *ret_hazard)
{
	const struct command *c = s->c;

	*ret_zone = c->zone ? plan_zone(e->plan, c->zone) : -1;
	*ret_hazard = c->hazard ? hazard_from(c->hazard) : -1;
	s->answer.detail = *ret_zone < 0 ? c->zone : *ret_hazard < 0 ? c->hazard : NULL;
	if (*ret_zone < 0 || *ret_hazard < 0)
		return REFUSAL_UNKNOWN_ID;
	return suppress_may(e, s->person, (enum hazard)*ret_hazard) ? REFUSAL_NONE : REFUSAL_NOT_YOURS;
}

static enum refusal may_isolate(struct engine *e, struct said *s, int zone, enum hazard hazard, const char *key)
{
	const struct command *c = s->c;

	if (is_never(hazard)) {
		snprintf(s->text, sizeof s->text, "%s is never isolated; out NAME takes one detector out", hazard_name(hazard));
		s->answer.detail = s->text;
		return REFUSAL_NOT_NOW;
	}
	if (c->for_ms <= 0)
		return REFUSAL_NO_END;
	if (!c->permit)
		return REFUSAL_BAD_TEXT;
	s->answer.detail = c->person;
	if (!c->person || plan_person(e->plan, c->person) < 0)
		return REFUSAL_UNKNOWN_ID;
	if (c->for_ms > ISOLATED_MS) {
		s->answer.detail = longest_text(ISOLATED_MS, s->text);
		return REFUSAL_TOO_LONG;
	}
	s->answer.detail = impaired_there(e, zone, key, s->text);
	return s->answer.detail ? REFUSAL_NOT_NOW : REFUSAL_NONE;
}

enum refusal verb_isolate(struct engine *e, struct said *s)
{
	int zone, hazard;
	const char *first = NULL;
	struct buf key = {0};
	struct impairment like = {.kind = IMPAIR_ISOLATED, .since_ms = e->now_ms, .for_ms = s->c->for_ms};
	enum refusal r = look(e, s, &zone, &hazard);

	if (r == REFUSAL_NONE) {
		buf_printf(&key, "p/%s/%s", s->c->zone, hazard_name((enum hazard)hazard));
		r = may_isolate(e, s, zone, (enum hazard)hazard, buf_text(&key));
	}
	like.name = (char *)s->c->zone;
	like.hazard = (enum hazard)(hazard < 0 ? 0 : hazard);
	like.reason = (char *)s->c->permit;
	like.watch = (char *)s->c->person;
	if (r == REFUSAL_NONE && hazard_is_life(like.hazard))
		r = suppress_second(e, s, buf_text(&key), &like, &first);
	if (r == REFUSAL_NONE && !s->answer.first)
		isolate_now(e, s, buf_text(&key), &like, first);
	buf_fini(&key);
	return r;
}

enum refusal verb_rejoin(struct engine *e, struct said *s)
{
	const struct ended said = {.who = s->who, .why = "said", .via = s->c->via};
	struct impairment *i;
	int zone, hazard;
	const char *me = e->plan->people[s->person].id;
	enum refusal r = look(e, s, &zone, &hazard);

	i = s->c->zone && hazard >= 0 ? impair_isolated(e, s->c->zone, (enum hazard)hazard) : NULL;
	if (!i && r == REFUSAL_NONE) {
		s->answer.detail = "not isolated";
		return REFUSAL_NOT_NOW;
	}
	if (!i) /* of a zone that the plan has lost there may be one all the same */
		return r;
	if (!suppress_may(e, s->person, i->hazard) && strcmp(me, i->watch) && strcmp(me, i->by) &&
	    strcmp(me, i->second))
		return REFUSAL_NOT_YOURS;
	isolation_over(e, i, &said);
	return REFUSAL_NONE;
}
