/* store_disk.h - files beside the database: the reserve, what was set aside. */
#ifndef TOCSIN_STORE_DISK_H
#define TOCSIN_STORE_DISK_H

#include "base/err.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { DISK_BALLAST_BYTES = 1 << 20 };

/* "<directory of path>/<name>" */
void disk_beside(const char *path, const char *name, char ret_path[PATH_MAX]);
int disk_sync_dir(const char *path); /* the directory that holds path */
bool disk_is_same(const char *a, const char *b); /* one file, by any name or link */

/* Whole or not at all: written beside, synced, renamed, the directory synced. */
int disk_save(const char *path, const char *bytes, size_t len, struct err *err);

/* A file that takes its place when it is whole: begun as <path>.part, removed if anything failed. */
#define DISK_PART ".part"
void disk_begin_part(const char *path, char ret_part[PATH_MAX]);
int disk_sync_file(const char *path, struct err *err);
int disk_in_place(bool failed, const char *part, const char *path, struct err *err);

/* The reserve: 1 MiB that is given up when the disk is full. */
void disk_ballast_make(const char *path); /* if absent and four times as much is free */
bool disk_ballast_drop(const char *path); /* true: there was one, space is free now */

/* Cannot anything new be written beside the database (the file of ids, last-good.yaml)? */
bool disk_is_shut(const char *path);

/* Less than a tenth and less than 1 GiB free, until it is an eighth or more. */
bool disk_is_low(const char *path, bool was_low);

/* A zero-length or missing database whose write-ahead log still holds something:
 * SQLite would throw the log away. */
bool disk_is_torn(const char *path);
/* Moves the database with its -wal and -shm to <path>.bad-<utc>. */
int disk_set_aside(const char *path, char ret_path[PATH_MAX], struct err *err);

#endif
