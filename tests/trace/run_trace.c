/* run_trace.c - one life of the engine in virtual time, as a text that is its
 * own proof: run_trace FILE replays the lines that begin with @ and must
 * reproduce the whole file byte for byte; --update rewrites it.
 *
 *   site FILE...                 the site; the first is laid over the others
 *   @MS start | stop | time      ms since the start; between two lines timers fire by themselves
 *   @MS reading SENSOR VALUE     VALUE as intake would map it; `unreadable|seen|away|back SENSOR`
 *   @MS marked N SENSOR VALUE    with the sender's own number; `again N SENSOR VALUE` delivered before, and
 * `again USER VERB PAYLOAD`
 *   @MS cmd USER VERB PAYLOAD    by MQTT; `retained ...` the same, retained; `control LOGIN ...` by the
 * socket
 *   @MS link down|up|synced      @MS store ok|late|failing      @MS clock STEP_MS
 *   @MS sent|delivered [NOTICE]  of all that left and has no outcome yet, or of one; `failed NOTICE WHY`
 *   @MS receipt NOTICE CHANNEL sent|delivered|failed   what a channel itself says, also one left behind
 *   @MS release ID               the last look before a command leaves; `actuated ID sent|failed`
 *   @MS plan FILE...             @MS crash [DOWN_MS [FILE...]]  @MS times N EVERY_MS EVENT; back with a new plan
 *   <tab>MS EFFECT ...           what came out; ! after the kind: urgent */
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 8 };

void trace_fail(const struct trace *t, const char *what, const char *word)
{
	fprintf(stderr, "line %d: %s %s\n", t->line, what, word);
	exit(2);
}

/* ------------------------------------------------------------------- lines */

static int split(char *line, char **w)
{
	int n = 0;

	while (n < WORDS_MAX - 1 && (w[n] = strchr(line, ' '))) {
		*w[n] = 0;
		char *after = w[n] + 1;

		w[n++] = line;
		line = after;
	}
	w[n++] = line;
	return n;
}

static void input(struct trace *t, char *line)
{
	char *copy = xstrdup(line), *w[WORDS_MAX], *end;
	int n = split(copy, w);

	if (*line == '@') {
		acts_run_until(t, t->start_ms + strtoll(w[0] + 1, &end, 10));
		if (*end)
			trace_fail(t, "not a time:", w[0]);
		acts_play(t, w + 1, n - 1);
	} else if (!strcmp(w[0], "site")) {
		plans_read(t, w + 1, n - 1);
	} else if (*line && *line != '#') {
		trace_fail(t, "not a line of a trace:", line);
	}
	free(copy);
}

static void run(struct trace *t, const char *text)
{
	char *line = xstrdup(text), *at = line, *end;

	for (; (end = strchr(at, '\n')); at = end + 1) {
		*end = 0;
		t->line++;
		if (*at == '\t')
			continue;
		buf_printf(&t->out, "%s\n", at);
		input(t, at);
	}
	free(line);
}

/* ------------------------------------------------------------------- proof */

static size_t line_len(const char *at)
{
	return strcspn(at, "\n");
}

static int compare(const char *path, const char *expected, const char *got)
{
	for (int line = 1; *expected || *got; line++) {
		size_t a = line_len(expected), b = line_len(got);

		if (a != b || strncmp(expected, got, a) != 0 || expected[a] != got[b]) {
			fprintf(stderr, "%s:%d\nexpected: %.*s\n     got: %.*s\n", path, line, (int)a,
			        expected, (int)b, got);
			return 1;
		}
		expected += a + (expected[a] != 0);
		got += b + (got[b] != 0);
	}
	return 0;
}

static int write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "wb");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0) {
		perror(path);
		return 2;
	}
	return 0;
}

int main(int argc, char **argv)
{
	bool update = argc == 3 && !strcmp(argv[1], "--update");
	struct trace t = {.start_ms = 1795374000000}; /* 2026-11-22T19:00:00Z, 03:00 on the site */
	char *text;
	int failed;

	if (argc != 2 && !update) {
		fprintf(stderr, "usage: run_trace [--update] FILE\n");
		return 2;
	}
	text = plans_slurp(argv[argc - 1], NULL);
	acts_init(&t);
	run(&t, text);
	failed = update ? write_file(argv[2], buf_text(&t.out)) : compare(argv[1], text, buf_text(&t.out));
	acts_free(&t);
	free(text);
	return failed;
}
