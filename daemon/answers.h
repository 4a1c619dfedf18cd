/* answers.h - what the control socket asks, and the JSON that says how we are. */
#ifndef TOCSIN_ANSWERS_H
#define TOCSIN_ANSWERS_H

#include "daemon.h"

void answers_ask(void *arg, const struct control_request *request); /* control_ask_fn; arg: the daemon */
void answers_heartbeat(struct daemon *d, struct buf *out);
void answers_status_line(struct daemon *d, struct buf *out);        /* for people: systemctl status */
void answers_plan_fields(const struct plan *plan, struct buf *out); /* "plan":hash,"languages":[...] */

#endif
