/* playbook.c - the steps of a playbook joined: what starts after what, what is
 * not there, what would wait for itself. */
#include "language/step.h"

#include <stdlib.h>
#include <string.h>

/* A step on its way into the plan. */
struct draft {
	struct entry e;
	int kind;    /* enum step_kind, -1 when broken */
	bool is_off; /* switched off, or of a kind that comes later */
	int index;   /* in the plan, or -1 */
	struct step_text text;
	struct after *after;
	int n_after;
};

struct drafts {
	struct draft *at;
	int n;
};

enum { STEPS_MAX = 200 };

static struct draft *find(const struct drafts *d, const char *id)
{
	for (int i = 0; id && i < d->n; i++)
		if (!strcmp(d->at[i].e.key->text, id))
			return &d->at[i];
	return NULL;
}

static struct draft *refer(struct reader *r, const struct drafts *d, const struct node *id)
{
	struct draft *found = find(d, id->text);
	struct nearest near = {.word = id->text};

	if (found)
		return found;
	for (int i = 0; i < d->n; i++)
		nearest_try(&near, d->at[i].e.key->text);
	if (r->is_broken)
		return NULL;
	complain(r, id, "there is no step '%s' in this playbook", id->text);
	advise_nearest(r, &near);
	return NULL;
}

/* -- what is left out -- */

static bool comes_later(int kind)
{
	return kind == STEP_KIND_RUN || kind == STEP_KIND_WAIT || kind == STEP_KIND_REPORT;
}

static void draft_kinds(struct reader *r, struct drafts *d)
{
	for (int i = 0; i < d->n; i++) {
		struct draft *s = &d->at[i];

		s->index = -1;
		s->kind = -1;
		must_be_id(r, s->e.key);
		if (!must_be_map(r, &s->e, arena_printf(&r->arena, "step '%s'", s->e.key->text)))
			continue;
		s->is_off = entry_is_off(r, &s->e);
		if (s->is_off)
			continue;
		s->kind = step_kind_of(r, &s->e);
		if (!comes_later(s->kind))
			continue;
		caution(r, s->e.key, "step '%s': '%s' is not yet supported: ignored", s->e.key->text,
		        step_kind_name((enum step_kind)s->kind));
		s->is_off = true;
	}
}

/* A step that waits for a result of one that is left out would never start,
 * and must not start at once: it is left out too. */
static bool waits_for_nothing(struct reader *r, const struct drafts *d, struct draft *s)
{
	const struct node *when = node_get(s->e.body, "when");

	if (s->is_off || !when || when->kind != NODE_MAP)
		return false;
	for (int i = 0; i < when->n; i++) {
		const struct draft *on = find(d, when->pairs[i].key->text);

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
		struct draft *on = id->kind == NODE_SCALAR && *id->text ? refer(r, d, id) : NULL;

		if (on && on->is_off)
			caution(r, id, "step '%s' does not wait for '%s', which is ignored", s->e.key->text,
			        id->text);
		else if (on && on->index >= 0)
			after_of(r, d, s, on->index);
	}
}

static const char *const command_results[] = {"done", "failed", "interlocked"};

/* What a step can end with: choices of a decide, else states. */
static bool is_result(const struct draft *on, struct nearest *near)
{
	const struct step *s = &on->text.step;
	bool decides = on->kind == STEP_KIND_DECIDE;
	int n = decides ? s->n_choices : on->kind == STEP_KIND_COMMAND ? 3 : 2;
	bool found = false;

	for (int i = 0; i < n; i++) {
		const char *word = decides ? s->choices[i].id : command_results[i];

		found = found || !strcmp(word, near->word);
		nearest_try(near, word);
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
		advise(r, "%s",
		       on->kind == STEP_KIND_DECIDE    ? "write one of its choices"
		       : on->kind == STEP_KIND_COMMAND ? "write done, failed or interlocked"
		                                       : "write done or failed");
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
		const struct draft *on = refer(r, d, p->key);
		struct strings results;

		if (!on || on->index < 0 || !value_read(r, &key, p->value, &results))
			continue;
		for (int k = 0; k < results.n; k++)
			check_result(r, on, p->value->kind == NODE_LIST ? p->value->items[k] : p->value);
		after_of(r, d, s, on->index)->results = results;
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
	x = refer(r, d, node);
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

static int find_first(struct reader *r, const struct drafts *d)
{
	int marked = -1, act = -1;

	for (int i = 0; i < d->n; i++) {
		const struct draft *s = &d->at[i];

		if (s->index < 0)
			continue;
		if (s->text.step.first && marked >= 0)
			complain(r, node_get(s->e.body, "first"), "only one step of a playbook is the first");
		else if (s->text.step.first)
			marked = s->index;
		if (act < 0 && (s->kind == STEP_KIND_TASK || s->kind == STEP_KIND_DECIDE))
			act = s->index;
	}
	return marked >= 0 ? marked : act;
}

static void settle(struct reader *r, struct drafts *d, struct playbook *ret)
{
	struct step *steps = arena_alloc(&r->plan->arena, (size_t)(d->n + 1) * sizeof *steps);

	for (int i = 0; i < d->n; i++) {
		struct draft *s = &d->at[i];

		if (s->index < 0)
			continue;
		s->text.step.after = s->after;
		s->text.step.n_after = s->n_after;
		s->text.step.first = s->index == ret->first;
		steps[s->index] = s->text.step;
	}
	ret->steps = steps;
}

static void read_playbook(struct reader *r, const struct entry *e, struct playbook *ret)
{
	struct drafts d = {arena_alloc(&r->arena, (size_t)(e->body->n + 1) * sizeof *d.at), e->body->n};

	ret->id = arena_str(&r->plan->arena, e->key->text);
	if (d.n > STEPS_MAX) {
		complain(r, e->key, "playbook '%s' has more than %d steps", ret->id, STEPS_MAX);
		return;
	}
	for (int i = 0; i < d.n; i++)
		d.at[i].e = (struct entry){e->body->pairs[i].key, e->body->pairs[i].value};
	draft_kinds(r, &d);
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
}

void playbooks_read(struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_PLAYBOOKS];
	struct playbook *list = arena_alloc(&r->plan->arena, (size_t)(e->n + 1) * sizeof *list);

	for (int i = 0; i < e->n; i++) {
		r->playbook = i;
		read_playbook(r, &e->at[i], &list[i]);
	}
	r->plan->playbooks = list;
	r->plan->n_playbooks = e->n;
}
