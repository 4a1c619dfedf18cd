/* control.h - the control socket. One JSON object per line in, one per line
 * out; every question gets exactly one answer (`follow` streams after it, and
 * a verb may be answered once more when its act ends later).
 *
 *   {"do":"status"}                        {"ok":true,"status":{heartbeat
 * fields,"store","broker","plan","site","version","next":{"at","in_s"}}}
 *   {"do":"list","closed":false}           {"ok":true,"incidents":[...]}
 *   {"do":"show","id":17}                  {"ok":true,"incident":{...}}
 *   {"do":"oncall","role":null,"at":null}  {"ok":true,"oncall":...}
 *   {"do":"verb","verb":"ack","text":"17","as":null}    the result object of CONTRACT section 6
 *   {"do":"reload"}                        {"ok":bool,"problems":"text or null","text":"..."}
 *   {"do":"audit-head"}                    {"ok":true,"epoch","seq","hash","db":path}
 *   {"do":"plan"}                          {"ok":true,"plan":hash,"site","version","languages":[...]}
 *   {"do":"archived","upto":N,"head":hash,"file":path}  {"ok":true,"upto":N}: the rows up to N stand in that
 * file, the daemon lets go of them; for root, the daemon's own user and the group tocsin-admin
 *   {"do":"follow"}                        {"ok":true}, then {"epoch","seq","rec","hash"} for every row
 * stored from now on
 *
 * Refused: {"ok":false,"error":word,"text":sentence}; words: bad_request,
 * unknown_id, not_allowed, busy, too_big.
 *
 * Who speaks is the peer's uid (SO_PEERCRED) and its login name. `as` is for
 * root and the group tocsin-admin. Limits: 64 clients, 8 KiB a line, 10 s for
 * a line begun, 1 MiB of unread answers; beyond, the client is dropped. Who shuts
 * its writing side only (`nc -N`) has its answers yet, for 120 s, and is let go then. */
#ifndef TOCSIN_CONTROL_H
#define TOCSIN_CONTROL_H

#include "base/err.h"
#include "loop.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct control;

/* Valid during the call. Strings are UTF-8 or NULL. */
struct control_request {
	int64_t client;  /* the token to answer with; never used twice */
	const char *act; /* "do" */
	const char *verb, *text, *as, *role, *at;
	int64_t id; /* 0 none */
	int64_t upto; /* archived: 0 none */
	const char *head, *file;
	bool closed;
	const char *login; /* of the peer: peer.h */
	uid_t uid;
	bool is_admin; /* root, ourselves, group tocsin-admin */
};

typedef void (*control_ask_fn)(void *arg, const struct control_request *request);

bool control_is_answered(const char *path); /* does somebody listen there? */
/* A left-over socket is replaced, any other file refused. fd: a listening socket from systemd, or -1 to make one at `path`
 * (0660). A SOCK_SEQPACKET is where tocsin-door hands in connections. */
struct control *control_open(struct loop *loop, const char *path, int fd, struct err *err);
void control_on_ask(struct control *c, control_ask_fn ask, void *arg);
void control_close(struct control *c); /* NULL allowed; removes a socket it made */

/* json without line break. A client that is gone, or no control socket (NULL): nothing happens. */
void control_answer(struct control *c, int64_t client, const char *json);
void control_more(struct control *c, int64_t client); /* the next one is not the whole answer */
void control_refuse(struct control *c, int64_t client, const char *word, const char *sentence);
void control_follow(struct control *c, int64_t client);
void control_row(struct control *c, const char *json); /* to every follower */
bool control_has_followers(const struct control *c);

#endif
