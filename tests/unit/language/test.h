/* test.h - what the tests of the language share: texts read as files. */
#ifndef TOCSIN_TEST_LANGUAGE_H
#define TOCSIN_TEST_LANGUAGE_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base/buf.h"
#include "language/language.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A site that is whole but for what the test adds. */
#define HEAD \
	"site: {id: plaza}\n" \
	"broker: {url: \"mqtt://127.0.0.1\"}\n" \
	"zones: {b2: {}, kitchen: {in: b2}}\n" \
	"people: {li: {}, wang: {}}\n" \
	"roles: {duty: {holder: li}, boss: {holder: wang}}\n" \
	"chains: {duty: {levels: [{call: duty, wait: 30s}]}, high: {levels: [{call: boss, wait: 1m}]}}\n"

/* For an incident that says `playbook: p`. */
#define BOOK "playbooks: {p: {look: {task: look, who: duty}}}\n"
#define GAS "  gas-1: {kind: gas, zone: kitchen, topic: a/gas, value: /lel, unit: \"%LEL\"}\n"
#define LEAK "  leak-1: {kind: leak, zone: b2, topic: a/leak, words: {alarm: [\"1\"], normal: [\"0\"]}}\n"

struct run {
	struct problems problems;
	struct plan *plan;
	struct buf text; /* problems_print */
};

static inline void run_texts(struct run *run, const char *const *texts, int n)
{
	static const char *const names[] = {"main.yaml", "one.yaml", "two.yaml", "three.yaml"};
	struct source sources[4];

	for (int i = 0; i < n; i++)
		sources[i] = (struct source){names[i], texts[i], strlen(texts[i])};
	problems_init(&run->problems);
	run->text = (struct buf){0};
	run->plan = language_read(sources, n, &run->problems);
	problems_print(&run->problems, &run->text);
}

static inline void run_end(struct run *run)
{
	plan_free(run->plan);
	problems_fini(&run->problems);
	buf_fini(&run->text);
}

/* The plan of texts that have no error; fails the test with the problems. */
static inline const struct plan *run_good(struct run *run, const char *const *texts, int n)
{
	run_texts(run, texts, n);
	if (!run->plan)
		fail_msg("%s", buf_text(&run->text));
	return run->plan;
}

static inline const struct plan *run_one(struct run *run, const char *text)
{
	return run_good(run, &text, 1);
}

static inline void assert_says(const struct run *run, const char *what)
{
	if (!strstr(buf_text(&run->text), what))
		fail_msg("not said: %s\n%s", what, buf_text(&run->text));
}

/* The one text must have exactly this said about it, among others. */
static inline void assert_text_says(const char *text, const char *what)
{
	struct run run;

	run_texts(&run, &text, 1);
	assert_says(&run, what);
	run_end(&run);
}

static inline char *file_text(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, 1 << 21);

	if (!f)
		fail_msg("cannot open %s", path);
	*ret_len = fread(text, 1, (1 << 21) - 1, f);
	fclose(f);
	return text;
}

#endif
