/* mini.h - a small MQTT 3.1.1 client on a raw socket: buffered, one read and
 * one write for many messages. The measuring stick must cost less than what it
 * measures, so nothing of a library is in it. */
#ifndef BENCH_MINI_H
#define BENCH_MINI_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mini_message {
	const char *topic, *payload; /* not terminated; valid during the call */
	size_t topic_len, len;
	bool retain; /* of a publish */
};

struct mini {
	int fd;
	struct buf in, out;
	size_t out_at; /* written up to here */
	uint16_t last_id;
	unsigned unacked; /* QoS 1 publishes that wait for their PUBACK */
	void (*heard)(void *arg, const struct mini_message *m);
	void *arg;
};

/* 127.0.0.1; a clean session without keep-alive. user NULL: nobody. Blocks until CONNACK. */
struct mini_login {
	int port;
	const char *id, *user, *password;
};

int mini_open(struct mini *m, const struct mini_login *login, struct err *err);
void mini_close(struct mini *m);
void mini_subscribe(struct mini *m, const char *filter, int qos); /* SUBACK is not waited for */
void mini_publish(struct mini *m, const struct mini_message *message, int qos);
size_t mini_pending(const struct mini *m); /* bytes not written yet */
/* As much as the socket takes or has; -1: the connection broke. */
int mini_write(struct mini *m);
int mini_read(struct mini *m);

#endif
