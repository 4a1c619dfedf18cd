/* retell.h - the report of an incident from a database, part by part, so that
 * the loop goes on turning: the whole chain is walked and proven, the rows of
 * the incident are kept. */
#ifndef TOCSIN_RETELL_H
#define TOCSIN_RETELL_H

#include "records/report.h"
#include "whole.h"

struct retell {
	struct whole log; /* the whole of it: .db is the caller's */
	struct story story;
	int64_t known_seq; /* a head kept elsewhere to compare with; 0 none */
	char known_hash[HASH_BYTES];
	bool known_met, known_agrees;
};

void retell_begin(struct retell *r, const char *path, int64_t number);
enum walked retell_walk(struct retell *r, int64_t n_rows, struct err *err);
/* Writes it; plan: of the hash r->story.plan, or NULL. False: there is no such incident. */
bool retell_write(struct retell *r, const struct report_ask *like, struct buf *out);
/* Does the proof hold for all the report speaks of, and for the head kept elsewhere? */
bool retell_is_proven(const struct retell *r);
void retell_fini(struct retell *r);

#endif
