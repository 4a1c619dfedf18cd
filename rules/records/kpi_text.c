/* kpi_text.c - the figures on paper, in Chinese or English, beside what the
 * standard asks for; and as JSON, whose names carry the units. */
#include "records/kpi.h"

#include "records/paper.h"
#include "records/words.h"

#include <stdio.h>
#include <string.h>

struct writer {
	const struct kpi_figures *f;
	struct voice voice;
	struct paper paper;
};

static const char *says(const struct writer *w, const char *zh, const char *en)
{
	return voice_says(&w->voice, zh, en);
}

/* "1.25" of hundredths, "12.3 %" of a thousandth. */
static const char *cents(int64_t value, char text[32])
{
	snprintf(text, 32, "%lld.%02lld", (long long)value / 100, (long long)value % 100);
	return text;
}

static const char *share(int64_t part, int64_t whole, char text[32])
{
	int64_t permille = kpi_permille(part, whole);

	snprintf(text, 32, "%lld.%lld %%", (long long)permille / 10, (long long)permille % 10);
	return text;
}

/* Alarms per 10 minutes, in hundredths. */
static int64_t rate(const struct kpi_figures *f)
{
	return f->periods ? (f->alarms * 100 + f->periods / 2) / f->periods : 0;
}

static void row(struct writer *w, const char *what, const char *value, const char *target)
{
	paper_row(&w->paper, (const char *const[PAPER_COLUMNS]){what, value, target});
}

static void number(struct writer *w, const char *what, int64_t value, const char *target)
{
	char text[32];

	snprintf(text, sizeof text, "%lld", (long long)value);
	row(w, what, text, target);
}

static void begin_table(struct writer *w)
{
	paper_table(&w->paper, 3,
	            (const char *const[]){says(w, "指标", "measure"), says(w, "数值", "value"),
	                                  says(w, "目标", "target")});
}

static void part_load(struct writer *w)
{
	const struct kpi_figures *f = w->f;
	struct buf peak = {0};
	char text[32];

	paper_heading(&w->paper, says(w, "报警负荷", "Load"));
	begin_table(w);
	number(w, says(w, "报警数", "alarms"), f->alarms, "");
	row(w, says(w, "每10分钟平均", "per 10 minutes, on average"), cents(rate(f), text),
	    says(w, "约1,最多2", "about 1, at most 2"));
	buf_printf(&peak, "%lld", (long long)f->peak);
	if (f->peak) {
		buf_str(&peak, "  ");
		voice_time(&w->voice, f->peak_ms, &peak);
	}
	row(w, says(w, "10分钟内最多", "most in 10 minutes"), buf_text(&peak),
	    says(w, "不超过10", "at most 10"));
	row(w, says(w, "超过10起的10分钟", "10 minutes with more than 10"),
	    share(f->periods_over, f->periods, text), "< 1 %");
	row(w, says(w, "超过30起的小时", "hours with more than 30"), share(f->hours_over, f->hours, text),
	    "< 1 %");
	row(w, says(w, "处于报警洪流的时间", "time in flood"), share(f->flood_periods, f->periods, text),
	    "< 1 %");
	paper_table_end(&w->paper);
	buf_fini(&peak);
}

static void part_priorities(struct writer *w)
{
	static const char *const targets[SEVERITY_COUNT] = {"5 %", "15 %", "80 %", ""};
	char text[32], what[64];

	paper_heading(&w->paper, says(w, "严重程度", "Severity"));
	begin_table(w);
	for (int s = 0; s < SEVERITY_COUNT; s++) {
		struct buf word = {0};

		voice_word(&w->voice, severity_name((enum severity)s), &word);
		snprintf(what, sizeof what, "%s (%lld)", buf_text(&word), (long long)w->f->by_severity[s]);
		row(w, what, share(w->f->by_severity[s], w->f->alarms, text), targets[s]);
		buf_fini(&word);
	}
	if (w->f->unknown_severity)
		row(w, says(w, "未知(当时的配置已不保存)", "not known (that configuration is not kept)"),
		    share(w->f->unknown_severity, w->f->alarms, text), "");
	paper_table_end(&w->paper);
}

/* An id as it stands in the log, but for "root for wang", which is a sentence. */
static void source(const struct writer *w, const char *name, struct buf *out)
{
	if (strstr(name, " for "))
		voice_person(&w->voice, name, out);
	else
		buf_str(out, name);
}

static void names(struct writer *w, const char *label, const struct kpi_list *l, const char *unit)
{
	struct buf text = {0};

	for (int i = 0; i < l->n && i < KPI_LISTED; i++) {
		buf_str(&text, i ? ", " : "");
		source(w, l->at[i].name, &text);
		buf_printf(&text, " %lld%s", (long long)l->at[i].n, unit);
	}
	if (l->n > KPI_LISTED)
		buf_str(&text, ", ...");
	paper_pair(&w->paper, label, buf_text(&text));
	buf_fini(&text);
}

static void part_bad(struct writer *w)
{
	const struct kpi_figures *f = w->f;

	paper_heading(&w->paper, says(w, "不良报警", "Bad actors"));
	begin_table(w);
	number(w, says(w, "抖动的报警源", "chattering sources"), f->chattering.n, "0");
	number(w, says(w, "瞬时报警", "fleeting alarms"), f->fleeting, "0");
	number(w, says(w, "持续超过一天", "stood for more than a day"), f->stale.n, "");
	number(w, says(w, "其中仍未消除", "of these, still standing"), f->stale_now, says(w, "少于5", "< 5"));
	paper_table_end(&w->paper);
	names(w, says(w, "抖动(一分钟三次的次数)", "chattering (times three in a minute)"), &f->chattering,
	      "");
	names(w, says(w, "持续(小时)", "standing"), &f->stale, " h");
}

static void part_top(struct writer *w, const char *heading, const struct kpi_named *top, int64_t n)
{
	char text[32], count[32];
	struct buf name = {0};
	int64_t sum = 0;

	paper_heading(&w->paper, heading);
	paper_table(&w->paper, 3,
	            (const char *const[]){says(w, "名称", "name"), says(w, "报警数", "alarms"),
	                                  says(w, "占比", "share")});
	for (int i = 0; i < KPI_TOP && top[i].n; i++) {
		snprintf(count, sizeof count, "%lld", (long long)top[i].n);
		buf_clear(&name);
		source(w, top[i].name, &name);
		row(w, buf_text(&name), count, share(top[i].n, w->f->alarms, text));
		sum += top[i].n;
	}
	buf_fini(&name);
	paper_table_end(&w->paper);
	snprintf(count, sizeof count, "%lld", (long long)n);
	paper_pair(&w->paper, says(w, "这样的共有", "there are in all"), count);
	paper_pair(&w->paper,
	           says(w, "前十合计(目标:1 %至5 %)", "the first ten together (target: 1 % to 5 %)"),
	           share(sum, w->f->alarms, text));
}

static void time_row(struct writer *w, int level, const struct kpi_times *t)
{
	const int64_t spans[] = {t->median_ms, t->p90_ms, t->max_ms};
	struct buf text[3] = {{0}, {0}, {0}};
	char name[32], n[32];

	snprintf(name, sizeof name, "%d%s", level, level == KPI_LEVELS ? "+" : "");
	snprintf(n, sizeof n, "%lld", (long long)t->n);
	for (int i = 0; i < 3; i++)
		voice_span(&w->voice, spans[i], &text[i]);
	paper_row(&w->paper, (const char *const[PAPER_COLUMNS]){name, n, buf_text(&text[0]),
	                                                        buf_text(&text[1]), buf_text(&text[2])});
	for (int i = 0; i < 3; i++)
		buf_fini(&text[i]);
}

static void part_times(struct writer *w, const char *heading, const struct kpi_times times[KPI_LEVELS])
{
	paper_heading(&w->paper, heading);
	paper_table(&w->paper, 5,
	            (const char *const[]){says(w, "呼叫级别", "level called"), says(w, "次数", "times"),
	                                  says(w, "中位数", "median"),
	                                  says(w, "九成在内", "nine of ten within"),
	                                  says(w, "最长", "longest")});
	for (int i = 0; i < KPI_LEVELS; i++)
		if (times[i].n)
			time_row(w, i + 1, &times[i]);
	paper_table_end(&w->paper);
}

static void part_answers(struct writer *w)
{
	static const int within_s[KPI_WITHIN] = {30, 60, 90, 180};
	const struct kpi_figures *f = w->f;
	char text[32], what[64];

	part_times(w, says(w, "到确认的时间", "Time to acknowledge"), f->ack);
	part_times(w, says(w, "到第一步完成的时间", "Time to the first step"), f->step);
	paper_heading(&w->paper, says(w, "确认", "Acknowledged"));
	begin_table(w);
	for (int i = 0; i < KPI_WITHIN; i++) {
		snprintf(what, sizeof what, w->voice.lang == LANG_ZH ? "%d秒之内" : "within %d s", within_s[i]);
		row(w, what, share(f->acked_within[i], f->alarms, text), "");
	}
	number(w, says(w, "从未确认", "never acknowledged"), f->unacked, "");
	number(w, says(w, "确认后未行动而失效", "acknowledged, and nothing done in time"), f->acks_expired,
	       "");
	number(w, says(w, "呼叫到顶无人应答", "chains called to their end"), f->chains_exhausted, "");
	paper_table_end(&w->paper);
}

static void part_suppressed(struct writer *w)
{
	const struct kpi_figures *f = w->f;

	paper_heading(&w->paper, says(w, "抑制", "Suppressed"));
	begin_table(w);
	number(w, says(w, "由其他事件解释", "explained by another incident"), f->explained, "");
	number(w, says(w, "隔离中发生", "opened while isolated"), f->isolated, "");
	number(w, says(w, "搁置", "shelved"), f->shelved, "");
	number(w, says(w, "停用", "taken out of service"), f->out, "");
	number(w, says(w, "并入汇总的通知", "notices that came in a summary"), f->held, "");
	number(w, says(w, "演练(不计入以上)", "exercises (not counted above)"), f->drills, "");
	paper_table_end(&w->paper);
}

void kpi_text(const struct kpi_figures *f, const struct kpi_voice *v, struct buf *out)
{
	struct writer w = {.f = f, .voice = {.lang = v->lang, .plan = v->plan}, .paper = {.lang = v->lang}};
	struct buf title = {0}, span = {0};

	buf_printf(&title, "%s: %s", says(&w, "报警指标 (ISA-18.2)", "Alarm figures (ISA-18.2)"), v->site);
	paper_begin(&w.paper, buf_text(&title));
	if (f->from_ms >= 0) {
		voice_time(&w.voice, f->from_ms, &span);
		buf_str(&span, " - ");
		voice_time(&w.voice, f->until_ms, &span);
	}
	paper_pair(&w.paper, says(&w, "时间", "time"), buf_text(&span));
	part_load(&w);
	part_priorities(&w);
	part_bad(&w);
	part_top(&w, says(&w, "最频繁的报警源", "Most frequent sources"), f->sources, f->n_sources);
	part_top(&w, says(&w, "最频繁的类型", "Most frequent types"), f->types, f->n_types);
	part_answers(&w);
	part_suppressed(&w);
	paper_end(&w.paper);
	buf_add(out, buf_text(&w.paper.out), w.paper.out.len);
	paper_fini(&w.paper);
	buf_fini(&title);
	buf_fini(&span);
}

/* For who asked on a phone. */
void kpi_say(const struct kpi_figures *f, const struct kpi_voice *v, struct buf *out)
{
	struct voice voice = {.lang = v->lang, .plan = v->plan};
	bool zh = v->lang == LANG_ZH;
	char text[32];

	if (!f->alarms) {
		buf_str(out, zh ? "这段时间没有报警" : "No alarms in this time");
		return;
	}
	buf_printf(out, zh ? "报警 %lld 起,每10分钟平均 %s 起" : "%lld alarms, %s per 10 minutes on average",
	           (long long)f->alarms, cents(rate(f), text));
	buf_printf(out, zh ? ",最多 %lld 起(" : ", at most %lld (", (long long)f->peak);
	voice_time(&voice, f->peak_ms, out);
	buf_printf(out, zh ? ")。90秒内确认 %s,从未确认 %lld 起" : "). %s acknowledged within 90 s, %lld never",
	           share(f->acked_within[2], f->alarms, text), (long long)f->unacked);
	buf_printf(out, zh ? ";抖动的报警源 %lld 个" : "; %lld chattering", (long long)f->chattering.n);
}

/* -- JSON -- */

static void json_named(struct buf *b, const char *key, const struct kpi_named *at, int64_t n)
{
	json_open(b, key, '[');
	for (int i = 0; i < n && at[i].n; i++) {
		json_open(b, NULL, '{');
		json_str(b, "name", at[i].name);
		json_int(b, "n", at[i].n);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void json_times(struct buf *b, const char *key, const struct kpi_times times[KPI_LEVELS])
{
	json_open(b, key, '[');
	for (int i = 0; i < KPI_LEVELS; i++) {
		if (!times[i].n)
			continue;
		json_open(b, NULL, '{');
		json_int(b, "level", i + 1);
		json_int(b, "n", times[i].n);
		json_int(b, "median_ms", times[i].median_ms);
		json_int(b, "p90_ms", times[i].p90_ms);
		json_int(b, "max_ms", times[i].max_ms);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void json_load(struct buf *b, const struct kpi_figures *f)
{
	json_int(b, "alarms", f->alarms);
	json_int(b, "per_10min_hundredths", rate(f));
	json_int(b, "peak_10min", f->peak);
	json_time(b, "peak_at", f->peak ? f->peak_ms : -1);
	json_int(b, "over_10_permille", kpi_permille(f->periods_over, f->periods));
	json_int(b, "hours_over_30_permille", kpi_permille(f->hours_over, f->hours));
	json_int(b, "flood_permille", kpi_permille(f->flood_periods, f->periods));
	json_open(b, "by_severity", '{');
	for (int s = 0; s < SEVERITY_COUNT; s++)
		json_int(b, severity_name((enum severity)s), f->by_severity[s]);
	json_int(b, "unknown", f->unknown_severity);
	json_close(b, '}');
}

static void json_answers(struct buf *b, const struct kpi_figures *f)
{
	static const char *const within[KPI_WITHIN] = {"acked_30s", "acked_60s", "acked_90s", "acked_180s"};

	json_times(b, "ack", f->ack);
	json_times(b, "first_step", f->step);
	json_int(b, "acked", f->acked);
	for (int i = 0; i < KPI_WITHIN; i++)
		json_int(b, within[i], f->acked_within[i]);
	json_int(b, "unacked", f->unacked);
	json_int(b, "acks_expired", f->acks_expired);
	json_int(b, "chains_exhausted", f->chains_exhausted);
}

void kpi_json(const struct kpi_figures *f, const char *site, struct buf *out)
{
	json_open(out, NULL, '{');
	json_bool(out, "ok", true);
	json_str(out, "site", site);
	json_time(out, "from", f->from_ms);
	json_time(out, "until", f->until_ms);
	json_int(out, "rows", f->rows);
	json_load(out, f);
	json_int(out, "chattering", f->chattering.n);
	json_named(out, "chattering_sources", f->chattering.at, KPI_LISTED);
	json_int(out, "fleeting", f->fleeting);
	json_int(out, "stale", f->stale.n);
	json_int(out, "stale_now", f->stale_now);
	json_named(out, "stale_hours", f->stale.at, KPI_LISTED);
	json_named(out, "top_sources", f->sources, KPI_TOP);
	json_named(out, "top_types", f->types, KPI_TOP);
	json_answers(out, f);
	json_int(out, "explained", f->explained);
	json_int(out, "isolated", f->isolated);
	json_int(out, "shelved", f->shelved);
	json_int(out, "out_of_service", f->out);
	json_int(out, "notices_held", f->held);
	json_int(out, "drills", f->drills);
	json_close(out, '}');
}
