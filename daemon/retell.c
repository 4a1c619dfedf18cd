#include "retell.h"

#include <string.h>

void retell_begin(struct retell *r, const char *path, int64_t number)
{
	*r = (struct retell){.log = {.db = path}};
	story_init(&r->story, number);
}

void retell_fini(struct retell *r)
{
	story_fini(&r->story);
	whole_fini(&r->log);
}

static bool take(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct retell *r = arg;

	story_take(&r->story, seq, rec, hash);
	if (seq == r->known_seq) {
		r->known_met = true;
		r->known_agrees = !strcmp(hash, r->known_hash);
	}
	return true;
}

enum walked retell_walk(struct retell *r, int64_t n_rows, struct err *err)
{
	struct row_taker to = {take, r};

	return whole_walk(&r->log, n_rows, &to, err);
}

static struct proof proof_of(const struct retell *r)
{
	return (struct proof){.first_bad = r->log.chain.v.first_bad,
	                      .why = r->log.chain.v.why,
	                      .base_seq = r->log.chain.v.base_seq,
	                      .known_seq = r->known_seq,
	                      .known_agrees = r->known_met && r->known_agrees};
}

bool retell_is_proven(const struct retell *r)
{
	struct proof p = proof_of(r);

	return proof_holds(&p, r->story.last_seq) && !r->story.unreadable;
}

bool retell_write(struct retell *r, const struct report_ask *like, struct buf *out)
{
	struct report_ask ask = *like;

	ask.site = r->log.chain.site;
	ask.proof = proof_of(r);
	if (!story_end(&r->story))
		return false;
	report_write(&ask, &r->story, out);
	return true;
}
