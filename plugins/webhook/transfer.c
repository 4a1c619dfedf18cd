#include "transfer.h"

#include <stdlib.h>

enum { CONNECT_MS = 5000 };

struct transfers {
	const struct plugin_host *host;
	CURLM *multi;
	struct transfer *first;
};

/* Handles that have ended leave the list before the plugin hears of it. */
static void settle(struct transfers *all)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(all->multi, &left))) {
		struct transfer *t = NULL, **at = &all->first;
		CURLcode code = msg->data.result;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		curl_multi_remove_handle(all->multi, t->easy);
		while (*at != t)
			at = &(*at)->next;
		*at = t->next;
		t->done(t, code);
	}
}

static void on_fd(void *arg, int fd, unsigned ready)
{
	struct transfers *all = arg;
	int running;

	curl_multi_socket_action(all->multi, fd,
	                         (ready & PLUGIN_READ ? CURL_CSELECT_IN : 0) |
	                             (ready & PLUGIN_WRITE ? CURL_CSELECT_OUT : 0),
	                         &running);
	settle(all);
}

static void on_timer(void *arg)
{
	struct transfers *all = arg;
	int running;

	curl_multi_socket_action(all->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	settle(all);
}

static int want_fd(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
	struct transfers *all = arg;
	unsigned want = what == CURL_POLL_REMOVE ? 0
	                : what == CURL_POLL_IN   ? PLUGIN_READ
	                : what == CURL_POLL_OUT  ? PLUGIN_WRITE
	                                         : PLUGIN_READ | PLUGIN_WRITE;

	(void)easy;
	(void)of_socket;
	all->host->watch_fd(all->host->host, fd, want, on_fd, all);
	return 0;
}

static int want_timer(CURLM *multi, long in_ms, void *arg)
{
	struct transfers *all = arg;

	(void)multi;
	all->host->timer(all->host->host, in_ms, on_timer, all);
	return 0;
}

static size_t keep_reply(char *from, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * n, left = t->reply.len < REPLY_MAX ? REPLY_MAX - t->reply.len : 0;

	text_add(&t->reply, from, len < left ? len : left);
	return len;
}

struct transfers *transfers_open(const struct plugin_host *host)
{
	struct transfers *all = calloc(1, sizeof *all);

	if (!all || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(all);
		return NULL;
	}
	all->host = host;
	all->multi = curl_multi_init();
	if (!all->multi) {
		free(all);
		return NULL;
	}
	curl_multi_setopt(all->multi, CURLMOPT_SOCKETFUNCTION, want_fd);
	curl_multi_setopt(all->multi, CURLMOPT_SOCKETDATA, all);
	curl_multi_setopt(all->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(all->multi, CURLMOPT_TIMERDATA, all);
	return all;
}

/* A host without functions has opened the channel only to look at it: nothing is under way. */
void transfers_close(struct transfers *all)
{
	if (!all)
		return;
	while (all->first) {
		struct transfer *t = all->first;

		all->first = t->next;
		curl_multi_remove_handle(all->multi, t->easy);
		t->drop(t);
	}
	if (!all->host->timer) {
		curl_multi_setopt(all->multi, CURLMOPT_TIMERFUNCTION, NULL);
		curl_multi_setopt(all->multi, CURLMOPT_SOCKETFUNCTION, NULL);
	}
	curl_multi_cleanup(all->multi);
	free(all);
}

int transfers_start(struct transfers *all, struct transfer *t, int64_t timeout_ms)
{
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, keep_reply);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->easy, CURLOPT_QUICK_EXIT, 1L); /* a name server that hangs holds nobody up */
	curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS,
	                 (long)(timeout_ms < CONNECT_MS ? timeout_ms : CONNECT_MS));
	if (curl_multi_add_handle(all->multi, t->easy) != CURLM_OK)
		return -1;
	t->next = all->first;
	all->first = t;
	return 0;
}

int transfer_may_pass(CURLcode code)
{
	return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT ||
	       code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING ||
	       code == CURLE_PARTIAL_FILE || code == CURLE_SSL_CONNECT_ERROR ||
	       code == CURLE_OPERATION_TIMEDOUT;
}
