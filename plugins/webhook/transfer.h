/* transfer.h - libcurl's transfers on the host's loop: no thread of ours, no
 * call that waits. */
#ifndef TOCSIN_WEBHOOK_TRANSFER_H
#define TOCSIN_WEBHOOK_TRANSFER_H

#include "plugin.h"
#include "../shared/text.h"

#include <curl/curl.h>

struct transfers;

enum { REPLY_MAX = 16384 };

/* One request under way; embedded at the head of what the plugin keeps for it. */
struct transfer {
	struct transfer *next;
	CURL *easy;
	void *job;
	struct text reply; /* its first bytes */
	/* when it has ended; the transfer is freed by it */
	void (*done)(struct transfer *t, CURLcode code);
	/* the channel closes */
	void (*drop)(struct transfer *t);
};

struct transfers *transfers_open(const struct plugin_host *host); /* NULL: no memory */
void transfers_close(struct transfers *all);                      /* NULL allowed; drops what is under way */
/* t->easy is set up but for what all have in common. 0, or -1: then it is still the caller's. */
int transfers_start(struct transfers *all, struct transfer *t, int64_t timeout_ms);
/* The other side could not be reached, or broke off: another try may do. */
int transfer_may_pass(CURLcode code);

#endif
