/* Templates: each escape, each section, each error; the signatures by the services' own vectors; what an answer says. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "webhook/reply.h"
#include "webhook/sign.h"
#include "webhook/template.h"

#include <stdio.h>
#include <string.h>

enum { TEXT, RAW, LIFE, NONE };
static const struct template_name names[] = {{"text", 0}, {"raw", 1}, {"life", 0}, {"none", 0}, {NULL, 0}};
static const char *values[] = {"a\"b\\c\n& =+/\xe6\xb0\x94", "{\"a\":1}", "1", NULL};

static void expect(const char *text, enum escape escape, const char *expected)
{
	char error[200] = "";
	struct template *t = template_read(text, names, error, sizeof error);
	struct text out = {0};

	assert_string_equal(error, "");
	assert_non_null(t);
	template_fill(t, values, escape, &out);
	assert_true(text_ok(&out));
	assert_string_equal(text_of(&out), expected);
	text_free(&out);
	template_free(t);
}

static void refuse(const char *text, const char *sentence)
{
	char error[200] = "";

	assert_null(template_read(text, names, error, sizeof error));
	assert_string_equal(error, sentence);
}

static void test_escapes(void **state)
{
	(void)state;
	expect("<{{text}}>", ESCAPE_NONE, "<a\"b\\c\n& =+/\xe6\xb0\x94>");
	expect("\"{{ text }}\"", ESCAPE_JSON, "\"a\\\"b\\\\c\\u000a& =+/\xe6\xb0\x94\"");
	expect("q={{text}}", ESCAPE_URL, "q=a%22b%5Cc%0A%26%20%3D%2B%2F%E6%B0%94");
	expect("X: {{text}}", ESCAPE_HEADER, "X: a\"b\\c & =+/\xe6\xb0\x94");
	expect("[{{{raw}}}]", ESCAPE_JSON, "[{\"a\":1}]");
	expect("[{{raw}}]", ESCAPE_JSON, "[{\\\"a\\\":1}]");
	expect("", ESCAPE_NONE, "");
	expect("{ not a tag }", ESCAPE_NONE, "{ not a tag }");
}

static void test_sections(void **state)
{
	(void)state;
	expect("{{#life}}5{{/life}}{{^life}}3{{/life}}", ESCAPE_NONE, "5");
	expect("{{#none}}5{{/none}}{{^none}}3{{/none}}", ESCAPE_NONE, "3");
	expect("a{{#none}}b{{#life}}c{{/life}}d{{/none}}e", ESCAPE_NONE, "ae");
	expect("a{{#life}}b{{#none}}c{{/none}}d{{/life}}e", ESCAPE_NONE, "abde");
	expect("{{none}}", ESCAPE_NONE, "");
}

static void test_refused(void **state)
{
	char deep[300] = "";

	(void)state;
	refuse("{{nmae}}", "there is no {{nmae}}");
	refuse("{{}}", "there is no {{}}");
	refuse("{{text", "'{{' without '}}'");
	refuse("{{{text}}}", "{{{text}}} could break out of its place: write {{text}}");
	refuse("{{{#raw}}}", "{{{raw}}} could break out of its place: write {{raw}}");
	refuse("{{#life}}x", "{{#life}} does not end");
	refuse("x{{/life}}", "{{/life}} ends what has not begun");
	refuse("{{#life}}{{#none}}{{/life}}{{/none}}", "{{/life}} ends what has not begun");
	for (int i = 0; i < 9; i++)
		strcat(deep, "{{#life}}");
	refuse(deep, "more than 8 sections within each other");
}

static void test_uses(void **state)
{
	char error[200];
	struct template *t = template_read("{{#life}}{{text}}{{/life}}", names, error, sizeof error);

	(void)state;
	assert_true(template_uses(t, TEXT));
	assert_false(template_uses(t, LIFE)); /* asked for, not said */
	assert_false(template_uses(t, NONE));
	assert_false(template_uses(t, RAW));
	template_free(t);
}

/* contrib: DingTalk's and Feishu's own examples. */
static void test_signatures(void **state)
{
	struct text sign = {0}, body = {0};

	(void)state;
	sign_query(SIGN_DINGTALK, "SECtest", 1700000000000, &sign);
	assert_string_equal(text_of(&sign), "aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g=");
	text_free(&sign);
	sign_query(SIGN_FEISHU, "test", 1700000000000, &sign);
	assert_string_equal(text_of(&sign), "eSJQnOl8XqPTMPHWz9e5IzeHS/tqoc68g2967ekIPmg=");
	text_free(&sign);
	sign_query(SIGN_DINGTALK, "", 1700000000000, &sign);
	assert_string_equal(text_of(&sign), "");
	text_str(&body, "{}");
	sign_body("key", 1700000000000, &body, &sign);
	assert_string_equal(text_of(&sign), "sha256=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae");
	text_free(&sign);
	text_free(&body);
}

static int passes(const char *body, const char *test)
{
	const char *texts[] = {test};

	return reply_passes(body, strlen(body), &(struct plugin_value){texts, 1});
}

static void test_answers(void **state)
{
	const char *two[] = {"200", "3xx"};
	const struct plugin_value wanted = {two, 2}, none = {NULL, 0};

	(void)state;
	assert_true(passes("{\"errcode\":0}", "/errcode=0"));
	assert_false(passes("{\"errcode\":1}", "/errcode=0"));
	assert_true(passes("{\"errcode\":\"\"}", "/errcode="));
	assert_true(passes("{\"ok\":true}", "/ok=true"));
	assert_false(passes("{\"ok\":false}", "/ok=true"));
	assert_true(passes("{\"a\":[{\"b\":\"c\"}]}", "/a/0/b=c"));
	assert_false(passes("{\"a\":[]}", "/a/0/b=c"));
	assert_false(passes("", "/a=0"));
	assert_false(passes("{\"errcode\":0", "/errcode=0"));
	assert_true(reply_passes("x", 1, &none));
	assert_false(reply_passes_any("{}", 2, &none));
	assert_true(reply_status_is(200, &wanted));
	assert_true(reply_status_is(302, &wanted));
	assert_false(reply_status_is(201, &wanted));
	assert_int_equal(reply_number("{\"p\":{\"after\":7}}", 17, "/p/after"), 7);
	assert_int_equal(reply_number("{\"p\":{}}", 8, "/p/after"), -1);
	assert_int_equal(reply_number("no", 2, "/p/after"), -1);
}

static void test_cut(void **state)
{
	(void)state;
	assert_int_equal(text_cut("ab\xe6\xb0\x94", 4), 2);
	assert_int_equal(text_cut("ab\xe6\xb0\x94", 5), 5);
	assert_int_equal(text_cut("", 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_escapes), cmocka_unit_test(test_sections),   cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_uses),    cmocka_unit_test(test_signatures), cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
