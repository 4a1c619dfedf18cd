/* What comes and goes: the edges of five times, of ten minutes and of the quiet
 * after it; a detector that is lost again and again; a restart in between. */
#include "life_world.h"

enum { MINUTE_MS = 60000 };

static struct life_world w;
static struct plan *plan;
static int opened, updates, calls;

static void see(const struct life_world *world)
{
	for (int i = 0; i < world->fx.n; i++) {
		const struct effect *f = &world->fx.at[i];

		opened += f->kind == EFFECT_AUDIT && f->row.kind == AUDIT_OPENED;
		updates += f->kind == EFFECT_NOTICE && f->notice.kind == NOTICE_UPDATE;
		calls += f->kind == EFFECT_NOTICE && f->notice.kind == NOTICE_CALL;
	}
}

static void begin(void)
{
	opened = updates = calls = 0;
	life_begin(&w, plan);
	w.after = see;
}

static const struct incident *newest(void)
{
	return w.e->incidents[w.e->n_incidents - 1];
}

static void chatter(const char *sensor, int times, int64_t every_ms)
{
	for (int i = 0; i < times; i++) {
		life_reading(&w, sensor, READING_VALUE, "12");
		life_until(&w, w.now_ms + every_ms / 2);
		life_reading(&w, sensor, READING_VALUE, "1");
		life_until(&w, w.now_ms + every_ms / 2);
	}
}

static void test_edges(void **state)
{
	(void)state;
	begin();
	chatter("door", 4, 2000);
	assert_false(newest()->flapping);
	assert_int_equal(newest()->state, STATE_RTN_UNACKED);
	life_reading(&w, "door", READING_VALUE, "12");
	assert_true(newest()->flapping);
	assert_int_equal(updates, 1);
	life_reading(&w, "door", READING_VALUE, "1");
	assert_int_equal(newest()->state, STATE_UNACKED); /* its end is not taken yet */
	chatter("door", 20, 2000);
	assert_int_equal(updates, 1);
	assert_int_equal(opened, 1);
	life_end(&w);
}

/* Five times, but not within ten minutes. */
static void test_slow(void **state)
{
	(void)state;
	begin();
	chatter("door", 12, 10 * MINUTE_MS / 4 + 2);
	assert_false(newest()->flapping);
	life_end(&w);
}

static void test_quiet(void **state)
{
	int64_t last_ms;

	(void)state;
	begin();
	chatter("door", 6, 1000);
	last_ms = w.now_ms - 500; /* when it was last over */
	life_command(&w, "wang", (struct command){.verb = VERB_ACK, .id = newest()->number});
	life_until(&w, last_ms + 10 * MINUTE_MS - 1);
	assert_true(newest()->flapping);
	assert_int_equal(newest()->state, STATE_ACKED);
	life_until(&w, last_ms + 10 * MINUTE_MS);
	assert_false(newest()->flapping);
	assert_int_equal(newest()->state, STATE_CLOSED);
	life_reading(&w, "door", READING_VALUE, "12"); /* a new one, and no old count */
	assert_int_equal(opened, 2);
	assert_false(newest()->flapping);
	life_end(&w);
}

/* It stands: no longer flapping, and nothing is over. */
static void test_stands(void **state)
{
	(void)state;
	begin();
	chatter("door", 5, 1000);
	life_reading(&w, "door", READING_VALUE, "12");
	life_until(&w, w.now_ms + 10 * MINUTE_MS);
	assert_false(newest()->flapping);
	assert_int_equal(newest()->state, STATE_UNACKED);
	life_end(&w);
}

/* Gas calls each time as ever, and its end is taken at once. */
static void test_life(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 7; i++) {
		life_reading(&w, "a", READING_VALUE, "30");
		life_reading(&w, "b", READING_VALUE, "30");
		life_reading(&w, "a", READING_VALUE, "1");
		life_reading(&w, "b", READING_VALUE, "1");
		assert_int_equal(newest()->state, STATE_RTN_UNACKED);
	}
	assert_true(newest()->flapping);
	life_end(&w);
}

/* A detector that is lost and found all the time is one incident. */
static void test_lost(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 8; i++) {
		life_reading(&w, "door", READING_AWAY, "");
		if (newest()->state == STATE_UNACKED)
			life_command(&w, "wang", (struct command){.verb = VERB_ACK, .id = newest()->number});
		life_reading(&w, "door", READING_VALUE, "1");
		life_until(&w, w.now_ms + 5000);
	}
	assert_int_equal(opened, 5);
	assert_true(newest()->flapping);
	assert_int_equal(newest()->state, STATE_ACKED);
	life_until(&w, w.now_ms + 10 * MINUTE_MS);
	assert_int_equal(newest()->state, STATE_CLOSED);
	life_end(&w);
}

static void test_restart(void **state)
{
	struct records all;
	uint64_t digest;

	(void)state;
	begin();
	chatter("door", 6, 1000);
	records_init(&all);
	engine_save_all(w.e, &all);
	digest = engine_digest(w.e);
	engine_free(w.e);
	w.e = engine_new(plan);
	assert_int_equal(engine_restore(w.e, all.at, all.n, NULL, NULL), 0);
	assert_int_equal(engine_digest(w.e), digest);
	assert_true(newest()->flapping);
	assert_true(newest()->instance->quiet.pos > 0);
	records_fini(&all);
	life_end(&w);
}

static int setup(void **state)
{
	(void)state;
	plan = life_plan();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	plan_free(plan);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_edges), cmocka_unit_test(test_slow), cmocka_unit_test(test_quiet),
	    cmocka_unit_test(test_stands), cmocka_unit_test(test_life), cmocka_unit_test(test_lost),
	    cmocka_unit_test(test_restart),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
