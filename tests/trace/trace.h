/* trace.h - what run_trace.c (the script) and print.c (the lines) share. */
#ifndef TOCSIN_TRACE_H
#define TOCSIN_TRACE_H

#include "engine/engine.h"

/* One compact line per effect, each begun by a tab and the ms since start_ms. */
void print_effect(const struct effect *f, int64_t start_ms, int64_t now_ms, struct buf *out);
bool print_is_digest(const struct effect *f); /* says only what other publishes say: not printed */

#endif
