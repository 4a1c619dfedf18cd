/* print.c - effects as the lines of a trace: all that decides, nothing of
 * what only repeats it (summary, oncall, impairments). */
#include "trace.h"

#include "base/time.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void put_between(const char *rec, const char *from, const char *to, struct buf *out)
{
	const char *at = strstr(rec, from), *end = at ? strstr(at, to) : NULL;

	if (!end)
		abort();
	at += strlen(from);
	if (!strncmp(at, "null", 4))
		buf_char(out, '-');
	else if (*at == '"')
		buf_add(out, at + 1, (size_t)(end - at - 2));
	else
		buf_add(out, at, (size_t)(end - at));
}

/* row SEQ KIND INCIDENT WHO CAUSE BODY */
static void print_row(const struct row *r, struct buf *out)
{
	const char *body = strstr(r->rec, ",\"body\":") + strlen(",\"body\":");

	buf_printf(out, " %lld %s ", (long long)r->seq, audit_kind_name(r->kind));
	put_between(r->rec, "\"inc\":", ",\"who\":", out);
	buf_char(out, ' ');
	put_between(r->rec, "\"who\":", ",\"cause\":", out);
	buf_char(out, ' ');
	put_between(r->rec, "\"cause\":", ",\"body\":", out);
	buf_char(out, ' ');
	buf_add(out, body, strlen(body) - 1);
}

static void print_since(const json_t *object, const char *key, int64_t start_ms, struct buf *out)
{
	const char *text = json_string_value(json_object_get(object, key));
	int64_t at_ms;

	if (text && time_parse_rfc3339(text, &at_ms))
		buf_printf(out, " at %lld", (long long)(at_ms - start_ms));
}

static void print_open_steps(const json_t *steps, int64_t start_ms, struct buf *out)
{
	size_t i;
	json_t *step;

	json_array_foreach(steps, i, step)
	{
		const char *state = json_string_value(json_object_get(step, "state"));

		if (strcmp(state, "open") != 0)
			continue;
		buf_printf(out, " | %s", json_string_value(json_object_get(step, "id")));
		print_since(step, "due", start_ms, out);
	}
}

/* [vote YES need N of M [stale X]...] */
static void print_vote(const json_t *vote, struct buf *out)
{
	const json_t *stale = json_object_get(vote, "stale");

	if (!vote)
		return;
	buf_printf(out, " vote %lld need %lld of %lld", (long long)json_integer_value(json_object_get(vote, "yes")),
	           (long long)json_integer_value(json_object_get(vote, "need")),
	           (long long)json_integer_value(json_object_get(vote, "of")));
	for (size_t i = 0; i < json_array_size(stale); i++)
		buf_printf(out, " stale %s", json_string_value(json_array_get(stale, i)));
}

/* STATE rev N SEVERITY [vote] [stale] [flapping] [drill] [unrecorded] [because X] [acked_by X] next WHAT at MS
 * [reset by X at MS] | open steps with their due times */
static void print_state(const char *payload, int64_t start_ms, struct buf *out)
{
	static const char *const marks[] = {"stale", "flapping", "drill", "unrecorded"};
	json_t *doc = json_loads(payload, JSON_REJECT_DUPLICATES, NULL), *flags, *next, *reset;
	const char *acked_by, *because;

	if (!doc)
		abort();
	acked_by = json_string_value(json_object_get(doc, "acked_by"));
	next = json_object_get(doc, "next");
	buf_printf(out, " %s rev %lld %s", json_string_value(json_object_get(doc, "state")),
	           (long long)json_integer_value(json_object_get(doc, "rev")),
	           json_string_value(json_object_get(doc, "severity")));
	print_vote(json_object_get(doc, "vote"), out);
	flags = json_object_get(doc, "flags");
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (json_is_true(json_object_get(flags, marks[i])))
			buf_printf(out, " %s", marks[i]);
	because = json_string_value(json_object_get(flags, "because"));
	if (because)
		buf_printf(out, " because %s", because);
	if (acked_by)
		buf_printf(out, " acked_by %s", acked_by);
	if (json_is_object(next)) {
		buf_printf(out, " next %s", json_string_value(json_object_get(next, "what")));
		print_since(next, "at", start_ms, out);
	}
	reset = json_object_get(doc, "reset");
	if (reset) {
		buf_printf(out, " reset by %s", json_string_value(json_object_get(reset, "by")));
		print_since(reset, "until", start_ms, out);
	}
	print_open_steps(json_object_get(doc, "steps"), start_ms, out);
	json_decref(doc);
}

static void print_publish(const struct publish *p, int64_t start_ms, struct buf *out)
{
	buf_printf(out, " %s", p->topic);
	if (!*p->payload)
		buf_str(out, " (empty)");
	else if (!strncmp(p->topic, "incident/", 9))
		print_state(p->payload, start_ms, out);
	else
		buf_printf(out, " %s", p->payload);
}

static void print_notice(const struct notice *n, int64_t start_ms, struct buf *out)
{
	buf_printf(out, " %s %s %s %s", n->id, notice_kind_name(n->kind), n->person, n->channel);
	if (n->kind == NOTICE_CALL)
		buf_printf(out, " level %d", n->level);
	if (n->reply_by_ms >= 0)
		buf_printf(out, " by %lld", (long long)(n->reply_by_ms - start_ms));
	if (n->repeat)
		buf_str(out, " repeat");
	if (n->drill)
		buf_str(out, " drill");
	buf_printf(out, " %s", n->text);
}

/* Said by the others already. */
bool print_is_digest(const struct effect *f)
{
	static const char *const topics[] = {"summary", "summary/text", "oncall", "impairments"};

	for (size_t i = 0; f->kind == EFFECT_PUBLISH && i < sizeof topics / sizeof *topics; i++)
		if (!strcmp(f->publish.topic, topics[i]))
			return true;
	return false;
}

static const char *const words[] = {
    [EFFECT_AUDIT] = "row",       [EFFECT_PUBLISH] = "publish", [EFFECT_NOTICE] = "notice",
    [EFFECT_ACTUATE] = "actuate", [EFFECT_REPLY] = "reply",     [EFFECT_WANT] = "want",
    [EFFECT_FOLLOW] = "follow",   [EFFECT_RESEND] = "resend",
    [EFFECT_QUERY] = "query",
};

void print_effect(const struct effect *f, int64_t start_ms, int64_t now_ms, struct buf *out)
{
	buf_printf(out, "\t%lld %s%s", (long long)(now_ms - start_ms), words[f->kind], f->urgent ? "!" : "");
	switch (f->kind) {
	case EFFECT_AUDIT:
		print_row(&f->row, out);
		break;
	case EFFECT_PUBLISH:
		print_publish(&f->publish, start_ms, out);
		break;
	case EFFECT_NOTICE:
		print_notice(&f->notice, start_ms, out);
		break;
	case EFFECT_ACTUATE:
		buf_printf(out, " %lld %s %s %s %s within %lld", (long long)f->actuate.id,
		           f->actuate.actuator, f->actuate.action, f->actuate.topic, f->actuate.payload,
		           (long long)f->actuate.within_ms);
		break;
	case EFFECT_REPLY:
		buf_printf(out, " %s %s", f->reply.user ? f->reply.user : "-", f->reply.json);
		break;
	case EFFECT_WANT:
		buf_printf(out, " %s", f->sensor.id ? f->sensor.id : "*");
		break;
	case EFFECT_FOLLOW:
		buf_printf(out, " %s %s", f->sensor.id, f->sensor.on ? "on" : "off");
		break;
	case EFFECT_RESEND:
		buf_printf(out, " %lld %lld", (long long)f->resend.from, (long long)f->resend.to);
		break;
	case EFFECT_QUERY:
		buf_printf(out, " %s %lld %s", verb_name(f->query.verb),
		           (long long)(f->query.verb == VERB_STATS ? f->query.back_ms : f->query.number),
		           f->query.user ? f->query.user : "-");
		break;
	}
	buf_char(out, '\n');
}
