/* relay.h - a TCP relay in front of a test broker that can swallow what the
 * client sends, cut the line, or behave like a broker without MQTT 5. */
#ifndef TOCSIN_TEST_RELAY_H
#define TOCSIN_TEST_RELAY_H

#include "adapter/broker.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

enum refuse_v5 { REFUSE_NOT, REFUSE_WITH_CODE, REFUSE_HANG_UP };

struct relay {
	int port, target, listener;
	atomic_int refuse;           /* enum refuse_v5 */
	atomic_bool swallow;         /* what the client sends */
	atomic_int n_swallowed;      /* PUBLISH packets among it */
	atomic_bool refuse_first;    /* the first filter of each SUBACK */
	atomic_bool says_one;        /* a SUBACK with the first code alone, for however many filters */
	atomic_int cut;              /* each increment cuts every line */
	atomic_bool says_taken_over; /* with the cut */
	atomic_bool has_ended;       /* lines that begin now end at once */
	atomic_int n_v5, n_v3;       /* CONNECT packets seen */
	atomic_int n_lines;
	pthread_t thread;
};

struct relay_line {
	struct relay *relay;
	int client, server, cut; /* of the relay when this one was accepted */
};

/* The protocol level in a CONNECT packet: behind the length and "MQTT". */
static inline int relay_level(const unsigned char *bytes, ssize_t n)
{
	for (ssize_t i = 1; i + 6 < n && i < 8; i++) {
		if (bytes[0] == 0x10 && !memcmp(bytes + i, "\0\4MQTT", 6))
			return bytes[i + 6];
	}
	return 0;
}

/* The length of the packet at `at`, in a fixed header of two bytes at most; they come whole. */
static inline ssize_t relay_packet(const unsigned char *at)
{
	return at[1] & 128 ? 3 + (at[1] & 127) + at[2] * 128 : 2 + at[1];
}

static inline bool relay_swallow(struct relay *r, const unsigned char *bytes, ssize_t n)
{
	for (ssize_t at = 0; at + 2 < n; at += relay_packet(bytes + at))
		atomic_fetch_add(&r->n_swallowed, bytes[at] >> 4 == 3);
	return true;
}

static inline bool relay_up(struct relay_line *l)
{
	static const char refused[] = {0x20, 2, 0, 1};
	unsigned char bytes[65536];
	ssize_t n = recv(l->client, bytes, sizeof(bytes), 0);
	int level = relay_level(bytes, n);

	if (n <= 0)
		return false;
	atomic_fetch_add(&l->relay->n_v5, level == 5);
	atomic_fetch_add(&l->relay->n_v3, level == 4);
	if (level == 5 && atomic_load(&l->relay->refuse) != REFUSE_NOT) {
		if (atomic_load(&l->relay->refuse) == REFUSE_WITH_CODE)
			send(l->client, refused, sizeof(refused), MSG_NOSIGNAL);
		return false;
	}
	if (atomic_load(&l->relay->swallow))
		return relay_swallow(l->relay, bytes, n);
	return send(l->server, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

/* Packet by packet: SUBACK is id, id, no properties, codes (MQTT 5). */
static inline void relay_spoil_subacks(unsigned char *bytes, ssize_t n)
{
	for (ssize_t at = 0; at + 2 < n;) {
		ssize_t body = at + 1, len = bytes[body] & 127;

		if (bytes[body++] & 128)
			len += bytes[body++] * 128; /* two bytes are enough here */
		if (bytes[at] == 0x90 && body + 3 < n)
			bytes[body + 3] = 0x87;
		at = body + len;
	}
}

static inline ssize_t relay_cut_subacks(unsigned char *bytes, ssize_t n)
{
	for (ssize_t at = 0; at + 2 < n; at += relay_packet(bytes + at)) {
		ssize_t end = at + relay_packet(bytes + at), body = bytes[at + 1] & 128 ? at + 3 : at + 2;

		if (bytes[at] != 0x90 || end > n || end - body < 5)
			continue;
		memmove(bytes + at + 2, bytes + body, 4); /* id, id, no properties, one code */
		bytes[at + 1] = 4;
		memmove(bytes + at + 6, bytes + end, (size_t)(n - end));
		n -= end - at - 6;
	}
	return n;
}

static inline bool relay_down(struct relay_line *l)
{
	unsigned char bytes[65536];
	ssize_t n = recv(l->server, bytes, sizeof(bytes), 0);

	if (n > 0 && atomic_load(&l->relay->refuse_first))
		relay_spoil_subacks(bytes, n);
	if (n > 0 && atomic_load(&l->relay->says_one))
		n = relay_cut_subacks(bytes, n);
	return n > 0 && send(l->client, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

/* Said to a client that may be writing just now: hung up on at once, it would learn of a broken pipe and read no more. */
static inline void relay_say_taken_over(const struct relay_line *l)
{
	unsigned char bytes[65536];
	int64_t end_ms = test_now_ms() + TEST_LIMIT_MS;
	struct pollfd p = {.fd = l->client, .events = POLLIN};

	send(l->client, "\xe0\2\x8e\0", 4, MSG_NOSIGNAL);
	while (!atomic_load(&l->relay->has_ended) && test_now_ms() < end_ms)
		if (poll(&p, 1, 5) > 0 && recv(l->client, bytes, sizeof(bytes), 0) <= 0)
			break;
}

static inline void *relay_line(void *arg)
{
	struct relay_line *l = arg;
	bool open = l->server >= 0;

	while (open && atomic_load(&l->relay->cut) == l->cut && !atomic_load(&l->relay->has_ended)) {
		struct pollfd p[2] = {{.fd = l->client, .events = POLLIN},
		                      {.fd = l->server, .events = POLLIN}};

		poll(p, 2, 5);
		if (p[0].revents)
			open = relay_up(l);
		if (open && p[1].revents)
			open = relay_down(l);
	}
	if (atomic_load(&l->relay->says_taken_over))
		relay_say_taken_over(l);
	close(l->client);
	if (l->server >= 0)
		close(l->server);
	atomic_fetch_sub(&l->relay->n_lines, 1);
	free(l);
	return NULL;
}

static inline void *relay_accept(void *arg)
{
	struct relay *r = arg;
	pthread_t thread;
	int fd;

	while ((fd = accept(r->listener, NULL, NULL)) >= 0) {
		struct relay_line *l = malloc(sizeof(*l));

		atomic_fetch_add(&r->n_lines, 1);
		*l = (struct relay_line){r, fd, test_socket(r->target, false), atomic_load(&r->cut)};
		pthread_create(&thread, NULL, relay_line, l);
		pthread_detach(thread);
	}
	return NULL;
}

static inline void relay_start(struct relay *r, int target)
{
	*r = (struct relay){.target = target, .port = test_free_port()};
	r->listener = test_socket(r->port, true);
	pthread_create(&r->thread, NULL, relay_accept, r);
}

static inline void relay_end(struct relay *r)
{
	atomic_store(&r->has_ended, true);
	shutdown(r->listener, SHUT_RDWR);
	pthread_join(r->thread, NULL);
	close(r->listener);
	if (!TEST_UNTIL(atomic_load(&r->n_lines) == 0, TEST_LIMIT_MS))
		test_die("a relayed line does not end");
}

#endif
