#include "peer.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GROUPS_MAX = 256, NAME_BUFFER = 16384 };

static const char admin_group[] = "tocsin-admin";

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

	*ret = (struct peer){.uid = (uid_t)-1};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return;
	ret->uid = cred.uid;
	if (!getpwuid_r(cred.uid, &pw, text, sizeof text, &found) && found &&
	    strlen(pw.pw_name) < sizeof ret->login)
		strcpy(ret->login, pw.pw_name);
	else
		snprintf(ret->login, sizeof ret->login, "#%u", (unsigned)cred.uid);
	ret->is_admin = cred.uid == 0 || cred.uid == geteuid() || is_in_admin_group(fd, cred.gid);
}

/* -- from one process to another of the same version -- */

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int peer_hand_over(int door, int fd, const struct peer *peer)
{
	struct peer copy = *peer;
	struct iovec iov = {&copy, sizeof copy};
	union control control = {0};
	struct msghdr message = {.msg_iov = &iov,
	                         .msg_iovlen = 1,
	                         .msg_control = control.bytes,
	                         .msg_controllen = sizeof control.bytes};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	return sendmsg(door, &message, MSG_NOSIGNAL) == (ssize_t)sizeof copy ? 0 : -1;
}

int peer_take_over(int door, int *ret_fd, struct peer *ret)
{
	struct iovec iov = {ret, sizeof *ret};
	union control control = {0};
	struct msghdr message = {.msg_iov = &iov,
	                         .msg_iovlen = 1,
	                         .msg_control = control.bytes,
	                         .msg_controllen = sizeof control.bytes};
	ssize_t n = recvmsg(door, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&message);

	*ret_fd = -1;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(c), sizeof *ret_fd);
	if (n == (ssize_t)sizeof *ret && *ret_fd >= 0 && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		ret->login[sizeof ret->login - 1] = 0;
		return 1;
	}
	if (*ret_fd >= 0)
		close(*ret_fd);
	if (n > 0)
		errno = EBADMSG;
	return n == 0 ? 0 : -1;
}
