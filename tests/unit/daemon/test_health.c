/* What is wrong with the program itself: told once when it begins, once when it
 * is over; and what of it can be read from files and channels. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cert.h"
#include "channels.h"
#include "health.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BEAT_MS = 10000 };

static struct health health;
static struct health_look look;
static char said[512];

static void on_say(void *arg, enum self self, bool over, const char *what)
{
	size_t n = strlen(said);

	(void)arg;
	snprintf(said + n, sizeof said - n, "%s%s %s: %s", n ? " | " : "", self_name(self), over ? "over" : "bad",
	         what);
}

/* What one more heartbeat says. */
static const char *beat(void)
{
	said[0] = 0;
	look.now_ms += BEAT_MS;
	health_judge(&health, &look, on_say, NULL);
	return said;
}

static const char *beats(int n)
{
	while (--n > 0)
		assert_string_equal(beat(), "");
	return beat();
}

static int setup(void **state)
{
	(void)state;
	health = (struct health){0};
	look = (struct health_look){
	    .now_ms = 1000, .inbox_cap = 4096, .memory_cap = 1000 << 20, .cert_left_s = INT64_MAX, .files = "", .channels = ""};
	assert_string_equal(beat(), "");
	return 0;
}

enum { CALM_BEATS = HEALTH_CALM_MS / BEAT_MS };

static void test_all_is_well(void **state)
{
	(void)state;
	assert_string_equal(beats(1000), "");
}

static void test_the_loop_stood_still(void **state)
{
	(void)state;
	look.loop_late_ms = HEALTH_LATE_MS;
	assert_string_equal(beat(), "");
	look.loop_late_ms = 7300;
	assert_string_equal(beat(), "falling-behind bad: the program stood still for 7 s: is the machine overloaded?");
	assert_string_equal(beats(5), ""); /* once */
	look.loop_late_ms = 0;
	assert_string_equal(beats(CALM_BEATS), "falling-behind over: nothing of it for 10 minutes");
	assert_string_equal(beats(200), "");
}

static void test_a_message_that_hangs(void **state)
{
	(void)state;
	look.is_receive_stuck = true;
	assert_string_equal(beat(), "falling-behind bad: a message has been in work for more than 10 s");
}

static void test_a_full_inbox_twice(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) { /* a burst */
		look.inbox = i % 2 ? 0 : 4096;
		assert_string_equal(beat(), "");
	}
	look.inbox = 3700;
	assert_string_equal(beat(), "");
	assert_string_equal(beat(), "falling-behind bad: messages come faster than they are handled");
}

static void test_a_disk_that_is_always_late(void **state)
{
	(void)state;
	for (int i = 0; i < 500; i++) { /* now and then is daily life */
		look.store_lates += i % 4 == 0;
		assert_string_equal(beat(), "");
	}
	look.store_lates += HEALTH_STORE_LATES;
	assert_string_equal(beat(), "falling-behind bad: the disk is slow: the audit store is late again and again");
	for (int i = 0; i < 120; i++) { /* it stays slow, and is not told again */
		look.store_lates += HEALTH_STORE_LATES;
		assert_string_equal(beat(), "");
	}
	assert_string_equal(beats(CALM_BEATS), "falling-behind over: nothing of it for 10 minutes");
}

static void test_memory(void **state)
{
	(void)state;
	look.memory = 799 << 20;
	assert_string_equal(beat(), "");
	look.memory = 801 << 20;
	assert_string_equal(beat(), "memory-low bad: 801 of 1000 MiB are used; at the limit the program is ended and "
	                            "started again");
	look.memory = 750 << 20;
	assert_string_equal(beats(10), ""); /* not back and forth */
	look.memory = 700 << 20;
	assert_non_null(strstr(beat(), "memory-low over"));
	look.memory_cap = 0; /* no limit, no fault */
	look.memory = (int64_t)8 << 30;
	assert_string_equal(beat(), "");
}

static void test_certificates(void **state)
{
	(void)state;
	look.cert = "/etc/tocsin/client.crt";
	look.cert_left_s = HEALTH_CERT_S;
	assert_string_equal(beat(), "");
	look.cert_left_s = HEALTH_CERT_S - 1;
	assert_string_equal(beat(), "certificate-ends bad: /etc/tocsin/client.crt ends in 13 days: renew it, then tocsin "
	                            "reload");
	look.cert_left_s = -5;
	assert_string_equal(beat(), ""); /* told */
	look.cert_left_s = INT64_MAX;
	assert_string_equal(beat(), "certificate-ends over: the certificates hold");
	look.cert_left_s = -5;
	assert_string_equal(beat(), "certificate-ends bad: /etc/tocsin/client.crt has ended: the broker cannot be reached "
	                            "with it");
}

static void test_channels_are_passed_on(void **state)
{
	(void)state;
	look.channels = "channel sms: no such plugin";
	assert_string_equal(beat(), "channel-down bad: channel sms: no such plugin");
	assert_string_equal(beats(50), "");
	look.channels = "";
	assert_string_equal(beat(), "channel-down over: it works again");
}

static void test_files_are_passed_on(void **state)
{
	(void)state;
	look.files = "the directory cannot be written";
	look.channels = "channel sms: exit 1";
	assert_string_equal(beat(), "files-unwritable bad: the directory cannot be written | channel-down bad: channel "
	                            "sms: exit 1");
	assert_string_equal(beats(50), "");
	look.files = "";
	assert_string_equal(beat(), "files-unwritable over: it works again");
}

/* -- files and channels -- */

static void test_a_real_certificate(void **state)
{
	char dir[] = "/tmp/health-XXXXXX", command[256], path[64];
	int64_t left_s = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/c.crt", dir);
	snprintf(command, sizeof command,
	         "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=t -days 10 -keyout %s/c.key -out %s 2>/dev/null", dir,
	         path);
	assert_int_equal(system(command), 0);
	assert_true(cert_left_s(path, &left_s));
	assert_in_range(left_s, 10 * 86400 - 600, 10 * 86400);
	snprintf(path, sizeof path, "%s/c.key", dir); /* no certificate in it */
	assert_false(cert_left_s(path, &left_s));
	assert_false(cert_left_s("/nonexistent", &left_s));
	snprintf(command, sizeof command, "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static const char *fail_argv[] = {"/bin/false"}, *ok_argv[] = {"/bin/true"};
static struct channel defs[] = {
    {.id = "sms", .plugin = "exec", .argv = {fail_argv, 1}, .timeout_ms = 10000},
    {.id = "page", .plugin = "page"},
};
static struct person people[] = {{.id = "wang"}};
static struct plan plan = {.site = "t", .people = people, .n_people = 1, .channels = defs, .n_channels = 2};
static struct loop *loop;
static struct channels *channels;
static int n_ended;
static int64_t tokens[16];
static int n_tokens;

static void on_outcome(void *arg, const struct channel_outcome *o)
{
	(void)arg;
	(void)o;
	n_ended++;
	loop_stop(loop);
}

static void on_publish(void *arg, const struct channel_publish *p)
{
	(void)arg;
	tokens[n_tokens++] = p->token;
}

static void notify(const char *channel)
{
	struct notice notice = {
	    .id = "2.1", .person = "wang", .channel = channel, .incident = "G-1", .text = "x", .reply_by_ms = -1};
	struct channel_notice n = {.notice = &notice, .sent_id = "2.1", .marks = {.head_hash = "a"}};

	channels_send(channels, &n);
}

static void by_program(const char *const *argv)
{
	int before = n_ended;

	defs[0].argv = (struct strings){argv, 1};
	notify("sms");
	while (n_ended == before)
		loop_run(loop);
}

static void by_page(bool ok)
{
	n_tokens = 0;
	notify("page");
	for (int i = 0; i < n_tokens; i++)
		channels_published(channels, tokens[i], ok, "not authorised");
}

static const char *trouble(bool is_linked)
{
	static char text[256];

	channels_trouble(channels, is_linked, text, sizeof text);
	return text;
}

static void test_channels_that_fail(void **state)
{
	const struct channels_out out = {on_outcome, on_publish, NULL};

	(void)state;
	signal(SIGPIPE, SIG_IGN); /* as tocsind does: these programs end without reading their notice */
	loop = loop_new();
	channels = channels_new(loop, &out);
	channels_use(channels, &plan);
	assert_string_equal(trouble(true), "");
	by_program(fail_argv);
	by_program(fail_argv);
	assert_string_equal(trouble(true), "");
	by_program(fail_argv);
	assert_non_null(strstr(trouble(true), "channel sms: "));
	assert_non_null(strstr(trouble(true), "wang is not reached: the last 3 notices failed"));
	by_page(true);
	assert_null(strstr(trouble(true), "wang"));
	for (int i = 0; i < 3; i++)
		by_page(false);
	assert_non_null(strstr(trouble(true), "channel page: not authorised"));
	assert_null(strstr(trouble(false), "page")); /* no link: not the channel's fault */
	assert_null(strstr(trouble(true), "page"));
	defs[0].argv = (struct strings){ok_argv, 1};
	channels_use(channels, &plan); /* mended by a reload */
	assert_string_equal(trouble(true), "");
	defs[0].plugin = "pigeon";
	channels_use(channels, &plan);
	assert_non_null(strstr(trouble(true), "channel sms: there is no plugin 'pigeon'"));
	channels_free(channels);
	loop_free(loop);
}

#define TEST(F) cmocka_unit_test_setup(F, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_all_is_well),
	    TEST(test_the_loop_stood_still),
	    TEST(test_a_message_that_hangs),
	    TEST(test_a_full_inbox_twice),
	    TEST(test_a_disk_that_is_always_late),
	    TEST(test_memory),
	    TEST(test_certificates),
	    TEST(test_channels_are_passed_on),
	    TEST(test_files_are_passed_on),
	    TEST(test_a_real_certificate),
	    TEST(test_channels_that_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
