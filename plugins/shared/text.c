#include "text.h"

#include <stdlib.h>
#include <string.h>

static int room(struct text *t, size_t more)
{
	size_t cap = t->cap ? t->cap : 256;
	char *at;

	while (cap < t->len + more + 1)
		cap *= 2;
	if (t->is_broken || cap == t->cap)
		return !t->is_broken;
	at = realloc(t->at, cap);
	if (!at) {
		t->is_broken = 1;
		return 0;
	}
	t->at = at;
	t->cap = cap;
	return 1;
}

void text_add(struct text *t, const char *from, size_t len)
{
	if (!room(t, len))
		return;
	memcpy(t->at + t->len, from, len);
	t->len += len;
	t->at[t->len] = 0;
}

void text_str(struct text *t, const char *from)
{
	text_add(t, from, strlen(from));
}

int text_ok(const struct text *t)
{
	return !t->is_broken;
}

const char *text_of(const struct text *t)
{
	return t->at ? t->at : "";
}

void text_free(struct text *t)
{
	if (t->at)
		explicit_bzero(t->at, t->cap);
	free(t->at);
	*t = (struct text){0};
}

void text_base64(struct text *t, const void *from, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *in = from;

	for (size_t i = 0; i < len; i += 3) {
		unsigned long v = (unsigned long)in[i] << 16 |
		                  (i + 1 < len ? (unsigned long)in[i + 1] << 8 : 0) |
		                  (i + 2 < len ? in[i + 2] : 0);
		char out[4] = {digits[v >> 18 & 63], digits[v >> 12 & 63],
		               i + 1 < len ? digits[v >> 6 & 63] : '=', i + 2 < len ? digits[v & 63] : '='};

		text_add(t, out, sizeof out);
	}
}

size_t text_cut(const char *from, size_t cap)
{
	size_t len = strlen(from);

	if (len <= cap)
		return len;
	while (cap && ((unsigned char)from[cap] & 0xc0) == 0x80)
		cap--;
	return cap;
}
