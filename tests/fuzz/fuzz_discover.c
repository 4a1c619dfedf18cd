/* fuzz_discover.c - foreign topics and payloads before discover: what it prints
 * is a file that the checker takes, and nothing a terminal would obey. Input:
 * lines of "topic<TAB>payload". */
#include "discover.h"

#include "base/text.h"
#include "language/language.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char site[] = "site: {id: plaza, timezone: UTC}\n"
                           "broker: {url: \"mqtt://127.0.0.1:1883\", user: tocsin}\n"
                           "people: {me: {name: Me, channels: [page]}}\n"
                           "roles: {duty: {name: duty, holder: me}}\n"
                           "chains: {life-safety: {levels: [{call: [duty], wait: 60s}]}}\n";

static void hear(struct discover *d, char *line, size_t len)
{
	static int64_t now_ms;
	char *tab = memchr(line, '\t', len);
	struct discover_message m = {.topic = line, .is_retained = len % 2};

	if (!tab || memchr(line, 0, (size_t)(tab - line)))
		return;
	*tab = 0;
	m.payload = tab + 1;
	m.len = len - (size_t)(tab + 1 - line);
	discover_heard(d, &m, now_ms += 1000);
}

static void check(const struct buf *out)
{
	const struct source sources[] = {{"tocsin.yaml", site, strlen(site)},
	                                 {"discovered.yaml", buf_text(out), out->len}};
	struct problems problems;
	struct plan *plan;

	for (size_t i = 0; i < out->len; i++)
		if (((unsigned char)out->text[i] < ' ' && out->text[i] != '\n') || out->text[i] == 0x7f)
			abort();
	if (!utf8_valid(buf_text(out), out->len))
		abort();
	problems_init(&problems);
	plan = language_read(sources, 2, &problems);
	if (!plan)
		abort();
	plan_free(plan);
	problems_fini(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct discover *d = discover_new(NULL);
	struct buf out = {0};

	for (size_t at = 0, len; at < size; at += len + 1) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		char *line;

		len = end ? (size_t)(end - (data + at)) : size - at;
		line = malloc(len + 1);
		memcpy(line, data + at, len);
		line[len] = 0;
		hear(d, line, len);
		free(line);
	}
	discover_print(d, &out);
	check(&out);
	buf_fini(&out);
	discover_free(d);
	return 0;
}
