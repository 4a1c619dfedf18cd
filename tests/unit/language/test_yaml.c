/* The YAML under the language: limits, encodings, what a problem looks like. */
#include "test.h"

static void is_shown_with_caret_and_hint(void **state)
{
	const char *text = HEAD "store: {pth: /x}\n";
	struct run run;

	(void)state;
	run_texts(&run, &text, 1);
	assert_null(run.plan);
	assert_string_equal(buf_text(&run.text), "main.yaml:7:9: error: unknown key 'pth' in a store\n"
	                                         "    7 | store: {pth: /x}\n"
	                                         "      |         ^\n"
	                                         "      = help: did you mean 'path'?\n");
	run_end(&run);
}

static void caret_stands_under_wide_characters(void **state)
{
	const char *text = HEAD "store: {path: 数据, pth: /x}\n";
	struct run run;

	(void)state;
	run_texts(&run, &text, 1);
	assert_says(&run, "main.yaml:7:19: ");
	assert_says(&run, "      |                     ^\n"); /* 18 characters, two of them wide */
	run_end(&run);
}

static void long_line_is_cut_around_the_place(void **state)
{
	struct buf b = {0};
	struct run run;
	const char *text;

	(void)state;
	buf_str(&b, HEAD "store: {path: ");
	for (int i = 0; i < 400; i++)
		buf_str(&b, "x");
	buf_str(&b, ", pth: /x}\n");
	text = buf_text(&b);
	run_texts(&run, &text, 1);
	assert_int_equal(run.problems.n, 1);
	assert_int_equal(run.problems.at[0].col, 417);
	assert_true(strlen(run.problems.at[0].excerpt) <= 160);
	assert_int_equal(strncmp(run.problems.at[0].excerpt + run.problems.at[0].caret, "pth", 3), 0);
	run_end(&run);
	buf_fini(&b);
}

static void json_has_the_same(void **state)
{
	const char *text = HEAD "store: {pth: /x}\n";
	struct run run;
	struct buf json = {0};

	(void)state;
	run_texts(&run, &text, 1);
	problems_json(&run.problems, &json);
	assert_string_equal(buf_text(&json),
	                    "[{\"file\":\"main.yaml\",\"line\":7,\"col\":9,\"severity\":\"error\","
	                    "\"text\":\"unknown key 'pth' in a store\",\"hint\":\"did you mean 'path'?\"}]");
	buf_fini(&json);
	run_end(&run);
}

static void bom_and_crlf_are_accepted(void **state)
{
	static const char text[] =
	    "\xef\xbb\xbfsite: {id: plaza}\r\nbroker: {url: \"mqtt://h\"}\r\npeople: {li: {}}\r\n"
	    "roles: {duty: {holder: li}}\r\nchains: {c: {levels: [{call: duty, wait: 9s}]}}\r\n";
	struct run run;

	(void)state;
	assert_string_equal(run_one(&run, text)->site, "plaza");
	run_end(&run);
}

static void nest(struct buf *b, int depth)
{
	buf_str(b, HEAD "incidents: {a: {hazard: gas, severity: major, when: ");
	for (int i = 0; i < depth; i++)
		buf_str(b, "{not: ");
	buf_str(b, "{of: {kind: gas}}");
	for (int i = 0; i < depth; i++)
		buf_str(b, "}");
	buf_str(b, "}}\n");
}

static void depth_is_limited(void **state)
{
	struct buf b = {0};
	struct run run;

	(void)state;
	nest(&b, 58);
	run_one(&run, buf_text(&b));
	run_end(&run);
	buf_clear(&b);
	nest(&b, 62);
	assert_text_says(buf_text(&b), "more than 64 levels");
	buf_clear(&b);
	for (int i = 0; i < 100000; i++)
		buf_char(&b, '[');
	assert_text_says(buf_text(&b), "main.yaml:1:65: error: more than 64 levels");
	buf_fini(&b);
}

static void size_is_limited(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_str(&b, HEAD);
	while (b.len <= 1 << 20)
		buf_str(&b, "# a comment that fills the file\n");
	assert_text_says(buf_text(&b), "main.yaml:1:1: error: the file is larger than 1 MiB");
	buf_fini(&b);
}

static void gbk_is_noticed(void **state)
{
	(void)state;
	assert_text_says("site: {id: plaza}\n# \xc0\xee\xc4\xc8\n",
	                 "main.yaml:2:3: error: not UTF-8 (is the file saved as GBK/GB18030? run: iconv -f "
	                 "GB18030 -t UTF-8)");
}

static void nul_is_refused(void **state)
{
	struct source s = {"main.yaml", "site: {id: \0}\n", 14};
	struct problems p;

	(void)state;
	problems_init(&p);
	assert_null(language_read(&s, 1, &p));
	assert_int_equal(p.n, 1);
	assert_int_equal(p.at[0].col, 12);
	problems_fini(&p);
	assert_text_says(HEAD "store: {path: \"a\\0b\"}\n",
	                 "main.yaml:7:15: error: a text cannot contain a NUL");
}

static void many_problems_end(void **state)
{
	struct buf b = {0};
	const char *text;
	struct run run;

	(void)state;
	buf_str(&b, HEAD);
	for (int i = 0; i < 2000; i++)
		buf_printf(&b, "unknown%d: {}\n", i);
	text = buf_text(&b);
	run_texts(&run, &text, 1);
	assert_int_equal(run.problems.n, 1000);
	assert_int_equal(run.problems.n_errors, 2000);
	assert_says(&run, "... and 1000 more\n");
	run_end(&run);
	buf_fini(&b);
}

static void scalars_are_not_guessed(void **state)
{
	const struct plan *p;
	struct run run;

	(void)state;
	p = run_one(
	    &run, HEAD
	    "sensors:\n  a: {kind: on, zone: b2, topic: 010, words: {alarm: [NO, 22:30, 1.10, ~, null]}}\n");
	assert_string_equal(p->sensors[0].kind, "on");
	assert_string_equal(p->sensors[0].topic, "010");
	assert_string_equal(p->sensors[0].words[0].texts.at[0], "NO");
	assert_string_equal(p->sensors[0].words[0].texts.at[1], "22:30");
	assert_string_equal(p->sensors[0].words[0].texts.at[2], "1.10");
	assert_string_equal(p->sensors[0].words[0].texts.at[3], "~");
	assert_string_equal(p->sensors[0].words[0].texts.at[4], "null");
	run_end(&run);
}

static void near_words_are_named(void **state)
{
	static const char *const slips[] = {"paht", "pth", "pat", "paath", "path2", "pats"};
	struct run run;
	const char *far = HEAD "store: {folder: /x}\n";

	(void)state;
	for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
		char text[1024];

		snprintf(text, sizeof text, "%sstore: {%s: /x}\n", HEAD, slips[i]);
		assert_text_says(text, "= help: did you mean 'path'?");
	}
	run_texts(&run, &far, 1);
	assert_null(strstr(buf_text(&run.text), "did you mean"));
	run_end(&run);
}

static void full_width_signs_are_noticed(void **state)
{
	struct run run;
	const char *text = HEAD "store: {path: \"开，关\", pth: x}\n";

	(void)state;
	assert_text_says(HEAD "sensors:\n  a:\n    kind： leak\n    zone: b2\n",
	                 "= help: here stands a full-width '：': type an ordinary ':'");
	assert_text_says(HEAD "store: {path：/x}\n", "= help: here stands a full-width '：'");
	assert_text_says(HEAD "actuators: {f: {kind: fan, zone: b2，x, topic: f}}\n",
	                 "= help: here stands a full-width '，'");
	run_texts(&run, &text, 1);
	assert_null(strstr(buf_text(&run.text), "full-width")); /* Chinese text keeps its own */
	run_end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_shown_with_caret_and_hint),
	    cmocka_unit_test(caret_stands_under_wide_characters),
	    cmocka_unit_test(long_line_is_cut_around_the_place),
	    cmocka_unit_test(json_has_the_same),
	    cmocka_unit_test(bom_and_crlf_are_accepted),
	    cmocka_unit_test(depth_is_limited),
	    cmocka_unit_test(size_is_limited),
	    cmocka_unit_test(gbk_is_noticed),
	    cmocka_unit_test(nul_is_refused),
	    cmocka_unit_test(many_problems_end),
	    cmocka_unit_test(scalars_are_not_guessed),
	    cmocka_unit_test(near_words_are_named),
	    cmocka_unit_test(full_width_signs_are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
