/* channels.h - hosts the plugins that deliver notices: one instance and one
 * queue per channel of the plan, one job per notice, exactly one outcome per
 * job: sent, delivered, or failed within the channel's timeout. Loop only. */
#ifndef TOCSIN_CHANNELS_H
#define TOCSIN_CHANNELS_H

#include "engine/engine.h"
#include "loop.h"
#include "plan.h"

#include <stdbool.h>
#include <stdint.h>

struct channels;

/* A publish that a plugin asks for; its outcome comes back by channels_published. */
struct channel_publish {
	int64_t token;     /* odd */
	const char *topic; /* below the site's root */
	const char *payload, *payload_again;
	int64_t expiry_ms;
	bool is_life;
};

struct channel_outcome {
	const char *notice, *channel; /* ids */
	enum outcome outcome;
	const char *why; /* or NULL */
};

/* Since the plan is in force. */
struct channel_count {
	int64_t n_sent, n_failed, n_again; /* again: failed for now, and tried once more */
};

struct channels_out {
	void (*outcome)(void *arg, const struct channel_outcome *o);
	void (*publish)(void *arg, const struct channel_publish *p);
	void *arg;
};

struct channels *channels_new(struct loop *loop, const struct channels_out *out);
void channels_free(struct channels *c); /* NULL allowed; what is under way is not answered */

/* Opens the plan's channels; those of the plan before end when their last job
 * is answered. A channel that cannot be opened is said in the log and answers
 * FAILED to every notice. The plan must live until the next call. */
void channels_use(struct channels *c, const struct plan *plan);

struct channel_notice {
	const struct notice *notice; /* its id comes back with the outcome */
	const char *sent_id;         /* the id it leaves under */
	struct notice_marks marks;
	int64_t now_ms;
};
void channels_send(struct channels *c, const struct channel_notice *n);

void channels_published(struct channels *c, int64_t token, bool ok, const char *why);
int channels_jobs(const struct channels *c); /* waiting and under way */
/* "channels":{"page":{"state":"ok","sent":12,...},...} into an open object. */
void channels_count(const struct channels *c, struct buf *out);

/* Which channels cannot be used, or failed three times in a row, and who was
 * not reached three times in a row by whatever channel; "" none. What fails
 * without a link to the broker is the link's trouble. */
void channels_trouble(struct channels *c, bool is_linked, char *ret, size_t cap);

#endif
