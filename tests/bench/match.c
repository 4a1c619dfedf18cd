/* match.c - what one message costs in intake, beside how much the plan knows
 * that has nothing to do with it: 100 sensors and 10 rules against 100,000 and
 * 10,000. Both plans are made by the language from generated YAML, both live
 * in this process, and their rounds take turns; a figure is the median of the
 * rounds' ratios.
 *
 *   few     every sensor of the small plan speaks
 *   same    as many sensors of the large plan speak, the others are silent
 *   all     every sensor of the large plan speaks, in no order: what the
 *           machine's caches cannot hold is part of it
 *
 * Beside them what a sensor costs of resident memory, in bytes: its plan, intake, engine.
 * bench_match [ROUNDS [SENSORS RULES]] prints one JSON object. */
#include "engine/engine.h"
#include "intake/intake.h"
#include "language/language.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	FEW = 100,
	FEW_RULES = 10,
	FILE_SENSORS = 2000,
	FILE_RULES = 2000,
	MESSAGES = 100000,
	ROUNDS_MAX = 99
};

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "bench_match: %s\n", what);
	exit(1);
}

static int64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static long resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size = 0, resident = 0;

	must(f && fscanf(f, "%ld %ld", &size, &resident) == 2, "no /proc/self/statm"); /* NOLINT */
	fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}

/* -- a site -- */

struct site {
	struct buf *files;
	struct source *sources;
	int n_sources, n_sensors;
	const struct plan *plan;
	struct intake *intake;
	long plan_bytes, intake_bytes, engine_bytes;
};

static struct buf *next_file(struct site *s)
{
	s->files = xrealloc(s->files, (size_t)(s->n_sources + 1) * sizeof *s->files);
	s->files[s->n_sources] = (struct buf){0};
	return &s->files[s->n_sources++];
}

static void write_house(struct buf *b)
{
	buf_str(b, "site: {id: plaza, name: Plaza, timezone: Asia/Shanghai}\n"
	           "broker: {url: \"mqtt://127.0.0.1:1883\"}\n"
	           "zones:\n");
	for (int i = 0; i < 100; i++)
		buf_printf(b, "  z%d: {name: Zone %d}\n", i, i);
	buf_str(b, "people: {wang: {name: Wang, channels: [page]}}\n"
	           "channels: {page: {plugin: page}}\n"
	           "roles: {duty: {name: duty, holder: wang}}\n"
	           "chains: {house: {levels: [{call: [duty], wait: 5m}]}}\n");
}

/* Ten sensors to a rule, in both sites. */
static void write_sensor(struct buf *b, int i, int n_rules)
{
	if (i % FILE_SENSORS == 0)
		buf_str(b, "sensors:\n");
	buf_printf(b,
	           "  gas-%05d: {kind: k%d, zone: z%d, topic: zigbee2mqtt/f%d/room-%d/gas-%05d, value: "
	           "/gas_density, "
	           "unit: \"%%LEL\", words: {fault: [\"-1\"]}}\n",
	           i, i % n_rules, i % 100, i % 40, i / 7, i);
}

static void write_rule(struct buf *b, int i)
{
	if (i % FILE_RULES == 0)
		buf_str(b, "incidents:\n");
	buf_printf(b,
	           "  r%d: {title: Rule, hazard: other, severity: minor, when: {of: {kind: k%d}, above: 25, "
	           "clear_below: 10, for: 3s}, chain: house}\n",
	           i, i);
}

static void site_write(struct site *s, int n_sensors, int n_rules)
{
	struct buf *b = next_file(s);

	s->n_sensors = n_sensors;
	write_house(b);
	for (int i = 0; i < n_sensors; i++) {
		if (i % FILE_SENSORS == 0)
			b = next_file(s);
		write_sensor(b, i, n_rules);
	}
	for (int i = 0; i < n_rules; i++) {
		if (i % FILE_RULES == 0)
			b = next_file(s);
		write_rule(b, i);
	}
	s->sources = xcalloc((size_t)s->n_sources, sizeof *s->sources);
	for (int i = 0; i < s->n_sources; i++)
		s->sources[i] = (struct source){"bench.yaml", buf_text(&s->files[i]), s->files[i].len};
}

static void site_free_text(struct site *s)
{
	for (int i = 0; i < s->n_sources; i++)
		buf_fini(&s->files[i]);
	free(s->files);
	free(s->sources);
}

static struct plan *site_read(const struct site *s)
{
	struct problems problems;
	struct buf said = {0};
	struct plan *plan;

	problems_init(&problems);
	plan = language_read(s->sources, s->n_sources, &problems);
	if (!plan)
		problems_print(&problems, &said);
	must(plan, buf_text(&said));
	problems_fini(&problems);
	return plan;
}

/* What stays resident of each part; freed memory is given back in between. */
static void site_make(struct site *s, int n_sensors, int n_rules, bool with_engine)
{
	struct engine *engine;
	struct effects fx;
	long before;

	*s = (struct site){0};
	site_write(s, n_sensors, n_rules);
	malloc_trim(0);
	before = resident_bytes();
	s->plan = site_read(s);
	malloc_trim(0);
	s->plan_bytes = resident_bytes() - before;
	site_free_text(s);
	malloc_trim(0);
	before = resident_bytes();
	s->intake = intake_new(s->plan);
	s->intake_bytes = resident_bytes() - before;
	if (!with_engine)
		return;
	before = resident_bytes();
	engine = engine_new(s->plan);
	effects_init(&fx);
	engine_step(engine, &(struct event){.kind = EVENT_TIME, .at_ms = 1000}, &fx);
	s->engine_bytes = resident_bytes() - before;
	effects_fini(&fx);
}

/* -- messages -- */

static uint32_t dice(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

struct talk {
	char (*topics)[80];
	int n;
};

/* `among` of the site's sensors, in no order. */
static struct talk talk_new(const struct site *s, int among)
{
	struct talk t = {xcalloc((size_t)among, sizeof *t.topics), among};
	uint32_t seed = 7;

	for (int i = 0; i < among; i++)
		snprintf(t.topics[i], sizeof *t.topics, "%s",
		         s->plan->sensors[i * (s->n_sensors / among)].topic);
	for (int i = among - 1; i > 0; i--) {
		int other = (int)(dice(&seed) % (uint32_t)(i + 1));
		char kept[80];

		memcpy(kept, t.topics[i], sizeof kept);
		memcpy(t.topics[i], t.topics[other], sizeof kept);
		memcpy(t.topics[other], kept, sizeof kept);
	}
	return t;
}

/* ns of CPU for one message. */
static double round_of(struct site *s, const struct talk *t, int *at)
{
	static const char payload[] =
	    "{\"battery\":100,\"gas\":false,\"gas_density\":3.25,\"linkquality\":120,"
	    "\"tamper\":false,\"test\":false,\"voltage\":3005}";
	static struct intake_result result;
	int64_t begin = cpu_ns();
	long told = 0;

	for (int i = 0; i < MESSAGES; i++) {
		struct message m = {
		    .topic = t->topics[*at], .payload = payload, .len = sizeof payload - 1, .qos = 1};

		intake_read(s->intake, &m, 1000, &result);
		if (result.is_news)
			intake_told(s->intake, &result);
		told += result.n;
		*at = *at + 1 < t->n ? *at + 1 : 0;
	}
	must(told == MESSAGES, "a message was not matched to its one sensor");
	return (double)(cpu_ns() - begin) / MESSAGES;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, int n)
{
	qsort(values, (size_t)n, sizeof *values, by_value);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static int argument(int argc, char **argv, int i, int otherwise)
{
	return argc > i ? (int)strtol(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	enum { SMALL, SAME, ALL, KINDS };
	int rounds = argument(argc, argv, 1, 9), n = argument(argc, argv, 2, 100000);
	int n_rules = argument(argc, argv, 3, 10000), at[KINDS] = {0};
	double ns[KINDS][ROUNDS_MAX], same[ROUNDS_MAX], all[ROUNDS_MAX];
	struct site few, many, whole;
	struct talk talks[KINDS];

	must(rounds > 0 && rounds <= ROUNDS_MAX && n >= FEW && n_rules > 0, "[ROUNDS [SENSORS RULES]]");
	site_make(&many, n, n_rules, false);
	site_make(&few, FEW, FEW_RULES, false);
	talks[SMALL] = talk_new(&few, FEW);
	talks[SAME] = talk_new(&many, FEW);
	talks[ALL] = talk_new(&many, n);
	for (int i = 0; i < n; i += MESSAGES) /* everything is news once */
		round_of(&many, &talks[ALL], &at[ALL]);
	for (int i = 0; i < rounds; i++) {
		for (int k = 0; k < KINDS; k++) {
			int kind = i % 2 ? KINDS - 1 - k : k;

			ns[kind][i] = round_of(kind == SMALL ? &few : &many, &talks[kind], &at[kind]);
		}
		same[i] = ns[SAME][i] / ns[SMALL][i];
		all[i] = ns[ALL][i] / ns[SMALL][i];
	}
	printf("{\"sensors\":%d,\"rules\":%d,\"same\":%.3f,\"all\":%.3f,\"few_ns\":%.0f,\"same_ns\":%.0f,"
	       "\"all_ns\":%.0f,",
	       n, n_rules, median(same, rounds), median(all, rounds), median(ns[SMALL], rounds),
	       median(ns[SAME], rounds), median(ns[ALL], rounds));
	site_make(&whole, n, FEW_RULES, true); /* what rules cost is another matter */
	printf("\"bytes_a_sensor\":{\"plan\":%ld,\"intake\":%ld,\"engine\":%ld}}\n", whole.plan_bytes / n,
	       whole.intake_bytes / n, whole.engine_bytes / n);
	return 0;
}
