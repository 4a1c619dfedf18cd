/* Watches when the plan or the clock changes under them, and when the engine
 * is saved and restored; the stories stand in tests/rehearsal/watches_test.yaml. */
#include "reload_world.h"

#include "engine/watch.h"

#define SITE(WATCHES) \
	"site: {id: plaza, timezone: Asia/Shanghai}\n" \
	"broker: {url: \"mqtt://127.0.0.1:1883\", version: 5}\n" \
	"store: {path: /var/lib/tocsin/tocsin.db}\n" \
	"zones: {hall: {}}\n" \
	"people: {wang: {name: Wang, language: en, channels: [page]}}\n" \
	"roles: {guard: {holder: wang}}\n" \
	"chains: {all: {levels: [{call: [guard], wait: 30s}]}}\n" \
	"channels: {page: {plugin: page}}\n" \
	"watches:\n" \
	"  other: {every: 10d, sign_of_life: {topic: w/other}}\n" WATCHES

enum { MINUTE_MS = 60000 };

static const char both[] = SITE("  patrol: {who: guard, zone: hall, every: 40m, remind: 5m, points: [w/1, w/2]}\n");
static const char sooner[] = SITE("  patrol: {who: guard, zone: hall, every: 20m, points: [w/1, w/2]}\n");
static const char fewer[] = SITE("  patrol: {who: guard, zone: hall, every: 40m, points: [w/1]}\n");
static const char slips[] = SITE("  slips: {who: guard, zone: hall, closed: {incident: slip, by: \"04:00\"}, remind: 30m}\n"
                                 "incidents: {slip: {hazard: other, severity: minor, chain: all}}\n");
static const char none[] = SITE("");

static const struct watch_run *patrol(void)
{
	for (int i = 0; i < w.e->n_watches; i++)
		if (!strcmp(w.e->watches[i]->id, "patrol"))
			return w.e->watches[i];
	return NULL;
}

static int64_t left_min(void)
{
	return (patrol()->due_ms - w.now_ms) / MINUTE_MS;
}

static void pass(int minutes)
{
	life_until(&w, w.now_ms + (int64_t)minutes * MINUTE_MS);
}

static const struct incident *missed(void)
{
	const struct incident *inc = w.e->n_incidents ? w.e->incidents[w.e->n_incidents - 1] : NULL;

	return inc && !strcmp(inc->type_id, "watch-missed") ? inc : NULL;
}

static void shorter_rounds_count_from_now(void **state)
{
	(void)state;
	begin(both);
	pass(10);
	assert_int_equal(left_min(), 30);
	reload(sooner);
	assert_int_equal(left_min(), 20);
	pass(19);
	assert_null(missed());
	pass(1);
	assert_non_null(missed());
	end();
}

static void longer_rounds_keep_theirs(void **state)
{
	(void)state;
	begin(sooner);
	pass(10);
	reload(both);
	assert_int_equal(left_min(), 10);
	end();
}

static void a_lost_point_is_missed_no_more(void **state)
{
	const struct incident *inc;

	(void)state;
	begin(both);
	life_reading(&w, "watch-patrol-1", READING_VALUE, "x");
	pass(40);
	inc = missed();
	assert_non_null(inc);
	assert_string_equal(inc->members[0].sensor, "watch:patrol/2");
	assert_int_equal(inc->state, STATE_UNACKED);
	reload(fewer);
	assert_int_equal(inc->state, STATE_RTN_UNACKED);
	assert_int_equal(patrol()->n_points, 1);
	end();
}

static void a_lost_watch_leaves_nothing(void **state)
{
	const struct incident *inc;
	struct records r;

	(void)state;
	begin(both);
	pass(40);
	inc = missed();
	assert_int_equal(inc->n_members, 2);
	reload(none);
	assert_int_equal(inc->state, STATE_RTN_UNACKED);
	assert_null(patrol());
	records_init(&r);
	engine_save_all(w.e, &r);
	for (int i = 0; i < r.n; i++)
		assert_string_not_equal(r.at[i].key, "w/patrol");
	records_fini(&r);
	end();
}

static void the_clock_moves_what_is_due(void **state)
{
	struct event ev = {.kind = EVENT_CLOCK, .clock_ms = 60 * MINUTE_MS};

	(void)state;
	begin(both);
	pass(10);
	w.now_ms += ev.clock_ms;
	life_event(&w, &ev);
	assert_int_equal(left_min(), 30);
	assert_null(missed());
	end();
}

static void what_is_restored_is_the_same(void **state)
{
	struct engine *again;
	struct records r;

	(void)state;
	begin(both);
	life_reading(&w, "watch-patrol-1", READING_VALUE, "x");
	pass(45);
	life_reading(&w, "watch-patrol-1", READING_VALUE, "x");
	records_init(&r);
	engine_save_all(w.e, &r);
	again = engine_new(plans[0]);
	assert_int_equal(engine_restore(again, r.at, r.n, NULL, NULL), 0);
	assert_int_equal(engine_digest(again), engine_digest(w.e));
	assert_int_equal(engine_next_due(again), engine_next_due(w.e));
	engine_free(again);
	records_fini(&r);
	end();
}

/* Among what changed since it was saved last. */
static bool has_changed(const char *key)
{
	struct records r;
	bool has = false;

	records_init(&r);
	engine_save(w.e, &r);
	for (int i = 0; i < r.n; i++)
		has = has || !strcmp(r.at[i].key, key);
	records_fini(&r);
	return has;
}

static void say(enum verb verb)
{
	struct command c = {.verb = verb};

	if (verb == VERB_RAISE) {
		c.type = "slip";
		c.zone = "hall";
	} else {
		c.id = w.e->incidents[0]->number;
	}
	life_command(&w, "wang", c);
}

static void what_changes_is_saved(void **state)
{
	(void)state;
	begin(slips); /* at three */
	assert_true(has_changed("w/slips"));
	pass(31); /* nothing to remind of */
	assert_true(has_changed("w/slips"));
	say(VERB_RAISE);
	pass(30);
	assert_non_null(missed());
	assert_true(has_changed("w/slips"));
	say(VERB_ACK);
	say(VERB_RESET);
	say(VERB_CLOSE);
	assert_int_equal(w.e->incidents[0]->state, STATE_CLOSED);
	assert_true(has_changed("w/slips")); /* and is missed no more */
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shorter_rounds_count_from_now), cmocka_unit_test(longer_rounds_keep_theirs),
	    cmocka_unit_test(a_lost_point_is_missed_no_more), cmocka_unit_test(a_lost_watch_leaves_nothing),
	    cmocka_unit_test(the_clock_moves_what_is_due),   cmocka_unit_test(what_is_restored_is_the_same),
	    cmocka_unit_test(what_changes_is_saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
