/* render.h - what the files that render share: render.c (incident), site.c
 * (summary, on-call), next.c, zone.c, wording.c (notices), answers.c, view.c.
 * Nothing here changes the engine. */
#ifndef TOCSIN_RENDER_H
#define TOCSIN_RENDER_H

#include "engine/model.h"

/* A packet is at most 32 KiB; the rest is for topic and properties. */
enum { RENDER_BYTES = 32 * 1024 - 512 };

/* Who will be called for the incident next, when, and why. */
struct next {
	const char *what;
	int64_t at_ms; /* -1: nothing is due */
	int level;     /* of the chain; 0: none */
	int people[LEVEL_PEOPLE_MAX];
	int n;
};
void next_of(const struct engine *e, const struct incident *inc, struct next *ret_next);

/* Walks the incidents that are not closed, by hazard, then number, exercises last; NULL behind the last.
 * Begin with {0}. */
struct walk {
	int hazard, at;
};
const struct incident *site_next(const struct engine *e, struct walk *w);

void render_who(const struct engine *e, struct buf *b, const char *key, const int *people, int n);
void render_cut(struct buf *b, const char *key, const char *text, size_t cap_bytes); /* NULL: null */
void render_optional(struct buf *b, const char *key, const char *text); /* "" and NULL: null */

/* A text of the step, with the facts of records that it quotes (quote.h); not yet recorded: an ellipsis. */
void facts_quote(const struct incident *inc, const struct step *step, const char *text, struct buf *out);

/* In the words of people; never NULL. */
const char *wording_zone(const struct engine *e, const struct incident *inc,
                         enum lang lang); /* "": the site */
const char *wording_state(enum state state, enum lang lang);
const char *wording_person(const struct engine *e, const char *id);

#endif
