/* plugins.h - finds the plugin of a channel: built in, or a module of the one
 * plugin directory, loaded when first asked for and kept. Nothing of it is
 * called before owner, abi, size and what must be there are checked; and what
 * a channel's `options:` say is checked against its table. Main thread. */
#ifndef TOCSIN_PLUGINS_H
#define TOCSIN_PLUGINS_H

#include "base/arena.h"
#include "plan.h"
#include "plugin.h"

/* NULL and a sentence. The environment's TOCSIN_PLUGIN_DIR takes the place of the directory, for tests:
 * there the files may belong to the caller. */
const struct plugin_api *plugins_find(const char *name, char ret_error[PLUGIN_ERROR_BYTES]);
/* The options of a channel as its plugin wants them, into the arena; secrets are read, or with is_check
 * only named. 0, or -1 with a sentence and, in *ret_option, which one it is about (-1: none). */
struct plugins_order {
	const struct plugin_api *api;
	const struct channel *channel;
	int is_check;
};
int plugins_values(const struct plugins_order *o, struct arena *arena,
                   struct plugin_value values[PLUGIN_OPTIONS_MAX], int *ret_option,
                   char ret_error[PLUGIN_ERROR_BYTES]);

/* What is wrong with a channel, found without sending anything. 0, or -1 as above. */
int plugins_check(const struct channel *channel, int *ret_option, char ret_error[PLUGIN_ERROR_BYTES]);

#endif
