#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16384, ALIGN = 16 };

struct arena_block {
	struct arena_block *before;
	size_t used, cap;
	_Alignas(ALIGN) unsigned char data[];
};

void *xmalloc(size_t bytes)
{
	void *p = malloc(bytes ? bytes : 1);

	if (!p)
		abort();
	return p;
}

void *xcalloc(size_t n, size_t bytes)
{
	void *p = calloc(n ? n : 1, bytes ? bytes : 1);

	if (!p)
		abort();
	return p;
}

void *xrealloc(void *old, size_t bytes)
{
	void *p = realloc(old, bytes ? bytes : 1);

	if (!p)
		abort();
	return p;
}

char *xstrdup(const char *text)
{
	size_t n = strlen(text) + 1;

	return memcpy(xmalloc(n), text, n);
}

char *xstrdup_null(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

void xreplace(char **at, const char *text)
{
	char *old = *at;

	*at = xstrdup(text);
	free(old);
}

void arena_init(struct arena *a)
{
	a->last = NULL;
}

void arena_fini(struct arena *a)
{
	while (a->last) {
		struct arena_block *b = a->last;

		a->last = b->before;
		free(b);
	}
}

static void *take(struct arena *a, size_t bytes, size_t align)
{
	struct arena_block *b = a->last;
	size_t at = b ? (b->used + align - 1) / align * align : 0;

	if (!b || b->cap < at || b->cap - at < bytes) {
		size_t cap = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;

		b = xmalloc(sizeof *b + cap);
		b->before = a->last;
		b->cap = cap;
		a->last = b;
		at = 0;
	}
	b->used = at + bytes;
	return b->data + at;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
	return memset(take(a, bytes, ALIGN), 0, bytes);
}

/* Texts stand one after the other, most are short. */
char *arena_dup(struct arena *a, const char *text, size_t len)
{
	char *p = take(a, len + 1, 1);

	memcpy(p, text, len);
	p[len] = 0;
	return p;
}

char *arena_str(struct arena *a, const char *text)
{
	return text ? arena_dup(a, text, strlen(text)) : NULL;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	char probe[1], *p; /* not NULL: gcc's sanitizers take that for a mistake */
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(probe, sizeof probe, format, ap);
	va_end(ap);
	p = take(a, (size_t)n + 1, 1);
	va_start(ap, format);
	vsnprintf(p, (size_t)n + 1, format, ap);
	va_end(ap);
	return p;
}
