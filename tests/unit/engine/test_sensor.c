/* Health, supervision for silence, families, and the text of records. */
#include "world.h"

static const struct incident_type gas[] = {
    {.id = "gas-leak", .per = PER_ZONE, GRADES({.id = "", .when = {KINDS("gas"), ABOVE(10, 5), .node = 0}})}};

static const struct incident_type open_doors[] = {
    {.id = "door", .per = PER_ZONE, GRADES({.id = "", .when = {KINDS("door"), IS("open"), .node = 0}})}};

static void test_value(void **state)
{
	struct plan plan = plan_of(gas, 1);
	struct engine *e = world_up(&plan);
	const struct sensor *s = sensor_find(e, "gas-2");
	struct strings words = WORDS("closed", "OPEN");
	char longer[VALUE_BYTES + 20];

	(void)state;
	assert_int_equal(s->health, HEALTH_UNKNOWN);
	assert_false(sensor_is(s, &words));
	world_value(e, "gas-2", "open");
	assert_true(sensor_is(s, &words));
	world_value(e, "gas-2", "opened");
	assert_false(sensor_is(s, &words));
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = 0;
	memcpy(longer + VALUE_BYTES - 2, "\xe6\xb0\xb4", 3); /* not cut in the middle */
	world_value(e, "gas-2", longer);
	assert_int_equal(strlen(s->text), VALUE_BYTES - 2);
	world_event(e, "gas-2", READING_UNREADABLE);
	assert_false(sensor_is(s, &(struct strings)WORDS(s->word)));
	assert_null(sensor_find(e, "gas-3"));
	world_free(e);
}

static void test_silence(void **state)
{
	struct plan plan = plan_of(gas, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_wait(e, 10 * MINUTE - 1);
	said(e, "");
	world_wait(e, 1); /* never heard of since the link is up */
	said(e, "want gas-1\ngas-1 fault\n");
	world_wait(e, 60 * MINUTE);
	said(e, "");
	world_value(e, "gas-1", "3");
	said(e, "gas-1 found\ngas-leak@kitchen gas-1 calm\n"
	        "gas-leak@kitchen grade -1\n");
	world_wait(e, 9 * MINUTE);
	world_event(e, "gas-1", READING_SEEN);
	world_wait(e, 9 * MINUTE);
	said(e, "");
	world_wait(e, 1 * MINUTE);
	said(e, "want gas-1\ngas-1 fault\n");
	world_event(e, "gas-1", READING_SEEN); /* lives, what it measures is not known */
	said(e, "gas-1 found\nwant gas-1\n");
	assert_int_equal(sensor_find(e, "gas-1")->health, HEALTH_UNKNOWN);
	world_free(e);
}

static void test_freeze(void **state)
{
	struct plan plan = plan_of(gas, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-1", "3");
	buf_clear(&trace);
	world_wait(e, 9 * MINUTE);
	world_link(e, LINK_DOWN);
	world_wait(e, 600 * MINUTE);
	said(e, "");
	world_link(e, LINK_UP);
	said(e, "want all\n");
	world_wait(e, 30 * SECOND);
	world_link(e, LINK_SYNCED); /* no new window: the last of its ten minutes runs on */
	world_wait(e, 30 * SECOND - 1);
	said(e, "");
	world_wait(e, 1);
	said(e, "want gas-1\ngas-1 fault\n");
	world_event(e, "gas-1", READING_SEEN);
	world_link(e, LINK_MARK_LOST);
	buf_clear(&trace);
	world_wait(e, 60 * MINUTE);
	said(e, "");
	world_link(e, LINK_SYNCED);
	world_wait(e, 10 * MINUTE);
	said(e, "want gas-1\ngas-1 fault\n");
	world_free(e);
}

static void test_away(void **state)
{
	struct plan plan = plan_of(gas, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_value(e, "gas-1", "3");
	buf_clear(&trace);
	world_event(e, "gas-1", READING_BACK); /* said at every connect */
	said(e, "");
	assert_int_equal(sensor_find(e, "gas-1")->health, HEALTH_OK);
	world_event(e, "gas-1", READING_AWAY);
	said(e, "want gas-1\ngas-1 fault\n");
	world_wait(e, 60 * MINUTE); /* away is not silent as well */
	world_event(e, "gas-1", READING_AWAY);
	said(e, "");
	world_event(e, "gas-1", READING_BACK);
	said(e, "gas-1 found\nwant gas-1\n");
	world_wait(e, 10 * MINUTE);
	said(e, "want gas-1\ngas-1 fault\n");
	world_free(e);
}

static void test_unreadable(void **state)
{
	struct plan plan = plan_of(gas, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	world_event(e, "gas-2", READING_UNREADABLE);
	world_event(e, "gas-2", READING_UNREADABLE);
	world_event(e, "gas-2", READING_BACK);
	world_event(e, "gas-2", READING_SEEN);
	said(e, "want gas-2\ngas-2 fault\n");
	assert_int_equal(sensor_find(e, "gas-2")->health, HEALTH_UNREADABLE);
	world_free(e);
}

/* What the broker kept tells of a silent sensor only if it is new. */
static void test_retained(void **state)
{
	struct plan plan = plan_of(gas, 1);
	struct engine *e = world_up(&plan);
	struct reading kept = {.sensor = "gas-1", .def = GAS1, .zone = KITCHEN, .retained = true};

	(void)state;
	world_value(e, "gas-1", "3");
	world_wait(e, 10 * MINUTE);
	buf_clear(&trace);
	world_tell(e, kept, "3");
	said(e, "");
	assert_int_equal(sensor_find(e, "gas-1")->health, HEALTH_SILENT);
	world_tell(e, kept, "12");
	said(e, "gas-1 found\ngas-leak@kitchen gas-1 bad\ngas-leak@kitchen grade 0\n");
	world_event(e, "gas-1", READING_AWAY);
	buf_clear(&trace);
	world_tell(e, kept, "12");
	said(e, "");
	kept.kind = READING_BACK; /* availability is always retained */
	world_tell(e, kept, "");
	said(e, "gas-1 found\nwant gas-1\n");
	world_free(e);
}

static void test_family(void **state)
{
	struct plan plan = plan_of(open_doors, 1);
	struct engine *e = world_up(&plan);

	(void)state;
	assert_null(sensor_find(e, "door-{1}"));
	world_door(e, "door-7", KITCHEN, "open");
	said(e, "door@kitchen door-7 bad\ndoor@kitchen grade 0\n");
	world_door(e, "door-8", KITCHEN, "closed");
	said(e, "door@kitchen door-8 calm\ndoor@kitchen grade 0\n");
	world_door(e, "door-9", -1, "open"); /* zone unknown: read by nobody */
	said(e, "");
	world_door(e, "door-9", HALL, "open");
	said(e, "door@hall door-9 bad\ndoor@hall grade 0\n");
	world_door(e, "door-9", KITCHEN, "closed"); /* moved; bad until now, so it clears where it was */
	said(e, "door@hall door-9 calm\ndoor@hall grade -1\n");
	world_door(e, "door-9", KITCHEN, "open");
	said(e, "door@kitchen door-9 bad\ndoor@kitchen grade 0\n");
	world_door(e, "door-8", HALL, "closed");
	said(e, "door@hall door-8 calm\ndoor@hall grade -1\n");
	world_door(e, "door-7", KITCHEN, "closed");
	said(e, "door@kitchen door-7 calm\ndoor@kitchen grade 0\n");
	world_free(e);
}

static void test_record_text(void **state)
{
	static const char odd[] = "a b%c\nd\x7f\t水";
	struct buf b = {0};
	struct record_reader r;
	char tag[RECORD_TAG_BYTES], cut[4], *text;

	(void)state;
	record_tag(&b, "m");
	record_str(&b, odd);
	record_str(&b, NULL);
	record_int(&b, INT64_MIN);
	record_int(&b, INT64_MAX);
	record_tag(&b, "later");
	record_str(&b, "水水");
	record_int(&b, -1);
	assert_string_equal(buf_text(&b),
	                    "m a%20b%25c%0ad%7f%09水 % -9223372036854775808 9223372036854775807\n"
	                    "later 水水 -1");
	record_open(&r, buf_text(&b));
	assert_true(record_line(&r, tag));
	assert_string_equal(tag, "m");
	text = record_read_str(&r);
	assert_string_equal(text, odd);
	free(text);
	text = record_read_str(&r);
	assert_string_equal(text, "");
	free(text);
	assert_true(record_read_int(&r) == INT64_MIN);
	assert_true(record_read_int(&r) == INT64_MAX);
	assert_true(record_line(&r, tag));
	assert_string_equal(tag, "later");
	record_read_cut(&r, cut, sizeof cut); /* -1 is left unread */
	assert_string_equal(cut, "水");
	assert_false(record_line(&r, tag));
	assert_false(r.bad);
	buf_fini(&b);
}

static void test_record_bad(void **state)
{
	static const char *const ints[] = {"m",
	                                   "m ",
	                                   "m x",
	                                   "m 1x",
	                                   "m -",
	                                   "m 9223372036854775808",
	                                   "m -9223372036854775809",
	                                   "m 111111111111111111111"};
	static const char *const texts[] = {"m", "m ", "m a%", "m a%2", "m %zz", "m %00", "m %0A"};
	struct record_reader r;
	char tag[RECORD_TAG_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof ints / sizeof ints[0]; i++) {
		record_open(&r, ints[i]);
		assert_true(record_line(&r, tag));
		assert_int_equal(record_read_int(&r), 0);
		assert_true(r.bad);
	}
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		record_open(&r, texts[i]);
		assert_true(record_line(&r, tag));
		free(record_read_str(&r));
		assert_true(r.bad);
	}
}

static void test_restore_bad(void **state)
{
	struct plan plan = plan_of(gas, 1);
	struct engine *e = world_new(&plan);

	(void)state;
	assert_int_equal(sensor_restore(e, "s/", "s a b 1 -1 -1"), -1);
	assert_int_equal(sensor_restore(e, "s/gas-1", "s gas-1 kitchen 9 -1 -1"), -1);
	assert_int_equal(sensor_restore(e, "s/gas-1", "s gas-1 kitchen"), -1);
	assert_int_equal(sensor_restore(e, "s/gas-1", "s gas-1 kitchen 1 -1 -1 more\nnew 1\nv 3 3 1 3000 5"), 0);
	assert_int_equal(sensor_find(e, "gas-1")->milli, 3000);
	assert_int_equal(instance_restore(e, "c/gas-leak", "c 0 1"), -1);
	assert_int_equal(instance_restore(e, "c/gas-leak@kitchen", "g 0 gas-1 x 0 2 2 -1"), -1);
	assert_int_equal(instance_restore(e, "c/gas-leak@kitchen", "c 0 1\ng 0 gas-1 x 0 3 2 -1"), -1);
	assert_int_equal(instance_restore(e, "c/gas-leak@kitchen", "c 0 1\ng 0 gas-1 x 0 2 2 -1 7\nz 1"), 0);
	world_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_value),      cmocka_unit_test(test_silence),
	    cmocka_unit_test(test_freeze),     cmocka_unit_test(test_away),
	    cmocka_unit_test(test_unreadable), cmocka_unit_test(test_retained),
	    cmocka_unit_test(test_family),     cmocka_unit_test(test_record_text),
	    cmocka_unit_test(test_record_bad), cmocka_unit_test(test_restore_bad),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_fini(&trace);
	return failed;
}
