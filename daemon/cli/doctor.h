/* doctor.h - what the checks of `tocsin doctor` share. A check looks, says what
 * it found, and changes nothing. Private to the doctor. */
#ifndef TOCSIN_DOCTOR_H
#define TOCSIN_DOCTOR_H

#include "answer.h"
#include "base/buf.h"
#include "cli.h"
#include "mosquitto.h"
#include "plan.h"

#include <limits.h>

enum { DOCTOR_HOST_BYTES = 256 };

struct doctor {
	const struct cli *c;
	const char *root;  /* before the machine's own places; "": this machine */
	const char *file;  /* of the configuration */
	const char *check; /* the one at work */
	struct plan *plan; /* NULL: none can be made of the file */
	struct buf bundle, problems;
	const char *unread;       /* why the file could not be read, or NULL */
	struct answer *status;    /* of the daemon; NULL: it does not answer */
	struct mosquitto *broker; /* its settings; NULL: not here, or not to be read */
	bool asked;               /* the broker answered */
	struct buf kept, why;     /* commands that it keeps; why it could not be asked */
	int64_t dropped;          /* messages, since it started */
	bool takes_anybody;       /* without a name */
	struct buf found, noted, looked, skipped;
	int n_found;
	enum severity worst;
};

/* What is wrong and what to do: two sentences, the second behind a line break. Critical: alarms get lost or
 * nobody hears of them as it is; major: they will as soon as something else goes wrong; minor: good custom.
 */
__attribute__((format(printf, 3, 4))) void doctor_found(struct doctor *d, enum severity severity,
                                                        const char *format, ...);
/* What somebody decided: no fault, said all the same. */
__attribute__((format(printf, 2, 3))) void doctor_noted(struct doctor *d, const char *format, ...);
/* A place of the machine, below the root. */
const char *doctor_place(const struct doctor *d, const char *path, char ret[PATH_MAX]);
/* Is it there, below the root? */
bool doctor_has(const struct doctor *d, const char *path);
/* "a, b and 3 more" */
void doctor_name(struct buf *list, int *n, const char *name);
bool doctor_is_local(const char *host);
/* The host of the i-th option of a channel that says where its service runs, NULL: it is none such. A
 * template is no host that is known: "". */
const char *doctor_host(const struct channel *channel, int i, char ret[DOCTOR_HOST_BYTES]);

/* -- the checks: doctor_site.c -- */
void doctor_configuration(struct doctor *d);
void doctor_warnings(struct doctor *d);
void doctor_timezone(struct doctor *d);
void doctor_secrets(struct doctor *d);
void doctor_rights(struct doctor *d);
void doctor_tls(struct doctor *d);
void doctor_certificates(struct doctor *d);
void doctor_ways(struct doctor *d);
void doctor_roster(struct doctor *d);
void doctor_channels(struct doctor *d);
void doctor_programs(struct doctor *d);
void doctor_hosts(struct doctor *d);
/* doctor_disk.c */
void doctor_disk(struct doctor *d);
void doctor_store_rights(struct doctor *d);
void doctor_ballast(struct doctor *d);
void doctor_backup(struct doctor *d);
/* doctor_machine.c */
void doctor_clock(struct doctor *d);
void doctor_journal(struct doctor *d);
void doctor_unit(struct doctor *d);
void doctor_boot(struct doctor *d);
void doctor_watchdog(struct doctor *d);
void doctor_restart(struct doctor *d);
void doctor_archive(struct doctor *d);
void doctor_network(struct doctor *d);
void doctor_notifier(struct doctor *d);
void doctor_socket(struct doctor *d);
/* doctor_daemon.c */
void doctor_daemon(struct doctor *d);
void doctor_link(struct doctor *d);
void doctor_store(struct doctor *d);
void doctor_in_force(struct doctor *d);
void doctor_last_good(struct doctor *d);
void doctor_troubles(struct doctor *d);
void doctor_deliveries(struct doctor *d);
void doctor_sensors(struct doctor *d);
void doctor_people(struct doctor *d);
/* doctor_broker.c */
void doctor_settings(struct doctor *d); /* names its own checks */
void doctor_anonymous(struct doctor *d);
void doctor_saved(struct doctor *d);
void doctor_acl(struct doctor *d);
void doctor_impostor(struct doctor *d);
void doctor_guard(struct doctor *d);
void doctor_broker_certificate(struct doctor *d);
/* doctor_listen.c: asks the broker, then judges what it said */
void doctor_ask_broker(struct doctor *d);
void doctor_retained(struct doctor *d);
void doctor_drops(struct doctor *d);
void doctor_stranger(struct doctor *d);

#endif
