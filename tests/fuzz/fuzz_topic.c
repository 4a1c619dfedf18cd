/* fuzz_topic.c - any topic ("topic\npayload"): of a command only when its user
 * and verb can be nothing else, of an incident only with a number that fits. */
#include "base/text.h"
#include "receive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char root[] = "tocsin/plaza/1/";

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_command(const char *topic)
{
	char user[65], verb[33], same[256];

	if (!receive_command_topic(root, topic, user, verb))
		return;
	must(*user && *verb && !strchr(user, '/') && !strchr(verb, '/') && utf8_valid(user, strlen(user)));
	snprintf(same, sizeof same, "%scmd/%s/%s", root, user, verb);
	must(!strcmp(same, topic));
}

static void check_incident(const char *topic)
{
	char id[32], same[256];
	int64_t number;

	if (!receive_incident_topic(root, topic, id, &number))
		return;
	must(number > 0);
	snprintf(same, sizeof same, "%sincident/%s/state", root, id);
	must(!strcmp(same, topic) && strtoll(id + 2, NULL, 10) == number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *topic = malloc(size + sizeof root);

	if (size)
		memcpy(topic, data, size);
	topic[size] = 0;
	check_command(topic);
	check_incident(topic);
	memcpy(topic, root, sizeof root - 1); /* most are ours */
	if (size)
		memcpy(topic + sizeof root - 1, data, size);
	topic[size + sizeof root - 1] = 0;
	check_command(topic);
	check_incident(topic);
	free(topic);
	return 0;
}
