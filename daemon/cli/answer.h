/* answer.h - reading the daemon's JSON. Absent keys and other types read as
 * empty, so that a newer daemon's answer never stops an older client. */
#ifndef TOCSIN_ANSWER_H
#define TOCSIN_ANSWER_H

#include "base/err.h"
#include "base/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer; /* a JSON value; the top one is owned, all below live with it */

struct answer *answer_read(const char *text, size_t len, struct err *err); /* NULL: not JSON */
void answer_free(struct answer *top);

const struct answer *answer_get(const struct answer *a, const char *key); /* NULL: not there, or null */
const char *answer_str(const struct answer *a, const char *key);          /* "" when not there */
int64_t answer_int(const struct answer *a, const char *key, int64_t otherwise);
bool answer_true(const struct answer *a, const char *key);
const char *answer_lang(const struct answer *a, const char *key, enum lang lang); /* of {"zh":..,"en":..} */
const char *answer_text(const struct answer *a); /* of a string value, else "" */
bool answer_is_tree(const struct answer *a); /* an object or an array */

int answer_count(const struct answer *array);
const struct answer *answer_at(const struct answer *array, int i);
/* Members of an object in file order: NULL when i is past the last. */
const struct answer *answer_member(const struct answer *object, int i, const char **ret_key);

char *answer_compact(const struct answer *a); /* caller frees */

#endif
