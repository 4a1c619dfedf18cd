/* discover_find.h - between the parts of discover: a field that was found, and
 * what its name means. */
#ifndef TOCSIN_DISCOVER_FIND_H
#define TOCSIN_DISCOVER_FIND_H

#include "answer.h"
#include "base/arena.h"
#include "discover.h"

enum { FIND_POINTER_BYTES = 256, FIND_TEXT_BYTES = 128, FIND_SAMPLE_BYTES = 40, TOPIC_LEVELS = 32 };

/* One value in the payload of one topic. NULL: not said. */
struct find {
	const char *topic, *pointer; /* pointer NULL: the whole payload */
	const char *kind;            /* NULL: telemetry */
	const char *device, *field, *area;
	const char *profile, *unit;
	const char *alarm, *normal; /* the texts of its two words; of a contact: open, closed */
	const char *away_topic, *away_value, *online, *offline;
	const char *link;      /* topic of its bridge's own state */
	const char *undecided; /* what a person must decide before it can be used */
	const char *sample;    /* of its value */
	int64_t silent_ms, off_delay_ms;
	bool is_declared; /* by discovery or a gateway's list, not guessed from a message */
	bool is_number;   /* its value */
};

struct discover_topic {
	char *name;
	int n_live;
	int64_t last_ms, least_ms, most_ms; /* gaps between live messages */
};

/* Both sorted. */
struct discover {
	const struct plan *site;
	struct arena arena;
	struct discover_topic *topics;
	int n_topics, cap_topics;
	struct find **finds;
	int n_finds, cap_finds;
	struct device_pair *pairs; /* tasmota/discovery: config and sensors */
	int n_more_topics, n_more_finds, n_long, n_big, n_broken;
};

/* Copied; what is declared is kept over what was guessed. */
void discover_tell(struct discover *d, const struct find *f);
int discover_first(const struct discover *d, const char *topic);         /* index of its first field */
int64_t discover_period_ms(const struct discover *d, const char *topic); /* 0: none that is regular */

/* A message: its topic in levels, its payload as JSON when it is some. */
struct parts {
	char text[DISCOVER_TOPIC_BYTES + 1];
	const char *level[TOPIC_LEVELS];
	int n;
};
struct news_of {
	struct discover *d;
	const char *topic, *text;
	const struct parts *parts;
	const struct answer *json; /* an object or array; NULL: plain text */
};
void discover_live(const struct news_of *m);
/* Every value below `json`, whose place is `pointer`, as a field of f's device. */
void discover_walk(struct discover *d, const struct find *f, const struct answer *json, const char *pointer);
bool discover_is_declaration(const struct parts *p);
void discover_ha(const struct news_of *m);          /* homeassistant/.../config */
bool discover_declaration(const struct news_of *m); /* a gateway's own lists; false: none */
void discover_pairs_free(struct discover *d);

/* -- what names mean -- */

const char *sense_name(const char *field); /* kind, or NULL: telemetry */
/* Of a Home Assistant device class; true: known. NULL kind: telemetry. */
bool sense_class(bool is_binary, const char *class, const char **ret_kind, bool *ret_on_is_normal);
/* Does the shipped profile read these texts as alarm and normal? NULL: not asked. */
bool sense_profile_has(const char *profile, const char *alarm, const char *normal);
/* What is known by now, as one can use it: unit, words, or what is undecided. */
void sense_settle(struct find *f);

/* -- text -- */

void discover_slug(const char *text, char ret[65]);     /* as an id; "" when nothing is left */
void discover_quote(struct buf *out, const char *text); /* a YAML scalar in "..." on one line */
/* A Jinja template that only points at a value; *ret empty: the whole payload. */
bool discover_pointer(const char *template, struct buf *ret);
void discover_escape(struct buf *out, const char *key); /* as a token of a JSON pointer */
/* Levels from..to-1 joined by '/', cut to FIND_TEXT_BYTES. */
const char *discover_levels(const struct parts *p, int from, int to, char ret[FIND_TEXT_BYTES]);
bool discover_is_number(const char *text);

#endif
