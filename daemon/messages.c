/* messages.c - a message of the inbox as events: a command of a person, an
 * incident state of our own, or readings by the plan in force now. */
#include "daemon.h"

#include "base/text.h"
#include "intake/family.h"
#include "fault.h"
#include "perform.h"
#include "poison.h"
#include "receive.h"

#include <stdio.h>
#include <string.h>

static const char *hex_of(const char *bytes, size_t len, struct arena *arena)
{
	char *hex = arena_alloc(arena, len * 2 + 1);

	for (size_t i = 0; i < len; i++)
		snprintf(hex + i * 2, 3, "%02x", (unsigned char)bytes[i]);
	return hex;
}

/* Brokers end the link of who speaks to a topic of more than 200 levels. */
enum { ANSWER_TOPIC_MAX = 200 };

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Below the root, what the daemon or people say there is believed. */
static bool is_spoken_for(const char *below_root)
{
	static const char *const words[] = {"status", "info",  "heartbeat", "mark", "incident",    "zone", "summary",
	                                    "event",  "audit", "page",      "cmd",  "impairments", "oncall", "dryrun",
	                                    "result", "names"};
	size_t len = strcspn(below_root, "/");

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == len && !strncmp(below_root, words[i], len))
			return true;
	return false;
}

/* The asker names where the answer goes too; that is no way to speak with our
 * rights: a filter would end our link, no interlock stands before an
 * actuator's topic, and at a sensor's it would be a sign of life of one that
 * is dead. Of what is spoken for only what is the asker's own. */
static bool may_answer_at(const struct daemon *d, const char *user, const char *topic)
{
	const struct plan *plan = daemon_plan(d);
	int person = plan_person_by_user(plan, user);
	size_t len = strlen(topic);
	char result[192], page[192];
	int n;

	if (!len || len > ANSWER_TOPIC_MAX || *topic == '$' || strpbrk(topic, "+#") || !utf8_valid(topic, len))
		return false;
	for (int i = 0; i < plan->n_actuators; i++)
		if (!strcmp(topic, plan->actuators[i].topic))
			return false;
	if (intake_hears(d->newest->intake, topic))
		return false;
	if (!begins(topic, "tocsin/"))
		return true;
	if (begins(topic, d->receive.root) && !is_spoken_for(topic + strlen(d->receive.root)))
		return true;
	n = snprintf(result, sizeof result, "%sresult/%s", d->receive.root, user);
	if (begins(topic, result) && (!topic[n] || topic[n] == '/'))
		return true;
	snprintf(page, sizeof page, "%spage/%s/", d->receive.root, person < 0 ? "" : plan->people[person].id);
	return person >= 0 && begins(topic, page) && strcmp(topic + strlen(page), "json") != 0;
}

static void step_command(struct daemon *d, const struct inbox_item *item, const char *user, const char *verb)
{
	struct event ev = {0};
	struct command *c = &ev.command;
	struct arena arena;

	arena_init(&arena);
	if (command_parse(user, verb, item->message.payload, item->message.len, &arena, &ev)) {
		c->via = "mqtt";
		c->retained = item->message.retained;
		c->dup = GUARD(redelivery) && item->message.dup;
		c->before_mark = item->message.before_mark;
		if (item->message.response_topic && may_answer_at(d, user, item->message.response_topic))
			c->reply.response_topic = item->message.response_topic;
		if (item->message.correlation)
			c->reply.correlation =
			    hex_of(item->message.correlation, item->message.correlation_len, &arena);
		daemon_step(d, &ev);
	}
	arena_fini(&arena);
}

static void step_retained(struct daemon *d, const char *id, int64_t number)
{
	struct event ev = {.kind = EVENT_RETAINED};

	ev.retained.number = number;
	ev.retained.id = id;
	daemon_step(d, &ev);
}

enum { LIMIT_WORDS = 320 };

static const char *limit_words(const char *topic, char ret[LIMIT_WORDS])
{
	snprintf(ret, LIMIT_WORDS,
	         "a message on %.100s was not read for all its sensors (at most %d sensors of one message, "
	         "%d names under wildcards): name the sensors, or narrow the wildcard",
	         topic, INTAKE_READINGS_MAX, FAMILY_MAX);
	return ret;
}

/* A callback that doesn't wait tells intake nothing; without this each repeat
 * of each sensor would be news once more when the store is back. */
static void keep_marks(struct daemon *d, const struct intake_result *r)
{
	struct batch *b = d->gathering;

	if (d->store_state == STORE_OK || r->n == 0)
		return;
	if (b->marked != d->newest)
		b->n_marks = 0;
	b->marked = d->newest;
	if (b->n_marks + r->n > b->cap_marks) {
		b->cap_marks = 2 * (b->n_marks + r->n);
		b->marks = xrealloc(b->marks, (size_t)b->cap_marks * sizeof *b->marks);
	}
	memcpy(b->marks + b->n_marks, r->marks, (size_t)r->n * sizeof *r->marks);
	b->n_marks += r->n;
}

static void step_readings(struct daemon *d, const struct inbox_item *item)
{
	static struct intake_result result; /* 45 KiB, the loop's own */
	struct message m = {.topic = item->message.topic,
	                    .payload = item->message.payload,
	                    .len = item->message.len,
	                    .qos = item->message.qos,
	                    .retained = item->message.retained,
	                    .dup = GUARD(redelivery) && item->message.dup,
	                    .at_ms = item->message.at_ms};
	char words[LIMIT_WORDS];

	intake_read(d->newest->intake, &m, -1, &result);
	for (int i = 0; i < result.n; i++) {
		struct event ev = {.kind = EVENT_READING, .reading = result.readings[i]};

		daemon_step(d, &ev);
	}
	keep_marks(d, &result);
	if (result.n_more)
		daemon_fault_once(d, SELF_LIMIT, limit_words(item->message.topic, words));
}

void messages_step(struct daemon *d, const struct inbox_item *item)
{
	char user[65], verb[33], id[32];
	char zone[RECEIVE_ZONE_BYTES];
	int64_t number;
	int part;

	poison_in_work(d->poison, POISON_LOOP,
	               poison_digest(item->message.topic, item->message.payload, item->message.len));
	fault_crash("crash-loop", item->message.payload);
	if (receive_command_topic(d->receive.root, item->message.topic, user, verb))
		step_command(d, item, user, verb);
	else if (receive_incident_topic(d->receive.root, item->message.topic, id, &number))
		step_retained(d, id, number);
	else if (receive_names_topic(d->receive.root, item->message.topic, &part))
		perform_names_seen(d, part);
	else if (receive_zone_topic(d->receive.root, item->message.topic, zone) && plan_zone(daemon_plan(d), zone) < 0)
		perform_no_zone(d, zone);
	else
		step_readings(d, item);
	poison_in_work(d->poison, POISON_LOOP, 0);
}
