/* ask.c - one conversation with the daemon. */
#include "ask.h"

#include "fault.h"
#include "print.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LINE_CAP = 16 << 20, ANSWER_WAIT_MS = 10000 };

static int answer_wait_ms(void)
{
	return (int)fault_patient(ANSWER_WAIT_MS);
}

int ask_open(struct ask *a, const char *socket_path, struct err *err)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	*a = (struct ask){.fd = -1};
	if (strlen(socket_path) >= sizeof(to.sun_path))
		return err_set(err, "the socket path is longer than a socket path may be: %s", socket_path);
	memcpy(to.sun_path, socket_path, strlen(socket_path));
	a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (a->fd < 0)
		return err_set(err, "no socket: %s", strerror(errno));
	if (connect(a->fd, (struct sockaddr *)&to, sizeof(to))) {
		err_set(err, "cannot reach tocsind at %s: %s%s", socket_path, strerror(errno),
		        errno == EACCES ? " (members of the group tocsin-admin may)"
		                        : " (is it running? systemctl status tocsind)");
		ask_close(a);
		return -1;
	}
	return 0;
}

void ask_close(struct ask *a)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	buf_fini(&a->in);
}

int ask_send(struct ask *a, const char *request, struct err *err)
{
	size_t len = strlen(request);
	const char *parts[] = {request, "\n"};

	for (int i = 0; i < 2; i++, len = 1)
		for (size_t sent = 0; sent < len;) {
			ssize_t n = send(a->fd, parts[i] + sent, len - sent, MSG_NOSIGNAL);
			if (n < 0 && errno != EINTR)
				return err_set(err, "tocsind does not listen: %s", strerror(errno));
			sent += n > 0 ? (size_t)n : 0;
		}
	return 0;
}

static int64_t steady_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Read more; 1 something came, 0 not within the time or the end, err says which. */
static int more(struct ask *a, int wait_ms, struct err *err)
{
	char chunk[16384];
	struct pollfd fds[] = {{.fd = a->fd, .events = POLLIN}, {.fd = STDOUT_FILENO}};
	int ready = poll(fds, wait_ms < 0 ? 2 : 1, wait_ms);

	if (ready < 0 && errno == EINTR)
		return 1;
	if (wait_ms < 0 && fds[1].revents) {
		err_set(err, "nobody reads what is followed");
		return 0;
	}
	if (ready == 0) {
		err_set(err, "tocsind did not answer in time; `systemctl status tocsind` says how it is");
		return 0;
	}
	ssize_t n = read(a->fd, chunk, sizeof(chunk));
	if (n <= 0) {
		err_set(err, "tocsind ended the conversation%s%s", n < 0 ? ": " : "",
		        n < 0 ? strerror(errno) : "");
		return 0;
	}
	buf_add(&a->in, chunk, (size_t)n);
	return 1;
}

const char *ask_line(struct ask *a, int wait_ms, struct err *err)
{
	int64_t until = steady_ms() + wait_ms;

	if (a->used) { /* forget the line given before */
		size_t rest = a->in.len - a->used;
		memmove(a->in.text, a->in.text + a->used, rest + 1);
		a->in.len = rest;
		a->used = 0;
	}
	for (;;) {
		char *end = a->in.len ? memchr(a->in.text, '\n', a->in.len) : NULL;
		if (end) {
			*end = '\0';
			a->used = (size_t)(end - a->in.text) + 1;
			return a->in.text;
		}
		if (a->in.len > LINE_CAP) {
			err_set(err, "the answer is longer than any answer should be");
			return NULL;
		}
		int64_t left = until - steady_ms();
		if (!more(a, wait_ms < 0 ? -1 : left > 0 ? (int)left : 0, err))
			return NULL;
	}
}

int ask_judge(const struct cli *c, const char *line, struct answer **ret)
{
	struct err err = {0};
	struct answer *answer = answer_read(line, strlen(line), &err);

	*ret = NULL;
	if (!answer)
		return cli_fail(c, CLI_UNREACHABLE, "bad_answer", err.text);
	const char *result = answer_str(answer, "result"); /* of an operate: done, failed, interlocked */
	bool ok = answer_true(answer, "ok") && (!*result || !strcmp(result, "done"));
	if (c->json) {
		puts(line);
	} else if (ok) {
		*ret = answer;
		return CLI_DONE;
	} else {
		const char *text = answer_str(answer, "text");
		print_lines(stderr, answer_str(answer, "problems"));
		cli_fail(c, CLI_REFUSED, "", *text ? text : answer_str(answer, "error"));
	}
	answer_free(answer);
	return ok ? CLI_DONE : CLI_REFUSED;
}

/* The same, but a good answer is the caller's, with --json too. */
static int judge_own(const struct cli *c, const char *line, struct answer **ret)
{
	struct err ignored;
	struct answer *answer = answer_read(line, strlen(line), &ignored);

	if (answer && answer_true(answer, "ok")) {
		*ret = answer;
		return CLI_DONE;
	}
	answer_free(answer);
	return ask_judge(c, line, ret);
}

struct question {
	const char *request;
	int wait_ms;
	int (*judge)(const struct cli *c, const char *line, struct answer **ret);
};

/* Its answer, until ask_close; NULL: err says why. */
static const char *exchange(struct ask *a, const char *socket_path, const struct question *q, struct err *err)
{
	if (ask_open(a, socket_path, err) || ask_send(a, q->request, err))
		return NULL;
	return ask_line(a, q->wait_ms, err);
}

static int put_question(const struct cli *c, const struct question *q, struct answer **ret)
{
	struct ask a;
	struct err err = {0};
	const char *line = exchange(&a, c->socket, q, &err);
	int code;

	*ret = NULL;
	code = line ? q->judge(c, line, ret) : cli_fail(c, CLI_UNREACHABLE, "unreachable", err.text);
	ask_close(&a);
	return code;
}

int ask_once(const struct cli *c, const char *request, struct answer **ret)
{
	return put_question(c, &(struct question){request, answer_wait_ms(), ask_judge}, ret);
}

int ask_own(const struct cli *c, const char *request, int wait_ms, struct answer **ret)
{
	return put_question(c, &(struct question){request, wait_ms > 0 ? wait_ms : answer_wait_ms(), judge_own}, ret);
}

static void put_word(struct buf *request, const char *word)
{
	json_open(request, NULL, '{');
	json_str(request, "do", word);
	json_close(request, '}');
}

struct answer *ask_silently(const struct cli *c, const char *word)
{
	struct buf request = {0};
	struct answer *answer = NULL;
	struct err ignored;
	struct ask a;

	put_word(&request, word);
	const char *line = exchange(&a, c->socket,
	                            &(struct question){.request = buf_text(&request), .wait_ms = answer_wait_ms()},
	                            &ignored);
	if (line)
		answer = answer_read(line, strlen(line), &ignored);
	ask_close(&a);
	buf_fini(&request);
	return answer;
}

int ask_word(const struct cli *c, const char *word, struct answer **ret)
{
	struct buf request = {0};

	put_word(&request, word);
	int code = ask_once(c, buf_text(&request), ret);
	buf_fini(&request);
	return code;
}
