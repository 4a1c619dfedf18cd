#include "guard.h"

#include "base/arena.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SITES_MAX = 64,
	OFFLINE_MS = 5000, /* a restart by systemd is faster */
	CHAIN_MS = 25000,  /* three heartbeats in a row say so */
	APART_MS = 60000,
	STARTS = 3, /* within STARTS_MS */
	STARTS_MS = 600 * 1000,
	NEVER = -1,
	TEXT_BYTES = 640,
};

/* What stands in brackets behind a sentence. */
struct detail {
	char zh[160], en[200];
};

struct alarm {
	bool is_told;
	int64_t since_ms, told_ms;
};

/* One watched daemon; "-" is the broker itself. */
struct site {
	struct site *next;
	char id[65];
	struct alarm alarms[GUARD_TROUBLES];
	int64_t heard_ms; /* a heartbeat that counted on, or the beginning */
	int64_t epoch, n; /* of that heartbeat; epoch NEVER: none yet */
	int64_t starts_ms[STARTS];
	int64_t offline_ms, chain_ms; /* since when, or NEVER */
	bool is_stopped;              /* it said so itself */
	bool has_frozen;              /* heartbeats that did not count on */
	bool has_beaten;              /* since it was told to be down */
	bool is_late, is_failing, was_apart, is_apart;
	int64_t unacked, oldest_s, apart_s;
};

struct guard {
	struct guard_config config;
	struct site broker, *sites;
	int n_sites;
	bool is_up;
	int64_t link_ms;  /* since when it is up, or down */
	int64_t heard_ms; /* anything at all */
	char why[160];    /* it is down */
};

/* -- sites -- */

static void site_init(struct site *s, const char *id, int64_t now_ms)
{
	*s = (struct site){.heard_ms = now_ms, .epoch = NEVER, .offline_ms = NEVER, .chain_ms = NEVER};
	snprintf(s->id, sizeof s->id, "%s", id);
	for (int i = 0; i < STARTS; i++)
		s->starts_ms[i] = NEVER;
}

static struct site *site_add(struct guard *g, const char *id, int64_t now_ms)
{
	struct site *s = xcalloc(1, sizeof *s);

	site_init(s, id, now_ms);
	s->next = g->sites;
	g->sites = s;
	g->n_sites++;
	return s;
}

/* NULL: not ours, or more than anybody has. */
static struct site *site_of(struct guard *g, const char *id, int64_t now_ms)
{
	g->heard_ms = now_ms;
	if (!text_is_id(id) || (g->config.site && strcmp(id, g->config.site)))
		return NULL;
	for (struct site *s = g->sites; s; s = s->next) {
		if (!strcmp(s->id, "+")) /* the one that was waited for */
			snprintf(s->id, sizeof s->id, "%s", id);
		if (!strcmp(s->id, id))
			return s;
	}
	return g->n_sites < SITES_MAX ? site_add(g, id, now_ms) : NULL;
}

struct guard *guard_new(const struct guard_config *config, int64_t now_ms)
{
	struct guard *g = xcalloc(1, sizeof *g);

	g->config = *config;
	g->link_ms = g->heard_ms = now_ms;
	site_init(&g->broker, "-", now_ms);
	snprintf(g->why, sizeof g->why, "not connected yet");
	site_add(g, config->site ? config->site : "+", now_ms);
	return g;
}

void guard_free(struct guard *g)
{
	struct site *s;

	while ((s = g->sites)) {
		g->sites = s->next;
		free(s);
	}
	free(g);
}

/* -- what is wrong: one question a trouble -- */

static void detail(struct detail *d, const char *zh, const char *en)
{
	snprintf(d->zh, sizeof d->zh, "%s", zh);
	snprintf(d->en, sizeof d->en, "%s", en);
}

static bool is_unreached(const struct guard *g, const struct site *s, int64_t now_ms, struct detail *ret)
{
	(void)s;
	detail(ret, g->why, g->why);
	return !g->is_up && now_ms - g->link_ms >= g->config.after_ms;
}

static void why_down(const struct site *s, int64_t now_ms, struct detail *ret)
{
	long long silent_s = (long long)(now_ms - s->heard_ms) / 1000;

	if (s->offline_ms != NEVER) {
		detail(ret, "已断开:offline", "the broker says offline");
	} else if (s->is_stopped) {
		detail(ret, "已被人停止", "somebody stopped it");
	} else if (s->epoch == NEVER) {
		detail(ret, "从未收到心跳:检查站点名和权限",
		       "no heartbeat was ever heard: check the site's name and the right to read it");
	} else if (s->has_frozen) {
		detail(ret, "心跳不再递增", "its heartbeats do not count on");
	} else {
		snprintf(ret->zh, sizeof ret->zh, "心跳中断%lld秒", silent_s);
		snprintf(ret->en, sizeof ret->en, "no heartbeat for %lld s", silent_s);
	}
}

static bool is_down(const struct guard *g, const struct site *s, int64_t now_ms, struct detail *ret)
{
	int64_t from_ms = s->heard_ms > g->link_ms ? s->heard_ms : g->link_ms;
	int64_t offline_ms = OFFLINE_MS < g->config.after_ms ? OFFLINE_MS : g->config.after_ms;

	why_down(s, now_ms, ret);
	return (s->offline_ms != NEVER && now_ms - s->offline_ms >= offline_ms) ||
	       now_ms - from_ms >= g->config.after_ms || (s->alarms[GUARD_DOWN].is_told && !s->has_beaten);
}

static bool is_restarting(const struct guard *g, const struct site *s, int64_t now_ms, struct detail *ret)
{
	int n = 0;

	(void)g;
	for (int i = 0; i < STARTS; i++)
		n += s->starts_ms[i] != NEVER && now_ms - s->starts_ms[i] < STARTS_MS;
	detail(ret, "10分钟内3次", "3 times in 10 minutes");
	return n == STARTS;
}

static bool is_store_bad(const struct guard *g, const struct site *s, int64_t now_ms, struct detail *ret)
{
	(void)g;
	(void)now_ms;
	detail(ret, "检查磁盘", "look at its disk");
	return s->is_failing;
}

static bool is_chain_silent(const struct guard *g, const struct site *s, int64_t now_ms, struct detail *ret)
{
	(void)g;
	snprintf(ret->zh, sizeof ret->zh, "未确认%" PRId64 "起,最早的已%" PRId64 "秒", s->unacked,
	         s->oldest_s);
	snprintf(ret->en, sizeof ret->en, "%" PRId64 " not acknowledged, the oldest for %" PRId64 " s",
	         s->unacked, s->oldest_s);
	return s->chain_ms != NEVER && now_ms - s->chain_ms >= CHAIN_MS;
}

static bool is_clock_off(const struct guard *g, const struct site *s, int64_t now_ms, struct detail *ret)
{
	(void)g;
	(void)now_ms;
	snprintf(ret->zh, sizeof ret->zh, "%s%" PRId64 "秒", s->apart_s > 0 ? "快" : "慢",
	         s->apart_s > 0 ? s->apart_s : -s->apart_s);
	snprintf(ret->en, sizeof ret->en, "it is %" PRId64 " s %s", s->apart_s > 0 ? s->apart_s : -s->apart_s,
	         s->apart_s > 0 ? "ahead" : "behind");
	return s->is_apart;
}

/* -- what is said about it -- */

static const struct {
	const char *word;
	bool (*is_bad)(const struct guard *g, const struct site *s, int64_t now_ms, struct detail *ret);
	const char *zh, *en, *over_zh, *over_en;
} troubles[GUARD_TROUBLES] = {
    [GUARD_BROKER] = {"broker", is_unreached, "连不上消息服务器,不知道告警系统是否在运行",
                      "the broker cannot be reached, so nobody knows whether alarms are dispatched",
                      "消息服务器已恢复连接", "the broker is reached again"},
    [GUARD_DOWN] = {"down", is_down, "告警系统没有运行,无人调度告警,请立即查看",
                    "tocsin is down, no alarm is dispatched, look at once", "告警系统已恢复运行",
                    "tocsin runs again"},
    [GUARD_RESTARTS] = {"restarts", is_restarting, "告警系统反复重启", "tocsin starts again and again",
                        "告警系统不再反复重启", "tocsin no longer starts again and again"},
    [GUARD_STORE] = {"store", is_store_bad, "审计存储故障,告警仍发出但未入库",
                     "its audit store fails, alarms leave unrecorded", "审计存储已恢复",
                     "its audit store works again"},
    [GUARD_CHAIN] = {"chain", is_chain_silent, "有事件无人确认,也没有下一次呼叫",
                     "an incident is not acknowledged and nobody is called next", "呼叫已继续或事件已确认",
                     "it was acknowledged, or the calling goes on"},
    [GUARD_CLOCK] = {"clock", is_clock_off, "告警系统的时钟与本机相差太大",
                     "its clock and the one here are far apart", "时钟已一致", "the clocks agree again"},
};

const char *guard_word(enum guard_trouble trouble)
{
	return troubles[trouble].word;
}

static void render(const struct guard_said *said, const struct detail *d, char zh[TEXT_BYTES],
                   char en[TEXT_BYTES])
{
	static const char *const heads_zh[] = {"看护告警", "看护告警仍在", "看护解除"};
	static const char *const heads_en[] = {"ALARM", "STILL", "OVER"};
	const char *site = text_is_id(said->site) && strcmp(said->site, "-") ? said->site : "";
	const char *gap = *site ? " " : "";
	char tail_zh[224] = "", tail_en[264] = "";
	bool over = said->saying == GUARD_OVER;
	int t = said->trouble, how = said->saying;

	if (how == GUARD_ALARM) {
		snprintf(tail_zh, sizeof tail_zh, "(%s)", d->zh);
		snprintf(tail_en, sizeof tail_en, " (%s)", d->en);
	} else if (how == GUARD_STILL) {
		long long minutes = (long long)said->for_ms / 60000;

		snprintf(tail_zh, sizeof tail_zh, "(%s),已%lld分钟", d->zh, minutes);
		snprintf(tail_en, sizeof tail_en, " (%s), for %lld min", d->en, minutes);
	}
	snprintf(zh, TEXT_BYTES, "【%s】%s%s%s%s。", heads_zh[how], site, gap,
	         over ? troubles[t].over_zh : troubles[t].zh, tail_zh);
	snprintf(en, TEXT_BYTES, "tocsin guard %s%s%s: %s%s.", heads_en[how], gap, site,
	         over ? troubles[t].over_en : troubles[t].en, tail_en);
}

static void settle(struct guard *g, struct site *s, enum guard_trouble trouble, int64_t now_ms)
{
	struct guard_said said = {.trouble = trouble, .site = s->id};
	struct alarm *a = &s->alarms[trouble];
	struct detail d;
	bool is_bad = troubles[trouble].is_bad(g, s, now_ms, &d);
	char zh[TEXT_BYTES], en[TEXT_BYTES];

	if (is_bad == a->is_told && (!is_bad || now_ms - a->told_ms < GUARD_AGAIN_MS))
		return;
	said.saying = !is_bad ? GUARD_OVER : a->is_told ? GUARD_STILL : GUARD_ALARM;
	if (said.saying == GUARD_ALARM) {
		a->since_ms = now_ms;
		s->has_beaten = false;
	}
	a->is_told = is_bad;
	a->told_ms = now_ms;
	said.for_ms = now_ms - a->since_ms;
	render(&said, &d, zh, en);
	said.zh = zh;
	said.en = en;
	g->config.say(g->config.arg, &said);
}

/* What a site last said about itself counts only while it speaks and we hear it. */
void guard_look(struct guard *g, int64_t now_ms)
{
	settle(g, &g->broker, GUARD_BROKER, now_ms);
	if (!g->is_up)
		return;
	for (struct site *s = g->sites; s; s = s->next) {
		settle(g, s, GUARD_DOWN, now_ms);
		for (int t = GUARD_DOWN + 1; t < GUARD_TROUBLES && !s->alarms[GUARD_DOWN].is_told; t++)
			settle(g, s, (enum guard_trouble)t, now_ms);
	}
}

int guard_open(const struct guard *g)
{
	int n = g->broker.alarms[GUARD_BROKER].is_told;

	for (const struct site *s = g->sites; s; s = s->next)
		for (int t = 0; t < GUARD_TROUBLES; t++)
			n += s->alarms[t].is_told;
	return n;
}

/* -- what is heard -- */

/* A link that hangs is found out late: what was heard last tells how long it is gone. */
static int64_t down_since(const struct guard *g, int64_t now_ms)
{
	return now_ms - g->heard_ms < g->config.after_ms ? g->heard_ms : now_ms;
}

void guard_link(struct guard *g, bool is_up, const char *why, int64_t now_ms)
{
	if (is_up != g->is_up)
		g->link_ms = is_up ? now_ms : down_since(g, now_ms);
	g->is_up = is_up;
	snprintf(g->why, sizeof g->why, "%s", why);
	for (struct site *s = g->sites; !is_up && s; s = s->next)
		s->offline_ms = s->chain_ms = NEVER; /* the retained status will come again */
}

void guard_status(struct guard *g, const char *site, const char *word, int64_t now_ms)
{
	struct site *s = site_of(g, site, now_ms);
	bool is_offline = !strcmp(word, "offline");

	if (!s)
		return;
	s->is_stopped = !strcmp(word, "stopping");
	if (!is_offline)
		s->offline_ms = NEVER;
	else if (s->offline_ms == NEVER)
		s->offline_ms = now_ms;
}

static void note_start(struct site *s, int64_t now_ms)
{
	memmove(s->starts_ms + 1, s->starts_ms, sizeof s->starts_ms - sizeof s->starts_ms[0]);
	s->starts_ms[0] = now_ms;
}

static void note_store(struct site *s, const char *word)
{
	bool was_late = s->is_late;

	s->is_late = !strcmp(word, "late");
	s->is_failing = !strcmp(word, "failing") || (s->is_late && (was_late || s->is_failing));
}

static void note_chain(struct site *s, const struct guard_beat *beat, int64_t now_ms)
{
	s->unacked = beat->unacked;
	s->oldest_s = beat->oldest_s;
	if (beat->unacked <= 0 || beat->next_call_s > 0)
		s->chain_ms = NEVER;
	else if (s->chain_ms == NEVER)
		s->chain_ms = now_ms;
}

/* One message may have been long on its way; two in a row are the clock. */
static void note_clock(struct site *s, int64_t at_ms, int64_t wall_ms)
{
	int64_t apart_ms = at_ms < 0 ? 0 : at_ms - wall_ms;
	bool is_apart = apart_ms > APART_MS || apart_ms < -APART_MS;

	s->apart_s = apart_ms / 1000;
	s->is_apart = is_apart && s->was_apart;
	s->was_apart = is_apart;
}

void guard_beat(struct guard *g, const char *site, const struct guard_beat *beat, int64_t wall_ms,
                int64_t now_ms)
{
	struct site *s = site_of(g, site, now_ms);

	if (!s)
		return;
	if (beat->epoch == s->epoch && beat->n <= s->n) {
		s->has_frozen = true;
		return;
	}
	if (s->epoch != NEVER && beat->epoch != s->epoch)
		note_start(s, now_ms);
	s->epoch = beat->epoch;
	s->n = beat->n;
	s->heard_ms = now_ms;
	s->offline_ms = NEVER;
	s->is_stopped = s->has_frozen = false;
	s->has_beaten = true;
	note_store(s, beat->store);
	note_chain(s, beat, now_ms);
	note_clock(s, beat->at_ms, wall_ms);
}
