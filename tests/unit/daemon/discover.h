/* discover.h - what the tests of discover share: messages in, the printed file
 * out, and the checker's word on it under a minimal site. */
#ifndef TEST_DISCOVER_H
#define TEST_DISCOVER_H

#include "base/arena.h"
#include "base/buf.h"
#include "cli/discover.h"
#include "language/language.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char minimal_site[] = "site: {id: plaza, timezone: UTC}\n"
                                   "broker: {url: \"mqtt://127.0.0.1:1883\", user: tocsin}\n"
                                   "store: {path: /tmp/x.db}\n"
                                   "people:\n"
                                   "  me: {name: Me, channels: [page]}\n"
                                   "roles:\n"
                                   "  duty: {name: duty, holder: me}\n"
                                   "chains:\n"
                                   "  life-safety: {levels: [{call: [duty], wait: 60s}]}\n"
                                   "  building: {levels: [{call: [duty], wait: 60s}]}\n";

static struct discover *found;
static struct buf yaml;

static void hear_bytes(const char *topic, const char *payload, size_t len, bool is_retained, int64_t now_ms)
{
	const struct discover_message m = {topic, payload, len, is_retained};

	discover_heard(found, &m, now_ms);
}

static void hear(const char *topic, const char *payload)
{
	hear_bytes(topic, payload, strlen(payload), false, 0);
}

static void begin(const struct plan *site)
{
	found = discover_new(site);
}

/* The printed file; its text stays until the next. */
static const char *print(void)
{
	buf_fini(&yaml);
	discover_print(found, &yaml);
	discover_free(found);
	found = NULL;
	return buf_text(&yaml);
}

static char *slurp(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "rb");
	char *text = xcalloc(1, 1 << 20);

	assert_non_null(f);
	*ret_len = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	return text;
}

/* The plan of the minimal site with the file and everything that is shipped. */
static struct plan *plan_of(const char *file)
{
	struct source sources[64] = {{"tocsin.yaml", minimal_site, strlen(minimal_site)},
	                             {"discovered.yaml", file, strlen(file)}};
	struct problems problems;
	struct buf said = {0};
	struct plan *plan;
	glob_t g = {0};
	int n = 2;

	assert_int_equal(glob(SOURCE_DIR "/rules/profiles/*.yaml", 0, NULL, &g), 0);
	assert_int_equal(glob(SOURCE_DIR "/rules/playbooks/*.yaml", GLOB_APPEND, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc && n < 64; i++) {
		if (strstr(g.gl_pathv[i], "_test.yaml"))
			continue;
		sources[n].name = g.gl_pathv[i];
		sources[n].bytes = slurp(g.gl_pathv[i], &sources[n].len);
		n++;
	}
	problems_init(&problems);
	plan = language_read(sources, n, &problems);
	problems_print(&problems, &said);
	if (!plan)
		fprintf(stderr, "%s\n%s\n", buf_text(&said), file);
	buf_fini(&said);
	problems_fini(&problems);
	for (int i = 2; i < n; i++)
		free((char *)sources[i].bytes);
	globfree(&g);
	return plan;
}

#endif
