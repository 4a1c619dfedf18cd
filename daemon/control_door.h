/* control_door.h - connections that tocsin-door hands in, each with its peer. */
#ifndef TOCSIN_CONTROL_DOOR_H
#define TOCSIN_CONTROL_DOOR_H

#include "loop.h"
#include "peer.h"

struct door;

/* fd: a listening SOCK_SEQPACKET; stays the caller's. client is called with a connection it then owns. */
struct door *door_open(struct loop *loop, int fd, void (*client)(void *arg, int fd, const struct peer *peer),
                       void *arg);
void door_close(struct door *d); /* NULL allowed */

#endif
