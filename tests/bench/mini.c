/* mini.c - packets in, packets out. */
#include "mini.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNACK = 2, PUBLISH = 3, PUBACK = 4, READ_BYTES = 65536, ANSWER_MS = 10000 };

static void add_u16(struct buf *b, size_t value)
{
	buf_char(b, (char)(value >> 8));
	buf_char(b, (char)(value & 0xff));
}

static void add_text(struct buf *b, const char *text, size_t len)
{
	add_u16(b, len);
	buf_add(b, text, len);
}

static void add_head(struct buf *b, int first, size_t rest)
{
	buf_char(b, (char)first);
	do {
		buf_char(b, (char)(rest % 128 | (rest >= 128 ? 0x80 : 0)));
		rest /= 128;
	} while (rest > 0);
}

static uint16_t next_id(struct mini *m)
{
	m->last_id = (uint16_t)(m->last_id == UINT16_MAX ? 1 : m->last_id + 1);
	return m->last_id;
}

static void add_connect(struct mini *m, const struct mini_login *login)
{
	size_t rest = 10 + 2 + strlen(login->id);
	int flags = 0x02;

	if (login->user) {
		rest += 4 + strlen(login->user) + strlen(login->password);
		flags |= 0xc0;
	}
	add_head(&m->out, 0x10, rest);
	add_text(&m->out, "MQTT", 4);
	buf_char(&m->out, 4);
	buf_char(&m->out, (char)flags);
	add_u16(&m->out, 0);
	add_text(&m->out, login->id, strlen(login->id));
	if (login->user) {
		add_text(&m->out, login->user, strlen(login->user));
		add_text(&m->out, login->password, strlen(login->password));
	}
}

static int is_welcome(struct mini *m)
{
	struct pollfd p = {.fd = m->fd, .events = POLLIN};
	unsigned char answer[4];

	return mini_write(m) == 0 && poll(&p, 1, ANSWER_MS) == 1 && recv(m->fd, answer, 4, 0) == 4 &&
	       answer[0] >> 4 == CONNACK && answer[3] == 0;
}

int mini_open(struct mini *m, const struct mini_login *login, struct err *err)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)login->port)};
	int on = 1;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	m->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (m->fd < 0 || connect(m->fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return err_set(err, "nobody answers at 127.0.0.1:%d: start the broker first", login->port);
	setsockopt(m->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	add_connect(m, login);
	if (!is_welcome(m))
		return err_set(err, "the broker refuses %s: check user and password", login->id);
	fcntl(m->fd, F_SETFL, O_NONBLOCK);
	return 0;
}

void mini_close(struct mini *m)
{
	close(m->fd);
	buf_fini(&m->in);
	buf_fini(&m->out);
}

void mini_subscribe(struct mini *m, const char *filter, int qos)
{
	size_t len = strlen(filter);

	add_head(&m->out, 0x82, 2 + 2 + len + 1);
	add_u16(&m->out, next_id(m));
	add_text(&m->out, filter, len);
	buf_char(&m->out, (char)qos);
}

void mini_publish(struct mini *m, const struct mini_message *message, int qos)
{
	size_t rest = 2 + message->topic_len + (qos ? 2 : 0) + message->len;

	add_head(&m->out, 0x30 | qos << 1 | message->retain, rest);
	add_text(&m->out, message->topic, message->topic_len);
	if (qos)
		add_u16(&m->out, next_id(m));
	m->unacked += qos > 0;
	buf_add(&m->out, message->payload, message->len);
}

size_t mini_pending(const struct mini *m)
{
	return m->out.len - m->out_at;
}

static void forget_written(struct buf *b, size_t *at)
{
	if (*at < READ_BYTES)
		return;
	memmove(b->text, b->text + *at, b->len - *at);
	b->len -= *at;
	*at = 0;
}

int mini_write(struct mini *m)
{
	while (mini_pending(m) > 0) {
		ssize_t n = send(m->fd, m->out.text + m->out_at, mini_pending(m), MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			forget_written(&m->out, &m->out_at);
			return 0;
		}
		if (n < 0)
			return -1;
		m->out_at += (size_t)n;
	}
	buf_clear(&m->out);
	m->out_at = 0;
	return 0;
}

/* Bytes of the packet at `at`, 0: not all there yet; its body begins at *ret_body. */
static size_t packet_bytes(const struct mini *m, size_t at, size_t *ret_body)
{
	size_t rest = 0, i = 1;

	for (int shift = 0; at + i < m->in.len; shift += 7) {
		unsigned char c = (unsigned char)m->in.text[at + i++];

		rest |= (size_t)(c & 0x7f) << shift;
		if (c & 0x80)
			continue;
		*ret_body = at + i;
		return at + i + rest <= m->in.len ? i + rest : 0;
	}
	return 0;
}

static void take_publish(struct mini *m, const char *head, const char *body, const char *end)
{
	const unsigned char *u = (const unsigned char *)body;
	struct mini_message message = {.topic = body + 2, .topic_len = (size_t)(u[0] << 8 | u[1])};

	message.payload = message.topic + message.topic_len;
	if (*head & 0x06) {
		buf_add(&m->out, "\x40\x02", 2);
		buf_add(&m->out, message.payload, 2);
		message.payload += 2;
	}
	message.len = (size_t)(end - message.payload);
	if (m->heard)
		m->heard(m->arg, &message);
}

static void take_packets(struct mini *m)
{
	size_t at = 0, body = 0, n;

	while ((n = packet_bytes(m, at, &body)) > 0) {
		int kind = (unsigned char)m->in.text[at] >> 4;

		if (kind == PUBLISH)
			take_publish(m, m->in.text + at, m->in.text + body, m->in.text + at + n);
		m->unacked -= kind == PUBACK;
		at += n;
	}
	memmove(m->in.text, m->in.text + at, m->in.len - at);
	m->in.len -= at;
}

int mini_read(struct mini *m)
{
	static char bytes[READ_BYTES];
	ssize_t n;

	do {
		n = recv(m->fd, bytes, sizeof(bytes), 0);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return -1;
		if (n > 0) {
			buf_add(&m->in, bytes, (size_t)n);
			take_packets(m);
		}
	} while (n == READ_BYTES);
	return 0;
}
