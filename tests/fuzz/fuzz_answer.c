/* fuzz_answer.c - any answer of a daemon, before each view of the client: it
 * prints text, never what a terminal would obey. */
#include "answer.h"
#include "ask.h"
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *text; /* the daemon's, a line an answer */
static char *at;

/* -- a daemon that says this (ask.h) -- */

int ask_open(struct ask *a, const char *socket, struct err *err)
{
	(void)a, (void)socket, (void)err;
	return 0;
}

void ask_close(struct ask *a)
{
	(void)a;
}

int ask_send(struct ask *a, const char *request, struct err *err)
{
	(void)a, (void)request, (void)err;
	return 0;
}

const char *ask_line(struct ask *a, int wait_ms, struct err *err)
{
	char *line = at, *end = at ? strchr(at, '\n') : NULL;

	(void)a, (void)wait_ms;
	err_set(err, "the daemon ended");
	if (end)
		*end = 0;
	at = end ? end + 1 : NULL;
	return line;
}

int ask_judge(const struct cli *c, const char *line, struct answer **ret)
{
	struct err err;

	(void)c;
	*ret = answer_read(line, strlen(line), &err);
	return *ret ? CLI_DONE : CLI_UNREACHABLE;
}

int ask_once(const struct cli *c, const char *request, struct answer **ret)
{
	struct err err;
	const char *line = ask_line(NULL, 0, &err);

	(void)request;
	*ret = NULL;
	return line ? ask_judge(c, line, ret) : CLI_UNREACHABLE;
}

int ask_word(const struct cli *c, const char *word, struct answer **ret)
{
	return ask_once(c, word, ret);
}

int ask_own(const struct cli *c, const char *request, int wait_ms, struct answer **ret)
{
	(void)wait_ms;
	return ask_once(c, request, ret);
}

int cli_fail(const struct cli *c, int code, const char *word, const char *why)
{
	(void)c, (void)word, (void)why;
	return code;
}

/* -- what reached the terminal -- */

static void check(FILE *out)
{
	int c;

	fflush(out);
	rewind(out);
	while ((c = getc(out)) != EOF)
		if ((c < ' ' && c != '\n' && c != '\r') || c == 0x7f)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const views[])(const struct cli *c) = {view_status, view_list,   view_show,
	                                                    view_oncall, rows_follow, verb_send};
	char word[] = "17", *args[] = {word, NULL};
	struct cli c = {.verb = "note", .socket = "", .n = 1, .args = args};

	for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
		FILE *real = stdout;

		text = xmalloc(size + 1);
		if (size)
			memcpy(text, data, size);
		text[size] = 0;
		at = text;
		c.lang = i % 2 ? LANG_ZH : LANG_EN;
		stdout = tmpfile();
		views[i](&c);
		check(stdout);
		fclose(stdout);
		stdout = real;
		free(text);
	}
	return 0;
}
