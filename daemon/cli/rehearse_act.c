/* rehearse_act.c - what the steps of a test do. */
#include "rehearse_play.h"

#include "base/arena.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void note_act(struct play *p, const char *format, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	line[utf8_cut(line, sizeof line - 8)] = 0;
	seen_act(&p->sights, world_ms(p), line);
}

static void stop_repeat(struct play *p, const char *topic)
{
	for (int i = p->n_repeats - 1; i >= 0; i--)
		if (!strcmp(p->repeats[i].message->topic, topic))
			p->repeats[i] = p->repeats[--p->n_repeats];
}

static void do_publish(struct play *p, const struct script_step *s)
{
	for (int i = 0; i < s->n_messages; i++) {
		const struct script_message *m = &s->messages[i];

		stop_repeat(p, m->topic);
		note_act(p, "publish%s %s %s", s->retained ? " retained" : "", m->topic, m->payload);
		world_message(p, m, s->retained);
		if (!s->every_ms)
			continue;
		p->repeats = xrealloc(p->repeats, (size_t)(p->n_repeats + 1) * sizeof *p->repeats);
		p->repeats[p->n_repeats++] =
		    (struct repeat){m, s->retained, s->every_ms, p->stage.now_ms + s->every_ms};
	}
}

static int64_t number_of(const struct answer *incident)
{
	const char *dash = strchr(answer_str(incident, "id"), '-');

	return dash ? strtoll(dash + 1, NULL, 10) : 0;
}

/* Its type, and its zone when that is named: type@zone. */
static bool is_named(const struct answer *incident, const char *name)
{
	size_t len = strcspn(name, "@");
	const char *type = answer_str(incident, "type");

	return !strncmp(type, name, len) && !type[len] &&
	       (!name[len] || !strcmp(answer_str(incident, "zone"), name + len + 1));
}

/* The newest open incident of that name, or else the newest closed one; the caller's, "" none. */
static char *incident_id(const struct play *p, const char *name)
{
	const struct answer *best = NULL;
	struct buf list = {0};
	struct err err;
	struct answer *all;
	bool is_best_open = false;
	char *ret;

	engine_view_list(p->stage.engine, true, &list);
	all = answer_read(buf_text(&list), list.len, &err);
	for (int i = 0; i < answer_count(all); i++) {
		const struct answer *a = answer_at(all, i);
		bool is_open = strcmp(answer_str(a, "state"), "closed") != 0;

		if (!is_named(a, name) || (is_best_open && !is_open))
			continue;
		if (is_open == is_best_open && number_of(a) < number_of(best))
			continue;
		best = a;
		is_best_open = is_open;
	}
	ret = xstrdup(answer_str(best, "id"));
	answer_free(all);
	buf_fini(&list);
	return ret;
}

/* The words with ids in them; the caller's. NULL: there is no such incident. */
static char *words_of(const struct play *p, const char *words)
{
	struct buf out = {0};
	const char *from = strchr(words, '\1'), *to = from ? strchr(from + 1, '\1') : NULL;
	char *name, *id;
	bool found;

	if (!to)
		return xstrdup(words);
	name = xstrdup(from + 1);
	name[to - from - 1] = 0;
	id = incident_id(p, name);
	found = *id != 0;
	buf_add(&out, words, (size_t)(from - words));
	buf_str(&out, id);
	buf_str(&out, to + 1);
	free(name);
	free(id);
	if (found)
		return buf_steal(&out);
	buf_fini(&out);
	return NULL;
}

/* An answer may come later: of `operate`, when the actuator says so. */
static void check_answer(struct play *p, const struct script_step *s)
{
	struct buf want = {0};
	bool was_refused = p->answer && strcmp(p->answer, "ok") != 0;

	if (s->refused ? p->answer && !strcmp(p->answer, s->refused) : !was_refused)
		return;
	if (s->refused)
		buf_printf(&want, "%s to be refused: %s", s->verb, s->refused);
	else
		buf_printf(&want, "%s to be accepted", s->verb);
	play_fail_step(p, s, buf_text(&want), p->answer ? p->answer : "no answer");
	buf_fini(&want);
}

static void do_say(struct play *p, const struct script_step *s)
{
	char *words = words_of(p, s->words);
	struct stage_said said = {.user = s->user, .verb = s->verb, .payload = words, .via = "mqtt"};

	if (!words) {
		play_fail_step(p, s, "an incident that is spoken of", "none of that type");
		return;
	}
	note_act(p, "%s: %s %s", s->user, s->verb, words);
	free(p->answer);
	p->answer = NULL;
	said.len = strlen(words);
	stage_command(&p->stage, &said);
	check_answer(p, s);
	free(words);
}

static void do_broker(struct play *p, bool is_up)
{
	note_act(p, "broker %s", is_up ? "up" : "down");
	if (is_up)
		stage_link(&p->stage, LINK_UP);
	stage_link(&p->stage, is_up ? LINK_SYNCED : LINK_DOWN);
}

static void do_restart(struct play *p, const struct script_step *s)
{
	char span[48];
	const char *wrong;

	note_act(p, "restart after %s", seen_span(s->down_ms, span));
	world_forget(p);
	wrong = stage_crash(&p->stage, s->down_ms);
	if (wrong) {
		play_fail_step(p, s, "a restart", wrong);
		return;
	}
	stage_link(&p->stage, LINK_UP);
	stage_link(&p->stage, LINK_SYNCED);
}

static void do_self(struct play *p, const struct script_step *s)
{
	struct event ev = {.kind = EVENT_FAULT};

	ev.fault.self = (enum self)s->state;
	ev.fault.over = s->act == ACT_MENDED;
	note_act(p, "%s %s", ev.fault.over ? "mended" : "fault", self_name(ev.fault.self));
	stage_turn(&p->stage, &ev);
}

static void do_store(struct play *p, const struct script_step *s)
{
	static const char *const words[] = {"ok", "late", "failing"};
	struct event ev = {.kind = EVENT_STORE, .store = (enum store_state)s->state};

	note_act(p, "store %s", words[s->state]);
	stage_turn(&p->stage, &ev);
}

void act_do(struct play *p, const struct script_step *s)
{
	switch (s->act) {
	case ACT_PUBLISH:
		if (p->stage.link != LINK_SYNCED)
			play_fail_step(p, s, "a broker to publish to", "it is down");
		else
			do_publish(p, s);
		break;
	case ACT_SILENCE:
		stop_repeat(p, s->messages[0].topic);
		note_act(p, "silence %s", s->messages[0].topic);
		break;
	case ACT_SAY:
		do_say(p, s);
		break;
	case ACT_CHANNEL:
		p->channels[plan_channel(p->plan, s->channel)] = (enum script_channel)s->state;
		break;
	case ACT_BROKER:
		do_broker(p, s->state == 1);
		break;
	case ACT_STORE:
		do_store(p, s);
		break;
	case ACT_FAULT:
	case ACT_MENDED:
		do_self(p, s);
		break;
	case ACT_RESTART:
		do_restart(p, s);
		break;
	case ACT_EXPECT:
	case SCRIPT_ACT_COUNT:
		break;
	}
	world_settle(p);
}
