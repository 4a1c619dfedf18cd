/* keys.h - the configuration as tables: every key with its type, range,
 * default and help, and where its value lands. The reader is driven by them;
 * a schema or a manual page can be printed from them. */
#ifndef TOCSIN_KEYS_H
#define TOCSIN_KEYS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The top keys of a file. ONE: one map or list, the main file's keys over the
 * included ones. MANY: a map by id, each id once in all files. MERGED: the
 * same, an entry of a later file laid over an earlier one. MAIN: only in the
 * main file. LATER: accepted and ignored, with a warning. */
#define SECTION_LIST(X) \
	X(SITE, "site", "site", ONE) \
	X(BROKER, "broker", "broker", ONE) \
	X(STORE, "store", "store", ONE) \
	X(LANGUAGES, "languages", "language", ONE) \
	X(INCLUDE, "include", "include", MAIN) \
	X(HOME_ASSISTANT, "home_assistant", "home_assistant", ONE) \
	X(ZONES, "zones", "zone", MANY) \
	X(SENSORS, "sensors", "sensor", MANY) \
	X(ACTUATORS, "actuators", "actuator", MANY) \
	X(INTERLOCKS, "interlocks", "interlock", MERGED) \
	X(PEOPLE, "people", "person", MANY) \
	X(ROLES, "roles", "role", MANY) \
	X(CHAINS, "chains", "chain", MANY) \
	X(CHANNELS, "channels", "channel", MANY) \
	X(INCIDENTS, "incidents", "incident", MERGED) \
	X(PLAYBOOKS, "playbooks", "playbook", MERGED) \
	X(SIGNS, "signs", "tag", MERGED) \
	X(PROFILES, "profiles", "profile", MERGED) \
	X(PRESETS, "presets", "preset", MERGED) \
	X(ROSTER, "roster", "roster", MANY) \
	X(WATCHES, "watches", "watch", MERGED)

#define SECTION_E(A, T, ONE_OF, RULE) SECTION_##A,
enum section { SECTION_LIST(SECTION_E) SECTION_COUNT };

enum key_type {
	KEY_TEXT,     /* const char * */
	KEY_ID,       /* const char *: [A-Za-z0-9_-]{1,64} */
	KEY_TOPIC,    /* const char *: MQTT topic without wildcards */
	KEY_FILTER,   /* const char *: MQTT topic filter */
	KEY_BOOL,     /* bool */
	KEY_INT,      /* int, min..max */
	KEY_DURATION, /* int64_t ms, min..max */
	KEY_WORD,     /* int or enum: index of one of `words` */
	KEY_WORDS,    /* unsigned: a bit for each of `words` */
	KEY_STRINGS,  /* struct strings: one text or a list */
	KEY_LABEL,    /* struct text: one text or {zh, en} */
	KEY_POINTER,  /* struct value_path: JSON pointer */
	KEY_HOURS,    /* struct schedule: "mon-fri 08:00-18:00" or a list */
	KEY_REF,      /* int: id of `section`; -1 when absent */
	KEY_REFS,     /* struct ids: one id or a list */
	KEY_NODE,     /* const struct node *: has a table of its own */
};

struct key {
	const char *name;
	enum key_type type;
	size_t at; /* offset in the struct that the table fills */
	bool must;
	bool is_soft;             /* KEY_REF, KEY_REFS of roles: one nobody defined is made up */
	const char *fallback;     /* as it would be written; NULL: zero, nothing */
	int64_t min, max;         /* both 0: any */
	const char *const *words; /* NULL-ended */
	enum section section;
	const char *help;
};

struct table {
	const char *name; /* of what the table describes: "sensor", "sensor availability" */
	const struct key *keys;
	int n;
};

/* Offset of member M of S, which must have type T. */
#define AT(S, M, T) (offsetof(S, M) + 0 * sizeof(1 ? &((S *)0)->M : (T *)0))
#define TABLE(NAME, KEYS) \
	{ \
		NAME, KEYS, (int)(sizeof(KEYS) / sizeof *(KEYS)) \
	}

/* One table of each kind of map, in the order of the manual. */
const struct table *const *language_keys(int *ret_n);
/* The text of a section's top key, and of one entry of it. */
const char *section_name(enum section s);
const char *section_one(enum section s);

/* A key's help with its range, default and whether it is required. */
void key_help(const struct key *key, struct buf *out);
/* One table as it stands in tocsin.yaml(5), behind its comment `keys: NAME`. */
void manual_print(const struct table *t, struct buf *out);
/* All tables for the screen. */
void keys_print(struct buf *out);
/* All of them as a JSON Schema, draft 07. */
void schema_print(struct buf *out);
/* The schema of a key that has a form of its own (every KEY_NODE); NULL: its type says it. The table by
 * its name in the schema: "cond". */
const char *schema_shape(const char *table, const char *key);

#endif
