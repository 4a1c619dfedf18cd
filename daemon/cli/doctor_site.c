/* doctor_site.c - what the configuration says, and the files that it names. */
#include "cert.h"
#include "clock.h"
#include "config.h"
#include "doctor.h"
#include "plugins.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CERT_DAYS = 30 };

void doctor_configuration(struct doctor *d)
{
	if (d->unread)
		doctor_found(d, SEVERITY_CRITICAL,
		             "%s\n"
		             "put the configuration there, or name its file: tocsin doctor FILE",
		             d->unread);
	else if (!d->plan)
		doctor_found(d, SEVERITY_CRITICAL,
		             "%s is broken: at the next start the last good configuration is used\n"
		             "`tocsin check %s` says where, then tocsin reload",
		             d->file, d->file);
}

void doctor_warnings(struct doctor *d)
{
	if (d->problems.len)
		doctor_found(d, SEVERITY_MINOR,
		             "%s can be used, with warnings\n"
		             "`tocsin check %s` shows them",
		             d->file, d->file);
}

void doctor_timezone(struct doctor *d)
{
	static const char key[] = "timezone:";

	if (!memmem(d->bundle.text, d->bundle.len, key, sizeof key - 1))
		doctor_found(d, SEVERITY_MINOR,
		             "the site has no time zone: shifts, schedules and reports are by UTC\n"
		             "write site: {timezone: Asia/Shanghai}");
}

/* A file that nobody but root and the daemon may read; text: what is in it. */
static void look_at_secret(struct doctor *d, const char *path, const char *text)
{
	struct stat st;

	if (stat(path, &st) < 0)
		doctor_found(d, SEVERITY_CRITICAL,
		             "%s, %s, is not there or may not be seen from here\n"
		             "put it there: install -g tocsin -m 640",
		             path, text);
	else if (st.st_mode & S_IRWXO)
		doctor_found(d, SEVERITY_MAJOR,
		             "%s, %s, can be read by everybody on this machine\n"
		             "chmod o= %s",
		             path, text, path);
}

void doctor_secrets(struct doctor *d)
{
	const struct broker *b = &d->plan->broker;

	if (b->password_file)
		look_at_secret(d, b->password_file, "the broker's password");
	if (b->tls.key)
		look_at_secret(d, b->tls.key, "our key");
	for (int i = 0; i < d->plan->n_channels; i++)
		for (int k = 0; k < d->plan->channels[i].n_options; k++)
			if (d->plan->channels[i].options[k].file)
				look_at_secret(d, d->plan->channels[i].options[k].file,
				               "the secret of a channel");
}

/* Who may write the configuration decides who is called. */
static bool is_open(const char *path, struct stat *ret)
{
	return stat(path, ret) == 0 &&
	       (ret->st_mode & S_IWOTH || (ret->st_mode & S_IWGRP && ret->st_gid != 0) ||
	        (ret->st_uid != 0 && ret->st_uid != geteuid()));
}

void doctor_rights(struct doctor *d)
{
	const char *slash = strrchr(d->file, '/');
	char dir[PATH_MAX], parts[PATH_MAX];
	struct stat st;

	snprintf(dir, sizeof dir, "%.*s", slash && slash > d->file ? (int)(slash - d->file) : 1,
	         slash ? d->file : ".");
	snprintf(parts, sizeof parts, "%.4000s/conf.d", dir);
	const char *const paths[] = {dir, d->file, parts};
	for (int i = 0; i < 3; i++)
		if (is_open(paths[i], &st))
			doctor_found(d, SEVERITY_MAJOR,
			             "%s can be written by others than root: they decide who is called\n"
			             "chown root %s; chmod go-w %s",
			             paths[i], paths[i], paths[i]);
}

void doctor_tls(struct doctor *d)
{
	const struct broker *b = &d->plan->broker;

	if (!b->tls.use && !doctor_is_local(b->host))
		doctor_found(d, SEVERITY_MAJOR,
		             "the broker %s is reached without TLS: everybody between reads the password and "
		             "may change an alarm\n"
		             "write url: mqtts://%s and tls: {ca: FILE}; contrib/mosquitto/tocsin-tls.conf "
		             "has the broker's side",
		             b->host, b->host);
}

void doctor_certificates(struct doctor *d)
{
	const struct tls *tls = &d->plan->broker.tls;
	const char *const files[] = {tls->ca, tls->cert};
	int64_t left_s;

	for (int i = 0; tls->use && i < 2; i++) {
		if (!files[i])
			continue;
		if (!cert_left_s(files[i], &left_s))
			doctor_found(d, SEVERITY_CRITICAL,
			             "%s is missing or no certificate: the broker cannot be reached\n"
			             "put it there, then tocsin reload",
			             files[i]);
		else if (left_s < CERT_DAYS * 86400)
			doctor_found(d, left_s < 0 ? SEVERITY_CRITICAL : SEVERITY_MAJOR,
			             "%s %s in %lld days: the broker cannot be reached then\n"
			             "renew it, then tocsin reload",
			             files[i], left_s < 0 ? "has ended, counted" : "ends",
			             (long long)left_s / 86400);
	}
}

/* -- ways to people -- */

/* A site whose only ways go by the broker is told of everything but the broker. */
void doctor_ways(struct doctor *d)
{
	const struct plan *plan = d->plan;

	for (int p = 0; p < plan->n_people; p++)
		for (int i = 0; i < plan->people[p].channels.n; i++) {
			const char *plugin = plan->channels[plan->people[p].channels.at[i]].plugin;

			if (strcmp(plugin, "page") != 0 && strcmp(plugin, "journal") != 0)
				return;
		}
	doctor_found(d, SEVERITY_MAJOR,
	             "everybody is reached by pages alone: when the broker is down, nobody is\n"
	             "give at least one person of each chain a second channel: mail, webhook, or a program "
	             "(channels.md)");
}

void doctor_roster(struct doctor *d)
{
	struct problems gaps;
	const struct problem *first;

	problems_init(&gaps);
	config_gaps(d->plan, d->bundle.text, d->bundle.len, clock_wall_ms(), &gaps);
	first = gaps.at;
	if (gaps.n)
		doctor_found(d, SEVERITY_MAJOR,
		             "the rosters leave %d gap%s in the next 14 days: %s\n"
		             "%s; `tocsin check` shows each",
		             gaps.n, gaps.n == 1 ? "" : "s", first->text,
		             first->hint ? first->hint : "name somebody for that time");
	problems_fini(&gaps);
}

void doctor_channels(struct doctor *d)
{
	char why[PLUGIN_ERROR_BYTES];
	int option;

	for (int i = 0; i < d->plan->n_channels; i++)
		if (plugins_check(&d->plan->channels[i], &option, why) < 0)
			doctor_found(d, SEVERITY_CRITICAL,
			             "the channel %s cannot be used: %s\n"
			             "mend it, then tocsin reload and `tocsin ring PERSON %s`",
			             d->plan->channels[i].id, why, d->plan->channels[i].id);
}

/* The unit runs nothing from where somebody else can write. */
void doctor_programs(struct doctor *d)
{
	for (int i = 0; i < d->plan->n_channels; i++) {
		const struct channel *c = &d->plan->channels[i];
		const char *program = c->argv.n ? c->argv.at[0] : NULL;

		if (!program || strchr(program, '{'))
			continue;
		if (access(program, X_OK) < 0)
			doctor_found(d, SEVERITY_CRITICAL,
			             "the program of the channel %s, %s, cannot be run\n"
			             "put it there and chmod 755 it",
			             c->id, program);
		else if (strncmp(program, "/usr/", 5) != 0 && strncmp(program, "/bin/", 5) != 0)
			doctor_found(
			    d, SEVERITY_MAJOR,
			    "the program of the channel %s, %s, is not below /usr, and the unit runs "
			    "nothing else\n"
			    "move it to /usr/libexec/tocsin",
			    c->id, program);
	}
}

/* "smtp://host:587", "https://[::1]/x": the host; false: none, or a template. */
static bool host_of(const char *url, char ret[DOCTOR_HOST_BYTES])
{
	const char *at = strstr(url, "://");
	size_t len;

	if (!at || strchr(url, '{'))
		return false;
	at += 3;
	at += strcspn(at, "@/") < strlen(at) && at[strcspn(at, "@/")] == '@' ? strcspn(at, "@") + 1 : 0;
	len = *at == '[' ? strcspn(++at, "]") : strcspn(at, ":/?#");
	snprintf(ret, DOCTOR_HOST_BYTES, "%.*s", (int)(len < DOCTOR_HOST_BYTES ? len : DOCTOR_HOST_BYTES - 1),
	         at);
	return *ret;
}

const char *doctor_host(const struct channel *c, int i, char ret[DOCTOR_HOST_BYTES])
{
	if (!c->options[i].texts.n ||
	    (strcmp(c->options[i].key, "server") != 0 && strcmp(c->options[i].key, "url") != 0))
		return NULL;
	if (!host_of(c->options[i].texts.at[0], ret))
		*ret = 0;
	return ret;
}

static void look_up(struct doctor *d, const char *what, const char *host)
{
	const struct addrinfo like = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	int failed = getaddrinfo(host, NULL, &like, &found);

	if (failed)
		doctor_found(d, SEVERITY_MAJOR,
		             "the host %s of %s is not found: %s\n"
		             "look at the name, and at this machine's DNS",
		             host, what, gai_strerror(failed));
	else
		freeaddrinfo(found);
}

void doctor_hosts(struct doctor *d)
{
	char host[DOCTOR_HOST_BYTES], what[128];

	look_up(d, "the broker", d->plan->broker.host);
	for (int i = 0; i < d->plan->n_channels; i++) {
		const struct channel *c = &d->plan->channels[i];

		snprintf(what, sizeof what, "the channel %s", c->id);
		for (int k = 0; k < c->n_options; k++)
			if (doctor_host(c, k, host) && *host)
				look_up(d, what, host);
	}
}
