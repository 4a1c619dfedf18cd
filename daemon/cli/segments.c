/* segments.c - row by row they are proven by store_verify; here, that one goes on into the next. */
#include "segments.h"

#include "store_disk.h"
#include "whole.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct looking {
	const char *db;
	int64_t seq;
	char *hash;
	int found; /* 0; -1 not yet */
	struct err *err;
};

static bool look(void *arg, int64_t upto, const char *file)
{
	struct looking *l = arg;
	char path[PATH_MAX];

	if (l->seq <= upto && whole_find(l->db, file, path))
		l->found = store_hash_at(path, l->seq, l->hash, l->err);
	return l->found < 0;
}

int segments_hash_at(const char *db, int64_t seq, char ret_hash[HASH_BYTES], struct err *err)
{
	struct looking l = {db, seq, ret_hash, -1, err};
	struct err ignored;

	if (store_hash_at(db, seq, ret_hash, err) == 0)
		return 0;
	store_segments(db, look, &l, &ignored);
	return l.found;
}

struct proving {
	const char *db;
	char older[PATH_MAX]; /* "": the one before is not there */
	int64_t upto;         /* of that */
	struct segments *of;
	int result;
	struct err *why;
};

/* Both have the row behind the cut: its hash has all before it in itself. */
static bool meets(const struct proving *p, const char *newer, int64_t base_seq)
{
	char here[HASH_BYTES], there[HASH_BYTES];
	struct err ignored;

	return p->upto == base_seq && store_hash_at(p->older, p->upto + 1, here, &ignored) == 0 &&
	       store_hash_at(newer, p->upto + 1, there, &ignored) == 0 && !strcmp(here, there);
}

static bool goes_on(struct proving *p, const char *newer, int64_t base_seq)
{
	if (!*p->older || meets(p, newer, base_seq))
		return true;
	p->result = -1;
	err_set(p->why, "%.200s does not go on into %.200s: another's, or rebuilt", p->older, newer);
	return false;
}

static bool prove(void *arg, int64_t upto, const char *file)
{
	struct proving *p = arg;
	char path[PATH_MAX];
	struct verify v;

	if (!whole_find(p->db, file, path)) {
		p->result = 1;
		p->older[0] = 0;
		err_set(p->why, "the rows up to %lld stand in %s, which cannot be read here", (long long)upto, file);
		return true;
	}
	if (store_verify(path, &v, p->why) < 0) {
		p->result = -1;
		return false;
	}
	if (v.first_bad) {
		err_set(p->why, "%.200s: row %lld is bad: %s", path, (long long)v.first_bad, v.why);
		p->result = -1;
		return false;
	}
	if (v.base_seq >= upto || v.head_seq < upto) {
		err_set(p->why, "%.200s has rows %lld to %lld, not those up to %lld", path, (long long)v.base_seq + 1,
		        (long long)v.head_seq, (long long)upto);
		p->result = -1;
		return false;
	}
	if (!goes_on(p, path, v.base_seq))
		return false;
	if (!p->of->n++)
		p->of->base_seq = v.base_seq;
	p->upto = upto;
	snprintf(p->older, sizeof p->older, "%s", path);
	return true;
}

int segments_prove(const char *db, const struct verify *living, struct segments *ret, struct err *ret_why)
{
	struct proving p = {.db = db, .of = ret, .why = ret_why};
	int failed;

	*ret = (struct segments){.base_seq = living->base_seq};
	failed = store_segments(db, prove, &p, ret_why);
	if (!failed && p.result >= 0)
		goes_on(&p, db, living->base_seq);
	return failed ? -1 : p.result;
}

/* -- what it does not know -- */

struct beside {
	const char *db;
	struct buf known, *json, *list;
};

static bool know(void *arg, int64_t upto, const char *file)
{
	struct beside *b = arg;
	const char *slash = strrchr(file, '/');

	(void)upto;
	buf_printf(&b->known, "/%s/", slash ? slash + 1 : file);
	return true;
}

static bool is_known(const struct beside *b, const char *name)
{
	char word[NAME_MAX + 3];

	snprintf(word, sizeof word, "/%.*s/", NAME_MAX, name);
	return strstr(buf_text(&b->known), word) != NULL;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len > n && !strcmp(text + len - n, end);
}

static bool was_set_aside(const char *db, const char *name)
{
	const char *slash = strrchr(db, '/'), *own = slash ? slash + 1 : db;
	size_t n = strlen(own);

	return !strncmp(name, own, n) && !strncmp(name + n, ".bad-", 5) && !ends_with(name, "-wal") && !ends_with(name, "-shm");
}

static void look_beside(struct beside *b, const char *dir)
{
	char path[PATH_MAX], name[NAME_MAX + 16];
	struct dirent **found;
	int n;

	disk_beside(b->db, *dir ? dir : ".", path);
	n = scandir(path, &found, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		const char *file = found[i]->d_name;

		if (*dir ? ends_with(file, ".db") && !is_known(b, file) : was_set_aside(b->db, file)) {
			snprintf(name, sizeof name, "%s%s", dir, file);
			disk_beside(b->db, name, path);
			json_str(b->json, NULL, path);
			buf_printf(b->list, "%s%s", b->list->len ? ", " : "", path);
		}
		free(found[i]);
	}
	if (n >= 0)
		free(found);
}

void segments_beside(const char *db, struct buf *ret_json, struct buf *ret_list)
{
	struct beside b = {.db = db, .json = ret_json, .list = ret_list};
	struct err ignored;

	store_segments(db, know, &b, &ignored);
	look_beside(&b, "");
	look_beside(&b, "archive/");
	buf_fini(&b.known);
}
