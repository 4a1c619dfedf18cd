/* Any bytes as a file of tests of a small site: problems or a script, never
 * anything else, and a script only ever names what the site has. */
#include "rehearsal/script.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char site[] =
    "site: {id: plaza, timezone: UTC}\n"
    "broker: {url: \"mqtt://h:1\"}\n"
    "zones: {b2: {}, b2-kitchen: {in: b2}}\n"
    "sensors:\n"
    "  gas-b2: {kind: gas, zone: b2-kitchen, topic: zigbee2mqtt/b2/gas, value: /gas_density, unit: "
    "\"%LEL\"}\n"
    "  any: {id: \"any-{1}\", kind: leak, zone: b2, topic: leak/+}\n"
    "actuators: {gas-valve-b2: {kind: gas-valve, zone: b2, topic: v/set, actions: {close: {send: C}}}}\n"
    "people: {wang: {name: W, channels: [page]}, li: {name: L, channels: [page]}}\n"
    "roles: {duty: {holder: wang}}\n"
    "chains: {building: {levels: [{call: [duty], wait: 30s}]}}\n"
    "channels: {page: {plugin: page}}\n"
    "incidents: {gas-leak: {hazard: gas, severity: major, when: {of: {kind: gas}, above: 10}, chain: "
    "building,"
    " playbook: gas-leak}}\n"
    "playbooks: {gas-leak: {scene: {task: go, who: duty}, scale: {decide: how, who: duty, choices: {minor: a,"
    " major: b}, otherwise: major}}}\n";

static struct plan *plan_of_site(void)
{
	static const int64_t at_ms[] = {0};
	static const int32_t offset_s[] = {0};
	const struct source source = {"site.yaml", site, sizeof site - 1};
	struct problems problems;
	struct buf told = {0};
	struct plan *plan;

	problems_init(&problems);
	plan = language_read(&source, 1, &problems);
	problems_print(&problems, &told);
	if (!plan) {
		fputs(buf_text(&told), stderr);
		abort();
	}
	buf_fini(&told);
	problems_fini(&problems);
	plan->tz = (struct tz){1, at_ms, offset_s};
	return plan;
}

static void look_at(const struct plan *plan, const struct script_step *s)
{
	if (s->act >= SCRIPT_ACT_COUNT || s->when_ms < 0 || s->every_ms < 0 || s->line < 1)
		abort();
	if (s->act == ACT_SAY && (!s->verb || !s->words || plan_person_by_user(plan, s->user) < 0))
		abort();
	if (s->act == ACT_CHANNEL && plan_channel(plan, s->channel) < 0)
		abort();
	if ((s->act == ACT_PUBLISH || s->act == ACT_SILENCE) && !s->n_messages)
		abort();
	for (int i = 0; i < s->n_expects; i++)
		for (int k = 0; k < s->expects[i].n; k++)
			if (!s->expects[i].fields[k].path || !s->expects[i].fields[k].name)
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct plan *plan;
	const struct source file = {"x_test.yaml", (const char *)data, size};
	struct problems problems;
	struct arena arena;
	struct buf text = {0};
	struct script *script;

	plan = plan ? plan : plan_of_site();
	arena_init(&arena);
	problems_init(&problems);
	script_site(&file, &arena, &problems);
	problems_fini(&problems);
	problems_init(&problems);
	script = script_read(&file, plan, &problems);
	if ((script == NULL) != (problems.n_errors > 0))
		abort();
	problems_print(&problems, &text);
	for (int i = 0; script && i < script->n; i++)
		for (int k = 0; k < script->tests[i].n; k++)
			look_at(plan, &script->tests[i].steps[k]);
	script_free(script);
	buf_fini(&text);
	problems_fini(&problems);
	arena_fini(&arena);
	return 0;
}
