/* A fixed list of rows, and what is made of them: golden files beside this one. */
#include "site.h"

#include "records/words.h"

#define ROWS SOURCE_DIR "/tests/unit/records/leak.rows"
#define GOLDEN(NAME) SOURCE_DIR "/tests/unit/records/" NAME

static void tell(void *arg, int64_t seq, const char *rec, const char *hash)
{
	story_take(arg, seq, rec, hash);
}

static char *report(int64_t number, const struct report_ask *like)
{
	struct report_ask ask = *like;
	struct story story;
	struct buf out = {0};

	ask.site = "plaza";
	story_init(&story, number);
	each_row(ROWS, tell, &story);
	if (story_end(&story))
		report_write(&ask, &story, &out);
	story_fini(&story);
	return buf_steal(&out);
}

static void golden(const char *path, enum lang lang, bool html, const struct plan *plan)
{
	struct report_ask ask = {.plan = plan, .lang = lang, .html = html};
	char *once = report(17, &ask), *twice = report(17, &ask);

	assert_string_equal(once, twice);
	assert_golden(path, once);
	free(once);
	free(twice);
}

static void test_text(void **state)
{
	(void)state;
	golden(GOLDEN("leak.zh.txt"), LANG_ZH, false, &s_plan);
	golden(GOLDEN("leak.en.txt"), LANG_EN, false, &s_plan);
}

static void test_html(void **state)
{
	(void)state;
	golden(GOLDEN("leak.zh.html"), LANG_ZH, true, &s_plan);
	golden(GOLDEN("leak.en.html"), LANG_EN, true, &s_plan);
}

static void test_without_a_plan(void **state)
{
	(void)state;
	golden(GOLDEN("leak.ids.txt"), LANG_EN, false, NULL);
}

/* A step without a text says what it does. */
static void test_steps(void **state)
{
	static const struct {
		const char *id, *in[LANG_COUNT];
	} steps[] = {
	    {"scene", {"scene「立即赶到现场;禁止开关电器」", "scene \"Go to the scene. Touch no switch.\""}},
	    {"shut", {"shut(控制 gas-valve-b2 close)", "shut (command gas-valve-b2 close)"}},
	    {"air", {"air(控制 fan off)", "air (command fan off)"}},
	    {"gas-co", {"gas-co(记录)", "gas-co (record)"}},
	    {"clear", {"clear(子预案 evacuation)", "clear (run evacuation)"}},
	    {"clear/out", {"clear/out(等待)", "clear/out (wait)"}},
	    {"told", {"told(报告)", "told (report)"}},
	    {"gone", {"gone", "gone"}},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof steps / sizeof *steps; i++) {
		struct voice v = {.lang = (enum lang)(i % 2), .plan = &s_plan, .type = "gas-leak"};
		struct buf b = {0};

		voice_step(&v, steps[i / 2].id, &b);
		assert_string_equal(buf_text(&b), steps[i / 2].in[v.lang]);
		buf_fini(&b);
	}
}

/* Nothing foreign becomes markup, and no direction mark turns a line around. */
static void test_hostile(void **state)
{
	struct report_ask ask = {.plan = &s_plan, .lang = LANG_ZH, .html = true};
	char *html = report(17, &ask);

	(void)state;
	assert_null(strstr(html, "<script"));
	assert_null(strstr(html, "<b>&"));
	assert_non_null(strstr(html, "&lt;script&gt;alert(1)&lt;/script&gt;"));
	assert_non_null(strstr(html, "no route &lt;b&gt;&amp;&quot;quote&quot;"));
	assert_null(strstr(html, "\u202e"));
	assert_null(strstr(html, "://"));
	free(html);
}

#define SITE_REC(SEQ, KIND, BODY) \
	"{\"v\":1,\"epoch\":1,\"seq\":" SEQ ",\"at\":\"2026-11-22T19:10:04.182Z\",\"kind\":\"" KIND \
	"\",\"inc\":null,\"who\":\"li\",\"cause\":null,\"body\":" BODY "}"

/* In force when it began: what has begun and not ended, not what was only asked for, and not what is past. */
static void test_in_force_before(void **state)
{
	static const char *const rows[] = {
	    SITE_REC("1", "isolated", "{\"first\":true,\"zone\":\"b2\",\"hazard\":\"gas\",\"for_s\":60,\"reason\":\"P0\"}"),
	    SITE_REC("2", "isolated", "{\"zone\":\"b2\",\"hazard\":\"fire\",\"until\":\"2026-11-22T20:10:00Z\",\"permit\":\"P1\"}"),
	    SITE_REC("3", "isolated", "{\"zone\":\"b2\",\"hazard\":\"water\",\"until\":\"2026-11-22T20:10:00Z\"}"),
	    SITE_REC("4", "rejoined", "{\"zone\":\"b2\",\"hazard\":\"water\",\"why\":\"ended\"}"),
	    SITE_REC("5", "out", "{\"name\":\"gas-1\",\"until\":\"2026-11-22T18:00:00Z\",\"reason\":\"past\"}"),
	    SITE_REC("6", "out", "{\"name\":\"gas-2\",\"until\":\"2026-11-23T18:00:00Z\",\"reason\":\"broken\"}"),
	    SITE_REC("7", "tag", "{\"sign\":\"no-fire\",\"place\":\"b2\",\"do\":\"hang\"}"),
	    SITE_REC("8", "tag", "{\"sign\":\"closed\",\"place\":\"b2\",\"do\":\"hang\"}"),
	    SITE_REC("9", "tag", "{\"sign\":\"closed\",\"place\":\"b2\",\"do\":\"down\"}"),
	};
	static const char opened[] =
	    "{\"v\":1,\"epoch\":1,\"seq\":10,\"at\":\"2026-11-22T19:10:04.182Z\",\"kind\":\"opened\",\"inc\":\"G-17\","
	    "\"who\":\"li\",\"cause\":null,\"body\":{\"type\":\"gas-leak\",\"zone\":\"b2\"}}";
	struct story story;
	static const int64_t seqs[] = {2, 6, 7, 10};

	(void)state;
	story_init(&story, 17);
	for (int i = 0; i < 9; i++)
		story_take(&story, i + 1, rows[i], "00");
	story_take(&story, 10, opened, "00");
	assert_true(story_end(&story));
	assert_int_equal(story.n, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(story.rows[i].l.seq, seqs[i]);
	assert_true(story.rows[0].before && !story.rows[3].before);
	story_fini(&story);
}

/* Each time against its limit, the ack as well. */
static void test_drill(void **state)
{
	static const char *const rows[] = {
	    "{\"v\":1,\"epoch\":1,\"seq\":1,\"at\":\"2026-11-22T19:10:04.182Z\",\"kind\":\"opened\",\"inc\":\"G-17\","
	    "\"who\":\"li\",\"cause\":null,\"body\":{\"type\":\"gas-leak\",\"zone\":\"b2\",\"drill\":true}}",
	    "{\"v\":1,\"epoch\":1,\"seq\":2,\"at\":\"2026-11-22T19:20:04.182Z\",\"kind\":\"drill\",\"inc\":\"G-17\",\"who\":\"li\","
	    "\"cause\":null,\"body\":{\"result\":\"closed\",\"ack\":{\"took_ms\":20000,\"limit_ms\":30000,\"overdue\":false},"
	    "\"steps\":[{\"step\":\"scene\",\"kind\":\"task\",\"state\":\"done\","
	    "\"took_ms\":200000,\"limit_ms\":180000,\"overdue\":true},"
	    "{\"step\":\"scale\",\"kind\":\"decide\",\"state\":\"done\",\"result\":\"major\",\"took_ms\":1000,\"limit_ms\":5000,"
	    "\"overdue\":false}]}}"};
	struct report_ask ask = {.site = "plaza", .plan = &s_plan, .lang = LANG_EN};
	struct story story;
	struct buf out = {0};

	(void)state;
	story_init(&story, 17);
	for (int i = 0; i < 2; i++)
		story_take(&story, i + 1, rows[i], "00");
	assert_true(story_end(&story));
	report_write(&ask, &story, &out);
	assert_non_null(strstr(buf_text(&out), "*** EXERCISE"));
	assert_non_null(strstr(buf_text(&out), "20 s        30 s                     in time\n"));
	assert_non_null(strstr(buf_text(&out), "3 min 20 s  3 min 00 s  done         LATE\n"));
	assert_non_null(strstr(buf_text(&out), "done, major"));
	buf_fini(&out);
	story_fini(&story);
}

static void test_no_such_incident(void **state)
{
	struct report_ask ask = {.lang = LANG_EN};
	char *text = report(99, &ask);

	(void)state;
	assert_string_equal(text, "");
	free(text);
}

static void test_broken_chain(void **state)
{
	struct report_ask ask = {.plan = &s_plan, .lang = LANG_EN, .proof = {.first_bad = 9, .why = "changed"}};
	char *text = report(17, &ask);

	(void)state;
	assert_non_null(strstr(text, "*** NOT VERIFIED: the audit chain is broken at row 9 (changed)"));
	assert_null(strstr(text, "verified: the chain"));
	free(text);
	ask.proof.first_bad = 35; /* behind all that is told */
	text = report(17, &ask);
	assert_null(strstr(text, "NOT VERIFIED"));
	assert_non_null(strstr(text, "verified: the chain of rows 1 to 34 is whole"));
	free(text);
	ask.proof = (struct proof){.known_seq = 20, .known_agrees = false};
	text = report(17, &ask);
	assert_non_null(strstr(text, "NOT VERIFIED: row 20 has not the hash kept elsewhere"));
	free(text);
}

static void test_unreadable_row(void **state)
{
	struct story story;

	(void)state;
	story_init(&story, 17);
	story_take(&story, 1, "{\"v\":1,\"epoch\":1,\"seq\":1,\"at\":\"x\",\"kind\":\"note\",\"inc\":\"G-17\",", "h");
	story_take(&story, 2, "no row", "h");
	story_take(&story, 3, "{\"v\":1,\"epoch\":1,\"seq\":1,\"at\":\"x\",\"kind\":\"note\",\"inc\":\"G-18\",", "h");
	assert_int_equal(story.unreadable, 2);
	assert_false(story_end(&story));
	story_fini(&story);
}

/* -- the log -- */

struct logging {
	struct duty_log log;
	struct buf out;
};

static void log_row(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct logging *g = arg;

	(void)hash;
	duty_log_take(&g->log, seq, rec, &g->out);
}

static const struct plan *the_plan(void *arg, const char *hash)
{
	(void)arg;
	return strncmp(hash, "5b1e0c77", 8) ? NULL : &s_plan;
}

static void test_duty_log(void **state)
{
	(void)state;
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		struct logging g = {.log = {.lang = (enum lang)lang,
		                            .since_ms = INT64_MIN,
		                            .until_ms = INT64_MAX,
		                            .plan_of = the_plan}};

		each_row(ROWS, log_row, &g);
		assert_int_equal(g.log.n, 35);
		assert_golden(lang == LANG_ZH ? GOLDEN("log.zh.txt") : GOLDEN("log.en.txt"), buf_text(&g.out));
		buf_fini(&g.out);
	}
}

static void test_log_json(void **state)
{
	static const char acked[] =
	    "{\"seq\":15,\"at\":\"2026-11-22T19:10:45.182Z\",\"kind\":\"acked\",\"inc\":\"G-17\",\"who\":\"li\",\"text\":";
	struct logging g = {.log = {.lang = LANG_EN,
	                            .json = true,
	                            .since_ms = INT64_MIN,
	                            .until_ms = INT64_MAX,
	                            .plan_of = the_plan}};

	(void)state;
	duty_log_take(&g.log, 11, "no row", &g.out);
	assert_string_equal(buf_text(&g.out), "{\"seq\":11,\"kind\":null}\n");
	each_row(ROWS, log_row, &g);
	assert_int_equal(g.log.n, 35);
	assert_non_null(strstr(buf_text(&g.out), acked));
	for (const char *end = buf_text(&g.out); (end = strchr(end, '\n')) && end[1]; end++)
		assert_int_equal(end[1], '{');
	buf_fini(&g.out);
}

static void test_log_times(void **state)
{
	static const struct {
		const char *text;
		int64_t at_ms;
	} rows[] = {
	    {"2026-11-22T19:10:00Z", 1795374600000},
	    {"2026-11-23 03:10", 1795374600000},
	    {"2026-11-23T03:10:30", 1795374630000},
	    {"2026-11-23", 1795363200000},
	    {"03:10", 1795374600000},
	};
	int64_t at_ms;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(duty_log_time(rows[i].text, &s_plan.tz, 1795374604182, &at_ms));
		assert_int_equal(at_ms, rows[i].at_ms);
	}
	assert_false(duty_log_time("yesterday", &s_plan.tz, 0, &at_ms));
	assert_false(duty_log_time("", &s_plan.tz, 0, &at_ms));
	assert_false(duty_log_time("2026-13-01", &s_plan.tz, 0, &at_ms));
	assert_false(duty_log_time("03:99", &s_plan.tz, 0, &at_ms));
}

/* -- words -- */

static int count(const char *text, char c)
{
	int n = 0;

	for (; *text; text++)
		n += *text == c;
	return n;
}

/* Whoever adds a kind of row says in both languages what it means. */
static void test_every_kind_has_a_sentence(void **state)
{
	(void)state;
	for (int k = 0; k < AUDIT_COUNT; k++)
		for (int lang = 0; lang < LANG_COUNT; lang++) {
			const char *text = sentence_of((enum audit_kind)k)->in[lang];

			if (!text || !*text)
				fail_msg("rules/records/sentence.c: no %s sentence for %s", lang_name((enum lang)lang),
				         audit_kind_name((enum audit_kind)k));
			assert_int_equal(count(text, '['), count(text, ']'));
			assert_int_equal(count(text, '{'), count(text, '}'));
		}
}

static void said(const char *rec, enum lang lang, const char *sentence)
{
	struct voice v = {.lang = lang, .plan = &s_plan, .type = "gas-leak"};
	struct arena arena;
	struct logged l;
	struct buf out = {0};

	arena_init(&arena);
	assert_true(logged_read(rec, &arena, &l));
	say_row(&v, &l, &out);
	assert_string_equal(buf_text(&out), sentence);
	buf_fini(&out);
	arena_fini(&arena);
}

#define REC(KIND, BODY) \
	"{\"v\":1,\"epoch\":1,\"seq\":1,\"at\":\"2026-11-22T19:10:04.182Z\",\"kind\":\"" KIND \
	"\",\"inc\":\"G-17\",\"who\":\"wang\",\"cause\":null,\"body\":" BODY "}"

static void test_sentences(void **state)
{
	(void)state;
	said(REC("acked", "{\"via\":\"mqtt\",\"rev\":1,\"state\":\"acked\"}"), LANG_ZH, "王强(wang):已确认,现为已确认");
	said(REC("step", "{\"step\":\"scene\",\"kind\":\"task\",\"state\":\"failed\",\"note\":\"jammed\"}"), LANG_EN,
	     "王强 (wang): step scene \"Go to the scene. Touch no switch.\": failed: \"jammed\"");
	said(REC("closed", "{\"odd\":[1,{\"deep\":\"x\"}],\"late\":true}"), LANG_EN,
	     "王强 (wang): closed (odd=1; odd/deep=x) [recorded afterwards]");
	said(REC("called", "{\"level\":2,\"round\":0,\"skipped\":\"unreachable\",\"people\":[\"li\"]}"), LANG_EN,
	     "王强 (wang): level 2 is skipped: 李娜 (li), not reachable");
	said(REC("notice", "{\"kind\":\"tell\",\"person\":\"wang\",\"unreached\":[\"li\",\"smith\"]}"), LANG_EN,
	     "王强 (wang): notice (tell) to 王强 (wang): asked for help and not reachable 李娜 (li), Ann Smith (smith)");
	said(REC("notice", "{\"kind\":\"tell\",\"person\":\"wang\",\"unreached\":[\"li\"]}"), LANG_ZH,
	     "王强(wang):通知(告知),发给 王强(wang):其请求支援的 李娜(li) 无法接通");
	said(REC("called", "{\"level\":1,\"round\":0,\"skipped\":\"nobody\",\"people\":[]}"), LANG_EN,
	     "王强 (wang): level 1 is skipped, nobody holds it");
	said(REC("called", "{\"level\":1,\"round\":0,\"skipped\":\"nobody\",\"people\":[]}"), LANG_ZH,
	     "王强(wang):跳过第 1 级,无人担任");
	said(REC("called", "{\"level\":2,\"round\":0,\"people\":[\"li\"],\"note\":\"two doors\"}"), LANG_ZH,
	     "王强(wang):呼叫第 2 级:李娜(li):「two doors」");
	said(REC("handover", "{\"roster\":\"post\",\"what\":\"accepted, waits for more\"}"), LANG_ZH,
	     "王强(wang):交接班 post:已接班签字,待他人签字");
	said(REC("unshelved", "{\"why\":\"worsen\",\"by\":\"li\"}"), LANG_ZH,
	     "王强(wang):暂停呼叫结束(情况加重),原由 李娜(li) 暂停");
	said(REC("archived", "{\"upto\":900,\"file\":\"a.db\",\"head\":\"1d18c4b6162aa94f\"}"), LANG_ZH,
	     "王强(wang):第 900 行及以前的记录已归档至 a.db,校验值 1d18c4b6");
	said(REC("called", "{\"level\":3,\"round\":1,\"people\":[\"li\",\"smith\"],\"over\":[\"wang\"]}"), LANG_EN,
	     "王强 (wang): level 3 is called: 李娜 (li), Ann Smith (smith), round 1, over the head of 王强 (wang)");
	said(REC("note", "{\"verb\":\"note\",\"instruction\":true,\"from\":\"Chen\",\"words\":\"evacuate\"}"), LANG_EN,
	     "王强 (wang): instruction from above, by Chen: \"evacuate\"");
	said(REC("drill", "{\"result\":\"closed\",\"began_by\":\"li\",\"took_ms\":60000,\"escalations\":0,\"in_time\":1,"
	                  "\"overdue\":1,\"open\":0,\"ack\":{\"took_ms\":null,\"limit_ms\":30000,\"overdue\":true},"
	                  "\"steps\":[{\"step\":\"scene\"}]}"),
	     LANG_EN,
	     "王强 (wang): drill scored: closed, 1 in time, 1 late, 0 not finished, 0 escalations (limit 30 s), begun by "
	     "李娜 (li), took 1 min 00 s");
	said(REC("from-the-future", "{\"what\":\"new\"}"), LANG_EN, "王强 (wang): from-the-future (what=new)");
}

static void test_reading(void **state)
{
	static const char *const bad[] = {
	    "", "[]", "{}", REC("acked", "{\"a\":\"\\u0000\"}"), REC("acked", "{\"a\":\"\\ud800\"}"),
	    REC("acked", "{\"a\":1,}"), REC("acked", "{\"a\":nul}"), REC("acked", "{}") "x",
	    REC("acked", "[[[[[[[[[1]]]]]]]]]"), REC("acked", "{\"a\":\"\x01\"}"), REC("acked", "{\"a\":\"\xff\"}"),
	};
	struct arena arena;
	struct logged l;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (logged_read(bad[i], &arena, &l))
			fail_msg("read: %s", bad[i]);
	assert_true(logged_read(REC("note", "{\"words\":\"a\\n\\\"\\u4e2d\\ud83d\\ude00\",\"n\":-3,\"z\":null}"), &arena, &l));
	assert_string_equal(logged_get(&l, "words"), "a\n\"中😀");
	assert_int_equal(logged_int(&l, "n", 0), -3);
	assert_null(logged_get(&l, "z"));
	assert_int_equal(l.number, 17);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_steps),
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_html),
	    cmocka_unit_test(test_without_a_plan),
	    cmocka_unit_test(test_hostile),
	    cmocka_unit_test(test_in_force_before),
	    cmocka_unit_test(test_drill),
	    cmocka_unit_test(test_no_such_incident),
	    cmocka_unit_test(test_broken_chain),
	    cmocka_unit_test(test_unreadable_row),
	    cmocka_unit_test(test_duty_log),
	    cmocka_unit_test(test_log_json),
	    cmocka_unit_test(test_log_times),
	    cmocka_unit_test(test_every_kind_has_a_sentence),
	    cmocka_unit_test(test_sentences),
	    cmocka_unit_test(test_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
