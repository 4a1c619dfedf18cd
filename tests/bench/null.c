/* null.c - what Paho alone costs: a subscriber that reads and forgets, or one
 * that publishes each message again (echo). Set up as the daemon sets it up:
 * MQTTAsync, MQTT 5, no persistence, Nagle's algorithm off.
 * null PORT QOS [echo] FILTER...; prints "messages N" for each SIGUSR1. */
#include "base/err.h"

#include <MQTTAsync.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECEIVE_MAXIMUM = 20, BUFFERED_MAX = 1000 };

static MQTTAsync client;
static atomic_ullong messages;
static bool echoes;
static int qos, n_filters;
static char **filters;
static atomic_bool is_up;

static int on_message(void *arg, char *topic, int len, MQTTAsync_message *m)
{
	MQTTAsync_responseOptions o = MQTTAsync_responseOptions_initializer;

	(void)arg;
	(void)len;
	atomic_fetch_add_explicit(&messages, 1, memory_order_relaxed);
	if (echoes)
		MQTTAsync_send(client, "echo/1", m->payloadlen, m->payload, 1, 0, &o);
	MQTTAsync_freeMessage(&m);
	MQTTAsync_free(topic);
	return 1;
}

static void nagle_off(void)
{
	for (int fd = 3; fd < 64; fd++) {
		struct sockaddr_storage peer;
		socklen_t len = sizeof(peer);
		int on = 1;

		if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
}

static void on_subscribed(void *arg, MQTTAsync_successData5 *data)
{
	(void)arg;
	(void)data;
	atomic_store(&is_up, true);
}

static void on_connected(void *arg, MQTTAsync_successData5 *data)
{
	MQTTAsync_responseOptions o = MQTTAsync_responseOptions_initializer;

	(void)arg;
	(void)data;
	nagle_off();
	o.onSuccess5 = on_subscribed;
	for (int i = 0; i < n_filters; i++)
		MQTTAsync_subscribe(client, filters[i], qos, &o);
}

static int connect_to(const char *port)
{
	MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
	MQTTAsync_connectOptions o = MQTTAsync_connectOptions_initializer5;
	MQTTProperties properties = MQTTProperties_initializer;
	MQTTProperty p = {.identifier = MQTTPROPERTY_CODE_RECEIVE_MAXIMUM};
	char uri[64];

	snprintf(uri, sizeof(uri), "tcp://127.0.0.1:%s", port);
	create.MQTTVersion = MQTTVERSION_5;
	create.maxBufferedMessages = BUFFERED_MAX;
	p.value.integer2 = RECEIVE_MAXIMUM;
	MQTTProperties_add(&properties, &p);
	o.cleanstart = 1;
	o.connectProperties = &properties;
	o.onSuccess5 = on_connected;
	if (MQTTAsync_createWithOptions(&client, uri, "paho-null", MQTTCLIENT_PERSISTENCE_NONE, NULL,
	                                &create))
		return -1;
	MQTTAsync_setCallbacks(client, NULL, NULL, on_message, NULL);
	return MQTTAsync_connect(client, &o);
}

int main(int argc, char **argv)
{
	sigset_t set;
	int caught;

	if (argc < 4)
		return 2;
	qos = (int)strtol(argv[2], NULL, 10);
	echoes = !strcmp(argv[3], "echo");
	filters = argv + 3 + echoes;
	n_filters = argc - 3 - echoes;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (connect_to(argv[1]) != MQTTASYNC_SUCCESS)
		return 1;
	while (!atomic_load(&is_up))
		usleep(1000);
	for (;;) {
		printf("messages %llu\n", (unsigned long long)atomic_load(&messages));
		fflush(stdout);
		sigwait(&set, &caught);
	}
}
