#include "control_line.h"

#include "base/arena.h"

#include <grp.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GROUPS_MAX = 256, NAME_BUFFER = 16384 };

static const char admin_group[] = "tocsin-admin";

/* -- the peer -- */

static bool is_in_admin_group(int fd, gid_t main_gid)
{
	char text[NAME_BUFFER];
	gid_t gids[GROUPS_MAX];
	socklen_t len = sizeof gids;
	struct group group, *found = NULL;

	if (getgrnam_r(admin_group, &group, text, sizeof text, &found) || !found)
		return false;
	if (main_gid == group.gr_gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, gids, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof gids[0]; i++)
		if (gids[i] == group.gr_gid)
			return true;
	return false;
}

void peer_of(int fd, struct peer *ret)
{
	char text[NAME_BUFFER];
	struct passwd pw, *found = NULL;
	struct ucred cred;
	socklen_t len = sizeof cred;

	*ret = (struct peer){0};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return;
	if (!getpwuid_r(cred.uid, &pw, text, sizeof text, &found) && found)
		snprintf(ret->login, sizeof ret->login, "%s", pw.pw_name);
	ret->is_admin = cred.uid == 0 || cred.uid == geteuid() || is_in_admin_group(fd, cred.gid);
}

/* -- the line -- */

struct control_line {
	json_t *root;
};

/* Missing or null: NULL. */
static bool text_of(const json_t *root, const char *key, const char **ret)
{
	const json_t *value = json_object_get(root, key);

	*ret = json_string_value(value);
	return !value || json_is_null(value) || *ret;
}

/* Missing or null: 0. */
static bool id_of(const json_t *root, int64_t *ret)
{
	const json_t *value = json_object_get(root, "id");

	*ret = json_integer_value(value);
	return !value || json_is_null(value) || (json_is_integer(value) && *ret > 0);
}

static bool fill(const json_t *root, struct control_request *ret)
{
	ret->closed = json_is_true(json_object_get(root, "closed"));
	return text_of(root, "do", &ret->act) && ret->act && text_of(root, "verb", &ret->verb) &&
	       text_of(root, "text", &ret->text) && text_of(root, "as", &ret->as) &&
	       text_of(root, "role", &ret->role) && id_of(root, &ret->id);
}

struct control_line *control_line_read(const char *line, size_t len, const struct peer *peer,
                                       struct control_request *ret)
{
	json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	struct control_line *l;

	*ret = (struct control_request){.login = peer->login, .is_admin = peer->is_admin};
	if (!json_is_object(root) || !fill(root, ret)) {
		json_decref(root);
		return NULL;
	}
	l = xcalloc(1, sizeof *l);
	l->root = root;
	return l;
}

void control_line_free(struct control_line *l)
{
	if (!l)
		return;
	json_decref(l->root);
	free(l);
}
