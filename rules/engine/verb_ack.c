/* verb_ack.c - taking an incident, by its number or as the only one it can be. */
#include "engine/chain.h"
#include "engine/emit.h"
#include "engine/verb.h"

#include <string.h>

enum { BARE_ACK_MS = 3000 };

static enum refusal ack_one(struct engine *e, struct said *s)
{
	struct cue_arg a = said_cue(s, AUDIT_ACKED);
	const char *person = e->plan->people[s->person].id;
	enum refusal r;

	a.person = person;
	a.cause = s->inc->opened_seq;
	s->answer.incident = s->inc;
	s->answer.due_ms = -1;
	s->answer.detail = NULL;
	s->answer.n_more = 0;
	if (incident_is_calling(s->inc) && !quorum_take(e, s->inc, &a)) {
		s->answer.n_more = s->inc->quorum - s->inc->n_acks;
		return REFUSAL_NONE;
	}
	r = life_cue(e, s->inc, CUE_ACK, &a);
	s->answer.incident = s->inc;
	s->answer.due_ms = s->inc->next == NEXT_ACTION ? s->inc->due.at_ms : -1;
	s->answer.detail = strcmp(s->inc->acked_by, person) ? s->inc->acked_by : NULL;
	if (r == REFUSAL_NONE && s->answer.detail) /* somebody was first: remembered that this one came too */
		said_note(e, s);
	return r;
}

/* The one incident a bare ack can only mean. A second tap of the same finger
 * means the one just taken. */
static enum refusal find_bare(struct engine *e, struct said *s)
{
	const char *person = e->plan->people[s->person].id;
	struct incident *waiting = NULL, *mine = NULL;
	int n_waiting = 0, n_mine = 0;
	const struct called *c;

	for (int i = 0; i < e->n_incidents; i++) {
		struct incident *inc = e->incidents[i];

		if (incident_wants_ack(inc) && was_called(inc, person) && !quorum_has(inc, person)) {
			waiting = inc;
			n_waiting++;
		} else if (inc->state != STATE_CLOSED &&
		           (!strcmp(inc->acked_by, person) || quorum_has(inc, person))) {
			mine = inc;
			n_mine++;
		}
	}
	s->inc = n_waiting == 1 ? waiting : n_waiting == 0 && n_mine == 1 ? mine : NULL;
	if (!s->inc)
		return REFUSAL_WHICH;
	c = s->inc == waiting ? called_of(s->inc, person) : NULL;
	if (!c || (c->sent_ms >= 0 && e->now_ms - c->sent_ms >= BARE_ACK_MS))
		return REFUSAL_NONE;
	s->inc = NULL;
	return REFUSAL_WHICH;
}

static enum refusal ack_all(struct engine *e, struct said *s)
{
	const char *person = e->plan->people[s->person].id;
	int64_t soonest_ms = -1;
	int n = e->n_incidents; /* what an ack closes may open another, which nobody has seen */

	for (int i = 0; i < n; i++) {
		s->inc = e->incidents[i];
		if (!incident_wants_ack(s->inc) || hazard_is_life(s->inc->hazard) || !was_called(s->inc, person))
			continue;
		ack_one(e, s);
		s->answer.n_all++;
		if (s->answer.due_ms >= 0 && (soonest_ms < 0 || s->answer.due_ms < soonest_ms))
			soonest_ms = s->answer.due_ms;
	}
	s->inc = NULL;
	s->answer.detail = NULL;
	s->answer.due_ms = soonest_ms;
	return s->answer.n_all ? REFUSAL_NONE : REFUSAL_WHICH;
}

enum refusal verb_ack(struct engine *e, struct said *s)
{
	if (s->c->all)
		return ack_all(e, s);
	if (!s->inc && find_bare(e, s) != REFUSAL_NONE)
		return REFUSAL_WHICH;
	if (!said_by_concerned(e, s))
		return REFUSAL_NOT_YOURS;
	return ack_one(e, s);
}
