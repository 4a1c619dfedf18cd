#include "answers.h"

#include "archived.h"
#include "base/wall.h"

#include <stdlib.h>
#include <string.h>

static const char *const store_words[] = {
    [STORE_OK] = "ok", [STORE_LATE] = "late", [STORE_FAILING] = "failing"};

static const char *broker_word(const struct daemon *d)
{
	return d->link == LINK_DOWN ? "down" : "up";
}

void answers_heartbeat(struct daemon *d, struct buf *out)
{
	struct heartbeat_extra x = {.now_ms = clock_now(&d->clock),
	                            .n = d->heartbeats,
	                            .up_s = clock_up_ms(&d->clock) / 1000,
	                            .queue = mqtt_queue(d->mqtt),
	                            .store = store_words[d->store_state],
	                            .broker = broker_word(d)};

	engine_view_heartbeat(d->engine, &x, out);
	out->text[--out->len] = 0; /* its brace: one more member */
	channels_count(d->channels, out);
	json_close(out, '}');
}

void answers_status_line(struct daemon *d, struct buf *out)
{
	buf_printf(out, "%d incidents open, %d unacknowledged; broker %s; store %s", engine_open(d->engine),
	           engine_unacked(d->engine), broker_word(d), store_words[d->store_state]);
	if (d->link == LINK_UP || d->link == LINK_MARK_LOST)
		buf_str(out, " (own messages not back yet)");
	if (receive_is_stuck(&d->receive, clock_steady_ms()))
		buf_str(out, "; a message has been in work for more than 10 s");
	if (d->plan_is_broken)
		buf_str(out, "; configuration broken, running the last good one");
}

void answers_plan_fields(const struct plan *plan, struct buf *out)
{
	json_str(out, "plan", plan->hash);
	json_open(out, "languages", '[');
	for (int i = 0; i < LANG_COUNT; i++)
		if (plan->languages & 1u << i)
			json_str(out, NULL, lang_name((enum lang)i));
	json_close(out, ']');
}

/* -- questions -- */

static void begin(struct buf *out)
{
	json_open(out, NULL, '{');
	json_bool(out, "ok", true);
}

static void put_next(struct daemon *d, struct buf *out)
{
	int64_t due_ms = engine_next_due(d->engine);

	if (due_ms == INT64_MAX) {
		json_nil(out, "next");
		return;
	}
	json_open(out, "next", '{');
	json_time(out, "at", due_ms);
	json_int(out, "in_s", (due_ms - clock_now(&d->clock)) / 1000);
	json_close(out, '}');
}

/* The heartbeat's object, left open. */
static void put_status(struct daemon *d, struct buf *out)
{
	struct buf heartbeat = {0}, reach = {0}, impaired = {0};

	answers_heartbeat(d, &heartbeat);
	engine_view_reach(d->engine, &reach);
	engine_view_impaired(d->engine, &impaired);
	buf_str(out, ",\"status\":");
	buf_add(out, buf_text(&heartbeat), heartbeat.len - 1);
	json_str(out, "site", daemon_plan(d)->site);
	json_str(out, "version", TOCSIN_VERSION);
	json_bool(out, "synced", mqtt_is_synced(d->mqtt));
	json_int(out, "messages", (int64_t)atomic_load(&d->receive.messages));
	json_int(out, "news", (int64_t)atomic_load(&d->receive.news));
	json_int(out, "unreadable", (int64_t)atomic_load(&d->receive.unreadable));
	json_int(out, "replays", (int64_t)atomic_load(&d->receive.replays));
	json_bool(out, "plan_broken", d->plan_is_broken);
	json_raw(out, "reach", buf_text(&reach));
	json_raw(out, "impaired", buf_text(&impaired));
	put_next(d, out);
	json_close(out, '}');
	buf_fini(&heartbeat);
	buf_fini(&reach);
	buf_fini(&impaired);
}

static void ask_status(struct daemon *d, const struct control_request *r, struct buf *out)
{
	(void)r;
	begin(out);
	put_status(d, out);
	json_close(out, '}');
}

static void view(struct buf *out, const char *key, const struct buf *value)
{
	begin(out);
	json_raw(out, key, buf_text(value));
	json_close(out, '}');
}

static void ask_list(struct daemon *d, const struct control_request *r, struct buf *out)
{
	struct buf value = {0};

	engine_view_list(d->engine, r->closed, &value);
	view(out, "incidents", &value);
	buf_fini(&value);
}

static void ask_show(struct daemon *d, const struct control_request *r, struct buf *out)
{
	struct buf value = {0};

	if (engine_view_incident(d->engine, r->id, &value))
		view(out, "incident", &value);
	else
		control_refuse(d->control, r->client, "unknown_id", "there is no incident with this number");
	buf_fini(&value);
}

static void ask_oncall(struct daemon *d, const struct control_request *r, struct buf *out)
{
	struct buf value = {0};
	int64_t at_ms = 0;

	if (r->role && plan_role(daemon_plan(d), r->role) < 0) {
		control_refuse(d->control, r->client, "unknown_id",
		               "there is no role of this name; `tocsin oncall` lists them");
		return;
	}
	if (r->at && !wall_parse(r->at, &daemon_plan(d)->tz, clock_now(&d->clock), &at_ms)) {
		control_refuse(d->control, r->client, "bad_request",
		               "not a time: write 20:00, 2026-12-24 20:00, or RFC 3339");
		return;
	}
	if (r->at)
		engine_view_oncall_at(d->engine, r->role, at_ms, &value);
	else
		engine_view_oncall(d->engine, r->role, &value);
	view(out, "oncall", &value);
	buf_fini(&value);
}

static void ask_audit_head(struct daemon *d, const struct control_request *r, struct buf *out)
{
	(void)r;
	begin(out);
	json_int(out, "epoch", engine_epoch(d->engine));
	json_int(out, "seq", d->head_seq);
	json_str(out, "hash", d->head_hash);
	json_str(out, "db", daemon_plan(d)->store_path);
	json_close(out, '}');
}

static void ask_plan(struct daemon *d, const struct control_request *r, struct buf *out)
{
	const struct plan *plan = daemon_plan(d);

	(void)r;
	begin(out);
	answers_plan_fields(plan, out);
	json_str(out, "site", plan->site);
	json_str(out, "version", TOCSIN_VERSION);
	json_close(out, '}');
}

static void ask_unheard(struct daemon *d, const struct control_request *r, struct buf *out)
{
	struct buf value = {0};

	(void)r;
	engine_view_unheard(d->engine, &value);
	view(out, "sensors", &value);
	buf_fini(&value);
}

static void ask_follow(struct daemon *d, const struct control_request *r, struct buf *out)
{
	(void)out;
	control_answer(d->control, r->client, "{\"ok\":true}");
	control_follow(d->control, r->client);
}

static void ask_reload(struct daemon *d, const struct control_request *r, struct buf *out)
{
	(void)out;
	if (!r->is_admin)
		control_refuse(d->control, r->client, "not_allowed",
		               "reload is for root and the group tocsin-admin");
	else if (d->reload)
		control_refuse(d->control, r->client, "busy", "a reload is under way");
	else
		reload_begin(d, r->client);
}

/* Answered when the engine's reply is stored. */
static void ask_verb(struct daemon *d, const struct control_request *r, struct buf *out)
{
	const char *text = r->text ? r->text : "", *user = r->as ? r->as : r->login;
	struct posted *p;

	(void)out;
	if (!r->verb || verb_from(r->verb) < 0) {
		control_refuse(d->control, r->client, "bad_request", "there is no such verb");
		return;
	}
	if (r->as && !r->is_admin) {
		control_refuse(d->control, r->client, "not_allowed",
		               "to speak for another person is for root and the group tocsin-admin");
		return;
	}
	/* an empty payload is never a command on MQTT; here the verb alone is one, without arguments */
	if (!*text)
		text = "{}";
	p = daemon_post(d, EVENT_COMMAND);
	if (!command_parse(user, r->verb, text, strlen(text), &p->arena, &p->event)) {
		p->event = (struct event){.kind = EVENT_TIME};
		control_refuse(d->control, r->client, "bad_request", "this says nothing");
		return;
	}
	p->event.command.via = arena_printf(&p->arena, "control:%u", (unsigned)r->uid);
	p->event.command.by_login = !r->as;
	p->event.command.as_root = r->as ? arena_str(&p->arena, r->login) : NULL;
	p->event.command.user = arena_str(&p->arena, user);
	p->event.command.reply.control = r->client;
}

static void ask_archived(struct daemon *d, const struct control_request *r, struct buf *out)
{
	(void)out;
	archived_ask(d, r);
}

static const struct {
	const char *name;
	void (*ask)(struct daemon *d, const struct control_request *r,
	            struct buf *out); /* out empty: answered otherwise */
} questions[] = {
    {"status", ask_status}, {"list", ask_list},     {"show", ask_show},     {"oncall", ask_oncall},
    {"verb", ask_verb},     {"reload", ask_reload}, {"follow", ask_follow}, {"audit-head", ask_audit_head},
    {"plan", ask_plan},     {"unheard", ask_unheard}, {"archived", ask_archived},
};

void answers_ask(void *arg, const struct control_request *request)
{
	struct daemon *d = arg;
	struct buf out = {0};

	for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
		if (strcmp(questions[i].name, request->act))
			continue;
		questions[i].ask(d, request, &out);
		if (out.len)
			control_answer(d->control, request->client, buf_text(&out));
		buf_fini(&out);
		return;
	}
	control_refuse(d->control, request->client, "bad_request",
	               "\"do\" is none of status list show oncall verb reload follow audit-head plan unheard archived");
}
