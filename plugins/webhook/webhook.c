/* webhook.c - a notice as an HTTP request: URL, headers and body are templates,
 * and what counts as sent is said by tests of the answer. The services people
 * use are presets of it (presets.yaml), data and not code. */
#include "plugin.h"
#include "reply.h"
#include "sign.h"
#include "template.h"
#include "transfer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HEADERS_MAX = 16, MAX_ACTIVE = 8, WHY_BYTES = 200, SAID_BYTES = 80 };

enum option {
	OPTION_URL,
	OPTION_METHOD,
	OPTION_TYPE,
	OPTION_BODY,
	OPTION_HEADERS,
	OPTION_SERVER,
	OPTION_TO,
	OPTION_TOKEN,
	OPTION_SECRET,
	OPTION_SIGN,
	OPTION_STATUS,
	OPTION_SUCCESS,
	OPTION_RETRY,
	OPTION_RETRY_AFTER,
	OPTION_CA,
	OPTION_PROXY,
	OPTION_COUNT
};

static const struct plugin_option options[] = {
    [OPTION_URL] = {"url", PLUGIN_TEXT, 1, "where the request goes; a template"},
    [OPTION_METHOD] = {"method", PLUGIN_TEXT, 0, "POST (default), PUT or GET"},
    [OPTION_TYPE] = {"type", PLUGIN_TEXT, 0, "of the body: json (default), form or text"},
    [OPTION_BODY] = {"body", PLUGIN_TEXT, 0, "a template; default: the full notice as JSON"},
    [OPTION_HEADERS] = {"headers", PLUGIN_LIST, 0, "\"Name: value\", templates"},
    [OPTION_SERVER] = {"server", PLUGIN_TEXT, 0, "{{server}}: https://host, where the service runs"},
    [OPTION_TO] = {"to", PLUGIN_TEXT, 0, "{{to}} of those who have no address of their own"},
    [OPTION_TOKEN] = {"token", PLUGIN_SECRET, 0, "{{token}}"},
    [OPTION_SECRET] = {"secret", PLUGIN_SECRET, 0, "what `sign` signs with"},
    [OPTION_SIGN] = {"sign", PLUGIN_TEXT, 0, "none (default), dingtalk, feishu or hmac-sha256"},
    [OPTION_STATUS] = {"status", PLUGIN_LIST, 0, "that is success: 200 or 2xx; default 2xx"},
    [OPTION_SUCCESS] = {"success", PLUGIN_LIST, 0, "tests that the answer must pass as well: /errcode=0"},
    [OPTION_RETRY] = {"retry", PLUGIN_LIST, 0, "tests of an answer that means: later"},
    [OPTION_RETRY_AFTER] = {"retry_after", PLUGIN_TEXT, 0,
                            "pointer to the seconds to wait, beside Retry-After"},
    [OPTION_CA] = {"ca", PLUGIN_TEXT, 0, "file of the authority, when it is your own"},
    [OPTION_PROXY] = {"proxy", PLUGIN_TEXT, 0,
                      "http://host:port; default: none, whatever the environment says"},
    [OPTION_COUNT] = {NULL, PLUGIN_TEXT, 0, NULL},
};

/* -- what a template may say -- */

#define NAMES(X) \
	X(TEXT, "text", 0) \
	X(MARKS, "marks", 0) X(JSON, "json", 1) X(NOTICE, "notice", 0) X(INCIDENT, "incident", 0) \
	    X(KIND, "kind", 0) X(HAZARD, "hazard", 0) X(SEVERITY, "severity", 0) X(LANGUAGE, "language", 0) \
	        X(PERSON, "person", 0) X(NAME, "name", 0) X(PHONE, "phone", 0) X(MAIL, "mail", 0) \
	            X(TO, "to", 0) X(TIME, "time", 0) X(TS, "ts", 0) X(TS_MS, "ts_ms", 0) X(SIGN, "sign", 0) \
	                X(TOKEN, "token", 0) X(SERVER, "server", 1) X(LIFE, "life", 0) X(DRILL, "drill", 0) \
	                    X(ZH, "zh", 0) X(EN, "en", 0) X(OVER, "over", 0) X(TEST, "test", 0) \
	                        X(CRITICAL, "critical", 0) X(MAJOR, "major", 0) X(MINOR, "minor", 0) \
	                            X(FAULT, "fault", 0) X(SITE, "site", 0) X(UNIQUE, "unique", 0)
#define NAME_E(A, T, R) NAME_##A,
#define NAME_ROW(A, T, R) {T, R},
enum name { NAMES(NAME_E) NAME_COUNT };
static const struct template_name names[] = {NAMES(NAME_ROW){NULL, 0}};

struct webhook {
	const struct plugin_host *host;
	struct transfers *all;
	struct template *url, *body, *headers[HEADERS_MAX];
	int n_headers;
	enum escape escape;
	const char *content_type, *method, *to, *token, *secret, *server, *ca, *proxy, *retry_after;
	enum sign sign;
	struct plugin_value status, success, retry;
	int64_t timeout_ms;
};

struct request {
	struct transfer transfer; /* first */
	struct webhook *webhook;
	struct curl_slist *headers;
	struct text url, body;
};

/* -- opening -- */

static const char *text_or(const struct plugin_value *v, const char *otherwise)
{
	return v->n ? v->texts[0] : otherwise;
}

static void webhook_close(void *channel)
{
	struct webhook *w = channel;

	transfers_close(w->all);
	template_free(w->url);
	template_free(w->body);
	for (int i = 0; i < w->n_headers; i++)
		template_free(w->headers[i]);
	free(w);
}

static int read_one(struct template **ret, const char *text, const char *what, char *ret_error)
{
	char why[PLUGIN_ERROR_BYTES - 40];

	*ret = template_read(text, names, why, sizeof why);
	if (!*ret)
		snprintf(ret_error, PLUGIN_ERROR_BYTES, "'%s': %s", what, why);
	return *ret ? 0 : -1;
}

/* A template that says neither the text nor its marks would make a drill look like an alarm. */
static int says_marks(const struct webhook *w)
{
	static const int marked[] = {NAME_TEXT, NAME_JSON, NAME_MARKS};
	int says = 0;

	for (int i = 0; i < 3; i++) {
		says |= template_uses(w->url, marked[i]) || template_uses(w->body, marked[i]);
		for (int k = 0; k < w->n_headers; k++)
			says |= template_uses(w->headers[k], marked[i]);
	}
	return says;
}

static int read_templates(struct webhook *w, const struct plugin_value *values, char *ret_error)
{
	const struct plugin_value *headers = &values[OPTION_HEADERS];

	if (read_one(&w->url, values[OPTION_URL].texts[0], "url", ret_error) < 0 ||
	    read_one(&w->body, text_or(&values[OPTION_BODY], "{{{json}}}"), "body", ret_error) < 0)
		return -1;
	for (int i = 0; i < headers->n; i++) {
		if (i == HEADERS_MAX || !strchr(headers->texts[i], ':'))
			return snprintf(ret_error, PLUGIN_ERROR_BYTES,
			                "'headers': at most %d of \"Name: value\"", HEADERS_MAX),
			       -1;
		if (read_one(&w->headers[i], headers->texts[i], "headers", ret_error) < 0)
			return -1;
		w->n_headers++;
	}
	if (says_marks(w))
		return 0;
	snprintf(ret_error, PLUGIN_ERROR_BYTES,
	         "'body' says neither {{text}}, {{{json}}} nor {{marks}}: a drill would look like an alarm");
	return -1;
}

static int wrong_word(const struct plugin_value *v, const char *const *words, const char *what,
                      char *ret_error)
{
	int i = 0;

	while (v->n && words[i] && strcmp(words[i], v->texts[0]) != 0)
		i++;
	if (words[i])
		return 0;
	snprintf(ret_error, PLUGIN_ERROR_BYTES, "'%s' cannot be '%.40s'", what, v->texts[0]);
	return -1;
}

static int wrong_tests(const struct plugin_value *v, int (*is_valid)(const char *), const char *what,
                       char *ret_error)
{
	for (int i = 0; i < v->n; i++)
		if (!is_valid(v->texts[i])) {
			snprintf(ret_error, PLUGIN_ERROR_BYTES, "'%s' cannot be '%.40s'", what, v->texts[i]);
			return -1;
		}
	return 0;
}

static int read_words(struct webhook *w, const struct plugin_value *values, char *ret_error)
{
	static const char *const methods[] = {"POST", "PUT", "GET", NULL}, *const types[] = {"json", "form",
	                                                                                     "text", NULL};
	const char *type = text_or(&values[OPTION_TYPE], "json"),
	           *sign = text_or(&values[OPTION_SIGN], "none");

	if (wrong_word(&values[OPTION_METHOD], methods, "method", ret_error) < 0 ||
	    wrong_word(&values[OPTION_TYPE], types, "type", ret_error) < 0 ||
	    wrong_tests(&values[OPTION_SUCCESS], reply_test_is_valid, "success", ret_error) < 0 ||
	    wrong_tests(&values[OPTION_RETRY], reply_test_is_valid, "retry", ret_error) < 0 ||
	    wrong_tests(&values[OPTION_STATUS], reply_status_is_valid, "status", ret_error) < 0)
		return -1;
	if (sign_from(sign) < 0)
		return snprintf(ret_error, PLUGIN_ERROR_BYTES, "'sign' cannot be '%.40s'", sign), -1;
	w->sign = (enum sign)sign_from(sign);
	if (w->sign == SIGN_HMAC && !*w->secret)
		return snprintf(ret_error, PLUGIN_ERROR_BYTES, "'sign' needs a 'secret'"), -1;
	w->method = text_or(&values[OPTION_METHOD], "POST");
	w->escape = *type == 'j' ? ESCAPE_JSON : *type == 'f' ? ESCAPE_URL : ESCAPE_NONE;
	w->content_type = *type == 'j'   ? "application/json"
	                  : *type == 'f' ? "application/x-www-form-urlencoded"
	                                 : "text/plain; charset=utf-8";
	return 0;
}

static void *webhook_open(const struct plugin_host *host, const struct plugin_value *values,
                          int64_t timeout_ms, char ret_error[PLUGIN_ERROR_BYTES])
{
	static const char *const good[] = {"2xx"};
	struct webhook *w = calloc(1, sizeof *w);

	snprintf(ret_error, PLUGIN_ERROR_BYTES, "out of memory");
	if (!w)
		return NULL;
	w->host = host;
	w->timeout_ms = timeout_ms;
	w->to = text_or(&values[OPTION_TO], "");
	w->token = text_or(&values[OPTION_TOKEN], "");
	w->secret = text_or(&values[OPTION_SECRET], "");
	w->server = text_or(&values[OPTION_SERVER], "");
	w->ca = text_or(&values[OPTION_CA], "");
	w->proxy = text_or(&values[OPTION_PROXY], "");
	w->retry_after = text_or(&values[OPTION_RETRY_AFTER], "");
	w->status = values[OPTION_STATUS].n ? values[OPTION_STATUS] : (struct plugin_value){good, 1};
	w->success = values[OPTION_SUCCESS];
	w->retry = values[OPTION_RETRY];
	w->all = transfers_open(host);
	if (w->all && read_words(w, values, ret_error) == 0 && read_templates(w, values, ret_error) == 0)
		return w;
	webhook_close(w);
	return NULL;
}

/* -- one request -- */

static void request_free(struct transfer *t)
{
	struct request *r = (struct request *)t;

	curl_easy_cleanup(t->easy);
	curl_slist_free_all(r->headers);
	text_free(&r->url);
	text_free(&r->body);
	text_free(&t->reply);
	free(r);
}

static const char *flag(int is)
{
	return is ? "1" : "";
}

static void fill_values(const struct webhook *w, const struct plugin_job *job, const char **v)
{
	v[NAME_TEXT] = job->text;
	v[NAME_MARKS] = job->marks;
	v[NAME_JSON] = job->json;
	v[NAME_NOTICE] = job->notice;
	v[NAME_SITE] = job->site;
	v[NAME_UNIQUE] = job->unique;
	v[NAME_INCIDENT] = job->incident;
	v[NAME_KIND] = job->kind;
	v[NAME_HAZARD] = job->hazard;
	v[NAME_SEVERITY] = job->severity;
	v[NAME_LANGUAGE] = job->language;
	v[NAME_PERSON] = job->person;
	v[NAME_NAME] = job->name;
	v[NAME_PHONE] = job->phone;
	v[NAME_MAIL] = job->mail;
	v[NAME_TO] = job->to ? job->to : w->to;
	v[NAME_TOKEN] = w->token;
	v[NAME_SERVER] = w->server;
	v[NAME_LIFE] = flag(job->is_life);
	v[NAME_DRILL] = flag(job->is_drill);
	v[NAME_ZH] = flag(!strcmp(job->language, "zh"));
	v[NAME_EN] = flag(!strcmp(job->language, "en"));
	v[NAME_OVER] = flag(!strcmp(job->kind, "over"));
	v[NAME_TEST] = flag(!strcmp(job->kind, "test"));
	v[NAME_CRITICAL] = flag(!strcmp(job->severity, "critical"));
	v[NAME_MAJOR] = flag(!strcmp(job->severity, "major"));
	v[NAME_MINOR] = flag(!strcmp(job->severity, "minor"));
	v[NAME_FAULT] = flag(!strcmp(job->severity, "fault"));
}

static void add_header(struct request *r, const char *name, const char *value)
{
	struct text line = {0};
	struct curl_slist *longer;

	text_str(&line, name);
	text_str(&line, value);
	longer = text_ok(&line) ? curl_slist_append(r->headers, text_of(&line)) : NULL;
	r->headers = longer ? longer : r->headers;
	text_free(&line);
}

static void fill_headers(struct request *r, const struct plugin_job *job, const char *const *values)
{
	struct webhook *w = r->webhook;
	struct text line = {0};
	char seconds[32];

	add_header(r, "Content-Type: ", w->content_type);
	add_header(r, "X-Tocsin-Notice: ", job->notice);
	add_header(r, "Expect:", "");
	if (w->sign == SIGN_HMAC) {
		snprintf(seconds, sizeof seconds, "%" PRId64, job->wall_ms / 1000);
		add_header(r, "X-Tocsin-Timestamp: ", seconds);
		sign_body(w->secret, job->wall_ms, &r->body, &line);
		add_header(r, "X-Tocsin-Signature: ", text_of(&line));
		text_free(&line);
	}
	for (int i = 0; i < w->n_headers; i++) {
		template_fill(w->headers[i], values, ESCAPE_HEADER, &line);
		if (line.len)
			add_header(r, text_of(&line), "");
		text_free(&line);
	}
}

static void fill_request(struct request *r, const struct plugin_job *job)
{
	const struct webhook *w = r->webhook;
	const char *values[NAME_COUNT] = {NULL};
	struct text sign = {0};
	char seconds[32], ms[32], utc[32] = "";
	time_t now = (time_t)(job->wall_ms / 1000);
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(utc, sizeof utc, "%Y-%m-%dT%H:%M:%SZ", &tm);
	fill_values(w, job, values);
	snprintf(seconds, sizeof seconds, "%" PRId64, job->wall_ms / 1000);
	snprintf(ms, sizeof ms, "%" PRId64, job->wall_ms);
	sign_query(w->sign, w->secret, job->wall_ms, &sign);
	values[NAME_TIME] = utc;
	values[NAME_TS] = seconds;
	values[NAME_TS_MS] = ms;
	values[NAME_SIGN] = text_of(&sign);
	template_fill(w->url, values, ESCAPE_URL, &r->url);
	template_fill(w->body, values, w->escape, &r->body);
	fill_headers(r, job, values);
	text_free(&sign);
}

static void set_up(struct request *r)
{
	const struct webhook *w = r->webhook;
	CURL *easy = r->transfer.easy;

	curl_easy_setopt(easy, CURLOPT_URL, text_of(&r->url));
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, r->headers);
	curl_easy_setopt(easy, CURLOPT_PROXY, w->proxy);
	if (*w->ca)
		curl_easy_setopt(easy, CURLOPT_CAINFO, w->ca);
	if (!strcmp(w->method, "GET"))
		return;
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)r->body.len);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, text_of(&r->body));
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, w->method);
}

/* -- the answer -- */

/* What it said goes into log and audit, so without what is secret, and on one line. */
static void put_said(const struct webhook *w, const struct text *reply, char *ret, size_t cap)
{
	struct text said = {0};
	size_t n = text_cut(text_of(reply), SAID_BYTES);

	for (const char *at = text_of(reply); n && *at && said.len < n;) {
		const char *hidden = *w->token && !strncmp(at, w->token, strlen(w->token))      ? w->token
		                     : *w->secret && !strncmp(at, w->secret, strlen(w->secret)) ? w->secret
		                                                                                : NULL;

		text_add(&said, hidden ? "*" : (unsigned char)*at < 0x20 || *at == 0x7f ? " " : at, 1);
		at += hidden ? strlen(hidden) : 1;
	}
	snprintf(ret, cap, "%.*s", (int)text_cut(text_of(&said), SAID_BYTES), text_of(&said));
	text_free(&said);
}

/* Seconds as the service says them in its header or body; -1: it does not. */
static int64_t retry_after_ms(const struct webhook *w, const struct transfer *t)
{
	curl_off_t seconds = 0;
	int64_t in_body =
	    *w->retry_after ? reply_number(text_of(&t->reply), t->reply.len, w->retry_after) : -1;

	curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &seconds);
	if (seconds <= 0 && in_body < 0)
		return -1;
	seconds = seconds > 0 ? seconds : (curl_off_t)in_body;
	return (seconds < 86400 ? seconds : 86400) * 1000;
}

static void judge(struct request *r, long status)
{
	struct webhook *w = r->webhook;
	const struct plugin_host *h = w->host;
	const struct transfer *t = &r->transfer;
	const char *body = text_of(&t->reply);
	char said[SAID_BYTES + 8], why[WHY_BYTES];

	put_said(w, &t->reply, said, sizeof said);
	snprintf(why, sizeof why, "the service answered %ld %s", status, said);
	if (status == 408 || status == 429 || status >= 500 ||
	    reply_passes_any(body, t->reply.len, &w->retry))
		h->later(h->host, t->job, retry_after_ms(w, t), why);
	else if (!reply_status_is(status, &w->status) || !reply_passes(body, t->reply.len, &w->success))
		h->done(h->host, t->job, PLUGIN_FAILED, why);
	else
		h->done(h->host, t->job, PLUGIN_SENT, NULL);
}

static void request_done(struct transfer *t, CURLcode code)
{
	struct request *r = (struct request *)t;
	const struct plugin_host *h = r->webhook->host;
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK)
		judge(r, status);
	else if (transfer_may_pass(code))
		h->later(h->host, t->job, -1, curl_easy_strerror(code));
	else
		h->done(h->host, t->job, PLUGIN_FAILED, curl_easy_strerror(code));
	request_free(t);
}

static void webhook_send(void *channel, void *handle, const struct plugin_job *job)
{
	struct webhook *w = channel;
	struct request *r = calloc(1, sizeof *r);

	if (r) {
		r->webhook = w;
		r->transfer = (struct transfer){
		    .easy = curl_easy_init(), .job = handle, .done = request_done, .drop = request_free};
		fill_request(r, job);
	}
	if (r && r->transfer.easy && text_ok(&r->url) && text_ok(&r->body)) {
		set_up(r);
		if (transfers_start(w->all, &r->transfer, w->timeout_ms) == 0)
			return;
	}
	if (r)
		request_free(&r->transfer);
	w->host->later(w->host->host, handle, -1, "no memory for the request");
}

__attribute__((visibility("default"))) extern const struct plugin_api tocsin_plugin;
const struct plugin_api tocsin_plugin = {
    .abi = TOCSIN_PLUGIN_ABI,
    .size = sizeof tocsin_plugin,
    .name = "webhook",
    .version = "1",
    .options = options,
    .max_active = MAX_ACTIVE,
    .open = webhook_open,
    .send = webhook_send,
    .close = webhook_close,
};
