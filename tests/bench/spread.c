/* spread.c - sorted values and the one clock of the bench. */
#include "spread.h"

#include "base/arena.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void spread_add(struct spread *s, int64_t value)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 1024;
		s->at = xrealloc(s->at, (size_t)s->cap * sizeof(*s->at));
	}
	s->at[s->n++] = value;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t spread_quantile(const struct spread *s, int percent)
{
	return s->n ? s->at[(int64_t)(s->n - 1) * percent / 100] : 0;
}

void spread_print(struct spread *s, const char *name)
{
	if (s->n)
		qsort(s->at, (size_t)s->n, sizeof(*s->at), compare);
	printf("\"%s\":{\"n\":%d", name, s->n);
	printf(",\"p50\":%" PRId64 ",\"p90\":%" PRId64, spread_quantile(s, 50), spread_quantile(s, 90));
	printf(",\"p99\":%" PRId64 ",\"max\":%" PRId64 "}", spread_quantile(s, 99), spread_quantile(s, 100));
}

void spread_fini(struct spread *s)
{
	free(s->at);
	*s = (struct spread){0};
}

int64_t steady_ns(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}
