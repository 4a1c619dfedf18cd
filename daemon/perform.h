/* perform.h - executes effects. Decides nothing but one written rule (DESIGN
 * I2): effects leave when their turn is stored, in turn order; while the store
 * is late or failing the urgent ones leave at once, marked unrecorded, and not
 * again when it is stored. */
#ifndef TOCSIN_PERFORM_H
#define TOCSIN_PERFORM_H

#include "daemon.h"

enum { PERFORM_TOPIC_BYTES = 512 };

bool perform_may_act(const struct daemon *d);             /* asked immediately before anything leaves */
void perform_leave(struct daemon *d, struct outgoing *o); /* len 0: the payload is text */
const char *perform_topic(const struct daemon *d, const char *below_root, char ret[PERFORM_TOPIC_BYTES]);
/* What became forbidden, or was superseded, while it waited for its place at the broker does not go. */
void perform_recall(struct daemon *d);
void perform_stored(struct daemon *d, struct batch *b);
void perform_reply(struct daemon *d, const struct reply *r);
void perform_urgent(struct daemon *d, struct batch *b);
void perform_info(struct daemon *d); /* `info` and `names/...`, retained */
/* What the broker keeps there is of an older plan: it is emptied. */
void perform_names_seen(struct daemon *d, int part);
void perform_no_zone(struct daemon *d, const char *zone);
void perform_heartbeat(struct daemon *d);

/* Outcomes of publishes, by token: odd ones are the channels', even ones actuations. */
void perform_published(struct daemon *d, int64_t token, bool ok, const char *why);
/* channels_out.publish and .outcome */
void perform_channel_publish(void *arg, const struct channel_publish *p);
void perform_channel_outcome(void *arg, const struct channel_outcome *o);

#endif
