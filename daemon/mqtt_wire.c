/* mqtt_wire.c - the library's socket, found among our own descriptors. */
#include "mqtt_wire.h"

#include "fault.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SEND_BUFFER_BYTES = 512 * 1024 }; /* the kernel cuts it to its limit, 208 KiB by default */

void wire_init(struct wire *w, bool is_tls)
{
	pthread_mutex_init(&w->lock, NULL);
	w->in_callback = false;
	w->is_tls = is_tls;
	w->fd = -1;
}

void wire_use(struct wire *w, bool is_tls)
{
	pthread_mutex_lock(&w->lock);
	w->is_tls = is_tls;
	pthread_mutex_unlock(&w->lock);
}

static bool has_peer_port(int fd, int port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	} peer;
	socklen_t len = sizeof(peer);

	if (getpeername(fd, &peer.any, &len) != 0)
		return false;
	if (peer.any.sa_family == AF_INET)
		return ntohs(peer.v4.sin_port) == port;
	return peer.any.sa_family == AF_INET6 && ntohs(peer.v6.sin6_port) == port;
}

static void set_options(int fd)
{
	int on = 1, bytes = SEND_BUFFER_BYTES;

	if (GUARD(nodelay))
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

int wire_attach(struct wire *w, int port)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int n = 0, found = -1;

	wire_detach(w);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (fd <= 2 || fd == dirfd(dir) || !has_peer_port(fd, port))
			continue;
		set_options(fd);
		found = fd;
		n++;
	}
	closedir(dir);
	if (n == 1) { /* two: whose is whose cannot be told */
		pthread_mutex_lock(&w->lock);
		w->fd = fcntl(found, F_DUPFD_CLOEXEC, 3);
		pthread_mutex_unlock(&w->lock);
	}
	return n;
}

void wire_detach(struct wire *w)
{
	pthread_mutex_lock(&w->lock);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	pthread_mutex_unlock(&w->lock);
}

bool wire_break(struct wire *w)
{
	bool known;

	pthread_mutex_lock(&w->lock);
	known = w->fd >= 0;
	if (known)
		shutdown(w->fd, SHUT_RDWR);
	pthread_mutex_unlock(&w->lock);
	return known;
}

void wire_enter(struct wire *w)
{
	pthread_mutex_lock(&w->lock);
	w->in_callback = true;
	pthread_mutex_unlock(&w->lock);
}

void wire_leave(struct wire *w)
{
	pthread_mutex_lock(&w->lock);
	w->in_callback = false;
	pthread_mutex_unlock(&w->lock);
}

bool wire_copy(struct wire *w, const char *packet, size_t len)
{
	ssize_t sent = -1;
	int queued = 0;

	pthread_mutex_lock(&w->lock);
	if (w->in_callback && !w->is_tls && w->fd >= 0 && ioctl(w->fd, SIOCOUTQ, &queued) == 0 &&
	    queued <= WIRE_QUIET_BYTES)
		sent = send(w->fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent > 0 && (size_t)sent < len)
		shutdown(w->fd, SHUT_RDWR); /* half a packet spoils the stream: begin again */
	pthread_mutex_unlock(&w->lock);
	return sent >= 0 && (size_t)sent == len;
}

static void add_number(struct buf *out, uint32_t value, int bytes)
{
	while (bytes-- > 0)
		buf_char(out, (char)(value >> (8 * bytes) & 0xff));
}

static void add_length(struct buf *out, size_t len)
{
	do {
		buf_char(out, (char)(len % 128 | (len >= 128 ? 0x80 : 0)));
		len /= 128;
	} while (len > 0);
}

void wire_packet(const struct outgoing *o, bool is_v5, struct buf *ret_packet)
{
	size_t topic_len = strlen(o->topic);
	bool has_expiry = is_v5 && o->expiry_ms > 0;
	size_t rest = 2 + topic_len + (is_v5 ? 1 : 0) + (has_expiry ? 5 : 0) + o->len;

	buf_clear(ret_packet);
	buf_char(ret_packet, (char)(0x30 | (o->retain ? 1 : 0)));
	add_length(ret_packet, rest);
	add_number(ret_packet, (uint32_t)topic_len, 2);
	buf_add(ret_packet, o->topic, topic_len);
	if (is_v5)
		add_number(ret_packet, has_expiry ? 5 : 0, 1);
	if (has_expiry) {
		add_number(ret_packet, 0x02, 1); /* Message Expiry Interval */
		add_number(ret_packet, (uint32_t)((o->expiry_ms + 999) / 1000), 4);
	}
	buf_add(ret_packet, o->payload, o->len);
}
