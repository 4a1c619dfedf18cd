/* The final text and JSON of a notice. */
#include "fixture.h"

#define CALL_ZH "【燃气泄漏】G-17 地下二层厨房 31.2%LEL 03:10 第1级。立即赶到现场;禁止开关电器。回复:确认 17"

static struct notice call(void)
{
	return (struct notice){.id = "2.1",
	                       .kind = NOTICE_CALL,
	                       .person = "wang",
	                       .channel = "page",
	                       .incident = "G-17",
	                       .seq = 2,
	                       .epoch = 7,
	                       .rev = 1,
	                       .level = 1,
	                       .lang = LANG_ZH,
	                       .text = CALL_ZH,
	                       .answer = "17",
	                       .user = "wang",
	                       .reply_by_ms = at("2026-11-22T19:10:34.182Z")};
}

static void test_json_is_the_contract(void **state)
{
	struct notice n = call();
	struct notice_marks m = {.head_seq = 2, .head_hash = "1d18c4b6"};
	struct buf b = {0};

	(void)state;
	notice_json(&n, "plaza", &m, &b);
	assert_json(&b, "{\"v\":1,\"epoch\":7,\"seq\":2,\"notice\":\"2.1\",\"incident\":\"G-17\",\"rev\":1,"
	                "\"kind\":\"call\",\"level\":1,\"repeat\":false,\"drill\":false,\"unrecorded\":false,"
	                "\"lang\":\"zh\",\"text\":\"" CALL_ZH
	                "\",\"answer\":{\"topic\":\"tocsin/plaza/1/cmd/wang/ack\","
	                "\"payload\":\"17\"},\"reply_by\":\"2026-11-22T19:10:34.182Z\","
	                "\"audit\":{\"seq\":2,\"hash\":\"1d18c4b6\"}}");
}

static void test_json_without_head_and_answer(void **state)
{
	struct notice n = call();
	struct notice_marks m = {.repeat = true, .unrecorded = true};
	struct buf b = {0};
	json_t *doc;

	(void)state;
	n.answer = NULL;
	n.incident = NULL;
	n.reply_by_ms = -1;
	notice_json(&n, "plaza", &m, &b);
	doc = parsed(&b);
	assert_null(json_object_get(doc, "audit"));
	assert_true(json_is_null(json_object_get(doc, "answer")));
	assert_true(json_is_null(json_object_get(doc, "incident")));
	assert_true(json_is_null(json_object_get(doc, "reply_by")));
	assert_true(json_is_true(json_object_get(doc, "repeat")));
	assert_true(json_is_true(json_object_get(doc, "unrecorded")));
	assert_string_equal(word(doc, "text"), "〔重发〕〔未记录〕" CALL_ZH);
	json_decref(doc);
	buf_fini(&b);
}

static void assert_marked(enum lang lang, bool repeat, bool drill, bool unrecorded, const char *expected)
{
	struct notice n = call();
	struct notice_marks m = {.repeat = repeat, .unrecorded = unrecorded, .head_hash = "ab"};
	struct buf b = {0};

	n.lang = lang;
	n.drill = drill;
	n.text = "x";
	notice_text(&n, &m, &b);
	assert_string_equal(buf_text(&b), expected);
	buf_fini(&b);
}

static void test_marks(void **state)
{
	(void)state;
	assert_marked(LANG_ZH, false, false, false, "x");
	assert_marked(LANG_ZH, true, false, false, "〔重发〕x");
	assert_marked(LANG_ZH, false, true, false, "【演练】x");
	assert_marked(LANG_ZH, false, false, true, "〔未记录〕x");
	assert_marked(LANG_EN, true, false, false, "AGAIN x");
	assert_marked(LANG_EN, false, true, false, "EXERCISE x");
	assert_marked(LANG_EN, false, false, true, "UNRECORDED x");
	assert_marked(LANG_EN, true, true, true, "AGAIN EXERCISE UNRECORDED x");
}

/* A notice that was sent before says so, whoever knows it. */
static void test_repeat_of_the_notice_itself(void **state)
{
	struct notice n = call();
	struct notice_marks m = {.head_hash = "ab"};
	struct buf b = {0};

	(void)state;
	n.repeat = true;
	notice_text(&n, &m, &b);
	assert_string_equal(buf_text(&b), "〔重发〕" CALL_ZH);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json_is_the_contract),
	    cmocka_unit_test(test_json_without_head_and_answer),
	    cmocka_unit_test(test_marks),
	    cmocka_unit_test(test_repeat_of_the_notice_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
