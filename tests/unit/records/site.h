/* site.h - a plan by hand with the names that the rows of this folder use. */
#ifndef TOCSIN_TEST_RECORDS_SITE_H
#define TOCSIN_TEST_RECORDS_SITE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan.h"
#include "records/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(ZH, EN) \
	{ \
		{ \
			ZH, EN \
		} \
	}

static const struct zone s_zones[] = {
    {.id = "b2", .name = TEXT("地下二层", "Basement 2"), .in = -1},
    {.id = "b2-kitchen", .name = TEXT("地下二层厨房", "B2 kitchen"), .in = 0},
};
static const struct person s_people[] = {
    {.id = "wang", .name = "王强"}, {.id = "li", .name = "李娜"}, {.id = "smith", .name = "Ann Smith"}};
static const struct step s_steps[] = {
    {.id = "scene", .kind = STEP_KIND_TASK, .text = TEXT("立即赶到现场;禁止开关电器", "Go to the scene. Touch no switch.")},
    {.id = "scale", .kind = STEP_KIND_DECIDE, .text = TEXT("小型还是重大?", "Minor or major?")},
    {.id = "shut", .kind = STEP_KIND_COMMAND, .actuator = 0, .action = "close"},
    {.id = "air", .kind = STEP_KIND_COMMAND, .actuator = -1, .actuator_kind = "fan", .action = "off"},
    {.id = "gas-co", .kind = STEP_KIND_RECORD},
    {.id = "clear", .kind = STEP_KIND_RUN, .book = "evacuation"},
    {.id = "clear/out", .kind = STEP_KIND_WAIT},
    {.id = "told", .kind = STEP_KIND_REPORT},
};
static const struct playbook s_playbooks[] = {
    {.id = "gas-leak", .steps = s_steps, .n_steps = sizeof s_steps / sizeof *s_steps}};
static const struct actuator s_actuators[] = {{.id = "gas-valve-b2"}};
static const struct incident_type s_types[] = {
    {.id = "gas-leak", .title = TEXT("燃气泄漏", "Gas leak"), .playbook = 0, .self = -1}};
static const int64_t s_tz_at[] = {0};
static const int32_t s_tz_offset[] = {28800};

static const struct plan s_plan = {
    .site = "plaza",
    .site_name = TEXT("中心广场", "Central Plaza"),
    .timezone = "Asia/Shanghai",
    .tz = {1, s_tz_at, s_tz_offset},
    .zones = s_zones,
    .n_zones = 2,
    .actuators = s_actuators,
    .n_actuators = 1,
    .people = s_people,
    .n_people = 3,
    .types = s_types,
    .n_types = 1,
    .playbooks = s_playbooks,
    .n_playbooks = 1,
};

/* A whole file; "" when it is not there. The caller frees. */
static char *slurp(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct buf text = {0};
	char part[4096];
	size_t n;

	while (f && (n = fread(part, 1, sizeof part, f)))
		buf_add(&text, part, n);
	if (f)
		fclose(f);
	return buf_steal(&text);
}

/* Each line of the file as a row; the hash is made up from the number. */
static void each_row(const char *path, void (*fn)(void *arg, int64_t seq, const char *rec, const char *hash),
                     void *arg)
{
	char *all = slurp(path), hash[65];
	int64_t seq = 0;

	for (char *line = all, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		snprintf(hash, sizeof hash, "%064llx", (long long)++seq);
		fn(arg, seq, line, hash);
	}
	free(all);
}

/* With RECORDS_UPDATE in the environment the golden files are written anew. */
static void assert_golden(const char *path, const char *text)
{
	char *golden;

	if (getenv("RECORDS_UPDATE")) {
		FILE *f = fopen(path, "wb");

		assert_non_null(f);
		fputs(text, f);
		fclose(f);
	}
	golden = slurp(path);
	assert_string_equal(text, golden);
	free(golden);
}

#endif
