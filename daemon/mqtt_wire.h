/* mqtt_wire.h - what the library does not do to its own socket: switch Nagle
 * off, break the link so that the will is sent, and let one QoS 0 packet out
 * while a receive callback waits.
 *
 * While our callback waits the library holds its one lock and writes nothing,
 * at no QoS (its send thread needs that lock too). Nothing else can write to
 * the socket then, and while at most WIRE_QUIET_BYTES are unanswered no half
 * packet can be pending (the send buffer is larger): a whole packet may be
 * written beside it. Not with TLS. */
#ifndef TOCSIN_MQTT_WIRE_H
#define TOCSIN_MQTT_WIRE_H

#include "base/buf.h"
#include "mqtt.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WIRE_QUIET_BYTES = 64 * 1024 };

struct wire {
	pthread_mutex_t lock;
	bool in_callback, is_tls;
	int fd; /* our own duplicate, -1 none */
};

void wire_init(struct wire *w, bool is_tls);
void wire_use(struct wire *w, bool is_tls); /* from the next connect on */
/* After a connect: finds the sockets whose peer has this port. Returns how many got TCP_NODELAY. */
int wire_attach(struct wire *w, int port);
void wire_detach(struct wire *w);
bool wire_break(struct wire *w); /* the server sees an end without goodbye; false: no socket known */

/* Receive thread, around its callback. */
void wire_enter(struct wire *w);
void wire_leave(struct wire *w);
/* Any thread, never blocks: writes the packet if a callback holds the socket still. */
bool wire_copy(struct wire *w, const char *packet, size_t len);

/* A QoS 0 PUBLISH packet. */
void wire_packet(const struct outgoing *o, bool is_v5, struct buf *ret_packet);

#endif
