/* page.c - a notice as two MQTT messages: page/<person>, one text that fits a
 * lock screen, and page/<person>/json, everything. Sent when the broker has
 * acknowledged both. */
#include "plugin.h"

#include <stdio.h>
#include <stdlib.h>

struct page {
	const struct plugin_host *host;
};

static const struct plugin_option options[] = {{NULL, PLUGIN_TEXT, 0, NULL}};

static void *page_open(const struct plugin_host *host, const struct plugin_value *values, int64_t timeout_ms,
                       char ret_error[PLUGIN_ERROR_BYTES])
{
	struct page *p = malloc(sizeof *p);

	(void)values;
	(void)timeout_ms;
	if (p)
		p->host = host;
	else
		snprintf(ret_error, PLUGIN_ERROR_BYTES, "out of memory");
	return p;
}

static void page_send(void *channel, void *handle, const struct plugin_job *job)
{
	const struct page *p = channel;
	const struct plugin_host *h = p->host;
	char topic[160];

	snprintf(topic, sizeof topic, "page/%s", job->person);
	h->publish(h->host, handle, topic, job->text, job->text_again, job->expiry_ms, job->is_life);
	snprintf(topic, sizeof topic, "page/%s/json", job->person);
	h->publish(h->host, handle, topic, job->json, job->json_again, job->expiry_ms, job->is_life);
}

static void page_close(void *channel)
{
	free(channel);
}

const struct plugin_api plugin_page = {
    .abi = TOCSIN_PLUGIN_ABI,
    .size = sizeof plugin_page,
    .name = "page",
    .version = "2",
    .options = options,
    .open = page_open,
    .send = page_send,
    .close = page_close,
};
