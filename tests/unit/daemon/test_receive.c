/* What the receive thread does: news goes in and waits, the rest returns at
 * once; returning is the acknowledgement. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "receive.h"
#include "clock.h"
#include "site.h"

#include <pthread.h>
#include <unistd.h>

enum { LIMIT_MS = 60000 };

static struct receive *r;
static struct generation *g;
static atomic_bool returned;
static char spill_path[64];

static void *deliver(void *arg)
{
	receive_message(r, arg, false);
	atomic_store(&returned, true);
	return NULL;
}

static struct message message(const char *topic, const char *payload, int qos)
{
	return (struct message){.topic = topic, .payload = payload, .len = strlen(payload), .qos = qos};
}

static pthread_t start(struct message *m)
{
	pthread_t thread;

	atomic_store(&returned, false);
	assert_int_equal(pthread_create(&thread, NULL, deliver, m), 0);
	return thread;
}

/* The first item, waited for; NULL when the callback returned without one. */
static struct inbox_item *take(void)
{
	int64_t until_ms = clock_steady_ms() + LIMIT_MS;
	struct inbox_item *item;

	while (!(item = inbox_take(r->inbox)) && !atomic_load(&returned) && clock_steady_ms() < until_ms)
		usleep(500);
	return item ? item : inbox_take(r->inbox);
}

/* Delivers, stores what came in, and tells whether anything did. */
static bool passes(const char *topic, const char *payload, int qos)
{
	struct message m = message(topic, payload, qos);
	pthread_t thread = start(&m);
	struct inbox_item *item = take();

	if (item)
		inbox_stored(r->inbox, item->number);
	pthread_join(thread, NULL);
	inbox_item_free(item);
	return item;
}

static void test_only_news_goes_in(void **state)
{
	(void)state;
	assert_true(passes("s/gas", "{\"gas\":1}", 1));
	assert_false(passes("s/gas", "{\"gas\":2}", 1)); /* as good as before */
	assert_true(passes("s/gas", "{\"gas\":30}", 1));
	assert_false(passes("s/gas", "{\"gas\":31}", 1));
	assert_false(passes("somebody/else", "30", 1));
	assert_int_equal(atomic_load(&r->messages), 5);
	assert_int_equal(atomic_load(&r->news), 2);
}

static void test_unreadable_is_counted(void **state)
{
	(void)state;
	assert_true(passes("s/gas", "{\"gas\":1}", 1));
	assert_true(passes("s/gas", "{\"gas\":1e999}", 1));
	assert_false(passes("s/gas", "{\"gas\":\"?\"}", 1));
	assert_int_equal(atomic_load(&r->unreadable), 2);
	assert_int_equal(atomic_load(&r->replays), 0);
	assert_string_equal(r->result.readings[0].sensor, "gas-b2");
	assert_int_equal(r->result.readings[0].kind, READING_UNREADABLE);
}

static void test_it_waits_for_the_store(void **state)
{
	struct message m = message("s/gas", "{\"gas\":30}", 1);
	pthread_t thread = start(&m);
	struct inbox_item *item = take();

	(void)state;
	assert_non_null(item);
	while (!inbox_is_waited(r->inbox) && !atomic_load(&returned))
		usleep(500);
	assert_false(atomic_load(&returned));
	assert_ptr_equal(atomic_load(&r->inside), g);
	assert_true(receive_uses(r, g));
	inbox_stored(r->inbox, item->number);
	pthread_join(thread, NULL);
	assert_null(atomic_load(&r->inside));
	assert_false(atomic_load(&r->ran_out));
	inbox_item_free(item);
}

static void count_gas(void *arg, struct inbox_item *item)
{
	int *n = arg;

	*n += !strcmp(item->message.topic, "s/gas") && !strcmp(item->message.payload, "{\"gas\":30}");
	inbox_item_free(item);
}

/* It is also where the next start reads it. */
static void test_not_stored_stays_news(void **state)
{
	int spilled = 0;
	struct message m = message("s/gas", "{\"gas\":30}", 1);
	struct inbox_item *item;
	pthread_t thread;

	(void)state;
	inbox_refuse_waits(r->inbox, true);
	thread = start(&m);
	pthread_join(thread, NULL);
	assert_true(atomic_load(&r->ran_out));
	assert_int_equal(spill_each(r->spill, &(struct taken){0}, count_gas, &spilled), 1);
	assert_int_equal(spilled, 1);
	item = take();
	assert_int_equal(item->kind, INBOX_MESSAGE);
	assert_int_equal(item->next->kind, INBOX_STORE); /* the loop is told */
	inbox_item_free(item->next);
	inbox_item_free(item);
	inbox_refuse_waits(r->inbox, false);
	assert_true(passes("s/gas", "{\"gas\":30}", 1));
	assert_false(passes("s/gas", "{\"gas\":30}", 1));
}

static void test_quality_0_does_not_wait(void **state)
{
	struct message m = message("s/gas", "{\"gas\":30}", 0);
	struct inbox_item *item;

	(void)state;
	receive_message(r, &m, false);
	item = take();
	assert_non_null(item);
	inbox_item_free(item);
	assert_false(passes("s/gas", "{\"gas\":30}", 0));
}

static void test_commands_and_own_states(void **state)
{
	struct message own = message("tocsin/t/1/incident/G-17/state", "{}", 1);
	struct inbox_item *item;
	pthread_t thread;

	(void)state;
	assert_true(passes("tocsin/t/1/cmd/wang/ack", "17", 1));
	assert_true(passes("tocsin/t/1/cmd/wang/ack", "17", 1)); /* each counts */
	assert_false(passes("tocsin/t/1/cmd/wang/ack", "", 1));
	assert_false(passes("tocsin/t/1/incident/G-17/state", "{}", 1)); /* an echo */
	own.retained = true;
	thread = start(&own);
	item = take();
	assert_non_null(item);
	assert_true(item->message.retained);
	inbox_stored(r->inbox, item->number);
	pthread_join(thread, NULL);
	inbox_item_free(item);
}

static void test_poison_is_not_read(void **state)
{
	struct message m = message("s/gas", "{\"gas\":30}", 1);
	uint64_t digest = poison_digest(m.topic, m.payload, m.len);
	struct inbox_item *item;
	char path[] = "/tmp/receive-XXXXXX";

	(void)state;
	close(mkstemp(path));
	for (int i = 0; i < 3; i++) {
		poison_close(r->poison);
		r->poison = poison_open(path);
		if (i < 2)
			poison_in_work(r->poison, POISON_RECEIVE, digest);
	}
	receive_message(r, &m, false);
	item = take();
	assert_int_equal(item->kind, INBOX_FAULT);
	assert_int_equal(item->fault.self, SELF_POISON);
	assert_non_null(strstr(item->fault.what, "s/gas"));
	inbox_item_free(item);
	unlink(path);
}

static void test_topics(void **state)
{
	static const char *const wrong[] = {"tocsin/t/1/cmd/wang",      "tocsin/t/1/cmd//ack",
	                                    "tocsin/t/1/cmd/wang/",     "tocsin/t/1/cmd/wang/a/b",
	                                    "tocsin/t2/1/cmd/wang/ack", "cmd/wang/ack"};
	static const char *const not_ours[] = {
	    "tocsin/t/1/incident/G-/state", "tocsin/t/1/incident/17/state", "tocsin/t/1/incident/G-17/x",
	    "tocsin/t/1/incident/G-99999999999999999999/state", "tocsin/t/1/incident/G-1x/state"};
	static const char *const no_names[] = {"tocsin/t/1/names/", "tocsin/t/1/names/0", "tocsin/t/1/names/1x",
	                                       "tocsin/t/1/names/1234567", "tocsin/t2/1/names/1", "names/1"};
	char user[65], verb[33], id[32], zone[RECEIVE_ZONE_BYTES];
	int64_t number;
	int part;

	(void)state;
	assert_true(receive_command_topic(r->root, "tocsin/t/1/cmd/wang/ack", user, verb));
	assert_string_equal(user, "wang");
	assert_string_equal(verb, "ack");
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(receive_command_topic(r->root, wrong[i], user, verb));
	assert_true(receive_incident_topic(r->root, "tocsin/t/1/incident/G-17/state", id, &number));
	assert_int_equal(number, 17);
	assert_string_equal(id, "G-17");
	for (size_t i = 0; i < sizeof not_ours / sizeof not_ours[0]; i++)
		assert_false(receive_incident_topic(r->root, not_ours[i], id, &number));
	assert_true(receive_names_topic(r->root, "tocsin/t/1/names/12", &part));
	assert_int_equal(part, 12);
	for (size_t i = 0; i < sizeof no_names / sizeof no_names[0]; i++)
		assert_false(receive_names_topic(r->root, no_names[i], &part));
	assert_true(receive_zone_topic(r->root, "tocsin/t/1/zone/b2/state", zone));
	assert_string_equal(zone, "b2");
	assert_false(receive_zone_topic(r->root, "tocsin/t/1/zone/b2/x", zone));
	assert_false(receive_zone_topic(r->root, "tocsin/t/1/zone//state", zone));
	assert_false(receive_zone_topic(r->root, "tocsin/t2/1/zone/b2/state", zone));
}

static void test_stuck(void **state)
{
	(void)state;
	assert_false(receive_is_stuck(r, clock_steady_ms()));
	atomic_store(&r->inside_since_ms, 1000);
	assert_false(receive_is_stuck(r, 11000));
	assert_true(receive_is_stuck(r, 11001));
}

static int setup(void **state)
{
	(void)state;
	r = xcalloc(1, sizeof *r);
	g = site_generation();
	g->intake = intake_new(g->plan);
	r->inbox = inbox_new(16);
	r->poison = poison_open("/nonexistent/none");
	snprintf(spill_path, sizeof spill_path, "/tmp/receive-spill-%d", (int)getpid());
	r->spill = spill_open(spill_path);
	snprintf(r->root, sizeof r->root, "tocsin/t/1/");
	atomic_store(&r->current, g);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	inbox_free(r->inbox);
	poison_close(r->poison);
	spill_close(r->spill);
	unlink(spill_path);
	generation_free(g);
	free(r);
	return 0;
}

#define TEST(F) cmocka_unit_test_setup_teardown(F, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_only_news_goes_in),
	    TEST(test_unreadable_is_counted),
	    TEST(test_it_waits_for_the_store),
	    TEST(test_not_stored_stays_news),
	    TEST(test_quality_0_does_not_wait),
	    TEST(test_commands_and_own_states),
	    TEST(test_poison_is_not_read),
	    TEST(test_topics),
	    TEST(test_stuck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
