/* Turns with the real engine between a store and a broker that are played:
 * what leaves, when, and that it leaves once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "answers.h"
#include "daemon.h"
#include "perform.h"
#include "played.h"
#include "rows.h"
#include "site.h"

#include <inttypes.h>
#include <unistd.h>

static int count(const char *topic)
{
	int n = 0;

	for (int i = 0; i < n_sent; i++)
		n += !strcmp(sent[i].topic, topic) && !sent[i].is_recalled;
	return n;
}

/* Pages about the gas (the store's own failure is paged as well). */
static int gas_pages(void)
{
	int n = 0;

	for (int i = 0; i < n_sent; i++)
		n += !strcmp(sent[i].topic, "tocsin/t/1/page/wang") && strstr(sent[i].payload, "Gas leak");
	return n;
}

static const struct sent *last(const char *topic)
{
	for (int i = n_sent; i--;)
		if (!strcmp(sent[i].topic, topic))
			return &sent[i];
	return NULL;
}

/* -- the daemon under test -- */

static struct daemon *d;

static void step_started(void)
{
	struct event ev = {.kind = EVENT_STARTED};

	ev.started.host = "h";
	ev.started.boot = "b";
	ev.started.version = "1";
	ev.started.epoch = 3;
	daemon_step(d, &ev);
}

static void put(const char *topic, const char *payload)
{
	struct inbox_item *item = inbox_item_new(INBOX_MESSAGE);

	item->message.topic = xstrdup(topic);
	item->message.payload = xstrdup(payload);
	item->message.len = strlen(payload);
	item->message.qos = 1;
	inbox_put(d->inbox, item, 0);
	daemon_turn(d);
}

static void link_is(enum link link)
{
	struct inbox_item *item = inbox_item_new(INBOX_LINK);

	item->link = link;
	inbox_put(d->inbox, item, 0);
	daemon_turn(d);
}

static void store_says(enum store_answer a)
{
	answer = a;
	inbox_put(d->inbox, inbox_item_new(INBOX_STORE), 0);
	daemon_turn(d);
}

static void store_all(void)
{
	for (int i = 0; held && i < 100; i++)
		store_says(STORE_COMMITTED);
	assert_null(held);
}

static void store_late(void)
{
	daemon_tell_store(d, STORE_LATE);
	daemon_turn(d);
}

static void forget(void)
{
	n_sent = n_submitted = 0;
}

static void test_nothing_leaves_before_it_is_stored(void **state)
{
	(void)state;
	put("s/gas", "{\"gas\":30}");
	assert_non_null(held);
	assert_int_equal(n_sent, 0);
	store_says(STORE_COMMITTED);
	assert_int_equal(count("tocsin/t/1/page/wang"), 1);
	assert_int_equal(count("plc/valve/set"), 1);
	assert_true(last("plc/valve/set")->needs_sync);
	assert_false(last("plc/valve/set")->retain);
	assert_int_equal(last("plc/valve/set")->expiry_ms, 5000);
	assert_int_equal(last("plc/valve/set")->token % 2, 0);
	assert_non_null(strstr(last("tocsin/t/1/page/wang/json")->payload, "\"unrecorded\":false"));
	assert_int_equal(last("tocsin/t/1/page/wang")->lane, LANE_LIFE);
	assert_true(last("tocsin/t/1/page/wang")->has_copy);
	store_all();
	assert_int_equal(count("tocsin/t/1/page/wang"), 1);
}

static void test_rows_leave_with_their_hashes(void **state)
{
	(void)state;
	put("s/gas", "{\"gas\":30}");
	store_all();
	assert_true(count("tocsin/t/1/event") >= 2);
	assert_non_null(strstr(last("tocsin/t/1/event")->payload, "\"hash\":\"hash"));
	assert_true(last("tocsin/t/1/audit/head")->retain);
	assert_int_equal(d->head_seq, engine_seq(d->engine));
	assert_int_equal(strncmp(d->head_hash, "hash", 4), 0);
}

static void test_one_commit_at_a_time(void **state)
{
	(void)state;
	put("tocsin/t/1/cmd/wang/raise", "gas-leak b2 one");
	assert_int_equal(n_submitted, 1);
	put("tocsin/t/1/cmd/wang/note", "1 two");
	put("tocsin/t/1/cmd/wang/note", "1 three");
	assert_int_equal(n_submitted, 1);
	store_says(STORE_COMMITTED);
	assert_int_equal(n_submitted, 2); /* both notes in one */
	store_all();
}

static void test_callbacks_are_let_go_by_the_commit(void **state)
{
	(void)state;
	put("s/gas", "{\"gas\":30}");
	assert_false(inbox_wait_stored(d->inbox, held->inbox_upto, 0));
	store_says(STORE_COMMITTED);
	assert_true(inbox_wait_stored(d->inbox, 1, 0));
}

static void test_nothing_to_store_lets_go_at_once(void **state)
{
	struct inbox_item *item = inbox_item_new(INBOX_MESSAGE);
	int64_t number;

	(void)state;
	item->message.topic = xstrdup("nobody/knows");
	item->message.payload = xstrdup("1");
	item->message.len = 1;
	number = inbox_put(d->inbox, item, 0);
	daemon_turn(d);
	assert_null(held);
	assert_true(inbox_wait_stored(d->inbox, number, 0));
}

static void test_late_store_urgent_leaves_once(void **state)
{
	(void)state;
	put("s/gas", "{\"gas\":30}");
	store_late();
	assert_int_equal(count("tocsin/t/1/page/wang"), 1);
	assert_non_null(strstr(last("tocsin/t/1/page/wang")->payload, "UNRECORDED"));
	assert_non_null(strstr(last("tocsin/t/1/page/wang/json")->payload, "\"unrecorded\":true"));
	assert_non_null(strstr(last("tocsin/t/1/page/wang/json")->payload, "-u")); /* a provisional id */
	assert_int_equal(count("plc/valve/set"), 1);
	assert_int_equal(count("tocsin/t/1/incident/G-1/state") > 0, 1);
	assert_int_equal(count("tocsin/t/1/event"), 0); /* rows never leave unstored */
	assert_int_equal(count("tocsin/t/1/audit/head"), 0);
	store_all();
	assert_int_equal(d->store_state, STORE_OK);
	assert_int_equal(count("tocsin/t/1/page/wang"), 1);
	assert_int_equal(count("plc/valve/set"), 1);
	assert_true(count("tocsin/t/1/event") >= 2);
}

static void test_while_late_new_alarms_leave_at_once(void **state)
{
	(void)state;
	put("tocsin/t/1/cmd/wang/note", "1 x"); /* something is with the store */
	assert_non_null(held);
	store_late();
	put("s/gas", "{\"gas\":30}");
	assert_int_equal(count("tocsin/t/1/page/wang"), 1);
	store_all();
	assert_int_equal(count("tocsin/t/1/page/wang"), 1);
}

static void test_failing_store_refuses_waits_until_it_is_back(void **state)
{
	(void)state;
	put("s/gas", "{\"gas\":30}");
	store_says(STORE_ERROR);
	assert_int_equal(d->store_state, STORE_FAILING);
	assert_int_equal(gas_pages(), 1);
	assert_false(inbox_wait_stored(d->inbox, 1000000, 60000)); /* at once */
	store_all();
	assert_int_equal(d->store_state, STORE_OK);
	assert_int_equal(gas_pages(), 1);
	assert_false(inbox_wait_stored(d->inbox, 1000000, 1));
}

static void test_wait_that_ran_out_means_failing(void **state)
{
	(void)state;
	put("s/gas", "{\"gas\":30}");
	atomic_store(&d->receive.ran_out, true);
	store_says(STORE_NOTHING);
	assert_int_equal(d->store_state, STORE_FAILING);
	store_all();
}

static void test_cut_means_nothing_leaves(void **state)
{
	(void)state;
	put("s/gas", "{\"gas\":30}");
	store_says(STORE_FENCED);
	assert_int_equal(d->role, ROLE_CUT);
	assert_int_equal(d->exit_status, EXIT_BUG);
	put("s/gas", "{\"gas\":50}");
	assert_int_equal(n_sent, 0);
	assert_int_equal(n_submitted, 1);
}

static bool has_record(const struct records *r, const char *key)
{
	for (int i = 0; i < r->n; i++)
		if (!strcmp(r->at[i].key, key) && r->at[i].value)
			return true;
	return false;
}

/* The new database holds one turn: the next brings all the rest, and the plan. */
static void test_all_state_follows_into_a_new_store(void **state)
{
	(void)state;
	put("s/gas", "{\"gas\":30}");
	store_all();
	put("tocsin/t/1/cmd/wang/raise", "burst-pipe b2 two");
	assert_false(has_record(&held->records, "i/0000000001"));
	n_plans = 0;
	store_says(STORE_REPLACED);
	assert_non_null(held);
	assert_true(has_record(&held->records, "i/0000000001"));
	assert_true(n_plans > 0);
	store_says(STORE_COMMITTED);
	put("tocsin/t/1/cmd/wang/note", "2 three");
	assert_false(has_record(&held->records, "i/0000000001")); /* once */
	store_all();
}

static void test_order_given_before_the_gas_is_stopped_at_release(void **state)
{
	(void)state;
	put("tocsin/t/1/cmd/wang/operate", "fan on");
	assert_non_null(held); /* decided, not yet stored */
	put("s/gas", "{\"gas\":30}");
	store_all();
	assert_int_equal(count("plc/fan/set"), 0);
	assert_int_equal(count("plc/valve/set"), 1);
	assert_non_null(strstr(last("tocsin/t/1/result/wang")->payload, "interlocked"));
}

/* At the broker all places are taken: what leaves then is not what was right when it was decided. */
static void test_order_that_waits_for_its_place_is_stopped_by_the_gas(void **state)
{
	(void)state;
	put("tocsin/t/1/cmd/wang/operate", "fan on");
	put("tocsin/t/1/cmd/wang/operate", "valve open");
	store_all();
	assert_int_equal(count("plc/fan/set"), 1);
	assert_int_equal(count("plc/valve/set"), 1);
	put("s/gas", "{\"gas\":30}");
	assert_int_equal(count("plc/fan/set"), 0); /* forbidden */
	assert_int_equal(count("plc/valve/set"), 0); /* superseded: it would leave behind the one that shuts it */
	store_all();
	assert_int_equal(count("plc/fan/set"), 0);
	assert_int_equal(count("plc/valve/set"), 1);
	assert_string_equal(last("plc/valve/set")->payload, "C");
	assert_non_null(strstr(last("tocsin/t/1/result/wang")->payload, "interlocked"));
}

/* What waits while the own mark is lost did not leave, says the sender; it has not failed for good. */
static void test_order_that_waits_is_not_recalled_for_the_link(void **state)
{
	(void)state;
	put("s/gas", "{\"gas\":30}");
	store_all();
	assert_int_equal(count("plc/valve/set"), 1);
	link_is(LINK_MARK_LOST);
	store_all();
	assert_int_equal(count("plc/valve/set"), 1);
	assert_true(engine_next_due(d->engine) <= clock_now(&d->clock) + 5000); /* its next try */
}

static void test_result_goes_to_the_asker(void **state)
{
	(void)state;
	put("tocsin/t/1/cmd/wang/ack", "99");
	store_all();
	assert_non_null(strstr(last("tocsin/t/1/result/wang")->payload, "unknown_id"));
}

/* Without a client nobody hears the answer: the audit and the incident say what was done. */
static void ask_verb(const char *verb, const char *text)
{
	struct control_request r = {.client = 5,
	                            .act = "verb",
	                            .verb = verb,
	                            .text = text,
	                            .as = "wang",
	                            .login = "root",
	                            .is_admin = true};

	answers_ask(d, &r);
	daemon_turn(d);
	store_all();
}

static int answers_at(const char *topic)
{
	struct inbox_item *item = inbox_item_new(INBOX_MESSAGE);

	forget();
	item->message.topic = xstrdup("tocsin/t/1/cmd/wang/ack");
	item->message.payload = xstrdup("99");
	item->message.len = 2;
	item->message.qos = 1;
	item->message.response_topic = xstrdup(topic);
	inbox_put(d->inbox, item, 0);
	daemon_turn(d);
	store_all();
	assert_int_equal(count("tocsin/t/1/result/wang"), 1);
	return count(topic);
}

/* With our rights nothing is said where others speak. */
static void test_where_an_answer_may_go(void **state)
{
	(void)state;
	assert_int_equal(answers_at("phone/wang"), 1);
	assert_int_equal(answers_at("s/gas"), 0); /* it would be a sign of life */
	assert_int_equal(answers_at("plc/fan/set"), 0);
	assert_int_equal(answers_at("tocsin/t/1/cmd/li/ack"), 0);
}

static void test_verbs_of_the_control_socket(void **state)
{
	(void)state;
	put("s/gas", "{\"gas\":30}");
	store_all();
	ask_verb("ack", ""); /* bare: its page has not left for 3 s */
	assert_non_null(strstr(last("tocsin/t/1/event")->payload, "refused"));
	assert_non_null(strstr(last("tocsin/t/1/event")->payload, "which"));
	ask_verb("ack", "G-1");
	assert_non_null(strstr(last("tocsin/t/1/incident/G-1/state")->payload, "\"acked_by\":\"wang\""));
	forget();
	ask_verb("ack", " ");
	ask_verb("nonsense", "1");
	assert_int_equal(n_sent, 0);
}

static void test_outcomes_find_their_owner(void **state)
{
	struct inbox_item *item;
	int rows;

	(void)state;
	put("s/gas", "{\"gas\":30}");
	store_all();
	rows = count("tocsin/t/1/event");
	for (int i = 0; i < n_sent; i++) {
		if (!sent[i].token)
			continue;
		item = inbox_item_new(INBOX_PUBLISHED);
		item->published.token = sent[i].token;
		item->published.ok = true;
		inbox_put(d->inbox, item, 0);
		sent[i].token = 0;
	}
	daemon_turn(d);
	daemon_turn(d);
	store_all();
	assert_int_equal(channels_jobs(d->channels), 0);
	assert_true(count("tocsin/t/1/event") > rows); /* `sent`, at least */
}

static void test_resend_is_bounded_a_pass(void **state)
{
	(void)state;
	d->resends = xcalloc(1, sizeof *d->resends);
	d->resends->from = 1;
	d->resends->to = 1500;
	d->head_seq = 1500;
	rows_resend(d);
	assert_int_equal(n_sent, 1000);
	assert_non_null(strstr(sent[0].payload, "\"epoch\":3"));
	rows_resend(d);
	assert_int_equal(n_sent, 1500);
	assert_null(d->resends);
}

/* A disk that hangs would take the loop with it, and with it all calling. */
static void test_the_log_is_not_read_while_the_store_is_silent(void **state)
{
	(void)state;
	put("s/gas", "{\"gas\":30}");
	assert_non_null(held);
	at_disk_ms = STORE_LATE_MS;
	store_late();
	d->resends = xcalloc(1, sizeof *d->resends);
	d->resends->from = d->resends->to = d->head_seq = 1;
	daemon_turn(d);
	assert_non_null(d->resends);
	at_disk_ms = 0; /* the next try, after one that failed */
	store_says(STORE_ERROR);
	assert_non_null(d->resends);
	at_disk_ms = -1;
	daemon_turn(d); /* it fails, but it does not hang */
	assert_null(d->resends);
	store_all();
}

static void test_stop_stores_all_then_hangs_up_then_ends(void **state)
{
	(void)state;
	put("s/gas", "{\"gas\":30}");
	daemon_stop(d);
	daemon_turn(d);
	assert_int_equal(atomic_load(&n_stopped), 0); /* something is with the store */
	store_all();
	for (int i = 0; i < 60000 && !atomic_load(&d->has_hung_up); i++) {
		daemon_turn(d);
		store_all();
		usleep(1000);
	}
	assert_int_equal(atomic_load(&n_stopped), 1);
	assert_non_null(strstr(last("tocsin/t/1/event")->payload, "stopped"));
	loop_run(d->loop); /* the turn it caused ends the loop */
	assert_true(daemon_is_idle(d));
}

static int setup(void **state)
{
	const struct channels_out out = {.outcome = perform_channel_outcome,
	                                 .publish = perform_channel_publish};
	struct channels_out with_daemon = out;

	(void)state;
	d = xcalloc(1, sizeof *d);
	d->step_fd = -1;
	d->posted_end = &d->posted;
	d->role = ROLE_LEADING;
	clock_open(&d->clock);
	d->loop = loop_new();
	d->inbox = inbox_new(64);
	d->gathering = batch_new();
	d->newest = site_generation();
	d->newest->intake = intake_new(d->newest->plan);
	d->poison = poison_open("/nonexistent/none");
	d->receive.spill = spill_open("/nonexistent/none");
	snprintf(d->receive.root, sizeof d->receive.root, "tocsin/t/1/");
	timers_start(d);
	with_daemon.arg = d;
	d->channels = channels_new(d->loop, &with_daemon);
	channels_use(d->channels, d->newest->plan);
	d->engine = engine_new(d->newest->plan);
	step_started();
	daemon_turn(d);
	store_all();
	link_is(LINK_UP);
	link_is(LINK_SYNCED);
	put("s/gas", "{\"gas\":1}");
	store_all();
	forget();
	return 0;
}

static int teardown(void **state)
{
	struct posted *p;

	(void)state;
	while ((p = d->posted)) {
		d->posted = p->next;
		arena_fini(&p->arena);
		free(p);
	}
	held = NULL;
	answer = STORE_NOTHING;
	batch_free(d->flying);
	batch_free(d->gathering);
	channels_free(d->channels);
	engine_free(d->engine);
	timers_free(d);
	loop_free(d->loop);
	inbox_free(d->inbox);
	poison_close(d->poison);
	spill_close(d->receive.spill);
	generation_free(d->newest);
	free(d);
	return 0;
}

#define TEST(F) cmocka_unit_test_setup_teardown(F, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_nothing_leaves_before_it_is_stored),
	    TEST(test_rows_leave_with_their_hashes),
	    TEST(test_one_commit_at_a_time),
	    TEST(test_callbacks_are_let_go_by_the_commit),
	    TEST(test_nothing_to_store_lets_go_at_once),
	    TEST(test_late_store_urgent_leaves_once),
	    TEST(test_while_late_new_alarms_leave_at_once),
	    TEST(test_failing_store_refuses_waits_until_it_is_back),
	    TEST(test_wait_that_ran_out_means_failing),
	    TEST(test_cut_means_nothing_leaves),
	    TEST(test_all_state_follows_into_a_new_store),
	    TEST(test_order_given_before_the_gas_is_stopped_at_release),
	    TEST(test_order_that_waits_for_its_place_is_stopped_by_the_gas),
	    TEST(test_order_that_waits_is_not_recalled_for_the_link),
	    TEST(test_result_goes_to_the_asker),
	    TEST(test_where_an_answer_may_go),
	    TEST(test_verbs_of_the_control_socket),
	    TEST(test_outcomes_find_their_owner),
	    TEST(test_resend_is_bounded_a_pass),
	    TEST(test_the_log_is_not_read_while_the_store_is_silent),
	    TEST(test_stop_stores_all_then_hangs_up_then_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
