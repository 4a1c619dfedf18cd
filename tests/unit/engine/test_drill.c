/* Exercises beside what is real, and the all-clear of two persons: who may, what
 * voids it, what is remembered over a restart. */
#include "engine/drill.h"
#include "engine/render.h"
#include "life_world.h"

static struct incident *newest(const struct life_world *w)
{
	return w->e->incidents[w->e->n_incidents - 1];
}

static void say(struct life_world *w, const char *person, struct command c)
{
	w->now_ms += 1000;
	life_command(w, person, c);
}

static void drill(struct life_world *w, const char *person)
{
	say(w, person, (struct command){.verb = VERB_DRILL, .type = "leak", .zone = "hall"});
}

/* The answers since the last event hold this. */
static bool answered(const struct life_world *w, const char *part)
{
	for (int i = 0; i < w->fx.n; i++)
		if (w->fx.at[i].kind == EFFECT_REPLY && strstr(w->fx.at[i].reply.json, part))
			return true;
	return false;
}

static int told(const struct life_world *w, enum notice_kind kind, const char *person, bool drill)
{
	int n = 0;

	for (int i = 0; i < w->fx.n; i++) {
		const struct notice *t = &w->fx.at[i].notice;

		n += w->fx.at[i].kind == EFFECT_NOTICE && t->kind == kind && t->drill == drill &&
		     (!person || !strcmp(t->person, person));
	}
	return n;
}

static struct life_world begun(void)
{
	struct life_world w;

	life_begin(&w, life_plan());
	return w;
}

static void end(struct life_world *w)
{
	struct plan *plan = (struct plan *)w->plan;

	life_end(w);
	plan_free(plan);
}

static void test_marked_and_apart(void **state)
{
	struct life_world w = begun();
	struct incident *inc;

	(void)state;
	drill(&w, "li");
	inc = newest(&w);
	assert_non_null(inc->drill);
	assert_null(inc->instance);
	assert_int_equal(inc->state, STATE_UNACKED);
	assert_int_equal(told(&w, NOTICE_CALL, "wang", true), 1);
	assert_int_equal(told(&w, NOTICE_CALL, NULL, false), 0);
	assert_int_equal(engine_open(w.e), 0);
	assert_int_equal(engine_unacked(w.e), 0);
	for (int i = 0; i < w.fx.n; i++)
		assert_false(w.fx.at[i].kind == EFFECT_NOTICE && (w.fx.at[i].life || w.fx.at[i].urgent));
	drill(&w, "wang");
	assert_true(answered(&w, "not_now"));
	end(&w);
}

static void test_the_real_one_breaks_it_off(void **state)
{
	struct life_world w = begun();
	struct incident *inc;

	(void)state;
	drill(&w, "li");
	inc = newest(&w);
	w.now_ms += 1000;
	life_reading(&w, "a", READING_VALUE, "12");
	assert_int_equal(inc->state, STATE_CLOSED);
	assert_string_equal(inc->drill->end, "broken off: G-2");
	assert_null(newest(&w)->drill);
	assert_int_equal(newest(&w)->state, STATE_PRE_ALARM);
	assert_int_equal(told(&w, NOTICE_CALL, "wang", false), 1);
	assert_int_equal(told(&w, NOTICE_OVER, "wang", true), 1);
	assert_int_equal(told(&w, NOTICE_OVER, "li", true), 1);
	assert_int_equal(w.e->n_drills, 0);
	/* unmarked first */
	for (int i = 0, drill = 0; i < w.fx.n; i++) {
		if (w.fx.at[i].kind != EFFECT_NOTICE)
			continue;
		assert_false(drill && !w.fx.at[i].notice.drill);
		drill |= w.fx.at[i].notice.drill;
	}
	end(&w);
}

static void test_what_else_is_grave_there_hinders(void **state)
{
	struct life_world w = begun();

	(void)state;
	life_reading(&w, "door", READING_VALUE, "12"); /* major, in the zone */
	drill(&w, "li");
	assert_true(answered(&w, "not_now"));
	life_reading(&w, "door", READING_VALUE, "0");
	say(&w, "wang", (struct command){.verb = VERB_ACK, .id = 1});
	drill(&w, "li");
	assert_true(answered(&w, "\"ok\":true"));
	end(&w);
}

static void test_not_while_the_system_itself_is_impaired(void **state)
{
	struct life_world w = begun();
	struct event late = {.kind = EVENT_STORE, .store = STORE_LATE};
	struct event back = {.kind = EVENT_STORE, .store = STORE_OK};
	struct event down = {.kind = EVENT_LINK, .link = LINK_DOWN};

	(void)state;
	life_event(&w, &late);
	drill(&w, "li");
	assert_true(answered(&w, "not_now"));
	life_event(&w, &back);
	life_event(&w, &down);
	drill(&w, "li");
	assert_true(answered(&w, "not_now"));
	assert_int_equal(w.e->n_drills, 0);
	end(&w);
}

static void test_two_hours(void **state)
{
	struct life_world w = begun();
	struct incident *inc;

	(void)state;
	drill(&w, "li");
	inc = newest(&w);
	life_until(&w, w.now_ms + DRILL_MAX_MS - 1);
	assert_int_equal(inc->state, STATE_UNACKED);
	life_until(&w, w.now_ms + 1);
	assert_int_equal(inc->state, STATE_CLOSED);
	assert_string_equal(inc->drill->end, "time over");
	assert_true(inc->drill->escalations > 100);
	assert_int_equal(inc->drill->acked_ms, -1);
	end(&w);
}

static void test_flood_and_exercise(void **state)
{
	struct life_world w = begun();

	(void)state;
	for (int i = 0; i < 30; i++) {
		drill(&w, "li");
		say(&w, "li", (struct command){.verb = VERB_CLOSE, .id = newest(&w)->number});
	}
	assert_int_equal(w.e->n_floods, 0);
	assert_int_equal(w.e->n_drills, 0);
	end(&w);
}

/* -- two persons -- */

static struct incident *latched(struct life_world *w)
{
	life_reading(w, "a", READING_VALUE, "12");
	life_until(w, newest(w)->due.at_ms);
	say(w, "wang", (struct command){.verb = VERB_ACK, .id = 1});
	w->now_ms += 1000;
	life_reading(w, "a", READING_VALUE, "0");
	assert_int_equal(newest(w)->state, STATE_LATCHED);
	return newest(w);
}

static void test_second_is_asked_and_shown(void **state)
{
	struct life_world w = begun();
	struct incident *inc = latched(&w);
	struct buf b = {0};

	(void)state;
	say(&w, "wang", (struct command){.verb = VERB_RESET, .id = 1});
	assert_int_equal(told(&w, NOTICE_TELL, "li", false), 1); /* of the next level: nobody else was called */
	assert_int_equal(told(&w, NOTICE_TELL, "wang", false), 0);
	render_incident(w.e, inc, &b);
	assert_non_null(strstr(buf_text(&b), "\"reset\":{\"by\":\"wang\",\"at\":"));
	buf_fini(&b);
	say(&w, "wang", (struct command){.verb = VERB_RESET, .id = 1});
	assert_true(answered(&w, "second_person"));
	say(&w, "li", (struct command){.verb = VERB_RESET, .id = 1});
	assert_int_equal(inc->state, STATE_CLEARED);
	end(&w);
}

static void test_it_expires(void **state)
{
	struct life_world w = begun();
	struct incident *inc = latched(&w);
	int64_t until_ms;

	(void)state;
	say(&w, "wang", (struct command){.verb = VERB_RESET, .id = 1});
	until_ms = inc->all_clear.at_ms;
	assert_int_equal(until_ms - w.now_ms, 30 * 60000);
	life_until(&w, until_ms - 1);
	assert_string_equal(inc->reset_by, "wang");
	w.now_ms = until_ms;
	life_until(&w, until_ms);
	assert_string_equal(inc->reset_by, "");
	assert_int_equal(inc->all_clear.pos, 0);
	assert_int_equal(told(&w, NOTICE_REMINDER, "wang", false) >= 1, 1);
	say(&w, "li", (struct command){.verb = VERB_RESET, .id = 1});
	assert_int_equal(inc->state, STATE_LATCHED);
	end(&w);
}

static void test_what_voids_it(void **state)
{
	struct life_world w = begun();
	struct incident *inc = latched(&w);

	(void)state;
	say(&w, "wang", (struct command){.verb = VERB_RESET, .id = 1});
	w.now_ms += 1000;
	life_reading(&w, "b", READING_VALUE, "12");
	assert_string_equal(inc->reset_by, "");
	assert_int_equal(inc->all_clear.pos, 0);
	say(&w, "li", (struct command){.verb = VERB_RESET, .id = 1});
	assert_true(answered(&w, "still_active"));
	end(&w);
}

static void test_destroyed_is_named_by_both(void **state)
{
	struct life_world w = begun();
	struct incident *inc;
	const char *a = "a", *b = "b", *both[] = {"a", "b"};

	(void)state;
	life_reading(&w, "a", READING_VALUE, "12");
	life_reading(&w, "b", READING_VALUE, "12");
	inc = newest(&w);
	say(&w, "wang", (struct command){.verb = VERB_ACK, .id = 1});
	life_reading(&w, "a", READING_AWAY, "");
	life_reading(&w, "b", READING_AWAY, "");
	say(&w, "wang", (struct command){.verb = VERB_RESET, .id = 1});
	assert_true(answered(&w, "still_active") && answered(&w, "a(失联), b(失联)"));
	say(&w, "wang", (struct command){.verb = VERB_RESET, .id = 1, .without = {both, 2}});
	assert_string_equal(inc->reset_without, "a b");
	say(&w, "li", (struct command){.verb = VERB_RESET, .id = 1, .without = {&a, 1}}); /* b he does not name */
	assert_true(answered(&w, "still_active") && answered(&w, "b (lost)"));
	assert_int_equal(inc->state, STATE_ACKED);
	say(&w, "li", (struct command){.verb = VERB_RESET, .id = 1, .without = {&b, 1}});
	assert_true(answered(&w, "still_active"));
	say(&w, "li", (struct command){.verb = VERB_RESET, .id = 1});
	assert_int_equal(inc->state, STATE_CLEARED);
	end(&w);
}

static void test_close_names_what_is_open(void **state)
{
	struct life_world w = begun();
	struct incident *inc = latched(&w);

	(void)state;
	say(&w, "wang", (struct command){.verb = VERB_RESET, .id = 1});
	say(&w, "li", (struct command){.verb = VERB_RESET, .id = 1});
	say(&w, "li", (struct command){.verb = VERB_CLOSE, .id = 1});
	assert_true(answered(&w, "steps_open") && answered(&w, "paper"));
	assert_int_equal(inc->state, STATE_CLEARED);
	end(&w);
}

/* -- restart -- */

static void test_restored_as_it_was(void **state)
{
	struct life_world w = begun();
	struct records saved;
	struct engine *again;
	uint64_t digest;

	(void)state;
	latched(&w);
	say(&w, "wang", (struct command){.verb = VERB_RESET, .id = 1});
	say(&w, "li", (struct command){.verb = VERB_RESET, .id = 1});
	say(&w, "li", (struct command){.verb = VERB_DONE, .id = 1, .step = "paper"});
	assert_int_equal(newest(&w)->state, STATE_CLOSED);
	drill(&w, "li");
	say(&w, "wang", (struct command){.verb = VERB_ACK, .id = 2});
	say(&w, "wang", (struct command){.verb = VERB_RESET, .id = 2});
	assert_string_equal(newest(&w)->reset_by, "wang");
	records_init(&saved);
	engine_save_all(w.e, &saved);
	digest = engine_digest(w.e);
	again = engine_new(w.plan);
	assert_int_equal(engine_restore(again, saved.at, saved.n, NULL, NULL), 0);
	assert_true(engine_digest(again) == digest);
	assert_int_equal(again->n_drills, 1);
	assert_string_equal(again->incidents[1]->drill->acked_by, "wang");
	assert_true(again->incidents[1]->all_clear.pos > 0 && again->incidents[1]->drill->over.pos > 0);
	engine_free(again);
	records_fini(&saved);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_marked_and_apart),
	    cmocka_unit_test(test_the_real_one_breaks_it_off),
	    cmocka_unit_test(test_what_else_is_grave_there_hinders),
	    cmocka_unit_test(test_not_while_the_system_itself_is_impaired),
	    cmocka_unit_test(test_two_hours),
	    cmocka_unit_test(test_flood_and_exercise),
	    cmocka_unit_test(test_second_is_asked_and_shown),
	    cmocka_unit_test(test_it_expires),
	    cmocka_unit_test(test_what_voids_it),
	    cmocka_unit_test(test_destroyed_is_named_by_both),
	    cmocka_unit_test(test_close_names_what_is_open),
	    cmocka_unit_test(test_restored_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
