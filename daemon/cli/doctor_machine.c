/* doctor_machine.c - clock, journal, the unit of systemd and what stands around it. */
#include "config.h"
#include "cut.h"
#include "doctor.h"

#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 1 << 20 };

/* What `tocsin archive --keep 400d` keeps and takes, and a month for a timer that comes each week. */
#define DAY_MS 86400000LL
#define ARCHIVED_MS (430 * DAY_MS)
#define ARCHIVE_LEAST_MS (30 * DAY_MS)

/* The kernel's word counts for this machine only; timesyncd leaves a file. */
void doctor_clock(struct doctor *d)
{
	struct timex t = {0};
	int state = *d->root ? TIME_ERROR : adjtimex(&t);

	if ((state < 0 || state == TIME_ERROR || t.status & STA_UNSYNC) &&
	    !doctor_has(d, "/run/systemd/timesync/synchronized"))
		doctor_found(d, SEVERITY_MAJOR,
		             "the clock is not synchronised: shifts begin at the wrong time, and no two "
		             "records agree\n"
		             "systemctl enable --now systemd-timesyncd, or chrony; timedatectl shows it");
}

/* -- files of key=value lines: the unit and its drop-ins, journald.conf -- */

/* Values of a key, in order; an empty one forgets those before it, as systemd does. */
static void take_values(const char *path, const char *key, struct buf *values)
{
	struct buf text = {0};
	size_t n = strlen(key);
	struct err err;

	if (config_slurp(path, FILE_MAX_BYTES, &text, &err) == 0)
		for (const char *p = buf_text(&text); *p; p += strcspn(p, "\n"), p += *p == '\n') {
			const char *at = p + strspn(p, " \t");
			size_t len;

			if (strncmp(at, key, n) != 0)
				continue;
			at += n + strspn(at + n, " \t");
			if (*at != '=')
				continue;
			at += 1 + strspn(at + 1, " \t");
			len = strcspn(at, "\n");
			while (len && strchr(" \t\r", at[len - 1]))
				len--;
			if (!len)
				buf_clear(values);
			else
				buf_printf(values, " %.*s", (int)len, at);
		}
	buf_fini(&text);
}

static void take_drop_ins(const struct doctor *d, const char *dir, const char *key, struct buf *values)
{
	char pattern[PATH_MAX];
	glob_t found = {0};

	snprintf(pattern, sizeof pattern, "%s%s/*.conf", d->root, dir);
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			take_values(found.gl_pathv[i], key, values);
	globfree(&found);
}

static const char *const unit_files[] = {"/etc/systemd/system/tocsind.service",
                                         "/usr/lib/systemd/system/tocsind.service",
                                         "/lib/systemd/system/tocsind.service"};

/* The last word of a key of the unit, NULL: it has none. */
static const char *unit_value(const struct doctor *d, const char *key, struct buf *values)
{
	static const char *const drop_ins[] = {"/usr/lib/systemd/system/tocsind.service.d",
	                                       "/etc/systemd/system/tocsind.service.d",
	                                       "/run/systemd/system/tocsind.service.d"};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof unit_files / sizeof unit_files[0]; i++)
		if (doctor_has(d, unit_files[i])) {
			take_values(doctor_place(d, unit_files[i], path), key, values);
			break;
		}
	for (size_t i = 0; i < sizeof drop_ins / sizeof drop_ins[0]; i++)
		take_drop_ins(d, drop_ins[i], key, values);
	return values->len ? strrchr(values->text, ' ') + 1 : NULL;
}

static bool has_unit(const struct doctor *d)
{
	for (size_t i = 0; i < sizeof unit_files / sizeof unit_files[0]; i++)
		if (doctor_has(d, unit_files[i]))
			return true;
	return false;
}

void doctor_journal(struct doctor *d)
{
	struct buf values = {0};
	char path[PATH_MAX];
	const char *storage;

	take_values(doctor_place(d, "/etc/systemd/journald.conf", path), "Storage", &values);
	take_drop_ins(d, "/etc/systemd/journald.conf.d", "Storage", &values);
	storage = values.len ? strrchr(values.text, ' ') + 1 : "auto";
	if (strcmp(storage, "persistent") != 0 &&
	    (strcmp(storage, "auto") != 0 || !doctor_has(d, "/var/log/journal")))
		doctor_found(
		    d, SEVERITY_MAJOR,
		    "the journal does not outlive a restart of the machine (Storage=%s): the audit's "
		    "heads and the alarms of a failed store are lost\n"
		    "mkdir -p /var/log/journal; systemctl restart systemd-journald",
		    storage);
	buf_fini(&values);
}

void doctor_unit(struct doctor *d)
{
	if (!doctor_has(d, "/run/systemd/system") || !has_unit(d))
		doctor_found(d, SEVERITY_CRITICAL,
		             "there is no unit tocsind.service here: nobody starts tocsind again when it "
		             "ends\n"
		             "install the package, or cmake --install");
	else if (doctor_has(d, unit_files[0]) &&
	         (doctor_has(d, unit_files[1]) || doctor_has(d, unit_files[2])))
		doctor_found(
		    d, SEVERITY_MINOR,
		    "%s takes the place of the shipped unit: an upgrade will not change it any more\n"
		    "keep what is yours in a drop-in (systemctl edit tocsind), and remove that file",
		    unit_files[0]);
}

void doctor_boot(struct doctor *d)
{
	if (has_unit(d) && !doctor_has(d, "/etc/systemd/system/multi-user.target.wants/tocsind.service"))
		doctor_found(d, SEVERITY_CRITICAL,
		             "tocsind is not started when the machine starts\n"
		             "systemctl enable tocsind");
}

void doctor_watchdog(struct doctor *d)
{
	struct buf values = {0};
	const char *value = has_unit(d) ? unit_value(d, "WatchdogSec", &values) : "20s";

	if (!value || !strcmp(value, "0") || !strcmp(value, "infinity"))
		doctor_found(d, SEVERITY_MAJOR,
		             "the unit's watchdog is off: a tocsind that hangs is not started again\n"
		             "systemctl edit tocsind: [Service] WatchdogSec=20s");
	buf_fini(&values);
}

void doctor_restart(struct doctor *d)
{
	struct buf values = {0};
	const char *value = has_unit(d) ? unit_value(d, "Restart", &values) : "always";

	if (!value || strcmp(value, "always") != 0)
		doctor_found(d, SEVERITY_CRITICAL,
		             "the unit does not start tocsind again whenever it ends (Restart=%s)\n"
		             "systemctl edit tocsind: [Service] Restart=always",
		             value ? value : "no");
	buf_fini(&values);
}

static bool has_archive_timer(const struct doctor *d)
{
	return doctor_has(d, "/usr/lib/systemd/system/tocsin-archive.timer") ||
	       doctor_has(d, "/lib/systemd/system/tocsin-archive.timer");
}

/* As systemd has it: a link to /dev/null, or an empty file. */
static bool is_masked(const struct doctor *d, const char *unit)
{
	char path[PATH_MAX];
	struct stat st;

	return stat(doctor_place(d, unit, path), &st) == 0 && (S_ISCHR(st.st_mode) || !st.st_size);
}

/* Rows that the shipped timer would have taken weeks ago. Whoever gave it another time knows what is kept, and
 * whoever masked it wants it so. */
void doctor_archive(struct doctor *d)
{
	bool is_on = doctor_has(d, "/etc/systemd/system/timers.target.wants/tocsin-archive.timer");
	struct cut cut;
	struct err ignored;

	if (!doctor_has(d, "/run/systemd/system") || !has_archive_timer(d) ||
	    doctor_has(d, "/etc/systemd/system/tocsin-archive.service") ||
	    doctor_has(d, "/etc/systemd/system/tocsin-archive.service.d") ||
	    cut_find(d->plan->store_path, ARCHIVED_MS, ARCHIVE_LEAST_MS, &cut, &ignored) < 0 || !cut.upto)
		return;
	if (is_masked(d, "/etc/systemd/system/tocsin-archive.timer")) {
		doctor_noted(d,
		             "tocsin-archive.timer is masked, so the audit's rows up to %lld, older than 400 days, stay in the "
		             "living database, which grows",
		             (long long)cut.upto);
		return;
	}
	doctor_found(d, SEVERITY_MINOR,
	             "the audit's rows up to %lld are older than 400 days and stand in the living database yet, which grows "
	             "and grows: tocsin-archive.timer %s\n%s",
	             (long long)cut.upto, is_on ? "is enabled, and did not take them" : "is not enabled",
	             is_on ? "systemctl status tocsin-archive.timer tocsin-archive says why"
	                   : "systemctl enable --now tocsin-archive.timer (operations.md, How large it gets)");
}

/* A channel whose own code goes to another host, or nobody knows where. */
static bool is_elsewhere(const struct channel *c)
{
	char host[DOCTOR_HOST_BYTES];
	bool is_there = false;

	if (strcmp(c->plugin, "webhook") != 0 && strcmp(c->plugin, "mail") != 0)
		return false;
	for (int i = 0; i < c->n_options; i++)
		if (doctor_host(c, i, host)) {
			if (*host && !doctor_is_local(host))
				return true;
			is_there |= *host != 0;
		}
	return !is_there;
}

/* Who is elsewhere that the daemon itself talks to; NULL: nobody. */
static const char *somebody_elsewhere(const struct plan *plan)
{
	if (!doctor_is_local(plan->broker.host))
		return "the broker";
	for (int i = 0; i < plan->n_channels; i++)
		if (is_elsewhere(&plan->channels[i]))
			return plan->channels[i].id;
	return NULL;
}

void doctor_network(struct doctor *d)
{
	const char *who = somebody_elsewhere(d->plan);
	struct buf denied = {0}, allowed = {0};

	if (who && has_unit(d)) {
		unit_value(d, "IPAddressDeny", &denied);
		unit_value(d, "IPAddressAllow", &allowed);
		if (denied.len && !strcmp(buf_text(&allowed), " localhost"))
			doctor_found(d, SEVERITY_MAJOR,
			             "the unit lets tocsind talk to this machine only, and %s is elsewhere\n"
			             "systemctl edit tocsind: [Service] IPAddressAllow=ADDRESS "
			             "(operations.md, The unit)",
			             who);
	}
	buf_fini(&denied);
	buf_fini(&allowed);
}

void doctor_notifier(struct doctor *d)
{
	char dir_path[PATH_MAX], name[PATH_MAX + 300];
	const char *dir_name = doctor_place(d, "/etc/tocsin/down.d", dir_path);
	struct dirent *e;
	DIR *dir = opendir(dir_name);
	int n = 0;

	while (dir && (e = readdir(dir))) {
		snprintf(name, sizeof name, "%s/%s", dir_name, e->d_name);
		n += e->d_name[0] != '.' && access(name, X_OK) == 0;
	}
	if (dir)
		closedir(dir);
	if (!n)
		doctor_found(
		    d, SEVERITY_MAJOR,
		    "no program in %s: when tocsind ends, only the journal and the terminals hear of "
		    "it\n"
		    "put one there that sends mail or an SMS (operations.md, When tocsind itself is "
		    "down)",
		    dir_name);
}

void doctor_socket(struct doctor *d)
{
	const char *slash = strrchr(d->c->socket, '/');
	char dir[PATH_MAX];
	struct stat st;

	snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - d->c->socket) : 1,
	         slash ? d->c->socket : ".");
	if (stat(dir, &st) == 0 && st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX))
		doctor_found(
		    d, SEVERITY_MAJOR,
		    "%s can be written by everybody: anybody can put a socket of his own in place of "
		    "the control socket\n"
		    "chmod o-w %s",
		    dir, dir);
}
