/* Good files: what stands in them stands in the plan. */
#include "test.h"

static const char *const shipped[] = {"power-loss", "burst-pipe", "gas-leak", "fire",
                                      "lift-entrapment", "water-loss", "rooms", "repair-slip",
                                      "patrols", "system"};
enum { SHIPPED = sizeof shipped / sizeof *shipped };

static void run_files(struct run *run, const char *main_path, bool with_shipped)
{
	struct source s[1 + SHIPPED] = {{.name = "main.yaml"}};
	char *texts[1 + SHIPPED], path[512];
	int n = with_shipped ? 1 + SHIPPED : 1;

	s[0].bytes = texts[0] = file_text(main_path, &s[0].len);
	for (int i = 1; i < n; i++) {
		snprintf(path, sizeof path, SOURCE_DIR "/rules/playbooks/%s.yaml", shipped[i - 1]);
		s[i].name = shipped[i - 1];
		s[i].bytes = texts[i] = file_text(path, &s[i].len);
	}
	problems_init(&run->problems);
	run->text = (struct buf){0};
	run->plan = language_read(s, n, &run->problems);
	problems_print(&run->problems, &run->text);
	for (int i = 0; i < n; i++)
		free(texts[i]);
	if (!run->plan)
		fail_msg("%s", buf_text(&run->text));
}

static const struct step *find_step(const struct plan *p, const char *playbook, const char *id)
{
	for (int i = 0; i < p->n_playbooks; i++)
		for (int k = 0; !strcmp(p->playbooks[i].id, playbook) && k < p->playbooks[i].n_steps; k++)
			if (!strcmp(p->playbooks[i].steps[k].id, id))
				return &p->playbooks[i].steps[k];
	return NULL;
}

static void example_passes(void **state)
{
	struct run run;

	(void)state;
	run_files(&run, SOURCE_DIR "/tests/unit/language/good-site-example.yaml", false);
	assert_int_equal(run.problems.n_errors, 0);
	assert_null(strstr(buf_text(&run.text), "step '"));
	run_end(&run);
}

static void example_has_its_site(void **state)
{
	const struct plan *p;
	struct run run;

	(void)state;
	run_files(&run, SOURCE_DIR "/tests/unit/language/good-site-example.yaml", false);
	p = run.plan;
	assert_string_equal(p->site, "plaza");
	assert_string_equal(p->site_name.in[LANG_ZH], "中心广场");
	assert_string_equal(p->timezone, "Asia/Shanghai");
	assert_string_equal(p->broker.host, "127.0.0.1");
	assert_int_equal(p->broker.port, 1883);
	assert_int_equal(p->broker.version, 5);
	assert_string_equal(p->broker.password_file, "/etc/tocsin/broker.pw");
	assert_string_equal(p->store_path, "/var/lib/tocsin/tocsin.db");
	assert_int_equal(p->languages, 3);
	assert_int_equal(p->zones[plan_zone(p, "b2-kitchen")].in, plan_zone(p, "b2"));
	assert_int_equal(p->roles[plan_role(p, "duty-electrician")].holder, -1);
	assert_int_equal(p->roles[plan_role(p, "duty-electrician")].deputy, plan_person(p, "li"));
	assert_ptr_equal(p->roles[plan_role(p, "duty-electrician")].roster, &p->rosters[0]);
	assert_int_equal(p->n_rosters, 1);
	assert_int_equal(p->rosters[0].shifts.n, 2);
	assert_int_equal(p->rosters[0].n_rotation, 2);
	assert_int_equal(p->rosters[0].handover_ms, 900000);
	assert_int_equal(p->rosters[0].consent, -1);
	assert_int_equal(p->rosters[0].from_day, 20758);
	assert_int_equal(p->roles[plan_role(p, "hvac-operator")].covered_by, plan_role(p, "shift-foreman"));
	assert_int_equal(p->chains[0].n_levels, 2);
	assert_int_equal(p->chains[0].levels[1].wait_ms, 60000);
	assert_int_equal(p->chains[0].levels[1].call.n, 2);
	assert_int_equal(p->channels[plan_channel(p, "sms")].severities,
	                 1 << SEVERITY_CRITICAL | 1 << SEVERITY_MAJOR);
	assert_string_equal(p->channels[plan_channel(p, "sms")].argv.at[1], "{{phone}}");
	assert_int_equal(p->people[plan_person(p, "wang")].channels.n, 2);
	assert_int_equal(plan_person_by_login(p, "wang"), plan_person(p, "wang"));
	run_end(&run);
}

static void example_has_its_things(void **state)
{
	const struct plan *p;
	const struct actuator *a;
	const struct sensor_def *s;
	struct run run;

	(void)state;
	run_files(&run, SOURCE_DIR "/tests/unit/language/good-site-example.yaml", false);
	p = run.plan;
	a = &p->actuators[plan_actuator(p, "gas-valve-b2")];
	assert_int_equal(a->within_ms, 15000);
	assert_int_equal(a->tries, 3);
	assert_int_equal(a->safe_in, 1 << HAZARD_GAS);
	assert_int_equal(a->serves.at[0], plan_zone(p, "b2-kitchen"));
	assert_string_equal(a->actions[0].send, "C");
	assert_int_equal(a->actions[0].until_sensor, plan_sensor(p, "valve-b2"));
	assert_string_equal(a->actions[0].until_is.at[0], "closed");
	assert_int_equal(p->actuators[plan_actuator(p, "fan-b2")].actions[0].until_sensor, -1);
	assert_int_equal(p->interlocks[0].hazard, HAZARD_GAS);
	assert_int_equal(p->interlocks[0].reach, REACH_PARENT);
	assert_int_equal(p->interlocks[0].n_forbid, 1);
	assert_null(p->interlocks[0].forbid[0].kind);
	assert_string_equal(p->interlocks[1].forbid[0].action, "close");
	s = &p->sensors[plan_sensor(p, "gas-b2")];
	assert_string_equal(s->value.keys.at[0], "gas_density");
	assert_int_equal(s->silent_after_ms, 600000);
	assert_int_equal(s->qos, 1);
	assert_false(s->is_family);
	s = &p->sensors[plan_sensor(p, "call-b2")];
	assert_true(s->value.whole);
	assert_int_equal(s->n_words, 3);
	run_end(&run);
}

static void example_has_its_incident(void **state)
{
	const struct incident_type *t;
	struct run run;

	(void)state;
	run_files(&run, SOURCE_DIR "/tests/unit/language/good-site-example.yaml", false);
	t = &run.plan->types[plan_type(run.plan, "gas-leak")];
	assert_int_equal(t->hazard, HAZARD_GAS);
	assert_int_equal(t->per, PER_ZONE);
	assert_int_equal(t->n_grades, 2);
	assert_string_equal(t->grades[0].id, "warning");
	assert_int_equal(t->grades[0].severity, SEVERITY_MAJOR);
	assert_int_equal(t->grades[1].severity, SEVERITY_CRITICAL);
	assert_int_equal(t->severity, SEVERITY_CRITICAL);
	assert_false(t->grades[0].latch);
	assert_true(t->grades[1].latch);
	assert_true(t->latch);
	assert_int_equal(t->remind_ms, 15 * 60000);
	assert_int_equal(t->grades[1].when.op, COND_TEST);
	assert_int_equal(t->grades[1].when.test.op, TEST_ABOVE);
	assert_int_equal(t->grades[1].when.test.limit_milli, 25000);
	assert_int_equal(t->grades[1].when.test.clear_milli, 10000);
	assert_int_equal(t->grades[1].when.for_ms, 3000);
	assert_int_equal(t->grades[1].when.clear_for_ms, 300000);
	assert_int_equal(t->grades[0].when.node, 0);
	assert_int_equal(t->grades[1].when.node, 1);
	assert_int_equal(t->n_nodes, 2);
	assert_int_equal(t->self, -1);
	assert_string_equal(t->contacts.in[LANG_EN], "");
	run_end(&run);
}

static void example_has_its_playbook(void **state)
{
	const struct step *s;
	struct run run;

	(void)state;
	run_files(&run, SOURCE_DIR "/tests/unit/language/good-site-example.yaml", false);
	s = find_step(run.plan, "gas-leak", "scene");
	assert_int_equal(s->kind, STEP_KIND_TASK);
	assert_true(s->first);
	assert_int_equal(s->within_ms, 180000);
	assert_int_equal(s->late_call, plan_role(run.plan, "shift-foreman"));
	assert_int_equal(s->n_after, 0);
	s = find_step(run.plan, "gas-leak", "by-hand");
	assert_int_equal(s->n_after, 1); /* after and when name the same step */
	assert_string_equal(s->after[0].results.at[1], "interlocked");
	s = find_step(run.plan, "gas-leak", "tag");
	assert_string_equal(s->text.in[LANG_ZH], "挂牌:煤气泄漏,严禁火种");
	assert_string_equal(s->tag, "gas-no-fire");
	s = find_step(run.plan, "gas-leak", "scale");
	assert_int_equal(s->n_choices, 2);
	assert_string_equal(s->choices[s->otherwise].id, "major");
	s = find_step(run.plan, "gas-leak", "gas-co");
	assert_int_equal(s->fields[0].type, FIELD_TIME);
	assert_string_equal(s->after[0].results.at[0], "major");
	s = find_step(run.plan, "gas-leak", "shut");
	assert_string_equal(s->actuator_kind, "gas-valve");
	assert_int_equal(s->actuator, -1);
	s = find_step(run.plan, "gas-leak", "below");
	assert_int_equal(s->kind, STEP_KIND_WAIT);
	assert_int_equal(s->within_ms, 2 * 3600000);
	assert_int_equal(s->until->grades[0].when.test.limit_milli, 5000);
	assert_int_equal(s->until->grades[0].when.for_ms, 300000);
	s = find_step(run.plan, "gas-leak", "paper");
	assert_int_equal(s->kind, STEP_KIND_REPORT);
	assert_int_equal(s->n_after, 2);
	s = find_step(run.plan, "gas-leak", "lifts");
	assert_string_equal(s->book, "lift-entrapment");
	s = find_step(run.plan, "gas-leak", "lifts/talk");
	assert_int_equal(s->kind, STEP_KIND_TASK);
	assert_true(s->run > 0);
	run_end(&run);
}

static void minimal_site_passes(void **state)
{
	const struct plan *p;
	struct run run;

	(void)state;
	run_files(&run, SOURCE_DIR "/tests/unit/language/good-minimal.yaml", false);
	assert_int_equal(run.problems.n, 0);
	p = run.plan;
	assert_int_equal(p->n_types, 1 + SELF_COUNT);
	assert_int_equal(p->n_channels, 2);
	assert_string_equal(p->channels[p->people[0].channels.at[0]].plugin, "page");
	assert_string_equal(p->people[0].users.at[0], "li");
	assert_string_equal(p->types[0].grades[0].when.test.words.at[0], "alarm");
	run_end(&run);
}

static void minimal_site_takes_all_that_is_shipped(void **state)
{
	struct run run;

	(void)state;
	run_files(&run, SOURCE_DIR "/tests/unit/language/good-minimal.yaml", true);
	assert_int_equal(run.problems.n_errors, 0);
	assert_says(&run, "there is no chain 'life-safety': 'duty' is called instead");
	assert_says(&run, "roles that the included playbooks name are not defined: 'li', the only person, covers them: ");
	assert_says(&run, "fire-warden, ");
	assert_null(strstr(buf_text(&run.text), "role 'fire-warden'"));
	for (int i = 0; i < run.plan->n_roles; i++)
		assert_true(run.plan->roles[i].holder >= 0 || run.plan->roles[i].covered_by >= 0);
	run_end(&run);
}

/* Every shipped type has its hazard, both languages, and a first act. */
static void shipped_types_are_whole(void **state)
{
	static const struct {
		const char *id;
		enum hazard hazard;
	} types[] = {{"power-loss", HAZARD_POWER},
	             {"burst-pipe", HAZARD_WATER},
	             {"gas-leak", HAZARD_GAS},
	             {"fire", HAZARD_FIRE},
	             {"lift-entrapment", HAZARD_PEOPLE},
	             {"water-loss", HAZARD_WATER},
	             {"room-hot", HAZARD_POWER},
	             {"room-water", HAZARD_WATER},
	             {"door-without-permit", HAZARD_SECURITY},
	             {"door-left-open", HAZARD_SECURITY}};
	struct run run;
	const struct plan *p;

	(void)state;
	run_files(&run, SOURCE_DIR "/tests/unit/language/good-minimal.yaml", true);
	p = run.plan;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		const struct incident_type *t = &p->types[plan_type(p, types[i].id)];

		assert_int_equal(t->hazard, types[i].hazard);
		assert_true(t->playbook >= 0 && t->n_grades > 0);
		assert_true(p->playbooks[t->playbook].first >= 0);
		assert_string_not_equal(t->title.in[LANG_ZH], t->title.in[LANG_EN]);
	}
	for (int i = 0; i < p->n_playbooks; i++)
		for (int k = 0; k < p->playbooks[i].n_steps; k++) {
			const struct step *s = &p->playbooks[i].steps[k];

			if (s->kind <= STEP_KIND_DECIDE || s->kind == STEP_KIND_NOTIFY)
				assert_string_not_equal(s->text.in[LANG_ZH], s->text.in[LANG_EN]);
			assert_true(strlen(s->text.in[LANG_ZH]) <= 120 && strlen(s->text.in[LANG_EN]) <= 110);
		}
	assert_true(p->types[plan_type(p, "fire")].latch);
	assert_int_equal(p->n_interlocks, 5);
	run_end(&run);
}

static void system_has_all_its_types(void **state)
{
	const struct incident_type *t;
	struct run run;

	(void)state;
	run_one(&run, HEAD "incidents: {sensor-lost: {chain: high, remind: 2h}}\n");
	for (int i = 0; i < SELF_COUNT; i++) {
		t = &run.plan->types[plan_self(run.plan, (enum self)i)];
		assert_string_equal(t->id, self_name((enum self)i));
		assert_int_equal(t->hazard, HAZARD_SYSTEM);
		assert_int_equal(t->severity, i == SELF_MARK_LOST      ? SEVERITY_MAJOR
		                              : i == SELF_BROKER_DROPS ? SEVERITY_MINOR
		                                                       : SEVERITY_FAULT);
		assert_int_equal(t->n_grades, 0);
		assert_int_equal(t->per, i == SELF_SENSOR_LOST ? PER_SENSOR : PER_SITE);
		assert_int_equal(t->chain, i == SELF_SENSOR_LOST);
		assert_int_equal(t->remind_ms, (i == SELF_SENSOR_LOST ? 2 : i == SELF_MARK_LOST ? 1 : 4) * 3600000);
		assert_string_equal(t->title.in[LANG_EN], self_title((enum self)i, LANG_EN));
	}
	run_end(&run);
}

static void broker_addresses(void **state)
{
	static const struct {
		const char *url, *host;
		int port;
		bool tls;
	} cases[] = {
	    {"mqtt://h", "h", 1883, false},
	    {"mqtts://h.example/", "h.example", 8883, true},
	    {"mqtt://[::1]:24", "::1", 24, false},
	    {"mqtts://[::1]", "::1", 8883, true},
	    {"mqtt://10.0.0.1:65535", "10.0.0.1", 65535, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[1024];
		struct run run;
		const struct broker *b;

		snprintf(text, sizeof text, "%s", HEAD);
		snprintf(strstr(text, "broker:"), 900,
		         "broker: {url: \"%s\", version: 3.1.1, password: {credential: pw}}%s", cases[i].url,
		         strchr(strstr(HEAD, "broker:"), '\n'));
		b = &run_one(&run, text)->broker;
		assert_string_equal(b->host, cases[i].host);
		assert_int_equal(b->port, cases[i].port);
		assert_int_equal(b->tls.use, cases[i].tls);
		assert_int_equal(b->version, 3);
		assert_string_equal(b->password_credential, "pw");
		run_end(&run);
	}
}

/* A number is the same with its country or without; of two who share one, and of nobody, it is nobody's. */
static void phones(void **state)
{
	static const struct {
		const char *user, *phone, *person;
	} table[] = {
	    {"sms", "+8613800000001", "wang"}, {"sms", "13800000001", "wang"},	 {"sms", "008613800000001", "wang"},
	    {"sms", "013800000001", "wang"},   {"sms", "3800000001", "wang"},	 {"sms", "00000001", NULL},
	    {"sms", "+8613800000009", NULL},   {"sms", "", NULL},		 {"sms", "+", NULL},
	    {"sms", "+8613800000003", NULL},   {"sms", "+8613800000004", NULL}, {"other", "+8613800000001", NULL},
	    {"wang", "+8613800000001", NULL},  {"sms", "0", NULL},
	};
	static const char text[] =
	    "site: {id: plaza}\nbroker: {url: \"mqtt://h\"}\nzones: {hall: {}}\n"
	    "channels:\n  page: {plugin: page}\n  sms: {plugin: exec, argv: [/x], replies: sms}\n"
	    "people:\n"
	    "  wang: {phone: \"+86 138 0000 0001\", channels: [page, sms]}\n"
	    "  li: {phone: \"+86 138-0000-0003\", channels: [sms]}\n"
	    "  zhao: {phone: \"138 0000 0003\", channels: [sms]}\n"
	    "  smith: {phone: \"+86 138 0000 0004\", channels: [page]}\n"
	    "  guest: {channels: [sms]}\n"
	    "roles: {duty: {holder: wang}}\nchains: {all: {levels: [{call: duty, wait: 60s}]}}\n";
	struct source source = {"site.yaml", text, sizeof text - 1};
	struct problems problems;
	struct plan *p;

	(void)state;
	problems_init(&problems);
	p = language_read(&source, 1, &problems);
	assert_non_null(p);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct channel *channel;
		int person = plan_person_by_phone(p, table[i].user, table[i].phone, &channel);

		if (person != plan_person(p, table[i].person))
			fail_msg("%s %s: person %d", table[i].user, table[i].phone, person);
		assert_int_equal(channel != NULL, !strcmp(table[i].user, "sms"));
	}
	plan_free(p);
	problems_fini(&problems);
}

/* What a channel may send is never used up by other classes before fire, gas and people, unless a site says so. */
static void a_rate_has_its_reserve(void **state)
{
	static const struct {
		const char *keys;
		int reserve;
	} table[] = {{"", 0},
	             {", per_minute: 20", 5},
	             {", per_minute: 20, burst: 3", 1},
	             {", per_minute: 20, burst: 2", 1},
	             {", per_minute: 20, burst: 1", 0},
	             {", per_minute: 1", 0},
	             {", per_minute: 20, reserve: 0", 0},
	             {", per_minute: 20, reserve: 9", 9}};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char text[1024];
		struct run run;

		snprintf(text, sizeof text, HEAD "channels: {page: {plugin: page%s}}\nsensors:\n" LEAK, table[i].keys);
		const struct plan *p = run_good(&run, (const char *[]){text}, 1);
		if (p->channels[plan_channel(p, "page")].reserve != table[i].reserve)
			fail_msg("%s: %d", table[i].keys, p->channels[plan_channel(p, "page")].reserve);
		run_end(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_rate_has_its_reserve),
	    cmocka_unit_test(phones),
	    cmocka_unit_test(example_passes),
	    cmocka_unit_test(example_has_its_site),
	    cmocka_unit_test(example_has_its_things),
	    cmocka_unit_test(example_has_its_incident),
	    cmocka_unit_test(example_has_its_playbook),
	    cmocka_unit_test(minimal_site_passes),
	    cmocka_unit_test(minimal_site_takes_all_that_is_shipped),
	    cmocka_unit_test(shipped_types_are_whole),
	    cmocka_unit_test(system_has_all_its_types),
	    cmocka_unit_test(broker_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
