/* tocsin-door - accepts at the control socket, looks who it is, and hands the
 * connection to the daemon, which lives in a user namespace and could not tell.
 * A name service that hangs (LDAP) hangs here, and not in the daemon's loop.
 *
 *   tocsin-door DAEMON_SOCKET     the listening socket is descriptor 3, from systemd */
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTENING = 3 };

static int to_daemon(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	fprintf(stderr, "<4>the daemon does not answer at %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The second try is for a daemon that was restarted. */
static void let_in(const char *path, int *daemon, int client)
{
	struct peer peer;

	peer_of(client, &peer);
	for (int tries = 0; tries < 2; tries++) {
		if (*daemon < 0)
			*daemon = to_daemon(path);
		if (*daemon < 0 || peer_hand_over(*daemon, client, &peer) == 0)
			return;
		close(*daemon);
		*daemon = -1;
	}
}

int main(int argc, char **argv)
{
	int daemon = -1, client, listens = 0;
	socklen_t len = sizeof listens;

	if (argc != 2 || strlen(argv[1]) >= sizeof((struct sockaddr_un *)0)->sun_path) {
		fputs("usage: tocsin-door DAEMON_SOCKET\n", stderr);
		return 2;
	}
	if (getsockopt(LISTENING, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || !listens) {
		fputs("<3>descriptor 3 is no listening socket: start tocsin-door.socket\n", stderr);
		return 2;
	}
	fcntl(LISTENING, F_SETFL, 0); /* whoever else holds it: we wait */
	for (;;) {
		client = accept4(LISTENING, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0 && errno != EINTR && errno != ECONNABORTED) {
			fprintf(stderr, "<3>cannot accept: %s\n", strerror(errno));
			return 1;
		}
		if (client < 0)
			continue;
		let_in(argv[1], &daemon, client);
		close(client);
	}
}
