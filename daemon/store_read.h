/* store_read.h - reading beside the writing thread. Private to the store. */
#ifndef TOCSIN_STORE_READ_H
#define TOCSIN_STORE_READ_H

#include "store.h"

void read_records(const char *path, const char *site,
                  struct restored *ret);                              /* adds records; none if unreadable */
char *read_plan(const char *path, const char *hash, size_t *ret_len); /* NULL: not there */

#endif
