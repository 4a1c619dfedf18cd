/* mqtt_policy.h - how often to knock at the broker and which MQTT version to
 * ask for. Decisions only. */
#ifndef TOCSIN_MQTT_POLICY_H
#define TOCSIN_MQTT_POLICY_H

#include <stdint.h>

enum connect_failure {
	CONNECT_REFUSED_VERSION, /* the server said that it does not speak this version */
	CONNECT_CLOSED,          /* TCP worked, then the server hung up without an answer */
	CONNECT_FAILED,          /* anything else */
};

enum { MQTT_5 = 5, MQTT_3_1_1 = 4 };

struct mqtt_policy {
	int wanted;  /* MQTT_5 or MQTT_3_1_1 */
	int version; /* for the next attempt */
	int closed_in_row;
	int64_t base_ms;
	uint64_t lcg;
};

/* version: 5, or 3 for 3.1.1; the site name seeds the jitter, so that sites
 * behind one broker do not knock in step. */
void mqtt_policy_init(struct mqtt_policy *p, int version, const char *site);
/* An old server hangs up on MQTT 5 without a word; so does one that stops: only the third in a row counts. */
void mqtt_policy_failed(struct mqtt_policy *p, enum connect_failure why);
void mqtt_policy_steady(struct mqtt_policy *p);     /* the link lasts: the next wait is short again */
void mqtt_policy_lost(struct mqtt_policy *p);       /* the next attempt asks for the wanted version again */
int64_t mqtt_policy_wait_ms(struct mqtt_policy *p); /* 1..10 s, growing */

#endif
