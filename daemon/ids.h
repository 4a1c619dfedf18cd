/* ids.h - the side file `ids` next to the database: how far incident numbers
 * were reserved and which head was stored then, so that a lost database
 * neither repeats a number nor goes unnoticed. One line:
 * "next <n> epoch <e> seq <s> hash <h>". */
#ifndef TOCSIN_IDS_H
#define TOCSIN_IDS_H

#include "base/err.h"
#include "hash.h"

#include <stdbool.h>
#include <stdint.h>

struct ids_file {
	int64_t next; /* numbers below it are used or reserved; 0: no side file */
	int64_t epoch, seq;
	char hash[HASH_HEX_BYTES]; /* of row seq */
};

enum { IDS_LINE_BYTES = 256 };

/* The line, and back; false: it is none. */
void ids_line(const struct ids_file *ids, char ret[IDS_LINE_BYTES]);
bool ids_parse(const char *line, struct ids_file *ret);

/* `db` is the database's path. No file is not an error: next is 0. */
int ids_read(const char *db, struct ids_file *ret, struct err *err);
int ids_write(const char *db, const struct ids_file *ids, struct err *err); /* durable when it returns 0 */

#endif
