/* verb_duty.c - what people say about duty: the prepared hand-over, accepted or
 * refused, and who stands in for whom. */
#include "engine/duty.h"
#include "engine/emit.h"
#include "engine/verb.h"

#include "base/wall.h"

#include <stdlib.h>
#include <string.h>

enum { OVERRIDES_MAX = 100 };
static const int64_t override_longest_ms = 31LL * 86400000;

/* Why a hand-over is refused, as the rule book has it (S6). */
static const struct {
	const char *reason, *en, *zh;
	const char *typed[2]; /* what people write of it */
} reasons[] = {
    {"unprepared", "preparation incomplete", "交班准备不全", {"准备不全", "准备不充分"}},
    {"few", "fewer than the minimum", "人数不足", {"人数不足", "人不够"}},
    {"stand-in", "the stand-in is not there", "顶班人未到", {"顶班人未到", "顶班人没到"}},
    {"unfit", "unfit", "醉酒、神志不清", {"醉酒", "神志不清"}},
};

/* The duty the word means, and whether it is known at all. */
static enum refusal find_duty(const struct engine *e, struct said *s, struct duty **ret)
{
	int role = plan_role(e->plan, s->c->role);

	s->answer.detail = s->c->role;
	if (role < 0)
		return REFUSAL_UNKNOWN_ID;
	*ret = duty_of_role(e, role);
	return *ret ? REFUSAL_NONE : REFUSAL_NOT_NOW;
}

/* -- the prepared hand-over -- */

static bool concerns(const struct engine *e, const struct duty *d, int person)
{
	int people[4 * HOLDERS_MAX], n = duty_above(e, d->roster, people, 4 * HOLDERS_MAX);
	struct planned next;

	if (duty_is_on(e, d->held, person) || duty_is_on(e, d->incoming, person))
		return true;
	for (int i = 0; i < n; i++)
		if (people[i] == person)
			return true;
	duty_planned(e, d->roster, shifts_next_ms(&d->roster->shifts, &e->plan->tz, e->now_ms), &next);
	for (int i = 0; i < next.n; i++)
		if (next.people[i] == person)
			return true;
	return false;
}

/* Without a role: the one that the speaker is on, or comes on. */
static struct duty *own_duty(const struct engine *e, int person)
{
	for (int i = 0; i < e->n_duties; i++)
		if (duty_is_on(e, e->duties[i]->held, person) || duty_is_on(e, e->duties[i]->incoming, person))
			return e->duties[i];
	for (int i = 0; i < e->n_duties; i++)
		if (concerns(e, e->duties[i], person))
			return e->duties[i];
	return NULL;
}

enum refusal verb_handover(struct engine *e, struct said *s)
{
	struct duty *d = NULL;
	enum refusal r = s->c->role ? find_duty(e, s, &d) : REFUSAL_NONE;

	if (r != REFUSAL_NONE)
		return r;
	if (!s->c->role)
		d = own_duty(e, s->person);
	if (!d)
		return REFUSAL_NOT_NOW;
	if (!concerns(e, d, s->person))
		return REFUSAL_NOT_YOURS;
	s->answer.duty = d;
	if (!duty_is_on(e, d->held, s->person))
		return REFUSAL_NONE;
	duty_prepared(e, d, s->person, s->who); /* the outgoing one's signature */
	return REFUSAL_NONE;
}

enum refusal verb_accept(struct engine *e, struct said *s)
{
	struct duty *d;
	enum refusal r = find_duty(e, s, &d);

	if (r != REFUSAL_NONE)
		return r;
	if (!duty_is_pending(d))
		return REFUSAL_NOT_NOW;
	if (!duty_is_on(e, d->incoming, s->person) && !PLANTED(16))
		return REFUSAL_NOT_YOURS;
	s->answer.duty = d;
	duty_accepted(e, d, s->person, s->who, s->c->words);
	return REFUSAL_NONE;
}

/* -- refused -- */

/* The reason is the first word, or what the words contain. */
static int reason_in(const char *words)
{
	for (size_t i = 0; words && i < sizeof reasons / sizeof *reasons; i++)
		if (strstr(words, reasons[i].reason) || strstr(words, reasons[i].typed[0]) ||
		    strstr(words, reasons[i].typed[1]))
			return (int)i;
	return -1;
}

enum refusal verb_refuse(struct engine *e, struct said *s)
{
	struct duty *d;
	enum refusal r = find_duty(e, s, &d);
	int reason = reason_in(s->c->words);

	if (r != REFUSAL_NONE)
		return r;
	if (!duty_is_pending(d))
		return REFUSAL_NOT_NOW;
	if (!duty_is_on(e, d->incoming, s->person) && !duty_is_on(e, d->held, s->person))
		return REFUSAL_NOT_YOURS;
	s->answer.duty = d;
	duty_refused(e, d, s->who, &(struct duty_refusal){
	                               .person = s->person,
	                               .reason = reason < 0 ? "other" : reasons[reason].reason,
	                               .said = {[LANG_ZH] = reason < 0 ? "其他原因" : reasons[reason].zh,
	                                        [LANG_EN] = reason < 0 ? "another reason" : reasons[reason].en},
	                               .words = s->c->words});
	return REFUSAL_NONE;
}

/* -- overrides -- */

/* Of the same person in the same place; with times: the same times. */
static struct override *find_override(const struct engine *e, const struct command *c, int64_t from_ms,
                                      int64_t until_ms)
{
	struct override *found = NULL;

	for (int i = 0; i < e->n_overrides; i++) {
		struct override *o = e->overrides[i];

		if (strcmp(o->role, c->role) || strcmp(o->person, c->person))
			continue;
		if (from_ms >= 0 && (o->from_ms != from_ms || o->until_ms != until_ms))
			continue;
		if (!found || (*found->by && !*o->by))
			found = o; /* one that waits for consent before one that has it */
	}
	return found;
}

static enum refusal times_of(const struct engine *e, struct said *s, int64_t *ret_from, int64_t *ret_until)
{
	s->answer.detail = s->c->starts;
	if (!wall_parse(s->c->starts, &e->plan->tz, e->now_ms, ret_from))
		return REFUSAL_BAD_TEXT;
	s->answer.detail = s->c->ends;
	if (!s->c->ends)
		return REFUSAL_NO_END;
	if (!wall_parse(s->c->ends, &e->plan->tz, *ret_from, ret_until))
		return REFUSAL_BAD_TEXT;
	if (*ret_until <= *ret_from || *ret_until <= e->now_ms)
		return REFUSAL_NO_END;
	return *ret_until - *ret_from > override_longest_ms ? REFUSAL_TOO_LONG : REFUSAL_NONE;
}

/* `override ROLE PERSON` alone: yes to what was asked; `... end`: no longer. */
static enum refusal without_times(struct engine *e, struct said *s, bool may_agree)
{
	struct override *o = find_override(e, s->c, -1, -1);
	bool ends = s->c->starts && !strcmp(s->c->starts, "end");

	if (!o)
		return ends ? REFUSAL_UNKNOWN_ID : REFUSAL_NO_END;
	if (!may_agree && !(ends && !strcmp(o->asked_by, e->plan->people[s->person].id)))
		return REFUSAL_NOT_YOURS;
	if (ends)
		override_end(e, o, s->who, "withdrawn");
	else if (!*o->by)
		override_agree(e, o, e->plan->people[s->person].id);
	return REFUSAL_NONE;
}

static void add_override(struct engine *e, const struct said *s, bool agreed, const int64_t times[2])
{
	const char *me = e->plan->people[s->person].id;

	override_add(e, &(struct override){.role = xstrdup(s->c->role),
	                                   .person = xstrdup(s->c->person),
	                                   .asked_by = xstrdup(me),
	                                   .by = xstrdup(agreed ? me : ""),
	                                   .words = xstrdup(s->c->words ? s->c->words : ""),
	                                   .from_ms = times[0],
	                                   .until_ms = times[1]});
}

enum refusal verb_override(struct engine *e, struct said *s)
{
	int role = plan_role(e->plan, s->c->role);
	int64_t times[2] = {-1, -1};
	struct override *same;
	enum refusal r;
	bool may_agree;

	s->answer.detail = role < 0 ? s->c->role : s->c->person;
	if (role < 0 || plan_person(e->plan, s->c->person) < 0)
		return REFUSAL_UNKNOWN_ID;
	may_agree = override_may_agree(e, role, s->person);
	if (!s->c->starts || !strcmp(s->c->starts, "end"))
		return without_times(e, s, may_agree);
	r = times_of(e, s, &times[0], &times[1]);
	if (r != REFUSAL_NONE)
		return r;
	s->answer.detail = s->c->person;
	same = find_override(e, s->c, times[0], times[1]);
	if (same && may_agree && !*same->by) {
		override_agree(e, same, e->plan->people[s->person].id);
	} else if (!same) {
		if (e->n_overrides >= OVERRIDES_MAX)
			return REFUSAL_NOT_NOW;
		add_override(e, s, may_agree, times);
		s->answer.waits = !may_agree;
	} else {
		s->answer.waits = !*same->by;
	}
	return REFUSAL_NONE;
}
