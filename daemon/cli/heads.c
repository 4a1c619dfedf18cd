#include "heads.h"

#include "ask.h"
#include "base/arena.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_WAIT_MS = 10000 };

bool head_parse(const char *text, struct head *ret)
{
	char *end;

	errno = 0;
	ret->seq = strtoll(text, &end, 10);
	if (end == text || errno || *end != ':' || ret->seq < 1)
		return false;
	size_t len = strspn(end + 1, "0123456789abcdef");
	if (len != HASH_BYTES - 1 || end[1 + len])
		return false;
	memcpy(ret->hash, end + 1, HASH_BYTES);
	return true;
}

/* Not said with --json: it is where the command's own answer comes from. A failure is. */
int head_ask(const struct cli *c, struct head *ret, char **ret_db)
{
	struct ask a;
	struct err err = {0};
	struct answer *answer = NULL, *unused;
	const char *line = NULL;
	int code = CLI_DONE;

	if (!ask_open(&a, c->socket, &err) && !ask_send(&a, "{\"do\":\"audit-head\"}", &err))
		line = ask_line(&a, ANSWER_WAIT_MS, &err);
	answer = line ? answer_read(line, strlen(line), &err) : NULL;
	if (!answer) {
		code = cli_fail(c, CLI_UNREACHABLE, "unreachable", err.text);
	} else if (!answer_true(answer, "ok")) {
		code = ask_judge(c, line, &unused);
	} else {
		ret->seq = answer_int(answer, "seq", 0);
		snprintf(ret->hash, sizeof(ret->hash), "%s", answer_str(answer, "hash"));
		*ret_db = xstrdup(answer_str(answer, "db"));
	}
	answer_free(answer);
	ask_close(&a);
	return code;
}
