/* test_trie.c - filters against a matcher that is too simple to be wrong. */
#include "fixture.h"

#include "intake/trie.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILTERS = 400, TOPICS = 3000, TEXT = 64 };

/* Recursion over both texts, as the standard words it. */
static bool naive(const char *filter, const char *topic)
{
	size_t level = strcspn(topic, "/");

	if (!strcmp(filter, "#"))
		return true;
	if (filter[0] == '+' && (!filter[1] || filter[1] == '/'))
		filter++;
	else if (strcspn(filter, "/") == level && !strncmp(filter, topic, level))
		filter += level;
	else
		return false;
	topic += level;
	if (!*topic)
		return !*filter || !strcmp(filter, "/#");
	return *filter && naive(filter + 1, topic + 1);
}

static bool naive_match(const char *filter, const char *topic)
{
	return !(topic[0] == '$' && (filter[0] == '+' || filter[0] == '#')) && naive(filter, topic);
}

static void random_text(char *ret, bool is_filter)
{
	static const char *const levels[] = {"a", "b", "", "$x", "ab"};
	int n = 1 + rand() % 5;
	char *at = ret;

	for (int i = 0; i < n; i++) {
		int pick = rand() % (is_filter ? 8 : 5);
		const char *level = pick < 5 ? levels[pick] : pick == 7 ? "#" : "+";

		if (pick == 7 && i < n - 1)
			level = "+";
		at += sprintf(at, "%s%s", i ? "/" : "", level);
	}
	if (!*ret)
		strcpy(ret, "a");
}

static void mark(void *arg, int value, const struct capture *captures, int n)
{
	(void)captures;
	(void)n;
	((int *)arg)[value]++;
}

static void agrees_with_naive(void **state)
{
	static char filters[FILTERS][TEXT];
	char topic[TEXT];
	struct trie *t = trie_new();
	int matches = 0;

	(void)state;
	srand(7);
	for (int i = 0; i < FILTERS; i++) {
		random_text(filters[i], true);
		trie_add(t, filters[i], i);
	}
	for (int n = 0; n < TOPICS; n++) {
		int got[FILTERS] = {0};

		random_text(topic, false);
		trie_match(t, topic, mark, got);
		for (int i = 0; i < FILTERS; i++) {
			if (got[i] != naive_match(filters[i], topic))
				fail_msg("%s against %s: %d times", filters[i], topic, got[i]);
			matches += got[i];
		}
	}
	assert_true(matches > 1000);
	trie_free(t);
}

static void same_filter_same_number(void **state)
{
	struct trie *t = trie_new();
	int first = trie_add(t, "a/+/c", 0);

	(void)state;
	assert_int_not_equal(trie_add(t, "a/+/d", 1), first);
	assert_int_equal(trie_add(t, "a/+/c", 2), first);
	assert_true(first < trie_count(t));
	trie_free(t);
}

static void join(void *arg, int value, const struct capture *captures, int n)
{
	char *to = arg;

	to += sprintf(to, "%d", value);
	for (int i = 0; i < n; i++)
		to += sprintf(to, "|%.*s", (int)captures[i].len, captures[i].at);
}

static void captures_what_wildcards_match(void **state)
{
	static const struct {
		const char *filter, *topic, *expected;
	} cases[] = {
	    {"application/+/device/+/event/up", "application/1/device/0101/event/up", "5|1|0101"},
	    {"zigbee2mqtt/#", "zigbee2mqtt/b2/kitchen/leak", "5|b2/kitchen/leak"},
	    {"zigbee2mqtt/#", "zigbee2mqtt", "5|"},
	    {"zigbee2mqtt/#", "zigbee2mqtt/", "5|"},
	    {"+/+/#", "a//b/c", "5|a||b/c"},
	    {"#", "a", "5|a"},
	    {"#", "$oc/devices", ""},
	    {"+/devices", "$oc/devices", ""},
	    {"$oc/+/sys", "$oc/d1/sys", "5|d1"},
	    {"/neuron/+", "/neuron/riser", "5|riser"},
	    {"+/neuron/+", "/neuron/riser", "5||riser"},
	    {"+/+/+/+/+/+/+/+/+/+", "1/2/3/4/5/6/7/8/9/10", "5|1|2|3|4|5|6|7|8|9"},
	    {"a/b", "a/b/c", ""},
	    {"a/b/c", "a/b", ""},
	};

	(void)state;
	for (int i = 0; i < COUNT(cases); i++) {
		struct trie *t = trie_new();
		char got[TEXT] = "";

		trie_add(t, cases[i].filter, 5);
		trie_match(t, cases[i].topic, join, got);
		assert_string_equal(got, cases[i].expected);
		trie_free(t);
	}
}

static void many_literals(void **state)
{
	struct trie *t = trie_new();
	char text[TEXT];
	int got[1];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof text, "site/%d/gas%d", i % 97, i);
		trie_add(t, text, i == 12345 ? 0 : -1 - i);
	}
	got[0] = 0;
	snprintf(text, sizeof text, "site/%d/gas%d", 12345 % 97, 12345);
	trie_match(t, text, mark, got);
	assert_int_equal(got[0], 1);
	trie_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(agrees_with_naive),
	    cmocka_unit_test(same_filter_same_number),
	    cmocka_unit_test(captures_what_wildcards_match),
	    cmocka_unit_test(many_literals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
