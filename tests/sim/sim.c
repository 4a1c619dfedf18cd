/* sim.c - runs seeded worlds: `sim SEED [EVENTS]` one, exactly again each
 * time; `sim --seeds N EVENTS` the first N; `sim --replay SEED EVENTS` one
 * twice, and both must be the same. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EVENTS = 20000 };

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t run(uint64_t seed, int64_t n_events)
{
	double begin = seconds(), took;
	struct world *w = world_new(seed);
	int64_t from_ms = w->now_ms;
	uint64_t digest;

	world_run(w, n_events);
	took = seconds() - begin;
	digest = w->digest;
	printf("seed %llu: %lld events, %.1f days, %lld opened, %lld closed, %lld rows, %lld crashes, %lld commands out, "
	       "%lld unrecorded, %lld repeats, %lld refused; %.0f events/s; %016llx\n",
	       (unsigned long long)seed, (long long)n_events, (double)(w->now_ms - from_ms) / 86400000, (long long)w->n_opened,
	       (long long)w->n_closed, (long long)w->seq, (long long)w->n_crashes, (long long)w->n_actuated,
	       (long long)w->n_unrecorded, (long long)w->n_repeats, (long long)w->n_refused, (double)n_events / took,
	       (unsigned long long)digest);
	fflush(stdout);
	world_free(w);
	return digest;
}

static int replay(uint64_t seed, int64_t n_events)
{
	if (run(seed, n_events) == run(seed, n_events))
		return 0;
	printf("seed %llu: two runs differ\n", (unsigned long long)seed);
	return 1;
}

int main(int argc, char **argv)
{
	bool seeds = argc > 1 && !strcmp(argv[1], "--seeds"), twice = argc > 1 && !strcmp(argv[1], "--replay");
	const char *first = argv[seeds || twice ? 2 : 1], *second = first ? argv[seeds || twice ? 3 : 2] : NULL;
	uint64_t seed = first ? strtoull(first, NULL, 10) : 0;
	int64_t n_events = second ? strtoll(second, NULL, 10) : EVENTS;

	if (!seed || n_events <= 0) {
		fprintf(stderr, "usage: sim SEED [EVENTS] | --seeds N [EVENTS] | --replay SEED [EVENTS]\n");
		return 2;
	}
	if (twice)
		return replay(seed, n_events);
	if (!seeds) {
		run(seed, n_events);
		return 0;
	}
	for (uint64_t s = 1; s <= seed; s++)
		run(s, n_events);
	return 0;
}
