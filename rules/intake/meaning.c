/* meaning.c - word sets, units and numbers. */
#include "intake/meaning.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

#define MILLI_MAX 9000000000000000000LL

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

/* raw * scale + offset, cut at 1/1000. False: no room for it. */
static bool scaled(const struct sensor_def *def, const char *text, size_t len, int64_t *ret_milli)
{
	__extension__ typedef __int128 wide;
	int64_t raw;
	wide v;

	if (decimal_parse(text, len, 9, &raw))
		v = (wide)raw * def->scale_nano / 1000000000000000;
	else if (decimal_parse(text, len, 3, &raw))
		v = (wide)raw * def->scale_nano / 1000000000;
	else
		return false;
	v += def->offset_milli;
	if (v > MILLI_MAX || v < -MILLI_MAX)
		return false;
	*ret_milli = (int64_t)v;
	return true;
}

static bool plain(const struct sensor_def *def, const char *text, size_t len, int64_t *ret_milli)
{
	if (def->scale_nano)
		return scaled(def, text, len, ret_milli);
	return milli_parse(text, len, ret_milli) &&
	       !__builtin_add_overflow(*ret_milli, def->offset_milli, ret_milli);
}

/* "31.2" or "31.2 %LEL". */
static bool number(const struct sensor_def *def, const char *text, size_t len, int64_t *ret_milli)
{
	size_t n = def->unit ? strlen(def->unit) : 0;

	if (plain(def, text, len, ret_milli))
		return true;
	return n && len > n && !memcmp(text + len - n, def->unit, n) &&
	       plain(def, text, len - n, ret_milli);
}

static size_t digits(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= '0' && text[n] <= '9')
		n++;
	return n;
}

/* What ESPHome and others print for a number they do not have, and 1e999: a
 * number nobody can hold. */
static bool is_nan(const char *text, size_t len)
{
	static const char *const none[] = {"nan", "inf", "infinity", "null"};
	size_t n;

	if (len && (*text == '-' || *text == '+')) {
		text++;
		len--;
	}
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		if (meaning_equals(none[i], text, len))
			return true;
	n = digits(text, len);
	if (n && n < len && text[n] == '.')
		n += 1 + digits(text + n + 1, len - n - 1);
	if (!n || n == len || (text[n] != 'e' && text[n] != 'E'))
		return false;
	n += n + 1 < len && (text[n + 1] == '-' || text[n + 1] == '+') ? 2 : 1;
	return n < len && n + digits(text + n, len - n) == len;
}

/* What a sensor says beside its value. */
static bool is_aside(const char *word)
{
	static const char *const asides[] = {"fault", "test", "ignore"};

	return strings_have(&(struct strings){asides, 3}, word);
}

/* alarm and normal, open and closed: then a number that is none of its texts is not understood. */
static bool gives_words(const struct sensor_def *def)
{
	for (int i = 0; i < def->n_words && !def->unit; i++)
		if (!is_aside(def->words[i].word))
			return true;
	return false;
}

bool meaning_has_word(const struct strings *words, const char *text, size_t len)
{
	for (size_t at = 0, n; at < len; at += n ? n : 1) {
		for (n = 0; at + n < len && !is_blank(text[at + n]);)
			n++;
		if (n && meaning_any(words, text + at, n))
			return true;
	}
	return false;
}

static const char *word_of(const struct sensor_def *def, const char *text, size_t len)
{
	for (int i = 0; i < def->n_words; i++) {
		const struct word_set *set = &def->words[i];

		if (set->has_word ? meaning_has_word(&set->texts, text, len)
		                  : meaning_any(&set->texts, text, len))
			return set->word;
	}
	return NULL;
}

void meaning_read(const struct sensor_def *def, const char *text, size_t len, struct reading *ret)
{
	const char *word = word_of(def, text, len);
	bool only_numbers = def->n_words || (def->unit && *def->unit) || def->scale_nano || def->offset_milli;

	ret->has_number = !gives_words(def) && number(def, text, len, &ret->milli);
	if (word && ret->has_number && !is_aside(word))
		word = NULL; /* where it measures, 0 is a number and not "normal" */
	ret->has_number &= !word;
	ret->word = word;
	ret->kind = READING_VALUE;
	if (word && !strcmp(word, "fault"))
		ret->kind = READING_UNREADABLE;
	else if (word && (!strcmp(word, "test") || !strcmp(word, "ignore")))
		ret->kind = READING_SEEN;
	else if (!word && !ret->has_number && (only_numbers || is_nan(text, len)))
		ret->kind = READING_UNREADABLE;
}
