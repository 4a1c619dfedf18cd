/* config.h - the configuration as bytes: main file and includes are read once
 * into a bundle; the checking child, the running daemon, the store and
 * last-good.yaml all take the same bytes.
 *
 * A bundle is, for each file, main file first: FILE <name> <len>\n<bytes>\n */
#ifndef TOCSIN_CONFIG_H
#define TOCSIN_CONFIG_H

#include "base/buf.h"
#include "base/err.h"
#include "language/language.h"
#include "plan.h"

enum { CONFIG_BUNDLE_MAX = 16 << 20, CONFIG_FILES_MAX = 1000 };

/* Includes are globs relative to the main file's directory, sorted. */
int config_read(const char *path, struct buf *ret_bundle, struct err *err);

/* Sources point into the bundle and the arena. -1: not a bundle. */
int config_sources(const char *bundle, size_t len, struct arena *arena, struct source **ret_sources,
                   int *ret_n);

/* Everything at once: problems as text for people (warnings too); NULL when
 * it cannot be used. The plan has its tz and hash. Main thread. */
struct plan *config_plan(const char *bundle, size_t len, struct buf *problems);

/* What its rosters leave open in the next days, as warnings, against the same bundle. */
void config_gaps(const struct plan *plan, const char *bundle, size_t len, int64_t now_ms,
                 struct problems *problems);

/* What only their plugins know of its channels, as errors; nothing is sent, no secret read. Main thread. */
void config_channels(const struct plan *plan, const char *bundle, size_t len, struct problems *problems);

/* Where a main file that cannot be parsed seems to keep its store, for finding
 * the last good configuration beside it. False: it doesn't say. */
bool config_store_path_guess(const char *bundle, size_t len, char ret_path[512]);

/* The whole of a file; at most cap_bytes. */
int config_slurp(const char *path, size_t cap_bytes, struct buf *ret, struct err *err);

#endif
