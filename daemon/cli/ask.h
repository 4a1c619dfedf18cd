/* ask.h - one conversation with the daemon: a line of JSON each way. */
#ifndef TOCSIN_ASK_H
#define TOCSIN_ASK_H

#include "answer.h"
#include "base/buf.h"
#include "cli.h"

struct ask {
	int fd;
	struct buf in;
	size_t used; /* bytes of `in` already given out */
};

int ask_open(struct ask *a, const char *socket, struct err *err);
void ask_close(struct ask *a);
int ask_send(struct ask *a, const char *request, struct err *err);
/* The next line, valid until the next call; NULL at the end or after wait_ms (-1: for ever), err says which.
 */
const char *ask_line(struct ask *a, int wait_ms, struct err *err);

/* Ask one question. The exit code; anything but CLI_DONE has been said to the
 * person. With --json the answer is printed as it came and *ret is NULL. */
int ask_once(const struct cli *c, const char *request, struct answer **ret);
/* The same for a command that has its own answer: with --json only a failure is printed. wait_ms 0: as usual. */
int ask_own(const struct cli *c, const char *request, int wait_ms, struct answer **ret);
/* As ask_once, for a question that is only a word: {"do":word}. */
int ask_word(const struct cli *c, const char *word, struct answer **ret);
/* The same, and nobody is told anything: the answer whatever it says, NULL when there is none. */
struct answer *ask_silently(const struct cli *c, const char *word);
/* Judge one answer line: exit code, and *ret when it is good and for a person. */
int ask_judge(const struct cli *c, const char *line, struct answer **ret);

#endif
