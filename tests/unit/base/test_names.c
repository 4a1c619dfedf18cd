/* test_names.c - every word goes out and comes back; what outside programs rely on stays. */
#include "base/names.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define ROUND_TRIP(NAME, N) \
	do { \
		for (int i = 0; i < (int)(N); i++) \
			assert_int_equal(NAME##_from(NAME##_name((enum NAME)i)), i); \
		assert_int_equal(NAME##_from("no such word"), -1); \
		assert_int_equal(NAME##_from(""), -1); \
		assert_int_equal(NAME##_from(NULL), -1); \
	} while (0)

static void round_trips(void **state)
{
	(void)state;
	ROUND_TRIP(hazard, HAZARD_COUNT);
	ROUND_TRIP(severity, SEVERITY_COUNT);
	ROUND_TRIP(lang, LANG_COUNT);
	ROUND_TRIP(state, STATE_COUNT);
	ROUND_TRIP(step_state, STEP_COUNT);
	ROUND_TRIP(delivery, DELIVERY_COUNT);
	ROUND_TRIP(notice_kind, NOTICE_COUNT);
	ROUND_TRIP(verb, VERB_COUNT);
	ROUND_TRIP(self, SELF_COUNT);
}

static void letters_in_hazard_order(void **state)
{
	char letters[HAZARD_COUNT + 1] = "";

	(void)state;
	for (int i = 0; i < HAZARD_COUNT; i++)
		letters[i] = hazard_letter((enum hazard)i);
	assert_string_equal(letters, "FGLWPDOS");
	assert_true(hazard_is_life(HAZARD_FIRE) && hazard_is_life(HAZARD_GAS) &&
	            hazard_is_life(HAZARD_PEOPLE));
	assert_false(hazard_is_life(HAZARD_WATER));
}

static void refusals_are_the_fixed_words(void **state)
{
	static const char words[] =
	    "unknown_person unknown_id which old_rev late retained too_big bad_text not_yours closed "
	    "still_active not_acked needs_reset steps_open interlocked second_person no_end too_long "
	    "not_now";
	const char *at = words;

	(void)state;
	for (int r = REFUSAL_NONE + 1; r < REFUSAL_COUNT; r++) {
		size_t n = strlen(refusal_name((enum refusal)r));

		assert_memory_equal(at, refusal_name((enum refusal)r), n);
		assert_true(at[n] == ' ' || !at[n]);
		at += n + (at[n] == ' ');
	}
	assert_int_equal(*at, 0);
}

static void names_of_the_rest(void **state)
{
	(void)state;
	assert_string_equal(cue_name(CUE_WORSEN), "worsen");
	assert_string_equal(step_kind_name(STEP_KIND_COMMAND), "command");
	assert_string_equal(audit_kind_name(AUDIT_CHAIN_EXHAUSTED), "chain_exhausted");
	assert_string_equal(verb_args(VERB_DECIDE), "Iscw");
	for (int i = 0; i < SELF_COUNT; i++)
		for (int l = 0; l < LANG_COUNT; l++)
			assert_true(*self_title((enum self)i, (enum lang)l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trips),
	    cmocka_unit_test(letters_in_hazard_order),
	    cmocka_unit_test(refusals_are_the_fixed_words),
	    cmocka_unit_test(names_of_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
