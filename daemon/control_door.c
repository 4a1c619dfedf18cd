#include "control_door.h"

#include "base/arena.h"
#include "fault.h"
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One is enough; a second is the first one's successor. */
enum { OPEN_MAX = 2 };

struct door {
	struct loop *loop;
	int fd;
	struct loop_watch *watch;
	void (*client)(void *arg, int fd, const struct peer *peer);
	void *arg;
	struct opening {
		struct door *door;
		int fd; /* -1: free */
		struct loop_watch *watch;
	} openings[OPEN_MAX];
	int next;
};

static void shut(struct opening *o)
{
	if (o->fd < 0)
		return;
	loop_watch_free(o->watch);
	close(o->fd);
	o->fd = -1;
}

static void on_hand_over(void *arg, unsigned ready)
{
	struct opening *o = arg;
	struct peer peer;
	int client, taken = peer_take_over(o->fd, &client, &peer);

	(void)ready;
	if (taken > 0)
		o->door->client(o->door->arg, client, &peer);
	else if (taken == 0 || (errno != EAGAIN && errno != EINTR && errno != EBADMSG))
		shut(o);
	else if (errno == EBADMSG)
		log_at(LOG_WARNING, "tocsin-door handed in no usable connection: is it of this version?");
}

/* Only our own user and root may vouch for others. */
static bool may_vouch(int fd)
{
	struct peer peer;

	peer_of(fd, &peer);
	return !GUARD(door) || peer.uid == 0 || peer.uid == geteuid();
}

static void on_open(void *arg, unsigned ready)
{
	struct door *d = arg;
	struct opening *o = &d->openings[d->next];
	int fd = accept4(d->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)ready;
	if (fd < 0)
		return;
	if (!may_vouch(fd)) {
		close(fd);
		return;
	}
	shut(o);
	o->fd = fd;
	o->watch = loop_watch(d->loop, fd, LOOP_READ, on_hand_over, o);
	d->next = (d->next + 1) % OPEN_MAX;
}

struct door *door_open(struct loop *loop, int fd, void (*client)(void *arg, int fd, const struct peer *peer),
                       void *arg)
{
	struct door *d = xcalloc(1, sizeof *d);

	*d = (struct door){.loop = loop, .fd = fd, .client = client, .arg = arg};
	for (int i = 0; i < OPEN_MAX; i++)
		d->openings[i] = (struct opening){.door = d, .fd = -1};
	d->watch = loop_watch(loop, fd, LOOP_READ, on_open, d);
	return d;
}

void door_close(struct door *d)
{
	if (!d)
		return;
	for (int i = 0; i < OPEN_MAX; i++)
		shut(&d->openings[i]);
	loop_watch_free(d->watch);
	free(d);
}
