#include "zoneinfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { TRANSITIONS_MAX = 256, DAY_S = 86400 };

static const int64_t from_s = 1577836800, until_s = 2524608000; /* 2020-01-01, 2050-01-01 */

struct table {
	char name[64];
	int n;
	int64_t at_ms[TRANSITIONS_MAX];
	int32_t offset_s[TRANSITIONS_MAX];
};

static int32_t local_offset_s(int64_t at_s)
{
	time_t t = (time_t)at_s;
	struct tm tm;

	return localtime_r(&t, &tm) ? (int32_t)tm.tm_gmtoff : 0;
}

/* The second in (low, high] at which the offset became that of high. */
static int64_t change_between(int64_t low_s, int64_t high_s)
{
	int32_t after = local_offset_s(high_s);

	while (high_s - low_s > 1) {
		int64_t middle_s = low_s + (high_s - low_s) / 2;

		if (local_offset_s(middle_s) == after)
			high_s = middle_s;
		else
			low_s = middle_s;
	}
	return high_s;
}

static void probe(struct table *t)
{
	t->n = 1;
	t->at_ms[0] = from_s * 1000;
	t->offset_s[0] = local_offset_s(from_s);
	for (int64_t at_s = from_s; at_s < until_s && t->n < TRANSITIONS_MAX; at_s += DAY_S) {
		int32_t after = local_offset_s(at_s + DAY_S);

		if (after == t->offset_s[t->n - 1])
			continue;
		t->at_ms[t->n] = change_between(at_s, at_s + DAY_S) * 1000;
		t->offset_s[t->n++] = after;
	}
}

static bool exists(const char *name)
{
	const char *dir = getenv("TZDIR");
	char path[512];
	struct stat st;

	if (!*name || *name == '/' || strstr(name, ".."))
		return false;
	snprintf(path, sizeof path, "%s/%s", dir ? dir : "/usr/share/zoneinfo", name);
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static void probe_zone(struct table *t, const char *name)
{
	const char *tz = getenv("TZ");
	char *before = tz ? xstrdup(tz) : NULL;

	setenv("TZ", name, 1);
	tzset();
	probe(t);
	if (before)
		setenv("TZ", before, 1);
	else
		unsetenv("TZ");
	tzset();
	free(before);
}

int zoneinfo_read(const char *name, struct arena *arena, struct tz *ret_tz, struct err *err)
{
	static struct table known;
	int64_t *at_ms;
	int32_t *offset_s;

	if (!name)
		name = "UTC";
	if (strlen(name) >= sizeof known.name || !exists(name))
		return err_set(err,
		               "the time zone \"%.64s\" is unknown here: write a name like Asia/Shanghai "
		               "(and install tzdata)",
		               name);
	if (strcmp(known.name, name)) {
		probe_zone(&known, name);
		strcpy(known.name, name);
	}
	at_ms = arena_alloc(arena, sizeof *at_ms * (size_t)known.n);
	offset_s = arena_alloc(arena, sizeof *offset_s * (size_t)known.n);
	memcpy(at_ms, known.at_ms, sizeof *at_ms * (size_t)known.n);
	memcpy(offset_s, known.offset_s, sizeof *offset_s * (size_t)known.n);
	*ret_tz = (struct tz){.n = known.n, .at_ms = at_ms, .offset_s = offset_s};
	return 0;
}
