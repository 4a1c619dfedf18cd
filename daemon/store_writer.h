/* store_writer.h - the one writing connection and what it keeps beside the
 * database: opening it soundly, one try at a turn, the side file and the
 * reserve. Private to the store; one thread at a time. */
#ifndef TOCSIN_STORE_WRITER_H
#define TOCSIN_STORE_WRITER_H

#include "ids.h"
#include "store_db.h"

#include <stdatomic.h>

struct writer {
	char *path, *site;
	struct sql *sql;     /* NULL: to be opened */
	bool was_open;       /* once, with the check */
	struct err replaced; /* why a new database was begun while running, until that is told */
	struct db_head head; /* after the last stored turn */
	struct ids_file ids;
	bool ids_dirty;
	int64_t look_next_ms;
	/* Rows that were let go, and are deleted while nobody waits. */
	bool has_old;
	int trim_rows;        /* at once, by how long the last took */
	int64_t trim_next_ms; /* not before */
	bool trim_failed;     /* and that was said */
	atomic_bool disk_is_low, disk_is_shut;
};

/* The first open, of a zeroed writer; err as store_open says. */
enum store_open_result writer_start(struct writer *w, const char *path, const char *site, struct err *err);
/* One try; opens first when it must, and puts a new database in the place of a
 * damaged one: it goes on from the last head, so that the turn fits it, too.
 * err is filled unless committed; then perhaps too: a note. */
enum db_outcome writer_try(struct writer *w, const struct db_step *step, struct err *err);
/* Space on the disk: restores the reserve when there is enough. Looks once a second at most. */
void writer_look(struct writer *w);
/* Deletes a few rows that were let go, when it is time; when it fails, no turn hears of it. */
void writer_trim(struct writer *w);
/* How long to wait for a turn before that, at most so long. */
int64_t writer_rest_ms(const struct writer *w, int64_t most_ms);
/* After a stored turn: the head moves on; a side file that cannot be written is told in note. */
void writer_stored(struct writer *w, const struct db_step *step, struct err *note);
void writer_fini(struct writer *w);

int64_t writer_now_ms(void); /* CLOCK_MONOTONIC, for waits */

#endif
