/* mosquitto.c - a mosquitto's files, read as far as `tocsin doctor` judges them. */
#include "mosquitto.h"

#include "base/arena.h"
#include "base/buf.h"
#include "config.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX_BYTES = 4 << 20, LINES_MAX = 4096 };

struct setting {
	const char *key, *value;
};

struct mosquitto {
	struct arena arena;
	const char *root;
	struct setting *settings;
	int n;
};

static const char *below(const struct mosquitto *m, const char *path, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%s%s", m->root, path);
	return ret;
}

/* -- lines -- */

/* The next line without its end and outer spaces; NULL: no more. Writes into the text. */
static char *next_line(char **at)
{
	char *line = *at, *end;

	if (!line || !*line)
		return NULL;
	end = line + strcspn(line, "\n");
	*at = *end ? end + 1 : end;
	*end = 0;
	line += strspn(line, " \t");
	for (end = line + strlen(line); end > line && strchr(" \t\r", end[-1]);)
		*--end = 0;
	return line;
}

/* Splits off the first word; what follows it. */
static char *split_word(char *line)
{
	char *rest = line + strcspn(line, " \t");

	if (*rest)
		*rest++ = 0;
	return rest + strspn(rest, " \t");
}

static int read_settings(struct mosquitto *m, const char *path, struct err *err);

/* Its *.conf files in the order of their names, as mosquitto takes them. */
static int read_directory(struct mosquitto *m, const char *dir, struct err *err)
{
	char pattern[PATH_MAX];
	glob_t found = {0};
	int failed = 0;

	snprintf(pattern, sizeof pattern, "%s%.1000s/*.conf", m->root, dir);
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && !failed; i++)
			failed = read_settings(m, found.gl_pathv[i], err);
	globfree(&found);
	return failed;
}

static void keep(struct mosquitto *m, const char *key, const char *value)
{
	if (m->n < LINES_MAX)
		m->settings[m->n++] =
		    (struct setting){arena_str(&m->arena, key), arena_str(&m->arena, value)};
}

static int read_settings(struct mosquitto *m, const char *path, struct err *err)
{
	struct buf text = {0};
	int failed = config_slurp(path, FILE_MAX_BYTES, &text, err);
	char *at = text.text, *line, *value;

	while (!failed && (line = next_line(&at))) {
		if (!*line || *line == '#')
			continue;
		value = split_word(line);
		if (!strcmp(line, "include_dir"))
			failed = read_directory(m, value, err);
		else
			keep(m, line, value);
	}
	buf_fini(&text);
	return failed;
}

struct mosquitto *mosquitto_read(const char *root, const char *path, struct err *err)
{
	struct mosquitto *m = xcalloc(1, sizeof *m);
	char name[PATH_MAX];

	arena_init(&m->arena);
	m->root = arena_str(&m->arena, root);
	m->settings = arena_alloc(&m->arena, sizeof *m->settings * LINES_MAX);
	if (read_settings(m, below(m, path, name), err) == 0)
		return m;
	mosquitto_free(m);
	return NULL;
}

void mosquitto_free(struct mosquitto *m)
{
	if (!m)
		return;
	arena_fini(&m->arena);
	free(m);
}

/* -- settings -- */

const char *mosquitto_get(const struct mosquitto *m, const char *key)
{
	for (int i = m->n; i-- > 0;)
		if (!strcmp(m->settings[i].key, key))
			return m->settings[i].value;
	return NULL;
}

bool mosquitto_true(const struct mosquitto *m, const char *key, bool otherwise)
{
	const char *value = mosquitto_get(m, key);

	return value ? !strcmp(value, "true") || !strcmp(value, "1") : otherwise;
}

long long mosquitto_number(const struct mosquitto *m, const char *key, long long otherwise)
{
	const char *value = mosquitto_get(m, key);

	return value ? strtoll(value, NULL, 10) : otherwise;
}

bool mosquitto_has(const struct mosquitto *m, const char *key, const char *value)
{
	for (int i = 0; i < m->n; i++)
		if (!strcmp(m->settings[i].key, key) && !strcmp(m->settings[i].value, value))
			return true;
	return false;
}

const char *mosquitto_file(const struct mosquitto *m, const char *key)
{
	const char *value = mosquitto_get(m, key);
	char name[PATH_MAX];

	return value ? arena_str((struct arena *)&m->arena, below(m, value, name)) : NULL;
}

/* -- the access list -- */

static void read_access(char **at, struct mosquitto_grant *g)
{
	static const struct {
		const char *word;
		bool read, write, deny;
	} words[] = {{"read", true, false, false},
	             {"write", false, true, false},
	             {"readwrite", true, true, false},
	             {"deny", false, false, true}};
	size_t len = strcspn(*at, " \t");

	g->read = g->write = true;
	g->deny = false;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strlen(words[i].word) != len || strncmp(words[i].word, *at, len) != 0 || !(*at)[len])
			continue;
		g->read = words[i].read;
		g->write = words[i].write;
		g->deny = words[i].deny;
		*at += len + strspn(*at + len, " \t");
		return;
	}
}

int mosquitto_each_grant(const struct mosquitto *m, bool (*fn)(void *arg, const struct mosquitto_grant *g),
                         void *arg, struct err *err)
{
	const char *path = mosquitto_file(m, "acl_file");
	struct mosquitto_grant g = {0};
	const char *user = NULL;
	struct buf text = {0};
	char *at, *line, *rest;
	bool go_on = true;

	if (!path)
		return err_set(err, "there is no acl_file");
	if (config_slurp(path, FILE_MAX_BYTES, &text, err) < 0)
		return -1;
	at = text.text;
	while (go_on && (line = next_line(&at))) {
		if (!*line || *line == '#')
			continue;
		rest = split_word(line);
		if (!strcmp(line, "user")) {
			user = rest;
			continue;
		}
		if (strcmp(line, "topic") != 0 && strcmp(line, "pattern") != 0)
			continue;
		read_access(&rest, &g);
		g.user = *line == 'p' ? "" : user;
		g.filter = rest;
		go_on = fn(arg, &g);
	}
	buf_fini(&text);
	return 0;
}

int mosquitto_has_user(const struct mosquitto *m, const char *beginning)
{
	const char *path = mosquitto_file(m, "password_file");
	struct buf text = {0};
	struct err err;
	char *at, *line;
	int found = 0;

	if (!path || config_slurp(path, FILE_MAX_BYTES, &text, &err) < 0)
		return -1;
	at = text.text;
	while (!found && (line = next_line(&at)))
		found = !strncmp(line, beginning, strlen(beginning));
	buf_fini(&text);
	return found;
}

bool mosquitto_covers(const char *filter, const char *topic)
{
	for (;; filter++, topic++) {
		if (*filter == '#')
			return true;
		if (*filter == '+') {
			topic += strcspn(topic, "/");
			filter++;
		}
		if (*filter != *topic)
			return !*topic && !strcmp(filter, "/#");
		if (!*filter)
			return true;
	}
}
