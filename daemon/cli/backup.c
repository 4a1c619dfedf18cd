/* backup.c - tocsin backup and restore: the store as one file, and back. */
#include "base/arena.h"
#include "heads.h"
#include "print.h"
#include "store.h"
#include "store_disk.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MARK_BYTES = 512 };

static void say(const struct cli *c, const char *file, const struct verify *v)
{
	struct buf out = {0};
	char head[128];

	snprintf(head, sizeof head, "%lld:%s", (long long)v->head_seq, v->head);
	if (c->json) {
		json_open(&out, NULL, '{');
		json_bool(&out, "ok", !v->first_bad);
		json_str(&out, "file", file);
		json_int(&out, "rows", v->rows);
		json_str(&out, "head", head);
		json_close(&out, '}');
	} else {
		buf_printf(&out, "%s: %lld rows, head %s", file, (long long)v->rows, head);
	}
	print_safe(stdout, buf_text(&out));
	putchar('\n');
	buf_fini(&out);
}

/* `doctor` and the metrics see from it when there last was a copy. */
static void leave_mark(const char *db, const char *file, const struct verify *v)
{
	char path[PATH_MAX], line[PATH_MAX + MARK_BYTES];
	struct err err;

	disk_beside(db, "last-backup", path);
	snprintf(line, sizeof line, "%s head %lld:%s\n", file, (long long)v->head_seq, v->head);
	if (disk_save(path, line, strlen(line), &err) < 0)
		fprintf(stderr, "tocsin: the copy is made, but doctor will not know of it: %s\n", err.text);
}

/* The daemon's database, or the one that was named. An exit code. */
static int find(const struct cli *c, char **ret_db)
{
	struct head head;

	*ret_db = NULL;
	if (!c->db)
		return head_ask(c, &head, ret_db);
	*ret_db = xstrdup(c->db);
	return CLI_DONE;
}

int backup_command(const struct cli *c)
{
	struct verify v;
	struct err err = {0};
	char *db;
	int code = find(c, &db);

	if (code)
		return code;
	if (store_backup(db, c->args[0], &v, &err) < 0) {
		code = cli_fail(c, CLI_REFUSED, "failed", err.text);
	} else {
		leave_mark(db, c->args[0], &v);
		say(c, c->args[0], &v);
		if (v.first_bad)
			code = c->json ? CLI_REFUSED : cli_fail(c, CLI_REFUSED, "unproven", v.why);
	}
	free(db);
	return code;
}

int restore_command(const struct cli *c)
{
	const char *dir = c->n > 1 ? c->args[1] : "/var/lib/tocsin";
	char path[PATH_MAX];
	struct verify v;
	struct err err = {0};

	snprintf(path, sizeof path, "%s/tocsin.db", dir);
	if (store_restore(c->args[0], path, &v, &err) < 0)
		return cli_fail(c, CLI_REFUSED, "failed", err.text);
	say(c, path, &v);
	return CLI_DONE;
}
