/* leave.c - effects leave, and what the world makes of them. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const people[N_PEOPLE] = {"wang", "li", "smith", "zhao", "chen"};

static void fold(struct world *w, const char *text)
{
	for (text = text ? text : ""; *text; text++)
		w->digest = (w->digest ^ (unsigned char)*text) * 1099511628211u;
}

static int person_of(const char *id)
{
	for (int i = 0; i < N_PEOPLE; i++)
		if (!strcmp(people[i], id))
			return i;
	return 0;
}

static void leave_notice(struct world *w, const struct effect *f, bool recorded)
{
	const struct notice *n = &f->notice;
	bool needs_broker =
	    !strcmp(n->channel, "page") && (w->link == LINK_DOWN || w->link == LINK_MARK_LOST);
	struct thing t = {.kind = THING_NOTICE, .process = w->process, .a = OUTCOME_SENT};

	world_trace(w, "  leaves: notice %s %s to %s by %s about %s%s%s", n->id, notice_kind_name(n->kind),
	            n->person, n->channel, n->incident ? n->incident : "-", n->repeat ? " repeat" : "",
	            recorded ? "" : " unrecorded");
	fold(w, n->id);
	fold(w, n->text);
	snprintf(t.id, sizeof t.id, "%s", n->id);
	if (needs_broker || chance_of(&w->chance, 6))
		t.a = OUTCOME_FAILED;
	if (needs_broker || !chance_of(&w->chance, 1))
		world_later(w, 1 + chance_about(&w->chance, 300), &t);
	if (t.a == OUTCOME_SENT && chance_of(&w->chance, 5)) {
		t.a = OUTCOME_DELIVERED;
		world_later(w, 2000 + chance_about(&w->chance, 300), &t);
	}
	if (!needs_broker && f->number >= 0 && n->incident && n->kind != NOTICE_OVER &&
	    chance_of(&w->chance, 50))
		world_later(w, 500 + chance_about(&w->chance, 40 * SECOND_MS),
		            &(struct thing){.kind = THING_ACT,
		                            .a = person_of(n->person),
		                            .number = n->answer ? strtoll(n->answer, NULL, 10) : 0});
}

static void leave_actuate(struct world *w, const struct effect *f)
{
	const struct actuate *a = &f->actuate;
	struct thing t = {.kind = THING_ACTUATED, .process = w->process, .number = a->id, .a = OUTCOME_SENT};

	if (!engine_may_actuate(w->engine, a->id)) {
		t.a = OUTCOME_FAILED;
		t.b = 1;
		world_later(w, 0, &t);
		return;
	}
	invariants_leaving(w, f, true);
	w->n_actuated++;
	world_trace(w, "  leaves: %s %s", a->actuator, a->action);
	fold(w, a->topic);
	fold(w, a->payload);
	if (chance_of(&w->chance, 5))
		t.a = OUTCOME_FAILED;
	if (!chance_of(&w->chance, 5))
		world_later(w, 1 + chance_below(&w->chance, 100), &t);
	if (t.a == OUTCOME_SENT && chance_of(&w->chance, 75)) {
		t = (struct thing){.kind = THING_VALVE};
		snprintf(t.id, sizeof t.id, "%s %s", a->actuator, a->action);
		world_later(w, 100 + chance_about(&w->chance, 8 * SECOND_MS), &t);
	}
}

void leave_effect(struct world *w, const struct effect *f, bool recorded)
{
	w->n_unrecorded += !recorded;
	if (f->kind != EFFECT_ACTUATE)
		invariants_leaving(w, f, recorded);
	switch (f->kind) {
	case EFFECT_AUDIT:
		fold(w, f->row.rec);
		break;
	case EFFECT_PUBLISH:
		fold(w, f->publish.topic);
		fold(w, f->publish.payload);
		break;
	case EFFECT_NOTICE:
		leave_notice(w, f, recorded);
		break;
	case EFFECT_ACTUATE:
		leave_actuate(w, f);
		break;
	case EFFECT_REPLY:
		fold(w, f->reply.json);
		break;
	case EFFECT_WANT:
	case EFFECT_FOLLOW:
	case EFFECT_RESEND:
	case EFFECT_QUERY:
		break;
	}
}
