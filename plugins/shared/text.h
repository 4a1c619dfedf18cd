/* text.h - growable text of the plugins that have a library. Out of memory
 * marks the text as broken and goes on; whoever uses it asks text_ok. */
#ifndef TOCSIN_SHARED_TEXT_H
#define TOCSIN_SHARED_TEXT_H

#include <stddef.h>

struct text {
	char *at; /* NUL-terminated when not NULL */
	size_t len, cap;
	int is_broken;
};

void text_add(struct text *t, const char *from, size_t len);
void text_str(struct text *t, const char *from);
int text_ok(const struct text *t);
const char *text_of(const struct text *t); /* never NULL */
void text_free(struct text *t);            /* what it held is overwritten */
void text_base64(struct text *t, const void *from, size_t len);
/* The longest prefix of at most cap bytes that ends between UTF-8 characters. */
size_t text_cut(const char *from, size_t cap);

#endif
