/* A crash on the stage: what was saved is what comes back, and when it is not, it is said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "language/language.h"
#include "rehearsal/stage.h"

#include <stdio.h>
#include <string.h>

static const char site[] =
    "site: {id: plaza, name: Plaza, timezone: Asia/Shanghai}\n"
    "broker: {url: \"mqtt://127.0.0.1:1883\"}\n"
    "zones: {hall: {name: Hall}}\n"
    "people: {wang: {name: Wang, channels: [page]}}\n"
    "roles: {duty: {name: Duty, holder: wang}}\n"
    "channels: {page: {plugin: page}}\n"
    "chains: {all: {levels: [{call: [duty], wait: 1m}]}}\n"
    "incidents: {leak: {title: Leak, hazard: water, severity: minor, chain: all}}\n";

struct life {
	struct stage stage;
	struct plan *plan;
};

static void took(void *arg, const struct effect *f)
{
	(void)arg;
	(void)f;
}

static const struct plan *plan_of(void *arg, const char *hash)
{
	const struct life *l = arg;

	return strcmp(l->plan->hash, hash) ? NULL : l->plan;
}

/* Somebody has raised a leak, and it is stored. */
static void begin(struct life *l)
{
	static const int64_t from[] = {0};
	static const int32_t offset[] = {0};
	const struct source source = {.name = "site.yaml", .bytes = site, .len = sizeof site - 1};
	struct problems problems;
	struct buf said = {0};

	*l = (struct life){0};
	problems_init(&problems);
	l->plan = language_read(&source, 1, &problems);
	problems_print(&problems, &said);
	if (!l->plan)
		fail_msg("%s", buf_text(&said));
	buf_fini(&said);
	problems_fini(&problems);
	l->plan->tz = (struct tz){1, from, offset};
	l->plan->hash = "plan-1";
	l->stage = (struct stage){.plan = l->plan, .now_ms = 1000, .took = took, .plan_of = plan_of, .arg = l};
	stage_start(&l->stage);
	stage_link(&l->stage, LINK_SYNCED);
	stage_command(&l->stage, &(struct stage_said){.user = "wang",
	                                              .verb = "raise",
	                                              .payload = "leak hall",
	                                              .len = strlen("leak hall"),
	                                              .via = "mqtt"});
}

static void end(struct life *l)
{
	stage_fini(&l->stage);
	plan_free(l->plan);
}

static const struct record *saved(const struct life *l, const char *prefix)
{
	for (int i = l->stage.stored.n - 1; i >= 0; i--)
		if (!strncmp(l->stage.stored.at[i].key, prefix, strlen(prefix)))
			return &l->stage.stored.at[i];
	fail_msg("nothing saved under %s", prefix);
	return NULL;
}

static void all_comes_back(void **state)
{
	struct life l;

	(void)state;
	begin(&l);
	assert_null(stage_crash(&l.stage, 5000));
	assert_null(stage_crash(&l.stage, 0));
	end(&l);
}

static void a_lost_record_is_said(void **state)
{
	struct life l;
	char key[32];

	(void)state;
	begin(&l);
	snprintf(key, sizeof key, "%s", saved(&l, "i/")->key);
	records_put(&l.stage.stored, key, NULL);
	assert_string_equal(stage_crash(&l.stage, 0), "what was restored is not what was running");
	end(&l);
}

static void a_broken_record_is_said(void **state)
{
	struct life l;
	char key[32];

	(void)state;
	begin(&l);
	snprintf(key, sizeof key, "%s", saved(&l, "i/")->key);
	records_put(&l.stage.stored, key, "i");
	assert_string_equal(stage_crash(&l.stage, 0), "what was saved cannot be read");
	end(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_comes_back),
	    cmocka_unit_test(a_lost_record_is_said),
	    cmocka_unit_test(a_broken_record_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
