/* language.h - YAML text to a plan. Pure: bytes in, plan or problems out. */
#ifndef TOCSIN_LANGUAGE_H
#define TOCSIN_LANGUAGE_H

#include "base/buf.h"
#include "plan.h"

/* One file of a configuration. The first is the site's main file; the others
 * are what its `include` named, in that order: an entry of a later file is laid
 * over one of the same id in an earlier one, the main file's over all. Bytes
 * stay the caller's. language/keys.h has the tables of all keys. */
struct source {
	const char *name; /* as shown in messages */
	const char *bytes;
	size_t len;
};

struct problem {
	const char *file;
	int line, col; /* from 1 */
	bool is_warning;
	const char *text;    /* the sentence */
	const char *hint;    /* or NULL */
	const char *excerpt; /* the line, cut to 160 columns, or NULL */
	int caret;           /* characters of the excerpt before the place */
	int file_no;         /* index of the source */
};

/* Sorted by file order, line, col. Strings live until problems_fini. */
struct problems {
	struct arena arena;
	struct problem *at;
	int n, n_errors, cap;
	int n_more; /* beyond those kept */
};

void problems_init(struct problems *p);
void problems_fini(struct problems *p);
/* file:line:col: error: text, the excerpt, a caret, = help: hint. */
void problems_print(const struct problems *p, struct buf *out);
void problems_json(const struct problems *p, struct buf *out);

/* The `include` globs of a main file, for the daemon to expand; n 0 when the
 * file is broken (language_read then says why). Strings go into `arena`. */
struct strings language_includes(const struct source *main, struct arena *arena);

/* One more problem, that only the caller could find: of a key of the main file's section. `known` is what
 * it might have been, for the hint; otherwise the hint given. */
struct accusation {
	const char *section, *key, *text, *hint;
	struct strings known;
	bool is_warning;
};
void language_accuse(const struct source *main, const struct accusation *a, struct problems *problems);

/* The same at a place that the plan remembers: source from 0, line and col from 1. hint or NULL. */
struct place_in_file {
	int source, line, col;
};
void language_accuse_at(const struct source *sources, int n, struct place_in_file at, const char *text,
                        const char *hint, struct problems *problems);

/* All problems in one run; NULL when any is an error. The caller frees the
 * plan with plan_free. tz and hash are left empty. */
struct plan *language_read(const struct source *sources, int n, struct problems *problems);

#endif
