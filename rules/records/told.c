/* told.c - gathering what several rows say of one notice, and of one step. */
#include "records/told.h"

#include <stdlib.h>
#include <string.h>

static const char *text(const struct logged *l, const char *key)
{
	const char *found = logged_get(l, key);

	return found ? found : "";
}

static struct told *notice(struct told **all, int *n, const struct logged *l)
{
	struct told *t;

	for (int i = 0; i < *n; i++)
		if (!strcmp((*all)[i].notice, text(l, "notice")) && !strcmp((*all)[i].person, text(l, "person")) &&
		    !strcmp((*all)[i].channel, text(l, "channel")))
			return &(*all)[i];
	*all = xrealloc(*all, (size_t)(*n + 1) * sizeof **all);
	t = &(*all)[(*n)++];
	*t = (struct told){.notice = text(l, "notice"),
	                   .person = text(l, "person"),
	                   .channel = text(l, "channel"),
	                   .kind = text(l, "kind"),
	                   .why = "",
	                   .sent_ms = -1,
	                   .delivered_ms = -1,
	                   .failed_ms = -1};
	return t;
}

struct told *told_of(const struct story *s, int *ret_n)
{
	struct told *all = NULL;

	*ret_n = 0;
	for (int i = 0; i < s->n; i++) {
		const struct logged *l = &s->rows[i].l;
		struct told *t;

		if (l->kind != AUDIT_SENT && l->kind != AUDIT_DELIVERED && l->kind != AUDIT_DELIVERY_FAILED)
			continue;
		t = notice(&all, ret_n, l);
		t->repeat |= logged_true(l, "repeat");
		if (l->kind == AUDIT_SENT && t->sent_ms < 0)
			t->sent_ms = l->at_ms;
		if (l->kind == AUDIT_DELIVERED && t->delivered_ms < 0)
			t->delivered_ms = l->at_ms;
		if (l->kind == AUDIT_DELIVERY_FAILED) {
			t->failed_ms = l->at_ms;
			t->why = text(l, "why");
		}
	}
	return all;
}

static struct step_told *step(struct step_told **all, int *n, const char *id)
{
	for (int i = 0; i < *n; i++)
		if (!strcmp((*all)[i].id, id))
			return &(*all)[i];
	*all = xrealloc(*all, (size_t)(*n + 1) * sizeof **all);
	(*all)[*n] = (struct step_told){id, "", "", "", "", "", -1, -1, -1, false};
	return &(*all)[(*n)++];
}

static void step_row(struct step_told *t, const struct logged *l)
{
	const char *state = text(l, "state");
	bool is_open = !strcmp(state, "open");

	t->kind = text(l, "kind");
	t->state = state;
	if (is_open && !strcmp(t->kind, step_kind_name(STEP_KIND_NOTIFY)))
		t->state = step_state_name(STEP_DONE); /* told as it opens; there is no row of its end */
	t->overdue |= logged_true(l, "overdue");
	if (*text(l, "person"))
		t->person = text(l, "person");
	if (*text(l, "note"))
		t->note = text(l, "note");
	if (is_open && t->opened_ms < 0)
		t->opened_ms = l->at_ms;
	if (is_open && t->due_ms < 0)
		t->due_ms = logged_time(l, "due");
	t->ended_ms = is_open ? -1 : l->at_ms;
	t->by = is_open ? "" : l->who;
}

/* A choice, and facts when they are complete, end their step; no other row says so. */
static void ended_by(struct step_told *t, const struct logged *l)
{
	if (l->kind == AUDIT_RECORDED && !logged_true(l, "complete"))
		return;
	t->state = step_state_name(STEP_DONE);
	t->ended_ms = l->at_ms;
	t->by = l->who;
	if (l->kind == AUDIT_DECIDED)
		t->note = text(l, "choice");
}

struct step_told *steps_of(const struct story *s, int *ret_n)
{
	struct step_told *all = NULL;

	*ret_n = 0;
	for (int i = 0; i < s->n; i++) {
		const struct logged *l = &s->rows[i].l;

		if (l->kind == AUDIT_STEP && logged_get(l, "step"))
			step_row(step(&all, ret_n, logged_get(l, "step")), l);
		else if ((l->kind == AUDIT_DECIDED || l->kind == AUDIT_RECORDED) && logged_get(l, "step"))
			ended_by(step(&all, ret_n, logged_get(l, "step")), l);
	}
	return all;
}
