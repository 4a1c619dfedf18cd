/* script.h - a rehearsal as it is written (contrib/doc/testing.md): what comes
 * in when, and what is expected then. Read with the language's own reader, so
 * that its mistakes are told with their place and a hint. */
#ifndef TOCSIN_SCRIPT_H
#define TOCSIN_SCRIPT_H

#include "language/language.h"
#include "plan.h"

/* When a step is: at once, or
 * AT at that time of the test, AFTER so long after the step before;
 * of expectations WITHIN: true some time until so long after the step before;
 * UNTIL: true all the time until that time of the test, or so often until then. */
#define SCRIPT_WHEN_LIST(X) X(NOW, "now") X(AT, "at") X(AFTER, "after") X(WITHIN, "within") X(UNTIL, "until")

#define SCRIPT_ACT_LIST(X) \
	X(EXPECT, "expect") \
	X(PUBLISH, "publish") \
	X(SILENCE, "silence") \
	X(SAY, "by") \
	X(CHANNEL, "channel") \
	X(BROKER, "broker") \
	X(STORE, "store") \
	X(FAULT, "fault") \
	X(MENDED, "mended") \
	X(RESTART, "restart")

/* What can be expected. The first three are true or false at a time, the others happen. */
#define SCRIPT_WHAT_LIST(X) \
	X(INCIDENT, "incident") \
	X(ZONE, "zone") \
	X(ONCALL, "oncall") \
	X(NOTICE, "notice") \
	X(COMMAND, "command") \
	X(DRYRUN, "dryrun") \
	X(ANSWER, "answer") \
	X(AUDIT, "audit") \
	X(NOTHING, "nothing")

/* What becomes of the notices of a channel. */
#define SCRIPT_CHANNEL_LIST(X) X(UP, "up") X(CONFIRMS, "confirms") X(DOWN, "down") X(SILENT, "silent")

#define SCRIPT_WHEN_E(A, T) SCRIPT_##A,
#define SCRIPT_ACT_E(A, T) ACT_##A,
#define SCRIPT_WHAT_E(A, T) WHAT_##A,
#define SCRIPT_CHANNEL_E(A, T) CHANNEL_##A,
enum script_when { SCRIPT_WHEN_LIST(SCRIPT_WHEN_E) SCRIPT_WHEN_COUNT };
enum script_act { SCRIPT_ACT_LIST(SCRIPT_ACT_E) SCRIPT_ACT_COUNT };
enum script_what { SCRIPT_WHAT_LIST(SCRIPT_WHAT_E) SCRIPT_WHAT_COUNT };
enum script_channel { SCRIPT_CHANNEL_LIST(SCRIPT_CHANNEL_E) SCRIPT_CHANNEL_COUNT };

const char *script_what_name(enum script_what w);

/* How a field of what is there compares with the text expected. */
enum script_match {
	MATCH_TEXT,   /* the same */
	MATCH_PART,   /* contained */
	MATCH_COUNT,  /* so many members of the array */
	MATCH_SET,    /* of the array, the members' `under` are exactly these */
	MATCH_MEMBER, /* of the array the one whose `under` is `key` has the text in its `then` */
};

struct script_field {
	enum script_match match;
	const char *name;         /* as written */
	const char *path;         /* keys with slashes between: chain/level */
	const char *under, *then; /* of members of an array */
	const char *key;          /* which member, or NULL */
	struct strings texts;     /* MATCH_SET: all; else the first */
};

struct script_expect {
	enum script_what what;
	bool is_not;
	int line, col;
	int count; /* of what happens; -1: at least one */
	const struct script_field *fields;
	int n;
};

struct script_message {
	const char *topic, *payload;
	size_t len;
};

struct script_step {
	int line, col;
	enum script_when when;
	int64_t when_ms;
	enum script_act act;
	/* publish, silence */
	const struct script_message *messages;
	int n_messages;
	bool retained;
	int64_t every_ms; /* again and again, until something else is published there */
	/* by */
	const char *user, *verb, *words;
	const char *refused; /* the word expected, or NULL */
	/* channel, broker, store, fault, mended */
	const char *channel;
	int state; /* enum script_channel, link, store_state, self */
	/* restart */
	int64_t down_ms;
	/* expect */
	const struct script_expect *expects;
	int n_expects;
};

struct script_test {
	const char *name;
	int line, col;
	int64_t start_ms; /* site time */
	const struct script_step *steps;
	int n;
};

struct script {
	struct arena arena;
	const struct script_test *tests;
	int n;
};

/* What its `site:` names, in `arena`; NULL and problems when it names none. */
const char *script_site(const struct source *file, struct arena *arena, struct problems *problems);

/* NULL when any problem is an error. */
struct script *script_read(const struct source *file, const struct plan *plan, struct problems *problems);
void script_free(struct script *s); /* NULL allowed */

#endif
