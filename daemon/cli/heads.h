/* heads.h - heads of the audit: one kept elsewhere, as it was typed, and the
 * daemon's own. */
#ifndef TOCSIN_HEADS_H
#define TOCSIN_HEADS_H

#include "cli.h"
#include "store.h"

/* What the log is compared with: a head that was published before. */
struct head {
	int64_t seq;
	char hash[HASH_BYTES];
};

bool head_parse(const char *text, struct head *ret); /* SEQ:HASH */
/* The daemon's own head and where its database is: an exit code; *ret_db is the caller's. */
int head_ask(const struct cli *c, struct head *ret, char **ret_db);

#endif
