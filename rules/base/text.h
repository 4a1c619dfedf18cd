/* text.h - UTF-8 and numbers as they arrive in payloads and files. */
#ifndef TOCSIN_TEXT_H
#define TOCSIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool utf8_valid(const char *text, size_t len); /* no NUL, no surrogates, no overlong forms */
int utf8_step(const char *text);	     /* bytes of the character at text; 0 when it is none */
size_t utf8_cut(const char *text, size_t cap_bytes); /* the longest prefix <= cap that ends between characters */
bool text_is_id(const char *text);		     /* [A-Za-z0-9_-]{1,64} */

/* Decimal text to fixed point, 1/1000 units, digits beyond are cut; optional
 * sign, fraction, exponent -9..9; surrounding spaces allowed. False for
 * anything else (nan, inf, hex, trailing letters, out of +-9e15). */
bool milli_parse(const char *text, size_t len, int64_t *ret_milli);
/* The same with so many digits (0..9) behind the point: 1/10^digits units. */
bool decimal_parse(const char *text, size_t len, int digits, int64_t *ret);
const char *milli_text(int64_t milli, char text[32]); /* "31.2", "-4", "0.05" */

/* "250ms" "3s" "5m" "1h" "2d" (digits, one unit; "1h30m" too). */
bool duration_parse(const char *text, int64_t *ret_ms);

#endif
