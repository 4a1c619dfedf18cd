/* doctor_broker.c - settings of a mosquitto on this machine that lose alarms, and who it lets speak. */
#include "cert.h"
#include "doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CERT_DAYS = 30, DAYS_KEPT = 7 };

/* What a key must be; true counts as 1. */
static const struct rule {
	const char *name, *key;
	long long low, high, otherwise; /* otherwise: what mosquitto takes when it is not set */
	bool is_flag, zero_is_none;     /* zero_is_none: 0 means no limit, which is good */
	enum severity severity;
	const char *wrong, *todo;
} rules[] = {
    {"broker-persistence", "persistence", 1, 1, 0, true, false, SEVERITY_CRITICAL,
     "it keeps nothing on the disk: what waits for a daemon that is down is gone when the broker ends",
     "persistence true"},
    {"broker-autosave", "autosave_interval", 1, 10, 1800, false, false, SEVERITY_MAJOR,
     "it saves too seldom: at a power cut every alarm of that time is lost", "autosave_interval 1"},
    {"broker-queue", "max_queued_messages", 10000, 10000000, 1000, false, false, SEVERITY_MAJOR,
     "few messages can wait for the daemon: the newest alarms are dropped when it is full (0 drops all in "
     "some releases)",
     "max_queued_messages 100000"},
    {"broker-queue-bytes", "max_queued_bytes", 16 << 20, 1LL << 40, 0, false, true, SEVERITY_MAJOR,
     "few bytes can wait for the daemon: the newest alarms are dropped when it is full",
     "max_queued_bytes 268435456"},
    {"broker-qos0", "queue_qos0_messages", 0, 0, 0, true, false, SEVERITY_MAJOR,
     "telemetry of QoS 0 waits in the same queue and pushes alarms out of it", "queue_qos0_messages false"},
    {"broker-retain", "retain_available", 1, 1, 1, true, false, SEVERITY_CRITICAL,
     "it keeps no retained states: what was alarming before a restart is not read again, and the console is "
     "empty",
     "retain_available true"},
    {"broker-packet", "max_packet_size", 65536, 1LL << 40, 0, false, true, SEVERITY_MAJOR,
     "it takes small messages only: large payloads of sensors and states of large incidents are refused",
     "max_packet_size 4194304"},
    {"broker-inflight", "max_inflight_messages", 1, 1000, 20, false, false, SEVERITY_MINOR,
     "so many may be under way at once that a crash repeats all of them (0: without limit)",
     "max_inflight_messages 20"},
    {"broker-nodelay", "set_tcp_nodelay", 1, 1, 0, true, false, SEVERITY_MINOR,
     "a burst of alarms waits 40 ms for each acknowledgement", "set_tcp_nodelay true"},
    {"broker-clientid", "use_username_as_clientid", 1, 1, 0, true, false, SEVERITY_MAJOR,
     "anybody who may log in can take the daemon's session by its client id, and drain its queue",
     "use_username_as_clientid true"},
};

void doctor_settings(struct doctor *d)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		const struct rule *r = &rules[i];
		long long value = r->is_flag ? mosquitto_true(d->broker, r->key, r->otherwise)
		                             : mosquitto_number(d->broker, r->key, r->otherwise);
		const char *as = mosquitto_get(d->broker, r->key);

		d->check = r->name;
		if ((value >= r->low && value <= r->high) || (r->zero_is_none && value == 0))
			continue;
		doctor_found(d, r->severity,
		             "the broker's %s is %s: %s\n"
		             "put `%s` into its configuration and restart mosquitto",
		             r->key, as ? as : "not set", r->wrong, r->todo);
	}
}

void doctor_anonymous(struct doctor *d)
{
	if (mosquitto_has(d->broker, "allow_anonymous", "true"))
		doctor_found(d, SEVERITY_CRITICAL,
		             "the broker's allow_anonymous is true: anybody in the network can feign sensors "
		             "and silence alarms\n"
		             "put `allow_anonymous false` and a password_file into its configuration and "
		             "restart mosquitto");
}

/* "14d", "2w": sessions that were away for longer are thrown away with all that waits for them. */
void doctor_saved(struct doctor *d)
{
	const char *value = mosquitto_get(d->broker, "persistent_client_expiration");
	char *unit = NULL;
	long long n = value ? strtoll(value, &unit, 10) : 0;

	if (value && (*unit == 'h' || (*unit == 'd' && n < DAYS_KEPT)))
		doctor_found(d, SEVERITY_MAJOR,
		             "the broker's persistent_client_expiration is %s: what waits for a daemon that "
		             "is down longer is thrown away\n"
		             "take it out of its configuration, or write 14d, and restart mosquitto",
		             value);
}

/* -- who may say what -- */

struct judged {
	const struct doctor *d;
	bool is_pattern_there;
	struct buf impostors; /* who may write what others say */
	int n;
};

/* Commands of somebody who is nobody's name. */
static const char *sample_topic(const struct judged *j, const char *user, char ret[256])
{
	snprintf(ret, 256, "tocsin/%s/1/cmd/%s/ack", j->d->plan->site, user);
	return ret;
}

static bool judge_grant(void *arg, const struct mosquitto_grant *g)
{
	struct judged *j = arg;
	const char *own = j->d->plan->broker.user;
	char theirs[256], others[256];

	if (!g->write || g->deny)
		return true;
	sample_topic(j, g->user && *g->user ? g->user : "%u", theirs);
	sample_topic(j, "?", others);
	if (mosquitto_covers(g->filter, others)) {
		if (!g->user || !own || strcmp(g->user, own) != 0)
			doctor_name(&j->impostors, &j->n,
			            !g->user   ? "who gives no name"
			            : *g->user ? g->user
			                       : "everybody");
	} else if (g->user && mosquitto_covers(g->filter, theirs)) {
		j->is_pattern_there = true;
	}
	return true;
}

void doctor_acl(struct doctor *d)
{
	struct judged j = {.d = d};
	struct err err = {0};
	int failed = mosquitto_each_grant(d->broker, judge_grant, &j, &err);

	if (failed && !mosquitto_get(d->broker, "acl_file") &&
	    (mosquitto_get(d->broker, "plugin") || mosquitto_get(d->broker, "auth_plugin")))
		failed = 0; /* it keeps its own list */
	else if (failed)
		doctor_found(d, SEVERITY_CRITICAL,
		             "the broker has no access list (%s): whoever may log in speaks as anybody and "
		             "silences alarms\n"
		             "put `acl_file /etc/mosquitto/tocsin.acl` into its configuration, and what "
		             "`tocsin acl` prints into that file",
		             err.text);
	else if (!j.is_pattern_there)
		doctor_found(d, SEVERITY_CRITICAL,
		             "the broker's access list lets nobody answer: it has no line for what people "
		             "write\n"
		             "put `pattern write tocsin/+/1/cmd/%%u/#` into %s, and `systemctl reload "
		             "mosquitto`",
		             mosquitto_file(d->broker, "acl_file"));
	buf_fini(&j.impostors);
}

void doctor_impostor(struct doctor *d)
{
	struct judged j = {.d = d};
	struct err err;

	if (mosquitto_each_grant(d->broker, judge_grant, &j, &err) == 0 && j.n)
		doctor_found(d, SEVERITY_MAJOR,
		             "the broker's access list lets %s write commands of others: acknowledgements "
		             "prove nothing\n"
		             "give them `pattern write tocsin/+/1/cmd/%%u/#` only; their `topic write` must "
		             "not cover tocsin/#",
		             buf_text(&j.impostors));
	buf_fini(&j.impostors);
}

void doctor_guard(struct doctor *d)
{
	if (mosquitto_true(d->broker, "use_identity_as_username", false))
		return; /* its names stand in certificates */
	if (mosquitto_has_user(d->broker, "guard") == 0)
		doctor_found(
		    d, SEVERITY_MAJOR,
		    "nobody listens to the heartbeats: the broker has no user guard, so when this "
		    "machine dies nobody is told\n"
		    "mosquitto_passwd %s guard, and run tocsin-guard on another host (operations.md, "
		    "The guard)",
		    mosquitto_file(d->broker, "password_file"));
}

void doctor_broker_certificate(struct doctor *d)
{
	static const char *const keys[] = {"certfile", "cafile"};
	int64_t left_s;

	for (int i = 0; i < 2; i++) {
		const char *path = mosquitto_file(d->broker, keys[i]);

		if (!path)
			continue;
		if (!cert_left_s(path, &left_s))
			doctor_found(d, SEVERITY_CRITICAL,
			             "the broker's %s %s cannot be read as a certificate\n"
			             "put it there, and restart mosquitto",
			             keys[i], path);
		else if (left_s < CERT_DAYS * 86400)
			doctor_found(d, left_s < 0 ? SEVERITY_CRITICAL : SEVERITY_MAJOR,
			             "the broker's %s %s %s in %lld days: nobody reaches it with TLS then\n"
			             "renew it, and restart mosquitto",
			             keys[i], path, left_s < 0 ? "has ended, counted" : "ends",
			             (long long)left_s / 86400);
	}
}
