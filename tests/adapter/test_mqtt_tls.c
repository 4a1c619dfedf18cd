/* test_mqtt_tls.c - who may connect: passwords, the ACL, certificates made by
 * the openssl command, and what a held callback means with TLS. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "adapter/mqtt_rig.h"

#define ROOT "tocsin/tls/1/"

static void shell(const struct test_broker *b, const char *script)
{
	const char *argv[] = {"sh", "-ec", NULL, NULL};
	char text[4096], out[128];
	int status;

	snprintf(text, sizeof(text), "cd %s\n%s", b->dir, script);
	snprintf(out, sizeof(out), "%s/shell", b->dir);
	argv[2] = text;
	waitpid(test_spawn(out, argv), &status, 0);
	if (status != 0)
		test_die(out);
}

static struct rig *try_with(const struct mqtt_config *config)
{
	struct rig *r = rig_new(config);

	mqtt_start(r->m);
	return r;
}

static bool is_refused(const struct mqtt_config *config, const char *why)
{
	struct rig *r = try_with(config);
	bool down = TEST_UNTIL(rig_links(r, LINK_DOWN) == 1, TEST_LIMIT_MS);
	bool right = RIG_GET(r, strstr(r->last_why, why) != NULL);

	rig_say_why(r);
	down = down && rig_links(r, LINK_UP) == 0;
	rig_stop(r);
	return down && right;
}

static bool is_welcome(const struct mqtt_config *config)
{
	struct rig *r = try_with(config);
	bool synced = TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS);

	rig_stop(r);
	return synced;
}

static void test_passwords(void **state)
{
	struct test_broker b;
	struct mqtt_config config;

	(void)state;
	broker_dir(&b);
	shell(&b, "touch pw; chmod 600 pw; mosquitto_passwd -b pw tocsin right");
	broker_write(&b, "conf",
	             "listener @PORT@ 127.0.0.1\nallow_anonymous false\npassword_file @DIR@/pw\nuser root\n");
	broker_run(&b);
	for (int version = 5; version >= 3; version -= 2) {
		config = rig_config(&b, "tls", version);
		config.broker.user = "tocsin";
		config.password = "wrong";
		assert_true(is_refused(&config, "refuses this user name or password"));
		config.password = "right";
		assert_true(is_welcome(&config));
	}
	broker_end(&b);
}

/* The password is changed at the broker, then here: the session stays, and what came meanwhile arrives. */
static void test_password_is_rotated(void **state)
{
	struct test_broker b, other;
	struct mqtt_config config;
	struct rig *r;

	(void)state;
	broker_dir(&b);
	shell(&b, "touch pw; chmod 600 pw; mosquitto_passwd -b pw tocsin old; mosquitto_passwd -b pw plc p");
	broker_write(&b, "conf",
	             "listener @PORT@ 127.0.0.1\nallow_anonymous false\npassword_file @DIR@/pw\nuser root\n");
	broker_run(&b);
	config = rig_config(&b, "tls", 5);
	config.broker.user = "tocsin";
	config.password = "old";
	r = try_with(&config);
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS));
	shell(&b, "mosquitto_passwd -b pw tocsin new");
	broker_signal(&b, SIGHUP);
	assert_true(TEST_UNTIL(rig_links(r, LINK_DOWN) == 1, TEST_LIMIT_MS)); /* mosquitto shows it the door */
	assert_int_equal(broker_pub(&b, "plc/x", "meanwhile", "-u", "plc", "-P", "p", "-q", "1", NULL), 0);
	assert_true(TEST_UNTIL(RIG_GET(r, strstr(r->last_why, "user name or password") != NULL) ||
	                           rig_faults(r, "password"),
	                       TEST_LIMIT_MS));
	mqtt_use(r->m, &config.broker, "new");
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 2, TEST_LIMIT_MS));
	assert_true(rig_find(r, "plc/x", "meanwhile", NULL));
	broker_start(&other, BROKER_OPEN); /* and another broker altogether */
	config.broker.port = other.port;
	mqtt_use(r->m, &config.broker, NULL);
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 3, TEST_LIMIT_MS));
	assert_int_equal(rig_links(r, LINK_DOWN), 2);
	broker_pub(&other, "plc/x", "there", "-q", "1", NULL);
	assert_true(TEST_UNTIL(rig_find(r, "plc/x", "there", NULL), TEST_LIMIT_MS));
	rig_stop(r);
	broker_end(&other);
	broker_end(&b);
}

/* What the ACL forbids is answered as not sent where MQTT can say it. */
static void test_acl(void **state)
{
	struct test_broker b;
	struct mqtt_config config;
	struct rig *r;

	(void)state;
	broker_dir(&b);
	shell(&b,
	      "touch pw; chmod 600 pw; mosquitto_passwd -b pw tocsin right; mosquitto_passwd -b pw wang w");
	broker_write(&b, "acl",
	             "pattern write tocsin/tls/1/cmd/%u/#\nuser tocsin\ntopic readwrite tocsin/tls/1/#\n"
	             "topic read plc/#\ntopic read temp/#\ntopic read $SYS/#\n");
	broker_write(&b, "conf",
	             "listener @PORT@ 127.0.0.1\nallow_anonymous false\npassword_file @DIR@/pw\n"
	             "acl_file @DIR@/acl\nuser root\n");
	broker_run(&b);
	config = rig_config(&b, "tls", 5);
	config.broker.user = "tocsin";
	config.password = "right";
	r = try_with(&config);
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS));
	rig_publish(r, LANE_PERSON, "plc/valve/set", "C", 1);
	rig_publish(r, LANE_PERSON, ROOT "page/wang", "x", 2);
	assert_true(TEST_UNTIL(RIG_GET(r, r->n_answers) == 2, TEST_LIMIT_MS));
	assert_false(r->token_ok[1]);
	assert_true(strcasestr(r->token_why[1], "not authorized") != NULL);
	assert_true(r->token_ok[2]);
	broker_pub(&b, ROOT "cmd/li/ack", "forged", "-u", "wang", "-P", "w", "-q", "1", NULL);
	broker_pub(&b, ROOT "cmd/wang/ack", "own", "-u", "wang", "-P", "w", "-q", "1", NULL);
	assert_true(TEST_UNTIL(rig_find(r, ROOT "cmd/wang/ack", "own", NULL), TEST_LIMIT_MS));
	assert_false(rig_find(r, ROOT "cmd/li/ack", NULL, NULL));
	rig_stop(r);
	broker_end(&b);
}

static const char make_certificates[] =
    "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=test-ca -days 2\n"
    "openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.crt -subj /CN=other-ca -days 2\n"
    "make() { openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj /CN=$1\n"
    "printf \"subjectAltName=$2\\n\" > $1.ext\n"
    "openssl x509 -req -in $1.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out $1.crt -days 2 -extfile "
    "$1.ext; }\n"
    "make server DNS:localhost,IP:127.0.0.1\nmake wrong DNS:broker.example\nmake client DNS:client\n"
    "cp server.key expired.key\n"
    "openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out expired.crt -days -1 "
    "-extfile server.ext\n"
    "openssl x509 -req -in client.csr -CA other.crt -CAkey other.key -CAcreateserial -out stranger.crt -days "
    "2\n";

#define TLS_CONFIG(CERT, MORE) \
	"listener @PORT@ 127.0.0.1\nallow_anonymous true\nuser root\ncafile @DIR@/ca.crt\n" \
	"certfile @DIR@/" CERT ".crt\nkeyfile @DIR@/" CERT ".key\n" MORE

static char ca[128], other_ca[128], client_cert[128], client_key[128];

static struct mqtt_config tls_config(const struct test_broker *b, const char *host, const char *ca_file)
{
	struct mqtt_config config = rig_config(b, "tls", 5);

	snprintf(ca, sizeof(ca), "%s/ca.crt", b->dir);
	snprintf(other_ca, sizeof(other_ca), "%s/other.crt", b->dir);
	snprintf(client_cert, sizeof(client_cert), "%s/client.crt", b->dir);
	snprintf(client_key, sizeof(client_key), "%s/client.key", b->dir);
	config.broker.host = host;
	config.broker.tls = (struct tls){.ca = ca_file, .use = true};
	return config;
}

static void test_certificates(void **state)
{
	struct test_broker b;
	struct mqtt_config config;

	(void)state;
	broker_dir(&b);
	shell(&b, make_certificates);
	broker_write(&b, "conf", TLS_CONFIG("server", ""));
	broker_run(&b);
	config = tls_config(&b, "127.0.0.1", ca);
	assert_true(is_welcome(&config));
	config = tls_config(&b, "localhost", ca);
	assert_true(is_welcome(&config));
	config = tls_config(&b, "localhost", other_ca); /* not the CA that signed */
	assert_true(is_refused(&config, "TLS: certificate verify failed"));
	broker_kill(&b);
	broker_write(&b, "conf", TLS_CONFIG("expired", ""));
	broker_run(&b);
	config = tls_config(&b, "localhost", ca);
	assert_true(
	    is_refused(&config, "TLS: certificate verify failed: the broker's certificate has expired"));
	broker_kill(&b);
	broker_write(&b, "conf", TLS_CONFIG("wrong", ""));
	broker_run(&b);
	config = tls_config(&b, "localhost", ca); /* the right CA, another host's certificate */
	assert_true(is_refused(&config, "certificate names this host"));
	broker_end(&b);
}

/* The broker asks for a certificate too: none, and one of another CA, are not enough. */
static void test_client_certificates(void **state)
{
	struct test_broker b;
	struct mqtt_config config;

	(void)state;
	broker_dir(&b);
	shell(&b, make_certificates);
	broker_write(&b, "conf",
	             TLS_CONFIG("server", "require_certificate true\nuse_identity_as_username true\n"));
	broker_run(&b);
	config = tls_config(&b, "localhost", ca);
	assert_true(is_refused(&config, "(broker.tls.cert)"));
	snprintf(other_ca, sizeof(other_ca), "%s/stranger.crt", b.dir);
	config.broker.tls.cert = other_ca;
	config.broker.tls.key = client_key;
	assert_true(is_refused(&config, "(broker.tls.cert)"));
	config.broker.tls.cert = client_cert;
	assert_true(is_welcome(&config));
	broker_end(&b);
}

/* A server that speaks nothing newer than 1.1 is refused, whatever the machine's openssl.cnf allows. */
static void test_nothing_below_1_2(void **state)
{
	static const char *const words[] = {"-tls1_1", "-tls1_2", "-tls1_3"};
	struct test_broker b;
	struct mqtt_config config;
	char port[16], cert[128], key[128], log[128];

	(void)state;
	broker_dir(&b);
	shell(&b, make_certificates);
	snprintf(port, sizeof(port), "%d", b.port);
	snprintf(cert, sizeof(cert), "%s/server.crt", b.dir);
	snprintf(key, sizeof(key), "%s/server.key", b.dir);
	snprintf(log, sizeof(log), "%s/s_server", b.dir);
	config = tls_config(&b, "localhost", ca);
	for (int i = 0; i < 3; i++) {
		const char *argv[] = {"openssl", "s_server", "-accept", port,      "-cert",           cert,
		                      "-key",    key,        words[i],  "-cipher", "ALL:@SECLEVEL=0", "-www",
		                      "-state",  NULL};
		pid_t server = test_spawn(log, argv);
		struct rig *r;
		int64_t until_ms = test_now_ms() + TEST_LIMIT_MS;
		int fd;

		while ((fd = test_socket(b.port, false)) < 0 && test_now_ms() < until_ms)
			test_nap();
		assert_true(fd >= 0);
		close(fd);
		r = try_with(&config);
		if (i == 0) {
			assert_true(TEST_UNTIL(rig_links(r, LINK_DOWN) == 1, TEST_LIMIT_MS));
			rig_say_why(r);
		}
		assert_true(
		    TEST_UNTIL((broker_lines(&b, "s_server", "read finished") > 0) == (i > 0), TEST_LIMIT_MS));
		rig_stop(r);
		broker_unsub(server);
		unlink(log);
	}
	broker_end(&b);
}

/* With TLS nothing can pass the library: the page waits for the callback, goes once and is not lost. */
static void test_hold_with_tls(void **state)
{
	struct outgoing o = {.lane = LANE_LIFE,
	                     .topic = ROOT "page/wang",
	                     .payload = "fire",
	                     .len = 4,
	                     .qos = 1,
	                     .repeat_payload = "again",
	                     .token = 1};
	struct test_broker b;
	struct mqtt_config config;
	struct rig *r;

	(void)state;
	broker_dir(&b);
	shell(&b, make_certificates);
	broker_write(&b, "conf", TLS_CONFIG("server", ""));
	broker_run(&b);
	config = tls_config(&b, "localhost", ca);
	r = try_with(&config);
	assert_true(TEST_UNTIL(rig_links(r, LINK_SYNCED) == 1, TEST_LIMIT_MS));
	atomic_store(&r->hold_topic, "plc/hold");
	atomic_store(&r->hold_ms, TEST_LIMIT_MS);
	assert_int_equal(broker_pub(&b, "plc/hold", "1", "-q", "1", "--cafile", ca, "-h", "localhost", NULL),
	                 0);
	assert_true(TEST_UNTIL(atomic_load(&r->is_holding), TEST_LIMIT_MS));
	mqtt_publish(r->m, &o);
	assert_false(RIG_GET(r, r->n_answers));
	atomic_store(&r->hold_ms, 0);
	assert_true(TEST_UNTIL(RIG_GET(r, r->answers[1]) == 1, TEST_LIMIT_MS));
	assert_false(atomic_load(&r->is_holding));
	assert_true(r->token_ok[1]);
	rig_stop(r);
	broker_end(&b);
}

/* The machine's own settings shall not be what refuses. */
static int permit_everything(void **state)
{
	static const char conf[] = "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = any\n"
	                           "[any]\nMinProtocol = TLSv1\nCipherString = ALL:@SECLEVEL=0\n";
	char path[] = "/tmp/tocsin-openssl-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0 || write(fd, conf, strlen(conf)) < 0 || close(fd) < 0)
		return -1;
	return setenv("OPENSSL_CONF", path, 1);
}

static int forget_settings(void **state)
{
	(void)state;
	return unlink(getenv("OPENSSL_CONF"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_passwords, rig_stop_all),
	    cmocka_unit_test_teardown(test_password_is_rotated, rig_stop_all),
	    cmocka_unit_test_teardown(test_acl, rig_stop_all),
	    cmocka_unit_test_teardown(test_certificates, rig_stop_all),
	    cmocka_unit_test_teardown(test_client_certificates, rig_stop_all),
	    cmocka_unit_test_teardown(test_nothing_below_1_2, rig_stop_all),
	    cmocka_unit_test_teardown(test_hold_with_tls, rig_stop_all),
	};

	setenv("TOCSIN_FAULT", CALM, 1);
	return cmocka_run_group_tests(tests, permit_everything, forget_settings);
}
