/* playbook.c - the steps of a playbook joined: what starts after what, what is
 * not there, what would wait for itself. */
#include "language/step.h"

#include <stdlib.h>
#include <string.h>

/* A step by the id that another one of the same playbook writes. */
static struct draft *find(const struct drafts *d, const struct draft *from, const char *id)
{
	for (int i = 0; id && i < d->n; i++)
		if (d->at[i].run == from->run && !strcmp(d->at[i].e.key->text, id))
			return &d->at[i];
	return NULL;
}

static struct draft *refer(struct reader *r, const struct drafts *d, const struct draft *from,
                           const struct node *id)
{
	struct draft *found = find(d, from, id->text);
	struct nearest near = {.word = id->text};

	if (found)
		return found;
	for (int i = 0; i < d->n; i++)
		if (d->at[i].run == from->run)
			nearest_try(&near, d->at[i].e.key->text);
	if (r->is_broken)
		return NULL;
	complain(r, id, "there is no step '%s' in this playbook", id->text);
	advise_nearest(r, &near);
	return NULL;
}

/* -- what is left out -- */

/* A step that waits for a result of one that is left out would never start,
 * and must not start at once: it is left out too. */
static bool waits_for_nothing(struct reader *r, const struct drafts *d, struct draft *s)
{
	const struct node *when = node_get(s->e.body, "when");

	if (s->is_off)
		return false;
	if (s->run && d->at[s->run - 1].is_off) {
		s->is_off = true;
		return true;
	}
	for (int i = 0; when && when->kind == NODE_MAP && i < when->n; i++) {
		const struct draft *on = find(d, s, when->pairs[i].key->text);

		if (!on || !on->is_off)
			continue;
		caution(r, when->pairs[i].key,
		        "step '%s' is ignored: it waits for a result of '%s', which is ignored",
		        s->e.key->text, on->e.key->text);
		s->is_off = true;
		return true;
	}
	return false;
}

static void leave_out(struct reader *r, struct drafts *d)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (int i = 0; i < d->n; i++)
			changed = waits_for_nothing(r, d, &d->at[i]) || changed;
	}
}

/* -- after and when -- */

static struct after *after_of(struct reader *r, const struct drafts *d, struct draft *s, int step)
{
	for (int i = 0; i < s->n_after; i++)
		if (s->after[i].step == step)
			return &s->after[i];
	if (!s->after)
		s->after = arena_alloc(&r->plan->arena, (size_t)d->n * sizeof *s->after);
	s->after[s->n_after].step = step;
	return &s->after[s->n_after++];
}

static void join_after(struct reader *r, const struct drafts *d, struct draft *s)
{
	const struct node *node = node_get(s->e.body, "after");
	bool is_list = node && node->kind == NODE_LIST;

	for (int i = 0; node && i < (is_list ? node->n : 1); i++) {
		const struct node *id = is_list ? node->items[i] : node;
		struct draft *on = id->kind == NODE_SCALAR && *id->text ? refer(r, d, s, id) : NULL;

		if (on && on->is_off)
			caution(r, id, "step '%s' does not wait for '%s', which is ignored", s->e.key->text,
			        id->text);
		else if (on && on->index >= 0)
			after_of(r, d, s, on->index);
	}
}

/* What a step of each kind can end with; a decide: one of its choices. */
static const struct {
	const char *words[4];
	const char *advice;
} results[STEP_KIND_COUNT] = {
    [STEP_KIND_TASK] = {{"done", "failed"}, "write done or failed"},
    [STEP_KIND_DECIDE] = {{NULL}, "write one of its choices"},
    [STEP_KIND_COMMAND] = {{"done", "failed", "interlocked"}, "write done, failed or interlocked"},
    [STEP_KIND_NOTIFY] = {{"done", "failed"}, "write done or failed"},
    [STEP_KIND_RECORD] = {{"done", "failed"}, "write done or failed"},
    [STEP_KIND_RUN] = {{"done"}, "write done: it ends when all its steps have ended"},
    [STEP_KIND_WAIT] = {{"done", "failed"}, "write done or failed"},
    [STEP_KIND_REPORT] = {{"done"}, "write done: it ends when it is signed"},
};

static bool is_result(const struct draft *on, struct nearest *near)
{
	const struct step *s = &on->text.step;
	bool found = false;

	for (int i = 0; on->kind == STEP_KIND_DECIDE && i < s->n_choices; i++) {
		found = found || !strcmp(s->choices[i].id, near->word);
		nearest_try(near, s->choices[i].id);
	}
	for (int i = 0; results[on->kind].words[i]; i++) {
		found = found || !strcmp(results[on->kind].words[i], near->word);
		nearest_try(near, results[on->kind].words[i]);
	}
	return found;
}

static void check_result(struct reader *r, const struct draft *on, const struct node *word)
{
	struct nearest near = {.word = word->text};

	if (is_result(on, &near))
		return;
	complain(r, word, "step '%s' never ends with '%s'", on->e.key->text, word->text);
	if (near.best)
		advise_nearest(r, &near);
	else
		advise(r, "%s", results[on->kind].advice);
}

static void join_when(struct reader *r, const struct drafts *d, struct draft *s)
{
	const struct node *when = s->text.when;

	if (when && (when->kind != NODE_MAP || !when->n)) {
		complain(r, when, "'when' must be a map: {step: done}");
		return;
	}
	for (int i = 0; when && i < when->n; i++) {
		const struct pair *p = &when->pairs[i];
		const struct key key = {.name = p->key->text, .type = KEY_STRINGS};
		const struct draft *on = refer(r, d, s, p->key);
		struct strings words;

		if (!on || on->index < 0 || !value_read(r, &key, p->value, &words))
			continue;
		for (int k = 0; k < words.n; k++)
			check_result(r, on, p->value->kind == NODE_LIST ? p->value->items[k] : p->value);
		after_of(r, d, s, on->index)->results = words;
	}
}

/* `on_failed: x` makes x wait for the failure, unless x says when itself. */
static void join_failed(struct reader *r, const struct drafts *d, const struct draft *s)
{
	static const char *const bad[] = {"failed", "interlocked"};
	const struct node *node = node_get(s->e.body, "on_failed");
	struct draft *x;

	if (!node || !s->text.on_failed)
		return;
	x = refer(r, d, s, node);
	if (!x || x->index < 0) {
		if (x && x->is_off)
			caution(r, node, "step '%s' is ignored: nothing follows a failure here", node->text);
		return;
	}
	for (int i = 0; i < x->n_after; i++)
		if (x->after[i].step == s->index)
			return;
	after_of(r, d, x, s->index)->results = (struct strings){bad, 2};
}

/* -- no step waits for itself -- */

enum colour { WHITE, GREY, BLACK };

static void complain_waits(struct reader *r, const struct node *step, const char *on)
{
	complain(r, step, "step '%s' waits for itself: it waits for '%s', which waits for it", step->text, on);
	advise(r, "take one 'after' or 'when' out");
}

static void visit(struct reader *r, const struct drafts *d, int i, enum colour *colours)
{
	const struct draft *s = &d->at[i];

	colours[i] = GREY;
	for (int k = 0; k < s->n_after; k++) {
		int next = 0;

		while (d->at[next].index != s->after[k].step)
			next++;
		if (colours[next] == GREY)
			complain_waits(r, s->e.key, d->at[next].e.key->text);
		else if (colours[next] == WHITE)
			visit(r, d, next, colours);
	}
	colours[i] = BLACK;
}

static void check_cycles(struct reader *r, const struct drafts *d)
{
	enum colour *colours = arena_alloc(&r->arena, (size_t)(d->n + 1) * sizeof *colours);

	for (int i = 0; i < d->n; i++)
		if (d->at[i].index >= 0 && colours[i] == WHITE)
			visit(r, d, i, colours);
}

/* -- the whole -- */

/* The marked one of the playbook itself; else its first task or decide, else the first it runs. */
static int find_first(struct reader *r, const struct drafts *d)
{
	int marked = -1, act = -1, inner = -1;

	for (int i = 0; i < d->n; i++) {
		const struct draft *s = &d->at[i];
		bool is_act = s->kind == STEP_KIND_TASK || s->kind == STEP_KIND_DECIDE;

		if (s->index < 0)
			continue;
		if (s->run) {
			inner = inner < 0 && is_act ? s->index : inner;
			continue;
		}
		if (s->text.step.first && marked >= 0)
			complain(r, node_get(s->e.body, "first"), "only one step of a playbook is the first");
		else if (s->text.step.first)
			marked = s->index;
		if (act < 0 && is_act)
			act = s->index;
	}
	return marked >= 0 ? marked : act >= 0 ? act : inner;
}

static void settle(struct reader *r, struct drafts *d, struct playbook *ret)
{
	struct step *steps = arena_alloc(&r->plan->arena, (size_t)(d->n + 1) * sizeof *steps);

	for (int i = 0; i < d->n; i++) {
		struct draft *s = &d->at[i];

		if (s->index < 0)
			continue;
		s->text.step.id = s->id;
		s->text.step.run = s->run ? d->at[s->run - 1].index + 1 : 0;
		s->text.step.after = s->after;
		s->text.step.n_after = s->n_after;
		s->text.step.first = s->index == ret->first;
		steps[s->index] = s->text.step;
	}
	ret->steps = steps;
}

static void read_playbook(struct reader *r, const struct entry *e, struct playbook *ret)
{
	struct drafts d;

	ret->id = arena_str(&r->plan->arena, e->key->text);
	if (!drafts_collect(r, e, &d))
		return;
	leave_out(r, &d);
	for (int i = 0; i < d.n; i++) {
		if (d.at[i].is_off || d.at[i].kind < 0)
			continue;
		d.at[i].index = ret->n_steps++;
		step_read(r, &d.at[i].e, d.at[i].kind, &d.at[i].text);
	}
	for (int i = 0; i < d.n; i++)
		if (d.at[i].index >= 0) {
			join_after(r, &d, &d.at[i]);
			join_when(r, &d, &d.at[i]);
		}
	for (int i = 0; i < d.n; i++)
		if (d.at[i].index >= 0)
			join_failed(r, &d, &d.at[i]);
	check_cycles(r, &d);
	ret->first = find_first(r, &d);
	settle(r, &d, ret);
	quotes_check(r, &d, ret);
}

/* All that steps wait for, in one list for those who must tell of it. */
static void list_untils(struct reader *r, const struct playbook *books, int n)
{
	const struct cond **list;
	int found = 0, at = 0;

	for (int b = 0; b < n; b++)
		for (int s = 0; s < books[b].n_steps; s++)
			found += books[b].steps[s].until != NULL;
	list = arena_alloc(&r->plan->arena, (size_t)(found + 1) * sizeof *list);
	for (int b = 0; b < n; b++)
		for (int s = 0; s < books[b].n_steps; s++)
			if (books[b].steps[s].until)
				list[at++] = &books[b].steps[s].until->grades[0].when;
	r->plan->untils = list;
	r->plan->n_untils = at;
}

void playbooks_read(struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_PLAYBOOKS];
	/* one more for each type: its playbook with its report */
	size_t most = (size_t)(e->n + r->sections[SECTION_INCIDENTS].n);
	struct playbook *list = arena_alloc(&r->plan->arena, (most + 1) * sizeof *list);

	runs_check(r);
	for (int i = 0; i < e->n; i++) {
		r->playbook = i;
		read_playbook(r, &e->at[i], &list[i]);
	}
	list_untils(r, list, e->n);
	r->plan->playbooks = list;
	r->plan->n_playbooks = e->n;
}
