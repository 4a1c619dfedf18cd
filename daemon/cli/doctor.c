/* doctor.c - tocsin doctor: what an administrator wants to know before somebody
 * else finds out. One row a check. Looks at this machine, asks the daemon and,
 * where told to, the broker; changes nothing. */
#include "doctor.h"

#include "config.h"
#include "print.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_BYTES = 4096, NAMED_MAX = 8 };

enum needs {
	NEEDS_PLAN = 1,
	NEEDS_DAEMON = 2,
	NEEDS_SETTINGS = 4, /* of a mosquitto on this machine */
	NEEDS_BROKER = 8,   /* --broker */
};

static const struct check {
	const char *name;
	unsigned needs;
	void (*look)(struct doctor *d);
} checks[] = {
    {"configuration", 0, doctor_configuration},
    {"warnings", NEEDS_PLAN, doctor_warnings},
    {"rights", 0, doctor_rights},
    {"timezone", NEEDS_PLAN, doctor_timezone},
    {"secrets", NEEDS_PLAN, doctor_secrets},
    {"tls", NEEDS_PLAN, doctor_tls},
    {"certificates", NEEDS_PLAN, doctor_certificates},
    {"ways", NEEDS_PLAN, doctor_ways},
    {"roster", NEEDS_PLAN, doctor_roster},
    {"channels", NEEDS_PLAN, doctor_channels},
    {"programs", NEEDS_PLAN, doctor_programs},
    {"hosts", NEEDS_PLAN, doctor_hosts},
    {"disk", NEEDS_PLAN, doctor_disk},
    {"store-rights", NEEDS_PLAN, doctor_store_rights},
    {"reserve", NEEDS_PLAN, doctor_ballast},
    {"backup", NEEDS_PLAN, doctor_backup},
    {"clock", 0, doctor_clock},
    {"journal", 0, doctor_journal},
    {"unit", 0, doctor_unit},
    {"boot", 0, doctor_boot},
    {"watchdog", 0, doctor_watchdog},
    {"restart", 0, doctor_restart},
    {"archive", NEEDS_PLAN, doctor_archive},
    {"network", NEEDS_PLAN, doctor_network},
    {"notifier", 0, doctor_notifier},
    {"socket", 0, doctor_socket},
    {"daemon", 0, doctor_daemon},
    {"link", NEEDS_DAEMON, doctor_link},
    {"store", NEEDS_DAEMON, doctor_store},
    {"in-force", NEEDS_DAEMON | NEEDS_PLAN, doctor_in_force},
    {"last-good", NEEDS_DAEMON, doctor_last_good},
    {"troubles", NEEDS_DAEMON, doctor_troubles},
    {"deliveries", NEEDS_DAEMON, doctor_deliveries},
    {"sensors", NEEDS_DAEMON, doctor_sensors},
    {"people", NEEDS_PLAN, doctor_people},
    {"broker-settings", NEEDS_SETTINGS, doctor_settings},
    {"broker-anonymous", NEEDS_SETTINGS, doctor_anonymous},
    {"broker-expiration", NEEDS_SETTINGS, doctor_saved},
    {"broker-acl", NEEDS_SETTINGS | NEEDS_PLAN, doctor_acl},
    {"broker-impostor", NEEDS_SETTINGS | NEEDS_PLAN, doctor_impostor},
    {"broker-certificate", NEEDS_SETTINGS, doctor_broker_certificate},
    {"guard", NEEDS_SETTINGS, doctor_guard},
    {"retained", NEEDS_PLAN | NEEDS_BROKER, doctor_retained},
    {"broker-drops", NEEDS_PLAN | NEEDS_BROKER, doctor_drops},
    {"broker-stranger", NEEDS_PLAN | NEEDS_BROKER, doctor_stranger},
};

/* -- for the checks -- */

void doctor_found(struct doctor *d, enum severity severity, const char *format, ...)
{
	char text[TEXT_BYTES], *todo;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	todo = strchr(text, '\n');
	if (todo)
		*todo++ = 0;
	if (!d->n_found++ || severity < d->worst)
		d->worst = severity;
	json_open(&d->found, NULL, '{');
	json_str(&d->found, "check", d->check);
	json_str(&d->found, "severity", severity_name(severity));
	json_str(&d->found, "text", text);
	json_str(&d->found, "do", todo);
	json_close(&d->found, '}');
	if (d->c->json)
		return;
	printf("%-8s  %s: ", severity_name(severity), d->check);
	print_safe(stdout, text);
	fputs("\n          ", stdout);
	print_safe(stdout, todo ? todo : "");
	putchar('\n');
}

void doctor_noted(struct doctor *d, const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	json_open(&d->noted, NULL, '{');
	json_str(&d->noted, "check", d->check);
	json_str(&d->noted, "text", text);
	json_close(&d->noted, '}');
	if (d->c->json)
		return;
	printf("%-8s  %s: ", "noted", d->check);
	print_safe(stdout, text);
	putchar('\n');
}

const char *doctor_place(const struct doctor *d, const char *path, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%s%s", d->root, path);
	return ret;
}

bool doctor_has(const struct doctor *d, const char *path)
{
	char name[PATH_MAX];

	return access(doctor_place(d, path, name), F_OK) == 0;
}

void doctor_name(struct buf *list, int *n, const char *name)
{
	if (*n < NAMED_MAX)
		buf_printf(list, "%s%s", *n ? ", " : "", name);
	else if (*n == NAMED_MAX)
		buf_str(list, ", ...");
	++*n;
}

bool doctor_is_local(const char *host)
{
	return !strncmp(host, "127.", 4) || !strcmp(host, "::1") || !strcmp(host, "localhost");
}

/* -- what they look at -- */

static void read_plan(struct doctor *d)
{
	static struct err err;

	d->file = d->c->n ? d->c->args[0] : "/etc/tocsin/tocsin.yaml";
	if (config_read(d->file, &d->bundle, &err) < 0)
		d->unread = err.text;
	else
		d->plan = config_plan(d->bundle.text, d->bundle.len, &d->problems);
}

/* Of another machine's broker they are not here. */
static void read_settings(struct doctor *d)
{
	struct err err;

	if (!d->plan || doctor_is_local(d->plan->broker.host))
		d->broker = mosquitto_read(d->root, "/etc/mosquitto/mosquitto.conf", &err);
}

/* NULL: the check can look. */
static const char *lacks(const struct doctor *d, unsigned needs)
{
	if (needs & NEEDS_PLAN && !d->plan)
		return "no configuration that can be used";
	if (needs & NEEDS_DAEMON && !d->status)
		return "no daemon that answers";
	if (needs & NEEDS_SETTINGS && !d->broker)
		return "no /etc/mosquitto/mosquitto.conf that can be read";
	if (needs & NEEDS_BROKER && !d->c->guard.broker)
		return "no --broker URL --user NAME --password-file FILE of one who may read tocsin/#";
	return NULL;
}

static void run(struct doctor *d, const struct check *check)
{
	const char *why = lacks(d, check->needs);

	d->check = check->name;
	if (!why) {
		json_str(&d->looked, NULL, check->name);
		check->look(d);
		return;
	}
	json_open(&d->skipped, NULL, '{');
	json_str(&d->skipped, "check", check->name);
	json_str(&d->skipped, "why", why);
	json_close(&d->skipped, '}');
}

/* -- the end -- */

static void say_json(struct doctor *d)
{
	struct buf out = {0};

	json_open(&out, NULL, '{');
	json_bool(&out, "ok", !d->n_found);
	json_raw(&out, "found", buf_text(&d->found));
	json_raw(&out, "noted", buf_text(&d->noted));
	json_raw(&out, "looked", buf_text(&d->looked));
	json_raw(&out, "skipped", buf_text(&d->skipped));
	json_close(&out, '}');
	puts(buf_text(&out));
	buf_fini(&out);
}

/* Each reason once, with the checks that wait for it. */
static void say_skipped(const struct doctor *d)
{
	const char *said[4] = {0};
	int n = 0;

	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		const char *why = lacks(d, checks[i].needs);
		bool is_new = why != NULL;

		for (int k = 0; k < n && why; k++)
			is_new &= strcmp(said[k], why) != 0;
		if (!is_new || n >= 4)
			continue;
		said[n++] = why;
		printf("not looked at, for there is %s:", why);
		for (size_t k = i; k < sizeof checks / sizeof checks[0]; k++)
			if (lacks(d, checks[k].needs) && !strcmp(lacks(d, checks[k].needs), why))
				printf(" %s", checks[k].name);
		putchar('\n');
	}
}

static void say(struct doctor *d)
{
	if (d->c->json) {
		say_json(d);
		return;
	}
	if (d->n_found)
		printf("%d found, the gravest %s\n", d->n_found, severity_name(d->worst));
	else
		puts("nothing found");
	say_skipped(d);
}

int doctor_command(const struct cli *c)
{
	struct doctor d = {.c = c, .root = c->root ? c->root : ""};

	json_open(&d.found, NULL, '[');
	json_open(&d.noted, NULL, '[');
	json_open(&d.looked, NULL, '[');
	json_open(&d.skipped, NULL, '[');
	read_plan(&d);
	read_settings(&d);
	doctor_ask_broker(&d);
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
		run(&d, &checks[i]);
	json_close(&d.found, ']');
	json_close(&d.noted, ']');
	json_close(&d.looked, ']');
	json_close(&d.skipped, ']');
	say(&d);
	fflush(stdout);
	/* not back to main: the library's threads use what a return would tear down */
	_exit(d.n_found ? CLI_REFUSED : CLI_DONE);
}
