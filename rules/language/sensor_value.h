/* sensor_value.h - the keys of a sensor that say how its value is got out of a
 * payload, beyond where it stands. */
#ifndef TOCSIN_SENSOR_VALUE_H
#define TOCSIN_SENSOR_VALUE_H

#include "language/reader.h"

struct value_nodes {
	const struct node *decode, *scale, *offset; /* or NULL */
};

void value_nodes_read(struct reader *r, const struct value_nodes *nodes, struct sensor_def *ret);
/* What its keys say together. */
void value_check(struct reader *r, const struct entry *e, const struct sensor_def *def);

#endif
