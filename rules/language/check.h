/* check.h - between the files that prove a plan: each says of its own part
 * what can never happen, never be heard or never be done. The plan is whole. */
#ifndef TOCSIN_CHECK_H
#define TOCSIN_CHECK_H

#include "language/reader.h"

/* The first incident type that looks at a sensor, -1 for none. */
struct look {
	int any;
	int life;   /* of hazard fire, gas or people */
	int alarm;  /* by its word `alarm` */
	int number; /* would compare its number, if it gave one */
};

/* -- check_look.c -- */
struct look *looks_find(struct reader *r); /* of each sensor */

/* -- check_cond.c -- */

/* Where a condition stands, for walking it beside the text it was read from. */
struct place {
	const struct node *at;    /* the condition's own map; NULL: not known any more */
	const struct node *grade; /* of its grade, or NULL */
};

const struct node *test_node(const struct place *p); /* the test of a leaf */
struct place kid_place(const struct place *p, const struct cond *c, int i);

/* -- check_group.c, check_hours.c -- */
void check_group(struct reader *r, const struct cond *c, const struct place *p);
void check_week(struct reader *r, const struct incident_type *t, const struct cond *c, const struct place *p);

/* -- the parts of the proof -- */
void check_sensors(struct reader *r, const struct look *looks);
void check_conditions(struct reader *r);
void check_people(struct reader *r);
void check_acts(struct reader *r); /* playbooks, actuators, interlocks */
void check_haste(struct reader *r);
void check_home_assistant(struct reader *r);

/* The entry a part of the plan was read from, or NULL: it stands in no file. */
const struct entry *entry_of(const struct reader *r, enum section s, const char *id);

#endif
