/* charset.h - GB18030 text as UTF-8: panel printers and the Chinese fire chain. */
#ifndef TOCSIN_CHARSET_H
#define TOCSIN_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

struct charset;

/* Keeps the C library's table loaded; each conversion is for itself, in any thread. NULL: there is none. */
struct charset *charset_new(void);
void charset_free(struct charset *c); /* NULL allowed */

/* malloc'ed, the caller frees; NULL: it is no such text. */
char *charset_utf8(const struct charset *c, const char *text, size_t len, size_t *ret_len);

#endif
