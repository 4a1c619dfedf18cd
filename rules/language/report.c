/* report.c - the written report that an incident type asks for: a last step of
 * its playbook, in a copy of its own, unless that says how it is written. */
#include "language/reader.h"
#include "language/tables.h"

#include <string.h>

struct report_text {
	int by;
	int64_t within_ms;
	struct ids copies;
};

static const struct key report_rows[] = {
    {"by", KEY_REF, AT(struct report_text, by, int), .must = true, .section = SECTION_ROLES, .is_soft = true,
     .help = "the role that signs it"},
    {"within", KEY_DURATION, AT(struct report_text, within_ms, int64_t), .fallback = "24h", .min = 100,
     .help = "its limit, from when the incident is cleared"},
    {"copies", KEY_REFS, AT(struct report_text, copies, struct ids), .section = SECTION_ROLES, .is_soft = true,
     .help = "roles that are told when it is signed"},
};
const struct table report_keys = TABLE("incident's report", report_rows);

static const char step_id[] = "incident-report";

static bool has_report(const struct playbook *b)
{
	for (int i = 0; i < b->n_steps; i++)
		if (b->steps[i].kind == STEP_KIND_REPORT)
			return true;
	return false;
}

static bool has_step(const struct playbook *b)
{
	for (int i = 0; i < b->n_steps; i++)
		if (!strcmp(b->steps[i].id, step_id))
			return true;
	return false;
}

static struct step step_of(const struct report_text *text)
{
	static const struct text nothing = {{"", ""}};

	return (struct step){.id = step_id,
	                     .kind = STEP_KIND_REPORT,
	                     .text = nothing,
	                     .contacts = nothing,
	                     .who = text->by,
	                     .within_ms = text->within_ms,
	                     .mandatory = true,
	                     .late_call = -1,
	                     .actuator = -1,
	                     .copies = text->copies,
	                     .at_end = true};
}

void report_add(struct reader *r, const struct node *node, struct incident_type *type)
{
	struct playbook *list = (struct playbook *)(void *)r->plan->playbooks; /* has room: playbooks_read */
	const struct playbook none = {.id = type->id, .first = -1};
	const struct playbook *old = type->playbook >= 0 ? &list[type->playbook] : &none;
	struct report_text text = {.by = -1};
	struct playbook *made = &list[r->plan->n_playbooks];
	struct step *steps;

	r->playbook = type->playbook >= 0 ? type->playbook : r->plan->n_playbooks;
	if (!keys_read(r, &(struct entry){NULL, node}, &report_keys, &text) || has_report(old))
		return;
	if (has_step(old)) {
		complain(r, node, "playbook '%s' has a step '%s', which is the name of the report", old->id, step_id);
		advise(r, "give the step another name");
		return;
	}
	steps = arena_alloc(&r->plan->arena, (size_t)(old->n_steps + 1) * sizeof *steps);
	if (old->n_steps)
		memcpy(steps, old->steps, (size_t)old->n_steps * sizeof *steps);
	steps[old->n_steps] = step_of(&text);
	*made = (struct playbook){old->id, steps, old->n_steps + 1, old->first};
	type->playbook = r->plan->n_playbooks++;
}
