/* plans.c - the sites of traces: files of this folder, its own few playbooks, so that a better wording of a
 * shipped one leaves the traces alone, and all shipped profiles. */
#include "trace.h"

#include "language/language.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCES_MAX = 48 };

char *plans_slurp(const char *path, size_t *ret_len)
{
	struct buf b = {0};
	char block[4096];
	size_t n;
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		exit(2);
	}
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		buf_add(&b, block, n);
	fclose(f);
	if (ret_len)
		*ret_len = b.len;
	return buf_steal(&b);
}

static void add_source(struct source *sources, int *n, const char *path)
{
	struct source *s = &sources[*n];

	if (*n == SOURCES_MAX)
		abort();
	s->name = xstrdup(path);
	s->bytes = plans_slurp(path, &s->len);
	++*n;
}

static void add_all(struct source *sources, int *n, const char *pattern)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		abort();
	for (size_t i = 0; i < found.gl_pathc; i++)
		add_source(sources, n, found.gl_pathv[i]);
	globfree(&found);
}

/* A timeout of 10m stands for none here: most traces leave the outcome of notices open for hours. */
static void without_end(const struct plan *plan)
{
	for (int i = 0; i < plan->n_channels; i++)
		if (plan->channels[i].timeout_ms == 600000)
			((struct channel *)&plan->channels[i])->timeout_ms = 0;
}

struct plan *plans_read(struct trace *t, char **names, int n_names)
{
	static const int64_t from[] = {0};
	static const int32_t offset[] = {8 * 3600};
	struct source sources[SOURCES_MAX];
	struct problems problems;
	struct buf said = {0}, path = {0};
	struct plan *plan;
	int n = 0;

	for (int i = 0; i < n_names; i++) {
		buf_clear(&path);
		buf_printf(&path, SOURCE_DIR "/tests/trace/%s", names[i]);
		add_source(sources, &n, buf_text(&path));
		if (i > 0)
			continue;
		add_all(sources, &n, SOURCE_DIR "/tests/trace/playbooks/*.yaml");
		add_all(sources, &n, SOURCE_DIR "/rules/profiles/*.yaml");
	}
	problems_init(&problems);
	plan = language_read(sources, n, &problems);
	problems_print(&problems, &said);
	if (!plan || problems.n)
		trace_fail(t, "the site has problems:", buf_text(&said));
	without_end(plan);
	problems_fini(&problems);
	for (int i = 0; i < n; i++) {
		free((char *)sources[i].name);
		free((char *)sources[i].bytes);
	}
	buf_fini(&said);
	buf_fini(&path);
	plan->tz = (struct tz){1, from, offset};
	plan->hash = arena_printf(&plan->arena, "plan-%d", t->n_plans + 1);
	t->plans[t->n_plans++] = plan;
	return plan;
}
