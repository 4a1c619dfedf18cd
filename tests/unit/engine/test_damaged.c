/* Saved records that contradict each other: what they say of an incident is
 * kept, each lives on, and can be acknowledged and closed. */
#include "life_world.h"

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
	*w = (struct life_world){.plan = plan, .e = engine_new(plan), .now_ms = 1795374060000};
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_two_of_one_instance),
	    cmocka_unit_test(test_a_type_of_no_name),
	};
	int failed;

	plan = life_plan();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	plan_free(plan);
	return failed;
}
