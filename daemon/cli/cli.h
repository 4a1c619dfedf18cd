/* cli.h - what the commands of `tocsin` share: options, exit codes, and the
 * handlers that main.c's table names. A handler prints all it has to say and
 * returns the exit code. */
#ifndef TOCSIN_CLI_H
#define TOCSIN_CLI_H

#include "base/names.h"

#include <stdbool.h>

enum cli_exit { CLI_DONE, CLI_REFUSED, CLI_USAGE, CLI_UNREACHABLE };

enum { CLI_TOPICS = 8 };

/* What `guard` takes, and in part `doctor` and `discover`, as it was typed; NULL: not given. */
struct guard_words {
	const char *broker, *user, *password_file, *ca, *cert, *key, *site, *after, *program;
	const char *for_time;           /* discover */
	const char *topics[CLI_TOPICS]; /* discover; NULL: no more */
};

struct cli {
	const char *verb;   /* the command's own name */
	const char *socket; /* of the daemon */
	const char *as;     /* person spoken for, or NULL */
	const char *db;     /* audit: a copy to read instead of asking, or NULL */
	const char *head;   /* audit verify: SEQ:HASH, or NULL */
	bool json, csv, closed, schema, keys, html, shift, force;
	const char *in_lang, *since, *until; /* report, log: as typed, or NULL */
	enum lang lang; /* of titles and names, from the locale */
	const char *at;    /* oncall: a time, or NULL */
	const char *junit; /* test: also write its report there, or NULL */
	const char *keep;     /* archive: a duration, or NULL */
	const char *textfile; /* stats: write metrics there, or NULL */
	const char *root;  /* doctor: the machine's own places stand below it, or NULL */
	struct guard_words guard;
	int n;
	char **args; /* n words after the command */
};

int view_status(const struct cli *c);
int view_list(const struct cli *c);
int view_show(const struct cli *c);
int view_oncall(const struct cli *c);
int rows_follow(const struct cli *c);
int rows_audit(const struct cli *c);
int report_command(const struct cli *c);
int report_log(const struct cli *c);
int verb_send(const struct cli *c);
int verb_reload(const struct cli *c);
int guard_command(const struct cli *c);
int acl_command(const struct cli *c);
int doctor_command(const struct cli *c);
int stats_command(const struct cli *c);
int backup_command(const struct cli *c);
int archive_command(const struct cli *c);
int restore_command(const struct cli *c);
int discover_command(const struct cli *c);
int site_check(const struct cli *c);
int site_init(const struct cli *c);
int rehearse_command(const struct cli *c);

/* A sentence to stderr, or as {"ok":false,"error":word,"text":...} to stdout. */
int cli_fail(const struct cli *c, int code, const char *word, const char *text);

#endif
