/* glyph.h - characters as a reader sees them: which are invisible or turn the
 * text around, and how many columns they take. */
#ifndef TOCSIN_GLYPH_H
#define TOCSIN_GLYPH_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One character; its length in bytes, 1 with code -1 when it is not UTF-8. Not at the NUL. */
size_t glyph_read(const char *text, int32_t *ret_code);
bool glyph_is_hidden(int32_t code); /* control, C1, zero width, direction marks */
int glyph_columns(const char *text); /* East Asian wide characters take two */

/* Hidden and broken ones leave as \xNN and \uNNNN. */
void glyph_safe(struct buf *out, const char *text);

#endif
