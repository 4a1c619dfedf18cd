/* What is written turn by turn is all there is: a page that waits for the broker
 * loses its deadline when that has passed, and its record says so. */
#include "life_world.h"

enum { NEXT_TRY_MS = 2000 };

static struct records stored;

static const char *newest(const char *key)
{
	for (int i = stored.n - 1; i >= 0; i--)
		if (!strcmp(stored.at[i].key, key))
			return stored.at[i].value;
	return NULL;
}

static void store(const struct life_world *w)
{
	struct records all;

	records_init(&all);
	engine_save(w->e, &stored);
	engine_save_all(w->e, &all);
	for (int i = 0; i < all.n; i++) {
		const char *value = newest(all.at[i].key);

		if (!strcmp(all.at[i].key, "e"))
			continue; /* the time of the last event is no state */
		assert_non_null(value);
		assert_string_equal(value, all.at[i].value);
	}
	records_fini(&all);
}

static void link_is(struct life_world *w, enum link link)
{
	life_event(w, &(struct event){.kind = EVENT_LINK, .link = link});
}

static void refuse(struct life_world *w, const char *notice)
{
	struct event ev = {.kind = EVENT_NOTICE, .notice = {.id = notice, .outcome = OUTCOME_FAILED, .why = "refused"}};

	life_event(w, &ev);
}

/* Its id; the caller's. */
static char *called(const struct life_world *w)
{
	for (int i = 0; i < w->fx.n; i++)
		if (w->fx.at[i].kind == EFFECT_NOTICE)
			return xstrdup(w->fx.at[i].notice.id);
	fail_msg("nobody is called");
	return NULL;
}

static void test_waits_without_a_time(void **state)
{
	struct plan *plan = life_plan();
	struct life_world w;
	char *id;

	(void)state;
	records_init(&stored);
	life_begin(&w, plan);
	w.after = store;
	store(&w);
	life_reading(&w, "door", READING_VALUE, "30");
	id = called(&w);
	refuse(&w, id);
	w.now_ms += NEXT_TRY_MS / 2;
	link_is(&w, LINK_DOWN);
	life_until(&w, w.now_ms + NEXT_TRY_MS / 2); /* within the broker's grace: nothing is tried, nobody else called */
	link_is(&w, LINK_SYNCED);
	assert_string_equal(w.fx.at[0].notice.id, id);
	life_end(&w);
	records_fini(&stored);
	plan_free(plan);
	free(id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_waits_without_a_time)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
