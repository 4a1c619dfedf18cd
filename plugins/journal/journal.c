/* journal.c - a notice as a structured journal entry, for whatever on this
 * machine follows the journal. Sent when the journal took it. */
#include "plugin.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_BYTES = 1024, FIELD_BYTES = 160, FIELDS = 10 };

struct journal {
	const struct plugin_host *host;
};

static const struct plugin_option options[] = {{NULL, PLUGIN_TEXT, 0, NULL}};

static void *journal_open(const struct plugin_host *host, const struct plugin_value *values,
                          int64_t timeout_ms, char ret_error[PLUGIN_ERROR_BYTES])
{
	struct journal *p = malloc(sizeof *p);

	(void)values;
	(void)timeout_ms;
	if (p)
		p->host = host;
	else
		snprintf(ret_error, PLUGIN_ERROR_BYTES, "out of memory");
	return p;
}

static void journal_send(void *channel, void *handle, const struct plugin_job *job)
{
	const struct journal *j = channel;
	const struct plugin_host *h = j->host;
	const struct {
		const char *key, *value;
	} pairs[FIELDS - 1] = {
	    {"PRIORITY", job->is_life ? "1" : "4"},
	    {"TOCSIN_NOTICE", job->notice},
	    {"TOCSIN_INCIDENT", job->incident ? job->incident : ""},
	    {"TOCSIN_PERSON", job->person},
	    {"TOCSIN_KIND", job->kind},
	    {"TOCSIN_HAZARD", job->hazard},
	    {"TOCSIN_SEVERITY", job->severity},
	    {"TOCSIN_LANGUAGE", job->language},
	    {"TOCSIN_NAME", job->name},
	};
	char message[TEXT_BYTES], field[FIELDS - 1][FIELD_BYTES];
	const char *fields[FIELDS + 1] = {message};

	snprintf(message, sizeof message, "MESSAGE=%s", job->text);
	for (int i = 0; i < FIELDS - 1; i++) {
		snprintf(field[i], sizeof field[i], "%s=%s", pairs[i].key, pairs[i].value);
		fields[i + 1] = field[i];
	}
	if (h->journal(h->host, fields) < 0)
		h->done(h->host, handle, PLUGIN_FAILED, "the journal did not take it");
	else
		h->done(h->host, handle, PLUGIN_SENT, NULL);
}

static void journal_close(void *channel)
{
	free(channel);
}

const struct plugin_api plugin_journal = {
    .abi = TOCSIN_PLUGIN_ABI,
    .size = sizeof plugin_journal,
    .name = "journal",
    .version = "2",
    .options = options,
    .open = journal_open,
    .send = journal_send,
    .close = journal_close,
};
