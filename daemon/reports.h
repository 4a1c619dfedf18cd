/* reports.h - the verb `report`: incident reports in numbered parts to who
 * asked. The audit is walked a bounded part at a time, between the turns. */
#ifndef TOCSIN_REPORTS_H
#define TOCSIN_REPORTS_H

#include "daemon.h"

void reports_ask(struct daemon *d, const struct effect *e); /* EFFECT_REPORT */
void reports_go_on(struct daemon *d);
void reports_free(struct daemon *d);

#endif
