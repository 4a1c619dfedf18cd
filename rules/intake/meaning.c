/* meaning.c - word sets, units and numbers. */
#include "intake/meaning.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void meaning_trim(const char **text, size_t *len)
{
	while (*len && is_blank(**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len && is_blank((*text)[*len - 1]))
		(*len)--;
}

bool meaning_equals(const char *word, const char *text, size_t len)
{
	return strlen(word) == len && !strncasecmp(word, text, len);
}

bool meaning_any(const struct strings *words, const char *text, size_t len)
{
	for (int i = 0; i < words->n; i++)
		if (meaning_equals(words->at[i], text, len))
			return true;
	return false;
}

/* "31.2" or "31.2 %LEL". */
static bool number(const char *unit, const char *text, size_t len, int64_t *ret_milli)
{
	size_t n = unit ? strlen(unit) : 0;

	if (milli_parse(text, len, ret_milli))
		return true;
	return n && len > n && !memcmp(text + len - n, unit, n) && milli_parse(text, len - n, ret_milli);
}

/* What ESPHome and others print for a number they do not have. */
static bool is_nan(const char *text, size_t len)
{
	if (len && (*text == '-' || *text == '+')) {
		text++;
		len--;
	}
	return meaning_equals("nan", text, len) || meaning_equals("inf", text, len) ||
	       meaning_equals("null", text, len);
}

static const char *word_of(const struct sensor_def *def, const char *text, size_t len)
{
	for (int i = 0; i < def->n_words; i++)
		if (meaning_any(&def->words[i].texts, text, len))
			return def->words[i].word;
	return NULL;
}

void meaning_read(const struct sensor_def *def, const char *text, size_t len, struct reading *ret)
{
	const char *word = word_of(def, text, len);
	bool only_numbers = def->n_words || (def->unit && *def->unit);

	ret->word = word;
	ret->has_number = !word && number(def->unit, text, len, &ret->milli);
	ret->kind = READING_VALUE;
	if (word && !strcmp(word, "fault"))
		ret->kind = READING_UNREADABLE;
	else if (word && (!strcmp(word, "test") || !strcmp(word, "ignore")))
		ret->kind = READING_SEEN;
	else if (!word && !ret->has_number && (only_numbers || is_nan(text, len)))
		ret->kind = READING_UNREADABLE;
}
