/* The names of a plan in parts: of a small site in one; of a large one in several that fit a packet, each
 * name in one of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/daemon/site.h"

#include "naming.h"

#include <jansson.h>

enum { ZONES = 2000 };

static json_t *part_of(const struct plan *plan, int part, int *ret_parts)
{
	struct buf out = {0};
	json_t *json;

	*ret_parts = naming_part(plan, part, &out);
	assert_true(out.len <= NAMING_BYTES + 1024);
	json = json_loads(buf_text(&out), 0, NULL);
	assert_non_null(json);
	assert_int_equal(json_integer_value(json_object_get(json, "parts")), *ret_parts);
	assert_int_equal(json_integer_value(json_object_get(json, "part")), part);
	buf_fini(&out);
	return json;
}

static const char *text_at(json_t *json, const char *section, const char *id, const char *key)
{
	return json_string_value(json_object_get(json_object_get(json_object_get(json, section), id), key));
}

static void test_small(void **state)
{
	struct generation *g = site_generation();
	int parts;
	json_t *json = part_of(g->plan, 1, &parts);

	(void)state;
	assert_int_equal(parts, 1);
	assert_string_equal(json_string_value(json_object_get(json, "timezone")), "Asia/Shanghai");
	assert_string_equal(text_at(json, "zones", "b2", "zh"), "地下二层");
	assert_string_equal(text_at(json, "people", "wang", "name"), "Wang");
	assert_string_equal(text_at(json, "types", "gas-leak", "en"), "Gas leak");
	assert_string_equal(text_at(json, "roles", "duty", "en"), "duty");
	assert_string_equal(text_at(json, "actuators", "valve", "kind"), "gas-valve");
	json_decref(json);
	generation_free(g);
}

static void test_large(void **state)
{
	struct generation *g = site_generation();
	struct zone *zones = calloc(ZONES, sizeof *zones);
	struct plan large = *g->plan;
	size_t found = 0;
	int parts, n;

	(void)state;
	for (int i = 0; i < ZONES; i++) {
		char id[32];

		snprintf(id, sizeof id, "zone-%d", i);
		zones[i] = (struct zone){.id = strdup(id), .name = {{"一个相当长的区域名称", "A zone with a long name"}}, .in = i - 1};
	}
	large.zones = zones;
	large.n_zones = ZONES;
	json_decref(part_of(&large, 1, &parts));
	assert_true(parts > 5);
	for (int part = 1; part <= parts; part++) {
		json_t *json = part_of(&large, part, &n);

		assert_int_equal(n, parts);
		found += json_object_size(json_object_get(json, "zones"));
		json_decref(json);
	}
	assert_int_equal(found, ZONES);
	for (int i = 0; i < ZONES; i++)
		free((char *)zones[i].id);
	free(zones);
	generation_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_small), cmocka_unit_test(test_large)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
