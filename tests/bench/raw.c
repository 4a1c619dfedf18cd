/* raw.c - the cheapest echo there can be, with nothing of a library: what comes
 * on zigbee2mqtt/a/ is published again on echo/1 at QoS 1, the rest is read and
 * forgotten. raw PORT FILTER:QOS...; says "ready", ends by signal. */
#include "mini.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_message(void *arg, const struct mini_message *m)
{
	static const char alarms[] = "zigbee2mqtt/a/";
	struct mini_message echo = *m;

	if (m->topic_len < strlen(alarms) || memcmp(m->topic, alarms, strlen(alarms)) != 0)
		return;
	echo.topic = "echo/1";
	echo.topic_len = strlen(echo.topic);
	mini_publish(arg, &echo, 1);
}

int main(int argc, char **argv)
{
	static struct mini m = {.heard = on_message, .arg = &m};
	struct mini_login login = {.id = "raw-echo"};
	struct pollfd p = {0};
	bool is_ready = false;
	struct err err;

	if (argc < 3)
		return 2;
	for (int i = 2; i < argc; i++)
		if (!strrchr(argv[i], ':'))
			return 2;
	login.port = (int)strtol(argv[1], NULL, 10);
	if (mini_open(&m, &login, &err) != 0) {
		fprintf(stderr, "raw: %s\n", err.text);
		return 1;
	}
	for (int i = 2; i < argc; i++) {
		char *colon = strrchr(argv[i], ':');

		*colon = '\0';
		mini_subscribe(&m, argv[i], colon[1] == '1');
	}
	/* The broker takes one after the other: acknowledged behind the subscriptions. */
	mini_publish(&m, &(struct mini_message){.topic = "ready", .topic_len = strlen("ready"), .payload = ""}, 1);
	for (p.fd = m.fd; mini_write(&m) == 0;) {
		p.events = (short)(mini_pending(&m) ? POLLIN | POLLOUT : POLLIN);
		poll(&p, 1, -1);
		if (p.revents & POLLIN && mini_read(&m) != 0)
			return 1;
		if (!is_ready && !m.unacked) {
			is_ready = true;
			puts("ready");
			fflush(stdout);
		}
	}
	return 1;
}
