/* exec.c - a notice handed to a program: argv with the person's data filled in,
 * the full notice as JSON on stdin. No shell: a value never becomes more than
 * its place in its own argument. */
#include "plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGS_MAX = 64, ARG_BYTES = 4096, DEFAULT_TIMEOUT_MS = 20000 };

struct exec {
	const struct plugin_host *host;
	char *argv[ARGS_MAX + 1]; /* owned */
	int64_t timeout_ms;
};

static void exec_close(void *channel)
{
	struct exec *e = channel;

	for (int i = 0; e->argv[i]; i++)
		free(e->argv[i]);
	free(e);
}

static const struct plugin_option options[] = {
    {"argv", PLUGIN_LIST, 1, "the program, absolute, and its arguments"},
    {NULL, PLUGIN_TEXT, 0, NULL},
};

static void *exec_open(const struct plugin_host *host, const struct plugin_value *values, int64_t timeout_ms,
                       char ret_error[PLUGIN_ERROR_BYTES])
{
	const struct plugin_value *argv = &values[0];
	struct exec *e;

	snprintf(ret_error, PLUGIN_ERROR_BYTES, "out of memory");
	if (argv->texts[0][0] != '/' || argv->n > ARGS_MAX) {
		snprintf(ret_error, PLUGIN_ERROR_BYTES,
		         argv->n > ARGS_MAX ? "argv has more than %d words"
		                            : "argv begins with the absolute path of a program",
		         ARGS_MAX);
		return NULL;
	}
	e = calloc(1, sizeof *e);
	if (!e)
		return NULL;
	e->host = host;
	e->timeout_ms = timeout_ms > 0 ? timeout_ms : DEFAULT_TIMEOUT_MS;
	for (int i = 0; i < argv->n; i++) {
		e->argv[i] = strdup(argv->texts[i]);
		if (!e->argv[i]) {
			exec_close(e);
			return NULL;
		}
	}
	return e;
}

/* The value of a placeholder that starts at `from`; *ret_len its length. "" : the person has none. */
static const char *value_of(const struct plugin_job *job, const char *from, size_t *ret_len)
{
	const struct {
		const char *mark, *value;
	} marks[] = {{"{{phone}}", job->phone}, {"{{name}}", job->name}, {"{{text}}", job->text},
	             {"{{id}}", job->notice},   {"{{mail}}", job->mail}, {"{{to}}", job->to}};

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		*ret_len = strlen(marks[i].mark);
		if (!strncmp(from, marks[i].mark, *ret_len))
			return marks[i].value ? marks[i].value : "";
	}
	return NULL;
}

/* 0, or -1 when the person lacks what the argument needs or it grows too long.
 * An argument that was not an option must not become one. */
static int fill(const char *pattern, const struct plugin_job *job, char ret[ARG_BYTES])
{
	size_t used = 0, skip;

	for (const char *p = pattern; *p; p += skip) {
		const char *value = value_of(job, p, &skip);
		size_t len = value ? strlen(value) : 1;

		if (value && !len)
			return -1;
		if (!value) {
			value = p;
			skip = 1;
		}
		if (used + len >= ARG_BYTES)
			return -1;
		memcpy(ret + used, value, len);
		used += len;
	}
	ret[used] = 0;
	return *pattern != '-' && *ret == '-' ? -1 : 0;
}

static void free_all(char **argv)
{
	for (int i = 0; argv[i]; i++)
		free(argv[i]);
}

static void exec_send(void *channel, void *handle, const struct plugin_job *job)
{
	const struct exec *e = channel;
	char *argv[ARGS_MAX + 1] = {NULL}, arg[ARG_BYTES];

	for (int i = 0; e->argv[i]; i++) {
		if (fill(e->argv[i], job, arg) == 0 && (argv[i] = strdup(arg)))
			continue;
		free_all(argv);
		e->host->done(e->host->host, handle, PLUGIN_FAILED,
		              "the person has no usable number or address for this channel");
		return;
	}
	e->host->spawn(e->host->host, handle, (const char *const *)argv, job->json, e->timeout_ms);
	free_all(argv);
}

const struct plugin_api plugin_exec = {
    .abi = TOCSIN_PLUGIN_ABI,
    .size = sizeof plugin_exec,
    .name = "exec",
    .version = "2",
    .options = options,
    .open = exec_open,
    .send = exec_send,
    .close = exec_close,
};
