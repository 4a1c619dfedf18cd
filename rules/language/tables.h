/* tables.h - the tables of keys, one for each kind of map in a file. */
#ifndef TOCSIN_TABLES_H
#define TOCSIN_TABLES_H

#include "language/keys.h"

#define TABLES_LIST(X) \
	X(top) \
	X(site) \
	X(broker) \
	X(password) X(tls) X(store) X(zone) X(sensor) X(profile) X(availability) X(decode) X(actuator) X(action) \
	    X(until) X(interlock) X(while) X(forbid) X(person) X(way) X(role) X(roster) X(chain) X(level) X(channel) \
	        X(preset) X(incident) X(report) X(self) X(grade) X(cond) X(of) X(step) X(command) X(late) X(watch) \
	            X(watching) X(sign) X(closed) X(missed) X(tag) X(home_assistant)

#define TABLE_EXTERN(T) extern const struct table T##_keys;
TABLES_LIST(TABLE_EXTERN)

#endif
