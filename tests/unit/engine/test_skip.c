/* Levels of a chain that nobody holds are passed over at once, with a row that
 * says why; what the last one calls instead; and how many must take it when
 * fewer people are there. */
#include "life_world.h"

#include "engine/chain.h"
#include "engine/flood.h"
#include "engine/render.h"

static const char site[] =
    "site: {id: plaza, timezone: Asia/Shanghai}\n"
    "broker: {url: \"mqtt://127.0.0.1:1883\", version: 5}\n"
    "store: {path: /var/lib/tocsin/tocsin.db}\n"
    "zones: {hall: {}}\n"
    "sensors: {door: {kind: door, zone: hall, topic: d/1}}\n"
    "people: {wang: {name: Wang, language: en, channels: [page]}, li: {name: Li, language: en, channels: [page]},\n"
    "         zhao: {name: Zhao, language: en, channels: [page]}}\n"
    "roles: {guard: {holder: wang}, chief: {holder: li}, boss: {holder: zhao}}\n"
    "chains: {all: {levels: [{call: [guard], wait: 30s}, {call: [chief], wait: 60s, quorum: 3}, {call: [boss], wait: "
    "90s}]}}\n"
    "channels: {page: {plugin: page}}\n"
    "incidents:\n"
    "  break-in: {hazard: security, severity: major, when: {of: {kind: door}, is: alarm}}\n";

static struct life_world w;
static struct plan *plan;

static void begin(void)
{
	plan = life_plan_of(site);
	life_begin(&w, plan);
}

static void end(void)
{
	life_end(&w);
	plan_free(plan);
}

static void nobody_holds(const char *role)
{
	((struct role *)(void *)plan->roles)[plan_role(plan, role)].holder = -1;
}

static struct incident *open_it(void)
{
	life_reading(&w, "door", READING_VALUE, "alarm");
	return w.e->incidents[w.e->n_incidents - 1];
}

static int rows_with(const char *text)
{
	int n = 0;

	for (int i = 0; i < w.fx.n; i++)
		n += w.fx.at[i].kind == EFFECT_AUDIT && strstr(w.fx.at[i].row.rec, text);
	return n;
}

static bool is_called(const char *person)
{
	for (int i = 0; i < w.fx.n; i++)
		if (w.fx.at[i].kind == EFFECT_NOTICE && w.fx.at[i].notice.kind == NOTICE_CALL &&
		    !strcmp(w.fx.at[i].notice.person, person))
			return true;
	return false;
}

static void first_level_is_empty(void **state)
{
	struct incident *inc;

	(void)state;
	begin();
	nobody_holds("guard");
	inc = open_it();
	assert_int_equal(inc->level, 2);
	assert_true(is_called("li"));
	assert_false(is_called("wang"));
	assert_int_equal(rows_with("\"level\":1,\"round\":0,\"skipped\":\"nobody\",\"people\":[]"), 1);
	assert_int_equal(inc->due.at_ms, w.now_ms + 60000);
	end();
}

static void middle_level_is_empty(void **state)
{
	struct incident *inc;

	(void)state;
	begin();
	nobody_holds("chief");
	inc = open_it();
	assert_int_equal(inc->level, 1);
	assert_int_equal(rows_with("skipped"), 0);
	w.now_ms += 30000;
	life_event(&w, &(struct event){.kind = EVENT_TIME});
	assert_int_equal(inc->level, 3);
	assert_int_equal(rows_with("\"level\":2,\"round\":0,\"skipped\":\"nobody\""), 1);
	assert_true(is_called("zhao"));
	end();
}

static void last_level_is_empty(void **state)
{
	struct incident *inc;

	(void)state;
	begin();
	nobody_holds("guard");
	nobody_holds("chief");
	nobody_holds("boss");
	inc = open_it();
	assert_int_equal(inc->level, 3);
	assert_int_equal(rows_with("\"skipped\":\"nobody\""), 3);
	assert_true(is_called("wang") && is_called("li") && is_called("zhao")); /* nobody means everybody */
	assert_int_equal(inc->due.at_ms, w.now_ms + 90000);
	w.now_ms += 90000;
	life_event(&w, &(struct event){.kind = EVENT_TIME});
	assert_int_equal(inc->round, 1);
	assert_true(is_called("li"));
	end();
}

/* The most that any level called so far wants, but no more than there are people. */
static void quorum_of_levels(void **state)
{
	struct incident *inc;

	(void)state;
	begin();
	inc = open_it();
	assert_int_equal(quorum_needed(w.e, inc), 1);
	inc->level = 2;
	assert_int_equal(quorum_needed(w.e, inc), 3);
	inc->level = 3;
	assert_int_equal(quorum_needed(w.e, inc), 3);
	nobody_holds("boss");
	assert_int_equal(quorum_needed(w.e, inc), 2);
	inc->level = 1;
	end();
}

static bool shows(const struct incident *inc, const char *text)
{
	struct buf shown = {0};
	bool ret;

	render_incident(w.e, inc, &shown);
	ret = strstr(buf_text(&shown), text) != NULL;
	buf_fini(&shown);
	return ret;
}

static void say(const char *person, enum verb verb)
{
	life_command(&w, person, (struct command){.verb = verb, .id = 1});
}

/* One was enough, and stays it: a call for help to a level that wants three asks for no more acks. */
static void quorum_after_help(void **state)
{
	struct incident *inc;

	(void)state;
	begin();
	inc = open_it();
	say("wang", VERB_ACK);
	assert_int_equal(inc->state, STATE_ACKED);
	say("wang", VERB_ESCALATE);
	assert_int_equal(inc->level, 2);
	assert_true(is_called("li"));
	assert_int_equal(inc->state, STATE_ACKED);
	assert_true(shows(inc, "\"acked_by\":\"wang\""));
	assert_false(shows(inc, "\"quorum\""));
	life_until(&w, w.now_ms + 2 * 3600000); /* nothing was done: now it takes three */
	assert_int_equal(inc->state, STATE_UNACKED);
	assert_true(shows(inc, "\"quorum\":3,\"acks\":[]"));
	end();
}

/* While it calls, what is wanted now, not what was when the first one took it. */
static void quorum_while_it_calls(void **state)
{
	struct incident *inc;

	(void)state;
	begin();
	nobody_holds("boss");
	inc = open_it();
	say("wang", VERB_ESCALATE);
	say("wang", VERB_ACK);
	assert_int_equal(inc->state, STATE_UNACKED);
	assert_true(shows(inc, "\"quorum\":2,\"acks\":[{\"person\":\"wang\""));
	((struct role *)(void *)plan->roles)[plan_role(plan, "boss")].holder = plan_person(plan, "zhao");
	assert_true(shows(inc, "\"quorum\":3,\"acks\":[{\"person\":\"wang\""));
	say("li", VERB_ACK);
	assert_int_equal(inc->state, STATE_UNACKED);
	say("zhao", VERB_ACK);
	assert_int_equal(inc->state, STATE_ACKED);
	nobody_holds("boss");
	assert_true(shows(inc, "\"quorum\":3,\"acks\":[{\"person\":\"wang\"")); /* so many it took */
	end();
}

static int n_help;

static void count_help(const struct life_world *world)
{
	for (int i = 0; i < world->fx.n; i++)
		n_help += world->fx.at[i].kind == EFFECT_NOTICE && world->fx.at[i].notice.kind == NOTICE_CALL &&
		          !strcmp(world->fx.at[i].notice.person, "li") &&
		          strstr(world->fx.at[i].notice.text, "asks for help: two pumps") != NULL;
}

/* Who has more notices than he can read is told at once all the same, and what for: a summary would say that it is acked. */
static void help_in_a_flood(void **state)
{
	static const char crowded[] =
	    "site: {id: plaza, timezone: Asia/Shanghai}\n"
	    "broker: {url: \"mqtt://127.0.0.1:1883\", version: 5}\n"
	    "zones: {hall: {}, z1: {}, z2: {}, z3: {}, z4: {}, z5: {}, z6: {}, z7: {}, z8: {}, z9: {}, za: {}, zb: {}}\n"
	    "sensors: {d: {kind: door, zone: hall, topic: d}}\n"
	    "people: {wang: {name: Wang, language: en}, li: {name: Li, language: en}}\n"
	    "roles: {guard: {holder: wang}, chief: {holder: li}}\n"
	    "chains:\n"
	    "  both: {levels: [{call: guard, wait: 30m}, {call: chief, wait: 30m}]}\n"
	    "  top: {levels: [{call: chief, wait: 30m}]}\n"
	    "incidents:\n"
	    "  wet: {hazard: water, severity: major, chain: both}\n"
	    "  odd: {hazard: other, severity: minor, chain: top}\n";

	(void)state;
	plan = life_plan_of(crowded);
	life_begin(&w, plan);
	life_command(&w, "wang", (struct command){.verb = VERB_RAISE, .type = "wet", .zone = "hall"});
	say("wang", VERB_ACK);
	for (int i = 1; i < plan->n_zones; i++)
		life_command(&w, "wang", (struct command){.verb = VERB_RAISE, .type = "odd", .zone = plan->zones[i].id});
	n_help = 0;
	w.after = count_help;
	life_command(&w, "wang", (struct command){.verb = VERB_ESCALATE, .id = 1, .words = "two pumps"});
	assert_true(flood_is_on(w.e));
	assert_int_equal(n_help, 1);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(first_level_is_empty),
	    cmocka_unit_test(middle_level_is_empty),
	    cmocka_unit_test(last_level_is_empty),
	    cmocka_unit_test(quorum_of_levels),
	    cmocka_unit_test(quorum_after_help),
	    cmocka_unit_test(quorum_while_it_calls),
	    cmocka_unit_test(help_in_a_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
