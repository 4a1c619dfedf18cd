/* archive.c - tocsin archive: rows of long ago into a file of their own, with
 * tocsind stopped. What is open, and all since it was opened, stays. */
#include "base/arena.h"
#include "base/text.h"
#include "cli.h"
#include "control.h"
#include "print.h"
#include "records/kpi.h"
#include "records/logged.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP "365d"

/* Where the log may be cut. */
struct cutting {
	int64_t before_ms;
	int64_t last_seq; /* of the newest row that is old enough */
	bool is_over;     /* a younger one was seen */
	struct open_one {
		int64_t number, seq;
	} * open;
	int n, cap;
};

static void opened(struct cutting *c, int64_t number, int64_t seq)
{
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 64;
		c->open = xrealloc(c->open, (size_t)c->cap * sizeof *c->open);
	}
	c->open[c->n++] = (struct open_one){number, seq};
}

static void closed(struct cutting *c, int64_t number)
{
	int n = 0;

	for (int i = 0; i < c->n; i++)
		if (c->open[i].number != number)
			c->open[n++] = c->open[i];
	c->n = n;
}

static bool take(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct cutting *c = arg;
	enum audit_kind kind;
	int64_t number, at_ms;

	(void)hash;
	if (!logged_peek(rec, &kind, &number) || !kpi_time(rec, &at_ms))
		return true;
	c->is_over |= at_ms >= c->before_ms;
	if (!c->is_over)
		c->last_seq = seq;
	if (kind == AUDIT_OPENED)
		opened(c, number, seq);
	else if (kind == AUDIT_CLOSED)
		closed(c, number);
	return true;
}

/* The newest time in the log: what "older than" counts back from. */
static bool take_time(void *arg, int64_t seq, const char *rec, const char *hash)
{
	(void)seq, (void)hash;
	kpi_time(rec, arg);
	return true;
}

/* The last row to leave out; 0: none. */
static int find_cut(const char *db, int64_t keep_ms, int64_t *ret_seq, struct err *err)
{
	struct cutting c = {0};
	struct chain_walk first = {0}, second = {0};
	int64_t newest_ms = 0;
	int failed = store_walk(db, &first, INT64_MAX, &(struct row_taker){take_time, &newest_ms}, err);

	c.before_ms = newest_ms - keep_ms;
	if (failed >= 0)
		failed = store_walk(db, &second, INT64_MAX, &(struct row_taker){take, &c}, err);
	for (int i = 0; i < c.n; i++)
		if (c.open[i].seq <= c.last_seq)
			c.last_seq = c.open[i].seq - 1;
	*ret_seq = c.last_seq > second.v.base_seq && c.last_seq < second.v.head_seq ? c.last_seq : 0;
	free(c.open);
	return failed;
}

static int say(const struct cli *c, const char *file, const struct verify *v)
{
	struct buf out = {0};
	char head[128];

	snprintf(head, sizeof head, "%lld:%s", (long long)v->base_seq, v->head);
	if (c->json) {
		json_open(&out, NULL, '{');
		json_bool(&out, "ok", true);
		json_str(&out, "file", v->base_seq ? file : NULL);
		json_int(&out, "upto", v->base_seq);
		json_str(&out, "head", v->base_seq ? head : NULL);
		json_close(&out, '}');
	} else if (v->base_seq) {
		buf_printf(&out, "rows up to %lld stand in %s alone; the living log goes on from %s",
		           (long long)v->base_seq, file, head);
	} else {
		buf_str(&out, "nothing is old enough, or what is open began before it");
	}
	print_safe(stdout, buf_text(&out));
	putchar('\n');
	buf_fini(&out);
	return CLI_DONE;
}

int archive_command(const struct cli *c)
{
	const char *db = c->db ? c->db : "/var/lib/tocsin/tocsin.db";
	int64_t keep_ms, upto;
	struct verify v = {0};
	struct err err = {0};

	if (!duration_parse(c->keep ? c->keep : KEEP, &keep_ms))
		return cli_fail(c, CLI_USAGE, "usage", "--keep 365d: what is younger stays");
	if (control_is_answered(c->socket))
		return cli_fail(
		    c, CLI_REFUSED, "busy",
		    "tocsind runs, or systemd would start it: systemctl stop tocsind.socket tocsind");
	if (find_cut(db, keep_ms, &upto, &err) < 0 ||
	    (upto && store_archive(db, c->args[0], upto, &v, &err) < 0))
		return cli_fail(c, CLI_REFUSED, "failed", err.text);
	return say(c, c->args[0], &v);
}
