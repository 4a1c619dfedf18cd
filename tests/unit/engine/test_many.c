/* Many people: a level of more than sixteen, and nobody of them is left out,
 * and nobody is told the same twice. */
#include "life_world.h"

#include "engine/render.h"

enum { MANY = 20 };

static struct life_world w;
static struct plan *plan;

/* p01, p02, ... each hold a role r01, r02, ... */
static void begin_with(int many, const char *more)
{
	struct buf yaml = {0};

	buf_str(&yaml, "site: {id: plaza, timezone: Asia/Shanghai}\n"
	               "broker: {url: \"mqtt://127.0.0.1:1883\", version: 5}\n"
	               "zones: {hall: {}}\n"
	               "sensors: {a: {kind: gas, zone: hall, topic: gas/a}}\n"
	               "people:\n");
	for (int i = 1; i <= many; i++)
		buf_printf(&yaml, "  p%02d: {name: Person With Number %02d, language: en}\n", i, i);
	buf_str(&yaml, "roles:\n  ghost: {holder: p01}\n");
	for (int i = 1; i <= many; i++)
		buf_printf(&yaml, "  r%02d: {holder: p%02d}\n", i, i);
	buf_str(&yaml, more);
	plan = life_plan_of(buf_text(&yaml));
	buf_fini(&yaml);
	life_begin(&w, plan);
}

static void begin(const char *more)
{
	begin_with(MANY, more);
}

static void end(void)
{
	life_end(&w);
	plan_free(plan);
}

static int notices(const char *person, enum notice_kind kind)
{
	int n = 0;

	for (int i = 0; i < w.fx.n; i++)
		n += w.fx.at[i].kind == EFFECT_NOTICE && w.fx.at[i].notice.kind == kind &&
		     !strcmp(w.fx.at[i].notice.person, person);
	return n;
}

static const char leak[] =
    "chains: {all: {levels: [{call: [r01, r02, r03, r04, r05, r06, r07, r08, r09, r10, r11, r12, r13, r14, r15, r16, r17, "
    "r18, r19, r20], wait: 30s}]}}\n"
    "incidents: {leak: {hazard: gas, severity: major, when: {of: {kind: gas}, above: 10}, chain: all, playbook: book}}\n";

/* Who is called reads the first task in the call, and has no second notice for it. */
static void first_task_comes_with_the_call(void **state)
{
	struct buf more = {0};

	(void)state;
	buf_printf(&more, "%splaybooks:\n  book:\n    scene: {task: {en: Go}, who: [r01, r16, r17, r20], within: 3m}\n", leak);
	begin(buf_text(&more));
	buf_fini(&more);
	life_reading(&w, "a", READING_VALUE, "20");
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(notices(plan->people[i].id, NOTICE_CALL), 1);
		assert_int_equal(notices(plan->people[i].id, NOTICE_TASK), 0);
	}
	end();
}

/* What nobody's role would hear the whole first level hears. */
static void level_hears_instead_of_nobody(void **state)
{
	struct buf more = {0};

	(void)state;
	buf_printf(&more, "%splaybooks:\n  book:\n    say: {notify: [ghost], text: {en: Gas}}\n", leak);
	begin(buf_text(&more));
	buf_fini(&more);
	((struct role *)(void *)plan->roles)[plan_role(plan, "ghost")].holder = -1;
	life_reading(&w, "a", READING_VALUE, "20");
	for (int i = 0; i < MANY; i++)
		assert_int_equal(notices(plan->people[i].id, NOTICE_TELL), 1);
	end();
}

/* The same of a task, and of a level that is larger than any role. */
static void level_is_tasked_instead_of_nobody(void **state)
{
	enum { LARGE = 70 };
	struct buf more = {0};

	(void)state;
	buf_str(&more, "chains: {all: {levels: [{call: [r01");
	for (int i = 2; i <= LARGE; i++)
		buf_printf(&more, ", r%02d", i);
	buf_str(&more, "], wait: 30s}]}}\n"
	               "incidents:\n  leak: {hazard: gas, severity: major, when: {of: {kind: gas}, above: 10}, "
	               "chain: all, playbook: book}\n"
	               "playbooks:\n  book:\n    scene: {task: {en: Go}, who: r01, within: 3m}\n"
	               "    shut: {task: {en: Shut}, who: ghost, after: scene, within: 3m}\n");
	begin_with(LARGE, buf_text(&more));
	buf_fini(&more);
	((struct role *)(void *)plan->roles)[plan_role(plan, "ghost")].holder = -1;
	life_reading(&w, "a", READING_VALUE, "20");
	life_command(&w, "p01", (struct command){.verb = VERB_DONE, .id = 1, .step = "scene"});
	for (int i = 0; i < LARGE; i++)
		assert_int_equal(notices(plan->people[i].id, NOTICE_TASK), 1);
	end();
}

/* All of them are shown as those who are called next. */
static void next_are_all_of_the_level(void **state)
{
	struct buf more = {0}, shown = {0};

	(void)state;
	buf_printf(&more, "%splaybooks:\n  book:\n    say: {notify: [r01], text: {en: Gas}}\n", leak);
	begin(buf_text(&more));
	buf_fini(&more);
	life_reading(&w, "a", READING_VALUE, "20");
	render_incident(w.e, w.e->incidents[0], &shown);
	assert_non_null(strstr(buf_text(&shown), "\"p19\",\"p20\"]},\"chain\""));
	buf_fini(&shown);
	end();
}

static const char crews[] =
    "  guard: {roster: post}\n"
    "chains: {all: {levels: [{call: [guard], wait: 30s}]}}\n"
    "incidents: {leak: {hazard: gas, severity: major, when: {of: {kind: gas}, above: 10}, chain: all, playbook: book}}\n"
    "playbooks:\n  book:\n    say: {notify: [r01], text: {en: Gas}}\n"
    "roster:\n  post: {shifts: {day: \"08:00-20:00\", night: \"20:00-08:00\"}, from: 2026-11-01, rotation: [[";

/* p01 .. p20 are one crew, or two of ten. */
static void begin_crews(int n_crews)
{
	struct buf more = {0};

	buf_str(&more, crews);
	for (int i = 1; i <= MANY; i++)
		buf_printf(&more, "%sp%02d", i == 1 ? "" : n_crews == 2 && i == MANY / 2 + 1 ? "], [" : ", ", i);
	buf_str(&more, "]]}\n");
	begin(buf_text(&more));
	buf_fini(&more);
}

static void crew_of_many(void **state)
{
	(void)state;
	begin_crews(1);
	life_reading(&w, "a", READING_VALUE, "20");
	for (int i = 0; i < MANY; i++)
		assert_int_equal(notices(plan->people[i].id, NOTICE_CALL), 1);
	end();
}

static int n_offers;

static void count_offers(const struct life_world *world)
{
	static const char words[] = " and 4 more. To take over reply: accept guard; if not: refuse guard";

	for (int i = 0; i < world->fx.n; i++)
		n_offers += world->fx.at[i].kind == EFFECT_NOTICE && !world->fx.at[i].notice.repeat &&
		            strstr(world->fx.at[i].notice.text, words) != NULL;
}

/* Until the incoming crew has accepted both are called: all of both. Each is told who comes, and what to reply. */
static void handover_of_many(void **state)
{
	(void)state;
	begin_crews(2);
	w.after = count_offers;
	life_until(&w, w.now_ms + 12 * 3600000);
	assert_int_equal(n_offers, MANY);
	life_reading(&w, "a", READING_VALUE, "20");
	for (int i = 0; i < MANY; i++)
		assert_int_equal(notices(plan->people[i].id, NOTICE_CALL), 1);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(first_task_comes_with_the_call),
	    cmocka_unit_test(level_hears_instead_of_nobody),
	    cmocka_unit_test(level_is_tasked_instead_of_nobody),
	    cmocka_unit_test(next_are_all_of_the_level),
	    cmocka_unit_test(crew_of_many),
	    cmocka_unit_test(handover_of_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
