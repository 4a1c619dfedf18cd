/* rehearse_report.c - how the tests went: for people, as JSON, as JUnit XML. */
#include "rehearse.h"

#include "base/text.h"
#include "print.h"

#include <string.h>

void report_verdict(FILE *to, const struct verdict *v)
{
	struct buf out = {0};
	char span[48];

	if (!v->is_broken) {
		buf_printf(&out, "ok    %s (%s)\n", v->test->name, seen_span(v->virtual_ms, span));
	} else {
		buf_printf(&out, "FAIL  %s\n%s:%d:%d: error: expected %s\n", v->test->name, v->file, v->line,
		           v->col, v->expected);
		buf_printf(&out, "      = got: %s\n%s", v->got, v->story);
	}
	print_lines(to, buf_text(&out));
	buf_fini(&out);
}

void report_json(const struct verdict *all, int n, struct buf *out)
{
	for (int i = 0; i < n; i++) {
		const struct verdict *v = &all[i];

		json_open(out, NULL, '{');
		json_str(out, "file", v->file);
		json_str(out, "test", v->test->name);
		json_int(out, "line", v->is_broken ? v->line : v->test->line);
		json_int(out, "col", v->is_broken ? v->col : v->test->col);
		json_bool(out, "ok", !v->is_broken);
		json_int(out, "virtual_ms", v->virtual_ms);
		if (v->is_broken) {
			json_str(out, "expected", v->expected);
			json_str(out, "got", v->got);
			json_str(out, "story", v->story);
		}
		json_close(out, '}');
	}
}

/* -- XML -- */

/* What XML 1.0 cannot say becomes a question mark. */
static void put_xml(struct buf *out, const char *text)
{
	static const struct {
		char c;
		const char *as;
	} escapes[] = {{'&', "&amp;"},  {'<', "&lt;"},   {'>', "&gt;"},
	               {'"', "&quot;"}, {'\n', "&#10;"}, {'\t', " "}};

	for (; *text; text++) {
		const char *as = (unsigned char)*text < 0x20 || *text == 0x7f ? "?" : NULL;

		for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
			as = escapes[i].c == *text ? escapes[i].as : as;
		if (as) {
			buf_str(out, as);
		} else if (!strncmp(text, "\xef\xbf\xbe", 3) || !strncmp(text, "\xef\xbf\xbf", 3)) {
			buf_char(out, '?'); /* U+FFFE, U+FFFF */
			text += 2;
		} else
			buf_char(out, *text);
	}
}

static void put_seconds(struct buf *out, int64_t us)
{
	buf_printf(out, " time=\"%lld.%06lld\"", (long long)(us / 1000000), (long long)(us % 1000000));
}

static void put_case(const struct verdict *v, struct buf *out)
{
	buf_str(out, "  <testcase classname=\"");
	put_xml(out, v->file);
	buf_str(out, "\" name=\"");
	put_xml(out, v->test->name);
	buf_char(out, '"');
	put_seconds(out, v->wall_us);
	if (!v->is_broken) {
		buf_str(out, "/>\n");
		return;
	}
	buf_str(out, ">\n   <failure message=\"");
	put_xml(out, v->expected);
	buf_str(out, "\">");
	put_xml(out, v->file);
	buf_printf(out, ":%d:%d: expected ", v->line, v->col);
	put_xml(out, v->expected);
	buf_str(out, "&#10;got ");
	put_xml(out, v->got);
	buf_str(out, "&#10;");
	put_xml(out, v->story);
	buf_str(out, "</failure>\n  </testcase>\n");
}

/* One suite for the tests of one file, which follow each other. */
static int put_suite(const struct verdict *all, int n, struct buf *out)
{
	int of_file = 0, failures = 0;
	int64_t us = 0;

	for (; of_file < n && all[of_file].file == all->file; of_file++) {
		failures += all[of_file].is_broken;
		us += all[of_file].wall_us;
	}
	buf_str(out, " <testsuite name=\"");
	put_xml(out, all->file);
	buf_printf(out, "\" tests=\"%d\" failures=\"%d\"", of_file, failures);
	put_seconds(out, us);
	buf_str(out, ">\n");
	for (int i = 0; i < of_file; i++)
		put_case(&all[i], out);
	buf_str(out, " </testsuite>\n");
	return of_file;
}

void report_junit(const struct verdict *all, int n, struct buf *out)
{
	buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tocsin test\">\n");
	for (int i = 0; i < n;)
		i += put_suite(&all[i], n - i, out);
	buf_str(out, "</testsuites>\n");
}
