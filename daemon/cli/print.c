/* print.c - text for a terminal. */
#include "print.h"

#include "base/arena.h"
#include "base/glyph.h"
#include "base/time.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void print_safe_buf(struct buf *out, const char *text)
{
	glyph_safe(out, text);
}

void print_safe(FILE *to, const char *text)
{
	struct buf out = {0};

	print_safe_buf(&out, text);
	fputs(buf_text(&out), to);
	buf_fini(&out);
}

void print_lines(FILE *to, const char *text)
{
	struct buf line = {0};

	while (*text) {
		size_t len = strcspn(text, "\n");
		buf_clear(&line);
		for (size_t i = 0; i < len; i++)
			buf_char(&line, text[i] == '\t' ? ' ' : text[i]);
		print_safe(to, buf_text(&line));
		fputc('\n', to);
		text += len + (text[len] == '\n');
	}
	buf_fini(&line);
}

void print_row(struct print_table *t, int n, const char *const *cells)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 16;
		t->rows = xrealloc(t->rows, (size_t)t->cap * sizeof(*t->rows));
	}
	memset(t->rows[t->n], 0, sizeof(t->rows[t->n]));
	for (int i = 0; i < n && i < PRINT_COLUMNS; i++) {
		struct buf safe = {0};
		print_safe_buf(&safe, cells[i] ? cells[i] : "");
		t->rows[t->n][i] = buf_steal(&safe);
	}
	t->n++;
}

static int widest(const struct print_table *t, int column)
{
	int most = 0;

	for (int r = 0; r < t->n; r++) {
		int now = t->rows[r][column] ? glyph_columns(t->rows[r][column]) : 0;
		if (now > most)
			most = now;
	}
	return most;
}

static bool is_last_cell(char *const *row, int column)
{
	for (int i = column + 1; i < PRINT_COLUMNS; i++)
		if (row[i] && *row[i])
			return false;
	return true;
}

void print_table(struct print_table *t, const char *indent)
{
	int widths[PRINT_COLUMNS];

	for (int i = 0; i < PRINT_COLUMNS; i++)
		widths[i] = widest(t, i);
	for (int r = 0; r < t->n; r++) {
		fputs(indent, stdout);
		for (int i = 0; i < PRINT_COLUMNS && t->rows[r][i]; i++) {
			const char *cell = t->rows[r][i];
			fputs(cell, stdout);
			if (is_last_cell(t->rows[r], i))
				break;
			printf("%*s", widths[i] - glyph_columns(cell) + (widths[i] ? 2 : 0), "");
		}
		putchar('\n');
		for (int i = 0; i < PRINT_COLUMNS; i++)
			free(t->rows[r][i]);
	}
	free(t->rows);
	*t = (struct print_table){0};
}

const char *print_span(int64_t seconds, char text[32])
{
	long long s = seconds < 0 ? 0 : seconds;

	if (s < 60)
		snprintf(text, 32, "%lld s", s);
	else if (s < 3600)
		snprintf(text, 32, s % 60 ? "%lld min %lld s" : "%lld min", s / 60, s % 60);
	else if (s < 86400)
		snprintf(text, 32, "%lld h %lld min", s / 3600, s / 60 % 60);
	else
		snprintf(text, 32, "%lld d %lld h", s / 86400, s / 3600 % 24);
	return text;
}

const char *print_clock(const char *rfc3339, char text[64])
{
	int64_t at_ms;
	struct tm tm, today;
	time_t now = time(NULL), at;

	if (!time_parse_rfc3339(rfc3339, &at_ms)) {
		snprintf(text, 64, "?");
		return text;
	}
	at = (time_t)(at_ms / 1000);
	localtime_r(&at, &tm);
	localtime_r(&now, &today);
	bool same = tm.tm_yday == today.tm_yday && tm.tm_year == today.tm_year;
	strftime(text, 64, same ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm);
	return text;
}

const char *print_when(const char *rfc3339, enum lang lang, char text[96])
{
	int64_t at_ms;
	char span[32], clock[64];

	if (!time_parse_rfc3339(rfc3339, &at_ms)) {
		snprintf(text, 96, "?");
		return text;
	}
	int64_t in_s = at_ms / 1000 - (int64_t)time(NULL);
	bool ahead = in_s > 0, zh = lang == LANG_ZH;
	print_span(ahead ? in_s : -in_s, span);
	snprintf(text, 96, "%s%s%s (%s)", ahead && !zh ? "in " : "", span,
	         ahead ? (zh ? "后" : "") : (zh ? "前" : " ago"), print_clock(rfc3339, clock));
	return text;
}

int64_t print_number(const char *id)
{
	char *end;

	id += strspn(id, "FGLWPDOSfglwpdos");
	id += *id == '-';
	long long n = *id >= '0' && *id <= '9' ? strtoll(id, &end, 10) : -1;
	return n >= 0 && !*end ? n : -1;
}
