/* reading.h - what the files that read a script share. */
#ifndef TOCSIN_READING_H
#define TOCSIN_READING_H

#include "language/reader.h"
#include "rehearsal/script.h"
#include "rehearsal/topics.h"

struct reading_script {
	struct reader r;
	const struct plan *plan; /* of the site */
	struct topics *topics;
	struct arena *arena; /* of the script */
};

/* The ids a word can be one of. */
enum refer { REFER_TYPE, REFER_ZONE, REFER_PERSON, REFER_ROLE, REFER_ACTUATOR, REFER_CHANNEL };

/* The id as it stands in the plan, or NULL and a problem with what is near. */
const char *refer_read(struct reading_script *s, enum refer to, const struct node *node);
/* The same for one of a NULL-ended list; -1: none, and a problem. */
int word_read(struct reading_script *s, const char *const *words, const struct node *node);
/* A scalar's text, copied; NULL and a problem. May be empty when quoted. */
const char *text_read(struct reading_script *s, const struct node *node, const char *what);
bool duration_read(struct reading_script *s, const struct node *node, const char *what, int64_t *ret_ms);

/* The words of a verb with its incident named by type, as JSON or text. */
const char *words_read(struct reading_script *s, const struct node *node, const char *verb);

/* doing.c: the list of its steps. */
void doing_read(struct reading_script *s, const struct node *list, struct script_test *ret);

/* expecting.c: one expectation, or a list of them. */
void expects_read(struct reading_script *s, const struct node *node, struct script_step *ret);

#endif
