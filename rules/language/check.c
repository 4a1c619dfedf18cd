/* check.c - what a whole plan says: the QoS of its sensors, and the proofs.
 * Of a plan with errors nothing is proved: it would be said of what is not
 * there. */
#include "language/check.h"

#include <string.h>

/* Highest safe rule: telemetry may be QoS 0, so that a stalled disk cannot
 * push alarms out of the broker's queue; what life depends on may not. */
static void settle_qos(struct reader *r, int i, struct sensor_def *s, const struct look *look)
{
	static const char *const telemetry[] = {"temperature", "humidity", "power",    "energy",  "current",
	                                        "level",       "flow",     "pressure", "battery", "link"};
	static const struct strings kinds = {telemetry, sizeof telemetry / sizeof *telemetry};
	const struct node *qos = node_get(r->sections[SECTION_SENSORS].at[i].body, "qos");

	if (s->qos < 0)
		s->qos = look->life >= 0 || !s->kind || !strings_have(&kinds, s->kind);
	else if (!s->qos && look->life >= 0 && qos)
		caution(r, qos, "qos 0 can lose a message, and incident '%s' (%s) depends on this sensor",
		        r->plan->types[look->life].id, hazard_name(r->plan->types[look->life].hazard));
}

void plan_check(struct reader *r)
{
	struct sensor_def *sensors = (struct sensor_def *)(void *)r->plan->sensors;
	const struct look *looks;

	if (r->is_broken || r->problems->n_errors)
		return;
	looks = looks_find(r);
	for (int i = 0; i < r->plan->n_sensors; i++)
		settle_qos(r, i, &sensors[i], &looks[i]);
	check_sensors(r, looks);
	check_conditions(r);
	check_people(r);
	check_acts(r);
	check_haste(r);
	check_home_assistant(r);
}
