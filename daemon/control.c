/* control.c - the socket and its clients; control_line.c reads a line. */
#include "control.h"

#include "base/arena.h"
#include "base/buf.h"
#include "control_door.h"
#include "control_line.h"
#include "fault.h"
#include "spare.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENTS_MAX = 64, LINE_MAX_BYTES = 8192, OUT_MAX_BYTES = 1 << 20, PARTIAL_LIMIT_MS = 10000, OWED_LIMIT_MS = 120000 };

struct client {
	LIST_ENTRY(client) entry;
	struct control *control;
	int64_t token;
	int fd;
	struct peer peer;
	char in[LINE_MAX_BYTES];
	size_t in_len;
	struct buf out;
	size_t out_sent;
	int owed; /* questions without an answer yet */
	bool follows, is_gone, is_partial; /* partial: a line has begun, its time runs */
	bool is_at_end;                    /* it asks no more, but hears yet */
	struct loop_watch *watch;
	struct loop_timer *partial;
};

struct control {
	struct loop *loop;
	int fd;
	char path[108];           /* "" when systemd owns it */
	struct loop_watch *watch; /* or, under systemd: */
	struct door *door;
	LIST_HEAD(, client) clients;
	int n_clients, n_followers;
	int64_t last_token;
	control_ask_fn ask;
	void *arg;
};

/* -- clients -- */

static void client_free(struct client *c)
{
	LIST_REMOVE(c, entry);
	c->control->n_clients--;
	c->control->n_followers -= c->follows;
	loop_watch_free(c->watch);
	loop_timer_free(c->partial);
	close(c->fd);
	buf_fini(&c->out);
	free(c);
}

/* A client is never freed while its own line is being handled: it is marked,
 * and its timer ends it in the next round. */
static void client_drop(struct client *c)
{
	c->is_gone = true;
	loop_watch_want(c->watch, 0);
	loop_timer_in(c->partial, 0);
}

static void on_partial(void *arg)
{
	client_free(arg);
}

static void client_flush(struct client *c)
{
	while (c->out_sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.text + c->out_sent, c->out.len - c->out_sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			client_drop(c);
			return;
		}
		c->out_sent += (size_t)n;
	}
	if (c->out_sent == c->out.len) {
		buf_clear(&c->out);
		c->out_sent = 0;
	}
	loop_watch_want(c->watch, (c->is_at_end ? 0u : LOOP_READ) | (c->out.len ? LOOP_WRITE : 0u));
	if (c->is_at_end)
		loop_timer_in(c->partial, c->owed || c->out.len ? OWED_LIMIT_MS : 0);
}

static void client_say(struct client *c, const char *json)
{
	size_t len = strlen(json), waiting = c->out.len - c->out_sent;

	if (c->is_gone)
		return;
	/* one answer may be long: the list of a bad night */
	if (waiting && waiting + len + 1 > OUT_MAX_BYTES) {
		client_drop(c);
		return;
	}
	if (c->out_sent > OUT_MAX_BYTES) {
		memmove(c->out.text, c->out.text + c->out_sent, c->out.len - c->out_sent + 1);
		c->out.len -= c->out_sent;
		c->out_sent = 0;
	}
	buf_add(&c->out, json, len);
	buf_char(&c->out, '\n');
	client_flush(c);
}

static struct client *find(struct control *c, int64_t token)
{
	struct client *cl;

	if (!c)
		return NULL;
	LIST_FOREACH(cl, &c->clients, entry)
	if (cl->token == token && !cl->is_gone)
		return cl;
	return NULL;
}

void control_answer(struct control *c, int64_t client, const char *json)
{
	struct client *cl = find(c, client);

	if (!cl)
		return;
	cl->owed -= cl->owed > 0;
	client_say(cl, json);
}

void control_more(struct control *c, int64_t client)
{
	struct client *cl = find(c, client);

	if (cl)
		cl->owed++;
}

void control_refuse(struct control *c, int64_t client, const char *word, const char *sentence)
{
	struct buf json = {0};

	json_open(&json, NULL, '{');
	json_bool(&json, "ok", false);
	json_str(&json, "error", word);
	json_str(&json, "text", sentence);
	json_close(&json, '}');
	control_answer(c, client, buf_text(&json));
	buf_fini(&json);
}

void control_follow(struct control *c, int64_t client)
{
	struct client *cl = find(c, client);

	if (cl && !cl->follows) {
		cl->follows = true;
		c->n_followers++;
	}
}

bool control_has_followers(const struct control *c)
{
	return c && c->n_followers > 0;
}

void control_row(struct control *c, const char *json)
{
	struct client *cl;

	LIST_FOREACH(cl, &c->clients, entry)
	if (cl->follows)
		client_say(cl, json);
}

/* -- lines in -- */

static void handle_line(struct client *c, char *line, size_t len)
{
	struct control_request request;
	struct control_line *parsed = control_line_read(line, len, &c->peer, &request);

	request.client = c->token;
	c->owed++;
	if (!parsed)
		control_refuse(c->control, c->token, "bad_request", "not a JSON object with \"do\"");
	else
		c->control->ask(c->control->arg, &request);
	control_line_free(parsed);
}

static void handle_lines(struct client *c)
{
	char *from = c->in, *end = c->in + c->in_len, *newline;

	while (!c->is_gone && (newline = memchr(from, '\n', (size_t)(end - from)))) {
		handle_line(c, from, (size_t)(newline - from));
		from = newline + 1;
	}
	c->in_len = (size_t)(end - from);
	memmove(c->in, from, c->in_len);
	if (c->is_gone)
		return;
	if (c->in_len == sizeof c->in) {
		control_refuse(c->control, c->token, "too_big", "a line has at most 8 KiB");
		client_drop(c);
		return;
	}
	if (c->in_len && !c->is_partial)
		loop_timer_in(c->partial, PARTIAL_LIMIT_MS);
	else if (!c->in_len)
		loop_timer_stop(c->partial);
	c->is_partial = c->in_len > 0;
}

/* Only its writing side was shut: it waits for its answers. */
static bool hears_yet(const struct client *c)
{
	struct pollfd pfd = {.fd = c->fd};

	return poll(&pfd, 1, 0) == 0;
}

static void on_client(void *arg, unsigned ready)
{
	struct client *c = arg;
	ssize_t n;

	if (ready & LOOP_WRITE)
		client_flush(c);
	if (!(ready & LOOP_READ) || c->is_gone || c->is_at_end)
		return;
	n = recv(c->fd, c->in + c->in_len, sizeof c->in - c->in_len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 0 && hears_yet(c)) {
		c->is_at_end = true;
		client_flush(c);
		return;
	}
	if (n <= 0) {
		client_drop(c);
		return;
	}
	c->in_len += (size_t)n;
	handle_lines(c);
}

/* fd is nonblocking, and ours from here on. */
static void client_new(struct control *c, int fd, const struct peer *peer)
{
	struct client *cl;

	if (c->n_clients >= CLIENTS_MAX || (GUARD(spare_descriptors) && spare_has(fd))) {
		close(fd);
		return;
	}
	cl = xcalloc(1, sizeof *cl);
	cl->control = c;
	cl->fd = fd;
	cl->token = ++c->last_token;
	cl->peer = *peer;
	LIST_INSERT_HEAD(&c->clients, cl, entry);
	c->n_clients++;
	cl->partial = loop_timer(c->loop, on_partial, cl);
	cl->watch = loop_watch(c->loop, fd, LOOP_READ, on_client, cl);
}

static void on_listen(void *arg, unsigned ready)
{
	struct control *c = arg;
	int fd = accept4(c->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct peer peer;

	(void)ready;
	if (fd < 0)
		return;
	peer_of(fd, &peer);
	client_new(c, fd, &peer);
}

static void on_handed_in(void *arg, int fd, const struct peer *peer)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	client_new(arg, fd, peer);
}

/* -- the listening socket -- */

static bool address_of(const char *path, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof ret->sun_path)
		return false;
	strcpy(ret->sun_path, path);
	return true;
}

bool control_is_answered(const char *path)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answers = fd >= 0 && address_of(path, &address) &&
	               connect(fd, (struct sockaddr *)&address, sizeof address) == 0;

	if (fd >= 0)
		close(fd);
	return answers;
}

/* What an earlier run left behind goes; whatever else is there is somebody's. */
static bool clear_away(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return false;
	unlink(path);
	return true;
}

static int listen_at(const char *path, struct err *err)
{
	struct sockaddr_un address;
	mode_t mask;
	int fd, failed;

	if (!address_of(path, &address))
		return err_set(err, "the control socket's path is too long: %s", path);
	if (!clear_away(path))
		return err_set(err,
		               "%s is there and is no socket, so it stays as it is: move it away, or name another path "
		               "in TOCSIN_SOCKET, and start again",
		               path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mask = umask(0117);
	failed = fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0;
	umask(mask);
	if (!failed)
		return fd;
	err_set(err, "cannot listen at %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

struct control *control_open(struct loop *loop, const char *path, int fd, struct err *err)
{
	bool is_ours = fd < 0;
	struct control *c;

	if (is_ours)
		fd = listen_at(path, err);
	if (fd < 0)
		return NULL;
	fcntl(fd, F_SETFL, O_NONBLOCK); /* systemd's is not */
	c = xcalloc(1, sizeof *c);
	*c = (struct control){.loop = loop, .fd = fd};
	if (is_ours)
		snprintf(c->path, sizeof c->path, "%s", path);
	LIST_INIT(&c->clients);
	return c;
}

static bool is_for_the_door(int fd)
{
	int type = 0;
	socklen_t len = sizeof type;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

void control_on_ask(struct control *c, control_ask_fn ask, void *arg)
{
	c->ask = ask;
	c->arg = arg;
	if (is_for_the_door(c->fd))
		c->door = door_open(c->loop, c->fd, on_handed_in, c);
	else
		c->watch = loop_watch(c->loop, c->fd, LOOP_READ, on_listen, c);
}

void control_close(struct control *c)
{
	if (!c)
		return;
	while (!LIST_EMPTY(&c->clients))
		client_free(LIST_FIRST(&c->clients));
	loop_watch_free(c->watch);
	door_close(c->door);
	close(c->fd);
	if (*c->path)
		clear_away(c->path);
	free(c);
}
