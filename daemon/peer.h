/* peer.h - who is at the other end of a control connection. The one who reads
 * it must not live in a user namespace: there everybody is nobody. Under
 * systemd the daemon does, so tocsin-door reads it and hands the connection in. */
#ifndef TOCSIN_PEER_H
#define TOCSIN_PEER_H

#include <stdbool.h>
#include <sys/types.h>

struct peer {
	uid_t uid;
	bool is_admin;  /* root, ourselves, group tocsin-admin */
	char login[64]; /* "#1001" when the uid has no name, "" when it is not known */
};

void peer_of(int fd, struct peer *ret);

/* A connection and whose it is, over a SOCK_SEQPACKET; errno tells. */
int peer_hand_over(int door, int fd, const struct peer *peer);
/* 1 taken, *ret_fd is the caller's; 0 the other side ended; -1 errno, EBADMSG: it handed over nothing usable.
 */
int peer_take_over(int door, int *ret_fd, struct peer *ret);

#endif
