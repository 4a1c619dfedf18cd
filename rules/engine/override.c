/* override.c - somebody in another's place, for a time, with the consent of the
 * one above: asked, agreed, begun, ended. */
#include "engine/duty.h"

#include "engine/emit.h"
#include "engine/life.h"

#include "base/wall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool override_is_on(const struct override *o, int64_t at_ms)
{
	return *o->by && at_ms >= o->from_ms && at_ms < o->until_ms;
}

void override_free(struct override *o)
{
	free(o->role);
	free(o->person);
	free(o->asked_by);
	free(o->by);
	free(o->words);
	free(o);
}

static int64_t row(struct engine *e, const struct override *o, const char *what, const char *who)
{
	struct buf *b = row_begin(e);

	json_str(b, "what", what);
	json_str(b, "role", o->role);
	json_str(b, "person", o->person);
	json_time(b, "from", o->from_ms);
	json_time(b, "until", o->until_ms);
	json_str(b, "asked_by", o->asked_by);
	if (*o->by)
		json_str(b, "by", o->by);
	if (*o->words)
		json_str(b, "words", o->words);
	return row_end(e, AUDIT_OVERRIDE, NULL, who, 0);
}

static void arm_override(struct engine *e, struct override *o)
{
	deadline_set(&e->heap, &o->due, *o->by && e->now_ms < o->from_ms ? o->from_ms : o->until_ms);
	o->dirty = true;
}

/* By a roster its begin and end are hand-overs; else the role changes hands at once. */
static bool is_by_roster(const struct engine *e, const struct override *o)
{
	int role = plan_role(e->plan, o->role);

	return role >= 0 && e->plan->roles[role].roster;
}

/* Who held what while it was, or was not yet. NULL: nothing changes hands by itself. */
static struct incoming *held_before(const struct engine *e, struct override *o, bool was_on)
{
	int64_t until_ms = o->until_ms;
	struct incoming *was;

	if (is_by_roster(e, o))
		return NULL;
	o->until_ms = was_on ? e->now_ms + 1 : e->now_ms;
	was = incoming_before(e);
	o->until_ms = until_ms;
	return was;
}

/* Who holds what may be otherwise now. */
static void settle(struct engine *e, const struct override *o, struct incoming *was, int64_t cause)
{
	struct duty *d = is_by_roster(e, o) ? duty_of_role(e, plan_role(e->plan, o->role)) : NULL;

	e->duty_changed = true;
	for (int i = 0; i < e->n_incidents; i++)
		if (incident_is_open(e->incidents[i]))
			incident_touch(e, e->incidents[i]);
	if (d)
		duty_settle(e, d);
	if (was)
		incoming_after(e, was, cause);
}

/* -- whose consent -- */

static int add_role(const struct engine *e, int role, int *people, int n, int cap)
{
	int held[HOLDERS_MAX], k = role_people(e, role, held, HOLDERS_MAX);

	for (int i = 0; i < k; i++)
		n = people_add(held[i], people, n, cap);
	return n;
}

static int add_level(const struct engine *e, const struct level *l, int *people, int n, int cap)
{
	for (int i = 0; i < l->call.n; i++)
		n = add_role(e, l->call.at[i], people, n, cap);
	return n;
}

/* The levels of a chain above the role; the last one's own roles have nobody above and agree themselves. */
static int above_in(const struct engine *e, const struct chain *c, int role, int *people, int cap)
{
	int n = 0, level = -1;

	for (int l = 0; l < c->n_levels && level < 0; l++)
		for (int i = 0; i < c->levels[l].call.n; i++)
			if (c->levels[l].call.at[i] == role)
				level = l;
	if (level < 0)
		return 0;
	for (int l = level + 1 < c->n_levels ? level + 1 : level; l < c->n_levels; l++)
		n = add_level(e, &c->levels[l], people, n, cap);
	return n;
}

static int override_agreeing(const struct engine *e, int role, int *people, int cap)
{
	const struct roster *r = e->plan->roles[role].roster;
	int n = 0;

	if (r && r->consent >= 0)
		n = add_role(e, r->consent, people, 0, cap);
	for (int c = 0; c < e->plan->n_chains && !n; c++)
		n = above_in(e, &e->plan->chains[c], role, people, cap);
	for (int c = 0; c < e->plan->n_chains && !n; c++) /* in no chain: the last levels of them */
		n = add_level(e, &e->plan->chains[c].levels[e->plan->chains[c].n_levels - 1], people, n, cap);
	return n;
}

bool override_may_agree(const struct engine *e, int role, int person)
{
	int people[4 * HOLDERS_MAX], n = override_agreeing(e, role, people, 4 * HOLDERS_MAX);

	for (int i = 0; i < n; i++)
		if (people[i] == person)
			return true;
	return false;
}

/* -- notices -- */

static void put_what(const struct engine *e, const struct override *o, enum lang lang, struct buf *out)
{
	char from[TIME_TEXT_BYTES], until[TIME_TEXT_BYTES];
	int role = plan_role(e->plan, o->role), person = plan_person(e->plan, o->person);

	buf_printf(out, lang == LANG_ZH ? "顶班:%s %s %s 至 %s" : "stands in: %s %s %s until %s",
	           role < 0 ? o->role : e->plan->roles[role].name.in[lang],
	           person < 0 ? o->person : e->plan->people[person].name,
	           wall_text(&e->plan->tz, o->from_ms, from), wall_text(&e->plan->tz, o->until_ms, until));
	if (*o->words)
		buf_printf(out, lang == LANG_ZH ? "(%s)" : " (%s)", o->words);
}

static void tell(struct engine *e, int person, const struct override *o, const char *const after[LANG_COUNT],
                 int64_t cause)
{
	struct buf words = {0};
	enum lang lang;

	if (person < 0)
		return;
	lang = e->plan->people[person].language;
	put_what(e, o, lang, &words);
	buf_str(&words, after[lang]);
	outbox_send(e, &(struct to_send){NOTICE_HANDOVER, person, NULL, NULL, buf_text(&words), 0, cause, -1});
	buf_fini(&words);
}

static void ask(struct engine *e, const struct override *o, int64_t cause)
{
	int people[4 * HOLDERS_MAX], role = plan_role(e->plan, o->role);
	int n = override_agreeing(e, role, people, 4 * HOLDERS_MAX);
	struct buf zh = {0}, en = {0};
	const char *after[LANG_COUNT];

	buf_printf(&zh, "。申请人 %s;同意请回复:override %s %s", o->asked_by, o->role, o->person);
	buf_printf(&en, ". Asked by %s; to agree reply: override %s %s", o->asked_by, o->role, o->person);
	after[LANG_ZH] = buf_text(&zh);
	after[LANG_EN] = buf_text(&en);
	for (int i = 0; i < n; i++)
		tell(e, people[i], o, after, cause);
	buf_fini(&zh);
	buf_fini(&en);
}

/* -- its life -- */

struct override *override_put(struct engine *e, const struct override *from)
{
	struct override *o = xcalloc(1, sizeof *o);
	int i = e->n_overrides;

	*o = *from;
	snprintf(o->key, sizeof o->key, "do/%010lld", (long long)o->number);
	deadline_init(&o->due, DEADLINE_OVERRIDE, o, o->key, 0);
	e->overrides = xrealloc(e->overrides, (size_t)(e->n_overrides + 1) * sizeof(struct override *));
	for (; i > 0 && e->overrides[i - 1]->number > o->number; i--)
		e->overrides[i] = e->overrides[i - 1];
	e->overrides[i] = o;
	e->n_overrides++;
	return o;
}

struct override *override_add(struct engine *e, const struct override *from)
{
	struct override *o;
	int64_t seq = row(e, from, *from->by ? "agreed" : "asked", *from->by ? from->by : from->asked_by);
	struct override numbered = *from;

	numbered.number = seq;
	o = override_put(e, &numbered);
	arm_override(e, o);
	if (!*o->by) {
		ask(e, o, seq);
		return o;
	}
	tell(e, plan_person(e->plan, o->person), o, (const char *const[LANG_COUNT]){"", ""}, seq);
	if (override_is_on(o, e->now_ms))
		settle(e, o, held_before(e, o, false), seq);
	return o;
}

void override_agree(struct engine *e, struct override *o, const char *who)
{
	static const char *const agreed[LANG_COUNT] = {[LANG_ZH] = ",已同意", [LANG_EN] = ", agreed"};
	int person = plan_person(e->plan, o->person), asked = plan_person(e->plan, o->asked_by);
	int64_t seq;

	xreplace(&o->by, who);
	seq = row(e, o, "agreed", who);
	arm_override(e, o);
	tell(e, person, o, agreed, seq);
	if (asked != person)
		tell(e, asked, o, agreed, seq);
	if (override_is_on(o, e->now_ms))
		settle(e, o, held_before(e, o, false), seq);
}

void override_end(struct engine *e, struct override *o, const char *who, const char *why)
{
	struct incoming *was = held_before(e, o, *o->by && o->from_ms < e->now_ms);
	int64_t seq = row(e, o, why, who);
	int i = 0;

	deadline_clear(&e->heap, &o->due);
	records_put(&e->gone, o->key, NULL);
	while (e->overrides[i] != o)
		i++;
	memmove(&e->overrides[i], &e->overrides[i + 1],
	        (size_t)(--e->n_overrides - i) * sizeof(struct override *));
	settle(e, o, was, seq);
	override_free(o);
}

void override_due(struct engine *e, struct override *o)
{
	int64_t seq;

	if (e->now_ms >= o->until_ms) {
		override_end(e, o, "system", *o->by ? "ended" : "lapsed");
		return;
	}
	arm_override(e, o);
	seq = row(e, o, "began", "system");
	settle(e, o, held_before(e, o, false), seq);
}

/* Its times are the wall's: they do not move with the clock. */
void overrides_clock(struct engine *e)
{
	for (int i = 0; i < e->n_overrides; i++)
		arm_override(e, e->overrides[i]);
}
