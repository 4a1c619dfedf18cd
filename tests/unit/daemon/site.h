/* site.h - one small site for tests of the daemon, as a generation. */
#ifndef TEST_SITE_H
#define TEST_SITE_H

#include "config.h"
#include "generation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char site_yaml[] =
    "site: {id: t, name: Test, timezone: Asia/Shanghai}\n"
    "broker: {url: \"mqtt://127.0.0.1:1\"}\n"
    "store: {path: /tmp/none/tocsin.db}\n"
    "zones:\n"
    "  b2: {name: {zh: 地下二层, en: Basement 2}}\n"
    "sensors:\n"
    "  gas-b2: {kind: gas, zone: b2, topic: s/gas, value: /gas, unit: \"%LEL\"}\n"
    "  temp-b2: {kind: temperature, zone: b2, topic: s/temp, value: /t}\n"
    "actuators:\n"
    "  valve: {kind: gas-valve, zone: b2, serves: [b2], topic: plc/valve/set, actions: {close: {send: C}, open: {send: O}}, "
    "within: 5s, tries: 1, safe_in: [gas], "
    "operators: [duty]}\n"
    "  fan: {kind: fan, zone: b2, topic: plc/fan/set, actions: {on: {send: ON}}, within: 5s, tries: 1, "
    "operators: [duty]}\n"
    "interlocks:\n"
    "  no-sparks: {while: {hazard: gas}, reach: site, forbid: all}\n"
    "people:\n"
    "  wang: {name: Wang, user: wang, login: root, language: en, channels: [page]}\n"
    "roles:\n"
    "  duty: {name: duty, holder: wang}\n"
    "chains:\n"
    "  main: {levels: [{call: [duty], wait: 60s}]}\n"
    "channels:\n"
    "  page: {plugin: page}\n"
    "incidents:\n"
    "  gas-leak:\n"
    "    title: {zh: 燃气泄漏, en: Gas leak}\n"
    "    hazard: gas\n"
    "    severity: critical\n"
    "    when: {of: {kind: gas}}\n"
    "    grades: {critical: {above: 25, clear_below: 10}}\n"
    "    chain: main\n"
    "    playbook: gas-leak\n"
    "playbooks:\n"
    "  gas-leak:\n"
    "    scene: {task: {zh: 去, en: Go}, who: duty, within: 3m, first: true}\n"
    "    shut: {command: {kind: gas-valve, action: close}}\n";

static inline struct generation *site_generation(void)
{
	struct buf bundle = {0}, problems = {0};
	struct generation *g;
	struct plan *plan;

	buf_printf(&bundle, "FILE t %zu\n%s\n", strlen(site_yaml), site_yaml);
	plan = config_plan(bundle.text, bundle.len, &problems);
	if (!plan) {
		fputs(buf_text(&problems), stderr);
		abort();
	}
	g = generation_new(plan, bundle.text, bundle.len);
	buf_fini(&bundle);
	buf_fini(&problems);
	return g;
}

#endif
