/* What the state of an incident shows of its steps, and `impairments` of what is out, as contrib/doc/mqtt.md says it. */
#include "life_world.h"

static const char site[] =
    "site: {id: plaza, name: {zh: 广场, en: Plaza}, timezone: Asia/Shanghai}\n"
    "broker: {url: \"mqtt://127.0.0.1:1883\", version: 5}\n"
    "store: {path: /var/lib/tocsin/tocsin.db}\n"
    "languages: [zh, en]\n"
    "zones: {yard: {name: {zh: 院子, en: Yard}}}\n"
    "sensors:\n"
    "  wet: {kind: leak, zone: yard, topic: s/1}\n"
    "  flow: {kind: flow, zone: yard, topic: s/2, unit: L}\n"
    "  hatch: {kind: hatch, zone: yard, topic: s/3}\n"
    "actuators:\n"
    "  valve-1: {kind: valve, zone: yard, serves: [yard], topic: p/1, actions: {close: {send: \"1\"}}, operators: [guard]}\n"
    "  valve-2: {kind: valve, zone: yard, serves: [yard], topic: p/2, actions: {close: {send: \"1\"}}, operators: [guard]}\n"
    "people:\n"
    "  wang: {name: Wang, language: zh, channels: [page]}\n"
    "  li: {name: Li, language: en, channels: [page]}\n"
    "roles: {guard: {name: guard, holder: wang}, chief: {name: chief, holder: li}, office: {name: office, holder: li}}\n"
    "chains: {both: {levels: [{call: [guard], wait: 30s}, {call: [chief], wait: 60s}]}}\n"
    "channels: {page: {plugin: page, timeout: 10m}}\n"
    "incidents:\n"
    "  flood: {hazard: water, severity: minor, chain: both, playbook: flood, when: {of: {kind: leak}, is: alarm}}\n"
    "playbooks:\n"
    "  flood:\n"
    "    shut: {command: {kind: valve, action: close}}\n"
    "    dry: {wait: {all: [{sensor: flow, below: 5, for: 60s}, {sensor: hatch, is: normal}]}, within: 1h}\n"
    "    lid: {task: {zh: 盖好, en: Shut the hatch}, who: guard, within: 10m, until: {sensor: hatch, is: normal}}\n"
    "    paper: {report: incident, who: chief, within: 24h, copies: [office, guard], after: dry}\n";

static struct life_world w;
static struct plan *plan;

static void begin(void)
{
	life_begin(&w, plan);
	life_reading(&w, "wet", READING_VALUE, "alarm");
}

/* The part of the state that begins with this. */
static void shows(const char *text)
{
	struct buf b = {0};

	assert_true(engine_view_incident(w.e, w.e->incidents[w.e->n_incidents - 1]->number, &b));
	if (!strstr(buf_text(&b), text))
		fail_msg("no %s in %s", text, buf_text(&b));
	buf_fini(&b);
}

static void hides(const char *text)
{
	struct buf b = {0};

	assert_true(engine_view_incident(w.e, w.e->incidents[w.e->n_incidents - 1]->number, &b));
	if (strstr(buf_text(&b), text))
		fail_msg("%s is in %s", text, buf_text(&b));
	buf_fini(&b);
}

static void several_actuators(void **state)
{
	(void)state;
	begin();
	shows("{\"id\":\"shut\",\"kind\":\"command\",\"actuator\":\"valve-1\",\"actuators\":[\"valve-1\",\"valve-2\"],"
	      "\"action\":\"close\"");
	life_end(&w);
}

static void what_it_waits_for(void **state)
{
	(void)state;
	begin();
	shows("\"until\":{\"sensors\":[{\"sensor\":\"flow\",\"leaf\":\"unknown\",\"now\":null},"
	      "{\"sensor\":\"hatch\",\"leaf\":\"unknown\",\"now\":null}]}");
	hides("\"holds\"");
	life_reading(&w, "hatch", READING_VALUE, "alarm");
	shows("\"until\":{\"sensors\":[{\"sensor\":\"hatch\",\"leaf\":\"false\",\"now\":\"alarm\"}]}"); /* of the task */
	life_reading(&w, "flow", READING_VALUE, "12");
	shows("{\"sensor\":\"flow\",\"leaf\":\"false\",\"now\":\"12\",\"unit\":\"L\"}");
	life_reading(&w, "flow", READING_VALUE, "3");
	shows("{\"sensor\":\"flow\",\"leaf\":\"true\",\"now\":\"3\",\"unit\":\"L\"}");
	shows("\"holds\":\"2026-");
	life_until(&w, w.now_ms + 60000);
	hides("\"holds\"");
	life_reading(&w, "hatch", READING_VALUE, "normal");
	hides("\"until\":{\"sensors\"");
	life_end(&w);
}

static void copies_of_the_report(void **state)
{
	(void)state;
	begin();
	shows("{\"id\":\"paper\",\"kind\":\"report\",\"role\":\"chief\"");
	shows("\"copies\":[\"office\",\"guard\"]");
	life_end(&w);
}

static const char *impairments(void)
{
	for (int i = w.fx.n - 1; i >= 0; i--)
		if (w.fx.at[i].kind == EFFECT_PUBLISH && !strcmp(w.fx.at[i].publish.topic, "impairments"))
			return w.fx.at[i].publish.payload;
	fail_msg("impairments is not published");
	return "";
}

static void what_is_out_until_when(void **state)
{
	(void)state;
	begin();
	life_command(&w, "wang", (struct command){.verb = VERB_OUT, .name = "valve-2", .for_ms = 3600000, .words = "stuck"});
	if (!strstr(impairments(), "{\"what\":\"out\",\"actuator\":\"valve-2\",\"zone\":\"yard\",\"incident\":null,"
	                           "\"until\":\"2026-") ||
	    !strstr(impairments(), "\"by\":\"wang\",\"second\":null,\"reason\":\"stuck\",\"since\":\"2026-"))
		fail_msg("%s", impairments());
	life_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(several_actuators),
	    cmocka_unit_test(what_it_waits_for),
	    cmocka_unit_test(copies_of_the_report),
	    cmocka_unit_test(what_is_out_until_when),
	};
	int failed;

	plan = life_plan_of(site);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	plan_free(plan);
	return failed;
}
