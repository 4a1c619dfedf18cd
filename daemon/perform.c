#include "perform.h"

#include "answers.h"
#include "fault.h"
#include "naming.h"
#include "queries.h"
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool perform_may_act(const struct daemon *d)
{
	return d->role == ROLE_LEADING;
}

/* -- publishing -- */

void perform_leave(struct daemon *d, struct outgoing *o)
{
	if (!perform_may_act(d))
		return;
	if (!o->len)
		o->len = strlen(o->payload);
	mqtt_publish(d->mqtt, o);
}

const char *perform_topic(const struct daemon *d, const char *topic, char ret[PERFORM_TOPIC_BYTES])
{
	snprintf(ret, PERFORM_TOPIC_BYTES, "%s%s", d->receive.root, topic);
	return ret;
}

/* A state rendered while the store was well says "unrecorded":false; that is
 * the one word which turns out only when it leaves. */
static char *mark_unrecorded(const char *payload)
{
	static const char was[] = "\"unrecorded\":false", is[] = "\"unrecorded\":true";
	const char *at = strstr(payload, was);
	struct buf out = {0};

	if (!at)
		return xstrdup(payload);
	buf_add(&out, payload, (size_t)(at - payload));
	buf_str(&out, is);
	buf_str(&out, at + strlen(was));
	return buf_steal(&out);
}

static void do_publish(struct daemon *d, const struct effect *e, bool recorded)
{
	const struct publish *p = &e->publish;
	char topic[PERFORM_TOPIC_BYTES],
	    *payload = recorded ? xstrdup(p->payload) : mark_unrecorded(p->payload);
	struct outgoing o = {.topic = p->is_whole ? p->topic : perform_topic(d, p->topic, topic),
	                     .payload = payload,
	                     .qos = p->qos,
	                     .retain = p->retain,
	                     .latest_wins = p->latest_wins};

	o.lane = p->latest_wins || p->retain ? LANE_STATE : p->qos ? LANE_PERSON : LANE_STREAM;
	perform_leave(d, &o);
	free(payload);
}

/* -- notices and actuators -- */

static const char *hash_of(const struct daemon *d, const struct batch *b, int64_t *seq)
{
	for (int i = 0; i < b->turn.n_rows; i++)
		if (b->turn.rows[i].row.seq == *seq)
			return b->turn.rows[i].hash;
	*seq = d->head_seq;
	return d->head_hash;
}

/* Unrecorded, its number may be given again after a crash: it leaves under a
 * name that no recorded notice and no other start can have. */
static void do_notice(struct daemon *d, const struct batch *b, const struct effect *e, bool recorded)
{
	struct channel_notice n = {
	    .notice = &e->notice, .sent_id = e->notice.id, .now_ms = clock_now(&d->clock)};
	char provisional[64];

	if (!perform_may_act(d))
		return;
	n.marks.repeat = e->notice.repeat;
	n.marks.unrecorded = !recorded;
	if (recorded) {
		n.marks.head_seq = e->notice.seq;
		n.marks.head_hash = hash_of(d, b, &n.marks.head_seq);
	} else {
		snprintf(provisional, sizeof provisional, "%.40s-u%llx", e->notice.id,
		         (unsigned long long)d->born_ms);
		n.sent_id = provisional;
	}
	channels_send(d->channels, &n);
}

static void post_actuated(struct daemon *d, int64_t id, enum outcome outcome, bool interlocked)
{
	struct posted *p = daemon_post(d, EVENT_ACTUATED);

	p->event.actuated.id = id;
	p->event.actuated.outcome = outcome;
	p->event.actuated.interlocked = interlocked;
}

static void do_actuate(struct daemon *d, const struct effect *e)
{
	const struct actuate *a = &e->actuate;
	struct outgoing o = {.lane = e->life ? LANE_LIFE : LANE_PERSON,
	                     .topic = a->topic,
	                     .payload = a->payload,
	                     .qos = daemon_plan(d)->broker.version >= 5 ? 1 : 0,
	                     .needs_sync = GUARD(commands_need_the_mark),
	                     .expiry_ms = GUARD(command_expiry) ? a->within_ms : 0,
	                     .token = a->id * 2};

	if (!perform_may_act(d))
		return;
	if (GUARD(interlock_again) && !engine_may_actuate(d->engine, a->id))
		post_actuated(d, a->id, OUTCOME_FAILED, true);
	else
		perform_leave(d, &o);
}

static bool may_still_go(void *arg, int64_t token)
{
	struct daemon *d = arg;
	bool may = engine_may_actuate(d->engine, token / 2);

	if (!may)
		post_actuated(d, token / 2, OUTCOME_FAILED, true);
	return may;
}

/* Where the link is not whole nothing leaves, and the lanes say of each that it did not: it is tried again in its time. */
void perform_recall(struct daemon *d)
{
	if (d->link == LINK_SYNCED && GUARD(commands_recalled))
		mqtt_recall(d->mqtt, may_still_go, d);
}

void perform_published(struct daemon *d, int64_t token, bool ok, const char *why)
{
	if (token & 1)
		channels_published(d->channels, token, ok, why);
	else
		post_actuated(d, token / 2, ok ? OUTCOME_SENT : OUTCOME_FAILED, false);
}

void perform_channel_publish(void *arg, const struct channel_publish *p)
{
	struct daemon *d = arg;
	char topic[PERFORM_TOPIC_BYTES];
	struct outgoing o = {.lane = p->is_life ? LANE_LIFE : LANE_PERSON,
	                     .topic = perform_topic(d, p->topic, topic),
	                     .payload = p->payload,
	                     .qos = 1,
	                     .expiry_ms = p->expiry_ms,
	                     .token = p->token,
	                     .repeat_payload = p->is_life && GUARD(copy) ? p->payload_again : NULL};

	perform_leave(d, &o);
}

void perform_channel_outcome(void *arg, const struct channel_outcome *o)
{
	struct daemon *d = arg;
	struct posted *p;

	fault_crash("crash-sent", o->notice);
	p = daemon_post(d, EVENT_NOTICE);
	p->event.notice.id = arena_str(&p->arena, o->notice);
	p->event.notice.channel = arena_str(&p->arena, o->channel);
	p->event.notice.outcome = o->outcome;
	p->event.notice.why = arena_str(&p->arena, o->why);
}

/* -- answers to people -- */

static size_t bytes_of_hex(const char *hex, char *ret, size_t cap)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (; hex && hex[0] && hex[1] && n < cap; hex += 2) {
		const char *high = strchr(digits, hex[0]), *low = strchr(digits, hex[1]);

		if (!high || !low)
			return 0;
		ret[n++] = (char)((high - digits) << 4 | (low - digits));
	}
	return n;
}

static void reply_to_response_topic(struct daemon *d, const struct reply *r)
{
	char bytes[256];
	size_t len = bytes_of_hex(r->to.correlation, bytes, sizeof bytes);
	struct outgoing o = {.lane = LANE_PERSON,
	                     .topic = r->to.response_topic,
	                     .payload = r->json,
	                     .qos = 1,
	                     .correlation = len ? bytes : NULL,
	                     .correlation_len = len};

	perform_leave(d, &o);
}

void perform_reply(struct daemon *d, const struct reply *r)
{
	char topic[PERFORM_TOPIC_BYTES], below[128];
	struct outgoing o = {.lane = LANE_PERSON, .payload = r->json, .qos = 1};

	if (r->to.control)
		control_answer(d->control, r->to.control, r->json);
	if (r->user && (!r->to.control || plan_person_by_user(daemon_plan(d), r->user) >= 0)) {
		snprintf(below, sizeof below, "result/%.64s", r->user);
		o.topic = perform_topic(d, below, topic);
		perform_leave(d, &o);
	}
	if (r->to.response_topic)
		reply_to_response_topic(d, r);
}

/* -- one effect -- */

static void perform_one(struct daemon *d, const struct batch *b, const struct effect *e, bool recorded)
{
	switch (e->kind) {
	case EFFECT_AUDIT:
		break; /* leaves as a row, with its hash */
	case EFFECT_PUBLISH:
		do_publish(d, e, recorded);
		break;
	case EFFECT_NOTICE:
		do_notice(d, b, e, recorded);
		break;
	case EFFECT_ACTUATE:
		do_actuate(d, e);
		break;
	case EFFECT_REPLY:
		perform_reply(d, &e->reply);
		break;
	case EFFECT_WANT:
		intake_want(d->newest->intake, e->sensor.id);
		break;
	case EFFECT_FOLLOW:
		intake_follow(d->newest->intake, e->sensor.id, e->sensor.on);
		break;
	case EFFECT_RESEND:
		rows_keep_resend(d, e->resend.from, e->resend.to);
		break;
	case EFFECT_QUERY:
		queries_ask(d, e);
		break;
	}
}

void perform_stored(struct daemon *d, struct batch *b)
{
	if (!perform_may_act(d))
		return;
	rows_publish(d, b);
	for (int i = 0; i < b->fx.n; i++)
		if (i >= b->n_looked || !b->left[i])
			perform_one(d, b, &b->fx.at[i], true);
}

void perform_urgent(struct daemon *d, struct batch *b)
{
	if (!perform_may_act(d))
		return;
	if (b->left_cap < b->fx.n) {
		b->left_cap = b->fx.n * 2;
		b->left = xrealloc(b->left, sizeof *b->left * (size_t)b->left_cap);
	}
	for (; b->n_looked < b->fx.n; b->n_looked++) {
		const struct effect *e = &b->fx.at[b->n_looked];

		b->left[b->n_looked] = e->urgent;
		if (e->urgent)
			perform_one(d, b, e, false);
	}
}

/* -- what says that we live -- */

static void leave_retained(struct daemon *d, const char *below_root, const char *payload)
{
	char topic[PERFORM_TOPIC_BYTES];
	struct outgoing o = {.lane = LANE_STATE,
	                     .topic = perform_topic(d, below_root, topic),
	                     .payload = payload,
	                     .qos = 1,
	                     .retain = true,
	                     .latest_wins = true};

	perform_leave(d, &o);
}

static void leave_part(struct daemon *d, int part, const char *json)
{
	char below[32];

	snprintf(below, sizeof below, "names/%d", part);
	leave_retained(d, below, json);
}

static void leave_names(struct daemon *d, const struct plan *plan)
{
	struct buf json = {0};
	int parts = 1;

	for (int part = 1; part <= parts; part++) {
		buf_clear(&json);
		parts = naming_part(plan, part, &json);
		leave_part(d, part, buf_text(&json));
	}
	for (int part = parts + 1; part <= d->n_names; part++)
		leave_part(d, part, "");
	d->n_names = parts;
	buf_fini(&json);
}

void perform_names_seen(struct daemon *d, int part)
{
	if (part > d->n_names)
		leave_part(d, part, "");
}

void perform_no_zone(struct daemon *d, const char *zone)
{
	char below[RECEIVE_ZONE_BYTES + 16];

	snprintf(below, sizeof below, "zone/%s/state", zone);
	leave_retained(d, below, "");
}

void perform_info(struct daemon *d)
{
	const struct plan *plan = daemon_plan(d);
	struct buf json = {0};

	json_open(&json, NULL, '{');
	json_int(&json, "v", 1);
	json_str(&json, "version", TOCSIN_VERSION);
	json_str(&json, "started", d->started_text);
	answers_plan_fields(plan, &json);
	json_close(&json, '}');
	leave_retained(d, "info", buf_text(&json));
	buf_fini(&json);
	leave_names(d, plan);
}

void perform_heartbeat(struct daemon *d)
{
	char topic[PERFORM_TOPIC_BYTES];
	struct buf json = {0};
	struct outgoing o = {.lane = LANE_STREAM, .topic = perform_topic(d, "heartbeat", topic)};

	d->heartbeats++;
	answers_heartbeat(d, &json);
	o.payload = buf_text(&json);
	perform_leave(d, &o);
	buf_fini(&json);
}
