/* impair.h - the registry of what is impaired: isolated hazards of zones, what
 * is out of service, signs that hang. Each has an owner and a reason, and, but
 * for a sign, an end. Shelves stand on their incidents (suppress.h). */
#ifndef TOCSIN_IMPAIR_H
#define TOCSIN_IMPAIR_H

#include "engine/model.h"
#include "engine/record.h"

enum impair_kind { IMPAIR_ISOLATED, IMPAIR_OUT, IMPAIR_TAG, IMPAIR_COUNT };

struct impairment {
	char *key; /* "p/<zone>/<hazard>", "o/<name>", "t/<sign>@<place>"; asked for only: "q/" before it */
	enum impair_kind kind;
	bool is_asked; /* by the first of two persons: it counts for nothing, its deadline ends the asking */
	bool is_dead;  /* out: lost, and taken out with its incident; back as soon as it speaks */
	char *name;    /* zone; detector or actuator; sign */
	char *place;   /* of a sign: zone or actuator; else "" */
	enum hazard hazard;
	char *by, *second;      /* second "": one was enough, or the other has not spoken yet */
	char *reason, *watch;   /* isolated: permit, who watches; else the words, "" */
	int64_t since_ms, for_ms;
	int64_t incident; /* number, 0: none */
	struct deadline due;
	bool dirty;
};

/* NULL: none under this key. Keys: as printf. */
struct impairment *impair_find(const struct engine *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The one in force of a kind; asked-for ones are none. */
struct impairment *impair_isolated(const struct engine *e, const char *zone, enum hazard hazard);
struct impairment *impair_out(const struct engine *e, const char *name);
/* Takes what `like` says (its strings are copied, NULL is ""), in the place of what is there. */
struct impairment *impair_put(struct engine *e, const char *key, const struct impairment *like);
/* In force from now: said by `me`, where `first` is not NULL after that person had asked for the same. */
struct impairment *impair_grant(struct engine *e, const char *key, struct impairment *like, const char *me,
                                const char *first);
void impair_until(struct engine *e, struct impairment *i, int64_t at_ms);
void impair_drop(struct engine *e, struct impairment *i);
void impair_due(struct engine *e, struct impairment *i); /* its deadline */

void impairs_save(struct engine *e, struct records *ret, bool all);
void impairs_set_dirty(struct engine *e, bool dirty);
void impairs_shift(struct engine *e, int64_t by_ms); /* the clock was set, deadlines have moved */
int impair_restore(struct engine *e, const char *key, struct record_reader *r);
void impairs_free(struct engine *e);

/* impairments.c: each as one line, in the language; "" when nothing is impaired. For hand-overs. */
void impairments_say(const struct engine *e, enum lang lang, struct buf *out);
/* "2026-11-22 22:10" or, within a day, "22:10". */
const char *longest_text(int64_t ms, char text[TIME_TEXT_BYTES]); /* "<= 4h" */
const char *until_text(const struct engine *e, int64_t at_ms, char text[TIME_TEXT_BYTES]);

#endif
