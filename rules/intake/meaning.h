/* meaning.h - a value's text to what it means for its sensor. */
#ifndef TOCSIN_MEANING_H
#define TOCSIN_MEANING_H

#include "engine/engine.h"
#include "plan.h"

/* Without surrounding blanks. */
void meaning_trim(const char **text, size_t *len);
/* Compared without ASCII case. */
bool meaning_equals(const char *word, const char *text, size_t len);
bool meaning_any(const struct strings *words, const char *text, size_t len);
/* The same of any word of a text with blanks in it. */
bool meaning_has_word(const struct strings *words, const char *text, size_t len);

/* Fills kind, word (NULL: the text itself), has_number and milli. The text is trimmed. */
void meaning_read(const struct sensor_def *def, const char *text, size_t len, struct reading *ret);

#endif
