/* extract.h - JSON as it comes in, behind one door. Everything refused here is
 * refused for all sensors of the message: not JSON, bad UTF-8, over 64 KiB,
 * nested deeper than 32. */
#ifndef TOCSIN_EXTRACT_H
#define TOCSIN_EXTRACT_H

#include "base/arena.h"
#include "engine/engine.h"
#include "plan.h"

enum { EXTRACT_BYTES_MAX = 65536, EXTRACT_DEPTH_MAX = 32 };

struct json; /* one parsed payload */

struct json *extract_parse(const char *payload, size_t len); /* NULL: refused */
/* The same, and NaN, Infinity and 1e999 count as null: what a device does not know of one thing must not hide
 * what it says of another. Not for commands. */
struct json *extract_parse_device(const char *payload, size_t len);
void extract_free(struct json *doc);                         /* NULL allowed */

enum extract_result {
	EXTRACT_VALUE,
	EXTRACT_MISSING,    /* nothing there: no change */
	EXTRACT_UNREADABLE, /* null, an object or array, or an error in its place */
};

/* A scalar as text; true and false for booleans. `text` lives as long as the
 * document and this struct. */
struct extracted {
	const char *text;
	size_t len;
	char number[32];
};

enum extract_result extract_value(const struct json *doc, const struct value_path *path,
                                  struct extracted *ret);

/* Members of an object, for commands. Texts are copied into the arena. */
bool extract_is_object(const struct json *doc);
enum extract_result extract_member(const struct json *doc, const char *key, struct arena *arena,
                                   const char **ret);
/* Members of the object under `key`; their number, or -1: none there, not an object of scalars, or more than
 * cap. */
int extract_pairs(const struct json *doc, const char *key, struct arena *arena, struct pair *ret, int cap);
/* The array of strings, or the one string, under `key`; n 0 when missing; false for anything else. */
bool extract_strings(const struct json *doc, const char *key, struct arena *arena, struct strings *ret);

#endif
