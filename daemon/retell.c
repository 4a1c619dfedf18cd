#include "retell.h"

#include <string.h>

void retell_begin(struct retell *r, const char *path, int64_t number)
{
	*r = (struct retell){.path = path};
	story_init(&r->story, number);
}

void retell_fini(struct retell *r)
{
	story_fini(&r->story);
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

int retell_walk(struct retell *r, int64_t n_rows, struct err *err)
{
	struct row_taker to = {take, r};

	return store_walk(r->path, &r->walk, n_rows, &to, err);
}

static struct proof proof_of(const struct retell *r)
{
	return (struct proof){.first_bad = r->walk.v.first_bad,
	                      .why = r->walk.v.why,
	                      .base_seq = r->walk.v.base_seq,
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

	ask.site = r->walk.site;
	ask.proof = proof_of(r);
	if (!story_end(&r->story))
		return false;
	report_write(&ask, &r->story, out);
	return true;
}
