/* mqtt_policy.c - backoff with jitter, and the way from MQTT 5 to 3.1.1. */
#include "mqtt_policy.h"

#include "fault.h"

#include <stdlib.h>

enum { FIRST_WAIT_MS = 1000, LAST_WAIT_MS = 8000, CLOSED_LIMIT = 3 };

void mqtt_policy_init(struct mqtt_policy *p, int version, const char *site)
{
	p->wanted = p->version = version == 5 ? MQTT_5 : MQTT_3_1_1;
	p->closed_in_row = 0;
	p->base_ms = FIRST_WAIT_MS;
	p->lcg = 1;
	for (; *site; site++)
		p->lcg = p->lcg * 31 + (unsigned char)*site;
}

void mqtt_policy_failed(struct mqtt_policy *p, enum connect_failure why)
{
	if (p->version != MQTT_5) {
		/* An accident may have led here: MQTT 5 gets its chance again. */
		if (why != CONNECT_FAILED)
			p->version = p->wanted;
		p->closed_in_row = 0;
		return;
	}
	p->closed_in_row = why == CONNECT_CLOSED ? p->closed_in_row + 1 : 0;
	if (why == CONNECT_REFUSED_VERSION || p->closed_in_row >= CLOSED_LIMIT) {
		p->version = MQTT_3_1_1;
		p->closed_in_row = 0;
	}
}

void mqtt_policy_steady(struct mqtt_policy *p)
{
	p->base_ms = FIRST_WAIT_MS;
	p->closed_in_row = 0;
}

void mqtt_policy_lost(struct mqtt_policy *p)
{
	p->version = p->wanted;
}

int64_t mqtt_policy_wait_ms(struct mqtt_policy *p)
{
	const char *fixed_ms = fault_arg("reconnect-ms");
	int64_t base_ms = p->base_ms;

	p->lcg = p->lcg * 6364136223846793005u + 1442695040888963407u;
	if (p->base_ms < LAST_WAIT_MS)
		p->base_ms *= 2;
	if (fixed_ms)
		return strtoll(fixed_ms, NULL, 10);
	return base_ms + (int64_t)((p->lcg >> 33) % (uint64_t)(base_ms / 4));
}
