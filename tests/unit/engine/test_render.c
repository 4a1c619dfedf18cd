/* Every JSON the engine shows: incident state, summary, heartbeat, zones, on-call. */
#include "fixture.h"

#define STATE \
	"{\"v\":1,\"id\":\"G-17\",\"ulid\":\"01KDBT4Q5P7E9V2M8N3R6S1XYZ\",\"rev\":1,\"epoch\":7,\"seq\":9," \
	"\"type\":\"gas-leak\",\"title\":{\"zh\":\"燃气泄漏\",\"en\":\"Gas leak\"},\"zone\":\"b2-kitchen\"," \
	"\"hazard\":\"gas\",\"severity\":\"critical\",\"grade\":\"critical\",\"state\":\"unacked\"," \
	"\"opened\":\"2026-11-22T19:10:04.182Z\",\"changed\":\"2026-11-22T19:10:34.190Z\",\"acked_by\":" \
	"null," \
	"\"after\":null,\"next\":{\"at\":\"2026-11-22T19:11:34.190Z\",\"what\":\"call\",\"level\":2," \
	"\"who\":[\"li\",\"smith\"]},\"chain\":{\"name\":\"life-safety\",\"level\":2,\"round\":0,\"called\":[]}," \
	"\"members\":[{\"sensor\":\"gas-b2\",\"kind\":\"gas\",\"leaf\":\"true\",\"value\":\"31.2\"," \
	"\"now\":\"58.0\",\"peak\":\"58.0\",\"unit\":\"%LEL\",\"at\":\"2026-11-22T19:10:33.001Z\"}]," \
	"\"members_more\":0,\"steps\":[{\"id\":\"scene\",\"kind\":\"task\",\"role\":\"duty-electrician\"," \
	"\"who\":[\"wang\"],\"state\":\"open\",\"due\":\"2026-11-22T19:13:04.182Z\",\"first\":true," \
	"\"text\":{\"zh\":\"立即赶到现场;禁止开关电器\",\"en\":\"Go to the scene. Touch no switch.\"}}," \
	"{\"id\":\"shut\",\"kind\":\"command\",\"actuator\":\"gas-valve-b2\",\"action\":\"close\"," \
	"\"state\":\"done\",\"tries\":1,\"took_s\":4.2},{\"id\":\"scale\",\"kind\":\"decide\"," \
	"\"role\":\"shift-foreman\",\"who\":[\"li\"],\"state\":\"open\",\"due\":\"2026-11-22T19:15:04." \
	"182Z\",\"text\":{\"zh\":\"小型还是重大?\",\"en\":\"Minor or major?\"}," \
	"\"choices\":{\"minor\":{\"zh\":\"小型\",\"en\":\"minor\"},\"major\":{\"zh\":\"重大\",\"en\":\"major\"}}}," \
	"{\"id\":\"below\",\"kind\":\"wait\",\"state\":\"open\",\"due\":\"2026-11-22T21:10:04.182Z\"}]," \
	"\"steps_more\":0,\"deliveries\":[{\"person\":\"wang\",\"channel\":\"page\",\"notice\":\"2.1\"," \
	"\"state\":\"sent\",\"at\":\"2026-11-22T19:10:04.190Z\"}],\"flags\":{\"stale\":false," \
	"\"shelved\":null,\"isolated\":null,\"drill\":false,\"unrecorded\":false}}"

static json_t *shown(void)
{
	struct buf b = {0};
	json_t *doc;

	render_incident(&f_engine, &f_incident, &b);
	assert_true(b.len <= 32 * 1024);
	doc = parsed(&b);
	buf_fini(&b);
	return doc;
}

static void test_state_is_the_contract(void **state)
{
	struct buf b = {0};

	(void)state;
	fixture();
	render_incident(&f_engine, &f_incident, &b);
	assert_json(&b, STATE);
}

static const json_t *step(const json_t *doc, int i)
{
	return json_array_get(json_object_get(doc, "steps"), (size_t)i);
}

static void end(int index, enum step_state state, const char *result)
{
	f_runs[index].state = state;
	f_runs[index].result = S(result);
	f_runs[index].by = S("li");
	f_runs[index].ended_ms = at("2026-11-22T19:20:00.000Z");
}

static void test_ended_steps_show_their_result(void **state)
{
	struct fact facts[] = {{S("called_at"), S("2026-11-22T19:20:00Z")}, {S("name"), S("值班 赵")}};
	json_t *doc;

	(void)state;
	fixture();
	f_incident.n_steps = STEPS;
	end(SCENE, STEP_FAILED, "failed");
	end(SHUT, STEP_INTERLOCKED, "interlocked");
	end(SCALE, STEP_DONE, "major");
	end(GAS_CO, STEP_DONE, "done");
	f_runs[SCENE].note = S("阀门卡死");
	f_runs[SCENE].late = true;
	f_runs[GAS_CO].facts = facts;
	f_runs[GAS_CO].n_facts = 2;
	f_runs[BELOW].state = STEP_SKIPPED;
	doc = shown();
	assert_string_equal(word(step(doc, SCENE), "state"), "failed");
	assert_string_equal(word(step(doc, SCENE), "by"), "li");
	assert_string_equal(word(step(doc, SCENE), "note"), "阀门卡死");
	assert_true(json_is_true(json_object_get(step(doc, SCENE), "late")));
	assert_null(json_object_get(step(doc, SCENE), "due"));
	assert_string_equal(word(step(doc, SHUT), "state"), "interlocked");
	assert_string_equal(word(step(doc, SCALE), "choice"), "major");
	assert_string_equal(word(step(doc, BELOW), "state"), "skipped");
	assert_string_equal(word(json_object_get(step(doc, GAS_CO), "values"), "name"), "值班 赵");
	assert_string_equal(word(step(doc, TENANTS), "state"), "waiting");
	assert_string_equal(json_string_value(json_array_get(json_object_get(step(doc, TENANTS), "who"), 0)),
	                    "smith");
	json_decref(doc);
}

static void test_waiting_steps_have_no_times(void **state)
{
	json_t *doc;

	(void)state;
	fixture();
	f_runs[SCENE].state = f_runs[SHUT].state = STEP_WAITING;
	doc = shown();
	assert_null(json_object_get(step(doc, SCENE), "due"));
	assert_null(json_object_get(step(doc, SHUT), "tries"));
	assert_null(json_object_get(step(doc, SHUT), "took_s"));
	json_decref(doc);
}

static void test_long_lists_are_counted(void **state)
{
	json_t *doc;

	(void)state;
	fixture();
	f_incident.n_members = 55;
	f_incident.n_steps = 70;
	doc = shown();
	assert_int_equal(json_array_size(json_object_get(doc, "members")), 50);
	assert_int_equal(json_integer_value(json_object_get(doc, "members_more")), 5);
	assert_int_equal(json_array_size(json_object_get(doc, "steps")), 60);
	assert_int_equal(json_integer_value(json_object_get(doc, "steps_more")), 10);
	json_decref(doc);
}

/* Texts give way first, at the borders of characters; lists stay as long as they can. */
static void test_never_above_32_kib(void **state)
{
	static char note[4000];
	json_t *doc;
	const char *cut;

	(void)state;
	fixture();
	for (size_t i = 0; i + 3 < sizeof note; i += 3)
		memcpy(note + i, "阀", 3);
	for (int i = 0; i < 70; i++)
		f_runs[i].note = note;
	f_incident.n_members = f_incident.n_steps = 70;
	doc = shown();
	assert_int_equal(json_array_size(json_object_get(doc, "steps")), 60);
	cut = word(step(doc, SCENE), "note");
	assert_true(strlen(cut) >= 60 && strlen(cut) % 3 == 0);
	json_decref(doc);
}

static void test_worst_case_still_fits(void **state)
{
	static struct fact facts[16];
	static struct delivery_state deliveries[400];
	static char value[200], names[400][65];

	(void)state;
	fixture();
	memset(value, '"', sizeof value - 1);
	for (int i = 0; i < 16; i++)
		facts[i] = (struct fact){f_runs[i].note = value, value};
	for (int i = 0; i < 16; i++) {
		static char keys[16][65];

		snprintf(keys[i], sizeof keys[i], "key-%056d", i);
		facts[i].key = keys[i];
	}
	for (int i = 0; i < 70; i++) {
		f_runs[i].facts = facts;
		f_runs[i].n_facts = 16;
	}
	for (int i = 0; i < 400; i++) {
		snprintf(names[i], sizeof names[i], "person-%056d", i);
		deliveries[i] = (struct delivery_state){names[i], names[i], S("2.1"), DELIVERY_SENT, 0};
	}
	f_incident.deliveries = deliveries;
	f_incident.n_deliveries = 400;
	f_incident.n_members = f_incident.n_steps = 70;
	json_decref(shown());
}

/* A playbook of nothing but decisions with long lists of choices. */
static void test_many_choices_still_fit(void **state)
{
	enum { MANY = 60 };
	static struct choice choices[MANY];
	static struct step steps[MANY];
	static char ids[MANY][65];
	static char words[300];
	struct playbook book;
	json_t *doc;

	(void)state;
	fixture();
	memset(words, 'x', sizeof words - 1);
	for (int i = 0; i < MANY; i++) {
		snprintf(ids[i], sizeof ids[i], "choice-%056d", i);
		choices[i] = (struct choice){ids[i], {{words, words}}};
		steps[i] = f_steps[SCALE];
		steps[i].choices = choices;
		steps[i].n_choices = MANY;
		steps[i].text = (struct text){{words, words}};
		f_runs[i].index = i;
		f_runs[i].state = STEP_OPEN;
	}
	book = *f_incident.playbook;
	book.steps = steps;
	f_incident.playbook = &book;
	f_incident.n_steps = MANY;
	doc = shown();
	assert_int_equal(json_integer_value(json_object_get(doc, "steps_more")), MANY - 10);
	json_decref(doc);
}

/* What is asked: whoever shows it can offer the answers; an ended step asks nothing more. */
static void test_steps_say_what_they_ask(void **state)
{
	json_t *doc;
	const json_t *fields;

	(void)state;
	fixture();
	f_incident.n_steps = STEPS;
	f_runs[GAS_CO].state = STEP_OPEN;
	end(SCALE, STEP_DONE, "major");
	doc = shown();
	fields = json_object_get(step(doc, GAS_CO), "fields");
	assert_string_equal(word(fields, "called_at"), "time");
	assert_string_equal(word(fields, "name"), "text");
	assert_null(json_object_get(step(doc, SCALE), "choices"));
	assert_string_equal(word(json_object_get(step(doc, SCALE), "text"), "en"), "Minor or major?");
	json_decref(doc);
}

static void test_called(void **state)
{
	struct called called[] = {{.person = S("wang"), .level = 1, .at_ms = 1000},
	                          {.person = S("li"), .level = 2, .at_ms = 31000}};
	const json_t *list;
	json_t *doc;

	(void)state;
	fixture();
	f_incident.called = called;
	f_incident.n_called = 2;
	doc = shown();
	list = json_object_get(json_object_get(doc, "chain"), "called");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(word(json_array_get(list, 1), "person"), "li");
	assert_string_equal(word(json_array_get(list, 1), "at"), "1970-01-01T00:00:31.000Z");
	json_decref(doc);
}

static void test_newest_delivery_counts(void **state)
{
	json_t *doc;
	const json_t *list;

	(void)state;
	fixture();
	f_deliveries[1] = (struct delivery_state){S("wang"), S("sms"), S("2.2"), DELIVERY_QUEUED, 1000};
	f_deliveries[2] = (struct delivery_state){S("wang"), S("page"), S("5.1"), DELIVERY_DELIVERED, 2000};
	f_incident.n_deliveries = 3;
	doc = shown();
	list = json_object_get(doc, "deliveries");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(word(json_array_get(list, 0), "channel"), "sms");
	assert_string_equal(word(json_array_get(list, 1), "notice"), "5.1");
	assert_string_equal(word(json_array_get(list, 1), "state"), "delivered");
	json_decref(doc);
}

static void assert_next(enum next_what what, int level, const char *expected)
{
	json_t *doc;
	char *text;

	f_incident.next = what;
	f_incident.level = level;
	doc = shown();
	text = json_dumps(json_object_get(doc, "next"), JSON_COMPACT);
	assert_string_equal(text, expected);
	free(text);
	json_decref(doc);
}

#define AT "{\"at\":\"2026-11-22T19:11:34.190Z\","

static void test_who_is_next(void **state)
{
	(void)state;
	fixture();
	assert_next(NEXT_CALL, 1, AT "\"what\":\"call\",\"level\":2,\"who\":[\"li\",\"smith\"]}");
	f_incident.state = STATE_PRE_ALARM;
	assert_next(NEXT_CALL, 1, AT "\"what\":\"call\",\"level\":1,\"who\":[\"wang\"]}");
	f_incident.acked_by = S("wang");
	assert_next(NEXT_INVESTIGATE, 1, AT "\"what\":\"investigate\",\"level\":1,\"who\":[\"wang\"]}");
	f_incident.state = STATE_ACKED;
	assert_next(NEXT_ACTION, 1,
	            AT "\"what\":\"action\",\"level\":2,\"who\":[\"wang\",\"li\",\"smith\"]}");
	assert_next(NEXT_REMIND, 1, AT "\"what\":\"remind\",\"level\":1,\"who\":[\"wang\"]}");
	assert_next(NEXT_EMPTY, 1, "{\"at\":null,\"what\":\"none\",\"level\":null,\"who\":[]}");
}

static void test_leaves_and_flags(void **state)
{
	json_t *doc;
	const json_t *members;

	(void)state;
	fixture();
	f_incident.n_members = 3;
	f_members[1].active = TRUTH_FALSE;
	f_members[2].lost = true;
	f_members[2].unit = S("");
	f_incident.stale = true;
	f_incident.grade = S("");
	f_incident.zone_id = S("");
	f_engine.store = STORE_FAILING;
	doc = shown();
	members = json_object_get(doc, "members");
	assert_string_equal(word(json_array_get(members, 1), "leaf"), "false");
	assert_string_equal(word(json_array_get(members, 2), "leaf"), "unknown");
	assert_true(json_is_null(json_object_get(json_array_get(members, 2), "unit")));
	assert_true(json_is_null(json_object_get(doc, "grade")));
	assert_true(json_is_null(json_object_get(doc, "zone")));
	assert_true(json_is_true(json_object_get(json_object_get(doc, "flags"), "stale")));
	assert_true(json_is_true(json_object_get(json_object_get(doc, "flags"), "unrecorded")));
	json_decref(doc);
}

/* Its member is the system; who is to mend it needs the sensor. */
static void test_lost_sensor_by_name(void **state)
{
	json_t *doc;

	(void)state;
	fixture();
	f_incident.type_id = S("sensor-lost");
	f_members[0].sensor = S("self:");
	snprintf(f_members[0].value, sizeof f_members[0].value, "beam-2");
	doc = shown();
	assert_string_equal(word(json_array_get(json_object_get(doc, "members"), 0), "sensor"), "beam-2");
	json_decref(doc);
}

static void test_incident_of_a_lost_plan(void **state)
{
	json_t *doc;

	(void)state;
	fixture();
	f_incident.type = NULL;
	f_incident.playbook = NULL;
	doc = shown();
	assert_int_equal(json_integer_value(json_object_get(doc, "steps_more")), 4);
	assert_true(json_is_null(json_object_get(json_object_get(doc, "chain"), "name")));
	json_decref(doc);
}

static void test_summary_is_the_contract(void **state)
{
	struct buf b = {0};

	(void)state;
	fixture();
	render_summary(&f_engine, &b);
	assert_json(&b,
	            "{\"v\":1,\"at\":\"2026-11-22T19:10:34.200Z\",\"open\":1,\"unacked\":1,\"acked\":0,"
	            "\"worst\":\"critical\",\"epoch\":7,\"seq\":9,\"incidents\":[{\"id\":\"G-17\",\"rev\":1,"
	            "\"state\":\"unacked\",\"hazard\":\"gas\",\"zone\":\"b2-kitchen\","
	            "\"opened\":\"2026-11-22T19:10:04.182Z\"}],\"more\":0}");
}

/* By hazard, then number; closed ones are not there. */
static void test_summary_order_and_counts(void **state)
{
	struct incident *both[] = {&f_other, &f_incident};
	struct buf b = {0};
	json_t *doc;

	(void)state;
	fixture();
	f_engine.incidents = both;
	f_engine.n_incidents = 2;
	f_other.state = STATE_CLEARED;
	f_other.severity = SEVERITY_MINOR;
	render_summary(&f_engine, &b);
	doc = parsed(&b);
	assert_string_equal(word(json_array_get(json_object_get(doc, "incidents"), 0), "id"), "G-17");
	assert_string_equal(word(json_array_get(json_object_get(doc, "incidents"), 1), "id"), "P-16");
	assert_int_equal(json_integer_value(json_object_get(doc, "acked")), 1);
	assert_string_equal(word(doc, "worst"), "critical");
	json_decref(doc);
	buf_clear(&b);
	f_other.state = STATE_CLOSED;
	f_incident.state = STATE_CLOSED;
	render_summary(&f_engine, &b);
	doc = parsed(&b);
	assert_int_equal(json_integer_value(json_object_get(doc, "open")), 0);
	assert_true(json_is_null(json_object_get(doc, "worst")));
	json_decref(doc);
	buf_fini(&b);
}

static void assert_summary_text(unsigned languages, const char *expected)
{
	struct buf b = {0};

	f_plan.languages = languages;
	render_summary_text(&f_engine, &b);
	assert_string_equal(buf_text(&b), expected);
	buf_fini(&b);
}

#define LINE_ZH "1起事件,1起未确认:G-17 燃气泄漏 地下二层厨房 未确认,03:11 呼叫 李娜、Ann Smith"
#define LINE_EN "1 open, 1 unacked: G-17 Gas leak B2 kitchen unacked, next call 03:11 李娜, Ann Smith"

static void test_summary_text(void **state)
{
	(void)state;
	fixture();
	assert_summary_text(3, LINE_ZH " / " LINE_EN);
	assert_summary_text(1u << LANG_ZH, LINE_ZH);
	assert_summary_text(1u << LANG_EN, LINE_EN);
	f_engine.n_incidents = 0;
	assert_summary_text(3, "一切正常 / All normal");
}

static void test_heartbeat_is_the_contract(void **state)
{
	struct heartbeat_extra x = {.n = 4, .up_s = 42, .queue = 0, .store = "ok", .broker = "up"};
	struct buf b = {0};

	(void)state;
	fixture();
	f_engine.now_ms = at("2026-11-22T19:10:40.000Z");
	x.now_ms = f_engine.now_ms;
	engine_view_heartbeat(&f_engine, &x, &b);
	assert_json(&b,
	            "{\"v\":1,\"epoch\":7,\"at\":\"2026-11-22T19:10:40.000Z\",\"n\":4,\"up_s\":42,\"open\":1,"
	            "\"unacked\":1,\"oldest_unacked_s\":36,\"next_call_s\":54,\"queue\":0,\"store\":\"ok\","
	            "\"broker\":\"up\",\"flood\":false,\"plan\":\"5b1e0c77\",\"seq\":9}");
	f_incident.state = STATE_ACKED;
	f_incident.next = NEXT_REMIND;
	x.now_ms = f_engine.now_ms;
	engine_view_heartbeat(&f_engine, &x, &b);
	assert_non_null(
	    strstr(buf_text(&b), "\"unacked\":0,\"oldest_unacked_s\":null,\"next_call_s\":null,"));
	buf_fini(&b);
}

static void assert_words(const char *b2, const char *kitchen, const char *roof)
{
	unsigned char *judged = zones_judge(&f_engine);

	assert_string_equal(zone_word(judged[ZONE_B2]), b2);
	assert_string_equal(zone_word(judged[ZONE_KITCHEN]), kitchen);
	assert_string_equal(zone_word(judged[ZONE_ROOF]), roof);
	free(judged);
}

static void test_zone_word_by_state(void **state)
{
	static const char *const words[STATE_COUNT] = {"pre_alarm", "alarm", "alarm", "acked",
	                                               "acked",     "acked", "normal"};

	(void)state;
	fixture();
	for (int s = 0; s < STATE_COUNT; s++) {
		f_incident.state = (enum state)s;
		assert_words(words[s], words[s], "normal");
	}
}

static void test_zone_word_of_faults(void **state)
{
	struct member lost = {.sensor = S("mains-1"), .active = TRUTH_TRUE};

	(void)state;
	fixture();
	f_engine.n_incidents = 2;
	f_other.zone = -1;
	f_other.hazard = HAZARD_SYSTEM;
	assert_words("alarm", "alarm", "normal");
	f_other.members = &lost; /* sensor-lost: its zone */
	f_other.n_members = 1;
	assert_words("alarm", "alarm", "fault");
	lost.active = TRUTH_FALSE;
	assert_words("alarm", "alarm", "normal");
	lost.active = TRUTH_TRUE;
	lost.out = true;
	assert_words("alarm", "alarm", "normal");
	f_incident.state = STATE_CLOSED;
	f_other.zone = ZONE_B2; /* a fault is below the parent only */
	assert_words("fault", "normal", "normal");
	f_other.hazard = HAZARD_POWER; /* a stale member elsewhere */
	f_other.state = STATE_ACKED;
	lost = (struct member){.sensor = S("mains-1"), .active = TRUTH_TRUE, .lost = true};
	assert_words("acked", "normal", "fault");
}

static void test_oncall(void **state)
{
	struct buf b = {0};

	(void)state;
	fixture();
	engine_view_oncall(&f_engine, "duty-electrician", &b);
	assert_json(&b, "{\"duty-electrician\":{\"person\":\"wang\",\"name\":\"王强\",\"why\":\"holder\","
	                "\"also\":[\"li\"]}}");
	engine_view_oncall(&f_engine, "nobody-has-this", &b);
	assert_json(&b, "{}");
	render_oncall(&f_engine, &b);
	assert_non_null(strstr(buf_text(&b), "\"hvac-operator\":{\"person\":\"li\""));
	json_decref(parsed(&b));
	buf_fini(&b);
}

static void test_impairments(void **state)
{
	struct buf b = {0};

	(void)state;
	fixture();
	render_impairments(&f_engine, &b);
	assert_json(&b, "{\"v\":1,\"at\":\"2026-11-22T19:10:34.200Z\",\"items\":[],\"more\":0}");
	f_members[0].out = true;
	render_impairments(&f_engine, &b);
	assert_json(
	    &b,
	    "{\"v\":1,\"at\":\"2026-11-22T19:10:34.200Z\",\"items\":[{\"what\":\"out\",\"sensor\":\"gas-b2\","
	    "\"zone\":\"b2-kitchen\",\"incident\":\"G-17\"}],\"more\":0}");
}

static void test_views(void **state)
{
	struct buf b = {0};
	json_t *doc;

	(void)state;
	fixture();
	f_engine.n_incidents = 2;
	f_other.state = STATE_CLOSED;
	assert_true(engine_view_incident(&f_engine, 17, &b));
	assert_json(&b, STATE);
	assert_false(engine_view_incident(&f_engine, 18, &b));
	engine_view_list(&f_engine, false, &b);
	assert_json(&b, "[" STATE "]");
	engine_view_list(&f_engine, true, &b);
	doc = parsed(&b);
	assert_int_equal(json_array_size(doc), 2);
	json_decref(doc);
	buf_clear(&b);
	engine_view_summary(&f_engine, &b);
	json_decref(parsed(&b));
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_state_is_the_contract),
	    cmocka_unit_test(test_ended_steps_show_their_result),
	    cmocka_unit_test(test_waiting_steps_have_no_times),
	    cmocka_unit_test(test_long_lists_are_counted),
	    cmocka_unit_test(test_never_above_32_kib),
	    cmocka_unit_test(test_worst_case_still_fits),
	    cmocka_unit_test(test_many_choices_still_fit),
	    cmocka_unit_test(test_steps_say_what_they_ask),
	    cmocka_unit_test(test_called),
	    cmocka_unit_test(test_newest_delivery_counts),
	    cmocka_unit_test(test_who_is_next),
	    cmocka_unit_test(test_leaves_and_flags),
	    cmocka_unit_test(test_lost_sensor_by_name),
	    cmocka_unit_test(test_incident_of_a_lost_plan),
	    cmocka_unit_test(test_summary_is_the_contract),
	    cmocka_unit_test(test_summary_order_and_counts),
	    cmocka_unit_test(test_summary_text),
	    cmocka_unit_test(test_heartbeat_is_the_contract),
	    cmocka_unit_test(test_zone_word_by_state),
	    cmocka_unit_test(test_zone_word_of_faults),
	    cmocka_unit_test(test_oncall),
	    cmocka_unit_test(test_impairments),
	    cmocka_unit_test(test_views),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
