/* verb.h - one command of a person at work, shared by verb*.c. */
#ifndef TOCSIN_VERB_H
#define TOCSIN_VERB_H

#include "engine/life.h"

struct said {
	const struct command *c;
	int person;
	const char *who; /* for rows: "wang" or "root for wang" */
	struct incident *inc;
	struct answer answer;
	char text[256]; /* room for answer.detail or .form */
};

/* Does what the verb says, or says why not: then nothing has changed. */
typedef enum refusal verb_fn(struct engine *e, struct said *s);

verb_fn verb_handover, verb_accept, verb_refuse, verb_override; /* verb_duty.c */
verb_fn verb_ack, verb_done, verb_failed, verb_decide, verb_record, verb_reset, verb_close, verb_drill,
    verb_note, verb_sign;

struct cue_arg said_cue(const struct said *s, enum audit_kind kind);
enum refusal said_note(struct engine *e, struct said *s); /* remembered, nothing else */
/* Called for it, or holding a role of its chain. */
bool said_by_concerned(const struct engine *e, const struct said *s);
/* Holder or deputy of the step's role, or of a role above it in the chain. */
bool said_may_do(const struct engine *e, const struct said *s, const struct step *step);

#endif
