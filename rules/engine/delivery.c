/* delivery.c - what became of the notices, as it stands on their incidents: by
 * person and channel the newest. */
#include "engine/chain.h"
#include "engine/emit.h"
#include "engine/reach.h"

#include <stdlib.h>
#include <string.h>

struct incident *delivery_incident(const struct engine *e, const char *id)
{
	for (int i = 0; id && i < e->n_incidents; i++)
		if (!strcmp(e->incidents[i]->id, id))
			return e->incidents[i];
	return NULL;
}

bool delivery_has(const struct incident *inc, const char *person)
{
	for (int i = 0; i < inc->n_deliveries; i++)
		if (!strcmp(inc->deliveries[i].person, person))
			return true;
	return false;
}

static void note(struct engine *e, struct incident *inc, const char *person, enum delivery state)
{
	struct called *c = called_of(inc, person);

	if (c && (state == DELIVERY_SENT || state == DELIVERY_DELIVERED)) {
		c->sent_ms = e->now_ms;
		help_came(c);
	}
	incident_touch(e, inc);
}

static void delivery_of(struct engine *e, struct incident *inc, const struct notice *n, enum delivery state)
{
	struct delivery_state *d = NULL;

	for (int i = 0; i < inc->n_deliveries; i++)
		if (!strcmp(inc->deliveries[i].person, n->person) &&
		    !strcmp(inc->deliveries[i].channel, n->channel))
			d = &inc->deliveries[i];
	if (!d) {
		inc->deliveries = xrealloc(inc->deliveries, (size_t)(inc->n_deliveries + 1) * sizeof *d);
		d = &inc->deliveries[inc->n_deliveries++];
		*d = (struct delivery_state){xstrdup(n->person), xstrdup(n->channel), NULL, 0, 0};
	}
	free(d->notice);
	d->notice = xstrdup(n->id);
	d->state = state;
	d->at_ms = e->now_ms;
	note(e, inc, n->person, state);
}

void delivery_is(struct engine *e, const struct notice *n, enum delivery state)
{
	struct incident *inc = delivery_incident(e, n->incident);
	char *next = NULL;

	if (n->kind == NOTICE_TEST)
		reach_is(e, n, state);
	if (inc)
		delivery_of(e, inc, n, state);
	for (const char *at = n->covers; at && *at; at = *next ? next + 1 : next) {
		inc = incident_find(e, strtoll(at, &next, 10));
		if (inc)
			delivery_of(e, inc, n, state);
	}
}

/* -- late -- */

static void late_row(struct engine *e, struct incident *inc, const struct delivery_state *d,
                     enum delivery was)
{
	struct buf *b = row_begin(e);

	json_str(b, "notice", d->notice);
	json_str(b, "person", d->person);
	json_str(b, "channel", d->channel);
	if (was == DELIVERY_FAILED)
		json_bool(b, "overdue", true); /* `late` says that a row was stored late */
	row_end(e, d->state == DELIVERY_SENT ? AUDIT_SENT : AUDIT_DELIVERED, inc, "system",
	        strtoll(d->notice, NULL, 10));
}

/* Failed after all, or sent and now delivered. */
static bool is_better(enum delivery now, enum outcome outcome)
{
	if (outcome == OUTCOME_FAILED || now == DELIVERY_DELIVERED)
		return false;
	return now != DELIVERY_SENT || outcome == OUTCOME_DELIVERED;
}

void delivery_late(struct engine *e, const struct receipt *r)
{
	bool is_told = false;

	reach_late(e, r);
	for (int i = 0; i < e->n_incidents; i++)
		for (int k = 0; k < e->incidents[i]->n_deliveries; k++) {
			struct incident *inc = e->incidents[i];
			struct delivery_state *d = &inc->deliveries[k];
			enum delivery was;

			if (strcmp(d->notice, r->id) != 0 ||
			    (r->channel && strcmp(d->channel, r->channel) != 0) ||
			    !is_better(d->state, r->outcome))
				continue;
			was = d->state;
			d->state = r->outcome == OUTCOME_SENT ? DELIVERY_SENT : DELIVERY_DELIVERED;
			d->at_ms = e->now_ms;
			if (!is_told)
				late_row(e, inc, d, was); /* a summary stands on many */
			is_told = true;
			note(e, inc, d->person, d->state);
		}
}
