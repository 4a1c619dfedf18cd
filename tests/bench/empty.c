/* empty.c - a program that opens what the daemon opens and does nothing with
 * it: the floor of its memory. empty PORT FILE; ends by signal. */
#include <MQTTAsync.h>
#include <event2/event.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include <yaml.h>

static int on_message(void *arg, char *topic, int len, MQTTAsync_message *m)
{
	(void)arg;
	(void)len;
	MQTTAsync_freeMessage(&m);
	MQTTAsync_free(topic);
	return 1;
}

static int connect_to(const char *port)
{
	MQTTAsync_connectOptions o = MQTTAsync_connectOptions_initializer;
	MQTTAsync client;
	char uri[64];

	snprintf(uri, sizeof(uri), "tcp://127.0.0.1:%s", port);
	if (MQTTAsync_create(&client, uri, "bench-empty", MQTTCLIENT_PERSISTENCE_NONE, NULL) !=
	    MQTTASYNC_SUCCESS)
		return -1;
	MQTTAsync_setCallbacks(client, NULL, NULL, on_message, NULL);
	return MQTTAsync_connect(client, &o);
}

static int open_store(const char *path)
{
	sqlite3 *db;

	return sqlite3_open(path, &db) == SQLITE_OK &&
	               sqlite3_exec(db, "pragma journal_mode=wal; create table t(a); insert into t values(1)",
	                            NULL, NULL, NULL) == SQLITE_OK
	           ? 0
	           : -1;
}

int main(int argc, char **argv)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	yaml_parser_t parser;

	if (argc != 3 || !event_base_new() || !json_object() || !yaml_parser_initialize(&parser) ||
	    !EVP_Digest("", 0, digest, NULL, EVP_sha3_256(), NULL) || open_store(argv[2]) != 0 ||
	    connect_to(argv[1]) != 0)
		return 1;
	sd_notify(0, "READY=1");
	for (;;)
		pause();
}
