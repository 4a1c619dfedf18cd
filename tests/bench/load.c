/* load.c - an open-loop load generator: sensors that report and sensors that
 * turn to alarm, each message at its time whatever the others do, and an ear
 * that stamps the notices. Sensor 17 is named #00017 in what comes back. Says
 * its own lag, and when it cannot hold its rate. One line of JSON at the end. */
#include "mini.h"
#include "spread.h"

#include "base/arena.h"

#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
	GATEWAYS = 4,           /* connections that carry telemetry */
	TICK_NS = 200000,       /* what is due within it leaves together */
	HELD_LAG_US = 20000,    /* p99 above this: the rate was not held */
	PENDING_BYTES = 262144, /* unwritten; beyond it the broker pushes back */
	FILTERS_MAX = 8,
};
static const int64_t second_ns = 1000000000;

struct stream {
	const char *prefix;
	int sensors, repeats;
	bool retain;
	double rate;
	int64_t total, sent;
	struct spread lag_us;
};

struct load {
	struct mini_login login;
	struct stream telemetry, alarms;
	int qos, ear_qos, n_filters;
	unsigned window;
	double seconds, prime, linger;
	const char *filters[FILTERS_MAX], *count, *notice, *log;

	struct mini gateways[GATEWAYS], panel, ear, counter;
	int64_t start_ns, end_ns;                          /* first due, last sent */
	int64_t *sent_ns, *got_ns;                         /* per alarm sensor; 0: not yet */
	int64_t n_sent, n_got, n_heard, first_ns, last_ns; /* heard: by the counter */
};

/* ------------------------------------------------------------------ hearing */

/* "... #00017 ...": 17; -1: names nobody. */
static int number_in(const char *text, size_t len)
{
	const char *at = memchr(text, '#', len);
	int number = 0;

	if (!at || text + len - at < 6)
		return -1;
	for (int i = 1; i <= 5; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -1;
		number = number * 10 + (at[i] - '0');
	}
	return number;
}

static void on_ear(void *arg, const struct mini_message *m)
{
	struct load *l = arg;
	size_t len = strlen(l->notice);
	int number = number_in(m->payload, m->len);

	if (m->topic_len < len || memcmp(m->topic, l->notice, len) != 0 || number < 0 ||
	    number >= l->alarms.sensors || !l->sent_ns[number] || l->got_ns[number])
		return;
	l->got_ns[number] = steady_ns();
	l->n_got++;
}

static void on_counter(void *arg, const struct mini_message *m)
{
	struct load *l = arg;

	(void)m;
	l->last_ns = steady_ns();
	if (!l->n_heard++)
		l->first_ns = l->last_ns;
}

/* ------------------------------------------------------------------ sending */

/* What a Zigbee2MQTT device says, about 116 bytes. */
static int64_t wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * (int64_t)1000 + t.tv_nsec / 1000000;
}

static void publish(struct mini *m, const struct stream *s, int sensor, int qos, const char *field)
{
	char topic[64], payload[192];
	struct mini_message message = {.topic = topic, .payload = payload, .retain = s->retain};

	message.topic_len = (size_t)snprintf(topic, sizeof(topic), "%s%05d", s->prefix, sensor);
	message.len =
	    (size_t)snprintf(payload, sizeof(payload),
	                     "{\"battery\":100,\"linkquality\":%d,%s,\"voltage\":3015,\"device\":\"#%05d\","
	                     "\"last_seen\":%" PRId64 "}",
	                     80 + (int)(s->sent % 40), field, sensor, wall_ms());
	mini_publish(m, &message, qos);
}

static void send_telemetry(struct load *l, int sensor)
{
	char field[64];

	snprintf(field, sizeof(field), "\"temperature\":%d.%02d,\"humidity\":43.10",
	         20 + (int)(l->telemetry.sent % 7), (int)(l->telemetry.sent % 100));
	publish(&l->gateways[sensor % GATEWAYS], &l->telemetry, sensor, l->qos, field);
}

/* In which of its messages a sensor turns to alarm: spread over all but the first. */
static int turns_at(const struct stream *s, int sensor)
{
	return s->repeats == 1 ? 0 : 1 + (int)((unsigned)sensor * 2654435761u % (unsigned)(s->repeats - 1));
}

static void send_alarm(struct load *l, int sensor, int round)
{
	bool is_alarm = round >= turns_at(&l->alarms, sensor);

	publish(&l->panel, &l->alarms, sensor, 1,
	        is_alarm ? "\"tamper\":false,\"alarm\":true" : "\"tamper\":false,\"alarm\":false");
	if (is_alarm && !l->sent_ns[sensor]) {
		l->sent_ns[sensor] = steady_ns();
		l->n_sent++;
	}
}

static bool has_room(const struct load *l, const struct mini *m)
{
	return m->unacked < l->window && mini_pending(m) < PENDING_BYTES;
}

static int64_t due_ns(const struct load *l, const struct stream *s)
{
	return s->sent == s->total ? INT64_MAX
	                           : l->start_ns + (int64_t)((double)(s->sent + 1) / s->rate * 1e9);
}

static void send_due(struct load *l, struct stream *s)
{
	for (int64_t now_ns = steady_ns(), due; (due = due_ns(l, s)) <= now_ns; s->sent++) {
		int sensor = (int)(s->sent % s->sensors);

		if (!has_room(l, s == &l->alarms ? &l->panel : &l->gateways[sensor % GATEWAYS]))
			return;
		if (s == &l->alarms)
			send_alarm(l, sensor, (int)(s->sent / s->sensors));
		else
			send_telemetry(l, sensor);
		spread_add(&s->lag_us, (now_ns - due) / 1000);
	}
}

/* ------------------------------------------------------------ the connections */

static int connections(struct load *l, struct mini *ret[GATEWAYS + 3])
{
	int n = 0;

	for (; n < GATEWAYS; n++)
		ret[n] = &l->gateways[n];
	ret[n++] = &l->panel;
	ret[n++] = &l->ear;
	if (l->count)
		ret[n++] = &l->counter;
	return n;
}

static void die(const char *why)
{
	fprintf(stderr, "load: %s\n", why);
	exit(1);
}

static void exchange(struct load *l, int64_t until_ns)
{
	struct mini *at[GATEWAYS + 3];
	struct pollfd fds[GATEWAYS + 3];
	int n = connections(l, at);
	int64_t wait_ns = until_ns - steady_ns();
	struct timespec wait;

	if (wait_ns < TICK_NS)
		wait_ns = TICK_NS;
	wait = (struct timespec){wait_ns / second_ns, wait_ns % second_ns};
	for (int i = 0; i < n; i++) {
		if (mini_write(at[i]) != 0)
			die("the broker closed a connection");
		fds[i] = (struct pollfd){at[i]->fd, POLLIN, 0};
		fds[i].events = (short)(mini_pending(at[i]) ? POLLIN | POLLOUT : POLLIN);
	}
	ppoll(fds, (nfds_t)n, &wait, NULL);
	for (int i = 0; i < n; i++)
		if (fds[i].revents && mini_read(at[i]) != 0)
			die("the broker closed a connection");
}

static void open_all(struct load *l)
{
	struct mini *at[GATEWAYS + 3];
	int n = connections(l, at);
	struct err err;
	char id[32];

	for (int i = 0; i < n; i++) {
		l->login.id = id;
		snprintf(id, sizeof(id), "load-%d-%d", (int)getpid(), i);
		if (mini_open(at[i], &l->login, &err) != 0)
			die(err.text);
		at[i]->arg = l;
	}
	l->ear.heard = on_ear;
	l->counter.heard = on_counter;
	for (int i = 0; i < l->n_filters; i++)
		mini_subscribe(&l->ear, l->filters[i], l->ear_qos);
	if (l->count)
		mini_subscribe(&l->counter, l->count, 0);
}

/* ------------------------------------------------------------------- the run */

static bool is_all_acked(struct load *l)
{
	struct mini *at[GATEWAYS + 3];
	int n = connections(l, at);

	for (int i = 0; i < n; i++)
		if (at[i]->unacked || mini_pending(at[i]))
			return false;
	return true;
}

/* Everybody says once that all is well: what a sensor says first is news. */
static void prime(struct load *l)
{
	int most = l->telemetry.sensors > l->alarms.sensors ? l->telemetry.sensors : l->alarms.sensors;
	int64_t at_ns = steady_ns();

	if (l->prime <= 0)
		return;
	for (int i = 0; i < most; i++) {
		if (i < l->telemetry.sensors)
			send_telemetry(l, i);
		if (i < l->alarms.sensors)
			send_alarm(l, i, l->alarms.repeats == 1 ? -1 : 0);
		at_ns += (int64_t)(1e9 / l->prime);
		while (steady_ns() < at_ns || !has_room(l, &l->panel))
			exchange(l, at_ns);
	}
	while (!is_all_acked(l))
		exchange(l, steady_ns() + TICK_NS);
	at_ns = steady_ns() + second_ns;
	while (steady_ns() < at_ns)
		exchange(l, at_ns);
	l->n_heard = 0;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void run(struct load *l)
{
	int64_t end_ns;

	l->start_ns = steady_ns();
	end_ns = l->start_ns + (int64_t)(l->seconds * 1e9);
	while (l->telemetry.sent < l->telemetry.total || l->alarms.sent < l->alarms.total) {
		send_due(l, &l->alarms);
		send_due(l, &l->telemetry);
		exchange(l, earlier(due_ns(l, &l->telemetry), due_ns(l, &l->alarms)));
	}
	l->end_ns = steady_ns();
	while (steady_ns() < end_ns || !is_all_acked(l))
		exchange(l, steady_ns() + second_ns / 100);
	end_ns = steady_ns() + (int64_t)(l->linger * 1e9);
	while (steady_ns() < end_ns && (l->n_got < l->n_sent || !l->n_filters))
		exchange(l, earlier(end_ns, steady_ns() + second_ns / 100));
}

/* ----------------------------------------------------------------- the answer */

static void write_log(const struct load *l)
{
	FILE *f = l->log ? fopen(l->log, "w") : NULL;

	for (int i = 0; f && i < l->alarms.sensors; i++)
		fprintf(f, "%d %" PRId64 " %" PRId64 "\n", i, l->sent_ns[i], l->got_ns[i]);
	if (l->log && (!f || fclose(f) != 0))
		die("cannot write the log");
}

static void print_lag(struct stream *s, const char *name)
{
	int64_t p99;

	spread_print(&s->lag_us, name);
	p99 = spread_quantile(&s->lag_us, 99);
	printf(",");
	if (p99 > HELD_LAG_US)
		fprintf(stderr, "load: cannot hold %.0f/s on %s: p99 of its own lag is %" PRId64 " ms\n",
		        s->rate, s->prefix, p99 / 1000);
}

static void print(struct load *l)
{
	struct spread notice_us = {0};
	double took_s = (double)(l->end_ns - l->start_ns) / 1e9;

	for (int i = 0; i < l->alarms.sensors; i++)
		if (l->got_ns[i])
			spread_add(&notice_us, (l->got_ns[i] - l->sent_ns[i]) / 1000);
	printf("{\"telemetry\":%" PRId64 ",\"alarm_messages\":%" PRId64 ",\"alarms\":%" PRId64
	       ",\"answered\":%" PRId64 ",\"took_s\":%.3f,",
	       l->telemetry.sent, l->alarms.sent, l->n_sent, l->n_got, took_s);
	print_lag(&l->telemetry, "telemetry_lag_us");
	print_lag(&l->alarms, "alarm_lag_us");
	printf("\"heard\":%" PRId64 ",\"heard_s\":%.3f,", l->n_heard,
	       (double)(l->last_ns - l->first_ns) / 1e9);
	printf("\"start_ns\":%" PRId64 ",\"held\":%s,", l->start_ns,
	       spread_quantile(&l->telemetry.lag_us, 99) <= HELD_LAG_US &&
	               spread_quantile(&l->alarms.lag_us, 99) <= HELD_LAG_US
	           ? "true"
	           : "false");
	spread_print(&notice_us, "notice_us");
	printf("}\n");
	spread_fini(&notice_us);
}

/* -------------------------------------------------------------- the arguments */

static const struct option options[] = {
    {"port", 1, NULL, 'p'},     {"user", 1, NULL, 'u'},
    {"password", 1, NULL, 'P'}, {"telemetry", 1, NULL, 't'},
    {"sensors", 1, NULL, 'n'},  {"qos", 1, NULL, 'q'},
    {"alarms", 1, NULL, 'a'},   {"alarm-sensors", 1, NULL, 'm'},
    {"repeats", 1, NULL, 'k'},  {"seconds", 1, NULL, 's'},
    {"prime", 1, NULL, 'w'},    {"linger", 1, NULL, 'l'},
    {"window", 1, NULL, 'W'},   {"ear", 1, NULL, 'e'},
    {"ear-qos", 1, NULL, 'Q'},  {"notice", 1, NULL, 'N'},
    {"count", 1, NULL, 'c'},    {"log", 1, NULL, 'L'},
    {"retain", 0, NULL, 'r'},   {NULL, 0, NULL, 0},
};

static void take_number(struct load *l, int option, double value)
{
	switch (option) {
	case 'p':
		l->login.port = (int)value;
		break;
	case 't':
		l->telemetry.rate = value;
		break;
	case 'n':
		l->telemetry.sensors = (int)value;
		break;
	case 'q':
		l->qos = (int)value;
		break;
	case 'a':
		l->alarms.rate = value;
		break;
	case 'm':
		l->alarms.sensors = (int)value;
		break;
	case 'k':
		l->alarms.repeats = (int)value;
		break;
	case 's':
		l->seconds = value;
		break;
	case 'w':
		l->prime = value;
		break;
	case 'l':
		l->linger = value;
		break;
	case 'W':
		l->window = (unsigned)value;
		break;
	case 'Q':
		l->ear_qos = (int)value;
		break;
	default:
		exit(2); /* getopt has said why */
	}
}

static void take_options(struct load *l, int argc, char **argv)
{
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == 'u')
			l->login.user = optarg;
		else if (option == 'P')
			l->login.password = optarg;
		else if (option == 'N')
			l->notice = optarg;
		else if (option == 'c')
			l->count = optarg;
		else if (option == 'L')
			l->log = optarg;
		else if (option == 'r')
			l->alarms.retain = true;
		else if (option == 'e' && l->n_filters < FILTERS_MAX)
			l->filters[l->n_filters++] = optarg;
		else
			take_number(l, option, optarg ? strtod(optarg, NULL) : 0);
	}
	if (l->alarms.sensors > 99999 || l->alarms.repeats < 1)
		die("at most 99999 --alarm-sensors, at least one --repeats");
	if (l->telemetry.rate > 0 && l->telemetry.sensors > 0)
		l->telemetry.total = (int64_t)(l->seconds * l->telemetry.rate);
	if (l->alarms.rate > 0)
		l->alarms.total = (int64_t)l->alarms.sensors * l->alarms.repeats;
}

int main(int argc, char **argv)
{
	static struct load l = {
	    .telemetry = {.prefix = "zigbee2mqtt/t/"},
	    .alarms = {.prefix = "zigbee2mqtt/a/", .repeats = 1},
	    .qos = 1,
	    .ear_qos = 1,
	    .window = 1000,
	    .linger = 5,
	    .notice = "",
	};

	prctl(PR_SET_TIMERSLACK, 1UL);
	take_options(&l, argc, argv);
	l.sent_ns = xcalloc((size_t)l.alarms.sensors + 1, sizeof(*l.sent_ns));
	l.got_ns = xcalloc((size_t)l.alarms.sensors + 1, sizeof(*l.got_ns));
	open_all(&l);
	prime(&l);
	run(&l);
	write_log(&l);
	print(&l);
	return 0;
}
