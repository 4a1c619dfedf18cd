/* test_buf.c - growing text and the JSON writer; arenas and errors beside it. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void grows(void **state)
{
	struct buf b = {0};
	char *text;

	(void)state;
	assert_string_equal(buf_text(&b), "");
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%03d", i);
	assert_int_equal(b.len, 3000);
	assert_memory_equal(buf_text(&b) + 2997, "999", 4);
	buf_clear(&b);
	buf_str(&b, "a");
	buf_char(&b, 'b');
	buf_add(&b, "cd", 1);
	text = buf_steal(&b);
	assert_string_equal(text, "abc");
	free(text);
	text = buf_steal(&b);
	assert_string_equal(text, "");
	free(text);
	buf_fini(&b);
}

static void json_has_its_commas(void **state)
{
	struct buf b = {0};

	(void)state;
	json_open(&b, NULL, '{');
	json_int(&b, "v", 1);
	json_str(&b, "text", "a\"b\\c\n\x01\x7f燃");
	json_str(&b, "none", NULL);
	json_open(&b, "list", '[');
	json_int(&b, NULL, INT64_MIN);
	json_str(&b, NULL, "ends with ,");
	json_open(&b, NULL, '{');
	json_close(&b, '}');
	json_open(&b, NULL, '[');
	json_close(&b, ']');
	json_close(&b, ']');
	json_bool(&b, "t", true);
	json_bool(&b, "f", false);
	json_nil(&b, "n");
	json_raw(&b, "raw", "{\"x\":1}");
	json_raw(&b, "no", NULL);
	json_time(&b, "at", 1795374604182);
	json_time(&b, "never", -1);
	json_close(&b, '}');
	assert_string_equal(buf_text(&b),
	                    "{\"v\":1,\"text\":\"a\\\"b\\\\c\\n\\u0001\\u007f燃\",\"none\":null,"
	                    "\"list\":[-9223372036854775808,\"ends with ,\",{},[]],\"t\":true,\"f\":false,"
	                    "\"n\":null,\"raw\":{\"x\":1},\"no\":null,\"at\":\"2026-11-22T19:10:04.182Z\","
	                    "\"never\":null}");
	buf_fini(&b);
}

/* A program's output, cut in the middle of a character: the row stays JSON. */
static void what_is_no_text_becomes_a_mark(void **state)
{
	struct buf b = {0};

	(void)state;
	json_str(&b, NULL, "短信\xe7\x87");
	assert_string_equal(buf_text(&b), "\"短信\xef\xbf\xbd\xef\xbf\xbd\"");
	buf_clear(&b);
	json_str(&b, NULL, "\xff\xed\xa0\x80" "a\xf0\x9f\x94\xa5");
	assert_string_equal(buf_text(&b), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" "a\xf0\x9f\x94\xa5\"");
	buf_fini(&b);
}

static void arenas(void **state)
{
	struct arena a;
	char *first, *big;

	(void)state;
	arena_init(&a);
	first = arena_str(&a, "first");
	for (int i = 0; i < 10000; i++) {
		unsigned char *p = arena_alloc(&a, 24);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		assert_int_equal(p[0] | p[23], 0);
		memset(p, 0xff, 24);
	}
	big = arena_alloc(&a, 1000000);
	assert_int_equal(big[999999], 0);
	assert_string_equal(arena_dup(&a, "abcdef", 3), "abc");
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
	assert_string_equal(first, "first");
	arena_fini(&a);
}

static void errors_wrap(void **state)
{
	struct err e;
	char long_text[1200];

	(void)state;
	assert_int_equal(err_set(&e, "no %s", "file"), -1);
	assert_int_equal(err_wrap(&e, "reading %d", 7), -1);
	assert_string_equal(e.text, "reading 7: no file");
	memset(long_text, 'x', sizeof long_text);
	long_text[sizeof long_text - 1] = 0;
	err_set(&e, "%s", long_text);
	err_wrap(&e, "%s", long_text);
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(grows),
	    cmocka_unit_test(json_has_its_commas),
	    cmocka_unit_test(what_is_no_text_becomes_a_mark),
	    cmocka_unit_test(arenas),
	    cmocka_unit_test(errors_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
