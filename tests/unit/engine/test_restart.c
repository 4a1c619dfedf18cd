/* A random life of the sensors, lived twice: once without a break, once with a
 * restart from the saved records before every move. Both say the same. */
#include "world.h"

static const struct incident_type rich[] = {
    TYPE("gas", PER_ZONE,
         {.id = "low",
          .when = {KINDS("gas"), ABOVE(10, 5), .for_ms = 10 * SECOND, .clear_for_ms = MINUTE, NODE(0)}},
         {.id = "high", .when = {KINDS("gas"), ABOVE(25, 10), .for_ms = 3 * SECOND, NODE(1)}}),
    TYPE("fire", PER_SITE,
         {.id = "",
          .when = {.op = COND_ANY,
                   NODE(0),
                   .for_ms = SECOND,
                   .clear_for_ms = 30 * SECOND,
                   KIDS({SENSOR(SMOKE1), IS("30"), NODE(1)},
                        {.op = COND_ALL,
                         NODE(2),
                         .clear_for_ms = 5 * SECOND,
                         KIDS({KINDS("gas", "door"), ABOVE(20, 8), NODE(3)},
                              {.op = COND_NOT,
                               NODE(4),
                               .for_ms = 2 * SECOND,
                               KIDS({SENSOR(PUMP), IS("7", "12"), .for_ms = 4 * SECOND, NODE(5)})})})}}),
    TYPE("quiet", PER_SENSOR,
         {.id = "",
          .when = {KINDS("position", "door"), .for_ms = 5 * SECOND, .clear_for_ms = 10 * SECOND,
                   .test = {.op = TEST_SILENT, .silent_ms = MINUTE}}})};

static const struct hours now_and_then[] = {{60, 61, 0x7f}, {17, 30, 0x7f}, {40, 55, 0x7f}, {120, 10, 0x2a}};
static const struct schedule minutes = {now_and_then, 4};

#define OVER(OP, BY, MS) .test = {.op = OP, .limit_milli = BY, .over_ms = MS}

static const struct incident_type windows[] = {
    {.id = "vote",
     .per = PER_SITE,
     .pre_alarm_ms = 15 * SECOND,
     GRADES({.id = "",
             .when = {.op = COND_VOTE,
                      .at_least = 2,
                      .degrade = true,
                      .clear_for_ms = 3 * SECOND,
                      NODE(0),
                      KIDS({KINDS("gas", "smoke"), ABOVE(20, 8), .hold_ms = MINUTE, .is_voter = true, NODE(1)})}})},
    {.id = "burst",
     .per = PER_SITE,
     .schedule = {now_and_then, 4},
     GRADES({.id = "low",
             .when = {.op = COND_ALL,
                      NODE(0),
                      KIDS({KINDS("gas"), OVER(TEST_FALLS, 5000, 30 * SECOND), .hold_ms = MINUTE, NODE(1)},
                           {SENSOR(PUMP), OVER(TEST_RISES, 5000, 30 * SECOND), .for_ms = 2 * SECOND,
                            .hold_ms = MINUTE, NODE(2)})}},
            {.id = "high", .when = {SENSOR(PUMP), OVER(TEST_RISES, 9000, 90 * SECOND), NODE(3)}})},
    TYPE("flaps", PER_SENSOR,
         {.id = "",
          .when = {.op = COND_ANY,
                   NODE(0),
                   KIDS({KINDS("door", "smoke"), .schedule = &minutes, .clear_for_ms = 20 * SECOND,
                         .test = {.op = TEST_CHANGES, .changes = 4, .over_ms = MINUTE}, NODE(1)},
                        {.op = COND_NOT, .schedule = &minutes, NODE(2),
                         KIDS({KINDS("door"), IS("1", "7", "12", "22"), NODE(3)})},
                        {KINDS("position"), .test = {.op = TEST_OUTSIDE, .low_milli = 7000, .low_clear_milli = 9000,
                                                     .limit_milli = 22000, .clear_milli = 13000}, NODE(4)})}}),
};

static const struct incident_type windows_later[] = {
    TYPE("vote", PER_SITE,
         {.id = "",
          .when = {.op = COND_VOTE,
                   .at_least = 3,
                   NODE(0),
                   KIDS({KINDS("gas", "smoke"), ABOVE(20, 8), .hold_ms = 20 * SECOND, .is_voter = true, NODE(1)})}}),
    TYPE("burst", PER_SITE, {.id = "low", .when = {KINDS("gas"), OVER(TEST_FALLS, 5000, 30 * SECOND), NODE(1)}}),
};

static const struct incident_type rich_later[] = {
    TYPE("fire", PER_SITE,
         {.id = "",
          .when = {.op = COND_ANY,
                   NODE(0),
                   .clear_for_ms = 30 * SECOND,
                   KIDS({SENSOR(SMOKE1), IS("30"), NODE(1)}, {KINDS("gas"), ABOVE(30, 1), NODE(3)})}}),
    TYPE("gas", PER_ZONE,
         {.id = "",
          .when = {KINDS("gas"), ABOVE(10, 5), .for_ms = 10 * SECOND, .clear_for_ms = MINUTE, NODE(0)}}),
};

/* The store: the newest record of each key. */
struct store {
	char *key[64], *value[64];
	int n;
};

static void store_put(struct store *st, const char *key, struct buf *value)
{
	int i = 0;

	while (i < st->n && strcmp(st->key[i], key))
		i++;
	if (i == st->n) {
		assert_true(i < 64);
		st->key[st->n++] = xstrdup(key);
		st->value[i] = NULL;
	}
	free(st->value[i]);
	st->value[i] = buf_steal(value);
}

static void store_clear(struct store *st)
{
	for (int i = 0; i < st->n; i++) {
		free(st->key[i]);
		free(st->value[i]);
	}
	st->n = 0;
}

static void store_forget(struct store *st, const struct engine *e)
{
	for (int i = 0; i < st->n; i++) {
		bool there = st->key[i][0] == 's';

		for (int k = 0; k < e->n_instances; k++)
			there |= !strcmp(e->instances[k]->key, st->key[i]);
		if (there)
			continue;
		free(st->key[i]);
		free(st->value[i]);
		st->n--;
		st->key[i] = st->key[st->n];
		st->value[i] = st->value[st->n];
		i--;
	}
}

static void store_save(struct store *st, struct engine *e, bool all)
{
	struct buf b = {0};

	for (int i = 0; i < e->n_instances; i++)
		if (all || e->instances[i]->dirty) {
			instance_save(e->instances[i], &b);
			store_put(st, e->instances[i]->key, &b);
		}
	for (int i = 0; i < e->n_sensors; i++)
		if (all || e->sensors[i]->dirty) {
			sensor_save(e->sensors[i], &b);
			store_put(st, e->sensors[i]->key, &b);
		}
	for (int i = 0; i < e->n_instances && !all; i++)
		e->instances[i]->dirty = false;
	for (int i = 0; i < e->n_sensors && !all; i++)
		e->sensors[i]->dirty = false;
}

static void same_store(const struct store *a, const struct store *b)
{
	assert_int_equal(a->n, b->n);
	for (int i = 0; i < a->n; i++) {
		int k = 0;

		while (k < b->n && strcmp(a->key[i], b->key[k]))
			k++;
		assert_true(k < b->n);
		assert_string_equal(a->value[i], b->value[k]);
	}
}

/* A new engine from the records alone; the incidents are the lead's to restore. */
static struct engine *restart(struct engine *old, const struct store *st)
{
	struct engine *e = xcalloc(1, sizeof *e);

	e->plan = old->plan;
	e->now_ms = old->now_ms;
	sensors_replan(e);
	for (int i = st->n - 1; i >= 0; i--)
		if (st->key[i][0] == 's')
			assert_int_equal(sensor_restore(e, st->key[i], st->value[i]), 0);
		else
			assert_int_equal(instance_restore(e, st->key[i], st->value[i]), 0);
	for (int i = 0; i < old->n_instances; i++) {
		struct instance *in = instance_by_key(e, old->instances[i]->key);

		assert_non_null(in);
		in->incident = old->instances[i]->incident;
	}
	sensors_replan(e);
	e->link = old->link;
	e->started = true;
	schedule_arm(e);
	world_free(old);
	return e;
}

static unsigned seed;

static unsigned pick(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

struct move {
	unsigned what, instance;
	struct reading reading;
	const char *text;
	int64_t wait_ms;
	enum link link;
};

static struct move random_move(void)
{
	static const char *const texts[] = {"1", "7", "12", "22", "30", "?"};
	static const enum reading_kind kinds[] = {READING_VALUE, READING_VALUE,     READING_VALUE,
	                                          READING_VALUE, READING_SEEN,      READING_AWAY,
	                                          READING_BACK,  READING_UNREADABLE};
	static const char *const doors[] = {"door-1", "door-2", "door-3"};
	struct move m = {.what = pick(40), .text = texts[pick(6)], .wait_ms = pick(pick(4) ? 8000 : 200000)};

	m.instance = pick(100);
	m.link = (enum link)pick(4);
	m.reading.def = (int)pick(N_DEFS);
	m.reading.sensor = m.reading.def == DOOR ? doors[pick(3)] : defs[m.reading.def].id;
	m.reading.zone = m.reading.def == DOOR ? (int)pick(3) - 1 : defs[m.reading.def].zone;
	m.reading.kind = kinds[pick(8)];
	m.reading.retained = !pick(6);
	return m;
}

static void make_move(struct engine *e, const struct move *m, const struct plan plans[2])
{
	if (m->what == 0) {
		world_plan(e, e->plan == &plans[0] ? &plans[1] : &plans[0]);
	} else if (m->what == 1) {
		e->link = LINK_DOWN;
		sensor_started(e, m->wait_ms);
	} else if (m->what == 2) {
		e->now_ms += m->wait_ms;
		deadline_shift(&e->heap, m->wait_ms);
		conditions_clock(e, m->wait_ms);
		for (int i = 0; i < e->n_sensors; i++)
			e->sensors[i]->dirty = true;
		for (int i = 0; i < e->n_instances; i++)
			e->instances[i]->dirty = true;
	} else if (m->what == 3) {
		e->instances[m->instance % (unsigned)e->n_instances]->incident = NULL; /* closed by hand */
	} else if (m->what <= 5) {
		world_link(e, m->link);
	} else if (m->what <= 7) {
		world_link(e, LINK_SYNCED);
	} else {
		world_tell(e, m->reading, m->reading.kind == READING_VALUE ? m->text : "");
	}
	world_wait(e, m->wait_ms);
}

/* One engine runs on, the other begins anew from its records before every move. */
static void walk(const struct plan plans[2], unsigned first_seed, int moves)
{
	struct engine *runs = world_up(&plans[0]), *restarts = world_up(&plans[0]);
	struct store kept = {.n = 0}, all = {.n = 0};
	char *one;

	seed = first_seed;
	for (int i = 0; i < moves; i++) {
		struct move m = random_move();

		store_save(&kept, restarts, false);
		store_forget(&kept, restarts);
		store_save(&all, runs, true);
		same_store(&all, &kept);
		restarts = restart(restarts, &kept);
		buf_clear(&trace);
		make_move(runs, &m, plans);
		one = buf_steal(&trace);
		make_move(restarts, &m, plans);
		assert_string_equal(buf_text(&trace), one);
		free(one);
		if (condition_broken(runs) || condition_broken(restarts))
			fail_msg("seed %u move %d: %s", first_seed, i, condition_broken(restarts));
		store_clear(&all);
	}
	store_clear(&kept);
	world_free(runs);
	world_free(restarts);
}

static void test_restarts(void **state)
{
	const struct plan plans[2] = {plan_of(rich, 3), plan_of(rich_later, 2)};

	(void)state;
	for (unsigned s = 1; s <= 10; s++)
		walk(plans, s, 500);
}

static void test_restarts_in_windows(void **state)
{
	const struct plan plans[2] = {plan_of(windows, 3), plan_of(windows_later, 2)};

	(void)state;
	for (unsigned s = 1; s <= 10; s++)
		walk(plans, s, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_restarts), cmocka_unit_test(test_restarts_in_windows)};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_fini(&trace);
	return failed;
}
