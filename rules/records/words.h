/* words.h - how a record speaks: names by the plan that was in force, times in
 * the site's zone, and one sentence for each kind of audit row. */
#ifndef TOCSIN_RECORDS_WORDS_H
#define TOCSIN_RECORDS_WORDS_H

#include "base/buf.h"
#include "plan.h"
#include "records/logged.h"

/* Whose language, whose names. plan NULL (not kept any more): ids, and UTC. */
struct voice {
	enum lang lang;
	const struct plan *plan;
	const char *type; /* the incident's, for the texts of its steps; or NULL */
};

const char *voice_says(const struct voice *v, const char *zh, const char *en);
/* "Wang Qiang (wang)"; what is no person, "sensor:gas-b2" or "root for wang", in words. */
void voice_person(const struct voice *v, const char *id, struct buf *out);
void voice_zone(const struct voice *v, const char *id, struct buf *out);
void voice_title(const struct voice *v, const char *type, struct buf *out);
void voice_step(const struct voice *v, const char *id, struct buf *out); /* its id, and what was to be done */
void voice_word(const struct voice *v, const char *word, struct buf *out); /* of a closed set: state, kind, ... */
void voice_span(const struct voice *v, int64_t ms, struct buf *out);
/* 2026-11-23 03:10:04+08:00; _clock: 03:10:04, with the rest when day or offset are not those of `like`. */
void voice_time(const struct voice *v, int64_t at_ms, struct buf *out);
void voice_clock(const struct voice *v, int64_t at_ms, int64_t like_ms, struct buf *out);
void voice_day(const struct voice *v, int64_t at_ms, struct buf *out); /* 2026-11-23 (+08:00) */

/* What a kind of row says of an incident, and where a report shows it. */
enum part {
	PART_NONE = 0,
	PART_LATE = 1,      /* something did not come in time */
	PART_SUPPRESS = 2,  /* a suppression begins */
	PART_RELEASE = 4,   /* and ends */
	PART_DECISION = 8,  /* decided, recorded */
	PART_COMMAND = 16,  /* commands, feedback, interlocks */
	PART_WORDS = 32,    /* notes, instructions */
	PART_DUTY = 64,     /* hand-overs */
	PART_SITE = 128,    /* belongs to every report it happened during, though it names no incident */
	PART_TROUBLE = 256, /* the alarm system itself */
	PART_SHIFT = 512,   /* a shift begins */
};

struct sentence {
	const char *in[LANG_COUNT];
	unsigned parts;
};
const struct sentence *sentence_of(enum audit_kind kind); /* never NULL; of AUDIT_COUNT too */

/* One line without time and number: who, what, and every fact the sentence left out. */
void say_row(const struct voice *v, const struct logged *l, struct buf *out);

#endif
