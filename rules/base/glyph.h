/* glyph.h - characters as a reader sees them: which are invisible or turn the
 * text around, and how many columns they take. */
#ifndef TOCSIN_GLYPH_H
#define TOCSIN_GLYPH_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int glyph_columns(const char *text); /* East Asian wide characters take two */

/* Hidden and broken ones leave as \xNN and \uNNNN. */
void glyph_safe(struct buf *out, const char *text);

#endif
