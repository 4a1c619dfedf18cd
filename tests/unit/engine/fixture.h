/* fixture.h - the site and the incident of CONTRACT section 6, built by hand,
 * for the tests of what the engine renders. Call fixture() first in each test. */
#ifndef TOCSIN_TEST_FIXTURE_H
#define TOCSIN_TEST_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "engine/model.h"

#include <jansson.h>
#include <string.h>

enum { ZONE_B2, ZONE_KITCHEN, ZONE_ROOF, ZONES };
enum { WANG, LI, SMITH, PEOPLE };
enum { ELECTRICIAN, FOREMAN, SUPERVISOR, HVAC, ROLES };
enum { SCENE, SHUT, SCALE, BELOW, GAS_CO, TENANTS, STEPS };

#define TEXT(ZH, EN) \
	{ \
		{ \
			ZH, EN \
		} \
	}
#define S(LITERAL) ((char *)(LITERAL)) /* fields own their strings; nothing frees these */

static const struct zone f_zones[ZONES] = {
    {.id = "b2", .name = TEXT("地下二层", "Basement 2"), .in = -1},
    {.id = "b2-kitchen", .name = TEXT("地下二层厨房", "B2 kitchen"), .in = ZONE_B2},
    {.id = "roof", .name = TEXT("屋顶", "Roof"), .in = -1},
};
static const struct person f_people[PEOPLE] = {
    {.id = "wang", .name = "王强", .language = LANG_ZH},
    {.id = "li", .name = "李娜", .language = LANG_ZH},
    {.id = "smith", .name = "Ann Smith", .language = LANG_EN},
};
static const struct role f_roles[ROLES] = {
    {"duty-electrician", TEXT("值班电工", "duty electrician"), WANG, LI, -1, NULL},
    {"shift-foreman", TEXT("领班", "shift foreman"), LI, -1, -1, NULL},
    {"engineering-supervisor", TEXT("工程部主管", "engineering supervisor"), SMITH, LI, -1, NULL},
    {"hvac-operator", TEXT("空调值班", "HVAC operator"), -1, -1, FOREMAN, NULL},
};
static const int f_level_1[] = {ELECTRICIAN}, f_level_2[] = {FOREMAN, SUPERVISOR}, f_told[] = {SUPERVISOR};
static const struct level f_levels[] = {{.call = {f_level_1, 1}, .wait_ms = 30000},
                                         {.call = {f_level_2, 2}, .wait_ms = 60000}};
static const struct chain f_chain = {"life-safety", f_levels, 2, {f_told, 1}};
static const int f_serves[] = {ZONE_KITCHEN};
static const struct action f_actions[] = {{.id = "close", .send = "C", .until_sensor = -1}};
static const struct actuator f_actuators[] = {
    {.id = "gas-valve-b2",
     .kind = "gas-valve",
     .zone = ZONE_KITCHEN,
     .serves = {f_serves, 1},
     .actions = f_actions,
     .n_actions = 1,
     .topic = "plc/b2/gasvalve/set"},
};
static const struct forbid f_all = {0}, f_close = {"sprinkler-valve", "close"};
static const struct interlock f_interlocks[] = {
    {"gas-no-sparks", HAZARD_GAS, REACH_PARENT, &f_all, 1, NULL},
    {"fire-keeps-water", HAZARD_FIRE, REACH_SITE, &f_close, 1, NULL},
};
static const struct choice f_choices[] = {{"minor", TEXT("小型", "minor")}, {"major", TEXT("重大", "major")}};
static const struct field f_fields[] = {{"called_at", FIELD_TIME}, {"name", FIELD_TEXT}};
static const struct step f_steps[STEPS] = {
    {.id = "scene",
     .kind = STEP_KIND_TASK,
     .who = ELECTRICIAN,
     .first = true,
     .actuator = -1,
     .text = TEXT("立即赶到现场;禁止开关电器", "Go to the scene. Touch no switch."),
     .contacts = TEXT("", "")},
    {.id = "shut",
     .kind = STEP_KIND_COMMAND,
     .who = -1,
     .actuator = -1,
     .actuator_kind = "gas-valve",
     .action = "close",
     .text = TEXT("", ""),
     .contacts = TEXT("", "")},
    {.id = "scale",
     .kind = STEP_KIND_DECIDE,
     .who = FOREMAN,
     .actuator = -1,
     .choices = f_choices,
     .n_choices = 2,
     .text = TEXT("小型还是重大?", "Minor or major?"),
     .contacts = TEXT("", "")},
    {.id = "below",
     .kind = STEP_KIND_WAIT,
     .who = -1,
     .actuator = -1,
     .text = TEXT("", ""),
     .contacts = TEXT("", "")},
    {.id = "gas-co",
     .kind = STEP_KIND_RECORD,
     .who = FOREMAN,
     .actuator = -1,
     .fields = f_fields,
     .n_fields = 2,
     .text = TEXT("", ""),
     .contacts = TEXT("燃气公司 96777", "gas company 96777")},
    {.id = "tenants",
     .kind = STEP_KIND_NOTIFY,
     .who = -1,
     .actuator = -1,
     .notify = {f_told, 1},
     .text = TEXT("请通知商户", "Tell the tenants"),
     .contacts = TEXT("", "")},
};
static const struct playbook f_playbook = {"gas-leak", f_steps, STEPS, SCENE};
static const struct incident_type f_type = {
    .id = "gas-leak",
    .title = TEXT("燃气泄漏", "Gas leak"),
    .hazard = HAZARD_GAS,
    .chain = 0,
    .playbook = 0,
    .contacts = TEXT("", ""),
    .self = -1,
};
static const int64_t f_zone_from[] = {0};
static const int32_t f_zone_offset[] = {8 * 3600};

static struct plan f_plan;
static struct engine f_engine;
static struct incident f_incident, f_other;
static struct member f_members[70];
static struct step_run f_runs[70];
static struct delivery_state f_deliveries[4];
static struct sensor f_gas, f_mains;
static struct sensor *f_sensors[] = {&f_gas, &f_mains};
static struct incident *f_incidents[] = {&f_incident, &f_other};

static inline int64_t at(const char *text)
{
	int64_t ms = -1;

	assert_true(time_parse_rfc3339(text, &ms));
	return ms;
}

static inline void due(struct deadline *d, const char *text)
{
	d->at_ms = at(text);
	d->pos = 1;
}

static inline void fixture_plan(void)
{
	f_plan = (struct plan){
	    .site = "plaza",
	    .site_name = TEXT("中心广场", "Central Plaza"),
	    .tz = {1, f_zone_from, f_zone_offset},
	    .languages = 3,
	    .hash = "5b1e0c77aabbccdd",
	    .zones = f_zones,
	    .n_zones = ZONES,
	    .actuators = f_actuators,
	    .n_actuators = 1,
	    .interlocks = f_interlocks,
	    .n_interlocks = 2,
	    .people = f_people,
	    .n_people = PEOPLE,
	    .roles = f_roles,
	    .n_roles = ROLES,
	    .chains = &f_chain,
	    .n_chains = 1,
	    .types = &f_type,
	    .n_types = 1,
	    .playbooks = &f_playbook,
	    .n_playbooks = 1,
	};
}

static inline void fixture_runs(void)
{
	static const enum step_state states[STEPS] = {STEP_OPEN, STEP_DONE, STEP_OPEN, STEP_OPEN};

	for (int i = 0; i < 70; i++)
		f_runs[i] = (struct step_run){.incident = &f_incident,
		                              .index = i < STEPS ? i : GAS_CO,
		                              .result = S(""),
		                              .by = S(""),
		                              .note = S(""),
		                              .state = i < STEPS ? states[i] : STEP_OPEN,
		                              .began_ms = -1,
		                              .ended_ms = -1};
	due(&f_runs[SCENE].due, "2026-11-22T19:13:04.182Z");
	due(&f_runs[SCALE].due, "2026-11-22T19:15:04.182Z");
	due(&f_runs[BELOW].due, "2026-11-22T21:10:04.182Z");
	f_runs[SHUT].tries = 1;
	f_runs[SHUT].result = S("done");
	f_runs[SHUT].began_ms = f_incident.opened_ms;
	f_runs[SHUT].ended_ms = f_incident.opened_ms + 4230;
}

static inline void fixture_members(void)
{
	for (int i = 0; i < 70; i++)
		f_members[i] = (struct member){.sensor = S("gas-b2"),
		                               .kind = S("gas"),
		                               .unit = S("%LEL"),
		                               .value = "31.2",
		                               .now = "58.0",
		                               .peak = "58.0",
		                               .has_number = true,
		                               .at_ms = at("2026-11-22T19:10:33.001Z"),
		                               .active = TRUTH_TRUE};
	f_deliveries[0] = (struct delivery_state){S("wang"), S("page"), S("2.1"), DELIVERY_SENT,
	                                          at("2026-11-22T19:10:04.190Z")};
}

/* Four steps, one member, one delivery: the incident of the contract. */
static inline void fixture(void)
{
	fixture_plan();
	f_incident = (struct incident){
	    .number = 17,
	    .id = "G-17",
	    .ulid = "01KDBT4Q5P7E9V2M8N3R6S1XYZ",
	    .rev = 1,
	    .plan = &f_plan,
	    .type = &f_type,
	    .playbook = &f_playbook,
	    .type_id = S("gas-leak"),
	    .zone_id = S("b2-kitchen"),
	    .title = TEXT("燃气泄漏", "Gas leak"),
	    .zone = ZONE_KITCHEN,
	    .hazard = HAZARD_GAS,
	    .severity = SEVERITY_CRITICAL,
	    .grade = S("critical"),
	    .state = STATE_UNACKED,
	    .opened_ms = at("2026-11-22T19:10:04.182Z"),
	    .changed_ms = at("2026-11-22T19:10:34.190Z"),
	    .acked_by = S(""),
	    .after = S(""),
	    .level = 2,
	    .next = NEXT_CALL,
	    .seq = 9,
	    .members = f_members,
	    .n_members = 1,
	    .steps = f_runs,
	    .n_steps = 4,
	    .deliveries = f_deliveries,
	    .n_deliveries = 1,
	};
	due(&f_incident.due, "2026-11-22T19:11:34.190Z");
	f_other = f_incident;
	f_other.number = 16;
	f_other.rev = 2;
	strcpy(f_other.id, "P-16");
	f_other.hazard = HAZARD_POWER;
	f_other.zone = ZONE_ROOF;
	f_other.zone_id = S("roof");
	f_other.title = (struct text)TEXT("停电", "Power loss");
	f_other.n_members = f_other.n_steps = f_other.n_deliveries = 0;
	f_gas = (struct sensor){.id = S("gas-b2"), .zone = ZONE_KITCHEN};
	f_mains = (struct sensor){.id = S("mains-1"), .zone = ZONE_ROOF};
	f_engine = (struct engine){.plan = &f_plan,
	                           .now_ms = at("2026-11-22T19:10:34.200Z"),
	                           .epoch = 7,
	                           .seq = 9,
	                           .sensors = f_sensors,
	                           .n_sensors = 2,
	                           .incidents = f_incidents,
	                           .n_incidents = 1};
	fixture_members();
	fixture_runs();
}

/* An independent reader must understand it: valid JSON, valid UTF-8, no key twice. */
static inline json_t *parsed(const struct buf *b)
{
	json_error_t why;
	json_t *doc = json_loadb(buf_text(b), b->len, JSON_REJECT_DUPLICATES, &why);

	if (!doc)
		fail_msg("%s at %d in %s", why.text, why.position, buf_text(b));
	return doc;
}

static inline const char *word(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* Exactly this text, and JSON. */
static inline void assert_json(struct buf *b, const char *expected)
{
	assert_string_equal(buf_text(b), expected);
	json_decref(parsed(b));
	buf_fini(b);
}

#endif
