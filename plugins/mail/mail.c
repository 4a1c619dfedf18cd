/* mail.c - a notice as a mail, handed to one SMTP server. Sent when the server
 * has taken it; the full notice with the audit's head stands below the text.
 *
 * libcurl's SMTP waits in the middle of its non-blocking calls, for the answer
 * to the letter and to QUIT (measured: the loop stood still for the whole
 * timeout of a server that hung). So each letter has a thread of its own that
 * knows nothing but the letter; what became of it comes back by an eventfd. */
#include "../shared/text.h"
#include "plugin.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	MAX_ACTIVE = 4,
	WHY_BYTES = 200,
	CONNECT_MS = 5000,
	SUBJECT_BYTES = 180,
	WORD_BYTES = 42,
	LINE_BYTES = 57
};

enum option { OPTION_SERVER, OPTION_FROM, OPTION_USER, OPTION_PASSWORD, OPTION_TLS, OPTION_CA, OPTION_COUNT };

static const struct plugin_option options[] = {
    [OPTION_SERVER] = {"server", PLUGIN_TEXT, 1, "smtp://host:587, or smtps://host:465"},
    [OPTION_FROM] = {"from", PLUGIN_TEXT, 1, "the sender's address"},
    [OPTION_USER] = {"user", PLUGIN_TEXT, 0, "to log in as; default: no login"},
    [OPTION_PASSWORD] = {"password", PLUGIN_SECRET, 0, "of the user"},
    [OPTION_TLS] = {"tls", PLUGIN_TEXT, 0, "required (default), or none: only for a server on this machine"},
    [OPTION_CA] = {"ca", PLUGIN_TEXT, 0, "file of the authority, when it is your own"},
    [OPTION_COUNT] = {NULL, PLUGIN_TEXT, 0, NULL},
};

/* Shared by the channel and the threads of its letters; the last one frees it. */
struct post {
	pthread_mutex_t lock;
	int n_users;
	int is_closed;
	int fd; /* an eventfd: some have come back */
	struct letter *back;
};

struct mail {
	const struct plugin_host *host;
	struct post *post;
	const char *server, *from, *user, *password, *ca;
	int has_tls;
	int64_t timeout_ms;
};

struct letter {
	struct letter *next;
	struct post *post;
	void *job;
	CURL *easy;
	struct curl_slist *to;
	struct text text;
	size_t at;
	curl_socket_t fd; /* of the connection; -1: closed */
	CURLcode code;
	long status;
};

/* -- the post -- */

static void letter_free(struct letter *l)
{
	if (l->easy)
		curl_easy_cleanup(l->easy);
	curl_slist_free_all(l->to);
	text_free(&l->text);
	free(l);
}

static struct post *post_new(void)
{
	struct post *post = calloc(1, sizeof *post);

	if (!post)
		return NULL;
	*post = (struct post){.n_users = 1, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	pthread_mutex_init(&post->lock, NULL);
	if (post->fd >= 0)
		return post;
	free(post);
	return NULL;
}

/* Called with the lock; unlocks. */
static void post_leave(struct post *post)
{
	int n_left = --post->n_users;

	pthread_mutex_unlock(&post->lock);
	if (n_left)
		return;
	close(post->fd);
	pthread_mutex_destroy(&post->lock);
	free(post);
}

/* The thread: everything that it touches is the letter's. */
static void *carry(void *arg)
{
	struct letter *l = arg;
	struct post *post = l->post;
	uint64_t one = 1;

	l->code = curl_easy_perform(l->easy);
	curl_easy_getinfo(l->easy, CURLINFO_RESPONSE_CODE, &l->status);
	if (l->fd >= 0)
		shutdown(l->fd, SHUT_RDWR); /* or it would wait for the answer to QUIT, for two minutes */
	curl_easy_cleanup(l->easy);
	l->easy = NULL;
	pthread_mutex_lock(&post->lock);
	if (post->is_closed) {
		letter_free(l);
	} else {
		l->next = post->back;
		post->back = l;
		if (write(post->fd, &one, sizeof one) < 0)
			abort(); /* an eventfd takes it */
	}
	post_leave(post);
	return NULL;
}

/* 4xx, and a connection that broke: later. Else: not by this way. */
static void tell(const struct mail *m, const struct letter *l)
{
	const struct plugin_host *h = m->host;
	int is_broken = l->code == CURLE_COULDNT_RESOLVE_HOST || l->code == CURLE_COULDNT_CONNECT ||
	                l->code == CURLE_SEND_ERROR || l->code == CURLE_RECV_ERROR ||
	                l->code == CURLE_GOT_NOTHING || l->code == CURLE_WEIRD_SERVER_REPLY ||
	                l->code == CURLE_OPERATION_TIMEDOUT;
	char why[WHY_BYTES];

	snprintf(why, sizeof why, "the mail server: %s (its last word: %ld)", curl_easy_strerror(l->code),
	         l->status);
	if (l->code == CURLE_OK)
		h->done(h->host, l->job, PLUGIN_SENT, NULL);
	else if ((l->status >= 400 && l->status < 500) || (l->status < 400 && is_broken))
		h->later(h->host, l->job, -1, why);
	else
		h->done(h->host, l->job, PLUGIN_FAILED, why);
}

static void on_back(void *arg, int fd, unsigned ready)
{
	struct mail *m = arg;
	struct letter *back;
	uint64_t n;

	(void)ready;
	if (read(fd, &n, sizeof n) < 0)
		return;
	pthread_mutex_lock(&m->post->lock);
	back = m->post->back;
	m->post->back = NULL;
	pthread_mutex_unlock(&m->post->lock);
	while (back) {
		struct letter *l = back;

		back = l->next;
		tell(m, l);
		letter_free(l);
	}
}

/* -- opening -- */

static void mail_close(void *channel)
{
	struct mail *m = channel;
	struct letter *back = NULL;

	if (m->host->watch_fd)
		m->host->watch_fd(m->host->host, m->post->fd, 0, on_back, m);
	pthread_mutex_lock(&m->post->lock);
	m->post->is_closed = 1;
	back = m->post->back;
	post_leave(m->post);
	while (back) {
		struct letter *l = back;

		back = l->next;
		letter_free(l);
	}
	free(m);
}

/* One address and nothing else: it stands in a header and in a command. */
static int is_address(const char *text)
{
	const char *at = strchr(text, '@');

	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= 0x20 || strchr("<>,;:\"\\()[]\x7f", *p))
			return 0;
	return at && at > text && at[1] && !strchr(at + 1, '@') && strlen(text) < 255;
}

static int is_begun(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static const char *wrong_options(const struct plugin_value *v)
{
	const char *server = v[OPTION_SERVER].texts[0],
	           *tls = v[OPTION_TLS].n ? v[OPTION_TLS].texts[0] : "required";

	if (!is_begun(server, "smtp://") && !is_begun(server, "smtps://"))
		return "'server' is smtp://host:587 or smtps://host:465";
	if (!is_address(v[OPTION_FROM].texts[0]))
		return "'from' is one address, such as alarm@example.com";
	if (strcmp(tls, "required") != 0 && strcmp(tls, "none") != 0)
		return "'tls' is required or none";
	if (v[OPTION_USER].n != v[OPTION_PASSWORD].n)
		return "'user' and 'password' belong together";
	return v[OPTION_USER].n && !strcmp(tls, "none") && !strstr(server, "//127.") &&
	               !strstr(server, "//localhost")
	           ? "with tls: none the password could be read on its way"
	           : NULL;
}

static const char *text_or(const struct plugin_value *v)
{
	return v->n ? v->texts[0] : "";
}

static void *mail_open(const struct plugin_host *host, const struct plugin_value *values, int64_t timeout_ms,
                       char ret_error[PLUGIN_ERROR_BYTES])
{
	const char *why = wrong_options(values);
	struct mail *m = why ? NULL : calloc(1, sizeof *m);

	snprintf(ret_error, PLUGIN_ERROR_BYTES, "%s", why ? why : "out of memory");
	if (!m)
		return NULL;
	*m = (struct mail){.host = host, .timeout_ms = timeout_ms};
	m->post = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? post_new() : NULL;
	m->server = text_or(&values[OPTION_SERVER]);
	m->from = text_or(&values[OPTION_FROM]);
	m->user = text_or(&values[OPTION_USER]);
	m->password = text_or(&values[OPTION_PASSWORD]);
	m->ca = text_or(&values[OPTION_CA]);
	m->has_tls = strcmp(text_or(&values[OPTION_TLS]), "none") != 0;
	if (!m->post) {
		free(m);
		return NULL;
	}
	if (host->watch_fd)
		host->watch_fd(host->host, m->post->fd, PLUGIN_READ, on_back, m);
	return m;
}

/* -- the letter -- */

/* RFC 2047: words of at most 75 characters, each whole UTF-8. */
static void put_subject(const char *text, struct text *out)
{
	char line[SUBJECT_BYTES + 1];
	const char *at = line;

	snprintf(line, sizeof line, "%.*s", (int)text_cut(text, SUBJECT_BYTES), text);
	text_str(out, "Subject:");
	while (*at) {
		size_t len = text_cut(at, WORD_BYTES);

		len = len ? len : 1;
		text_str(out, at == line ? " =?UTF-8?B?" : "\r\n =?UTF-8?B?");
		text_base64(out, at, len);
		text_str(out, "?=");
		at += len;
	}
	text_str(out, "\r\n");
}

static void put_body(const struct plugin_job *job, struct text *out)
{
	struct text body = {0};

	text_str(&body, job->text);
	text_str(&body, "\r\n\r\n-- \r\n");
	text_str(&body, job->json);
	text_str(&body, "\r\n");
	for (size_t at = 0; at < body.len; at += LINE_BYTES) {
		text_base64(out, text_of(&body) + at,
		            body.len - at < LINE_BYTES ? body.len - at : LINE_BYTES);
		text_str(out, "\r\n");
	}
	if (!text_ok(&body))
		out->is_broken = 1;
	text_free(&body);
}

static void put_line(struct text *out, const char *name, const char *value)
{
	text_str(out, name);
	text_str(out, value);
	text_str(out, "\r\n");
}

static void put_letter(const struct mail *m, const struct plugin_job *job, const char *to, struct text *out)
{
	char date[64] = "", id[480];
	time_t now = (time_t)(job->wall_ms / 1000);
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
	/* servers and programs throw a second letter of one id away */
	snprintf(id, sizeof id, "<tocsin-%.200s@%.250s>", job->unique, strchr(m->from, '@') + 1);
	put_line(out, "From: ", m->from);
	put_line(out, "To: ", to);
	put_subject(job->text, out);
	put_line(out, "Date: ", date);
	put_line(out, "Message-ID: ", id);
	put_line(out, "Auto-Submitted: ", "auto-generated");
	put_line(out, "X-Tocsin-Notice: ", job->notice);
	if (job->is_life)
		put_line(out, "X-Priority: ", "1");
	text_str(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	              "Content-Transfer-Encoding: base64\r\n\r\n");
	put_body(job, out);
}

static size_t read_letter(char *to, size_t size, size_t n, void *arg)
{
	struct letter *l = arg;
	size_t len = l->text.len - l->at, cap = size * n;

	len = len < cap ? len : cap;
	memcpy(to, text_of(&l->text) + l->at, len);
	l->at += len;
	return len;
}

static curl_socket_t open_fd(void *arg, curlsocktype purpose, struct curl_sockaddr *at)
{
	struct letter *l = arg;

	(void)purpose;
	l->fd = socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);
	return l->fd;
}

static int close_fd(void *arg, curl_socket_t fd)
{
	struct letter *l = arg;

	l->fd = l->fd == fd ? -1 : l->fd;
	return close(fd);
}

static size_t drop_words(char *from, size_t size, size_t n, void *arg)
{
	(void)from;
	(void)arg;
	return size * n;
}

static void set_up(const struct mail *m, struct letter *l)
{
	CURL *easy = l->easy;

	curl_easy_setopt(easy, CURLOPT_URL, m->server);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(easy, CURLOPT_MAIL_FROM, m->from);
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, l->to);
	curl_easy_setopt(easy, CURLOPT_USE_SSL, m->has_tls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_letter);
	curl_easy_setopt(easy, CURLOPT_READDATA, l);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_words);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_fd);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, l);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_fd);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, l);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)m->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
	                 (long)(m->timeout_ms < CONNECT_MS ? m->timeout_ms : CONNECT_MS));
	if (*m->ca)
		curl_easy_setopt(easy, CURLOPT_CAINFO, m->ca);
	if (*m->user) {
		curl_easy_setopt(easy, CURLOPT_USERNAME, m->user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, m->password);
	}
}

/* 0, or -1: then the letter is still the caller's. */
static int hand_over(struct mail *m, struct letter *l)
{
	pthread_attr_t attr;
	pthread_t thread;
	int failed;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_mutex_lock(&m->post->lock);
	m->post->n_users++;
	failed = pthread_create(&thread, &attr, carry, l);
	m->post->n_users -= failed != 0;
	pthread_mutex_unlock(&m->post->lock);
	pthread_attr_destroy(&attr);
	return failed ? -1 : 0;
}

static void mail_send(void *channel, void *handle, const struct plugin_job *job)
{
	struct mail *m = channel;
	const char *to = job->to ? job->to : job->mail;
	struct letter *l;

	if (!to || !is_address(to)) {
		m->host->done(m->host->host, handle, PLUGIN_FAILED,
		              "the person has no usable address for this channel");
		return;
	}
	l = calloc(1, sizeof *l);
	if (l) {
		*l = (struct letter){.post = m->post, .job = handle, .fd = -1, .easy = curl_easy_init()};
		l->to = curl_slist_append(NULL, to);
		put_letter(m, job, to, &l->text);
	}
	if (l && l->easy && l->to && text_ok(&l->text)) {
		set_up(m, l);
		if (hand_over(m, l) == 0)
			return;
	}
	if (l)
		letter_free(l);
	m->host->later(m->host->host, handle, -1, "no memory for the mail");
}

__attribute__((visibility("default"))) extern const struct plugin_api tocsin_plugin;
const struct plugin_api tocsin_plugin = {
    .abi = TOCSIN_PLUGIN_ABI,
    .size = sizeof tocsin_plugin,
    .name = "mail",
    .version = "1",
    .options = options,
    .max_active = MAX_ACTIVE,
    .open = mail_open,
    .send = mail_send,
    .close = mail_close,
};
