/* mqtt_sender.c - the sender thread: connects, subscribes, sends the mark and
 * what waits in the lanes. The only caller of the line, which may block it
 * while a receive callback runs. */
#include "mqtt_sender.h"

#include "clock.h"
#include "fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	CONNECT_LIMIT_MS = 20000, /* the library's own limit is 10 s, looked at every 3 s */
	SUBSCRIBE_LIMIT_MS = 10000,
	CLOSE_LIMIT_MS = 10000,
	TAKEN_OVER_WAIT_MS = 60000,
	WHY_AFTER_MS = 10000,
	STEADY_MS = 30000, /* a link that lasts */
	SHORT_LINKS = 3,   /* in a row: somebody fights us */
	MARK_EVERY_MS = 30000,
	MARK_LIMIT_MS = 10000,
	FIRST_MARK_LIMIT_MS = 120000, /* while the broker still empties our queue before it */
	SUBSCRIBE_BATCH = 200, /* what is retained comes at once: a fifth of the broker's default queue */
	REREAD_BATCH = 50,     /* beside what is said meanwhile */
	REREAD_FIRST_MS = 10000, /* until the next, doubled each time: somebody's queue may overflow for ever */
	REREAD_LAST_MS = 80000,
	REREAD_CALM_MS = 600000, /* without a drop: from the beginning */
	DRAIN_MS = 1000,         /* at stop: these three are 2 s */
	STOPPING_MS = 500,
	GOODBYE_MS = 500,
	LOOK_MS = 1000, /* the sender looks around at least this often */
};

void sender_wake(struct mqtt *m)
{
	m->has_work = true;
	pthread_cond_signal(&m->wake);
}

void sender_give_answers(struct mqtt *m)
{
	struct lane_answer *a, *next;

	pthread_mutex_lock(&m->lock);
	a = lanes_take_answers(&m->lanes);
	pthread_mutex_unlock(&m->lock);
	for (; a; a = next) {
		next = a->next;
		m->cb.published(m->cb.arg, a->token, a->ok, a->why);
		free(a);
	}
}

/* --------------------------------------------------------------- the phases */

static void set_phase(struct mqtt *m, enum phase phase, int64_t for_ms)
{
	m->phase = phase;
	m->until_ms = clock_steady_ms() + for_ms;
}

static void tell_down(struct mqtt *m, enum link how, const char *why)
{
	if (m->told_down)
		return;
	m->told_down = true;
	m->down_ms = clock_steady_ms();
	m->told_why[0] = '\0';
	m->cb.link(m->cb.arg, how, why);
}

/* A link that stays away is a fault by itself; this gives it its words. */
static void tell_why(struct mqtt *m, const char *why)
{
	if (clock_steady_ms() - m->down_ms < WHY_AFTER_MS || strcmp(m->told_why, why) == 0)
		return;
	snprintf(m->told_why, sizeof(m->told_why), "%s", why);
	m->cb.fault(m->cb.arg, SELF_BROKER_DOWN, false, why);
}

static void connect_failed(struct mqtt *m, enum connect_failure kind, const char *why)
{
	pthread_mutex_lock(&m->lock);
	if (m->link.is_connected)
		lanes_lost(&m->lanes, why);
	m->link.is_connected = false;
	pthread_mutex_unlock(&m->lock);
	mqtt_policy_failed(&m->policy, kind);
	set_phase(m, PHASE_IDLE, mqtt_policy_wait_ms(&m->policy));
	tell_down(m, LINK_DOWN, why);
	tell_why(m, why);
}

static void begin_connect(struct mqtt *m)
{
	struct err err;
	unsigned attempt;

	pthread_mutex_lock(&m->lock);
	attempt = ++m->attempt;
	pthread_mutex_unlock(&m->lock);
	set_phase(m, PHASE_CONNECTING, fault_patient(CONNECT_LIMIT_MS));
	if (line_connect(m->line, m->policy.version, attempt, &err) != 0)
		connect_failed(m, CONNECT_FAILED, err.text);
}

static void subscribe_part(struct mqtt *m)
{
	int left = m->subs.n - m->asked, most = m->phase == PHASE_SUBSCRIBING ? SUBSCRIBE_BATCH : REREAD_BATCH;
	int part = left < most ? left : most;

	m->asked += part;
	line_subscribe(m->line, m->subs.at, m->asked - part, part, m->round); /* refused: `lost` follows */
}

/* Everything, always: retained states are sent again, and a lost session does
 * no harm. Part by part, each when the one before is answered: what is retained
 * must fit the broker's queue for us. */
static void subscribe_all(struct mqtt *m)
{
	pthread_mutex_lock(&m->lock);
	m->round++;
	m->told.subscribed = false;
	pthread_mutex_unlock(&m->lock);
	if (m->gone.n > 0)
		line_unsubscribe(m->line, &m->gone);
	subs_fini(&m->gone);
	m->asked = 0;
	subscribe_part(m);
}

/* The last part is answered. */
static bool has_subscribed(struct mqtt *m, const struct told *told)
{
	if (!told->subscribed)
		return false;
	if (m->asked == m->subs.n)
		return true;
	if (m->phase == PHASE_SUBSCRIBING)
		m->until_ms = clock_steady_ms() + fault_patient(SUBSCRIBE_LIMIT_MS);
	subscribe_part(m);
	return false;
}

static void send_status(struct mqtt *m, const char *word, uint64_t number)
{
	struct outgoing o = {
	    .topic = m->status_topic, .payload = word, .len = strlen(word), .qos = 1, .retain = true};

	line_send(m->line, &o, 0, number); /* refused: the connection broke, `lost` follows */
}

static void connected(struct mqtt *m, const struct told *told)
{
	size_t limit = PACKET_LIMIT_BYTES;

	if (told->limits.packet > 0 && told->limits.packet < limit)
		limit = told->limits.packet;
	pthread_mutex_lock(&m->lock);
	m->link.is_v5 = m->policy.version == MQTT_5;
	m->link.packet_limit = limit;
	/* one is for the mark */
	m->link.receive_limit = told->limits.receive > 1 ? told->limits.receive - 1 : told->limits.receive;
	pthread_mutex_unlock(&m->lock);
	wire_attach(&m->wire, m->settings->broker.port);
	set_phase(m, PHASE_SUBSCRIBING, fault_patient(SUBSCRIBE_LIMIT_MS));
	send_status(m, "online", 0);
	subscribe_all(m);
}

/* One sentence for all, so that a wrong ACL is one fault and not two thousand. */
static void report_refused(struct mqtt *m)
{
	struct buf what = {0};
	int n = 0;

	pthread_mutex_lock(&m->lock);
	for (int i = 0; i < m->subs.n; i++) {
		if (m->subs.at[i].refused && n++ < 5)
			buf_printf(&what, "%s%s", n == 1 ? "subscription refused: " : ", ",
			           m->subs.at[i].filter);
	}
	pthread_mutex_unlock(&m->lock);
	if (n > 5)
		buf_printf(&what, " and %d more", n - 5);
	if (n > 0 || m->told_refused)
		m->cb.fault(m->cb.arg, SELF_BROKER_REFUSES, n == 0, buf_text(&what));
	m->told_refused = n > 0;
	buf_fini(&what);
}

static void send_mark(struct mqtt *m)
{
	struct outgoing o = {.topic = m->mark_topic, .qos = 1};
	char mark[sizeof(m->mark)];

	snprintf(mark, sizeof(mark), "%" PRId64 "-%u", m->born_ns, ++m->mark_number);
	pthread_mutex_lock(&m->lock);
	memcpy(m->mark, mark, sizeof(mark));
	pthread_mutex_unlock(&m->lock);
	o.payload = mark;
	o.len = strlen(mark);
	m->mark_sent_ms = clock_steady_ms();
	m->mark_next_ms = m->mark_sent_ms + MARK_EVERY_MS;
	line_send(m->line, &o, 0, 0); /* if it was refused it does not come back */
}

static void go_up(struct mqtt *m)
{
	pthread_mutex_lock(&m->lock);
	m->link.is_up = true;
	pthread_mutex_unlock(&m->lock);
	m->phase = PHASE_UP;
	m->up_ms = clock_steady_ms();
	m->told_down = false;
	m->cb.link(m->cb.arg, LINK_UP, "");
	send_mark(m);
}

/* The link is no more: forget what belonged to it. A client with something
 * unacknowledged is left behind: connected again it would send that once more,
 * an old command, a page that does not say it is a repeat; and after a write to
 * a dead socket what it sends is memory that was freed (Paho 1.3.12). */
static void forget_link(struct mqtt *m, const char *why)
{
	bool unsure;

	pthread_mutex_lock(&m->lock);
	unsure = m->link.is_connected && (m->phase != PHASE_UP || m->mark[0]);
	m->link.is_connected = m->link.is_up = m->link.is_synced = false;
	atomic_store(&m->is_synced, false);
	m->mark[0] = '\0';
	m->round++;
	lanes_lost(&m->lanes, why);
	unsure |= m->lanes.is_unsure;
	m->lanes.is_unsure = false;
	pthread_mutex_unlock(&m->lock);
	wire_detach(&m->wire);
	if (unsure && GUARD(unsure))
		line_abandon(m->line);
	mqtt_policy_lost(&m->policy);
	sender_give_answers(m);
}

static void say_taken_over(struct mqtt *m, const char *what)
{
	char text[256];

	snprintf(text, sizeof(text), "%s: does another client use the id %s? Stop it", what, m->client_id);
	m->cb.fault(m->cb.arg, SELF_BROKER_REFUSES, false, text);
}

/* Not every broker says that the session was taken over; links that never last say it too. */
static void link_lost(struct mqtt *m, const struct told *told)
{
	int64_t wait_ms = mqtt_policy_wait_ms(&m->policy);

	forget_link(m, told->why);
	tell_down(m, LINK_DOWN, told->why);
	if (m->is_taken_over && GUARD(taken_over)) {
		say_taken_over(m, "session taken over");
		m->short_links = SHORT_LINKS;
		wait_ms = TAKEN_OVER_WAIT_MS;
	} else if (m->phase == PHASE_UP && ++m->short_links == SHORT_LINKS) {
		say_taken_over(m, "the broker closes the link again and again");
	}
	m->is_taken_over = false;
	set_phase(m, PHASE_IDLE, wait_ms);
}

/* We end it ourselves, without goodbye: the will shall be sent. */
static void break_link(struct mqtt *m, const char *why)
{
	if (!wire_break(&m->wire))
		line_goodbye(m->line);
	forget_link(m, why);
	set_phase(m, PHASE_CLOSING, CLOSE_LIMIT_MS);
}

struct line_config sender_line_config(const struct mqtt *m)
{
	return (struct line_config){
	    .broker = &m->settings->broker,
	    .password = m->settings->password,
	    .client_id = m->client_id,
	    .will_topic = m->status_topic,
	};
}

/* The session stays at the broker: what comes in between waits there. */
static void end_link_for_change(struct mqtt *m)
{
	static const char why[] = "the broker's settings have changed";

	line_goodbye(m->line);
	forget_link(m, why);
	tell_down(m, LINK_DOWN, why);
	set_phase(m, PHASE_CLOSING, CLOSE_LIMIT_MS);
}

static void change_settings(struct mqtt *m)
{
	struct line_config config;

	pthread_mutex_lock(&m->lock);
	m->settings = m->next_settings;
	pthread_mutex_unlock(&m->lock);
	config = sender_line_config(m);
	line_use(m->line, &config);
	wire_use(&m->wire, m->settings->broker.tls.use);
	mqtt_policy_init(&m->policy, m->settings->broker.version, m->site);
	m->must_change = false;
	m->until_ms = 0;
}

static bool is_mark_lost(struct mqtt *m, int64_t now_ms)
{
	int64_t out_ms = now_ms - m->mark_sent_ms, limit_ms = fault_patient(MARK_LIMIT_MS);
	bool is_out, is_first;

	pthread_mutex_lock(&m->lock);
	is_out = m->mark[0] != '\0';
	is_first = !m->link.is_synced;
	pthread_mutex_unlock(&m->lock);
	if (!is_out || out_ms < limit_ms)
		return false;
	/* What waited in the broker's queue comes before the first one. */
	return !is_first || out_ms >= FIRST_MARK_LIMIT_MS ||
	       now_ms - atomic_load(&m->last_message_ms) >= limit_ms;
}

static void take_filters(struct mqtt *m)
{
	struct subs old = m->subs;

	pthread_mutex_lock(&m->lock);
	m->round++;
	m->subs = m->next_subs;
	m->next_subs = (struct subs){0};
	pthread_mutex_unlock(&m->lock);
	subs_replace(&old, &m->subs, &m->gone);
}

static void link_lasts(struct mqtt *m)
{
	mqtt_policy_steady(&m->policy);
	if (m->short_links >= SHORT_LINKS)
		m->cb.fault(m->cb.arg, SELF_BROKER_REFUSES, true, "the link lasts");
	m->short_links = 0;
}

/* Nobody can say whose queue overflowed: all retained states are sent again. */
static void reread(struct mqtt *m, int64_t now_ms)
{
	char what[128];

	m->must_reread = false;
	if (now_ms - m->reread_next_ms > REREAD_CALM_MS)
		m->reread_wait_ms = 0;
	if (m->reread_wait_ms < REREAD_LAST_MS)
		m->reread_wait_ms = m->reread_wait_ms ? 2 * m->reread_wait_ms : REREAD_FIRST_MS;
	m->reread_next_ms = now_ms + m->reread_wait_ms;
	subscribe_all(m);
	snprintf(what, sizeof(what), "the broker's drop counter rose to %" PRId64,
	         atomic_load(&m->last_dropped));
	m->cb.fault(m->cb.arg, SELF_BROKER_DROPS, false, what);
}

static void act_up(struct mqtt *m, const struct told *told, int64_t now_ms)
{
	if (told->mark_back)
		m->cb.link(m->cb.arg, LINK_SYNCED, "");
	if (now_ms - m->up_ms >= STEADY_MS)
		link_lasts(m);
	if (has_subscribed(m, told))
		report_refused(m);
	m->must_reread |= told->dropped_more;
	if (m->must_reread && now_ms >= m->reread_next_ms)
		reread(m, now_ms);
	if (is_mark_lost(m, now_ms)) {
		m->cb.link(m->cb.arg, LINK_MARK_LOST, "our own mark did not come back from the broker");
		break_link(m, "the broker lost our own mark");
	} else if (now_ms >= m->mark_next_ms) {
		send_mark(m);
	}
}

static void act_subscribing(struct mqtt *m, const struct told *told, int64_t now_ms)
{
	if (has_subscribed(m, told)) {
		go_up(m);
		report_refused(m);
	} else if (now_ms >= m->until_ms) {
		tell_down(m, LINK_DOWN, "the broker does not answer SUBSCRIBE");
		break_link(m, "the broker does not answer SUBSCRIBE");
	}
}

static void act_connecting(struct mqtt *m, const struct told *told, int64_t now_ms)
{
	if (told->connected && told->lost)
		connect_failed(m, CONNECT_FAILED, told->why);
	else if (told->connected)
		connected(m, told);
	else if (told->failed)
		connect_failed(m, told->failure, told->why);
	else if (now_ms >= m->until_ms)
		connect_failed(m, CONNECT_FAILED, "no answer to the connection attempt");
}

static void act(struct mqtt *m, const struct told *told)
{
	int64_t now_ms = clock_steady_ms();
	bool has_link = m->phase == PHASE_SUBSCRIBING || m->phase == PHASE_UP;

	m->is_taken_over |= told->taken_over;
	m->must_change |= told->new_settings;
	if (told->new_filters)
		take_filters(m);
	if (told->lost && has_link) {
		link_lost(m, told);
		return;
	}
	if (m->must_change && has_link) {
		end_link_for_change(m);
		return;
	}
	if (told->new_filters && has_link)
		subscribe_all(m);
	switch (m->phase) {
	case PHASE_CLOSING:
		if (!told->lost && now_ms < m->until_ms)
			break;
		set_phase(m, PHASE_IDLE, mqtt_policy_wait_ms(&m->policy));
		/* fall through */
	case PHASE_IDLE:
		if (m->must_change)
			change_settings(m);
		if (now_ms >= m->until_ms)
			begin_connect(m);
		break;
	case PHASE_CONNECTING:
		act_connecting(m, told, now_ms);
		break;
	case PHASE_SUBSCRIBING:
		act_subscribing(m, told, now_ms);
		break;
	case PHASE_UP:
		act_up(m, told, now_ms);
		break;
	}
}

/* ------------------------------------------------------------------ sending */

/* What cannot be sent is set aside with a fault; the lane goes on. */
static void set_aside(struct mqtt *m, const struct lane_item *item, size_t limit)
{
	char what[256];

	if (item->bytes > limit)
		snprintf(what, sizeof(what), "a message of %zu bytes to %.150s is larger than %zu", item->bytes,
		         item->o.topic, limit);
	else
		snprintf(what, sizeof(what), "%.150s is no topic that a message can go to", item->o.topic);
	if (strcmp(m->last_unsendable, item->o.topic) != 0)
		m->cb.fault(m->cb.arg, SELF_UNSENDABLE, false, what);
	snprintf(m->last_unsendable, sizeof(m->last_unsendable), "%s", item->o.topic);
	events_answered(m, item->number, false, what);
}

static bool send_next(struct mqtt *m)
{
	int64_t now_ms = clock_steady_ms();
	struct lane_item *item = NULL;
	struct lane_link link;
	uint64_t number;
	int rc;

	pthread_mutex_lock(&m->lock);
	link = m->link;
	lanes_expire(&m->lanes, now_ms);
	if (!m->told.lost)
		item = lanes_next(&m->lanes, &link, now_ms);
	pthread_mutex_unlock(&m->lock);
	if (!item)
		return false;
	if (item->bytes > link.packet_limit || strpbrk(item->o.topic, "+#")) { /* the broker would end the link */
		set_aside(m, item, link.packet_limit);
		return true;
	}
	number = item->number;
	rc = line_send(m->line, &item->o, lanes_expiry_s(item, now_ms), number);
	if (rc < 0)
		events_answered(m, number, false, "the MQTT library does not take it");
	return rc == 0; /* no connection: the item stays out until `lost` */
}

static void wait_told(struct mqtt *m, struct told *ret_told, int64_t most_ms)
{
	struct timespec until;
	int64_t now_ms = clock_steady_ms(), due_ms;

	pthread_mutex_lock(&m->lock);
	due_ms = m->link.is_up ? lanes_wake_at(&m->lanes) : INT64_MAX;
	if (due_ms > now_ms + most_ms)
		due_ms = now_ms + most_ms;
	if (!m->has_work && due_ms > now_ms) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += (time_t)((due_ms - now_ms) / 1000);
		until.tv_nsec += (long)((due_ms - now_ms) % 1000) * 1000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000;
		}
		pthread_cond_timedwait(&m->wake, &m->lock, &until);
	}
	m->has_work = false;
	*ret_told = m->told;
	m->told = (struct told){0};
	pthread_mutex_unlock(&m->lock);
}

static bool is_drained(struct mqtt *m)
{
	bool drained;

	pthread_mutex_lock(&m->lock);
	drained = lanes_count(&m->lanes) == 0;
	pthread_mutex_unlock(&m->lock);
	return drained;
}

static void say_goodbye(struct mqtt *m)
{
	struct told told = {0};
	int64_t until_ms = clock_steady_ms() + fault_ms("stop-ms", DRAIN_MS);

	while (m->phase == PHASE_UP && !told.lost && clock_steady_ms() < until_ms && !is_drained(m)) {
		while (send_next(m))
			;
		sender_give_answers(m);
		wait_told(m, &told, 20);
	}
	until_ms = clock_steady_ms() + fault_ms("stop-ms", STOPPING_MS);
	if (m->phase == PHASE_UP)
		send_status(m, "stopping", STATUS_NUMBER);
	while (m->phase == PHASE_UP && !told.lost && !told.status_sent && clock_steady_ms() < until_ms)
		wait_told(m, &told, 20);
	until_ms = clock_steady_ms() + fault_ms("stop-ms", GOODBYE_MS);
	if (m->phase == PHASE_UP || m->phase == PHASE_SUBSCRIBING)
		line_goodbye(m->line);
	while (m->phase == PHASE_UP && !told.lost && clock_steady_ms() < until_ms)
		wait_told(m, &told, 20);
	forget_link(m, "the daemon stops");
}

/* Until the next attempt to connect, at most. */
static int64_t look_ms(const struct mqtt *m)
{
	int64_t left_ms = m->until_ms - clock_steady_ms();

	if (m->phase != PHASE_IDLE || left_ms > LOOK_MS)
		return LOOK_MS;
	return left_ms > 0 ? left_ms : 0;
}

void *sender_main(void *mqtt)
{
	struct mqtt *m = mqtt;
	struct told told;

	for (;;) {
		wait_told(m, &told, look_ms(m));
		if (told.stopping)
			break;
		act(m, &told);
		while (send_next(m))
			;
		sender_give_answers(m);
	}
	say_goodbye(m);
	return NULL;
}
