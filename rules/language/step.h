/* step.h - between step.c, which reads one step, and playbook.c, which joins
 * the steps of a playbook by their ids. */
#ifndef TOCSIN_STEP_H
#define TOCSIN_STEP_H

#include "language/reader.h"

struct step_text {
	struct step step;
	struct text told;
	struct strings after;
	const struct node *command, *record, *later, *when, *on_late, *choices;
	const char *on_failed, *otherwise;
};

/* The one kind key of the step, as enum step_kind, or -1 and a problem. */
int step_kind_of(struct reader *r, const struct entry *e);
void step_read(struct reader *r, const struct entry *e, int kind, struct step_text *ret);

#endif
