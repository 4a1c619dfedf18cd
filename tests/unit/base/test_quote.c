/* Facts quoted in a text: what is one, and which step it means. */
#include "quote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void what_is_one(void **state)
{
	struct quote q;

	(void)state;
	assert_true(quote_next("预计 {substation.back_at} 恢复", &q));
	assert_string_equal(q.step, "substation");
	assert_string_equal(q.field, "back_at");
	assert_string_equal(q.end, " 恢复");
	assert_memory_equal(q.at, "{substation", 11);
	assert_true(quote_next("{{a.b}", &q));
	assert_string_equal(q.step, "a");
	assert_string_equal(q.end, "");
}

static void what_is_none(void **state)
{
	static const char *const none[] = {"", "{", "{}", "{a}", "{a.}", "{.b}", "{a.b", "{a b.c}", "{a.b.c}", "{a. b}", "a.b}", "{阀.b}"};
	char longer[200] = "{";
	struct quote q;

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_false(quote_next(none[i], &q));
	memset(longer + 1, 'a', 65);
	strcpy(longer + 66, ".b}");
	assert_false(quote_next(longer, &q));
}

static void beside_the_one_who_quotes(void **state)
{
	const struct step steps[] = {{.id = "asked"}, {.id = "lift/asked"}, {.id = "lift/talk"}, {.id = "talk"}};
	const struct playbook book = {.steps = steps, .n_steps = 4};
	struct quote q;

	(void)state;
	assert_true(quote_next("{asked.name}", &q));
	assert_int_equal(quote_step(&book, &steps[3], &q), 0);
	assert_int_equal(quote_step(&book, &steps[2], &q), 1);
	assert_true(quote_next("{talk.name}", &q));
	assert_int_equal(quote_step(&book, &steps[0], &q), 3);
	assert_true(quote_next("{nobody.name}", &q));
	assert_int_equal(quote_step(&book, &steps[0], &q), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_one), cmocka_unit_test(what_is_none),
	                                   cmocka_unit_test(beside_the_one_who_quotes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
