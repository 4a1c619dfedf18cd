/* doctor_listen.c - what the broker itself says: commands that somebody left
 * retained, messages it dropped, whether it takes who gives no name. */
#include "base/arena.h"
#include "doctor.h"
#include "fault.h"
#include "listen.h"
#include "loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LISTEN_MS = 10000, RETAINED_MS = 1500, STRANGER_MS = 3000, USER_BYTES = 1024 };

#define DROPPED_TOPIC "$SYS/broker/publish/messages/dropped"

struct ear {
	struct doctor *d;
	struct loop *loop;
	struct loop_timer *limit;
	const struct listen_config *config;
	bool is_stranger, is_up;
	struct buf why;
};

static void on_limit(void *arg)
{
	struct ear *ear = arg;

	loop_stop(ear->loop);
}

static void on_link(void *arg, bool is_up, const char *why)
{
	struct ear *ear = arg;

	ear->is_up = is_up;
	buf_clear(&ear->why);
	buf_str(&ear->why, is_up ? "" : why);
	loop_timer_in(ear->limit, is_up && !ear->is_stranger ? RETAINED_MS : 0);
}

/* For the shell of whoever clears it. */
static void quote(struct buf *out, const char *text)
{
	buf_char(out, '\'');
	for (; *text; text++)
		buf_str(out, *text == '\'' ? "'\\''" : (char[]){*text, 0});
	buf_char(out, '\'');
}

/* The user that may write it stands in the topic: anybody's words, and somebody will paste them into a shell.
 */
static void keep_command(struct ear *ear, const char *topic)
{
	const struct broker *b = &ear->config->broker;
	const char *at = strstr(topic, "/cmd/");
	struct buf *out = &ear->d->kept;
	char user[USER_BYTES];

	at = at ? at + 5 : "";
	snprintf(user, sizeof user, "%.*s", (int)strcspn(at, "/"), at);
	if (out->len)
		buf_str(out, "; ");
	buf_printf(out, "mosquitto_pub -h %s -p %d -u ", b->host, b->port);
	quote(out, user);
	buf_str(out, " -P PASSWORD -r -n -t ");
	quote(out, topic);
}

static void on_message(void *arg, const struct heard *m)
{
	struct ear *ear = arg;

	if (!strcmp(m->topic, DROPPED_TOPIC))
		ear->d->dropped = strtoll(m->payload, NULL, 10);
	else if (m->is_retained && m->len)
		keep_command(ear, m->topic);
}

/* Listens until there is an answer, good or bad. false: it could not even be tried. */
static bool hear(struct ear *ear, struct listen_config *config, int64_t limit_ms)
{
	struct err err = {0};

	config->link = on_link;
	config->message = on_message;
	config->arg = ear;
	ear->config = config;
	ear->loop = loop_new();
	if (!ear->loop) {
		buf_str(&ear->why, "the kernel gave no event descriptor");
		return false;
	}
	buf_str(&ear->why, "no answer");
	ear->limit = loop_timer(ear->loop, on_limit, ear);
	loop_timer_in(ear->limit, limit_ms);
	if (!listen_new(ear->loop, config, &err)) {
		buf_clear(&ear->why);
		buf_str(&ear->why, err.text);
		return false;
	}
	loop_run(ear->loop);
	return true;
}

void doctor_ask_broker(struct doctor *d)
{
	static struct ear own, stranger; /* the library's threads go on until the process ends */
	static struct listen_config config = {.name = "doctor"}, nobody = {.name = "doctor-nobody"};
	static char filter[128];
	struct err err = {0};

	if (!d->c->guard.broker || !d->plan)
		return;
	snprintf(filter, sizeof filter, "tocsin/%.64s/1/cmd/+/+", d->plan->site);
	config.filters[0] = filter;
	config.filters[1] = DROPPED_TOPIC;
	own = (struct ear){.d = d};
	if (listen_words(d->c, &config, &err) < 0) {
		buf_str(&d->why, err.text);
		return;
	}
	nobody = config;
	nobody.name = "doctor-nobody";
	nobody.broker.user = nobody.password = NULL;
	hear(&own, &config, fault_patient(LISTEN_MS));
	d->asked = own.is_up;
	buf_str(&d->why, buf_text(&own.why));
	buf_fini(&own.why);
	if (!d->asked)
		return;
	stranger = (struct ear){.d = d, .is_stranger = true};
	hear(&stranger, &nobody, fault_patient(STRANGER_MS));
	d->takes_anybody = stranger.is_up;
	buf_fini(&stranger.why);
}

void doctor_retained(struct doctor *d)
{
	if (!d->asked)
		doctor_found(d, SEVERITY_CRITICAL,
		             "the broker cannot be asked: %s\n"
		             "look at --broker, --user and --password-file, and at its log",
		             buf_text(&d->why));
	else if (d->kept.len)
		doctor_found(d, SEVERITY_MAJOR,
		             "commands are kept at the broker, and refused each time somebody connects\n"
		             "%s",
		             buf_text(&d->kept));
}

void doctor_drops(struct doctor *d)
{
	if (d->asked && d->dropped > 0)
		doctor_found(d, SEVERITY_MAJOR,
		             "the broker has dropped %lld messages since its start: somebody's queue was "
		             "full\n"
		             "raise max_queued_messages, and find the client that is away: mosquitto's log "
		             "names it",
		             (long long)d->dropped);
}

void doctor_stranger(struct doctor *d)
{
	if (d->takes_anybody)
		doctor_found(d, SEVERITY_CRITICAL,
		             "the broker took a connection without a name: anybody in the network can feign "
		             "sensors\n"
		             "put `allow_anonymous false` into its configuration and restart mosquitto");
}
