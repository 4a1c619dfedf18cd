/* duty.c - shifts change: a hand-over is due, is accepted, is not accepted and
 * told upward. Who is planned is holder.c's; see duty.h for the rule. */
#include "engine/duty.h"

#include "engine/emit.h"
#include "engine/life.h"

#include "base/text.h"
#include "base/wall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void crew_set(const struct engine *e, char **crew, const struct planned *p)
{
	xreplace(crew, "");
	for (int i = 0; i < p->n; i++)
		crew_add(crew, e->plan->people[p->people[i]].id);
}

static bool has_all(const struct engine *e, const char *crew, const struct planned *p)
{
	for (int i = 0; i < p->n; i++)
		if (!duty_is_on(e, crew, p->people[i]))
			return false;
	return true;
}

static const char *some_role(const struct engine *e, const struct duty *d)
{
	for (int r = 0; r < e->plan->n_roles; r++)
		if (e->plan->roles[r].roster == d->roster)
			return e->plan->roles[r].id;
	return "";
}

/* "duty electrician: Wang -> Li. 1) G-17 ... Reply: accept duty-electrician" */
static void put_offer(const struct engine *e, const struct duty *d, enum lang lang, struct buf *out)
{
	duty_put_roles(e, d, lang, out);
	buf_str(out, lang == LANG_ZH ? ":" : ": ");
	crew_put_names(e, d->held, lang, out);
	buf_str(out, " → ");
	crew_put_names(e, d->incoming, lang, out);
	buf_printf(out, lang == LANG_ZH ? "。接班回复:accept %s;不能接:refuse %s 原因。"
	                                : ". To take over reply: accept %s; if not: refuse %s why. ",
	           some_role(e, d), some_role(e, d));
	handover_text(e, d, lang, out);
}

static void tell_both(struct engine *e, struct duty *d)
{
	int people[2 * HOLDERS_MAX], n = duty_crew(e, d->held, people, HOLDERS_MAX);

	n += duty_crew(e, d->incoming, people + n, HOLDERS_MAX);
	for (int i = 0; i < n; i++) {
		struct buf words = {0};
		bool twice = false;

		for (int k = 0; k < i; k++)
			twice |= people[k] == people[i];
		put_offer(e, d, e->plan->people[people[i]].language, &words);
		if (!twice)
			duty_tell(e, people[i], buf_text(&words), d->cause);
		buf_fini(&words);
	}
}

/* Calls of what is not yet acknowledged reach those who come, too. */
static void call_incoming(struct engine *e, struct duty *d, struct incident *inc)
{
	int people[HOLDERS_MAX], n = duty_crew(e, d->incoming, people, HOLDERS_MAX);

	if (!incident_wants_ack(inc))
		return;
	for (int r = 0; r < e->plan->n_roles; r++) {
		int level = chain_level_of_role(e, inc, r);

		if (!duty_serves(e, d, r) || !level || level > inc->level)
			continue;
		for (int i = 0; i < n; i++)
			if (!duty_is_on(e, d->held, people[i]))
				escalate_incoming(e, inc, people[i], d->cause);
		return;
	}
}

/* -- upward -- */

static int add_role_people(const struct engine *e, const struct ids *roles, int *people, int n, int cap)
{
	for (int i = 0; i < roles->n; i++) {
		int held[HOLDERS_MAX], k = role_people(e, roles->at[i], held, HOLDERS_MAX);

		for (int j = 0; j < k; j++)
			n = people_add(held[j], people, n, cap);
	}
	return n;
}

/* The level above the roster's roles in the first chain that has them; of none, the first chain's last. */
static const struct level *level_above(const struct engine *e, const struct roster *r)
{
	for (int c = 0; c < e->plan->n_chains; c++) {
		const struct chain *chain = &e->plan->chains[c];

		for (int l = 0; l < chain->n_levels; l++)
			for (int i = 0; i < chain->levels[l].call.n; i++)
				if (e->plan->roles[chain->levels[l].call.at[i]].roster == r)
					return &chain->levels[l + 1 < chain->n_levels ? l + 1 : l];
	}
	return &e->plan->chains[0].levels[e->plan->chains[0].n_levels - 1];
}

int duty_above(const struct engine *e, const struct roster *r, int *people, int cap)
{
	int n = 0;

	if (r->consent >= 0)
		n = add_role_people(e, &(struct ids){&r->consent, 1}, people, 0, cap);
	return n ? n : add_role_people(e, &level_above(e, r)->call, people, 0, cap);
}

void duty_tell_above(struct engine *e, struct duty *d, const char *const words[LANG_COUNT], int64_t cause)
{
	int people[LEVEL_PEOPLE_MAX], n = duty_above(e, d->roster, people, LEVEL_PEOPLE_MAX);

	for (int i = 0; i < n; i++)
		duty_tell(e, people[i], words[e->plan->people[people[i]].language], cause);
}

static void tell_late(struct engine *e, struct duty *d)
{
	struct buf words[LANG_COUNT] = {{0}};
	const char *texts[LANG_COUNT];
	char clock[TIME_TEXT_BYTES];
	int64_t seq;

	json_time(duty_row(e, d, "late"), "since", d->since_ms);
	seq = row_end(e, AUDIT_HANDOVER, NULL, "system", d->cause);
	time_clock(&e->plan->tz, d->since_ms, clock);
	for (int l = 0; l < LANG_COUNT; l++) {
		bool zh = l == LANG_ZH;

		duty_put_roles(e, d, (enum lang)l, &words[l]);
		buf_printf(&words[l], zh ? ":%s 起交接班未完成,接班 " : ": hand-over due since %s not accepted by ",
		           clock);
		crew_put_names(e, d->incoming, (enum lang)l, &words[l]);
		buf_str(&words[l], zh ? " 尚未签字;仍在岗 " : "; still on duty: ");
		crew_put_names(e, d->held, (enum lang)l, &words[l]);
		texts[l] = buf_text(&words[l]);
	}
	duty_tell_above(e, d, texts, seq);
	for (int l = 0; l < LANG_COUNT; l++)
		buf_fini(&words[l]);
}

/* -- what a moment brings -- */

void duty_forget_notes(struct duty *d)
{
	for (int i = 0; i < d->n_notes; i++)
		free(d->notes[i].text);
	d->n_notes = 0;
}

void duty_settled(struct engine *e, struct duty *d)
{
	xreplace(&d->incoming, "");
	xreplace(&d->accepted, "");
	xreplace(&d->prepared, "");
	d->remind_ms = -1;
	duty_changed(e, d);
}

/* Nobody was on duty: those planned are, and nothing is owed. */
static void begin(struct engine *e, struct duty *d, const struct planned *p)
{
	crew_set(e, &d->incoming, p);
	json_str(duty_row(e, d, "began"), "why", p->why);
	d->cause = row_end(e, AUDIT_HANDOVER, NULL, "system", 0);
	xreplace(&d->held, d->incoming);
	d->held_ms = e->now_ms;
	duty_settled(e, d);
}

/* Those planned are on duty already. */
static void go_on(struct engine *e, struct duty *d, const struct planned *p)
{
	if (!duty_is_pending(d) && crew_count(e, d->held) == p->n)
		return;
	crew_set(e, &d->incoming, p);
	json_str(duty_row(e, d, "goes on"), "why", p->why);
	row_end(e, AUDIT_HANDOVER, NULL, "system", d->cause);
	xreplace(&d->held, d->incoming);
	duty_settled(e, d);
}

static void offer(struct engine *e, struct duty *d, const struct planned *p)
{
	struct buf *b;

	crew_set(e, &d->incoming, p);
	xreplace(&d->accepted, "");
	xreplace(&d->prepared, "");
	d->since_ms = e->now_ms;
	d->remind_ms = e->now_ms + d->roster->handover_ms;
	b = duty_row(e, d, "due");
	json_str(b, "why", p->why);
	handover_list(e, d, b);
	d->cause = row_end(e, AUDIT_HANDOVER, NULL, "system", 0);
	duty_changed(e, d);
	tell_both(e, d);
	for (int i = 0; i < e->n_incidents; i++)
		call_incoming(e, d, e->incidents[i]);
}

/* Another rule holds each of its roles. */
static bool is_covered(const struct engine *e, const struct roster *r)
{
	for (int i = 0; i < e->plan->n_roles; i++)
		if (e->plan->roles[i].roster == r && e->plan->roles[i].deputy < 0 &&
		    e->plan->roles[i].covered_by < 0)
			return false;
	return true;
}

static void nobody(struct engine *e, struct duty *d)
{
	if ((!*d->held && !duty_is_pending(d)) || !is_covered(e, d->roster))
		return;
	duty_row(e, d, "ended");
	d->cause = row_end(e, AUDIT_HANDOVER, NULL, "system", d->cause);
	xreplace(&d->held, "");
	duty_forget_notes(d);
	duty_settled(e, d);
}

static void arm_duty(struct engine *e, struct duty *d)
{
	int64_t at_ms = shifts_next_ms(&d->roster->shifts, &e->plan->tz, e->now_ms);

	if (duty_is_pending(d) && d->remind_ms >= 0 && d->remind_ms < at_ms)
		at_ms = d->remind_ms;
	if (at_ms == INT64_MAX)
		deadline_clear(&e->heap, &d->due);
	else if (!d->due.pos || d->due.at_ms != at_ms)
		deadline_set(&e->heap, &d->due, at_ms);
	else
		return;
	d->dirty = true;
}

static void settle(struct engine *e, struct duty *d)
{
	struct planned p;

	duty_planned(e, d->roster, e->now_ms, &p);
	if (!p.n)
		nobody(e, d);
	else if (!crew_count(e, d->held))
		begin(e, d, &p);
	else if (has_all(e, d->held, &p))
		go_on(e, d, &p);
	else if (!has_all(e, d->incoming, &p) || crew_count(e, d->incoming) != p.n)
		offer(e, d, &p);
	arm_duty(e, d);
}

/* Where a duty begins or ends without a hand-over, whoever holds the roles then is told as by one. */
void duty_settle(struct engine *e, struct duty *d)
{
	struct incoming *was;

	if (!d->roster)
		return;
	was = incoming_before(e);
	settle(e, d);
	incoming_after(e, was, d->cause);
}

void duty_due(struct engine *e, struct duty *d)
{
	if (!d->roster)
		return;
	if (duty_is_pending(d) && d->remind_ms >= 0 && d->remind_ms <= e->now_ms) {
		d->remind_ms = e->now_ms + d->roster->handover_ms;
		d->dirty = true;
		tell_late(e, d);
	}
	duty_settle(e, d);
}

/* -- notes for those who come -- */

void duty_note(struct engine *e, const struct incident *inc, const char *person, const char *words)
{
	char clock[TIME_TEXT_BYTES];

	time_clock(&e->plan->tz, e->now_ms, clock);
	for (int i = 0; i < e->n_duties; i++) {
		struct duty *d = e->duties[i];
		struct buf b = {0};

		if (d->n_notes == DUTY_NOTES_MAX) { /* the oldest stands in the audit */
			free(d->notes[0].text);
			memmove(&d->notes[0], &d->notes[1], (DUTY_NOTES_MAX - 1) * sizeof d->notes[0]);
			d->n_notes--;
		}
		buf_printf(&b, "%s %s ", clock, inc->id);
		buf_add(&b, person, utf8_cut(person, DUTY_NOTE_BYTES / 2));
		buf_str(&b, ": ");
		buf_add(&b, words, utf8_cut(words, DUTY_NOTE_BYTES - b.len - 1));
		for (size_t k = 0; k < b.len; k++)
			if (b.text[k] == '\n')
				b.text[k] = ' ';
		d->notes[d->n_notes++] = (struct duty_note){e->now_ms, buf_steal(&b)};
		d->dirty = true;
	}
}

/* -- with a start, a plan, a clock -- */

static bool serves_any(const struct plan *p, const struct roster *r)
{
	for (int i = 0; i < p->n_roles; i++)
		if (p->roles[i].roster == r)
			return true;
	return false;
}

static void duty_free(struct duty *d)
{
	duty_forget_notes(d);
	free(d->key);
	free(d->held);
	free(d->incoming);
	free(d->accepted);
	free(d->prepared);
	free(d);
}

struct duty *duty_make(struct engine *e, const char *roster)
{
	struct duty *d = xcalloc(1, sizeof *d);
	struct buf key = {0};
	int i = e->n_duties;

	buf_printf(&key, "d/%s", roster);
	d->key = buf_steal(&key);
	d->id = d->key + 2;
	d->held = xstrdup("");
	d->incoming = xstrdup("");
	d->accepted = xstrdup("");
	d->prepared = xstrdup("");
	d->remind_ms = -1;
	d->dirty = true;
	deadline_init(&d->due, DEADLINE_DUTY, d, d->key, 0);
	e->duties = xrealloc(e->duties, (size_t)(e->n_duties + 1) * sizeof(struct duty *));
	for (; i > 0 && strcmp(e->duties[i - 1]->id, d->id) > 0; i--)
		e->duties[i] = e->duties[i - 1];
	e->duties[i] = d;
	e->n_duties++;
	return d;
}

void duties_replan(struct engine *e)
{
	for (int i = e->n_duties - 1; i >= 0; i--) {
		struct duty *d = e->duties[i];
		int r = plan_roster(e->plan, d->id);

		d->roster = r < 0 || !serves_any(e->plan, &e->plan->rosters[r]) ? NULL : &e->plan->rosters[r];
		if (d->roster)
			continue;
		records_put(&e->gone, d->key, NULL);
		deadline_clear(&e->heap, &d->due);
		duty_free(d);
		memmove(&e->duties[i], &e->duties[i + 1],
		        (size_t)(--e->n_duties - i) * sizeof(struct duty *));
	}
	for (int r = 0; r < e->plan->n_rosters; r++) {
		const struct roster *roster = &e->plan->rosters[r];
		struct duty *d = serves_any(e->plan, roster) ? duty_find(e, roster->id) : NULL;

		if (!d && serves_any(e->plan, roster)) {
			d = duty_make(e, roster->id);
			d->roster = roster;
		}
		if (d)
			settle(e, d); /* the plan's own comparison tells */
	}
}

void duties_clock(struct engine *e, int64_t by_ms)
{
	overrides_clock(e);
	for (int i = 0; i < e->n_duties; i++) {
		struct duty *d = e->duties[i];

		if (by_ms > 0 && d->remind_ms >= 0)
			d->remind_ms += by_ms;
		d->dirty = true;
		duty_settle(e, d);
	}
}

void duties_free(struct engine *e)
{
	for (int i = 0; i < e->n_duties; i++)
		duty_free(e->duties[i]);
	free(e->duties);
	for (int i = 0; i < e->n_overrides; i++)
		override_free(e->overrides[i]);
	free(e->overrides);
}
