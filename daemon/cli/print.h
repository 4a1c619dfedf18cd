/* print.h - text for a terminal: foreign bytes made harmless, columns aligned
 * by display width, times in words. */
#ifndef TOCSIN_PRINT_H
#define TOCSIN_PRINT_H

#include "base/buf.h"
#include "base/names.h"

#include <stdint.h>
#include <stdio.h>

/* Control characters, C1 and direction marks leave as \xNN and \uNNNN. */
void print_safe(FILE *to, const char *text);
void print_safe_buf(struct buf *out, const char *text);
void print_lines(FILE *to, const char *text); /* of several lines; tabs become spaces */

enum { PRINT_COLUMNS = 8 };

/* Rows of at most PRINT_COLUMNS cells; print_table prints and empties it. */
struct print_table {
	char *(*rows)[PRINT_COLUMNS];
	int n, cap;
};
void print_row(struct print_table *t, int n, const char *const *cells);
void print_table(struct print_table *t, const char *indent);

/* "12 s", "3 min 20 s", "2 h 5 min", "4 d 1 h" */
const char *print_span(int64_t seconds, char text[32]);
/* An RFC 3339 time as "in 54 s (19:11:34)" or "6 s ago (19:10:30)", local clock. */
const char *print_when(const char *rfc3339, enum lang lang, char text[96]);
const char *print_clock(const char *rfc3339,
                        char text[64]); /* "19:11:34", with the date when it is not today's */

/* The number of "17", "g17", "G-17"; -1: no incident id. */
int64_t print_number(const char *id);

#endif
