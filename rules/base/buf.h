/* buf.h - growable text, and the JSON that leaves the house written into it.
 * JSON is written in call order, without spaces; commas are put by the
 * writer. Strings must be valid UTF-8 (utf8_valid at every entrance). */
#ifndef TOCSIN_BUF_H
#define TOCSIN_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *text; /* owned; NUL-terminated when not NULL */
	size_t len, cap;
};

void buf_fini(struct buf *b);	/* frees and zeroes */
void buf_clear(struct buf *b);	/* keeps the memory */
void buf_add(struct buf *b, const char *text, size_t len);
void buf_str(struct buf *b, const char *text);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *buf_text(const struct buf *b); /* never NULL */
char *buf_steal(struct buf *b);		   /* caller frees; never NULL */

/* key NULL: an array element or the top value. */
void json_open(struct buf *b, const char *key, char bracket); /* '{' or '[' */
void json_close(struct buf *b, char bracket);		      /* '}' or ']' */
void json_str(struct buf *b, const char *key, const char *text); /* NULL text: null */
void json_int(struct buf *b, const char *key, int64_t value);
void json_bool(struct buf *b, const char *key, bool value);
void json_nil(struct buf *b, const char *key);
void json_raw(struct buf *b, const char *key, const char *json); /* ready JSON; NULL: null */
void json_time(struct buf *b, const char *key, int64_t at_ms);	 /* RFC 3339 UTC with ms; < 0: null */

#endif
