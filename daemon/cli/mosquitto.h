/* mosquitto.h - the settings of a mosquitto on this machine, as its files have
 * them: mosquitto.conf with include_dir, the access list, the names of its users. */
#ifndef TOCSIN_MOSQUITTO_H
#define TOCSIN_MOSQUITTO_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct mosquitto;

/* path below root; what it names is looked for below root too. NULL: not to be read. */
struct mosquitto *mosquitto_read(const char *root, const char *path, struct err *err);
void mosquitto_free(struct mosquitto *m); /* NULL allowed */

/* The last value of a key, NULL: not set. */
const char *mosquitto_get(const struct mosquitto *m, const char *key);
bool mosquitto_true(const struct mosquitto *m, const char *key, bool otherwise);
long long mosquitto_number(const struct mosquitto *m, const char *key, long long otherwise);
/* Is any of its lines exactly that? */
bool mosquitto_has(const struct mosquitto *m, const char *key, const char *value);
/* A file that a key names, below root; NULL: not set. */
const char *mosquitto_file(const struct mosquitto *m, const char *key);

/* One grant of the access list. user NULL: without a name; "": a pattern, for everybody. */
struct mosquitto_grant {
	const char *user, *filter;
	bool read, write, deny;
};
/* Each grant of the access list until fn says false. 0; -1: it cannot be read. */
int mosquitto_each_grant(const struct mosquitto *m, bool (*fn)(void *arg, const struct mosquitto_grant *g),
                         void *arg, struct err *err);
/* Is there a user whose name begins so? -1: the password file cannot be read. */
int mosquitto_has_user(const struct mosquitto *m, const char *beginning);

/* Does an MQTT filter cover the topic? */
bool mosquitto_covers(const char *filter, const char *topic);

#endif
