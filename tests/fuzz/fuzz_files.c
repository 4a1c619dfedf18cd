/* fuzz_files.c - any bytes in the small files beside the program: side file of
 * ids, messages accepted while the store failed, message in work, saved
 * configuration, name of a time zone. The first byte says which. */
#include "base/arena.h"
#include "config.h"
#include "ids.h"
#include "poison.h"
#include "spill.h"
#include "zoneinfo.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char db[96], file[64]; /* `ids` stands beside the database */

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void leave(void)
{
	unlink(file);
	*strrchr(file, '/') = 0;
	rmdir(file);
}

static void write_file(const uint8_t *data, size_t size)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static void ids(void)
{
	struct ids_file read, again;
	struct err err;

	if (ids_read(db, &read, &err) < 0) {
		must(*err.text && !read.next && !read.epoch && !read.seq);
		return;
	}
	if (!read.next && !read.hash[0])
		return;
	must(read.next >= 0 && read.epoch >= 0 && read.seq >= 0 && strlen(read.hash) == 64);
	must(ids_write(db, &read, &err) == 0 && ids_read(db, &again, &err) == 0);
	must(again.next == read.next && again.epoch == read.epoch && again.seq == read.seq &&
	     !strcmp(again.hash, read.hash));
}

static void take(void *arg, struct inbox_item *item)
{
	++*(int *)arg;
	must(strlen(item->message.topic) <= SPILL_MAX_BYTES && !item->message.payload[item->message.len]);
	inbox_item_free(item);
}

static void accepted(void)
{
	struct spill *s = spill_open(file);
	char other[sizeof file + 8];
	int n = 0;

	must(spill_each(s, &(struct taken){0}, take, &n) == n);
	spill_stored(s, INT64_MAX);
	spill_close(s);
	snprintf(other, sizeof other, "%s.other", file);
	unlink(other); /* else each run looks for a name behind those of all before */
}

static void in_work(void)
{
	struct poison *p = poison_open(file);

	poison_is_set_aside(p, poison_digest("t", "x", 1));
	poison_in_work(p, POISON_LOOP, 7);
	poison_close(p);
}

static void bundle(const char *text, size_t len)
{
	struct source *sources;
	struct arena arena;
	char store[512];
	int n;

	arena_init(&arena);
	if (config_sources(text, len, &arena, &sources, &n) == 0)
		for (int i = 0; i < n; i++)
			must(sources[i].bytes >= text && sources[i].bytes + sources[i].len <= text + len);
	if (config_store_path_guess(text, len, store))
		must(*store == '/' && strlen(store) < sizeof store);
	arena_fini(&arena);
}

static void zone(const char *bytes, size_t len)
{
	char *name = malloc(len + 1);
	struct arena arena;
	struct err err;
	struct tz tz;

	memcpy(name, bytes, len);
	name[len] = 0;
	arena_init(&arena);
	if (zoneinfo_read(name, &arena, &tz, &err) == 0) {
		must(tz.n > 0);
		for (int i = 0; i < tz.n; i++)
			must(abs(tz.offset_s[i]) <= 26 * 3600 && (!i || tz.at_ms[i] > tz.at_ms[i - 1]));
	} else
		must(*err.text);
	arena_fini(&arena);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!*file) {
		const char *top = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";

		snprintf(file, sizeof file, "%s/fuzz-files-XXXXXX", top);
		must(mkdtemp(file));
		snprintf(db, sizeof db, "%s/tocsin.db", file);
		strcat(file, "/ids");
		atexit(leave);
	}
	if (!size)
		return 0;
	write_file(data + 1, size - 1);
	switch (*data) {
	case 'i':
		ids();
		break;
	case 'a':
		accepted();
		break;
	case 'w':
		in_work();
		break;
	case 'b':
		bundle((const char *)data + 1, size - 1);
		break;
	case 'z':
		zone((const char *)data + 1, size - 1);
		break;
	}
	return 0;
}
