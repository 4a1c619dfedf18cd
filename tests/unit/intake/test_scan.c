/* test_scan.c - the scanner says what the parser says, or leaves it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/scan.h"

#include <string.h>

enum { PIECES_MAX = 12, RANDOM_PAYLOADS = 200000 };

struct path {
	const char *keys[3], *picks[3];
	struct value_path value;
};

static struct value_path *path_of(struct path *p, const char *first, const char *second)
{
	*p = (struct path){.keys = {first, second}, .value.pointer = "/"};
	p->value.keys = (struct strings){p->keys, second ? 2 : 1};
	return &p->value;
}

/* /a/[n=x]/v, /a/[n=x], or /a/[=x] when by is "". */
static struct value_path *pick_of(struct path *p, const char *by, const char *text, const char *last)
{
	*p = (struct path){.keys = {"a", by, last}, .picks = {NULL, text, NULL}, .value.pointer = "/"};
	p->value.keys = (struct strings){p->keys, last ? 3 : 2};
	p->value.picks = p->picks;
	return &p->value;
}

/* True: not left, and then as the parser says. */
static bool agrees(const char *payload, const struct value_path *path)
{
	struct extracted scanned, parsed;
	enum extract_result result, expected;
	struct json *doc;

	if (!scan_value(payload, strlen(payload), path, &scanned, &result))
		return false;
	doc = extract_parse(payload, strlen(payload));
	if (!doc)
		fail_msg("scanned, but no JSON: %s", payload);
	expected = extract_value(doc, path, &parsed);
	if (result != expected)
		fail_msg("scanned %d, parsed %d: %s", (int)result, (int)expected, payload);
	if (result == EXTRACT_VALUE &&
	    (scanned.len != parsed.len || memcmp(scanned.text, parsed.text, parsed.len) != 0))
		fail_msg("scanned '%.*s', parsed '%.*s': %s", (int)scanned.len, scanned.text, (int)parsed.len,
		         parsed.text, payload);
	extract_free(doc);
	return true;
}

static void what_devices_send_is_not_left(void **state)
{
	static const char *const payloads[] = {
	    "{\"a\":true}",
	    " { \"b\" : [1, {\"a\":2}, []] , \"a\" : 21.50 } ",
	    "{\"a\":\"ON\",\"c\":{}}",
	    "{\"a\":-12.00,\"last_seen\":123456789012}",
	    "{\"a\":0.0}",
	    "{\"a\":-0.0}",
	    "{\"a\":100.0}",
	    "{\"a\":0.0001}",
	    "{\"a\":123456789.012}",
	    "{\"a\":null}",
	    "{\"a\":{\"b\":1}}",
	    "{\"a\":true,\"last_seen\":1763838604182,\"load\":0.12345678901234567890}",
	    "{\"a\":123456789012345678}",
	    "{\"b\":1}",
	    "{}",
	};
	struct path p;

	(void)state;
	for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++)
		if (!agrees(payloads[i], path_of(&p, "a", NULL)))
			fail_msg("left: %s", payloads[i]);
	assert_true(agrees("{\"ENERGY\":{\"Power\":1,\"Voltage\":230.1}}", path_of(&p, "ENERGY", "Voltage")));
	assert_true(agrees("{\"ENERGY\":7}", path_of(&p, "ENERGY", "Voltage")));
}

static void chosen_elements_are_not_left(void **state)
{
	static const char *const payloads[] = {
	    "{\"a\":[{\"n\":\"y\",\"v\":1},{\"n\":\"x\",\"v\":2},{\"n\":\"x\",\"v\":3}]}",
	    "{\"t\":1,\"a\":[{\"v\":2.50,\"q\":{\"n\":\"x\"},\"n\":\"x\"}],\"b\":[]}",
	    ("{\"a\":[7,null,[\"x\"],{\"n\":null,\"v\":1},{\"n\":[\"x\"],\"v\":1},{\"n\":\"x\",\"v\":\"ON\"}]"
	    "}"),
	    "{\"a\":[{\"n\":\"x\",\"v\":null}]}",
	    "{\"a\":[{\"n\":\"x\",\"v\":{\"w\":1}}]}",
	    "{\"a\":{\"n\":\"x\",\"v\":1}}",
	    "{\"a\":7}",
	};
	static const char *const lists[] = {
	    "{\"a\":[]}",   "{\"a\":[\"y\",\"x\"]}", "{\"a\":[\"y\",{\"x\":1},[\"x\"],null,1]}",
	    "{\"a\":null}", "{\"a\":\"x\"}",         "{\"a\":{}}"};
	struct path p;

	(void)state;
	for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++)
		if (!agrees(payloads[i], pick_of(&p, "n", "x", "v")))
			fail_msg("left: %s", payloads[i]);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (!agrees(lists[i], pick_of(&p, "", "x", NULL)))
			fail_msg("left: %s", lists[i]);
	assert_true(agrees("{\"a\":[{\"n\":\"x\"}]}", pick_of(&p, "n", "x", NULL)));
	assert_true(agrees("{\"a\":[{\"n\":1,\"v\":2}]}", pick_of(&p, "n", "1", "v")));
	assert_true(agrees("{\"a\":5}", path_of(&p, "a", "value")));
	assert_false(agrees("{\"a\":[{\"n\":\"x\",\"error\":2014}]}", pick_of(&p, "n", "x", "v")));
	assert_false(agrees("{\"a\":[{\"n\":\"x\",\"n\":\"y\",\"v\":1}]}", pick_of(&p, "n", "x", "v")));
	assert_false(agrees("{\"a\":[{\"n\":\"x\"}]}", pick_of(&p, "n", "x", "n")));
}

static void the_rest_is_left(void **state)
{
	static const char *const payloads[] = {
	    "true",
	    "{\"a\":1e5}",
	    "{\"a\":\"\\n\"}",
	    "{\"a\":1,\"a\":2}",
	    "{\"a\":\"\xe7\x81\xab\"}",
	    "{\"a\":00}",
	    "{\"a\":1.}",
	    "{\"a\":0.00001}",
	    "{\"a\":1",
	    "{\"a\":1}}",
	    "{\"a\":1,}",
	    "{\"a\":-0}",
	    "{\"a\":1234567890.123}",
	    "{\"a\" 1}",
	    "{\"a\":tru}",
	    "{\"a\":\"\t\"}",
	    "{\"a\":.5}",
	    "{a:1}",
	    "",
	    "{\"b\":01,\"a\":1}",
	    "{\"a\":1,\"b\":12345678901234567890}",
	};
	struct path p;

	(void)state;
	for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++)
		if (agrees(payloads[i], path_of(&p, "a", NULL)))
			fail_msg("not left: %s", payloads[i]);
	assert_false(agrees("{\"a\":[1]}", path_of(&p, "a", "0")));
	assert_false(agrees("{\"values\":{},\"errors\":{\"t\":1}}", path_of(&p, "values", "t")));
}

static uint32_t dice(uint32_t *seed, uint32_t sides)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % sides;
}

/* Pieces of JSON in random order: mostly nonsense, often enough not. */
static void random_pieces(void **state)
{
	static const char *const pieces[] = {
	    "{", "}", "[", "]", ",", ":",     "\"a\":", "\"a\"", "\"b\":",  "\"b\"", "1",
	    "-", "0", ".", "e", " ", "12.50", "true",   "null",  "{\"a\":", "0.000", "1}"};
	uint32_t seed = 7;
	int scanned = 0;

	(void)state;
	for (int i = 0; i < RANDOM_PAYLOADS; i++) {
		char payload[256] = "{";
		struct path p;

		for (uint32_t n = dice(&seed, PIECES_MAX); n; n--)
			strcat(payload, pieces[dice(&seed, sizeof pieces / sizeof pieces[0])]);
		scanned += agrees(payload, path_of(&p, "a", i % 2 ? "b" : NULL));
	}
	assert_true(scanned > RANDOM_PAYLOADS / 1000);
}

/* Whole elements, so that arrays of them are often well-formed. */
static void random_elements(void **state)
{
	static const char *const pieces[] = {"{\"n\":\"x\",\"v\":1}",
	                                     "{\"v\":2,\"n\":\"x\"}",
	                                     "{\"n\":\"y\",\"v\":3}",
	                                     "{\"n\":\"x\"}",
	                                     "{\"v\":{\"n\":\"x\"},\"n\":\"x\"}",
	                                     "\"x\"",
	                                     "1",
	                                     "null",
	                                     "[\"x\"]",
	                                     "{\"n\":1,\"v\":[]}",
	                                     "{\"n\":\"x\",\"error\":1}",
	                                     "{}",
	                                     "{\"n\":\"x\","};
	uint32_t seed = 11;
	int scanned = 0;

	(void)state;
	for (int i = 0; i < RANDOM_PAYLOADS; i++) {
		char payload[512] = "{\"a\":[";
		struct path p;

		for (uint32_t n = dice(&seed, 5); n; n--) {
			strcat(payload, pieces[dice(&seed, sizeof pieces / sizeof pieces[0])]);
			strcat(payload, n > 1 ? "," : "");
		}
		strcat(payload, "]}");
		pick_of(&p, i % 3 ? "n" : "", i % 7 ? "x" : "1", i % 3 == 1 ? "v" : NULL);
		scanned += agrees(payload, &p.value);
	}
	assert_true(scanned > RANDOM_PAYLOADS / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_devices_send_is_not_left),
	    cmocka_unit_test(chosen_elements_are_not_left),
	    cmocka_unit_test(the_rest_is_left),
	    cmocka_unit_test(random_pieces),
	    cmocka_unit_test(random_elements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
