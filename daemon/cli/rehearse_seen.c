/* rehearse_seen.c - what happens in a test, in order, as documents to compare
 * and as lines to read. */
#include "rehearse.h"

#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *seen_span(int64_t ms, char text[48])
{
	static const struct {
		int64_t ms;
		char unit;
	} units[] = {{3600000, 'h'}, {60000, 'm'}};
	size_t n = 0;

	for (int i = 0; i < 2; i++) {
		if (ms >= units[i].ms)
			n += (size_t)snprintf(text + n, 48 - n, "%lld%c", (long long)(ms / units[i].ms),
			                      units[i].unit);
		ms %= units[i].ms;
	}
	if (ms % 1000)
		snprintf(text + n, 48 - n, "%lld.%03llds", (long long)(ms / 1000), (long long)(ms % 1000));
	else if (ms || !n)
		snprintf(text + n, 48 - n, "%llds", (long long)(ms / 1000));
	return text;
}

static struct seen *add(struct sights *s, int64_t at_ms, enum script_what what)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 64;
		s->at = xrealloc(s->at, (size_t)s->cap * sizeof *s->at);
	}
	s->at[s->n] = (struct seen){.at_ms = at_ms, .what = what};
	return &s->at[s->n++];
}

static void keep(struct seen *seen, struct buf *json, struct buf *line)
{
	struct err err;

	seen->doc = answer_read(buf_text(json), json->len, &err);
	if (!seen->doc)
		abort(); /* our own */
	buf_fini(json);
	if (line->len)
		seen->line = buf_steal(line);
}

void seen_act(struct sights *s, int64_t at_ms, const char *line)
{
	add(s, at_ms, WHAT_NOTHING)->line = xstrdup(line);
}

static const char *type_of(const struct sights *s, const char *id)
{
	for (int i = 0; id && i < s->n_ids; i++)
		if (!strcmp(s->ids[i], id))
			return s->types[i];
	return NULL;
}

void seen_notice(struct sights *s, int64_t at_ms, const struct notice *n)
{
	struct seen *seen = add(s, at_ms, WHAT_NOTICE);
	struct buf json = {0}, line = {0};

	json_open(&json, NULL, '{');
	json_str(&json, "kind", notice_kind_name(n->kind));
	json_str(&json, "to", n->person);
	json_str(&json, "channel", n->channel);
	json_str(&json, "incident", type_of(s, n->incident));
	json_str(&json, "id", n->incident);
	json_int(&json, "level", n->level);
	json_bool(&json, "repeat", n->repeat);
	json_bool(&json, "drill", n->drill);
	json_str(&json, "text", n->text);
	json_close(&json, '}');
	buf_printf(&line, "notice %s to %s by %s%s%s: %s", notice_kind_name(n->kind), n->person, n->channel,
	           n->repeat ? " (repeat)" : "", n->drill ? " (drill)" : "", n->text);
	keep(seen, &json, &line);
}

void seen_command(struct sights *s, int64_t at_ms, const struct actuate *a)
{
	struct seen *seen = add(s, at_ms, WHAT_COMMAND);
	struct buf json = {0}, line = {0};

	json_open(&json, NULL, '{');
	json_str(&json, "actuator", a->actuator);
	json_str(&json, "action", a->action);
	json_str(&json, "topic", a->topic);
	json_str(&json, "payload", a->payload);
	json_close(&json, '}');
	buf_printf(&line, "command %s %s: %s %s", a->actuator, a->action, a->topic, a->payload);
	keep(seen, &json, &line);
}

/* "dryrun/<actuator>/<action>" */
void seen_dryrun(struct sights *s, int64_t at_ms, const struct publish *pub)
{
	const char *actuator = strchr(pub->topic, '/') + 1, *slash = strchr(actuator, '/');
	struct seen *seen = add(s, at_ms, WHAT_DRYRUN);
	struct buf json = {0}, line = {0}, name = {0};

	buf_add(&name, actuator, (size_t)(slash - actuator));
	json_open(&json, NULL, '{');
	json_str(&json, "actuator", buf_text(&name));
	json_str(&json, "action", slash + 1);
	json_str(&json, "payload", pub->payload);
	json_close(&json, '}');
	buf_printf(&line, "dry run %s %s: %s", buf_text(&name), slash + 1, pub->payload);
	keep(seen, &json, &line);
	buf_fini(&name);
}

void seen_answer(struct sights *s, int64_t at_ms, const char *user, const struct answer *a)
{
	static const char *const keys[] = {"error", "result", "id", "text"};
	struct seen *seen = add(s, at_ms, WHAT_ANSWER);
	struct buf json = {0}, line = {0};

	json_open(&json, NULL, '{');
	json_str(&json, "verb", answer_str(a, "cmd"));
	json_str(&json, "to", user);
	json_bool(&json, "ok", answer_true(a, "ok"));
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (answer_get(a, keys[i]))
			json_str(&json, keys[i], answer_str(a, keys[i]));
	json_close(&json, '}');
	buf_printf(&line, "answer to %s: %s", user ? user : "nobody", answer_str(a, "text"));
	keep(seen, &json, &line);
}

static void keep_type(struct sights *s, const char *id, const char *type)
{
	s->ids = xrealloc(s->ids, (size_t)(s->n_ids + 1) * sizeof *s->ids);
	s->types = xrealloc(s->types, (size_t)(s->n_ids + 1) * sizeof *s->types);
	s->ids[s->n_ids] = xstrdup(id);
	s->types[s->n_ids++] = xstrdup(type);
}

/* Said by a line of its own, or of the house only. */
static bool is_shown(enum audit_kind kind)
{
	static const enum audit_kind others[] = {AUDIT_NOTICE, AUDIT_SENT, AUDIT_DELIVERED, AUDIT_STARTED,
	                                         AUDIT_COMMAND};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (others[i] == kind)
			return false;
	return true;
}

void seen_row(struct sights *s, int64_t at_ms, const struct row *r)
{
	struct seen *seen = add(s, at_ms, WHAT_AUDIT);
	struct err err;
	struct answer *rec = answer_read(r->rec, strlen(r->rec), &err);
	struct buf json = {0}, line = {0};
	const char *id = answer_str(rec, "inc");
	const struct answer *body = answer_get(rec, "body");
	char *text = answer_compact(body);

	seen->is_opening = r->kind == AUDIT_OPENED;
	if (seen->is_opening)
		keep_type(s, id, answer_str(body, "type"));
	json_open(&json, NULL, '{');
	json_str(&json, "kind", audit_kind_name(r->kind));
	json_str(&json, "incident", type_of(s, id));
	json_str(&json, "id", id);
	json_str(&json, "who", answer_str(rec, "who"));
	json_raw(&json, "body", text);
	json_close(&json, '}');
	if (is_shown(r->kind))
		buf_printf(&line, "%s %s%s%s %.300s", audit_kind_name(r->kind), id, *id ? " " : "",
		           answer_str(rec, "who"), text);
	keep(seen, &json, &line);
	free(text);
	answer_free(rec);
}

void seen_fini(struct sights *s)
{
	for (int i = 0; i < s->n; i++) {
		answer_free(s->at[i].doc);
		free(s->at[i].line);
	}
	for (int i = 0; i < s->n_ids; i++) {
		free(s->ids[i]);
		free(s->types[i]);
	}
	free(s->at);
	free(s->ids);
	free(s->types);
}
