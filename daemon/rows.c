#include "rows.h"

#include "log.h"
#include "perform.h"

#include <stdlib.h>
#include <string.h>

enum { RESEND_ROWS = 1000 };

static void row_json(int64_t epoch, int64_t seq, const char *rec, const char *hash, struct buf *out)
{
	json_open(out, NULL, '{');
	json_int(out, "epoch", epoch);
	json_int(out, "seq", seq);
	json_str(out, "rec", rec);
	json_str(out, "hash", hash);
	json_close(out, '}');
}

static void publish_row(struct daemon *d, const struct stored_row *r)
{
	char topic[PERFORM_TOPIC_BYTES];
	struct buf json = {0};
	struct outgoing o = {.lane = LANE_STREAM, .topic = perform_topic(d, "event", topic)};

	row_json(engine_epoch(d->engine), r->row.seq, r->row.rec, r->hash, &json);
	o.payload = buf_text(&json);
	perform_leave(d, &o);
	if (control_has_followers(d->control))
		control_row(d->control, buf_text(&json));
	buf_fini(&json);
}

void rows_publish_head(struct daemon *d)
{
	char topic[PERFORM_TOPIC_BYTES];
	struct buf json = {0};
	struct outgoing o = {.lane = LANE_STATE,
	                     .topic = perform_topic(d, "audit/head", topic),
	                     .qos = 1,
	                     .retain = true,
	                     .latest_wins = true};

	json_open(&json, NULL, '{');
	json_int(&json, "epoch", engine_epoch(d->engine));
	json_int(&json, "seq", d->head_seq);
	json_str(&json, "hash", d->head_hash);
	json_close(&json, '}');
	o.payload = buf_text(&json);
	perform_leave(d, &o);
	buf_fini(&json);
}

void rows_publish(struct daemon *d, const struct batch *b)
{
	bool has_closed = false;

	for (int i = 0; i < b->turn.n_rows; i++) {
		const struct stored_row *r = &b->turn.rows[i];

		publish_row(d, r);
		has_closed |= r->row.kind == AUDIT_CLOSED;
		d->head_seq = r->row.seq;
		memcpy(d->head_hash, r->hash, sizeof d->head_hash);
	}
	if (!b->turn.n_rows)
		return;
	rows_publish_head(d);
	if (has_closed)
		log_at(LOG_INFO, "audit head %lld:%s", (long long)d->head_seq, d->head_hash);
}

/* -- audit rows asked for again -- */

void rows_keep_resend(struct daemon *d, int64_t from, int64_t to)
{
	struct resend **end = &d->resends;

	while (*end)
		end = &(*end)->next;
	*end = xcalloc(1, sizeof **end);
	(*end)->from = from;
	(*end)->to = to;
	daemon_soon(d);
}

/* The epoch of a row stands in its own text. */
static bool on_row(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct daemon *d = arg;
	const char *epoch = strstr(rec, "\"epoch\":");
	char topic[PERFORM_TOPIC_BYTES];
	struct buf json = {0};
	struct outgoing o = {.lane = LANE_STREAM, .topic = perform_topic(d, "event", topic)};

	row_json(epoch ? strtoll(epoch + 8, NULL, 10) : 0, seq, rec, hash, &json);
	o.payload = buf_text(&json);
	perform_leave(d, &o);
	buf_fini(&json);
	return true;
}

void rows_resend(struct daemon *d)
{
	struct resend *r = d->resends;
	int64_t last;
	struct err err;

	if (!r)
		return;
	last = r->to - r->from >= RESEND_ROWS ? r->from + RESEND_ROWS - 1 : r->to;
	if (store_each_row(daemon_plan(d)->store_path, r->from, last, on_row, d, &err) < 0) {
		log_at(LOG_WARNING, "cannot send rows again: %s", err.text);
		last = r->to;
	}
	r->from = last + 1;
	if (last >= r->to || r->from > d->head_seq) {
		d->resends = r->next;
		free(r);
	}
	if (d->resends)
		daemon_soon(d);
}
