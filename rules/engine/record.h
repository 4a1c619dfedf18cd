/* record.h - the text of a saved record. A record is lines, a line is a tag
 * and fields with blanks between; fields are percent-escaped, an empty text
 * is a lone `%`. Readers ignore fields at the end of a line and lines they do
 * not know, so that a later version may add some. */
#ifndef TOCSIN_RECORD_H
#define TOCSIN_RECORD_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORD_TAG_BYTES = 8 };

void record_tag(struct buf *b, const char *tag);  /* begins a line; 1 to 7 letters */
void record_str(struct buf *b, const char *text); /* NULL: as "" */
void record_int(struct buf *b, int64_t value);

struct record_reader {
	const char *field; /* rest of the line under way */
	const char *next;  /* the lines after it */
	bool bad;          /* a field was missing or ill-formed since record_open; stays set */
};

void record_open(struct record_reader *r, const char *value); /* value must outlive the reading */
bool record_line(struct record_reader *r, char ret_tag[RECORD_TAG_BYTES]); /* false: no more lines */
char *record_read_str(struct record_reader *r); /* caller frees; "" and bad when missing */
void record_read_cut(struct record_reader *r, char *dst,
                     size_t cap_bytes);           /* cut between characters to fit with its NUL */
int64_t record_read_int(struct record_reader *r); /* 0 and bad when missing */
/* So far from the ends that nothing computed with them runs over; else bad. */
int64_t record_read_ms(struct record_reader *r);     /* a time or a while; -1: none, and when bad */
int64_t record_read_number(struct record_reader *r); /* of a row, an incident; 0: none, and when bad */
int record_read_count(struct record_reader *r);      /* 0 when bad */
int record_read_place(struct record_reader *r);      /* in a list; -1: none, and when bad */

#endif
