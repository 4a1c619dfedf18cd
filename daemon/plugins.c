#include "plugins.h"

#include "base/buf.h"
#include "base/err.h"
#include "config.h"
#include "log.h"
#include "sysd.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef TOCSIN_PLUGIN_DIR
#define TOCSIN_PLUGIN_DIR "/usr/lib/tocsin"
#endif

enum { LOADED_MAX = 16 };

static const struct plugin_api *loaded[LOADED_MAX] = {&plugin_page, &plugin_journal, &plugin_exec};

__attribute__((format(printf, 2, 3))) static const struct plugin_api *
refuse(char ret_error[PLUGIN_ERROR_BYTES], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(ret_error, PLUGIN_ERROR_BYTES, format, ap);
	va_end(ap);
	return NULL;
}

/* -- a module -- */

/* Whoever may write it could run as the daemon. */
static const char *untrusted(const char *path, int is_file)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return "is not there";
	if (is_file ? !S_ISREG(st.st_mode) : !S_ISDIR(st.st_mode))
		return is_file ? "is not a file" : "is not a directory";
	if (st.st_uid != 0 && !(getenv("TOCSIN_PLUGIN_DIR") && st.st_uid == geteuid()))
		return "does not belong to root";
	return st.st_mode & (S_IWGRP | S_IWOTH) ? "can be written by others than root" : NULL;
}

/* The first words are read before anything is believed about the rest. */
static const char *unfit(const struct plugin_api *api, const char *name)
{
	static char text[PLUGIN_ERROR_BYTES];
	int n = 0;

	if (api->abi != TOCSIN_PLUGIN_ABI)
		snprintf(text, sizeof text, "speaks abi %u and this program %d", api->abi, TOCSIN_PLUGIN_ABI);
	else if (api->size != sizeof *api)
		snprintf(text, sizeof text, "describes itself in %u bytes and this program in %zu", api->size,
		         sizeof *api);
	else if (!api->name || strcmp(api->name, name) != 0)
		snprintf(text, sizeof text, "calls itself '%.40s'", api->name ? api->name : "");
	else if (!api->version || !api->options || !api->open || !api->send || !api->close)
		snprintf(text, sizeof text, "lacks its version, options, open, send or close");
	else
		text[0] = 0;
	while (!text[0] && api->options[n].key)
		if (++n > PLUGIN_OPTIONS_MAX)
			snprintf(text, sizeof text, "has more than %d options", PLUGIN_OPTIONS_MAX);
	return text[0] ? text : NULL;
}

static const struct plugin_api *load(const char *path, const char *name, char ret_error[PLUGIN_ERROR_BYTES])
{
	const char *why = untrusted(path, 1);
	const struct plugin_api *api;
	void *module;

	if (why)
		return refuse(ret_error, "the plugin file %s %s", path, why);
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!module)
		return refuse(ret_error, "the plugin file cannot be loaded: %s", dlerror());
	api = dlsym(module, TOCSIN_PLUGIN_SYMBOL);
	why = api ? unfit(api, name) : "has no " TOCSIN_PLUGIN_SYMBOL;
	if (!why)
		return api; /* kept for good: nobody can know when its last code has run */
	refuse(ret_error, "the plugin file %s %s", path, why);
	dlclose(module);
	return NULL;
}

static const struct plugin_api *keep(const struct plugin_api *api)
{
	for (int i = 0; api && i < LOADED_MAX; i++)
		if (!loaded[i]) {
			loaded[i] = api;
			break;
		}
	return api;
}

const struct plugin_api *plugins_find(const char *name, char ret_error[PLUGIN_ERROR_BYTES])
{
	const char *elsewhere = getenv("TOCSIN_PLUGIN_DIR"), *dir = elsewhere ? elsewhere : TOCSIN_PLUGIN_DIR;
	const char *why;
	char path[512];

	for (int i = 0; i < LOADED_MAX && loaded[i]; i++)
		if (!strcmp(loaded[i]->name, name))
			return unfit(loaded[i], name)
			           ? refuse(ret_error, "the plugin '%s' %s", name, unfit(loaded[i], name))
			           : loaded[i];
	if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz-")])
		return refuse(ret_error, "there is no plugin '%.60s'", name);
	why = untrusted(dir, 0);
	if (why)
		return refuse(ret_error, "there is no plugin '%.60s': the directory %s %s", name, dir, why);
	snprintf(path, sizeof path, "%s/%s.so", dir, name);
	if (access(path, F_OK) < 0)
		return refuse(ret_error, "there is no plugin '%.60s' in %s", name, dir);
	return keep(load(path, name, ret_error));
}

/* -- its options -- */

static int index_of(const struct plugin_option *table, const char *key)
{
	for (int i = 0; table[i].key; i++)
		if (!strcmp(table[i].key, key))
			return i;
	return -1;
}

static int unknown(const struct plugin_api *api, const char *key, char ret_error[PLUGIN_ERROR_BYTES])
{
	int n = snprintf(ret_error, PLUGIN_ERROR_BYTES, "the plugin %s has no option '%.40s'; it has",
	                 api->name, key);

	for (int i = 0; api->options[i].key && n < PLUGIN_ERROR_BYTES; i++)
		n += snprintf(ret_error + n, (size_t)(PLUGIN_ERROR_BYTES - n), " %s", api->options[i].key);
	return -1;
}

static int read_secret(const struct channel_option *o, struct arena *arena, struct plugin_value *ret,
                       char ret_error[PLUGIN_ERROR_BYTES])
{
	const char **texts = arena_alloc(arena, sizeof *texts);
	struct buf text = {0};
	struct stat st;
	struct err err = {0};
	int failed =
	    o->file ? config_slurp(o->file, 65536, &text, &err) : sysd_credential(o->credential, &text, &err);

	if (o->file && stat(o->file, &st) == 0 && st.st_mode & S_IROTH)
		log_at(LOG_WARNING, "%s can be read by everybody on this machine: chmod o= %s", o->file,
		       o->file);
	while (text.len && strchr("\r\n", text.text[text.len - 1]))
		text.text[--text.len] = 0;
	if (failed)
		refuse(ret_error, "%s", err.text);
	else if (!text.len)
		failed = snprintf(ret_error, PLUGIN_ERROR_BYTES, "the secret of '%s' is empty", o->key);
	*texts = arena_dup(arena, buf_text(&text), text.len);
	*ret = (struct plugin_value){texts, 1};
	if (text.len)
		explicit_bzero(text.text, text.len);
	buf_fini(&text);
	return failed ? -1 : 0;
}

static const char *wrong_text(enum plugin_type type, const char *text)
{
	if (type == PLUGIN_FLAG && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return "must be true or false";
	if (type == PLUGIN_NUMBER && (!*text || strlen(text) > 9 || text[strspn(text, "0123456789")]))
		return "must be a whole number";
	return NULL;
}

/* Its texts outlive the plan, which may go while the channel's last notices are still tried. */
static struct plugin_value copy_of(const struct strings *texts, struct arena *arena)
{
	const char **at = arena_alloc(arena, (size_t)(texts->n + 1) * sizeof *at);

	for (int i = 0; i < texts->n; i++)
		at[i] = arena_str(arena, texts->at[i]);
	return (struct plugin_value){at, texts->n};
}

static int read_value(const struct plugins_order *order, const struct channel_option *o, struct arena *arena,
                      struct plugin_value *ret, char ret_error[PLUGIN_ERROR_BYTES])
{
	static const char *const unread[] = {"secret"};
	const struct plugin_option *as = &order->api->options[index_of(order->api->options, o->key)];
	const char *why = NULL;

	if (as->type == PLUGIN_SECRET && o->texts.n)
		why = "is a secret: write {file: PATH} or {credential: NAME}";
	else if (as->type != PLUGIN_SECRET && !o->texts.n)
		why = "is no secret: write it here";
	else if (as->type != PLUGIN_LIST && o->texts.n > 1)
		why = "must be one text";
	for (int i = 0; !why && i < o->texts.n; i++)
		why = wrong_text(as->type, o->texts.at[i]);
	if (why) {
		snprintf(ret_error, PLUGIN_ERROR_BYTES, "'%s' %s", o->key, why);
		return -1;
	}
	*ret = copy_of(&o->texts, arena);
	if (o->texts.n)
		return 0;
	*ret = (struct plugin_value){unread, 1};
	return order->is_check ? 0 : read_secret(o, arena, ret, ret_error);
}

static int missing(const struct plugin_api *api, const struct plugin_value *values,
                   char ret_error[PLUGIN_ERROR_BYTES])
{
	for (int i = 0; api->options[i].key; i++)
		if (api->options[i].must && !values[i].n) {
			snprintf(ret_error, PLUGIN_ERROR_BYTES, "the plugin %s needs the option '%s': %s",
			         api->name, api->options[i].key, api->options[i].help);
			return -1;
		}
	return 0;
}

int plugins_values(const struct plugins_order *order, struct arena *arena,
                   struct plugin_value values[PLUGIN_OPTIONS_MAX], int *ret_option,
                   char ret_error[PLUGIN_ERROR_BYTES])
{
	const struct channel *c = order->channel;
	const struct plugin_option *table = order->api->options;

	memset(values, 0, sizeof *values * PLUGIN_OPTIONS_MAX);
	*ret_option = -1;
	if (c->argv.n && index_of(table, "argv") < 0)
		return unknown(order->api, "argv", ret_error);
	if (c->argv.n)
		values[index_of(table, "argv")] = copy_of(&c->argv, arena);
	for (int i = 0; i < c->n_options; i++) {
		int at = index_of(table, c->options[i].key);

		*ret_option = i;
		if (at < 0)
			return unknown(order->api, c->options[i].key, ret_error);
		if (read_value(order, &c->options[i], arena, &values[at], ret_error) < 0)
			return -1;
	}
	*ret_option = -1;
	return missing(order->api, values, ret_error);
}

/* -- without sending -- */

int plugins_check(const struct channel *channel, int *ret_option, char ret_error[PLUGIN_ERROR_BYTES])
{
	const struct plugin_host nothing = {.size = sizeof nothing};
	struct plugin_value values[PLUGIN_OPTIONS_MAX];
	struct plugins_order order = {plugins_find(channel->plugin, ret_error), channel, 1};
	struct arena arena;
	void *instance;
	int failed;

	*ret_option = -1;
	if (!order.api)
		return -1;
	arena_init(&arena);
	failed = plugins_values(&order, &arena, values, ret_option, ret_error);
	if (!failed) {
		instance = order.api->open(&nothing, values, channel->timeout_ms, ret_error);
		failed = instance ? 0 : -1;
		if (instance)
			order.api->close(instance);
	}
	arena_fini(&arena);
	return failed;
}
