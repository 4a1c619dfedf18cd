/* nearest.c - did you mean: the known word that is at most two letters off,
 * the ordinary sign where a full-width one was typed. */
#include "language/reader.h"

#include <string.h>

enum { WORD_MAX = 64, DISTANCE_MAX = 2 };

/* Letters to insert, drop or change to make b of a. */
static int distance(const char *a, const char *b)
{
	int row[WORD_MAX + 1], n = (int)strlen(a), m = (int)strlen(b);

	if (n > WORD_MAX || m > WORD_MAX || n - m > DISTANCE_MAX || m - n > DISTANCE_MAX)
		return DISTANCE_MAX + 1;
	for (int j = 0; j <= m; j++)
		row[j] = j;
	for (int i = 1; i <= n; i++) {
		int corner = row[0];

		row[0] = i;
		for (int j = 1; j <= m; j++) {
			int best = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[m];
}

void nearest_try(struct nearest *n, const char *candidate)
{
	int d = distance(n->word, candidate);
	size_t len = strlen(n->word);
	int limit = len <= 2 ? 1 : DISTANCE_MAX;

	if (d > limit || (size_t)d >= len || (n->best && d >= n->distance))
		return;
	n->best = candidate;
	n->distance = d;
}

void advise_nearest(struct reader *r, const struct nearest *n)
{
	if (n->best)
		advise(r, "did you mean '%s'?", n->best);
}

/* ASCII, nothing, or a full-width one of them. */
static bool is_sign(const char *at)
{
	return !(at[0] & 0x80) || !strncmp(at, "\xef\xbc", 2) || !strncmp(at, "\xef\xbd", 2);
}

/* Between ASCII characters: within Chinese text it is at home. */
static bool stands_alone(const char *text, const char *sign)
{
	const char *at = strstr(text, sign);

	for (; at; at = strstr(at + 1, sign))
		if ((at == text || !(at[-1] & 0x80) || (at - text >= 3 && is_sign(at - 3))) &&
		    is_sign(at + strlen(sign)))
			return true;
	return false;
}

bool advise_full_width(struct reader *r, const char *text)
{
	static const struct {
		const char *wide, *plain;
	} signs[] = {{"“", "\""}, {"”", "\""}, {"‘", "'"}, {"’", "'"}, {"【", "["},
	             {"】", "]"},  {"　", " "},  {"。", "."}, {"、", ","}, {"℃", "°C"}};
	char wide[4] = "\xef\xbc\x81", plain[2] = "!";

	/* U+FF01 to U+FF5E are the signs from '!' to '~', each as wide as a Chinese one */
	for (int i = 0; i < '~' - '!' + 1; i++) {
		wide[1] = (char)(0xbc + (i + 1) / 64);
		wide[2] = (char)(0x80 + (i + 1) % 64);
		plain[0] = (char)('!' + i);
		if (!stands_alone(text, wide))
			continue;
		advise(r, "here stands a full-width '%s': type an ordinary '%s'", wide, plain);
		return true;
	}
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		if (!stands_alone(text, signs[i].wide))
			continue;
		advise(r, "here stands a full-width '%s': type an ordinary '%s'", signs[i].wide,
		       signs[i].plain);
		return true;
	}
	return false;
}
