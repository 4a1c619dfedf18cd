/* duty_log.c - everything of a span of time in order, one line each: for people, or JSON for programs. */
#include "records/report.h"

#include "base/glyph.h"
#include "records/kpi.h"
#include "records/words.h"

#include <string.h>

static void put_line(const struct voice *v, const struct logged *l, struct buf *out)
{
	struct buf line = {0};

	voice_clock(v, l->at_ms, l->at_ms, &line);
	buf_printf(&line, "  #%-6lld %-6s ", (long long)l->seq, l->inc ? l->inc : "");
	say_row(v, l, &line);
	glyph_safe(out, buf_text(&line));
	buf_char(out, '\n');
	buf_fini(&line);
}

static void put_json(const struct voice *v, const struct logged *l, struct buf *out)
{
	struct buf said = {0}, line = {0};

	say_row(v, l, &said);
	json_open(&line, NULL, '{');
	json_int(&line, "seq", l->seq);
	json_time(&line, "at", l->at_ms);
	json_str(&line, "kind", l->word);
	json_str(&line, "inc", l->inc);
	json_str(&line, "who", l->who);
	json_str(&line, "text", buf_text(&said));
	json_close(&line, '}');
	buf_printf(out, "%s\n", buf_text(&line));
	buf_fini(&said);
	buf_fini(&line);
}

static void put_unreadable(const struct duty_log *log, int64_t seq, struct buf *out)
{
	if (log->json)
		buf_printf(out, "{\"seq\":%lld,\"kind\":null}\n", (long long)seq);
	else
		buf_printf(out, log->lang == LANG_ZH ? "*** 第 %lld 行无法读取\n" : "*** row %lld cannot be read\n",
		           (long long)seq);
}

static void put_day(struct duty_log *log, const struct voice *v, int64_t at_ms, struct buf *out)
{
	struct buf day = {0}, was = {0};

	voice_day(v, at_ms, &day);
	if (log->begun)
		voice_day(v, log->last_ms, &was);
	if (strcmp(buf_text(&day), buf_text(&was)) != 0)
		buf_printf(out, "%s%s\n", log->begun ? "\n" : "", buf_text(&day));
	log->begun = true;
	log->last_ms = at_ms;
	buf_fini(&day);
	buf_fini(&was);
}

/* Most rows of a log that is asked for a day: neither told nor read. */
static bool is_passed_over(const struct duty_log *log, const char *rec)
{
	enum audit_kind kind;
	int64_t number, at_ms;

	return logged_peek(rec, &kind, &number) && kind != AUDIT_PLAN && kind != AUDIT_STARTED && kpi_time(rec, &at_ms) &&
	       (at_ms < log->since_ms || at_ms > log->until_ms);
}

void duty_log_take(struct duty_log *log, int64_t seq, const char *rec, struct buf *out)
{
	struct arena arena;
	struct logged l;
	struct voice v = {.lang = log->lang};
	const char *hash;

	if (is_passed_over(log, rec))
		return;
	arena_init(&arena);
	if (!logged_read(rec, &arena, &l)) {
		put_unreadable(log, seq, out);
		arena_fini(&arena);
		return;
	}
	hash = l.kind == AUDIT_PLAN || l.kind == AUDIT_STARTED ? logged_get(&l, "plan") : NULL;
	if (hash)
		log->plan = log->plan_of(log->arg, hash);
	v.plan = log->plan;
	if (l.at_ms >= log->since_ms && l.at_ms <= log->until_ms) {
		if (log->json) {
			put_json(&v, &l, out);
		} else {
			put_day(log, &v, l.at_ms, out);
			put_line(&v, &l, out);
		}
		log->n++;
	}
	arena_fini(&arena);
}

bool duty_log_is_handover(const struct logged *l)
{
	const char *what = logged_get(l, "what");

	return sentence_of(l->kind)->parts & PART_SHIFT && what && (!strcmp(what, "accepted") || !strcmp(what, "began"));
}

/* Exactly n digits. */
static bool digits(const char **at, int n, int *ret)
{
	*ret = 0;
	for (; n > 0; n--, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		*ret = *ret * 10 + (**at - '0');
	}
	return true;
}

static bool read_date(const char **at, struct civil *c)
{
	return digits(at, 4, &c->year) && *(*at)++ == '-' && digits(at, 2, &c->month) && *(*at)++ == '-' &&
	       digits(at, 2, &c->day) && c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= 31;
}

static bool read_clock(const char *at, struct civil *c)
{
	if (!digits(&at, 2, &c->hour) || *at++ != ':' || !digits(&at, 2, &c->minute))
		return false;
	if (*at == ':' && (at++, !digits(&at, 2, &c->second)))
		return false;
	return !*at && c->hour <= 24 && c->minute < 60 && c->second < 60;
}

bool duty_log_time(const char *text, const struct tz *tz, int64_t like_ms, int64_t *ret_ms)
{
	struct civil c;
	const char *at = text;
	int64_t local_ms;

	if (time_parse_rfc3339(text, ret_ms))
		return true;
	time_civil(like_ms + tz_offset_s(tz, like_ms) * INT64_C(1000), &c);
	c.hour = c.minute = c.second = c.ms = 0;
	if (strlen(text) >= 10) {
		if (!read_date(&at, &c) || (*at && *at != ' ' && *at != 'T'))
			return false;
		at += *at != 0;
	}
	if ((*at || at == text) && !read_clock(at, &c))
		return false;
	local_ms = time_from_civil(&c);
	*ret_ms = local_ms - tz_offset_s(tz, local_ms - tz_offset_s(tz, local_ms) * INT64_C(1000)) * INT64_C(1000);
	return true;
}
