/* paper.h - what a record is written on: text for a terminal, or one HTML file
 * that needs nothing beside it. Whatever is written is foreign: it stays text. */
#ifndef TOCSIN_PAPER_H
#define TOCSIN_PAPER_H

#include "base/buf.h"
#include "base/names.h"

#include <stdbool.h>

enum { PAPER_COLUMNS = 8 };

struct paper {
	bool html;
	enum lang lang;
	struct buf out;
	char *(*rows)[PAPER_COLUMNS]; /* of the table that is being written */
	int n_rows, cap_rows, n_columns;
};

void paper_begin(struct paper *p, const char *title);
void paper_end(struct paper *p); /* the text is p->out */
void paper_heading(struct paper *p, const char *text);
void paper_line(struct paper *p, const char *text);
void paper_loud(struct paper *p, const char *text); /* cannot be overlooked */
void paper_pair(struct paper *p, const char *label, const char *value);

/* n heads, then rows of as many cells; written when it ends. Without rows it is not written. */
void paper_table(struct paper *p, int n, const char *const *heads);
void paper_row(struct paper *p, const char *const *cells);
void paper_table_end(struct paper *p);
void paper_fini(struct paper *p);

#endif
