/* sim.c - runs seeded worlds: `sim SEED [EVENTS]` one, exactly again each
 * time; --seeds: from 1 to that many; --replay: one twice, and both must be
 * the same; --trace: one, and all that happens is printed. With --edges before
 * it: around the limits of tests/rehearsal/conditions.yaml; with --lacking: with
 * plans that lack what the one before had. */
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

static bool is_edges, is_lacking;

static uint64_t run(uint64_t seed, int64_t n_events, bool tells_all)
{
	double begin = seconds(), took;
	struct world *w = world_new(seed, is_edges, is_lacking, tells_all);
	int64_t from_ms = w->now_ms;
	uint64_t digest;

	world_run(w, n_events);
	took = seconds() - begin;
	digest = w->digest;
	printf("seed %llu: %lld events, %.1f days, %lld opened, %lld closed, %lld rows, %lld crashes, %lld "
	       "commands out, "
	       "%lld unrecorded, %lld repeats, %lld refused; %.0f events/s; %016llx\n",
	       (unsigned long long)seed, (long long)n_events, (double)(w->now_ms - from_ms) / 86400000,
	       (long long)w->n_opened, (long long)w->n_closed, (long long)w->seq, (long long)w->n_crashes,
	       (long long)w->n_actuated, (long long)w->n_unrecorded, (long long)w->n_repeats,
	       (long long)w->n_refused, (double)n_events / took, (unsigned long long)digest);
	fflush(stdout);
	world_free(w);
	return digest;
}

static int one(uint64_t seed, int64_t n_events)
{
	run(seed, n_events, false);
	return 0;
}

static int trace(uint64_t seed, int64_t n_events)
{
	run(seed, n_events, true);
	return 0;
}

static int replay(uint64_t seed, int64_t n_events)
{
	if (run(seed, n_events, false) == run(seed, n_events, false))
		return 0;
	printf("seed %llu: two runs differ\n", (unsigned long long)seed);
	return 1;
}

/* TOCSIN_LONG in the environment: ten million events in all. */
static int seeds(uint64_t n, int64_t n_events)
{
	if (getenv("TOCSIN_LONG"))
		n_events = 10000000 / (int64_t)n;
	for (uint64_t seed = 1; seed <= n; seed++)
		run(seed, n_events, false);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *word;
		int (*run)(uint64_t seed, int64_t n_events);
	} ways[] = {{"--seeds", seeds}, {"--replay", replay}, {"--trace", trace}};
	int (*way)(uint64_t seed, int64_t n_events) = one;
	int64_t n_events = EVENTS;
	uint64_t seed = 0;

	is_edges = argc > 1 && !strcmp(argv[1], "--edges");
	is_lacking = argc > 1 && !strcmp(argv[1], "--lacking");
	argv += is_edges || is_lacking;
	argc -= is_edges || is_lacking;
	for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++)
		if (!strcmp(argv[1], ways[i].word))
			way = ways[i].run;
	argv += way != one;
	argc -= way != one;
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		n_events = strtoll(argv[2], NULL, 10);
	if (!seed || n_events <= 0) {
		fprintf(stderr, "usage: sim [--edges | --lacking] [--seeds | --replay | --trace] SEED [EVENTS]\n");
		return 2;
	}
	return way(seed, n_events);
}
