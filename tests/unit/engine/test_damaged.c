/* Saved records that contradict each other: what they say of an incident is
 * kept, each lives on, and can be acknowledged and closed. */
#include "engine/drill.h"
#include "engine/gates.h"
#include "engine/suppress.h"
#include "engine/tags.h"
#include "life_world.h"

static const int64_t now_ms = 1795374060000, day_ms = 86400000;
static struct plan *plan;

static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	struct buf b = {0};

	assert_non_null(at);
	buf_printf(&b, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	return buf_steal(&b);
}

/* A leak's engine as it was saved. */
static void saved_leak(struct records *all)
{
	struct life_world w;

	life_begin(&w, plan);
	life_reading(&w, "a", READING_VALUE, "30");
	life_until(&w, w.now_ms + 20000);
	assert_int_equal(w.e->n_incidents, 1);
	records_init(all);
	engine_save_all(w.e, all);
	life_end(&w);
}

static struct record *incident_of(const struct records *all)
{
	for (int i = 0; i < all->n; i++)
		if (!strncmp(all->at[i].key, "i/", 2))
			return &all->at[i];
	fail();
	return NULL;
}

static void start_on(struct life_world *w, const struct records *all, bool is_whole)
{
	*w = (struct life_world){.plan = plan, .e = engine_new(plan), .now_ms = now_ms};
	effects_init(&w->fx);
	assert_int_equal(engine_restore(w->e, all->at, all->n, NULL, NULL) == 0, is_whole);
	life_event(w, &(struct event){.kind = EVENT_STARTED, .started = {.host = "h", .boot = "b", .version = "v", .epoch = 2}});
	life_event(w, &(struct event){.kind = EVENT_LINK, .link = LINK_SYNCED});
}

static void restart(struct life_world *w)
{
	struct records all;

	records_init(&all);
	engine_save_all(w->e, &all);
	life_end(w);
	start_on(w, &all, true);
	records_fini(&all);
}

static struct incident *acked_of(const struct life_world *w, int n)
{
	struct incident *inc = w->e->incidents[n];

	assert_int_equal(inc->state, STATE_ACKED);
	assert_int_equal(life_armed(w, inc), 1);
	return inc;
}

/* Its members tell nothing more: two persons take them out. */
static void close_it(struct life_world *w, int id)
{
	const char *lost = "a";

	life_command(w, "wang", (struct command){.verb = VERB_DONE, .id = id, .step = "scene"});
	life_command(w, "li", (struct command){.verb = VERB_DONE, .id = id, .step = "paper"});
	life_command(w, "wang", (struct command){.verb = VERB_RESET, .id = id, .without = {&lost, 1}, .words = "aired"});
	life_command(w, "li", (struct command){.verb = VERB_RESET, .id = id, .without = {&lost, 1}, .words = "aired"});
	life_command(w, "li", (struct command){.verb = VERB_CLOSE, .id = id});
}

/* As long as a site may wish: no damage. */
static void test_a_long_look(void **state)
{
	struct plan *usual = plan;
	char *text = replaced(site_yaml, "investigate: 180s", "investigate: 90h"), *yaml;
	struct life_world w;

	(void)state;
	yaml = replaced(text, "pre_alarm: 15s", "pre_alarm: 60h");
	plan = life_plan_of(yaml);
	life_begin(&w, plan);
	life_reading(&w, "a", READING_VALUE, "30");
	assert_int_equal(w.e->incidents[0]->state, STATE_PRE_ALARM);
	restart(&w);
	assert_int_equal(w.e->n_incidents, 1);
	assert_true(w.e->incidents[0]->due.at_ms - w.now_ms > 59 * (int64_t)3600000);
	life_end(&w);
	plan_free(plan);
	plan = usual;
	free(yaml);
	free(text);
}

static void test_two_of_one_instance(void **state)
{
	struct records all;
	struct life_world w;
	char *other;

	(void)state;
	saved_leak(&all);
	other = replaced(incident_of(&all)->value, "G-1 ", "G-7 ");
	records_put(&all, "i/0000000007", other);
	start_on(&w, &all, false);
	assert_int_equal(w.e->n_incidents, 2);
	assert_ptr_not_equal(w.e->incidents[0]->instance, w.e->incidents[1]->instance);
	life_command(&w, "wang", (struct command){.verb = VERB_ACK, .id = 1});
	life_command(&w, "wang", (struct command){.verb = VERB_ACK, .id = 7});
	acked_of(&w, 0);
	acked_of(&w, 1);
	restart(&w);
	close_it(&w, 7);
	assert_int_equal(w.e->incidents[1]->state, STATE_CLOSED);
	life_event(&w, &(struct event){.kind = EVENT_PLAN, .plan.plan = plan});
	assert_string_equal(acked_of(&w, 0)->instance->key, "c/leak@hall");
	life_end(&w);
	free(other);
	records_fini(&all);
}

/* The mark of a step's condition, and what no name has. */
static void test_a_type_of_no_name(void **state)
{
	static const char *const types[] = {" =1 ", " le@k "};

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct records all;
		struct life_world w;
		char *value;

		saved_leak(&all);
		value = replaced(incident_of(&all)->value, " leak ", types[i]);
		incident_of(&all)->value = value;
		start_on(&w, &all, false);
		life_command(&w, "wang", (struct command){.verb = VERB_ACK, .id = 1});
		acked_of(&w, 0);
		restart(&w);
		acked_of(&w, 0);
		close_it(&w, 1);
		assert_int_equal(w.e->incidents[0]->state, STATE_CLOSED);
		life_end(&w);
		free(value);
		records_fini(&all);
	}
}

/* -- one field, line or record -- */

enum { OF_ID = 1, OF_STATE = 14, OF_NEXT = 23, OF_DUE = 24 };

/* Field n of the first line with this tag. */
static char *with_field(const char *value, const char *tag, int n, const char *field)
{
	const char *at = value;
	struct buf b = {0};

	while (strncmp(at, tag, strlen(tag)) != 0 || at[strlen(tag)] != ' ')
		at = strchr(at, '\n') + 1;
	for (; n > 0; n--)
		at += strcspn(at, " ") + 1;
	buf_printf(&b, "%.*s%s%s", (int)(at - value), value, field, at + strcspn(at, " \n"));
	return buf_steal(&b);
}

static struct record *record_of(const struct records *all, const char *key)
{
	for (int i = 0; i < all->n; i++)
		if (!strncmp(all->at[i].key, key, strlen(key)))
			return &all->at[i];
	fail_msg("no %s", key);
	return NULL;
}

static void start_with(struct life_world *w, struct records *all, const char *key, char *value)
{
	record_of(all, key)->value = value;
	start_on(w, all, false);
	free(value);
	records_fini(all);
}

static int calls(const struct life_world *w)
{
	int n = 0;

	for (int i = 0; i < w->fx.n; i++)
		n += w->fx.at[i].kind == EFFECT_NOTICE && w->fx.at[i].notice.kind == NOTICE_CALL && !w->fx.at[i].notice.repeat;
	return n;
}

/* What it is, until somebody is called for it. */
static void must_call(struct life_world *w)
{
	for (int i = 0; i < 100; i++) {
		int64_t due_ms = engine_next_due(w->e);

		if (calls(w))
			return;
		assert_in_range(due_ms, 1, now_ms + day_ms);
		w->now_ms = due_ms > w->now_ms ? due_ms : w->now_ms;
		life_event(w, &(struct event){.kind = EVENT_TIME});
	}
	fail_msg("nobody is called");
}

/* Without looking whether it was whole: that is told when it starts. */
static void start_somehow(struct life_world *w, const struct records *all)
{
	*w = (struct life_world){.plan = plan, .e = engine_new(plan), .now_ms = now_ms};
	effects_init(&w->fx);
	engine_restore(w->e, all->at, all->n, NULL, NULL);
	life_event(w, &(struct event){.kind = EVENT_STARTED, .started = {.host = "h", .boot = "b", .version = "v", .epoch = 2}});
	effects_clear(&w->fx); /* the calls that are repeated */
}

/* No deadline, one in years, one that only empties its topic: somebody is called all the same. */
static void test_no_end_of_waiting(void **state)
{
	static const struct {
		int field;
		const char *with;
	} damage[] = {{OF_DUE, "-1"}, {OF_DUE, "9795374060000"}, {OF_DUE, "9223372036854775807"}, {OF_NEXT, "0"}, {OF_NEXT, "99"}};

	(void)state;
	for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
		struct records all;
		struct life_world w;
		char *value;

		saved_leak(&all);
		value = with_field(incident_of(&all)->value, "i", damage[i].field, damage[i].with);
		incident_of(&all)->value = value;
		start_somehow(&w, &all);
		assert_int_equal(life_armed(&w, w.e->incidents[0]), 1);
		must_call(&w);
		life_end(&w);
		free(value);
		records_fini(&all);
	}
}

/* Numbers with which nothing can be computed. */
static void test_numbers_at_the_end(void **state)
{
	(void)state;
	for (int field = 3; field <= OF_DUE + 4; field++) {
		struct records all;
		struct life_world w;
		char *value, *old;

		if ((field > 3 && field < 9) || field == 11 || field == OF_STATE || field == 18 || field == 19 || field == 27)
			continue;
		saved_leak(&all);
		old = with_field(incident_of(&all)->value, "i", 26, "9223372036854775807");
		value = with_field(old, "i", field, field % 2 ? "9223372036854775807" : "-9223372036854775808");
		free(old);
		start_with(&w, &all, "i/", value);
		life_command(&w, "wang", (struct command){.verb = VERB_ACK, .id = 1});
		life_until(&w, w.now_ms + 2 * day_ms);
		assert_int_equal(life_armed(&w, w.e->incidents[0]), 1);
		life_end(&w);
	}
}

/* It is dropped a day later, and nothing of it comes due after that. */
static void test_closed_and_still_waiting(void **state)
{
	static const char *const lines[] = {"\nhalf 1795500000000", "\ndrill li % -1 % 0 1795500000000",
	                                    "\ns scene open % % % 0 1 -1 0 1795500000000"};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct records all;
		struct life_world w;
		char *closed, *value;

		saved_leak(&all);
		closed = with_field(incident_of(&all)->value, "i", OF_STATE, "closed");
		value = replaced(closed, "\n", lines[i]);
		free(closed);
		closed = replaced(value, strchr(value, '\n') + strlen(lines[i]), "");
		free(value);
		start_with(&w, &all, "i/", closed);
		life_until(&w, w.now_ms + 10 * day_ms);
		assert_int_equal(w.e->n_incidents, 0);
		life_end(&w);
	}
}

/* Years ahead: time is what the start says; no number is given twice; the log is followed. */
static void test_counters(void **state)
{
	struct records all;
	struct life_world w;

	(void)state;
	saved_leak(&all);
	start_with(&w, &all, "e", xstrdup("e 9795374000000 1 3 1 0"));
	assert_int_equal(engine_site_ms(w.e), now_ms);
	life_command(&w, "wang", (struct command){.verb = VERB_ACK, .id = 1});
	life_until(&w, w.now_ms + 600000);
	assert_int_equal(w.e->incidents[0]->state, STATE_UNACKED); /* nobody went: called again */
	life_reading(&w, "door", READING_VALUE, "30");
	assert_true(w.e->n_incidents > 1);
	for (int i = 1; i < w.e->n_incidents; i++)
		assert_true(w.e->incidents[i]->number > w.e->incidents[i - 1]->number);
	assert_false(engine_follows(w.e, 70));
	assert_true(engine_follows(w.e, 70));
	life_end(&w);
}

static void test_silence_without_end(void **state)
{
	struct records all;
	struct life_world w;
	char *shelved, *due, *value;

	(void)state;
	saved_leak(&all);
	shelved = with_field(incident_of(&all)->value, "i", OF_NEXT, "7");
	due = with_field(shelved, "i", OF_DUE, "9795374060000");
	value = replaced(due, "\n", "\nshelf 9795374060000 1795374000000 li % x % 0 0\n");
	record_of(&all, "i/")->value = value;
	free(shelved);
	free(due);
	start_somehow(&w, &all);
	must_call(&w);
	life_end(&w);
	free(value);
	records_fini(&all);
}

/* A sign has no end; under the key of an isolation it would isolate for ever. */
static void test_isolated_for_ever(void **state)
{
	struct records all;
	struct life_world w;

	(void)state;
	saved_leak(&all);
	records_put(&all, "p/hall/gas", "m 2 0 hall % 0 wang % p % 1795374000000 3600000 0 -1");
	records_put(&all, "t/no-power@hall", "m 0 0 no-power hall 0 wang % x % 1795374000000 0 0 -1");
	start_on(&w, &all, false);
	assert_null(impair_isolated(w.e, "hall", HAZARD_GAS));
	assert_true(tag_hangs(w.e, "no-power", 0));
	life_until(&w, w.now_ms + day_ms);
	assert_true(tag_hangs(w.e, "no-power", 0));
	life_end(&w);
	records_fini(&all);
}

/* Two keys of one number, a key of none, an id that no topic may have: each is kept, under a number of its own. */
static void test_keys_and_ids(void **state)
{
	struct records all, saved;
	struct life_world w;
	char *value;

	(void)state;
	saved_leak(&all);
	value = with_field(incident_of(&all)->value, "i", OF_ID, "#");
	records_put(&all, "i/1", value);
	records_put(&all, "i/no", value);
	start_on(&w, &all, false);
	assert_int_equal(w.e->n_incidents - w.e->n_drills, 3);
	for (int i = 0; i < 3; i++) {
		char id[24];

		snprintf(id, sizeof id, "G-%d", i + 1);
		assert_string_equal(w.e->incidents[i]->id, id);
		life_command(&w, "wang", (struct command){.verb = VERB_ACK, .id = i + 1});
		acked_of(&w, i);
	}
	records_init(&saved);
	engine_save(w.e, &saved);
	assert_null(record_of(&saved, "i/1")->value); /* they are told to be gone */
	assert_null(record_of(&saved, "i/no")->value);
	records_fini(&saved);
	restart(&w);
	assert_int_equal(w.e->n_incidents, 3);
	life_end(&w);
	free(value);
	records_fini(&all);
}

/* What is true already and waits for its `for:` alarms, whatever became of its deadline. */
static void test_delay_lost(void **state)
{
	static const char *const delays[] = {"-1", "9795374060000"};
	char *yaml = replaced(site_yaml, "when: {of: {kind: flow}, above: 10}", "when: {of: {kind: flow}, above: 10, for: 1m}");
	struct plan *other = life_plan_of(yaml), *was = plan;

	(void)state;
	plan = other;
	for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
		struct records all;
		struct life_world w;

		life_begin(&w, plan);
		w.now_ms = now_ms;
		life_reading(&w, "door", READING_VALUE, "30");
		records_init(&all);
		engine_save_all(w.e, &all);
		life_end(&w);
		record_of(&all, "c/open-door@")->value = with_field(record_of(&all, "c/open-door@")->value, "g", 7, delays[i]);
		start_somehow(&w, &all);
		life_until(&w, w.now_ms + 120000);
		assert_non_null(instance_named(w.e, "open-door", "hall")->incident);
		life_end(&w);
		free((char *)record_of(&all, "c/open-door@")->value);
		records_fini(&all);
	}
	plan = was;
	plan_free(other);
	free(yaml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_long_look),
	    cmocka_unit_test(test_two_of_one_instance),
	    cmocka_unit_test(test_a_type_of_no_name),
	    cmocka_unit_test(test_no_end_of_waiting),
	    cmocka_unit_test(test_numbers_at_the_end),
	    cmocka_unit_test(test_closed_and_still_waiting),
	    cmocka_unit_test(test_counters),
	    cmocka_unit_test(test_silence_without_end),
	    cmocka_unit_test(test_isolated_for_ever),
	    cmocka_unit_test(test_keys_and_ids),
	    cmocka_unit_test(test_delay_lost),
	};
	int failed;

	plan = life_plan();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	plan_free(plan);
	return failed;
}
