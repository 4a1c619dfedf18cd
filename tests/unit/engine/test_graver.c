/* A playbook for people in danger that runs within something milder: a shelf or
 * a cause of the milder one holds nothing of it, and nothing of it is told twice. */
#include "life_world.h"

static const char site[] =
    "site: {id: plaza, timezone: Asia/Shanghai}\n"
    "broker: {url: \"mqtt://127.0.0.1:1883\", version: 5}\n"
    "zones: {grid: {}, hall: {in: grid}}\n"
    "sensors: {mains: {kind: mains, zone: hall, topic: m/1}, feed: {kind: power, zone: grid, topic: m/2},\n"
    "  lift: {kind: link, zone: hall, topic: m/3}}\n"
    "actuators: {brake: {kind: brake, zone: hall, topic: b/set, within: 5s, tries: 1, operators: [guard],\n"
    "  actions: {hold: {send: H, until: {sensor: lift, is: held}}}}}\n"
    "people: {wang: {name: Wang, language: en, channels: [page]}, li: {name: Li, language: en, channels: [page]}}\n"
    "roles: {guard: {holder: wang}, chief: {holder: li}}\n"
    "chains: {all: {levels: [{call: [guard], wait: 30s}, {call: [chief], wait: 60s}]}}\n"
    "channels: {page: {plugin: page}}\n"
    "incidents:\n"
    "  outage: {hazard: power, severity: major, when: {of: {kind: mains}, is: alarm}, chain: all, playbook: outage, "
    "explained_by: [grid-down]}\n"
    "  grid-down: {hazard: power, severity: major, when: {of: {kind: power}, is: alarm}, chain: all}\n"
    "  trapped: {hazard: people, severity: critical, chain: all, playbook: rescue}\n"
    "  lifts-out: {hazard: power, severity: major, when: {of: {kind: link}, is: alarm}, chain: all, playbook: at-once, "
    "explained_by: [grid-down]}\n"
    "playbooks:\n"
    "  outage:\n"
    "    lifts: {decide: {en: People in a lift?}, who: chief, within: 20m, choices: {yes: Yes, no: No}, otherwise: no}\n"
    "    out: {run: rescue, when: {lifts: yes}}\n"
    "    lamps: {task: {en: Bring lamps}, who: chief, when: {lifts: yes}}\n"
    "  at-once:\n"
    "    out: {run: rescue}\n"
    "  rescue:\n"
    "    talk: {task: {en: Keep talking to them}, who: guard, within: 2m}\n"
    "    tell: {notify: [chief], text: {en: People are trapped}}\n"
    "    brake: {command: {actuator: brake, action: hold}}\n";

static struct life_world w;
static struct plan *plan;
static int n_talk, n_tell, n_late, n_lamps, n_calls, n_undone;

static void count(const struct life_world *world)
{
	for (int i = 0; i < world->fx.n; i++) {
		const struct notice *n = &world->fx.at[i].notice;

		if (world->fx.at[i].kind != EFFECT_NOTICE || n->repeat)
			continue;
		n_talk += n->kind == NOTICE_TASK && strstr(n->text, "Keep talking");
		n_late += n->kind == NOTICE_LATE && strstr(n->text, "Keep talking");
		n_tell += strstr(n->text, "People are trapped") != NULL;
		n_lamps += n->kind == NOTICE_TASK && strstr(n->text, "Bring lamps");
		n_calls += n->kind == NOTICE_CALL;
		n_undone += strstr(n->text, "brake did not hold") != NULL;
	}
}

static void begin(void)
{
	plan = life_plan_of(site);
	life_begin(&w, plan);
	w.after = count;
	n_talk = n_tell = n_late = n_lamps = n_calls = n_undone = 0;
}

static void end(void)
{
	life_end(&w);
	plan_free(plan);
}

static void decide(int64_t id)
{
	life_command(&w, "li", (struct command){.verb = VERB_DECIDE, .id = id, .step = "lifts", .choice = "yes"});
	assert_int_equal(n_talk, 1);
	assert_int_equal(n_tell, 1);
	assert_int_equal(n_lamps, 0);
	life_until(&w, w.now_ms + 121000);
	assert_true(n_late > 0);
	assert_true(n_undone > 0); /* nobody holds its people's notices either */
}

static void shelved(void **state)
{
	(void)state;
	begin();
	life_reading(&w, "mains", READING_VALUE, "alarm");
	life_command(&w, "li", (struct command){.verb = VERB_SHELVE, .id = 1, .for_ms = 600000, .words = "known"});
	n_calls = 0;
	decide(1);
	assert_int_equal(n_calls, 0);
	life_until(&w, w.now_ms + 600000); /* the shelf ends: what it held is told, what it could not hold is not told again */
	assert_true(n_calls > 0);
	assert_int_equal(n_talk, 1);
	assert_int_equal(n_tell, 1);
	assert_int_equal(n_lamps, 1);
	end();
}

static void explained(void **state)
{
	struct incident *inc;

	(void)state;
	begin();
	life_reading(&w, "feed", READING_VALUE, "alarm");
	life_reading(&w, "mains", READING_VALUE, "alarm");
	inc = w.e->incidents[w.e->n_incidents - 1];
	assert_string_equal(inc->type_id, "outage");
	assert_true(inc->because > 0);
	decide(inc->number);
	life_reading(&w, "feed", READING_VALUE, "normal");
	assert_false(inc->because > 0);
	assert_int_equal(n_talk, 1);
	assert_int_equal(n_tell, 1);
	assert_int_equal(n_lamps, 1);
	end();
}

/* Nobody is called while it is explained: so nobody reads the first task in a call. */
static void explained_from_the_first(void **state)
{
	(void)state;
	begin();
	life_reading(&w, "feed", READING_VALUE, "alarm");
	n_calls = 0;
	life_reading(&w, "lift", READING_VALUE, "alarm");
	assert_true(w.e->incidents[w.e->n_incidents - 1]->because > 0);
	assert_int_equal(n_calls, 0);
	assert_int_equal(n_talk, 1);
	assert_int_equal(n_tell, 1);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shelved),
	    cmocka_unit_test(explained),
	    cmocka_unit_test(explained_from_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
