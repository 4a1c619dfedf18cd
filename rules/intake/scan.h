/* scan.h - the value at a path of an ordinary JSON object, found without making
 * a tree of it: most messages are no news, and parsing was a fifth of what they
 * cost. Ordinary is what devices send: ASCII without escapes, numbers without
 * an exponent, the value not beyond 12 digits, each key of the path once. The rest is left to
 * extract.h, which says the same about everything that is not left. */
#ifndef TOCSIN_SCAN_H
#define TOCSIN_SCAN_H

#include "intake/extract.h"

/* False: left. `ret->text` lives as long as the payload. */
bool scan_value(const char *payload, size_t len, const struct value_path *path, struct extracted *ret,
                enum extract_result *ret_result);

#endif
