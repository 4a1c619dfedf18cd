/* arena.h - bump allocation for things that die together (a plan, a tree).
 * Out of memory ends the process: an alarm not yet acknowledged to the broker
 * is delivered again after the restart, a half-built plan is never used. */
#ifndef TOCSIN_ARENA_H
#define TOCSIN_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *last;
};

void arena_init(struct arena *a);
void arena_fini(struct arena *a);
void *arena_alloc(struct arena *a, size_t bytes); /* zeroed, aligned for any type */
char *arena_dup(struct arena *a, const char *text, size_t len); /* NUL appended */
char *arena_str(struct arena *a, const char *text);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* malloc family that never returns NULL (aborts); free with free(). */
void *xmalloc(size_t bytes);
void *xcalloc(size_t n, size_t bytes);
void *xrealloc(void *p, size_t bytes);
char *xstrdup(const char *text);
char *xstrdup_null(const char *text); /* NULL stays NULL */
void xreplace(char **at, const char *text); /* frees the old; text may be part of it */

#endif
