/* paper.c - lines, pairs and tables, as text or as HTML. */
#include "records/paper.h"

#include "base/arena.h"
#include "base/glyph.h"

#include <stdlib.h>
#include <string.h>

static const char style[] =
    "body{font:15px/1.5 \"Noto Sans CJK SC\",\"Microsoft YaHei\",sans-serif;color:#111;background:#fff;"
    "max-width:60em;margin:2em auto;padding:0 1em}"
    "h1{font-size:1.5em;border-bottom:2px solid #111}h2{font-size:1.15em;margin:1.4em 0 .4em}"
    "table{border-collapse:collapse;width:100%;margin:.4em 0}"
    "th,td{border:1px solid #999;padding:.2em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "th{background:#eee}p{margin:.2em 0;overflow-wrap:anywhere}"
    ".loud{border:3px solid #b00;padding:.4em .6em;font-weight:bold}"
    "@page{size:A4;margin:18mm 15mm}"
    "@media print{body{font-size:10pt;max-width:none;margin:0;padding:0}h2{break-after:avoid}"
    "tr,.loud{break-inside:avoid}thead{display:table-header-group}}";

static void put_html(struct buf *out, const char *text)
{
	struct buf safe = {0};

	glyph_safe(&safe, text);
	for (const char *p = buf_text(&safe); *p; p++)
		if (*p == '&')
			buf_str(out, "&amp;");
		else if (*p == '<')
			buf_str(out, "&lt;");
		else if (*p == '>')
			buf_str(out, "&gt;");
		else if (*p == '"')
			buf_str(out, "&quot;");
		else if (*p == '\'')
			buf_str(out, "&#39;");
		else
			buf_char(out, *p);
	buf_fini(&safe);
}

static void put(struct paper *p, const char *text)
{
	if (p->html)
		put_html(&p->out, text);
	else
		glyph_safe(&p->out, text);
}

/* `text` between what stands before and after it in HTML, or in a terminal. */
static void element(struct paper *p, const char *open, const char *text, const char *close)
{
	if (p->html)
		buf_str(&p->out, open);
	put(p, text);
	buf_str(&p->out, p->html ? close : "");
	buf_char(&p->out, '\n');
}

void paper_begin(struct paper *p, const char *title)
{
	if (!p->html) {
		put(p, title);
		buf_char(&p->out, '\n');
		for (int i = glyph_columns(title); i > 0; i--)
			buf_char(&p->out, '=');
		buf_char(&p->out, '\n');
		return;
	}
	buf_printf(&p->out,
	           "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
	           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
	           "'unsafe-inline'\">\n<title>",
	           p->lang == LANG_ZH ? "zh-CN" : "en");
	put(p, title);
	buf_printf(&p->out, "</title>\n<style>%s</style>\n</head>\n<body>\n", style);
	element(p, "<h1>", title, "</h1>");
}

void paper_end(struct paper *p)
{
	if (p->html)
		buf_str(&p->out, "</body>\n</html>\n");
}

void paper_heading(struct paper *p, const char *text)
{
	if (!p->html)
		buf_char(&p->out, '\n');
	element(p, "<h2>", text, "</h2>");
	if (p->html)
		return;
	for (int i = glyph_columns(text); i > 0; i--)
		buf_char(&p->out, '-');
	buf_char(&p->out, '\n');
}

void paper_line(struct paper *p, const char *text)
{
	if (!p->html)
		buf_str(&p->out, "  ");
	element(p, "<p>", text, "</p>");
}

void paper_loud(struct paper *p, const char *text)
{
	if (!p->html)
		buf_str(&p->out, "\n*** ");
	element(p, "<p class=\"loud\">", text, "</p>");
}

void paper_pair(struct paper *p, const char *label, const char *value)
{
	if (!*value)
		return;
	buf_str(&p->out, p->html ? "<p><b>" : "  ");
	put(p, label);
	buf_str(&p->out, p->lang == LANG_ZH ? ":" : ": ");
	if (p->html)
		buf_str(&p->out, "</b>");
	put(p, value);
	buf_str(&p->out, p->html ? "</p>\n" : "\n");
}

/* -- tables -- */

void paper_row(struct paper *p, const char *const *cells)
{
	if (p->n_rows == p->cap_rows) {
		p->cap_rows = p->cap_rows ? 2 * p->cap_rows : 16;
		p->rows = xrealloc(p->rows, (size_t)p->cap_rows * sizeof *p->rows);
	}
	for (int i = 0; i < PAPER_COLUMNS; i++) {
		struct buf cell = {0};

		if (i < p->n_columns && p->html)
			put_html(&cell, cells[i] ? cells[i] : "");
		else if (i < p->n_columns)
			glyph_safe(&cell, cells[i] ? cells[i] : "");
		p->rows[p->n_rows][i] = buf_steal(&cell);
	}
	p->n_rows++;
}

void paper_table(struct paper *p, int n, const char *const *heads)
{
	p->n_columns = n < PAPER_COLUMNS ? n : PAPER_COLUMNS;
	p->n_rows = 0;
	paper_row(p, heads);
}

static int widest(const struct paper *p, int column)
{
	int most = 0;

	for (int r = 0; r < p->n_rows; r++) {
		int now = glyph_columns(p->rows[r][column]);

		if (now > most)
			most = now;
	}
	return most;
}

static void text_table(struct paper *p)
{
	int widths[PAPER_COLUMNS];

	for (int i = 0; i < p->n_columns; i++)
		widths[i] = widest(p, i);
	for (int r = 0; r < p->n_rows; r++) {
		int blanks = 2;

		for (int i = 0; i < p->n_columns; i++) {
			const char *cell = p->rows[r][i];

			if (*cell) {
				buf_printf(&p->out, "%*s%s", blanks, "", cell);
				blanks = 0;
			}
			blanks += widths[i] - glyph_columns(cell) + (widths[i] ? 2 : 0);
		}
		buf_char(&p->out, '\n');
	}
}

static void html_table(struct paper *p)
{
	buf_str(&p->out, "<table>\n");
	for (int r = 0; r < p->n_rows; r++) {
		buf_str(&p->out, r ? "<tr>" : "<thead><tr>");
		for (int i = 0; i < p->n_columns; i++)
			buf_printf(&p->out, r ? "<td>%s</td>" : "<th>%s</th>", p->rows[r][i]);
		buf_str(&p->out, r ? "</tr>\n" : "</tr></thead>\n");
	}
	buf_str(&p->out, "</table>\n");
}

static void forget(struct paper *p)
{
	for (int r = 0; r < p->n_rows; r++)
		for (int i = 0; i < PAPER_COLUMNS; i++)
			free(p->rows[r][i]);
	p->n_rows = 0;
}

void paper_table_end(struct paper *p)
{
	if (p->n_rows > 1 && p->html)
		html_table(p);
	else if (p->n_rows > 1)
		text_table(p);
	forget(p);
}

void paper_fini(struct paper *p)
{
	forget(p);
	free(p->rows);
	buf_fini(&p->out);
}
