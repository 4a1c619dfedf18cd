/* sign.c - lock-out signs: their texts, and those that only a step's `tag` names. */
#include "language/reader.h"
#include "language/tables.h"

static const struct key sign_rows[] = {
    {"text", KEY_LABEL, AT(struct sign, text, struct text), .must = true,
     .help = "what stands on it: {zh: 煤气泄漏,严禁火种, en: No naked flame}"},
};
const struct table tag_keys = TABLE("tag", sign_rows);

static void add(struct reader *r, struct sign *list, const char *id)
{
	if (plan_sign(r->plan, id) >= 0)
		return;
	list[r->plan->n_signs].id = id;
	list[r->plan->n_signs++].text = (struct text){{id, id}};
}

void signs_read(struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_SIGNS];
	struct plan *p = r->plan;
	struct sign *list;
	size_t n = (size_t)e->n + 1;

	for (int b = 0; b < p->n_playbooks; b++)
		n += (size_t)p->playbooks[b].n_steps;
	list = arena_alloc(&p->arena, n * sizeof *list);
	p->signs = list;
	for (int i = 0; i < e->n; i++) {
		list[p->n_signs].id = arena_str(&p->arena, e->at[i].key->text);
		keys_read(r, &e->at[i], &tag_keys, &list[p->n_signs++]);
	}
	for (int b = 0; b < p->n_playbooks; b++)
		for (int i = 0; i < p->playbooks[b].n_steps; i++)
			if (p->playbooks[b].steps && p->playbooks[b].steps[i].tag)
				add(r, list, p->playbooks[b].steps[i].tag);
}
