/* quote.c - facts quoted in the texts of steps. */
#include "quote.h"

#include "base/text.h"

#include <string.h>

/* An id up to the delimiter; NULL: none stands there. */
static const char *take_id(const char *at, char delimiter, char ret[QUOTE_BYTES])
{
	size_t len = strcspn(at, "{}.");

	if (!len || len >= QUOTE_BYTES || at[len] != delimiter)
		return NULL;
	memcpy(ret, at, len);
	ret[len] = 0;
	return text_is_id(ret) ? at + len + 1 : NULL;
}

bool quote_next(const char *text, struct quote *ret)
{
	for (const char *at = strchr(text, '{'); at; at = strchr(at + 1, '{')) {
		const char *field = take_id(at + 1, '.', ret->step);
		const char *end = field ? take_id(field, '}', ret->field) : NULL;

		if (!end)
			continue;
		ret->at = at;
		ret->end = end;
		return true;
	}
	return false;
}

/* "lifts/" of "lifts/talk". */
static size_t prefix_of(const char *id)
{
	const char *last = strrchr(id, '/');

	return last ? (size_t)(last - id) + 1 : 0;
}

int quote_step(const struct playbook *book, const struct step *from, const struct quote *q)
{
	size_t prefix = prefix_of(from->id);

	for (int i = 0; i < book->n_steps; i++) {
		const char *id = book->steps[i].id;

		if (!strncmp(id, from->id, prefix) && !strcmp(id + prefix, q->step))
			return i;
	}
	return -1;
}
