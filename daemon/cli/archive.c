/* archive.c - tocsin archive: rows of long ago into a file of their own, and
 * out of the living log. The heavy work is done here, from what is only read;
 * a daemon that runs is then asked to let go of them. */
#include "ask.h"
#include "base/arena.h"
#include "base/text.h"
#include "control.h"
#include "cut.h"
#include "heads.h"
#include "print.h"
#include "store.h"
#include "store_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEEP "400d"
#define LEAST "30d" /* less than that is not worth a file */

enum { LET_GO_WAIT_MS = 60000, HASH_SHOWN = 8 };

static int say(const struct cli *c, const struct let_go *go)
{
	struct buf out = {0};
	char head[128];

	snprintf(head, sizeof head, "%lld:%s", (long long)go->upto, go->hash);
	if (c->json) {
		json_open(&out, NULL, '{');
		json_bool(&out, "ok", true);
		json_str(&out, "file", go->upto ? go->file : NULL);
		json_int(&out, "upto", go->upto);
		json_str(&out, "head", go->upto ? head : NULL);
		json_close(&out, '}');
	} else if (go->upto) {
		buf_printf(&out, "rows up to %lld stand in %s alone; the living log goes on from %s",
		           (long long)go->upto, go->file, head);
	} else {
		buf_str(&out, "nothing is old enough, or less than " LEAST " of it (--force takes that), or what is open began "
		              "before it");
	}
	print_safe(stdout, buf_text(&out));
	putchar('\n');
	buf_fini(&out);
	return CLI_DONE;
}

/* -- the file -- */

/* To whom the database belongs, so that the daemon can tell of incidents in it. */
static void hand_over(const char *path, const char *db)
{
	struct stat st;

	if (geteuid() == 0 && stat(db, &st) == 0 && lchown(path, st.st_uid, st.st_gid) < 0)
		fprintf(stderr, "tocsin: %s cannot be given to the owner of %s: %s\n", path, db, strerror(errno));
}

/* What a try that was killed left, under a name that may not come again. Nobody else is at it: take_turn. */
static void remove_unfinished(const char *dir, const char *site)
{
	size_t len = strlen(site);
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (!strncmp(entry->d_name, site, len) && entry->d_name[len] == '-' && strstr(entry->d_name, ".db" DISK_PART))
			unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
}

/* <directory of the database>/archive/<site>-<row>-<hash>.db: the same name, the same rows. */
static int name_it(const char *db, struct let_go *go, struct err *err)
{
	struct chain_walk site = {0};
	char dir[PATH_MAX], name[256];

	if (store_walk(db, &site, 0, NULL, err) == WALK_UNREADABLE)
		return -1;
	disk_beside(db, "archive", dir);
	if (mkdir(dir, 0700) == 0)
		hand_over(dir, db);
	else if (errno != EEXIST)
		return err_set(err, "cannot make %s: %s", dir, strerror(errno));
	remove_unfinished(dir, site.site);
	snprintf(name, sizeof name, "archive/%.100s-%lld-%.*s.db", site.site, (long long)go->upto, HASH_SHOWN, go->hash);
	disk_beside(db, name, go->file);
	return 0;
}

static int absolute(const char *file, char ret_path[PATH_MAX], struct err *err)
{
	char dir[PATH_MAX], real[PATH_MAX];
	const char *slash = strrchr(file, '/');

	disk_beside(file, ".", dir);
	if (!realpath(dir, real))
		return err_set(err, "%s: %s", dir, strerror(errno));
	if ((size_t)snprintf(ret_path, PATH_MAX, "%s/%s", real, slash ? slash + 1 : file) >= PATH_MAX)
		return err_set(err, "%s: the path is too long", file);
	return 0;
}

/* One that was left by a try that did not come to its end. */
static bool fits(const char *db, const struct let_go *go, int64_t through)
{
	char here[HASH_BYTES], there[HASH_BYTES];
	struct log_ends living;
	struct verify v;
	struct err ignored;

	return access(go->file, R_OK) == 0 && store_ends(db, &living, &ignored) == 0 &&
	       store_verify(go->file, &v, &ignored) == 0 && !v.first_bad && v.base_seq == living.base_seq &&
	       v.head_seq >= through && store_hash_at(go->file, go->upto + 1, there, &ignored) == 0 &&
	       store_hash_at(db, go->upto + 1, here, &ignored) == 0 && !strcmp(here, there);
}

static int write_it(const char *db, const struct let_go *go, int64_t through, struct err *err)
{
	struct verify v;

	if (store_not_itself(db, go->file, err) < 0)
		return -1;
	if (fits(db, go, through) ? disk_sync_file(go->file, err) < 0 : store_segment(db, go->file, through, &v, err) < 0)
		return -1;
	hand_over(go->file, db);
	return 0;
}

/* -- letting go -- */

static int ask_it(const struct cli *c, const struct let_go *go)
{
	struct buf json = {0};
	struct answer *answer;
	int code;

	json_open(&json, NULL, '{');
	json_str(&json, "do", "archived");
	json_int(&json, "upto", go->upto);
	json_str(&json, "head", go->hash);
	json_str(&json, "file", go->file);
	json_close(&json, '}');
	code = ask_own(c, buf_text(&json), LET_GO_WAIT_MS, &answer);
	answer_free(answer);
	buf_fini(&json);
	return code;
}

/* The daemon's database, and is it the one that is meant? */
static int find_db(const struct cli *c, char **ret_db, bool *ret_is_daemons)
{
	struct head head;
	char *own = NULL;
	int code;

	*ret_is_daemons = false;
	if (control_is_answered(c->socket)) {
		code = head_ask(c, &head, &own);
		if (code)
			return code;
		*ret_is_daemons = !c->db || disk_is_same(c->db, own);
	}
	*ret_db = *ret_is_daemons ? own : xstrdup(c->db ? c->db : "/var/lib/tocsin/tocsin.db");
	if (!*ret_is_daemons)
		free(own);
	return CLI_DONE;
}

static int archive(const struct cli *c, const char *db, const struct cut *cut, bool is_daemons)
{
	struct let_go go = {.upto = cut->upto};
	struct err err = {0};

	if (!cut->upto)
		return say(c, &go);
	if (store_hash_at(db, go.upto, go.hash, &err) < 0 ||
	    (c->n ? absolute(c->args[0], go.file, &err) : name_it(db, &go, &err)) < 0 ||
	    write_it(db, &go, cut->through, &err) < 0)
		return cli_fail(c, CLI_REFUSED, "failed", err.text);
	if (is_daemons) {
		int code = ask_it(c, &go);

		if (code)
			return code;
	} else if (store_let_go(db, &go, &err) < 0) {
		return cli_fail(c, CLI_REFUSED, "failed", err.text);
	}
	return say(c, &go);
}

/* Two at once would write the same unfinished file: the second begins when the first has ended, and sees what it left. */
static int take_turn(const char *db)
{
	char dir[PATH_MAX];
	int fd;

	disk_beside(db, ".", dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		fprintf(stderr, "tocsin: another archive of %s is being made: waiting for its end\n", db);
		flock(fd, LOCK_EX);
	}
	return fd;
}

int archive_command(const struct cli *c)
{
	int64_t keep_ms, least_ms;
	bool is_daemons;
	struct cut cut;
	struct err err = {0};
	char *db = NULL;
	int code, turn = -1;

	if (!duration_parse(c->keep ? c->keep : KEEP, &keep_ms) || !duration_parse(c->force ? "0s" : LEAST, &least_ms))
		return cli_fail(c, CLI_USAGE, "usage", "--keep " KEEP ": what is younger stays");
	code = find_db(c, &db, &is_daemons);
	if (!code)
		turn = take_turn(db);
	if (!code && cut_find(db, keep_ms, least_ms, &cut, &err) < 0)
		code = cli_fail(c, CLI_REFUSED, "failed", err.text);
	else if (!code)
		code = archive(c, db, &cut, is_daemons);
	free(db);
	if (turn >= 0)
		close(turn);
	return code;
}
