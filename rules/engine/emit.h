/* emit.h - how the engine says something: a row, a publish, a notice, an
 * answer. Each copies its strings into the turn's effects. */
#ifndef TOCSIN_EMIT_H
#define TOCSIN_EMIT_H

#include "engine/model.h"

/* A row: begin, put the body's own keys, end. Returns its seq; inc may be NULL;
 * cause 0: none. The incident's seq follows. */
struct buf *row_begin(struct engine *e);
int64_t row_end(struct engine *e, enum audit_kind kind, struct incident *inc, const char *who, int64_t cause);

/* Record and state of the incident changed. */
void incident_touch(struct engine *e, struct incident *inc);

void effect_want(struct engine *e, const char *sensor_id); /* NULL: all */
void effect_follow(struct engine *e, const char *sensor_id, bool on);
void effect_resend(struct engine *e, const struct command *c);
void effect_query(struct engine *e, const struct command *c, enum lang lang);
void effect_actuate(struct engine *e, const struct actuation *a, const struct incident *inc);
void effect_reply(struct engine *e, const struct reply *r);
void effect_notice(struct engine *e, const struct notice *n, bool urgent);
/* publish.c: everything changed since the last time, latest wins. Ends a turn. */
void publish_changed(struct engine *e);
/* What an exercise would have sent, below `dryrun/`: once, and never kept. */
void publish_dryrun(struct engine *e, const struct incident *inc, const char *topic, const char *payload);
void publish_empty(struct engine *e, const char *topic);
void publish_whole(struct engine *e, const char *topic, const char *payload); /* not below the root */
void publish_no_zone(struct engine *e, const char *zone); /* the plan has lost it */
void publish_fini(struct engine *e);

/* outbox.c: one notice to one person, by the first channel that fits. */
struct to_send {
	enum notice_kind kind;
	int person;
	struct incident *inc; /* NULL: test */
	const struct step *step;
	const char *words;
	int level;
	int64_t cause;
	int channel; /* index in the plan; -1: by the person's list */
};
void outbox_send(struct engine *e, const struct to_send *s);
void outbox_send_held(struct engine *e, const struct to_send *s); /* however many there are */
/* Of what is held for a person: words and cause as given, the incidents' numbers blank-separated. */
void outbox_summary(struct engine *e, const struct to_send *s, enum severity severity, const char *covers);
struct receipt {
	const char *id, *channel; /* channel NULL: the present one */
	enum outcome outcome;
	const char *why;
};
void outbox_outcome(struct engine *e, const struct receipt *r);
void outbox_silent(struct engine *e, struct notice_run *r); /* its deadline */
void outbox_started(struct engine *e);
void outbox_link_up(struct engine *e);
void outbox_link_lost(struct engine *e);                      /* the grace is over: other ways */
/* Only the broker is in the way of a notice of it to the person. */
bool outbox_waits(const struct engine *e, const struct incident *inc, const char *person);
void outbox_forget(struct engine *e, struct incident *inc);   /* acked or closed: what still waits is stale */
void outbox_restored(struct engine *e, struct notice_run *r); /* takes it */
void outbox_free(struct engine *e);

/* delivery.c: what became of notices, on their incidents. */
struct incident *delivery_incident(const struct engine *e, const char *id); /* or NULL */
bool delivery_has(const struct incident *inc, const char *person); /* was told anything of it */
void delivery_is(struct engine *e, const struct notice *n, enum delivery state);
/* From a channel that the notice has left behind: told, and nothing sent. */
void delivery_late(struct engine *e, const struct receipt *r);

uint64_t fnv64(uint64_t h, const char *text);

#endif
