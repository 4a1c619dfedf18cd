#include "heads.h"

#include "ask.h"
#include "base/arena.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int head_ask(const struct cli *c, struct head *ret, char **ret_db)
{
	struct answer *answer;
	int code = ask_own(c, "{\"do\":\"audit-head\"}", 0, &answer);

	if (!code) {
		ret->seq = answer_int(answer, "seq", 0);
		snprintf(ret->hash, sizeof(ret->hash), "%s", answer_str(answer, "hash"));
		*ret_db = xstrdup(answer_str(answer, "db"));
	}
	answer_free(answer);
	return code;
}
