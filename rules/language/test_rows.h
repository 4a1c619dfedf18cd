/* test_rows.h - the keys of a test, which a leaf and a grade both have. S: the
 * struct that the table fills; it has a struct test_text `test`. */
#ifndef TOCSIN_TEST_ROWS_H
#define TOCSIN_TEST_ROWS_H

#define TEST_ROWS(S) \
	{"is", KEY_STRINGS, AT(S, test.is, struct strings), \
	 .help = "the value is this word, or one of these"}, \
	    {"is_not", KEY_STRINGS, AT(S, test.is_not, struct strings), \
	     .help = "the value is none of these words"}, \
	    {"has_word", KEY_TEXT, AT(S, test.has_word, const char *), \
	     .help = "the value, words between spaces, has this one"}, \
	    {"above", KEY_NODE, AT(S, test.above, const struct node *), \
	     .help = "the number is greater; may repeat the unit"}, \
	    {"below", KEY_NODE, AT(S, test.below, const struct node *), .help = "the number is less"}, \
	    {"outside", KEY_NODE, AT(S, test.outside, const struct node *), \
	     .help = "[low, high]: the number is less than the one or greater than the other"}, \
	    {"clear_above", KEY_NODE, AT(S, test.clear_above, const struct node *), \
	     .help = "with below, outside: over again above this; default: the limit"}, \
	    {"clear_below", KEY_NODE, AT(S, test.clear_below, const struct node *), \
	     .help = "with above, outside: over again below this; default: the limit"}, \
	    {"rises", KEY_NODE, AT(S, test.rises, const struct node *), \
	     .help = "the newest number is greater by this or more than the lowest during 'over'; a sensor " \
	             "that speaks less often than that is taken to have moved evenly"}, \
	    {"falls", KEY_NODE, AT(S, test.falls, const struct node *), \
	     .help = "the same downwards: less than the highest"}, \
	    {"changes", KEY_INT, AT(S, test.changes, int), .min = 1, .max = CHANGES_MAX, \
	     .help = "the word was another than before so many times or more during 'over'"}, \
	    {"over", KEY_DURATION, AT(S, test.over_ms, int64_t), .min = 100, .max = 604800000, \
	     .help = "with rises, falls, changes: during the last so long"}, \
	    {"silent_for", KEY_DURATION, AT(S, test.silent_ms, int64_t), .min = 100, \
	     .help = "nothing was heard for so long"}, \
	    {"for", KEY_DURATION, AT(S, test.for_ms, int64_t), \
	     .help = "true only after it held for so long"}, \
	{ \
		"clear_for", KEY_DURATION, AT(S, test.clear_for_ms, int64_t), \
		    .help = "over only after it was over for so long" \
	}

#endif
