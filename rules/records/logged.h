/* logged.h - one row of the audit, read back: its header, and its body as a
 * flat list of facts in the order they were written. */
#ifndef TOCSIN_LOGGED_H
#define TOCSIN_LOGGED_H

#include "base/arena.h"
#include "base/names.h"

#include <stdbool.h>
#include <stdint.h>

/* Of {"values":{"name":"Zhao"}} the key is "values/name"; each element of an
 * array is a fact of its own under the array's key. */
struct fact_read {
	const char *key, *text;
	char type; /* s text, n number, b true or false, z null (text "") */
};

struct logged {
	int64_t seq, epoch, at_ms, cause; /* cause 0: none */
	enum audit_kind kind;             /* AUDIT_COUNT: a word of a newer tocsin */
	const char *word, *inc, *who;     /* inc NULL: of no incident */
	int64_t number;                   /* of inc, 0 none */
	struct fact_read *facts;
	int n;
};

/* All strings go into the arena. False: it is no audit row. */
bool logged_read(const char *rec, struct arena *arena, struct logged *ret);
/* Kind and incident only, without reading the rest: what most rows are asked for. */
bool logged_peek(const char *rec, enum audit_kind *ret_kind, int64_t *ret_number);

const char *logged_get(const struct logged *l, const char *key); /* the first of the key; NULL: none, or null */
bool logged_true(const struct logged *l, const char *key);
int64_t logged_int(const struct logged *l, const char *key, int64_t otherwise);
int64_t logged_time(const struct logged *l, const char *key); /* -1: none */

#endif
