/* step.h - between step.c, which reads one step, run.c, which lays the steps of
 * one playbook into another, and playbook.c, which joins them by their ids. */
#ifndef TOCSIN_STEP_H
#define TOCSIN_STEP_H

#include "language/reader.h"

struct step_text {
	struct step step;
	struct text told;
	struct ids who;
	struct strings after;
	const struct node *command, *record, *run, *wait, *until, *when, *on_late, *choices;
	int report; /* of what: the incident */
	const char *on_failed, *otherwise;
};

/* A step on its way into the plan. */
struct draft {
	struct entry e;
	const char *id; /* in the plan: "talk", "lifts/talk" */
	int run;        /* the draft that runs its playbook, counted from 1; 0: none. Ids mean those of the same */
	int kind;       /* enum step_kind, -1 when broken */
	bool is_off;    /* switched off, or without what it waits for */
	int index;      /* in the plan, or -1 */
	struct step_text text;
	struct after *after;
	int n_after;
};

struct drafts {
	struct draft *at;
	int n, cap;
};

enum { STEPS_MAX = 200 };

/* step.c: the one kind key of the step, as enum step_kind, or -1 and a problem. */
int step_kind_of(struct reader *r, const struct entry *e);
void step_read(struct reader *r, const struct entry *e, int kind, struct step_text *ret);

/* run.c: the steps of a playbook, those of the playbooks it runs behind each `run`. */
bool drafts_collect(struct reader *r, const struct entry *book, struct drafts *ret);
/* Playbooks that run each other, or one that is not there; told once. */
void runs_check(struct reader *r);
/* quote.c: of the settled playbook. */
void quotes_check(struct reader *r, const struct drafts *d, const struct playbook *book);

#endif
