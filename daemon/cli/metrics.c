/* metrics.c - one row a metric: name, type, what it means, and where its number
 * is in the daemon's answer. */
#include "metrics.h"

#include "ask.h"
#include "store_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* How the number is read from the answer. */
enum reading { AS_NUMBER, AS_FLAG, AS_WORD /* 1 when it is `word` */ };

struct metric {
	const char *name, *type, *help, *key;
	enum reading reading;
	const char *word;
};

static const struct metric of_status[] = {
    {"tocsin_uptime_seconds", "gauge", "Seconds since the daemon started.", "up_s", AS_NUMBER, NULL},
    {"tocsin_epoch", "gauge", "Starts of this site's daemon so far.", "epoch", AS_NUMBER, NULL},
    {"tocsin_heartbeats_total", "counter", "Heartbeats since the start, one in 10 s.", "n", AS_NUMBER, NULL},
    {"tocsin_incidents_open", "gauge", "Incidents that are not closed; exercises are not counted.", "open",
     AS_NUMBER, NULL},
    {"tocsin_incidents_unacknowledged", "gauge", "Incidents that are calling somebody.", "unacked", AS_NUMBER,
     NULL},
    {"tocsin_oldest_unacked_seconds", "gauge",
     "Age of the oldest incident that is calling; not there when none is.", "oldest_unacked_s", AS_NUMBER,
     NULL},
    {"tocsin_next_call_seconds", "gauge", "Until the next person is called; not there when nobody is next.",
     "next_call_s", AS_NUMBER, NULL},
    {"tocsin_flood", "gauge", "1 while somebody's notices are summed up.", "flood", AS_FLAG, NULL},
    {"tocsin_broker_up", "gauge", "1 while connected to the broker.", "broker", AS_WORD, "up"},
    {"tocsin_broker_synchronised", "gauge", "1 while our own messages come back from the broker.", "synced",
     AS_FLAG, NULL},
    {"tocsin_outgoing_messages", "gauge", "Messages that wait to leave for the broker.", "queue", AS_NUMBER,
     NULL},
    {"tocsin_store_ok", "gauge", "1 while the audit store takes each turn in time.", "store", AS_WORD, "ok"},
    {"tocsin_audit_head_seq", "gauge", "Number of the newest row of the audit.", "seq", AS_NUMBER, NULL},
    {"tocsin_plan_broken", "gauge", "1 while the configuration on disk is broken and an older one in force.",
     "plan_broken", AS_FLAG, NULL},
    {"tocsin_messages_total", "counter", "Messages heard from the broker since the start.", "messages",
     AS_NUMBER, NULL},
    {"tocsin_news_total", "counter", "Of these, messages that said something new.", "news", AS_NUMBER, NULL},
    {"tocsin_unreadable_total", "counter", "Values of sensors that could not be read.", "unreadable",
     AS_NUMBER, NULL},
    {"tocsin_replays_total", "counter", "Values of sensors that were too old.", "replays", AS_NUMBER, NULL},
};

static const struct metric of_channel[] = {
    {"tocsin_channel_ok", "gauge", "1 unless the channel cannot be used or its last three notices failed.",
     "state", AS_WORD, "ok"},
    {"tocsin_notices_sent_total", "counter", "Notices that left by the channel since the start.", "sent",
     AS_NUMBER, NULL},
    {"tocsin_notices_failed_total", "counter", "Notices that failed by the channel.", "failed", AS_NUMBER,
     NULL},
    {"tocsin_notices_again_total", "counter", "Times a notice was put off and tried again.", "again",
     AS_NUMBER, NULL},
    {"tocsin_notices_waiting", "gauge", "Notices that the channel has at work.", "waiting", AS_NUMBER, NULL},
};

/* -- the exposition format -- */

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void label(struct buf *out, const char *key, const char *value, bool is_first)
{
	buf_printf(out, "%s%s=\"", is_first ? "" : ",", key);
	for (; *value; value++) {
		if (*value == '\n')
			buf_str(out, "\\n");
		else if (*value == '"' || *value == '\\')
			buf_printf(out, "\\%c", *value);
		else
			buf_char(out, *value);
	}
	buf_char(out, '"');
}

static void put(struct buf *out, const char *name, const char *type, const char *help, int64_t value)
{
	head(out, name, type, help);
	buf_printf(out, "%s %lld\n", name, (long long)value);
}

/* false: it is not there. */
static bool read_number(const struct answer *a, const struct metric *m, int64_t *ret)
{
	if (m->reading == AS_FLAG)
		*ret = answer_true(a, m->key);
	else if (m->reading == AS_WORD)
		*ret = !strcmp(answer_str(a, m->key), m->word);
	else
		*ret = answer_int(a, m->key, -1);
	return *ret >= 0;
}

static void put_status(const struct answer *status, struct buf *out)
{
	int64_t value;

	for (size_t i = 0; i < sizeof of_status / sizeof of_status[0]; i++)
		if (read_number(status, &of_status[i], &value))
			put(out, of_status[i].name, of_status[i].type, of_status[i].help, value);
}

static void put_channels(const struct answer *channels, struct buf *out)
{
	const struct answer *channel;
	const char *id;
	int64_t value;

	for (size_t i = 0; i < sizeof of_channel / sizeof of_channel[0]; i++) {
		head(out, of_channel[i].name, of_channel[i].type, of_channel[i].help);
		for (int k = 0; (channel = answer_member(channels, k, &id)); k++) {
			if (!read_number(channel, &of_channel[i], &value))
				continue;
			buf_printf(out, "%s{", of_channel[i].name);
			label(out, "channel", id, true);
			buf_printf(out, "} %lld\n", (long long)value);
		}
	}
}

static void put_severities(const struct answer *list, struct buf *out)
{
	static const char name[] = "tocsin_incidents_open_by_severity";
	int64_t n[SEVERITY_COUNT] = {0};

	for (int i = 0; i < answer_count(list); i++) {
		int s = severity_from(answer_str(answer_at(list, i), "severity"));

		if (s >= 0 && !answer_true(answer_get(answer_at(list, i), "flags"), "drill"))
			n[s]++;
	}
	head(out, name, "gauge", "Incidents that are not closed, by severity; exercises are not counted.");
	for (int s = 0; s < SEVERITY_COUNT; s++) {
		buf_printf(out, "%s{", name);
		label(out, "severity", severity_name((enum severity)s), true);
		buf_printf(out, "} %lld\n", (long long)n[s]);
	}
}

static void put_info(const struct answer *status, struct buf *out)
{
	head(out, "tocsin_info", "gauge",
	     "Always 1; site, version of the program, beginning of the plan's hash.");
	buf_str(out, "tocsin_info{");
	label(out, "site", answer_str(status, "site"), true);
	label(out, "version", answer_str(status, "version"), false);
	label(out, "plan", answer_str(status, "plan"), false);
	buf_str(out, "} 1\n");
}

/* status and list: the daemon's answers, NULL when there is none. The store is looked at when it may be. */
static void metrics_write(const struct answer *status, const struct answer *list, struct buf *out)
{
	put(out, "tocsin_up", "gauge", "1 when the daemon answered; without it nothing else of it is here.",
	    status != NULL);
	if (!status)
		return;
	put_info(status, out);
	put_status(status, out);
	put_severities(list, out);
	put_channels(answer_get(status, "channels"), out);
}

/* -- what the files say, where they may be looked at -- */

static void put_store(const char *db, struct buf *out)
{
	char name[PATH_MAX];
	struct statvfs fs;
	struct stat st;
	int64_t bytes;

	if (!*db || stat(db, &st) < 0)
		return;
	bytes = st.st_size;
	snprintf(name, sizeof name, "%s-wal", db);
	if (stat(name, &st) == 0)
		bytes += st.st_size;
	put(out, "tocsin_store_bytes", "gauge", "Size of the database and its log.", bytes);
	disk_beside(db, ".", name);
	if (statvfs(name, &fs) == 0)
		put(out, "tocsin_store_free_bytes", "gauge", "Free on the disk that holds the store.",
		    (int64_t)(fs.f_bavail * fs.f_frsize));
	disk_beside(db, "last-backup", name);
	put(out, "tocsin_last_backup_timestamp_seconds", "gauge",
	    "When `tocsin backup` last made a copy; 0 never.", stat(name, &st) == 0 ? st.st_mtime : 0);
}

/* Readable by the exporter, and never half a file. */
static int save(const char *path, const struct buf *text, struct err *err)
{
	char fresh[PATH_MAX];
	int fd, failed = 1;

	snprintf(fresh, sizeof fresh, "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd >= 0) {
		failed = write(fd, text->text, text->len) != (ssize_t)text->len || fchmod(fd, 0644) < 0;
		failed |= close(fd) < 0 || rename(fresh, path) < 0;
	}
	return failed ? err_set(err, "cannot write %s: %s", path, strerror(errno)) : 0;
}

int metrics_command(const struct cli *c)
{
	struct answer *status = ask_silently(c, "status"), *list = ask_silently(c, "list");
	struct answer *head_line = ask_silently(c, "audit-head");
	struct buf out = {0};
	struct err err;
	int code;

	metrics_write(answer_get(status, "status"), answer_get(list, "incidents"), &out);
	put_store(answer_str(head_line, "db"), &out);
	code =
	    save(c->textfile, &out, &err) < 0 ? cli_fail(c, CLI_REFUSED, "unwritable", err.text) : CLI_DONE;
	buf_fini(&out);
	answer_free(status);
	answer_free(list);
	answer_free(head_line);
	return code;
}
