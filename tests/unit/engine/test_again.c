/* Redeliveries: what was taken before a break changes nothing when it comes
 * once more; what merely looks like it is news. */
#include "world.h"

#define LIVE(MARK) again_message(&a, MARK, false)
#define DUP(MARK) again_message(&a, MARK, true)

static void test_in_order(void **state)
{
	struct again *a = NULL;

	(void)state;
	assert_false(LIVE(0)); /* no mark: always news */
	assert_null(a);
	assert_false(LIVE(11));
	assert_false(LIVE(12));
	again_break(a);
	assert_true(DUP(11));
	assert_true(DUP(12));
	assert_false(LIVE(11)); /* the same time stamp once more, not delivered before: news */
	again_break(a);
	assert_true(DUP(11));
	assert_true(DUP(12));
	assert_true(DUP(11));
	assert_false(DUP(12)); /* known only before 11 */
	free(a);
}

static void test_last_word(void **state)
{
	struct again *a = NULL;

	(void)state;
	assert_false(LIVE(21)); /* calm */
	assert_false(LIVE(23)); /* alarm; 22, calm again, was no news and is not known */
	again_break(a);
	assert_true(DUP(21));
	assert_false(DUP(22));
	assert_false(DUP(23)); /* the alarm must follow the calm that was taken as new */
	again_break(a);
	assert_true(DUP(21)); /* and now all three are known */
	assert_true(DUP(22));
	assert_true(DUP(23));
	assert_true(LIVE(23)); /* the sender's own second try */
	free(a);
}

static void test_saved(void **state)
{
	struct again *a = NULL, *b = NULL;
	struct record_reader r;
	struct buf text = {0};
	char tag[RECORD_TAG_BYTES];

	(void)state;
	for (uint64_t mark = UINT64_MAX; mark > UINT64_MAX - 34; mark--)
		assert_false(LIVE(mark));
	again_save(a, &text);
	record_open(&r, buf_text(&text));
	assert_true(record_line(&r, tag));
	assert_string_equal(tag, "again");
	again_restore(&b, &r);
	assert_false(r.bad);
	assert_int_equal(b->n, 32);
	assert_memory_equal(b->at, a->at, sizeof a->at);
	assert_int_equal(b->at[0], UINT64_MAX - 2); /* the two oldest went */
	free(a);
	free(b);
	buf_fini(&text);
}

static const struct incident_type gas[] = {
    {.id = "gas-leak", .per = PER_ZONE, GRADES({.id = "", .when = {KINDS("gas"), ABOVE(10, 5), .node = 0}})}};

static void tell(struct engine *e, uint64_t mark, bool dup, const char *text)
{
	const struct sensor *s = sensor_find(e, "gas-2");
	struct reading r = {.kind = READING_VALUE, .sensor = "gas-2", .def = s->def, .zone = s->zone};

	r.mark = mark;
	r.dup = dup;
	world_tell(e, r, text);
}

static void test_sensor(void **state)
{
	struct plan plan = plan_of(gas, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	tell(e, 1, false, "30");
	said(e, "gas-leak@kitchen gas-2 bad\ngas-leak@kitchen grade 0\n");
	tell(e, 2, false, "0");
	said(e, "gas-leak@kitchen gas-2 calm\ngas-leak@kitchen grade -1\n");
	world_link(e, LINK_DOWN);
	world_link(e, LINK_UP);
	buf_clear(&trace);
	tell(e, 1, true, "30");
	tell(e, 2, true, "0");
	said(e, "");
	tell(e, 3, true, "30"); /* delivered before, but never taken */
	said(e, "gas-leak@kitchen gas-2 bad\ngas-leak@kitchen grade 0\n");
	world_event(e, "gas-2", READING_UNREADABLE);
	buf_clear(&trace);
	tell(e, 3, true, "30"); /* its value is not known: better twice */
	assert_int_equal(sensor_find(e, "gas-2")->health, HEALTH_OK);
	world_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_in_order),
	    cmocka_unit_test(test_last_word),
	    cmocka_unit_test(test_saved),
	    cmocka_unit_test(test_sensor),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_fini(&trace);
	return failed;
}
