/* spread.h - how values spread: p50, p99, max. */
#ifndef BENCH_SPREAD_H
#define BENCH_SPREAD_H

#include <stdint.h>

struct spread {
	int64_t *at;
	int n, cap;
};

void spread_add(struct spread *s, int64_t value);
/* Sorts. "name":{"n":..,"p50":..,"p90":..,"p99":..,"max":..} to stdout. */
void spread_print(struct spread *s, const char *name);
int64_t spread_quantile(const struct spread *s, int percent); /* sorted; 0: empty */
void spread_fini(struct spread *s);
int64_t steady_ns(void);

#endif
