/* rows.c - the audit log: follow, audit verify, audit export. */
#include "ask.h"
#include "base/arena.h"
#include "heads.h"
#include "plans.h"
#include "print.h"
#include "segments.h"
#include "store.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "19:10:04  opened  G-17  sensor:gas-b2  {...}" */
static void row_human(long long seq, const struct answer *rec)
{
	struct buf out = {0};
	char at[64], *body = answer_compact(answer_get(rec, "body"));

	buf_printf(&out, "%6lld  %s  %-15s %-7s %-18s %s", seq, print_clock(answer_str(rec, "at"), at),
	           answer_str(rec, "kind"), answer_str(rec, "inc"), answer_str(rec, "who"), body);
	print_safe(stdout, buf_text(&out));
	putchar('\n');
	buf_fini(&out);
	free(body);
}

static void csv_cell(const char *text, bool is_last)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	fputs(is_last ? "\"\r\n" : "\",", stdout);
}

static void row_csv(long long seq, const struct answer *rec, const char *text, const char *hash)
{
	char *body = answer_compact(answer_get(rec, "body"));
	int64_t cause = answer_int(rec, "cause", 0);

	printf("%lld,%lld,", seq, (long long)answer_int(rec, "epoch", 0));
	csv_cell(answer_str(rec, "at"), false);
	csv_cell(answer_str(rec, "kind"), false);
	csv_cell(answer_str(rec, "inc"), false);
	csv_cell(answer_str(rec, "who"), false);
	if (cause)
		printf("%lld", (long long)cause);
	putchar(',');
	csv_cell(body, false);
	csv_cell(text, false);
	csv_cell(hash, true);
	free(body);
}

/* As on the `event` topic: rec byte-exact, as a string. */
static void row_json(long long seq, const struct answer *rec, const char *text, const char *hash)
{
	struct buf out = {0};

	json_open(&out, NULL, '{');
	json_int(&out, "epoch", answer_int(rec, "epoch", 0));
	json_int(&out, "seq", seq);
	json_str(&out, "rec", text);
	json_str(&out, "hash", hash);
	json_close(&out, '}');
	puts(buf_text(&out));
	buf_fini(&out);
}

static bool export_row(void *arg, int64_t seq, const char *text, const char *hash)
{
	const struct cli *c = arg;
	struct err err = {0};
	struct answer *rec = answer_read(text, strlen(text), &err); /* NULL reads as empty */

	if (c->json)
		row_json(seq, rec, text, hash);
	else if (c->csv)
		row_csv(seq, rec, text, hash);
	else
		row_human(seq, rec);
	answer_free(rec);
	return !ferror(stdout);
}

/* `| head` has what it wanted. */
static bool is_unread(int fd)
{
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, 0) == 1;
}

int rows_follow(const struct cli *c)
{
	struct ask a;
	struct err err = {0};
	struct answer *first;
	const char *line = NULL;
	int code = CLI_DONE;
	struct cli quiet = *c;

	quiet.json = false; /* the first answer is no row */
	if (!ask_open(&a, c->socket, &err) && !ask_send(&a, "{\"do\":\"follow\"}", &err))
		line = ask_line(&a, 10000, &err);
	if (line)
		code = ask_judge(&quiet, line, &first);
	if (line && !code) {
		answer_free(first);
		while (!ferror(stdout) && (line = ask_line(&a, -1, &err))) {
			struct answer *row = answer_read(line, strlen(line), &err);
			const char *rec = answer_str(row, "rec");
			if (c->json)
				puts(line);
			else
				export_row(&quiet, answer_int(row, "seq", 0), rec, answer_str(row, "hash"));
			answer_free(row);
			fflush(stdout);
		}
	}
	ask_close(&a);
	if (ferror(stdout) || is_unread(STDOUT_FILENO))
		return CLI_REFUSED;
	return code ? code : cli_fail(c, CLI_UNREACHABLE, "unreachable", err.text);
}

/* What is wrong with the file, against itself and the heads; false: nothing. */
static bool is_wrong(const char *db, const struct verify *v, const struct head *heads, int n,
                     struct err *ret_why)
{
	char hash[HASH_BYTES];
	struct err err = {0};

	if (v->first_bad) {
		err_set(ret_why, "row %lld is bad: %s", (long long)v->first_bad, v->why);
		return true;
	}
	for (int i = 0; i < n; i++) {
		long long seq = heads[i].seq;
		if (seq < 1)
			continue;
		if (seq > v->head_seq) {
			err_set(ret_why, "rows %lld to %lld are missing: the log ends before the known head",
			        (long long)v->head_seq + 1, seq);
			return true;
		}
		if (segments_hash_at(db, seq, hash, &err)) {
			err_set(ret_why, "row %lld cannot be read: %s", seq, err.text);
			return true;
		}
		if (strcmp(hash, heads[i].hash)) {
			err_set(ret_why,
			        "row %lld has not the known hash: the log was rebuilt from there or before",
			        seq);
			return true;
		}
	}
	return false;
}

/* What was proven, and what stands beside it. */
struct proof {
	const char *db;
	struct verify v;
	struct segments older;
	struct buf beside_json, beside; /* files that were not proven */
};

static void verify_json(const struct proof *p, const struct err *why)
{
	struct buf out = {0};

	json_open(&out, NULL, '{');
	json_bool(&out, "ok", !why);
	json_int(&out, "rows", p->v.rows);
	if (p->v.base_seq)
		json_int(&out, "goes_on_from", p->v.base_seq);
	if (p->older.n)
		json_int(&out, "archives", p->older.n);
	json_int(&out, "first_bad", p->v.first_bad);
	json_int(&out, "seq", p->v.head_seq);
	json_str(&out, "hash", p->v.head);
	if (p->beside.len)
		json_raw(&out, "beside", buf_text(&p->beside_json));
	if (why)
		json_str(&out, "text", why->text);
	json_close(&out, '}');
	puts(buf_text(&out));
	buf_fini(&out);
}

/* Behind the first line: where the rows are that are not in the database. */
static void verify_older(const struct proof *p, int older, const struct err *missing)
{
	struct buf out = {0};

	if (p->older.n)
		buf_printf(&out, "%d archive%s before it: whole, and each goes on into the next\n", p->older.n,
		           p->older.n == 1 ? "" : "s");
	if (older > 0)
		buf_printf(&out, "%s\n", missing->text);
	else if (!older && p->older.base_seq)
		buf_printf(&out, "%s from row %lld of the database that was set aside then\n",
		           p->older.n ? "the oldest goes on" : "it goes on", (long long)p->older.base_seq);
	if (p->beside.len)
		buf_printf(&out, "beside it, and not known to it: %s; tocsin audit verify --db FILE proves each by itself\n",
		           buf_text(&p->beside));
	print_lines(stdout, buf_text(&out));
	buf_fini(&out);
}

/* -2: it cannot be read; -1: it is wrong; 1: an archive is missing. */
static int prove(struct proof *p, const struct head *heads, int n, struct err *why)
{
	struct log_ends now;
	struct err ignored;
	int older;

	do { /* again, when the daemon archived meanwhile */
		p->older = (struct segments){0};
		if (store_verify(p->db, &p->v, why))
			return -2;
		older = is_wrong(p->db, &p->v, heads, n, why) ? -1 : 0;
		if (!older)
			older = segments_prove(p->db, &p->v, &p->older, why);
	} while (older < 0 && store_ends(p->db, &now, &ignored) == 0 && now.base_seq != p->v.base_seq);
	return older;
}

static int audit_verify(const struct cli *c, const char *db, const struct head *heads, int n)
{
	struct proof p = {.db = db};
	struct err why = {0};
	int older = prove(&p, heads, n, &why);

	if (older == -2)
		return cli_fail(c, CLI_REFUSED, "unreadable", why.text);
	json_open(&p.beside_json, NULL, '[');
	segments_beside(db, &p.beside_json, &p.beside);
	json_close(&p.beside_json, ']');
	if (c->json)
		verify_json(&p, older ? &why : NULL);
	else if (older < 0)
		cli_fail(c, CLI_REFUSED, "", why.text);
	else
		printf("%lld rows, the chain is whole; head %lld:%s%s\n", (long long)p.v.rows, (long long)p.v.head_seq, p.v.head,
		       n ? "; the known head agrees" : "");
	if (!c->json)
		verify_older(&p, older, &why);
	buf_fini(&p.beside_json);
	buf_fini(&p.beside);
	return older < 0 ? CLI_REFUSED : CLI_DONE;
}

static int audit_export(const struct cli *c, const char *db)
{
	struct whole w = {.db = db};
	struct err err = {0};
	enum walked walked;

	if (c->csv && !c->json)
		fputs("seq,epoch,at,kind,inc,who,cause,body,rec,hash\r\n", stdout);
	walked = whole_walk(&w, INT64_MAX, &(struct row_taker){export_row, (void *)c}, &err);
	plans_absent(&w);
	return walked == WALK_UNREADABLE ? cli_fail(c, CLI_REFUSED, "unreadable", err.text) : CLI_DONE;
}

int rows_audit(const struct cli *c)
{
	bool verify = !strcmp(c->args[0], "verify");
	struct head heads[2];
	char *asked = NULL;
	int n = 0, code = CLI_DONE;

	if ((!verify && strcmp(c->args[0], "export")) || (c->head && !verify))
		return cli_fail(c, CLI_USAGE, "usage",
		                "audit verify [--db FILE] [--head SEQ:HASH], or audit export");
	if (c->head && !head_parse(c->head, &heads[n++]))
		return cli_fail(c, CLI_USAGE, "usage",
		                "a head is written SEQ:HASH, the hash in 64 small hex digits");
	if (!c->db)
		code = head_ask(c, &heads[n++], &asked);
	const char *db = c->db ? c->db : asked;
	if (!code)
		code = verify ? audit_verify(c, db, heads, n) : audit_export(c, db);
	free(asked);
	return code;
}
