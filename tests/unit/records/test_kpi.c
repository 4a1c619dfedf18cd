/* The figures of ISA-18.2 of a synthetic audit: every one counted by hand. */
#include "site.h"

#include "records/kpi.h"

#include "base/text.h"
#include "base/time.h"

static const struct grade k_grades[] = {{.id = "warning", .severity = SEVERITY_MAJOR},
                                        {.id = "critical", .severity = SEVERITY_CRITICAL}};
static const struct incident_type k_types[] = {
    {.id = "gas-leak", .grades = k_grades, .n_grades = 2, .severity = SEVERITY_CRITICAL, .self = -1},
    {.id = "burst-pipe", .severity = SEVERITY_MAJOR, .self = -1},
    {.id = "damp", .severity = SEVERITY_MINOR, .self = -1},
    {.id = "sensor-lost", .severity = SEVERITY_FAULT, .self = -1},
};
static const struct plan k_plan = {
    .site = "plaza", .types = k_types, .n_types = 4, .tz = {1, s_tz_at, s_tz_offset}};

enum { SECOND = 1000, MINUTE = 60000, HOUR = 3600000 };
static int64_t base_ms; /* 2026-11-22T00:00:00Z, a whole hour */
static struct kpi *kpi;
static int64_t seq;

static const struct plan *plan_of(void *arg, const char *hash)
{
	(void)arg;
	return strcmp(hash, "lost") != 0 ? &k_plan : NULL;
}

static int begin(void **state)
{
	(void)state;
	assert_true(time_parse_rfc3339("2026-11-22T00:00:00Z", &base_ms));
	kpi = kpi_new(INT64_MIN, INT64_MAX, plan_of, NULL);
	seq = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	kpi_free(kpi);
	return 0;
}

/* One row; inc "": of none. */
static void row(int64_t after_ms, const char *kind, const char *inc, const char *who, const char *body)
{
	char at[TIME_TEXT_BYTES], id[32], rec[512];

	snprintf(id, sizeof id, "\"%s\"", inc);
	snprintf(rec, sizeof rec,
	         "{\"v\":1,\"epoch\":1,\"seq\":%lld,\"at\":\"%s\",\"kind\":\"%s\",\"inc\":%s,\"who\":\"%s\","
	         "\"cause\":null,\"body\":{%s}}",
	         (long long)++seq, time_rfc3339(base_ms + after_ms, at), kind, *inc ? id : "null", who, body);
	kpi_take(kpi, rec);
}

static void opened(int64_t after_ms, const char *inc, const char *who, const char *type)
{
	char body[128];

	snprintf(body, sizeof body, "\"type\":\"%s\",\"grade\":null,\"rev\":1", type);
	row(after_ms, "opened", inc, who, body);
}

static struct kpi_figures figures(void)
{
	struct kpi_figures f;

	kpi_end(kpi, &f);
	return f;
}

static void test_rates(void **state)
{
	struct kpi_figures f;
	char inc[16];

	(void)state;
	row(0, "started", "", "system", "\"plan\":\"p\"");
	for (int i = 0; i < 11; i++) { /* 11 in the second period, 5 in the third: the flood goes on; 4 in the
		                          fourth: it is over */
		snprintf(inc, sizeof inc, "W-%d", i + 1);
		opened(10 * MINUTE + i * SECOND, inc, "sensor:a", "burst-pipe");
	}
	for (int i = 0; i < 9; i++) {
		snprintf(inc, sizeof inc, "W-%d", i + 21);
		opened((i < 5 ? 20 : 30) * MINUTE + i * SECOND, inc, "sensor:b", "damp");
	}
	row(2 * HOUR - 1, "stopped", "", "system", "");
	f = figures();
	assert_int_equal(f.alarms, 20);
	assert_int_equal(f.periods, 12);
	assert_int_equal(f.periods_over, 1);
	assert_int_equal(f.peak, 11);
	assert_int_equal(f.peak_ms, base_ms + 10 * MINUTE);
	assert_int_equal(f.flood_periods, 2);
	assert_int_equal(f.hours, 2);
	assert_int_equal(f.hours_over, 0);
	assert_int_equal(f.by_severity[SEVERITY_MAJOR], 11);
	assert_int_equal(f.by_severity[SEVERITY_MINOR], 9);
	assert_int_equal(f.n_sources, 2);
	assert_string_equal(f.sources[0].name, "sensor:a");
	assert_int_equal(f.sources[0].n, 11);
	assert_int_equal(f.sources[2].n, 0);
	assert_string_equal(f.types[1].name, "damp");
	assert_int_equal(f.unacked, 20);
}

/* More than 30 in an hour, spread so that no period is a flood. */
static void test_a_busy_hour(void **state)
{
	struct kpi_figures f;
	char inc[16];

	(void)state;
	for (int i = 0; i < 36; i++) {
		snprintf(inc, sizeof inc, "W-%d", i + 1);
		opened(i * 100 * SECOND, inc, "sensor:a", "damp");
	}
	f = figures();
	assert_int_equal(f.peak, 6);
	assert_int_equal(f.flood_periods, 0);
	assert_int_equal(f.hours_over, 1);
	assert_int_equal(f.unknown_severity, 36); /* no row named a plan */
}

static void test_severity_is_the_gravest(void **state)
{
	struct kpi_figures f;

	(void)state;
	row(0, "started", "", "system", "\"plan\":\"p\"");
	row(1, "opened", "G-1", "sensor:g", "\"type\":\"gas-leak\",\"grade\":\"warning\"");
	row(2, "opened", "G-2", "sensor:g", "\"type\":\"gas-leak\",\"grade\":\"warning\"");
	row(3, "grade", "G-2", "sensor:g",
	    "\"grade\":\"critical\",\"severity\":\"critical\",\"state\":\"unacked\"");
	opened(4, "S-3", "system", "sensor-lost");
	row(5, "opened", "G-4", "wang", "\"type\":\"gas-leak\",\"grade\":null,\"drill\":true");
	row(6, "plan", "", "root", "\"plan\":\"lost\"");
	opened(7, "W-5", "sensor:w", "burst-pipe");
	f = figures();
	assert_int_equal(f.by_severity[SEVERITY_CRITICAL], 1);
	assert_int_equal(f.by_severity[SEVERITY_MAJOR], 1);
	assert_int_equal(f.by_severity[SEVERITY_FAULT], 1);
	assert_int_equal(f.unknown_severity, 1);
	assert_int_equal(f.alarms, 4);
	assert_int_equal(f.drills, 1);
}

static void test_bad_actors(void **state)
{
	struct kpi_figures f;

	(void)state;
	row(0, "started", "", "system", "\"plan\":\"p\"");
	/* three onsets in exactly a minute chatter; in a minute and a millisecond they do not */
	opened(0, "W-1", "sensor:in", "damp");
	row(30 * SECOND, "gone", "W-1", "sensor:in", "\"state\":\"rtn_unacked\"");
	row(31 * SECOND, "member", "W-1", "sensor:in", "\"state\":\"unacked\"");
	row(MINUTE, "member", "W-1", "sensor:in", "\"state\":\"unacked\"");
	opened(HOUR, "W-2", "sensor:out", "damp");
	row(HOUR + 30 * SECOND, "member", "W-2", "sensor:out", "\"state\":\"unacked\"");
	row(HOUR + MINUTE + 1, "member", "W-2", "sensor:out", "\"state\":\"unacked\"");
	/* fleeting: over within a minute and nobody did anything */
	opened(2 * HOUR, "W-3", "sensor:f", "damp");
	row(2 * HOUR + MINUTE, "gone", "W-3", "sensor:f", "\"state\":\"rtn_unacked\"");
	opened(2 * HOUR, "W-4", "sensor:g", "damp");
	row(2 * HOUR + SECOND, "acked", "W-4", "wang", "\"state\":\"acked\"");
	row(2 * HOUR + MINUTE, "gone", "W-4", "sensor:f", "\"state\":\"cleared\"");
	opened(2 * HOUR, "W-5", "sensor:h", "damp");
	row(2 * HOUR + MINUTE + 1, "gone", "W-5", "sensor:f", "\"state\":\"rtn_unacked\"");
	/* one of two sensors is calm: the alarm stands */
	opened(3 * HOUR, "W-6", "sensor:s", "damp");
	row(3 * HOUR + SECOND, "gone", "W-6", "sensor:s", "\"state\":\"unacked\"");
	row(30 * HOUR, "gone", "W-6", "sensor:s", "\"state\":\"rtn_unacked\"");
	opened(3 * HOUR, "W-7", "sensor:s", "damp");
	row(3 * HOUR + 24 * HOUR, "closed", "W-7", "wang", "\"state\":\"closed\""); /* exactly a day */
	for (int i = 0; i < 3; i++) /* nothing that chatters: nobody knows what it was */
		row(30 * HOUR + i, "member", "W-2", "system", "\"state\":\"unacked\"");
	row(31 * HOUR, "closed", "W-1", "wang", "\"state\":\"closed\"");
	row(31 * HOUR, "stopped", "", "system", "");
	f = figures();
	assert_int_equal(f.chattering.n, 1);
	assert_string_equal(f.chattering.at[0].name, "sensor:in");
	assert_int_equal(f.chattering.at[0].n, 1);
	assert_int_equal(f.fleeting, 1);
	assert_int_equal(f.stale.n, 3); /* W-1 31 h, W-2 30 h and still, W-6 27 h */
	assert_int_equal(f.stale_now, 1);
	assert_string_equal(f.stale.at[1].name, "W-2");
	assert_int_equal(f.stale.at[1].n, 30);
}

static void test_times(void **state)
{
	struct kpi_figures f;
	char inc[16];

	(void)state;
	row(0, "started", "", "system", "\"plan\":\"p\"");
	for (int i = 1; i <= 10; i++) { /* acknowledged at level 1 after 10, 20, ... 100 s */
		snprintf(inc, sizeof inc, "W-%d", i);
		opened(i * HOUR, inc, "sensor:a", "damp");
		row(i * HOUR + i * 10 * SECOND, "acked", inc, "wang", "\"state\":\"acked\"");
	}
	opened(11 * HOUR, "W-11", "sensor:a", "damp");
	row(11 * HOUR + 30 * SECOND, "called", "W-11", "system", "\"level\":2,\"round\":0");
	row(11 * HOUR + 60 * SECOND, "acked", "W-11", "li", "\"acks\":1,\"of\":2,\"state\":\"unacked\"");
	row(11 * HOUR + 90 * SECOND, "acked", "W-11", "smith", "\"state\":\"acked\"");
	row(11 * HOUR + 120 * SECOND, "step", "W-11", "system", "\"step\":\"shut\",\"state\":\"done\"");
	row(11 * HOUR + 150 * SECOND, "ack_expired", "W-11", "system", "\"state\":\"unacked\"");
	row(11 * HOUR + 150 * SECOND, "called", "W-11", "system", "\"level\":6,\"round\":0");
	row(11 * HOUR + 180 * SECOND, "decided", "W-11", "li", "\"step\":\"scale\",\"choice\":\"major\"");
	row(11 * HOUR + 240 * SECOND, "step", "W-11", "li", "\"step\":\"scene\",\"state\":\"done\"");
	row(11 * HOUR + 250 * SECOND, "chain_exhausted", "W-11", "system", "\"levels\":6");
	f = figures();
	assert_int_equal(f.ack[0].n, 10);
	assert_int_equal(f.ack[0].median_ms, 50 * SECOND);
	assert_int_equal(f.ack[0].p90_ms, 90 * SECOND);
	assert_int_equal(f.ack[0].max_ms, 100 * SECOND);
	assert_int_equal(f.ack[1].n, 1);
	assert_int_equal(f.ack[1].max_ms, 90 * SECOND);
	assert_int_equal(f.step[KPI_LEVELS - 1].n, 1);
	assert_int_equal(f.step[KPI_LEVELS - 1].median_ms, 180 * SECOND);
	assert_int_equal(f.acked, 11);
	assert_int_equal(f.acked_within[0], 3);
	assert_int_equal(f.acked_within[1], 6);
	assert_int_equal(f.acked_within[2], 10);
	assert_int_equal(f.acked_within[3], 11);
	assert_int_equal(f.unacked, 0);
	assert_int_equal(f.acks_expired, 1);
	assert_int_equal(f.chains_exhausted, 1);
}

static void test_suppressed(void **state)
{
	struct kpi_figures f;

	(void)state;
	row(0, "opened", "W-1", "sensor:a", "\"type\":\"damp\",\"because\":\"P-9\"");
	row(1, "opened", "F-2", "sensor:b", "\"type\":\"damp\",\"isolated\":true");
	row(2, "shelved", "W-1", "li", "\"first\":true,\"for_s\":60");
	row(3, "shelved", "W-1", "smith", "\"for_s\":60");
	row(4, "out", "", "li", "\"name\":\"gas-b2\",\"first\":true");
	row(5, "out", "", "smith", "\"name\":\"gas-b2\"");
	row(6, "notice", "", "system", "\"kind\":\"summary\",\"person\":\"li\",\"held\":4");
	row(7, "notice", "", "system", "\"flood\":\"ended\",\"person\":\"li\",\"held\":4");
	f = figures();
	assert_int_equal(f.explained, 1);
	assert_int_equal(f.isolated, 1);
	assert_int_equal(f.shelved, 1);
	assert_int_equal(f.out, 1);
	assert_int_equal(f.held, 4);
}

/* What opened in the span, and what was done within it. */
static void test_a_span(void **state)
{
	struct kpi_figures f;

	(void)state;
	kpi_free(kpi);
	kpi = kpi_new(base_ms + HOUR, base_ms + 2 * HOUR, plan_of, NULL);
	row(0, "started", "", "system", "\"plan\":\"p\"");
	opened(HOUR - 1, "W-1", "sensor:a", "damp");
	opened(HOUR, "W-2", "sensor:a", "damp");
	row(HOUR + 1, "acked", "W-1", "wang", "\"state\":\"acked\"");
	opened(2 * HOUR - 1, "W-3", "sensor:a", "damp");
	row(2 * HOUR, "acked", "W-3", "wang", "\"state\":\"acked\"");
	opened(2 * HOUR, "W-4", "sensor:a", "damp");
	f = figures();
	assert_int_equal(f.alarms, 2);
	assert_int_equal(f.by_severity[SEVERITY_MINOR], 2); /* by the plan of a row before the span */
	assert_int_equal(f.acked, 0);
	assert_int_equal(f.periods, 6);
}

/* What came before the span changes nothing but for the plan in force: who begins to read at the span, with
 * the last row that names a plan, counts the same. */
static void test_from_the_span_on(void **state)
{
	struct buf all = {0}, part = {0};
	struct kpi_figures f;

	(void)state;
	for (int whole = 1; whole >= 0; whole--) {
		kpi_free(kpi);
		kpi = kpi_new(base_ms + HOUR, INT64_MAX, plan_of, NULL);
		if (whole) {
			row(0, "started", "", "system", "\"plan\":\"lost\"");
			opened(1, "W-1", "sensor:a", "damp");
			opened(2, "W-2", "sensor:a", "damp");
		}
		row(3, "plan", "", "root", "\"plan\":\"p\"");
		if (whole)
			opened(4, "W-3", "sensor:a", "damp");
		opened(HOUR, "W-4", "sensor:a", "damp"); /* the third onset in a minute, were the others seen */
		row(HOUR + 1, "acked", "W-3", "wang", "\"state\":\"acked\"");
		row(HOUR + 2, "acked", "W-4", "wang", "\"state\":\"acked\"");
		f = figures();
		kpi_json(&f, "plaza", whole ? &all : &part);
	}
	assert_non_null(strstr(buf_text(&all), "\"alarms\":1,"));
	assert_non_null(strstr(buf_text(&all), "\"minor\":1,"));
	assert_string_equal(buf_text(&all), buf_text(&part));
	buf_fini(&all);
	buf_fini(&part);
}

/* The longest names there can be, of bytes that JSON writes as six: an answer by MQTT holds 32 KiB. */
static void test_fits_an_answer(void **state)
{
	enum { ANSWER_BYTES = 32 * 1024, REST_BYTES = 2048 };
	struct buf text = {0};
	struct kpi_figures f;
	char who[200], inc[16];

	(void)state;
	for (int i = 0; i < 30; i++)
		for (int onset = 0; onset < 3; onset++) {
			memset(who, 'x', sizeof who - 1);
			who[sizeof who - 1] = 0;
			snprintf(who, 20, "sensor:%02d", i);
			who[strlen(who)] = '.';
			memcpy(who + 9 + i % 3, "灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯灯", 120);
			snprintf(inc, sizeof inc, "W-%d", 3 * i + onset + 1);
			opened(onset * SECOND, inc, who, "damp");
		}
	row(48 * HOUR, "stopped", "", "system", "");
	f = figures();
	assert_int_equal(f.chattering.n, 30);
	assert_int_equal(f.stale.n, 90);
	assert_true(utf8_valid(f.sources[0].name, strlen(f.sources[0].name)));
	assert_true(utf8_valid(f.sources[1].name, strlen(f.sources[1].name)));
	assert_true(utf8_valid(f.sources[2].name, strlen(f.sources[2].name)));
	for (int i = 0; i < KPI_TOP; i++) { /* and worse than a configuration allows */
		memset(f.sources[i].name, 1, KPI_NAME_BYTES - 1);
		memset(f.chattering.at[i].name, 1, KPI_NAME_BYTES - 1);
		memset(f.chattering.at[KPI_TOP + i].name, 1, KPI_NAME_BYTES - 1);
		memset(f.types[i].name, 'x', KPI_NAME_BYTES - 1);
	}
	kpi_json(&f, "plaza", &text);
	assert_true(text.len + REST_BYTES < ANSWER_BYTES);
	buf_fini(&text);
}

static void test_in_two_sentences(void **state)
{
	struct kpi_voice voice = {.plan = &s_plan};
	struct kpi_figures f = figures();
	struct buf text = {0};

	(void)state;
	kpi_say(&f, &voice, &text);
	assert_string_equal(buf_text(&text), "这段时间没有报警");
	opened(10 * MINUTE, "W-1", "sensor:a", "damp");
	row(10 * MINUTE + 90 * SECOND, "acked", "W-1", "wang", "\"state\":\"acked\"");
	opened(30 * MINUTE, "W-2", "sensor:a", "damp");
	f = figures();
	buf_clear(&text);
	kpi_say(&f, &voice, &text);
	assert_string_equal(buf_text(&text), "报警 2 起,每10分钟平均 0.67 起,最多 1 起(2026-11-22 08:10:00+08:00)。90秒内确认 50.0 %,"
	                                     "从未确认 1 起;抖动的报警源 0 个");
	voice.lang = LANG_EN;
	buf_clear(&text);
	kpi_say(&f, &voice, &text);
	assert_string_equal(buf_text(&text), "2 alarms, 0.67 per 10 minutes on average, at most 1 (2026-11-22 08:10:00+08:00). "
	                                     "50.0 % acknowledged within 90 s, 1 never; 0 chattering");
	buf_fini(&text);
}

static void test_of_nothing(void **state)
{
	struct kpi_figures f = figures();
	struct kpi_voice voice = {.site = "plaza", .lang = LANG_EN};
	struct buf text = {0};

	(void)state;
	assert_int_equal(f.alarms, 0);
	assert_int_equal(f.from_ms, -1);
	kpi_text(&f, &voice, &text);
	assert_non_null(strstr(buf_text(&text), "0.00"));
	buf_clear(&text);
	kpi_json(&f, "plaza", &text);
	assert_non_null(strstr(buf_text(&text), "\"alarms\":0,\"per_10min_hundredths\":0,"));
	buf_fini(&text);
}

/* What root enters for somebody is said in the reader's language. */
static void test_entered_for(void **state)
{
	struct kpi_voice voice = {.site = "plaza", .lang = LANG_ZH};
	struct kpi_figures f;
	struct buf text = {0};

	(void)state;
	row(0, "started", "", "system", "\"plan\":\"p\"");
	opened(HOUR, "W-1", "root for wang", "damp");
	f = figures();
	kpi_text(&f, &voice, &text);
	assert_non_null(strstr(buf_text(&text), "wang(由 root 代报)"));
	assert_null(strstr(buf_text(&text), "root for wang"));
	voice.lang = LANG_EN;
	buf_clear(&text);
	kpi_text(&f, &voice, &text);
	assert_non_null(strstr(buf_text(&text), "wang (entered by root)"));
	buf_fini(&text);
}

/* The rows of the report's test, on paper. */
static void tell(void *arg, int64_t number, const char *rec, const char *hash)
{
	(void)arg, (void)number, (void)hash;
	kpi_take(kpi, rec);
}

static void test_on_paper(void **state)
{
	static const char *const paths[] = {SOURCE_DIR "/tests/unit/records/kpi.zh.txt",
	                                    SOURCE_DIR "/tests/unit/records/kpi.en.txt"};
	struct kpi_voice voice = {.site = "plaza", .plan = &s_plan};
	struct kpi_figures f;
	struct buf text = {0};

	(void)state;
	each_row(SOURCE_DIR "/tests/unit/records/leak.rows", tell, NULL);
	f = figures();
	for (int i = 0; i < 2; i++) {
		voice.lang = i ? LANG_EN : LANG_ZH;
		buf_clear(&text);
		kpi_text(&f, &voice, &text);
		assert_golden(paths[i], buf_text(&text));
	}
	buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_rates, begin, end),
	    cmocka_unit_test_setup_teardown(test_a_busy_hour, begin, end),
	    cmocka_unit_test_setup_teardown(test_severity_is_the_gravest, begin, end),
	    cmocka_unit_test_setup_teardown(test_bad_actors, begin, end),
	    cmocka_unit_test_setup_teardown(test_times, begin, end),
	    cmocka_unit_test_setup_teardown(test_suppressed, begin, end),
	    cmocka_unit_test_setup_teardown(test_a_span, begin, end),
	    cmocka_unit_test_setup_teardown(test_from_the_span_on, begin, end),
	    cmocka_unit_test_setup_teardown(test_fits_an_answer, begin, end),
	    cmocka_unit_test_setup_teardown(test_in_two_sentences, begin, end),
	    cmocka_unit_test_setup_teardown(test_of_nothing, begin, end),
	    cmocka_unit_test_setup_teardown(test_entered_for, begin, end),
	    cmocka_unit_test_setup_teardown(test_on_paper, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
