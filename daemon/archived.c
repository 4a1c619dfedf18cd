#include "archived.h"

#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_it(const struct control_request *r, struct let_go *ret)
{
	if (!r->upto || !r->head || strlen(r->head) != HASH_BYTES - 1 || !r->file || *r->file != '/' ||
	    strlen(r->file) >= sizeof ret->file)
		return false;
	ret->upto = r->upto;
	snprintf(ret->hash, sizeof ret->hash, "%s", r->head);
	snprintf(ret->file, sizeof ret->file, "%s", r->file);
	return true;
}

/* The row and the new beginning are of one turn: both are stored, or none. */
static void let_go(struct daemon *d, const struct control_request *r, const struct let_go *go)
{
	struct batch *b = d->gathering;
	struct event ev = {.kind = EVENT_ARCHIVED};
	char who[64];

	snprintf(who, sizeof who, "uid:%u", (unsigned)r->uid);
	ev.archived.upto = go->upto;
	ev.archived.head = go->hash;
	ev.archived.file = go->file;
	ev.archived.who = r->login && *r->login ? r->login : who;
	daemon_step(d, &ev);
	b->let_go = xmalloc(sizeof *b->let_go);
	*b->let_go = *go;
	b->turn.let_go = b->let_go;
	b->let_go_client = r->client;
	daemon_soon(d);
}

void archived_ask(struct daemon *d, const struct control_request *r)
{
	struct let_go go;
	struct err err = {0};

	if (!r->is_admin)
		control_refuse(d->control, r->client, "not_allowed",
		               "to archive is for root, the daemon's own user and the group tocsin-admin");
	else if (!read_it(r, &go))
		control_refuse(d->control, r->client, "bad_request",
		               "archived wants upto, a row's number, head, its hash, and file, a path from the root on");
	else if (d->gathering->let_go || (d->flying && d->flying->let_go) || d->store_state != STORE_OK)
		control_refuse(d->control, r->client, "busy", "the store is at work; ask again later");
	else if (store_may_let_go(daemon_plan(d)->store_path, &go, &err) < 0)
		control_refuse(d->control, r->client, "refused", err.text);
	else
		let_go(d, r, &go);
}

void archived_stored(struct daemon *d, const struct batch *b)
{
	struct buf json = {0};

	if (!b->let_go)
		return;
	log_at(LOG_NOTICE, "the rows up to %lld stand in %s; the audit goes on from %lld:%s", (long long)b->let_go->upto,
	       b->let_go->file, (long long)b->let_go->upto, b->let_go->hash);
	json_open(&json, NULL, '{');
	json_bool(&json, "ok", true);
	json_int(&json, "upto", b->let_go->upto);
	json_close(&json, '}');
	control_answer(d->control, b->let_go_client, buf_text(&json));
	buf_fini(&json);
}
