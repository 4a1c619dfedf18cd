/* check_haste.c - times in which nobody can act: a person has to be reached,
 * read, and answer. Shorter ones tell everybody that somebody was late. */
#include "language/check.h"

enum { HASTE_MS = 5000 };

static void check_chain(struct reader *r, const struct chain *c)
{
	const struct entry *e = entry_of(r, SECTION_CHAINS, c->id);
	const struct node *levels = e ? node_get(e->body, "levels") : NULL;

	for (int l = 0; levels && l < c->n_levels; l++) {
		if (c->levels[l].wait_ms >= HASTE_MS)
			continue;
		caution(r, node_get(levels->items[l], "wait"),
		        "level %d of chain '%s' gives those it calls %lld ms: nobody can answer so soon", l + 1, c->id,
		        (long long)c->levels[l].wait_ms);
		advise(r, "write at least 5s; 30s is usual");
	}
}

static bool is_a_persons(const struct step *s)
{
	return s->kind == STEP_KIND_TASK || s->kind == STEP_KIND_DECIDE || s->kind == STEP_KIND_RECORD ||
	       s->kind == STEP_KIND_REPORT;
}

static void check_book(struct reader *r, const struct playbook *b)
{
	const struct entry *e = entry_of(r, SECTION_PLAYBOOKS, b->id);

	for (int i = 0; e && i < b->n_steps; i++) {
		const struct step *s = &b->steps[i];
		const struct node *at = node_get(node_get(e->body, s->id), "within");

		if (!at || !is_a_persons(s) || s->within_ms >= HASTE_MS)
			continue; /* one of another playbook is said there */
		caution(r, at, "step '%s' is late after %lld ms: nobody can do it so soon", s->id, (long long)s->within_ms);
		advise(r, "write at least 5s; 3m is usual");
	}
}

void check_haste(struct reader *r)
{
	for (int i = 0; i < r->plan->n_chains; i++)
		check_chain(r, &r->plan->chains[i]);
	for (int i = 0; i < r->plan->n_playbooks; i++)
		check_book(r, &r->plan->playbooks[i]);
}
