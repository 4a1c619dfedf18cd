/* listen_words.c - the broker as options name it: --broker, --user,
 * --password-file, --cafile, --cert, --key. */
#include "base/buf.h"
#include "cli.h"
#include "config.h"
#include "listen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "host", "host:1884", "[::1]:1884"; host ends up in `text`. */
static bool split_host(char *text, struct broker *ret)
{
	char *port, *end;

	ret->host = text;
	if (*text == '[') {
		ret->host = text + 1;
		end = strchr(text, ']');
		if (!end)
			return false;
		*end = 0;
		port = end[1] == ':' ? end + 1 : NULL;
		if (end[1] && !port)
			return false;
	} else {
		port = strchr(text, ':');
	}
	if (port) {
		long number = strtol(port + 1, &end, 10);

		*port = 0;
		if (*end || end == port + 1 || number < 1 || number > 65535)
			return false;
		ret->port = (int)number;
	}
	return *ret->host && !strpbrk(ret->host, "/@ ?#");
}

static int read_url(const char *url, struct broker *ret, struct err *err)
{
	static char text[300]; /* the host's name stays in it */

	ret->tls.use = !strncmp(url, "mqtts://", 8);
	ret->port = ret->tls.use ? 8883 : 1883;
	if (strncmp(url, "mqtt://", 7) != 0 && !ret->tls.use)
		return err_set(err, "write --broker mqtt://192.0.2.10 or mqtts://broker.example:8883");
	snprintf(text, sizeof text, "%s", url + (ret->tls.use ? 8 : 7));
	if (*text && text[strlen(text) - 1] == '/')
		text[strlen(text) - 1] = 0;
	return split_host(text, ret) ? 0 : err_set(err, "'%.200s' is not the address of a broker", url);
}

static int read_broker(const struct cli *c, struct broker *ret, struct err *err)
{
	const struct guard_words *w = &c->guard;

	if (!w->broker && ret->host) {
		ret->user = w->user;
		return 0;
	}
	*ret = (struct broker){.user = w->user, .version = 5};
	if (!w->broker)
		return err_set(err, "where to listen: --broker mqtt://HOST or mqtts://HOST");
	if (read_url(w->broker, ret, err) < 0)
		return -1;
	ret->tls.ca = w->ca;
	ret->tls.cert = w->cert;
	ret->tls.key = w->key;
	if ((w->ca || w->cert || w->key) && !ret->tls.use)
		return err_set(err, "--cafile, --cert and --key need mqtts://");
	return !w->cert == !w->key ? 0 : err_set(err, "--cert and --key go together");
}

static int read_password(const struct cli *c, const char **ret, struct err *err)
{
	struct buf text = {0};

	*ret = NULL;
	if (!c->guard.password_file)
		return 0;
	if (config_slurp(c->guard.password_file, 65536, &text, err) < 0)
		return -1;
	while (text.len && (text.text[text.len - 1] == '\n' || text.text[text.len - 1] == '\r'))
		text.text[--text.len] = 0;
	if (text.len)
		*ret = buf_steal(&text); /* for as long as the process lives */
	buf_fini(&text);
	return 0;
}

int listen_words(const struct cli *c, struct listen_config *ret, struct err *err)
{
	return read_broker(c, &ret->broker, err) < 0 ? -1 : read_password(c, &ret->password, err);
}
