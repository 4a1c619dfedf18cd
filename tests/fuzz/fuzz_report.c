/* fuzz_report.c - any lines taken for audit rows: reports of all languages and
 * papers, and the log, never crash, come out the same twice, and HTML has no
 * markup but its own. */
#include "records/report.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Every "<" begins an element of ours. */
static void must_be_ours(const char *html)
{
	static const char *const ours[] = {"!DOCTYPE", "html", "head", "meta", "title", "style", "body", "h1", "h2",
	                                   "p", "b", "table", "thead", "tr", "th", "td"};

	for (const char *at = html; (at = strchr(at, '<')); at++) {
		const char *name = at + 1 + (at[1] == '/');
		bool known = false;

		for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
			size_t n = strlen(ours[i]);

			known |= !strncmp(name, ours[i], n) && strchr(" >", name[n]);
		}
		must(known);
	}
}

static const struct plan *no_plan(void *arg, const char *hash)
{
	(void)arg, (void)hash;
	return NULL;
}

static char *report(const char *rows, bool html, enum lang lang)
{
	struct report_ask ask = {.site = "plaza", .lang = lang, .html = html};
	struct story story;
	struct buf out = {0};
	int64_t seq = 0;
	char *copy = xstrdup(rows);

	story_init(&story, 17);
	for (char *line = copy, *end; line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = 0;
		story_take(&story, ++seq, line, "00");
	}
	if (story_end(&story))
		report_write(&ask, &story, &out);
	story_fini(&story);
	free(copy);
	return buf_steal(&out);
}

static void duty(const char *rows, bool json)
{
	struct duty_log log = {.json = json, .since_ms = INT64_MIN, .until_ms = INT64_MAX, .plan_of = no_plan};
	struct buf out = {0};
	char *copy = xstrdup(rows);
	int64_t seq = 0;

	for (char *line = copy, *end; line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = 0;
		duty_log_take(&log, ++seq, line, &out);
	}
	buf_fini(&out);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf rows = {0};

	for (size_t i = 0; i < size; i++)
		buf_char(&rows, data[i] ? (char)data[i] : ' ');
	for (int lang = 0; lang < LANG_COUNT; lang++)
		for (int html = 0; html < 2; html++) {
			char *once = report(buf_text(&rows), html, (enum lang)lang);
			char *twice = report(buf_text(&rows), html, (enum lang)lang);

			must(!strcmp(once, twice));
			if (html)
				must_be_ours(once);
			free(once);
			free(twice);
		}
	duty(buf_text(&rows), false);
	duty(buf_text(&rows), true);
	buf_fini(&rows);
	return 0;
}
