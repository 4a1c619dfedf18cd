/* doctor.c - tocsin doctor: what an administrator wants to know before somebody
 * else finds out. Looks at this machine and asks the daemon; changes nothing. */
#include "answer.h"
#include "ask.h"
#include "base/arena.h"
#include "cert.h"
#include "cli.h"
#include "config.h"
#include "listen.h"
#include "print.h"
#include "store_disk.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

enum { WAIT_MS = 10000, LISTEN_MS = 10000, RETAINED_MS = 1500, CERT_DAYS = 14 };

enum verdict { GOOD, NOTE, BAD };

struct doctor {
	const struct cli *c;
	const char *check; /* the one at work */
	struct plan *plan; /* of the file; NULL: none */
	struct answer *status;
	struct buf json;
	int n_bad;

	struct loop *loop; /* while it listens */
	struct loop_timer *limit;
	struct buf retained;
	const char *why;
};

__attribute__((format(printf, 3, 4))) static void say(struct doctor *d, enum verdict verdict,
                                                      const char *format, ...)
{
	static const char *const words[] = {"ok", "note", "bad"}, *const shown[] = {"ok  ", "note", "BAD "};
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	d->n_bad += verdict == BAD;
	json_open(&d->json, NULL, '{');
	json_str(&d->json, "check", d->check);
	json_str(&d->json, "verdict", words[verdict]);
	json_str(&d->json, "text", text);
	json_close(&d->json, '}');
	if (d->c->json)
		return;
	printf("%s  %-13s ", shown[verdict], d->check);
	print_safe(stdout, text);
	putchar('\n');
}

/* -- what the files say -- */

static void look_at_file(struct doctor *d)
{
	const char *path = d->c->n ? d->c->args[0] : "/etc/tocsin/tocsin.yaml";
	struct buf bundle = {0}, problems = {0};
	struct err err;

	if (config_read(path, &bundle, &err) < 0) {
		say(d, BAD, "%s", err.text);
	} else {
		d->plan = config_plan(bundle.text, bundle.len, &problems);
		if (!d->plan)
			say(d, BAD, "%s is broken: `tocsin check %s` says where", path, path);
		else if (problems.len)
			say(d, NOTE, "%s can be used, with warnings: `tocsin check %s` shows them", path,
			    path);
		else
			say(d, GOOD, "%s: site %s", path, d->plan->site);
	}
	buf_fini(&bundle);
	buf_fini(&problems);
}

static void look_at_secrets(struct doctor *d)
{
	const char *const files[] = {d->plan->broker.password_file, d->plan->broker.tls.key};
	struct stat st;
	int n = 0;

	for (int i = 0; i < 2; i++) {
		if (!files[i])
			continue;
		n++;
		if (stat(files[i], &st) < 0)
			say(d, BAD, "%s is not there, or may not be seen from here", files[i]);
		else if (st.st_mode & S_IRWXO)
			say(d, BAD, "%s can be used by everybody: chmod o= %s", files[i], files[i]);
		else
			say(d, GOOD, "%s is closed to others", files[i]);
	}
	if (!n)
		say(d, GOOD, "none in a file of its own");
}

static void look_at_certificates(struct doctor *d)
{
	const struct tls *tls = &d->plan->broker.tls;
	const char *const files[] = {tls->ca, tls->cert};
	int64_t left_s;

	if (!tls->use)
		say(d, NOTE, "the broker is reached without TLS: for 127.0.0.1 only");
	for (int i = 0; tls->use && i < 2; i++) {
		if (!files[i])
			continue;
		if (!cert_left_s(files[i], &left_s))
			say(d, BAD, "%s cannot be read as a certificate", files[i]);
		else
			say(d, left_s < CERT_DAYS * 86400 ? BAD : GOOD, "%s ends in %lld days", files[i],
			    (long long)left_s / 86400);
	}
}

static void look_at_disk(struct doctor *d)
{
	const char *path = d->plan->store_path, *slash = strrchr(path, '/');
	struct statvfs fs;
	struct stat st;
	char dir[512];

	snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	if (statvfs(dir, &fs) < 0 || stat(dir, &st) < 0) {
		say(d, BAD, "%s is not there, or may not be seen from here", dir);
		return;
	}
	say(d, disk_is_low(path, false) ? BAD : GOOD, "%lld MiB are free in %s",
	    (long long)(fs.f_bavail * fs.f_frsize) >> 20, dir);
	if (st.st_mode & S_IRWXO)
		say(d, NOTE, "%s is open to others: chmod 700 %s", dir, dir);
}

/* A site whose only ways go by the broker is told of everything but the broker. */
static void look_at_ways(struct doctor *d)
{
	int n = 0;

	for (int p = 0; p < d->plan->n_people; p++)
		for (int i = 0; i < d->plan->people[p].channels.n; i++)
			n += strcmp(d->plan->channels[d->plan->people[p].channels.at[i]].plugin, "page") != 0;
	if (n)
		say(d, GOOD, "not only by pages");
	else
		say(d, NOTE, "everybody is reached by pages alone: when the broker is down, nobody is");
}

/* -- what the machine says -- */

static void look_at_clock(struct doctor *d)
{
	struct timex t = {0};
	int state = adjtimex(&t);

	if (state < 0 || state == TIME_ERROR || (t.status & STA_UNSYNC))
		say(d, NOTE, "the kernel does not know it synchronised: chrony or systemd-timesyncd?");
	else
		say(d, GOOD, "synchronised");
}

static void look_at_unit(struct doctor *d)
{
	if (access("/run/systemd/system", F_OK) < 0)
		say(d, NOTE, "no systemd here: who starts tocsind again?");
	else if (access("/etc/systemd/system/multi-user.target.wants/tocsind.service", F_OK) < 0)
		say(d, NOTE, "tocsind is not started at boot: systemctl enable tocsind");
	else
		say(d, GOOD, "tocsind is started at boot");
}

static void look_at_notifier(struct doctor *d)
{
	const char *path = getenv("TOCSIN_DOWN_DIR");
	char name[512];
	struct dirent *e;
	DIR *dir;
	int n = 0;

	path = path ? path : "/etc/tocsin/down.d";
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		snprintf(name, sizeof name, "%.200s/%.200s", path, e->d_name);
		n += e->d_name[0] != '.' && access(name, X_OK) == 0;
	}
	if (dir)
		closedir(dir);
	if (n)
		say(d, GOOD, "%d programs in %s", n, path);
	else
		say(d, NOTE,
		    "no program in %s: when tocsind ends, only the journal and the terminals hear of it",
		    path);
}

/* -- what the daemon says -- */

static struct answer *ask(struct doctor *d, const char *word)
{
	struct answer *answer = NULL;
	struct err err = {0};
	char request[64];
	const char *line = NULL;
	struct ask a;

	snprintf(request, sizeof request, "{\"do\":\"%s\"}", word);
	if (!ask_open(&a, d->c->socket, &err) && !ask_send(&a, request, &err))
		line = ask_line(&a, WAIT_MS, &err);
	if (line)
		answer = answer_read(line, strlen(line), &err);
	ask_close(&a);
	return answer;
}

static void look_at_daemon(struct doctor *d)
{
	const struct answer *status;

	d->status = ask(d, "status");
	status = answer_get(d->status, "status");
	if (!status) {
		say(d, BAD, "tocsind does not answer at %s: systemctl status tocsind", d->c->socket);
		return;
	}
	say(d, GOOD, "%s answers", answer_str(status, "version"));
	d->check = "broker";
	if (answer_true(status, "synced"))
		say(d, GOOD, "connected, and our own messages come back");
	else
		say(d, BAD, "not synchronised: the journal says why (journalctl -u tocsind)");
	d->check = "store";
	if (!strcmp(answer_str(status, "store"), "ok"))
		say(d, GOOD, "takes the audit log");
	else
		say(d, BAD, "%s", answer_str(status, "store"));
}

static void look_at_force(struct doctor *d)
{
	struct answer *plan = d->status ? ask(d, "plan") : NULL;
	bool is_other = plan && d->plan && strcmp(answer_str(plan, "plan"), d->plan->hash) != 0;

	if (is_other)
		say(d, BAD, "the file is not what is in force: tocsin reload");
	else if (plan && d->plan)
		say(d, GOOD, "what is in the file");
	answer_free(plan);
}

static void look_at_troubles(struct doctor *d)
{
	struct answer *list = d->status ? ask(d, "list") : NULL;
	const struct answer *all = answer_get(list, "incidents");
	int n = 0;

	for (int i = 0; i < answer_count(all); i++) {
		const struct answer *inc = answer_at(all, i);

		if (strcmp(answer_str(inc, "hazard"), "system") != 0)
			continue;
		n++;
		say(d, BAD, "%s %s: tocsin show %s", answer_str(inc, "id"),
		    answer_lang(inc, "title", d->c->lang), answer_str(inc, "id"));
	}
	if (list && !n)
		say(d, GOOD, "none open");
	answer_free(list);
}

/* -- what the broker keeps -- */

static void on_limit(void *arg)
{
	struct doctor *d = arg;

	loop_stop(d->loop);
}

static void on_link(void *arg, bool is_up, const char *why)
{
	struct doctor *d = arg;

	free((char *)d->why);
	d->why = is_up ? NULL : xstrdup(why);
	loop_timer_in(d->limit, is_up ? RETAINED_MS : 0);
}

static void on_retained(void *arg, const struct heard *m)
{
	struct doctor *d = arg;

	if (m->is_retained)
		buf_printf(&d->retained, "%s%s", d->retained.len ? ", " : "", m->topic);
}

/* The daemon refuses them each time and never clears them: they are somebody's mistake. */
static void look_at_retained(struct doctor *d)
{
	struct listen_config config = {.name = "doctor", .link = on_link, .message = on_retained, .arg = d};
	char filter[128];
	struct err err;

	if (!d->c->guard.broker) {
		say(d, NOTE,
		    "not looked for: --broker URL --user NAME of one who may read tocsin/# (console)");
		return;
	}
	snprintf(filter, sizeof filter, "tocsin/%s/1/cmd/+/+", d->plan->site);
	config.filters[0] = filter;
	d->loop = loop_new();
	if (!d->loop || listen_words(d->c, &config, &err) < 0) {
		say(d, BAD, "%s", d->loop ? err.text : "the kernel gave no event descriptor");
		return;
	}
	d->why = xstrdup("no answer");
	d->limit = loop_timer(d->loop, on_limit, d);
	loop_timer_in(d->limit, LISTEN_MS);
	if (!listen_new(d->loop, &config, &err))
		say(d, BAD, "%s", err.text);
	else
		loop_run(d->loop);
	if (d->why)
		say(d, BAD, "the broker cannot be asked: %s", d->why);
	else if (d->retained.len)
		say(d, BAD, "commands are kept at the broker and refused each time: clear %s",
		    buf_text(&d->retained));
	else
		say(d, GOOD, "no command is kept at the broker");
}

static const struct {
	const char *name;
	void (*look)(struct doctor *d);
	bool needs_plan;
} checks[] = {
    {"configuration", look_at_file, false},
    {"secrets", look_at_secrets, true},
    {"certificates", look_at_certificates, true},
    {"disk", look_at_disk, true},
    {"ways", look_at_ways, true},
    {"clock", look_at_clock, false},
    {"unit", look_at_unit, false},
    {"notifier", look_at_notifier, false},
    {"daemon", look_at_daemon, false},
    {"in force", look_at_force, true},
    {"troubles", look_at_troubles, false},
    {"retained", look_at_retained, true},
};

int doctor_command(const struct cli *c)
{
	struct doctor d = {.c = c};
	struct buf out = {0};

	json_open(&d.json, NULL, '[');
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		d.check = checks[i].name;
		if (d.plan || !checks[i].needs_plan)
			checks[i].look(&d);
	}
	json_close(&d.json, ']');
	if (c->json) {
		json_open(&out, NULL, '{');
		json_bool(&out, "ok", !d.n_bad);
		json_raw(&out, "checks", buf_text(&d.json));
		json_close(&out, '}');
		puts(buf_text(&out));
	} else {
		printf("%d problem%s\n", d.n_bad, d.n_bad == 1 ? "" : "s");
	}
	fflush(stdout);
	/* not back to main: the library's threads use what a return would tear down */
	_exit(d.n_bad ? CLI_REFUSED : CLI_DONE);
}
