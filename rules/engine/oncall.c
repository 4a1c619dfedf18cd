/* oncall.c - who holds each role, and which rule chose them: now, and at
 * another time as it is planned. */
#include "engine/duty.h"
#include "engine/reach.h"
#include "engine/render.h"

#include <string.h>

enum { WORDS_BYTES = 120 };

static void put_crew(const struct engine *e, const char *key, const char *crew, struct buf *out)
{
	int people[HOLDERS_MAX], n = duty_crew(e, crew, people, HOLDERS_MAX);

	render_who(e, out, key, people, n);
}

void render_duty(const struct engine *e, const struct duty *d, struct buf *out)
{
	json_open(out, "handover", '{');
	json_str(out, "roster", d->id);
	put_crew(e, "out", d->held, out);
	put_crew(e, "in", d->incoming, out);
	put_crew(e, "accepted", d->accepted, out);
	json_time(out, "since", duty_is_pending(d) ? d->since_ms : -1);
	handover_list(e, d, out);
	json_close(out, '}');
}

static void put_pending(const struct engine *e, const struct duty *d, struct buf *out)
{
	json_open(out, "handover", '{');
	json_time(out, "since", d->since_ms);
	put_crew(e, "out", d->held, out);
	put_crew(e, "in", d->incoming, out);
	put_crew(e, "accepted", d->accepted, out);
	json_close(out, '}');
}

/* Until when the rule that chose them does, and what stands behind it. */
static void put_rule(const struct engine *e, const struct holders *h, int64_t at_ms, struct buf *out)
{
	const struct roster *r = h->role >= 0 ? e->plan->roles[h->role].roster : NULL;
	struct planned p;

	for (int i = 0; i < e->n_overrides; i++) {
		const struct override *o = e->overrides[i];
		int role = plan_role(e->plan, o->role);

		if (role < 0 || !override_is_on(o, at_ms) ||
		    (r ? e->plan->roles[role].roster != r : role != h->role))
			continue;
		json_open(out, "override", '{');
		json_str(out, "person", o->person);
		json_time(out, "from", o->from_ms);
		json_time(out, "until", o->until_ms);
		json_str(out, "by", o->by);
		render_cut(out, "words", *o->words ? o->words : NULL, WORDS_BYTES);
		json_close(out, '}');
		break;
	}
	if (!r)
		return;
	duty_planned(e, r, at_ms, &p);
	json_str(out, "roster", r->id);
	json_str(out, "shift", p.is_on ? r->shifts.at[p.on.shift].id : NULL);
	json_time(out, "until", p.is_on ? p.on.to_ms : -1);
}

static bool is_among(const struct holders *h, int person)
{
	for (int i = 0; i < h->n; i++)
		if (h->people[i] == person)
			return true;
	return false;
}

/* Of them, whom no test notice has reached. */
static void put_unreached(const struct engine *e, const struct holders *h, struct buf *out)
{
	int n = 0;

	for (int i = 0; i < h->n; i++) {
		if (!reach_is_missed(e, h->people[i]))
			continue;
		if (!n++)
			json_open(out, "unreached", '[');
		json_str(out, NULL, e->plan->people[h->people[i]].id);
	}
	if (n)
		json_close(out, ']');
}

static void put_role(const struct engine *e, int role, const struct holders *h, int64_t at_ms, struct buf *out)
{
	int person = h->n ? h->people[0] : -1, deputy = h->role >= 0 ? e->plan->roles[h->role].deputy : -1;

	json_open(out, e->plan->roles[role].id, '{');
	json_str(out, "person", person < 0 ? NULL : e->plan->people[person].id);
	json_str(out, "name", person < 0 ? NULL : e->plan->people[person].name);
	json_str(out, "why", h->why);
	json_open(out, "also", '[');
	for (int i = 1; i < h->n; i++)
		json_str(out, NULL, e->plan->people[h->people[i]].id);
	if (h->n && deputy >= 0 && !is_among(h, deputy))
		json_str(out, NULL, e->plan->people[deputy].id);
	json_close(out, ']');
	put_unreached(e, h, out);
	put_rule(e, h, at_ms, out);
	if (h->duty && h->n_outgoing)
		put_pending(e, h->duty, out);
	json_close(out, '}');
}

static void put_all(const struct engine *e, const char *role, int64_t at_ms, struct buf *out)
{
	json_open(out, NULL, '{');
	for (int i = 0; i < e->plan->n_roles; i++) {
		struct holders h;

		if (role && strcmp(role, e->plan->roles[i].id) != 0)
			continue;
		if (at_ms < 0)
			role_holders(e, i, &h);
		else
			role_holders_at(e, i, at_ms, &h);
		put_role(e, i, &h, at_ms < 0 ? e->now_ms : at_ms, out);
	}
	json_close(out, '}');
}

void engine_view_oncall(const struct engine *e, const char *role, struct buf *out)
{
	put_all(e, role, -1, out);
}

void engine_view_oncall_at(const struct engine *e, const char *role, int64_t at_ms, struct buf *out)
{
	put_all(e, role, at_ms, out);
}

void render_oncall(const struct engine *e, struct buf *out)
{
	engine_view_oncall(e, NULL, out);
}
