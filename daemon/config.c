#include "config.h"

#include "hash.h"
#include "plugins.h"
#include "roster.h"
#include "zoneinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int config_slurp(const char *path, size_t cap_bytes, struct buf *ret, struct err *err)
{
	char block[16384];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, "cannot read %s: %s", path, strerror(errno));
	while ((n = read(fd, block, sizeof block)) > 0 && ret->len + (size_t)n <= cap_bytes)
		buf_add(ret, block, (size_t)n);
	close(fd);
	if (n < 0)
		return err_set(err, "cannot read %s: %s", path, strerror(errno));
	return n > 0 ? err_set(err, "%s is larger than %zu bytes", path, cap_bytes) : 0;
}

/* -- reading files into a bundle -- */

static int add_file(struct buf *bundle, const char *path, struct err *err)
{
	struct buf bytes = {0};
	int failed = config_slurp(path, CONFIG_BUNDLE_MAX - bundle->len, &bytes, err);

	if (!failed && strchr(path, '\n'))
		failed = err_set(err, "a file name must not contain a line break");
	if (!failed) {
		buf_printf(bundle, "FILE %s %zu\n", path, bytes.len);
		buf_add(bundle, buf_text(&bytes), bytes.len);
		buf_char(bundle, '\n');
	}
	buf_fini(&bytes);
	return failed;
}

/* Tests stand beside what they test; only their full name would include one. */
static bool is_test(const char *pattern, const char *path)
{
	static const char end[] = "_test.yaml";
	size_t len = strlen(path), n = sizeof end - 1;

	return strpbrk(pattern, "*?[") && len >= n && !strcmp(path + len - n, end);
}

static int add_matches(struct buf *bundle, const char *pattern, int *count, struct err *err)
{
	glob_t found = {0};
	int failed = glob(pattern, 0, NULL, &found);

	if (failed == GLOB_NOMATCH && !strpbrk(pattern, "*?["))
		failed = err_set(err, "the included file %s does not exist", pattern);
	else if (failed == GLOB_NOMATCH)
		failed = 0;
	else if (failed)
		failed = err_set(err, "cannot look for the included files %s: %s", pattern, strerror(errno));
	for (size_t i = 0; !failed && i < found.gl_pathc; i++) {
		if (is_test(pattern, found.gl_pathv[i]))
			continue;
		if (++*count > CONFIG_FILES_MAX)
			failed = err_set(err, "more than %d included files", CONFIG_FILES_MAX);
		else
			failed = add_file(bundle, found.gl_pathv[i], err);
	}
	globfree(&found);
	return failed;
}

static int add_includes(struct buf *bundle, const char *path, const struct strings *includes, struct err *err)
{
	char name[512], pattern[1024];
	int failed = 0, count = 0;

	snprintf(name, sizeof name, "%s", path);
	for (int i = 0; !failed && i < includes->n; i++) {
		const char *include = includes->at[i];

		if (*include == '/')
			snprintf(pattern, sizeof pattern, "%s", include);
		else {
			snprintf(name, sizeof name, "%s", path);
			snprintf(pattern, sizeof pattern, "%s/%s", dirname(name), include);
		}
		failed = add_matches(bundle, pattern, &count, err);
	}
	return failed ? err_wrap(err, "'include' of %s", path) : 0;
}

int config_read(const char *path, struct buf *ret_bundle, struct err *err)
{
	struct arena arena;
	struct source *sources;
	struct strings includes;
	int n, failed;

	buf_clear(ret_bundle);
	if (add_file(ret_bundle, path, err) < 0)
		return -1;
	arena_init(&arena);
	failed = config_sources(ret_bundle->text, ret_bundle->len, &arena, &sources, &n);
	if (!failed) {
		/* the source lives in the bundle, which grows: the list is copied into the arena */
		includes = language_includes(&sources[0], &arena);
		failed = add_includes(ret_bundle, path, &includes, err);
	} else
		err_set(err, "the file name %s cannot be used", path);
	arena_fini(&arena);
	return failed;
}

/* -- a bundle back to sources -- */

struct cursor {
	const char *at, *end;
};

/* "FILE <name> <len>\n": the length is the last word, so names may hold spaces. */
static int take_header(struct cursor *c, struct arena *arena, struct source *ret)
{
	const char *line_end = memchr(c->at, '\n', (size_t)(c->end - c->at)), *space;
	size_t len = 0;

	if (!line_end || line_end - c->at < 8 || memcmp(c->at, "FILE ", 5))
		return -1;
	space = memrchr(c->at, ' ', (size_t)(line_end - c->at));
	if (space < c->at + 6 || space + 1 == line_end)
		return -1;
	for (const char *p = space + 1; p < line_end; p++) {
		if (*p < '0' || *p > '9' || len > CONFIG_BUNDLE_MAX)
			return -1;
		len = len * 10 + (size_t)(*p - '0');
	}
	ret->name = arena_dup(arena, c->at + 5, (size_t)(space - c->at - 5));
	ret->len = len;
	c->at = line_end + 1;
	return 0;
}

static int take_file(struct cursor *c, struct arena *arena, struct source *ret)
{
	if (take_header(c, arena, ret) < 0 || (size_t)(c->end - c->at) < ret->len + 1 ||
	    c->at[ret->len] != '\n')
		return -1;
	ret->bytes = c->at;
	c->at += ret->len + 1;
	return 0;
}

int config_sources(const char *bundle, size_t len, struct arena *arena, struct source **ret_sources,
                   int *ret_n)
{
	struct cursor c = {.at = bundle, .end = bundle + len};
	struct source *sources = arena_alloc(arena, sizeof *sources * (CONFIG_FILES_MAX + 1));
	int n = 0;

	while (c.at < c.end)
		if (n > CONFIG_FILES_MAX || take_file(&c, arena, &sources[n++]) < 0)
			return -1;
	*ret_sources = sources;
	*ret_n = n;
	return n ? 0 : -1;
}

/* -- bundle to plan -- */

static int finish_plan(struct plan *plan, const char *bundle, size_t len, struct buf *problems)
{
	struct err err;
	char hex[65];

	hash_sha256_hex(bundle, len, hex);
	plan->hash = arena_str(&plan->arena, hex);
	if (zoneinfo_read(plan->timezone, &plan->arena, &plan->tz, &err) == 0)
		return 0;
	buf_printf(problems, "error: %s\n", err.text);
	return -1;
}

struct plan *config_plan(const char *bundle, size_t len, struct buf *problems)
{
	struct arena arena;
	struct problems found;
	struct source *sources;
	struct plan *plan = NULL;
	int n;

	arena_init(&arena);
	problems_init(&found);
	if (config_sources(bundle, len, &arena, &sources, &n) < 0)
		buf_str(problems, "error: the configuration was not handed over whole\n");
	else
		plan = language_read(sources, n, &found);
	problems_print(&found, problems);
	if (plan && finish_plan(plan, bundle, len, problems) < 0) {
		plan_free(plan);
		plan = NULL;
	}
	problems_fini(&found);
	arena_fini(&arena);
	return plan;
}

void config_gaps(const struct plan *plan, const char *bundle, size_t len, int64_t now_ms,
                 struct problems *problems)
{
	struct arena arena;
	struct source *sources;
	struct roster_gaps gaps;
	int n;

	arena_init(&arena);
	gaps = roster_gaps(plan, now_ms, now_ms + ROSTER_AHEAD_DAYS * 86400000LL, &arena);
	for (int i = 0; i < gaps.n && config_sources(bundle, len, &arena, &sources, &n) == 0; i++)
		language_accuse(&sources[0],
		                &(struct accusation){.section = gaps.at[i].section,
		                                     .key = gaps.at[i].id,
		                                     .text = gaps.at[i].text,
		                                     .hint = gaps.at[i].hint,
		                                     .is_warning = true},
		                problems);
	arena_fini(&arena);
}

void config_channels(const struct plan *plan, const char *bundle, size_t len, struct problems *problems)
{
	struct arena arena;
	struct source *sources;
	int n;

	arena_init(&arena);
	for (int i = 0; i < plan->n_channels && config_sources(bundle, len, &arena, &sources, &n) == 0; i++) {
		const struct channel *c = &plan->channels[i];
		struct place_in_file at = {c->source, c->line, c->col};
		char why[PLUGIN_ERROR_BYTES];
		struct buf text = {0};
		int option;

		if (!c->line || plugins_check(c, &option, why) == 0)
			continue;
		if (option >= 0)
			at = (struct place_in_file){c->options[option].source, c->options[option].line,
			                            c->options[option].col};
		buf_printf(&text, "channel '%s' cannot be used: %s", c->id, why);
		language_accuse_at(sources, n, at, buf_text(&text), NULL, problems);
		buf_fini(&text);
	}
	arena_fini(&arena);
}

/* -- a file that cannot be parsed -- */

static const char *after_word(const char *from, const char *end, const char *word)
{
	const char *p = memmem(from, (size_t)(end - from), word, strlen(word));

	return p ? p + strlen(word) : NULL;
}

bool config_store_path_guess(const char *bundle, size_t len, char ret_path[512])
{
	const char *end = bundle + len, *p = after_word(bundle, end, "\nstore:");
	size_t n = 0;

	p = p ? after_word(p, end, "path:") : NULL;
	while (p && p < end && (*p == ' ' || *p == '"' || *p == '\''))
		p++;
	while (p && p + n < end && n < 511 && !strchr(" \"'},\n\r#", p[n]))
		n++;
	if (!n || *p != '/')
		return false;
	memcpy(ret_path, p, n);
	ret_path[n] = 0;
	return true;
}
