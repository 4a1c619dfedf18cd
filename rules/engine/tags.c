/* tags.c - lock-out signs: hung by a step that is done or by a person, taken
 * down by a person. Who did either stands in the audit. */
#include "engine/tags.h"

#include "engine/emit.h"
#include "engine/suppress.h"

#include <stdlib.h>
#include <string.h>

static bool is_tag(const struct impairment *i)
{
	return i->kind == IMPAIR_TAG && !i->is_asked;
}

bool tag_hangs(const struct engine *e, const char *sign, int zone)
{
	const char *place = zone >= 0 ? e->plan->zones[zone].id : NULL;

	for (int i = 0; i < e->n_impairments; i++) {
		const struct impairment *t = e->impairments[i];

		if (is_tag(t) && !strcmp(t->name, sign) && (!place || !strcmp(t->place, place)))
			return true;
	}
	return false;
}

bool tag_hangs_anywhere(const struct engine *e, const char *sign)
{
	for (int i = 0; i < e->n_impairments; i++) {
		const struct impairment *t = e->impairments[i];

		if (is_tag(t) && !strcmp(t->name, sign) && plan_zone(e->plan, t->place) < 0 &&
		    plan_actuator(e->plan, t->place) < 0)
			return true;
	}
	return false;
}

bool tag_hangs_on_actuator(const struct engine *e, const char *actuator)
{
	for (int i = 0; i < e->n_impairments; i++)
		if (is_tag(e->impairments[i]) && !strcmp(e->impairments[i]->place, actuator))
			return true;
	return false;
}

bool tags_of(const struct engine *e, const struct incident *inc, struct buf *out)
{
	size_t before = out->len;

	for (int i = 0; i < e->n_impairments; i++) {
		const struct impairment *t = e->impairments[i];

		if (is_tag(t) && t->incident == inc->number)
			buf_printf(out, "%s%s", out->len > before ? " " : "", t->name);
	}
	return out->len > before;
}

const char *tag_text(const struct engine *e, const char *sign, enum lang lang)
{
	int i = plan_sign(e->plan, sign);

	return i >= 0 ? e->plan->signs[i].text.in[lang] : sign;
}

/* -- hanging and taking down -- */

static void tag_row(struct engine *e, const struct impairment *t, bool hangs, struct incident *inc,
                    const struct cue_arg *a)
{
	struct buf *b = row_begin(e);

	json_str(b, "sign", t->name);
	json_str(b, "place", *t->place ? t->place : NULL);
	json_str(b, "do", hangs ? "hang" : "down");
	if (!hangs)
		json_str(b, "hung_by", t->by);
	if (a->via)
		json_str(b, "via", a->via);
	if (a->words && *a->words)
		json_str(b, "note", a->words);
	row_end(e, AUDIT_TAG, inc, a->who, a->cause);
}

static bool hang(struct engine *e, const char *sign, const char *place, struct incident *inc,
                 const struct cue_arg *a)
{
	struct impairment like = {.kind = IMPAIR_TAG,
	                          .name = (char *)sign,
	                          .place = (char *)place,
	                          .by = (char *)(a->person ? a->person : a->who),
	                          .reason = (char *)a->words,
	                          .since_ms = e->now_ms,
	                          .incident = inc ? inc->number : 0};
	struct buf key = {0};

	if (impair_find(e, "t/%s@%s", sign, place))
		return false;
	buf_printf(&key, "t/%s@%s", sign, place);
	tag_row(e, impair_put(e, buf_text(&key), &like), true, inc, a);
	buf_fini(&key);
	return true;
}

void tag_hang(struct engine *e, const char *sign, int zone, struct incident *inc, const char *who, int64_t cause)
{
	struct cue_arg a = {.who = who, .cause = cause};

	hang(e, sign, zone >= 0 ? e->plan->zones[zone].id : "", inc, &a);
}

static void take_down(struct engine *e, struct impairment *t, const struct cue_arg *a)
{
	tag_row(e, t, false, t->incident ? incident_find(e, t->incident) : NULL, a);
	impair_drop(e, t);
}

/* -- the verb -- */

/* Where: a zone or an actuator; a name that is an actuator hangs on itself. */
static const char *place_of(const struct engine *e, const struct command *c)
{
	if (c->zone && (plan_zone(e->plan, c->zone) >= 0 || plan_actuator(e->plan, c->zone) >= 0))
		return c->zone;
	return plan_actuator(e->plan, c->name) >= 0 ? c->name : NULL;
}

/* The one that hangs under the name, when no place is named. */
static struct impairment *only_one(const struct engine *e, const char *sign, int *ret_n)
{
	struct impairment *found = NULL;

	*ret_n = 0;
	for (int i = 0; i < e->n_impairments; i++)
		if (is_tag(e->impairments[i]) && !strcmp(e->impairments[i]->name, sign)) {
			found = e->impairments[i];
			++*ret_n;
		}
	return *ret_n == 1 ? found : NULL;
}

static enum refusal verb_down(struct engine *e, struct said *s, const struct cue_arg *a)
{
	const char *sign = s->c->name, *place = place_of(e, s->c), *me = e->plan->people[s->person].id;
	struct impairment *t = place ? impair_find(e, "t/%s@%s", sign, place) : NULL;
	int n;

	if (!t && !place)
		t = only_one(e, sign, &n);
	if (!t && !place && n > 1) {
		s->answer.detail = "it hangs in more than one place, name which";
		return REFUSAL_NOT_NOW;
	}
	if (!t) {
		s->answer.detail = sign;
		return REFUSAL_UNKNOWN_ID;
	}
	if (strcmp(t->by, me) != 0 && !suppress_may_any(e, s->person))
		return REFUSAL_NOT_YOURS;
	take_down(e, t, a);
	return REFUSAL_NONE;
}

enum refusal verb_tag(struct engine *e, struct said *s)
{
	const struct command *c = s->c;
	struct cue_arg a = said_cue(s, AUDIT_TAG);
	struct buf words = {0};
	const char *place;
	enum refusal r = REFUSAL_NONE;

	a.person = e->plan->people[s->person].id;
	s->answer.detail = c->name;
	if (!c->name || !c->action)
		return REFUSAL_BAD_TEXT;
	place = place_of(e, c);
	if (c->zone && place != c->zone) { /* it was the first of the words */
		buf_printf(&words, "%s%s%s", c->zone, c->words ? " " : "", c->words ? c->words : "");
		a.words = buf_text(&words);
	}
	if (!strcmp(c->action, "down")) {
		r = verb_down(e, s, &a);
	} else if (strcmp(c->action, "hang") != 0) {
		s->answer.detail = c->action;
		r = REFUSAL_BAD_TEXT;
	} else if (plan_sign(e->plan, c->name) < 0 && plan_actuator(e->plan, c->name) < 0) {
		r = REFUSAL_UNKNOWN_ID;
	} else if (!place) {
		s->answer.detail = c->zone ? c->zone : "ZONE";
		r = c->zone ? REFUSAL_UNKNOWN_ID : REFUSAL_BAD_TEXT;
	} else if (!hang(e, c->name, place, NULL, &a)) {
		s->answer.detail = "it hangs there already";
		r = REFUSAL_NOT_NOW;
	}
	buf_fini(&words);
	return r;
}
